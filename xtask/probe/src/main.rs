//! `probe`: starts one child, measures it and prints one record line.
//!
//! A program of its own because a child's `ru_maxrss` carries the peak of whoever forked it: a
//! laboratory with polars inside must never start what it measures. So the laboratory starts the
//! probe, and the probe, which is small, forks the child.
//!
//! ```text
//! args -> launch (fork, exec) -> watch (signals, ptrace, limits) -> sweep -> record
//! ```
//!
//! What lives here: the order of these steps. What the numbers mean stands at [`record::Record`].

mod args;
mod counter;
mod launch;
mod procfs;
mod record;
mod selftest;
mod signals;
mod stop;
mod sweep;
mod trace;
mod watch;

use std::process::ExitCode;

use args::{Command, Request};
use record::Record;

fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Measure(request)) => measure_and_print(&request),
        Ok(Command::Touch(bytes)) => selftest::touch(bytes),
        Ok(Command::Hold(bytes)) => selftest::hold(bytes),
        Ok(Command::Help) => {
            print!("{}", args::USAGE);
            ExitCode::SUCCESS
        }
        Err(message) => fail(2, &message),
    }
}

/// The record's file is opened first: a child whose record has nowhere to go is not started.
fn measure_and_print(request: &Request) -> ExitCode {
    let mut destination = match record::Destination::open(request.record.as_deref()) {
        Ok(destination) => destination,
        Err(message) => return fail(2, &message),
    };
    match destination.write(&measure(request)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, &format!("cannot write the record: {error}")),
    }
}

fn measure(request: &Request) -> Record {
    match launch::start(request) {
        Err(error) => Record::never_forked(error),
        Ok(mut child) => {
            let ending = watch::until_dead(&mut child, request);
            if !sweep::descendants() {
                child.refused.push("kill");
            }
            Record::new(child, &ending, request.memory_limit_bytes)
        }
    }
}

fn fail(code: u8, message: &str) -> ExitCode {
    eprintln!("probe: {message}");
    ExitCode::from(code)
}
