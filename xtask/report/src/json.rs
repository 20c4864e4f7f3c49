//! `summary.json`: all that is derived, for programs. Units stand last in each key; what is absent is
//! null, never 0. Numbers are rounded to nine significant digits, so that the last bits of another
//! machine's arithmetic do not make another file.

use std::collections::HashMap;

use serde_json::{Value, json};
use stats::describe::Flagged;
use stats::growth::{Estimate, Fit, HeldOut, Prediction};
use stats::{Describe, Interval};

use analysis::Analysis;
use analysis::assumptions::CellChecks;
use analysis::cells::{Cell, Repetitions, SelfTests};
use analysis::criteria::Judged;
use analysis::growth::{LookedUp, Scaling};
use record::metric::{Metric, Unit};

/// The document, ending in a newline.
pub(super) fn summary(analysis: &Analysis) -> String {
    let Analysis { name, lock, summary, growth, criteria, memory, .. } = analysis;
    let mut all = json!({
        "version": 1,
        "experiment": name,
        "title": lock.experiment.title,
        "commit": lock.commit,
        "dirty": lock.dirty,
        "proofs": proofs(&summary.self_tests),
        "criteria": criteria.iter().map(criterion).collect::<Vec<_>>(),
        "cells": cells(analysis),
        "scaling": growth.iter().map(scaling).collect::<Vec<_>>(),
        "memory": super::memory_section::json(memory, number),
        "repetitions": summary.repetitions.iter().map(repetitions).collect::<Vec<_>>(),
    });
    let claimed = super::claims_json::claims(analysis);
    all.as_object_mut().expect("an object").extend(claimed);
    let mut text = serde_json::to_string_pretty(&all).expect("plain JSON");
    text.push('\n');
    text
}

/// A number with nine significant digits; what is not finite is null.
pub(super) fn number(value: f64) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    let rounded: f64 = format!("{value:.8e}").parse().expect("a formatted number parses");
    // A count of bytes reads better as 2400000 than as 2400000.0.
    if rounded.fract() == 0.0 && rounded.abs() < 9.0e15 {
        return json!(rounded as i64);
    }
    json!(rounded)
}

pub(super) fn optional(value: Option<f64>) -> Value {
    value.map_or(Value::Null, number)
}

pub(super) fn interval(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |interval| json!([number(interval.low), number(interval.high)]))
}

fn estimate(estimate: Option<Estimate>) -> Value {
    estimate.map_or(Value::Null, |estimate| {
        json!({ "value": number(estimate.value), "ci95": interval(Some(estimate.ci95)) })
    })
}

fn proofs(proofs: &SelfTests) -> Value {
    let error = proofs.touched_bytes.map(|(touched, known)| touched - known.0 as f64);
    let empty = proofs
        .empty
        .iter()
        .map(|(variant, peak)| json!({ "variant": variant, "peak_rss_bytes": number(*peak) }));
    let measured = proofs.resolutions.measured().iter();
    let resolution = measured.map(|(metric, value)| (metric.key(), json!(number(*value))));
    json!({
        "empty_child_peak_rss_bytes": optional(proofs.floor_bytes),
        "known_allocation_bytes": proofs.touched_bytes.map(|(_, known)| known.0),
        "known_allocation_error_bytes": optional(error),
        "empty_document": empty.collect::<Vec<_>>(),
        "resolution": resolution.collect::<serde_json::Map<_, _>>(),
    })
}

fn criterion(judged: &Judged) -> Value {
    let findings = judged.findings.iter().map(|finding| {
        json!({
            "place": finding.place,
            "verdict": finding.verdict.to_string(),
            "because": finding.because,
        })
    });
    json!({
        "name": judged.name,
        "required": judged.required,
        "verdict": judged.verdict.to_string(),
        "findings": findings.collect::<Vec<_>>(),
    })
}

