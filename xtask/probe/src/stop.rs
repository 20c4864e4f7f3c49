//! Why the probe stopped a child, and the stopping.

use libc::pid_t;

/// Why a child was stopped, or counts as having overstepped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoppedFor {
    /// It ran longer than `--timeout-ms`.
    Timeout,
    /// It held more than `--memory-limit`.
    MemoryLimit,
    /// It wrote more than `--output-limit-bytes`.
    OutputLimit,
    /// The probe was asked to stop.
    Interrupted,
}

impl StoppedFor {
    /// The word in the record.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::MemoryLimit => "memory_limit",
            Self::OutputLimit => "output_limit",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Kills a child that is not reaped yet, with its process group: until it is reaped its number
/// cannot belong to anybody else.
pub(crate) fn kill_group(child: pid_t) {
    send(-child, libc::SIGKILL);
    // For a child that left its own group.
    send(child, libc::SIGKILL);
}

/// Sends a signal to an unreaped process, or to a group by its negative number. False if it did not
/// arrive: it is gone, or belongs to somebody else now.
pub(crate) fn send(pid: pid_t, signal: libc::c_int) -> bool {
    // SAFETY: `kill` takes numbers only.
    unsafe { libc::kill(pid, signal) == 0 }
}

/// The same to several; who is gone is gone.
pub(crate) fn send_all(pids: impl Iterator<Item = pid_t>, signal: libc::c_int) {
    for pid in pids {
        send(pid, signal);
    }
}
