//! Which class: a class is decided when its model is not rejected and those of the others are.

use super::curve::Class;
use super::model::Candidate;
use super::{Fit, Verdict};
use crate::distribution::{f_upper, t_quantile};
use crate::interval::Interval;

/// A class is given up for a model that contains it only at this level.
const LEVEL_NESTED: f64 = 0.003;

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
}

pub(super) fn decide(candidates: &[Candidate], range: Interval) -> Decision {
    let plausible = plausible_classes(candidates);
    let growth_over_range = growth_over_range(candidates, range);
    let flat = Interval::new(1.0 / FLAT_WITHIN, FLAT_WITHIN).encloses(growth_over_range);
    let named: Vec<Class> = plausible.iter().copied().filter(|&c| c != Class::Power).collect();
    let verdict = match named[..] {
        [] => Verdict::Decided(Class::Power),
        // The flat model is a special case of every other: it is decided by the size of the growth.
        [Class::Constant, ..] if flat => Verdict::Decided(Class::Constant),
        [only] if only != Class::Constant => Verdict::Decided(only),
        _ => Verdict::NotDecided(plausible),
    };
    Decision { verdict, growth_over_range }
}

/// Classes whose model with a constant is not significantly worse than the best.
///
/// A model is given up against one with q more parameters and RSS₀ on df degrees of freedom when
/// `(RSS - RSS₀) / q > F(0.997; q, df) RSS₀ / df`, the F test of nested models (0.999 for O(1)); against a rival of as many
/// parameters when `(RSS - RSS₀) > t(0.99; df)² RSS₀ / df`.
fn plausible_classes(candidates: &[Candidate]) -> Vec<Class> {
    let full: Vec<&Candidate> = candidates.iter().filter(|c| c.with_constant).collect();
    let keeps = |c: &Candidate| full.iter().all(|other| c.rss() <= rejection_rss(other, c));
    full.iter().filter(|c| keeps(c)).map(|c| c.class).collect()
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
        .filter(|c| c.with_constant && Class::NAMED.contains(&c.class))
        .filter_map(|c| c.ln_growth(range.low, range.high))
        .reduce(Interval::hull)
        .map_or_else(Interval::unbounded, |ln| ln.map(f64::exp))
}

/// Whether one more point (the anchor) raises the sum of squares of `c + a n^b` beyond chance.
pub(super) fn contradicts(without: &[Candidate], with: &[Candidate]) -> bool {
    let free = |fits: &[Candidate]| {
        fits.iter().find(|c| c.class == Class::Power && c.with_constant).cloned()
    };
    let (Some(without), Some(with)) = (free(without), free(with)) else { return false };
    let gain = with.rss() - without.rss();
    gain / without.residual_variance() > f_upper(LEVEL_NESTED, 1.0, without.df())
}

/// Indices of the fit to show and of the best one of another class.
pub(super) fn shown(fits: &[Fit], verdict: &Verdict) -> (usize, Option<usize>) {
    let chosen = match verdict {
        Verdict::Decided(class) => {
            fits.iter().position(|f| f.class == *class && f.with_constant).unwrap_or(0)
        }
        Verdict::NotDecided(_) => 0,
    };
    let class = fits[chosen].class;
    (chosen, fits.iter().position(|f| f.class != class && f.aicc.is_some()))
}
