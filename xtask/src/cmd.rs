//! The verbs of the command line, one module each, and how they find experiments.

pub(crate) mod bench_samples;
pub(crate) mod budget;
pub(crate) mod calibrate;
pub(crate) mod doctor;
pub(crate) mod external;
pub(crate) mod list;
mod only;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod test;

use std::path::{Path, PathBuf};

use crate::Selection;
use crate::error::user;
use crate::experiment::Experiment;
use crate::record::Folder;
use crate::workshop::Workshop;

/// An experiment with its name and the folder of its report.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) experiment: Experiment,
    pub(crate) folder: Folder,
}

/// The experiments that a command is about: those named, or `default`. All are read before anything
/// is done with the first.
pub(crate) fn chosen(
    workshop: &Workshop,
    selection: &Selection,
    default: &[String],
) -> anyhow::Result<Vec<Chosen>> {
    let names = match selection.experiments.as_slice() {
        [] => default,
        named => named,
    };
    let reports = reports(workshop, selection)?;
    names
        .iter()
        .map(|name| {
            let path = find(workshop, name)?;
            let experiment = Experiment::load(&workshop.root, &path)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let folder = Folder(reports.join(&name));
            Ok(Chosen { name, experiment, folder })
        })
        .collect()
}

/// The folder of all reports.
pub(crate) fn reports(workshop: &Workshop, selection: &Selection) -> anyhow::Result<PathBuf> {
    match &selection.reports {
        Some(folder) => Ok(std::path::absolute(folder)?),
        None => Ok(workshop.reports()),
    }
}

/// Whether the README shows the results of this report: those of the baseline, where it is committed.
pub(crate) fn is_in_readme(workshop: &Workshop, chosen: &Chosen) -> bool {
    chosen.folder.0 == workshop.reports().join("baseline")
}

/// The names of all experiments, sorted.
pub(crate) fn names(workshop: &Workshop) -> anyhow::Result<Vec<String>> {
    let pattern = workshop.experiments().join("*.toml");
    let mut names: Vec<String> = glob::glob(&pattern.to_string_lossy())?
        .filter_map(Result::ok)
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// The file that a user means by `name`: a path, or the name of a file in `experiments/`.
fn find(workshop: &Workshop, name: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
        return Ok(std::path::absolute(path)?);
    }
    let path = workshop.experiments().join(name).with_extension("toml");
    if path.is_file() {
        return Ok(path);
    }
    let names = names(workshop)?.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    user(format!("no experiment `{name}`; there are {}, or name a TOML file", names.join(", ")))
}
