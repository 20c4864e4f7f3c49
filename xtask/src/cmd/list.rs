//! `cargo xtask list`: which experiments there are, and what has been measured of them.

use experiment::Experiment;
use record::Folder;

use crate::cmd;
use crate::error::Verdict;
use crate::output::outln;
use crate::workshop::Workshop;

/// Prints one line per experiment.
pub(crate) fn list(workshop: &Workshop) -> anyhow::Result<Verdict> {
    for name in cmd::names(workshop)? {
        let path = workshop.experiments().join(format!("{name}.toml"));
        let experiment = Experiment::load(&workshop.root, &path)?;
        let folder = Folder(workshop.reports().join(&name));
        let state = match folder.read_machines()? {
            None if experiment.data.is_some() => "published figures".to_owned(),
            None => "not measured".to_owned(),
            Some(machines) => format!("measured {}", &machines.before.time[..10]),
        };
        outln!("{name:<16} {state:<20} {}", experiment.title);
    }
    Ok(Verdict::Fine)
}
