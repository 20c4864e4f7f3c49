//! An adaptive probability: it moves towards what it sees, fast at first and slower with every observation.

use super::logistic::stretch;

static RATE_TABLE: [i32; 1024] = rate_table();

const fn rate_table() -> [i32; 1024] {
    let mut table = [0; 1024];
    let mut n = 0;
    while n < 1024 {
        table[n] = (16384 / (2 * n + 3)) as i32;
        n += 1;
    }
    table
}

/// A probability that learns: 22 bits of probability over 10 bits of count, stored so that zero
/// means "even, never seen" and a table of them can come from zeroed memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Adaptive(u32);

/// What zero stands for: a probability of one half.
const EVEN: u32 = 1 << 31;

impl Adaptive {
    /// Starts at `p1 / 65536` with the trust of `count` observations.
    pub(crate) const fn new(p1: u32, count: u32) -> Self {
        Self((p1 << 16 | count) ^ EVEN)
    }

    /// From a cell of a table.
    #[inline]
    pub(crate) const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// For a cell of a table.
    #[inline]
    pub(crate) const fn raw(self) -> u32 {
        self.0
    }

    /// The probability of a 1, of 16 bits.
    #[inline]
    pub(crate) fn p(self) -> u32 {
        (self.0 ^ EVEN) >> 16
    }

    /// On the logistic scale.
    #[inline]
    pub(crate) fn stretched(self) -> i16 {
        stretch(self.p())
    }

    /// How often it has learned, up to its limit.
    pub(crate) fn count(self) -> u32 {
        self.0 & 1023
    }

    /// Moves towards `bit` by 1/(n + 1.5), n at most `limit`.
    #[inline]
    pub(crate) fn learn(&mut self, bit: u32, limit: u32) {
        let x = self.0 ^ EVEN;
        let n = x & 1023;
        let distance = (bit << 22) as i32 - (x >> 10) as i32;
        let step = ((distance >> 3).wrapping_mul(RATE_TABLE[n as usize])) as u32 & !1023;
        self.0 = x.wrapping_add(step).wrapping_add(u32::from(n < limit)) ^ EVEN;
    }

    /// A probability that can be coded: neither 0 nor 65536.
    #[inline]
    pub(crate) fn codable(self) -> u32 {
        self.p().clamp(32, 65536 - 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adaptive_probability_follows_what_it_sees() {
        let mut p = Adaptive::default();
        assert_eq!(p.p(), 32768);
        (0..200).for_each(|_| p.learn(1, 255));
        assert!(p.p() > 65000);
        (0..2000).for_each(|_| p.learn(0, 255));
        assert!(p.p() < 100);
    }
}
