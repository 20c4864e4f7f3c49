//! A campaign while it runs: what has been measured, and what else is to be.

use std::path::Path;

use anyhow::Context;

use experiment::Experiment;
use record::units::Bytes;
use record::{ChosenSize, Folder, Kind, Machines, Sample};

use crate::errln;
use crate::inputs::{self, Document};
use crate::journals::Journals;
use crate::measure::{Bench, Place};
use crate::plan::Cell;
use crate::progress::Progress;
use crate::ready::refuse;
use crate::runs::Runs;
use crate::workspace::Workspace;

/// A campaign that runs; see [`crate::Campaign::start`].
#[derive(Debug)]
pub struct Running<'a> {
    pub(crate) places: (&'a Workspace, &'a Path),
    /// Where it is recorded until it is complete.
    pub(crate) folder: Folder,
    pub(crate) experiment: &'a Experiment,
    pub(crate) documents: &'a mut Vec<Document>,
    pub(crate) empty: &'a Document,
    pub(crate) journals: &'a mut Journals,
    pub(crate) machines: &'a mut Machines,
    pub(crate) bench: Bench<'a>,
    pub(crate) progress: Progress,
}

/// One run beside the blocks, of a size that the sweep need not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneRun {
    /// What it is for.
    pub kind: Kind,
    /// Tells runs of one kind apart.
    pub number: u32,
    /// The variant's name.
    pub variant: String,
    /// The profile's name.
    pub profile: String,
    /// The size of its input.
    pub size: Bytes,
    /// The limit that it runs under, instead of the experiment's.
    pub memory_limit: Option<Bytes>,
}

impl Running<'_> {
    /// Where the campaign is recorded so far.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What was measured so far.
    pub fn samples(&self) -> &[Sample] {
        self.journals.samples.rows()
    }

    /// Runs what is missing, until the stopping rule asks for no more.
    pub fn measure(&mut self) -> anyhow::Result<()> {
        let Self { experiment, documents, empty, journals, bench, progress, .. } = self;
        let measured = Runs { experiment, documents, empty }.run(bench, journals, progress);
        refuse(&self.bench, self.machines, &self.folder)?;
        measured
    }

    /// Records sizes that were chosen of the samples, before any of them is measured, and makes their documents;
    /// whether there are any.
    pub fn add(&mut self, choices: Vec<ChosenSize>) -> anyhow::Result<bool> {
        if choices.is_empty() {
            return Ok(false);
        }
        let mut lock = self.folder.read_lock::<Experiment>()?.context("the lock was written")?;
        let mut more = Vec::new();
        for ChosenSize { profile, size, because } in &choices {
            let Some(size) = size else {
                errln!("{profile}: no more sizes ({because})");
                continue;
            };
            errln!("{profile}: {size} next ({because})");
            more.push(inputs::at_size(&self.experiment.input, profile, *size, self.places)?);
        }
        lock.document.extend(more.iter().map(Document::locked));
        lock.chosen.extend(choices);
        self.folder.write_lock(&lock)?;
        self.bench.watch(&more)?;
        let are_any = !more.is_empty();
        self.documents.extend(more);
        Ok(are_any)
    }

    /// Makes each of these runs that is not recorded yet, and appends its row.
    pub fn run_once(&mut self, wanted: &[OneRun]) -> anyhow::Result<()> {
        self.progress.finish();
        for one in wanted {
            let is_of = |row: &Sample| {
                row.kind == one.kind
                    && row.block == one.number
                    && row.variant == one.variant
                    && row.profile == one.profile
            };
            let variant = self.experiment.variant.iter().find(|of| of.name == one.variant);
            let (Some(variant), false) = (variant, self.samples().iter().any(is_of)) else {
                continue;
            };
            let OneRun { variant: name, profile, size, memory_limit, .. } = one;
            match memory_limit {
                Some(limit) => {
                    errln!("checking that {name} on {profile} of {size} stays within {limit}");
                }
                None => errln!("looking up what {name} takes on {profile} of {size}"),
            }
            let document = inputs::at_size(&self.experiment.input, profile, *size, self.places)?;
            self.bench.watch(std::slice::from_ref(&document))?;
            self.bench.memory_limit = memory_limit.or(self.experiment.measure.memory_limit);
            let place = Place { kind: one.kind, block: one.number, position: 0 };
            let rows = self.bench.run(place, Cell { variant, document: &document })?;
            // Taking the output back is part of the outcome; a row of its own would be a cell's.
            let own = rows.into_iter().filter(|row| row.kind == one.kind).collect();
            self.journals.samples.append(own)?;
        }
        Ok(())
    }
}
