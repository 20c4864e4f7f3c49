//! The one mechanism the probe waits with: signals are blocked and arrive as something to read, beside
//! what the child writes to its standard error.
//!
//! Blocked from before the fork, so none can be lost between a look at the child and the wait.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

/// Highest signal number on Linux.
const SIGNAL_MAX: i32 = 64;

const AWAITED: [i32; 6] =
    [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGTSTP, libc::SIGCONT];

/// What came while waiting.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wake {
    /// Somebody asks the probe to stop for good.
    pub(crate) is_interrupted: bool,
    /// Somebody asks the probe to stand still, as Ctrl-Z does.
    pub(crate) is_suspended: bool,
    /// The probe stood still and goes on.
    pub(crate) is_continued: bool,
}

/// Where blocked signals arrive.
pub(crate) struct Signals(OwnedFd);

/// Blocks the signals that [`Signals::wait`] takes, and undoes an inherited `SIG_IGN` of `SIGCHLD`, with
/// which the kernel would reap children by itself and their usage would be lost.
pub(crate) fn take_over() -> io::Result<Signals> {
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    // SAFETY: sets a disposition and the mask of this, the only thread; the set is initialised.
    let fd = unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::sigprocmask(libc::SIG_BLOCK, &awaited(), ptr::null_mut());
        libc::signalfd(-1, &awaited(), flags)
    };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just made and belongs to nobody else.
    Ok(Signals(unsafe { OwnedFd::from_raw_fd(fd) }))
}

impl Signals {
    /// Waits for a signal, or for something to read from `readable`, at most `patience`; `None` waits for
    /// ever. A child, one of its threads or an orphan that changed state ends the wait, too. Also tells whether
    /// there is something to read.
    pub(crate) fn wait(
        &self,
        patience: Option<Duration>,
        readable: Option<BorrowedFd<'_>>,
    ) -> (Wake, bool) {
        let entry = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // A negative number is passed over.
        let other = readable.map_or(-1, |fd| fd.as_raw_fd());
        let mut entries = [entry(self.0.as_raw_fd()), entry(other)];
        let limit = patience.map(|patience| libc::timespec {
            tv_sec: patience.as_secs() as libc::time_t,
            tv_nsec: patience.subsec_nanos().into(),
        });
        let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the entries and the limit live through the call.
        unsafe { libc::ppoll(entries.as_mut_ptr(), entries.len() as _, limit, ptr::null()) };
        (self.taken(), entries[1].revents != 0)
    }

    /// Every signal that has come.
    fn taken(&self) -> Wake {
        let mut wake = Wake::default();
        loop {
            let mut came = MaybeUninit::<libc::signalfd_siginfo>::uninit();
            let size = size_of_val(&came);
            // SAFETY: the kernel writes at most `size` bytes to `came`, which lives through the call.
            let read = unsafe { libc::read(self.0.as_raw_fd(), came.as_mut_ptr().cast(), size) };
            if read != size as isize {
                return wake;
            }
            // SAFETY: all of it was written.
            match unsafe { came.assume_init() }.ssi_signo as i32 {
                libc::SIGTERM | libc::SIGINT | libc::SIGHUP => wake.is_interrupted = true,
                libc::SIGTSTP => wake.is_suspended = true,
                libc::SIGCONT => wake.is_continued = true,
                _ => {}
            }
        }
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
        for number in AWAITED {
            libc::sigaddset(set.as_mut_ptr(), number);
        }
        set.assume_init()
    }
}
