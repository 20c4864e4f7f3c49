//! What the level `fast` promises for documents above 64 KiB: blocks in columns.

mod common;

use std::fmt::Write as _;

use common::{Random, decode, documents, encode, every_coding, every_holding, noise, records};
use sigma_encoder::{Coding, Encoder, Level, Limits, Options};

/// Bytes of a block.
const BLOCK: usize = 1 << 21;
/// Where the coded bytes of the first block begin: after the header and two lengths.
const HEADER: usize = 12;

fn fast() -> Options {
    Options { level: Level::Fast, ..Options::default() }
}

/// Without compression, so that damage reaches what reads the streams.
fn unpacked() -> Options {
    Options { coding: Coding { pack: false, ..Coding::default() }, ..fast() }
}

fn comes_back(name: &str, document: &[u8]) -> usize {
    let encoded = encode(document, &fast());
    assert!(decode(&encoded).expect(name) == document, "{name}");
    encoded.len()
}

/// A document above 64 KiB made of parts by their number.
fn made_of(len: usize, mut part: impl FnMut(usize) -> String) -> Vec<u8> {
    let mut text = String::new();
    for number in 0.. {
        if text.len() >= len {
            break;
        }
        text.push_str(&part(number));
    }
    text.into_bytes()
}

/// Small documents of every kind behind something that makes them long.
fn long_documents() -> Vec<(String, Vec<u8>)> {
    let start = records(700);
    documents()
        .into_iter()
        .flat_map(|(name, document)| {
            let after = [start.as_slice(), &document].concat();
            let repeated = document.iter().copied().cycle().take(if document.is_empty() {
                0
            } else {
                document.len().max(70_000)
            });
            [
                (format!("records, then {name}"), after),
                (format!("{name} again"), repeated.collect()),
            ]
        })
        .collect()
}

#[test]
fn every_document_comes_back_in_blocks() {
    for (name, document) in long_documents() {
        comes_back(&name, &document);
    }
}

#[test]
fn every_combination_of_coding_techniques_decodes() {
    for (name, document) in long_documents().into_iter().filter(|it| it.1.len() < 120_000) {
        for coding in every_coding() {
            let encoded = encode(&document, &Options { coding, ..fast() });
            assert!(decode(&encoded).expect(&name) == document, "{name} with {coding:?}");
        }
    }
}

#[test]
fn each_technique_makes_records_smaller() {
    let document = records(8000);
    let with = |coding| encode(&document, &Options { coding, ..fast() }).len();
    let all = with(Coding::default());
    assert!(all < with(Coding { prune: false, ..Coding::default() }));
    assert!(all < with(Coding { codebook: false, ..Coding::default() }));
    assert!(all < with(Coding { delta: false, ..Coding::default() }));
    assert!(all < with(Coding { pack: false, ..Coding::default() }));
}

#[test]
fn neither_memory_techniques_nor_pushes_change_the_output() {
    let document = records(25_000);
    assert!(document.len() > BLOCK, "more than a block");
    let expected = encode(&document, &fast());
    for holding in every_holding() {
        let options = Options { holding, ..fast() };
        assert!(encode(&document, &options) == expected, "{holding:?}");
    }
    for step in [997, 65_537, BLOCK - 1, BLOCK + 1] {
        let mut pushed = Encoder::new(fast());
        let mut encoded = Vec::new();
        document.chunks(step).for_each(|part| pushed.push(part, &mut encoded));
        pushed.finish(&mut encoded);
        assert!(encoded == expected, "in steps of {step}");
    }
}

#[test]
fn a_block_may_end_anywhere() {
    let record = r#"{"key":"a \"quoted\" \\ text","n":-12.5,"list":[1,22,333]}"#;
    let record = format!("{record}\n");
    for shift in 0..record.len() {
        let mut document = vec![b' '; BLOCK - 70_000 + shift];
        while document.len() < BLOCK + 70_000 {
            document.extend_from_slice(record.as_bytes());
        }
        comes_back("records across the end of a block", &document);
    }
}

