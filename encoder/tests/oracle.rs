//! A naive oracle: a decoder written from FORMAT.md alone reads what the crate writes.
//!
//! Where both agree, FORMAT.md says all that a decoder has to know; where they do not, one of the
//! three is wrong.

mod common;
#[path = "oracle/mod.rs"]
mod oracle;

use std::fs;
use std::path::Path;

use common::{encode, every_coding, noise, records};
use oracle::{Oracle, Refused};
use sigma_encoder::{Coding, Level, Options};

/// The longest document of the compact form.
const COMPACT_LEN_MAX: usize = 65_536;

/// Is it of the level fast in the full form? Those have items of their own, which this decoder does
/// not know yet: whoever adds them takes this away.
fn is_full_fast(encoded: &[u8]) -> bool {
    encoded[0] == 0xCE && encoded[3].is_multiple_of(4)
}

/// Documents of many shapes, all short enough for the compact form.
fn shapes() -> Vec<(String, Vec<u8>)> {
    let mut shapes: Vec<_> = common::documents();
    shapes.retain(|(_, document)| document.len() < 5_000);
    let numbers: Vec<String> = (0..400_i64).map(number).collect();
    shapes.extend([
        ("numbers".to_owned(), format!("[{}]", numbers.join(",")).into_bytes()),
        ("lines of numbers".to_owned(), numbers.join("\n").into_bytes()),
        ("points".to_owned(), points(100)),
        ("a syntax tree".to_owned(), syntax_tree(5, &mut 0).into_bytes()),
        ("deep".to_owned(), "{\"a\":[1,".repeat(300).into_bytes()),
        (
            "deep and closed".to_owned(),
            format!("{}7{}", "[".repeat(900), "]".repeat(900)).into_bytes(),
        ),
        (
            "a long run".to_owned(),
            format!("[\"{}\"]", "lorem ipsum dolor ".repeat(200)).into_bytes(),
        ),
    ]);
    shapes
}

/// Numbers of all kinds.
fn number(i: i64) -> String {
    match i % 10 {
        0 => i.to_string(),
        1 => format!("-{}.5", i * 7919),
        2 => format!("{}.{:03}", i / 3, i * 37 % 1000),
        3 => format!("{i}e{}", i % 30),
        4 => (f64::from(i as i32) / 7.0).to_string(),
        5 => format!("{:.17}", f64::from(i as i32) * 0.1),
        6 => (1_600_000_000 + 60 * i).to_string(),
        7 => format!("{}", i.pow(6)),
        8 => ["-0", "007", "1.", ".5", "1E+5", "-0.0", "1.0", "-"][i as usize / 10 % 8].to_owned(),
        _ => format!("{}", (i * i) % 12),
    }
}

/// Coordinates as printed from doubles.
fn points(count: i32) -> Vec<u8> {
    let point = |i| {
        let x = -122.4 + f64::from(i).sin() / 8.0;
        format!("[{x:.15},{:.14}]", 37.7 + f64::from(i).cos() / 8.0)
    };
    format!("{{\"points\":[{}]}}", (0..count).map(point).collect::<Vec<_>>().join(", "))
        .into_bytes()
}

/// Nodes with places, as a parser prints them.
fn syntax_tree(depth: u32, place: &mut u32) -> String {
    let start = *place;
    *place += 3;
    let child = |_| syntax_tree(depth - 1, place);
    let body: Vec<_> = (0..if depth == 0 { 0 } else { 3 }).map(child).collect();
    let (end, body) = (*place, body.join(","));
    format!("{{\"type\":\"Block\",\"start\":{start},\"end\":{end},\"body\":[{body}]}}")
}

/// Says which document it is about, and not all of its bytes.
fn check(oracle: &mut Oracle, name: &str, document: &[u8], options: &Options) {
    let decoded = oracle.decode(&encode(document, options));
    let is_equal = decoded.as_deref() == Ok(document);
    assert!(is_equal, "{name} under {options:?}: {:?}", decoded.map(|bytes| bytes.len()));
}

#[test]
fn golden_files_decode() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut oracle = Oracle::default();
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("tests/golden is there") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
        let [document, "v1", _, "sg"] = name.split('.').collect::<Vec<_>>()[..] else { continue };
        let encoded = fs::read(&path).expect("a readable file");
        if is_full_fast(&encoded) {
            continue;
        }
        let document = fs::read(folder.join(format!("{document}.txt"))).expect("its document");
        assert!(oracle.decode(&encoded).as_deref() == Ok(&document), "{name}");
        count += 1;
    }
    assert!(count >= 27, "only {count} encodings were decoded");
}

