//! What broke a prototype, or would have: each trap by its name.

mod common;

use std::io::{self, Read};

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

/// Gives one byte at a time, and is interrupted before each.
struct Slow<'a> {
    bytes: &'a [u8],
    interrupted: bool,
}

fn slow(bytes: &[u8]) -> Slow<'_> {
    Slow { bytes, interrupted: false }
}

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = out.len().min(1);
        self.bytes.read(&mut out[..len])
    }
}

#[test]
fn a_slow_and_interrupted_reader_is_read_to_its_end() {
    for document in [common::records(20), common::records(800)] {
        let mut encoded = Vec::new();
        sigma_encoder::encode(slow(&document), &mut encoded, &Options::default()).expect("reads");
        assert!(encoded == encode(&document, &Options::default()));
        let mut decoded = Vec::new();
        sigma_encoder::decode(slow(&encoded), &mut decoded).expect("reads");
        assert!(decoded == document);
    }
}

#[test]
fn a_document_is_read_in_buffers_of_any_size() {
    let document = common::records(800);
    let encoded = encode(&document, &Options::default());
    for len in [1, 1000, 100_000] {
        let mut decoder = sigma_encoder::Decoder::new(encoded.as_slice()).expect("a header");
        let (mut buffer, mut read) = (vec![0; len], Vec::new());
        loop {
            let got = decoder.read(&mut buffer).expect("an encoding of ours");
            if got == 0 {
                break;
            }
            read.extend_from_slice(&buffer[..got]);
        }
        assert!(read == document, "in buffers of {len}");
    }
}

#[test]
fn numbers_are_copied_and_never_rewritten() {
    comes_back(
        b"[1.0,-0,1e5,1E5,1e+5,0.10,00,-,+1,1.,.5,0x1F,9223372036854775808,-9223372036854775808]",
    );
}
