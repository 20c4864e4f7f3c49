//! How a metric grows with the input: constant part, class, exponent, predictions.
//!
//! Models `c + a g(n)` are fitted to the logarithms of cell means, one point per size, so that every
//! size weighs the same by its relative deviation, over any number of decades. Size is the replicate:
//! repeats of one size enter only through its mean, and the spread about the curve is what intervals are
//! made of. METHODOLOGY.md explains the choices; `calibrate` shows what they are worth.
//!
//! Three models serve what programs do rather than what textbooks list: `c + a n^b`, a line still bent by
//! a root, and a line that levels off where a window or a table is full.
//!
//! Sizes are bytes (or another count of at least one): `n log n` is not the same curve in megabytes.

mod curve;
mod decide;
mod minimise;
mod model;
mod next;
mod predict;

pub use curve::{Class, Form};
pub use next::{Asked, Next, Plan, Why, next_size};
pub use predict::{LargestInput, Prediction};

use crate::describe::Describe;
use crate::interval::Interval;
use crate::power_law::check_positive;
use crate::undetermined::Undetermined;
use curve::{Shape, Size};
use minimise::Points;
use model::{Candidate, candidates};

/// The summary of one cell as growth needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizePoint {
    /// Size of the input; 0 is the empty document.
    pub size: f64,
    /// Mean of the runs.
    pub mean: f64,
    /// Number of runs.
    pub runs: usize,
    /// Standard deviation of the runs; `None` with one run.
    pub sd: Option<f64>,
    /// Step of the counter that the values were read from, in their unit; 0 where there is none.
    pub quantum: f64,
}

impl SizePoint {
    /// A point known by its value alone.
    pub fn single(size: f64, value: f64) -> Self {
        Self { size, mean: value, runs: 1, sd: None, quantum: 0.0 }
    }

    /// A point from the description of its cell.
    pub fn of(size: f64, cell: &Describe) -> Self {
        Self { size, mean: cell.mean, runs: cell.n, sd: cell.sd, quantum: 0.0 }
    }

    /// The same point, read from a counter that moves in steps.
    #[must_use]
    pub fn with_quantum(self, quantum: f64) -> Self {
        Self { quantum, ..self }
    }
}

/// A size at which the variant failed: named, not fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failure {
    /// Size of the input.
    pub size: f64,
    /// What the metric reached at least, where the failure says so (a memory or time limit).
    pub at_least: Option<f64>,
}

/// Fewest sizes (the empty document counted) that growth is determined from: with fewer, no model with
/// a constant leaves room for the small-sample correction.
pub const SIZES_MIN: usize = 5;

/// An estimate with its 95 % interval, whose open ends are infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// 95 % profile-likelihood interval.
    pub ci95: Interval,
}

/// One model of the comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Its class.
    pub class: Class,
    /// Its form.
    pub form: Form,
    /// Whether the constant part is fitted: every form but [`Form::Pure`].
    pub with_constant: bool,
    /// `c`, in units of the metric; the level of a levelling curve; `None` where left out or without
    /// meaning.
    pub constant: Option<Estimate>,
    /// The size from which a levelling curve is level, and a filling one full.
    pub levels_from: Option<f64>,
    /// `d` of `c + d sqrt(n) + a n`, in units of the metric per root of size.
    pub root: Option<f64>,
    /// `a`, in units of the metric per unit of `g(n)`: bytes per byte for a linear class.
    pub slope: Option<Estimate>,
    /// The exponent, where it is fitted.
    pub exponent: Option<Estimate>,
    /// Fitted parameters, the variance not counted.
    pub parameters: usize,
    /// Residual standard deviation of `ln y`.
    pub residual_sd: f64,
    /// AICc; `None` where there are too few sizes for this many parameters.
    pub aicc: Option<f64>,
    /// AICc less that of the best model.
    pub delta_aicc: Option<f64>,
    /// Akaike weight among the models compared; 0 where there is no AICc.
    pub weight: f64,
    candidate: Candidate,
    scale: f64,
}

/// The answer to "which class?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// One class fits and the others do not.
    Decided(Class),
    /// These classes all fit; the data does not tell them apart.
    NotDecided(Vec<Class>),
}

