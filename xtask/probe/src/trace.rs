//! `ptrace`, used to be told of forks, clones, execs and exits, and to stand still with a process at
//! its exit, while its memory is still there to be read. Everything else it brings is passed on
//! untouched: no system call is looked at (but those of [`crate::decrease`], where that is asked for), and
//! no signal held back.

use std::io;
use std::ptr;

use libc::{c_int, c_ulong, c_void, pid_t};

/// What a stop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It started a process, or a thread.
    Born,
    /// It runs another program now.
    Executed,
    /// It is about to end.
    Exit,
    /// It is about to give memory back.
    Decrease,
    /// Stopped by job control, until SIGCONT.
    Halted,
    /// New and not begun yet, or let go on by SIGCONT.
    Begins,
    /// A signal on its way.
    Signal,
}

/// Traces a process that has not yet become its program, with every process and thread that it will
/// start, theirs included. Should the probe die, they die too.
///
/// All from the start, because attaching to a thread later can block for ever: the kernel makes us
/// wait while a sibling is in `execve`, which waits for the main thread, which waits for us.
///
/// With `decreases`, also at the calls that [`crate::decrease`] chooses.
pub(crate) fn seize(pid: pid_t, decreases: bool) -> io::Result<()> {
    let at_decreases = if decreases { libc::PTRACE_O_TRACESECCOMP } else { 0 };
    let options = libc::PTRACE_O_TRACEEXIT
        | libc::PTRACE_O_TRACECLONE
        | libc::PTRACE_O_TRACEFORK
        | libc::PTRACE_O_TRACEVFORK
        | libc::PTRACE_O_TRACEEXEC
        | at_decreases
        | libc::PTRACE_O_EXITKILL;
    request(libc::PTRACE_SEIZE, pid, options)
}

/// What a wait status tells that is a stop.
pub(crate) fn stop(status: c_int) -> Stop {
    match event(status) {
        libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => Stop::Born,
        libc::PTRACE_EVENT_EXEC => Stop::Executed,
        libc::PTRACE_EVENT_EXIT => Stop::Exit,
        libc::PTRACE_EVENT_SECCOMP => Stop::Decrease,
        libc::PTRACE_EVENT_STOP if is_stopping(libc::WSTOPSIG(status)) => Stop::Halted,
        libc::PTRACE_EVENT_STOP => Stop::Begins,
        _ => Stop::Signal,
    }
}

/// Whether what was born may be a thread; else it is a process.
pub(crate) fn may_be_thread(status: c_int) -> bool {
    event(status) == libc::PTRACE_EVENT_CLONE
}

/// Whether what was born runs in the memory of its parent, which waits until it executes or ends.
pub(crate) fn borrows_memory(status: c_int) -> bool {
    event(status) == libc::PTRACE_EVENT_VFORK
}

/// The number of the process or thread that was started.
pub(crate) fn message(pid: pid_t) -> Option<pid_t> {
    let mut message: c_ulong = 0;
    let data = (&raw mut message).cast::<c_void>();
    // SAFETY: the kernel writes one word to `message`, which lives through the call.
    let got =
        unsafe { libc::ptrace(libc::PTRACE_GETEVENTMSG, pid, ptr::null_mut::<c_void>(), data) };
    (got == 0).then_some(message as pid_t)
}

/// Lets a stopped thread go on as it would have without us. A failure means that it was killed
/// meanwhile, and the next wait tells.
pub(crate) fn resume(pid: pid_t, status: c_int) {
    let _ = match stop(status) {
        Stop::Signal => request(libc::PTRACE_CONT, pid, libc::WSTOPSIG(status)),
        Stop::Halted => request(libc::PTRACE_LISTEN, pid, 0),
        _ => request(libc::PTRACE_CONT, pid, 0),
    };
}

/// Whether two processes run in one memory, as a child of `vfork` does in its parent's.
pub(crate) fn share_memory(one: pid_t, other: pid_t) -> bool {
    const KCMP_VM: c_int = 1;
    // SAFETY: numbers only.
    unsafe { libc::syscall(libc::SYS_kcmp, one, other, KCMP_VM, 0, 0) == 0 }
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
