//! Stage 7: how each fitted metric grows with the input, per variant and profile. The arithmetic is
//! the crate `stats`'; what lives here is which points it gets.

pub mod lookup;

use stats::growth::{Failure, HeldOut, Prediction, SizePoint};
use stats::{
    Growth, LackOfFit, LocalExponent, PowerLaw, Undetermined, growth, held_out_largest,
    lack_of_fit, local_exponents, power_law,
};

pub use lookup::{LookedUp, Trust};

use experiment::Experiment;
use experiment::profile::swept_names;
use record::EMPTY;
use record::metric::Metric;
use record::units::Bytes;
use record::{Kind, Outcome};

use crate::cells::{Cell, Summary};
use crate::groups::{self, Group};
use crate::resolution::Resolutions;
use crate::threads::on_all_cores;

/// The growth of one metric of one variant over the sizes of one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaling {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// What was measured.
    pub metric: Metric,
    /// What was fitted: the finest true view of the metric.
    pub view: Metric,
    /// One per size, ascending.
    pub points: Vec<SizePoint>,
    /// The line through log-log points, as the published baseline fitted it.
    pub power: Result<PowerLaw, Undetermined>,
    /// Whether that line is one, against the spread of repeats.
    pub lack_of_fit: Result<LackOfFit, Undetermined>,
    /// Models with a constant, compared; the empty document is their anchor. A size that was looked up is
    /// among their points where it missed or where nothing was decided without it.
    pub growth: Result<Growth, Undetermined>,
    /// Between neighbouring sizes.
    pub local: Vec<LocalExponent>,
    /// The largest size, foretold by the others.
    pub held_out: Result<HeldOut, Undetermined>,
    /// At the declared sizes that are not measured, and where they were looked up.
    pub predictions: Vec<Prediction>,
    /// What was measured at predicted sizes, after all else; not one of the points. Predictions there are
    /// those of the points alone.
    pub looked_up: Vec<LookedUp>,
    /// The first size at which it failed, and how: the bound of what is fitted.
    pub failed_at: Option<(Bytes, Outcome)>,
}

/// The fits of all metrics that the experiment names, in its order.
pub fn scalings(summary: &Summary, groups: &[Group], experiment: &Experiment) -> Vec<Scaling> {
    if experiment.input.sizes.len() < 3 {
        return Vec::new();
    }
    let resolutions = Resolutions::of_groups(groups);
    let mut places = Vec::new();
    for profile in swept_names(&experiment.input) {
        for variant in &experiment.variant {
            let cells: Vec<&Cell> = summary.series(&variant.name, &profile).collect();
            for metric in &experiment.fit.metrics {
                places.push((variant.name.as_str(), profile.clone(), *metric, cells.clone()));
            }
        }
    }
    on_all_cores(&places, |(variant, profile, metric, cells)| {
        vec![scaling((variant, profile), *metric, cells, (groups, &resolutions), experiment)]
    })
}

fn scaling(
    (variant, profile): (&str, &str),
    metric: Metric,
    cells: &[&Cell],
    (groups, resolutions): (&[Group], &Resolutions),
    experiment: &Experiment,
) -> Scaling {
    let view = view(metric, cells, resolutions);
    let anchor = anchor(groups, variant, view, resolutions);
    let points = points(cells, view, resolutions);
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
    let predictions =
        predictions(growth.as_ref().ok(), &points, (variant, profile), groups, experiment);
    let of_runs: Vec<(f64, &[f64])> = groups::of_series(groups, Kind::Run, variant, profile)
        .map(|of| (of.size.0 as f64, of.values(view)))
        .filter(|(_, values)| !values.is_empty())
        .collect();
    let at_limit = |outcome| bound(metric, outcome, experiment);
    let looked_up = lookup::looked_up(&predictions, view, (variant, profile), groups, at_limit);
    let growth = growth.map(|first| {
        lookup::seen(&first, (&points, anchor, &failures), &looked_up).unwrap_or(first)
    });
    let predictions = predictions
        .into_iter()
        .filter_map(|of| match looked_up.iter().any(|found| found.prediction.size == of.size) {
            true => Some(of),
            false => growth.as_ref().ok()?.prediction(of.size),
        })
        .collect();
    Scaling {
        variant: variant.to_owned(),
        profile: profile.to_owned(),
        metric,
        view,
        power: power_law(&plain),
        lack_of_fit: lack_of_fit(&of_runs),
        local: local_exponents(&plain),
        held_out: held_out_largest(&points, anchor),
        looked_up,
        growth,
        predictions,
        failed_at,
        points,
    }
}

