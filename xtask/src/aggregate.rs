//! Stage 6: samples become groups. The one home of `polars`; no type of it leaves this module.
//!
//! A group is what was measured of one kind at one cell: how its runs ended, and the values of each
//! metric in the order in which they were measured, with the blocks they belong to. The file is read
//! in pieces, so that its text never stands in memory as a whole.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use polars::prelude::*;

use crate::metric::{self, Metric};
use crate::record::{Kind, Outcome};
use crate::units::Bytes;

/// All samples of one kind at one variant and document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) kind: Kind,
    /// Number of the attempt for repetitions, of the budget for its check, 0 for all else.
    pub(crate) attempt: u32,
    pub(crate) variant: String,
    pub(crate) profile: String,
    pub(crate) size: Bytes,
    /// How often each outcome came.
    pub(crate) outcomes: Vec<(Outcome, u32)>,
    /// Values of the successful runs; metrics without any are left out.
    pub(crate) values: Vec<(Metric, Values)>,
    /// How many different outputs the successful runs gave.
    pub(crate) distinct_outputs: u32,
}

/// The values of one metric in the order of measuring, each with the block it was measured in.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Values {
    pub(crate) blocks: Arc<Vec<u32>>,
    pub(crate) values: Vec<f64>,
}

impl Values {
    /// One value that no block made.
    pub(crate) fn alone(value: f64) -> Self {
        Self { blocks: Arc::new(vec![0]), values: vec![value] }
    }

    /// Values of as many blocks, from 0.
    #[cfg(test)]
    pub(crate) fn in_order(values: &[f64]) -> Self {
        Self { blocks: Arc::new((0..values.len() as u32).collect()), values: values.to_vec() }
    }
}

impl Group {
    /// The values of a metric; empty if there are none.
    pub(crate) fn values(&self, metric: Metric) -> &[f64] {
        self.of(metric).map_or(&[], |of| &of.values)
    }

    /// Values of a metric of this group and of another from the same blocks, in the order of blocks.
    pub(crate) fn paired(&self, other: &Self, metric: Metric) -> Vec<(f64, f64)> {
        let (Some(mine), Some(theirs)) = (self.of(metric), other.of(metric)) else {
            return Vec::new();
        };
        // Complete blocks, the usual case, need no looking up.
        if mine.blocks == theirs.blocks {
            return mine.values.iter().copied().zip(theirs.values.iter().copied()).collect();
        }
        let in_block: HashMap<u32, f64> =
            theirs.blocks.iter().copied().zip(theirs.values.iter().copied()).collect();
        let blocks = mine.blocks.iter().zip(&mine.values);
        blocks.filter_map(|(block, value)| Some((*value, *in_block.get(block)?))).collect()
    }

    fn of(&self, metric: Metric) -> Option<&Values> {
        self.values.iter().find(|(of, _)| *of == metric).map(|(_, values)| values)
    }
}

/// How much of the file is read at a time: small beside what is made of it, large beside what a piece
/// costs.
const PIECE: usize = 16 << 20;

/// Reads a `samples.csv` and groups it by kind, variant, profile and size, in the order in which
/// each group first appears.
pub(crate) fn groups(path: &Path) -> anyhow::Result<Vec<Group>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    aggregate(file, PIECE).with_context(|| format!("{} cannot be aggregated", path.display()))
}

fn aggregate(mut file: impl Read, piece: usize) -> anyhow::Result<Vec<Group>> {
    let mut gathered = Gathered::default();
    let mut columns = None;
    let mut text = Vec::new();
    loop {
        let end = file.by_ref().take(piece as u64).read_to_end(&mut text)? == 0;
        if columns.is_none() {
            columns = header(&mut text)?;
        }
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if let (Some(columns), true) = (&columns, whole > 0) {
            let rest = text.split_off(whole);
            gathered.take(&read(text, columns)?)?;
            text = rest;
        }
        if end {
            ensure!(text.is_empty(), "the last line is torn; `cargo xtask run` drops it");
            return gathered.groups();
        }
    }
}

