//! Whole items that came before and are named instead of coded again: the technique *prune*.

use super::candidates::Predictor;
use super::dictionary::{Dictionary, Id};
use super::item::Item;
use crate::base::hash;
use crate::cm::coder::Coder;

/// Items that came before, and contexts that say which of them comes.
#[derive(Clone, Debug)]
pub(crate) struct KnownItems<const N: usize> {
    predictor: Predictor<N>,
    dictionary: Dictionary,
}

impl<const N: usize> KnownItems<N> {
    /// Of these two.
    pub(super) fn new(predictor: Predictor<N>, dictionary: Dictionary) -> Self {
        Self { predictor, dictionary }
    }

    /// Makes all memory real.
    pub(super) fn touch(&mut self) {
        self.predictor.touch();
        self.dictionary.touch();
    }

    /// As if this many bytes of items had come before.
    #[cfg(test)]
    pub(super) fn start_at(&mut self, position: u32) {
        self.dictionary.start_at(position);
    }

    /// Looks up what the contexts expect.
    #[inline]
    pub(super) fn prepare(&mut self, contexts: &[u32; N], column: u32) {
        self.predictor.prepare(contexts, column);
    }

    /// How likely the best candidate is, of 65536; 0 without one.
    #[inline]
    pub(super) fn best(&self) -> u32 {
        self.predictor.best()
    }

    /// Codes whether one of the candidates is the item: `source` to the encoder, unknown to the decoder.
    #[inline]
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C, source: &[u8]) -> Option<Id> {
        let known =
            if C::ENCODING { self.dictionary.find(source, hash::bytes(source)) } else { None };
        self.predictor.code(coder, &self.dictionary, known.unwrap_or(0))
    }

    /// Makes the item at hand the one of this name; returns its hash.
    #[inline]
    pub(super) fn take(&self, id: Id, item: &mut Item) -> u32 {
        let (bytes, hash) = self.dictionary.get(id).expect("candidates are alive when coded");
        item.set(bytes);
        hash
    }

    /// Names a new item.
    #[inline]
    pub(crate) fn add(&mut self, item: &[u8], hash: u32) -> Id {
        self.dictionary.intern(item, hash)
    }

    /// Teaches the contexts which item came.
    #[inline]
    pub(super) fn learn(&mut self, id: Id) {
        self.predictor.learn(id);
    }
}
