//! Predictions are looked up: at least one predicted size of each series is measured after all else, in
//! runs of a kind of their own. A prediction that misses takes the belief from what rests on it; where
//! nothing was decided before, or it missed, the size joins the points that are fitted.

use stats::growth::{Failure, HeldOut, Prediction, SizePoint};
use stats::{Growth, Interval};

use experiment::Experiment;
use experiment::criterion::{Expects, Sizes};
use experiment::profile::swept_names;
use record::metric::Metric;
use record::units::Bytes;
use record::{Kind, Outcome};

use crate::cells::{Cell, Summary};
use crate::groups::{self, Group};

/// A predicted size with what one run of it gave.
#[derive(Debug, Clone, PartialEq)]
pub struct LookedUp {
    /// What was predicted.
    pub prediction: Prediction,
    /// How the run ended.
    pub outcome: Outcome,
    /// The value, where the run succeeded and has this metric.
    pub value: Option<f64>,
    /// What it reached at least in a run that was stopped at a limit.
    pub at_least: Option<f64>,
}

/// Whether predictions of a series may be believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trust {
    /// The value that was looked up, or the largest size held out, lay within its interval.
    Held,
    /// It did not.
    Missed,
    /// There was nothing to look up.
    Unchecked,
}

/// Largest document that is made to look a prediction up.
pub(crate) const SIZE_MAX: Bytes = Bytes(1_000_000_000);

/// Relative differences below this are none.
const ROUNDING: f64 = 1e-9;

/// How far beyond the largest size a prediction is looked up where no size is declared.
const BEYOND: u64 = 3;

impl LookedUp {
    /// Whether the prediction held; nothing where the run says nothing about this metric.
    pub fn is_hit(&self) -> Option<bool> {
        match (self.value, self.at_least) {
            (Some(value), _) => {
                let Interval { low, high } = self.prediction.interval;
                // Where nothing varies, an interval is as narrow as the rounding of the arithmetic.
                let rounding = ROUNDING * value.abs();
                Some(low - rounding <= value && value <= high + rounding)
            }
            (None, Some(at_least)) if at_least > self.prediction.interval.high => Some(false),
            (None, _) => None,
        }
    }
}

/// The sizes at which the experiment asks for a prediction, unless they are measured.
pub fn asked(experiment: &Experiment) -> impl Iterator<Item = Bytes> + '_ {
    let of_criteria = experiment.criterion.iter().filter_map(|of| match of.expects {
        Expects::Value { sizes: Sizes::At(size), .. } => Some(size),
        _ => None,
    });
    experiment.fit.predict.iter().copied().chain(of_criteria)
}

/// What was found at the sizes that were looked up.
pub(super) fn looked_up(
    predictions: &[Prediction],
    metric: Metric,
    (variant, profile): (&str, &str),
    groups: &[Group],
    at_limit: impl Fn(Outcome) -> Option<f64>,
) -> Vec<LookedUp> {
    let group = |size: f64| {
        groups::of_series(groups, Kind::LookUp, variant, profile)
            .find(|of| of.size.0 as f64 == size)
    };
    predictions
        .iter()
        .filter_map(|prediction| {
            let group = group(prediction.size)?;
            let (outcome, _) = group.outcomes.last()?;
            Some(LookedUp {
                prediction: prediction.clone(),
                outcome: *outcome,
                value: group.values(metric).last().copied(),
                at_least: at_limit(*outcome),
            })
        })
        .collect()
}

/// Growth with the largest size that was looked up, where that changes it: a miss decides nothing, and a
/// size more may decide what was open. `None` where a hit confirms what was decided.
pub(super) fn seen(
    first: &Growth,
    (points, anchor, failures): (&[SizePoint], Option<SizePoint>, &[Failure]),
    looked_up: &[LookedUp],
) -> Option<Growth> {
    let quantum = points.last()?.quantum;
    let found =
        looked_up.iter().filter_map(|of| Some((of.prediction.size, of.value?, of.is_hit()?)));
    let hit = found.clone().all(|(_, _, hit)| hit);
    let (size, value, _) = found.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let is_new = points.iter().all(|point| point.size != size);
    let point = SizePoint::single(size, value).with_quantum(quantum);
    first.looked_up(points, anchor, failures, point, hit).ok().flatten().filter(|_| is_new)
}

