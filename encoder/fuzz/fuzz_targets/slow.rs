//! Looks for inputs that take long: repeated to some length, none may take more than three times as long, a byte,
//! as usual documents do at the same level, to encode or to decode, beside what any document may take more at first.
//! A time is that of the processor, and counts only if the least of a few exceeds it too.
#![no_main]

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};
use sigma_encoder::{Level, Options, decode_all};
use sigma_encoder_fuzz::{encode, split};

/// Bytes of a document that is timed.
const LEN: usize = 1 << 20;
/// How many times the usual time is too much, of so many bytes and of those that are free: as in the encoder
/// (`WORK_FREE` and a quarter of it).
const TIMES: u32 = 3;
const FREE: usize = 5 << 18;
/// Times that are taken where the first was too much.
const TRIES: usize = 4;

fuzz_target!(|input: &[u8]| {
    let (pattern, [level, step]) = split(input);
    if pattern.is_empty() {
        return;
    }
    let level = Level::ALL[usize::from(level) % Level::ALL.len()];
    let document = repeated(pattern, step);
    let free = |usual: Duration| usual.mul_f64(f64::from(TIMES) + FREE as f64 / LEN as f64);
    let most = usual(level).map(free);
    let mut least = [Duration::MAX; 2];
    for _ in 0..TRIES {
        let times = times(&document, level);
        least = [least[0].min(times[0]), least[1].min(times[1])];
        if least[0] <= most[0] && least[1] <= most[1] {
            return;
        }
    }
    panic!("{level:?}: {least:?} to encode and to decode, where {most:?} is allowed");
});

/// The pattern again and again, each time a little different, so that it is not all one match.
fn repeated(pattern: &[u8], step: u8) -> Vec<u8> {
    let mut document = Vec::with_capacity(LEN + pattern.len());
    let mut round = 0_u64;
    while document.len() < LEN {
        round = round.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (place, add) =
            ((round >> 33) as usize % pattern.len(), (round >> 56) as u8 % step.max(1));
        let start = document.len();
        document.extend_from_slice(pattern);
        document[start + place] = document[start + place].wrapping_add(add);
    }
    document
}

/// What usual documents of the same length take.
fn usual(level: Level) -> [Duration; 2] {
    static USUAL: OnceLock<[[Duration; 2]; Level::ALL.len()]> = OnceLock::new();
    let all = USUAL.get_or_init(|| {
        let word = |n: usize| ["alpha", "beta", "gamma", "delta", "epsilon"][n * 7919 % 31 % 5];
        let mut text = String::new();
        for n in 0.. {
            let (a, b, noise) = (word(n), word(n * 3 + 1), n * 2_654_435_761 % 1_000_003);
            text.push_str(&format!(
                "{{\"id\":{n},\"user\":\"{a} {b}\",\"at\":{},\"load\":{}.{:02},\"text\":\"{b} of {a}, {noise:x}\"}}\n",
                1_600_000_000 + n * 15 + noise % 7,
                noise % 100,
                noise % 97,
            ));
            if text.len() >= LEN {
                break;
            }
        }
        Level::ALL.map(|level| {
            let all = || times(text.as_bytes(), level);
            (0..TRIES).map(|_| all()).reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1])]).expect("some")
        })
    });
    all[level as usize]
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
