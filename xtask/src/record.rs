//! Stage 5, and the border between `run` and `report`: what is written to disk as ground truth.
//!
//! `samples.csv` holds one row per run, appended, flushed and synced; `experiment.lock.toml` what was
//! measured; `machine.toml` where. Everything else is derived from these three.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::experiment::Experiment;
use crate::failure::Failure;
use crate::hash::Sha256Hex;
use crate::journal::{self, Journal, Row};
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
    /// A predicted size, to see whether the prediction holds; a fit sees it where it does not, or where
    /// nothing was decided.
    LookUp,
    /// A run that does not count and was made again: stopped meanwhile, or pinned before it was seen to
    /// run more than one thread.
    Void,
    /// A run that failed, made once more at once to see whether it fails again.
    Retry,
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
    /// It wrote more than it may.
    OutputLimit,
    /// The program is not there or cannot be executed.
    NotStarted,
    /// Decoding did not give the document back.
    WrongRoundTrip,
    /// The output could not be judged, since the decoder failed; the row of the decoding says how.
    DecoderFailed,
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
    /// All processes of the program together, at once: at least, and at most.
    #[serde(default)]
    pub(crate) peak_tree_low_bytes: Option<u64>,
    #[serde(default)]
    pub(crate) peak_tree_high_bytes: Option<u64>,
    /// Anonymous part of the peak: heap, stack, data.
    #[serde(default)]
    pub(crate) peak_anon_bytes: Option<u64>,
    /// `memory.peak` of a control group of its own.
    #[serde(default)]
    pub(crate) peak_cgroup_bytes: Option<u64>,
    pub(crate) rss_at_exit_bytes: Option<u64>,
    /// Of what was resident at the exit: pages of the program and its libraries.
    pub(crate) file_at_exit_bytes: Option<u64>,
    /// Stack of the main thread, mapped; not all of it need be resident.
    pub(crate) stack_bytes: Option<u64>,
    /// Heap still allocated after a repetition, exact, from the instrumented encoder.
    pub(crate) live_heap_bytes: Option<u64>,
    pub(crate) minor_faults: Option<u64>,
    pub(crate) major_faults: Option<u64>,
    pub(crate) voluntary_switches: Option<u64>,
    pub(crate) involuntary_switches: Option<u64>,
    pub(crate) instructions: Option<u64>,
    /// What system calls read and wrote, whatever from and to; then what disks did.
    #[serde(default)]
    pub(crate) read_bytes: Option<u64>,
    #[serde(default)]
    pub(crate) written_bytes: Option<u64>,
    #[serde(default)]
    pub(crate) disk_read_bytes: Option<u64>,
    #[serde(default)]
    pub(crate) disk_written_bytes: Option<u64>,
    /// How many processes ran, the program's own included.
    #[serde(default)]
    pub(crate) processes: Option<u64>,
    /// Most threads alive at once, of all processes.
    #[serde(default)]
    pub(crate) threads_max: Option<u64>,
    /// How many processes outlived the program and were killed.
    #[serde(default)]
    pub(crate) left_behind: Option<u64>,
    /// What all wrote to stderr.
    #[serde(default)]
    pub(crate) stderr_bytes: Option<u64>,
    /// Time that the program or the probe stood stopped, or the machine slept; in the wall time.
    #[serde(default)]
    pub(crate) stopped_ns: Option<u64>,
    /// The CPU that it was pinned to; nothing if it was not.
    #[serde(default)]
    pub(crate) cpu: Option<u32>,
    /// Whether the run was disturbed, 1 or 0; nothing where the kernel does not tell.
    #[serde(default)]
    pub(crate) disturbed: Option<u8>,
    /// Beside it: time that the host took, and in which something waited for a CPU or for memory.
    #[serde(default)]
    pub(crate) steal_us: Option<u64>,
    #[serde(default)]
    pub(crate) cpu_wait_us: Option<u64>,
    #[serde(default)]
    pub(crate) memory_wait_us: Option<u64>,
    pub(crate) output_bytes: Option<u64>,
    /// The first 16 hex digits of the output's SHA-256.
    pub(crate) output_sha256: Option<String>,
    /// Of the metrics that the experiment declares, in columns of their own behind all others.
    #[serde(skip)]
    pub(crate) own: Vec<(Metric, f64)>,
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
    /// What `--only` narrowed it to; empty for the whole experiment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) only: Vec<String>,
    /// The compiler.
    pub(crate) rustc: String,
    pub(crate) binary: Vec<Binary>,
    pub(crate) document: Vec<LockedDocument>,
    /// Sizes chosen while measuring, in the order of the decisions; each profile's last one has no size.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) chosen: Vec<ChosenSize>,
    pub(crate) experiment: Experiment,
}

/// A decision about the sizes of a profile: one more, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChosenSize {
    pub(crate) profile: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<Bytes>,
    pub(crate) because: Because,
}

/// Why a size was chosen, or why no more are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Because {
    /// An end of the range.
    Start,
    /// The top of the range holds too few sizes.
    Top,
    /// The laws that are left differ most there.
    Discriminates,
    /// Every series is decided.
    Decided,
    /// No size is left that the budget allows.
    Spent,
    /// No size is left that would tell more.
    Exhausted,
    /// Every variant failed, or no fitted metric has values.
    NothingToFit,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Because::Start => "an end of the range",
            Because::Top => "growth is read from the top",
            Because::Discriminates => "the laws that are left differ most there",
            Because::Decided => "every series is decided",
            Because::Spent => "the budget is spent",
            Because::Exhausted => "no further size tells more",
            Because::NothingToFit => "nothing is left to fit",
        })
    }
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
    /// The reason that it gave, by call.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) refused_because: BTreeMap<String, String>,
    pub(crate) before: Machine,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Machine>,
}

