//! What is seen while a campaign runs: a bar with the time left on a terminal, a line per tenth of
//! the way elsewhere. Failures are said once each, as they happen.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use experiment::Measure;
use record::Sample;
use record::failure::Failure;

use crate::errln;
use crate::plan::Cell;
use crate::stopping_rule::Left;

/// Work is counted in bytes to encode plus a constant per run, so that the time left is not misled
/// by small documents being fast.
const RUN_COST: u64 = 100_000;

/// The visible state of a campaign.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    on_terminal: bool,
    work: u64,
    done: u64,
    /// Where the present stage began: the pilot, then all that follows it.
    base: u64,
    is_pilot: bool,
    /// What the share is of, where that is not all.
    of: &'static str,
    /// Done by this process, which tells how fast it is.
    own: u64,
    tenths: u64,
    started: Instant,
    said: BTreeSet<String>,
}

impl Progress {
    /// A progress that draws on stderr when that is a terminal.
    pub fn start() -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = if on_terminal { ProgressBar::new(1) } else { ProgressBar::hidden() };
        // What is measured now takes the rest of the line, whatever the terminal's width.
        let template = "{bar:12} {percent:>3} %  left {eta}{prefix}  {wide_msg}";
        bar.set_style(ProgressStyle::with_template(template).expect("a constant template"));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self {
            bar,
            on_terminal,
            work: 1,
            done: 0,
            base: 0,
            is_pilot: true,
            of: "",
            own: 0,
            tenths: 0,
            started: Instant::now(),
            said: BTreeSet::new(),
        }
    }

    /// One that says nothing but failures.
    pub fn hidden() -> Self {
        // Nothing is said on what is taken for a terminal and has no bar.
        Self { bar: ProgressBar::hidden(), on_terminal: true, ..Self::start() }
    }

    /// Says how much there is to do: at least the smallest number of blocks.
    pub fn expect(&mut self, cells: &[Cell<'_>], measure: &Measure) {
        let block: u64 = cells.iter().map(|cell| cost(*cell)).sum();
        self.work = block * u64::from(measure.warmup + measure.runs_min);
        self.bar.set_length(self.work);
        if measure.precision.is_some() && measure.runs_max > measure.runs_min {
            let (min, max) = (measure.runs_min, measure.runs_max);
            self.of = " of the fewest blocks";
            self.bar.set_prefix(format!(" of {min} to {max} blocks"));
        }
    }

    /// Says how much there is left once the fewest blocks are done: what is likely, and the range.
    pub(crate) fn forecast(&mut self, cells: &[Cell<'_>], left: &[Left]) {
        let [least, expected, most] = work_left(cells, left);
        self.work = self.done + expected;
        let range = format!("{} to {}", self.time_for(least), self.time_for(most));
        self.bar.set_prefix(format!(" ({range})"));
        self.bar.set_length(self.work);
        if std::mem::replace(&mut self.is_pilot, false) {
            (self.base, self.tenths) = (self.done, 0);
            self.of = " of what is expected";
            if !self.on_terminal {
                errln!(
                    "the fewest blocks are done after {:.0?}; {} more are expected ({range})",
                    self.started.elapsed(),
                    self.time_for(expected)
                );
            }
        }
    }

    /// How long so much work takes at the speed so far.
    fn time_for(&self, work: u64) -> String {
        if self.own == 0 {
            return "an unknown time".to_owned();
        }
        record::units::duration(nanos_for(work, self.own, self.started.elapsed()))
    }

    /// One run is done; without a sample it was done by an earlier `run`.
    pub fn step(&mut self, cell: Cell<'_>, sample: Option<&Sample>) {
        let Cell { variant, document } = cell;
        self.done += cost(cell);
        self.bar.set_length(self.work.max(self.done));
        if sample.is_none() {
            // What was done before says nothing about the speed now.
            self.bar.set_position(self.done);
            self.bar.reset_eta();
            return;
        }
        self.own += cost(cell);
        self.bar.set_message(format!("{} {} {}", variant.name, document.profile, document.size));
        self.bar.set_position(self.done);
        let tenths = (self.done - self.base) * 10 / (self.work.max(self.done) - self.base).max(1);
        if !self.on_terminal && tenths > self.tenths {
            self.tenths = tenths;
            errln!("{:>3} %{} after {:.0?}", tenths * 10, self.of, self.started.elapsed());
        }
    }

    /// Something else is being done with a cell.
    pub fn note(&mut self, what: &str, cell: Cell<'_>) {
        self.bar.set_message(format!("{what}: {} {}", cell.variant.name, cell.document.profile));
    }

    /// A run failed; said once per cell and kind of failure.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        let Failure { variant, profile, input_bytes, .. } = failure;
        let size = record::units::Bytes(*input_bytes);
        let message = format!("{variant} on {profile} of {size}: {}", failure.words());
        if self.said.insert(message.clone()) {
            let last = failure.lines().last().map(|line| format!(" ({line})")).unwrap_or_default();
            self.line(&format!("{message}{last}"));
        }
    }

    /// A line above the bar.
    pub fn line(&self, text: &str) {
        self.bar.suspend(|| errln!("{text}"));
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// The progress of a calibration, reached from many threads.
#[derive(Debug)]
pub struct Simulation {
    bar: ProgressBar,
    on_terminal: bool,
    tenths: AtomicU64,
    started: Instant,
}

impl Simulation {
    /// A bar on a terminal, a line per tenth of the way elsewhere.
    pub fn start() -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = if on_terminal { ProgressBar::new(1) } else { ProgressBar::hidden() };
        // What is simulated has a long name and takes the rest of the line.
        let template = "{bar:24} {percent:>3} %  left {eta:<4} {wide_msg}";
        bar.set_style(ProgressStyle::with_template(template).expect("a constant template"));
        Self { bar, on_terminal, tenths: AtomicU64::new(0), started: Instant::now() }
    }

    /// So much work of all is done, now at `what`.
    pub fn reached(&self, done: u64, all: u64, what: &str) {
        self.bar.set_length(all);
        self.bar.set_message(what.to_owned());
        self.bar.set_position(done);
        let tenths = done * 10 / all;
        if !self.on_terminal && self.tenths.fetch_max(tenths, Ordering::Relaxed) < tenths {
            errln!("{:>3} % after {:.0?}", tenths * 10, self.started.elapsed());
        }
    }

    /// Removes the bar.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}

fn cost(cell: Cell<'_>) -> u64 {
    cell.document.size.0 + RUN_COST
}

/// The work that is left at least (one run more of each), as expected, and at most.
fn work_left(cells: &[Cell<'_>], left: &[Left]) -> [u64; 3] {
    let sum = |runs: fn(&Left) -> u32| -> u64 {
        left.iter().map(|of| cost(cells[of.index]) * u64::from(runs(of))).sum()
    };
    [sum(|_| 1), sum(|of| of.expected), sum(|of| of.most)]
}

/// How long `work` takes if so much was `done` in the time that has passed.
fn nanos_for(work: u64, done: u64, elapsed: Duration) -> f64 {
    elapsed.as_nanos() as f64 * work as f64 / done as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::Document;
    use experiment::Variant;
    use record::units::Bytes;

    #[test]
    fn what_is_left_counts_runs_by_what_they_cost_and_takes_time_at_the_pace_so_far() {
        let variant = Variant::idle("v");
        let documents = [0, 900_000].map(|size| Document::unwritten("p", Bytes(size)));
        let cells = documents.each_ref().map(|document| Cell { variant: &variant, document });
        let left =
            [Left { index: 0, expected: 3, most: 10 }, Left { index: 1, expected: 2, most: 10 }];
        // A run of nothing costs 100,000, one of 900 KB ten times as much.
        let work = work_left(&cells, &left);
        assert_eq!(work, [1_100_000, 2_300_000, 11_000_000]);
        let second = Duration::from_secs(1);
        let nanos = work.map(|work| nanos_for(work, 1_100_000, second));
        assert_eq!(nanos[0], 1e9, "what took a second takes one again");
        assert_eq!(nanos[2], 1e10);
        assert_eq!(nanos_for(0, 5, second), 0.0);
        let mut progress = Progress::hidden();
        assert_eq!(progress.time_for(7), "an unknown time", "nothing was done by this process");
        progress.own = 1;
        progress.forecast(&cells, &left);
        assert_eq!(
            progress.work,
            progress.done + 2_300_000,
            "the bar ends where it is expected to"
        );
    }
}
