//! Stage 6: samples become groups and pairs. The crate `grouping` reads and groups, by expressions of
//! polars; what the columns mean, and which metrics they make, is said here.
//!
//! A group is what was measured of one kind at one cell: how its runs ended, and the values of each
//! metric in the order in which they were measured, with the blocks they belong to.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use anyhow::bail;

use grouping::{Columns, Quantity};
use record::metric::{self, Metric, Source};
use record::units::Bytes;
use record::{CellKey, Kind, Outcome};

/// The column of the size of inputs.
const SIZE: &str = "input_bytes";

/// All samples of one kind at one variant and document.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What the runs were for.
    pub kind: Kind,
    /// Number of the attempt for repetitions, of the budget for its check, 0 for all else.
    pub attempt: u32,
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// The size of the input.
    pub size: Bytes,
    /// How often each outcome came.
    pub outcomes: Vec<(Outcome, u32)>,
    /// The blocks of the successful runs.
    pub blocks: Vec<u32>,
    /// Values of the successful runs; metrics without any are left out.
    pub values: Vec<(Metric, Vec<f64>)>,
    /// How many different outputs the successful runs gave.
    pub distinct_outputs: u32,
    /// Of the successful runs: how many were disturbed, and of how many that is known.
    pub disturbed: [u32; 2],
    /// How many were pinned to a CPU.
    pub pinned: u32,
    /// How many left processes running, and how many such processes one left at most.
    pub left_behind: [u32; 2],
}

impl Group {
    /// The values of a metric; empty if there are none.
    pub fn values(&self, metric: Metric) -> &[f64] {
        self.values.iter().find(|(of, _)| *of == metric).map_or(&[], |(_, values)| values)
    }
}

/// The rows of a `samples.csv`.
#[derive(Debug)]
pub struct Samples {
    rows: grouping::Table,
    /// The metrics that its columns may make, in the order of the quantities.
    metrics: Vec<Metric>,
}

/// Values of two variants from the same document and block, by the variant that is compared, the
/// profile and the size; for each metric in the order in which they were asked for.
#[derive(Debug, Default)]
pub struct Pairs(HashMap<CellKey, Vec<PairsOf>>);

/// A metric with its values of both variants.
type PairsOf = (Metric, Vec<(f64, f64)>);

impl Samples {
    /// Reads the file. The metrics that the experiment declares have columns of their own.
    pub fn read(path: &Path, own: &[Metric]) -> anyhow::Result<Self> {
        let columns: Vec<String> = own.iter().map(|metric| metric.key()).collect();
        let declared =
            own.iter().zip(&columns).map(|(metric, name)| (*metric, Quantity::Real(name)));
        let sampled: Vec<(Metric, Quantity<'_>)> = metric::ALL
            .into_iter()
            .filter_map(|metric| Some((metric, quantity(metric)?)))
            .chain(declared)
            .collect();
        let mut quantities: Vec<Quantity<'_>> =
            sampled.iter().map(|(_, quantity)| *quantity).collect();
        quantities.extend(["disturbed", "cpu", "left_behind"].map(Quantity::Column));
        let layout = Columns {
            texts: ["kind", "variant", "profile"],
            size: SIZE,
            block: "block",
            // A killed campaign may have left a part of the repetitions; each budget has one check.
            apart: &["repeat", "budget"],
            outcome: "outcome",
            ok: "ok",
            output: "output_sha256",
            quantities: &quantities,
        };
        let metrics = sampled.iter().map(|(metric, _)| *metric).collect();
        Ok(Self { rows: grouping::Table::read(path, &layout)?, metrics })
    }

    /// By kind, variant, profile and size, in the order in which each group first appears.
    pub fn groups(&self) -> anyhow::Result<Vec<Group>> {
        let groups = self.rows.groups()?.into_iter();
        groups.map(|group| Group::of_metrics(group, self.metrics.iter().copied())).collect()
    }

    /// The measured runs of every other variant beside those of the reference.
    pub fn pairs(&self, reference: &str, metrics: &[Metric]) -> anyhow::Result<Pairs> {
        let place = |metric: &Metric| {
            let place = self.metrics.iter().position(|of| of == metric)?;
            Some((*metric, place))
        };
        let (metrics, places): (Vec<Metric>, Vec<usize>) = metrics.iter().filter_map(place).unzip();
        let found = self.rows.pairs("run", reference, &places)?.into_iter().map(|of| {
            let values = metrics.iter().copied().zip(of.values).collect();
            (CellKey::new(&of.variant, &of.profile, Bytes(of.size)), values)
        });
        Ok(Pairs(found.collect()))
    }
}

impl Pairs {
    /// Of a variant at a document: its values, each with the reference's.
    pub fn of(&self, variant: &str, profile: &str, size: Bytes, metric: Metric) -> &[(f64, f64)] {
        let of_cell = self.0.get(&CellKey::new(variant, profile, size));
        let found = of_cell.and_then(|of| of.iter().find(|(of, _)| *of == metric));
        found.map_or(&[], |(_, pairs)| pairs)
    }
}

/// The group of one kind at a variant and a document.
pub(crate) fn at<'a>(
    groups: &'a [Group],
    kind: Kind,
    (variant, profile, size): (&str, &str, Bytes),
) -> Option<&'a Group> {
    of_series(groups, kind, variant, profile).find(|of| of.size == size)
}

