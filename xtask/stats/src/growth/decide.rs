//! Which class: a class is decided when its model is not rejected and those of the others are.

use super::curve::Class;
use super::model::Candidate;
use super::{Fit, Verdict};
use crate::distribution::f_upper;
use crate::interval::Interval;

/// A class is given up only at this level, so that the true one is kept in at least 99 of 100 campaigns.
const REJECTION_LEVEL: f64 = 0.003;

/// Growth over the whole range that still counts as flat, if the interval excludes more.
const FLAT_WITHIN: f64 = 1.05;

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

/// Classes whose model with a constant is not significantly worse than the best of all.
///
/// With the best model's RSS₀ on df degrees of freedom and q more parameters (at least one), a model is
/// given up when `(RSS - RSS₀) / q > F(0.997; q, df) RSS₀ / df`: the F test where models are nested, the
/// same evidence asked for where they are not.
fn plausible_classes(candidates: &[Candidate]) -> Vec<Class> {
    let full: Vec<&Candidate> = candidates.iter().filter(|c| c.with_constant).collect();
    let Some(best) = full.iter().min_by(|a, b| a.rss().total_cmp(&b.rss())) else {
        return Vec::new();
    };
    full.iter().filter(|c| c.rss() <= rejection_rss(best, c)).map(|c| c.class).collect()
}

fn rejection_rss(best: &Candidate, other: &Candidate) -> f64 {
    let q = best.parameters().saturating_sub(other.parameters()).max(1) as f64;
    let f = f_upper(REJECTION_LEVEL, q, best.df());
    best.rss() * (1.0 + q * f / best.df())
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
    gain / without.residual_variance() > f_upper(REJECTION_LEVEL, 1.0, without.df())
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
