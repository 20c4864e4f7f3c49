//! Values of fitted laws at other sizes, their intervals, and the way back from a budget to a size.

use super::curve::Class;
use super::evidence::Component;
use super::law::{Search, Shaped};
use super::noise::{CHUNKS, GROWN_LEAST, Relative};
use super::posterior::Weighed;
use super::{Decision, Fit, Growth, Ruler, mixture};
use crate::distribution::{normal_cdf, normal_quantile};
use crate::interval::Interval;

/// Components with their weights, which add up to one.
pub(super) type Mixture = Vec<(f64, Component)>;

/// A value foretold for one new run at a size.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The size.
    pub size: f64,
    /// The middle of what is left, in units of the metric. Where `averaged`, the interval is the answer
    /// and no value in it is likelier than its neighbours.
    pub value: f64,
    /// 95 % prediction interval of one run.
    pub interval: Interval,
    /// How far beyond the largest size fitted, in decades; 0 within.
    pub decades_beyond: f64,
    /// The smallest failing size, where the prediction is for that size or beyond: there may be no
    /// value to predict.
    pub beyond_failure: Option<f64>,
    /// Whether several classes were averaged because none was decided.
    pub averaged: bool,
}

/// The largest input that fits a budget.
#[derive(Debug, Clone, PartialEq)]
pub enum LargestInput {
    /// A size was found, by a decided class.
    Fits {
        /// Where the fitted curve meets the budget.
        size: f64,
        /// Where the 95 % prediction band of one run does: at the lower size a run stays within budget
        /// with probability 0.975; an end that is never met is infinite.
        interval: Interval,
        /// How far `size` lies beyond the largest size fitted, in decades.
        decades_beyond: f64,
    },
    /// No class is decided, or the band meets the budget at one end only: a range, and no size in it.
    Between {
        /// At the lower size a run stays within budget with probability 0.975. An open end is infinite.
        interval: Interval,
        /// How far the lower end lies beyond the largest size fitted, in decades.
        decades_beyond: f64,
    },
    /// Even the smallest size fitted is over the budget.
    NeverFits,
    /// The class is decided, and no end of the band meets the budget within
    /// [`LargestInput::DECADES_MAX`] decades.
    NotReached,
    /// A run failed at this size before any was over the budget: nothing is said beyond.
    Fails {
        /// The smallest failing size.
        size: f64,
    },
}

impl LargestInput {
    /// How far beyond the data a budget is looked for.
    pub const DECADES_MAX: f64 = 6.0;
}

/// Normal with a weight: weight, mean, standard deviation.
pub(super) type Part = (f64, f64, f64);

impl Fit {
    /// The fitted value at a size; `None` where the curve is not positive.
    pub fn at(&self, size: f64) -> Option<f64> {
        let value = self.weighed.components.iter().map(|(w, c)| w * c.mean(size)).sum::<f64>();
        (value > 0.0 && value.is_finite()).then_some(value * self.scale)
    }

    /// 95 % interval of the fitted curve at a size.
    pub fn confidence_band(&self, size: f64) -> Option<Interval> {
        let parts: Vec<Part> = self
            .weighed
            .components
            .iter()
            .map(|(w, c)| {
                let x = c.shaped.at(super::Size::new(size));
                (*w, c.mean(size), c.variance_of(&x).sqrt())
            })
            .collect();
        let at = |p| mixture_quantile(&parts, p).map(|q| q * self.scale).filter(|q| *q > 0.0);
        Some(Interval::new(at(0.025)?, at(0.975)?))
    }
}

impl Growth {
    /// Predicts one run at a size, from the laws of the decided class or, undecided, from all that are
    /// left by their probability. `None` where no curve is positive.
    pub fn prediction(&self, size: f64) -> Option<Prediction> {
        let mixture = self.mixture();
        let parts = parts_at(&mixture, size, &self.ruler);
        let value = mixture_quantile(&parts, 0.5).filter(|v| *v > 0.0)? * self.ruler.scale;
        let mut low = mixture_quantile(&parts, 0.025)?.max(0.5 * self.ruler.least);
        let mut high = mixture_quantile(&parts, 0.975)?;
        if self.rests_on_largest {
            // The largest size may be the first of a line of its own, or of a level.
            let beyond = (size / self.range.high).max(1.0);
            high = high.max(self.ruler.last * beyond);
            low = low.min(self.ruler.last * (1.0 - LEVEL_WITHIN));
        }
        let interval = Interval::new(low, high);
        Some(Prediction {
            size,
            value,
            interval: interval.map(|end| end * self.ruler.scale),
            decades_beyond: self.decades_beyond(size),
            beyond_failure: self.failures.first().map(|f| f.size).filter(|&s| size >= s),
            averaged: !self.decided(),
        })
    }

