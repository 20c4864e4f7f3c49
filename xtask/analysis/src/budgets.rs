//! The largest input that fits a memory budget, and what one run of it under that limit said.

use stats::Interval;
use stats::growth::LargestInput;

use experiment::Experiment;
use record::metric::Metric;
use record::units::Bytes;
use record::{Kind, Outcome};

use crate::groups::{self, Group};
use crate::growth::{Scaling, Trust};

/// The answer for one variant, profile and budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Budgeted {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// Place in `fit.budget`, by which samples name it.
    pub index: u32,
    /// The most that the peak may be.
    pub budget: Bytes,
    /// The largest input; why not, where the growth does not say.
    pub largest: Result<LargestInput, String>,
    /// Whether one class of growth is decided; without it, a size is a guess and only its bounds are said.
    pub is_decided: bool,
    /// The run of the largest input that is sure to fit, if one was made.
    pub check: Option<Check>,
}

/// One run under the budget as its memory limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The size of the input that was run.
    pub size: Bytes,
    /// How the run ended.
    pub outcome: Outcome,
    /// Its peak, where it ended well.
    pub peak_bytes: Option<f64>,
}

/// Largest document that is generated for a check.
pub const CHECKED_MAX: Bytes = Bytes(256_000_000);

/// One answer per variant, profile and declared budget.
pub fn budgets(groups: &[Group], scalings: &[Scaling], experiment: &Experiment) -> Vec<Budgeted> {
    let of_memory = scalings.iter().filter(|scaling| scaling.metric == Metric::PeakRss);
    of_memory
        .flat_map(|scaling| {
            let budgets = experiment.fit.budget.iter().zip(0..);
            budgets.map(|(budget, index)| budgeted(scaling, index, *budget, groups))
        })
        .collect()
}

fn budgeted(scaling: &Scaling, index: u32, budget: Bytes, groups: &[Group]) -> Budgeted {
    let largest = largest(scaling, budget);
    let checks = groups::of_series(groups, Kind::Budget, &scaling.variant, &scaling.profile);
    let check = checks.into_iter().find(|of| of.attempt == index);
    Budgeted {
        variant: scaling.variant.clone(),
        profile: scaling.profile.clone(),
        index,
        budget,
        largest,
        is_decided: scaling.growth.as_ref().is_ok_and(stats::Growth::decided),
        check: check.and_then(checked),
    }
}

/// What the growth of a series says, unless it failed before or its predictions are known to miss.
fn largest(scaling: &Scaling, budget: Bytes) -> Result<LargestInput, String> {
    let growth = match (&scaling.growth, scaling.failure()) {
        (Ok(growth), _) => growth,
        (Err(_), Some(failure)) => return Err(failure),
        (Err(reason), None) => return Err(reason.to_string()),
    };
    if scaling.trust() == Trust::Missed {
        return Err("not decided: a prediction of this series missed".to_owned());
    }
    let found = growth.largest_input_for(budget.0 as f64);
    let size = match found {
        LargestInput::Between { interval, .. } => interval.low,
        LargestInput::Fits { size, .. } | LargestInput::Fails { size } => size,
        LargestInput::NeverFits => 0.0,
        LargestInput::NotReached => f64::INFINITY,
    };
    match scaling.failure() {
        Some(failure) if scaling.is_beyond_failure(size) => {
            Err(format!("not decided: {failure}, before the budget is met"))
        }
        _ => Ok(found),
    }
}

fn checked(group: &Group) -> Option<Check> {
    let (outcome, _) = group.outcomes.last()?;
    let peak_bytes = group.values(Metric::PeakRss).last().copied();
    Some(Check { size: group.size, outcome: *outcome, peak_bytes })
}

impl Budgeted {
    /// The largest input that stays within the budget with probability 0.975: what a run is made of.
    /// The estimate itself would be over the budget every second time.
    pub fn sure(&self) -> Option<Bytes> {
        let sure = match &self.largest {
            Ok(
                LargestInput::Fits { interval: Interval { low, .. }, .. }
                | LargestInput::Between { interval: Interval { low, .. }, .. },
            ) => *low,
            _ => return None,
        };
        (sure >= 1.0).then_some(Bytes(sure.floor().min(9e15) as u64))
    }
}
