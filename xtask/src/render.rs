//! Stage 9: a campaign on disk becomes a report. `derive` reads and computes; `files` is pure: the
//! same campaign gives the same bytes, figures included, on any machine. `publish` writes them,
//! `stale` compares.

mod claims;
mod claims_json;
mod external;
mod figures;
mod front;
mod growth;
pub(crate) mod index;
mod json;
mod markdown;
mod memory_section;
mod processes;
pub(crate) mod readme;
#[cfg(test)]
mod schema_tests;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod tried;
mod words;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use charts::Chart;

use experiment::{Experiment, Input, Lock};
use record::failure::Failure;
use record::heap::HeapRow;
use record::journal;
use record::publish as disk;
use record::units::Bytes;
use record::{Folder, Kind, Machines, Outcome};

use crate::aggregate::{self, Group};
use crate::claims::Claims;
use crate::external::{External, external};
use crate::fit::{self, Scaling};
use crate::inputs;
use crate::judge::{self, Judged};
use crate::memory::{self, Memory};
use crate::summary::{self, Summary};

/// A campaign with everything that is derived from it.
#[derive(Debug)]
pub(crate) struct Derived {
    /// The experiment's name: its file and its folder.
    pub(crate) name: String,
    pub(crate) lock: Lock,
    pub(crate) machines: Machines,
    pub(crate) summary: Summary,
    pub(crate) scalings: Vec<Scaling>,
    pub(crate) claims: Claims,
    pub(crate) judged: Vec<Judged>,
    pub(crate) memory: Memory,
    pub(crate) failures: Vec<Failure>,
}

impl Derived {
    /// Whether a required criterion is not met, a run failed or an output was not the same in every run.
    pub(crate) fn has_failed(&self) -> bool {
        self.judged.iter().any(Judged::has_failed)
            || self.summary.cells.iter().any(|cell| {
                cell.failures().any(|(outcome, _)| !self.may_be(outcome, &cell.variant))
                    || cell.distinct_outputs > 1
                    || cell.round_trip == Some(false)
            })
    }
}