impl Machines {
    /// What was refused, each with its reason where one is known.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let with_reason = |call: &String| match self.refused_because.get(call) {
            Some(reason) => format!("{call} ({reason})"),
            None => call.clone(),
        };
        self.refused.iter().map(with_reason).collect()
    }
}

/// The folder of one report.
#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn samples(&self) -> PathBuf {
        self.0.join("samples.csv")
    }

    /// Heap by stage, where the experiment asks for it.
    pub(crate) fn heap(&self) -> PathBuf {
        self.0.join("heap.csv")
    }

    /// Memory over time, where the experiment asks for it.
    pub(crate) fn timeline(&self) -> PathBuf {
        self.0.join("timeline.csv")
    }

    /// Why runs failed, where any did.
    pub(crate) fn failures(&self) -> PathBuf {
        self.0.join("failures.csv")
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

    /// Moves a complete campaign to where it is published. The machine's record comes last: as long
    /// as it stands in this folder, a move that was cut short is finished by moving again.
    pub(crate) fn move_to(&self, published: &Folder) -> anyhow::Result<()> {
        for path in [Folder::samples, Folder::heap, Folder::timeline, Folder::lock] {
            move_file(&path(self), &path(published))?;
        }
        let lock = published.read_lock()?.context("the lock was moved")?;
        // What an earlier campaign left and this one has not.
        match journal::read::<Failure>(&self.failures())?.is_empty() {
            // A move that was cut short may have moved it already.
            true if self.failures().exists() => remove_file(&published.failures())?,
            true => {}
            false => move_file(&self.failures(), &published.failures())?,
        }
        if !lock.experiment.measure.heap {
            remove_file(&published.heap())?;
        }
        if lock.experiment.measure.timeline.is_empty() {
            remove_file(&published.timeline())?;
        }
        move_file(&self.machine(), &published.machine())?;
        self.remove()
    }

    /// Removes the folder with all that is in it.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        unless_absent(std::fs::remove_dir_all(&self.0))
            .with_context(|| format!("cannot remove {}", self.0.display()))
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

/// The open `samples.csv` of a campaign.
pub(crate) type Samples = Journal<Sample>;

impl Row for Sample {
    fn blank() -> Self {
        Self::skipped(Kind::Run, 0, 0, "", "", 0)
    }

    /// A decode row stands before the run whose output it takes back.
    fn is_followed(&self) -> bool {
        self.kind == Kind::Decode
    }

    fn own(&self, metric: Metric) -> Option<f64> {
        self.value(metric)
    }

    fn set_own(&mut self, metric: Metric, value: f64) {
        self.own.push((metric, value));
    }
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
            peak_tree_low_bytes: None,
            peak_tree_high_bytes: None,
            peak_anon_bytes: None,
            peak_cgroup_bytes: None,
            rss_at_exit_bytes: None,
            file_at_exit_bytes: None,
            stack_bytes: None,
            live_heap_bytes: None,
            minor_faults: None,
            major_faults: None,
            voluntary_switches: None,
            involuntary_switches: None,
            instructions: None,
            read_bytes: None,
            written_bytes: None,
            disk_read_bytes: None,
            disk_written_bytes: None,
            processes: None,
            threads_max: None,
            left_behind: None,
            stderr_bytes: None,
            stopped_ns: None,
            cpu: None,
            disturbed: None,
            steal_us: None,
            cpu_wait_us: None,
            memory_wait_us: None,
            output_bytes: None,
            output_sha256: None,
            own: Vec::new(),
        }
    }
}

impl Sample {
    /// Whether more than one thread or process was seen.
    pub(crate) fn is_concurrent(&self) -> bool {
        self.threads_max.is_some_and(|count| count > 1)
            || self.processes.is_some_and(|count| count > 1)
    }

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
            Metric::PeakTree => whole(self.peak_tree_high_bytes),
            Metric::PeakTreeLow => whole(self.peak_tree_low_bytes),
            Metric::PeakAnon => whole(self.peak_anon_bytes),
            Metric::PeakCgroup => whole(self.peak_cgroup_bytes),
            Metric::RssAtExit => whole(self.rss_at_exit_bytes),
            // In `heap.csv`.
            Metric::PeakHeap => None,
            Metric::Own(_) => {
                self.own.iter().find(|(of, _)| *of == metric).map(|(_, value)| *value)
            }
            Metric::FileAtExit => whole(self.file_at_exit_bytes),
            Metric::Stack => whole(self.stack_bytes),
            Metric::LiveHeap => whole(self.live_heap_bytes),
            Metric::Wall => whole(self.wall_ns),
            Metric::Cpu => Some((self.user_us? + self.system_us?) as f64 * 1000.0),
            Metric::Instructions => whole(self.instructions),
            Metric::MinorFaults => whole(self.minor_faults),
            Metric::MajorFaults => whole(self.major_faults),
            Metric::Switches => {
                Some((self.voluntary_switches? + self.involuntary_switches?) as f64)
            }
            Metric::Read => whole(self.read_bytes),
            Metric::Written => whole(self.written_bytes),
            Metric::DiskRead => whole(self.disk_read_bytes),
            Metric::DiskWritten => whole(self.disk_written_bytes),
            Metric::Processes => whole(self.processes),
            Metric::Threads => whole(self.threads_max),
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
            Outcome::OutputLimit => "over the output limit",
            Outcome::NotStarted => "not started",
            Outcome::WrongRoundTrip => "wrong round trip",
            Outcome::DecoderFailed => "decoder failed",
            Outcome::Skipped => "not tried",
        })
    }
}
