//! The claims in `summary.json`.

use serde_json::{Map, Value, json};
use stats::Test;
use stats::factorial::{Effect, ErrorSource};
use stats::growth::LargestInput;

use analysis::Analysis;
use analysis::assumptions::Spread;
use analysis::budgets::Budgeted;
use analysis::comparisons::Compared;
use analysis::effects::Effects;
use analysis::holdout::Holdout;
use analysis::next_sizes::NextSizes;
use experiment::grid::Grid;

use super::claims::verdict;
use super::json::{interval, number, optional, prediction, suffix};

/// All claims by name.
pub(super) fn claims(analysis: &Analysis) -> Map<String, Value> {
    let grid = analysis.lock.experiment.grid.as_ref();
    let techniques = analysis.effects.iter().zip(std::iter::repeat(grid));
    let sections = [
        ("comparisons", analysis.comparisons.iter().map(compared).collect()),
        (
            "techniques",
            techniques.filter_map(|(of, grid)| Some(effects(of, grid?))).collect::<Vec<_>>(),
        ),
        ("predictions_looked_up", analysis.holdouts.iter().map(foretold).collect()),
        ("sizes_that_would_decide", analysis.next_sizes.iter().map(deciding).collect()),
        ("budgets", analysis.budgets.iter().map(budget).collect()),
        ("spreads", analysis.assumptions.spreads.iter().map(spread).collect()),
    ];
    sections.into_iter().map(|(name, all)| (name.to_owned(), Value::Array(all))).collect()
}

fn compared(of: &Compared) -> Value {
    let mut all = json!({
        "variant": of.variant,
        "profile": of.profile,
        "input_bytes": of.size.0,
        "metric": of.metric.key(),
        "blocks": null, "ratio": null, "ratio_ci95": null, "p": null, "p_holm": null,
        "verdict": null, "blocks_needed": null,
    });
    match &of.answer {
        Err(reason) => all["verdict"] = json!(format!("not decided: {reason}")),
        Ok(answer) => {
            let needed = match answer.verdict {
                stats::compare::Change::NotDecided { runs_needed } => runs_needed,
                _ => None,
            };
            all["blocks"] = json!(answer.n);
            all["ratio"] = number(answer.ratio);
            all["ratio_ci95"] = interval(Some(answer.ratio_ci95));
            all["p"] = optional(answer.p);
            all["p_holm"] = optional(answer.p_holm);
            all["verdict"] = json!(verdict(answer));
            all["blocks_needed"] = json!(needed);
        }
    }
    all
}

fn effects(of: &Effects, grid: &Grid) -> Value {
    let name = |term: &[usize]| -> Vec<&str> {
        term.iter().map(|at| grid.technique[*at].name.as_str()).collect()
    };
    let effect = |effect: &Effect| {
        let difference = match effect.term[..] {
            [at] => of.differences.get(at).copied().flatten(),
            _ => None,
        };
        json!({
            "techniques": name(&effect.term),
            "ratio": number(effect.ratio),
            "ratio_ci95": interval(effect.ratio_ci95),
            "p": optional(effect.p),
            "p_holm": optional(effect.p_holm),
            (format!("difference_{}", suffix(of.metric))): optional(difference.map(|d| d.value)),
            (format!("difference_ci95_{}", suffix(of.metric))): interval(difference.and_then(|d| d.ci95)),
        })
    };
    let ratios = of.ratios.as_ref().ok();
    let confounded = ratios.map_or(&[][..], |ratios| &ratios.confounded).iter().map(|confounded| {
        json!({
            "techniques": name(&confounded.term),
            "with": confounded.with.iter().map(|(term, _)| name(term)).collect::<Vec<_>>(),
        })
    });
    json!({
        "metric": of.metric.key(),
        "profile": of.profile,
        "input_bytes": of.size.0,
        "variants_measured": of.measured.0,
        "variants": of.measured.1,
        "effects": ratios.map_or(&[][..], |of| &of.effects).iter().map(effect).collect::<Vec<_>>(),
        "confounded": confounded.collect::<Vec<_>>(),
        "residual_sd_ln": optional(ratios.and_then(|of| of.residual_sd)),
        "exact": ratios.is_some_and(|of| of.error == ErrorSource::Exact),
    })
}

fn foretold(of: &Holdout) -> Value {
    json!({
        "variant": of.variant,
        "profile": of.profile,
        "metric": of.metric.key(),
        "input_bytes": of.size.0,
        "prediction": of.prediction.as_ref().ok().map(|found| prediction(found, of.metric)),
        (format!("measured_mean_{}", suffix(of.metric))): number(of.mean),
        "mean_inside": of.prediction.is_ok().then(|| of.is_inside()),
        "runs": of.runs,
        "runs_inside": of.prediction.is_ok().then_some(of.runs_inside),
    })
}

fn deciding(of: &NextSizes) -> Value {
    json!({
        "variant": of.variant,
        "profile": of.profile,
        "metric": of.metric.key(),
        "input_bytes": of.sizes.iter().map(|size| size.0).collect::<Vec<_>>(),
        "takes_ns": of.takes.map(|takes| takes.0),
        "is_enough": of.is_enough,
    })
}

fn budget(of: &Budgeted) -> Value {
    let (said, size, sure) = match &of.largest {
        Err(reason) => (reason.clone(), None, None),
        Ok(LargestInput::NeverFits) => ("never fits".to_owned(), None, None),
        Ok(LargestInput::NotReached) => ("not reached".to_owned(), None, None),
        Ok(LargestInput::Fails { size }) => (format!("fails at {size}"), None, None),
        Ok(LargestInput::Between { interval, .. }) => {
            ("not decided".to_owned(), None, Some(*interval))
        }
        Ok(LargestInput::Fits { size, interval, .. }) => {
            ("fits".to_owned(), of.is_decided.then_some(*size), Some(*interval))
        }
    };
    let check = of.check.as_ref().map(|check| {
        json!({
            "input_bytes": check.size.0,
            "outcome": check.outcome.to_string(),
            "peak_rss_bytes": optional(check.peak_bytes),
        })
    });
    json!({
        "variant": of.variant,
        "profile": of.profile,
        "budget_bytes": of.budget.0,
        "answer": said,
        "largest_input_bytes": optional(size),
        "largest_input_interval95_bytes": interval(sure),
        "check": check,
    })
}

fn test(test: Option<&Test>) -> Value {
    test.map_or(
        Value::Null,
        |test| json!({ "statistic": number(test.statistic), "p": number(test.p) }),
    )
}

fn spread(of: &Spread) -> Value {
    json!({
        "profile": of.profile,
        "input_bytes": of.size.0,
        "metric": of.metric.key(),
        "levene": test(of.test.as_ref().ok()),
        "unequal": of.unequal,
    })
}
