//! Which cells a block still has to run. The first `runs.min` measured blocks, the pilot, hold every
//! cell. After that a block leaves out what more runs would not tell more about:
//!
//! - a cell that is *deterministic*, the same value of every fitted metric in each run so far, at once;
//!   This holds from the third run on, in the pilot too;
//! - a cell that is *precise*, its means known to the declared precision, once every cell of its
//!   document is precise or deterministic. Until then it stays, so that variants are compared within
//!   blocks.
//!
//! A size that was chosen while measuring is run once where a variant is *steady*: the same in each of
//! three runs of at least two sizes of the profile, and never different. Time goes to sizes.
//!
//! Only the width of intervals is looked at, never whether variants differ: stopping on significance
//! would find differences that are not there.

use std::collections::{BTreeMap, HashSet};

use experiment::Experiment;
use experiment::{DETERMINISTIC_RUNS_MIN, STEADY_SIZES_MIN};
use record::metric::Metric;
use record::{Kind, Outcome, Sample};

use crate::inputs;
use crate::plan::Cell;

/// What more runs would tell of a cell. Ordered: the worst metric stands for the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Deterministic,
    Precise,
    Open,
}

/// The indices of the cells that block `number` runs. A function of the complete blocks before it
/// alone, so that a continued campaign decides as one that was never stopped.
pub(crate) fn wanted(
    number: u32,
    experiment: &Experiment,
    cells: &[Cell<'_>],
    rows: &[Sample],
) -> HashSet<usize> {
    let measure = &experiment.measure;
    let once = |cell: &Cell<'_>| {
        is_added(cell, experiment)
            && is_steady(&cell.variant.name, &cell.document.profile, experiment, rows)
    };
    let in_pilot = |index: &usize| {
        let cell = &cells[*index];
        if number <= measure.warmup {
            return number == measure.warmup || !is_added(cell, experiment);
        }
        let enough = measure.runs_min.min(DETERMINISTIC_RUNS_MIN as u32);
        let known =
            number >= measure.warmup + enough && is_deterministic(*cell, experiment, number, rows);
        !known && !once(cell)
    };
    if number < measure.warmup + measure.runs_min {
        return (0..cells.len()).filter(in_pilot).collect();
    }
    let Some(precision) = measure.precision else { return HashSet::new() };
    let state = |cell: &Cell<'_>| {
        if once(cell) {
            return State::Deterministic;
        }
        let metrics = experiment.fit.metrics.iter();
        let states =
            metrics.map(|metric| state(&values(*cell, *metric, number, rows), precision.0));
        states.max().unwrap_or(State::Deterministic)
    };
    let states: Vec<State> = cells.iter().map(state).collect();
    let open = |cell: &Cell<'_>| {
        let of_document = cells.iter().zip(&states).filter(|(of, _)| of.document == cell.document);
        of_document.into_iter().any(|(_, state)| *state == State::Open)
    };
    let stays = |index: &usize| match states[*index] {
        State::Open => true,
        State::Precise => open(&cells[*index]),
        State::Deterministic => false,
    };
    (0..cells.len()).filter(stays).collect()
}

/// How many runs a cell that goes on is likely to need yet, and how many it may have at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) index: usize,
    pub(crate) expected: u32,
    pub(crate) most: u32,
}

/// What is left from block `number` on of the cells that it runs: an interval narrows with the square
/// root of the number of runs, if their spread stays what it is.
pub(crate) fn left(
    number: u32,
    experiment: &Experiment,
    cells: &[Cell<'_>],
    rows: &[Sample],
    wanted: &HashSet<usize>,
) -> Vec<Left> {
    let measure = &experiment.measure;
    let most = (measure.warmup + measure.runs_max).saturating_sub(number).max(1);
    let precision = measure.precision.map_or(1.0, |precision| precision.0);
    let needed = |metric: &Metric, cell: Cell<'_>| {
        let values = values(cell, *metric, number, rows);
        more_runs(values.len(), half_width_relative(&values) / precision)
    };
    let of_cell = |index: &usize| {
        let metrics = experiment.fit.metrics.iter();
        let expected = metrics.map(|metric| needed(metric, cells[*index])).max().unwrap_or(1);
        Left { index: *index, expected: expected.clamp(1, most), most }
    };
    wanted.iter().map(of_cell).collect()
}

/// Runs beyond `runs` until an interval that is `wide` times too wide is not.
fn more_runs(runs: usize, wide: f64) -> u32 {
    let all = runs as f64 * wide * wide;
    if all.is_nan() { 1 } else { (all.ceil() - runs as f64).clamp(1.0, f64::from(u32::MAX)) as u32 }
}

