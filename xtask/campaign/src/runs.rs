//! All samples of one `run`: proofs, then complete blocks until every cell is precise enough or the
//! most allowed are done (see `settled`), then repetitions. What is in `samples.csv` already is not run again.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, bail};

use experiment::error::user;
use experiment::{Experiment, Program, Variant};
use record::proof::{self, EMPTY, PROOF_NOTHING, PROOF_SPIKE, PROOF_STEP, PROOF_TOUCH};
use record::units::{self, Bytes};
use record::{
    ChosenSize, Failure, Folder, HeapRow, Journal, Kind, Machine, Machines, Outcome, Sample,
    Samples, TimelineRow,
};

use crate::errln;
use crate::inputs::{self, Document};
use crate::measure::{Bench, Place};
use crate::plan::{self, Block, Cell};
use crate::progress::Progress;
use crate::ready::refuse;
use crate::stopping_rule;
use crate::workspace::Workspace;

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

/// A campaign that runs; see [`crate::Campaign::start`].
#[derive(Debug)]
pub struct Running<'a> {
    pub(crate) places: (&'a Workspace, &'a Path),
    /// Where it is recorded until it is complete.
    pub(crate) folder: Folder,
    pub(crate) experiment: &'a Experiment,
    pub(crate) documents: &'a mut Vec<Document>,
    pub(crate) empty: &'a Document,
    pub(crate) journals: &'a mut Journals,
    pub(crate) machines: &'a mut Machines,
    pub(crate) bench: Bench<'a>,
    pub(crate) progress: Progress,
}

/// One run beside the blocks, of a size that the sweep need not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneRun {
    /// What it is for.
    pub kind: Kind,
    /// Tells runs of one kind apart.
    pub number: u32,
    /// The variant's name.
    pub variant: String,
    /// The profile's name.
    pub profile: String,
    /// The size of its input.
    pub size: Bytes,
    /// The limit that it runs under, instead of the experiment's.
    pub memory_limit: Option<Bytes>,
}

impl Running<'_> {
    /// Where the campaign is recorded so far.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What was measured so far.
    pub fn samples(&self) -> &[Sample] {
        self.journals.samples.rows()
    }

    /// Runs what is missing, until the stopping rule asks for no more.
    pub fn measure(&mut self) -> anyhow::Result<()> {
        let Self { experiment, documents, empty, journals, bench, progress, .. } = self;
        let measured = Runs { experiment, documents, empty }.run(bench, journals, progress);
        refuse(&self.bench, self.machines, &self.folder)?;
        measured
    }

    /// Records sizes that were chosen of the samples, before any of them is measured, and makes their documents;
    /// whether there are any.
    pub fn add(&mut self, choices: Vec<ChosenSize>) -> anyhow::Result<bool> {
        if choices.is_empty() {
            return Ok(false);
        }
        let mut lock = self.folder.read_lock::<Experiment>()?.context("the lock was written")?;
        let mut more = Vec::new();
        for ChosenSize { profile, size, because } in &choices {
            let Some(size) = size else {
                errln!("{profile}: no more sizes ({because})");
                continue;
            };
            errln!("{profile}: {size} next ({because})");
            more.push(inputs::at_size(&self.experiment.input, profile, *size, self.places)?);
        }
        lock.document.extend(more.iter().map(Document::locked));
        lock.chosen.extend(choices);
        self.folder.write_lock(&lock)?;
        self.bench.watch(&more)?;
        let are_any = !more.is_empty();
        self.documents.extend(more);
        Ok(are_any)
    }

    /// Makes each of these runs that is not recorded yet, and appends its row.
    pub fn run_once(&mut self, wanted: &[OneRun]) -> anyhow::Result<()> {
        self.progress.finish();
        for one in wanted {
            let is_of = |row: &Sample| {
                row.kind == one.kind
                    && row.block == one.number
                    && row.variant == one.variant
                    && row.profile == one.profile
            };
            let variant = self.experiment.variant.iter().find(|of| of.name == one.variant);
            let (Some(variant), false) = (variant, self.samples().iter().any(is_of)) else {
                continue;
            };
            let OneRun { variant: name, profile, size, memory_limit, .. } = one;
            match memory_limit {
                Some(limit) => {
                    errln!("checking that {name} on {profile} of {size} stays within {limit}");
                }
                None => errln!("looking up what {name} takes on {profile} of {size}"),
            }
            let document = inputs::at_size(&self.experiment.input, profile, *size, self.places)?;
            self.bench.watch(std::slice::from_ref(&document))?;
            self.bench.memory_limit = memory_limit.or(self.experiment.measure.memory_limit);
            let place = Place { kind: one.kind, block: one.number, position: 0 };
            let rows = self.bench.run(place, Cell { variant, document: &document })?;
            // Taking the output back is part of the outcome; a row of its own would be a cell's.
            let own = rows.into_iter().filter(|row| row.kind == one.kind).collect();
            self.journals.samples.append(own)?;
        }
        Ok(())
    }
}

