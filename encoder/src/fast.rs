//! The codec of the level `fast`: blocks of the document, taken apart into streams of a kind.
//!
//! A block is a sequence of tokens: a segment (punctuation, white space, keys) and the value after it.
//! Segments are few and follow each other in the same order, so a run of them is a byte; values
//! are gathered in columns by the key that stands before them. What all of this leaves goes through
//! one Zstandard stream. What has no structure goes there as it is.

mod census;
mod columns;
mod cursor;
mod decode;
mod distinct;
mod encode;
mod figures;
mod lz;
mod scan;
mod segments;
mod split;
mod steps;

use crate::fuzzing;

pub use census::{BlockBytes, Census, StreamKind};
pub(crate) use decode::{MEMORY_BYTES, Unpacker};
pub(crate) use encode::Packer;
pub(crate) use lz::{Once, unpack};

/// Bytes of the document in a block, at most.
pub(crate) const BLOCK: usize = fuzzing::limit(1 << 21, 1 << 11);
/// Bytes of a block that are compressed in both forms where it is not sure what is smaller.
const SAMPLE: usize = fuzzing::limit(1 << 18, 1 << 10);
/// Tokens in a block, at most.
const TOKENS_MAX: usize = fuzzing::limit(1 << 17, 1 << 7);
/// A column with fewer values in a block shares a stream with others.
const OWN_MIN: usize = fuzzing::limit(16, 4);
/// What ends a value in a stream of texts: no value has a byte below 32.
const END: u8 = b'\n';
/// Distinct values of a column that are named by a byte.
const NAMES_MAX: usize = 250;
/// Distinct values of all columns of a block.
const ALL_NAMES_MAX: usize = 1 << 15;
/// Bytes that may be read and written past what counts, so that short copies need no loop.
const SLACK: usize = 48;

/// How a block is coded: its first byte.
mod form {
    /// As it is.
    pub(super) const PLAIN: u8 = 0;
    /// In columns.
    pub(super) const COLUMNS: u8 = 1;
}

/// How a column is coded: its first byte.
mod shape {
    /// Each value and its end.
    pub(super) const TEXTS: u8 = 0;
    /// The distinct values, then which of them.
    pub(super) const NAMES: u8 = 1;
    /// Integers, in planes of bytes.
    pub(super) const NUMBERS: u8 = 2;
}

/// How the numbers of a column are coded, as bits.
mod number {
    /// Each from the one before, instead of from the least.
    pub(super) const DIFFERENCES: u8 = 1;
    /// Rounded, and what rounding took away in planes of its own.
    pub(super) const ROUNDED: u8 = 2;
}
