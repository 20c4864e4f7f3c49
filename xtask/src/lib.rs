//! The laboratory: `cargo xtask run` measures an experiment, `cargo xtask report` renders it.
//!
//! ```text
//! experiment -> inputs -> plan -> measure  |record|  cells -> growth, comparisons, effects, budgets, memory -> criteria -> report
//! ```
//!
//! Stages are crates, so that Cargo holds their order: `experiment`, `campaign` (inputs, plan, measure), `record`
//! (what is on disk, which both sides know), `analysis`, `report`. `cmd` holds the verbs, each a short function
//! that strings stages together. This file is the table of contents and the command line.
//!
//! The one entry point is [`main`]: a workspace that has it in an `xtask` of its own measures its own
//! programs, with nothing of this repository but the laboratory.

// A reader that goes away must not end in a panic; see `output`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod cmd;
mod exit;
mod output;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Exit;

use campaign::interrupt::{self, Interrupted};
use campaign::{Workspace, errln};
use experiment::error::UserError;

/// Measures how the memory, time and output of an encoder grow with its input.
///
/// Exit codes: 0 fine; 1 a criterion, a run or a check failed; 2 usage or input error; 130
/// interrupted (Ctrl-C), and the same command continues.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 80)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Measure experiments and write their reports
    ///
    /// Builds what it measures, makes the inputs, proves the probe, measures with a progress bar,
    /// records every run, prints a table and renders the report. A campaign that was stopped is
    /// continued with what is missing.
    Run(cmd::run::Options),
    /// Measure commands against each other, without a file
    Try(cmd::tried::Options),
    /// Render reports from committed samples alone
    Report(cmd::report::Options),
    /// List the experiments and what has been measured of them
    List,
    /// Test the statistics by simulation, where the true answer is known
    Calibrate(cmd::calibrate::Options),
    /// Measure what reading, aggregating and fitting many samples costs
    #[command(hide = true)]
    BenchSamples(cmd::bench_samples::Options),
    /// Say whether this machine is fit to measure on, and what to change
    ///
    /// Each finding names the metrics that it touches. Exit code 0: fit; 1: something spoils
    /// measurements.
    Doctor(cmd::doctor::Options),
    /// Run all tests of the workspace
    Test {
        /// Passed on to `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Write experiments/experiment.schema.json from the types that parse experiments
    Schema {
        /// Compare only; fail if the committed schema is stale
        #[arg(long)]
        check: bool,
    },
}

/// What `run` and `report` have in common.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Selection {
    /// Experiments: a name, or a path to a TOML file
    #[arg(value_name = "EXPERIMENT")]
    experiments: Vec<String>,
    /// Folder of the reports [default: reports]
    #[arg(long, value_name = "DIR")]
    reports: Option<PathBuf>,
}

/// Does what the command line of this process asks for, and says how it ended.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match dispatch(&arguments.verb).and_then(|exit| output::check().map(|()| exit)) {
        Ok(Exit::Fine) => ExitCode::SUCCESS,
        Ok(Exit::Failed) => ExitCode::from(1),
        Err(error) if error.is::<Interrupted>() => {
            errln!("{error:#}");
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Err(error) => {
            errln!("error: {error:#}");
            ExitCode::from(if error.is::<UserError>() { 2 } else { 1 })
        }
    }
}

fn dispatch(verb: &Verb) -> anyhow::Result<Exit> {
    let workspace = Workspace::new()?;
    match verb {
        Verb::Run(options) => cmd::run::run(&workspace, options),
        Verb::Try(options) => cmd::tried::try_(&workspace, options),
        Verb::Report(options) => cmd::report::report(&workspace, options),
        Verb::List => cmd::list::list(&workspace),
        Verb::Calibrate(options) => cmd::calibrate::calibrate(&workspace, options),
        Verb::BenchSamples(options) => cmd::bench_samples::bench_samples(&workspace, options),
        Verb::Doctor(options) => cmd::doctor::doctor(&workspace, options),
        Verb::Test { arguments } => cmd::test::test(&workspace, arguments),
        Verb::Schema { check } => cmd::schema::schema(&workspace, *check),
    }
}