/// The files of a campaign that grow while it runs.
#[derive(Debug)]
pub(crate) struct Journals {
    /// `samples.csv`.
    pub(crate) samples: Samples,
    /// `heap.csv`, where it is asked for.
    pub(crate) heap: Option<Journal<HeapRow>>,
    /// `timeline.csv`, where it is asked for.
    pub(crate) timeline: Option<Journal<TimelineRow>>,
    /// `failures.csv`.
    pub(crate) failures: Journal<Failure>,
}

impl Journals {
    /// Opens or creates those that the experiment asks for.
    pub(crate) fn open(folder: &Folder, experiment: &Experiment) -> anyhow::Result<Self> {
        let measure = &experiment.measure;
        let heap = measure.heap.then(|| Journal::open(&folder.heap()));
        let timeline = !measure.timeline.is_empty();
        let timeline = timeline.then(|| Journal::open(&folder.timeline()));
        Ok(Self {
            samples: Samples::with(&folder.samples(), experiment.own_metrics())?,
            failures: Journal::open(&folder.failures())?,
            heap: heap.transpose()?,
            timeline: timeline.transpose()?,
        })
    }

    /// Fails where the samples cannot be what a campaign wrote: a run twice, or a run that ended well
    /// without its peak. Continuing would make a report of it.
    pub(crate) fn check(&self, folder: &Folder) -> anyhow::Result<()> {
        let mut seen = HashSet::new();
        let counted = |row: &&Sample| matches!(row.kind, Kind::Warmup | Kind::Run);
        for row in self.samples.rows().iter().filter(counted) {
            let Sample { kind, block, variant, profile, input_bytes, .. } = row;
            let is_new = seen.insert((kind, block, variant, profile, input_bytes));
            let wrong = match is_new {
                false => "stands there twice",
                true if row.outcome == Outcome::Ok && row.peak_rss_bytes.is_none() => {
                    "ended well and has no peak"
                }
                true => continue,
            };
            return user(format!(
                "{}: the run of `{variant}` on {profile} of {input_bytes} B in block {block} {wrong}; no \
                 campaign writes that: take back what was changed, or measure anew with `--restart`",
                folder.samples().display()
            ));
        }
        Ok(())
    }

    /// Bytes of torn ends that were dropped on opening.
    pub(crate) fn torn_bytes(&self) -> u64 {
        self.samples.torn_bytes
            + self.heap.as_ref().map_or(0, |of| of.torn_bytes)
            + self.timeline.as_ref().map_or(0, |of| of.torn_bytes)
    }
}

const TOUCH: Bytes = Bytes(64 << 20);
/// What a proof may be off where the child stays on one CPU: 64 KiB plus 0.2 % of what is known.
const PROOF_TOLERANCE: f64 = 64.0 * 1024.0 + 0.002 * TOUCH.0 as f64;

