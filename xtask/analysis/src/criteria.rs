//! Stage 8: criteria get their verdicts. Decided on interval bounds, not on estimates: an expectation
//! is met when the whole interval is on its side, not met when none of it is, else not decided.

use std::fmt;

use stats::growth::{Class, Decision, Prediction};
use stats::{Describe, Growth, Interval};

use experiment::Criterion;
use experiment::criterion::{Expects, Limit, Sizes};
use record::metric::Metric;
use record::units::{Bytes, percent, significant};

use crate::cells::{Cell, Repetitions, Summary};
use crate::growth::{Scaling, Trust};

/// The answer to a criterion; the worst of its findings stands for all. Ordered from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The whole interval is on the wanted side.
    Met,
    /// The interval holds the bound.
    NotDecided,
    /// There is no value to judge.
    NotMeasured,
    /// The whole interval is on the other side.
    NotMet,
}

/// A criterion with its verdict and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The criterion's name.
    pub name: String,
    /// Whether not meeting it is a failure.
    pub required: bool,
    /// The worst of its findings.
    pub verdict: Verdict,
    /// One per variant, profile and size that it is about.
    pub findings: Vec<Finding>,
}

/// What was found at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The verdict at this place alone.
    pub verdict: Verdict,
    /// Variant, profile and, where there is one, size, in words.
    pub place: String,
    /// The value with its interval, its origin, and the bound.
    pub because: String,
    /// How much of the bound is used, to find the finding that is nearest to failing.
    strain: f64,
}

impl Judged {
    /// Whether it was required and is not met; what could not be judged is not met either.
    pub fn has_failed(&self) -> bool {
        self.required && self.verdict != Verdict::Met
    }

    /// The finding that decides: the worst verdict, and of those the one nearest to the bound.
    pub fn deciding(&self) -> Option<&Finding> {
        self.findings
            .iter()
            .max_by(|a, b| a.verdict.cmp(&b.verdict).then(a.strain.total_cmp(&b.strain)))
    }
}

/// Judges every criterion.
pub fn judge(criteria: &[Criterion], summary: &Summary, scalings: &[Scaling]) -> Vec<Judged> {
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
                .map(|cell| {
                    let known = (self.is_steady(cell, *metric), self.resolution(*metric, cell));
                    value(cell, *metric, *limit, known)
                })
                .collect(),
            Expects::Cv { metric, sizes, limit } => self
                .cells(variant, profile, Bytes(0))
                .filter(|cell| match sizes {
                    Sizes::At(size) => cell.size == *size,
                    Sizes::From(from) => cell.size >= *from,
                })
                // One run of a size that was chosen for growth is no gap in what is known of spread.
                .filter(|cell| !self.is_steady(cell, *metric))
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
                found.map(|of| leak_check(place, of)).into_iter().collect()
            }
        }
    }

    /// By how much a reading may be off.
    fn resolution(&self, metric: Metric, cell: &Cell) -> f64 {
        self.summary.self_tests.resolutions.error(metric, cell.size)
    }

    fn cells(&self, variant: &str, profile: &str, from: Bytes) -> impl Iterator<Item = &Cell> {
        self.summary.series(variant, profile).filter(move |cell| cell.size >= from)
    }

    /// Whether a cell has one run alone of a steady metric.
    fn is_steady(&self, cell: &Cell, metric: Metric) -> bool {
        cell.metric(metric).is_some_and(|of| of.n == 1)
            && self.summary.is_steady(&cell.variant, &cell.profile, metric)
    }

    /// What was looked up at that very size, where one run says what a metric is.
    fn looked_up(&self, scaling: &Scaling, size: Bytes, limit: Limit) -> Option<Finding> {
        let Scaling { variant, profile, metric, .. } = scaling;
        let value = scaling.looked_up_at(size.0 as f64)?.value?;
        if !self.summary.is_steady(variant, profile, *metric) {
            return None;
        }
        let error = self.summary.self_tests.resolutions.error(*metric, size);
        let interval = Some(Interval::new(value - error, value + error));
        let place = format!("{variant} on {profile}, {size}");
        let origin = "looked up in one run, the same in every run of other sizes";
        Some(judged(place, origin, value, interval, limit, |value| metric.show(value)))
    }

    fn scaling(&self, variant: &str, profile: &str, metric: Metric) -> Option<&Scaling> {
        self.scalings
            .iter()
            .find(|of| of.variant == variant && of.profile == profile && of.metric == metric)
    }

    /// Measured where there is a cell or where it was looked up, predicted where not.
    fn value_at(
        &self,
        variant: &str,
        profile: &str,
        metric: Metric,
        size: Bytes,
        limit: Limit,
    ) -> Finding {
        if let Some(cell) = self.cells(variant, profile, size).find(|cell| cell.size == size) {
            let known = (self.is_steady(cell, metric), self.resolution(metric, cell));
            return value(cell, metric, limit, known);
        }
        let place = format!("{variant} on {profile}, {size}");
        let Some(scaling) = self.scaling(variant, profile, metric) else {
            return not_measured(place, "neither measured nor fitted");
        };
        self.looked_up(scaling, size, limit)
            .unwrap_or_else(|| predicted(place, scaling, size, limit))
    }
}

