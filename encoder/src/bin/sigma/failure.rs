//! Why the program fails, and how it says so.

use std::any::Any;
use std::io::{self, Write};

use sigma_encoder::Error;

use crate::args::PROGRAM_BYTES;

/// Why the program fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line asks for what cannot be: exit code 2.
    Usage(String),
    /// The work could not be done: exit code 1.
    Work(String),
    /// No one reads what is written any more: the end by a signal, without a word.
    ClosedPipe,
    /// Exit code 1; why was said where it happened.
    Said,
}

/// An error with the place where it happened.
pub(crate) fn at(place: &str, error: &Error) -> Failure {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        Error::Limit { what: "memory limit", limit_bytes, needed_bytes: Some(needed) } => {
            Failure::Work(format!("{place}: {}", of_memory(*limit_bytes, *needed)))
        }
        error => Failure::Work(format!("{place}: {error}")),
    }
}

/// The limit and what is needed are those of the whole program, as on the command line.
fn of_memory(limit_bytes: u64, needed_bytes: u64) -> String {
    let (limit, needed) = (limit_bytes + PROGRAM_BYTES, needed_bytes + PROGRAM_BYTES);
    let allowed = if limit_bytes == 0 {
        "the memory limit".into()
    } else {
        format!("the memory limit of {limit} bytes")
    };
    format!("decoding needs {needed} bytes, more than {allowed}; raise it if you trust the source")
}

/// What a panic says, as the error of one file.
pub(crate) fn of_panic(place: &str, panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("without a word");
    Failure::Work(format!("{place}: this is a bug in `sigma` ({text}); please report it"))
}

/// How much to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    /// From 2, errors too, down to what was done in detail at -1.
    quiet: i8,
}

impl Voice {
    /// After so many `-q` and `-v`.
    pub(crate) fn new(quiet: u8, verbose: u8) -> Self {
        Self { quiet: quiet.min(2) as i8 - verbose.min(2) as i8 }
    }

    /// Whether nothing but errors is said.
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet > 0
    }

    /// Whether all is said.
    pub(crate) fn is_verbose(self) -> bool {
        self.quiet < 0
    }

    /// Says what only those want to know who want to know more.
    pub(crate) fn detail(self, message: &str) {
        if self.is_verbose() {
            say(message);
        }
    }

    /// Says what all but the quiet want to know.
    pub(crate) fn warning(self, message: &str) {
        if !self.is_quiet() {
            say(message);
        }
    }

    /// Says what went wrong, but for those who look at the exit code alone.
    pub(crate) fn error(self, message: &str) {
        if self.quiet < 2 {
            say(message);
        }
    }
}

/// Where standard error is closed, no one listens.
pub(crate) fn say(message: &str) {
    let _ = writeln!(io::stderr(), "sigma: {message}");
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    #[test]
    fn a_panic_is_an_error_of_its_file() {
        for (wanted, thrown) in [
            ("a bug of 7", panic::catch_unwind(|| panic!("a bug of {}", 7))),
            ("a word", panic::catch_unwind(|| panic!("a word"))),
            ("without", panic::catch_unwind(|| panic::panic_any(7))),
        ] {
            let Failure::Work(message) = of_panic("`a`", &*thrown.unwrap_err()) else { panic!() };
            assert!(message.starts_with("`a`: ") && message.contains(wanted), "{message}");
        }
    }

    #[test]
    fn who_wants_quiet_twice_hears_nothing() {
        assert!(!Voice::new(0, 0).is_quiet() && !Voice::new(0, 0).is_verbose());
        assert!(Voice::new(1, 0).is_quiet() && Voice::new(0, 1).is_verbose());
        assert!(!Voice::new(1, 1).is_quiet() && Voice::new(200, 0).is_quiet());
    }
}
