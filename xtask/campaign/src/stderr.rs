//! All that a campaign says, but for its bar: lines on stderr. A reader that goes away wants no more and is
//! no error.

use std::fmt::Arguments;
use std::io::{Write, stderr};

/// Says a line on stderr.
#[macro_export]
macro_rules! errln {
    ($($text:tt)*) => { $crate::stderr::say(format_args!("{}\n", format_args!($($text)*))) };
}

/// What fails here cannot be said anywhere.
pub fn say(text: Arguments<'_>) {
    let _ = stderr().lock().write_fmt(text);
}
