//! The inside of a string that is a value.

use super::contradiction::Contradiction;
use super::core::Core;
use super::pieces::NewItem;
use crate::base::hash;
use crate::cm::coder::Coder;
use crate::grammar::pieces::ItemKind;

impl<const S: usize, const V: usize, const L: usize, const D: usize> Core<S, V, L, D> {
    /// Codes the inside of a string.
    pub(super) fn code_text<C: Coder>(
        &mut self,
        coder: &mut C,
        (source, limit): (&[u8], usize),
    ) -> Result<(), Contradiction> {
        let column = self.enter_column();
        let (hash, id) = if let Some(id) = self.predict_value(coder, source, column) {
            (self.values.take(id, &mut self.item), id)
        } else {
            self.code_new_text(coder, (source, limit), column)?;
            let hash = hash::bytes(&self.item.bytes);
            (hash, self.values.add(&self.item.bytes, hash))
        };
        self.learn_value(column, hash, id, None);
        Ok(())
    }

    /// Codes a string that was not foretold.
    #[inline]
    pub(crate) fn code_new_text<C: Coder>(
        &mut self,
        coder: &mut C,
        source: (&[u8], usize),
        column: u32,
    ) -> Result<(), Contradiction> {
        let new = NewItem::new(source, ItemKind::Text, column, self.tree.lexer);
        self.pieces.code(coder, new, &mut self.item)
    }
}