/// The groups of one kind over the sizes of a variant and profile.
pub(crate) fn of_series<'a>(
    groups: &'a [Group],
    kind: Kind,
    variant: &str,
    profile: &str,
) -> impl Iterator<Item = &'a Group> {
    groups
        .iter()
        .filter(move |of| of.kind == kind && of.variant == variant && of.profile == profile)
}

/// The metrics of which some group has values, in the order in which they are listed.
pub fn measured<'a>(groups: impl Iterator<Item = &'a Group>) -> Vec<Metric> {
    let found: BTreeSet<Metric> =
        groups.flat_map(|group| &group.values).map(|(metric, _)| *metric).collect();
    found.into_iter().collect()
}

/// Fails where samples cannot be what a campaign wrote: a run twice, or a run that ended well without
/// its peak.
pub fn check(groups: &[Group], path: &Path) -> anyhow::Result<()> {
    for group in groups.iter().filter(|group| group.kind == Kind::Run) {
        let Group { variant, profile, size, .. } = group;
        let place = || format!("{}: `{variant}` on {profile}, {size}", path.display());
        let ok = group.outcomes.iter().find(|(outcome, _)| *outcome == Outcome::Ok);
        let peaks = group.values(Metric::PeakRss).len();
        if ok.is_some_and(|(_, count)| *count as usize != peaks) {
            bail!(
                "{} has runs that ended well without their `peak_rss_bytes`; no campaign writes that: \
                 take back what was changed, or measure anew",
                place()
            );
        }
        let mut blocks = group.blocks.clone();
        blocks.sort_unstable();
        if let Some([twice, _]) = blocks.windows(2).find(|pair| pair[0] == pair[1]) {
            bail!(
                "{} has block {} twice; no campaign writes that: take back what was changed, or measure \
                 anew",
                place(),
                twice
            );
        }
    }
    Ok(())
}

/// What a metric is made of in the samples. A column that the file lacks is absent: earlier campaigns did
/// not measure it.
fn quantity(metric: Metric) -> Option<Quantity<'static>> {
    Some(match metric.source() {
        Source::Column(column) => Quantity::Column(column.name),
        Source::Sum(columns, factor) => Quantity::Sum(columns.map(|column| column.name), factor),
        Source::PerInputByte(column) => Quantity::Ratio([column.name, SIZE]),
        Source::Heap | Source::Own => return None,
    })
}

