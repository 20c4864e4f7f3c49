//! Encodings that were written once, by each version of the format, decode for ever.
//!
//! `tests/golden/` holds documents and their encodings, and `SHA256SUMS`, which no file of format 1 may
//! differ from. They are never written again. To add some, run with `SIGMA_WRITE_GOLDEN=1` and append their
//! sums: `sha256sum NAME >> SHA256SUMS`.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{decode, encode};
use sha2::{Digest, Sha256};
use sigma_encoder::{Check, Coding, Framing, Level, Options, encode_frames};

/// How many threads write frames, which changes nothing; there are machines without.
const THREADS: usize = if cfg!(target_family = "wasm") { 1 } else { 2 };
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
        ("full-mixed", mixed()),
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

/// Bytes that are stored, records, signs that are packed, and what came before once more.
fn mixed() -> Vec<u8> {
    let mut random = common::Random(11);
    let mut noise =
        |len: usize| -> Vec<u8> { (0..len).map(|_| (random.number() >> 32) as u8).collect() };
    let signs: Vec<u8> =
        noise(68_000).iter().map(|byte| b"\"{}[],:\\ \n"[usize::from(byte % 10)]).collect();
    let noise = noise(33_000);
    let records = common::records(30);
    [&noise[..], &records, &signs, &records, &noise].concat()
}

fn variants() -> Vec<(&'static str, Options)> {
    let off = Coding { prune: false, codebook: false, delta: false, pack: false };
    vec![
        ("fast", Options { level: Level::Fast, ..Options::default() }),
        ("default", Options::default()),
        ("max", Options { level: Level::Max, ..Options::default() }),
        ("plain", Options { coding: off, ..Options::default() }),
        ("unchecked", Options { check: Some(Check::None), ..Options::default() }),
        (
            "unchecked-fast",
            Options { check: Some(Check::None), level: Level::Fast, ..Options::default() },
        ),
        ("crc32", Options { check: Some(Check::Crc32), level: Level::Max, ..Options::default() }),
        ("xxh64", Options { check: Some(Check::Xxh64), level: Level::Fast, ..Options::default() }),
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
    assert!(count >= 91, "only {count} encodings are kept");
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
        let framing = Framing { frame_bytes: 32 << 10, threads: THREADS };
        let mut encoded = Vec::new();
        encode_frames(document.as_slice(), &mut encoded, &Options::default(), framing)
            .expect("memory does not fail");
        let path = folder().join(format!("{document_name}.{VERSION}.framed.sg"));
        keep(&path, &encoded, write);
    }
}

#[test]
fn encodings_that_follow_each_other_are_kept() {
    let write = std::env::var_os("SIGMA_WRITE_GOLDEN").is_some();
    let (mut document, mut encoded) = (Vec::new(), Vec::new());
    for (name, part) in documents().into_iter().filter(|(name, _)| *name != "full-shapes") {
        for (variant, options) in variants() {
            if name == "object" || variant == "default" {
                document.extend_from_slice(&part);
                let options = match variant {
                    "unchecked" | "unchecked-fast" => Options::default(),
                    _ => options,
                };
                encoded.extend(encode(&part, &options));
            }
        }
    }
    keep(&folder().join("several.txt"), &document, write);
    keep(&folder().join(format!("several.{VERSION}.concatenated.sg")), &encoded, write);
}

#[test]
fn golden_files_are_what_they_were() {
    let sums = fs::read_to_string(folder().join("SHA256SUMS")).expect("the sums are there");
    let mut names = Vec::new();
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").expect("a sum and a name");
        let bytes = fs::read(folder().join(name)).unwrap_or_else(|_| panic!("`{name}` is missing"));
        let found: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat();
        assert_eq!(found, sum, "`{name}` was changed: golden files never are");
        names.push(name.to_owned());
    }
    let files = fs::read_dir(folder()).expect("tests/golden is there");
    let mut files: Vec<String> = files
        .map(|file| {
            file.expect("a readable folder").file_name().into_string().expect("a plain name")
        })
        .filter(|name| name != "SHA256SUMS")
        .collect();
    files.sort();
    names.sort();
    assert_eq!(files, names, "every golden file has a sum");
}

/// Compares with what is kept; keeps it first if there is nothing and that is wanted.
fn keep(path: &Path, bytes: &[u8], write: bool) {
    if write && !path.exists() {
        fs::write(path, bytes).expect("a writable folder");
    }
    let kept = fs::read(path).unwrap_or_else(|_| panic!("`{}` is missing", path.display()));
    assert!(kept == bytes, "`{}` would be written differently", path.display());
}
