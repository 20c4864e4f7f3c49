//! Probabilities and how they are combined: the logistic scale, adaptive probabilities, the mixer.
//!
//! Everything is integer arithmetic. A probability has 16 bits on the outside and 22 inside
//! [`Adaptive`]; on the logistic scale 256 units are one natural unit, limited to ±2047.

use wide::i16x8;

/// The largest value on the logistic scale.
pub(crate) const STRETCH_MAX: i32 = 2047;

/// `65536 / (1 + e^-x)` for x = -8, -7.5 .. 8: where [`squash`] is interpolated.
const SIGMOID: [i32; 33] = [
    22, 36, 60, 98, 162, 267, 439, 721, 1179, 1921, 3108, 4971, 7812, 11953, 17625, 24743, 32768,
    40793, 47911, 53583, 57724, 60565, 62428, 63615, 64357, 64815, 65097, 65269, 65374, 65438,
    65476, 65500, 65514,
];

const SQUASH: [u16; 4096] = squash_table();
const STRETCH: [i16; 4096] = stretch_table();
static SQUASH_TABLE: [u16; 4096] = SQUASH;
static STRETCH_TABLE: [i16; 4096] = STRETCH;
static RATE_TABLE: [i32; 1024] = rate_table();

const fn squash_table() -> [u16; 4096] {
    let mut table = [0; 4096];
    let mut i = 0;
    while i < 4096 {
        let (cell, part) = (i >> 7, (i & 127) as i32);
        table[i] = ((SIGMOID[cell] * (128 - part) + SIGMOID[cell + 1] * part + 64) >> 7) as u16;
        i += 1;
    }
    table
}

const fn stretch_table() -> [i16; 4096] {
    let mut table = [0; 4096];
    let (mut p, mut x) = (0, 0);
    while p < 4096 {
        while x < 4095 && (SQUASH[x] as usize) < p * 16 + 8 {
            x += 1;
        }
        let value = x as i16 - 2048;
        table[p] = if value < -2047 { -2047 } else { value };
        p += 1;
    }
    table
}

const fn rate_table() -> [i32; 1024] {
    let mut table = [0; 1024];
    let mut n = 0;
    while n < 1024 {
        table[n] = (16384 / (2 * n + 3)) as i32;
        n += 1;
    }
    table
}

/// From the logistic scale to a probability of 16 bits, never 0 and never 65536.
#[inline]
pub(crate) fn squash(x: i32) -> u32 {
    u32::from(SQUASH_TABLE[(x.clamp(-STRETCH_MAX, STRETCH_MAX) + 2048) as usize & 4095])
}

/// From a probability of 16 bits to the logistic scale.
#[inline]
pub(crate) fn stretch(p: u32) -> i16 {
    STRETCH_TABLE[(p >> 4) as usize & 4095]
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
        STRETCH_TABLE[((self.0 ^ EVEN) >> 20) as usize]
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

/// Predictions that are combined, on the logistic scale; what is not used is zero.
pub(crate) type Inputs = [i16; 8];

/// Combines predictions by a weighted sum on the logistic scale; the weights learn.
#[derive(Clone, Debug)]
pub(crate) struct Mixer {
    /// Of 14 bits after the point.
    weights: Vec<i16x8>,
    /// At which each set of weights learns, in 1/256.
    rates: Vec<u16>,
    /// What the rates approach.
    rate: i32,
}

/// A mix: what [`Mixer::learn`] needs to know of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    inputs: i16x8,
    set: usize,
    /// The mixed probability of 16 bits.
    pub(crate) p: u32,
}

/// The rate of weights that have not learned yet.
const RATE_FIRST: u16 = 32 << 8;

impl Mixer {
    /// `sets` weight vectors, each starting at `weight / 16384` for every input, that learn at
    /// `rate / 64` once they are grown up.
    pub(crate) fn new(sets: usize, weight: i16, rate: i32) -> Self {
        Self {
            weights: vec![i16x8::splat(weight); sets],
            rates: vec![RATE_FIRST; sets],
            rate: rate << 8,
        }
    }

    /// The mix of `inputs` under weight set `set`.
    #[inline]
    pub(crate) fn mix(&self, inputs: Inputs, set: usize) -> Mix {
        let inputs = i16x8::new(inputs);
        let sum = self.weights[set].dot(inputs).reduce_add();
        Mix { inputs, set, p: squash(sum >> 14) }
    }

    /// Teaches the weights what the decision was.
    #[inline]
    pub(crate) fn learn(&mut self, mix: &Mix, bit: u32) {
        let rate = i32::from(self.rates[mix.set]);
        self.rates[mix.set] = (rate - ((rate - self.rate) >> 5)) as u16;
        // Of 16 bits, since the rate is at most 32/64.
        let error = (((bit << 16) as i32 - mix.p as i32) * rate) >> 14;
        // The product's upper half, rounded: doubled before the cut, halved after it.
        let double = i16x8::mul_keep_high(mix.inputs + mix.inputs, i16x8::splat(error as i16));
        let weights = &mut self.weights[mix.set];
        *weights = weights.saturating_add((double + i16x8::ONE) >> 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretch_inverts_squash_within_a_step() {
        for x in -2000..2000 {
            assert!((i32::from(stretch(squash(x))) - x).abs() < 128 || x.abs() > 1500, "{x}");
        }
    }

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
