//! Segments: punctuation, white space and keys between two values.

use super::contexts::{self, first};
use super::contradiction::Contradiction;
use super::core::Core;
use super::dictionary::Id;
use super::pieces::NewItem;
use crate::base::hash;
use crate::cm::coder::{Coder, Part};
use crate::grammar::pieces::ItemKind;

impl<const S: usize, const V: usize, const L: usize, const D: usize> Core<S, V, L, D> {
    /// Codes a segment.
    pub(super) fn code_segment<C: Coder>(
        &mut self,
        coder: &mut C,
        (source, limit): (&[u8], usize),
    ) -> Result<(), Contradiction> {
        let (hash, id) = if let Some(id) = self.predict_segment(coder, source) {
            (self.segments.take(id, &mut self.item), id)
        } else {
            let (last, lexer) = (self.recent.segments[0], self.tree.lexer);
            let new = NewItem::new((source, limit), ItemKind::Segment, last, lexer);
            self.pieces.code(coder, new, &mut self.item)?;
            let hash = hash::bytes(&self.item.bytes);
            (hash, self.segments.add(&self.item.bytes, hash))
        };
        self.learn_segment(hash, id);
        Ok(())
    }

    /// Codes whether a known segment comes, and which.
    #[inline]
    pub(crate) fn predict_segment<C: Coder>(&mut self, coder: &mut C, source: &[u8]) -> Option<Id> {
        if !self.coding.prune {
            return None;
        }
        coder.enter(Part::SegmentFlags);
        let contexts = contexts::of_segment(&self.tree, &self.recent);
        self.segments.prepare(first(&contexts), self.recent.segments[0]);
        self.segments.code(coder, source)
    }

    /// Learns from the segment at hand.
    #[inline]
    pub(crate) fn learn_segment(&mut self, hash: u32, id: Id) {
        if self.coding.prune {
            self.segments.learn(id);
        }
        self.tree.take_segment(&self.item.bytes);
        self.recent.add_segment(hash);
    }
}
