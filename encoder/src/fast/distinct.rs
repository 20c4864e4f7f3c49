//! The distinct values of a column, and which of them each value is.

use super::block::{END, NAMES_MAX};
use super::values::Values;

/// Slots of the index; many more than names.
const SLOTS: usize = 1 << 10;
/// From so many names on, a column must have twice as many values.
const FEW: usize = 64;

/// Steps to another slot that a column may take, beside four for each value.
const STEPS_FREE: usize = 1 << 10;

/// Gathers what is distinct.
#[derive(Debug)]
pub(super) struct Distinct {
    /// Numbers plus 1 by hash, 0 for none.
    slots: Vec<u8>,
    names: Vec<(u32, u32)>,
    /// Which name each value is.
    pub(super) indices: Vec<u8>,
    /// All names, each with its end.
    pub(super) text: Vec<u8>,
}

impl Distinct {
    /// Room that is used again for each column.
    pub(super) fn new() -> Self {
        Self {
            slots: vec![0; SLOTS],
            names: Vec::with_capacity(NAMES_MAX),
            indices: Vec::new(),
            text: Vec::new(),
        }
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Gathers the values of a column; whether they are few enough to be named.
    pub(super) fn gather(&mut self, values: &Values) -> bool {
        self.slots.fill(0);
        self.names.clear();
        self.indices.clear();
        self.text.clear();
        // Values made to meet in the same slots are not named: that would take long.
        let mut steps_left = STEPS_FREE + 4 * values.len();
        for (start, value) in values.iter() {
            let mut slot = hash(value) as usize;
            let index = loop {
                let Some(index) = self.slots[slot % SLOTS].checked_sub(1) else {
                    let len = self.names.len();
                    if len == NAMES_MAX || (len > FEW && 2 * len > self.indices.len()) {
                        return false;
                    }
                    self.slots[slot % SLOTS] = len as u8 + 1;
                    self.names.push((start, value.len() as u32));
                    self.text.extend_from_slice(value);
                    self.text.push(END);
                    break len as u8;
                };
                let (start, len) = self.names[usize::from(index)];
                if len as usize == value.len() && values.at(start, len) == value {
                    break index;
                }
                slot += 1;
                steps_left = match steps_left.checked_sub(1) {
                    Some(left) => left,
                    None => return false,
                };
            };
            self.indices.push(index);
        }
        3 * self.len() < values.len()
    }
}

/// A hash of the ends of a value: never stored, so it may be quick.
#[inline]
fn hash(value: &[u8]) -> u32 {
    let len = value.len();
    let word = |at: usize| {
        value.get(at..at + 8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")))
    };
    let x = match word(0) {
        Some(first) => first ^ word(len - 8).unwrap_or(0).rotate_left(23),
        None => value.iter().fold(0, |x, &byte| x << 8 | u64::from(byte)),
    };
    ((x ^ len as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as u32
}

#[cfg(test)]
mod tests {
    use super::super::values::Token;
    use super::*;

    #[test]
    fn values_made_to_meet_in_one_slot_are_given_up_soon() {
        let meets = |value: &String| hash(value.as_bytes()) as usize % SLOTS == 7;
        let meeting: Vec<String> =
            (0..).map(|n: u32| n.to_string()).filter(meets).take(60).collect();
        let others: Vec<String> = (0..60).map(|n: u32| n.to_string()).collect();
        for (values, are_named) in [(meeting, false), (others, true)] {
            let (mut text, mut tokens) = (Vec::new(), Vec::new());
            for value in values.iter().cycle().take(6000) {
                let (start, len) = (text.len() as u32, value.len() as u32);
                tokens.push(Token { start, len, column: 0 });
                text.extend_from_slice(value.as_bytes());
            }
            let order: Vec<u32> = (0..6000).collect();
            let column = Values { text: &text, tokens: &tokens, order: &order };
            assert_eq!(Distinct::new().gather(&column), are_named);
        }
    }
}
