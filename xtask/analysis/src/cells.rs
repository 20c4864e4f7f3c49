//! What aggregation makes of a campaign: per cell the description of each metric, per variant and
//! profile the trend over repetitions, and the self-tests. Derived on each read, never stored.

use stats::{Describe, Trend, Undetermined, describe, mann_kendall};

use experiment::profile::profile_names;
use experiment::{DETERMINISTIC_RUNS_MIN, Experiment, STEADY_SIZES_MIN};
use record::metric::Metric;
use record::self_test::{SELF_TEST_NOTHING, SELF_TEST_TOUCH};
use record::units::Bytes;
use record::{Kind, Outcome};

use crate::groups::{self, Group};
use crate::resolution::Resolutions;

/// What all measured runs of one cell say.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// The size of the input.
    pub size: Bytes,
    /// How often each outcome came, successes included.
    pub outcomes: Vec<(Outcome, u32)>,
    /// Each metric that has values.
    pub metrics: Vec<(Metric, Describe)>,
    /// How many different outputs there were; more than one is a failure of the encoder.
    pub distinct_outputs: u32,
    /// Successful runs that were disturbed, and those of which nobody knows.
    pub disturbed: u32,
    /// Successful runs of which nobody knows whether they were.
    pub disturbed_unknown: u32,
    /// Wall times of several threads on one CPU, which are not published.
    pub walls_left_out: u32,
    /// Successful runs that left processes running, and how many of these one run left at most.
    pub left_behind: [u32; 2],
    /// Each metric of decoding that has values, warm-up included; a single run unless
    /// `measure.decode` is set.
    pub decoding: Vec<(Metric, Describe)>,
    /// Whether decoding gave the document back; `None` where nothing was decoded.
    pub round_trip: Option<bool>,
}

impl Cell {
    /// The description of a metric, if any run has it.
    pub fn metric(&self, metric: Metric) -> Option<&Describe> {
        self.metrics.iter().find(|(of, _)| *of == metric).map(|(_, described)| described)
    }

    /// The description of a metric of decoding, if anything was decoded.
    pub fn decoding(&self, metric: Metric) -> Option<&Describe> {
        self.decoding.iter().find(|(of, _)| *of == metric).map(|(_, described)| described)
    }

    /// How many runs succeeded.
    pub fn runs_ok(&self) -> u32 {
        self.outcomes.iter().filter(|(o, _)| *o == Outcome::Ok).map(|(_, count)| count).sum()
    }

    /// What went wrong, if anything did, with how often.
    pub fn failures(&self) -> impl Iterator<Item = (Outcome, u32)> + '_ {
        self.outcomes.iter().copied().filter(|(outcome, _)| *outcome != Outcome::Ok)
    }
}

/// Memory after each of many encodings of one document in one process.
#[derive(Debug, Clone, PartialEq)]
pub struct Repetitions {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// The size of the input.
    pub size: Bytes,
    /// Heap still allocated after each repetition, exact, in bytes; empty if the run failed.
    pub live_heap_bytes: Vec<f64>,
    /// Resident set after each: what the allocator keeps for reuse is in it.
    pub rss_bytes: Vec<f64>,
    /// Mann and Kendall's test over the second half of the live heap; in the first, buffers settle.
    pub trend: Result<Trend, Undetermined>,
}

impl Repetitions {
    /// The live heap that the trend is looked for in.
    pub(crate) fn settled(&self) -> &[f64] {
        settled(&self.live_heap_bytes)
    }
}

fn settled(values: &[f64]) -> &[f64] {
    &values[values.len() / 2..]
}

/// What the probe and the encoder need for nothing, in bytes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SelfTests {
    /// Peak of an empty child.
    pub floor_bytes: Option<f64>,
    /// What a child that touches a known amount reads above the floor, and that amount.
    pub touched_bytes: Option<(f64, Bytes)>,
    /// Peak of each variant on the empty document.
    pub empty: Vec<(String, f64)>,
    /// How finely each metric is measured.
    pub resolutions: Resolutions,
}

/// Everything that is derived from the samples alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// In the order of the experiment: profiles, sizes, variants.
    pub cells: Vec<Cell>,
    /// By profile, variant and size.
    pub repetitions: Vec<Repetitions>,
    /// What the self-tests of the probe and the empty document gave.
    pub self_tests: SelfTests,
}

