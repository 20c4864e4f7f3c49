//! What the peak of memory is made of: the heap by stage, what of it is constant and what grows, and the
//! resident peak reconciled with program, heap and stack. Derived on each read, never stored.

use stats::growth::SizePoint;
use stats::{Growth, Undetermined, growth};

use experiment::Experiment;
use experiment::profile::profile_names;
use record::EMPTY;
use record::heap::HeapRow;
use record::metric::Metric;
use record::timeline::TimelineRow;
use record::units::Bytes;
use record::{Kind, Machines};

use crate::groups::{self, Group};
use crate::peak_views::{self, Views};

/// Everything that is said of memory beyond its peak.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    /// Both views of each peak, compared.
    pub views: Views,
    /// By profile, then variant.
    pub heaps: Vec<Heap>,
    /// By profile, variant and size; the empty document first.
    pub parts: Vec<Parts>,
    /// Looks at memory over time, as recorded.
    pub timeline: Vec<TimelineRow>,
}

/// The heap of one variant over the sizes of one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Heap {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// In the order of the encoder's report.
    pub stages: Vec<Stage>,
    /// All stages together.
    pub all: Stage,
}

/// What one stage holds when the whole heap is at its peak.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The stage's name.
    pub name: String,
    /// On the empty document: what is constant.
    pub empty_bytes: Option<f64>,
    /// By size, ascending.
    pub sizes: Vec<AtSize>,
    /// The models compared over the sizes, anchored at the empty document.
    pub growth: Result<Growth, Undetermined>,
}

/// A stage at one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtSize {
    /// The size of the input.
    pub size: Bytes,
    /// Live when the whole heap was at its peak.
    pub live_bytes: f64,
    /// How often it allocated.
    pub allocations: u64,
}

/// A resident peak and what explains it, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// The size of the input.
    pub size: Bytes,
    /// Mean of `ru_maxrss`.
    pub peak: f64,
    /// Pages of the program and its libraries, resident at the exit.
    pub program: f64,
    /// Exact, from the instrumented build.
    pub heap: f64,
    /// Stack of the main thread as mapped.
    pub stack: f64,
}

impl Parts {
    /// The allocator's own and what it keeps, other anonymous pages, rounding to pages; less what of
    /// heap and stack was never touched. May be negative.
    pub fn unexplained(&self) -> f64 {
        self.peak - self.program - self.heap - self.stack
    }
}

impl Stage {
    /// Bytes at the largest size.
    pub fn largest(&self) -> Option<&AtSize> {
        self.sizes.last()
    }

    /// Bytes more per million bytes of input, from the empty document to the largest size.
    pub fn more_per_mb(&self) -> Option<f64> {
        let largest = self.largest()?;
        Some((largest.live_bytes - self.empty_bytes?) / (largest.size.0 as f64 / 1e6))
    }
}

/// Derives it from the groups of samples and the rows of the other files.
pub fn of(
    groups: &[Group],
    heap: &[HeapRow],
    timeline: Vec<TimelineRow>,
    experiment: &Experiment,
    machines: &Machines,
) -> Memory {
    let mut heaps = Vec::new();
    for profile in profile_names(&experiment.input) {
        for variant in &experiment.variant {
            heaps.extend(heap_of(&variant.name, &profile, heap));
        }
    }
    let parts = heaps.iter().flat_map(|heap| parts_of(heap, groups)).collect();
    Memory { views: peak_views::compare(groups, experiment, machines), heaps, parts, timeline }
}

/// Gives the exact peak of the heap to the groups of measured runs, and to those on the empty document.
pub fn join(groups: &mut [Group], rows: &[HeapRow]) {
    for row in rows.iter().filter(|row| row.is_total()) {
        let Some(peak) = row.live_at_peak_bytes else { continue };
        let group = groups.iter_mut().find(|group| {
            let kind = if row.profile == EMPTY { Kind::SelfTest } else { Kind::Run };
            group.kind == kind
                && group.variant == row.variant
                && group.profile == row.profile
                && group.size.0 == row.input_bytes
        });
        if let Some(group) = group {
            group.values.push((Metric::PeakHeap, vec![peak as f64]));
        }
    }
}

/// `None` where nothing was counted.
fn heap_of(variant: &str, profile: &str, rows: &[HeapRow]) -> Option<Heap> {
    let counted = |row: &&HeapRow| {
        row.variant == variant && row.profile == profile && row.live_at_peak_bytes.is_some()
    };
    let mut names: Vec<&str> = Vec::new();
    for row in rows.iter().filter(counted) {
        if !names.contains(&row.stage.as_str()) {
            names.push(&row.stage);
        }
    }
    let mut stages: Vec<Stage> =
        names.into_iter().map(|name| stage(name, variant, profile, rows)).collect();
    let all = stages.pop()?;
    Some(Heap { variant: variant.to_owned(), profile: profile.to_owned(), stages, all })
}

fn stage(name: &str, variant: &str, profile: &str, rows: &[HeapRow]) -> Stage {
    let of_stage = |row: &&HeapRow| row.variant == variant && row.stage == name;
    let live = |row: &HeapRow| row.live_at_peak_bytes.map(|bytes| bytes as f64);
    let empty = rows.iter().filter(of_stage).find(|row| row.profile == EMPTY).and_then(live);
    let mut sizes: Vec<AtSize> = rows
        .iter()
        .filter(of_stage)
        .filter(|row| row.profile == profile)
        .filter_map(|row| {
            let (live_bytes, allocations) = (live(row)?, row.allocations?);
            Some(AtSize { size: Bytes(row.input_bytes), live_bytes, allocations })
        })
        .collect();
    sizes.sort_by_key(|of| of.size);
    let point = |of: &AtSize| SizePoint::single(of.size.0 as f64, of.live_bytes);
    // Fits are made on logarithms: a stage that holds nothing on the empty document has no anchor.
    let points: Vec<SizePoint> = sizes.iter().filter(|of| of.live_bytes > 0.0).map(point).collect();
    let anchor = empty.filter(|of| *of > 0.0).map(|bytes| SizePoint::single(0.0, bytes));
    let growth = growth(&points, anchor, &[]);
    Stage { name: name.to_owned(), empty_bytes: empty, sizes, growth }
}

/// The peaks on the empty document and at each size, taken apart.
fn parts_of(heap: &Heap, groups: &[Group]) -> Vec<Parts> {
    let on_empty = heap.all.empty_bytes.map(|bytes| (Kind::SelfTest, EMPTY, Bytes(0), bytes));
    let at_sizes =
        heap.all.sizes.iter().map(|of| (Kind::Run, heap.profile.as_str(), of.size, of.live_bytes));
    let mean = |values: &[f64]| {
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    on_empty
        .into_iter()
        .chain(at_sizes)
        .filter_map(|(kind, profile, size, heap_bytes)| {
            let group = groups::at(groups, kind, (&heap.variant, profile, size))?;
            Some(Parts {
                variant: heap.variant.clone(),
                profile: heap.profile.clone(),
                size,
                peak: mean(group.values(Metric::PeakRss))?,
                program: mean(group.values(Metric::FileAtExit))?,
                heap: heap_bytes,
                stack: mean(group.values(Metric::Stack))?,
            })
        })
        .collect()
}
