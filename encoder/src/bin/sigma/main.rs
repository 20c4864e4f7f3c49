//! The program `sigma`: what was asked, done, and an exit code.
//!
//! 0 when all went well, 1 when the input is damaged or cannot be read or written, 2 when the
//! command line makes no sense (clap sees to that).

mod args;
mod decoding;
mod files;
#[cfg(feature = "heap")]
mod heap;
mod inspection;
mod interrupt;
mod progress;
mod run;
mod size;
mod stats;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match run::run(&args::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(run::Failure::Usage(message)) => {
            eprintln!("sigma: {message}");
            ExitCode::from(2)
        }
        Err(run::Failure::Work(message)) => {
            eprintln!("sigma: {message}");
            ExitCode::FAILURE
        }
    }
}