/// The view of a metric that growth is fitted on: of a peak the finer one, where all cells have both.
pub fn view(metric: Metric, cells: &[&Cell], resolutions: &Resolutions) -> Metric {
    let has_both = |cell: &&Cell| {
        cell.metric(Metric::PeakRss).is_none() || cell.metric(Metric::PeakHwm).is_some()
    };
    match metric {
        Metric::PeakRss if !cells.is_empty() && cells.iter().all(has_both) => {
            resolutions.finer_peak()
        }
        metric => metric,
    }
}

/// One point per size at which a variant has values of a view, each with the step it was read in.
pub fn points(cells: &[&Cell], view: Metric, resolutions: &Resolutions) -> Vec<SizePoint> {
    let point = |cell: &&Cell| {
        let point = SizePoint::of(cell.size.0 as f64, cell.metric(view)?);
        let mean = |metric| cell.metric(metric).map(|of| of.mean);
        let at_exit = mean(Metric::PeakHwm) == mean(Metric::RssAtExit);
        Some(point.with_quantum(quantum(view, at_exit, cell.size, resolutions)))
    };
    cells.iter().filter_map(point).collect()
}

/// The step of a reading; 0 where no self-test told. A `VmHWM` of a peak before the exit was put together of
/// the same batches as `ru_maxrss`.
fn quantum(view: Metric, at_exit: bool, size: Bytes, resolutions: &Resolutions) -> f64 {
    let of = |metric| resolutions.resolution(metric, size).unwrap_or(0.0);
    match view {
        Metric::PeakHwm if !at_exit => of(Metric::PeakHwm).max(of(Metric::PeakRss)),
        view => of(view),
    }
}

/// At every size that is declared, or was looked up, and is not one of the points; ascending.
fn predictions(
    growth: Option<&Growth>,
    points: &[SizePoint],
    (variant, profile): (&str, &str),
    groups: &[Group],
    experiment: &Experiment,
) -> Vec<Prediction> {
    let Some(growth) = growth else { return Vec::new() };
    let looked_up = groups::of_series(groups, Kind::LookUp, variant, profile).map(|of| of.size);
    let mut sizes: Vec<Bytes> = lookup::asked(experiment).chain(looked_up).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let unmeasured = |size: &Bytes| !points.iter().any(|point| point.size == size.0 as f64);
    let sizes = sizes.into_iter().filter(unmeasured);
    sizes.filter_map(|size| growth.prediction(size.0 as f64)).collect()
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
    /// Whether what rests on predictions of this series may be believed.
    pub fn trust(&self) -> Trust {
        lookup::trust(&self.looked_up, self.held_out.as_ref().ok())
    }

    /// What was found where a prediction was looked up.
    pub fn looked_up_at(&self, size: f64) -> Option<&LookedUp> {
        self.looked_up.iter().find(|of| of.prediction.size == size)
    }

    /// Whether a size lies at or beyond one at which the variant failed.
    pub fn is_beyond_failure(&self, size: f64) -> bool {
        self.failed_at.is_some_and(|(failed, _)| size >= failed.0 as f64)
    }

    /// The coarsest step in which a point was read.
    pub fn quantum_max(&self) -> f64 {
        self.points.iter().map(|point| point.quantum).fold(0.0, f64::max)
    }

    /// What the metric had reached at least where the variant failed, if that is known.
    pub(crate) fn reached_at_failure(&self) -> Option<f64> {
        self.growth.as_ref().ok()?.failures.first()?.at_least
    }

    /// Where and how the variant failed, in words.
    pub fn failure(&self) -> Option<String> {
        self.failed_at.map(|(size, outcome)| format!("{outcome} at {size}"))
    }
}

/// The variant on the empty document.
pub fn anchor(
    groups: &[Group],
    variant: &str,
    view: Metric,
    resolutions: &Resolutions,
) -> Option<SizePoint> {
    let group = groups::of_series(groups, Kind::SelfTest, variant, EMPTY).next()?;
    let first = |metric| group.values(metric).first();
    let at_exit = first(Metric::PeakHwm) == first(Metric::RssAtExit);
    let point = SizePoint::single(0.0, *first(view)?);
    Some(point.with_quantum(quantum(view, at_exit, Bytes(0), resolutions)))
}
