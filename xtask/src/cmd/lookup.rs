//! Predictions are looked up: when all else is measured, one predicted size of each variant and profile is
//! run once and recorded as a kind of its own. What is predicted is made of the samples, so this stands
//! with the verbs and not in a stage.

use anyhow::Context;

use analysis::growth::lookup;
use campaign::errln;
use campaign::inputs::{self, Document, Origin};
use campaign::measure::{Bench, Place};
use campaign::plan::Cell;
use campaign::watched::Watched;
use campaign::workspace::{Tools, Workspace};
use experiment::Input;
use record::units::Bytes;
use record::{Folder, Kind, Sample, Samples};

use crate::cmd::Chosen;

/// Runs what is missing; appends a row each.
pub(crate) fn look_up(
    workspace: &Workspace,
    chosen: &Chosen,
    tools: &Tools,
    running: &Folder,
    samples: &mut Samples,
) -> anyhow::Result<()> {
    let analysis = analysis::analyse(running, &chosen.name)?;
    let experiment = &analysis.lock.experiment;
    // The lock names programs as the file does; those that are run are in their places.
    let variants = &chosen.experiment.variant;
    let watched = Watched::new(tools, variants, &[], &chosen.home)?;
    let scratch = workspace.scratch(&chosen.name);
    let mut bench = Bench::new(
        tools,
        (&experiment.measure, experiment.metric.as_slice()),
        &chosen.home,
        watched,
        &scratch,
    )?;
    for wanted in lookup::wanted(experiment, &analysis.summary) {
        let is_of = |row: &Sample| {
            row.kind == Kind::LookUp
                && row.variant == wanted.variant
                && row.profile == wanted.profile
        };
        let is_predicted = analysis.growth.iter().any(|of| {
            of.variant == wanted.variant && of.profile == wanted.profile && of.growth.is_ok()
        });
        let Some(size) = wanted.size.ok().filter(|_| is_predicted) else { continue };
        let variant = variants.iter().find(|of| of.name == wanted.variant);
        let (Some(variant), false) = (variant, samples.rows().iter().any(is_of)) else { continue };
        errln!("looking up what {} takes on {} of {size}", wanted.variant, wanted.profile);
        let document = document(workspace, chosen, &wanted.profile, size)?;
        bench.watch(std::slice::from_ref(&document))?;
        let place = Place { kind: Kind::LookUp, block: 0, position: 0 };
        let rows = bench.run(place, Cell { variant, document: &document })?;
        // Taking the output back is part of the outcome; a row of its own would be a cell's.
        samples.append(rows.into_iter().filter(|row| row.kind == Kind::LookUp).collect())?;
    }
    Ok(())
}

/// The document of a sweep at a size that is not one of its own.
pub(super) fn document(
    workspace: &Workspace,
    chosen: &Chosen,
    profile: &str,
    size: Bytes,
) -> anyhow::Result<Document> {
    let input = &chosen.experiment.input;
    let at_size =
        Input { sizes: vec![size], files: Vec::new(), folders: Vec::new(), ..input.clone() };
    let origin = inputs::origins(&at_size).into_iter().find(|origin| match origin {
        Origin::Generated { profile: of, .. } => of.to_string() == profile,
        Origin::Repeated { file, .. } => inputs::repeated_name(file) == profile,
        Origin::Made { generator, .. } => generator.name == profile,
        _ => false,
    });
    let origin = origin.with_context(|| format!("`{profile}` is no sweep of sizes"))?;
    inputs::document(&origin, (&workspace.root, &chosen.home), &workspace.inputs())
}
