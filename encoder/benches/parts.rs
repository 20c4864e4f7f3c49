//! How fast each part of the encoder is by itself: `cargo bench -p sigma-encoder --bench parts`.
//!
//! Inputs are made here. `whole.rs` times what the parts make together.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use sigma_encoder::bench::{KnownItems, NewNumbers, NewText, items};

fn main() {
    divan::main();
}

/// Numbers that look random, the same at each run.
fn numbers() -> impl FnMut(u64) -> u64 {
    let mut state = 7u64;
    move |bound| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

/// Lines made by a function until they are half a megabyte.
fn document(mut line: impl FnMut(&mut dyn FnMut(u64) -> u64) -> String) -> Vec<u8> {
    let mut number = numbers();
    let mut text = String::new();
    while text.len() < 500_000 {
        text.push_str(&line(&mut number));
    }
    text.into_bytes()
}

/// Events as a service logs them.
fn records() -> Vec<u8> {
    document(|number| {
        format!(
            "{{\"level\":\"{}\",\"user\":\"user-{}\",\"ok\":{},\"ms\":{}}}\n",
            ["INFO", "WARN"][number(2) as usize],
            number(50),
            number(4) > 0,
            number(1000),
        )
    })
}

/// Words of a small vocabulary, some of them never seen.
fn words() -> Vec<u8> {
    document(|number| match number(8) {
        0 => format!("{:x} ", number(1 << 30)),
        _ => format!("{} ", ["lorem", "ipsum", "dolor", "sit", "amet"][number(5) as usize]),
    })
}

/// Coordinates.
fn coordinates() -> Vec<u8> {
    document(|number| format!("-{}.{:06} ", 60 + number(8), number(1_000_000)))
}

/// Splitting into items, and following the tree.
#[divan::bench]
fn lexer(bencher: Bencher) {
    let document = records();
    bencher
        .counter(BytesCount::of_slice(&document))
        .counter(ItemsCount::new(items(&document).len()))
        .bench(|| items(divan::black_box(&document)));
}

/// Candidates, flags and their learning, of items that mostly came before.
#[divan::bench]
fn known_items(bencher: Bencher) {
    let document = records();
    let items = items(&document);
    bencher
        .with_inputs(KnownItems::default)
        .counter(BytesCount::of_slice(&document))
        .counter(ItemsCount::new(items.len()))
        .bench_values(|mut model| (model.code(divan::black_box(&items)), model));
}

/// Words, most of which came before.
#[divan::bench]
fn pieces(bencher: Bencher) {
    let text = words();
    bencher
        .with_inputs(NewText::in_pieces)
        .counter(BytesCount::of_slice(&text))
        .bench_values(|mut model| (model.code(divan::black_box(&text)), model));
}

/// The bytes of words.
#[divan::bench]
fn literals(bencher: Bencher) {
    let text = words();
    bencher
        .with_inputs(NewText::in_bytes)
        .counter(BytesCount::of_slice(&text))
        .bench_values(|mut model| (model.code(divan::black_box(&text)), model));
}

/// Digits of numbers that follow no rule.
#[divan::bench]
fn digits(bencher: Bencher) {
    let text = coordinates();
    bencher
        .with_inputs(NewNumbers::default)
        .counter(BytesCount::of_slice(&text))
        .bench_values(|mut model| (model.code(divan::black_box(&text)), model));
}
