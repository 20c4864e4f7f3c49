//! The framed form: the same bytes for any number of threads, exact, and what is damaged is noticed.

mod common;

use std::io::{self, Read, Write};
use std::ops::Range;
use std::sync::Mutex;

use common::{decode, documents, noise, records};
use sigma_encoder::{
    Coding, Decoder, Error, Frame, Frames, Framing, Holding, Layout, Level, Limits, Options,
    Prepared, ReadAt, decode_limited, decode_range, encode_frames, encode_frames_at,
};

const KIB: u64 = 1 << 10;

fn framing(frame_bytes: u64, threads: usize) -> Framing {
    Framing { frame_bytes, threads }
}

/// As from a file.
fn framed(document: &[u8], options: &Options, framing: Framing) -> Vec<u8> {
    let (mut encoded, len) = (Vec::new(), document.len() as u64);
    encode_frames_at(document, len, &mut encoded, options, framing).expect("memory does not fail");
    encoded
}

/// As from a pipe.
fn framed_from_pipe(document: &[u8], options: &Options, framing: Framing) -> Vec<u8> {
    let mut encoded = Vec::new();
    encode_frames(Drops(document), &mut encoded, options, framing).expect("memory does not fail");
    encoded
}

fn open(encoded: &[u8], limits: Limits) -> Result<Frames<&[u8]>, Error> {
    let frames = Frames::open(encoded, encoded.len() as u64, limits)?;
    Ok(frames.expect("the framed form"))
}

/// All of the document, by the index.
fn decode_by_index(encoded: &[u8], threads: usize) -> Result<Vec<u8>, Error> {
    let mut document = Vec::new();
    open(encoded, Limits::default())?.decode_range(0..u64::MAX, &mut document, threads)?;
    Ok(document)
}

/// Gives a few bytes at a time, as pipes do.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let len = bytes.len().min(1000);
        self.0.read(&mut bytes[..len])
    }
}

#[test]
fn the_bytes_are_the_same_for_any_threads_and_from_a_pipe() {
    for document in [records(300), noise(10_000), Vec::new()] {
        let options = Options::default();
        let expected = framed(&document, &options, framing(4 * KIB, 1));
        for threads in [1, 2, 3, 8] {
            let framing = framing(4 * KIB, threads);
            assert!(framed(&document, &options, framing) == expected, "{threads} threads");
            let from_pipe = framed_from_pipe(&document, &options, framing);
            assert!(from_pipe == expected, "{threads} threads, from a pipe");
        }
    }
}

#[test]
fn every_level_and_technique_comes_back() {
    let document = records(400);
    let plain = Coding { prune: false, codebook: false, delta: false, pack: false };
    let whole = Holding { layout: Layout::Boxed, stream: false, pool: false, lazy: false };
    for level in Level::ALL {
        for coding in [Coding::default(), plain] {
            let options = Options { level, coding, ..Options::default() };
            let encoded = framed(&document, &options, framing(8 * KIB, 2));
            let held =
                framed(&document, &Options { holding: whole, ..options }, framing(8 * KIB, 2));
            assert!(encoded == held, "{options:?}");
            assert!(decode(&encoded).expect("ours") == document, "{options:?}");
            assert!(decode_by_index(&encoded, 2).expect("ours") == document, "{options:?}");
        }
    }
}

#[test]
fn any_document_comes_back() {
    let sizes = [1023, 1024, 1025, 2047, 2048, 3072].map(|len| vec![b'x'; len]);
    let named = sizes.into_iter().map(|bytes| (format!("{} bytes", bytes.len()), bytes));
    for (name, document) in documents().into_iter().chain(named) {
        let frame_bytes = if document.len() > 30_000 { 64 * KIB } else { KIB };
        let encoded = framed(&document, &Options::default(), framing(frame_bytes, 2));
        assert!(decode(&encoded).expect(&name) == document, "{name}");
        assert!(decode_by_index(&encoded, 2).expect(&name) == document, "{name}");
        let mut pulled = Vec::new();
        let mut decoder = Decoder::new(Drops(&encoded)).expect(&name);
        decoder.read_to_end(&mut pulled).expect(&name);
        assert!(pulled == document, "{name}");
        let frames = open(&encoded, Limits::default()).expect(&name);
        frames.test(2).expect(&name);
        assert_eq!(frames.document_bytes(), document.len() as u64, "{name}");
        assert_eq!(frames.count() == 0, document.is_empty(), "{name}");
    }
}

