//! `fit.check_budget`: the largest input that is predicted to fit a budget is run once under that limit,
//! after the campaign and recorded with it. The prediction is made of the samples, so this stands with
//! the verbs and not in a stage.

use analysis::budgets::{Budgeted, CHECKED_MAX};
use campaign::errln;
use campaign::inputs::{self, Origin};
use campaign::measure::{Bench, Place};
use campaign::plan::Cell;
use campaign::watched::Watched;
use campaign::workspace::{Tools, Workspace};
use experiment::Measure;
use record::units::Bytes;
use record::{Folder, Kind, Sample, Samples};

use crate::cmd::Chosen;

/// Runs what is missing of the checks; appends a row each.
pub(crate) fn check(
    workspace: &Workspace,
    chosen: &Chosen,
    tools: &Tools,
    running: &Folder,
    samples: &mut Samples,
) -> anyhow::Result<()> {
    if !chosen.experiment.fit.check_budget {
        return Ok(());
    }
    let analysis = analysis::analyse(running, &chosen.name)?;
    for budgeted in &analysis.budgets {
        let Some(size) = budgeted.sure().filter(|size| *size <= CHECKED_MAX) else { continue };
        if !samples.rows().iter().any(|row| is_of(row, budgeted)) {
            errln!(
                "checking that {} on {} of {size} stays within {}",
                budgeted.variant,
                budgeted.profile,
                budgeted.budget
            );
            samples.append(run(workspace, chosen, tools, budgeted, size)?)?;
        }
    }
    Ok(())
}

fn is_of(row: &Sample, budgeted: &Budgeted) -> bool {
    row.kind == Kind::Budget
        && row.block == budgeted.index
        && row.variant == budgeted.variant
        && row.profile == budgeted.profile
}

/// One run of a document of `size` with the budget as its memory limit.
fn run(
    workspace: &Workspace,
    chosen: &Chosen,
    tools: &Tools,
    budgeted: &Budgeted,
    size: Bytes,
) -> anyhow::Result<Vec<Sample>> {
    let experiment = &chosen.experiment;
    let named = |name: &String| experiment.variant.iter().find(|of| of.name == *name);
    let profile = experiment.input.profiles.iter().find(|of| of.to_string() == budgeted.profile);
    let (Some(variant), Some(profile)) = (named(&budgeted.variant), profile) else {
        return Ok(Vec::new());
    };
    let origin = Origin::Generated { profile: *profile, size, seed: experiment.input.seed };
    let document = inputs::document(&origin, (&workspace.root, &chosen.home), &workspace.inputs())?;
    let measure = Measure { memory_limit: Some(budgeted.budget), ..experiment.measure.clone() };
    let one = [document.clone()];
    let watched = Watched::new(tools, std::slice::from_ref(variant), &one, &chosen.home)?;
    let scratch = workspace.scratch(&chosen.name);
    let asked = (&measure, experiment.metric.as_slice());
    let mut bench = Bench::new(tools, asked, &chosen.home, watched, &scratch)?;
    let place = Place { kind: Kind::Budget, block: budgeted.index, position: 0 };
    let rows = bench.run(place, Cell { variant, document: &document })?;
    // Taking the output back is part of the outcome; a row of its own would be a cell's.
    Ok(rows.into_iter().filter(|row| row.kind == Kind::Budget).collect())
}
