//! FORMAT.md, section 8, "Match".

use super::hash::{five, place};
use super::probability::Adaptive;

/// The shortest match.
const MINIMUM: u32 = 5;
/// So many bytes of a match are counted when it is found.
const COUNTED_MAX: u32 = 32;
const ANCHOR_FACTOR: u32 = 0x785A_6238;

/// Where bytes came before, and some of their hash.
#[derive(Clone, Copy, Default)]
struct Entry {
    place: u32,
    hash: u32,
}

/// All bytes of missed items, and where the last of them came before.
#[derive(Clone)]
pub(crate) struct Match {
    ring: Vec<u8>,
    end: u32,
    /// A hash of all bytes, of which the older ones are shifted out.
    anchor: u32,
    anchors: Vec<Entry>,
    heads: Vec<Entry>,
    bits: u32,
    at: u32,
    /// 0 if there is no match.
    pub(crate) len: u32,
    /// There is no run for so many bytes, unless another match is found.
    pub(crate) without_runs: usize,
    probabilities: [Adaptive; 32],
    /// Where another byte comes than the expected.
    failures: [Adaptive; 8],
}

impl Match {
    pub(crate) fn new(bits: u32) -> Self {
        Self {
            ring: vec![0; 1 << bits],
            end: 0,
            anchor: 0,
            anchors: vec![Entry::default(); 1 << (bits - 4)],
            heads: vec![Entry::default(); 1 << (bits - 4)],
            bits,
            at: 0,
            len: 0,
            without_runs: 0,
            probabilities: [Adaptive::started(49_152, 2); 32],
            failures: [Adaptive::EVEN; 8],
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
        let distance = match self.end.wrapping_sub(self.at) as usize % self.ring.len() {
            0 => self.ring.len(),
            distance => distance,
        };
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

    /// How often the expected bit comes at a position of the byte; `failed` if it is known that not
    /// all of them do.
    pub(crate) fn probability(&mut self, failed: bool, position: usize) -> &mut Adaptive {
        match failed {
            true => &mut self.failures[position],
            false => &mut self.probabilities[self.class()],
        }
    }

    /// The length, as far as lengths are told apart.
    pub(crate) fn class(&self) -> usize {
        self.len.min(31) as usize
    }

    /// Takes the byte that came.
    pub(crate) fn take(&mut self, byte: u8) {
        if self.expected() == Some(byte) {
            self.len += 1;
            self.at = self.at.wrapping_add(1);
            self.without_runs = self.without_runs.saturating_sub(1);
        } else {
            self.len = 0;
            self.without_runs = 0;
        }
        let offset = self.end as usize & (self.ring.len() - 1);
        self.ring[offset] = byte;
        self.end = self.end.wrapping_add(1);

        self.anchor = self.anchor.wrapping_add(u32::from(byte) + 1).wrapping_mul(ANCHOR_FACTOR);
        if (self.anchor >> 3).is_multiple_of(4) {
            let at = place(self.anchor, self.bits - 4);
            let entry = self.entry(self.anchor);
            if self.len < COUNTED_MAX && self.anchors[at].hash == entry.hash {
                self.attempt(self.anchors[at].place);
            }
            self.anchors[at] = entry;
        }
        let last = |back: u32| u64::from(self.byte(self.end.wrapping_sub(back)));
        let hash = five((1..=5).rfold(0, |five, back| five << 8 | last(back)));
        let at = place(hash, self.bits - 4);
        let entry = self.entry(hash);
        if self.len == 0 && self.heads[at].hash == entry.hash {
            self.attempt(self.heads[at].place);
        }
        self.heads[at] = entry;
    }

    /// Takes bytes that are no items: they are kept in the ring and by their anchors.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        (self.len, self.without_runs) = (0, 0);
        for &byte in bytes {
            let offset = self.end as usize & (self.ring.len() - 1);
            self.ring[offset] = byte;
            self.end = self.end.wrapping_add(1);
            self.anchor = self.anchor.wrapping_add(u32::from(byte) + 1).wrapping_mul(ANCHOR_FACTOR);
            if (self.anchor >> 3).is_multiple_of(4) {
                let at = place(self.anchor, self.bits - 4);
                self.anchors[at] = self.entry(self.anchor);
            }
        }
    }

    fn entry(&self, hash: u32) -> Entry {
        let place = self.end % (1 << self.bits);
        Entry { place, hash: (hash >> 4) % (1 << (32 - self.bits)) }
    }

    /// A longer match goes on at `position`, if there is one.
    fn attempt(&mut self, position: u32) {
        let is_equal = |&back: &u32| {
            self.byte(position.wrapping_sub(back)) == self.byte(self.end.wrapping_sub(back))
        };
        let len = (1..=COUNTED_MAX).take_while(is_equal).count() as u32;
        if len >= MINIMUM && len > self.len {
            self.at = position;
            self.len = len;
            self.without_runs = 0;
        }
    }
}
