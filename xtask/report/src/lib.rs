//! An [`Analysis`] becomes a report: `report.md`, `summary.json`, figures, and what a terminal shows. Nothing
//! is computed of samples here.
//!
//! `files` is pure: the same campaign gives the same bytes, figures included, on any machine. [`publish`]
//! writes them, [`stale`] compares.

mod claims;
mod claims_json;
mod external;
mod figures;
mod front;
mod growth;
pub mod index;
mod json;
mod markdown;
mod memory_section;
mod processes;
pub mod readme;
#[cfg(test)]
mod schema_tests;
pub mod table;
pub mod terminal;
pub mod tried;
mod words;

use std::path::{Path, PathBuf};

use anyhow::Context;
use charts::Chart;

use analysis::Analysis;
use analysis::published::PublishedAnalysis;
use record::Folder;
use record::publish as disk;

/// Every derived file with its path within the report's folder.
fn files(analysis: &Analysis) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = vec![
        (PathBuf::from("report.md"), markdown::report(analysis).into_bytes()),
        (PathBuf::from("summary.json"), json::summary(analysis).into_bytes()),
    ];
    files.extend(drawn(figures::all(analysis))?);
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

fn files_external(analysis: &PublishedAnalysis) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
    let PublishedAnalysis { name, experiment, external } = analysis;
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
pub fn publish_external(analysis: &PublishedAnalysis, folder: &Folder) -> anyhow::Result<()> {
    publish_files(&files_external(analysis)?, folder)
}

/// The files of such a report that differ from what would be written.
pub fn stale_external(
    analysis: &PublishedAnalysis,
    folder: &Folder,
) -> anyhow::Result<Vec<PathBuf>> {
    stale_files(&files_external(analysis)?, folder)
}

/// Writes every derived file, each replaced whole, and removes figures that are no longer made.
pub fn publish(analysis: &Analysis, folder: &Folder) -> anyhow::Result<()> {
    publish_files(&files(analysis)?, folder)
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
pub fn stale(analysis: &Analysis, folder: &Folder) -> anyhow::Result<Vec<PathBuf>> {
    stale_files(&files(analysis)?, folder)
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
