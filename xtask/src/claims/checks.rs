//! What other statistics assume, tested: values of a cell are normal (Shapiro-Wilk), do not drift with
//! the order of the runs (Mann-Kendall), spread alike in all variants (Levene).
//!
//! Many cells are tested, so each test's probabilities are adjusted by Holm over the cells of a metric;
//! what is still below 5 % is flagged.

use std::collections::{BTreeSet, HashMap};

use stats::{Test, Trend, Undetermined, holm, levene, mann_kendall, shapiro_wilk};

use record::Kind;
use record::metric::Metric;
use record::units::Bytes;

use crate::aggregate::{self, Group};
use crate::cores::on_all_cores;
use crate::summary::Summary;

/// The chance of any false flag of one test at one metric.
const LEVEL: f64 = 0.05;

/// The tests of all cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Checks {
    /// In the order of the summary's cells.
    pub(crate) cells: Vec<CellChecks>,
    pub(crate) spreads: Vec<Spread>,
}

/// The tests of one metric of one cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CellChecks {
    pub(crate) variant: String,
    pub(crate) profile: String,
    pub(crate) size: Bytes,
    pub(crate) metric: Metric,
    pub(crate) normality: Result<Test, Undetermined>,
    pub(crate) drift: Result<Trend, Undetermined>,
    pub(crate) not_normal: bool,
    pub(crate) drifts: bool,
}

/// Levene's test between the variants at one document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    pub(crate) profile: String,
    pub(crate) size: Bytes,
    pub(crate) metric: Metric,
    pub(crate) test: Result<Test, Undetermined>,
    pub(crate) unequal: bool,
}

/// Tests every metric of every cell.
pub(crate) fn checks(groups: &[Group], summary: &Summary) -> Checks {
    let runs: Vec<&Group> = groups.iter().filter(|group| group.kind == Kind::Run).collect();
    let mut cells = on_all_cores(&ordered(&runs, summary), |group| of_cell(group));
    let mut spreads = spreads(&runs, summary);
    for metric in aggregate::measured(runs.iter().copied()) {
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
    Checks { cells, spreads }
}

fn ordered<'a>(runs: &[&'a Group], summary: &Summary) -> Vec<&'a Group> {
    let by_key: HashMap<_, &&Group> = runs.iter().map(|of| (key(of), of)).collect();
    let cells = summary.cells.iter();
    cells
        .filter_map(|cell| by_key.get(&(cell.variant.as_str(), cell.profile.as_str(), cell.size)))
        .map(|group| **group)
        .collect()
}

fn key(group: &Group) -> (&str, &str, Bytes) {
    (group.variant.as_str(), group.profile.as_str(), group.size)
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
    let metrics = aggregate::measured(runs.iter().copied());
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
