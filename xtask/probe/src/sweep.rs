//! Leaves nothing running, where `ptrace` does not show who is there: stops what it finds, so that it
//! forks no more, looks again until nothing new is found, and only then kills.
//!
//! The probe is a subreaper, so orphans become its children, those in other sessions and groups too.

use libc::pid_t;

use crate::procfs;
use crate::stop::send;

/// Stops, then kills every descendant of the probe. How many were killed, and whether one could not be.
pub(crate) fn descendants() -> (usize, bool) {
    let probe = std::process::id() as pid_t;
    let mut frozen = Vec::new();
    loop {
        let found = procfs::descendants(probe);
        let fresh: Vec<_> = found.iter().filter(|one| !frozen.contains(*one)).copied().collect();
        if fresh.is_empty() {
            break;
        }
        for (pid, group) in &fresh {
            // A whole group at once: its members cannot fork out of it meanwhile. Only groups that one
            // of ours made; the probe's own is not.
            if found.iter().any(|(leader, _)| leader == group) {
                send(-group, libc::SIGSTOP);
            }
            send(*pid, libc::SIGSTOP);
        }
        frozen.extend(fresh);
    }
    let killed = frozen.iter().filter(|(pid, _)| send(*pid, libc::SIGKILL)).count();
    (killed, killed < frozen.len())
}
