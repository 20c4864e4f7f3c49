//! Bit histories: what one context has seen, in one byte.
//!
//! A state stands for a pair of counts (zeros, ones) and, while few, which came last. The table is
//! generated at compile time by the rule of `ZPAQ` (Mahoney, "The `ZPAQ` Open Standard Format for
//! Highly Compressed Data", section "Bit history"): a new bit adds to its count and discounts the
//! other when that is large, so that a context that changes its mind is believed quickly.

use super::logistic::stretch;

/// Counts that a state may hold.
const COUNT_MAX: usize = 50;
/// The most of the larger count for a given smaller count.
const BOUND: [i32; 6] = [20, 48, 15, 8, 6, 5];

/// `NEXT[state * 2 + bit]` is the state after `bit`.
static NEXT: [u8; 512] = TABLE.0;
/// The counts (zeros, ones) of each state.
static COUNTS: [(u8, u8); 256] = TABLE.1;

const TABLE: ([u8; 512], [(u8, u8); 256]) = generate();

/// How many states stand for a pair of counts: two where the last bit is remembered.
const fn states(zeros: i32, ones: i32) -> i32 {
    let (more, fewer) = if zeros < ones { (ones, zeros) } else { (zeros, ones) };
    if fewer < 0 || fewer >= 6 || more > BOUND[fewer as usize] {
        0
    } else if fewer > 0 && more + fewer <= 17 {
        2
    } else {
        1
    }
}

/// What is left of the count of the bit that did not come.
const fn discount(n: i32) -> i32 {
    (n >= 1) as i32
        + (n >= 2) as i32
        + (n >= 3) as i32
        + (n >= 4) as i32
        + (n >= 5) as i32
        + (n >= 7) as i32
        + (n >= 8) as i32
}

/// The counts after `bit`, brought back into bounds.
const fn after(zeros: i32, ones: i32, bit: bool) -> (i32, i32) {
    if zeros < ones {
        let (a, b) = after_ordered(ones, zeros, !bit);
        (b, a)
    } else {
        after_ordered(zeros, ones, bit)
    }
}

const fn after_ordered(more: i32, fewer: i32, bit: bool) -> (i32, i32) {
    let (mut a, mut b) =
        if bit { (discount(more), fewer + 1) } else { (more + 1, discount(fewer)) };
    while states(a, b) == 0 {
        if b < 2 {
            a -= 1;
        } else {
            a = (a * (b - 1) + b / 2) / b;
            b -= 1;
        }
    }
    (a, b)
}

const fn generate() -> ([u8; 512], [(u8, u8); 256]) {
    let numbers = number_states();
    let mut next = [0; 512];
    let mut counts = [(0, 0); 256];
    let mut zeros = 0;
    while zeros < COUNT_MAX {
        let mut ones = 0;
        while ones < COUNT_MAX {
            let mut last = 0;
            while last < states(zeros as i32, ones as i32) as usize {
                let state = numbers[zeros][ones][last] as usize;
                let (a, b) = after(zeros as i32, ones as i32, false);
                next[state * 2] = numbers[a as usize][b as usize][0];
                let (a, b) = after(zeros as i32, ones as i32, true);
                next[state * 2 + 1] = numbers[a as usize][b as usize][1];
                counts[state] = (zeros as u8, ones as u8);
                last += 1;
            }
            ones += 1;
        }
        zeros += 1;
    }
    (next, counts)
}

/// Numbers the states by growing total: state 0 has seen nothing.
const fn number_states() -> [[[u8; 2]; COUNT_MAX]; COUNT_MAX] {
    let mut numbers = [[[0; 2]; COUNT_MAX]; COUNT_MAX];
    let mut state = 0;
    let mut total = 0;
    while total < COUNT_MAX {
        let mut ones = 0;
        while ones <= total {
            let zeros = total - ones;
            let n = states(zeros as i32, ones as i32);
            if n > 0 {
                numbers[zeros][ones][0] = state as u8;
                numbers[zeros][ones][1] = (state + n - 1) as u8;
                state += n;
            }
            ones += 1;
        }
        total += 1;
    }
    assert!(state <= 256, "a state must fit a byte");
    numbers
}

/// What a history of each state has meant so far: probabilities of 16 bits.
#[derive(Clone, Debug)]
pub(crate) struct HistoryMap([u16; 256]);

impl HistoryMap {
    /// Starts with what the counts say.
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|state| {
            let (zeros, ones) = COUNTS[state];
            let (zeros, ones) = (u32::from(zeros) * 2 + 1, u32::from(ones) * 2 + 1);
            (65535 * ones / (zeros + ones)) as u16
        }))
    }

    /// On the logistic scale.
    #[inline]
    pub(crate) fn stretched(&self, state: u8) -> i16 {
        stretch(u32::from(self.0[usize::from(state)]))
    }

    /// Moves what the history's state means towards `bit` by 1/64; then the history has seen it.
    #[inline]
    pub(crate) fn learn(&mut self, history: &mut u8, bit: u32) {
        let state = usize::from(*history);
        let p = &mut self.0[state];
        let target = if bit == 1 { 65535 } else { 0 };
        *p = (i32::from(*p) + ((target - i32::from(*p)) >> 6)) as u16;
        *history = NEXT[state * 2 + bit as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_counts_what_it_saw() {
        let mut state = 0u8;
        for _ in 0..10 {
            state = NEXT[usize::from(state) * 2 + 1];
        }
        assert_eq!(COUNTS[usize::from(state)], (0, 10));
        state = NEXT[usize::from(state) * 2];
        let (zeros, ones) = COUNTS[usize::from(state)];
        assert!(zeros == 1 && ones < 10, "{zeros} {ones}");
    }
}
