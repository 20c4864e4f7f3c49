//! Where the last bytes came before, and so what is expected to come after them.

use super::adaptive::Adaptive;
use super::anchors::{is_kept, kept_anchors, next_anchor};
use crate::base::hash;
use crate::base::memory::{Memory, touch};

/// Bytes whose hash finds where they came before; 4: 0.0 %, 7: +0.4 %.
const MATCH_MIN: u32 = 5;
/// A match of so many bytes is not given up for another, nor compared any further: half +0.1 %, twice 0.0 %.
pub(crate) const MATCH_SURE: u32 = 32;
/// Lengths of matches that are told apart.
pub(crate) const LENGTHS: usize = 32;

/// Bytes that a run covers.
pub(crate) const RUN: usize = 32;
/// Learning limit of the hit rates; half, twice: 0.0 %.
const LIMIT: u32 = 255;
/// A match is long enough for a run; half, twice: 0.0 %.
const RUN_MIN: u32 = 16;

/// The last 8 bytes, the latest lowest, after these.
pub(crate) fn with_tail(tail: u64, bytes: &[u8]) -> u64 {
    let last = &bytes[bytes.len().saturating_sub(8)..];
    last.iter().fold(tail, |tail, &byte| tail << 8 | u64::from(byte))
}

/// Finds where the last bytes came before, and expects what came after them.
#[derive(Clone, Debug)]
pub(crate) struct MatchModel {
    text: Vec<u8>,
    /// Where the last few bytes came last: the place after them and the rest of their hash.
    heads: Vec<u32>,
    /// Where more bytes came last, for one in four of their hashes, so that it reaches further back.
    anchors: Vec<u32>,
    text_bits: u32,
    /// A hash without its lowest bits of this many is a place in both.
    index_shift: u32,
    /// A hash of the last eleven bytes.
    anchor: u32,
    next: u32,
    /// Where the match continues.
    at: u32,
    /// Bytes matched; 0 without a match.
    pub(crate) len: u32,
    tail: u64,
    pub(crate) expected: u32,
    /// Whether the bits of the byte at hand agree so far.
    pub(crate) agrees: bool,
    /// How often the expected bit comes, by the length of the match.
    hit_rates: [Adaptive; LENGTHS],
    /// A run that did not come tells that the match ends within so many bytes; else 0.
    pub(crate) ends_within: u32,
    /// Whether it is known that another byte comes than the expected.
    pub(crate) failed: bool,
    /// How often that byte has the expected bit at each position, when those before it were.
    failures: [Adaptive; 8],
}

impl MatchModel {
    pub(crate) fn new(text_bits: u32, memory: Memory) -> Self {
        let index_bits = text_bits.saturating_sub(4);
        Self {
            text: memory.table(1 << text_bits),
            heads: memory.table(1 << index_bits),
            anchors: memory.table(1 << index_bits),
            text_bits,
            index_shift: 32 - index_bits,
            anchor: 0,
            next: 0,
            at: 0,
            len: 0,
            tail: 0,
            expected: 0,
            agrees: false,
            hit_rates: [Adaptive::new(49152, 2); LENGTHS],
            ends_within: 0,
            failed: false,
            failures: [Adaptive::default(); 8],
        }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        touch(&mut self.text);
        touch(&mut self.heads);
        touch(&mut self.anchors);
    }

    /// As if this many bytes had come before.
    #[cfg(test)]
    pub(crate) fn start_at(&mut self, position: u32) {
        self.next = position;
    }

    fn byte(&self, at: u32) -> u32 {
        u32::from(self.text[at as usize & (self.text.len() - 1)])
    }

    /// The eight bytes before a place, the latest lowest.
    #[inline]
    fn word_before(&self, at: u32) -> u64 {
        let place = at as usize & (self.text.len() - 1);
        match self.text[..place].last_chunk() {
            Some(word) => u64::from_be_bytes(*word),
            // Around the ring's end.
            None => (1..=8)
                .rev()
                .fold(0, |word, back| word << 8 | u64::from(self.byte(at.wrapping_sub(back)))),
        }
    }

    /// The class of a match that is long enough for a run.
    pub(crate) fn run_class(&self) -> Option<usize> {
        (self.len >= RUN_MIN && self.ends_within == 0)
            .then(|| (self.len as usize / 8).min(LENGTHS - 1))
    }

    /// The bytes that follow the match, those it will have made itself too.
    pub(crate) fn run(&self) -> [u8; RUN] {
        // None: a whole ring.
        let distance = self.next.wrapping_sub(self.at) as usize & (self.text.len() - 1);
        let distance = if distance == 0 { self.text.len() } else { distance };
        let mut run = [0; RUN];
        for i in 0..RUN {
            run[i] = match i.checked_sub(distance) {
                Some(before) => run[before],
                None => self.byte(self.at.wrapping_add(i as u32)) as u8,
            };
        }
        run
    }

    /// Before a byte.
    #[inline]
    pub(crate) fn expect(&mut self) {
        self.agrees = self.len > 0;
        self.failed = false;
        if self.agrees {
            self.expected = self.byte(self.at);
        }
    }

