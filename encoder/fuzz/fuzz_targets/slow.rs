//! Looks for inputs that take long: repeated to 10 MB, none may take more than three times as long, a byte, as usual
//! documents do at the same level, to encode or to decode. Most inputs show that they do not at 128 KB; only what
//! takes too long there is made longer, so that thousands are tried in a quarter of an hour.
//! A time is that of the processor, and counts only if the least of a few exceeds it too.
#![no_main]

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};
use sigma_encoder::{Level, Options, decode_all};
use sigma_encoder_fuzz::{encode, split};

/// Bytes of the documents that are timed, one after the other as long as they take too long.
const LENGTHS: [usize; 3] = [1 << 17, 1 << 20, 10_000_000];
/// How many times the usual time is too much.
const TIMES: u32 = 3;
/// Times that are taken where the first was too much.
const TRIES: usize = 4;

fuzz_target!(|input: &[u8]| {
    let (pattern, [level, step]) = split(input);
    if pattern.is_empty() {
        return;
    }
    let level = Level::ALL[usize::from(level) % Level::ALL.len()];
    let all: Vec<Taken> =
        (0..LENGTHS.len()).map_while(|stage| too_long(pattern, step, level, stage)).collect();
    assert!(all.len() < LENGTHS.len(), "{level:?}: {all:?}");
});

/// What was taken to encode and to decode, and what usual documents take.
#[derive(Debug)]
#[allow(dead_code, reason = "it is printed")]
struct Taken {
    least: [Duration; 2],
    usual: [Duration; 2],
}

/// What a document of the stage's length takes, if that is too much.
fn too_long(pattern: &[u8], step: u8, level: Level, stage: usize) -> Option<Taken> {
    let document = repeated(pattern, step, LENGTHS[stage]);
    let usual = usual(level, stage);
    let most = usual.map(|usual| usual * TIMES);
    let mut least = [Duration::MAX; 2];
    for _ in 0..TRIES {
        let times = times(&document, level);
        least = [least[0].min(times[0]), least[1].min(times[1])];
        if least[0] <= most[0] && least[1] <= most[1] {
            return None;
        }
    }
    Some(Taken { least, usual })
}

/// The pattern again and again, each time a little different, so that it is not all one match.
fn repeated(pattern: &[u8], step: u8, len: usize) -> Vec<u8> {
    let mut document = Vec::with_capacity(len + pattern.len());
    let mut round = 0_u64;
    while document.len() < len {
        round = round.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (place, add) =
            ((round >> 33) as usize % pattern.len(), (round >> 56) as u8 % step.max(1));
        let start = document.len();
        document.extend_from_slice(pattern);
        document[start + place] = document[start + place].wrapping_add(add);
    }
    document
}

/// What usual documents of a stage's length take; found out when it is first asked for.
fn usual(level: Level, stage: usize) -> [Duration; 2] {
    static USUAL: [[OnceLock<[Duration; 2]>; LENGTHS.len()]; Level::ALL.len()] =
        [const { [const { OnceLock::new() }; LENGTHS.len()] }; Level::ALL.len()];
    *USUAL[level as usize][stage].get_or_init(|| {
        let document = records(LENGTHS[stage]);
        let all = || times(&document, level);
        (0..TRIES).map(|_| all()).reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1])]).expect("some")
    })
}

/// Records as logs have them, of at least so many bytes.
fn records(len: usize) -> Vec<u8> {
    let word = |n: usize| ["alpha", "beta", "gamma", "delta", "epsilon"][n * 7919 % 31 % 5];
    let mut text = String::new();
    for n in 0.. {
        if text.len() >= len {
            break;
        }
        let (a, b, noise) = (word(n), word(n * 3 + 1), n * 2_654_435_761 % 1_000_003);
        text.push_str(&format!(
            "{{\"id\":{n},\"user\":\"{a} {b}\",\"at\":{},\"load\":{}.{:02},\"text\":\"{b} of {a}, {noise:x}\"}}\n",
            1_600_000_000 + n * 15 + noise % 7,
            noise % 100,
            noise % 97,
        ));
    }
    text.into_bytes()
}

/// Processor time of this thread.
fn now() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// What encoding and decoding take.
fn times(document: &[u8], level: Level) -> [Duration; 2] {
    let options = Options { level, ..Options::default() };
    let start = now();
    let encoded = encode(black_box(document), &options);
    let between = now();
    let decoded = decode_all(black_box(encoded.as_slice())).expect("ours");
    let times = [between.saturating_sub(start), now().saturating_sub(between)];
    assert!(decoded == document, "what goes in comes out");
    times
}
