//! What is measured: each metric's name, unit and words, in one table.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::units;

/// A quantity of a sample that can be aggregated, fitted and judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Metric {
    /// Peak resident set, `ru_maxrss` of the child.
    PeakRss,
    /// Peak resident set as `VmHWM` at the exit stop.
    PeakHwm,
    /// Peak of all processes of the program together: at most this.
    PeakTree,
    /// The same: at least this.
    PeakTreeLow,
    /// Anonymous part of the peak: heap, stack, data. Neither layout nor the page cache show in it.
    PeakAnon,
    /// Peak of the program's control group, where the machine has one: page cache included.
    PeakCgroup,
    /// Resident set when the program called exit.
    RssAtExit,
    /// Peak of live heap, exact, from one run of the instrumented encoder.
    PeakHeap,
    /// Of what was resident at the exit: pages of the program and its libraries.
    FileAtExit,
    /// Stack of the main thread as mapped.
    Stack,
    /// Heap still allocated after a repetition, from the instrumented encoder.
    LiveHeap,
    /// Wall time from before fork until the child is dead.
    Wall,
    /// User plus system time.
    Cpu,
    /// Instructions retired, where the kernel offers counters.
    Instructions,
    /// Page faults without a wait for the disk.
    MinorFaults,
    /// Page faults that waited for the disk.
    MajorFaults,
    /// Context switches, both kinds.
    Switches,
    /// Bytes that system calls read, whatever from.
    Read,
    /// Bytes that system calls wrote, whatever to.
    Written,
    /// Bytes fetched from disks.
    DiskRead,
    /// Bytes that go to disks.
    DiskWritten,
    /// Processes that ran, the program included.
    Processes,
    /// Most threads alive at once, of all processes.
    Threads,
    /// Size of the encoded document.
    Output,
    /// Output over input.
    Ratio,
    /// Peak resident set over input.
    Overhead,
}

/// How values of a metric print and which axis they are drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes, printed in decimal multiples.
    Bytes,
    /// Nanoseconds.
    Nanos,
    /// A plain number.
    Count,
    /// A ratio of two quantities of the same unit.
    Ratio,
}

/// Every metric, in the order in which they are listed.
pub(crate) const ALL: [Metric; 26] = [
    Metric::PeakRss,
    Metric::PeakHwm,
    Metric::PeakTree,
    Metric::PeakTreeLow,
    Metric::PeakAnon,
    Metric::PeakCgroup,
    Metric::RssAtExit,
    Metric::PeakHeap,
    Metric::FileAtExit,
    Metric::Stack,
    Metric::LiveHeap,
    Metric::Wall,
    Metric::Cpu,
    Metric::Instructions,
    Metric::MinorFaults,
    Metric::MajorFaults,
    Metric::Switches,
    Metric::Read,
    Metric::Written,
    Metric::DiskRead,
    Metric::DiskWritten,
    Metric::Processes,
    Metric::Threads,
    Metric::Output,
    Metric::Ratio,
    Metric::Overhead,
];

