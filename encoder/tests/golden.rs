//! Encodings that were written once, by each version of the format, decode for ever.
//!
//! `tests/golden/` holds documents and their encodings. To add a version, run with
//! `SIGMA_WRITE_GOLDEN=1`: files that exist are never written again.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{decode, encode};
use sigma_encoder::{Coding, Framing, Level, Options, encode_frames};

/// The version that is written now.
const VERSION: &str = "v1";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Small documents that together use every part of the format.
fn documents() -> Vec<(&'static str, Vec<u8>)> {
    let text =
        "{\"note\":\"The quick brown fox jumps over the lazy dog, and over \\\"it\\\" again.\"}\n";
    vec![
        ("empty", Vec::new()),
        ("object", b"{\"id\":1,\"name\":\"Alice\",\"tags\":[\"a\",\"b\"],\"pi\":3.14159}".to_vec()),
        (
            "numbers",
            b"[-65.613616999999977,43.420273000000009,1e5,-0,007,100,101,102,103]".to_vec(),
        ),
        ("notations", notations()),
        ("records", common::records(40)),
        ("full-records", common::records(900)),
        ("full-shapes", shapes()),
        ("text", text.repeat(3).into_bytes()),
        ("noise", common::noise(500)),
    ]
}

/// Numbers written in each way that a column can have, changing on the way.
fn notations() -> Vec<u8> {
    let doubles = "[-65.613616999999977,43.420273000000009],[-65.619720000000029,43.418052999999986],\
        [-65.625,43.421379000000059],[-65.636123999999882,43.449714999999969],[-65.633056999999951,0],";
    let short = "[1.5,2.25],[1.75,2.5],[2,2.75],[2.125,-3],[2.0,-3.25],[2.1,0.0001234567891],";
    let fixed = "[1.50,10],[1.75,20],[2.00,30],[2.25,39],[2.50,50]";
    format!("[{doubles}{}{short}{fixed},{short}{doubles}{fixed}]", doubles.repeat(2)).into_bytes()
}

/// Columns of every shape that the level `fast` knows.
fn shapes() -> Vec<u8> {
    let mut random = common::Random(3);
    let mut text = String::new();
    for n in 0..900 {
        let (noise, word) = (random.below(40), random.number());
        let micro = 65_000_000 + n * 137 + random.below(90);
        let null = if noise == 0 { "null".into() } else { format!("{}.{}", noise % 9, n % 10) };
        text.push_str(&format!(
            "{{\"n\":{n},\"x\":-{}.{:06}{:09},\"some\":{null},\"name\":\"n{}\",\"word\":\"{word:x}\"}}\n",
            micro / 1_000_000,
            micro % 1_000_000,
            noise,
            word % 5,
        ));
    }
    text.into_bytes()
}

fn variants() -> Vec<(&'static str, Options)> {
    let off = Coding { prune: false, codebook: false, delta: false, pack: false };
    vec![
        ("fast", Options { level: Level::Fast, ..Options::default() }),
        ("default", Options::default()),
        ("max", Options { level: Level::Max, ..Options::default() }),
        ("plain", Options { coding: off, ..Options::default() }),
    ]
}

#[test]
fn what_was_written_once_decodes() {
    let entries = fs::read_dir(folder()).expect("tests/golden is there");
    let mut count = 0;
    for path in entries.map(|entry| entry.expect("a readable folder").path()) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
        if path.extension().is_none_or(|extension| extension != "sg") {
            continue;
        }
        let document = name.split('.').next().expect("a first part");
        let expected = fs::read(folder().join(format!("{document}.txt"))).expect("its document");
        let encoded = fs::read(&path).expect("a readable file");
        assert!(decode(&encoded).expect(name) == expected, "{name}");
        count += 1;
    }
    assert!(count >= 44, "only {count} encodings are kept");
}

#[test]
fn this_version_writes_what_it_wrote() {
    let write = std::env::var_os("SIGMA_WRITE_GOLDEN").is_some();
    for (document_name, document) in documents() {
        keep(&folder().join(format!("{document_name}.txt")), &document, write);
        for (variant, options) in variants() {
            let path = folder().join(format!("{document_name}.{VERSION}.{variant}.sg"));
            keep(&path, &encode(&document, &options), write);
        }
    }
}

#[test]
fn this_version_frames_as_it_framed() {
    let write = std::env::var_os("SIGMA_WRITE_GOLDEN").is_some();
    for (document_name, document) in documents() {
        let framing = Framing { frame_bytes: 32 << 10, threads: 2 };
        let mut encoded = Vec::new();
        encode_frames(document.as_slice(), &mut encoded, &Options::default(), framing)
            .expect("memory does not fail");
        let path = folder().join(format!("{document_name}.{VERSION}.framed.sg"));
        keep(&path, &encoded, write);
    }
}

/// Compares with what is kept; keeps it first if there is nothing and that is wanted.
fn keep(path: &Path, bytes: &[u8], write: bool) {
    if write && !path.exists() {
        fs::write(path, bytes).expect("a writable folder");
    }
    let kept = fs::read(path).unwrap_or_else(|_| panic!("`{}` is missing", path.display()));
    assert!(kept == bytes, "`{}` would be written differently", path.display());
}
