//! The runs of a campaign: complete blocks until every cell is precise enough or the most allowed are done
//! (see `stopping_rule`), then heap, timelines and repetitions. What is in `samples.csv` already is not run again.

use std::collections::{BTreeMap, HashSet};

use experiment::{Experiment, Program, Variant};
use record::{Failure, HeapRow, Journal, Kind, Outcome, Sample, Samples, TimelineRow};

use crate::inputs::{self, Document};
use crate::journals::Journals;
use crate::measure::{Bench, Place};
use crate::plan::{self, Block, Cell};
use crate::progress::Progress;
use crate::stopping_rule;

/// How many looks at memory over time are aimed at; the time between two follows from the cell's wall time.
const LOOKS: u64 = 200;

/// Shortest time between two looks, in microseconds: shorter ones would measure the looking.
const INTERVAL_US_MIN: u64 = 200;

/// What is run.
#[derive(Debug)]
pub(crate) struct Runs<'a> {
    /// What is asked, programs in their places.
    pub(crate) experiment: &'a Experiment,
    /// Every input.
    pub(crate) documents: &'a [Document],
    /// The empty input.
    pub(crate) empty: &'a Document,
}

impl Runs<'_> {
    /// Runs what the journals do not hold yet; the self-tests come first.
    pub(crate) fn run(
        &self,
        bench: &mut Bench<'_>,
        journals: &mut Journals,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let Journals { samples, heap, timeline, failures } = journals;
        bench.remember(samples.rows());
        let cells = plan::cells(self.experiment, self.documents);
        let measure = &self.experiment.measure;
        progress.expect(&cells, measure);
        for number in 0..measure.warmup + measure.runs_max {
            let wanted = stopping_rule::wanted(number, self.experiment, &cells, samples.rows());
            if wanted.is_empty() {
                break;
            }
            if number >= measure.warmup + measure.runs_min {
                let left =
                    stopping_rule::left(number, self.experiment, &cells, samples.rows(), &wanted);
                progress.forecast(&cells, &left);
            }
            let mut block = plan::block(number, self.experiment, &cells);
            block.order.retain(|index| wanted.contains(index));
            self.block(&block, &cells, bench, (samples, failures), progress)?;
        }
        if let Some(heap) = heap {
            self.heap(&cells, bench, heap, samples.rows(), progress)?;
        }
        if let Some(timeline) = timeline {
            self.timeline(&cells, bench, timeline, samples.rows(), progress)?;
        }
        self.repeat(&cells, bench, samples, progress)
    }

    fn block(
        &self,
        block: &Block,
        cells: &[Cell<'_>],
        bench: &mut Bench<'_>,
        (samples, failures): (&mut Samples, &mut Journal<Failure>),
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let done: HashSet<(String, String, u64)> = samples
            .rows()
            .iter()
            .filter(|row| row.kind == block.kind && row.block == block.number)
            .map(|row| (row.variant.clone(), row.profile.clone(), row.input_bytes))
            .collect();
        bench.check_files()?;
        for (position, index) in (0..).zip(&block.order) {
            let cell = cells[*index];
            let key = (cell.variant.name.clone(), cell.document.profile.clone());
            if done.contains(&(key.0, key.1, cell.document.size.0)) {
                progress.step(cell, None);
                continue;
            }
            let place = Place { kind: block.kind, block: block.number, position };
            let rows = if self.failed_below(cell, samples.rows()) {
                vec![not_tried(place, cell)]
            } else {
                bench.run(place, cell)?
            };
            progress.step(cell, rows.last());
            let has_failed = rows.last().is_some_and(Sample::has_failed);
            let said = bench.said().filter(|_| has_failed);
            for failure in rows.iter().filter_map(|row| Failure::of(row, said.as_deref())) {
                progress.failure(&failure);
                if !failures.rows().iter().any(|of| of.is_like(&failure)) {
                    failures.append(vec![failure])?;
                }
            }
            samples.append(rows)?;
            if has_failed && self.is_worth_a_retry(cell, cells, samples.rows()) {
                let place = Place { kind: Kind::Retry, ..place };
                let mut rows = bench.run(place, cell)?;
                rows.retain(|row| row.kind == Kind::Retry);
                samples.append(rows)?;
            }
        }
        Ok(())
    }

    /// Whether it matters if a failure repeats, and that is not known yet.
    fn is_worth_a_retry(&self, cell: Cell<'_>, cells: &[Cell<'_>], rows: &[Sample]) -> bool {
        let is_larger = |of: &&Cell<'_>| {
            of.variant == cell.variant
                && of.document.profile == cell.document.profile
                && of.document.size > cell.document.size
        };
        !self.experiment.measure.after_failure
            && cells.iter().any(|of| is_larger(&of))
            && !has_failed_twice(rows.iter().filter(|row| cell.is_of(row)))
    }

    /// Whether the variant has failed on a smaller document of the same profile, and then again: one
    /// failure may be chance.
    fn failed_below(&self, cell: Cell<'_>, rows: &[Sample]) -> bool {
        if self.experiment.measure.after_failure {
            return false;
        }
        let mut smaller: BTreeMap<u64, Vec<&Sample>> = BTreeMap::new();
        for row in rows.iter().filter(|row| {
            row.variant == cell.variant.name
                && row.profile == cell.document.profile
                && row.input_bytes < cell.document.size.0
        }) {
            smaller.entry(row.input_bytes).or_default().push(row);
        }
        smaller.into_values().any(|rows| has_failed_twice(rows.into_iter()))
    }

    /// One run per cell of the instrumented encoder, and one per variant on the empty document.
    fn heap(
        &self,
        cells: &[Cell<'_>],
        bench: &mut Bench<'_>,
        heap: &mut Journal<HeapRow>,
        samples: &[Sample],
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let on_empty = |variant| Cell { variant, document: self.empty };
        let all = self.experiment.variant.iter().map(on_empty).chain(cells.iter().copied());
        for cell in all.filter(|cell| is_ours(cell.variant)) {
            if heap.rows().iter().any(|row| row.is_of(&cell.key())) {
                continue;
            }
            progress.note("heap", cell);
            let rows = if self.failed_below(cell, samples) {
                vec![HeapRow::without(&cell.key(), Outcome::Skipped)]
            } else {
                bench.heap(cell)?
            };
            heap.append(rows)?;
        }
        Ok(())
    }

    /// One run per variant at the chosen sizes, looked at over time.
    fn timeline(
        &self,
        cells: &[Cell<'_>],
        bench: &mut Bench<'_>,
        timeline: &mut Journal<TimelineRow>,
        samples: &[Sample],
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let chosen = |cell: &&Cell<'_>| {
            self.experiment.measure.timeline.contains(&cell.document.size)
                && self.is_generated(cell)
        };
        for cell in cells.iter().filter(chosen) {
            let done = timeline.rows().iter().any(|row| row.is_of(&cell.key()));
            if done || self.failed_below(*cell, samples) {
                continue;
            }
            progress.note("timeline", *cell);
            let interval_us = interval_us(*cell, samples);
            timeline.append(bench.timeline(*cell, interval_us)?)?;
        }
        Ok(())
    }

    /// Whether the document is one of the sweep of sizes.
    fn is_generated(&self, cell: &Cell<'_>) -> bool {
        inputs::swept_names(&self.experiment.input).contains(&cell.document.profile)
    }

    /// Encodes one document again and again in one process, per variant and profile.
    fn repeat(
        &self,
        cells: &[Cell<'_>],
        bench: &mut Bench<'_>,
        samples: &mut Samples,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let Some(repeat) = self.experiment.measure.repeat else { return Ok(()) };
        let chosen = |cell: &&Cell<'_>| {
            cell.document.size == repeat.at && self.is_generated(cell) && is_ours(cell.variant)
        };
        for cell in cells.iter().filter(chosen) {
            let Some(attempt) = next_attempt(samples.rows(), *cell, repeat.count) else { continue };
            progress.note(&format!("{} repetitions", repeat.count), *cell);
            samples.append(bench.repeat(*cell, attempt, repeat.count)?)?;
        }
        Ok(())
    }
}

