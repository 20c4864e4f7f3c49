//! `run` and `report` of an experiment on published figures: the data is copied beside the report, and
//! the report made of the copy. There is nothing to measure.

use anyhow::Context;

use campaign::errln;
use campaign::{Chosen, Workspace};
use experiment::Lock;
use experiment::data::Data;
use record::LockedDocument;
use record::hash;
use record::publish;

use crate::output::outln;

/// Copies the data, records what it is and renders; whether all published figures are reproduced.
pub(crate) fn write(workspace: &Workspace, chosen: &Chosen, data: &Data) -> anyhow::Result<bool> {
    let contents = read(workspace, data)?;
    publish::replace(&chosen.folder.0.join(analysis::published::DATA), &contents)?;
    chosen.folder.write_lock(&lock(workspace, chosen, data)?)?;
    let analysis = analysis::published::analyse_published(&chosen.folder, &chosen.name)?;
    report::publish_external(&analysis, &chosen.folder)?;
    outln!("{}", chosen.folder.0.join("report.md").display());
    let (reproduced, published) = analysis.external.reproduced();
    outln!("{reproduced} of {published} published figures reproduced");
    Ok(reproduced == published)
}

/// Compares what is on disk with what would be written.
pub(crate) fn check(workspace: &Workspace, chosen: &Chosen, data: &Data) -> anyhow::Result<bool> {
    let name = &chosen.name;
    let copy = chosen.folder.0.join(analysis::published::DATA);
    let mut fine = true;
    let recorded = chosen.folder.read_lock::<experiment::Experiment>()?;
    if recorded != Some(lock(workspace, chosen, data)?)
        || std::fs::read(&copy).ok() != Some(read(workspace, data)?)
    {
        errln!("{name}: the experiment or its data changed; run `cargo xtask report {name}`");
        return Ok(false);
    }
    let analysis = analysis::published::analyse_published(&chosen.folder, name)?;
    for stale in report::stale_external(&analysis, &chosen.folder)? {
        errln!("{}: not what its data gives; run `cargo xtask report {name}`", stale.display());
        fine = false;
    }
    let (reproduced, published) = analysis.external.reproduced();
    if reproduced < published {
        errln!("{name}: {reproduced} of {published} published figures reproduced");
        fine = false;
    }
    Ok(fine)
}

fn read(workspace: &Workspace, data: &Data) -> anyhow::Result<Vec<u8>> {
    let path = workspace.root.join(&data.file);
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The data's identity; no commit and no compiler, since nothing of this project was measured.
fn lock(workspace: &Workspace, chosen: &Chosen, data: &Data) -> anyhow::Result<Lock> {
    let (sha256, size) = hash::file(&workspace.root.join(&data.file))
        .with_context(|| format!("cannot read {}", data.file.display()))?;
    Ok(Lock {
        version: 1,
        command: format!("cargo xtask run {}", chosen.name),
        commit: "none".to_owned(),
        dirty: false,
        only: Vec::new(),
        chosen: Vec::new(),
        rustc: "none".to_owned(),
        binary: Vec::new(),
        document: vec![LockedDocument {
            profile: data.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            size,
            sha256,
        }],
        experiment: chosen.experiment.clone(),
    })
}
