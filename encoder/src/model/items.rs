//! One item after the other: what runs on both sides.

use super::contradiction::Contradiction;
use super::core::Core;
use super::sizes::Settings;
use crate::base::memory::Memory;
use crate::cm::coder::Coder;
use crate::grammar::lexer::{ITEM_MAX, State};
use crate::options::coding::Level;

/// A model of the level that was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Model {
    /// Few contexts.
    Fast(Box<Core<3, 3, 3, 3>>),
    /// What pays for its time.
    Default(Box<DefaultCore>),
    /// All contexts.
    Max(Box<Core<6, 6, 5, 7>>),
}

/// What the level `default` learns in.
pub(crate) type DefaultCore = Core<5, 6, 4, 6>;

/// The same call for whichever level it is.
macro_rules! each {
    ($model:expr, $core:ident => $call:expr) => {
        match $model {
            Model::Fast($core) => $call,
            Model::Default($core) => $call,
            Model::Max($core) => $call,
        }
    };
}

impl Model {
    /// A model that has seen nothing.
    pub(crate) fn new(settings: Settings, memory: Memory) -> Self {
        match settings.level {
            Level::Fast => Self::Fast(Box::new(Core::new(settings, memory))),
            Level::Default => Self::Default(Box::new(Core::new(settings, memory))),
            Level::Max => Self::Max(Box::new(Core::new(settings, memory))),
        }
    }

    /// Forgets where it is, not what it learned.
    pub(crate) fn start_document(&mut self) {
        each!(self, core => core.start_document());
    }

    /// As if this many bytes had come before, that are all forgotten.
    #[cfg(test)]
    pub(crate) fn start_at(&mut self, position: u32) {
        each!(self, core => core.start_at(position));
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        each!(self, core => core.touch());
    }

    /// The length of the item that starts `bytes`, or `None` if its end is not among them.
    pub(crate) fn item_len(&self, bytes: &[u8]) -> Option<usize> {
        each!(self, core => core.tree.lexer.item_len(bytes))
    }

    /// The item coded last.
    pub(crate) fn item(&self) -> &[u8] {
        each!(self, core => &core.item.bytes)
    }

    /// Goes past bytes of the document that are not coded as items: they are only remembered.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        each!(self, core => core.pass(bytes));
    }

    /// Of some places of these bytes, how many there are and how many came before.
    pub(crate) fn known(&self, bytes: &[u8]) -> (usize, usize) {
        each!(self, core => core.pieces.known(bytes))
    }

    /// Codes one item: `source` to the encoder, found by the decoder (who gives nothing). `limit`
    /// is the length at which an item ends without a terminator: [`ITEM_MAX`], or what is left of
    /// the chunk.
    pub(crate) fn code_item<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
    ) -> Result<(), Contradiction> {
        each!(self, core => core.code_item(coder, source, limit))
    }

    /// Codes the item that starts `rest`, after which nothing comes; returns its length.
    pub(crate) fn code_next<C: Coder>(&mut self, coder: &mut C, rest: &[u8]) -> usize {
        let len = self.item_len(rest).unwrap_or(rest.len());
        let limit = if len == rest.len() { len } else { ITEM_MAX };
        let done = self.code_item(coder, &rest[..len], limit);
        done.expect("the encoder cannot contradict itself");
        debug_assert_eq!(self.item(), &rest[..len], "the model must follow what it coded");
        len
    }
}

impl<const S: usize, const V: usize, const L: usize, const D: usize> Core<S, V, L, D> {
    fn code_item<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
    ) -> Result<(), Contradiction> {
        let limit = limit.min(ITEM_MAX);
        self.begin_item();
        match self.tree.lexer.state {
            State::Structure | State::Key => self.code_segment(coder, (source, limit))?,
            State::Text => self.code_text(coder, (source, limit))?,
            State::Scalar => self.code_scalar(coder, (source, limit))?,
        }
        // A name may stand for more than there is room.
        if self.item.bytes.len() > limit { Err(Contradiction) } else { Ok(()) }
    }
}
