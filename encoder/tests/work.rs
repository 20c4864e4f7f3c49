//! No document takes much more work, a byte, than usual ones: counted, not timed. `benches/slow.rs` times.

mod common;
#[path = "common/slow.rs"]
mod slow;

use common::records;
use sigma_encoder::{Level, Options, encode_all, inspect};

/// What a byte may take in the long run, where one of usual documents takes 100, and what a document may take beyond
/// that: as in the encoder, and that of what is at hand when it is looked at.
const MOST: u64 = 235;
const FREE: u64 = (125 << 20) + 1500 * (1 << 16);
/// What a byte takes beside its decisions: if items are made of it; if not.
const BYTE: u64 = 13;
const PLAIN: u64 = 25;

/// The work of encoding a document.
fn work(document: &[u8], level: Level) -> u64 {
    let options = Options { level, ..Options::default() };
    let encoded = encode_all(document, &options).expect("memory does not fail");
    let inspection = inspect(encoded.as_slice()).expect("an encoding of ours");
    let plain = inspection.plain.1;
    inspection.work + BYTE * (document.len() as u64 - plain) + PLAIN * plain
}

#[test]
fn usual_documents_take_usual_work() {
    let usual = records(20_000);
    let a_byte = work(&usual, Level::Default) / usual.len() as u64;
    assert!((50..150).contains(&a_byte), "{a_byte}");
}

#[test]
fn no_document_takes_much_more_work_a_byte_than_usual_ones() {
    let len = 5 << 18;
    for (name, part) in slow::PARTS.into_iter().step_by(3) {
        let document = slow::document(part, len);
        let work = work(&document, Level::Default);
        println!("{name}: {} a byte", work / len as u64);
        assert!(work <= MOST * len as u64 + FREE, "{name}: {work}");
    }
}