/// Takes the header line off and returns the columns it names, each with its type.
fn header(text: &mut Vec<u8>) -> anyhow::Result<Option<SchemaRef>> {
    let Some(end) = text.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let line = std::str::from_utf8(&text[..end]).context("the header is not UTF-8")?;
    let columns: Schema =
        line.trim_end().split(',').map(|name| (name.into(), kind_of(name))).collect();
    // A metric without a column is absent: earlier campaigns did not measure it.
    for name in needed().filter(|name| !COLUMNS.iter().any(|(_, column)| column == name)) {
        ensure!(columns.contains(name), "the column `{name}` is missing");
    }
    text.drain(..=end);
    Ok(Some(Arc::new(columns)))
}

const TEXTS: [&str; 5] = ["kind", "variant", "profile", "outcome", "output_sha256"];

/// Numbers have their unit in their name or are counted; the rest are texts.
fn kind_of(name: &str) -> DataType {
    if TEXTS.contains(&name) { DataType::String } else { DataType::Int64 }
}

/// Metrics that are columns of the file as they are.
const COLUMNS: [(Metric, &str); 9] = [
    (Metric::PeakRss, "peak_rss_bytes"),
    (Metric::PeakHwm, "peak_hwm_bytes"),
    (Metric::RssAtExit, "rss_at_exit_bytes"),
    (Metric::FileAtExit, "file_at_exit_bytes"),
    (Metric::Stack, "stack_bytes"),
    (Metric::LiveHeap, "live_heap_bytes"),
    (Metric::Wall, "wall_ns"),
    (Metric::Instructions, "instructions"),
    (Metric::Output, "output_bytes"),
];

/// The columns that are read; the others stay text.
fn needed() -> impl Iterator<Item = &'static str> {
    let more = ["block", "input_bytes", "user_us", "system_us"];
    TEXTS.into_iter().chain(more).chain(COLUMNS.map(|(_, name)| name))
}

/// Lines without their header as a frame of the needed columns.
fn read(lines: Vec<u8>, columns: &SchemaRef) -> anyhow::Result<DataFrame> {
    let mut wanted: Vec<usize> = needed().filter_map(|name| columns.index_of(name)).collect();
    wanted.sort_unstable();
    let mut frame = CsvReadOptions::default()
        .with_has_header(false)
        .with_schema(Some(columns.clone()))
        .with_projection(Some(Arc::new(wanted)))
        .into_reader_with_file_handle(Cursor::new(lines))
        .finish()?;
    frame.rechunk_mut();
    Ok(frame)
}

/// What all pieces so far hold. Rows go to their groups in one pass per column: polars' own `group_by`
/// takes ten times as long unoptimised, and optimising it twice as long to build as all the rest.
#[derive(Default)]
struct Gathered {
    texts: [Names; 4],
    places: HashMap<RowKey, usize>,
    groups: Vec<Growing>,
}

/// What rows of one group share; texts by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct RowKey {
    kind: u32,
    attempt: u32,
    variant: u32,
    profile: u32,
    size: i64,
}

/// A group that more pieces may add to.
struct Growing {
    key: RowKey,
    /// By the number of the outcome's name.
    outcomes: Vec<u32>,
    blocks: Vec<u32>,
    /// In the order of `metric::ALL`; an absent value is NaN, or missing at the end.
    values: [Vec<f64>; metric::ALL.len()],
    outputs: BTreeSet<String>,
    output: String,
}

/// Where a successful row goes: its group, and its place there.
#[derive(Clone, Copy)]
struct Target {
    group: usize,
    place: usize,
}

impl Gathered {
    fn take(&mut self, frame: &DataFrame) -> anyhow::Result<()> {
        let targets = self.targets(frame)?;
        for metric in sampled() {
            let at = metric as usize;
            let Some(column) = metric_column(frame, metric)? else { continue };
            for (target, value) in targets.iter().zip(column) {
                let Some(Target { group, place }) = *target else { continue };
                let values = &mut self.groups[group].values[at];
                if values.len() < place {
                    values.resize(place, f64::NAN);
                }
                values.push(value);
            }
        }
        let outputs = frame.column("output_sha256")?.str()?;
        for (target, output) in targets.iter().zip(outputs.iter()) {
            if let (Some(target), Some(output)) = (target, output) {
                self.groups[target.group].add_output(output);
            }
        }
        Ok(())
    }

