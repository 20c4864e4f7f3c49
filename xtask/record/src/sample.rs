//! One run as a row of `samples.csv`: appended, flushed and synced.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cell_key::CellKey;
use crate::journal::{Journal, Row};
use crate::metric::{Metric, Source};

/// Why a run was made.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Tests the probe, or a variant on the empty document, before anything is measured.
    #[serde(rename = "proof")]
    SelfTest,
    /// Recorded, but not aggregated.
    Warmup,
    /// A measurement.
    #[default]
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
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It ended well.
    Ok,
    /// Exit code other than 0.
    Failed,
    /// Ended by a signal it was not sent by the probe.
    Signaled,
    /// It was still running at its limit of time.
    Timeout,
    /// It asked for more memory than it may have.
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
    #[default]
    Skipped,
}

/// One run; absent values are empty fields.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sample {
    /// Why it was made.
    pub kind: Kind,
    /// Block that it belongs to; the attempt, for what is attempted again.
    pub block: u32,
    /// Place within the block, or number of the repetition.
    pub position: u32,
    /// Name of the variant.
    pub variant: String,
    /// Profile or file name of the document.
    pub profile: String,
    /// Size of the document.
    pub input_bytes: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Exit code, where it exited.
    pub exit_code: Option<i32>,
    /// Signal that ended it.
    pub signal: Option<i32>,
    /// From before the fork until the child is dead.
    pub wall_ns: Option<u64>,
    /// Processor time in the program, of it and all that it waited for.
    pub user_us: Option<u64>,
    /// The same in the kernel.
    pub system_us: Option<u64>,
    /// Peak resident set, `ru_maxrss`.
    pub peak_rss_bytes: Option<u64>,
    /// The same as `VmHWM` at the exit.
    pub peak_hwm_bytes: Option<u64>,
    /// All processes of the program together, at once: at least, and at most.
    #[serde(default)]
    pub peak_tree_low_bytes: Option<u64>,
    /// At most.
    #[serde(default)]
    pub peak_tree_high_bytes: Option<u64>,
    /// Anonymous part of the peak: heap, stack, data.
    #[serde(default)]
    pub peak_anon_bytes: Option<u64>,
    /// `memory.peak` of a control group of its own.
    #[serde(default)]
    pub peak_cgroup_bytes: Option<u64>,
    /// Resident set at the exit.
    pub rss_at_exit_bytes: Option<u64>,
    /// Of what was resident at the exit: pages of the program and its libraries.
    pub file_at_exit_bytes: Option<u64>,
    /// Stack of the main thread, mapped; not all of it need be resident.
    pub stack_bytes: Option<u64>,
    /// Heap still allocated after a repetition, exact, from the instrumented encoder.
    pub live_heap_bytes: Option<u64>,
    /// Page faults without a wait for the disk.
    pub minor_faults: Option<u64>,
    /// Page faults that waited for the disk.
    pub major_faults: Option<u64>,
    /// Context switches while it waited.
    pub voluntary_switches: Option<u64>,
    /// Context switches since its turn was over.
    pub involuntary_switches: Option<u64>,
    /// Instructions retired, where the kernel counts them.
    pub instructions: Option<u64>,
    /// What system calls read and wrote, whatever from and to; then what disks did.
    #[serde(default)]
    pub read_bytes: Option<u64>,
    /// Written by system calls.
    #[serde(default)]
    pub written_bytes: Option<u64>,
    /// Fetched from disks.
    #[serde(default)]
    pub disk_read_bytes: Option<u64>,
    /// To go to disks.
    #[serde(default)]
    pub disk_written_bytes: Option<u64>,
    /// How many processes ran, the program's own included.
    #[serde(default)]
    pub processes: Option<u64>,
    /// Most threads alive at once, of all processes.
    #[serde(default)]
    pub threads_max: Option<u64>,
    /// How many processes outlived the program and were killed.
    #[serde(default)]
    pub left_behind: Option<u64>,
    /// What all wrote to stderr.
    #[serde(default)]
    pub stderr_bytes: Option<u64>,
    /// Time that the program or the probe stood stopped, or the machine slept; in the wall time.
    #[serde(default)]
    pub stopped_ns: Option<u64>,
    /// The CPU that it was pinned to; nothing if it was not.
    #[serde(default)]
    pub cpu: Option<u32>,
    /// Whether the run was disturbed, 1 or 0; nothing where the kernel does not tell.
    #[serde(default)]
    pub disturbed: Option<u8>,
    /// Beside it: time that the host took, and in which something waited for a CPU or for memory.
    #[serde(default)]
    pub steal_us: Option<u64>,
    /// For a CPU.
    #[serde(default)]
    pub cpu_wait_us: Option<u64>,
    /// For memory.
    #[serde(default)]
    pub memory_wait_us: Option<u64>,
    /// Size of the result.
    pub output_bytes: Option<u64>,
    /// The first 16 hex digits of the output's SHA-256.
    pub output_sha256: Option<String>,
    /// Of the metrics that the experiment declares, in columns of their own behind all others.
    #[serde(skip)]
    pub own: Vec<(Metric, f64)>,
}

/// The open `samples.csv` of a campaign.
pub type Samples = Journal<Sample>;

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
    pub fn skipped(
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
            ..Self::default()
        }
    }
}

impl Sample {
    /// Whether more than one thread or process was seen.
    pub fn is_concurrent(&self) -> bool {
        self.threads_max.is_some_and(|count| count > 1)
            || self.processes.is_some_and(|count| count > 1)
    }

    /// Whether the run is of this cell.
    pub fn is_of(&self, cell: &CellKey) -> bool {
        cell.is(&self.variant, &self.profile, self.input_bytes)
    }

    /// Whether the run was tried and did not succeed.
    pub fn has_failed(&self) -> bool {
        !matches!(self.outcome, Outcome::Ok | Outcome::Skipped)
    }

    /// The value of a metric in its base unit, if this run has it.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        match metric.source() {
            Source::Column(column) => column.value(self).map(|value| value as f64),
            Source::Sum([a, b], factor) => Some((a.value(self)? + b.value(self)?) as f64 * factor),
            Source::PerInputByte(column) if self.input_bytes > 0 => {
                column.value(self).map(|value| value as f64 / self.input_bytes as f64)
            }
            Source::PerInputByte(_) | Source::Heap => None,
            Source::Own => self.own.iter().find(|(of, _)| *of == metric).map(|(_, value)| *value),
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