#[test]
fn what_is_longer_than_a_block_comes_back() {
    let long = 2 * BLOCK + 12_345;
    let string = |byte: &str| format!("{{\"a\":\"{}\",\"b\":1}}", byte.repeat(long / byte.len()));
    for (name, document) in [
        ("a string", string("lorem ipsum ")),
        ("escapes", string("\\\\\\\"")),
        ("a key", format!("{{\"{}\":1}}", "key".repeat(long / 3))),
        ("a number", format!("[{}]", "7".repeat(long))),
        ("space", format!("[{}1]", " ".repeat(long))),
        ("brackets", "[".repeat(long)),
        ("commas", ",".repeat(long)),
        ("quotes", "\"".repeat(long)),
    ] {
        let len = comes_back(name, document.as_bytes());
        assert!(len < long / 50, "{name} takes {len} bytes");
    }
}

#[test]
fn more_keys_than_the_dictionary_holds_come_back() {
    let keys = made_of(3_000_000, |n| format!("\"key{n}\":{n},"));
    comes_back("different keys", &keys);
    let columns = made_of(1_000_000, |n| format!("\"k{}\":{n},", n % 3000));
    comes_back("more keys than columns", &columns);
    let names = made_of(1_500_000, |n| format!("\"k{}\":\"v{}\",", n % 900, n / 900 % 7));
    comes_back("many names", &names);
}

#[test]
fn numbers_come_back_as_they_were_written() {
    let mut random = Random(5);
    let forms: [fn(u64) -> String; 12] = [
        |n| (n % 1000).to_string(),
        |n| format!("-{}", n % 7),
        |n| format!("{}", n as i64 >> (n % 60)),
        |n| format!("{}.{}", n % 90, n % 10),
        |n| format!("{}.0", n % 9),
        |n| format!("{}.{:03}", n % 100, n / 100 % 1000),
        |n| format!("{}e{}", n % 9 + 1, n % 5),
        |n| format!("{}", (n % 1_000_000) as f64 / 3.0),
        |n| format!("{:.15}", (n % 100_000_000) as f64 / 1e6),
        |n| ["0", "-0", "007", "1.50", "+1", ".5", "5.", "NaN"][n as usize % 8].into(),
        |n| n.to_string(),
        |_| "null".into(),
    ];
    for (index, form) in forms.iter().enumerate() {
        let column = made_of(90_000, |_| format!("{},", form(random.number())));
        comes_back(&format!("numbers of form {index}"), &column);
        for rare in [5, 20, 100] {
            let mixed = made_of(90_000, |_| {
                let other = forms[random.below(12) as usize];
                let form = if random.below(rare) == 0 { other } else { *form };
                format!("{{\"n\":{}}}\n", form(random.number()))
            });
            comes_back(&format!("numbers of form {index} and others"), &mixed);
        }
    }
}

#[test]
fn what_is_no_json_is_about_as_long_as_it_is() {
    let document = noise(3_000_000);
    let len = comes_back("noise", &document);
    assert!(len < document.len() + document.len() / 500, "noise takes {len} bytes");
}

