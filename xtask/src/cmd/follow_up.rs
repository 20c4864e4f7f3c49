//! What follows from samples is measured with them, once all else is: the largest input that is predicted to fit
//! a budget (`fit.check_budget`), and one predicted size of each variant and profile.

use analysis::Analysis;
use analysis::budgets::CHECKED_MAX;
use analysis::growth::lookup;
use campaign::OneRun;
use record::Kind;

/// The largest input that is sure to fit each budget, under that budget as its limit.
pub(super) fn budgets(analysis: &Analysis) -> Vec<OneRun> {
    if !analysis.lock.experiment.fit.check_budget {
        return Vec::new();
    }
    let of_budgets = analysis.budgets.iter().filter_map(|of| {
        Some(OneRun {
            kind: Kind::Budget,
            number: of.index,
            variant: of.variant.clone(),
            profile: of.profile.clone(),
            size: of.sure().filter(|size| *size <= CHECKED_MAX)?,
            memory_limit: Some(of.budget),
        })
    });
    of_budgets.collect()
}

/// A predicted size of each variant and profile whose growth is fitted.
pub(super) fn predictions(analysis: &Analysis) -> Vec<OneRun> {
    let is_predicted = |wanted: &lookup::Wanted| {
        analysis.growth.iter().any(|of| {
            of.variant == wanted.variant && of.profile == wanted.profile && of.growth.is_ok()
        })
    };
    let wanted = lookup::wanted(&analysis.lock.experiment, &analysis.summary);
    let of_predictions = wanted.into_iter().filter(is_predicted).filter_map(|wanted| {
        Some(OneRun {
            kind: Kind::LookUp,
            number: 0,
            size: wanted.size.ok()?,
            variant: wanted.variant,
            profile: wanted.profile,
            memory_limit: None,
        })
    });
    of_predictions.collect()
}
