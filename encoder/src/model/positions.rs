//! Positions beyond 4 GB: a model whose counters stand just before 2^32 codes as a new one does.

use super::items::Model;
use super::sizes::Settings;
use crate::base::memory::Memory;
use crate::cm::arithmetic::{ArithmeticDecoder, ArithmeticEncoder};
use crate::options::class::Class;
use crate::options::coding::{Coding, Level};

/// Before the turn, by less than the document takes of the rings of values and pieces, and of text.
const NEAR_THE_TURN: u32 = u32::MAX - 5_000;

fn model(level: Level, position: u32) -> Model {
    let class = Class::Small;
    let settings = Settings { level, class, coding: Coding::default() };
    let mut model = Model::new(settings, Memory { lazy: true, pool: true });
    model.start_at(position);
    model
}

/// Records whose keys, texts and words come again, with something new in each.
fn document() -> Vec<u8> {
    let record = |n: u32| {
        let (user, word) = (n % 7, n.wrapping_mul(0x9E37_79B9) >> 12);
        format!(
            "{{\"user\":\"user number {user}\",\"note\":\"seen {word:x} at the gate\",\"n\":{n}}}\n"
        )
    };
    (0..1500).map(record).collect::<String>().into_bytes()
}

fn encode(model: &mut Model, document: &[u8]) -> Vec<u8> {
    let (mut coder, mut rest) = (ArithmeticEncoder::new(Vec::new(), true), document);
    while !rest.is_empty() {
        rest = &rest[model.code_next(&mut coder, rest)..];
    }
    coder.finish()
}

fn decode(model: &mut Model, encoded: Vec<u8>, len: usize) -> Vec<u8> {
    let (mut coder, mut document) = (ArithmeticDecoder::new(encoded, true), Vec::new());
    while document.len() < len {
        model.code_item(&mut coder, &[], len - document.len()).expect("an encoding of ours");
        document.extend_from_slice(model.item());
    }
    document
}

#[test]
fn a_document_comes_back_across_the_turn_of_positions() {
    let document = document();
    for level in Level::ALL {
        let usual = encode(&mut model(level, 1), &document).len();
        let encoded = encode(&mut model(level, NEAR_THE_TURN), &document);
        // What was remembered is forgotten once at the turn.
        assert!(encoded.len() < usual + usual / 4, "{level:?}: {usual} became {}", encoded.len());
        let mut model = model(level, NEAR_THE_TURN);
        assert!(decode(&mut model, encoded, document.len()) == document, "{level:?}");
    }
}
