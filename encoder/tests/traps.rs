//! What broke a prototype, or would have: each trap by its name.

mod common;

use common::{decode, encode};
use sigma_encoder::Options;

/// Encodes and decodes at the usual settings.
fn comes_back(document: &[u8]) {
    let encoded = encode(document, &Options::default());
    assert!(decode(&encoded).expect("an encoding of ours") == document);
}

#[test]
fn a_raw_nul_comes_back() {
    comes_back(b"\0");
    comes_back(b"{\"\0\":\"\0\",\"a\":\0}");
}

#[test]
fn a_string_cut_right_after_a_backslash_comes_back() {
    for end in ["\"\\", "[\"abc\\", "{\"a\":\"b\\\\\\", "{\"key\\"] {
        comes_back(end.as_bytes());
    }
}

#[test]
fn empty_input_comes_back() {
    comes_back(b"");
}

#[test]
fn one_value_longer_than_any_window_comes_back() {
    let mut document = b"[\"".to_vec();
    document.extend((0..2_000_000u32).map(|n| b'a' + (n / 7 % 26) as u8));
    comes_back(&document);
}

#[test]
fn an_item_of_exactly_the_greatest_length_comes_back() {
    for len in [(1 << 15) - 1, 1 << 15, (1 << 15) + 1, 1 << 16] {
        let run = "7".repeat(len);
        comes_back(run.as_bytes());
        comes_back(format!("[{run}]").as_bytes());
        comes_back(format!("[\"{run}\"]").as_bytes());
        comes_back(format!("{{\"{run}\":1}}").as_bytes());
        comes_back(" ".repeat(len).as_bytes());
    }
}

#[test]
fn a_document_at_the_edge_of_the_compact_form_comes_back() {
    for len in [(1 << 16) - 1, 1 << 16, (1 << 16) + 1] {
        let document: Vec<u8> = b"{\"a\":1}\n".iter().copied().cycle().take(len).collect();
        comes_back(&document);
    }
}

#[test]
fn a_deep_document_is_neither_slow_nor_fatal() {
    let depth = 200_000;
    comes_back(("[".repeat(depth) + &"]".repeat(depth)).as_bytes());
    comes_back(("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth)).as_bytes());
}

#[test]
fn numbers_are_copied_and_never_rewritten() {
    comes_back(
        b"[1.0,-0,1e5,1E5,1e+5,0.10,00,-,+1,1.,.5,0x1F,9223372036854775808,-9223372036854775808]",
    );
}
