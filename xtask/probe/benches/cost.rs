//! What a child costs through the probe, over a bare fork, exec and `wait4` of the same child.
//!
//! `cargo bench -p probe`. The ways are taken in turns, so that a change of the machine's pace
//! falls on all of them. Nothing is asserted: on a busy machine the median shows the others. Where
//! hyperfine is installed, its cost per child stands beside it: all its time over all its children.

use std::ffi::CString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The probe that cargo builds beside this bench, unless `PROBE` names another: experiments use the one in
/// `target/xtask/programs`, which is linked with the C library in it.
fn probe() -> String {
    std::env::var("PROBE").unwrap_or_else(|_| env!("CARGO_BIN_EXE_probe").to_owned())
}

const CHILD: &str = "/bin/true";
const ROUNDS: usize = 2000;
const WARM_UP_ROUNDS: usize = 100;

fn main() {
    let probe = probe();
    let ways = [
        Way::new("bare fork, exec and wait4", CHILD),
        Way::new("probe", &format!("{probe} --record /dev/null -- {CHILD}")),
        Way::new(
            "probe, fixed and pinned",
            &format!("{probe} --record /dev/null --fixed-addresses --cpu 0 -- {CHILD}"),
        ),
        Way::new(
            "probe, as experiments do",
            &format!(
                "{probe} --record /dev/null --stdin /dev/null --stderr /dev/null --cwd / \
                 --timeout-ms 60000 --output-limit-bytes 100000000 --env PATH=/usr/bin:/bin \
                 --env LC_ALL=C --fixed-addresses --cpu 0 --cgroup auto -- {CHILD}"
            ),
        ),
        Way::new("the probe's own start", &format!("{probe} --self-test-nothing")),
    ];
    let samples = samples(&ways);
    println!("{CHILD}, {ROUNDS} rounds         minimum  quartile    median");
    for (way, sample) in ways.iter().zip(&samples) {
        println!("{:26} {}", way.name, in_microseconds(&sample.summary()));
    }
    let bare = samples[0].summary();
    for (name, sample) in [("cost of the probe", 1), ("as experiments do", 3)] {
        let cost = less(samples[sample].summary(), bare);
        println!("{name:26} {}  (promised: below 1000 us)", in_microseconds(&cost));
    }
    match hyperfine() {
        Some(mean) => {
            let cost = mean.saturating_sub(bare[2]).as_micros();
            println!("{:26} {cost:29} us", "cost of hyperfine, mean");
        }
        None => println!("hyperfine is not installed: not compared"),
    }
}

/// The times of one way, in ascending order.
struct Sample(Vec<Duration>);

impl Sample {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// Minimum, lower quartile, median: other work on the machine shows as their distance.
    fn summary(&self) -> [Duration; 3] {
        [0, self.0.len() / 4, self.0.len() / 2].map(|index| self.0[index])
    }
}

fn samples(ways: &[Way]) -> Vec<Sample> {
    let mut samples = vec![Vec::with_capacity(ROUNDS); ways.len()];
    for round in 0..WARM_UP_ROUNDS + ROUNDS {
        for (way, samples) in ways.iter().zip(&mut samples) {
            let taken = way.run();
            if round >= WARM_UP_ROUNDS {
                samples.push(taken);
            }
        }
    }
    samples.into_iter().map(Sample::new).collect()
}

fn less(summary: [Duration; 3], bare: [Duration; 3]) -> [Duration; 3] {
    [0, 1, 2].map(|index| summary[index].saturating_sub(bare[index]))
}

fn in_microseconds(summary: &[Duration; 3]) -> String {
    summary.map(|time| format!("{:6} us", time.as_micros())).join(" ")
}

/// A command line, ready for `execve`.
struct Way {
    name: &'static str,
    words: Vec<CString>,
}

impl Way {
    fn new(name: &'static str, line: &str) -> Self {
        let words = line.split(' ').map(|word| CString::new(word).expect("no NUL")).collect();
        Self { name, words }
    }

    /// The time from before the fork until the process is reaped.
    fn run(&self) -> Duration {
        let mut pointers: Vec<_> = self.words.iter().map(|word| word.as_ptr()).collect();
        pointers.push(std::ptr::null());
        let none = [std::ptr::null()];
        let mut status = 0;
        let started = Instant::now();
        // SAFETY: this process has one thread; the child calls `execve` with lists made before the
        // fork, and `_exit`. The parent waits for its own child.
        unsafe {
            let pid = libc::fork();
            if pid == 0 {
                libc::execve(pointers[0], pointers.as_ptr(), none.as_ptr());
                libc::_exit(127);
            }
            libc::wait4(pid, &raw mut status, 0, std::ptr::null_mut());
        }
        let taken = started.elapsed();
        assert_eq!(status, 0, "{} failed", self.name);
        taken
    }
}

/// hyperfine's time per child.
fn hyperfine() -> Option<Duration> {
    let mut command = Command::new("hyperfine");
    command.args(["--shell=none", "--warmup=0", "--style=none", "--runs"]);
    command.arg(ROUNDS.to_string()).arg(CHILD).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let ended = command.status().ok()?;
    assert!(ended.success(), "hyperfine failed");
    Some(started.elapsed() / ROUNDS as u32)
}
