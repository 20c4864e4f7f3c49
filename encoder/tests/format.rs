//! What FORMAT.md promises.

mod common;

use common::{decode, encode, noise, records};
use sigma_encoder::{
    Check, Decoder, Error, Frames, Framing, Level, Limits, Options, Prepared, encode_frames,
    inspect, outline, trace,
};

/// A worked example of FORMAT.md, the first or the second; `..` stands for the first.
fn worked_example(number: usize) -> Vec<u8> {
    let text = include_str!("../FORMAT.md");
    let block = text.split("```hex\n").nth(number).and_then(|rest| rest.split("```").next());
    let digits = block.expect("a block of hex").split_whitespace();
    let bytes = |digits: &str| match digits {
        ".." => worked_example(1),
        digits => vec![u8::from_str_radix(digits, 16).expect("two hex digits")],
    };
    digits.flat_map(bytes).collect()
}

#[test]
fn the_worked_example_is_what_is_written() {
    let document = b"{\"a\":[1,true]}";
    assert_eq!(encode(document, &Options::default()), worked_example(1));
    assert_eq!(decode(&worked_example(1)).expect("the example"), document);
}

#[test]
fn the_framed_example_is_what_is_written() {
    let document = b"{\"a\":[1,true]}";
    let framing = Framing { frame_bytes: 1 << 10, threads: 1 };
    let mut encoded = Vec::new();
    encode_frames(&document[..], &mut encoded, &Options::default(), framing).expect("memory");
    assert_eq!(encoded, worked_example(2), "{encoded:02x?}");
    assert_eq!(decode(&encoded).expect("the example"), document);
}

/// The text of a block of FORMAT.md.
fn block(name: &str) -> String {
    let text = include_str!("../FORMAT.md");
    let block =
        text.split(&format!("```{name}\n")).nth(1).and_then(|rest| rest.split("```").next());
    block.expect("a block of that name").to_owned()
}

#[test]
fn every_decision_of_the_worked_example_is_told() {
    let trace = trace::document(b"{\"a\":[1,true]}", &Options::default());
    assert_eq!(block("trace"), trace, "{trace}");
    let prior = trace::prior(&Options::default());
    assert_eq!(block("prior"), prior, "{prior}");
}

#[test]
fn the_decisions_of_an_encoding_are_those_that_its_writer_made() {
    let told = |encoded: &[u8]| {
        let mut text = Vec::new();
        trace::decisions(encoded, &mut text).expect("an encoding of ours");
        String::from_utf8(text).expect("text")
    };
    let decisions = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with([' ', 'e']));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    for example in [worked_example(1), worked_example(2)] {
        assert_eq!(decisions(&told(&example)), decisions(&block("trace")));
    }
    let parts = told(&worked_example(1));
    let parts: Vec<&str> = parts.lines().filter(|line| line.contains('`')).collect();
    let expected =
        ["segment `{\\\"a\\\":[`", "scalar `1`", "segment `,`", "scalar `true`", "segment `]}`"];
    assert_eq!(parts, expected);
}

#[test]
fn the_prior_is_part_of_the_format() {
    let prior = include_bytes!("../src/prior.txt");
    assert_eq!(
        xxhash_rust::xxh64::xxh64(prior, 0),
        0x92E1_5D14_73C1_F00E,
        "another prior is another format"
    );
}

fn framed(document: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    let framing = Framing { frame_bytes: 1 << 10, threads: 1 };
    encode_frames(document, &mut encoded, &Options::default(), framing).expect("memory");
    encoded
}

/// A document in each form with a long header: chunks, blocks, frames.
fn long_forms() -> [Vec<u8>; 3] {
    let document = records(900);
    let level = |level| Options { level, ..Options::default() };
    [
        encode(&document, &level(Level::Default)),
        encode(&document, &level(Level::Fast)),
        framed(&document),
    ]
}

/// What each way to read an encoding says of it; of frames without those that do not read them.
fn errors(encoded: &[u8], prepared: &Prepared) -> Vec<Error> {
    let mut errors = vec![
        decode(encoded).expect_err("decode"),
        outline(encoded).map(drop).expect_err("outline"),
        inspect(encoded).map(drop).expect_err("inspect"),
        prepared.decode(encoded).expect_err("prepared"),
    ];
    let opened = Frames::open(encoded, encoded.len() as u64, Limits::default());
    errors.extend(opened.err());
    errors
}

/// With these bytes in place of those at `place` of a long header; its length and its check are made right.
fn with_header(encoded: &[u8], place: usize, bytes: &[u8], replaced: usize) -> Vec<u8> {
    let end = 4 + usize::from(encoded[3]);
    let mut header = encoded[..end].to_vec();
    header.splice(place..place + replaced, bytes.iter().copied());
    header[3] = (header.len() - 4) as u8;
    let check = crc32fast::hash(&header).to_le_bytes();
    [&header, &check[..], &encoded[end + 4..]].concat()
}