/// What became of the empty document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    /// None was given.
    Absent,
    /// It is one of the points, at size 0.
    Used,
    /// It lies off the curve of the other sizes (0.2 % level) and was left out: an empty document
    /// takes another path through the encoder.
    Contradicted {
        /// Its value.
        value: f64,
    },
}

/// Growth of a metric with size.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// All models, best AICc first.
    pub fits: Vec<Fit>,
    /// Which class, or which ones.
    pub verdict: Verdict,
    /// Index in `fits` of the model to show: the decided class with its constant, or the best by AICc.
    pub chosen: usize,
    /// Index in `fits` of the best model of another class. With a decided class its `delta_aicc` may
    /// (one time in twenty) be below that of the chosen: AICc is lenient to a spare exponent.
    pub runner_up: Option<usize>,
    /// Exponent of `c + a n^b`, whatever the class; unbounded interval where growth is not seen.
    /// `None` with too few sizes.
    pub exponent: Option<Estimate>,
    /// Whether the growth rests on the largest size alone, the others being flat: then no class is
    /// decided, however well a steep curve fits.
    pub rests_on_largest: bool,
    /// Ratio of the fitted value at the largest size to that at the smallest: the widest of the 95 %
    /// intervals of the models with a constant.
    pub growth_over_range: Interval,
    /// The empty document.
    pub anchor: Anchor,
    /// Sizes fitted, the anchor counted if used.
    pub n: usize,
    /// Smallest and largest size fitted (without the anchor).
    pub range: Interval,
    /// The failures given, smallest size first.
    pub failures: Vec<Failure>,
    noise: RunNoise,
    /// The models that predictions are made from.
    plausible: Vec<(Class, Form)>,
}

/// Spread of single runs about their cell's mean, in logs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct RunNoise {
    /// Pooled variance of `ln y` within cells.
    variance: f64,
    /// Its degrees of freedom.
    df: f64,
    /// Mean of `1 - 1/runs`: the share of it that cell means do not show.
    hidden: f64,
}

impl Fit {
    /// The model as a formula: `c + a n`.
    pub fn formula(&self) -> &'static str {
        match (self.form, self.class) {
            (Form::Flat, _) => "c",
            (Form::WithRoot, _) => "c + d n^0.5 + a n",
            (Form::Levelling, _) => "b + a n, level at c",
            (Form::Filling, _) => "c + d min(n, m) + a n",
            (Form::Pure, Class::Logarithmic) => "a ln n",
            (Form::Pure, Class::SquareRoot) => "a n^0.5",
            (Form::Pure, Class::Linear) => "a n",
            (Form::Pure, Class::Linearithmic) => "a n ln n",
            (Form::Pure, Class::Quadratic) => "a n^2",
            (Form::Pure, _) => "a n^b",
            (_, Class::Logarithmic) => "c + a ln n",
            (_, Class::SquareRoot) => "c + a n^0.5",
            (_, Class::Linear) => "c + a n",
            (_, Class::Linearithmic) => "c + a n ln n",
            (_, Class::Quadratic) => "c + a n^2",
            (_, _) => "c + a n^b",
        }
    }
}

impl Growth {
    /// Whether one class was decided on.
    pub fn decided(&self) -> bool {
        matches!(self.verdict, Verdict::Decided(_))
    }

    /// The model to show.
    pub fn chosen(&self) -> &Fit {
        &self.fits[self.chosen]
    }

    /// The best model of another class.
    pub fn runner_up(&self) -> Option<&Fit> {
        self.runner_up.map(|i| &self.fits[i])
    }
}

/// The largest size, foretold by the others.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// What the other sizes predict for one run there.
    pub prediction: Prediction,
    /// The mean measured there.
    pub measured: f64,
    /// Whether it lies in the prediction's interval.
    pub inside: bool,
}