    /// Counts how each row ended and finds where the successful ones go.
    fn targets(&mut self, frame: &DataFrame) -> anyhow::Result<Vec<Option<Target>>> {
        let [kinds, variants, profiles, outcomes] = ["kind", "variant", "profile", "outcome"];
        let mut codes = Vec::new();
        for (name, names) in [kinds, variants, profiles, outcomes].iter().zip(&mut self.texts) {
            codes.push(names.codes(frame.column(name)?.str()?));
        }
        let sizes = numbers(frame, "input_bytes")?;
        let blocks = numbers(frame, "block")?;
        let numbered: Vec<bool> =
            self.texts[0].names.iter().map(|name| name == "repeat" || name == "budget").collect();
        let ok = self.texts[3].names.iter().position(|name| name == "ok").map(|at| at as u32);
        let mut targets = Vec::with_capacity(frame.height());
        for row in 0..frame.height() {
            let (kind, outcome) = (codes[0][row], codes[3][row]);
            let block = blocks[row] as u32;
            let key = RowKey {
                kind,
                // A killed campaign may have left a part of the repetitions; each budget has one check.
                attempt: if numbered[kind as usize] { block } else { 0 },
                variant: codes[1][row],
                profile: codes[2][row],
                size: sizes[row] as i64,
            };
            let group = self.place(key);
            let growing = &mut self.groups[group];
            growing.count(outcome);
            targets.push((Some(outcome) == ok).then(|| {
                growing.blocks.push(block);
                Target { group, place: growing.blocks.len() - 1 }
            }));
        }
        Ok(targets)
    }

    fn place(&mut self, key: RowKey) -> usize {
        let next = self.groups.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.groups.push(Growing {
                key,
                outcomes: Vec::new(),
                blocks: Vec::new(),
                values: std::array::from_fn(|_| Vec::new()),
                outputs: BTreeSet::new(),
                output: String::new(),
            });
        }
        place
    }

    fn groups(self) -> anyhow::Result<Vec<Group>> {
        let texts = &self.texts;
        self.groups.into_iter().map(|growing| growing.finish(texts)).collect()
    }
}

impl Growing {
    fn count(&mut self, outcome: u32) {
        let at = outcome as usize;
        if self.outcomes.len() <= at {
            self.outcomes.resize(at + 1, 0);
        }
        self.outcomes[at] += 1;
    }

    /// Keeps a hash that is not the one seen last.
    fn add_output(&mut self, output: &str) {
        if self.output != output {
            output.clone_into(&mut self.output);
            self.outputs.insert(output.to_owned());
        }
    }

    fn finish(self, [kinds, variants, profiles, ends]: &[Names; 4]) -> anyhow::Result<Group> {
        let mut outcomes = Vec::new();
        for (count, name) in self.outcomes.iter().zip(&ends.names).filter(|(count, _)| **count > 0)
        {
            outcomes.push((named(name)?, *count));
        }
        outcomes.sort_unstable();
        let blocks = Arc::new(self.blocks);
        let values = metric::ALL.into_iter().zip(self.values).filter_map(|(metric, values)| {
            let present = present(values, &blocks);
            (!present.values.is_empty()).then_some((metric, present))
        });
        Ok(Group {
            kind: named(kinds.name(self.key.kind))?,
            attempt: self.key.attempt,
            variant: variants.name(self.key.variant).to_owned(),
            profile: profiles.name(self.key.profile).to_owned(),
            size: Bytes(self.key.size as u64),
            outcomes,
            values: values.collect(),
            distinct_outputs: self.outputs.len() as u32,
        })
    }
}

