//! Stage 9: a campaign on disk becomes a report. `derive` reads and computes; `files` is pure: the
//! same campaign gives the same bytes, figures included, on any machine. `publish` writes them,
//! `stale` compares.

mod figures;
pub(crate) mod index;
mod json;
mod markdown;
mod memory_section;
pub(crate) mod table;
pub(crate) mod terminal;

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::aggregate;
use crate::fit::{self, Scaling};
use crate::heap::HeapRow;
use crate::journal;
use crate::judge::{self, Judged, Verdict};
use crate::memory::{self, Memory};
use crate::publish as disk;
use crate::record::{Folder, Lock, Machines};
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
    pub(crate) judged: Vec<Judged>,
    pub(crate) memory: Memory,
}

impl Derived {
    /// Whether a criterion is not met, a run failed or an output was not the same in every run.
    pub(crate) fn has_failed(&self) -> bool {
        self.judged.iter().any(|judged| judged.verdict == Verdict::NotMet)
            || self.summary.cells.iter().any(|cell| {
                cell.failures().next().is_some()
                    || cell.distinct_outputs > 1
                    || cell.round_trip == Some(false)
            })
    }
}

/// Reads a campaign and derives all that a report says of it.
pub(crate) fn derive(folder: &Folder, name: &str) -> anyhow::Result<Derived> {
    let missing = |path: PathBuf| format!("{} is missing", path.display());
    let lock = folder.read_lock()?.with_context(|| missing(folder.lock()))?;
    let machines = folder.read_machines()?.with_context(|| missing(folder.machine()))?;
    let mut groups = aggregate::groups(&folder.samples())?;
    let heap: Vec<HeapRow> = journal::read(&folder.heap())?;
    memory::join(&mut groups, &heap);
    let timeline = journal::read(&folder.timeline())?;
    let memory = memory::of(&groups, &heap, timeline, &lock.experiment, &machines);
    let summary = summary::summarise(&groups, &lock.experiment);
    let scalings = fit::scalings(&summary, &groups, &lock.experiment);
    let judged = judge::judge(&lock.experiment.criterion, &summary, &scalings);
    Ok(Derived { name: name.to_owned(), lock, machines, summary, scalings, judged, memory })
}

/// Every derived file with its path within the report's folder.
fn files(derived: &Derived) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = vec![
        (PathBuf::from("report.md"), markdown::report(derived).into_bytes()),
        (PathBuf::from("summary.json"), json::summary(derived).into_bytes()),
    ];
    for (name, chart) in figures::all(derived) {
        let figure = |extension| Path::new("figures").join(name).with_extension(extension);
        files.push((figure("png"), crate::charts::png(&chart)?));
        files.push((figure("svg"), crate::charts::svg(&chart).into_bytes()));
    }
    Ok(files)
}

/// Writes every derived file, each replaced whole, and removes figures that are no longer made.
pub(crate) fn publish(derived: &Derived, folder: &Folder) -> anyhow::Result<()> {
    let files = files(derived)?;
    for (path, contents) in &files {
        disk::replace(&folder.0.join(path), contents)?;
    }
    for path in superfluous(&files, folder)? {
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// The files that differ from what would be written.
pub(crate) fn stale(derived: &Derived, folder: &Folder) -> anyhow::Result<Vec<PathBuf>> {
    let files = files(derived)?;
    let differs = |(path, contents): &(PathBuf, Vec<u8>)| {
        let path = folder.0.join(path);
        (std::fs::read(&path).ok().as_ref() != Some(contents)).then_some(path)
    };
    let mut stale: Vec<PathBuf> = files.iter().filter_map(differs).collect();
    stale.extend(superfluous(&files, folder)?);
    Ok(stale)
}

/// Figures on disk that no report makes.
fn superfluous(files: &[(PathBuf, Vec<u8>)], folder: &Folder) -> anyhow::Result<Vec<PathBuf>> {
    let pattern = folder.0.join("figures/*");
    let on_disk = glob::glob(&pattern.to_string_lossy())?.filter_map(Result::ok);
    Ok(on_disk.filter(|path| !files.iter().any(|(made, _)| folder.0.join(made) == *path)).collect())
}
