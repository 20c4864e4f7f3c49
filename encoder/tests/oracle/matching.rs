//! FORMAT.md, section 8, "Match".

use super::hash::pair;
use super::probability::Adaptive;

/// How many bytes are looked up.
const MINIMUM: u32 = 5;
const LIMIT: u32 = 255;

/// All bytes of missed items, and where the last of them came before.
#[derive(Clone)]
pub(crate) struct Match {
    ring: Vec<u8>,
    end: u32,
    positions: Vec<u32>,
    bits: u32,
    at: u32,
    /// 0 if there is no match.
    pub(crate) len: u32,
    probabilities: [Adaptive; 32],
}

impl Match {
    pub(crate) fn new(bits: u32) -> Self {
        Self {
            ring: vec![0; 1 << bits],
            end: 0,
            positions: vec![0; 1 << (bits - 4)],
            bits,
            at: 0,
            len: 0,
            probabilities: [Adaptive::started(49_152, 2); 32],
        }
    }

    fn byte(&self, position: u32) -> u8 {
        self.ring[position as usize & (self.ring.len() - 1)]
    }

    /// The byte that follows the match, if there is one.
    pub(crate) fn expected(&self) -> Option<u8> {
        (self.len > 0).then(|| self.byte(self.at))
    }

    /// The `len` bytes that follow the match: they may follow themselves.
    pub(crate) fn following(&self, len: usize) -> Vec<u8> {
        let distance = self.end.wrapping_sub(self.at) as usize;
        let mut bytes: Vec<u8> = Vec::new();
        for i in 0..len {
            let byte = match i < distance {
                true => self.byte(self.at.wrapping_add(i as u32)),
                false => bytes[i - distance],
            };
            bytes.push(byte);
        }
        bytes
    }

    /// How sure a match of this length is, on the logistic scale.
    pub(crate) fn stretched(&self) -> i32 {
        self.probabilities[self.len.min(31) as usize].stretched()
    }

    pub(crate) fn learn(&mut self, came: bool) {
        self.probabilities[self.len.min(31) as usize].learn(came, LIMIT);
    }

    /// Takes the byte that came.
    pub(crate) fn take(&mut self, byte: u8) {
        if self.expected() == Some(byte) {
            self.len += 1;
            self.at = self.at.wrapping_add(1);
        } else {
            self.len = 0;
        }
        let offset = self.end as usize & (self.ring.len() - 1);
        self.ring[offset] = byte;
        self.end = self.end.wrapping_add(1);

        let last = |back: u32| self.byte(self.end.wrapping_sub(back));
        let four = u32::from_be_bytes([last(4), last(3), last(2), last(1)]);
        let bucket = super::hash::place(pair(four, u32::from(last(5))), self.bits - 4);
        let before = self.positions[bucket];
        let is_equal = |back| self.byte(before.wrapping_sub(back)) == last(back);
        if self.len == 0 && before != 0 && (1..=MINIMUM).all(is_equal) {
            self.at = before;
            self.len = MINIMUM;
        }
        self.positions[bucket] = self.end;
    }
}
