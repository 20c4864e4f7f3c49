//! Stage 6: samples become groups. The one home of `polars`; no type of it leaves this module.
//!
//! A group is what was measured of one kind at one cell: how its runs ended, and the values of each
//! metric in the order in which they were measured.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use polars::prelude::*;

use crate::metric::Metric;
use crate::record::{Kind, Outcome};
use crate::units::Bytes;

/// All samples of one kind at one variant and document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) kind: Kind,
    /// Number of the attempt for repetitions, 0 for all else.
    pub(crate) attempt: u32,
    pub(crate) variant: String,
    pub(crate) profile: String,
    pub(crate) size: Bytes,
    /// How often each outcome came.
    pub(crate) outcomes: Vec<(Outcome, u32)>,
    /// Values of the successful runs, in the order of measuring; metrics without any are left out.
    pub(crate) values: Vec<(Metric, Vec<f64>)>,
    /// How many different outputs the successful runs gave.
    pub(crate) distinct_outputs: u32,
}

impl Group {
    /// The values of a metric; empty if there are none.
    pub(crate) fn values(&self, metric: Metric) -> &[f64] {
        let found = self.values.iter().find(|(of, _)| *of == metric);
        found.map_or(&[], |(_, values)| values)
    }
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

/// Reads a `samples.csv` and groups it by kind, variant, profile and size, in the order in which
/// each group first appears.
pub(crate) fn groups(path: &Path) -> anyhow::Result<Vec<Group>> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    aggregate(text).with_context(|| format!("{} cannot be aggregated", path.display()))
}

fn aggregate(text: Vec<u8>) -> anyhow::Result<Vec<Group>> {
    let samples = CsvReadOptions::default()
        .with_has_header(true)
        .with_infer_schema_length(Some(0))
        .with_schema_overwrite(Some(Arc::new(schema())))
        .into_reader_with_file_handle(Cursor::new(text))
        .finish()?;
    let ok = || col("outcome").eq(lit("ok"));
    let mut of_group = vec![
        col("outcome"),
        col("output_sha256").filter(ok()).drop_nulls().n_unique().alias("distinct_outputs"),
    ];
    of_group.extend(
        metrics()
            .into_iter()
            .map(|(metric, value)| value.filter(ok()).drop_nulls().alias(metric.name())),
    );
    let attempt = when(col("kind").eq(lit("repeat"))).then(col("block")).otherwise(lit(0));
    let grouped = samples
        .lazy()
        .group_by_stable([
            col("kind"),
            attempt.cast(DataType::UInt32).alias("attempt"),
            col("variant"),
            col("profile"),
            col("input_bytes"),
        ])
        .agg(of_group)
        .collect()?;
    (0..grouped.height()).map(|row| group(&grouped, row)).collect()
}

/// Types of the columns that are read as numbers; the rest are texts.
fn schema() -> Schema {
    let text = ["kind", "variant", "profile", "outcome", "output_sha256"];
    let number = [
        "block",
        "position",
        "input_bytes",
        "exit_code",
        "signal",
        "wall_ns",
        "user_us",
        "system_us",
        "peak_rss_bytes",
        "peak_hwm_bytes",
        "rss_at_exit_bytes",
        "file_at_exit_bytes",
        "stack_bytes",
        "live_heap_bytes",
        "minor_faults",
        "major_faults",
        "voluntary_switches",
        "involuntary_switches",
        "instructions",
        "output_bytes",
    ];
    let texts = text.into_iter().map(|name| (name.into(), DataType::String));
    let numbers = number.into_iter().map(|name| (name.into(), DataType::Int64));
    texts.chain(numbers).collect()
}

/// Each metric as an expression over the columns.
fn metrics() -> Vec<(Metric, Expr)> {
    let number = |name: &str| col(name).cast(DataType::Float64);
    let per_input_byte = |name: &str| {
        when(col("input_bytes").gt(lit(0)))
            .then(number(name) / number("input_bytes"))
            .otherwise(lit(NULL))
    };
    let plain = COLUMNS.into_iter().map(|(metric, name)| (metric, number(name)));
    plain
        .chain([
            (Metric::Cpu, (number("user_us") + number("system_us")) * lit(1000.0)),
            (Metric::Ratio, per_input_byte("output_bytes")),
            (Metric::Overhead, per_input_byte("peak_rss_bytes")),
        ])
        .collect()
}

/// One row of the grouped frame as ours.
fn group(frame: &DataFrame, row: usize) -> anyhow::Result<Group> {
    let text = |name: &str| -> anyhow::Result<String> {
        Ok(frame.column(name)?.str()?.get(row).context("a group without a name")?.to_owned())
    };
    let mut values = Vec::new();
    for (metric, _) in metrics() {
        let list = frame.column(metric.name())?.list()?.get_as_series(row);
        let found: Vec<f64> = match &list {
            Some(series) => series.f64()?.into_no_null_iter().collect(),
            None => Vec::new(),
        };
        if !found.is_empty() {
            values.push((metric, found));
        }
    }
    Ok(Group {
        kind: named(&text("kind")?)?,
        attempt: frame.column("attempt")?.u32()?.get(row).unwrap_or(0),
        variant: text("variant")?,
        profile: text("profile")?,
        size: Bytes(frame.column("input_bytes")?.i64()?.get(row).unwrap_or(0) as u64),
        outcomes: outcomes(frame, row)?,
        values,
        distinct_outputs: frame.column("distinct_outputs")?.u32()?.get(row).unwrap_or(0),
    })
}

fn outcomes(frame: &DataFrame, row: usize) -> anyhow::Result<Vec<(Outcome, u32)>> {
    let mut counts: Vec<(Outcome, u32)> = Vec::new();
    let Some(series) = frame.column("outcome")?.list()?.get_as_series(row) else {
        return Ok(counts);
    };
    for name in series.str()?.iter().flatten() {
        let outcome = named(name)?;
        match counts.iter_mut().find(|(of, _)| *of == outcome) {
            Some((_, count)) => *count += 1,
            None => counts.push((outcome, 1)),
        }
    }
    counts.sort_unstable();
    Ok(counts)
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
    use crate::metric;
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
        let measured = metric::ALL.into_iter().filter(|metric| !metric.is_exact());
        for metric in measured {
            assert_eq!(group.values(metric), [row.value(metric).unwrap()], "{metric}");
        }
    }

    #[test]
    fn no_samples_give_no_groups() {
        assert_eq!(written(Vec::new()), []);
    }
}
