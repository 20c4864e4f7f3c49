//! What a model is made for, and how large its tables are.

use crate::base::fuzzing;
use crate::options::class::Class;
use crate::options::coding::{Coding, Level};

/// What the model must know, on both sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) level: Level,
    pub(crate) class: Class,
    pub(crate) coding: Coding,
}

/// Sizes of tables, as powers of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Bytes of the ring of segments, values, pieces.
    pub(crate) segment_ring: u32,
    pub(crate) value_ring: u32,
    pub(crate) piece_ring: u32,
    /// Slots of contexts.
    pub(crate) segment_slots: u32,
    pub(crate) value_slots: u32,
    pub(crate) piece_slots: u32,
    pub(crate) number_slots: u32,
    /// Buckets of 16 bytes.
    pub(crate) literal_buckets: u32,
    /// Buckets of 64 bytes.
    pub(crate) digit_buckets: u32,
    pub(crate) column_buckets: u32,
    /// Bytes of text to match.
    pub(crate) text: u32,
    /// Columns, marks of scalars seen once.
    pub(crate) columns: u32,
    pub(crate) seen: u32,
    /// An index has this many fewer buckets than its ring has bytes.
    pub(crate) index_shift: u32,
    /// Candidates tried per item.
    pub(crate) tries: usize,
}

impl Settings {
    /// The sizes of this level and class.
    pub(crate) fn sizes(self) -> Sizes {
        let full = match self.level {
            Level::Fast | Level::Default => DEFAULT_SIZES,
            Level::Max => MAX_SIZES,
        };
        full.shrunk(self.class.shrunk_by() + fuzzing::TABLES_SHRUNK_BY)
    }
}

impl Sizes {
    /// Bytes that all tables of these sizes take, with windows and buffers, rounded up.
    pub(crate) fn memory_bytes(self) -> u64 {
        let rings = [self.segment_ring, self.value_ring, self.piece_ring];
        let rings: u64 =
            rings.iter().map(|&ring| (1 << ring) + (8 << (ring - self.index_shift))).sum();
        let slots = (12 << self.segment_slots) + (12 << self.value_slots);
        let slots = slots + (24 << self.piece_slots) + (12 << self.number_slots);
        let expected = 2 << self.literal_buckets;
        let buckets = (16 << self.literal_buckets) + (64 << self.digit_buckets);
        let buckets = buckets + (64 << self.column_buckets);
        let text = (1 << self.text) + (8 << (self.text - 4));
        let columns = (96 << self.columns) + (2 << self.seen);
        rings + slots + buckets + expected + text + columns + (1 << 20)
    }

    /// Each table `1 << by` times smaller.
    fn shrunk(self, by: u32) -> Self {
        Self {
            segment_ring: self.segment_ring.saturating_sub(by).max(12),
            value_ring: self.value_ring - by,
            piece_ring: self.piece_ring - by,
            segment_slots: self.segment_slots - by,
            value_slots: self.value_slots - by,
            piece_slots: self.piece_slots - by,
            number_slots: self.number_slots - by,
            literal_buckets: self.literal_buckets - by,
            digit_buckets: self.digit_buckets - by,
            column_buckets: self.column_buckets - by,
            text: self.text - by,
            columns: self.columns.saturating_sub(by).max(6),
            seen: self.seen - by,
            ..self
        }
    }
}

const DEFAULT_SIZES: Sizes = Sizes {
    segment_ring: 17,
    value_ring: 18,
    piece_ring: 17,
    segment_slots: 14,
    value_slots: 15,
    piece_slots: 13,
    number_slots: 13,
    literal_buckets: 16,
    digit_buckets: 12,
    column_buckets: 10,
    text: 20,
    columns: 11,
    seen: 14,
    index_shift: 5,
    tries: 3,
};

const MAX_SIZES: Sizes = Sizes {
    segment_ring: 18,
    value_ring: 20,
    piece_ring: 19,
    segment_slots: 16,
    value_slots: 17,
    piece_slots: 15,
    number_slots: 15,
    literal_buckets: 18,
    digit_buckets: 15,
    column_buckets: 12,
    text: 22,
    columns: 12,
    seen: 16,
    index_shift: 5,
    tries: 4,
};