/// The prediction of one run at a size against a limit.
///
/// Nothing is predicted beyond a failure, and a prediction of a series whose predictions missed where they
/// could be checked decides nothing.
fn predicted(place: String, scaling: &Scaling, size: Bytes, limit: Limit) -> Finding {
    let growth = match &scaling.growth {
        Ok(growth) => growth,
        Err(reason) => return not_measured(place, &format!("not predicted: {reason}")),
    };
    if scaling.is_beyond_failure(size.0 as f64) {
        return bounded(place, scaling, limit);
    }
    let Some(prediction) = growth.prediction(size.0 as f64) else {
        return not_measured(place, "not predicted: no model is positive there");
    };
    let metric = scaling.metric;
    let origin = format!(
        "predicted, {} decades beyond{}",
        fixed(prediction.decades_beyond),
        checked(scaling, &prediction)
    );
    let value = growth.decided().then_some(prediction.value);
    let of = Of { value, middle: prediction.value, interval: Some(prediction.interval) };
    unless_missed(scaling, judged_of(place, &origin, of, limit, |value| metric.show(value)))
}

/// What became of the prediction where it could be checked.
fn checked(scaling: &Scaling, prediction: &Prediction) -> String {
    let metric = scaling.metric;
    let looked_up = scaling.looked_up_at(prediction.size).or(scaling.looked_up.first());
    if let Some((found, hit)) = looked_up.and_then(|found| Some((found, found.is_hit()?))) {
        let value =
            found.value.map_or_else(|| found.outcome.to_string(), |value| metric.show(value));
        let hit = if hit { "a hit" } else { "**a miss**" };
        let size = Bytes(found.prediction.size as u64);
        return match found.prediction.size == prediction.size {
            true => format!(", looked up: {value}, {hit}"),
            false => format!(", looked up at {size}: {value}, {hit}"),
        };
    }
    match &scaling.held_out {
        Ok(held_out) if !held_out.inside => format!(
            "; the sizes below {} miss what it takes",
            Bytes(held_out.prediction.size as u64)
        ),
        _ => String::new(),
    }
}

/// A claim of a series whose predictions missed is not decided.
fn unless_missed(scaling: &Scaling, finding: Finding) -> Finding {
    match (scaling.trust(), finding.verdict) {
        (Trust::Missed, Verdict::Met | Verdict::NotMet) => {
            Finding { verdict: Verdict::NotDecided, ..finding }
        }
        _ => finding,
    }
}

/// At or beyond a size at which the variant failed: it is over a bound that it had reached there.
fn bounded(place: String, scaling: &Scaling, limit: Limit) -> Finding {
    let reached = scaling.reached_at_failure();
    let passed = match limit {
        Limit::Below(bound) => reached.is_some_and(|reached| reached >= bound),
        Limit::Above(_) => false,
    };
    let failure = scaling.failure().unwrap_or_default();
    Finding {
        verdict: if passed { Verdict::NotMet } else { Verdict::NotDecided },
        place,
        because: format!("nothing is predicted beyond a failure: {failure}"),
        strain: f64::INFINITY,
    }
}

