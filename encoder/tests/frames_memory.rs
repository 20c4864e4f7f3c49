//! Memory with frames: a level's and 2 MiB for each thread, whatever the document and its frames.
//!
//! One test in one process, since all allocations are counted.

#[path = "common/counting.rs"]
mod counting;

use std::io;

use counting::peak;
use sigma_encoder::{
    Coding, Frames, Framing, Level, Limits, Options, ReadAt, encode_frames, encode_frames_at,
};

/// What the level default takes, as in `memory.rs`.
const LEVEL: usize = 7_000_000;
/// What each of several threads keeps for its turn, and the buffers around it.
const KEPT: usize = (2 << 20) + (256 << 10);

/// A document that is made as it is read: records of 64 bytes, or noise.
#[derive(Clone, Copy)]
enum Document {
    Records,
    Noise,
}

/// Eight bytes of noise, by their number.
fn mixed(number: u64) -> u64 {
    let x = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (x ^ x >> 31).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ x >> 27
}

impl ReadAt for Document {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let record = |n: u64| {
            let (user, load) = (mixed(n) % 50, mixed(n) / 64 % 1000);
            format!("{{\"id\":{n:012},\"user\":\"user-{user:02}\",\"load\":{load:03},\"ok\":true}}")
        };
        let (number, at) = (offset / 64, offset % 64);
        let block = match self {
            Self::Records => format!("{:<63}\n", record(number)).into_bytes(),
            Self::Noise => (0..8).flat_map(|n| mixed(8 * number + n).to_le_bytes()).collect(),
        };
        let len = bytes.len().min(block.len() - at as usize);
        bytes[..len].copy_from_slice(&block[at as usize..][..len]);
        Ok(len)
    }
}

/// Peaks of encoding and of decoding.
fn peaks(document: Document, len: u64, options: Options, framing: Framing) -> (usize, usize) {
    let mut encoded = Vec::with_capacity(len as usize / 8 * 9 + (1 << 16));
    let encoding = peak(|| {
        let output = &mut encoded;
        encode_frames_at(&document, len, output, &options, framing).expect("it encodes");
    });
    let decoding = peak(|| {
        let frames = Frames::open(encoded.as_slice(), encoded.len() as u64, Limits::default());
        let frames = frames.expect("ours").expect("the framed form");
        frames.decode_range(0..len, io::sink(), framing.threads).expect("ours");
    });
    (encoding, decoding)
}

#[test]
fn threads_multiply_a_levels_memory_and_nothing_else_does() {
    let options = Options::default();
    for threads in [1, 2, 4] {
        let kept = if threads == 1 { 256 << 10 } else { threads * KEPT };
        let limit = threads * LEVEL + kept;
        for (len, frame_bytes) in [(1 << 20, 1 << 17), (2 << 20, 1 << 17), (2 << 20, 1 << 20)] {
            let framing = Framing { frame_bytes, threads };
            let (encoding, decoding) = peaks(Document::Records, len, options, framing);
            let what = format!("{len} bytes in {frame_bytes} by {threads}");
            assert!(encoding <= limit, "encoding {what}: {encoding}, more than {limit}");
            assert!(decoding <= limit, "decoding {what}: {decoding}, more than {limit}");
        }
    }
    // More output than may wait.
    let off = Coding { prune: false, codebook: false, delta: false, pack: false };
    let options = Options { level: Level::Default, coding: off, ..options };
    let framing = Framing { frame_bytes: 5 << 19, threads: 3 };
    let (encoding, decoding) = peaks(Document::Noise, 15 << 19, options, framing);
    let limit = 3 * (LEVEL + KEPT);
    assert!(encoding.max(decoding) <= limit, "{encoding}, {decoding}, more than {limit}");
    // A pipe is read in order by one thread, without holding its frame.
    let framing = Framing { frame_bytes: 2 << 20, threads: 1 };
    let pipe = io::Read::take(io::repeat(b'7'), 3 << 20);
    let piped = peak(|| {
        encode_frames(pipe, io::sink(), &Options::default(), framing).expect("it encodes");
    });
    assert!(piped <= LEVEL + (256 << 10), "{piped} from a pipe");
}
