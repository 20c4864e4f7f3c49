//! The program `sigma-manual`: writes the manual page and the shell completions of `sigma`.
//!
//! A program of its own, so that `sigma` does not carry the generators in its memory.
#![allow(dead_code, reason = "the command line is described here, not used")]

#[path = "../sigma/args.rs"]
mod args;
#[path = "../sigma/size.rs"]
mod size;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, ValueEnum};
use clap_complete::Shell;

/// Writes the manual page of sigma, or completions for a shell, to standard output.
#[derive(Debug, Parser)]
#[command(name = "sigma-manual", version)]
struct Manual {
    /// `man`, or the shell to complete for: bash, elvish, fish, powershell, zsh
    what: String,
    /// With `man`: the verb whose page is wanted, such as `encode`
    verb: Option<String>,
}

fn main() -> ExitCode {
    let Manual { what, verb } = Manual::parse();
    let mut command = args::Args::command();
    if what == "man" {
        command.build();
        let page = match &verb {
            None => Some(&command),
            Some(verb) => command.find_subcommand(verb),
        };
        let Some(page) = page else { return fail("`sigma` has no such verb", 2) };
        return match clap_mangen::Man::new(page.clone()).render(&mut io::stdout()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error.to_string(), 1),
        };
    }
    match Shell::from_str(&what, true) {
        Ok(shell) => {
            clap_complete::generate(shell, &mut command, "sigma", &mut io::stdout());
            ExitCode::SUCCESS
        }
        Err(_) => fail(&format!("`{what}` is neither `man` nor a shell that is known"), 2),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("sigma-manual: {message}");
    ExitCode::from(code)
}
