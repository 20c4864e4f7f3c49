//! Memory is what the tables take, whatever the document: held with a counting allocator.
//!
//! All allocations of the process are counted, so its tests wait for each other. The sizes here show
//! that nothing grows; the sizes that people ask about are `--ignored`, since they take some minutes:
//! `cargo test --release -p sigma-encoder --test memory -- --ignored --nocapture`.

#[path = "common/counting.rs"]
mod counting;

use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};

use counting::peak;
use sigma_encoder::{
    Framing, Level, Limits, Options, encode_all, encode_frames, inspect, inspect_limited, outline,
};

/// Held by the test that counts.
static COUNTS: Mutex<()> = Mutex::new(());

/// Gives parts made by their number until `len` bytes were given.
struct Shape<F> {
    part: F,
    number: u64,
    rest: Vec<u8>,
    len: u64,
}

impl<F: FnMut(u64) -> String> Read for Shape<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.len == 0 {
            return Ok(0);
        }
        if self.rest.is_empty() {
            self.rest = (self.part)(self.number).into_bytes();
            self.number += 1;
        }
        let len = self.rest.len().min(out.len()).min(self.len as usize);
        out[..len].copy_from_slice(&self.rest[..len]);
        self.rest.drain(..len);
        self.len -= len as u64;
        Ok(len)
    }
}