/// Whether the last two tries of a cell failed.
fn has_failed_twice<'a>(rows: impl Iterator<Item = &'a Sample>) -> bool {
    let tries: Vec<&Sample> = rows
        .filter(|row| matches!(row.kind, Kind::Warmup | Kind::Run | Kind::Retry))
        .filter(|row| row.outcome != Outcome::Skipped)
        .collect();
    let last = &tries[tries.len().saturating_sub(2)..];
    last.len() == 2 && last.iter().all(|row| row.has_failed())
}

/// Whether a variant is this project's encoder, which can be instrumented.
pub(crate) fn is_ours(variant: &Variant) -> bool {
    matches!(variant.program, Program::Sigma { .. })
}

/// The number of the next attempt at the repetitions of a cell, or nothing when one is complete.
///
/// A campaign that was killed while it wrote them leaves an attempt with too few rows. The rest would
/// come from another process and not continue it, so a new attempt is made and the last one counts.
fn next_attempt(rows: &[Sample], cell: Cell<'_>, count: u32) -> Option<u32> {
    let mut attempts: BTreeMap<u32, u32> = BTreeMap::new();
    for row in rows.iter().filter(|row| {
        row.kind == Kind::Repeat
            && row.variant == cell.variant.name
            && row.profile == cell.document.profile
    }) {
        if row.outcome != Outcome::Ok {
            return None;
        }
        *attempts.entry(row.block).or_default() += 1;
    }
    match attempts.last_key_value() {
        Some((_, rows)) if *rows == count => None,
        Some((last, _)) => Some(last + 1),
        None => Some(0),
    }
}

