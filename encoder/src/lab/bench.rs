//! The parts of the model each by itself, for `benches/parts.rs`, which cannot see them otherwise.
//!
//! What is timed is what ships: the functions, contexts and sizes that the level `default` encodes with. A part is
//! timed alone by leaving out the calls of the others.

use crate::base::hash;
use crate::base::memory::Memory;
use crate::cm::arithmetic::ArithmeticEncoder;
use crate::grammar::lexer::ITEM_MAX;
use crate::grammar::tree::TreeState;
use crate::model::digits::DigitsOf;
use crate::model::items::DefaultCore;
use crate::model::sizes::Settings;
use crate::options::class::Class;
use crate::options::coding::{Coding, Level};

/// A model of the level `default` that has seen nothing.
fn core(coding: Coding) -> DefaultCore {
    let settings = Settings { level: Level::Default, class: Class::Large, coding };
    DefaultCore::new(settings, Memory { lazy: false, pool: true })
}

fn coder() -> ArithmeticEncoder {
    ArithmeticEncoder::new(Vec::new(), true)
}

/// Splits a document into items and follows the tree: the lexer.
pub fn items(document: &[u8]) -> Vec<&[u8]> {
    let (mut tree, mut rest, mut items) = (TreeState::new(), document, Vec::new());
    while !rest.is_empty() {
        let len = tree.lexer.item_len(rest).unwrap_or(rest.len());
        let (item, after) = rest.split_at(len);
        if tree.lexer.state.is_segment() {
            tree.take_segment(item);
        } else {
            tree.take_value(item, 1, None);
        }
        items.push(item);
        rest = after;
    }
    items
}

/// Candidates and flags for whole items, and what is learned from them.
pub struct KnownItems(DefaultCore);

impl Default for KnownItems {
    fn default() -> Self {
        Self(core(Coding::default()))
    }
}

impl KnownItems {
    /// Codes which items come, and none of what is new in them; returns the coded bytes.
    pub fn code(&mut self, items: &[&[u8]]) -> Vec<u8> {
        let (core, mut coder) = (&mut self.0, coder());
        for item in items {
            let hash = hash::bytes(item);
            core.begin_item();
            if core.expects_segment() {
                let hit = core.predict_segment(&mut coder, item);
                core.item.set(item);
                let id = hit.unwrap_or_else(|| core.segments.add(item, hash));
                core.learn_segment(hash, id);
            } else {
                let column = core.enter_column();
                let hit = core.predict_value(&mut coder, item, column);
                core.item.set(item);
                let id = hit.unwrap_or_else(|| core.values.add(item, hash));
                core.learn_value(column, hash, id, None);
            }
        }
        coder.finish()
    }
}

/// New text, in pieces or byte by byte.
pub struct NewText(DefaultCore);

impl NewText {
    /// Pieces that came before are named, and long matches coded at once.
    pub fn in_pieces() -> Self {
        Self(core(Coding::default()))
    }

    /// Every byte is coded by itself.
    pub fn in_bytes() -> Self {
        Self(core(Coding { codebook: false, ..Coding::default() }))
    }

    /// Codes the text as long strings of one column; returns the coded bytes.
    pub fn code(&mut self, text: &[u8]) -> Vec<u8> {
        let (core, mut coder) = (&mut self.0, coder());
        for text in text.chunks(ITEM_MAX) {
            core.begin_item();
            let done = core.code_new_text(&mut coder, (text, text.len()), 1);
            done.expect("the encoder cannot contradict itself");
        }
        coder.finish()
    }
}

/// New numbers.
pub struct NewNumbers(DefaultCore);

impl Default for NewNumbers {
    fn default() -> Self {
        Self(core(Coding::default()))
    }
}

impl NewNumbers {
    /// Codes the digits of numbers of one column, with a space between them; returns the coded bytes.
    pub fn code(&mut self, numbers: &[u8]) -> Vec<u8> {
        let (core, mut coder) = (&mut self.0, coder());
        for number in numbers.split(|&byte| byte == b' ') {
            core.begin_item();
            let column = core.enter_column();
            core.code_digits(&mut coder, (number, ITEM_MAX), DigitsOf::Number, column);
            core.learn_value(column, hash::bytes(number), 0, None);
        }
        coder.finish()
    }
}
