//! `cargo xtask calibrate`: the statistics tested by simulation, where the true answer is known.

use std::num::NonZero;
use std::thread::available_parallelism;

use stats::calibrate::{EXPERIMENTS_FULL, Progress, RowVerdict, calibrate_matching, rows};

use crate::error::{Verdict, user};
use crate::output::outln;
use crate::progress::Simulation;

/// The options of `calibrate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// 400 experiments a row instead of 10,000; a row counts as missed only beyond three simulation
    /// errors
    #[arg(long)]
    quick: bool,
    /// Seed of the simulations
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only rows whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

const EXPERIMENTS_QUICK: usize = 400;

/// Simulates every row, prints it with its bound and verdict, and fails if a bound is missed.
pub(crate) fn calibrate(options: &Options) -> anyhow::Result<Verdict> {
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
    let simulation = Simulation::new();
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
    Ok(if missed == 0 { Verdict::Fine } else { Verdict::Failed })
}
