//! All samples of one `run`: proofs, then complete blocks until every cell is precise enough or the
//! most allowed are done, then repetitions. What is in `samples.csv` already is not run again.

use std::collections::{BTreeMap, HashSet};

use anyhow::bail;

use crate::experiment::{Experiment, Program, Variant};
use crate::inputs::{self, Document};
use crate::measure::{Bench, Place};
use crate::plan::{self, Cell};
use crate::progress::Progress;
use crate::record::{Kind, Outcome, Sample, Samples};
use crate::units::Bytes;

/// What is measured, with everything made ready.
#[derive(Debug)]
pub(crate) struct Campaign<'a> {
    pub(crate) experiment: &'a Experiment,
    pub(crate) documents: &'a [Document],
    pub(crate) empty: &'a Document,
}

/// The three proofs by name; `touch` allocates this much.
pub(crate) const PROOF_NOTHING: &str = "probe-nothing";
pub(crate) const PROOF_TOUCH: &str = "probe-touch";
const TOUCH: Bytes = Bytes(64 << 20);
/// What a proof may be off: 64 KiB plus 0.2 % of what is known.
const PROOF_TOLERANCE: f64 = 64.0 * 1024.0 + 0.002 * TOUCH.0 as f64;

impl Campaign<'_> {
    /// Runs what `samples` does not hold yet.
    pub(crate) fn run(
        &self,
        bench: &mut Bench<'_>,
        samples: &mut Samples,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        self.prove(bench, samples)?;
        let cells = plan::cells(self.experiment, self.documents);
        let measure = &self.experiment.measure;
        progress.expect(&cells, measure);
        for number in 0..measure.warmup + measure.runs_max {
            if number >= measure.warmup + measure.runs_min && self.precise(samples.rows()) {
                break;
            }
            self.block(number, &cells, bench, samples, progress)?;
        }
        self.repeat(&cells, bench, samples, progress)
    }

    /// The floor of an empty child, the error on a known allocation, the encoder's own floor on the
    /// empty document. A proof that fails stops the campaign.
    fn prove(&self, bench: &mut Bench<'_>, samples: &mut Samples) -> anyhow::Result<()> {
        let done: HashSet<String> = samples
            .rows()
            .iter()
            .filter(|row| row.kind == Kind::Proof)
            .map(|row| row.variant.clone())
            .collect();
        for (name, touch) in [(PROOF_NOTHING, None), (PROOF_TOUCH, Some(TOUCH.0))] {
            if !done.contains(name) {
                samples.append(vec![bench.proof(name, touch)?])?;
            }
        }
        check_probe(samples.rows())?;
        for variant in &self.experiment.variant {
            if !done.contains(&variant.name) {
                let place = Place { kind: Kind::Proof, block: 0, position: 0 };
                let cell = Cell { variant, document: self.empty };
                samples.append(bench.run(place, cell)?)?;
            }
        }
        Ok(())
    }

    fn block(
        &self,
        number: u32,
        cells: &[Cell<'_>],
        bench: &mut Bench<'_>,
        samples: &mut Samples,
        progress: &mut Progress,
    ) -> anyhow::Result<()> {
        let block = plan::block(number, self.experiment, cells);
        let done: HashSet<(String, String, u64)> = samples
            .rows()
            .iter()
            .filter(|row| row.kind == block.kind && row.block == number)
            .map(|row| (row.variant.clone(), row.profile.clone(), row.input_bytes))
            .collect();
        for (position, index) in (0..).zip(&block.order) {
            let cell = cells[*index];
            let key = (cell.variant.name.clone(), cell.document.profile.clone());
            if done.contains(&(key.0, key.1, cell.document.size.0)) {
                progress.step(cell, None);
                continue;
            }
            let place = Place { kind: block.kind, block: number, position };
            let rows = match self.failed_below(cell, samples.rows()) {
                true => vec![not_tried(place, cell)],
                false => bench.run(place, cell)?,
            };
            progress.step(cell, rows.last());
            for row in rows.iter().filter(|row| row.has_failed()) {
                progress.failure(row, bench.said());
            }
            samples.append(rows)?;
        }
        Ok(())
    }

    /// Whether the variant has failed on a smaller document of the same profile.
    fn failed_below(&self, cell: Cell<'_>, rows: &[Sample]) -> bool {
        !self.experiment.measure.after_failure
            && rows.iter().any(|row| {
                row.variant == cell.variant.name
                    && row.profile == cell.document.profile
                    && row.input_bytes < cell.document.size.0
                    && matches!(row.kind, Kind::Warmup | Kind::Run)
                    && row.has_failed()
            })
    }

    /// Whether the leading metric's mean is known to the declared precision in every cell.
    fn precise(&self, rows: &[Sample]) -> bool {
        let Some(precision) = self.experiment.measure.precision else { return true };
        self.experiment.fit.metrics.iter().all(|metric| {
            let mut cells: BTreeMap<(&str, &str, u64), Vec<f64>> = BTreeMap::new();
            for row in rows.iter().filter(|r| r.kind == Kind::Run && r.outcome == Outcome::Ok) {
                let Some(value) = row.value(*metric) else { continue };
                let key = (row.variant.as_str(), row.profile.as_str(), row.input_bytes);
                cells.entry(key).or_default().push(value);
            }
            cells.values().all(|values| half_width_relative(values) <= precision.0)
        })
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
        let repeats = |variant: &Variant| matches!(variant.program, Program::Sigma { .. });
        let generated = |cell: &&Cell<'_>| {
            cell.document.size == repeat.at
                && inputs::swept_names(&self.experiment.input).contains(&cell.document.profile)
        };
        for cell in cells.iter().filter(generated).filter(|cell| repeats(cell.variant)) {
            let Some(attempt) = next_attempt(samples.rows(), *cell, repeat.count) else { continue };
            progress.note(&format!("{} repetitions", repeat.count), *cell);
            samples.append(bench.repeat(*cell, attempt, repeat.count)?)?;
        }
        Ok(())
    }
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

/// The half-width of the 95 % interval of the mean over the mean; infinite for a single value.
fn half_width_relative(values: &[f64]) -> f64 {
    let Ok(described) = stats::describe(values) else { return f64::INFINITY };
    let interval = described.mean_ci95;
    interval.map_or(f64::INFINITY, |interval| interval.half_width() / described.mean.abs())
}

/// Compares the child of known size with the empty child.
fn check_probe(rows: &[Sample]) -> anyhow::Result<()> {
    let peak = |name| {
        let row = rows.iter().find(|row| row.kind == Kind::Proof && row.variant == name);
        row.filter(|row| row.outcome == Outcome::Ok).and_then(|row| row.peak_rss_bytes)
    };
    let (Some(floor), Some(touched)) = (peak(PROOF_NOTHING), peak(PROOF_TOUCH)) else {
        bail!("the probe could not measure itself; see the rows of kind `proof` in samples.csv");
    };
    let error = touched as f64 - floor as f64 - TOUCH.0 as f64;
    if error.abs() > PROOF_TOLERANCE {
        bail!(
            "the probe is off by {} on a child that touches {TOUCH}; at most {} is accepted, so \
             nothing was measured",
            crate::units::bytes(error),
            crate::units::bytes(PROOF_TOLERANCE)
        );
    }
    Ok(())
}
