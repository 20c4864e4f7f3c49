//! What is measured: each metric's name, unit and words, in one table.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::sample::Sample;
use crate::units;

/// A quantity of a sample that can be aggregated, fitted and judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
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
pub struct Own {
    /// As the experiment knows it.
    pub name: String,
    /// In words, for headings.
    pub words: String,
    /// `bytes`, `ns`, `count`, `ratio`, or a word that stands behind the number.
    pub unit: String,
    /// Which of its values are the better ones.
    pub better: Better,
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
pub enum Better {
    /// The smaller, the better.
    #[default]
    Lower,
    /// The larger, the better.
    Higher,
}

/// How values of a metric print and which axis they are drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
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

/// Where the values of a metric come from.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// A column of `samples.csv` as it is.
    Column(Column),
    /// Two columns added, times a factor.
    Sum([Column; 2], f64),
    /// A column over the size of the input; the empty document has no value.
    PerInputByte(Column),
    /// One run of the instrumented encoder, in `heap.csv`.
    Heap,
    /// A column of its own behind all others, named by the metric's key.
    Own,
}

/// How finely a metric is read, and how the self-tests tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// Counted one by one, whatever the machine.
    One,
    /// Pages, of which the kernel adds up some late; what was given back before the exit is in it.
    PeakPages,
    /// The same of what is held at the exit.
    Pages,
    /// Pages that are the same whatever a child touches.
    OwnPages,
    /// One for each page that is touched.
    Faults,
    /// The ticks of a clock.
    Ticks,
    /// That of the metric of its column, over the input.
    PerInputByte,
    /// Nothing tells.
    Unknown,
}

/// A column of `samples.csv` that holds whole numbers.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its header.
    pub name: &'static str,
    /// The field of a row that is written there.
    of: fn(&Sample) -> Option<u64>,
}

/// The column that a field of [`Sample`] is written to.
macro_rules! column {
    ($field:ident) => {
        Column { name: stringify!($field), of: |row| row.$field }
    };
}

/// A metric of the laboratory's own: its name in TOML and JSON, without unit; in words, for headings.
struct Entry {
    metric: Metric,
    name: &'static str,
    words: &'static str,
    unit: Unit,
    grain: Grain,
    source: Source,
}

const fn entry(
    metric: Metric,
    name: &'static str,
    words: &'static str,
    unit: Unit,
    grain: Grain,
    source: Source,
) -> Entry {
    Entry { metric, name, words, unit, grain, source }
}

/// The table of metrics, in the order in which they are listed. A new one is an entry here, a variant
/// above and, if no column holds it yet, a field of [`Sample`].
#[rustfmt::skip]
const TABLE: [Entry; 26] = [
    entry(Metric::PeakRss, "peak_rss", "peak memory", Unit::Bytes, Grain::PeakPages, Source::Column(column!(peak_rss_bytes))),
    entry(Metric::PeakHwm, "peak_hwm", "peak memory (VmHWM)", Unit::Bytes, Grain::PeakPages, Source::Column(column!(peak_hwm_bytes))),
    entry(Metric::PeakTree, "peak_tree", "peak memory of all processes, at most", Unit::Bytes, Grain::PeakPages, Source::Column(column!(peak_tree_high_bytes))),
    entry(Metric::PeakTreeLow, "peak_tree_low", "peak memory of all processes, at least", Unit::Bytes, Grain::PeakPages, Source::Column(column!(peak_tree_low_bytes))),
    entry(Metric::PeakAnon, "peak_anon", "peak anonymous memory", Unit::Bytes, Grain::PeakPages, Source::Column(column!(peak_anon_bytes))),
    entry(Metric::PeakCgroup, "peak_cgroup", "peak memory of the control group", Unit::Bytes, Grain::PeakPages, Source::Column(column!(peak_cgroup_bytes))),
    entry(Metric::RssAtExit, "rss_at_exit", "memory at exit", Unit::Bytes, Grain::Pages, Source::Column(column!(rss_at_exit_bytes))),
    entry(Metric::PeakHeap, "peak_heap", "peak heap", Unit::Bytes, Grain::One, Source::Heap),
    entry(Metric::FileAtExit, "file_at_exit", "program pages at exit", Unit::Bytes, Grain::OwnPages, Source::Column(column!(file_at_exit_bytes))),
    entry(Metric::Stack, "stack", "stack", Unit::Bytes, Grain::OwnPages, Source::Column(column!(stack_bytes))),
    entry(Metric::LiveHeap, "live_heap", "live heap", Unit::Bytes, Grain::One, Source::Column(column!(live_heap_bytes))),
    entry(Metric::Wall, "wall", "wall time", Unit::Nanos, Grain::Ticks, Source::Column(column!(wall_ns))),
    entry(Metric::Cpu, "cpu", "processor time", Unit::Nanos, Grain::Ticks, Source::Sum([column!(user_us), column!(system_us)], 1000.0)),
    entry(Metric::Instructions, "instructions", "instructions", Unit::Count, Grain::One, Source::Column(column!(instructions))),
    entry(Metric::MinorFaults, "minor_faults", "page faults", Unit::Count, Grain::Faults, Source::Column(column!(minor_faults))),
    entry(Metric::MajorFaults, "major_faults", "page faults that waited for the disk", Unit::Count, Grain::One, Source::Column(column!(major_faults))),
    entry(Metric::Switches, "switches", "context switches", Unit::Count, Grain::One, Source::Sum([column!(voluntary_switches), column!(involuntary_switches)], 1.0)),
    entry(Metric::Read, "read", "bytes read", Unit::Bytes, Grain::One, Source::Column(column!(read_bytes))),
    entry(Metric::Written, "written", "bytes written", Unit::Bytes, Grain::One, Source::Column(column!(written_bytes))),
    entry(Metric::DiskRead, "disk_read", "bytes read from disk", Unit::Bytes, Grain::One, Source::Column(column!(disk_read_bytes))),
    entry(Metric::DiskWritten, "disk_written", "bytes written to disk", Unit::Bytes, Grain::One, Source::Column(column!(disk_written_bytes))),
    entry(Metric::Processes, "processes", "processes", Unit::Count, Grain::One, Source::Column(column!(processes))),
    entry(Metric::Threads, "threads", "most threads at once", Unit::Count, Grain::One, Source::Column(column!(threads_max))),
    entry(Metric::Output, "output", "output size", Unit::Bytes, Grain::One, Source::Column(column!(output_bytes))),
    entry(Metric::Ratio, "ratio", "output over input", Unit::Ratio, Grain::PerInputByte, Source::PerInputByte(column!(output_bytes))),
    entry(Metric::Overhead, "overhead", "peak memory over input", Unit::Ratio, Grain::PerInputByte, Source::PerInputByte(column!(peak_rss_bytes))),
];