/// The different texts of a column, each with a number.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn codes(&mut self, column: &StringChunked) -> Vec<u32> {
        column.iter().map(|text| self.code(text.unwrap_or_default())).collect()
    }

    fn code(&mut self, text: &str) -> u32 {
        // A few names are found faster by looking at each than by hashing.
        const FEW: usize = 8;
        let found = match self.names.len() {
            0..=FEW => self.names.iter().position(|name| name == text).map(|at| at as u32),
            _ => self.numbers.get(text).copied(),
        };
        found.unwrap_or_else(|| {
            let next = self.names.len() as u32;
            self.names.push(text.to_owned());
            self.numbers.insert(text.to_owned(), next);
            next
        })
    }

    fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }
}

/// The values that are there; the list of blocks is shared by all metrics without gaps.
fn present(values: Vec<f64>, blocks: &Arc<Vec<u32>>) -> Values {
    if values.len() == blocks.len() && !values.iter().any(|value| value.is_nan()) {
        return Values { blocks: blocks.clone(), values };
    }
    let there = blocks.iter().copied().zip(values).filter(|(_, value)| !value.is_nan());
    let (blocks, values) = there.unzip();
    Values { blocks: Arc::new(blocks), values }
}

/// A column of whole numbers as floating-point numbers, absent ones as NaN.
fn numbers(frame: &DataFrame, name: &str) -> anyhow::Result<Vec<f64>> {
    let column = frame.column(name)?.i64()?;
    Ok(match column.cont_slice() {
        Ok(slice) if column.null_count() == 0 => slice.iter().map(|value| *value as f64).collect(),
        _ => column.iter().map(|value| value.map_or(f64::NAN, |value| value as f64)).collect(),
    })
}

/// The metrics that samples hold; what the instrumented encoder counts is recorded elsewhere.
fn sampled() -> impl Iterator<Item = Metric> {
    metric::ALL.into_iter().filter(|metric| !metric.is_exact())
}

/// A metric of each row, absent ones as NaN; nothing where no row has it.
fn metric_column(frame: &DataFrame, metric: Metric) -> anyhow::Result<Option<Vec<f64>>> {
    let number = |name: &str| numbers(frame, name);
    // The empty document has no ratio: what is divided by 0 is absent.
    let per_input_byte = |name: &str| -> anyhow::Result<Vec<f64>> {
        let ratio = |(value, size): (f64, f64)| if size > 0.0 { value / size } else { f64::NAN };
        Ok(number(name)?.into_iter().zip(number("input_bytes")?).map(ratio).collect())
    };
    if let Some((_, name)) = COLUMNS.iter().find(|(of, _)| *of == metric) {
        let there = frame.column(name).is_ok_and(|of| of.null_count() < frame.height());
        return if there { number(name).map(Some) } else { Ok(None) };
    }
    Ok(Some(match metric {
        Metric::Cpu => {
            let both = number("user_us")?.into_iter().zip(number("system_us")?);
            both.map(|(user, system)| (user + system) * 1000.0).collect()
        }
        Metric::Ratio => per_input_byte("output_bytes")?,
        Metric::Overhead => per_input_byte("peak_rss_bytes")?,
        // What the instrumented encoder counts is not in the samples.
        _ => return Ok(None),
    }))
}

