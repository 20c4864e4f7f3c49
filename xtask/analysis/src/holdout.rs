//! Predictions that can be looked up: a size that is both declared in `fit.predict` and measured is
//! predicted from the smaller sizes alone, and the truth stands beside it.

use stats::growth::Prediction;

use experiment::Experiment;
use record::Kind;
use record::metric::Metric;
use record::units::Bytes;

use crate::groups::{self, Group};
use crate::growth::{self, Scaling};
use crate::resolution::Resolutions;

/// A prediction with what was measured there.
#[derive(Debug, Clone, PartialEq)]
pub struct Holdout {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// What was measured.
    pub metric: Metric,
    /// The size of the input.
    pub size: Bytes,
    /// From the smaller sizes; why not, where they do not say.
    pub prediction: Result<Prediction, String>,
    /// Mean of the runs at the size.
    pub mean: f64,
    /// How many runs there were at the size.
    pub runs: usize,
    /// Runs that fell into the prediction interval of one run.
    pub runs_inside: usize,
}

/// Every declared size that was measured.
pub fn holdouts(groups: &[Group], scalings: &[Scaling], experiment: &Experiment) -> Vec<Holdout> {
    let mut found = Vec::new();
    for scaling in scalings {
        for size in &experiment.fit.predict {
            found.extend(at(scaling, *size, groups));
        }
    }
    found
}

fn at(scaling: &Scaling, size: Bytes, groups: &[Group]) -> Option<Holdout> {
    let truth = scaling.points.iter().find(|point| point.size == size.0 as f64)?;
    let group = groups::at(groups, Kind::Run, (&scaling.variant, &scaling.profile, size))?;
    let smaller: Vec<_> =
        scaling.points.iter().filter(|point| point.size < truth.size).copied().collect();
    let resolutions = Resolutions::of_groups(groups);
    let anchor = growth::anchor(groups, &scaling.variant, scaling.view, &resolutions);
    let prediction = match stats::growth(&smaller, anchor, &[]) {
        Err(reason) => Err(reason.to_string()),
        Ok(growth) => {
            growth.prediction(truth.size).ok_or_else(|| "no model is positive there".to_owned())
        }
    };
    let inside = |value: &&f64| prediction.as_ref().is_ok_and(|of| of.interval.contains(**value));
    let values = group.values(scaling.view);
    Some(Holdout {
        variant: scaling.variant.clone(),
        profile: scaling.profile.clone(),
        metric: scaling.metric,
        size,
        mean: truth.mean,
        runs: values.len(),
        runs_inside: values.iter().filter(inside).count(),
        prediction,
    })
}

impl Holdout {
    /// Whether the mean fell into the interval.
    pub fn is_inside(&self) -> bool {
        self.prediction.as_ref().is_ok_and(|of| of.interval.contains(self.mean))
    }
}