    pub(crate) fn length_class(&self) -> usize {
        (self.len as usize).min(LENGTHS - 1)
    }

    /// How often the expected bit comes.
    #[inline]
    fn hit_rate(&mut self, position: u32) -> &mut Adaptive {
        match self.failed {
            false => &mut self.hit_rates[self.length_class()],
            true => &mut self.failures[position as usize & 7],
        }
    }

    /// What the match says about the bit at `position` (7 is the first).
    #[inline]
    pub(crate) fn input(&mut self, position: u32) -> i16 {
        if !self.agrees {
            return 0;
        }
        let sure = self.hit_rate(position).stretched();
        if self.expected >> position & 1 == 1 { sure } else { -sure }
    }

    #[inline]
    pub(crate) fn learn_bit(&mut self, position: u32, bit: u32) {
        if self.agrees {
            self.agrees = self.expected >> position & 1 == bit;
            let agrees = u32::from(self.agrees);
            self.hit_rate(position).learn(agrees, LIMIT);
        }
    }

    /// After a byte.
    #[inline]
    pub(crate) fn learn(&mut self, byte: u8) {
        if self.len > 0 && self.expected == u32::from(byte) {
            self.len = (self.len + 1).min(0xFFFF);
            self.at = self.at.wrapping_add(1);
            self.ends_within = self.ends_within.saturating_sub(1);
        } else {
            self.len = 0;
            self.ends_within = 0;
        }
        let place = self.next as usize & (self.text.len() - 1);
        self.text[place] = byte;
        self.next = self.next.wrapping_add(1);
        self.tail = self.tail << 8 | u64::from(byte);
        let head = hash::spread(self.tail << (64 - 8 * MATCH_MIN));
        self.anchor = next_anchor(self.anchor, byte);
        if is_kept(self.anchor) {
            let (place, mark) = (self.place(self.anchor), self.mark(self.anchor));
            if self.len < MATCH_SURE {
                self.find(self.anchors[place], mark);
            }
            self.anchors[place] = mark;
        }
        let (place, mark) = (self.place(head), self.mark(head));
        if self.len == 0 {
            self.find(self.heads[place], mark);
        }
        self.heads[place] = mark;
    }

    /// Takes bytes that were not coded here: they may be found from now on, by one in four of their places.
    pub(crate) fn pass_over(&mut self, bytes: &[u8]) {
        (self.len, self.ends_within) = (0, 0);
        let mut rest = bytes;
        while !rest.is_empty() {
            let place = self.next as usize & (self.text.len() - 1);
            let (part, after) = rest.split_at(rest.len().min(self.text.len() - place));
            self.text[place..][..part.len()].copy_from_slice(part);
            self.next = self.next.wrapping_add(part.len() as u32);
            rest = after;
        }
        self.tail = with_tail(self.tail, bytes);
        let start = self.next.wrapping_sub(bytes.len() as u32);
        let mut kept = std::mem::take(&mut self.anchors);
        self.anchor = kept_anchors(self.anchor, bytes, |index, anchor| {
            let after = start.wrapping_add(index as u32 + 1);
            kept[self.place(anchor)] = self.mark_of(anchor, after);
        });
        self.anchors = kept;
    }

    /// How many of these bytes' places are looked up, and how many are found: whether they came before.
    pub(crate) fn known(&self, bytes: &[u8]) -> (usize, usize) {
        let (mut asked, mut found) = (0, 0);
        kept_anchors(0, bytes, |_, anchor| {
            let kept = self.anchors[self.place(anchor)];
            asked += 1;
            found += usize::from((kept ^ self.mark(anchor)) >> self.text_bits == 0);
        });
        (asked, found)
    }

    /// Where both indexes keep a hash.
    #[inline]
    fn place(&self, hash: u32) -> usize {
        (hash >> self.index_shift) as usize
    }

    /// The place after the last byte in the ring, below as much more of its hash as fits.
    #[inline]
    fn mark(&self, hash: u32) -> u32 {
        self.mark_of(hash, self.next)
    }

    /// The same for any place.
    #[inline]
    fn mark_of(&self, hash: u32, place: u32) -> u32 {
        hash >> 4 << self.text_bits | place & (self.text.len() as u32 - 1)
    }

    /// Goes on from where `kept` says, if it has the hash of `mark` and what precedes it agrees for
    /// longer than the match at hand.
    #[inline]
    fn find(&mut self, kept: u32, mark: u32) {
        if (kept ^ mark) >> self.text_bits == 0 {
            self.compare(kept);
        }
    }

    fn compare(&mut self, at: u32) {
        let mut agreed = 0;
        while agreed < MATCH_SURE {
            let (a, b) = (at.wrapping_sub(agreed), self.next.wrapping_sub(agreed));
            let differs = self.word_before(a) ^ self.word_before(b);
            agreed += differs.trailing_zeros() / 8;
            if differs != 0 {
                break;
            }
        }
        if agreed >= MATCH_MIN && agreed > self.len {
            self.len = agreed;
            self.at = at;
            self.ends_within = 0;
        }
    }
}
