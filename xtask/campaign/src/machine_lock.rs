//! One campaign at a time on a machine: two would take each other's processor, caches and memory
//! bandwidth, and neither would notice. Whoever measures holds a lock that the kernel gives back however
//! the process ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

use record::machine::Machine;

use crate::errln;
use crate::interrupt;

/// Another folder for the lock than that of the machine, for who does not care what times are worth.
const FOLDER: &str = "XTASK_LOCK_DIR";

/// How long to wait between two looks at a lock that somebody else holds.
const LOOK: Duration = Duration::from_millis(200);

/// The machine is ours for as long as this lives.
#[derive(Debug)]
pub(crate) struct MachineLock {
    _held: File,
}

impl MachineLock {
    /// Takes the machine to measure `experiment`. Where somebody else has it, waits or says who.
    pub(crate) fn take(experiment: &str, wait: bool) -> anyhow::Result<Self> {
        Self::take_in(&folder(), experiment, wait)
    }

    fn take_in(folder: &Path, experiment: &str, wait: bool) -> anyhow::Result<Self> {
        let path = folder.join("xtask-campaign.lock");
        let mut file = open(&path).with_context(|| {
            format!(
                "cannot open {}, which keeps campaigns from measuring at the same time; {FOLDER} \
                 names another folder for it",
                path.display()
            )
        })?;
        let mut has_said = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
                Err(TryLockError::WouldBlock) => {}
            }
            let holder = holder(&mut file);
            if !wait {
                bail!(
                    "another campaign measures on this machine: {holder}; they would disturb each \
                     other: wait until it has ended, or add `--wait`"
                );
            }
            if !std::mem::replace(&mut has_said, true) {
                errln!("waiting for another campaign on this machine: {holder}");
            }
            interrupt::check()?;
            std::thread::sleep(LOOK);
        }
        // Who holds it is for people; the lock itself rests on nothing written.
        let text = format!(
            "process {}, `{experiment}`, since {}",
            std::process::id(),
            Machine::now().time
        );
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()));
        Ok(Self { _held: file })
    }
}

fn folder() -> PathBuf {
    // Not `temp_dir`: two users with a `TMPDIR` of their own share the machine all the same.
    std::env::var_os(FOLDER).map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
}

/// Opens the file, which any user of the machine may have made.
fn open(path: &Path) -> std::io::Result<File> {
    let existing = OpenOptions::new().read(true).write(true).open(path);
    if !matches!(&existing, Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
        return existing;
    }
    let made = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    // Whoever comes next may be somebody else; should this fail, they are told.
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o666));
    Ok(made)
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(1000).read_to_string(&mut text));
    match read {
        Ok(_) if !text.is_empty() => text.escape_default().to_string(),
        _ => "it did not say which".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_measures_and_gets_its_turn_when_that_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let first = MachineLock::take_in(folder.path(), "mine", false).unwrap();
        let error = MachineLock::take_in(folder.path(), "yours", false).unwrap_err().to_string();
        let process = format!("process {}", std::process::id());
        assert!(error.contains(&process) && error.contains("`mine`"), "{error}");
        let path = folder.path().to_owned();
        let waiting =
            std::thread::spawn(move || MachineLock::take_in(&path, "yours", true).is_ok());
        drop(first);
        assert!(waiting.join().unwrap());
        drop(MachineLock::take_in(folder.path(), "third", false).unwrap());
    }
}