/// A value of one of our enums by the name it has in the file.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> anyhow::Result<T> {
    use serde::de::IntoDeserializer;
    use serde::de::value::Error;
    let deserializer = IntoDeserializer::<Error>::into_deserializer(name);
    T::deserialize(deserializer).map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Sample, Samples};

    fn written(rows: Vec<Sample>) -> Vec<Group> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.csv");
        let mut samples = Samples::open(&path).unwrap();
        samples.append(rows).unwrap();
        groups(&path).unwrap()
    }

    fn run(block: u32, variant: &str, size: u64, peak: Option<u64>) -> Sample {
        Sample {
            outcome: if peak.is_some() { Outcome::Ok } else { Outcome::Timeout },
            peak_rss_bytes: peak,
            user_us: peak.map(|_| 2),
            system_us: peak.map(|_| 3),
            output_bytes: peak.map(|_| size / 2),
            output_sha256: peak.map(|_| "1e10".to_owned()),
            ..Sample::skipped(Kind::Run, block, 0, variant, "wide", size)
        }
    }

    #[test]
    fn samples_of_a_cell_are_grouped_in_the_order_of_measuring() {
        let rows = vec![
            run(1, "a", 10, Some(300)),
            run(1, "b", 10, Some(7)),
            run(2, "a", 10, Some(100)),
            run(3, "a", 10, None),
            Sample { kind: Kind::Warmup, ..run(0, "a", 10, Some(1)) },
        ];
        let groups = written(rows);
        assert_eq!(groups.len(), 3);
        let a = &groups[0];
        assert_eq!((a.kind, a.variant.as_str(), a.size), (Kind::Run, "a", Bytes(10)));
        assert_eq!(a.values(Metric::PeakRss), [300.0, 100.0]);
        assert_eq!(a.values(Metric::Cpu), [5000.0, 5000.0]);
        assert_eq!(a.values(Metric::Overhead), [30.0, 10.0]);
        assert_eq!(a.values(Metric::Wall), [0.0; 0]);
        assert_eq!(a.outcomes, [(Outcome::Ok, 2), (Outcome::Timeout, 1)]);
        assert_eq!(a.distinct_outputs, 1);
    }

    #[test]
    fn a_hash_that_looks_like_a_number_stays_a_text() {
        let other = Sample { output_sha256: Some("1000".to_owned()), ..run(2, "a", 10, Some(1)) };
        let groups = written(vec![run(1, "a", 10, Some(1)), other]);
        assert_eq!(groups[0].distinct_outputs, 2);
    }

    #[test]
    fn polars_and_the_plain_row_agree_on_every_metric() {
        let row = Sample {
            peak_hwm_bytes: Some(1),
            rss_at_exit_bytes: Some(2),
            file_at_exit_bytes: Some(6),
            stack_bytes: Some(7),
            live_heap_bytes: Some(5),
            wall_ns: Some(3),
            instructions: Some(4),
            ..run(1, "a", 16, Some(1 << 40))
        };
        let group = written(vec![row.clone()]).remove(0);
        for metric in metric::ALL.into_iter().filter(|metric| !metric.is_exact()) {
            assert_eq!(group.values(metric), [row.value(metric).unwrap()], "{metric}");
        }
    }

    #[test]
    fn no_samples_give_no_groups() {
        assert_eq!(written(Vec::new()), []);
    }

    #[test]
    fn a_file_read_in_small_pieces_gives_the_same_groups() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.csv");
        let mut samples = Samples::open(&path).unwrap();
        let rows = (0..40).map(|i| run(i, ["a", "b"][i as usize % 2], 10, Some(u64::from(i) + 1)));
        samples.append(rows.collect()).unwrap();
        let text = std::fs::read(&path).unwrap();
        let whole = aggregate(text.as_slice(), 1 << 20).unwrap();
        assert_eq!(whole[0].values(Metric::PeakRss).len(), 20);
        for piece in [1, 7, 300, 1000] {
            assert_eq!(aggregate(text.as_slice(), piece).unwrap(), whole, "{piece}");
        }
        assert!(aggregate(&text[..text.len() - 3], 1 << 20).is_err(), "a torn line is refused");
    }

    #[test]
    fn runs_are_paired_by_block() {
        let rows = vec![
            run(1, "a", 10, Some(10)),
            run(1, "b", 10, Some(20)),
            run(2, "b", 10, Some(22)),
            run(3, "b", 10, Some(24)),
            run(2, "a", 10, None),
            run(3, "a", 10, Some(12)),
        ];
        let groups = written(rows);
        let pairs = groups[1].paired(&groups[0], Metric::PeakRss);
        assert_eq!(pairs, [(20.0, 10.0), (24.0, 12.0)]);
        assert_eq!(groups[0].paired(&groups[1], Metric::Wall), []);
    }
}
