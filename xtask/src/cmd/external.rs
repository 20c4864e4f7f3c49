//! `run` and `report` of an experiment on published figures: the data is copied beside the report, and
//! the report made of the copy. There is nothing to measure.

use anyhow::Context;

use experiment::Lock;
use experiment::data::Data;
use record::LockedDocument;
use record::hash;
use record::publish;

use crate::cmd::Chosen;
use crate::output::{errln, outln};
use crate::render;
use crate::workshop::Workshop;

/// Copies the data, records what it is and renders; whether all published figures are reproduced.
pub(crate) fn write(workshop: &Workshop, chosen: &Chosen, data: &Data) -> anyhow::Result<bool> {
    let contents = read(workshop, data)?;
    publish::replace(&chosen.folder.0.join(render::DATA), &contents)?;
    chosen.folder.write_lock(&lock(workshop, chosen, data)?)?;
    let derived = render::derive_external(&chosen.folder, &chosen.name)?;
    render::publish_external(&derived, &chosen.folder)?;
    outln!("{}", chosen.folder.0.join("report.md").display());
    let (reproduced, published) = derived.external.reproduced();
    outln!("{reproduced} of {published} published figures reproduced");
    Ok(reproduced == published)
}

/// Compares what is on disk with what would be written.
pub(crate) fn check(workshop: &Workshop, chosen: &Chosen, data: &Data) -> anyhow::Result<bool> {
    let name = &chosen.name;
    let copy = chosen.folder.0.join(render::DATA);
    let mut fine = true;
    let recorded = chosen.folder.read_lock::<experiment::Experiment>()?;
    if recorded != Some(lock(workshop, chosen, data)?)
        || std::fs::read(&copy).ok() != Some(read(workshop, data)?)
    {
        errln!("{name}: the experiment or its data changed; run `cargo xtask report {name}`");
        return Ok(false);
    }
    let derived = render::derive_external(&chosen.folder, name)?;
    for stale in render::stale_external(&derived, &chosen.folder)? {
        errln!("{}: not what its data gives; run `cargo xtask report {name}`", stale.display());
        fine = false;
    }
    let (reproduced, published) = derived.external.reproduced();
    if reproduced < published {
        errln!("{name}: {reproduced} of {published} published figures reproduced");
        fine = false;
    }
    Ok(fine)
}

fn read(workshop: &Workshop, data: &Data) -> anyhow::Result<Vec<u8>> {
    let path = workshop.root.join(&data.file);
    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The data's identity; no commit and no compiler, since nothing of this project was measured.
fn lock(workshop: &Workshop, chosen: &Chosen, data: &Data) -> anyhow::Result<Lock> {
    let (sha256, size) = hash::file(&workshop.root.join(&data.file))
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
