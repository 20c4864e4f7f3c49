//! What FORMAT.md promises.

mod common;

use common::{decode, encode};
use sigma_encoder::{Framing, Options, encode_frames, trace};

/// A worked example of FORMAT.md, the first or the second; `..` stands for the first.
fn worked_example(number: usize) -> Vec<u8> {
    let text = include_str!("../FORMAT.md");
    let block = text.split("```hex\n").nth(number).and_then(|rest| rest.split("```").next());
    let digits = block.expect("a block of hex").split_whitespace();
    let bytes = |digits: &str| match digits {
        ".." => worked_example(1),
        digits => vec![u8::from_str_radix(digits, 16).expect("two hex digits")],
    };
    digits.flat_map(bytes).collect()
}

#[test]
fn the_worked_example_is_what_is_written() {
    let document = b"{\"a\":[1,true]}";
    assert_eq!(encode(document, &Options::default()), worked_example(1));
    assert_eq!(decode(&worked_example(1)).expect("the example"), document);
}

#[test]
fn the_framed_example_is_what_is_written() {
    let document = b"{\"a\":[1,true]}";
    let framing = Framing { frame_bytes: 1 << 10, threads: 1 };
    let mut encoded = Vec::new();
    encode_frames(&document[..], &mut encoded, &Options::default(), framing).expect("memory");
    assert_eq!(encoded, worked_example(2), "{encoded:02x?}");
    assert_eq!(decode(&encoded).expect("the example"), document);
}

/// The text of a block of FORMAT.md.
fn block(name: &str) -> String {
    let text = include_str!("../FORMAT.md");
    let block =
        text.split(&format!("```{name}\n")).nth(1).and_then(|rest| rest.split("```").next());
    block.expect("a block of that name").to_owned()
}

#[test]
fn every_decision_of_the_worked_example_is_told() {
    let trace = trace::document(b"{\"a\":[1,true]}", &Options::default());
    assert_eq!(block("trace"), trace, "{trace}");
    let prior = trace::prior(&Options::default());
    assert_eq!(block("prior"), prior, "{prior}");
}

#[test]
fn the_decisions_of_an_encoding_are_those_that_its_writer_made() {
    let told = |encoded: &[u8]| {
        let mut text = Vec::new();
        trace::decisions(encoded, &mut text).expect("an encoding of ours");
        String::from_utf8(text).expect("text")
    };
    let decisions = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with([' ', 'e']));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    for example in [worked_example(1), worked_example(2)] {
        assert_eq!(decisions(&told(&example)), decisions(&block("trace")));
    }
    let parts = told(&worked_example(1));
    let parts: Vec<&str> = parts.lines().filter(|line| line.contains('`')).collect();
    let expected =
        ["segment `{\\\"a\\\":[`", "scalar `1`", "segment `,`", "scalar `true`", "segment `]}`"];
    assert_eq!(parts, expected);
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
