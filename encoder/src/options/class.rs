//! Short documents and others: their form, their check and their tables differ.

use crate::base::fuzzing;

/// How large the tables are, by the length of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Up to 64 KiB: a quarter of every table, for there is no time to fill more.
    Small,
    /// Longer, or of unknown length.
    Large,
}

impl Class {
    /// The longest small document.
    pub(crate) const SMALL_MAX: usize = fuzzing::limit(1 << 16, 192);

    /// Its tables are smaller than the level's by this power of two.
    pub(crate) fn shrunk_by(self) -> u32 {
        match self {
            Self::Small => 2,
            Self::Large => 0,
        }
    }
}
