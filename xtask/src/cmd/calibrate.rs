//! `cargo xtask calibrate`: the statistics tested by simulation, where the true answer is known.

use std::num::NonZero;
use std::path::PathBuf;
use std::thread::available_parallelism;

use stats::calibrate::{EXPERIMENTS_FULL, Progress, RowVerdict, calibrate_matching, rows};

use campaign::Workspace;
use campaign::progress::Simulation;
use experiment::error::user;

use crate::exit::Exit;
use crate::output::outln;

/// The options of `calibrate`.
#[derive(Debug, clap::Args)]
// Flags of a command line; `--real` may stand alone.
#[allow(clippy::struct_excessive_bools, clippy::option_option)]
pub(crate) struct Options {
    /// 400 experiments a row instead of 10,000; a row counts as missed only beyond three simulation
    /// errors
    #[arg(long)]
    quick: bool,
    /// Seed of the simulations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only rows, programs or experiments whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) only: String,
    /// Instead of simulating, judge claims about growth on real programs whose class is known: those of
    /// experiments/growth, or the series of a CSV file with its columns
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    real: Option<Option<PathBuf>>,
    /// Instead of simulating, measure byte-identical copies of programs against each other: those of every
    /// experiment, and `cat`
    #[arg(long, conflicts_with = "real")]
    aa: bool,
    /// How many campaigns `--aa` measures of each experiment, and of `cat`
    #[arg(long, value_name = "N", default_value_t = 100, requires = "aa")]
    campaigns: u32,
    /// Measure the programs of experiments/growth first; continues where a stopped call was
    #[arg(long, requires = "real")]
    pub(super) measure: bool,
    /// Measure all anew, dropping what a stopped call has measured
    #[arg(long, requires = "measure")]
    pub(super) restart: bool,
}

const EXPERIMENTS_QUICK: usize = 400;

/// Simulates every row, prints it with its bound and verdict, and fails if a bound is missed.
pub(crate) fn calibrate(workspace: &Workspace, options: &Options) -> anyhow::Result<Exit> {
    if options.aa {
        return super::aa::aa(workspace, options.campaigns.max(1), &options.only);
    }
    if let Some(file) = &options.real {
        return super::calibrate_real::calibrate_real(workspace, options, file.as_deref());
    }
    let experiments = if options.quick { EXPERIMENTS_QUICK } else { EXPERIMENTS_FULL };
    let names: Vec<String> = rows()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.contains(&options.only))
        .collect();
    if names.is_empty() {
        return user(format!("no row of the calibration contains `{}`", options.only));
    }
    let threads = available_parallelism().map_or(1, NonZero::get);
    let simulation = Simulation::start();
    let reached = |at: Progress<'_>| simulation.reached(at.done as u64, at.total as u64, at.what);
    let table = calibrate_matching(&options.only, experiments, options.seed, threads, &reached);
    simulation.finish();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    outln!("{:<width$}  {:>8}  {:<14}  verdict", "what", "observed", "must be");
    for row in &table {
        outln!(
            "{:<width$}  {:>6.2} %  {:<14}  {}",
            row.what,
            100.0 * row.observed,
            row.bound.to_string(),
            row.verdict
        );
    }
    let missed = table.iter().filter(|row| row.verdict == RowVerdict::Missed).count();
    outln!(
        "{experiments} experiments a row, seed {}: {missed} of {} bounds missed",
        options.seed,
        table.len()
    );
    Ok(Exit::of(missed == 0))
}
