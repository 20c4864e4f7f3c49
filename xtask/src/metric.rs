//! What is measured: each metric's name, unit and words, in one table.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::units;

/// A quantity of a sample that can be aggregated, fitted and judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// What programs say of themselves, as the experiment declares it.
    Own(&'static Own),
}

/// The declaration of a metric that is found in what programs print. Each lives as long as the process,
/// so that a metric stays a plain value; there are as many as experiments declare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Own {
    pub(crate) name: String,
    /// In words, for headings.
    pub(crate) words: String,
    /// `bytes`, `ns`, `count`, `ratio`, or a word that stands behind the number.
    pub(crate) unit: String,
    pub(crate) better: Better,
}

/// Which values are the better ones.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    /// The smaller, the better.
    #[default]
    Lower,
    /// The larger, the better.
    Higher,
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
    /// A number of what an own metric counts.
    Other(&'static str),
}

/// Every metric of the laboratory's own, in the order in which they are listed.
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
            Metric::Own(own) => &own.name,
        }
    }

    /// The key in `summary.json`, unit last.
    pub(crate) fn key(self) -> String {
        match self.unit() {
            Unit::Bytes => format!("{}_bytes", self.name()),
            Unit::Nanos => format!("{}_ns", self.name()),
            Unit::Count => format!("{}_count", self.name()),
            Unit::Ratio if matches!(self, Metric::Own(_)) => format!("{}_ratio", self.name()),
            Unit::Ratio => format!("{}_per_input_byte", self.name()),
            Unit::Other(_) => self.name().to_owned(),
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
            Metric::Own(own) => &own.words,
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
            Metric::Own(own) => match own.unit.as_str() {
                "bytes" => Unit::Bytes,
                "ns" => Unit::Nanos,
                "count" => Unit::Count,
                "ratio" => Unit::Ratio,
                other => Unit::Other(other),
            },
        }
    }

    /// Which of two values is the better one.
    pub(crate) fn better(self) -> Better {
        match self {
            Metric::Own(own) => own.better,
            _ => Better::Lower,
        }
    }

    /// The metric that an experiment declares.
    pub(crate) fn own(own: Own) -> Self {
        static DECLARED: Mutex<Vec<&'static Own>> = Mutex::new(Vec::new());
        let mut declared = DECLARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = declared.iter().find(|of| ***of == own) {
            return Metric::Own(known);
        }
        let own: &'static Own = Box::leak(Box::new(own));
        declared.push(own);
        Metric::Own(own)
    }

    /// The metric of this name: one of `own`, or one of the laboratory's.
    pub(crate) fn find(name: &str, own: &[Metric]) -> Result<Self, String> {
        let all = || ALL.into_iter().chain(own.iter().copied());
        all().find(|metric| metric.name() == name).ok_or_else(|| {
            let names: Vec<String> = all().map(|metric| format!("`{metric}`")).collect();
            format!("`{name}`; write one of {}", names.join(", "))
        })
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
            // Whole as it is, as far as that reads well; a mean need not be whole.
            Unit::Count if value.fract() == 0.0 && value.abs() < 1e6 => format!("{value:.0}"),
            Unit::Count => units::significant(value, 4),
            Unit::Ratio => units::significant(value, 3),
            Unit::Other(word) => format!("{} {word}", units::significant(value, 4)),
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
        Self::find(text, &[])
    }
}

/// By its name; one that an experiment declares with all that is declared of it, so that whoever reads it
/// needs nothing else.
impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Metric::Own(own) => own.serialize(serializer),
            known => serializer.serialize_str(known.name()),
        }
    }
}

impl<'de> Deserialize<'de> for Metric {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Metric;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a metric, or the declaration of one")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Metric, E> {
                name.parse().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Metric, A::Error> {
                Own::deserialize(MapAccessDeserializer::new(map)).map(Metric::own)
            }
        }

        deserializer.deserialize_any(Either)
    }
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

    #[test]
    fn a_declared_metric_is_a_value_that_says_all_of_itself() {
        let own = |unit: &str| {
            Metric::own(Own {
                name: "speed".to_owned(),
                words: "speed".to_owned(),
                unit: unit.to_owned(),
                better: Better::Higher,
            })
        };
        let metric = own("requests/s");
        assert_eq!(
            (metric, metric.show(1234.56)),
            (own("requests/s"), "1235 requests/s".to_owned())
        );
        // Two experiments may mean different things by one name.
        assert_ne!(metric, own("ns"));
        assert_eq!((own("ns").unit(), own("ns").key()), (Unit::Nanos, "speed_ns".to_owned()));
        let text = serde_json::to_string(&metric).unwrap();
        assert_eq!(serde_json::from_str::<Metric>(&text).unwrap(), metric, "{text}");
        assert_eq!(Metric::find("speed", &[metric]), Ok(metric));
        assert!(Metric::find("wall", &[metric]).is_ok());
        assert!(Metric::find("sped", &[metric]).unwrap_err().ends_with("`speed`"));
    }
}
