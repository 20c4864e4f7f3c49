//! How a command ends. The exit code is the interface: 0 fine, 1 a criterion, a run or a check failed, 2 usage
//! or input error ([`experiment::error::UserError`]; nothing has been written by then), 130 interrupted
//! (`campaign::interrupt`).

/// What a command that ran to its end has to say with its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Exit code 0.
    Fine,
    /// Exit code 1: a criterion is not met, a run failed, a committed file is stale.
    Failed,
}

impl Exit {
    /// Fine if `fine`.
    pub(crate) fn of(fine: bool) -> Self {
        if fine { Exit::Fine } else { Exit::Failed }
    }

    /// This, and failed unless the next thing is fine, too.
    pub(crate) fn and(self, fine: bool) -> Self {
        if fine { self } else { Exit::Failed }
    }
}
