//! All that is said on stdout; `campaign::errln!` is for stderr. A reader that goes away, as `head` does,
//! wants no more and is no error: what it would have got is dropped, the verb does what it was asked
//! to, and its exit code is its verdict.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stdout};
use std::sync::{Mutex, PoisonError};

/// Says something on stdout.
macro_rules! out {
    ($($text:tt)*) => { $crate::output::to_stdout(format_args!($($text)*)) };
}

/// Says a line on stdout.
macro_rules! outln {
    ($($text:tt)*) => { $crate::output::to_stdout(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {out, outln};

/// Why stdout took no more, if it was not that its reader went away.
static FAILED: Mutex<Option<std::io::Error>> = Mutex::new(None);

pub(crate) fn to_stdout(text: Arguments<'_>) {
    let mut stdout = stdout().lock();
    match stdout.write_fmt(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            FAILED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        _ => {}
    }
}

/// Fails where something that was to be read could not be written, such as to a full disk.
pub(crate) fn check() -> anyhow::Result<()> {
    match FAILED.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(anyhow::Error::from(error).context("cannot write to stdout")),
        None => Ok(()),
    }
}
