//! What strings and scalars share: the column that they are in, and what is learned from them.

use super::contexts::{self, first};
use super::core::Core;
use super::dictionary::Id;
use crate::cm::coder::{Coder, Part};
use crate::numbers::decimal::Decimal;

impl<const S: usize, const V: usize, const L: usize, const D: usize> Core<S, V, L, D> {
    /// The column of the value that comes, with a memory of its own.
    pub(crate) fn enter_column(&mut self) -> u32 {
        let column = self.tree.column();
        self.columns.enter(column);
        column
    }

    /// Codes whether a known value comes, and which.
    #[inline]
    pub(crate) fn predict_value<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        column: u32,
    ) -> Option<Id> {
        if !self.coding.prune {
            return None;
        }
        coder.enter(Part::ValueFlags);
        self.prepare_values(column);
        self.values.code(coder, source)
    }

    /// Looks up which known value comes.
    pub(super) fn prepare_values(&mut self, column: u32) {
        let memory = self.columns.get(column);
        let contexts = contexts::of_value(&self.tree, &self.recent, column, memory);
        self.values.prepare(first(&contexts), column);
    }

    /// Learns from the value at hand, which may be a number.
    pub(crate) fn learn_value(&mut self, column: u32, hash: u32, id: Id, number: Option<Decimal>) {
        if self.coding.prune {
            self.values.learn(id);
        }
        let memory = self.columns.get_mut(column);
        memory.add_value(hash, &self.item.bytes);
        if let Some(number) = number {
            memory.add_number(number);
            self.recent.step = memory.step;
            self.recent.number = number;
            if self.coding.delta {
                self.delta.learn(number);
            }
        }
        self.tree.take_value(&self.item.bytes, hash, number.map(|number| number.digits));
        self.recent.add_value(hash);
    }
}
