//! `probe`: starts one child, measures it and prints one record line.
//!
//! A program of its own because a child's `ru_maxrss` carries the peak of whoever forked it: a
//! laboratory with polars inside must never start what it measures. So the laboratory starts the
//! probe, and the probe, which is small, forks the child.
//!
//! ```text
//! args -> launch (fork, exec) -> watch (signals, ptrace, limits, until nothing is left) -> record
//! ```
//!
//! All that the child starts is followed: [`tree`] keeps the books, [`looks`] reads memory, [`pauses`]
//! knows when nothing could run, [`tail`] and [`output`] bound what is written, [`sweep`] kills what
//! `ptrace` does not show. What lives here: the entry and the order of these steps. What the numbers mean stands at
//! [`record::Record`].

#![cfg_attr(not(test), no_main)]

mod args;
mod cgroup;
mod counter;
mod decrease;
mod launch;
mod looks;
mod output;
mod pauses;
mod procfs;
mod record;
mod refused;
mod selftest;
mod signals;
mod stop;
mod sweep;
mod tail;
mod trace;
mod tree;
mod usage;
mod watch;

use std::ffi::{c_char, c_int};

use args::{Command, Request};
use record::Record;

// The unwinder that std refers to, taken in instead of loaded at each start: a tenth of the cost per
// child. It lies where the shared one lies, with the C compiler.
#[cfg_attr(target_env = "gnu", link(name = "gcc_eh", kind = "static", modifiers = "-bundle"))]
unsafe extern "C" {}

// Exit codes.
const SUCCESS: c_int = 0;
const FAILURE: c_int = 1;
const USAGE_ERROR: c_int = 2;

/// The C entry point. Rust's runtime would first look for its stack's end in `/proc/self/maps` and
/// set up handlers: a tenth of the cost per child, and memory that the fork hands on.
// SAFETY: there is one `main` in this program, with the signature C gives it.
#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    open_standard_streams();
    run()
}

/// A standard stream that was closed at the start must not become the number of another file.
fn open_standard_streams() {
    // SAFETY: a C string, then a number: the first above 2 is not needed.
    unsafe {
        let mut fd = 0;
        while (0..=2).contains(&fd) {
            fd = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        }
        libc::close(fd);
    }
}

fn run() -> c_int {
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Measure(request)) => measure_and_print(&request),
        Ok(Command::Touch(bytes)) => selftest::touch(bytes),
        Ok(Command::Hold(bytes)) => selftest::hold(bytes),
        Ok(Command::Spike(bytes)) => selftest::spike(bytes),
        Ok(Command::Help) => {
            print!("{}", args::USAGE);
            SUCCESS
        }
        Err(message) => fail(USAGE_ERROR, &message),
    }
}

/// The record's file is opened first: a child whose record has nowhere to go is not started.
fn measure_and_print(request: &Request) -> c_int {
    let mut destination = match record::Destination::open(request.record.as_deref()) {
        Ok(destination) => destination,
        Err(message) => return fail(USAGE_ERROR, &message),
    };
    match destination.write(&measure(request)) {
        Ok(()) => SUCCESS,
        Err(error) => fail(FAILURE, &format!("cannot write the record: {error}")),
    }
}

fn measure(request: &Request) -> Record {
    match launch::start(request) {
        Err(error) => Record::never_forked(error),
        Ok(mut child) => {
            let ending = watch::until_dead(&mut child, request);
            if let (Some(path), Some(timeline)) = (&request.timeline, &ending.timeline) {
                // Without the file the picture is missing, as whoever asked for it will see.
                let _ = std::fs::write(path, timeline.text());
            }
            if let (Some(path), Some(mapped)) = (&request.mapped, &ending.mapped) {
                let lines: Vec<&[u8]> = mapped.iter().map(Vec::as_slice).collect();
                let _ = std::fs::write(path, lines.join(&b'\n'));
            }
            Record::new(child, &ending, request.memory_limit_bytes)
        }
    }
}

fn fail(code: c_int, message: &str) -> c_int {
    eprintln!("probe: {message}");
    code
}