/// Each cell, with the tests of its values beside their description.
fn cells(analysis: &Analysis) -> Vec<Value> {
    let checks = analysis.assumptions.cells.iter();
    let checks: HashMap<_, &CellChecks> = checks
        .map(|of| ((of.variant.as_str(), of.profile.as_str(), of.size, of.metric), of))
        .collect();
    let of = |cell: &Cell, metric: Metric| {
        checks.get(&(cell.variant.as_str(), cell.profile.as_str(), cell.size, metric)).copied()
    };
    analysis.summary.cells.iter().map(|found| cell(found, |metric| of(found, metric))).collect()
}

fn cell<'a>(cell: &Cell, checks: impl Fn(Metric) -> Option<&'a CellChecks>) -> Value {
    let outcomes: serde_json::Map<String, Value> = cell
        .outcomes
        .iter()
        .map(|(outcome, count)| (outcome.to_string().replace(' ', "_"), json!(count)))
        .collect();
    let metrics: serde_json::Map<String, Value> = cell
        .metrics
        .iter()
        .map(|(metric, of)| (metric.key(), described(of, checks(*metric))))
        .collect();
    let decoding: serde_json::Map<String, Value> = [Metric::Wall, Metric::PeakRss]
        .into_iter()
        .filter_map(|metric| Some((metric.key(), described(cell.decoding(metric)?, None))))
        .collect();
    json!({
        "variant": cell.variant,
        "profile": cell.profile,
        "input_bytes": cell.size.0,
        "decoding": decoding,
        "outcomes": outcomes,
        "round_trip": cell.round_trip,
        "distinct_outputs": cell.distinct_outputs,
        "metrics": metrics,
    })
}

fn described(of: &Describe, checks: Option<&CellChecks>) -> Value {
    let normality = checks.and_then(|of| of.normality.as_ref().ok());
    let drift = checks.and_then(|of| of.drift.as_ref().ok());
    json!({
        "n": of.n,
        "mean": number(of.mean),
        "sd": optional(of.sd),
        "cv": optional(of.cv),
        "min": number(of.min),
        "q1": number(of.q1),
        "median": number(of.median),
        "q3": number(of.q3),
        "p95": number(of.p95),
        "max": number(of.max),
        "mean_ci95": interval(of.mean_ci95),
        "median_ci95": interval(of.median_ci95),
        "identical": of.n > 1 && of.identical,
        "outliers_2sd": flagged(&of.outliers.by_two_sd),
        "outliers_mad": flagged(&of.outliers.by_mad),
        "shapiro_wilk_w": optional(normality.map(|test| test.statistic)),
        "shapiro_wilk_p": optional(normality.map(|test| test.p)),
        "not_normal": checks.is_some_and(|of| of.not_normal),
        "mann_kendall_tau": optional(drift.map(|trend| trend.tau)),
        "mann_kendall_p": optional(drift.map(|trend| trend.p)),
        "drifts": checks.is_some_and(|of| of.drifts),
    })
}

/// How many a rule flags, and what is left without them.
fn flagged(by: &Flagged) -> Value {
    if by.indices.is_empty() {
        return Value::Null;
    }
    json!({
        "count": by.indices.len(),
        "mean_without": optional(by.mean_without),
        "sd_without": optional(by.sd_without),
    })
}

