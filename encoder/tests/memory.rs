//! Memory is what the tables take, whatever the document: held with a counting allocator.
//!
//! One test in one process, since all allocations are counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use sigma_encoder::{Level, Options};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: passes everything on to the system's allocator and counts beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(live, Relaxed);
        // SAFETY: the caller's layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's block and layout.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
    let peak = |work: &mut dyn FnMut()| {
        let before = LIVE.load(Relaxed);
        PEAK.store(before, Relaxed);
        work();
        PEAK.load(Relaxed) - before
    };
    let options = Options { level, ..Options::default() };
    let encoding = peak(&mut || {
        sigma_encoder::encode(shape(), &mut encoded, &options).expect("a shape encodes");
    });
    let mut sink = Sink(0);
    let decoding = peak(&mut || {
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
    // Blocks of 2 MiB, one of which is at hand; Zstandard's 4 MB are not seen here.
    for (name, part) in shapes {
        let small = peaks(part, 6_000_000, Level::Fast);
        let large = peaks(part, 18_000_000, Level::Fast);
        let grows = large.0.abs_diff(small.0).max(large.1.abs_diff(small.1));
        assert!(grows <= 256 << 10, "{name} at fast: {small:?} became {large:?}");
        assert!(large.0.max(large.1) <= 9_000_000, "{name} at fast: {large:?}");
    }
}