/// A value looked up farther out says more than the largest size held out.
pub(super) fn trust(looked_up: &[LookedUp], held_out: Option<&HeldOut>) -> Trust {
    let found: Vec<bool> = looked_up.iter().filter_map(LookedUp::is_hit).collect();
    match (found.as_slice(), held_out) {
        ([], None) => Trust::Unchecked,
        ([], Some(held_out)) if held_out.inside => Trust::Held,
        ([], Some(_)) => Trust::Missed,
        (found, _) if found.iter().all(|hit| *hit) => Trust::Held,
        _ => Trust::Missed,
    }
}

/// A size that is to be looked up, or why none is.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// The size to run; why none is.
    pub size: Result<Bytes, String>,
}

/// The size to look up for each variant and profile whose growth is predicted.
pub fn wanted(experiment: &Experiment, summary: &Summary) -> Vec<Wanted> {
    let mut found = Vec::new();
    if asked(experiment).next().is_none() && experiment.fit.budget.is_empty() {
        return found;
    }
    for profile in swept_names(&experiment.input) {
        for variant in &experiment.variant {
            let cells: Vec<&Cell> = summary.series(&variant.name, &profile).collect();
            if let Some(size) = wanted_at(experiment, &cells) {
                found.push(Wanted {
                    variant: variant.name.clone(),
                    profile: profile.clone(),
                    size,
                });
            }
        }
    }
    found
}

/// The smallest size asked for beyond those measured that is expected to stay within the limits of the
/// experiment, else the threefold of the largest. Nothing where nothing is predicted.
fn wanted_at(experiment: &Experiment, cells: &[&Cell]) -> Option<Result<Bytes, String>> {
    let failed = |cell: &&Cell| cell.failures().next().is_some();
    if cells.iter().any(failed) {
        return None;
    }
    let measured = |size: &Bytes| cells.iter().any(|cell| cell.size == *size);
    let largest = cells.iter().map(|cell| cell.size).max()?;
    let mut sizes: Vec<Bytes> = asked(experiment).filter(|size| !measured(size)).collect();
    if sizes.is_empty() && experiment.fit.budget.is_empty() {
        return None;
    }
    sizes.sort_by_key(|size| (*size < largest, *size));
    sizes.push(Bytes(largest.0 * BEYOND));
    let mut because = String::new();
    for size in sizes {
        match too_much(experiment, cells, size) {
            None => return Some(Ok(size)),
            Some(reason) if because.is_empty() => because = reason,
            Some(_) => {}
        }
    }
    Some(Err(because))
}

/// Which limit a run of a size is expected to pass, in words: its time and memory carried on from the two
/// largest sizes, at least in proportion.
pub(crate) fn too_much(experiment: &Experiment, cells: &[&Cell], size: Bytes) -> Option<String> {
    if size > SIZE_MAX {
        return Some(format!("inputs of more than {SIZE_MAX} are not made"));
    }
    let timeout = experiment.measure.timeout;
    if carried_on(cells, Metric::Wall, size).is_some_and(|wall| wall > timeout.0 as f64) {
        return Some(format!("a run of {size} is not expected to end within {timeout}"));
    }
    let limit = experiment.measure.memory_limit?;
    let peak = carried_on(cells, Metric::PeakRss, size)?;
    (peak > limit.0 as f64)
        .then(|| format!("a run of {size} is not expected to stay within {limit} of memory"))
}