/// Counts and forgets.
struct Sink(u64);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A document's name and how its parts are made.
type Named = (&'static str, fn(u64) -> String);

/// Peaks above what was live before, of encoding and of decoding.
fn peaks(part: fn(u64) -> String, len: u64, level: Level) -> (usize, usize) {
    let shape = || Shape { part, number: 0, rest: Vec::new(), len };
    let mut encoded = Vec::with_capacity(1 << 24);
    let options = Options { level, ..Options::default() };
    let encoding = peak(|| {
        sigma_encoder::encode(shape(), &mut encoded, &options).expect("a shape encodes");
    });
    let mut sink = Sink(0);
    let decoding = peak(|| {
        sigma_encoder::decode(encoded.as_slice(), &mut sink).expect("an encoding of ours");
    });
    assert_eq!(sink.0, len);
    (encoding, decoding)
}

/// Each level's tables, windows and the stack of the longest item.
const LIMITS: [(Level, usize); 2] = [(Level::Default, 7_000_000), (Level::Max, 24_000_000)];

#[test]
fn peak_memory_does_not_grow_with_the_document() {
    let _alone = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let shapes: [Named; 6] = [
        ("open brackets", |_| "[".repeat(1000)),
        ("one string", |n| if n == 0 { "[\"".into() } else { "lorem ipsum ".repeat(100) }),
        ("different keys", |n| format!("{}\"key{n}\":{n}", if n == 0 { '{' } else { ',' })),
        ("one line", |n| format!("{{\"id\":{n},\"name\":\"user {}\"}},", n % 100)),
        ("open objects", |n| format!("{{\"{}\":", n % 7)),
        ("space", |_| " ".repeat(1000)),
    ];
    for (level, limit) in LIMITS {
        for (name, part) in shapes {
            let small = peaks(part, 150_000, level);
            let large = peaks(part, 1_500_000, level);
            let grows = large.0.abs_diff(small.0).max(large.1.abs_diff(small.1));
            assert!(grows <= 256 << 10, "{name} at {level:?}: {small:?} became {large:?}");
            assert!(large.0.max(large.1) <= limit, "{name} at {level:?}: {large:?}");
        }
    }
    // Blocks of 2 MiB, one of which is at hand, as it is or, after some that took too long, as it is coded: room for it
    // grows once. Zstandard's 4 MB are not seen here.
    for (name, part) in shapes {
        let small = peaks(part, 6_000_000, Level::Fast);
        let large = peaks(part, 18_000_000, Level::Fast);
        let grows = large.0.abs_diff(small.0).max(large.1.abs_diff(small.1));
        assert!(grows <= 2 << 20, "{name} at fast: {small:?} became {large:?}");
        assert!(large.0.max(large.1) <= 9_000_000, "{name} at fast: {large:?}");
    }
}

/// Small files that stand for much, at each level, each with one that stands for twice as much: spaces, then more paths
/// than are told apart.
fn bombs() -> impl Iterator<Item = [Vec<u8>; 2]> {
    let documents = [1, 2].map(|times| {
        let path = |n: usize| format!("\"{n:x}{}\":{{\"b\":[1]}},", "k".repeat(n % 90));
        let paths: String = (0..6000 * times).map(path).collect();
        [vec![b' '; times << 22], paths.into_bytes()].concat()
    });
    Level::ALL.into_iter().map(move |level| {
        let options = Options { level, ..Options::default() };
        documents.each_ref().map(|document| {
            encode_all(document.as_slice(), &options).expect("memory does not fail")
        })
    })
}

/// Encodings of each form, short enough that lengths can be put in any place of them.
fn forms() -> Vec<Vec<u8>> {
    let long = b"{\"a\":1}\n".repeat(9000);
    let all = |document: &[u8], level| {
        let options = Options { level, ..Options::default() };
        encode_all(document, &options).expect("memory does not fail")
    };
    let mut framed = Vec::new();
    let framing = Framing { frame_bytes: 1 << 15, threads: 1 };
    encode_frames(long.as_slice(), &mut framed, &Options::default(), framing).expect("as above");
    let empty = all(b"", Level::Default).repeat(9);
    vec![
        all(&long, Level::Default),
        all(&long, Level::Fast),
        framed,
        all(b"[1,2]", Level::Max),
        empty,
    ]
}

/// Numbers as lengths are written: 2^21 - 1, 2^63 - 1.
const CLAIMS: [&[u8]; 2] = [b"\xFF\xFF\x7F", b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"];

#[test]
fn looking_into_a_file_takes_no_more_memory_than_decoding_it_and_a_table_whatever_it_claims() {
    let _alone = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let limit = LIMITS[1].1 + (5 << 20);
    for bombs in bombs() {
        let taken = bombs.each_ref().map(|bomb| {
            let taken = peak(|| assert!(outline(bomb.as_slice()).is_ok(), "ours"));
            assert!(taken <= 64 << 10, "{taken} bytes for the outline of {}", bomb.len());
            peak(|| drop(inspect(bomb.as_slice()).expect("ours")))
        });
        let grows = taken[1].abs_diff(taken[0]);
        assert!(taken[1] <= limit && grows <= 256 << 10, "{taken:?} for {}", bombs[1].len());
    }
    // What is claimed in vain need not be decoded for long.
    let limits = Limits { ratio: Some(1 << 10), ..Limits::default() };
    for encoded in forms() {
        let places = (0..24).chain((24..400).step_by(31));
        for place in places.filter(|&place| place < encoded.len()) {
            for claim in CLAIMS {
                let mut claims = encoded[..place].to_vec();
                claims.extend_from_slice(claim);
                claims.extend_from_slice(&encoded[place + 1..]);
                let taken = peak(|| {
                    let _ = inspect_limited(claims.as_slice(), limits);
                    let _ = outline(claims.as_slice());
                });
                assert!(taken <= limit, "{taken} bytes at {place} of {}", encoded.len());
            }
        }
    }
}

/// Text of which little comes again.
fn hexadecimal(n: u64) -> String {
    let mut text = String::new();
    for i in 0..64 {
        text.push_str(&format!("{:x} ", (n * 64 + i).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    }
    text
}

#[test]
#[ignore = "takes some minutes"]
fn peak_memory_is_the_same_for_200_mb() {
    let _alone = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let shapes: [(Named, u64); 5] = [
        (("10 million open brackets", |_| "[".repeat(1000)), 10_000_000),
        (
            ("one string of 200 MB", |n| {
                if n == 0 { "[\"".into() } else { "lorem ipsum ".repeat(100) }
            }),
            200_000_000,
        ),
        (
            ("one string of 20 MB with little that comes again", |n| {
                if n == 0 { "[\"".into() } else { hexadecimal(n) }
            }),
            20_000_000,
        ),
        (
            ("a million different keys", |n| {
                format!("{}\"key{n:07}\":{:07}", if n == 0 { '{' } else { ',' }, n)
            }),
            20_000_000,
        ),
        (
            ("one line of 200 MB", |n| format!("{{\"id\":{n},\"name\":\"user {}\"}},", n % 100)),
            200_000_000,
        ),
    ];
    for (level, limit) in LIMITS {
        for ((name, part), len) in shapes {
            let (encoding, decoding) = peaks(part, len, level);
            println!(
                "{name} at {level:?}: heap peaks at {encoding} B encoding, {decoding} B decoding"
            );
            assert!(encoding.max(decoding) <= limit, "{name} at {level:?}: {encoding}, {decoding}");
        }
    }
}