    /// The largest input whose predicted value is within `budget`.
    ///
    /// The smallest failing size bounds the answer: nothing fits beyond a failure.
    pub fn largest_input_for(&self, budget: f64) -> LargestInput {
        let mixture = self.mixture();
        let within = |size: f64| {
            let parts = parts_at(&mixture, size, &self.ruler);
            mixture_cdf(&parts, budget / self.ruler.scale)
        };
        let crossing = |p: f64| self.crossing(|size| within(size) < p);
        let (low, middle, high) = (crossing(0.975), crossing(0.5), crossing(0.025));
        let open = |c: &Crossing| match c {
            Crossing::Below => 0.0,
            Crossing::At(size) => *size,
            Crossing::Beyond => f64::INFINITY,
        };
        let failed = self.failures.first().map_or(f64::INFINITY, |f| f.size);
        let interval = Interval::new(open(&low).min(failed), open(&high).min(failed));
        match middle {
            Crossing::Below => LargestInput::NeverFits,
            _ if failed.is_finite() && interval.low >= failed => {
                LargestInput::Fails { size: failed }
            }
            Crossing::At(size) if self.decided() && size < failed => {
                LargestInput::Fits { size, interval, decades_beyond: self.decades_beyond(size) }
            }
            Crossing::Beyond if self.decided() && interval.low.is_infinite() => {
                LargestInput::NotReached
            }
            _ => LargestInput::Between {
                interval,
                decades_beyond: self.decades_beyond(interval.low),
            },
        }
    }

    /// Whether the failures are where the prediction puts them: `Some(false)` where a run that failed
    /// at a limit was predicted to stay below it. `None` where no failure names a limit.
    pub fn failures_agree(&self) -> Option<bool> {
        let agreements = self.failures.iter().filter_map(|failure| {
            let limit = failure.at_least?;
            Some(self.prediction(failure.size)?.interval.high >= limit)
        });
        agreements.reduce(|a, b| a && b)
    }

    /// Mean and variance of one run at a size, as one class has it; scaled.
    pub(super) fn moments(&self, class: Class, size: f64) -> Option<(f64, f64)> {
        let of_class: Vec<&Weighed> =
            self.fits.iter().filter(|f| f.class == class).map(|f| &f.weighed).collect();
        if of_class.is_empty() {
            return None;
        }
        Some(moments(&parts_at(&mixture(&of_class), size, &self.ruler)))
    }

    fn decades_beyond(&self, size: f64) -> f64 {
        (size / self.range.high).log10().clamp(0.0, f64::MAX)
    }

    /// The laws of the decided class, or all.
    fn mixture(&self) -> Mixture {
        let of_class = |fit: &&Fit| match &self.verdict {
            Decision::Decided(class) => fit.class == *class,
            Decision::NotDecided(_) => true,
        };
        let laws: Vec<&Weighed> = self.fits.iter().filter(of_class).map(|f| &f.weighed).collect();
        mixture(&laws)
    }

