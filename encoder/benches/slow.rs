//! How much more time documents take that were made up to be slow, a byte, than usual ones: a table.
//!
//! `cargo bench -p sigma-encoder --bench slow -- [--mb N] [--only NAME] [USUAL..]`. USUAL are files; without any, records
//! that are made here are what is usual. Time is that of the processor, the least of three.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/slow.rs"]
mod slow;

use std::hint::black_box;
use std::time::Duration;

use common::{decode, encode};
use rustix::time::{ClockId, clock_gettime};
use sigma_encoder::{Level, Options};

/// Processor time of this thread.
fn now() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// The least time of some tries.
fn least<T>(work: impl Fn() -> T) -> (Duration, T) {
    let once = || {
        let start = now();
        let result = work();
        (now().saturating_sub(start), result)
    };
    (1..TRIES).map(|_| once()).fold(once(), |best, next| if next.0 < best.0 { next } else { best })
}

const TRIES: usize = 3;

/// Of a document at a level: nanoseconds a byte to encode and to decode, and encoded bytes for each of the document.
#[derive(Clone, Copy, Default)]
struct Costs {
    encode: f64,
    decode: f64,
    size: f64,
}

fn costs(document: &[u8], level: Level) -> Costs {
    let options = Options { level, ..Options::default() };
    let (encoding, encoded) = least(|| encode(black_box(document), &options));
    let (decoding, decoded) = least(|| decode(black_box(&encoded)).expect("ours"));
    assert!(decoded == document, "what goes in comes out");
    let per_byte = |time: Duration| time.as_nanos() as f64 / document.len() as f64;
    let size = encoded.len() as f64 / document.len() as f64;
    Costs { encode: per_byte(encoding), decode: per_byte(decoding), size }
}

fn main() {
    let (mut len, mut only, mut usual) = (10_000_000, String::new(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut next = || arguments.next().expect("a value");
        match argument.as_str() {
            "--bench" | "--test" => {}
            "--mb" => len = next().parse::<usize>().expect("a number") * 1_000_000,
            "--only" => only = next(),
            path => usual.push(std::fs::read(path).expect("a readable file")),
        }
    }
    // `cargo test` starts benches too: to see that they start.
    if !std::env::args().any(|argument| argument == "--bench") {
        len = 100_000;
    }
    if usual.is_empty() {
        usual.push(common::records(len as u64 / 100));
    }
    let mean = |level: Level| {
        let all: Vec<(usize, Costs)> =
            usual.iter().map(|it| (it.len(), costs(it, level))).collect();
        let total: usize = all.iter().map(|(len, _)| len).sum();
        let mean = |of: fn(&Costs) -> f64| {
            all.iter().map(|(len, costs)| of(costs) * *len as f64).sum::<f64>() / total as f64
        };
        Costs {
            encode: mean(|it| it.encode),
            decode: mean(|it| it.decode),
            size: mean(|it| it.size),
        }
    };
    let usual = Level::ALL.map(mean);
    println!(
        "| | fast: encode | decode | size | default: encode | decode | size | max: encode | decode | size |"
    );
    println!("|---|{}", "---|".repeat(9));
    let cells = |costs: [Costs; 3]| -> String {
        let cell = |it: Costs| format!(" {:.2} | {:.2} | {:.3} |", it.encode, it.decode, it.size);
        costs.map(cell).concat()
    };
    println!("| usual, ns a byte |{}", cells(usual));
    for (name, part) in slow::PARTS {
        if !name.contains(&only) {
            continue;
        }
        let document = slow::document(part, len);
        let times = Level::ALL.map(|level| {
            let (it, usual) = (costs(&document, level), usual[level as usize]);
            Costs { encode: it.encode / usual.encode, decode: it.decode / usual.decode, ..it }
        });
        println!("| {name} |{}", cells(times));
    }
}
