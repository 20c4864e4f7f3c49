//! What a child costs through the probe, over a bare fork, exec and `wait4` of the same child.
//!
//! `cargo bench -p probe`. The ways are taken in turns, so that a change of the machine's pace
//! falls on all of them; the figure is the difference of medians. Where hyperfine is installed, its
//! cost per child stands beside it: all its time, its own start included, over many children.

use std::ffi::CString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROBE: &str = env!("CARGO_BIN_EXE_probe");
const CHILD: &str = "/bin/true";
const ROUNDS: usize = 2000;
const WARM_UP_ROUNDS: usize = 100;
const PROMISED: Duration = Duration::from_millis(1);

fn main() {
    let ways = [
        Way::new("bare fork + exec + wait4", CHILD),
        Way::new("probe", &format!("{PROBE} --record /dev/null -- {CHILD}")),
        Way::new(
            "probe, pinned and fixed",
            &format!("{PROBE} --record /dev/null --fixed-addresses --cpu 0 -- {CHILD}"),
        ),
        Way::new("the probe's own start", &format!("{PROBE} --self-test-nothing")),
    ];
    let medians = medians(&ways);
    let bare = medians[0];
    println!("child: {CHILD}, {ROUNDS} rounds, medians");
    for (way, median) in ways.iter().zip(&medians) {
        println!("{:26} {:5} us", way.name, median.as_micros());
    }
    let cost = medians[1].saturating_sub(bare);
    println!("cost of the probe: {} us per child (promised: below 1000)", cost.as_micros());
    match hyperfine() {
        Some(total) => {
            let cost = total.saturating_sub(bare);
            println!("cost of hyperfine: {} us per child", cost.as_micros());
        }
        None => println!("hyperfine is not installed: not compared"),
    }
    assert!(cost < PROMISED);
}

fn medians(ways: &[Way]) -> Vec<Duration> {
    let mut samples = vec![Vec::with_capacity(ROUNDS); ways.len()];
    for round in 0..WARM_UP_ROUNDS + ROUNDS {
        for (way, samples) in ways.iter().zip(&mut samples) {
            let taken = way.run();
            if round >= WARM_UP_ROUNDS {
                samples.push(taken);
            }
        }
    }
    samples.into_iter().map(median).collect()
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
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
