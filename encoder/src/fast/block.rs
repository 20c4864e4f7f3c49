//! The sizes and codes of a block (FORMAT.md, section 9).

use crate::base::fuzzing;

/// Bytes of the document in a block, at most.
pub(crate) const BLOCK: usize = fuzzing::limit(1 << 21, 1 << 11);
/// Bytes of a block that are compressed in both forms where it is not sure what is smaller.
pub(super) const SAMPLE: usize = fuzzing::limit(1 << 18, 1 << 10);
/// Tokens in a block, at most.
pub(super) const TOKENS_MAX: usize = fuzzing::limit(1 << 17, 1 << 7);
/// A column with fewer values in a block shares a stream with others.
pub(super) const OWN_MIN: usize = fuzzing::limit(16, 4);
/// What ends a value in a stream of texts: no value has a byte below 32.
pub(super) const END: u8 = b'\n';
/// Distinct values of a column that are named by a byte.
pub(super) const NAMES_MAX: usize = 250;
/// Distinct values of all columns of a block.
pub(super) const ALL_NAMES_MAX: usize = 1 << 15;
/// Bytes that may be read and written past what counts, so that short copies need no loop.
pub(super) const SLACK: usize = 48;

/// How a block is coded: its first byte.
pub(super) mod form {
    /// As it is.
    pub(in crate::fast) const PLAIN: u8 = 0;
    /// In columns.
    pub(in crate::fast) const COLUMNS: u8 = 1;
}

/// How a column is coded: its first byte.
pub(super) mod shape {
    /// Each value and its end.
    pub(in crate::fast) const TEXTS: u8 = 0;
    /// The distinct values, then which of them.
    pub(in crate::fast) const NAMES: u8 = 1;
    /// Integers, in planes of bytes.
    pub(in crate::fast) const NUMBERS: u8 = 2;
}

/// How the numbers of a column are coded, as bits.
pub(super) mod number {
    /// Each from the one before, instead of from the least.
    pub(in crate::fast) const DIFFERENCES: u8 = 1;
    /// Rounded, and what rounding took away in planes of its own.
    pub(in crate::fast) const ROUNDED: u8 = 2;
}