    /// Where a rising curve passes the budget, by bisection on the logarithm of the size.
    fn crossing(&self, above: impl Fn(f64) -> bool) -> Crossing {
        let above = |ln: f64| above(ln.exp());
        let mut low = self.range.low.ln();
        let mut high = self.range.high.ln() + LargestInput::DECADES_MAX * std::f64::consts::LN_10;
        if above(low) {
            return Crossing::Below;
        }
        if !above(high) {
            return Crossing::Beyond;
        }
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            if above(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Crossing::At(low.exp())
    }
}

enum Crossing {
    Below,
    At(f64),
    Beyond,
}

/// No law of real programs holds better than to this share of what has grown, per decade beyond the data,
/// however well it fits them; and worse in proportion where it was seen to hold over less than [`HELD`]
/// decades.
const DRIFT: f64 = 0.02;
const HELD: f64 = 2.0;

/// Nor is a level the same to the page a decade on: this share of the value.
const LEVEL_DRIFT: f64 = 0.002;

/// What stays level does so within this share.
const LEVEL_WITHIN: f64 = 0.02;

/// Misfit at a size that was not fitted, in terms of that at those that were: what sizes held out of the
/// real bench show.
const AHEAD: f64 = 1.75;

/// One run at a size, as a mixture of normals, scaled.
pub(super) fn parts_at(mixture: &Mixture, size: f64, ruler: &Ruler) -> Vec<Part> {
    let mut parts = Vec::with_capacity(mixture.len());
    let beyond = (size / ruler.largest).log10().max(0.0);
    for (weight, component) in mixture {
        let held = (ruler.largest / component.from.max(ruler.smallest)).log10();
        let drift = DRIFT * beyond * (HELD / held).max(1.0);
        // A phase stands for a stretch of phases; the size may fall over a step within it.
        for (share, shaped) in phases(component, size) {
            let x = shaped.at(super::Size::new(size));
            let mean: f64 = (0..3).map(|i| x[i] * component.beta[i]).sum();
            let grown = (mean - ruler.least).max(0.0);
            let unit = match component.kind.relative {
                Relative::Value => mean.abs(),
                Relative::Growth => grown + GROWN_LEAST * ruler.span,
                Relative::Chunks => CHUNKS * ruler.span,
            };
            let variance = component.variance_of(&x)
                + (AHEAD * component.s * unit).powi(2)
                + (drift * grown).powi(2)
                + (LEVEL_DRIFT * beyond * mean).powi(2)
                + ruler.run * mean * mean
                + ruler.step;
            let sd = variance.sqrt();
            let is_open = component.without_largest || component.may_stay;
            if is_open && size > ruler.largest {
                // What comes is level as likely as not.
                parts.push((0.5 * weight * share, mean, sd));
                let level = sd.min(LEVEL_WITHIN * ruler.last);
                parts.push((0.5 * weight * share, ruler.last, level));
            } else {
                parts.push((weight * share, mean, sd));
            }
        }
    }
    parts
}

fn phases(component: &Component, size: f64) -> Vec<(f64, Shaped)> {
    let shaped = component.shaped;
    if shaped.law.search() != Search::Phase || size <= 0.0 {
        return vec![(1.0, shaped)];
    }
    let low = shaped.shape - component.reach;
    let (factor, phase) = shaped.law.step(shaped.shape);
    // Where in the stretch the size falls over a step.
    let from = phase - component.reach;
    let at = (size.ln() / factor.ln() - from).rem_euclid(1.0) / (2.0 * component.reach);
    if at >= 1.0 {
        return vec![(1.0, shaped)];
    }
    let with = |shape: f64| shaped.reshaped(shape);
    vec![
        (at, with(low + component.reach * at)),
        (1.0 - at, with(low + component.reach * (1.0 + at))),
    ]
}

fn mixture_cdf(parts: &[Part], at: f64) -> f64 {
    parts
        .iter()
        .map(|&(w, mean, sd)| {
            if sd > 0.0 {
                w * normal_cdf((at - mean) / sd)
            } else if at >= mean {
                w
            } else {
                0.0
            }
        })
        .sum()
}

fn moments(parts: &[Part]) -> (f64, f64) {
    let mean: f64 = parts.iter().map(|p| p.0 * p.1).sum();
    let variance: f64 = parts.iter().map(|p| p.0 * (p.2 * p.2 + (p.1 - mean).powi(2))).sum();
    (mean, variance)
}

/// Quantile of a mixture of normals: Newton's steps within a bracket that shrinks.
pub(super) fn mixture_quantile(parts: &[Part], p: f64) -> Option<f64> {
    let ends = |k: f64| parts.iter().map(move |&(_, mean, sd)| mean + k * sd);
    let mut low = ends(-6.0).fold(f64::INFINITY, f64::min);
    let mut high = ends(6.0).fold(f64::NEG_INFINITY, f64::max);
    if !(low.is_finite() && high.is_finite()) {
        return None;
    }
    let (mean, variance) = moments(parts);
    let mut at = (mean + normal_quantile(p) * variance.sqrt()).clamp(low, high);
    let tolerance = 1e-11 * (low.abs() + high.abs());
    for round in 0..80 {
        if high - low <= tolerance {
            break;
        }
        let off = mixture_cdf(parts, at) - p;
        if off < 0.0 {
            low = at;
        } else {
            high = at;
        }
        let step = off / mixture_density(parts, at);
        let next = at - step;
        // Every third step halves the bracket, whatever Newton says.
        let newton = next > low && next < high && round % 3 != 2;
        if newton && step.abs() <= tolerance {
            return Some(next);
        }
        at = if newton { next } else { 0.5 * (low + high) };
    }
    Some(at)
}

fn mixture_density(parts: &[Part], at: f64) -> f64 {
    const ROOT_TAU: f64 = 2.506_628_274_631_000_7;
    parts
        .iter()
        .filter(|part| part.2 > 0.0)
        .map(|&(w, mean, sd)| w * (-0.5 * ((at - mean) / sd).powi(2)).exp() / (sd * ROOT_TAU))
        .sum()
}
