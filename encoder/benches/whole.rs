//! How fast the whole is, by level and kind of document: `cargo bench -p sigma-encoder`.

use divan::Bencher;
use divan::counter::BytesCount;
use sigma_encoder::{Level, Options};

fn main() {
    divan::main();
}

/// Kinds of documents by what they cost: known items, new digits, new words.
const KINDS: [&str; 3] = ["repeated", "numbers", "words"];

/// Half a megabyte of a kind.
fn document(kind: &str) -> Vec<u8> {
    let mut state = 7u64;
    let mut number = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut text = String::new();
    while text.len() < 500_000 {
        let line = match kind {
            "repeated" => format!("{{\"level\":\"INFO\",\"user\":\"user-{}\"}}\n", number() % 9),
            "numbers" => {
                format!("[{},{}.{}]\n", number() % 100_000, number() % 90, number() % 10_000)
            }
            _ => format!("{{\"note\":\"{:x} {:x} {:x}\"}}\n", number(), number() % 4096, number()),
        };
        text.push_str(&line);
    }
    text.into_bytes()
}

fn encode(document: &[u8], level: Level) -> Vec<u8> {
    let mut encoded = Vec::new();
    let options = Options { level, ..Options::default() };
    sigma_encoder::encode(document, &mut encoded, &options).expect("memory does not fail");
    encoded
}

/// Encoding at each level.
#[divan::bench(args = KINDS, consts = [0, 1, 2], sample_count = 10)]
fn encoding<const LEVEL: usize>(bencher: Bencher, kind: &str) {
    let document = document(kind);
    bencher
        .counter(BytesCount::of_slice(&document))
        .bench(|| encode(divan::black_box(&document), Level::ALL[LEVEL]));
}

/// Decoding at the usual level.
#[divan::bench(args = KINDS, sample_count = 10)]
fn decoding(bencher: Bencher, kind: &str) {
    let document = document(kind);
    let encoded = encode(&document, Level::Default);
    bencher.counter(BytesCount::of_slice(&document)).bench(|| {
        let mut decoded = Vec::new();
        sigma_encoder::decode(divan::black_box(encoded.as_slice()), &mut decoded)
            .expect("an encoding of ours");
        decoded
    });
}
