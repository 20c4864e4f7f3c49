//! `ptrace`, used for one thing: to stand still with the child at its exit, while its memory is
//! still there to be read. Everything else it brings is passed on untouched.

use std::io;
use std::ptr;

use libc::{c_int, c_void, pid_t};

/// Traces a process that has not yet become its program, and every thread it will start: a main
/// thread may end before others do, and only the last to end knows the peak. Should the probe die,
/// they die too.
///
/// All from the start, because attaching to a thread later can block for ever: the kernel makes us
/// wait while a sibling is in `execve`, which waits for the main thread, which waits for us.
pub(crate) fn seize(pid: pid_t) -> io::Result<()> {
    let options = libc::PTRACE_O_TRACEEXIT | libc::PTRACE_O_TRACECLONE | libc::PTRACE_O_EXITKILL;
    request(libc::PTRACE_SEIZE, pid, options)
}

/// Whether a wait status is the stop at the exit.
pub(crate) fn is_exit_stop(status: c_int) -> bool {
    event(status) == libc::PTRACE_EVENT_EXIT
}

/// Lets a stopped thread go on as it would have without us. A failure means that it was killed
/// meanwhile, and the next wait tells.
pub(crate) fn resume(pid: pid_t, status: c_int) {
    let signal = libc::WSTOPSIG(status);
    let _ = match event(status) {
        // A signal on its way to the child: deliver it.
        0 => request(libc::PTRACE_CONT, pid, signal),
        // Stopped like any stopped process: leave it so until SIGCONT.
        libc::PTRACE_EVENT_STOP if is_stopping(signal) => request(libc::PTRACE_LISTEN, pid, 0),
        _ => request(libc::PTRACE_CONT, pid, 0),
    };
}

fn event(status: c_int) -> c_int {
    status >> 16
}

fn is_stopping(signal: c_int) -> bool {
    matches!(signal, libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU)
}

fn request(what: libc::c_uint, pid: pid_t, data: c_int) -> io::Result<()> {
    let data = ptr::without_provenance_mut::<c_void>(data as usize);
    // SAFETY: the requests used take a number as data and write to no memory of ours.
    match unsafe { libc::ptrace(what, pid, ptr::null_mut::<c_void>(), data) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}
