//! Which class: a class is decided when its model is not rejected and those of the others are.

use super::curve::{Class, Form, Size};
use super::minimise::Points;
use super::model::Candidate;
use super::{Fit, Verdict};
use crate::distribution::{f_upper, t_quantile};
use crate::interval::Interval;
use crate::regression::line;

/// A class is given up for a model that contains it only at this level.
const LEVEL_NESTED: f64 = 0.002;

/// The flat model is contained in all the others; with so many chances to be given up, each is smaller.
const LEVEL_FLAT: f64 = 0.001;

/// A class is given up for another of as many parameters at this (one-sided) level. Between two classes
/// the wrong one is then decided on in at most one campaign of a hundred, however alike they are.
const LEVEL_RIVAL: f64 = 0.01;

/// Growth over the whole range that still counts as flat, if the interval excludes more.
const FLAT_WITHIN: f64 = 1.07;

pub(super) struct Decision {
    pub(super) verdict: Verdict,
    pub(super) growth_over_range: Interval,
    pub(super) rests_on_largest: bool,
    /// Models not rejected, the simplest first.
    pub(super) plausible: Vec<(Class, Form)>,
}

/// Decides for the simplest kind of model that is not rejected, if only one class is left of that kind:
/// first `c` and `c + a g(n)`, then those with one parameter more.
pub(super) fn decide(points: &Points, candidates: &[Candidate], range: Interval) -> Decision {
    let mut plausible = plausible_models(candidates);
    let growth_over_range = growth_over_range(candidates, range);
    let flat = Interval::new(1.0 / FLAT_WITHIN, FLAT_WITHIN).encloses(growth_over_range);
    let grows = !plausible.contains(&FLAT);
    let rests_on_largest = grows && rests_on_largest(points);
    if rests_on_largest {
        plausible.insert(0, FLAT);
    }
    let simple = plausible.iter().filter(|m| !is_elaborate(**m)).map(|m| m.0).collect();
    let elaborate = plausible.iter().filter(|m| is_elaborate(**m)).map(|m| m.0).collect();
    let verdict = match (distinct(simple)[..].as_ref(), distinct(elaborate)[..].as_ref()) {
        _ if rests_on_largest => not_decided(&plausible),
        // The flat model is a special case of every other: it is decided by the size of the growth.
        ([Class::Constant, ..], _) if flat => Verdict::Decided(Class::Constant),
        ([only], _) if *only != Class::Constant => Verdict::Decided(*only),
        ([], [only]) => Verdict::Decided(*only),
        _ => not_decided(&plausible),
    };
    Decision { verdict, growth_over_range, rests_on_largest, plausible }
}

const FLAT: (Class, Form) = (Class::Constant, Form::Flat);

/// Three parameters rather than one or two.
fn is_elaborate((class, form): (Class, Form)) -> bool {
    class == Class::Power || matches!(form, Form::WithRoot | Form::Levelling | Form::Filling)
}

fn not_decided(plausible: &[(Class, Form)]) -> Verdict {
    Verdict::NotDecided(distinct(plausible.iter().map(|m| m.0).collect()))
}

fn distinct(mut classes: Vec<Class>) -> Vec<Class> {
    classes.sort();
    classes.dedup();
    classes
}

/// Whether the sizes but the largest show no trend and little spread.
///
/// One step at the end (a page, a doubled buffer) is fitted by any steep curve as if without error. The
/// slopes of `ln y` on `ln n` and on n are both tested on the others, at the level of the flat model.
fn rests_on_largest(points: &Points) -> bool {
    let Some(largest) = points.sizes.iter().map(|s| s.n).reduce(f64::max) else { return false };
    let others: Vec<(Size, f64)> = points
        .sizes
        .iter()
        .copied()
        .zip(points.ln_values.iter().copied())
        .filter(|(size, _)| size.n < largest && size.n > 0.0)
        .collect();
    let y: Vec<f64> = others.iter().map(|o| o.1).collect();
    let spread = y.iter().fold(f64::NEG_INFINITY, |m, v| m.max(*v))
        - y.iter().fold(f64::INFINITY, |m, v| m.min(*v));
    let trendless = |x: Vec<f64>| line(&x, &y).is_some_and(|l| l.p.is_none_or(|p| p > LEVEL_FLAT));
    spread < FLAT_WITHIN.ln()
        && trendless(others.iter().map(|o| o.0.ln).collect())
        && trendless(others.iter().map(|o| o.0.n / largest).collect())
}

