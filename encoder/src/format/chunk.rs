//! What stands before each chunk of the full form.

/// The longest coded chunk that a decoder accepts.
pub(crate) const CODED_MAX: u64 = 1 << 20;
/// The longest chunk that is not made of items, and the longest coded compact document.
pub(crate) const PLAIN_MAX: usize = 1 << 16;

/// How a chunk holds its bytes of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkKind {
    /// Items under the model.
    Items,
    /// The bytes as they are.
    Stored,
    /// One frame of Zstandard.
    Packed,
}

impl ChunkKind {
    const ALL: [Self; 3] = [Self::Items, Self::Stored, Self::Packed];

    /// One number of the kind and the length of what is coded.
    pub(crate) fn joined(self, coded_len: usize) -> u64 {
        (coded_len as u64) << 2 | self as u64
    }

    /// Both, of one number.
    pub(crate) fn split(number: u64) -> Option<(Self, u64)> {
        Some((*Self::ALL.get(number as usize & 3)?, number >> 2))
    }
}
