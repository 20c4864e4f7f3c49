//! What is repeated, by name: a variant at a document.

use crate::units::Bytes;

/// Names a cell in every file and table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellKey {
    /// The variant.
    pub variant: String,
    /// Profile or file name of the document, which with its size identifies it within an experiment.
    pub profile: String,
    /// Size of the document.
    pub size: Bytes,
}

impl CellKey {
    /// Of a variant at a document.
    pub fn new(variant: &str, profile: &str, size: Bytes) -> Self {
        Self { variant: variant.to_owned(), profile: profile.to_owned(), size }
    }

    /// Whether these name the same cell.
    pub fn is(&self, variant: &str, profile: &str, input_bytes: u64) -> bool {
        self.variant == variant && self.profile == profile && self.size.0 == input_bytes
    }
}