#[test]
fn frames_begin_at_the_beginning_of_lines() {
    let document = records(500);
    let encoded = framed(&document, &Options::default(), framing(4 * KIB, 2));
    let frames = open(&encoded, Limits::default()).expect("ours");
    let starts: Vec<usize> = frames.iter().map(|frame| frame.document.start as usize).collect();
    assert!(starts.len() > 8, "{starts:?}");
    for (number, &start) in starts.iter().enumerate().skip(1) {
        assert!((number * 4096..number * 4096 + 2048).contains(&start), "{starts:?}");
        assert_eq!(document[start - 1], b'\n', "frame {number}");
    }
}

#[test]
fn output_that_waits_for_its_turn_may_be_larger_than_what_is_kept() {
    let document = noise(12 << 20);
    let off = Coding { prune: false, codebook: false, delta: false, pack: false };
    let options = Options { level: Level::Fast, coding: off, ..Options::default() };
    let encoded = framed(&document, &options, framing(4 << 20, 3));
    assert!(decode_by_index(&encoded, 3).expect("ours") == document);
}

/// A document with a small file of as many frames.
fn small(frames: usize) -> (Vec<u8>, Vec<u8>) {
    let line = |letter: &str| format!("{}\n", letter.repeat(1100));
    let document: String = ["a", "b", "c"][..frames].iter().map(|letter| line(letter)).collect();
    let encoded = framed(document.as_bytes(), &Options::default(), framing(KIB, 1));
    (document.into_bytes(), encoded)
}

#[test]
fn every_cut_is_noticed() {
    let (_, encoded) = small(2);
    for len in 0..encoded.len() {
        assert!(decode(&encoded[..len]).is_err(), "cut to {len} of {}", encoded.len());
        let opened = Frames::open(&encoded[..len], len as u64, Limits::default());
        assert!(!matches!(opened, Ok(Some(_))), "cut to {len} of {}", encoded.len());
    }
    let longer = [&encoded[..], b"\0"].concat();
    assert!(matches!(decode(&longer), Err(Error::TrailingBytes { .. })));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (_, encoded) = small(2);
    for bit in 0..encoded.len() * 8 {
        let mut damaged = encoded.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&damaged).is_err(), "bit {bit} of {}", encoded.len() * 8);
        let opened = Frames::open(damaged.as_slice(), damaged.len() as u64, Limits::default());
        if let Ok(Some(frames)) = opened {
            assert!(frames.test(1).is_err(), "bit {bit} of {}, by the index", encoded.len() * 8);
        }
    }
}

fn bytes_of<'a>(encoded: &'a [u8], range: &Range<u64>) -> &'a [u8] {
    &encoded[range.start as usize..range.end as usize]
}

/// The file with these of its frames, and its index as it was.
fn with_frames(encoded: &[u8], numbers: &[usize]) -> Vec<u8> {
    let frames: Vec<Frame> = open(encoded, Limits::default()).expect("ours").iter().collect();
    let (first, last) = (frames[0].encoded.start, frames[frames.len() - 1].encoded.end);
    let mut file = encoded[..first as usize].to_vec();
    for &number in numbers {
        file.extend_from_slice(bytes_of(encoded, &frames[number].encoded));
    }
    file.extend_from_slice(&encoded[last as usize..]);
    file
}

