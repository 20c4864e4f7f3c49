//! All small documents, and all ways to damage small encodings.

use sigma_encoder::{Check, Level, Options, Prepared};

/// Bytes that mean something, and some that do not.
const ALPHABET: &[u8] = b"{}[]\",:\\ 0-a\n\0\xFF";

/// Every document of `len` bytes of the alphabet.
fn documents(len: u32) -> impl Iterator<Item = Vec<u8>> {
    let base = ALPHABET.len();
    (0..base.pow(len)).map(move |number| {
        (0..len).map(|place| ALPHABET[number / base.pow(place) % base]).collect()
    })
}

#[test]
fn every_document_of_up_to_three_bytes_comes_back() {
    // The other levels differ in how many contexts they look at, which takes no third byte to show.
    for (level, len_max) in [(Level::Fast, 2), (Level::Default, 3), (Level::Max, 2)] {
        let prepared = Prepared::new(Options { level, ..Options::default() });
        for document in (0..=len_max).flat_map(documents) {
            let encoded = prepared.encode(&document);
            assert_eq!(prepared.decode(&encoded).expect("an encoding of ours"), document);
        }
    }
}

/// A CRC-32 lets one damage in 2^32 through, and takes four bytes of every small encoding.
#[test]
fn the_smallest_documents_take_few_bytes_and_their_check_four() {
    let checked = Prepared::new(Options::default());
    let unchecked = Prepared::new(Options { check: Some(Check::None), ..Options::default() });
    for (text, len_max) in [("", 2), ("{}", 4), ("[]", 4), ("7", 5), ("null", 6), ("[1,2,3]", 9)] {
        let len = unchecked.encode(text.as_bytes()).len();
        assert!(len <= len_max, "`{text}` takes {len} bytes without a check");
        let with = checked.encode(text.as_bytes()).len();
        assert!(with <= len + 4, "`{text}` takes {with} bytes, {len} of them without its check");
    }
}

#[test]
fn every_cut_of_a_small_encoding_is_refused_with_its_place() {
    let texts = ["", "1", "{}", "[1,2]", "{\"a\":\"b\"}", "[\"x\\\"y\",null,-1.5e3]"];
    for level in Level::ALL {
        let prepared = Prepared::new(Options { level, ..Options::default() });
        for text in texts {
            let encoded = prepared.encode(text.as_bytes());
            for len in 0..encoded.len() {
                let error =
                    prepared.decode(&encoded[..len]).expect_err("a cut encoding").to_string();
                let says_where = error.contains("byte") || error.contains("not a sigma file");
                assert!(says_where, "{text} cut to {len}: {error}");
            }
        }
    }
}

#[test]
fn every_changed_byte_of_a_small_encoding_is_refused() {
    // All changes at one level; each bit by itself elsewhere.
    for level in Level::ALL {
        let prepared = Prepared::new(Options { level, ..Options::default() });
        for text in ["{\"key\":[1,2,3]}", "[\"some text\",true]"] {
            let all = level == Level::Default && text.len() > 16;
            let encoded = prepared.encode(text.as_bytes());
            for place in 0..encoded.len() {
                let changes = 1..=255u8;
                for change in changes.filter(|it| all || it.is_power_of_two()) {
                    let mut damaged = encoded.clone();
                    damaged[place] ^= change;
                    assert!(
                        prepared.decode(&damaged).is_err(),
                        "{text} at {level:?}: byte {place} changed by {change}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_prepared_model_writes_the_same_bytes() {
    for level in Level::ALL {
        let options = Options { level, ..Options::default() };
        let prepared = Prepared::new(options);
        for text in ["", "{\"a\":1}", "[1,2,3]"] {
            let mut encoded = Vec::new();
            sigma_encoder::encode(text.as_bytes(), &mut encoded, &options)
                .expect("memory does not fail");
            assert_eq!(prepared.encode(text.as_bytes()), encoded);
        }
    }
}
