//! The verbs of the command line, one module each, and how they find experiments.

mod aa;
pub(crate) mod bench_samples;
pub(crate) mod calibrate;
mod calibrate_real;
pub(crate) mod doctor;
mod follow_up;
pub(crate) mod list;
mod only;
pub(crate) mod published;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod test;
pub(crate) mod tried;

use std::path::{Path, PathBuf};

use campaign::{Chosen, Workspace};
use experiment::Experiment;
use experiment::error::user;
use record::Folder;

use crate::Selection;

/// The experiments that a command is about: those named, or `default`. All are read before anything
/// is done with the first.
pub(crate) fn chosen(
    workspace: &Workspace,
    selection: &Selection,
    default: &[String],
) -> anyhow::Result<Vec<Chosen>> {
    let names = match selection.experiments.as_slice() {
        [] => default,
        named => named,
    };
    let reports = reports(workspace, selection)?;
    let paths =
        names.iter().map(|name| find(workspace, name)).collect::<anyhow::Result<Vec<_>>>()?;
    distinct(workspace, &paths, selection.reports.is_some())?;
    let chosen = |path: PathBuf| {
        let experiment = Experiment::load(&workspace.root, &path)?;
        let name = stem(&path);
        let folder = Folder(reports.join(&name));
        let home = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(Chosen { name, home, experiment, folder, only: Vec::new() })
    };
    paths.into_iter().map(chosen).collect()
}

/// An experiment's name is that of its file, and that of its report: no two may share it.
fn distinct(
    workspace: &Workspace,
    paths: &[PathBuf],
    reports_elsewhere: bool,
) -> anyhow::Result<()> {
    for (index, path) in paths.iter().enumerate() {
        let namesake = paths[..index].iter().find(|of| *of != path && stem(of) == stem(path));
        // One beside it that is not measured now has its report in the same place.
        let resident = workspace.experiments().join(format!("{}.toml", stem(path)));
        let is_resident = reports_elsewhere || !resident.is_file() || is_same(&resident, path);
        let other = namesake.or((!is_resident).then_some(&resident));
        if let Some(other) = other {
            return user(format!(
                "`{}` and `{}` are both called `{}` and would share one report; rename one, or \
                 write --reports DIR",
                other.display(),
                path.display(),
                stem(path)
            ));
        }
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok() == other.canonicalize().ok()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The folder of all reports.
pub(crate) fn reports(workspace: &Workspace, selection: &Selection) -> anyhow::Result<PathBuf> {
    match &selection.reports {
        Some(folder) => Ok(std::path::absolute(folder)?),
        None => Ok(workspace.reports()),
    }
}

/// Whether the README shows the results of this report: those of the baseline, where it is committed.
pub(crate) fn is_in_readme(workspace: &Workspace, chosen: &Chosen) -> bool {
    chosen.folder.0 == workspace.reports().join("baseline")
}

/// The names of all experiments, sorted.
pub(crate) fn names(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let pattern = workspace.experiments().join("*.toml");
    let mut names: Vec<String> = glob::glob(&pattern.to_string_lossy())?
        .filter_map(Result::ok)
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// The file that a user means by `name`: a path, or the name of a file in `experiments/`.
fn find(workspace: &Workspace, name: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
        return Ok(std::path::absolute(path)?);
    }
    // A name may hold dots: `with_extension` would take `mine.v2` for `mine`.
    let path = workspace.experiments().join(format!("{name}.toml"));
    if path.is_file() {
        return Ok(path);
    }
    let names = names(workspace)?.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    user(format!("no experiment `{name}`; there are {}, or name a TOML file", names.join(", ")))
}
