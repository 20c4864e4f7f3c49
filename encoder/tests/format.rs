//! What FORMAT.md promises.

mod common;

use common::{decode, encode};
use sigma_encoder::Options;

/// The worked example of FORMAT.md.
fn worked_example() -> Vec<u8> {
    let text = include_str!("../FORMAT.md");
    let block = text.split("```hex\n").nth(1).and_then(|rest| rest.split("```").next());
    let digits = block.expect("a block of hex").split_whitespace();
    digits.map(|byte| u8::from_str_radix(byte, 16).expect("two hex digits")).collect()
}

#[test]
fn the_worked_example_is_what_is_written() {
    let document = b"{\"a\":[1,true]}";
    assert_eq!(encode(document, &Options::default()), worked_example());
    assert_eq!(decode(&worked_example()).expect("the example"), document);
}

#[test]
fn the_prior_is_part_of_the_format() {
    let prior = include_bytes!("../src/prior.txt");
    assert_eq!(
        xxhash_rust::xxh64::xxh64(prior, 0),
        0x92E1_5D14_73C1_F00E,
        "another prior is another format"
    );
}