impl Runs<'_> {
    /// Runs what the journals do not hold yet; [`Runs::self_test`] comes first.
    fn run(
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

    /// The floor of an empty child, the error on a known allocation, the encoder's own floor on the
    /// empty document. A proof that fails stops the campaign; continuing it makes the proof again.
    pub(crate) fn self_test(
        &self,
        bench: &mut Bench<'_>,
        samples: &mut Samples,
    ) -> anyhow::Result<()> {
        if check_probe(samples.rows(), self.proof_tolerance(bench)).is_err() {
            let attempt = next_proof(samples.rows(), "probe");
            let mut rows = vec![
                bench.proof(PROOF_NOTHING, None, attempt)?,
                bench.proof(PROOF_TOUCH, Some(TOUCH.0), attempt)?,
            ];
            for name in [PROOF_STEP, PROOF_SPIKE] {
                for touched in proof::amounts() {
                    rows.push(bench.proof(name, Some(touched.0), attempt)?);
                }
            }
            samples.append(rows)?;
        }
        // Only now it is known what the machine refuses.
        check_probe(samples.rows(), self.proof_tolerance(bench))?;
        for variant in &self.experiment.variant {
            self.prove_empty(variant, bench, samples)?;
        }
        Ok(())
    }

    /// What a proof may be off: more where the child moves between CPUs.
    fn proof_tolerance(&self, bench: &Bench<'_>) -> f64 {
        if self.experiment.measure.is_pinned(&bench.refused) {
            return PROOF_TOLERANCE;
        }
        PROOF_TOLERANCE + proof::uncounted(false, Machine::now().cpu_count).0 as f64
    }

    /// The variant on the empty document. This project's encoder must take it; another command may
    /// refuse it, which is recorded, and its growth is then fitted without that anchor.
    fn prove_empty(
        &self,
        variant: &Variant,
        bench: &mut Bench<'_>,
        samples: &mut Samples,
    ) -> anyhow::Result<()> {
        let of_variant = |row: &&Sample| {
            row.kind == Kind::Proof && row.profile == EMPTY && row.variant == variant.name
        };
        let is_ours = is_ours(variant);
        let last = samples.rows().iter().rfind(of_variant);
        let is_limited =
            |row: &Sample| matches!(row.outcome, Outcome::Timeout | Outcome::MemoryLimit);
        if last.is_some_and(|row| row.outcome == Outcome::Ok || is_limited(row) || !is_ours) {
            return Ok(());
        }
        let block = last.map_or(0, |row| row.block + 1);
        let place = Place { kind: Kind::Proof, block, position: 0 };
        let rows = bench.run(place, Cell { variant, document: self.empty })?;
        let outcome = rows.last().map_or(Outcome::NotStarted, |row| row.outcome);
        samples.append(rows)?;
        // A limit of the experiment that stops it is an outcome like any other.
        if is_ours && outcome != Outcome::Ok && !samples.rows().last().is_some_and(is_limited) {
            bail!(
                "the encoder cannot be measured: `{}` on the empty document: {outcome} ({}); nothing \
                 was measured",
                variant.name,
                bench.said().unwrap_or_else(|| "no message".to_owned())
            );
        }
        Ok(())
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
fn is_ours(variant: &Variant) -> bool {
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

/// The number of the next attempt at the proofs of `profile`.
fn next_proof(rows: &[Sample], profile: &str) -> u32 {
    let proofs = rows.iter().filter(|row| row.kind == Kind::Proof && row.profile == profile);
    proofs.map(|row| row.block + 1).max().unwrap_or(0)
}

/// Compares the child of known size with the empty child: they may be `tolerance` bytes off.
fn check_probe(rows: &[Sample], tolerance: f64) -> anyhow::Result<()> {
    let peak = |name| {
        let row = rows.iter().rfind(|row| row.kind == Kind::Proof && row.variant == name);
        row.filter(|row| row.outcome == Outcome::Ok).and_then(|row| row.peak_rss_bytes)
    };
    let (Some(floor), Some(touched)) = (peak(PROOF_NOTHING), peak(PROOF_TOUCH)) else {
        bail!(
            "the probe could not measure itself, so nothing was measured; the rows of kind `proof` in \
             samples.csv say how it ended"
        );
    };
    let error = touched as f64 - floor as f64 - TOUCH.0 as f64;
    if error.abs() > tolerance {
        bail!(
            "the probe is off by {} on a child that touches {TOUCH}; at most {} is accepted, so \
             nothing was measured",
            units::bytes(error),
            units::bytes(tolerance)
        );
    }
    Ok(())
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

    fn proofs(attempt: u32, floor: u64, touched: Option<u64>) -> [Sample; 2] {
        let row = |name, peak: Option<u64>| Sample {
            outcome: if peak.is_some() { Outcome::Ok } else { Outcome::Signaled },
            peak_rss_bytes: peak,
            ..Sample::skipped(Kind::Proof, attempt, 0, name, "probe", 0)
        };
        [row(PROOF_NOTHING, Some(floor)), row(PROOF_TOUCH, touched)]
    }

    const FLOOR: u64 = 1_000_000;

    #[test]
    fn a_probe_within_its_tolerance_is_believed() {
        let tolerance = PROOF_TOLERANCE as u64;
        for off in [0, tolerance] {
            check_probe(&proofs(0, FLOOR, Some(FLOOR + TOUCH.0 + off)), PROOF_TOLERANCE).unwrap();
            check_probe(&proofs(0, FLOOR, Some(FLOOR + TOUCH.0 - off)), PROOF_TOLERANCE).unwrap();
        }
    }

    #[test]
    fn a_probe_that_is_off_stops_the_campaign_with_the_figures() {
        let error =
            check_probe(&proofs(0, FLOOR, Some(FLOOR + TOUCH.0 + 1_000_000)), PROOF_TOLERANCE)
                .unwrap_err();
        let error = error.to_string();
        assert!(error.contains("is off by 1"), "{error}");
        assert!(error.contains("nothing was measured"), "{error}");
    }

    #[test]
    fn a_proof_that_is_missing_or_died_is_no_proof() {
        assert!(check_probe(&[], PROOF_TOLERANCE).is_err());
        assert!(check_probe(&proofs(0, FLOOR, None), PROOF_TOLERANCE).is_err());
    }

    #[test]
    fn the_last_attempt_at_a_proof_counts() {
        let bad = proofs(0, FLOOR, Some(FLOOR));
        assert_eq!(next_proof(&bad, "probe"), 1);
        let rows = [bad, proofs(1, FLOOR, Some(FLOOR + TOUCH.0))].concat();
        check_probe(&rows, PROOF_TOLERANCE).unwrap();
    }

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
