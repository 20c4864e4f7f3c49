//! Stage 8: criteria get their verdicts. Decided on interval bounds, not on estimates: an expectation
//! is met when the whole interval is on its side, not met when none of it is, else not decided.

use std::fmt;

use stats::{Describe, Interval};

use crate::experiment::Criterion;
use crate::experiment::criterion::{Expects, Limit, Sizes};
use crate::fit::Scaling;
use crate::metric::Metric;
use crate::summary::{Cell, Repetitions, Summary};
use crate::units::{Bytes, percent, significant};

/// The answer to a criterion; the worst of its findings stands for all. Ordered from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Met,
    NotDecided,
    NotMeasured,
    NotMet,
}

/// A criterion with its verdict and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) name: String,
    /// Whether not meeting it is a failure.
    pub(crate) required: bool,
    pub(crate) verdict: Verdict,
    /// One per variant, profile and size that it is about.
    pub(crate) findings: Vec<Finding>,
}

/// What was found at one place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    pub(crate) place: String,
    /// The value with its interval, its origin, and the bound.
    pub(crate) because: String,
    /// How much of the bound is used, to find the finding that is nearest to failing.
    strain: f64,
}

impl Judged {
    /// Whether it was required and is not met; what could not be judged is not met either.
    pub(crate) fn has_failed(&self) -> bool {
        self.required && self.verdict != Verdict::Met
    }

    /// The finding that decides: the worst verdict, and of those the one nearest to the bound.
    pub(crate) fn deciding(&self) -> Option<&Finding> {
        self.findings
            .iter()
            .max_by(|a, b| a.verdict.cmp(&b.verdict).then(a.strain.total_cmp(&b.strain)))
    }
}

/// Judges every criterion.
pub(crate) fn judge(
    criteria: &[Criterion],
    summary: &Summary,
    scalings: &[Scaling],
) -> Vec<Judged> {
    let evidence = Evidence { summary, scalings };
    criteria.iter().map(|criterion| evidence.judge(criterion)).collect()
}

struct Evidence<'a> {
    summary: &'a Summary,
    scalings: &'a [Scaling],
}

impl Evidence<'_> {
    fn judge(&self, criterion: &Criterion) -> Judged {
        let mut findings = Vec::new();
        for variant in &criterion.variants {
            for profile in &criterion.profiles {
                findings.extend(self.findings(criterion, variant, profile));
            }
        }
        let verdict = findings.iter().map(|f| f.verdict).max().unwrap_or(Verdict::NotMeasured);
        Judged { name: criterion.name.clone(), required: criterion.required, verdict, findings }
    }

    fn findings(&self, criterion: &Criterion, variant: &str, profile: &str) -> Vec<Finding> {
        let place = format!("{variant} on {profile}");
        match &criterion.expects {
            Expects::Value { metric, sizes: Sizes::At(size), limit } => {
                vec![self.value_at(variant, profile, *metric, *size, *limit)]
            }
            Expects::Value { metric, sizes: Sizes::From(from), limit } => self
                .cells(variant, profile, *from)
                .map(|cell| value(cell, *metric, *limit))
                .collect(),
            Expects::Cv { metric, sizes, limit } => self
                .cells(variant, profile, Bytes(0))
                .filter(|cell| match sizes {
                    Sizes::At(size) => cell.size == *size,
                    Sizes::From(from) => cell.size >= *from,
                })
                .map(|cell| cv(cell, *metric, *limit))
                .collect(),
            Expects::Growth { metric, limit } => {
                let scaling = self.scaling(variant, profile, *metric);
                vec![growth(place, scaling, *limit)]
            }
            Expects::MemoryGivenBack => {
                let found = self
                    .summary
                    .repetitions
                    .iter()
                    .find(|of| of.variant == variant && of.profile == profile);
                found.map(|of| given_back(place, of)).into_iter().collect()
            }
        }
    }

    fn cells(&self, variant: &str, profile: &str, from: Bytes) -> impl Iterator<Item = &Cell> {
        self.summary.cells.iter().filter(move |cell| {
            cell.variant == variant && cell.profile == profile && cell.size >= from
        })
    }

    fn scaling(&self, variant: &str, profile: &str, metric: Metric) -> Option<&Scaling> {
        self.scalings
            .iter()
            .find(|of| of.variant == variant && of.profile == profile && of.metric == metric)
    }

    /// Measured where there is a cell, predicted where not.
    fn value_at(
        &self,
        variant: &str,
        profile: &str,
        metric: Metric,
        size: Bytes,
        limit: Limit,
    ) -> Finding {
        if let Some(cell) = self.cells(variant, profile, size).find(|cell| cell.size == size) {
            return value(cell, metric, limit);
        }
        let place = format!("{variant} on {profile}, {size}");
        let Some(scaling) = self.scaling(variant, profile, metric) else {
            return not_measured(place, "neither measured nor fitted");
        };
        let growth = match &scaling.growth {
            Ok(growth) => growth,
            Err(reason) => return not_measured(place, &format!("not predicted: {reason}")),
        };
        match growth.prediction(size.0 as f64) {
            None => not_measured(place, "not predicted: no model is positive there"),
            Some(prediction) => {
                let origin =
                    format!("predicted, {} decades beyond", fixed(prediction.decades_beyond));
                let show = |value| metric.show(value);
                let interval = prediction.interval;
                judged(place, &origin, prediction.value, Some(interval), limit, show)
            }
        }
    }
}

