//! What a model knows before it sees a document: it was shown this text.

use super::items::Model;
use crate::base::fuzzing;
use crate::cm::coder::Coder;

/// Frequent words, keys and shapes. It is part of the format: another text makes another format.
pub(crate) const TEXT: &[u8] = include_bytes!("../prior.txt");

/// Takes decisions as given and writes nothing.
struct Nowhere;

impl Coder for Nowhere {
    const ENCODING: bool = true;

    fn bit(&mut self, bit: u32, _: u32) -> u32 {
        bit
    }
}

/// Shows the text to a new model.
pub(crate) fn teach(model: &mut Model) {
    teach_by(model, &mut Nowhere);
}

/// The same, where `coder` sees the decisions.
pub(crate) fn teach_by<C: Coder>(model: &mut Model, coder: &mut C) {
    let mut rest = &TEXT[..fuzzing::limit(TEXT.len(), 64)];
    while !rest.is_empty() {
        rest = &rest[model.code_next(coder, rest)..];
    }
    model.start_document();
}
