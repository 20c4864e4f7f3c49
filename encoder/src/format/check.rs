//! Computes checks.

use xxhash_rust::xxh64::Xxh64;

use crate::options::check::Check;

/// Computes a check.
#[derive(Clone)]
pub(crate) enum Hasher {
    None,
    Crc32(crc32fast::Hasher),
    Xxh64(Xxh64),
}

impl Hasher {
    /// Every check begins with the header, so that a damaged one is noticed.
    pub(crate) fn new(check: Check, header: &[u8]) -> Self {
        let mut hasher = match check {
            Check::None => Self::None,
            Check::Crc32 => Self::Crc32(crc32fast::Hasher::new()),
            Check::Xxh64 => Self::Xxh64(Xxh64::new(0)),
        };
        hasher.update(header);
        hasher
    }

    /// Takes bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Crc32(hasher) => hasher.update(bytes),
            Self::Xxh64(hasher) => hasher.update(bytes),
        }
    }

    /// The check of all bytes so far, the lowest byte first; zeros where there is none.
    pub(crate) fn digest(&self) -> [u8; 8] {
        let digest = match self {
            Self::None => 0,
            Self::Crc32(hasher) => u64::from(hasher.clone().finalize()),
            Self::Xxh64(hasher) => hasher.digest(),
        };
        digest.to_le_bytes()
    }
}
