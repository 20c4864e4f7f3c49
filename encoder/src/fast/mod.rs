//! The codec of the level `fast`: blocks of the document, taken apart into streams of a kind.
//!
//! A block is a sequence of tokens: a segment (punctuation, white space, keys) and the value after it.
//! Segments are few and follow each other in the same order, so a run of them is a byte; values
//! are gathered in columns by the key that stands before them. What all of this leaves goes through
//! one Zstandard stream. What has no structure goes there as it is.

mod block;
mod census;
mod columns;
mod cursor;
mod decode;
mod distinct;
mod effort;
mod encode;
mod figures;
mod lz;
mod scan;
mod segments;
mod split;
mod steps;
mod values;

pub(crate) use block::BLOCK;
pub use census::{BlockBytes, Census, StreamKind};
pub(crate) use decode::{MEMORY_BYTES, Unpacker};
pub(crate) use encode::Packer;
pub(crate) use lz::{Once, unpack};