/// Every metric of the laboratory's own, in the order in which they are listed.
pub const ALL: [Metric; TABLE.len()] = {
    let mut all = [Metric::PeakRss; TABLE.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = TABLE[at].metric;
        at += 1;
    }
    all
};

impl Metric {
    fn entry(self) -> Option<&'static Entry> {
        TABLE.iter().find(|entry| entry.metric == self)
    }

    /// The name used in TOML and JSON, without unit.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Own(own) => &own.name,
            known => known.entry().map_or("", |entry| entry.name),
        }
    }

    /// The key in `summary.json`, unit last.
    pub fn key(self) -> String {
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
    pub fn words(self) -> &'static str {
        match self {
            Metric::Own(own) => &own.words,
            known => known.entry().map_or("", |entry| entry.words),
        }
    }

    /// Where its values come from.
    pub fn source(self) -> Source {
        self.entry().map_or(Source::Own, |entry| entry.source)
    }

    /// How finely it is read.
    pub fn grain(self) -> Grain {
        self.entry().map_or(Grain::Unknown, |entry| entry.grain)
    }

    /// Whether one run says all: the value is counted, not measured.
    pub fn is_exact(self) -> bool {
        matches!(self.source(), Source::Heap)
    }

    /// The unit of its values.
    pub fn unit(self) -> Unit {
        match self {
            Metric::Own(own) => match own.unit.as_str() {
                "bytes" => Unit::Bytes,
                "ns" => Unit::Nanos,
                "count" => Unit::Count,
                "ratio" => Unit::Ratio,
                other => Unit::Other(other),
            },
            known => known.entry().map_or(Unit::Count, |entry| entry.unit),
        }
    }

    /// Which of two values is the better one.
    pub fn better(self) -> Better {
        match self {
            Metric::Own(own) => own.better,
            _ => Better::Lower,
        }
    }

    /// The metric that an experiment declares.
    pub fn own(own: Own) -> Self {
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
    pub fn find(name: &str, own: &[Metric]) -> Result<Self, String> {
        let all = || ALL.into_iter().chain(own.iter().copied());
        all().find(|metric| metric.name() == name).ok_or_else(|| {
            let names: Vec<String> = all().map(|metric| format!("`{metric}`")).collect();
            format!("`{name}`; write one of {}", names.join(", "))
        })
    }

    /// A value of this metric with its unit.
    pub fn show(self, value: f64) -> String {
        self.unit().show(value)
    }
}

impl Column {
    /// The value in a row, if it has one.
    pub fn value(self, row: &Sample) -> Option<u64> {
        (self.of)(row)
    }
}

impl Unit {
    /// A value of this unit, rounded for reading.
    pub fn show(self, value: f64) -> String {
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
    fn every_metric_stands_in_the_table_once() {
        for metric in ALL {
            let is_it = |entry: &&Entry| entry.metric == metric || entry.name == metric.name();
            assert_eq!(TABLE.iter().filter(is_it).count(), 1, "{metric}");
        }
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