/// The mean of a metric in a cell against a limit.
fn value(cell: &Cell, metric: Metric, limit: Limit) -> Finding {
    let place = place(cell);
    let Some(described) = cell.metric(metric) else {
        return not_measured(place, &failed(cell));
    };
    let exact = metric.is_exact().then(|| Interval::new(described.mean, described.mean));
    let interval = exact.or(mean_interval(described));
    let origin = if exact.is_some() {
        "exact"
    } else if described.identical {
        "the same in every run"
    } else {
        "measured"
    };
    judged(place, origin, described.mean, interval, limit, |value| metric.show(value))
}

/// The interval of a cell's mean: a point where every run gave the same value, nothing where there
/// was one run.
pub(crate) fn mean_interval(described: &Describe) -> Option<Interval> {
    match described.identical && described.n > 1 {
        true => Some(Interval::new(described.mean, described.mean)),
        false => described.mean_ci95,
    }
}

fn cv(cell: &Cell, metric: Metric, limit: Limit) -> Finding {
    let place = place(cell);
    let Some(described) = cell.metric(metric) else {
        return not_measured(place, &failed(cell));
    };
    let Some(cv) = described.cv else {
        return not_measured(place, "one run has no spread");
    };
    let origin = format!("{} runs", described.n);
    judged(place, &origin, cv, stats::cv_interval(described), limit, percent)
}

fn growth(place: String, scaling: Option<&Scaling>, limit: Limit) -> Finding {
    let Some(scaling) = scaling else { return not_measured(place, "not fitted") };
    let growth = match &scaling.growth {
        Ok(growth) => growth,
        Err(reason) => return not_measured(place, &reason.to_string()),
    };
    if growth.verdict == stats::growth::Verdict::Decided(stats::growth::Class::Constant) {
        let flat = Interval::new(0.0, 0.0);
        return judged(place, "O(1)", 0.0, Some(flat), limit, |value| significant(value, 3));
    }
    match growth.exponent {
        None => not_measured(place, "too few sizes for an exponent beside a constant"),
        Some(exponent) => {
            let show = |value| significant(value, 3);
            judged(place, "fitted", exponent.value, Some(exponent.ci95), limit, show)
        }
    }
}

/// Memory is given back when what stays allocated after each repetition shows no upward trend.
fn given_back(place: String, repetitions: &Repetitions) -> Finding {
    const SIGNIFICANT: f64 = 0.05;
    let settled = repetitions.settled();
    let (Some(first), Some(last)) = (settled.first(), settled.last()) else {
        return not_measured(place, "the repetitions failed");
    };
    let (verdict, because) = match &repetitions.trend {
        Ok(trend) if trend.p < SIGNIFICANT && trend.s > 0 => (
            Verdict::NotMet,
            format!(
                "live heap grew by {} over {} repetitions (p {})",
                crate::units::bytes(last - first),
                settled.len(),
                significant(trend.p, 2)
            ),
        ),
        Ok(trend) => (
            Verdict::Met,
            format!(
                "no upward trend of the live heap over {} repetitions (p {}), {} at the end",
                settled.len(),
                significant(trend.p, 2),
                crate::units::bytes(*last)
            ),
        ),
        Err(_) if settled.len() > 1 && settled.iter().all(|value| value == first) => (
            Verdict::Met,
            format!(
                "live heap of {} after each of the last {} repetitions",
                crate::units::bytes(*last),
                settled.len()
            ),
        ),
        Err(reason) => (Verdict::NotDecided, reason.to_string()),
    };
    Finding { verdict, place, because, strain: last - first }
}

