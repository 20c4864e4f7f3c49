//! Every variant against the reference: paired within blocks, Holm's correction over all comparisons of
//! the experiment.

use stats::compare::Change;
use stats::{Comparison, Undetermined, compare_resolved};

use experiment::Experiment;
use record::Kind;
use record::metric::{Better, Metric};
use record::units::Bytes;

use crate::cells::{Cell, Summary};
use crate::groups::{self, Group, Pairs, Samples};

/// One variant compared with the reference at one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// The size of the input.
    pub size: Bytes,
    /// What was measured.
    pub metric: Metric,
    /// The comparison; why there is none.
    pub answer: Result<Comparison, Undetermined>,
}

/// What comparisons with the reference rest on; nothing without one.
pub fn paired(samples: &Samples, experiment: &Experiment) -> anyhow::Result<Pairs> {
    match &experiment.fit.reference {
        Some(reference) => samples.pairs(reference, &experiment.fit.metrics),
        None => Ok(Pairs::default()),
    }
}

/// The declared family: every other variant, every document, every fitted metric.
pub fn comparisons(
    groups: &[Group],
    pairs_of: &Pairs,
    summary: &Summary,
    experiment: &Experiment,
) -> Vec<Compared> {
    let Some(reference) = &experiment.fit.reference else { return Vec::new() };
    let mut places = Vec::new();
    let mut pairs = Vec::new();
    for metric in &experiment.fit.metrics {
        for cell in summary.cells.iter().filter(|cell| cell.variant != *reference) {
            let paired = match metric.is_exact() {
                true => exact(groups, cell, reference, *metric),
                false => pairs_of.of(&cell.variant, &cell.profile, cell.size, *metric).to_vec(),
            };
            // Sizes chosen while measuring are there for growth: one run of each compares nothing.
            if experiment.input.auto.is_some() && paired.len() == 1 {
                continue;
            }
            pairs.push(paired);
            places.push((cell, *metric));
        }
    }
    let resolution =
        |(cell, metric): &(&Cell, Metric)| summary.self_tests.resolutions.error(*metric, cell.size);
    let family: Vec<(&[(f64, f64)], f64)> =
        pairs.iter().map(Vec::as_slice).zip(places.iter().map(resolution)).collect();
    let answers = compare_resolved(&family, experiment.fit.margin.0);
    places
        .into_iter()
        .zip(answers)
        .map(|((cell, metric), answer)| Compared {
            variant: cell.variant.clone(),
            profile: cell.profile.clone(),
            size: cell.size,
            metric,
            answer: answer.map(|answer| in_direction(answer, metric.better())),
        })
        .collect()
}

/// What the instrumented encoder counted, once, belongs to no block.
fn exact(groups: &[Group], cell: &Cell, reference: &str, metric: Metric) -> Vec<(f64, f64)> {
    let of = |variant: &str| -> &[f64] {
        let group = groups::at(groups, Kind::Run, (variant, &cell.profile, cell.size));
        group.map_or(&[], |group| group.values(metric))
    };
    of(&cell.variant).iter().copied().zip(of(reference).iter().copied()).collect()
}

/// Where more is better, a smaller value is the worse one.
fn in_direction(mut answer: Comparison, better: Better) -> Comparison {
    if better == Better::Higher {
        answer.verdict = match answer.verdict {
            Change::Improved => Change::Regressed,
            Change::Regressed => Change::Improved,
            undirected => undirected,
        };
    }
    answer
}
