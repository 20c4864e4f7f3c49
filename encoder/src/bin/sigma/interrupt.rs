//! Ctrl-C and its like: a file that has a name before it is complete is removed before the program
//! ends. Files without a name need none of this.

use std::path::Path;

#[cfg(unix)]
use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, Once, PoisonError},
    thread,
};

#[cfg(unix)]
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGXFSZ},
    iterator::Signals,
    low_level::emulate_default_handler,
};

/// The file that is removed; there is one output at a time.
#[cfg(unix)]
static STRAY: Mutex<Option<PathBuf>> = Mutex::new(None);

#[cfg(unix)]
fn stray() -> MutexGuard<'static, Option<PathBuf>> {
    STRAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has this file removed when a signal ends the program, whatever its threads wait for.
#[cfg(unix)]
pub(crate) fn remove_on_signal(path: &Path) {
    watch();
    *stray() = Some(path.to_owned());
}

/// There is no such file any more.
#[cfg(unix)]
pub(crate) fn forget() {
    *stray() = None;
}

/// No signal ends the program while this is held.
#[cfg(unix)]
pub(crate) fn hold() -> impl Drop {
    watch();
    stray()
}

/// Where signals cannot be watched the file stays, as after a crash.
#[cfg(unix)]
fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ignored = ignored();
        let watched = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];
        // Who ignores a signal wants the program to go on, as `nohup` does.
        let watched = watched.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
        let Ok(mut signals) = Signals::new(watched) else { return };
        let watch = move || {
            if let Some(signal) = signals.forever().next() {
                let stray = stray();
                if let Some(path) = &*stray {
                    let _ = std::fs::remove_file(path);
                }
                let _ = emulate_default_handler(signal);
            }
        };
        let _ = thread::Builder::new().stack_size(1 << 16).spawn(watch);
    });
}

/// The signals that the program was started to ignore, a bit each from 1 on.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Has a file that gets longer than allowed told as an error of writing, instead of ending the program.
#[cfg(unix)]
pub(crate) fn survive_file_size_limit() {
    let seen = std::sync::Arc::default();
    let _ = signal_hook::flag::register(SIGXFSZ, seen);
}

/// Ends the program as a closed pipe ends one: without a word.
#[cfg(unix)]
pub(crate) fn end_by_closed_pipe() {
    let _ = emulate_default_handler(SIGPIPE);
}

/// Elsewhere it stays.
#[cfg(not(unix))]
pub(crate) fn remove_on_signal(_: &Path) {}

#[cfg(not(unix))]
pub(crate) fn forget() {}

#[cfg(not(unix))]
pub(crate) fn survive_file_size_limit() {}

#[cfg(not(unix))]
pub(crate) fn end_by_closed_pipe() {}
