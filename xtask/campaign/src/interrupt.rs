//! Ctrl-C while a campaign runs: the child that runs is stopped through its probe, what was measured
//! is kept, and the program ends with exit code 130 and says how to continue.

use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use anyhow::Context;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The exit code of an interrupted program: 128 and the number of SIGINT, as shells have it.
pub const EXIT_CODE: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);
static PROBE: Mutex<Option<OwnedFd>> = Mutex::new(None);

/// The error of whatever was stopped by Ctrl-C, SIGTERM or SIGHUP.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "interrupted; what was measured is kept, the same command continues (`--restart` drops it)",
        )
    }
}

impl std::error::Error for Interrupted {}

/// From here on signals ask instead of killing; a second one ends the program at once, and the
/// probe, which is told of its parent's end by the kernel, takes its child along.
pub fn listen() -> anyhow::Result<()> {
    static STARTED: Once = Once::new();
    if STARTED.is_completed() {
        return Ok(());
    }
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot await signals")?;
    STARTED.call_once(|| {
        std::thread::spawn(move || {
            for _ in signals.forever() {
                if ASKED.swap(true, Ordering::SeqCst) {
                    std::process::exit(EXIT_CODE.into());
                }
                stop(probe().as_ref());
            }
        });
    });
    Ok(())
}

/// Fails once somebody has asked.
pub fn check() -> anyhow::Result<()> {
    if ASKED.load(Ordering::SeqCst) { Err(Interrupted.into()) } else { Ok(()) }
}

/// A probe that is stopped when somebody asks, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Stoppable;

impl Stoppable {
    /// The probe with this process id, which must not be reaped yet. Where the kernel has no pidfd
    /// the probe is not told, and its run comes to its own end first.
    pub(crate) fn new(id: u32) -> Self {
        let id = Pid::from_raw(id as i32);
        let mut probe = probe();
        *probe = id.and_then(|id| pidfd_open(id, PidfdFlags::empty()).ok());
        // Whoever asked before this line found nothing to stop.
        if ASKED.load(Ordering::SeqCst) {
            stop(probe.as_ref());
        }
        Self
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        *probe() = None;
    }
}

fn probe() -> MutexGuard<'static, Option<OwnedFd>> {
    PROBE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A probe that has ended already needs no telling.
fn stop(probe: Option<&OwnedFd>) {
    if let Some(probe) = probe {
        let _ = pidfd_send_signal(probe, Signal::TERM);
    }
}
