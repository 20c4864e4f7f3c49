//! Stage 5, and the border between `run` and `report`: what is written to disk as ground truth.
//!
//! `samples.csv` holds one row per run, appended, flushed and synced; `experiment.lock.toml` what was
//! measured; `machine.toml` where. Everything else is derived from these three.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::experiment::Experiment;
use crate::hash::Sha256Hex;
use crate::machine::Machine;
use crate::metric::Metric;
use crate::publish;
use crate::units::Bytes;

/// Why a run was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Proves the probe before measuring.
    Proof,
    /// Recorded, but not aggregated.
    Warmup,
    /// A measurement.
    Run,
    /// Takes an output back, to see that it holds the document.
    Decode,
    /// One repetition of encoding within one process.
    Repeat,
    /// The largest input predicted to fit a budget, under that limit.
    Budget,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Ok,
    /// Exit code other than 0.
    Failed,
    /// Ended by a signal it was not sent by the probe.
    Signaled,
    Timeout,
    MemoryLimit,
    /// The program is not there or cannot be executed.
    NotStarted,
    /// Decoding did not give the document back.
    WrongRoundTrip,
    /// Not tried, since the variant failed at a smaller size.
    Skipped,
}

/// One run; absent values are empty fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) kind: Kind,
    pub(crate) block: u32,
    /// Place within the block, or number of the repetition.
    pub(crate) position: u32,
    pub(crate) variant: String,
    pub(crate) profile: String,
    pub(crate) input_bytes: u64,
    pub(crate) outcome: Outcome,
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) wall_ns: Option<u64>,
    pub(crate) user_us: Option<u64>,
    pub(crate) system_us: Option<u64>,
    pub(crate) peak_rss_bytes: Option<u64>,
    pub(crate) peak_hwm_bytes: Option<u64>,
    pub(crate) rss_at_exit_bytes: Option<u64>,
    /// Heap still allocated after a repetition, exact, from the instrumented encoder.
    pub(crate) live_heap_bytes: Option<u64>,
    pub(crate) minor_faults: Option<u64>,
    pub(crate) major_faults: Option<u64>,
    pub(crate) voluntary_switches: Option<u64>,
    pub(crate) involuntary_switches: Option<u64>,
    pub(crate) instructions: Option<u64>,
    pub(crate) output_bytes: Option<u64>,
    /// The first 16 hex digits of the output's SHA-256.
    pub(crate) output_sha256: Option<String>,
}

/// What was measured: enough to know whether more samples belong to the same campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lock {
    /// Version of this file's layout.
    pub(crate) version: u32,
    /// The command that makes the report again.
    pub(crate) command: String,
    /// Commit of the tree that was measured.
    pub(crate) commit: String,
    /// Whether the tree held changes that are not in that commit.
    pub(crate) dirty: bool,
    /// The compiler.
    pub(crate) rustc: String,
    pub(crate) binary: Vec<Binary>,
    pub(crate) document: Vec<LockedDocument>,
    pub(crate) experiment: Experiment,
}

/// A program that is measured or measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Binary {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<Sha256Hex>,
}

/// The identity of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockedDocument {
    pub(crate) profile: String,
    pub(crate) size: Bytes,
    pub(crate) sha256: Sha256Hex,
}

/// The machine when the campaign began, and when it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machines {
    /// System calls that the machine refused to the probe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) refused: Vec<String>,
    pub(crate) before: Machine,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Machine>,
}