/// Whether a cell is of a size that was chosen while measuring.
fn is_added(cell: &Cell<'_>, experiment: &Experiment) -> bool {
    let input = &experiment.input;
    input.auto.is_some()
        && !input.sizes.contains(&cell.document.size)
        && inputs::swept_names(input).contains(&cell.document.profile)
}

/// Whether every fitted metric was the same in each run before block `number`, three of them at least.
fn is_deterministic(cell: Cell<'_>, experiment: &Experiment, number: u32, rows: &[Sample]) -> bool {
    let mut metrics = experiment.fit.metrics.iter();
    metrics.all(|metric| {
        // Without a precision to reach, only what is the same needs no more runs.
        state(&values(cell, *metric, number, rows), 0.0) == State::Deterministic
    })
}

/// Whether every fitted metric of a variant is the same in all runs of each size of a profile, and three
/// times so at two sizes or more.
pub(crate) fn is_steady(
    variant: &str,
    profile: &str,
    experiment: &Experiment,
    rows: &[Sample],
) -> bool {
    let mut sizes: BTreeMap<u64, Vec<&Sample>> = BTreeMap::new();
    let ok = |row: &&Sample| {
        row.kind == Kind::Run
            && row.outcome == Outcome::Ok
            && row.variant == variant
            && row.profile == profile
    };
    for row in rows.iter().filter(ok) {
        sizes.entry(row.input_bytes).or_default().push(row);
    }
    #[allow(clippy::float_cmp)] // the same value, to the last bit
    let alike = |rows: &Vec<&Sample>| {
        let metrics = experiment.fit.metrics.iter();
        let mut values = metrics.map(|metric| rows.iter().map(|row| row.value(*metric)));
        values.all(|mut of| of.next().is_none_or(|first| of.all(|value| value == first)))
    };
    let repeated = sizes.values().filter(|rows| rows.len() >= DETERMINISTIC_RUNS_MIN).count();
    repeated >= STEADY_SIZES_MIN && sizes.values().all(alike)
}

/// What successful runs of a cell measured before block `number`.
fn values(cell: Cell<'_>, metric: Metric, number: u32, rows: &[Sample]) -> Vec<f64> {
    rows.iter()
        .filter(|row| row.kind == Kind::Run && row.outcome == Outcome::Ok && row.block < number)
        .filter(|row| cell.is_of(row))
        .filter_map(|row| row.value(metric))
        .collect()
}

/// Without any value (every run failed, or the metric is not one of runs) there is nothing to learn.
fn state(values: &[f64], precision: f64) -> State {
    if values.is_empty() {
        return State::Deterministic;
    }
    #[allow(clippy::float_cmp)] // the same value, to the last bit
    let identical = values.iter().all(|value| *value == values[0]);
    if identical && values.len() >= DETERMINISTIC_RUNS_MIN {
        State::Deterministic
    } else if half_width_relative(values) <= precision {
        State::Precise
    } else {
        State::Open
    }
}