/// The mean of a metric in a cell against a limit; whether one run says all, and by how much a reading
/// may be off.
fn value(
    cell: &Cell,
    metric: Metric,
    limit: Limit,
    (is_steady, resolution): (bool, f64),
) -> Finding {
    let place = place(cell);
    let Some(described) = cell.metric(metric) else {
        return not_measured(place, &failed(cell));
    };
    let is_exact = metric.is_exact() || is_steady;
    let exact = is_exact.then(|| Interval::new(described.mean, described.mean));
    let interval = exact.or(mean_interval(described)).map(|interval| {
        let (low, high) = (described.mean - resolution, described.mean + resolution);
        Interval::new(interval.low.min(low), interval.high.max(high))
    });
    let origin = if is_steady {
        "one run, the same in every run of other sizes"
    } else if is_exact {
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
pub fn mean_interval(described: &Describe) -> Option<Interval> {
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

/// The exponent of the decided class; undecided, of all classes that are left.
fn growth(place: String, scaling: Option<&Scaling>, limit: Limit) -> Finding {
    let Some(scaling) = scaling else { return not_measured(place, "not fitted") };
    let growth = match &scaling.growth {
        Ok(growth) => growth,
        Err(reason) => return not_measured(place, &reason.to_string()),
    };
    let mut origin = match &growth.verdict {
        Decision::Decided(class) => format!("{class} decided"),
        Decision::NotDecided(classes) => {
            let names: Vec<String> = classes.iter().map(ToString::to_string).collect();
            format!("not decided: {}", names.join(" or "))
        }
    };
    if let Some(failure) = scaling.failure() {
        origin = format!("{origin}, up to where it {failure}");
    }
    let classes = match &growth.verdict {
        Decision::Decided(class) => vec![*class],
        Decision::NotDecided(classes) => classes.clone(),
    };
    let exponents = classes.into_iter().map(|class| exponent(class, growth));
    let Some(hull) = exponents.reduce(Interval::hull) else {
        return not_measured(place, "no class is left");
    };
    let value = match hull.low == hull.high {
        true => Some(hull.low),
        false => growth.chosen().exponent.filter(|_| growth.decided()).map(|of| of.value),
    };
    let of = Of { value, middle: 0.5 * (hull.low + hull.high), interval: Some(hull) };
    let show = |value| significant(value, 3);
    unless_missed(scaling, judged_of(place, &format!("exponent, {origin}"), of, limit, show))
}

/// The local exponent of a class at the largest size, `d ln g / d ln n`: what a tenfold of input
/// multiplies the growing part by, in powers of ten.
fn exponent(class: Class, growth: &Growth) -> Interval {
    let ln = growth.range.high.max(std::f64::consts::E).ln();
    let point = |value| Interval::new(value, value);
    match class {
        Class::Constant => point(0.0),
        Class::Logarithmic => point(1.0 / ln),
        Class::SquareRoot => point(0.5),
        Class::Linear => point(1.0),
        Class::Linearithmic => point(1.0 + 1.0 / ln),
        Class::Quadratic => point(2.0),
        Class::Power => growth.exponent.map_or(Interval::unbounded(), |of| of.ci95),
    }
}

/// Memory is given back when what stays allocated after each repetition shows no upward trend.
fn leak_check(place: String, repetitions: &Repetitions) -> Finding {
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
                record::units::bytes(last - first),
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
                record::units::bytes(*last)
            ),
        ),
        Err(_) if settled.len() > 1 && settled.iter().all(|value| value == first) => (
            Verdict::Met,
            format!(
                "live heap of {} after each of the last {} repetitions",
                record::units::bytes(*last),
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
    judged_of(place, origin, Of { value: Some(value), middle: value, interval }, limit, show)
}

/// What is judged: a range alone where no point can be given.
struct Of {
    value: Option<f64>,
    /// Somewhere within, to order findings by.
    middle: f64,
    interval: Option<Interval>,
}

fn judged_of(
    place: String,
    origin: &str,
    Of { value, middle, interval }: Of,
    limit: Limit,
    show: impl Fn(f64) -> String,
) -> Finding {
    let said = match (value, interval) {
        (Some(value), Some(interval)) if interval.low == interval.high => show(value),
        (Some(value), Some(Interval { low, high })) => {
            format!("{} [{}, {}]", show(value), show(low), show(high))
        }
        (Some(value), None) => format!("{} [no interval from one run]", show(value)),
        (None, Some(Interval { low, high })) => format!("{} to {}", show(low), show(high)),
        (None, None) => show(middle),
    };
    let bound = format!("{} {}", limit.word(), show(limit.bound()));
    Finding {
        verdict: interval.map_or(Verdict::NotDecided, |interval| decide(interval, limit)),
        place,
        because: format!("{said}, {origin}; wanted {bound}"),
        strain: match limit {
            Limit::Below(bound) => middle / bound,
            Limit::Above(bound) => bound / middle,
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
