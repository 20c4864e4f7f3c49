//! Bytes that no encoder wrote: an error each, never a panic.

mod common;

use common::{Random, noise, records};
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
