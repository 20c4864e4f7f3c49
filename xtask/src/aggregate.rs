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
            return Ok(gathered.groups());
        }
    }
}

/// Takes the header line off and returns the columns it names, each with its type.
fn header(text: &mut Vec<u8>) -> anyhow::Result<Option<SchemaRef>> {
    let Some(end) = text.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
    let line = std::str::from_utf8(&text[..end]).context("the header is not UTF-8")?;
    let columns: Schema =
        line.trim_end().split(',').map(|name| (name.into(), kind_of(name))).collect();
    for name in needed() {
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

/// What all pieces so far hold.
#[derive(Default)]
struct Gathered {
    groups: Vec<Growing>,
    places: HashMap<Key, usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    kind: Kind,
    attempt: u32,
    variant: String,
    profile: String,
    size: Bytes,
}

/// A group that more pieces may add to; an absent value is NaN.
struct Growing {
    key: Key,
    outcomes: Vec<(Outcome, u32)>,
    blocks: Vec<u32>,
    values: Vec<(Metric, Vec<f64>)>,
    outputs: BTreeSet<String>,
}

impl Gathered {
    fn take(&mut self, frame: &DataFrame) -> anyhow::Result<()> {
        let frame = with_attempt(frame)?;
        let keys = ["kind", "attempt", "variant", "profile", "input_bytes", "outcome"];
        let grouped = frame.group_by_stable(keys)?;
        let metrics = metrics(&frame)?;
        let positions = grouped.get_groups();
        for rows in positions.unwrap_idx().all() {
            self.add(&frame, &metrics, rows)?;
        }
        Ok(())
    }

    /// Adds rows that share a key and an outcome.
    fn add(
        &mut self,
        frame: &DataFrame,
        metrics: &[(Metric, Series)],
        rows: &[IdxSize],
    ) -> anyhow::Result<()> {
        let first = rows[0] as usize;
        let outcome = named(text(frame, "outcome", first)?)?;
        let growing = self.growing(key(frame, first)?);
        match growing.outcomes.iter_mut().find(|(of, _)| *of == outcome) {
            Some((_, count)) => *count += rows.len() as u32,
            None => growing.outcomes.push((outcome, rows.len() as u32)),
        }
        if outcome != Outcome::Ok {
            return Ok(());
        }
        let blocks = frame.column("block")?.as_materialized_series().take_slice(rows)?;
        growing.blocks.extend(blocks.u32()?.iter().map(Option::unwrap_or_default));
        for ((_, values), (_, column)) in growing.values.iter_mut().zip(metrics) {
            append(values, &column.take_slice(rows)?)?;
        }
        let outputs = frame.column("output_sha256")?.as_materialized_series().take_slice(rows)?;
        for output in outputs.unique()?.str()?.iter().flatten() {
            growing.outputs.insert(output.to_owned());
        }
        Ok(())
    }

    fn growing(&mut self, key: Key) -> &mut Growing {
        let next = self.groups.len();
        let place = *self.places.entry(key.clone()).or_insert(next);
        if place == next {
            let values = sampled().map(|metric| (metric, Vec::new())).collect();
            let (outcomes, blocks, outputs) = (Vec::new(), Vec::new(), BTreeSet::new());
            self.groups.push(Growing { key, outcomes, blocks, values, outputs });
        }
        &mut self.groups[place]
    }

    fn groups(self) -> Vec<Group> {
        self.groups.into_iter().map(Growing::finish).collect()
    }
}

impl Growing {
    fn finish(mut self) -> Group {
        self.outcomes.sort_unstable();
        let blocks = Arc::new(self.blocks);
        let values = self.values.into_iter().filter_map(|(metric, values)| {
            let present = present(values, &blocks);
            (!present.values.is_empty()).then_some((metric, present))
        });
        let Key { kind, attempt, variant, profile, size } = self.key;
        Group {
            kind,
            attempt,
            variant,
            profile,
            size,
            outcomes: self.outcomes,
            values: values.collect(),
            distinct_outputs: self.outputs.len() as u32,
        }
    }
}

/// The values that are there; the list of blocks is shared by all metrics without gaps.
fn present(values: Vec<f64>, blocks: &Arc<Vec<u32>>) -> Values {
    if !values.iter().any(|value| value.is_nan()) {
        return Values { blocks: blocks.clone(), values };
    }
    let there = blocks.iter().copied().zip(values).filter(|(_, value)| !value.is_nan());
    let (blocks, values) = there.unzip();
    Values { blocks: Arc::new(blocks), values }
}

/// Adds the column `attempt`: the block of a repetition, since a killed campaign may have left a part of
/// them, and of the check of a budget, since there is one per budget; 0 for all else. The column
/// `block` becomes what blocks are.
fn with_attempt(frame: &DataFrame) -> anyhow::Result<DataFrame> {
    let mut frame = frame.clone();
    let block = frame.column("block")?.cast(&DataType::UInt32)?;
    let kind = frame.column("kind")?.str()?;
    let numbered: BooleanChunked = kind.equal("repeat") | kind.equal("budget");
    let repeats = numbered.into_series().cast(&DataType::UInt32)?;
    let attempt = (block.as_materialized_series() * &repeats)?;
    frame.with_column(block)?;
    frame.with_column(attempt.with_name("attempt".into()).into())?;
    Ok(frame)
}

/// The metrics that samples hold; what the instrumented encoder counts is recorded elsewhere.
fn sampled() -> impl Iterator<Item = Metric> {
    metric::ALL.into_iter().filter(|metric| !metric.is_exact())
}

/// Each sampled metric as a column of floating-point numbers.
fn metrics(frame: &DataFrame) -> anyhow::Result<Vec<(Metric, Series)>> {
    sampled().map(|metric| Ok((metric, metric_column(frame, metric)?))).collect()
}

fn metric_column(frame: &DataFrame, metric: Metric) -> anyhow::Result<Series> {
    let number = |name: &str| -> anyhow::Result<Series> {
        Ok(frame.column(name)?.cast(&DataType::Float64)?.take_materialized_series())
    };
    if let Some((_, name)) = COLUMNS.iter().find(|(of, _)| *of == metric) {
        return number(name);
    }
    let per_input_byte =
        |name: &str| -> anyhow::Result<Series> { Ok((number(name)? / number("input_bytes")?)?) };
    match metric {
        Metric::Cpu => Ok((number("user_us")? + number("system_us")?)? * 1000.0),
        Metric::Ratio => per_input_byte("output_bytes"),
        Metric::Overhead => per_input_byte("peak_rss_bytes"),
        _ => unreachable!("a metric is a column or derived from some"),
    }
}

/// Appends a column, absent values as NaN; what was divided by the size of the empty document is absent.
fn append(values: &mut Vec<f64>, column: &Series) -> anyhow::Result<()> {
    let column = column.f64()?;
    match column.cont_slice() {
        Ok(slice) if slice.first().is_some_and(|first| first.is_infinite()) => {
            values.extend(slice.iter().map(|_| f64::NAN));
        }
        Ok(slice) if column.null_count() == 0 => values.extend_from_slice(slice),
        _ => values.extend(column.iter().map(|value| value.unwrap_or(f64::NAN))),
    }
    Ok(())
}

fn key(frame: &DataFrame, row: usize) -> anyhow::Result<Key> {
    Ok(Key {
        kind: named(text(frame, "kind", row)?)?,
        attempt: frame.column("attempt")?.u32()?.get(row).unwrap_or(0),
        variant: text(frame, "variant", row)?.to_owned(),
        profile: text(frame, "profile", row)?.to_owned(),
        size: Bytes(frame.column("input_bytes")?.i64()?.get(row).unwrap_or(0) as u64),
    })
}

fn text<'a>(frame: &'a DataFrame, name: &str, row: usize) -> anyhow::Result<&'a str> {
    frame.column(name)?.str()?.get(row).with_context(|| format!("a row without `{name}`"))
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
        for metric in sampled() {
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
