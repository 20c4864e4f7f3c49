//! No document takes much more work, a byte, than usual ones: counted in decisions of the coder, not in time.

mod common;

use std::fmt::Write as _;

use common::{Random, records};
use sigma_encoder::{Options, encode_all, inspect};

/// What an item takes beside its decisions, in decisions, and what two bytes may take in the long run: as in the
/// encoder.
const ITEM: u64 = 10;
const MOST_OF_TWO: u64 = 11;
/// What a document may take before that is looked at: a megabyte's work, and that of what is at hand.
const SAVED: u64 = MOST_OF_TWO * ((1 << 19) + (1 << 15));

/// Decisions, counting items, that the encoding of a document is made of.
fn work(document: &[u8]) -> u64 {
    let encoded = encode_all(document, &Options::default()).expect("memory does not fail");
    let inspection = inspect(encoded.as_slice()).expect("an encoding of ours");
    let decisions: u64 = inspection.parts.iter().map(|(_, decisions)| decisions).sum();
    decisions + ITEM * (inspection.segments.0 + inspection.values.0)
}

/// Adds a part to a document.
type Part = fn(&mut Random, &mut String);

/// Documents that are made up to take much work.
const PARTS: [(&str, Part); 5] = [
    ("escapes", |random, text| {
        let _ =
            write!(text, "\"\\u{:04x}\\u{:04x}\",", random.below(1 << 16), random.below(1 << 16));
    }),
    ("letters of a large alphabet", |random, text| {
        text.push(char::from_u32(0x4E00 + random.below(20_000) as u32).expect("a letter"));
        if random.below(6) == 0 {
            text.push_str("\",\"");
        }
    }),
    ("empty values", |random, text| {
        text.push_str(["{},", "[],", "\"\","][random.below(3) as usize]);
    }),
    ("punctuation", |random, text| {
        text.push(char::from(b"[]{}:,\"\\ "[random.below(9) as usize]));
    }),
    ("many keys", |random, text| {
        let _ = writeln!(text, "{{\"{:x}\":{}}}", random.number(), random.below(10));
    }),
];

/// Bytes of each: what a document may take at first is spent after half of them.
const LEN: usize = 5 << 19;

#[test]
fn no_document_takes_much_more_work_a_byte_than_usual_ones() {
    let usual = records(3000);
    println!(
        "records: {} hundredths of a decision a byte",
        100 * work(&usual) / usual.len() as u64
    );
    let mut random = Random(3);
    for (name, part) in PARTS {
        let mut text = String::new();
        while text.len() < LEN {
            part(&mut random, &mut text);
        }
        let (work, len) = (work(text.as_bytes()), text.len() as u64);
        println!("{name}: {} hundredths of a decision a byte", 100 * work / len);
        assert!(work <= MOST_OF_TWO * len / 2 + SAVED, "{name}: {work} for {len} bytes");
    }
}