#[test]
fn lost_repeated_and_swapped_frames_are_noticed() {
    let (document, encoded) = small(3);
    let all = with_frames(&encoded, &[0, 1, 2]);
    assert!(decode(&all).expect("all") == document);
    assert!(Prepared::new(Options::default()).decode(&all).expect("all") == document);
    for numbers in [&[0, 1][..], &[1, 2], &[0, 2], &[0, 1, 1, 2], &[0, 1, 2, 2], &[0, 2, 1], &[]] {
        let file = with_frames(&encoded, numbers);
        assert!(decode(&file).is_err(), "{numbers:?}");
        assert!(decode_by_index(&file, 2).is_err(), "{numbers:?}, by the index");
    }
}

#[test]
fn a_frame_of_another_file_is_noticed() {
    let (document, encoded) = small(3);
    let other = document.to_ascii_uppercase();
    let other = framed(&other, &Options::default(), framing(KIB, 1));
    let frame = |encoded: &[u8]| open(encoded, Limits::default()).expect("ours").iter().nth(1);
    let (place, stranger) = (frame(&encoded).expect("three"), frame(&other).expect("three"));
    let (start, end) = (place.encoded.start as usize, place.encoded.end as usize);
    let stranger = bytes_of(&other, &stranger.encoded);
    let file = [&encoded[..start], stranger, &encoded[end..]].concat();
    assert!(decode(&file).is_err());
    // As long as the one before, so the index finds it.
    assert_eq!(stranger.len(), end - start);
    let frames = open(&file, Limits::default()).expect("the index is right");
    assert!(frames.read_range(place.document).is_err());
}

#[test]
fn every_range_is_that_part_of_the_document() {
    let document = records(60);
    let encoded = framed(&document, &Options::default(), framing(KIB, 1));
    let unframed = common::encode(&document, &Options::default());
    let frames = open(&encoded, Limits::default()).expect("ours");
    let len = document.len() as u64;
    let borders = frames.iter().flat_map(|frame| {
        let start = frame.document.start;
        [start.saturating_sub(1), start, start + 1]
    });
    let mut places: Vec<u64> = borders.chain((0..len).step_by(811)).chain([len]).collect();
    places.sort_unstable();
    places.dedup();
    for (number, &start) in places.iter().enumerate() {
        for &end in places[number..].iter().step_by(3) {
            let part = frames.read_range(start..end).expect("a range of the document");
            assert!(part == document[start as usize..end as usize], "{start}..{end}");
        }
        let mut parts = [Vec::new(), Vec::new(), Vec::new()];
        let (range, limits) = (start..len.min(start + 1500), Limits::default());
        let expected = &document[start as usize..range.end as usize];
        let [by_two, front, whole] = &mut parts;
        frames.decode_range(range.clone(), by_two, 2).expect("a range");
        decode_range(encoded.as_slice(), front, range.clone(), limits).expect("a range");
        decode_range(unframed.as_slice(), whole, range, limits).expect("a range");
        assert!(parts.iter().all(|part| part == expected), "{start}..");
    }
}

#[test]
#[allow(clippy::reversed_empty_ranges, reason = "that is what is refused")]
fn a_range_outside_of_the_document_is_refused() {
    let (document, encoded) = small(3);
    let frames = open(&encoded, Limits::default()).expect("ours");
    let len = document.len() as u64;
    assert_eq!(frames.read_range(len..u64::MAX).expect("an empty range"), b"");
    for range in [0..len + 1, len + 1..u64::MAX, 5..4] {
        let by_index = frames.read_range(range.clone());
        let front = decode_range(encoded.as_slice(), io::sink(), range, Limits::default());
        for result in [by_index.map(drop), front] {
            let Err(Error::Range { document_bytes, .. }) = result else { panic!("{result:?}") };
            assert_eq!(document_bytes, len);
        }
    }
}

/// Notes what is read.
struct Noting<'a>(&'a [u8], Mutex<Vec<Range<u64>>>);

impl ReadAt for Noting<'_> {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let len = self.0.read_at(bytes, offset)?;
        self.1.lock().expect("no panic").push(offset..offset + len as u64);
        Ok(len)
    }
}

