//! The seam between model and arithmetic coder: a model gives decisions with their probabilities, and a coder
//! writes or reads them.
//!
//! Encoder and decoder share the trait [`Coder`], so that the model is written once and run on
//! both sides. A decision costs `-log2(p)` bits, where `p` is what the model gave it.

/// Codes one binary decision at a time, in either direction.
pub(crate) trait Coder {
    /// Whether decisions are given (encoder) or found (decoder).
    const ENCODING: bool;

    /// Codes `bit`, which is 1 with probability `p1 / 65536`. The encoder returns what it was
    /// given; the decoder ignores it and returns what it found.
    fn bit(&mut self, bit: u32, p1: u32) -> u32;

    /// Whether more was read than can have been written: what follows is made of nothing.
    #[inline]
    fn is_overrun(&self) -> bool {
        false
    }

    /// Says what the decisions that follow are about: for whoever counts what they take, and for
    /// [`inspect`](crate::inspect()).
    #[inline]
    fn enter(&mut self, part: Part) {
        let _ = part;
    }
}

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Whether a known segment comes.
    SegmentFlags,
    /// Whether a known value comes.
    ValueFlags,
    /// Whether a number follows from one before.
    NumberFlags,
    /// Whether a known piece of a segment comes.
    GlueFlags,
    /// Whether a known piece of a value comes.
    WordFlags,
    /// How a piece ends that was begun.
    EndingFlags,
    /// Whether a long match goes on.
    Runs,
    /// Bytes of new punctuation and keys.
    GlueLiterals,
    /// Bytes of new words.
    WordLiterals,
    /// Digits of new numbers.
    Digits,
}

impl Part {
    /// All parts, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::SegmentFlags,
        Self::ValueFlags,
        Self::NumberFlags,
        Self::GlueFlags,
        Self::WordFlags,
        Self::EndingFlags,
        Self::Runs,
        Self::GlueLiterals,
        Self::WordLiterals,
        Self::Digits,
    ];

    /// The part's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::SegmentFlags => "segment flags",
            Self::ValueFlags => "value flags",
            Self::NumberFlags => "number flags",
            Self::GlueFlags => "glue flags",
            Self::WordFlags => "word flags",
            Self::EndingFlags => "ending flags",
            Self::Runs => "runs",
            Self::GlueLiterals => "glue literals",
            Self::WordLiterals => "word literals",
            Self::Digits => "digits",
        }
    }
}