fn place(cell: &Cell) -> String {
    format!("{} on {}, {}", cell.variant, cell.profile, cell.size)
}

fn failed(cell: &Cell) -> String {
    match cell.failures().next() {
        Some((outcome, count)) => format!("{outcome} in {count} runs"),
        None => "no value of this metric".to_owned(),
    }
}

fn not_measured(place: String, because: &str) -> Finding {
    Finding {
        verdict: Verdict::NotMeasured,
        place,
        because: because.to_owned(),
        strain: f64::INFINITY,
    }
}

/// A value with its interval against a limit.
fn judged(
    place: String,
    origin: &str,
    value: f64,
    interval: Option<Interval>,
    limit: Limit,
    show: impl Fn(f64) -> String,
) -> Finding {
    let bounds = match interval {
        Some(interval) if interval.low == interval.high => String::new(),
        Some(Interval { low, high }) => format!(" [{}, {}]", show(low), show(high)),
        None => " [no interval from one run]".to_owned(),
    };
    let bound = format!("{} {}", limit.word(), show(limit.bound()));
    Finding {
        verdict: interval.map_or(Verdict::NotDecided, |interval| decide(interval, limit)),
        place,
        because: format!("{}{bounds}, {origin}; wanted {bound}", show(value)),
        strain: match limit {
            Limit::Below(bound) => value / bound,
            Limit::Above(bound) => bound / value,
        },
    }
}

fn decide(interval: Interval, limit: Limit) -> Verdict {
    let (all_inside, all_outside) = match limit {
        Limit::Below(bound) => (interval.high < bound, interval.low >= bound),
        Limit::Above(bound) => (interval.low > bound, interval.high <= bound),
    };
    match (all_inside, all_outside) {
        (true, _) => Verdict::Met,
        (_, true) => Verdict::NotMet,
        _ => Verdict::NotDecided,
    }
}

fn fixed(decades: f64) -> String {
    format!("{decades:.1}")
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Met => "met",
            Verdict::NotMet => "not met",
            Verdict::NotDecided => "not decided",
            Verdict::NotMeasured => "not measured",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_rests_on_the_bounds_of_the_interval() {
        let interval = Interval::new(9.0, 11.0);
        assert_eq!(decide(interval, Limit::Below(12.0)), Verdict::Met);
        assert_eq!(decide(interval, Limit::Below(10.5)), Verdict::NotDecided);
        assert_eq!(decide(interval, Limit::Below(9.0)), Verdict::NotMet);
        assert_eq!(decide(interval, Limit::Above(8.0)), Verdict::Met);
        assert_eq!(decide(interval, Limit::Above(10.0)), Verdict::NotDecided);
        assert_eq!(decide(interval, Limit::Above(11.0)), Verdict::NotMet);
    }

    #[test]
    fn one_run_decides_nothing() {
        let finding = judged("x".to_owned(), "measured", 1.0, None, Limit::Below(10.0), |v| {
            significant(v, 3)
        });
        assert_eq!(finding.verdict, Verdict::NotDecided);
    }

    #[test]
    fn a_required_criterion_that_could_not_be_judged_fails() {
        let judged = |verdict, required| Judged {
            name: String::new(),
            required,
            verdict,
            findings: Vec::new(),
        };
        for verdict in [Verdict::NotMet, Verdict::NotDecided, Verdict::NotMeasured] {
            assert!(judged(verdict, true).has_failed(), "{verdict}");
            assert!(!judged(verdict, false).has_failed(), "{verdict}");
        }
        assert!(!judged(Verdict::Met, true).has_failed());
    }

    #[test]
    fn the_worst_finding_stands_for_the_criterion() {
        let finding = |verdict, strain| Finding {
            verdict,
            place: format!("{strain}"),
            because: String::new(),
            strain,
        };
        let judged = Judged {
            name: String::new(),
            required: true,
            verdict: Verdict::NotMet,
            findings: vec![
                finding(Verdict::Met, 9.0),
                finding(Verdict::NotMet, 1.5),
                finding(Verdict::NotMet, 2.5),
            ],
        };
        assert_eq!(judged.deciding().map(|of| of.place.as_str()), Some("2.5"));
    }
}