#[test]
fn a_newer_file_is_told_from_a_damaged_one_in_every_form() {
    let prepared = Prepared::new(Options::default());
    for (form, encoded) in long_forms().into_iter().enumerate() {
        let end = 4 + usize::from(encoded[3]);
        // A version, a form, a field: what any header has.
        let mut newer =
            vec![(2, vec![2]), (2, vec![0]), (4, vec![3]), (4, vec![4]), (4, vec![129])];
        newer.extend((128..=131).map(|field| (end, vec![field, 1, 7])));
        if form < 2 {
            newer.extend([(5, vec![3]), (5, vec![5]), (6, vec![16]), (7, vec![2]), (7, vec![4])]);
        }
        for (place, bytes) in newer {
            let changed = with_header(&encoded, place, &bytes, usize::from(place < end));
            for error in errors(&changed, &prepared) {
                let is_newer = matches!(error, Error::Unsupported { code, .. } if code == bytes[0]);
                assert!(is_newer, "form {form}, {bytes:02x?} at {place}: {error:?}");
            }
            // The same with a header whose check is wrong is damaged, whatever it says.
            let mut damaged = changed;
            let end = 4 + usize::from(damaged[3]);
            damaged[end] ^= 1;
            for error in errors(&damaged, &prepared) {
                let is_damaged = matches!(error, Error::Corrupt { offset: 0, .. });
                assert!(is_damaged, "form {form}, {bytes:02x?} at {place}: {error:?}");
            }
        }
    }
}

#[test]
fn no_flipped_bit_of_a_header_makes_a_newer_file() {
    let compact = [Check::None, Check::Crc32, Check::Xxh64].into_iter().flat_map(|check| {
        Level::ALL.map(|level| {
            encode(b"[1]", &Options { level, check: Some(check), ..Options::default() })
        })
    });
    for encoded in long_forms().into_iter().chain(compact) {
        let header = if encoded[0] == 0xCE { 8 + usize::from(encoded[3]) } else { 4 };
        for bit in 0..header.min(encoded.len()) * 8 {
            let mut damaged = encoded.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let found = Decoder::new(damaged.as_slice()).map(drop);
            let is_newer = matches!(found, Err(Error::Unsupported { .. }));
            assert!(!is_newer, "bit {bit} of {:02x?}", &encoded[..header.min(encoded.len())]);
        }
    }
}

#[test]
fn the_codes_that_the_compact_form_leaves_are_damage() {
    let rest = &encode(b"[1]", &Options::default())[1..];
    // A kind of check, stored with techniques, no technique, too many; each before the bytes of a right encoding.
    let starts: [&[u8]; 6] =
        [&[0xA9], &[0xBB, 1], &[0xB3, 1], &[0xB1, 0], &[0xB1, 16], &[0xB0, 255]];
    for start in starts {
        let error = decode(&[start, rest].concat()).expect_err("a code that is left");
        assert!(matches!(error, Error::Corrupt { offset: 0, .. }), "{start:02x?}: {error:?}");
    }
    for first in (0..=255).filter(|first| !matches!(first, 0x98 | 0xA0..=0xBF | 0xCE)) {
        let error = decode(&[&[first], rest].concat()).expect_err("no first byte");
        assert!(matches!(error, Error::NotSigma), "{first:02x}: {error:?}");
    }
    assert!(matches!(decode(b"\xCE\xA2rest"), Err(Error::NotSigma)), "no magic");
}

#[test]
fn encodings_of_every_form_follow_each_other_and_other_bytes_are_an_error_of_their_own() {
    let level = |level| Options { level, ..Options::default() };
    let long = records(900);
    let parts = [
        (Vec::new(), encode(b"", &Options::default())),
        (b"{}".to_vec(), encode(b"{}", &Options::default())),
        (b"[7]".to_vec(), encode(b"[7]", &level(Level::Max))),
        (noise(300), encode(&noise(300), &level(Level::Fast))),
        (long.clone(), encode(&long, &level(Level::Default))),
        (long.clone(), encode(&long, &level(Level::Fast))),
        (Vec::new(), framed(b"")),
        (records(30), framed(&records(30))),
    ];
    for (first_document, first) in &parts {
        for (second_document, second) in &parts {
            let joined = [first_document.as_slice(), second_document].concat();
            assert!(decode(&[first.as_slice(), second].concat()).expect("two encodings") == joined);
        }
        // Bytes that begin no encoding, one that is cut, one that is damaged, and one that is newer.
        for trailing in [&b"\0"[..], b"\n", b"{\"a\":1}", b"\x1F\x8B", b"\xCE\xA2"] {
            let error = decode(&[first, trailing].concat()).expect_err("bytes after the end");
            let offset = first.len() as u64;
            let is_told =
                matches!(error, Error::TrailingBytes { offset: found } if found == offset);
            assert!(is_told, "{trailing:02x?}: {error:?}");
        }
        let (_, second) = &parts[4];
        let cut = decode(&[first, &second[..second.len() - 1]].concat()).expect_err("cut");
        assert!(matches!(cut, Error::Truncated { .. }), "{cut:?}");
        let newer =
            decode(&[&first[..], &with_header(second, 2, &[9], 1)].concat()).expect_err("newer");
        assert!(matches!(newer, Error::Unsupported { code: 9, .. }), "{newer:?}");
    }
    let unchecked = encode(b"{}", &Options { check: Some(Check::None), ..Options::default() });
    for trailing in [&b"\0"[..], &parts[1].1, &unchecked] {
        let error = decode(&[&unchecked, trailing].concat()).expect_err("nothing may follow it");
        assert!(matches!(error, Error::TrailingBytes { .. }), "{trailing:02x?}: {error:?}");
    }
}