#[test]
fn the_worked_example_decodes() {
    let text = include_str!("../FORMAT.md");
    let block = text.split("```hex\n").nth(1).and_then(|rest| rest.split("```").next());
    let digits = block.expect("a block of hex").split_whitespace();
    let encoded: Vec<u8> =
        digits.map(|byte| u8::from_str_radix(byte, 16).expect("two hex digits")).collect();
    assert_eq!(Oracle::default().decode(&encoded).as_deref(), Ok(&b"{\"a\":[1,true]}"[..]));
}

#[test]
fn every_shape_decodes_at_every_level_in_the_compact_form() {
    let mut oracle = Oracle::default();
    for (name, document) in shapes() {
        assert!(document.len() <= COMPACT_LEN_MAX, "{name}");
        for level in Level::ALL {
            check(&mut oracle, &name, &document, &Options { level, ..Options::default() });
        }
    }
}

#[test]
fn every_shape_decodes_in_the_full_form() {
    let mut document: Vec<u8> = Vec::new();
    for (_, shape) in shapes() {
        document.extend(shape);
        document.push(b'\n');
    }
    // Items that are cut, and the turn of the rings.
    document.extend(format!("[\"{}\",", "x".repeat(70_000)).into_bytes());
    document.extend(format!("{}{},", " ".repeat(32_768), "9".repeat(32_768)).into_bytes());
    document.extend(format!("\"{}\"]", "y".repeat(32_768)).into_bytes());
    document.extend(noise(8_000));
    document.extend(records(300));
    let mut oracle = Oracle::default();
    for level in [Level::Default, Level::Max] {
        check(&mut oracle, "all shapes", &document, &Options { level, ..Options::default() });
    }
}

/// Documents of both forms that use every technique, under all sets of techniques.
fn every_technique_decodes(level: Level) {
    let mut short = records(30);
    short.extend(points(10));
    short.extend(syntax_tree(2, &mut 0).into_bytes());
    let long = [short.clone(), vec![b' '; COMPACT_LEN_MAX], short.clone()].concat();
    for coding in every_coding() {
        let mut oracle = Oracle::default();
        let options = Options { coding, level, ..Options::default() };
        check(&mut oracle, "a short document", &short, &options);
        check(&mut oracle, "a long document", &long, &options);
    }
}

#[test]
fn every_set_of_techniques_decodes_at_the_level_default() {
    every_technique_decodes(Level::Default);
}

#[test]
fn every_set_of_techniques_decodes_at_the_level_max() {
    every_technique_decodes(Level::Max);
}

#[test]
fn what_is_reserved_is_refused() {
    let off = Coding { prune: false, codebook: false, delta: false, pack: false };
    let plain = Options { coding: off, ..Options::default() };
    let compact = encode(b"[1]", &plain);
    let full = encode(&vec![b' '; COMPACT_LEN_MAX + 1], &plain);
    let mut oracle = Oracle::default();
    assert!(oracle.decode(&compact).is_ok() && oracle.decode(&full).is_ok());
    let mut refused = |encoded: &[u8], place: usize, byte: u8, why: &'static str| {
        let mut changed = encoded.to_vec();
        changed[place] = byte;
        assert_eq!(oracle.decode(&changed), Err(Refused(why)), "byte {place} made {byte:#04x}");
    };
    for first in (0..=255).filter(|first| !matches!(first, 0xA0..=0xBF | 0xCE)) {
        refused(&compact, 0, first, "the first byte");
    }
    refused(&compact, 0, 0b1011_0111, "the size class");
    refused(&compact, 0, 0b1011_0011, "the level");
    refused(&full, 1, 0xA4, "the magic or the version");
    refused(&full, 2, 2, "the magic or the version");
    refused(&full, 3, 0b01, "the size class");
    refused(&full, 3, 0b111, "the level");
    for bit in 4..8 {
        refused(&compact, 1, 15 | 1 << bit, "the techniques");
        refused(&full, 4, 15 | 1 << bit, "the techniques");
    }
}

#[test]
fn damage_is_refused() {
    let mut oracle = Oracle::default();
    let encoded = encode(&records(8), &Options::default());
    for len in 0..encoded.len() {
        assert!(oracle.decode(&encoded[..len]).is_err(), "cut to {len} of {}", encoded.len());
    }
    for place in 0..encoded.len() {
        let mut damaged = encoded.clone();
        damaged[place] ^= 1 << (place % 8);
        assert!(oracle.decode(&damaged).is_err(), "byte {place} of {}", encoded.len());
    }
}
