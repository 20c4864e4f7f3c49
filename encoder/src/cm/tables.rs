//! Hashed tables of contexts, four decisions (a nibble) to a bucket.
//!
//! [`HistoryTable`] keeps a bit history of one byte per decision, for text; [`CountTable`] keeps a
//! probability of 32 bits, for digits, where frequencies are steady and precision pays.

use super::adaptive::Adaptive;
use crate::base::memory::{Memory, touch};

/// Decisions in a nibble, as nodes of a binary tree numbered from 1; cell 0 is the check.
pub(crate) const NIBBLE: usize = 16;

/// Buckets that are looked at together: as many as fill a line of the processor's cache.
const LINE: usize = 4;

/// Bit histories.
#[derive(Debug)]
pub(crate) struct HistoryTable {
    buckets: Vec<[u8; NIBBLE]>,
    /// The first bucket that begins a cache line.
    start: usize,
    lines: u64,
}

impl Clone for HistoryTable {
    /// A copy may lie elsewhere in memory, where lines begin elsewhere.
    fn clone(&self) -> Self {
        let mut buckets = vec![[0; NIBBLE]; self.buckets.len()];
        let start = buckets.as_ptr().align_offset(64).min(LINE);
        let len = self.buckets.len() - LINE;
        buckets[start..start + len].copy_from_slice(&self.buckets[self.start..self.start + len]);
        Self { buckets, start, lines: self.lines }
    }
}

impl HistoryTable {
    /// `1 << bits` buckets of 16 bytes.
    pub(crate) fn new(bits: u32, memory: Memory) -> Self {
        let buckets: Vec<[u8; NIBBLE]> = memory.table((1 << bits) + LINE);
        // Where the table lies in memory concerns speed alone.
        let start = buckets.as_ptr().align_offset(64).min(LINE);
        Self { buckets, start, lines: 1 << bits >> LINE.ilog2() }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        touch(&mut self.buckets);
    }

    /// The bucket of a context among those of its line: the one with the same check, or the least
    /// used, which is forgotten. Where it is, and its histories, to work on.
    ///
    /// Without a branch: in new text nobody foresees which bucket it is.
    #[inline]
    pub(crate) fn find(&mut self, line: u32, check: u8) -> (usize, [u8; NIBBLE]) {
        let start = self.start + ((u64::from(line) * self.lines) >> 32) as usize * LINE;
        let line: &mut [[u8; NIBBLE]; LINE] =
            self.buckets[start..].first_chunk_mut().expect("lines are never cut");
        let (mut same, mut least) = (0, u32::MAX);
        for i in 0..LINE {
            same |= u32::from(line[i][0] == check) << i;
            least = least.min(u32::from(line[i][1]) << 8 | i as u32);
        }
        // All bits, or none.
        let is_known = u128::from(same != 0).wrapping_neg();
        let index = if same == 0 { least & 0xFF } else { same.trailing_zeros() } as usize % LINE;
        let new = u128::from(check);
        let bucket = u128::from_le_bytes(line[index]) & is_known | new & !is_known;
        line[index] = bucket.to_le_bytes();
        (start + index, line[index])
    }

    /// Puts the histories of a bucket back.
    #[inline]
    pub(crate) fn store(&mut self, place: usize, bucket: [u8; NIBBLE]) {
        self.buckets[place] = bucket;
    }
}

/// Probabilities.
#[derive(Clone, Debug)]
pub(crate) struct CountTable {
    /// The context's check, then its decisions.
    buckets: Vec<[u32; NIBBLE]>,
}

impl CountTable {
    /// `1 << bits` buckets of 64 bytes.
    pub(crate) fn new(bits: u32, memory: Memory) -> Self {
        Self { buckets: memory.table(1 << bits) }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        touch(&mut self.buckets);
    }

    /// The bucket of a context; of two places, its own or the less used.
    #[inline]
    pub(crate) fn find(&mut self, context: u32) -> usize {
        let place = ((u64::from(context) * self.buckets.len() as u64) >> 32) as usize;
        let check = context << 8 | 1;
        let other = place ^ 1;
        if self.buckets[place][0] == check {
            return place;
        }
        if self.buckets[other][0] == check {
            return other;
        }
        let used = |place: usize| Adaptive::from_raw(self.buckets[place][1]).count();
        let loser = if used(place) <= used(other) { place } else { other };
        self.buckets[loser] = [0; NIBBLE];
        self.buckets[loser][0] = check;
        loser
    }

    /// The probabilities of a bucket, to work on; cell 0 is none.
    #[inline]
    pub(crate) fn load(&self, place: usize) -> [u32; NIBBLE] {
        self.buckets[place]
    }

    /// Puts the probabilities of a bucket back.
    #[inline]
    pub(crate) fn store(&mut self, place: usize, bucket: [u32; NIBBLE]) {
        self.buckets[place] = bucket;
    }
}

/// Teaches a cell of a bucket of probabilities.
#[inline]
pub(crate) fn learn_cell(cell: &mut u32, bit: u32, limit: u32) {
    let mut p = Adaptive::from_raw(*cell);
    p.learn(bit, limit);
    *cell = p.raw();
}