#[test]
fn a_range_needs_only_its_frames() {
    let document = records(300);
    let encoded = framed(&document, &Options::default(), framing(4 * KIB, 1));
    let places: Vec<Frame> = open(&encoded, Limits::default()).expect("ours").iter().collect();
    let mut damaged = encoded.clone();
    for (number, place) in places.iter().enumerate() {
        if !(2..=3).contains(&number) {
            let range = place.encoded.start as usize..place.encoded.end as usize;
            damaged[range].iter_mut().for_each(|byte| *byte ^= 0x55);
        }
    }
    let wanted = places[2].document.start + 5..places[3].document.end - 5;
    let source = Noting(&damaged, Mutex::default());
    let frames = Frames::open(&source, damaged.len() as u64, Limits::default());
    let frames = frames.expect("the index is right").expect("the framed form");
    source.1.lock().expect("no panic").clear();
    let part = frames.read_range(wanted.clone()).expect("its frames are right");
    assert!(part == bytes_of(&document, &wanted));
    let needed = places[2].encoded.start..places[3].encoded.end;
    for read in source.1.lock().expect("no panic").iter() {
        assert!(needed.start <= read.start && read.end <= needed.end, "{read:?} of {needed:?}");
    }
    assert!(frames.read_range(wanted.start..wanted.end + 10).is_err());
}

#[test]
fn threads_stop_at_the_same_damage_with_the_same_output() {
    let document = records(400);
    let encoded = framed(&document, &Options::default(), framing(2 * KIB, 1));
    let places: Vec<Frame> = open(&encoded, Limits::default()).expect("ours").iter().collect();
    let mut damaged = encoded.clone();
    for number in [5, 7, 8] {
        damaged[places[number].encoded.start as usize + 20] ^= 4;
    }
    let frames = open(&damaged, Limits::default()).expect("the index is right");
    for threads in [1, 2, 3, 8] {
        let mut output = Vec::new();
        let result = frames.decode_range(0..u64::MAX, &mut output, threads);
        let Err(Error::Corrupt { offset, .. }) = result else { panic!("{result:?}") };
        assert!(places[5].encoded.contains(&offset), "{offset} by {threads} threads");
        assert!(output.len() as u64 >= places[5].document.start, "{threads} threads");
        assert!(document.starts_with(&output), "{threads} threads");
    }
    // Without the index, from a pipe.
    let mut output = Vec::new();
    let result = decode_limited(damaged.as_slice(), &mut output, Limits::default());
    let Err(Error::Corrupt { offset, .. }) = result else { panic!("{result:?}") };
    assert!(places[5].encoded.contains(&offset) && document.starts_with(&output));
    assert!(output.len() as u64 >= places[5].document.start);
}

/// Fails after so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len().min(self.0);
        self.0 -= len;
        if len == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(len) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A source that fails, or panics, from some byte on.
struct Broken<'a> {
    bytes: &'a [u8],
    from: u64,
    panics: bool,
}

impl ReadAt for Broken<'_> {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset < self.from {
            return self.bytes.read_at(bytes, offset);
        }
        assert!(!self.panics, "a panic that a test wants");
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

