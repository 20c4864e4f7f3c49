//! Leaves nothing running: kills and reaps every descendant that outlived the child.
//!
//! The probe is a subreaper, so orphans become its children, those in other sessions and groups
//! too; killing them brings up theirs, until there are none.

use std::io;
use std::ptr;

use crate::{procfs, trace};

/// Kills and reaps what is left. False if something could not be killed (it changed its user).
pub(crate) fn descendants() -> bool {
    let mut flags = libc::WNOHANG;
    while reap(flags) {
        let left = procfs::children(std::process::id() as libc::pid_t);
        let killed = left.iter().filter(|&&pid| kill(pid)).count();
        if killed < left.len() {
            return false;
        }
        // Whoever was killed will be reaped; with nobody killed, somebody died or came just now.
        flags = if killed > 0 { 0 } else { libc::WNOHANG };
    }
    true
}

/// Reaps at most one; false once there is no child left, living or dead. One that is traced, being
/// something between a thread and a process, stops at its exit like the child and must go on, too.
fn reap(flags: libc::c_int) -> bool {
    let mut status = 0;
    // SAFETY: `status` lives through the call; the usage is not asked for.
    let pid = unsafe { libc::wait4(-1, &raw mut status, flags | libc::__WALL, ptr::null_mut()) };
    if pid > 0 && libc::WIFSTOPPED(status) {
        trace::resume(pid, status);
    }
    pid != -1 || io::Error::last_os_error().raw_os_error() != Some(libc::ECHILD)
}

fn kill(pid: libc::pid_t) -> bool {
    // SAFETY: `kill` takes numbers only; `pid` is an unreaped child of ours.
    unsafe { libc::kill(pid, libc::SIGKILL) == 0 }
}
