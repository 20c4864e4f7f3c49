//! The files of a campaign that grow while it runs.

use std::collections::HashSet;

use experiment::Experiment;
use experiment::error::user;
use record::{Failure, Folder, HeapRow, Journal, Kind, Outcome, Sample, Samples, TimelineRow};

/// All of them, opened for appending.
#[derive(Debug)]
pub(crate) struct Journals {
    /// `samples.csv`.
    pub(crate) samples: Samples,
    /// `heap.csv`, where it is asked for.
    pub(crate) heap: Option<Journal<HeapRow>>,
    /// `timeline.csv`, where it is asked for.
    pub(crate) timeline: Option<Journal<TimelineRow>>,
    /// `failures.csv`.
    pub(crate) failures: Journal<Failure>,
}

impl Journals {
    /// Opens or creates those that the experiment asks for.
    pub(crate) fn open(folder: &Folder, experiment: &Experiment) -> anyhow::Result<Self> {
        let measure = &experiment.measure;
        let heap = measure.heap.then(|| Journal::open(&folder.heap()));
        let timeline = !measure.timeline.is_empty();
        let timeline = timeline.then(|| Journal::open(&folder.timeline()));
        Ok(Self {
            samples: Samples::with(&folder.samples(), experiment.own_metrics())?,
            failures: Journal::open(&folder.failures())?,
            heap: heap.transpose()?,
            timeline: timeline.transpose()?,
        })
    }

    /// Fails where the samples cannot be what a campaign wrote: a run twice, or a run that ended well
    /// without its peak. Continuing would make a report of it.
    pub(crate) fn check(&self, folder: &Folder) -> anyhow::Result<()> {
        let mut seen = HashSet::new();
        let counted = |row: &&Sample| matches!(row.kind, Kind::Warmup | Kind::Run);
        for row in self.samples.rows().iter().filter(counted) {
            let Sample { kind, block, variant, profile, input_bytes, .. } = row;
            let is_new = seen.insert((kind, block, variant, profile, input_bytes));
            let wrong = match is_new {
                false => "stands there twice",
                true if row.outcome == Outcome::Ok && row.peak_rss_bytes.is_none() => {
                    "ended well and has no peak"
                }
                true => continue,
            };
            return user(format!(
                "{}: the run of `{variant}` on {profile} of {input_bytes} B in block {block} {wrong}; no \
                 campaign writes that: take back what was changed, or measure anew with `--restart`",
                folder.samples().display()
            ));
        }
        Ok(())
    }

    /// Bytes of torn ends that were dropped on opening.
    pub(crate) fn torn_bytes(&self) -> u64 {
        self.samples.torn_bytes
            + self.heap.as_ref().map_or(0, |of| of.torn_bytes)
            + self.timeline.as_ref().map_or(0, |of| of.torn_bytes)
    }
}
