//! The one mechanism the probe waits with: signals blocked, then taken one at a time.
//!
//! Blocked from before the fork, so none can be lost between a look at the child and the wait.

use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

/// Highest signal number on Linux.
const SIGNAL_MAX: i32 = 64;

/// What ended a wait.
pub(crate) enum Wake {
    /// The child, one of its threads or an orphan changed state; or nothing happened in time.
    Look,
    /// Somebody asks the probe to stop.
    Interrupt,
}

/// Blocks the signals that [`wait`] takes, and undoes an inherited `SIG_IGN` of `SIGCHLD`, with
/// which the kernel would reap children by itself and their usage would be lost.
pub(crate) fn take_over() {
    // SAFETY: sets a disposition and the mask of this, the only thread; the set is initialised.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::sigprocmask(libc::SIG_BLOCK, &awaited(), ptr::null_mut());
    }
}

/// Waits for a signal, at most `patience`; `None` waits for ever.
pub(crate) fn wait(patience: Option<Duration>) -> Wake {
    let set = awaited();
    let limit = patience.map(|patience| libc::timespec {
        tv_sec: patience.as_secs() as libc::time_t,
        tv_nsec: patience.subsec_nanos().into(),
    });
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: `set` and `limit` live through the call; no signal information is asked for.
    match unsafe { libc::sigtimedwait(&raw const set, ptr::null_mut(), limit) } {
        libc::SIGTERM | libc::SIGINT | libc::SIGHUP => Wake::Interrupt,
        _ => Wake::Look,
    }
}

/// Gives the child a clean slate, whatever the probe was started with: no signal ignored (Rust's
/// runtime ignores `SIGPIPE`, `nohup` ignores `SIGHUP`) and none blocked. Async-signal-safe.
///
/// By the kernel's own call, because libc's `signal` leaves out two that it keeps for itself and
/// that may be inherited as ignored, too.
pub(crate) fn reset_in_child() {
    // The kernel's `struct sigaction`: default handler, no flags, no restorer, empty mask.
    const DEFAULT: [u64; 4] = [0; 4];
    const MASK_BYTES: usize = 8;
    // SAFETY: the kernel reads `DEFAULT`; numbers that may not be set are refused without effect.
    // `sigemptyset` and `sigprocmask` are async-signal-safe.
    unsafe {
        for number in 1..=SIGNAL_MAX {
            let (new, old) = (DEFAULT.as_ptr(), ptr::null_mut::<u64>());
            libc::syscall(libc::SYS_rt_sigaction, number, new, old, MASK_BYTES);
        }
        let mut none = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut());
    }
}

fn awaited() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: `sigemptyset` initialises the set before anything reads it.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for number in [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            libc::sigaddset(set.as_mut_ptr(), number);
        }
        set.assume_init()
    }
}