impl Metric {
    /// The name used in TOML and JSON, without unit.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Metric::PeakRss => "peak_rss",
            Metric::PeakHwm => "peak_hwm",
            Metric::PeakTree => "peak_tree",
            Metric::PeakTreeLow => "peak_tree_low",
            Metric::PeakAnon => "peak_anon",
            Metric::PeakCgroup => "peak_cgroup",
            Metric::RssAtExit => "rss_at_exit",
            Metric::PeakHeap => "peak_heap",
            Metric::FileAtExit => "file_at_exit",
            Metric::Stack => "stack",
            Metric::LiveHeap => "live_heap",
            Metric::Wall => "wall",
            Metric::Cpu => "cpu",
            Metric::Instructions => "instructions",
            Metric::MinorFaults => "minor_faults",
            Metric::MajorFaults => "major_faults",
            Metric::Switches => "switches",
            Metric::Read => "read",
            Metric::Written => "written",
            Metric::DiskRead => "disk_read",
            Metric::DiskWritten => "disk_written",
            Metric::Processes => "processes",
            Metric::Threads => "threads",
            Metric::Output => "output",
            Metric::Ratio => "ratio",
            Metric::Overhead => "overhead",
        }
    }

    /// The key in `summary.json`, unit last.
    pub(crate) fn key(self) -> String {
        match self.unit() {
            Unit::Bytes => format!("{}_bytes", self.name()),
            Unit::Nanos => format!("{}_ns", self.name()),
            Unit::Count => format!("{}_count", self.name()),
            Unit::Ratio => format!("{}_per_input_byte", self.name()),
        }
    }

    /// The metric in words, for headings.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Metric::PeakRss => "peak memory",
            Metric::PeakHwm => "peak memory (VmHWM)",
            Metric::PeakTree => "peak memory of all processes, at most",
            Metric::PeakTreeLow => "peak memory of all processes, at least",
            Metric::PeakAnon => "peak anonymous memory",
            Metric::PeakCgroup => "peak memory of the control group",
            Metric::RssAtExit => "memory at exit",
            Metric::PeakHeap => "peak heap",
            Metric::FileAtExit => "program pages at exit",
            Metric::Stack => "stack",
            Metric::LiveHeap => "live heap",
            Metric::Wall => "wall time",
            Metric::Cpu => "processor time",
            Metric::Instructions => "instructions",
            Metric::MinorFaults => "page faults",
            Metric::MajorFaults => "page faults that waited for the disk",
            Metric::Switches => "context switches",
            Metric::Read => "bytes read",
            Metric::Written => "bytes written",
            Metric::DiskRead => "bytes read from disk",
            Metric::DiskWritten => "bytes written to disk",
            Metric::Processes => "processes",
            Metric::Threads => "most threads at once",
            Metric::Output => "output size",
            Metric::Ratio => "output over input",
            Metric::Overhead => "peak memory over input",
        }
    }

    /// Whether one run says all: the value is counted, not measured.
    pub(crate) fn is_exact(self) -> bool {
        self == Metric::PeakHeap
    }

    /// The unit of its values.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Metric::PeakRss
            | Metric::PeakHwm
            | Metric::PeakTree
            | Metric::PeakTreeLow
            | Metric::PeakAnon
            | Metric::PeakCgroup
            | Metric::Read
            | Metric::Written
            | Metric::DiskRead
            | Metric::DiskWritten
            | Metric::RssAtExit
            | Metric::PeakHeap
            | Metric::FileAtExit
            | Metric::Stack
            | Metric::LiveHeap
            | Metric::Output => Unit::Bytes,
            Metric::Wall | Metric::Cpu => Unit::Nanos,
            Metric::Instructions
            | Metric::MinorFaults
            | Metric::MajorFaults
            | Metric::Switches
            | Metric::Processes
            | Metric::Threads => Unit::Count,
            Metric::Ratio | Metric::Overhead => Unit::Ratio,
        }
    }

    /// A value of this metric with its unit.
    pub(crate) fn show(self, value: f64) -> String {
        self.unit().show(value)
    }
}

impl Unit {
    /// A value of this unit, rounded for reading.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Unit::Bytes => units::bytes(value),
            Unit::Nanos => units::duration(value),
            Unit::Count => units::significant(value, 4),
            Unit::Ratio => units::significant(value, 3),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        ALL.into_iter()
            .find(|metric| metric.name() == text)
            .ok_or_else(|| format!("`{text}`; write one of {}", allowed()))
    }
}

/// The names of all metrics, for error messages.
pub(crate) fn allowed() -> String {
    ALL.map(|metric| format!("`{metric}`")).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_known_by_its_name_in_toml_and_json() {
        for metric in ALL {
            assert_eq!(metric.name().parse(), Ok(metric));
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.name());
        }
        assert!("peak".parse::<Metric>().unwrap_err().contains("`peak_rss`"));
    }
}
