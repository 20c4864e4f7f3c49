//! `sizes = "auto"`: which size is measured next. It is chosen of the samples, so this stands with the
//! verbs and not in a stage.
//!
//! All variants of a profile share its sizes, so that every block stays complete: a size is chosen for
//! the series that are still open, and every variant runs it. What is chosen is recorded in order before
//! it is measured; a choice depends on recorded samples alone, durations included, so that a campaign
//! that was stopped goes on as one that was not.

use std::collections::BTreeMap;

use stats::Interval;
use stats::growth::{Asked, Next, Plan, Why, next_size};

use analysis::cells::{self, Cell, Summary};
use analysis::groups::{Group, Samples};
use analysis::growth;
use analysis::resolution::Resolutions;
use campaign::errln;
use campaign::inputs::{self, Document};
use campaign::stopping_rule;
use campaign::workspace::Workspace;
use experiment::{Auto, Experiment, Lock};
use record::units::Bytes;
use record::{Because, ChosenSize, Folder, Kind, LockedDocument, Sample};

use crate::cmd::{Chosen, lookup};

/// Fewest sizes of one profile, whatever the budget: with fewer nothing is fitted and checked.
const SIZES_MIN: usize = stats::growth::SIZES_MIN + 1;

/// Most sizes of one profile, whatever the budget.
const SIZES_MAX: usize = 40;

/// Chooses one more size for each profile that wants one, records the choices and makes the documents;
/// none when all profiles are done.
pub(super) fn choose(
    workspace: &Workspace,
    chosen: &Chosen,
    running: &Folder,
    samples: &[Sample],
) -> anyhow::Result<Vec<Document>> {
    let experiment = &chosen.experiment;
    let Some(auto) = &experiment.input.auto else { return Ok(Vec::new()) };
    let Some(mut lock) = running.read_lock::<Experiment>()? else { return Ok(Vec::new()) };
    let groups = Samples::read(&running.samples(), &experiment.own_metrics())?.groups()?;
    let summary = cells::summarise(&groups, experiment);
    let mut documents = Vec::new();
    for profile in inputs::swept_names(&experiment.input) {
        let is_done = |of: &ChosenSize| of.profile == profile && of.size.is_none();
        if lock.chosen.iter().any(is_done) {
            continue;
        }
        let at = Profile {
            name: &profile,
            auto,
            experiment,
            groups: &groups,
            summary: &summary,
            samples,
        };
        let choice = at.next();
        if let Some(size) = choice.size {
            errln!("{profile}: {size} next ({})", choice.because);
            let document = lookup::document(workspace, chosen, &profile, size)?;
            lock.document.push(LockedDocument {
                profile: document.profile.clone(),
                size: document.size,
                sha256: document.sha256.clone(),
            });
            documents.push(document);
        } else {
            errln!("{profile}: no more sizes ({})", choice.because);
        }
        lock.chosen.push(choice);
    }
    running.write_lock(&lock)?;
    Ok(documents)
}

/// The documents of the sizes that were chosen before the campaign was stopped.
pub(super) fn chosen(
    workspace: &Workspace,
    chosen: &Chosen,
    lock: &Lock,
) -> anyhow::Result<Vec<Document>> {
    let sizes = lock.chosen.iter().filter_map(|of| Some((&of.profile, of.size?)));
    sizes.map(|(profile, size)| lookup::document(workspace, chosen, profile, size)).collect()
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
            let here = |cell: &&Cell| cell.variant == variant.name && cell.profile == self.name;
            let cells: Vec<&Cell> = self.summary.cells.iter().filter(here).collect();
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
            let walls = group.values(record::metric::Metric::Wall);
            let mean = walls.iter().sum::<f64>() / walls.len().max(1) as f64;
            let steady =
                stopping_rule::is_steady(&group.variant, self.name, self.experiment, self.samples);
            let runs = match steady {
                true => 1.0,
                false => f64::from(self.experiment.measure.runs_min),
            };
            *costs.entry(group.size).or_default() += mean * runs / 1e9;
        }
        costs.into_iter().map(|(size, seconds)| (size.0 as f64, seconds)).collect()
    }

    /// Seconds that this profile may take: the budget is shared alike.
    fn share(&self) -> f64 {
        let profiles = inputs::swept_names(&self.experiment.input).len();
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
