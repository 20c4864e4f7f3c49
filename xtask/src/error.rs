//! How the laboratory fails: one marker for what the user can correct, `anyhow` for the rest.
//!
//! The exit code is the interface: 0 fine, 1 a criterion, a run or a check failed, 2 usage or
//! input error, 130 interrupted (`interrupt`). Everything that ends with 2 is a [`UserError`]; nothing has been written by then.

use std::fmt;

/// Something in the input that the user can correct: the message says what was found, where, what
/// is allowed. Ends the program with exit code 2.
#[derive(Debug)]
pub(crate) struct UserError(pub(crate) String);

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UserError {}

/// Shorthand for `Err(UserError(..).into())`.
pub(crate) fn user<T>(message: impl Into<String>) -> anyhow::Result<T> {
    Err(UserError(message.into()).into())
}

/// What a command that ran to its end has to say with its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Exit code 0.
    Fine,
    /// Exit code 1: a criterion is not met, a run failed, a committed file is stale.
    Failed,
}
