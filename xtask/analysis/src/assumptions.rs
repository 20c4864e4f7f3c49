//! What other statistics assume, tested: values of a cell are normal (Shapiro-Wilk), do not drift with
//! the order of the runs (Mann-Kendall), spread alike in all variants (Levene).
//!
//! Many cells are tested, so each test's probabilities are adjusted by Holm over the cells of a metric;
//! what is still below 5 % is flagged.

use std::collections::BTreeSet;

use stats::{Test, Trend, Undetermined, holm, levene, mann_kendall, shapiro_wilk};

use record::Kind;
use record::metric::Metric;
use record::units::Bytes;

use crate::cells::{Cell, Summary};
use crate::groups::{self, Group};
use crate::threads::on_all_cores;

/// The chance of any false flag of one test at one metric.
const LEVEL: f64 = 0.05;

/// The tests of all cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assumptions {
    /// In the order of the summary's cells.
    pub cells: Vec<CellChecks>,
    /// In the order of the summary's documents, then metrics.
    pub spreads: Vec<Spread>,
}

/// The tests of one metric of one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellChecks {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// The size of the input.
    pub size: Bytes,
    /// What was measured.
    pub metric: Metric,
    /// Shapiro and Wilk's test of the values.
    pub normality: Result<Test, Undetermined>,
    /// Mann and Kendall's test over the order of the runs.
    pub drift: Result<Trend, Undetermined>,
    /// Whether the adjusted probability of normality is below the level.
    pub not_normal: bool,
    /// Whether the adjusted probability of no trend is below the level.
    pub drifts: bool,
}

/// Levene's test between the variants at one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// The profile, or the document's name.
    pub profile: String,
    /// The size of the input.
    pub size: Bytes,
    /// What was measured.
    pub metric: Metric,
    /// Levene's test.
    pub test: Result<Test, Undetermined>,
    /// Whether its adjusted probability is below the level.
    pub unequal: bool,
}

/// Tests every metric of every cell.
pub fn assumptions(groups: &[Group], summary: &Summary) -> Assumptions {
    let runs: Vec<&Group> = groups.iter().filter(|group| group.kind == Kind::Run).collect();
    let mut cells = on_all_cores(&ordered(groups, summary), |group| of_cell(group));
    let mut spreads = spreads(&runs, summary);
    for metric in groups::measured(runs.iter().copied()) {
        let of_metric = |cell: &&mut CellChecks| cell.metric == metric;
        flag(
            cells.iter_mut().filter(of_metric).map(|cell| {
                (cell.normality.as_ref().ok().map(|test| test.p), &mut cell.not_normal)
            }),
        );
        flag(
            cells
                .iter_mut()
                .filter(of_metric)
                .map(|cell| (cell.drift.as_ref().ok().map(|trend| trend.p), &mut cell.drifts)),
        );
        flag(
            spreads
                .iter_mut()
                .filter(|of| of.metric == metric)
                .map(|of| (of.test.as_ref().ok().map(|test| test.p), &mut of.unequal)),
        );
    }
    Assumptions { cells, spreads }
}

fn ordered<'a>(groups: &'a [Group], summary: &Summary) -> Vec<&'a Group> {
    let run = |cell: &Cell| {
        let of = (cell.variant.as_str(), cell.profile.as_str(), cell.size);
        groups::at(groups, Kind::Run, of)
    };
    summary.cells.iter().filter_map(run).collect()
}

fn of_cell(group: &Group) -> Vec<CellChecks> {
    let of_metric = |(metric, values): &(Metric, Vec<f64>)| CellChecks {
        variant: group.variant.clone(),
        profile: group.profile.clone(),
        size: group.size,
        metric: *metric,
        normality: shapiro_wilk(values),
        drift: mann_kendall(values),
        not_normal: false,
        drifts: false,
    };
    group.values.iter().map(of_metric).collect()
}

fn spreads(runs: &[&Group], summary: &Summary) -> Vec<Spread> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let metrics = groups::measured(runs.iter().copied());
    for cell in &summary.cells {
        if !seen.insert((cell.profile.clone(), cell.size)) {
            continue;
        }
        let here = || runs.iter().filter(|of| of.profile == cell.profile && of.size == cell.size);
        for &metric in &metrics {
            let values: Vec<&[f64]> =
                here().map(|of| of.values(metric)).filter(|values| values.len() > 1).collect();
            if values.len() > 1 {
                found.push(Spread {
                    profile: cell.profile.clone(),
                    size: cell.size,
                    metric,
                    test: levene(&values),
                    unequal: false,
                });
            }
        }
    }
    found
}

/// Marks what Holm's correction leaves below the level.
fn flag<'a>(tests: impl Iterator<Item = (Option<f64>, &'a mut bool)>) {
    let tested: Vec<(f64, &mut bool)> =
        tests.filter_map(|(p, flagged)| Some((p?, flagged))).collect();
    let p: Vec<f64> = tested.iter().map(|(p, _)| *p).collect();
    for ((_, flagged), adjusted) in tested.into_iter().zip(holm(&p)) {
        *flagged = adjusted < LEVEL;
    }
}
