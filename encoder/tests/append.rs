//! Lines are found by number through the index, and a document that grows is encoded as if it had come
//! at once.

mod common;

use std::io;

use common::{decode, noise, records};
use sigma_encoder::{Error, Frames, Framing, Level, Limits, Options, decode_lines, encode_frames};

const FRAME_BYTES: u64 = 2 << 10;

fn framed(document: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    let framing = Framing { frame_bytes: FRAME_BYTES, threads: 1 };
    encode_frames(document, &mut encoded, &Options::default(), framing).expect("memory");
    encoded
}

fn open(encoded: &[u8]) -> Frames<&[u8]> {
    let frames = Frames::open(encoded, encoded.len() as u64, Limits::default());
    frames.expect("the index is right").expect("the framed form")
}

fn append(encoded: &[u8], more: &[u8], options: &Options, threads: usize) -> Vec<u8> {
    let mut longer = Vec::new();
    open(encoded).append(more, &mut longer, options, threads).expect("memory does not fail");
    longer
}

/// Documents with short, long, empty and no lines, with and without an end of the last.
fn documents() -> Vec<Vec<u8>> {
    let long = |n: usize| format!("{}\n", "x".repeat(n * 700));
    vec![
        Vec::new(),
        b"\n".to_vec(),
        b"{}".to_vec(),
        b"\n\n\n{}\n\n[1]".to_vec(),
        records(80),
        [records(61), b"{\"cut\":".to_vec()].concat(),
        (0..9).map(long).collect::<String>().into_bytes(),
        noise(9000),
        vec![b'x'; 9000],
    ]
}

#[test]
fn lines_are_those_of_the_document_by_index_and_from_a_pipe() {
    for document in documents() {
        let encoded = framed(&document);
        let lines: Vec<&[u8]> = document.split_inclusive(|&byte| byte == b'\n').collect();
        let count = lines.len() as u64;
        let frames = open(&encoded);
        for start in (0..=count).step_by(1 + count as usize / 5) {
            for end in [start, start + 1, count].into_iter().filter(|&end| end <= count) {
                let expected = lines[start as usize..(end.max(start)) as usize].concat();
                let range = frames.lines(start..end.max(start)).expect("lines of the document");
                let found = frames.read_range(range).expect("a range of the document");
                assert!(found == expected, "{start}..{end} of {count}");
                let mut found = Vec::new();
                let lines = start..end.max(start);
                decode_lines(encoded.as_slice(), &mut found, lines, Limits::default())
                    .expect("lines");
                assert!(found == expected, "{start}..{end} of {count}, from a pipe");
            }
        }
        let all = frames.lines(0..u64::MAX).expect("all lines");
        assert_eq!(all, 0..document.len() as u64);
        for wrong in [0..count + 1, count + 1..u64::MAX] {
            let by_index = frames.lines(wrong.clone()).map(drop);
            let piped = decode_lines(encoded.as_slice(), io::sink(), wrong, Limits::default());
            for result in [by_index, piped] {
                let Err(Error::Lines { document_lines, .. }) = result else { panic!("{result:?}") };
                assert_eq!(document_lines, count);
            }
        }
    }
}

#[test]
fn an_index_with_other_lines_is_noticed() {
    let document = records(80);
    let encoded = framed(&document);
    // What follows the frames: a number that is wrong there is noticed from the front and by position.
    let behind = open(&encoded).iter().last().expect("frames").encoded.end as usize;
    for at in behind..encoded.len() {
        let mut other = encoded.clone();
        other[at] = other[at].wrapping_add(1);
        assert!(decode(&other).is_err(), "byte {at}");
        let opened = Frames::open(other.as_slice(), other.len() as u64, Limits::default());
        assert!(!matches!(opened, Ok(Some(_))), "byte {at}");
    }
}

#[test]
fn an_appended_document_is_encoded_as_if_it_had_come_at_once() {
    for document in documents() {
        let expected = framed(&document);
        let steps = (document.len() / 11).max(1);
        for cut in (0..=document.len()).step_by(steps) {
            let (before, after) = document.split_at(cut);
            for threads in [1, 3] {
                let appended = append(&framed(before), after, &Options::default(), threads);
                assert!(appended == expected, "{cut} of {}, {threads} threads", document.len());
            }
        }
    }
}

#[test]
fn many_small_appends_are_one_encoding() {
    let document = records(60);
    let mut encoded = framed(b"");
    for line in document.split_inclusive(|&byte| byte == b'\n') {
        encoded = append(&encoded, line, &Options::default(), 1);
    }
    assert!(encoded == framed(&document));
}

#[test]
fn frames_of_another_level_stay_as_they_are() {
    let (first, second) = (records(100), records(30));
    let max = Options { level: Level::Max, ..Options::default() };
    let encoded = append(&framed(&first), &second, &max, 2);
    assert!(decode(&encoded).expect("ours") == [first, second].concat());
}

#[test]
fn a_damaged_last_frame_is_not_encoded_again() {
    let document = records(80);
    let mut encoded = framed(&document);
    let last = open(&encoded).iter().last().expect("frames").encoded;
    encoded[last.start as usize + 20] ^= 1;
    let mut longer = Vec::new();
    let result = open(&encoded).append(&b"{}\n"[..], &mut longer, &Options::default(), 1);
    assert!(matches!(result, Err(Error::Io(_) | Error::Corrupt { .. })), "{result:?}");
}
