//! `sizes = "auto"`: which size is measured next, chosen of the samples so far.
//!
//! All variants of a profile share its sizes, so that every block stays complete: a size is chosen for
//! the series that are still open, and every variant runs it. What is chosen is recorded in order before
//! it is measured; a choice depends on recorded samples alone, durations included, so that a campaign
//! that was stopped goes on as one that was not.

use std::collections::BTreeMap;

use stats::Interval;
use stats::growth::{Asked, Next, Plan, Why, next_size};

use experiment::profile::swept_names;
use experiment::{Auto, Experiment};
use record::metric::Metric;
use record::units::Bytes;
use record::{Because, ChosenSize, Folder, Kind, Sample};

use crate::cells::{self, Cell, Summary};
use crate::groups::{Group, Samples};
use crate::growth;
use crate::resolution::Resolutions;

/// Fewest sizes of one profile, whatever the budget: with fewer nothing is fitted and checked.
const SIZES_MIN: usize = stats::growth::SIZES_MIN + 1;

/// Most sizes of one profile, whatever the budget.
const SIZES_MAX: usize = 40;

/// One more size for each profile that wants one, or why it wants none; nothing when all profiles are done.
/// `folder` holds what a campaign recorded so far, `samples` its rows.
pub fn next(folder: &Folder, samples: &[Sample]) -> anyhow::Result<Vec<ChosenSize>> {
    let Some(lock) = folder.read_lock::<Experiment>()? else { return Ok(Vec::new()) };
    let experiment = &lock.experiment;
    let Some(auto) = &experiment.input.auto else { return Ok(Vec::new()) };
    let groups = Samples::read(&folder.samples(), &experiment.own_metrics())?.groups()?;
    let summary = cells::summarise(&groups, experiment);
    let is_done =
        |name: &String| lock.chosen.iter().any(|of| of.profile == *name && of.size.is_none());
    let open = swept_names(&experiment.input).into_iter().filter(|name| !is_done(name));
    let choice = |name: String| {
        let (groups, summary) = (&groups, &summary);
        Profile { name: &name, auto, experiment, groups, summary, samples }.next()
    };
    Ok(open.map(choice).collect())
}

/// What is known of one profile.
struct Profile<'a> {
    name: &'a str,
    auto: &'a Auto,
    experiment: &'a Experiment,
    groups: &'a [Group],
    summary: &'a Summary,
    samples: &'a [Sample],
}

impl Profile<'_> {
    fn next(&self) -> ChosenSize {
        let of = |size, because| ChosenSize { profile: self.name.to_owned(), size, because };
        let series = self.series();
        let sizes = self.costs();
        if series.is_empty() {
            return of(None, Because::NothingToFit);
        }
        if sizes.len() >= SIZES_MAX {
            return of(None, Because::Exhausted);
        }
        let plan = Plan {
            range: Interval::new(self.auto.from.0 as f64, self.auto.to.0 as f64),
            among: Vec::new(),
            seconds_left: (self.share() - self.spent()).max(0.0),
            costs: sizes,
        };
        let next = match next_size(&series, &plan) {
            // A budget that buys no fit buys nothing: the sizes so far, and what lies between them.
            Next::Spent if plan.costs.len() < SIZES_MIN => {
                let largest = plan.costs.iter().map(|cost| cost.0).fold(plan.range.low, f64::max);
                let range = Interval::new(plan.range.low, largest);
                next_size(&series, &Plan { range, seconds_left: f64::INFINITY, ..plan })
            }
            next => next,
        };
        match next {
            Next::Measure { size, why } => of(
                Some(Bytes(size as u64)),
                match why {
                    Why::Start => Because::Start,
                    Why::Top => Because::Top,
                    Why::Discriminates | Why::Spreads => Because::Discriminates,
                },
            ),
            Next::Decided(_) => of(None, Because::Decided),
            Next::Spent => of(None, Because::Spent),
            Next::Exhausted => of(None, Because::Exhausted),
        }
    }

    /// The fitted metrics of the variants that have not failed.
    fn series(&self) -> Vec<Asked> {
        let resolutions = Resolutions::of_groups(self.groups);
        let mut series = Vec::new();
        for variant in &self.experiment.variant {
            let cells: Vec<&Cell> = self.summary.series(&variant.name, self.name).collect();
            if cells.iter().any(|cell| cell.failures().next().is_some()) {
                continue;
            }
            for metric in &self.experiment.fit.metrics {
                let view = growth::view(*metric, &cells, &resolutions);
                let points = growth::points(&cells, view, &resolutions);
                let anchor = growth::anchor(self.groups, &variant.name, view, &resolutions);
                if !points.is_empty() {
                    series.push(Asked { points, anchor });
                }
            }
        }
        series
    }

    /// Seconds that each measured size would take once more, all variants together.
    fn costs(&self) -> Vec<(f64, f64)> {
        let mut costs: BTreeMap<Bytes, f64> = BTreeMap::new();
        for group in self.groups.iter().filter(|of| of.kind == Kind::Run && of.profile == self.name)
        {
            let walls = group.values(Metric::Wall);
            let mean = walls.iter().sum::<f64>() / walls.len().max(1) as f64;
            let steady = self.is_steady(&group.variant);
            let runs = match steady {
                true => 1.0,
                false => f64::from(self.experiment.measure.runs_min),
            };
            *costs.entry(group.size).or_default() += mean * runs / 1e9;
        }
        costs.into_iter().map(|(size, seconds)| (size.0 as f64, seconds)).collect()
    }

    /// Whether one run says what each fitted metric of a variant is.
    fn is_steady(&self, variant: &str) -> bool {
        let cells: Vec<&Cell> = self.summary.series(variant, self.name).collect();
        let mut metrics = self.experiment.fit.metrics.iter().copied();
        let is_absent = |metric| cells.iter().all(|cell| cell.metric(metric).is_none());
        metrics
            .all(|metric| is_absent(metric) || self.summary.is_steady(variant, self.name, metric))
    }

    /// Seconds that this profile may take: the budget is shared alike.
    fn share(&self) -> f64 {
        let profiles = swept_names(&self.experiment.input).len();
        self.auto.budget.0 as f64 / 1e9 / profiles.max(1) as f64
    }

    /// Seconds that its runs took, as recorded.
    fn spent(&self) -> f64 {
        let counted = [Kind::Warmup, Kind::Run, Kind::Decode];
        let here = self
            .samples
            .iter()
            .filter(|row| row.profile == self.name && counted.contains(&row.kind));
        here.filter_map(|row| row.wall_ns).sum::<u64>() as f64 / 1e9
    }
}
