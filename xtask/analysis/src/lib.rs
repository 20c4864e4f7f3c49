//! What was recorded becomes one value, [`Analysis`]: samples -> cells -> growth, comparisons, effects,
//! budgets, memory -> criteria. It is derived on each read and never stored; nothing is measured or put into
//! words here, and the arithmetic is the crate `stats`'.
//!
//! | module | what it makes |
//! |---|---|
//! | `groups` | groups and pairs of values, by the crate `grouping` (polars) |
//! | `cells` | each metric of each cell described; repetitions; what the self-tests say |
//! | `resolution` | how finely each metric was measured |
//! | `growth` | how each metric grows with the input, predictions, and what was found there |
//! | `comparisons` | every variant against the reference |
//! | `effects` | what each technique of a grid does |
//! | `holdout` | declared predictions at sizes that were measured |
//! | `budgets` | the largest input that fits a memory budget |
//! | `auto_sizes` | which size a campaign measures next |
//! | `next_sizes` | which further sizes would decide what is open |
//! | `assumptions` | what the statistics assume, tested |
//! | `memory`, `peak_views` | heap by stage, memory over time; two views of one peak |
//! | `criteria` | declared expectations with their verdicts |
//! | `published` | growth in figures that others published |

pub mod assumptions;
pub mod auto_sizes;
pub mod budgets;
pub mod cells;
pub mod comparisons;
pub mod criteria;
pub mod effects;
pub mod groups;
pub mod growth;
pub mod holdout;
pub mod memory;
pub mod next_sizes;
pub mod peak_views;
pub mod published;
pub mod resolution;
mod threads;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, bail};

use experiment::profile::swept_names;
use experiment::{Experiment, Input, Lock};
use record::units::Bytes;
use record::{Failure, Folder, HeapRow, Kind, Machines, Outcome, TimelineRow, journal};

use assumptions::Assumptions;
use budgets::Budgeted;
use cells::Summary;
use comparisons::Compared;
use criteria::Judged;
use effects::Effects;
use groups::{Group, Pairs, Samples};
use growth::Scaling;
use holdout::Holdout;
use memory::Memory;
use next_sizes::NextSizes;

/// A campaign with everything that is derived from it.
#[derive(Debug)]
pub struct Analysis {
    /// The experiment's name: its file and its folder.
    pub name: String,
    /// What was measured; the sizes of its input are those that were.
    pub lock: Lock,
    /// Where it was measured.
    pub machines: Machines,
    /// Cells, repetitions and self-tests.
    pub summary: Summary,
    /// By profile, variant and fitted metric.
    pub growth: Vec<Scaling>,
    /// Every variant against the reference; none without one.
    pub comparisons: Vec<Compared>,
    /// What each technique does; none without a grid.
    pub effects: Vec<Effects>,
    /// Declared predictions at sizes that were measured.
    pub holdouts: Vec<Holdout>,
    /// By fitted peak and declared budget.
    pub budgets: Vec<Budgeted>,
    /// Sizes that would decide the series that are open.
    pub next_sizes: Vec<NextSizes>,
    /// What the statistics assume of each cell, tested.
    pub assumptions: Assumptions,
    /// What the peak of memory is made of.
    pub memory: Memory,
    /// What the experiment expects, judged, in its order.
    pub criteria: Vec<Judged>,
    /// What failed runs said.
    pub failures: Vec<Failure>,
}

/// Reads a campaign and derives all that a report says of it.
pub fn analyse(folder: &Folder, name: &str) -> anyhow::Result<Analysis> {
    let Recorded { lock, machines, groups, pairs, heap, timeline, failures } =
        Recorded::read(folder, name)?;
    let experiment = &lock.experiment;
    let summary = cells::summarise(&groups, experiment);
    let growth = growth::scalings(&summary, &groups, experiment);
    Ok(Analysis {
        comparisons: comparisons::comparisons(&groups, &pairs, &summary, experiment),
        effects: effects::effects(&groups, &summary, experiment),
        holdouts: holdout::holdouts(&groups, &growth, experiment),
        budgets: budgets::budgets(&groups, &growth, experiment),
        next_sizes: next_sizes::next_sizes(&groups, &summary, &growth, experiment),
        assumptions: assumptions::assumptions(&groups, &summary),
        memory: memory::of(&groups, &heap, timeline, experiment, &machines),
        criteria: criteria::judge(&experiment.criterion, &summary, &growth),
        name: name.to_owned(),
        summary,
        growth,
        lock,
        machines,
        failures,
    })
}