/// The folder of one report.
#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn samples(&self) -> PathBuf {
        self.0.join("samples.csv")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.0.join("experiment.lock.toml")
    }

    pub(crate) fn machine(&self) -> PathBuf {
        self.0.join("machine.toml")
    }

    /// Where a campaign is recorded until it is complete, so that the published samples and the
    /// report made of them stay together.
    pub(crate) fn running(&self) -> Folder {
        Folder(self.0.join("running"))
    }

    /// Moves a complete campaign to where it is published.
    pub(crate) fn move_to(&self, published: &Folder) -> anyhow::Result<()> {
        let moves = [
            (self.samples(), published.samples()),
            (self.lock(), published.lock()),
            (self.machine(), published.machine()),
        ];
        for (from, to) in moves {
            std::fs::rename(&from, &to)
                .with_context(|| format!("cannot move {} to {}", from.display(), to.display()))?;
        }
        self.remove()
    }

    /// Removes the folder with all that is in it.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        match std::fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.0.display()))
            }
            _ => Ok(()),
        }
    }

    /// What was measured, if anything was.
    pub(crate) fn read_lock(&self) -> anyhow::Result<Option<Lock>> {
        read_toml(&self.lock())
    }

    pub(crate) fn read_machines(&self) -> anyhow::Result<Option<Machines>> {
        read_toml(&self.machine())
    }

    pub(crate) fn write_lock(&self, lock: &Lock) -> anyhow::Result<()> {
        let head = "# What was measured. Written by `cargo xtask run`; do not edit.\n\n";
        publish::replace(&self.lock(), format!("{head}{}", toml::to_string(lock)?).as_bytes())
    }

    pub(crate) fn write_machines(&self, machines: &Machines) -> anyhow::Result<()> {
        let head = "# Where it was measured. Written by `cargo xtask run`; do not edit.\n\n";
        publish::replace(
            &self.machine(),
            format!("{head}{}", toml::to_string(machines)?).as_bytes(),
        )
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

/// The open `samples.csv` of a campaign: rows are appended and are on disk before the next run.
#[derive(Debug)]
pub(crate) struct Samples {
    path: PathBuf,
    file: File,
    rows: Vec<Sample>,
    /// Bytes of a torn last line that were dropped on opening.
    pub(crate) torn_bytes: u64,
}

impl Samples {
    /// Opens or creates the file, dropping a last line that a killed run left torn.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot open {} for appending", path.display());
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(cannot)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(cannot)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).with_context(cannot)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn_bytes = (text.len() - whole) as u64;
        if torn_bytes > 0 {
            file.set_len(whole as u64).with_context(cannot)?;
            text.truncate(whole);
        }
        file.seek(SeekFrom::End(0)).with_context(cannot)?;
        let rows = parse(&text, path)?;
        let mut samples = Self { path: path.to_owned(), file, rows, torn_bytes };
        if whole == 0 {
            samples.write(&header()?)?;
        }
        Ok(samples)
    }

    /// Appends rows; they are on disk when this returns.
    pub(crate) fn append(&mut self, rows: Vec<Sample>) -> anyhow::Result<()> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        rows.iter().try_for_each(|row| writer.serialize(row))?;
        let lines = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        self.write(&lines)?;
        self.rows.extend(rows);
        Ok(())
    }

    /// All rows so far.
    pub(crate) fn rows(&self) -> &[Sample] {
        &self.rows
    }

    /// Writes lines with one system call, so that only the last line of a file can be torn; what a
    /// full disk cut short is taken back.
    fn write(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        let start = self.file.stream_position()?;
        self.file
            .write_all(lines)
            .and_then(|()| self.file.sync_data())
            .inspect_err(|_| drop(self.file.set_len(start)))
            .with_context(|| {
                format!(
                    "cannot append to {}; the rows before are kept, free some space and run again \
                     to continue",
                    self.path.display()
                )
            })
    }
}

/// The header line, from the one definition of a row.
pub(crate) fn header() -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(Sample::skipped(Kind::Run, 0, 0, "", "", 0))?;
    let text = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    let end = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| at + 1);
    Ok(text[..end].to_vec())
}

/// The rows of a `samples.csv`.
fn parse(text: &[u8], path: &Path) -> anyhow::Result<Vec<Sample>> {
    let found = text.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if !found.is_empty() && found != header()? {
        bail!(
            "{}:1: the columns are not those of this version; measure anew with `--restart`",
            path.display()
        );
    }
    csv::Reader::from_reader(text)
        .deserialize()
        .enumerate()
        .map(|(index, row)| {
            row.with_context(|| format!("{}:{}: not a sample", path.display(), index + 2))
        })
        .collect()
}

impl Sample {
    /// The row of a run that was not tried.
    pub(crate) fn skipped(
        kind: Kind,
        block: u32,
        position: u32,
        variant: &str,
        profile: &str,
        input_bytes: u64,
    ) -> Self {
        Self {
            kind,
            block,
            position,
            variant: variant.to_owned(),
            profile: profile.to_owned(),
            input_bytes,
            outcome: Outcome::Skipped,
            exit_code: None,
            signal: None,
            wall_ns: None,
            user_us: None,
            system_us: None,
            peak_rss_bytes: None,
            peak_hwm_bytes: None,
            rss_at_exit_bytes: None,
            live_heap_bytes: None,
            minor_faults: None,
            major_faults: None,
            voluntary_switches: None,
            involuntary_switches: None,
            instructions: None,
            output_bytes: None,
            output_sha256: None,
        }
    }
}

impl Sample {
    /// Whether the run was tried and did not succeed.
    pub(crate) fn has_failed(&self) -> bool {
        !matches!(self.outcome, Outcome::Ok | Outcome::Skipped)
    }

    /// The value of a metric in its base unit, if this run has it.
    pub(crate) fn value(&self, metric: Metric) -> Option<f64> {
        let whole = |value: Option<u64>| value.map(|value| value as f64);
        let per_input_byte = |value: Option<u64>| match self.input_bytes {
            0 => None,
            input_bytes => value.map(|value| value as f64 / input_bytes as f64),
        };
        match metric {
            Metric::PeakRss => whole(self.peak_rss_bytes),
            Metric::PeakHwm => whole(self.peak_hwm_bytes),
            Metric::RssAtExit => whole(self.rss_at_exit_bytes),
            Metric::LiveHeap => whole(self.live_heap_bytes),
            Metric::Wall => whole(self.wall_ns),
            Metric::Cpu => Some((self.user_us? + self.system_us?) as f64 * 1000.0),
            Metric::Instructions => whole(self.instructions),
            Metric::Output => whole(self.output_bytes),
            Metric::Ratio => per_input_byte(self.output_bytes),
            Metric::Overhead => per_input_byte(self.peak_rss_bytes),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::Ok => "ok",
            Outcome::Failed => "failed",
            Outcome::Signaled => "ended by a signal",
            Outcome::Timeout => "timed out",
            Outcome::MemoryLimit => "over the memory limit",
            Outcome::NotStarted => "not started",
            Outcome::WrongRoundTrip => "wrong round trip",
            Outcome::Skipped => "not tried",
        })
    }
}
