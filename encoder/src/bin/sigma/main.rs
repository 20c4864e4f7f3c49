//! The program `sigma`: what was asked, done, and an exit code.
//!
//! 0 when all went well, 1 when an input is damaged or a file cannot be read or written, 2 when the
//! command line makes no sense (clap sees to that).

mod args;
mod decoding;
mod encoding;
mod failure;
mod files;
mod habits;
#[cfg(feature = "heap")]
mod heap;
mod inspection;
mod interrupt;
mod list;
mod output;
mod progress;
mod resident;
mod run;
mod size;
mod stats;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;

use failure::{Failure, say};

fn main() -> ExitCode {
    let arguments = habits::with_verb(std::env::args_os().collect(), !io::stdin().is_terminal());
    match run::run(&args::Args::parse_from(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            say(&message);
            ExitCode::from(2)
        }
        Err(Failure::Work(message)) => {
            say(&message);
            ExitCode::FAILURE
        }
        Err(Failure::Said) => ExitCode::FAILURE,
        Err(Failure::ClosedPipe) => {
            interrupt::end_by_closed_pipe();
            ExitCode::FAILURE
        }
    }
}
