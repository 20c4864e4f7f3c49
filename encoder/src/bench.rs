//! The parts of the model each by itself, at the sizes of the default level: for
//! `benches/parts.rs`, which cannot see them otherwise. Contexts are plain ones; which contexts pay
//! is the model's business and not timed here.

use crate::coder::BitWriter;
use crate::dictionary::Dictionary;
use crate::digits::{self, DigitCoder};
use crate::hash;
use crate::lexer::State;
use crate::literal::{Around, LiteralCoder};
use crate::memory::Memory;
use crate::model::ITEM_TRY_MIN;
use crate::predictor::Predictor;
use crate::settings::{Class, Coding, Level, Settings, Sizes};
use crate::tree_state::TreeState;

const MEMORY: Memory = Memory { lazy: false, pool: true };

fn sizes() -> Sizes {
    let Coding { prune, codebook, delta, .. } = Coding::default();
    Settings { level: Level::Default, class: Class::Large, prune, codebook, delta }.sizes()
}

/// Splits a document into items and follows the tree: the lexer.
pub fn items(document: &[u8]) -> Vec<&[u8]> {
    let (mut tree, mut rest, mut items) = (TreeState::new(), document, Vec::new());
    while !rest.is_empty() {
        let len = tree.lexer.item_len(rest).unwrap_or(rest.len());
        let (item, after) = rest.split_at(len);
        match tree.lexer.state {
            State::Structure | State::Key => tree.take_segment(item),
            State::Text | State::Scalar => tree.lexer.take_value(item),
        }
        items.push(item);
        rest = after;
    }
    items
}

/// Candidates and flags for whole items.
pub struct ItemModel {
    predictor: Predictor<5>,
    words: Dictionary,
}

impl Default for ItemModel {
    fn default() -> Self {
        let sizes = sizes();
        let ring = sizes.value_ring;
        Self {
            predictor: Predictor::new(sizes.value_slots, (sizes.tries, ITEM_TRY_MIN), MEMORY),
            words: Dictionary::new(ring, ring - sizes.index_shift, MEMORY),
        }
    }
}

impl ItemModel {
    /// Codes which items come, and none of what is new in them; returns the coded bytes.
    pub fn code(&mut self, items: &[&[u8]]) -> Vec<u8> {
        let mut coder = BitWriter::new(Vec::new(), true);
        let mut recent = [0; 4];
        for item in items {
            let [a, b, c, d] = recent;
            let two = hash::pair(a, b);
            let contexts = [a, two, hash::pair(two, c), hash::triple(two, c, d), hash::pair(b, d)];
            self.predictor.prepare(&contexts, a);
            let hash = hash::bytes(item);
            let actual = self.words.find(item, hash).unwrap_or(0);
            let hit = self.predictor.code(&mut coder, &self.words, actual);
            let id = hit.unwrap_or_else(|| self.words.intern(item, hash));
            self.predictor.learn(id);
            recent = [hash, a, b, c];
        }
        coder.finish()
    }
}

/// New bytes.
pub struct Literals(LiteralCoder<4>);

impl Default for Literals {
    fn default() -> Self {
        let sizes = sizes();
        let (buckets, columns) = (sizes.literal_buckets, sizes.column_buckets);
        Self(LiteralCoder::new(buckets, columns, sizes.text, MEMORY))
    }
}

impl Literals {
    /// Codes every byte; returns the coded bytes.
    pub fn code(&mut self, text: &[u8]) -> Vec<u8> {
        let mut coder = BitWriter::new(Vec::new(), true);
        let around = Around { kind: 1, column: 1 };
        let (mut tail, mut word) = (0u32, 0);
        for &byte in text {
            let contexts = [
                hash::pair(tail & 0xFF, 1),
                hash::pair(tail & 0xFFFF, 2),
                hash::pair(tail & 0xFF_FFFF, 3),
                hash::pair(word, 6),
            ];
            self.0.code(&mut coder, &contexts, around, byte);
            word = if byte == b' ' { 0 } else { hash::pair(word, u32::from(byte)) };
            tail = tail << 8 | u32::from(byte);
        }
        coder.finish()
    }
}

/// New numbers.
pub struct Digits(DigitCoder<6>);

impl Default for Digits {
    fn default() -> Self {
        Self(DigitCoder::new(sizes().digit_buckets, MEMORY))
    }
}

impl Digits {
    /// Codes numbers with a space after each; returns the coded bytes.
    pub fn code(&mut self, numbers: &[u8]) -> Vec<u8> {
        let mut coder = BitWriter::new(Vec::new(), true);
        let (mut beginning, mut recent, mut place) = (0, 0, 0);
        for &byte in numbers {
            let symbol = digits::symbol(byte).unwrap_or(digits::END);
            let contexts = [
                hash::pair(beginning, place),
                hash::pair(place, 1),
                hash::triple(place, recent & 0xF, 2),
                hash::triple(place, recent & 0xFF, 3),
                hash::pair(recent & 0xF, 4),
                hash::pair(recent & 0xFF, 5),
            ];
            self.0.code(&mut coder, &contexts, 8 + place.min(7), symbol);
            recent = recent << 4 | u32::from(symbol);
            (beginning, place) = match symbol {
                digits::END => (0, 0),
                _ => (hash::pair(beginning, u32::from(symbol) + 1), place + 1),
            };
        }
        coder.finish()
    }
}
