//! The elements of the format around what is coded, each with its reading beside its writing (FORMAT.md, section 1).

pub(crate) mod check;
pub(crate) mod chunk;
pub(crate) mod header;
pub(crate) mod source;
pub(crate) mod varint;
