//! What coding takes, counted in decisions: so that a document that was made up to be slow is noticed.

use super::coder::Part;

/// What decisions took so far: the time of a byte of usual documents is 100.
///
/// A sum of what was counted, not a time, so that an encoder writes the same everywhere. The prices are those that
/// explain best what 40 kinds of documents that were made up to be slow and 15 real ones took (`benches/slow.rs` has
/// the kinds), at the levels default and max, each divided by what the real ones took a byte: most are told within
/// a sixth.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Work {
    /// All.
    pub(crate) sum: u64,
    /// What another decision takes.
    price: u64,
}

impl Work {
    /// The work of a byte, whatever it is coded with.
    pub(crate) const BYTE: u64 = 13;

    /// What is looked up before the decisions of a part are coded.
    #[inline]
    pub(crate) fn enter(&mut self, part: Part) {
        let (before, each) = match part {
            Part::SegmentFlags => (30, 0),
            Part::ValueFlags => (0, 0),
            Part::NumberFlags => (80, 0),
            Part::GlueFlags | Part::WordFlags => (280, 0),
            Part::EndingFlags => (1170, 0),
            Part::Runs => (155, 0),
            Part::GlueLiterals | Part::WordLiterals => (0, 43),
            Part::Digits => (0, 50),
        };
        self.sum += before;
        self.price = each;
    }

    /// A decision.
    #[inline]
    pub(crate) fn decide(&mut self) {
        self.sum += self.price;
    }
}