/// Models with a constant that are not significantly worse than the best, in order of parameters.
///
/// A model is given up against one with q more parameters and RSS₀ on df degrees of freedom when
/// `(RSS - RSS₀) / q > F(1 - level; q, df) RSS₀ / df`, the F test of nested models; against a rival of as
/// many parameters when `RSS - RSS₀ > t(0.99; df)² RSS₀ / df`.
fn plausible_models(candidates: &[Candidate]) -> Vec<(Class, Form)> {
    let full: Vec<&Candidate> = candidates.iter().filter(|c| c.full()).collect();
    let keeps = |c: &Candidate| full.iter().all(|other| c.rss() <= rejection_rss(other, c));
    let mut kept: Vec<&Candidate> = full.iter().copied().filter(|c| keeps(c)).collect();
    // What fills up and goes on growing can bend into most of the others: it stands for what none of
    // them fits.
    if kept.iter().any(|c| c.form != Form::Filling) {
        kept.retain(|c| c.form != Form::Filling);
    }
    kept.sort_by_key(|c| c.parameters());
    kept.into_iter().map(|c| (c.class, c.form)).collect()
}

/// The sum of squares at which `model` is given up for `other`.
fn rejection_rss(other: &Candidate, model: &Candidate) -> f64 {
    let df = other.df();
    let evidence = match other.parameters().cmp(&model.parameters()) {
        std::cmp::Ordering::Less => return f64::INFINITY,
        std::cmp::Ordering::Equal => t_quantile(1.0 - LEVEL_RIVAL, df).powi(2),
        std::cmp::Ordering::Greater => {
            let q = (other.parameters() - model.parameters()) as f64;
            let level = if model.parameters() == 1 { LEVEL_FLAT } else { LEVEL_NESTED };
            q * f_upper(level, q, df)
        }
    };
    other.rss() * (1.0 + evidence / df)
}

/// The hull over the models that grow, free exponents apart.
fn growth_over_range(candidates: &[Candidate], range: Interval) -> Interval {
    candidates
        .iter()
        .filter(|c| c.form == Form::WithConstant && c.class != Class::Power)
        .filter_map(|c| c.ln_growth(range.low, range.high))
        .reduce(Interval::hull)
        .map_or_else(Interval::unbounded, |ln| ln.map(f64::exp))
}

/// Whether one more point (the anchor) raises the sum of squares of `c + a n^b` beyond chance.
pub(super) fn contradicts(without: &[Candidate], with: &[Candidate]) -> bool {
    let free =
        |fits: &[Candidate]| fits.iter().find(|c| c.class == Class::Power && c.full()).cloned();
    let (Some(without), Some(with)) = (free(without), free(with)) else { return false };
    let gain = with.rss() - without.rss();
    gain / without.residual_variance() > f_upper(LEVEL_NESTED, 1.0, without.df())
}

/// Indices of the fit to show and of the best one of another class.
pub(super) fn shown(fits: &[Fit], decision: &Decision) -> (usize, Option<usize>) {
    let chosen = match &decision.verdict {
        Verdict::Decided(class) => {
            // The simplest plausible model of the class.
            let model = decision.plausible.iter().find(|m| m.0 == *class);
            fits.iter().position(|f| Some(&(f.class, f.form)) == model).unwrap_or(0)
        }
        Verdict::NotDecided(_) => 0,
    };
    let class = fits[chosen].class;
    (chosen, fits.iter().position(|f| f.class != class && f.aicc.is_some()))
}