fn scaling(scaling: &Scaling) -> Value {
    let power = scaling.power.as_ref().map_or_else(
        |reason| json!({ "undetermined": reason.to_string() }),
        |power| {
            json!({
                "coefficient": number(power.coefficient),
                "exponent": number(power.exponent),
                "exponent_ci95": interval(Some(power.exponent_ci95)),
                "r2": optional(power.r2),
                "p": optional(power.p),
                "residual_sd_ln": number(power.residual_sd),
                "sizes": power.n,
            })
        },
    );
    let growth = scaling.growth.as_ref().map_or_else(
        |reason| json!({ "undetermined": reason.to_string() }),
        |growth| {
            json!({
                "decided": growth.decided(),
                "chosen": fit(growth.chosen(), scaling.metric),
                "runner_up": growth.runner_up().map(|of| fit(of, scaling.metric)),
                "exponent_beside_constant": estimate(growth.exponent),
                "growth_over_range_ci95": interval(Some(growth.growth_over_range)),
                "sizes": growth.n,
            })
        },
    );
    let local = scaling.local.iter().map(|local| {
        json!({
            "from_input_bytes": number(local.from_size),
            "to_input_bytes": number(local.to_size),
            "value_ratio": optional(local.value_ratio),
            "exponent": optional(local.exponent),
        })
    });
    json!({
        "variant": scaling.variant,
        "profile": scaling.profile,
        "metric": scaling.metric.key(),
        "fitted_on": scaling.view.key(),
        (format!("quantum_max_{}", suffix(scaling.metric))): number(scaling.quantum_max()),
        "power_law": power,
        "growth": growth,
        "lack_of_fit": scaling.lack_of_fit.as_ref().ok().map(|of| json!({
            "f": optional(of.f),
            "p": optional(of.p),
            "misfit_sd_ln": number(of.misfit_sd),
        })),
        "local_exponents": local.collect::<Vec<_>>(),
        "held_out_largest": scaling.held_out.as_ref().ok().map(|of| held_out(of, scaling.metric)),
        "looked_up": scaling
            .looked_up
            .iter()
            .map(|of| looked_up(of, scaling.metric))
            .collect::<Vec<_>>(),
        "predictions": scaling
            .predictions
            .iter()
            .map(|of| prediction(of, scaling.metric))
            .collect::<Vec<_>>(),
        "failed_at_input_bytes": scaling.failed_at.map(|(size, _)| size.0),
        "failed_how": scaling.failed_at.map(|(_, outcome)| outcome.to_string()),
    })
}

fn held_out(of: &HeldOut, metric: Metric) -> Value {
    json!({
        "prediction": prediction(&of.prediction, metric),
        (format!("measured_{}", suffix(metric))): number(of.measured),
        "inside": of.inside,
    })
}

fn looked_up(of: &LookedUp, metric: Metric) -> Value {
    json!({
        "prediction": prediction(&of.prediction, metric),
        "outcome": of.outcome.to_string(),
        (format!("measured_{}", suffix(metric))): optional(of.value),
        "hit": of.is_hit(),
    })
}

/// The unit of a metric as the end of a key.
pub(super) fn suffix(metric: Metric) -> &'static str {
    match metric.unit() {
        Unit::Bytes => "bytes",
        Unit::Nanos => "ns",
        Unit::Count => "count",
        Unit::Ratio => "ratio",
        Unit::Other(word) => word,
    }
}

fn fit(fit: &Fit, metric: Metric) -> Value {
    json!({
        "class": fit.class.to_string(),
        "with_constant": fit.with_constant,
        (format!("constant_{}", suffix(metric))): estimate(fit.constant),
        (format!("slope_{}_per_growth_unit", suffix(metric))): estimate(fit.slope),
        "exponent": estimate(fit.exponent),
        "residual_sd_ln": number(fit.residual_sd),
        "ln_evidence_behind": number(fit.behind),
        "weight": number(fit.weight),
    })
}

pub(super) fn prediction(of: &Prediction, metric: Metric) -> Value {
    json!({
        "input_bytes": number(of.size),
        (format!("value_{}", suffix(metric))): number(of.value),
        (format!("prediction_interval95_{}", suffix(metric))): interval(Some(of.interval)),
        "decades_beyond": number(of.decades_beyond),
    })
}

fn repetitions(of: &Repetitions) -> Value {
    let trend = of.trend.as_ref().ok();
    json!({
        "variant": of.variant,
        "profile": of.profile,
        "input_bytes": of.size.0,
        "live_heap_bytes": of.live_heap_bytes.iter().map(|value| number(*value)).collect::<Vec<_>>(),
        "rss_bytes": of.rss_bytes.iter().map(|value| number(*value)).collect::<Vec<_>>(),
        "trend_tau": optional(trend.map(|of| of.tau)),
        "trend_p": optional(trend.map(|of| of.p)),
    })
}