/// Leaves the largest size out, fits growth to the others and predicts it: whether the models can be
/// trusted to extrapolate these data, at no cost in runs.
///
/// One size more than [`growth`] needs. An outcome outside the interval says that predictions beyond the
/// data are worth less than their intervals claim.
pub fn held_out_largest(
    points: &[SizePoint],
    anchor: Option<SizePoint>,
) -> Result<HeldOut, Undetermined> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.size.total_cmp(&b.size));
    let largest = sorted.pop().ok_or(Undetermined::TooFewSizes { have: 0, need: SIZES_MIN + 1 })?;
    check_positive(largest.size, largest.mean)?;
    let others = growth_with(Intervals::None, &sorted, anchor, &[])?;
    let prediction = others.prediction(largest.size).ok_or(Undetermined::NoConvergence)?;
    let inside = prediction.interval.contains(largest.mean);
    Ok(HeldOut { prediction, measured: largest.mean, inside })
}

/// Fits and compares the growth models.
///
/// `points` hold one summary per size; `anchor` is the same variant on the empty document (its size is
/// taken as 0). Needs [`SIZES_MIN`] distinct sizes and values above zero.
pub fn growth(
    points: &[SizePoint],
    anchor: Option<SizePoint>,
    failures: &[Failure],
) -> Result<Growth, Undetermined> {
    growth_with(Intervals::All, points, anchor, failures)
}

/// Which parameters get their intervals: profiles are most of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intervals {
    All,
    /// Exponents alone.
    Exponents,
    /// For simulations that ask only for the class or a prediction: parameters are left out.
    None,
}

/// [`growth`] with a choice of intervals.
pub(crate) fn growth_with(
    intervals: Intervals,
    points: &[SizePoint],
    anchor: Option<SizePoint>,
    failures: &[Failure],
) -> Result<Growth, Undetermined> {
    let points = checked(points, anchor)?;
    let scale = geometric_mean(&points);
    let (fitted, anchor) = settle_anchor(&points, anchor, scale);
    let (points_log, candidates) = fitted;
    let decision = decide::decide(&points_log, &candidates, range_of(&points));
    let fits = ranked_fits(&points_log, candidates, scale, intervals);
    let (chosen, runner_up) = decide::shown(&fits, &decision);
    let exponent = fits
        .iter()
        .find(|fit| fit.class == Class::Power && fit.with_constant)
        .and_then(|fit| fit.exponent);
    let mut failures = failures.to_vec();
    failures.sort_by(|a, b| a.size.total_cmp(&b.size));
    Ok(Growth {
        chosen,
        runner_up,
        exponent,
        growth_over_range: decision.growth_over_range,
        rests_on_largest: decision.rests_on_largest,
        plausible: decision.plausible,
        verdict: decision.verdict,
        anchor,
        n: points_log.sizes.len(),
        range: range_of(&points),
        failures,
        noise: run_noise(&points),
        fits,
    })
}

/// Sorted by size, sizes distinct, all usable; an anchor is checked too.
fn checked(
    points: &[SizePoint],
    anchor: Option<SizePoint>,
) -> Result<Vec<SizePoint>, Undetermined> {
    for point in points {
        check_positive(point.size, point.mean)?;
    }
    if let Some(anchor) = anchor {
        check_positive(1.0, anchor.mean).map_err(|error| match error {
            Undetermined::NotPositive { value, .. } => Undetermined::NotPositive { at: 0.0, value },
            other => other,
        })?;
    }
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.size.total_cmp(&b.size));
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0].size.total_cmp(&pair[1].size).is_eq())
    {
        let reason = format!("size {} appears twice; give one point per size", pair[0].size);
        return Err(Undetermined::Shape { reason });
    }
    let have = sorted.len() + usize::from(anchor.is_some());
    if have < SIZES_MIN || sorted.len() < 3 {
        return Err(Undetermined::TooFewSizes { have, need: SIZES_MIN });
    }
    Ok(sorted)
}

type Fitted = (Points, Vec<Candidate>);

/// Takes the anchor in unless the other sizes, enough of them, contradict it.
fn settle_anchor(points: &[SizePoint], anchor: Option<SizePoint>, scale: f64) -> (Fitted, Anchor) {
    let without = log_points(points, scale);
    let Some(anchor) = anchor else {
        let fits = candidates(&without);
        return ((without, fits), Anchor::Absent);
    };
    let empty = SizePoint { size: 0.0, ..anchor };
    let with = log_points(&[&[empty], points].concat(), scale);
    let fits = candidates(&with);
    if points.len() >= SIZES_MIN {
        let free = candidates(&without);
        if decide::contradicts(&free, &fits) {
            return ((without, free), Anchor::Contradicted { value: anchor.mean });
        }
    }
    ((with, fits), Anchor::Used)
}

