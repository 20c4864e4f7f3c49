//! Why the probe stopped a child, and the stopping.

use libc::pid_t;

/// Why a child was stopped, or counts as having overstepped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoppedFor {
    /// It ran longer than `--timeout-ms`.
    Timeout,
    /// It held more than `--memory-limit`.
    MemoryLimit,
    /// The probe was asked to stop.
    Interrupted,
}

impl StoppedFor {
    /// The word in the record.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::MemoryLimit => "memory_limit",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Kills a child that is not reaped yet, with its process group: until it is reaped its number
/// cannot belong to anybody else.
pub(crate) fn kill_group(child: pid_t) {
    // SAFETY: `kill` takes numbers only. The second call is for a child that left its own group.
    unsafe {
        libc::kill(-child, libc::SIGKILL);
        libc::kill(child, libc::SIGKILL);
    }
}