/// What a campaign left on disk, its samples grouped.
struct Recorded {
    lock: Lock,
    machines: Machines,
    groups: Vec<Group>,
    pairs: Pairs,
    heap: Vec<HeapRow>,
    timeline: Vec<TimelineRow>,
    failures: Vec<Failure>,
}

impl Recorded {
    fn read(folder: &Folder, name: &str) -> anyhow::Result<Self> {
        // The machine's record is moved last: it stands there with its end only while files are moved.
        let half_moved = folder.running().read_machines()?.is_some_and(|of| of.after.is_some());
        if half_moved {
            bail!(
                "{} is half published: some of its files are still in `running`; `cargo xtask run {name}` \
                 moves the rest",
                folder.0.display()
            );
        }
        let missing = |path: PathBuf| format!("{} is missing", path.display());
        let mut lock = folder.read_lock::<Experiment>()?.with_context(|| missing(folder.lock()))?;
        let machines = folder.read_machines()?.with_context(|| missing(folder.machine()))?;
        let samples = Samples::read(&folder.samples(), &lock.experiment.own_metrics())?;
        let mut groups = samples.groups()?;
        let pairs = comparisons::paired(&samples, &lock.experiment)?;
        lock.experiment.input = measured(&lock.experiment.input, &groups);
        groups::check(&groups, &folder.samples())?;
        let heap: Vec<HeapRow> = journal::read(&folder.heap())?;
        memory::join(&mut groups, &heap);
        let failures = journal::read(&folder.failures())?;
        let timeline = journal::read(&folder.timeline())?;
        Ok(Self { lock, machines, groups, pairs, heap, timeline, failures })
    }
}

/// The input with every size that was measured, those chosen while measuring among them.
fn measured(input: &Input, groups: &[Group]) -> Input {
    if input.auto.is_none() {
        return input.clone();
    }
    let swept = swept_names(input);
    let runs = groups.iter().filter(|of| of.kind == Kind::Run && swept.contains(&of.profile));
    let mut sizes: Vec<Bytes> = runs.map(|of| of.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    Input { sizes, ..input.clone() }
}

impl Analysis {
    /// Whether a required criterion is not met, a run failed or an output was not the same in every run.
    pub fn has_failed(&self) -> bool {
        self.criteria.iter().any(Judged::has_failed)
            || self.summary.cells.iter().any(|cell| {
                cell.failures().any(|(outcome, _)| !self.may_be(outcome, &cell.variant))
                    || cell.distinct_outputs > 1
                    || cell.round_trip == Some(false)
            })
    }

    /// The sizes of the sweep, ascending: those that documents have. A generator of one's own need not hit
    /// what it was asked for.
    pub fn sizes(&self) -> Vec<Bytes> {
        let input = &self.lock.experiment.input;
        let swept = swept_names(input);
        let cells = self.summary.cells.iter().filter(|cell| swept.contains(&cell.profile));
        let measured: BTreeSet<Bytes> = cells.map(|cell| cell.size).collect();
        match input.generate.is_empty() {
            true => input.sizes.clone(),
            false => measured.into_iter().collect(),
        }
    }

    /// Whether an outcome is no failure: an optional program that is not installed.
    fn may_be(&self, outcome: Outcome, variant: &str) -> bool {
        let optional = |name| {
            let variants = &self.lock.experiment.variant;
            variants.iter().any(|variant| variant.name == name && variant.optional)
        };
        matches!(outcome, Outcome::NotStarted | Outcome::Skipped) && optional(variant)
    }
}