impl Summary {
    /// The cells of a variant and profile, by size.
    pub fn series(&self, variant: &str, profile: &str) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(move |of| of.variant == variant && of.profile == profile)
    }

    /// Whether a metric of a variant was the same in three runs at two sizes of a profile or more, and never
    /// differed between runs: then one run says what it is at a size. What stops repeating goes by the same rule.
    pub(crate) fn is_steady(&self, variant: &str, profile: &str, metric: Metric) -> bool {
        let repeated: Vec<&Describe> = self
            .series(variant, profile)
            .filter_map(|of| of.metric(metric))
            .filter(|of| of.n > 1)
            .collect();
        repeated.iter().filter(|of| of.n >= DETERMINISTIC_RUNS_MIN).count() >= STEADY_SIZES_MIN
            && repeated.iter().all(|of| of.identical)
    }
}

/// Summarises the groups of a campaign, in the order in which the experiment names them.
pub fn summarise(groups: &[Group], experiment: &Experiment) -> Summary {
    let profiles = profile_names(&experiment.input);
    let place = |variant: &str, profile: &str, size: Bytes| {
        (
            profiles.iter().position(|name| name == profile),
            experiment.variant.iter().position(|of| of.name == variant),
            size,
        )
    };
    let of_kind = |kind| groups.iter().filter(move |group| group.kind == kind);
    let mut cells: Vec<Cell> = of_kind(Kind::Run).map(|group| cell(group, groups)).collect();
    cells.sort_by_key(|cell| place(&cell.variant, &cell.profile, cell.size));
    let mut repetitions: Vec<Repetitions> = of_kind(Kind::Repeat)
        .filter(|group| is_last_attempt(group, groups))
        .map(repeated)
        .collect();
    repetitions.sort_by_key(|of| place(&of.variant, &of.profile, of.size));
    Summary { cells, repetitions, self_tests: self_tests(groups, experiment) }
}

fn cell(group: &Group, groups: &[Group]) -> Cell {
    let decoded = groups::at(groups, Kind::Decode, (&group.variant, &group.profile, group.size));
    Cell {
        variant: group.variant.clone(),
        profile: group.profile.clone(),
        size: group.size,
        outcomes: group.outcomes.clone(),
        metrics: described(group),
        decoding: decoded.map_or_else(Vec::new, described),
        distinct_outputs: group.distinct_outputs,
        disturbed: group.disturbed[0],
        disturbed_unknown: runs_ok(group) - group.disturbed[1].min(runs_ok(group)),
        walls_left_out: match group.pinned {
            0 => 0,
            _ => runs_ok(group) - (group.values(Metric::Wall).len() as u32).min(runs_ok(group)),
        },
        left_behind: group.left_behind,
        round_trip: decoded.map(|of| of.outcomes.iter().all(|(o, _)| *o == Outcome::Ok)),
    }
}

fn runs_ok(group: &Group) -> u32 {
    group.outcomes.iter().filter(|(of, _)| *of == Outcome::Ok).map(|(_, count)| count).sum()
}

fn described(group: &Group) -> Vec<(Metric, Describe)> {
    let of = |metric| Some((metric, describe(group.values(metric)).ok()?));
    groups::measured(std::iter::once(group)).into_iter().filter_map(of).collect()
}

fn is_last_attempt(group: &Group, groups: &[Group]) -> bool {
    groups::of_series(groups, Kind::Repeat, &group.variant, &group.profile)
        .all(|other| other.attempt <= group.attempt)
}

fn repeated(group: &Group) -> Repetitions {
    let live_heap_bytes = group.values(Metric::LiveHeap).to_vec();
    Repetitions {
        variant: group.variant.clone(),
        profile: group.profile.clone(),
        size: group.size,
        trend: mann_kendall(settled(&live_heap_bytes)),
        live_heap_bytes,
        rss_bytes: group.values(Metric::RssAtExit).to_vec(),
    }
}

fn self_tests(groups: &[Group], experiment: &Experiment) -> SelfTests {
    let peak = |name: &str| {
        let group = groups.iter().find(|of| of.kind == Kind::SelfTest && of.variant == name)?;
        // The last attempt counts, as it does for the campaign.
        Some((*group.values(Metric::PeakRss).last()?, group.size))
    };
    let floor_bytes = peak(SELF_TEST_NOTHING).map(|(peak, _)| peak);
    let touched_bytes =
        peak(SELF_TEST_TOUCH).zip(floor_bytes).map(|((peak, size), floor)| (peak - floor, size));
    let empty = experiment
        .variant
        .iter()
        .filter_map(|variant| Some((variant.name.clone(), peak(&variant.name)?.0)))
        .collect();
    SelfTests { floor_bytes, touched_bytes, empty, resolutions: Resolutions::of_groups(groups) }
}