impl Group {
    fn of_metrics(
        mut group: grouping::Group,
        metrics: impl Iterator<Item = Metric>,
    ) -> anyhow::Result<Self> {
        // What stands behind the metrics, in the order in which `groups` asks for it.
        let mut last = || group.values.pop().unwrap_or_default();
        let left = last();
        let pinned = last().len() as u32;
        let marks = last();
        let is_some = |count: &&f64| **count > 0.0;
        let [kind, variant, profile] = group.texts;
        let mut outcomes = Vec::new();
        for (name, count) in &group.outcomes {
            outcomes.push((named(name)?, *count));
        }
        outcomes.sort_unstable();
        let values = metrics.zip(group.values).filter(|(_, values)| !values.is_empty());
        Ok(Self {
            kind: named(&kind)?,
            attempt: group.block,
            variant,
            profile,
            size: Bytes(group.size),
            outcomes,
            blocks: group.blocks,
            values: values.collect(),
            distinct_outputs: group.distinct_outputs,
            disturbed: [marks.iter().filter(is_some).count() as u32, marks.len() as u32],
            pinned,
            left_behind: [
                left.iter().filter(is_some).count() as u32,
                left.iter().copied().fold(0.0, f64::max) as u32,
            ],
        })
    }
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
    use record::Sample;

    fn read(rows: Vec<Sample>) -> Samples {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.csv");
        let mut samples = record::Samples::open(&path).unwrap();
        samples.append(rows).unwrap();
        Samples::read(&path, &[]).unwrap()
    }

    fn written(rows: Vec<Sample>) -> Vec<Group> {
        read(rows).groups().unwrap()
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
    fn declared_metrics_are_read_from_their_own_columns() {
        let own = ["speed", "ratio_of_its_own"].map(|name| {
            Metric::own(metric::Own {
                name: name.to_owned(),
                words: name.to_owned(),
                unit: "ns".to_owned(),
                better: metric::Better::Lower,
            })
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.csv");
        let rows = [vec![(own[1], 0.1 + 0.2)], vec![], vec![(own[0], 1e21), (own[1], -3.0)]]
            .map(|own| Sample { own, ..run(1, "a", 10, Some(1)) });
        let mut journal = record::Journal::with(&path, own.to_vec()).unwrap();
        journal.append(rows.to_vec()).unwrap();
        let groups = Samples::read(&path, &own).unwrap().groups().unwrap();
        assert_eq!(groups[0].values(own[1]), [0.1 + 0.2, -3.0]);
        assert_eq!(groups[0].values(own[0]), [1e21]);
    }

    #[test]
    fn a_hash_that_looks_like_a_number_stays_a_text() {
        let other = Sample { output_sha256: Some("1000".to_owned()), ..run(2, "a", 10, Some(1)) };
        let groups = written(vec![run(1, "a", 10, Some(1)), other]);
        assert_eq!(groups[0].distinct_outputs, 2);
    }

    #[test]
    fn columns_and_the_plain_row_agree_on_every_metric() {
        let row = Sample {
            peak_hwm_bytes: Some(1),
            rss_at_exit_bytes: Some(2),
            file_at_exit_bytes: Some(6),
            stack_bytes: Some(7),
            live_heap_bytes: Some(5),
            wall_ns: Some(3),
            instructions: Some(4),
            peak_tree_high_bytes: Some(8),
            peak_tree_low_bytes: Some(9),
            peak_anon_bytes: Some(10),
            peak_cgroup_bytes: Some(11),
            minor_faults: Some(12),
            major_faults: Some(13),
            voluntary_switches: Some(14),
            involuntary_switches: Some(15),
            read_bytes: Some(16),
            written_bytes: Some(17),
            disk_read_bytes: Some(18),
            disk_written_bytes: Some(19),
            processes: Some(20),
            threads_max: Some(21),
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
    fn runs_are_paired_by_block() {
        let rows = vec![
            run(1, "a", 10, Some(10)),
            run(1, "b", 10, Some(20)),
            run(2, "b", 10, Some(22)),
            run(3, "b", 10, Some(24)),
            run(2, "a", 10, None),
            run(3, "a", 10, Some(12)),
        ];
        let pairs = read(rows).pairs("a", &[Metric::PeakRss, Metric::Wall]).unwrap();
        let of = |metric| pairs.of("b", "wide", Bytes(10), metric);
        assert_eq!(of(Metric::PeakRss), [(20.0, 10.0), (24.0, 12.0)]);
        assert_eq!(of(Metric::Wall), []);
    }
}
