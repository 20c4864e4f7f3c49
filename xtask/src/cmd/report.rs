//! `cargo xtask report`: from committed samples to the report. With `--check` nothing is written: what is on
//! disk is compared, byte for byte, with what would be.

use analysis::analyse;
use campaign::{Chosen, Workspace, errln};
use experiment::error::user;
use experiment::{Experiment, Lock};

use crate::Selection;
use crate::cmd;
use crate::exit::Exit;
use crate::output::outln;

/// The options of `report`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Write nothing; fail if a file differs from what would be written or a criterion is not met
    #[arg(long)]
    check: bool,
}

/// Renders or checks each experiment that has been measured:
/// |record| cells -> growth, comparisons, effects, budgets, memory -> criteria -> report.
pub(crate) fn report(workspace: &Workspace, options: &Options) -> anyhow::Result<Exit> {
    let mut exit = Exit::Fine;
    for chosen in cmd::chosen(workspace, &options.selection, &cmd::names(workspace)?)? {
        let is_named = !options.selection.experiments.is_empty();
        let fine = match (&chosen.experiment.data, recorded(&chosen, is_named)?, options.check) {
            (Some(data), _, true) => cmd::published::check(workspace, &chosen, data)?,
            (Some(data), _, false) => cmd::published::write(workspace, &chosen, data)?,
            (None, Some(lock), true) => check(workspace, &chosen, &lock)?,
            (None, Some(lock), false) => write(workspace, &chosen, lock)?,
            (None, None, _) => true,
        };
        exit = exit.and(fine);
    }
    let reports = cmd::reports(workspace, &options.selection)?;
    if !options.check {
        report::index::publish(&reports)?;
    } else if !report::index::is_fresh(&reports)? {
        errln!("{} is stale; run `cargo xtask report`", reports.join("README.md").display());
        exit = Exit::Failed;
    }
    Ok(exit)
}

/// What was measured of an experiment; one that is named must have been.
fn recorded(chosen: &Chosen, is_named: bool) -> anyhow::Result<Option<Lock>> {
    let lock = chosen.folder.read_lock::<Experiment>()?;
    if lock.is_none() && is_named && chosen.experiment.data.is_none() {
        return user(format!(
            "`{}` has not been measured; `cargo xtask run {}` does",
            chosen.name, chosen.name
        ));
    }
    Ok(lock)
}

/// Renders one report; prose, fits and criteria are taken from the experiment as it is now.
fn write(workspace: &Workspace, chosen: &Chosen, lock: Lock) -> anyhow::Result<bool> {
    let Chosen { name, experiment, folder, .. } = chosen;
    if !lock.experiment.measures_the_same(experiment) {
        return user(format!(
            "{}: the experiment changed since it was measured; `cargo xtask run {name} --restart` \
             measures anew",
            folder.samples().display()
        ));
    }
    if lock.experiment != *experiment {
        folder.write_lock(&Lock { experiment: experiment.clone(), ..lock })?;
    }
    let analysis = analyse(folder, name)?;
    report::publish(&analysis, folder)?;
    if cmd::is_in_readme(workspace, chosen) {
        report::readme::publish(&analysis, &workspace.root)?;
    }
    outln!("{}", folder.0.join("report.md").display());
    Ok(!analysis.has_failed())
}

/// Compares one report with what would be written, and says which criteria are not met.
fn check(workspace: &Workspace, chosen: &Chosen, lock: &Lock) -> anyhow::Result<bool> {
    let Chosen { name, experiment, folder, .. } = chosen;
    let mut fine = true;
    if lock.experiment != *experiment {
        errln!("{name}: experiments/{name}.toml changed; run `cargo xtask report {name}`");
        fine = false;
    }
    let analysis = analyse(folder, name)?;
    for stale in report::stale(&analysis, folder)? {
        errln!("{}: not what its samples give; run `cargo xtask report {name}`", stale.display());
        fine = false;
    }
    if cmd::is_in_readme(workspace, chosen)
        && !report::readme::is_fresh(&analysis, &workspace.root)?
    {
        errln!("README.md: its results are not those of {name}; run `cargo xtask report {name}`");
        fine = false;
    }
    for judged in analysis.criteria.iter().filter(|judged| judged.has_failed()) {
        let because = judged.deciding().map(|of| format!("{}: {}", of.place, of.because));
        let because = because.unwrap_or_default();
        errln!("{name}: {}: {} ({because})", judged.name, judged.verdict);
        fine = false;
    }
    Ok(fine)
}
