//! Checks: what tells a damaged encoding from an intact one.

/// The checksum that an encoding carries.
///
/// ```
/// use sigma_encoder::{Check, Options, encode_all};
/// let length = |check| Ok::<_, sigma_encoder::Error>(encode_all(&b"[]"[..], &Options::new().check(check))?.len());
/// assert!(length(Check::None)? < length(Check::Crc32)?);
/// assert!(length(Check::Crc32)? < length(Check::Xxh64)?);
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// None: damage may go unnoticed. For bytes that something else checks.
    None,
    /// CRC-32 (that of gzip and zip): 4 bytes, of each chunk and of the whole.
    Crc32,
    /// XXH64: 8 bytes of the whole, 4 of each chunk.
    Xxh64,
}

impl Check {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::None, Self::Crc32, Self::Xxh64];

    /// The code in the format.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Crc32 => 0,
            Self::Xxh64 => 1,
            Self::None => 3,
        }
    }

    /// The kind of a code.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.code() == code)
    }

    /// Bytes of the check of a whole document.
    pub(crate) fn whole_len(self) -> usize {
        match self {
            Self::None => 0,
            Self::Crc32 => 4,
            Self::Xxh64 => 8,
        }
    }

    /// Bytes of the check of a chunk or a block.
    pub(crate) fn part_len(self) -> usize {
        self.whole_len().min(4)
    }
}
