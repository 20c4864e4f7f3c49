//! What is wrong in an input, for the person who wrote it.

use std::fmt;

/// Something in the input that the user can correct: the message says what was found, where, what
/// is allowed. Ends the program with exit code 2.
#[derive(Debug)]
pub struct UserError(pub String);

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UserError {}

/// Shorthand for `Err(UserError(..).into())`.
pub fn user<T>(message: impl Into<String>) -> anyhow::Result<T> {
    Err(UserError(message.into()).into())
}
