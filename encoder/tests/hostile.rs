//! Bytes that no encoder wrote: an error each, never a panic.

mod common;

use std::io::Read;

use common::{Random, decode, encode, noise, records};
use sigma_encoder::{
    Check, Decoder, Error, Level, Limits, Options, Prepared, decode_limited, inspect,
};

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
    assert!(encoded.starts_with(&[0xCE, 0xA3]) && encoded.len() < 270, "{}", encoded.len());
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

#[test]
fn a_flipped_bit_of_the_shortest_encodings_is_noticed() {
    let documents: Vec<Vec<u8>> = [
        "",
        "7",
        "{}",
        "[]",
        "true",
        "[1,2]",
        "\"a\"",
        "{\"a\":1}",
        "{\"id\":17}",
        "0.5",
        "[[[]]]",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .chain((0..40).map(|n| format!("{{\"id\":{}}}", n * 7919).into_bytes()))
    .collect();
    for level in Level::ALL {
        let prepared = Prepared::new(Options { level, ..Options::default() });
        for document in &documents {
            let encoded = prepared.encode(document);
            for bit in 0..encoded.len() * 8 {
                let mut damaged = encoded.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                let decoded = prepared.decode(&damaged);
                assert!(decoded.is_err(), "{level:?}, bit {bit} of {encoded:02x?}");
            }
        }
    }
}

/// Every other first byte, the only one that says that there is a check.
#[test]
fn a_checked_encoding_is_never_taken_for_one_without_a_check() {
    let prepared = Prepared::new(Options::default());
    for n in 0..60_u64 {
        let document = format!("{{\"n\":{},\"s\":\"{n:x}\"}}", n * n * 31);
        let encoded = prepared.encode(document.as_bytes());
        for first in (0..=255).filter(|&first| first != encoded[0]) {
            let mut damaged = encoded.clone();
            damaged[0] = first;
            assert!(prepared.decode(&damaged).is_err(), "{first:02x} {encoded:02x?}");
        }
    }
}

#[test]
fn a_damaged_header_is_told_from_a_newer_one() {
    let (_, full) = short_full_form();
    let mut newer = full.clone();
    newer[2] = 2;
    assert!(matches!(decode(&newer), Err(Error::Corrupt { offset: 0, .. })), "a flipped bit");
    let check = crc32fast::hash(&newer[..8]).to_le_bytes();
    newer[8..12].copy_from_slice(&check);
    assert!(matches!(decode(&newer), Err(Error::Unsupported { code: 2, .. })));
    let mut compact = vec![0x98, 0x21, 7];
    compact.push(crc32fast::hash(&compact).to_le_bytes()[0]);
    assert!(matches!(decode(&compact), Err(Error::Unsupported { code: 2, .. })));
    compact[1] = 0x31;
    assert!(matches!(decode(&compact), Err(Error::Corrupt { .. })));
}

#[test]
fn a_decoder_that_failed_stays_failed() {
    let document = noise(300_000);
    let mut encoded = encode(&document, &Options::default());
    let place = encoded.len() * 3 / 4;
    encoded[place] ^= 1;
    let mut decoder = Decoder::new(encoded.as_slice()).expect("the header is right");
    let mut given = Vec::new();
    decoder.read_to_end(&mut given).expect_err("a changed byte");
    assert!(document.starts_with(&given), "stored pieces are checked before they are given out");
    for _ in 0..3 {
        assert!(matches!(decoder.next_block(), Err(Error::Failed)));
        decoder.read_exact(&mut [0]).expect_err("it stays failed");
    }
}

#[test]
fn a_bomb_stops_at_the_ratio_and_what_the_encoder_writes_does_not() {
    for level in Level::ALL {
        for check in Check::ALL {
            let options = Options { level, check: Some(check), ..Options::default() };
            let encoded = encode(&vec![b' '; 16 << 20], &options);
            assert!(decode(&encoded).is_ok_and(|it| it.len() == 16 << 20), "{options:?}");
            let limits = Limits { ratio: Some(50), ..Limits::default() };
            let refused = decode_limited(encoded.as_slice(), std::io::sink(), limits);
            assert!(matches!(refused, Err(Error::Ratio { ratio: 50 })), "{options:?}");
        }
    }
    // A chunk that says that it is long: refused before anything of it is decoded.
    let (_, full) = short_full_form();
    let bomb = [&full[..12], &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 4, 0, 0, 0, 0, 0]].concat();
    assert!(matches!(decode(&bomb), Err(Error::Ratio { .. })));
}

#[test]
fn noise_grows_by_less_than_a_thousandth() {
    let mut random = Random(9);
    let noise: Vec<u8> = (0..1 << 20).map(|_| (random.number() >> 32) as u8).collect();
    for level in Level::ALL {
        for len in [16 << 10, 64 << 10, 1 << 20] {
            let encoded = encode(&noise[..len], &Options { level, ..Options::default() });
            assert!(encoded.len() < len + len / 1000, "{level:?}: {} of {len}", encoded.len());
            assert!(decode(&encoded).expect("ours") == noise[..len]);
        }
    }
}

#[test]
fn what_is_told_of_an_encoding_is_bounded_and_never_obeyed_by_a_terminal() {
    let mut document = String::from("{");
    for n in 0..9000 {
        document.push_str(&format!("\"\u{1b}[31m{n}{}\":[{n}],", "k".repeat(200)));
    }
    let inspection = inspect(encode(document.as_bytes(), &Options::default()).as_slice());
    let inspection = inspection.expect("ours");
    assert!(inspection.paths.len() <= 4097, "{}", inspection.paths.len());
    for path in inspection.paths.keys() {
        assert!(path.len() < 600 && !path.chars().any(char::is_control), "{path:?}");
    }
    assert!(inspection.paths.keys().any(|path| path.contains("\\u{1b}[31m")));
}
