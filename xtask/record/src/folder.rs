//! The folder of a report: where each file of a campaign stands, and how a complete one is published.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::failure::Failure;
use crate::lock::{Asks, Lock, Machines};
use crate::{journal, publish};

/// The folder of one report.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// One row for each run.
    pub fn samples(&self) -> PathBuf {
        self.0.join("samples.csv")
    }

    /// Heap by stage, where the experiment asks for it.
    pub fn heap(&self) -> PathBuf {
        self.0.join("heap.csv")
    }

    /// Memory over time, where the experiment asks for it.
    pub fn timeline(&self) -> PathBuf {
        self.0.join("timeline.csv")
    }

    /// Why runs failed, where any did.
    pub fn failures(&self) -> PathBuf {
        self.0.join("failures.csv")
    }

    /// What was measured.
    pub fn lock(&self) -> PathBuf {
        self.0.join("experiment.lock.toml")
    }

    /// Where it was measured.
    pub fn machine(&self) -> PathBuf {
        self.0.join("machine.toml")
    }

    /// Where a campaign is recorded until it is complete, so that the published samples and the
    /// report made of them stay together.
    #[must_use]
    pub fn running(&self) -> Folder {
        Folder(self.0.join("running"))
    }

    /// Moves a complete campaign to where it is published. The machine's record comes last: as long
    /// as it stands in this folder, a move that was cut short is finished by moving again.
    pub fn move_to<E: Asks>(&self, published: &Folder) -> anyhow::Result<()> {
        for path in [Folder::samples, Folder::heap, Folder::timeline, Folder::lock] {
            move_file(&path(self), &path(published))?;
        }
        let lock = published.read_lock::<E>()?.context("the lock was moved")?;
        // What an earlier campaign left and this one has not.
        match journal::read::<Failure>(&self.failures())?.is_empty() {
            // A move that was cut short may have moved it already.
            true if self.failures().exists() => remove_file(&published.failures())?,
            true => {}
            false => move_file(&self.failures(), &published.failures())?,
        }
        if !lock.experiment.heap() {
            remove_file(&published.heap())?;
        }
        if !lock.experiment.timeline() {
            remove_file(&published.timeline())?;
        }
        move_file(&self.machine(), &published.machine())?;
        self.remove()
    }

    /// Removes the folder with all that is in it.
    pub fn remove(&self) -> anyhow::Result<()> {
        unless_absent(std::fs::remove_dir_all(&self.0))
            .with_context(|| format!("cannot remove {}", self.0.display()))
    }

    /// What was measured, if anything was.
    pub fn read_lock<E: Asks>(&self) -> anyhow::Result<Option<Lock<E>>> {
        read_toml(&self.lock())
    }

    /// Where it was measured, if anything was.
    pub fn read_machines(&self) -> anyhow::Result<Option<Machines>> {
        read_toml(&self.machine())
    }

    /// Replaces the lock.
    pub fn write_lock<E: Asks>(&self, lock: &Lock<E>) -> anyhow::Result<()> {
        let head = "# What was measured. Written by `cargo xtask run`; do not edit.\n\n";
        publish::replace(&self.lock(), format!("{head}{}", toml::to_string(lock)?).as_bytes())
    }

    /// Replaces the record of the machine.
    pub fn write_machines(&self, machines: &Machines) -> anyhow::Result<()> {
        let head = "# Where it was measured. Written by `cargo xtask run`; do not edit.\n\n";
        publish::replace(
            &self.machine(),
            format!("{head}{}", toml::to_string(machines)?).as_bytes(),
        )
    }
}

fn move_file(from: &Path, to: &Path) -> anyhow::Result<()> {
    unless_absent(std::fs::rename(from, to))
        .with_context(|| format!("cannot move {} to {}", from.display(), to.display()))
}

fn remove_file(path: &Path) -> anyhow::Result<()> {
    unless_absent(std::fs::remove_file(path))
        .with_context(|| format!("cannot remove {}", path.display()))
}

/// What is not there was moved or removed before.
fn unless_absent(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn read_toml<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        Ok(text) => toml::from_str(&text)
            .map(Some)
            .with_context(|| format!("{} is not what this version wrote", path.display())),
    }
}
