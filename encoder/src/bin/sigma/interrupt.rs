//! Ctrl-C and its like: output that is not complete is removed before the program ends.

use std::path::Path;

#[cfg(unix)]
use std::{path::PathBuf, sync::OnceLock, thread};

#[cfg(unix)]
use signal_hook::{consts::TERM_SIGNALS, iterator::Signals, low_level::emulate_default_handler};

/// The file that is removed; there is one output.
#[cfg(unix)]
static PARTIAL: OnceLock<PathBuf> = OnceLock::new();

/// Has this file removed when a signal ends the program, whatever its threads wait for.
#[cfg(unix)]
pub(crate) fn remove_on_signal(partial: &Path) {
    if PARTIAL.set(partial.to_owned()).is_err() {
        return;
    }
    // Where signals cannot be watched the file stays, as after a crash.
    let Ok(mut signals) = Signals::new(TERM_SIGNALS) else { return };
    let watch = move || {
        if let (Some(signal), Some(partial)) = (signals.forever().next(), PARTIAL.get()) {
            let _ = std::fs::remove_file(partial);
            let _ = emulate_default_handler(signal);
        }
    };
    let _ = thread::Builder::new().stack_size(1 << 16).spawn(watch);
}

/// Elsewhere it stays.
#[cfg(not(unix))]
pub(crate) fn remove_on_signal(_: &Path) {}
