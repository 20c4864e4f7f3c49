//! Values of fitted models at other sizes, their intervals, and the way back from a budget to a size.

use super::{Fit, Growth, RunNoise};
use crate::distribution::{t_quantile, t_two_sided, t95};
use crate::interval::Interval;

/// A value foretold for one new run at a size.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The size.
    pub size: f64,
    /// The fitted value, in units of the metric.
    pub value: f64,
    /// 95 % prediction interval of one run.
    pub interval: Interval,
    /// How far beyond the largest size fitted, in decades; 0 within.
    pub decades_beyond: f64,
    /// The smallest failing size, where the prediction is for that size or beyond: there may be no
    /// value to predict.
    pub beyond_failure: Option<f64>,
    /// Whether several models were averaged because no class was decided.
    pub averaged: bool,
}

/// The largest input that fits a budget.
#[derive(Debug, Clone, PartialEq)]
pub enum LargestInput {
    /// A size was found.
    Fits {
        /// Where the fitted curve meets the budget.
        size: f64,
        /// Where the 95 % prediction band of one run does: at the lower size a run stays within budget
        /// with probability 0.975; an end that is never met is infinite.
        interval: Interval,
        /// How far `size` lies beyond the largest size fitted, in decades.
        decades_beyond: f64,
    },
    /// The curve is above the budget at every size from the smallest fitted on.
    NeverFits,
    /// The curve does not reach the budget within [`LargestInput::DECADES_MAX`] decades.
    NotReached,
}

impl LargestInput {
    /// How far beyond the data a budget is looked for.
    pub const DECADES_MAX: f64 = 6.0;
}

impl Fit {
    /// The fitted value at a size; `None` where the curve is not positive.
    pub fn at(&self, size: f64) -> Option<f64> {
        self.candidate.at(size).map(|value| value * self.scale)
    }

    /// 95 % confidence interval of the fitted curve at a size.
    ///
    /// `exp(ln f ± t(0.975, df) s sqrt(vᵀ(JᵀJ)⁻¹v))`, `v` the gradient of `ln f` (delta method).
    pub fn confidence_band(&self, size: f64) -> Option<Interval> {
        let ln = self.at(size)?.ln();
        let half = self.candidate.t95() * self.candidate.ln_variance(size).sqrt();
        Some(Interval::around(ln, half).map(f64::exp))
    }

    /// 95 % prediction interval of a new point (a cell mean like those fitted) at a size.
    pub fn prediction(&self, size: f64) -> Option<Interval> {
        let ahead = self.ahead(size, &RunNoise::default())?;
        Some(Interval::around(ahead.ln, t95(ahead.df) * ahead.sd).map(f64::exp))
    }

    /// The predictive t distribution of one run in logs. The residuals of cell means hold size-level
    /// deviations and 1/runs of the noise of a run; the rest of that noise is added, the degrees of
    /// freedom are Satterthwaite's.
    fn ahead(&self, size: f64, noise: &RunNoise) -> Option<Ahead> {
        let curve = self.candidate.residual_variance() + self.candidate.ln_variance(size);
        let run = noise.variance * noise.hidden;
        let curve_share = curve.powi(2) / self.candidate.df();
        let run_share = if run > 0.0 { run.powi(2) / noise.df } else { 0.0 };
        Some(Ahead {
            ln: self.at(size)?.ln(),
            sd: (curve + run).sqrt(),
            df: (curve + run).powi(2) / (curve_share + run_share),
        })
    }
}

/// A t distribution of `ln y`.
struct Ahead {
    ln: f64,
    sd: f64,
    df: f64,
}

impl Ahead {
    fn cdf(&self, ln: f64) -> f64 {
        let t = (ln - self.ln) / self.sd;
        let tail = 0.5 * t_two_sided(t, self.df);
        if t < 0.0 { tail } else { 1.0 - tail }
    }

    fn quantile(&self, p: f64) -> f64 {
        self.ln + self.sd * t_quantile(p, self.df)
    }
}