#[test]
fn what_fails_in_a_thread_ends_the_work() {
    let document = records(400);
    let encoded = framed(&document, &Options::default(), framing(2 * KIB, 1));
    let frames = open(&encoded, Limits::default()).expect("ours");
    let kind = |result: Result<(), Error>| match result {
        Err(Error::Io(error)) => error.kind(),
        other => panic!("{other:?}"),
    };
    let (options, len) = (Options::default(), document.len() as u64);
    for threads in [2, 3] {
        let framing = framing(2 * KIB, threads);
        for room in [0, 100, 500] {
            let full = |result: Result<u64, Error>| kind(result.map(drop));
            let placed = encode_frames_at(document.as_slice(), len, Full(room), &options, framing);
            assert_eq!(full(placed), io::ErrorKind::StorageFull);
            let piped = encode_frames(document.as_slice(), Full(room), &options, framing);
            assert_eq!(full(piped), io::ErrorKind::StorageFull);
            let decoded = frames.decode_range(0..len, Full(room * 10), threads);
            assert_eq!(kind(decoded), io::ErrorKind::StorageFull);
        }
        for (panics, expected) in
            [(false, io::ErrorKind::ConnectionReset), (true, io::ErrorKind::Other)]
        {
            let source = Broken { bytes: &document, from: 9000, panics };
            let result = encode_frames_at(&source, len, io::sink(), &options, framing);
            assert_eq!(kind(result.map(drop)), expected);
        }
        let shorter = encode_frames_at(&document[..9000], len, io::sink(), &options, framing);
        assert_eq!(kind(shorter.map(drop)), io::ErrorKind::UnexpectedEof);
    }
}

#[test]
fn limits_hold_with_frames() {
    let document = records(400);
    let encoded = framed(&document, &Options::default(), framing(8 * KIB, 1));
    let len = document.len() as u64;
    let output = |bytes| Limits { output_bytes: Some(bytes), ..Limits::default() };
    let memory = |bytes| Limits { memory_bytes: Some(bytes), ..Limits::default() };
    decode_limited(encoded.as_slice(), io::sink(), output(len)).expect("just enough");
    let mut given = Vec::new();
    let result = decode_limited(encoded.as_slice(), &mut given, output(len - 1));
    assert!(matches!(result, Err(Error::Limit { limit_bytes, .. }) if limit_bytes == len - 1));
    assert!((given.len() as u64) < len);
    let frames = open(&encoded, output(100)).expect("ours");
    assert!(matches!(frames.read_range(0..101), Err(Error::Limit { limit_bytes: 100, .. })));
    assert_eq!(frames.read_range(50..150).expect("within the limit"), document[50..150]);

    let decoded = decode_limited(encoded.as_slice(), io::sink(), memory(100_000));
    assert!(matches!(decoded, Err(Error::Limit { limit_bytes: 100_000, .. })));
    let allowed = |bytes| open(&encoded, memory(bytes)).and_then(|it| it.threads_allowed(8));
    assert!(matches!(allowed(100_000), Err(Error::Limit { .. })));
    let mut least = 0;
    while allowed(least).is_err() {
        least += 100_000;
    }
    assert_eq!(allowed(least).expect("one"), 1);
    assert_eq!(allowed(4 * (least + (5 << 19))).expect("several"), 4);
    assert_eq!(allowed(1 << 40).expect("all"), 8);
    let many = open(&encoded, memory(4 * (least + (5 << 19)))).expect("ours");
    assert!(matches!(many.test(8), Err(Error::Limit { .. })), "eight are too many");
    many.test(4).expect("four are not");
}

#[test]
fn a_frame_size_that_cannot_be_is_refused() {
    for frame_bytes in [0, KIB - 1, (1 << 40) + 1] {
        let framing = framing(frame_bytes, 1);
        let result = encode_frames(&b"[]"[..], io::sink(), &Options::default(), framing);
        assert!(result.is_err_and(|error| error.to_string().contains("1024")), "{frame_bytes}");
    }
}

#[test]
fn an_inspection_adds_up_the_frames() {
    let document = records(200);
    let encoded = framed(&document, &Options::default(), framing(4 * KIB, 1));
    let inspection = sigma_encoder::inspect(encoded.as_slice()).expect("ours");
    let bytes: u64 = inspection.frames.iter().map(|frame| frame.document).sum();
    assert_eq!(bytes, document.len() as u64);
    assert_eq!(inspection.segments.1 + inspection.values.1, bytes);
    assert_eq!(inspection.chunks, inspection.frames.len() as u64);
    assert!(sigma_encoder::inspect(&encoded[..encoded.len() - 1]).is_err());
}