/// The half-width of the 95 % interval of the mean over the mean; infinite for a single value.
fn half_width_relative(values: &[f64]) -> f64 {
    let Ok(described) = stats::describe(values) else { return f64::INFINITY };
    let interval = described.mean_ci95;
    interval.map_or(f64::INFINITY, |interval| interval.half_width() / described.mean.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::Document;
    use record::units::Bytes;

    const TOML: &str = r#"
title = "t"
question = "q"
[input]
profiles = ["wide"]
sizes = ["10 B", "20 B"]
[measure]
warmup = 1
runs = { min = 3, max = 9, precision = "1 %" }
[[variant]]
name = "a"
command = ["cat"]
[[variant]]
name = "b"
command = ["cat"]
"#;

    fn experiment() -> Experiment {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.toml");
        std::fs::write(&path, TOML).unwrap();
        Experiment::load(folder.path(), &path).unwrap()
    }

    fn documents() -> [Document; 2] {
        [10, 20].map(|size| Document::unwritten("wide", Bytes(size)))
    }

    fn rows(variant: &str, size: u64, peaks: &[u64]) -> Vec<Sample> {
        let row = |(block, peak): (u32, &u64)| Sample {
            outcome: Outcome::Ok,
            peak_rss_bytes: Some(*peak),
            ..Sample::skipped(Kind::Run, block, 0, variant, "wide", size)
        };
        (1..).zip(peaks).map(row).collect()
    }

    /// Which cells block 4, the first after the pilot, runs: `a10`, `b10`, `a20`, `b20`.
    fn wanted_after(rows: &[Sample]) -> Vec<usize> {
        let (experiment, documents) = (experiment(), documents());
        let cells = crate::plan::cells(&experiment, &documents);
        let mut wanted: Vec<usize> = wanted(4, &experiment, &cells, rows).into_iter().collect();
        wanted.sort_unstable();
        wanted
    }

    #[test]
    fn what_is_left_follows_from_how_wide_intervals_are() {
        assert_eq!(more_runs(4, 2.0), 12, "half as wide by four times as many");
        assert_eq!(more_runs(4, 0.5), 1);
        assert_eq!(more_runs(1, f64::INFINITY), u32::MAX);
        let (experiment, documents) = (experiment(), documents());
        let cells = crate::plan::cells(&experiment, &documents);
        let rows = rows("a", 10, &[100, 150, 200]);
        let left = left(4, &experiment, &cells, &rows, &HashSet::from([0]));
        assert_eq!(left, [Left { index: 0, expected: 6, most: 6 }], "never more than are allowed");
    }

    #[test]
    fn the_pilot_holds_every_cell() {
        let (experiment, documents) = (experiment(), documents());
        let cells = crate::plan::cells(&experiment, &documents);
        assert_eq!(wanted(3, &experiment, &cells, &[]).len(), 4);
    }

    /// A size that was chosen on the way, `30 B`, of which `a` has one run.
    fn added(rows: &[Sample]) -> bool {
        let mut experiment = experiment();
        experiment.input.auto = Some(experiment::Auto {
            from: Bytes(10),
            to: Bytes(40),
            budget: record::units::Nanos(1),
        });
        let documents =
            [10, 20, 30].map(|size| Document { size: Bytes(size), ..documents()[0].clone() });
        let cells = crate::plan::cells(&experiment, &documents);
        assert!(!wanted(0, &experiment, &cells, rows).contains(&4), "no warm-up");
        assert!(wanted(1, &experiment, &cells, rows).contains(&4), "one run at least");
        wanted(2, &experiment, &cells, rows).contains(&4)
    }

    #[test]
    fn a_size_chosen_on_the_way_is_run_once_where_the_variant_is_steady() {
        let twice = [rows("a", 10, &[100; 3]), rows("a", 20, &[200; 3]), rows("a", 30, &[300])];
        assert!(!added(&twice.concat()));
        let once = [rows("a", 10, &[100; 3]), rows("a", 30, &[300])];
        assert!(added(&once.concat()), "one size is no evidence about others");
        let noisy =
            [rows("a", 10, &[100; 3]), rows("a", 20, &[200; 3]), rows("a", 30, &[300, 301])];
        assert!(added(&noisy.concat()), "a variant that was seen to differ is repeated");
    }

    #[test]
    fn what_was_the_same_three_times_leaves_a_longer_pilot_too() {
        let mut experiment = experiment();
        experiment.measure.runs_min = 6;
        let documents = documents();
        let cells = crate::plan::cells(&experiment, &documents);
        let all = [
            rows("a", 10, &[7; 3]),
            rows("b", 10, &[7, 7, 8]),
            rows("a", 20, &[7; 3]),
            rows("b", 20, &[9; 3]),
        ];
        let mut open: Vec<usize> =
            wanted(4, &experiment, &cells, &all.concat()).into_iter().collect();
        open.sort_unstable();
        assert_eq!(open, [1]);
    }

    #[test]
    fn deterministic_cells_are_not_repeated_and_noisy_ones_are() {
        let rows = [
            rows("a", 10, &[100, 100, 100]),
            rows("b", 10, &[100, 150, 200]),
            rows("a", 20, &[7, 7, 7]),
            rows("b", 20, &[9, 9, 9]),
        ];
        assert_eq!(wanted_after(&rows.concat()), [1]);
    }

    #[test]
    fn a_precise_cell_stays_with_its_noisy_sibling_so_that_blocks_pair_them() {
        let precise = [1000, 1001, 1000];
        let rows = [
            rows("a", 10, &precise),
            rows("b", 10, &[100, 150, 200]),
            rows("a", 20, &precise),
            rows("b", 20, &precise),
        ];
        assert_eq!(wanted_after(&rows.concat()), [0, 1]);
    }

    #[test]
    fn what_differs_significantly_is_repeated_all_the_same_while_imprecise() {
        let rows = [rows("a", 10, &[100, 110, 120]), rows("b", 10, &[1000, 1100, 1200])];
        assert_eq!(wanted_after(&rows.concat()), [0, 1]);
    }

    #[test]
    fn blocks_that_are_not_complete_yet_do_not_decide() {
        let mut all = rows("a", 10, &[100, 100, 100, 999]);
        all.extend(rows("b", 10, &[5, 5, 5]));
        assert_eq!(wanted_after(&all), [0; 0]);
    }

    #[test]
    fn a_cell_that_always_fails_is_settled() {
        let failed = |block| Sample {
            outcome: Outcome::Timeout,
            ..Sample::skipped(Kind::Run, block, 0, "a", "wide", 10)
        };
        assert_eq!(wanted_after(&[failed(1), failed(2), failed(3)]), [0; 0]);
    }
}