impl Growth {
    /// Predicts one run at a size, from the decided class or, undecided, from the plausible classes
    /// weighted by AICc (Burnham and Anderson 2002, section 4.2). `None` where no curve is positive.
    pub fn prediction(&self, size: f64) -> Option<Prediction> {
        let mixture = self.mixture(size);
        let value = self.chosen().at(size).or_else(|| mixture.first().map(|m| m.1.ln.exp()))?;
        let interval = Interval::new(quantile(&mixture, 0.025)?, quantile(&mixture, 0.975)?);
        Some(Prediction {
            size,
            value,
            interval: interval.map(f64::exp),
            decades_beyond: self.decades_beyond(size),
            beyond_failure: self.failures.first().map(|f| f.size).filter(|&s| size >= s),
            averaged: mixture.len() > 1,
        })
    }

    /// The largest input whose predicted value is within `budget`.
    pub fn largest_input_for(&self, budget: f64) -> LargestInput {
        let value = |size: f64| self.prediction(size).map(|p| p.value);
        let low = |size: f64| self.prediction(size).map(|p| p.interval.low);
        let high = |size: f64| self.prediction(size).map(|p| p.interval.high);
        match self.crossing(budget, value) {
            Crossing::Below => LargestInput::NeverFits,
            Crossing::Beyond => LargestInput::NotReached,
            Crossing::At(size) => LargestInput::Fits {
                size,
                interval: Interval::new(
                    self.crossing(budget, high).or(0.0),
                    self.crossing(budget, low).or(f64::INFINITY),
                ),
                decades_beyond: self.decades_beyond(size),
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

    fn decades_beyond(&self, size: f64) -> f64 {
        (size / self.range.high).log10().max(0.0)
    }

    /// The weighted models a prediction is made from.
    fn mixture(&self, size: f64) -> Vec<(f64, Ahead)> {
        let models: Vec<&Fit> = if self.decided() {
            vec![self.chosen()]
        } else {
            let plausible = |fit: &&Fit| self.plausible.contains(&(fit.class, fit.form));
            self.fits.iter().filter(plausible).filter(|fit| fit.weight > 0.0).collect()
        };
        // Models of as many parameters are variations of one: they share one prior weight, or five ways
        // to grow would outvote the flat one. Where all rests on one size, its evidence counts nothing.
        let alike = |fit: &Fit| models.iter().filter(|m| m.parameters == fit.parameters).count();
        let weight = |fit: &Fit| {
            if models.len() == 1 || self.rests_on_largest {
                1.0
            } else {
                fit.weight / alike(fit) as f64
            }
        };
        let ahead: Vec<(f64, Ahead)> = models
            .iter()
            .filter_map(|fit| Some((weight(fit), fit.ahead(size, &self.noise)?)))
            .collect();
        let total: f64 = ahead.iter().map(|a| a.0).sum();
        ahead.into_iter().map(|(w, a)| (w / total, a)).collect()
    }

    /// Where a rising curve passes the budget, by bisection on the logarithm of the size.
    fn crossing(&self, budget: f64, curve: impl Fn(f64) -> Option<f64>) -> Crossing {
        let above = |ln: f64| curve(ln.exp()).is_some_and(|value| value > budget);
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

impl Crossing {
    fn or(self, open: f64) -> f64 {
        if let Self::At(size) = self { size } else { open }
    }
}

/// Quantile of a mixture of t distributions in logs.
fn quantile(mixture: &[(f64, Ahead)], p: f64) -> Option<f64> {
    let ends = mixture.iter().map(|(_, ahead)| ahead.quantile(p));
    let (mut low, mut high) =
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), q| (low.min(q), high.max(q)));
    if !(low.is_finite() && high.is_finite()) {
        return None;
    }
    let cdf = |ln: f64| mixture.iter().map(|(weight, a)| weight * a.cdf(ln)).sum::<f64>();
    for _ in 0..60 {
        if high - low <= 1e-12 * (1.0 + low.abs()) {
            break;
        }
        let middle = 0.5 * (low + high);
        if cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}
