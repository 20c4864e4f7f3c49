//! `cargo xtask run --only`: a part of an experiment. It is measured and rendered like a whole one,
//! but elsewhere and under a heading that says so, and `report` refuses it where a whole one belongs.

use campaign::inputs;
use campaign::{Chosen, Workspace};
use experiment::Experiment;
use experiment::criterion::Expects;
use experiment::error::user;
use record::Folder;
use record::units::Bytes;

use crate::cmd::run::Options;

/// Narrows the experiment to what `--only` names and moves its folder aside; does nothing without.
pub(super) fn narrow(
    chosen: &mut Chosen,
    workspace: &Workspace,
    options: &Options,
) -> anyhow::Result<()> {
    if options.only.is_empty() {
        return Ok(());
    }
    let aside = options.selection.reports.clone().unwrap_or(workspace.room.clone());
    chosen.folder = Folder(std::path::absolute(aside)?.join("only").join(&chosen.name));
    chosen.only.clone_from(&options.only);
    keep(&mut chosen.experiment, &options.only)
}

/// Keeps what is named. Names of one axis are alternatives; an axis that is not named stays whole.
fn keep(experiment: &mut Experiment, only: &[String]) -> anyhow::Result<()> {
    let Named { variants, profiles, sizes } = named(experiment, only)?;
    let Experiment { input, measure, variant, criterion, .. } = experiment;
    if !variants.is_empty() {
        variant.retain(|of| variants.contains(&of.name));
    }
    if !profiles.is_empty() {
        input.profiles.retain(|of| profiles.contains(&of.to_string()));
        input.files.retain(|of| profiles.contains(&inputs::file_name(of)));
        input.folders.retain(|of| profiles.contains(&inputs::file_name(of)));
        input.generate.retain(|of| profiles.contains(&of.name));
    }
    if !sizes.is_empty() {
        input.sizes.retain(|of| sizes.contains(of));
        input.auto = None;
    }
    if input.profiles.is_empty() && input.generate.is_empty() {
        input.sizes.clear();
    }
    measure.repeat = measure.repeat.filter(|repeat| input.sizes.contains(&repeat.at));
    measure.timeline.retain(|size| input.sizes.contains(size));
    let kept: Vec<String> = variant.iter().map(|of| of.name.clone()).collect();
    let documents = inputs::profile_names(input);
    criterion.retain_mut(|of| {
        of.variants.retain(|name| kept.contains(name));
        of.profiles.retain(|name| documents.contains(name));
        let repeated = measure.repeat.is_some() || of.expects != Expects::MemoryGivenBack;
        repeated && !of.variants.is_empty() && !of.profiles.is_empty()
    });
    Ok(())
}

#[derive(Default)]
struct Named {
    variants: Vec<String>,
    profiles: Vec<String>,
    sizes: Vec<Bytes>,
}

fn named(experiment: &Experiment, only: &[String]) -> anyhow::Result<Named> {
    let variants: Vec<String> = experiment.variant.iter().map(|of| of.name.clone()).collect();
    let profiles = inputs::profile_names(&experiment.input);
    let sizes = &experiment.input.sizes;
    let mut named = Named::default();
    for word in only {
        let size = word.parse().ok().filter(|size: &Bytes| sizes.contains(size));
        let places = (variants.contains(word), profiles.contains(word), size);
        match places {
            (true, false, None) => named.variants.push(word.clone()),
            (false, true, None) => named.profiles.push(word.clone()),
            (false, false, Some(size)) => named.sizes.push(size),
            (false, false, None) => {
                let sizes = sizes.iter().map(ToString::to_string);
                let all: Vec<String> =
                    variants.iter().chain(&profiles).cloned().chain(sizes).collect();
                return user(format!(
                    "`--only {word}` names nothing of the experiment; there are `{}`",
                    all.join("`, `")
                ));
            }
            _ => return user(format!("`--only {word}` names more than one thing; rename one")),
        }
    }
    Ok(named)
}