impl Derived {
    /// The sizes of the sweep, ascending: those that documents have. A generator of one's own need not hit
    /// what it was asked for.
    fn sizes(&self) -> Vec<Bytes> {
        let input = &self.lock.experiment.input;
        let swept = crate::inputs::swept_names(input);
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

/// Reads a campaign and derives all that a report says of it.
pub(crate) fn derive(folder: &Folder, name: &str) -> anyhow::Result<Derived> {
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
    let samples = aggregate::Samples::read(&folder.samples(), &lock.experiment.own_metrics())?;
    let mut groups = samples.groups()?;
    let pairs = crate::claims::paired(&samples, &lock.experiment)?;
    lock.experiment.input = measured(&lock.experiment.input, &groups);
    aggregate::check(&groups, &folder.samples())?;
    let heap: Vec<HeapRow> = journal::read(&folder.heap())?;
    memory::join(&mut groups, &heap);
    let failures = journal::read(&folder.failures())?;
    let timeline = journal::read(&folder.timeline())?;
    let memory = memory::of(&groups, &heap, timeline, &lock.experiment, &machines);
    let summary = summary::summarise(&groups, &lock.experiment);
    let scalings = fit::scalings(&summary, &groups, &lock.experiment);
    let claims = crate::claims::claims(&groups, &pairs, &summary, &scalings, &lock.experiment);
    let judged = judge::judge(&lock.experiment.criterion, &summary, &scalings);
    Ok(Derived {
        name: name.to_owned(),
        lock,
        machines,
        summary,
        scalings,
        claims,
        judged,
        memory,
        failures,
    })
}

/// The input with every size that was measured, those chosen while measuring among them.
fn measured(input: &Input, groups: &[Group]) -> Input {
    if input.auto.is_none() {
        return input.clone();
    }
    let swept = inputs::swept_names(input);
    let runs = groups.iter().filter(|of| of.kind == Kind::Run && swept.contains(&of.profile));
    let mut sizes: Vec<Bytes> = runs.map(|of| of.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    Input { sizes, ..input.clone() }
}

/// Every derived file with its path within the report's folder.
fn files(derived: &Derived) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = vec![
        (PathBuf::from("report.md"), markdown::report(derived).into_bytes()),
        (PathBuf::from("summary.json"), json::summary(derived).into_bytes()),
    ];
    files.extend(drawn(figures::all(derived))?);
    Ok(files)
}

/// Each chart in both formats.
fn drawn(charts: Vec<(&'static str, Chart)>) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for (name, chart) in charts {
        let figure = |extension| Path::new("figures").join(name).with_extension(extension);
        files.push((figure("png"), charts::png(&chart)?));
        files.push((figure("svg"), charts::svg(&chart).into_bytes()));
    }
    Ok(files)
}

/// Published figures with everything that is derived from them.
#[derive(Debug)]
pub(crate) struct DerivedExternal {
    name: String,
    experiment: Experiment,
    pub(crate) external: External,
}

/// The copy of published figures beside their report.
pub(crate) const DATA: &str = "data.csv";

/// Reads the copy of published figures and derives all that a report says of them.
pub(crate) fn derive_external(folder: &Folder, name: &str) -> anyhow::Result<DerivedExternal> {
    let lock = folder.read_lock::<Experiment>()?;
    let experiment = lock.context("experiment.lock.toml is missing")?.experiment;
    let data = experiment.data.as_ref().context("the experiment has no `[data]`")?;
    let external = external(data, &folder.0.join(DATA))?;
    Ok(DerivedExternal { name: name.to_owned(), experiment, external })
}

fn files_external(derived: &DerivedExternal) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let DerivedExternal { name, experiment, external } = derived;
    let report = external::report(name, experiment, external);
    let summary = external::summary(name, experiment, external);
    let mut files = vec![
        (PathBuf::from("report.md"), report.into_bytes()),
        (PathBuf::from("summary.json"), summary.into_bytes()),
    ];
    files.extend(drawn(external::charts(experiment, external))?);
    Ok(files)
}

/// Writes the report of published figures.
pub(crate) fn publish_external(derived: &DerivedExternal, folder: &Folder) -> anyhow::Result<()> {
    publish_files(&files_external(derived)?, folder)
}

/// The files of such a report that differ from what would be written.
pub(crate) fn stale_external(
    derived: &DerivedExternal,
    folder: &Folder,
) -> anyhow::Result<Vec<PathBuf>> {
    stale_files(&files_external(derived)?, folder)
}

/// Writes every derived file, each replaced whole, and removes figures that are no longer made.
pub(crate) fn publish(derived: &Derived, folder: &Folder) -> anyhow::Result<()> {
    publish_files(&files(derived)?, folder)
}

fn publish_files(files: &[(PathBuf, Vec<u8>)], folder: &Folder) -> anyhow::Result<()> {
    for (path, contents) in files {
        disk::replace(&folder.0.join(path), contents)?;
    }
    for path in superfluous(files, folder)? {
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// The files that differ from what would be written.
pub(crate) fn stale(derived: &Derived, folder: &Folder) -> anyhow::Result<Vec<PathBuf>> {
    stale_files(&files(derived)?, folder)
}

fn stale_files(files: &[(PathBuf, Vec<u8>)], folder: &Folder) -> anyhow::Result<Vec<PathBuf>> {
    let differs = |(path, contents): &(PathBuf, Vec<u8>)| {
        let path = folder.0.join(path);
        (std::fs::read(&path).ok().as_ref() != Some(contents)).then_some(path)
    };
    let mut stale: Vec<PathBuf> = files.iter().filter_map(differs).collect();
    stale.extend(superfluous(files, folder)?);
    Ok(stale)
}

/// Figures on disk that no report makes.
fn superfluous(files: &[(PathBuf, Vec<u8>)], folder: &Folder) -> anyhow::Result<Vec<PathBuf>> {
    let pattern = folder.0.join("figures/*");
    let on_disk = glob::glob(&pattern.to_string_lossy())?.filter_map(Result::ok);
    Ok(on_disk.filter(|path| !files.iter().any(|(made, _)| folder.0.join(made) == *path)).collect())
}

#[cfg(test)]
mod tests;
