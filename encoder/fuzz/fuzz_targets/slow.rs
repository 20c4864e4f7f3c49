//! Looks for inputs that take long: repeated to some length, none may take more than three times as long, a byte,
//! as usual documents do at the same level. A time is the least of a few, and counts only if it is exceeded again.
#![no_main]

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use sigma_encoder::{Level, Options};
use sigma_encoder_fuzz::{encode, split};

/// Bytes of a document that is timed.
const LEN: usize = 1 << 18;
/// How many times the usual time is too much.
const TIMES: u32 = 3;
/// Times that are taken, of which the least counts.
const TRIES: usize = 3;

fuzz_target!(|input: &[u8]| {
    let (pattern, [level, step]) = split(input);
    if pattern.is_empty() {
        return;
    }
    let level = Level::ALL[usize::from(level) % Level::ALL.len()];
    let document = repeated(pattern, step);
    let most = usual(level) * TIMES;
    let exceeds = || time(&document, level) > most;
    assert!(!(exceeds() && exceeds()), "{level:?}: more than {TIMES} times the usual time");
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
fn usual(level: Level) -> Duration {
    static USUAL: OnceLock<[Duration; Level::ALL.len()]> = OnceLock::new();
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
        Level::ALL.map(|level| time(text.as_bytes(), level))
    });
    all[level as usize]
}

fn time(document: &[u8], level: Level) -> Duration {
    let options = Options { level, ..Options::default() };
    let once = || {
        let start = Instant::now();
        black_box(encode(black_box(document), &options));
        start.elapsed()
    };
    (0..TRIES).map(|_| once()).min().expect("some tries")
}
