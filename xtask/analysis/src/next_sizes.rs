//! Where nothing is decided, or what was decided missed: which further sizes would tell the laws apart, and how long they take.

use stats::Interval;
use stats::growth::{Asked, Next, Plan, SizePoint, next_size};

use experiment::Experiment;
use record::metric::Metric;
use record::units::{Bytes, Nanos};

use crate::cells::{Cell, Summary};
use crate::groups::Group;
use crate::growth::{self, Scaling, Trust, lookup};
use crate::resolution::Resolutions;
use crate::threads::on_all_cores;

/// Sizes for one series.
#[derive(Debug, Clone, PartialEq)]
pub struct NextSizes {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// What was measured.
    pub metric: Metric,
    /// In the order in which they tell most; none where no size within the limits would.
    pub sizes: Vec<Bytes>,
    /// As many runs of each as the experiment makes at least.
    pub takes: Option<Nanos>,
    /// Whether they decide, if they read what is predicted there.
    pub is_enough: bool,
}

/// Sizes that are named for one series.
const SIZES_MAX: usize = 4;

impl NextSizes {
    /// Whether they are for this series.
    pub fn is_of(&self, scaling: &Scaling) -> bool {
        self.variant == scaling.variant
            && self.profile == scaling.profile
            && self.metric == scaling.metric
    }
}

/// One answer for each series that is not decided, or whose predictions missed, and that did not fail.
pub fn next_sizes(
    groups: &[Group],
    summary: &Summary,
    scalings: &[Scaling],
    experiment: &Experiment,
) -> Vec<NextSizes> {
    let is_open = |of: &Scaling| {
        let undecided = of.growth.as_ref().is_ok_and(|growth| !growth.decided());
        undecided || of.trust() == Trust::Missed
    };
    let open = |of: &&Scaling| of.failed_at.is_none() && !of.points.is_empty() && is_open(of);
    let open: Vec<&Scaling> = scalings.iter().filter(open).collect();
    on_all_cores(&open, |scaling| {
        let cells: Vec<&Cell> = summary.series(&scaling.variant, &scaling.profile).collect();
        vec![of_series(scaling, &cells, groups, experiment)]
    })
}

fn of_series(
    scaling: &Scaling,
    cells: &[&Cell],
    groups: &[Group],
    experiment: &Experiment,
) -> NextSizes {
    let anchor =
        growth::anchor(groups, &scaling.variant, scaling.view, &Resolutions::of_groups(groups));
    let mut asked = Asked { points: scaling.points.clone(), anchor };
    let mut sizes = Vec::new();
    for (found, value) in scaling.looked_up.iter().filter_map(|of| Some((of, of.value?))) {
        let size = found.prediction.size;
        if scaling.points.iter().any(|point| point.size == size) {
            continue;
        }
        asked.points.push(SizePoint::single(size, value).with_quantum(scaling.quantum_max()));
        // What missed is the first that the others lack.
        if scaling.trust() == Trust::Missed {
            sizes.push(Bytes(size as u64));
        }
    }
    let mut is_enough = false;
    if let Some(plan) = plan(scaling, cells, experiment) {
        while sizes.len() <= SIZES_MAX {
            match next_size(std::slice::from_ref(&asked), &plan) {
                Next::Measure { size, .. } if sizes.len() < SIZES_MAX => {
                    let Some(point) = predicted(scaling, size) else { break };
                    asked.points.push(point);
                    sizes.push(Bytes(size as u64));
                }
                Next::Decided(_) => {
                    is_enough = !sizes.is_empty();
                    break;
                }
                _ => break,
            }
        }
    }
    let wall = |size: &Bytes| lookup::carried_on(cells, Metric::Wall, *size);
    let takes: Option<f64> = sizes.iter().map(wall).sum();
    let runs = f64::from(experiment.measure.runs_min);
    NextSizes {
        variant: scaling.variant.clone(),
        profile: scaling.profile.clone(),
        metric: scaling.metric,
        takes: takes.filter(|nanos| *nanos > 0.0).map(|nanos| Nanos((nanos * runs) as u64)),
        sizes,
        is_enough,
    }
}

/// The sizes measured and, within the limits of the experiment, up to three times the largest.
fn plan(scaling: &Scaling, cells: &[&Cell], experiment: &Experiment) -> Option<Plan> {
    let first = scaling.points.first()?.size;
    let last = scaling.points.last()?.size;
    let beyond = Bytes((last * 3.0) as u64);
    let high =
        if lookup::too_much(experiment, cells, beyond).is_none() { last * 3.0 } else { last };
    Some(Plan {
        range: Interval::new(first, high),
        among: Vec::new(),
        seconds_left: f64::INFINITY,
        costs: Vec::new(),
    })
}

/// What is predicted at a size, as if it had been measured.
fn predicted(scaling: &Scaling, size: f64) -> Option<SizePoint> {
    let growth = scaling.growth.as_ref().ok()?;
    let value = growth.prediction(size)?.value;
    let quantum = scaling.points.last()?.quantum;
    Some(SizePoint::single(size, value).with_quantum(quantum))
}
