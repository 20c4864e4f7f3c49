//! A naive oracle: a decoder written after FORMAT.md reads what the crate writes.
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
use sigma_encoder::{Check, Coding, Framing, Level, Options, encode_frames};

/// The longest document of the compact form.
const COMPACT_LEN_MAX: usize = 65_536;

/// Documents of many shapes, all short enough for the compact form.
fn shapes() -> Vec<(String, Vec<u8>)> {
    let mut shapes: Vec<_> = common::documents();
    shapes.retain(|(_, document)| document.len() < 5_000);
    let numbers: Vec<String> = (0..400_i64).map(number).collect();
    shapes.extend([
        ("numbers".to_owned(), format!("[{}]", numbers.join(",")).into_bytes()),
        ("lines of numbers".to_owned(), numbers.join("\n").into_bytes()),
        ("points".to_owned(), points(100)),
        ("notations".to_owned(), notations()),
        ("edges of notations".to_owned(), edges_of_notations()),
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

/// Columns whose notation changes: short decimals, doubles near them, zeros at the end, and numbers
/// that a notation cannot write.
fn notations() -> Vec<u8> {
    let mut random = common::Random(7);
    let mut random = |bound: u64| random.below(bound);
    let mut row = |row: u64| {
        let step = 10_f64.powi((row / 100) as i32 % 9);
        let size = 10_u64.pow((row / 60) as u32 % 8 + 1);
        let short = (random(size) as f64 - size as f64 / 3.0) / step;
        let mut near = short;
        for _ in 0..random(1 << (row / 50 % 9)) {
            near = near.next_up();
        }
        let near = if random(2) == 0 { -near } else { near };
        let other = match random(40) {
            0 => format!("{short:.3}"),
            1 => format!("{near:.16e}"),
            2 => format!("{}", near * 1e-9),
            3 => format!("{}", near * 1e12),
            4 => "0".to_owned(),
            5 => "0.0".to_owned(),
            _ => format!("{near:.15}"),
        };
        format!("[{short},{near:?},{short:?},{other}]")
    };
    let rows: Vec<_> = (0..700).map(&mut row).collect();
    format!("[{}]", rows.join(",")).into_bytes()
}

/// Numbers at the edges of notations: the number of the column before with other places, digits just
/// near enough to be taken for a double's, doubles near numbers that 32 bits don't hold.
fn edges_of_notations() -> Vec<u8> {
    let mut random = common::Random(5);
    let mut short = |whole: u64| match random.below(5) {
        0 => format!("{whole}"),
        1 => format!("{whole}.5"),
        2 => format!("{whole}.25"),
        _ => format!("{whole}.0"),
    };
    let rows = (0..200).map(|row| {
        let whole = row * 7919 % 1000;
        let same = short(whole);
        let far = ["1.234567890001000", "1.5", "1.234567890000999", "1.75", "1.234567889999000"];
        let double = f64::from(row as u32 * 7919 % 1000).mul_add(1e-11, 0.123_456_789).next_up();
        format!("[{whole}.0,{same},{},{double:.17}]", far[row as usize % 5])
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(",")).into_bytes()
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
        let document = fs::read(folder.join(format!("{document}.txt"))).expect("its document");
        let decoded = oracle.decode(&encoded);
        let reason = decoded.as_ref().err();
        assert!(decoded.as_deref() == Ok(&document), "{name}: {reason:?}");
        count += 1;
    }
    assert!(count >= 91, "only {count} encodings were decoded");
}

/// The bytes of a worked example of the text, where `..` stands for `inner`.
fn worked_example(number: usize, inner: &[u8]) -> Vec<u8> {
    let text = include_str!("../FORMAT.md");
    let block = text.split("```hex\n").nth(number).and_then(|rest| rest.split("```").next());
    let digits = block.expect("a block of hex").split_whitespace();
    let bytes = |digits| match digits {
        ".." => inner.to_vec(),
        byte => vec![u8::from_str_radix(byte, 16).expect("two hex digits")],
    };
    digits.flat_map(bytes).collect()
}

#[test]
fn the_worked_examples_decode() {
    let compact = worked_example(1, &[]);
    let framed = worked_example(2, &compact);
    for encoded in [compact, framed] {
        assert_eq!(Oracle::default().decode(&encoded).as_deref(), Ok(&b"{\"a\":[1,true]}"[..]));
    }
}

/// Cut by `frame_bytes`.
fn framed(document: &[u8], frame_bytes: u64) -> Vec<u8> {
    let mut encoded = Vec::new();
    let framing = Framing { frame_bytes, threads: 1 };
    encode_frames(document, &mut encoded, &Options::default(), framing)
        .expect("memory does not fail");
    encoded
}

#[test]
fn frames_decode() {
    let mut oracle = Oracle::default();
    // Many frames, frames of both forms, and one whose encoding takes more than a piece.
    for (document, frame_bytes) in
        [(records(60), 1 << 10), (records(900), 70_000), (noise(100_000), 1 << 20)]
    {
        let encoded = framed(&document, frame_bytes);
        let decoded = oracle.decode(&encoded);
        let reason = decoded.as_ref().err();
        assert!(decoded.as_deref() == Ok(&document), "frames of {frame_bytes}: {reason:?}");
    }
}

/// Every cut, and a changed bit in every byte.
fn assert_damage_is_refused(encoded: &[u8]) {
    let mut oracle = Oracle::default();
    for len in 0..encoded.len() {
        assert!(oracle.decode(&encoded[..len]).is_err(), "cut to {len} of {}", encoded.len());
    }
    for place in 0..encoded.len() {
        let mut damaged = encoded.to_vec();
        damaged[place] ^= 1 << (place % 8);
        assert!(oracle.decode(&damaged).is_err(), "byte {place} of {}", encoded.len());
    }
}

#[test]
fn damage_to_frames_is_refused() {
    assert_damage_is_refused(&framed(&records(16), 1 << 10));
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
    for level in Level::ALL {
        check(&mut oracle, "all shapes", &document, &Options { level, ..Options::default() });
    }
}

/// Rows with keys of their own: more columns and segments than a dictionary keeps, in some blocks.
fn many_columns() -> Vec<u8> {
    let mut text = String::new();
    for row in 0..150_000_u32 {
        let group = row / 40 % 1300 + row / 75_000 * 900;
        let (number, name) = (row * 7 % 1000, row % 3);
        text.push_str(&format!("{{\"n{group}\":-{number}.50,\"s{group}\":\"v{name}\"}}\n"));
    }
    text.into_bytes()
}

#[test]
fn blocks_decode_under_every_set_of_techniques() {
    let mut oracle = Oracle::default();
    let shapes = include_bytes!("golden/full-shapes.txt");
    for coding in every_coding() {
        let options = Options { coding, level: Level::Fast, ..Options::default() };
        check(&mut oracle, "columns of every shape", shapes, &options);
    }
    let options = Options { level: Level::Fast, ..Options::default() };
    for document in [records(30_000), many_columns()] {
        assert!(document.len() > 2 << 20, "more than a block");
        check(&mut oracle, "many blocks", &document, &options);
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
fn every_set_of_techniques_decodes_at_the_level_fast() {
    every_technique_decodes(Level::Fast);
}

#[test]
fn every_set_of_techniques_decodes_at_the_level_default() {
    every_technique_decodes(Level::Default);
}

#[test]
fn every_set_of_techniques_decodes_at_the_level_max() {
    every_technique_decodes(Level::Max);
}

/// With this byte at a place of a long header, and its check made right.
fn with_header_byte(encoded: &[u8], place: usize, byte: u8) -> Vec<u8> {
    let mut changed = encoded.to_vec();
    changed[place] = byte;
    let end = 4 + usize::from(changed[3]);
    let check = crc32fast::hash(&changed[..end]).to_le_bytes();
    changed[end..end + 4].copy_from_slice(&check);
    changed
}

#[test]
fn what_is_reserved_is_refused() {
    let off = Coding { prune: false, codebook: false, delta: false, pack: true };
    let plain = Options { coding: off, ..Options::default() };
    let compact = encode(b"{\"name\":\"name\",\"id\":1}", &plain);
    let full = encode(&vec![b' '; COMPACT_LEN_MAX + 1], &plain);
    let mut oracle = Oracle::default();
    assert!(oracle.decode(&compact).is_ok() && oracle.decode(&full).is_ok());
    let mut refused = |changed: &[u8], why: &'static str| {
        assert_eq!(oracle.decode(changed), Err(Refused(why)), "{:02x?}", &changed[..12]);
        let error = common::decode(changed).expect_err("what is reserved");
        let is_newer = matches!(error, sigma_encoder::Error::Unsupported { .. });
        assert_eq!(is_newer, changed.starts_with(&[0xCE, 0xA3]), "{why}: {error}");
    };
    let compact_with = |place: usize, byte: u8| {
        let mut changed = compact.clone();
        changed[place] = byte;
        changed
    };
    for first in (0..=255).filter(|first| !matches!(first, 0xA0..=0xBF | 0xCE)) {
        refused(&compact_with(0, first), "the first byte");
    }
    refused(&compact_with(0, 0b1011_1001), "the kind of check");
    refused(&compact_with(0, 0b1011_0011), "the techniques");
    refused(&compact_with(1, 0), "the techniques");
    for bit in 4..8 {
        refused(&compact_with(1, 7 | 1 << bit), "the techniques");
        refused(&with_header_byte(&full, 6, 7 | 1 << bit), "the techniques");
    }
    refused(&with_header_byte(&full, 2, 2), "the version");
    refused(&with_header_byte(&full, 4, 3), "the form");
    refused(&with_header_byte(&full, 5, 0), "the form");
    refused(&with_header_byte(&full, 5, 3), "the level");
    refused(&with_header_byte(&full, 7, 2), "the kind of check");
}

#[test]
fn a_field_that_need_not_be_known_is_passed_over() {
    let document = vec![b' '; COMPACT_LEN_MAX + 1];
    let none = Options { check: Some(Check::None), ..Options::default() };
    let full = encode(&document, &none);
    let with_field = |number: u8| {
        let mut longer = full[..8].to_vec();
        longer.extend([number, 2, b'h', b'i', 0, 0, 0, 0]);
        longer.extend(&full[12..]);
        with_header_byte(&longer, 3, 8)
    };
    let mut oracle = Oracle::default();
    assert!(oracle.decode(&with_field(127)).as_deref() == Ok(&document));
    assert!(common::decode(&with_field(127)).expect("a field that is passed over") == document);
    assert_eq!(oracle.decode(&with_field(128)), Err(Refused("a field")));
    let error = common::decode(&with_field(128)).expect_err("a field that must be known");
    assert!(matches!(error, sigma_encoder::Error::Unsupported { code: 128, .. }), "{error}");
}

#[test]
fn encodings_that_follow_each_other_decode() {
    let mut oracle = Oracle::default();
    let (mut documents, mut encoded) = (Vec::new(), Vec::new());
    for document in [records(3), noise(70_000), Vec::new(), b"{}".to_vec(), records(900)] {
        for level in Level::ALL {
            encoded.extend(encode(&document, &Options { level, ..Options::default() }));
            documents.extend(&document);
        }
        encoded.extend(framed(&document, 1 << 14));
        documents.extend(&document);
    }
    assert!(oracle.decode(&encoded).as_deref() == Ok(&documents));
    assert!(common::decode(&encoded).expect("ours") == documents);
}

#[test]
fn stored_and_packed_chunks_decode() {
    let noise = noise(150_000);
    let letters: Vec<u8> = noise.iter().map(|byte| b'A' + byte % 32).collect();
    let document = [&records(30), &noise[..], &letters, &noise[9..], &records(30)].concat();
    let mut oracle = Oracle::default();
    for level in Level::ALL {
        for check in [Check::None, Check::Crc32, Check::Xxh64] {
            let options = Options { level, check: Some(check), ..Options::default() };
            check_all(&mut oracle, &document, &options);
        }
    }
}

/// Of the full form and the compact form.
fn check_all(oracle: &mut Oracle, document: &[u8], options: &Options) {
    check(oracle, "a long document", document, options);
    check(oracle, "noise", &document[3000..40_000], options);
    check(oracle, "a short document", &document[..1000], options);
}

#[test]
fn damage_is_refused() {
    assert_damage_is_refused(&encode(&records(8), &Options::default()));
}
