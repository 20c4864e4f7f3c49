//! What the machine refuses: measuring goes on without it, and the record says what and why.

use std::io;

/// Calls that were refused, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Refused(Vec<(&'static str, String)>);

impl Refused {
    /// Notes a refusal and passes on what was got.
    pub(crate) fn note<T>(&mut self, call: &'static str, got: io::Result<T>) -> Option<T> {
        got.map_err(|error| self.push(call, error.to_string())).ok()
    }

    pub(crate) fn push(&mut self, call: &'static str, reason: impl Into<String>) {
        if !self.0.iter().any(|(known, _)| *known == call) {
            self.0.push((call, reason.into()));
        }
    }

    /// The calls by name.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(call, _)| *call)
    }

    /// The reason of each, in the same order.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, reason)| reason.as_str())
    }
}
