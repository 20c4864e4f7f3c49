//! Hashed tables of contexts, four decisions (a nibble) to a bucket.
//!
//! [`HistoryTable`] keeps a bit history of one byte per decision, for text; [`CountTable`] keeps a
//! probability of 32 bits, for digits, where frequencies are steady and precision pays.

use crate::bits;
use crate::logistic::Adaptive;
use crate::memory::Memory;

/// Decisions in a nibble, as nodes of a binary tree numbered from 1; cell 0 is the check.
pub(crate) const NIBBLE: usize = 16;

/// Bit histories.
#[derive(Debug)]
pub(crate) struct HistoryTable {
    buckets: Vec<[u8; NIBBLE]>,
}

impl HistoryTable {
    /// `1 << bits` buckets of 16 bytes.
    pub(crate) fn new(bits: u32, memory: Memory) -> Self {
        Self { buckets: memory.table(1 << bits) }
    }

    /// The bucket of a context; of two places, its own or the less used.
    #[inline]
    pub(crate) fn find(&mut self, context: u32) -> usize {
        let place = ((u64::from(context) * self.buckets.len() as u64) >> 32) as usize;
        let check = (context & 0xFF) as u8;
        let other = place ^ 1;
        if self.buckets[place][0] == check {
            return place;
        }
        if self.buckets[other][0] == check {
            return other;
        }
        let loser = if self.buckets[place][1] <= self.buckets[other][1] { place } else { other };
        self.buckets[loser] = [0; NIBBLE];
        self.buckets[loser][0] = check;
        loser
    }

    /// The histories of a bucket, to work on.
    #[inline]
    pub(crate) fn load(&self, place: usize) -> [u8; NIBBLE] {
        self.buckets[place]
    }

    /// Puts the histories of a bucket back.
    #[inline]
    pub(crate) fn store(&mut self, place: usize, bucket: [u8; NIBBLE]) {
        self.buckets[place] = bucket;
    }
}

/// Probabilities.
#[derive(Debug)]
pub(crate) struct CountTable {
    /// The context's check, then its decisions.
    buckets: Vec<[u32; NIBBLE]>,
}

impl CountTable {
    /// `1 << bits` buckets of 64 bytes.
    pub(crate) fn new(bits: u32, memory: Memory) -> Self {
        Self { buckets: memory.table(1 << bits) }
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

/// Where a new history's probability starts.
pub(crate) fn history_prior() -> [Adaptive; 256] {
    let mut map = [Adaptive::default(); 256];
    for (state, &(zeros, ones)) in bits::COUNTS.iter().enumerate() {
        let (zeros, ones) = (u32::from(zeros) * 2 + 1, u32::from(ones) * 2 + 1);
        map[state] = Adaptive::new((65536 * ones) / (zeros + ones), 6);
    }
    map
}