fn log_points(points: &[SizePoint], scale: f64) -> Points {
    Points {
        sizes: points.iter().map(|p| Size::new(p.size)).collect(),
        ln_values: points.iter().map(|p| p.mean.ln() - scale.ln()).collect(),
    }
}

fn geometric_mean(points: &[SizePoint]) -> f64 {
    (points.iter().map(|p| p.mean.ln()).sum::<f64>() / points.len() as f64).exp()
}

fn range_of(sorted: &[SizePoint]) -> Interval {
    Interval::new(sorted[0].size, sorted[sorted.len() - 1].size)
}

fn run_noise(points: &[SizePoint]) -> RunNoise {
    let (squares, df) = points
        .iter()
        .filter_map(|p| Some(((p.sd? / p.mean).powi(2), p.runs.checked_sub(1)? as f64)))
        .fold((0.0, 0.0), |(squares, df), (cv2, d)| (squares + cv2 * d, df + d));
    if df == 0.0 {
        return RunNoise::default();
    }
    let hidden = points.iter().map(|p| 1.0 - 1.0 / p.runs.max(1) as f64).sum::<f64>();
    RunNoise { variance: squares / df, df, hidden: hidden / points.len() as f64 }
}

/// Public fits, best AICc first.
fn ranked_fits(
    points: &Points,
    candidates: Vec<Candidate>,
    scale: f64,
    intervals: Intervals,
) -> Vec<Fit> {
    let flat_rss = candidates
        .iter()
        .find(|c| c.class == Class::Constant)
        .map_or(f64::INFINITY, |c| c.minimum.rss);
    let best = candidates.iter().filter_map(Candidate::aicc).fold(f64::INFINITY, f64::min);
    let weight = |c: &Candidate| c.aicc().map_or(0.0, |aicc| (-0.5 * (aicc - best)).exp());
    let total: f64 = candidates.iter().map(weight).sum();
    let in_units = |estimate| scaled(estimate, scale);
    let (all, exponents) = (intervals == Intervals::All, intervals != Intervals::None);
    let mut fits: Vec<Fit> = candidates
        .into_iter()
        .map(|candidate| Fit {
            class: candidate.class,
            form: candidate.form,
            with_constant: candidate.full(),
            levels_from: match candidate.shape {
                Shape::Levelling { levels_from } | Shape::Filling { levels_from, .. } => {
                    Some(levels_from)
                }
                _ => None,
            },
            root: match candidate.shape {
                Shape::Rooted { size_max } => {
                    Some(candidate.minimum.theta[1] / size_max.sqrt() * scale)
                }
                _ => None,
            },
            constant: all.then(|| candidate.constant(points)).flatten().map(in_units),
            slope: all.then(|| candidate.slope(points)).flatten().map(in_units),
            exponent: exponents.then(|| exponent_of(&candidate, points, flat_rss)).flatten(),
            parameters: candidate.parameters(),
            residual_sd: candidate.residual_variance().sqrt(),
            aicc: candidate.aicc(),
            delta_aicc: candidate.aicc().map(|aicc| aicc - best),
            weight: weight(&candidate) / total,
            candidate,
            scale,
        })
        .collect();
    let key = |fit: &Fit| fit.aicc.unwrap_or(f64::INFINITY);
    fits.sort_by(|a, b| key(a).total_cmp(&key(b)));
    fits
}

fn exponent_of(candidate: &Candidate, points: &Points, flat_rss: f64) -> Option<Estimate> {
    let ci95 = candidate.exponent_interval(points, flat_rss)?;
    Some(Estimate { value: candidate.minimum.theta[2], ci95 })
}

fn scaled((value, ci95): (f64, Interval), scale: f64) -> Estimate {
    Estimate { value: value * scale, ci95: ci95.map(|end| end * scale) }
}

#[cfg(test)]
mod tests;
