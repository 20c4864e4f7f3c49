//! Stage between fit and judge: what a campaign claims beyond its cells and fits. Each claim has a module
//! of its own; the arithmetic is the crate `stats`'.

pub(crate) mod budgets;
pub(crate) mod checks;
pub(crate) mod comparisons;
pub(crate) mod deciding;
pub(crate) mod foretold;
pub(crate) mod techniques;

use experiment::Experiment;

use crate::aggregate::{Group, Pairs, Samples};
use crate::fit::Scaling;
use crate::summary::Summary;

/// Everything that is claimed.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Claims {
    pub(crate) checks: checks::Checks,
    pub(crate) comparisons: Vec<comparisons::Compared>,
    pub(crate) techniques: Vec<techniques::Effects>,
    pub(crate) foretold: Vec<foretold::Foretold>,
    pub(crate) budgets: Vec<budgets::Budgeted>,
    pub(crate) deciding: Vec<deciding::Deciding>,
}

/// What comparisons with the reference rest on; nothing without one.
pub(crate) fn paired(samples: &Samples, experiment: &Experiment) -> anyhow::Result<Pairs> {
    match &experiment.fit.reference {
        Some(reference) => samples.pairs(reference, &experiment.fit.metrics),
        None => Ok(Pairs::default()),
    }
}

/// What the samples of a campaign claim.
pub(crate) fn claims(
    groups: &[Group],
    pairs: &Pairs,
    summary: &Summary,
    scalings: &[Scaling],
    experiment: &Experiment,
) -> Claims {
    Claims {
        checks: checks::checks(groups, summary),
        comparisons: comparisons::comparisons(groups, pairs, summary, experiment),
        techniques: techniques::effects(groups, summary, experiment),
        foretold: foretold::foretold(groups, scalings, experiment),
        budgets: budgets::budgets(groups, scalings, experiment),
        deciding: deciding::deciding(groups, summary, scalings, experiment),
    }
}
