//! The statistics tested: simulated experiments whose truth is known.
//!
//! Each row is a promise (an interval covers, a class is right, a family stays silent), a bound, and how
//! often it was kept. Every experiment draws from a stream of its own, named by row and experiment, so the
//! table is the same on any number of threads, and a row the same whatever rows stand beside it.

mod cells;
mod comparisons;
pub mod real;
mod scaling;
mod simulate;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use simulate::Stream;

/// How often a promise must be kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Between two rates.
    Between(f64, f64),
    /// At least this rate.
    AtLeast(f64),
    /// At most this rate.
    AtMost(f64),
    /// None can be promised: what holds is printed.
    Reported,
}

impl Bound {
    /// Standard error of a rate at the end of the bound that is nearest to the one observed.
    fn simulation_error(self, observed: f64, experiments: usize) -> f64 {
        let nearest = match self {
            Self::Between(low, high) if observed < 0.5 * (low + high) => low,
            Self::Between(_, end) | Self::AtLeast(end) | Self::AtMost(end) => end,
            Self::Reported => observed,
        };
        (nearest * (1.0 - nearest) / experiments as f64).sqrt()
    }

    /// Whether a rate is within the bound, give or take `slack`.
    fn holds(self, rate: f64, slack: f64) -> bool {
        match self {
            Self::Between(low, high) => low - slack <= rate && rate <= high + slack,
            Self::AtLeast(low) => low - slack <= rate,
            Self::AtMost(high) => rate <= high + slack,
            Self::Reported => true,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(low, high) => {
                write!(f, "{:.0} to {:.0} %", 100.0 * low, 100.0 * high)
            }
            Self::AtLeast(low) => write!(f, "at least {:.0} %", 100.0 * low),
            Self::AtMost(high) => write!(f, "at most {} %", (1000.0 * high).round() / 10.0),
            Self::Reported => f.write_str("no promise"),
        }
    }
}

/// Whether a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowVerdict {
    /// The observed rate is within the bound.
    Holds,
    /// Outside by less than four simulation errors (one row in thirty thousand): with fewer than [`EXPERIMENTS_FULL`] experiments, or
    /// at a one-sided bound, which a test of exactly that level meets half the time.
    Unclear,
    /// The bound is missed.
    Missed,
}

impl fmt::Display for RowVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::Unclear => "within simulation error",
            Self::Missed => "missed",
        })
    }
}

/// One row of the calibration table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The promise and the circumstances.
    pub what: String,
    /// How often it must be kept.
    pub bound: Bound,
    /// How often it was.
    pub observed: f64,
    /// Simulated experiments.
    pub experiments: usize,
    /// Whether it holds.
    pub verdict: RowVerdict,
}

impl Row {
    /// Standard error of `observed`.
    pub fn simulation_error(&self) -> f64 {
        (self.observed * (1.0 - self.observed) / self.experiments as f64).sqrt()
    }
}

/// From here on a two-sided bound is judged as it stands.
pub const EXPERIMENTS_FULL: usize = 10_000;

/// How far a calibration is, in experiments weighted by what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Work done, over all rows.
    pub done: usize,
    /// Work in all.
    pub total: usize,
    /// The row being simulated.
    pub what: &'a str,
}

/// One row before it is simulated.
struct Case {
    what: String,
    bound: Bound,
    /// What an experiment takes, in multiples of the cheapest.
    cost: usize,
    experiment: Box<dyn Fn(&mut Stream) -> bool + Sync>,
}

impl Case {
    fn new(
        what: impl Into<String>,
        bound: Bound,
        experiment: impl Fn(&mut Stream) -> bool + Sync + 'static,
    ) -> Self {
        Self { what: what.into(), bound, cost: 1, experiment: Box::new(experiment) }
    }
}

/// Names and bounds of all rows, without simulating.
pub fn rows() -> Vec<(String, Bound)> {
    cases().into_iter().map(|case| (case.what, case.bound)).collect()
}

fn cases() -> Vec<Case> {
    let mut scaling = scaling::cases();
    for case in &mut scaling {
        case.cost *= SCALING_COST;
    }
    [cells::cases(), scaling, comparisons::cases()].into_iter().flatten().collect()
}

/// Comparing all laws takes about as long as describing a cell so many times: rows about growth get so
/// many times fewer experiments, so that the whole table
/// stays within minutes. Each row prints its number.
const SCALING_COST: usize = 20;

/// Experiments of a row when a cheap one gets so many.
fn experiments_of(case: &Case, experiments: usize) -> usize {
    (experiments / case.cost).max(4)
}

/// Simulates every row with `experiments` experiments each, on `threads` threads.
///
/// The same `seed` and `experiments` give the same table. `progress` is called from the worker threads,
/// about a hundred times a row.
pub fn calibrate(
    experiments: usize,
    seed: u64,
    threads: usize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Vec<Row> {
    calibrate_matching("", experiments, seed, threads, progress)
}

/// The rows whose name contains `filter`, each the same as in the whole table.
pub fn calibrate_matching(
    filter: &str,
    experiments: usize,
    seed: u64,
    threads: usize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Vec<Row> {
    let matching: Vec<Case> =
        cases().into_iter().filter(|case| case.what.contains(filter)).collect();
    let of = |case: &Case| experiments_of(case, experiments);
    let total = matching.iter().map(|case| case.cost * of(case)).sum();
    let mut before = 0;
    let row = |case: &Case| {
        let reached = |done: usize| {
            progress(Progress { done: before + case.cost * done, total, what: &case.what });
        };
        let experiments = of(case);
        let kept = count(case, experiments, seed, threads, &reached);
        before += case.cost * experiments;
        judged(case, kept as f64 / experiments as f64, experiments)
    };
    matching.iter().map(row).collect()
}

/// In how many experiments the promise was kept.
fn count(
    case: &Case,
    experiments: usize,
    seed: u64,
    threads: usize,
    reached: &(dyn Fn(usize) + Sync),
) -> usize {
    let (next, kept) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let step = (experiments / 100).max(1);
    let work = || {
        let mut mine = 0;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= experiments {
                break;
            }
            mine += usize::from((case.experiment)(&mut Stream::new(seed, &case.what, index)));
            if index % step == 0 {
                reached(index);
            }
        }
        kept.fetch_add(mine, Ordering::Relaxed);
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    kept.into_inner()
}

fn judged(case: &Case, observed: f64, experiments: usize) -> Row {
    let mut row = Row {
        what: case.what.clone(),
        bound: case.bound,
        observed,
        experiments,
        verdict: RowVerdict::Missed,
    };
    let one_sided = !matches!(case.bound, Bound::Between(..));
    let lenient = one_sided || experiments < EXPERIMENTS_FULL;
    if case.bound.holds(observed, 0.0) {
        row.verdict = RowVerdict::Holds;
    } else if lenient
        && case.bound.holds(observed, 4.0 * case.bound.simulation_error(observed, experiments))
    {
        row.verdict = RowVerdict::Unclear;
    }
    row
}

#[cfg(test)]
mod tests;