fn not_tried(place: Place, cell: Cell<'_>) -> Sample {
    Sample::skipped(
        place.kind,
        place.block,
        place.position,
        &cell.variant.name,
        &cell.document.profile,
        cell.document.size.0,
    )
}

/// The time between two looks at a cell, in microseconds, from how long its runs took.
fn interval_us(cell: Cell<'_>, rows: &[Sample]) -> u64 {
    let ok = |row: &&Sample| row.kind == Kind::Run && row.outcome == Outcome::Ok && cell.is_of(row);
    let shortest = rows.iter().filter(ok).filter_map(|row| row.wall_ns).min();
    (shortest.unwrap_or(0) / 1000 / LOOKS).max(INTERVAL_US_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::units::Bytes;

    fn repetition(attempt: u32, position: u32) -> Sample {
        Sample {
            outcome: Outcome::Ok,
            ..Sample::skipped(Kind::Repeat, attempt, position, "v", "p", 10)
        }
    }

    #[test]
    fn a_size_is_given_up_after_a_failure_that_repeats_and_not_after_one() {
        let row = |kind, outcome| Sample { outcome, ..Sample::skipped(kind, 0, 0, "v", "p", 10) };
        let failed = |kind| row(kind, Outcome::Timeout);
        let given_up = |rows: &[Sample]| has_failed_twice(rows.iter());
        assert!(!given_up(&[]));
        assert!(!given_up(&[failed(Kind::Warmup)]));
        assert!(given_up(&[failed(Kind::Warmup), failed(Kind::Retry)]));
        assert!(!given_up(&[failed(Kind::Warmup), row(Kind::Retry, Outcome::Ok)]));
        assert!(!given_up(&[failed(Kind::Warmup), failed(Kind::Void), failed(Kind::Decode)]));
        assert!(given_up(&[row(Kind::Run, Outcome::Ok), failed(Kind::Run), failed(Kind::Retry)]));
    }

    #[test]
    fn repetitions_that_were_cut_short_are_made_again_as_a_new_attempt() {
        let variant = Variant::idle("v");
        let document = Document::unwritten("p", Bytes(10));
        let cell = Cell { variant: &variant, document: &document };
        let mut rows = vec![repetition(0, 0), repetition(0, 1)];
        assert_eq!(next_attempt(&[], cell, 2), Some(0));
        assert_eq!(next_attempt(&rows, cell, 2), None);
        assert_eq!(next_attempt(&rows, cell, 3), Some(1));
        rows.extend([repetition(1, 0), repetition(1, 1), repetition(1, 2)]);
        assert_eq!(next_attempt(&rows, cell, 3), None);
    }
}
