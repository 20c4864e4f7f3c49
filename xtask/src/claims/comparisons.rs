//! Every variant against the reference: paired within blocks, Holm's correction over all comparisons of
//! the experiment.

use std::collections::HashMap;

use stats::compare::Verdict;
use stats::{Comparison, Undetermined, compare_family};

use crate::aggregate::Group;
use crate::experiment::Experiment;
use crate::metric::{Better, Metric};
use crate::record::Kind;
use crate::summary::Summary;
use crate::units::Bytes;

/// One variant compared with the reference at one document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compared {
    pub(crate) variant: String,
    pub(crate) profile: String,
    pub(crate) size: Bytes,
    pub(crate) metric: Metric,
    pub(crate) answer: Result<Comparison, Undetermined>,
}

/// The declared family: every other variant, every document, every fitted metric.
pub(crate) fn comparisons(
    groups: &[Group],
    summary: &Summary,
    experiment: &Experiment,
) -> Vec<Compared> {
    let Some(reference) = &experiment.fit.reference else { return Vec::new() };
    let of_cell: HashMap<(&str, &str, Bytes), &Group> = groups
        .iter()
        .filter(|group| group.kind == Kind::Run)
        .map(|group| ((group.variant.as_str(), group.profile.as_str(), group.size), group))
        .collect();
    let mut places = Vec::new();
    let mut pairs = Vec::new();
    for metric in &experiment.fit.metrics {
        for cell in summary.cells.iter().filter(|cell| cell.variant != *reference) {
            let find = |variant| of_cell.get(&(variant, cell.profile.as_str(), cell.size));
            let found = find(cell.variant.as_str()).zip(find(reference.as_str()));
            let paired = found.map_or_else(Vec::new, |(of, with)| of.paired(with, *metric));
            // Sizes chosen while measuring are there for growth: one run of each compares nothing.
            if experiment.input.auto.is_some() && paired.len() == 1 {
                continue;
            }
            pairs.push(paired);
            places.push((cell, *metric));
        }
    }
    let resolutions = &summary.proofs.resolutions;
    let family: Vec<&[(f64, f64)]> = pairs.iter().map(Vec::as_slice).collect();
    let answers = compare_family(&family, experiment.fit.margin.0);
    places
        .into_iter()
        .zip(answers)
        .zip(&pairs)
        .map(|(((cell, metric), answer), pairs)| Compared {
            variant: cell.variant.clone(),
            profile: cell.profile.clone(),
            size: cell.size,
            metric,
            answer: answer.map(|answer| {
                let error = resolutions.error(metric, cell.size) / smallest(pairs);
                in_direction(resolved(answer, error), metric.better())
            }),
        })
        .collect()
}

/// The smallest value that was compared.
fn smallest(pairs: &[(f64, f64)]) -> f64 {
    pairs.iter().flat_map(|(of, with)| [*of, *with]).fold(f64::INFINITY, f64::min)
}

/// No verdict claims less than the machine tells apart, which is `resolution` of the values: neither a
/// difference as small, nor equality within a margin as small.
fn resolved(mut answer: Comparison, resolution: f64) -> Comparison {
    let is_claimed = match answer.verdict {
        Verdict::Improved | Verdict::Regressed => (answer.ratio - 1.0).abs() > resolution,
        Verdict::Equivalent => answer.margin >= resolution,
        Verdict::NotDecided { .. } => true,
    };
    if !is_claimed {
        // More blocks do not make the machine count finer.
        answer.verdict = Verdict::NotDecided { runs_needed: None };
    }
    answer
}

/// Where more is better, a smaller value is the worse one.
fn in_direction(mut answer: Comparison, better: Better) -> Comparison {
    if better == Better::Higher {
        answer.verdict = match answer.verdict {
            Verdict::Improved => Verdict::Regressed,
            Verdict::Regressed => Verdict::Improved,
            undirected => undirected,
        };
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(ratio: f64, margin: f64, resolution: f64) -> Verdict {
        let pairs: Vec<(f64, f64)> = (0..5).map(|_| (1e6 * ratio, 1e6)).collect();
        let answer = compare_family(&[&pairs], margin).remove(0).unwrap();
        resolved(answer, resolution).verdict
    }

    #[test]
    fn no_verdict_claims_less_than_the_machine_tells_apart() {
        let undecided = Verdict::NotDecided { runs_needed: None };
        assert_eq!(verdict(0.9, 0.01, 0.05), Verdict::Improved);
        assert_eq!(verdict(0.9, 0.01, 0.12), undecided);
        assert_eq!(verdict(1.1, 0.01, 0.12), undecided);
        assert_eq!(verdict(1.0, 0.01, 0.005), Verdict::Equivalent);
        assert_eq!(verdict(1.0, 0.01, 0.02), undecided);
    }
}