/// A rough value at a size, to stay clear of limits; predictions are made elsewhere.
pub(crate) fn carried_on(cells: &[&Cell], metric: Metric, size: Bytes) -> Option<f64> {
    let mut points: Vec<(f64, f64)> = cells
        .iter()
        .filter_map(|cell| Some((cell.size.0 as f64, cell.metric(metric)?.mean)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (last_size, last) = *points.last()?;
    let steepness = match points[..] {
        [.., (before_size, before), _] => (last / before).ln() / (last_size / before_size).ln(),
        _ => 1.0,
    };
    let steepness = if steepness.is_finite() { steepness.clamp(1.0, 3.0) } else { 1.0 };
    Some(last * (size.0 as f64 / last_size).max(1.0).powf(steepness))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction() -> Prediction {
        Prediction {
            size: 1e8,
            value: 131e6,
            interval: Interval::new(93e6, 178e6),
            decades_beyond: 1.0,
            beyond_failure: None,
            averaged: false,
        }
    }

    fn found(value: Option<f64>, outcome: Outcome, at_least: Option<f64>) -> LookedUp {
        LookedUp { prediction: prediction(), outcome, value, at_least }
    }

    #[test]
    fn a_value_outside_its_interval_is_a_miss_and_so_is_a_limit_passed_beyond_it() {
        assert_eq!(found(Some(100e6), Outcome::Ok, None).is_hit(), Some(true));
        assert_eq!(found(Some(539e6), Outcome::Ok, None).is_hit(), Some(false));
        assert_eq!(found(None, Outcome::MemoryLimit, Some(1e9)).is_hit(), Some(false));
        // Stopped at less than the prediction says: nothing is known.
        assert_eq!(found(None, Outcome::MemoryLimit, Some(1e8)).is_hit(), None);
        assert_eq!(found(None, Outcome::Timeout, None).is_hit(), None);
    }

    #[test]
    fn a_miss_decides_nothing_and_a_hit_may_decide_what_was_open() {
        let line = |n: f64| SizePoint::single(n, 2e6 + 3.0 * n).with_quantum(4096.0);
        let points: Vec<SizePoint> = [1e4, 1e5, 3e5, 1e6, 3e6, 1e7].map(line).to_vec();
        let first = stats::growth(&points, None, &[]).unwrap();
        assert!(first.decided());
        let given = (points.as_slice(), None, [].as_slice());
        let looked_up = |value: f64| {
            let prediction = first.prediction(3e7).unwrap();
            vec![LookedUp { prediction, outcome: Outcome::Ok, value: Some(value), at_least: None }]
        };
        assert_eq!(seen(&first, given, &looked_up(92e6)), None, "a hit confirms");
        let missed = seen(&first, given, &looked_up(32e6)).unwrap();
        assert!(!missed.decided(), "{:?}", missed.verdict);
        let ahead = missed.prediction(1e8).unwrap().interval;
        assert!(ahead.low < 32e6 && ahead.high > 92e6, "{ahead}");
        // Few sizes, and a line that a step of the counter hides.
        let hidden = |n: f64| {
            let value = 2e6 + ((0.05 * n) / 131_072.0).floor() * 131_072.0;
            SizePoint::single(n, value).with_quantum(131_072.0)
        };
        let points: Vec<SizePoint> = [1e5, 1e6, 2e6, 5e6, 1e7].map(hidden).to_vec();
        let open = stats::growth(&points, None, &[]).unwrap();
        assert!(!open.decided(), "{:?}", open.verdict);
        let prediction = open.prediction(3e7).unwrap();
        let value = Some(hidden(3e7).mean);
        let found = vec![LookedUp { prediction, outcome: Outcome::Ok, value, at_least: None }];
        let after = seen(&open, (&points, None, &[]), &found).unwrap();
        assert_eq!(after.range.high, 3e7);
    }

    #[test]
    fn what_was_looked_up_outweighs_what_was_held_out() {
        let held_out = |inside| HeldOut { prediction: prediction(), measured: 1.0, inside };
        let hit = found(Some(100e6), Outcome::Ok, None);
        let miss = found(Some(539e6), Outcome::Ok, None);
        assert_eq!(trust(&[], None), Trust::Unchecked);
        assert_eq!(trust(&[], Some(&held_out(false))), Trust::Missed);
        assert_eq!(trust(std::slice::from_ref(&hit), Some(&held_out(false))), Trust::Held);
        assert_eq!(trust(&[hit, miss], Some(&held_out(true))), Trust::Missed);
    }
}
