//! `cargo xtask list`: which experiments there are, and what has been measured of them.

use campaign::Workspace;
use experiment::Experiment;
use record::Folder;

use crate::cmd;
use crate::exit::Exit;
use crate::output::outln;

/// Prints one line per experiment.
pub(crate) fn list(workspace: &Workspace) -> anyhow::Result<Exit> {
    for name in cmd::names(workspace)? {
        let path = workspace.experiments().join(format!("{name}.toml"));
        let experiment = Experiment::load(&workspace.root, &path)?;
        let folder = Folder(workspace.reports().join(&name));
        let state = match folder.read_machines()? {
            None if experiment.data.is_some() => "published figures".to_owned(),
            None => "not measured".to_owned(),
            Some(machines) => format!("measured {}", &machines.before.time[..10]),
        };
        outln!("{name:<16} {state:<20} {}", experiment.title);
    }
    Ok(Exit::Fine)
}
