//! Stage 7: how each fitted metric grows with the input, per variant and profile. The arithmetic is
//! the crate `stats`'; what lives here is which points it gets.

use stats::growth::{Failure, Prediction, SizePoint};
use stats::{Growth, LocalExponent, PowerLaw, Undetermined, growth, local_exponents, power_law};

use crate::aggregate::Group;
use crate::experiment::Experiment;
use crate::inputs;
use crate::metric::Metric;
use crate::record::{Kind, Outcome};
use crate::summary::{Cell, Summary};
use crate::units::Bytes;

/// The growth of one metric of one variant over the sizes of one profile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scaling {
    pub(crate) variant: String,
    pub(crate) profile: String,
    pub(crate) metric: Metric,
    /// One per size, ascending.
    pub(crate) points: Vec<SizePoint>,
    /// The line through log-log points, as the published baseline fitted it.
    pub(crate) power: Result<PowerLaw, Undetermined>,
    /// Models with a constant, compared; the empty document is their anchor.
    pub(crate) growth: Result<Growth, Undetermined>,
    /// Between neighbouring sizes.
    pub(crate) local: Vec<LocalExponent>,
    /// At the declared sizes that are not measured.
    pub(crate) predictions: Vec<Prediction>,
    /// The first size at which it failed, and how: the bound of what is fitted.
    pub(crate) failed_at: Option<(Bytes, Outcome)>,
}

/// The fits of all metrics that the experiment names, in its order.
pub(crate) fn scalings(
    summary: &Summary,
    groups: &[Group],
    experiment: &Experiment,
) -> Vec<Scaling> {
    let mut found = Vec::new();
    if experiment.input.sizes.len() < 3 {
        return found;
    }
    for profile in inputs::swept_names(&experiment.input) {
        for variant in &experiment.variant {
            let cells: Vec<&Cell> = summary
                .cells
                .iter()
                .filter(|cell| cell.variant == variant.name && cell.profile == profile)
                .collect();
            for metric in &experiment.fit.metrics {
                let anchor = anchor(groups, &variant.name, *metric);
                let place = (variant.name.as_str(), profile.as_str());
                found.push(scaling(place, *metric, &cells, anchor, experiment));
            }
        }
    }
    found
}

fn scaling(
    (variant, profile): (&str, &str),
    metric: Metric,
    cells: &[&Cell],
    anchor: Option<SizePoint>,
    experiment: &Experiment,
) -> Scaling {
    let points: Vec<SizePoint> = cells
        .iter()
        .filter_map(|cell| Some(SizePoint::of(cell.size.0 as f64, cell.metric(metric)?)))
        .collect();
    let plain: Vec<(f64, f64)> = points.iter().map(|point| (point.size, point.mean)).collect();
    let failed_at = cells.iter().find_map(|cell| {
        let (outcome, _) = cell.failures().find(|(outcome, _)| *outcome != Outcome::Skipped)?;
        Some((cell.size, outcome))
    });
    let failures: Vec<Failure> = failed_at
        .iter()
        .map(|(size, outcome)| Failure {
            size: size.0 as f64,
            at_least: bound(metric, *outcome, experiment),
        })
        .collect();
    let growth = growth(&points, anchor, &failures);
    let unmeasured = |size: &&Bytes| !points.iter().any(|point| point.size == size.0 as f64);
    let predictions = match &growth {
        Ok(growth) => experiment
            .fit
            .predict
            .iter()
            .filter(unmeasured)
            .filter_map(|size| growth.prediction(size.0 as f64))
            .collect(),
        Err(_) => Vec::new(),
    };
    Scaling {
        variant: variant.to_owned(),
        profile: profile.to_owned(),
        metric,
        power: power_law(&plain),
        growth,
        local: local_exponents(&plain),
        predictions,
        failed_at,
        points,
    }
}

/// What the metric reached at least in a run that was stopped at a limit.
fn bound(metric: Metric, outcome: Outcome, experiment: &Experiment) -> Option<f64> {
    match (outcome, metric) {
        (Outcome::MemoryLimit, Metric::PeakRss | Metric::PeakHwm) => {
            experiment.measure.memory_limit.map(|limit| limit.0 as f64)
        }
        (Outcome::Timeout, Metric::Wall) => Some(experiment.measure.timeout.0 as f64),
        _ => None,
    }
}

impl Scaling {
    /// Where and how the variant failed, in words.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failed_at.map(|(size, outcome)| format!("{outcome} at {size}"))
    }
}

/// The variant on the empty document.
pub(crate) fn anchor(groups: &[Group], variant: &str, metric: Metric) -> Option<SizePoint> {
    let group = groups.iter().find(|group| {
        group.kind == Kind::Proof && group.variant == variant && group.profile == inputs::EMPTY
    })?;
    group.values(metric).first().map(|value| SizePoint::single(0.0, *value))
}