#[test]
fn every_changed_byte_of_the_streams_is_refused() {
    // Compressed, a change reaches little; as it is, it reaches all that reads the streams.
    let document = made_of(66_000, |n| {
        format!("{{\"id\":{n},\"x\":{}.5,\"t\":\"text {}\",\"u\":\"u{n}\"}}\n", n * 7 % 90, n % 3)
    });
    let encoded = encode(&document, &unpacked());
    let mut random = Random(9);
    for place in 2..encoded.len() {
        // All of the beginning, where lengths are, and some of the rest.
        if place > 400 && random.below(16) > 0 {
            continue;
        }
        let mut damaged = encoded.clone();
        damaged[place] ^= 1 + random.below(255) as u8;
        let error = decode(&damaged).expect_err("a changed byte").to_string();
        let says_where = error.contains("byte") || error.contains("not known");
        assert!(says_where, "byte {place}: {error}");
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let encoded = encode(&records(900), &fast());
    for place in (0..400).chain((400..encoded.len()).step_by(7)) {
        let mut damaged = encoded.clone();
        damaged[place] ^= 1 << (place % 8);
        assert!(decode(&damaged).is_err(), "a bit of byte {place}");
        let error = decode(&encoded[..place]).expect_err("a cut encoding").to_string();
        assert!(error.contains("byte") || place < 2, "cut to {place}: {error}");
    }
    assert!(decode(&[encoded.as_slice(), b"x"].concat()).is_err(), "a byte after the end");
}

#[test]
fn streams_made_of_noise_never_panic() {
    let mut encoded = encode(&records(700), &unpacked());
    let mut random = Random(11);
    // Varint of three bytes, length of three bytes, form, length of the streams.
    let streams = HEADER + 3 + 3 + 1 + 3;
    for round in 0..1000 {
        let at = streams + random.below(if round % 2 == 0 { 64 } else { 5_000 }) as usize;
        for byte in &mut encoded[at..at + 4] {
            *byte = random.number() as u8;
        }
        assert!(decode(&encoded).is_err(), "round {round}");
    }
}

#[test]
fn limits_stop_a_block_before_it_is_decoded() {
    let encoded = encode(&vec![b' '; 3 * BLOCK], &fast());
    assert!(encoded.len() < 2000, "a small encoding of a long document");
    let limited = |limits| {
        let mut document = Vec::new();
        let result = sigma_encoder::decode_limited(encoded.as_slice(), &mut document, limits);
        (result.map_err(|error| error.to_string()), document.len())
    };
    let output = Limits { output_bytes: Some(BLOCK as u64 + 9), ..Limits::default() };
    let (result, len) = limited(output);
    assert!(result.expect_err("too long").contains("output limit"));
    assert!(len > BLOCK / 2 && len <= BLOCK + 9, "{len} bytes are given out, as many as fit");
    let memory = Limits { memory_bytes: Some(1 << 20), ..Limits::default() };
    assert!(limited(memory).0.expect_err("too large").contains("memory limit"));
    let enough = Limits {
        memory_bytes: Some(16_000_000),
        output_bytes: Some(3 * BLOCK as u64),
        ..Limits::default()
    };
    assert_eq!(limited(enough), (Ok(()), 3 * BLOCK));
}

#[test]
fn lengths_that_cannot_be_are_refused_before_they_cost_anything() {
    let header = [0xCE, 0xA3, 1, 4, 2, 0, 0, 1];
    let header = [&header[..], &crc32fast::hash(&header).to_le_bytes()].concat();
    let refused = |rest: &[u8], why: &str| {
        let error = decode(&[&header[..], rest].concat()).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    };
    refused(&[0xFF, 0xFF, 0xFF, 0xFF, 0x7F], "a block is too long");
    refused(&[5, 0xFF, 0xFF, 0xFF], "a coded block is too long");
    refused(&[5, 0, 0, 0, 1, 2, 3, 4], "a block is empty");
    refused(&[5, 1, 0, 0, 7, 1, 2, 3, 4], "a block is of no known form");
    refused(&[5, 4, 0, 0, 1, 9, 0, 0, 1, 2, 3, 4], "the streams are longer than the block");
    refused(&[5, 2, 0, 0, 0, 9, 1, 2, 3, 4], "what is compressed is damaged");
}

#[test]
fn a_document_that_takes_long_is_coded_without_matches_until_it_takes_less() {
    let mut random = Random(13);
    let slow = made_of(4 * BLOCK, |_| ["0,", "1,"][random.below(2) as usize].to_owned());
    let usual = records(80_000);
    let alone = [&slow, &usual].map(|document| comes_back("a document by itself", document));
    // Two bits for each that is 0 or 1, and half of one for each comma; one bit for both with matches.
    let most = slow.len() / 8;
    assert!(alone[0] > most, "{} bytes: matches were looked for everywhere", alone[0]);
    let both = comes_back("what is usual after what takes long", &[slow, usual].concat());
    let [first, second] = alone;
    assert!(
        both < first + 2 * second,
        "{both} bytes of both, where each takes {first} and {second}"
    );
}

#[test]
fn records_without_line_ends_are_searched_for_matches_all_along() {
    let record = |n| format!("{{\"id\":{n},\"name\":\"user {}\"}},", n % 100);
    let document = made_of(9 * BLOCK, record);
    let len = comes_back("one line", &document);
    assert!(len < document.len() / 100, "{len} bytes");
}

#[test]
fn columns_are_smaller_than_rows() {
    let mut text = String::new();
    for n in 0..9000 {
        let _ =
            writeln!(text, "{{\"id\":{n},\"at\":{},\"who\":\"u{}\"}}", 9 * n + n % 4, n * 7 % 50);
    }
    let rows = Options { coding: Coding { codebook: false, ..Coding::default() }, ..fast() };
    let columns = encode(text.as_bytes(), &fast()).len();
    assert!(4 * columns < encode(text.as_bytes(), &rows).len(), "{columns} bytes in columns");
}
