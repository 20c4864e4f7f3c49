//! Memory is what the tables take, whatever the document: held with a counting allocator.
//!
//! One test in one process, since all allocations are counted.

#[path = "common/counting.rs"]
mod counting;

use std::io::{self, Read, Write};

use counting::peak;
use sigma_encoder::{Level, Options};

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
    let mut encoded = Vec::with_capacity(1 << 20);
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

#[test]
fn peak_memory_does_not_grow_with_the_document() {
    let shapes: [Named; 6] = [
        ("open brackets", |_| "[".repeat(1000)),
        ("one string", |n| if n == 0 { "[\"".into() } else { "lorem ipsum ".repeat(100) }),
        ("different keys", |n| format!("{}\"key{n}\":{n}", if n == 0 { '{' } else { ',' })),
        ("one line", |n| format!("{{\"id\":{n},\"name\":\"user {}\"}},", n % 100)),
        ("open objects", |n| format!("{{\"{}\":", n % 7)),
        ("space", |_| " ".repeat(1000)),
    ];
    // Each level's tables, windows and the stack of the longest item.
    for (level, limit) in [(Level::Default, 7_000_000), (Level::Max, 24_000_000)] {
        for (name, part) in shapes {
            let small = peaks(part, 150_000, level);
            let large = peaks(part, 1_500_000, level);
            let grows = large.0.abs_diff(small.0).max(large.1.abs_diff(small.1));
            assert!(grows <= 256 << 10, "{name} at {level:?}: {small:?} became {large:?}");
            assert!(large.0.max(large.1) <= limit, "{name} at {level:?}: {large:?}");
        }
    }
}
