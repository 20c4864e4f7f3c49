//! What came last in the document, whichever column it is in.

use crate::numbers::decimal::Decimal;

/// Hashes of the last items, and the last number. Forgotten where a document begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    /// Hashes of the last segments, the latest first.
    pub(super) segments: [u32; 5],
    /// Hashes of the last values, the latest first.
    pub(super) values: [u32; 2],
    /// The last number.
    pub(super) number: Decimal,
    /// The step to it from the number before it in its column, by sign and size.
    pub(super) step: u8,
}

impl Recent {
    /// Notes a segment.
    #[inline]
    pub(super) fn add_segment(&mut self, hash: u32) {
        self.segments.rotate_right(1);
        self.segments[0] = hash;
    }

    /// Notes a value.
    #[inline]
    pub(super) fn add_value(&mut self, hash: u32) {
        self.values.rotate_right(1);
        self.values[0] = hash;
    }
}
