//! Bytes that no encoder wrote: an error each, never a panic.

mod common;

use common::{Random, decode, encode, noise, records};
use sigma_encoder::{Options, Prepared};

#[test]
fn a_cut_encoding_is_refused() {
    let prepared = Prepared::new(Options::default());
    for document in [records(3), records(60), b"{}".to_vec()] {
        let encoded = prepared.encode(&document);
        for len in 0..encoded.len() {
            assert!(prepared.decode(&encoded[..len]).is_err(), "cut to {len} of {}", encoded.len());
        }
    }
}

#[test]
fn a_flipped_bit_is_noticed() {
    let prepared = Prepared::new(Options::default());
    let encoded = prepared.encode(&records(40));
    for bit in 0..encoded.len() * 8 {
        let mut damaged = encoded.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(prepared.decode(&damaged).is_err(), "bit {bit} of {}", encoded.len() * 8);
    }
}

/// A document of the full form whose encoding is short: every place of it can be damaged.
fn short_full_form() -> (Vec<u8>, Vec<u8>) {
    let document = b"{\"a\":1}\n".repeat(9000);
    let encoded = encode(&document, &Options::default());
    assert!(encoded.starts_with(&[0xCE, 0xA3]) && encoded.len() < 250, "{}", encoded.len());
    (document, encoded)
}

#[test]
fn a_cut_full_form_is_refused() {
    let (_, encoded) = short_full_form();
    for len in 0..encoded.len() {
        assert!(decode(&encoded[..len]).is_err(), "cut to {len} of {}", encoded.len());
    }
}

#[test]
fn a_changed_byte_of_the_full_form_is_refused() {
    let (_, encoded) = short_full_form();
    for place in 0..encoded.len() {
        let mut damaged = encoded.clone();
        damaged[place] ^= 1 << (place % 8);
        assert!(decode(&damaged).is_err(), "byte {place} of {}", encoded.len());
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    let (document, mut encoded) = short_full_form();
    assert!(decode(&encoded).expect("ours") == document);
    encoded.push(0);
    let error = decode(&encoded).expect_err("one byte too many").to_string();
    assert!(error.contains("bytes after the end"), "{error}");
}

#[test]
fn noise_never_panics() {
    let prepared = Prepared::new(Options::default());
    let mut random = Random(3);
    for round in 0..2000 {
        let mut bytes = noise(1 + random.below(80) as usize);
        for byte in &mut bytes {
            *byte ^= random.number() as u8;
        }
        bytes[0] = if round % 2 == 0 { 0b1010_0001 } else { 0xCE };
        let _ = prepared.decode(&bytes);
    }
}
