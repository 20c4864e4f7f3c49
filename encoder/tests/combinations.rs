//! Every combination of switches and levels, in both forms: what goes in comes out, and memory
//! techniques change nothing.

mod common;

use std::fmt::Write as _;

use common::{decode, documents, encode, every_coding, every_holding, noise, records};
use sigma_encoder::{Level, Options, Prepared};

/// The first bytes of the full form.
const FULL: [u8; 2] = [0xCE, 0xA3];

/// A little of everything: a document that uses every part of the model in 2 KB.
fn small() -> Vec<u8> {
    let mut document = records(8);
    document
        .extend_from_slice(b"[-65.613616999999977,43.420273000000009,1e5,-0,007,100,101,102]\n");
    document
        .extend_from_slice(b"{\"a\\\"b\":\"c\\\\\",\"e\":{\"f\":[[],{}]}}\r\n\xEF\xBB\xBF\0\xFF\"");
    document.extend_from_slice(
        "\"It was a dark, stormy night; rain fell in torrents.\" ".repeat(3).as_bytes(),
    );
    document.extend_from_slice(&noise(200));
    document
}

/// The shortest kind of document that takes the full form, with items that are cut, more open
/// brackets than are told apart, and text that goes on where the compact form ends.
fn full() -> Vec<u8> {
    let mut document = small();
    let mut text = String::new();
    let _ = write!(text, "[\"{}\",{}", "abc ".repeat(9000), "1".repeat(6000));
    document.extend_from_slice(text.as_bytes());
    document.extend_from_slice(&b"[{\"a\":".repeat(800));
    document.extend_from_slice(&noise(2500));
    while document.len() <= 1 << 16 {
        document.extend_from_slice(&records(20));
    }
    document
}

/// All levels with all sets of coding techniques.
fn every_level_and_coding() -> impl Iterator<Item = Options> {
    Level::ALL.into_iter().flat_map(|level| {
        every_coding().map(move |coding| Options { level, coding, ..Options::default() })
    })
}

#[test]
fn every_level_and_coding_decodes_in_the_compact_form() {
    let mut documents = documents();
    documents.retain(|(_, bytes)| bytes.len() < 2000);
    documents.push(("a little of everything".to_owned(), small()));
    for options in every_level_and_coding() {
        let prepared = Prepared::new(options);
        for (name, document) in &documents {
            let encoded = prepared.encode(document);
            assert!(!encoded.starts_with(&FULL));
            let decoded = prepared.decode(&encoded);
            assert!(decoded.expect(name) == *document, "{name} with {options:?}");
        }
    }
}

#[test]
fn every_level_and_coding_decodes_in_the_full_form() {
    let document = full();
    for options in every_level_and_coding() {
        let encoded = encode(&document, &options);
        assert!(encoded.starts_with(&FULL));
        assert!(decode(&encoded).expect("ours") == document, "{options:?}");
    }
}

#[test]
fn no_memory_technique_changes_the_output_of_any_level_and_coding() {
    let document = small();
    for options in every_level_and_coding() {
        let expected = encode(&document, &options);
        for holding in every_holding() {
            let options = Options { holding, ..options };
            assert!(encode(&document, &options) == expected, "{options:?}");
        }
    }
}

#[test]
fn no_memory_technique_changes_the_output_of_any_level_in_the_full_form() {
    let document = full();
    for level in Level::ALL {
        let expected = encode(&document, &Options { level, ..Options::default() });
        for holding in every_holding() {
            let options = Options { level, holding, ..Options::default() };
            assert!(encode(&document, &options) == expected, "{options:?}");
        }
    }
}
