//! How a metric grows with the input: constant part, class, exponent, predictions.
//!
//! Laws are compared on the natural scale, one point per size. What a law leaves unexplained is the step of
//! the counter, the spread of runs, and misfit in proportion to the value or to what has grown, shared by
//! neighbouring sizes or not. Everything that a law leaves open is integrated out, so each pays for its
//! freedom; classes have one vote each. Size is the replicate: repeats of one size make its point surer and
//! nothing else. METHODOLOGY.md explains the choices; `calibrate` shows what they are worth.
//!
//! Sizes are bytes (or another count of at least one): `n log n` is not the same curve in megabytes.

mod curve;
mod evidence;
mod law;
mod next;
mod noise;
mod posterior;
mod predict;

pub use curve::{Class, Form};
pub use next::{Asked, Next, Plan, Why, next_size};
pub use predict::{LargestInput, Prediction};

use crate::describe::Describe;
use crate::interval::Interval;
use crate::power_law::check_positive;
use crate::regression;
use crate::undetermined::Undetermined;
use curve::Size;
use evidence::Component;
use law::Law;
use noise::Data;
use posterior::{Posterior, Weighed, posterior};
use predict::{Mixture, mixture_quantile, parts_at};

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

/// Fewest sizes (the empty document counted) that growth is determined from.
pub const SIZES_MIN: usize = 5;

/// An estimate with its 95 % interval, whose open ends are infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// 95 % interval.
    pub ci95: Interval,
}

/// One law of the comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Its class.
    pub class: Class,
    /// Its form.
    pub form: Form,
    /// Whether there is a constant part beside a growing one.
    pub with_constant: bool,
    /// `c`, in units of the metric; the level of a levelling curve.
    pub constant: Option<Estimate>,
    /// The size from which a levelling curve is level, a filling one full and a rising one grows.
    pub levels_from: Option<f64>,
    /// `d` of `c + d sqrt(n) + a n`, in units of the metric per root of size.
    pub root: Option<f64>,
    /// `a`, in units of the metric per unit of `g(n)`: bytes per byte for a linear class. Of a doubling
    /// buffer: per byte of the power of two that it has grown to.
    pub slope: Option<Estimate>,
    /// The exponent, where it is fitted.
    pub exponent: Option<Estimate>,
    /// Fitted parameters, the misfit not counted.
    pub parameters: usize,
    /// The smallest size that the law is read from; 0 with the empty document. Smaller ones follow another.
    pub holds_from: f64,
    /// Typical misfit, in proportion to the value or to what has grown.
    pub residual_sd: f64,
    /// Logarithm of the evidence, its share of its class's vote counted.
    pub ln_evidence: f64,
    /// How far that is below the best law's.
    pub behind: f64,
    /// Probability among the laws compared, each class with one vote.
    pub weight: f64,
    weighed: Weighed,
    scale: f64,
}

/// The answer to "which class?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
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
    /// All laws that could be fitted, the most probable first.
    pub fits: Vec<Fit>,
    /// Which class, or which ones.
    pub verdict: Decision,
    /// Probability of each class.
    pub classes: Vec<(Class, f64)>,
    /// Index in `fits` of the law to show: the most probable of the decided class, or of all.
    pub chosen: usize,
    /// Index in `fits` of the most probable law of another class.
    pub runner_up: Option<usize>,
    /// Exponent of what grows, whatever the class.
    pub exponent: Option<Estimate>,
    /// Whether the largest size alone speaks for growth, or against it: no law of the others fits it. So it
    /// is after a prediction that missed.
    pub rests_on_largest: bool,
    /// Ratio of the expected value at the largest size to that at the smallest.
    pub growth_over_range: Interval,
    /// The empty document.
    pub anchor: Anchor,
    /// Sizes fitted, the anchor counted if used.
    pub n: usize,
    /// Smallest and largest size fitted (without the anchor).
    pub range: Interval,
    /// The failures given, smallest size first.
    pub failures: Vec<Failure>,
    /// What the data was scaled with, and the variance of a single run: of its value squared, and of its
    /// counter.
    ruler: Ruler,
}

/// What turns scaled values into those of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ruler {
    scale: f64,
    /// Smallest value and span, scaled: what misfit in proportion to growth is counted from.
    least: f64,
    span: f64,
    /// The smallest size fitted.
    smallest: f64,
    /// The largest size fitted, and its value, scaled.
    largest: f64,
    last: f64,
    /// Variance of a run in proportion to its value squared.
    run: f64,
    /// `quantum² / 12`, scaled.
    step: f64,
}

impl Fit {
    /// The law as a formula: `c + a n`.
    pub fn formula(&self) -> &'static str {
        match (self.form, self.class) {
            (Form::Flat, _) => "c",
            (Form::WithRoot, _) => "c + d n^0.5 + a n",
            (Form::Levelling, _) => "b + a n, level at c",
            (Form::Filling, _) => "c + d min(n, m) + a n",
            (Form::Rising, _) => "c + a max(n - m, 0)",
            (Form::Doubling, _) => "c + a 2^ceil(log2 n - f)",
            (Form::LineDoubling, _) => "c + a n + d 2^ceil(log2 n - f)",
            (Form::Growing, _) => "c + a g^ceil(log_g n - f)",
            (Form::Levels, _) => "c + a ceil(log_g n - f)",
            (Form::WithLog, _) => "c + a n + d ln n",
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
        matches!(self.verdict, Decision::Decided(_))
    }

    /// Growth with a size that was looked up: after a miss it is a point like the others and nothing is
    /// decided, neither what seemed so before nor what a single size makes of it; where nothing was
    /// decided it may decide. A hit confirms what was decided, and nothing changes (`None`).
    ///
    /// `points`, `anchor` and `failures` are those of this fit.
    pub fn looked_up(
        &self,
        points: &[SizePoint],
        anchor: Option<SizePoint>,
        failures: &[Failure],
        found: SizePoint,
        hit: bool,
    ) -> Result<Option<Self>, Undetermined> {
        if hit && self.decided() {
            return Ok(None);
        }
        let mut after = growth(&[points, &[found]].concat(), anchor, failures)?;
        if !hit {
            after.nothing_decided(self);
        }
        Ok(Some(after))
    }

    /// After a prediction of `before` missed.
    fn nothing_decided(&mut self, before: &Self) {
        let seemed = |class: Class| before.verdict == Decision::Decided(class);
        let left = self
            .classes
            .iter()
            .filter(|(class, p)| *p >= LEFT || seemed(*class) || ONE_SIZE.contains(class));
        self.verdict = Decision::NotDecided(left.map(|(class, _)| *class).collect());
        self.rests_on_largest = true;
        self.chosen = 0;
        self.runner_up = self.fits.iter().position(|f| f.class != self.fits[0].class);
        for seen in [before.exponent, self.exponent.as_ref().copied()].into_iter().flatten() {
            let ci95 = seen.ci95.hull(Interval::new(0.0, 1.0));
            let so_far = self.exponent.map_or(ci95, |e| e.ci95);
            let value = self.exponent.map_or(seen.value, |e| e.value);
            self.exponent = Some(Estimate { value, ci95: ci95.hull(so_far) });
        }
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
    let others = growth(&sorted, anchor, &[])?;
    let prediction = others.prediction(largest.size).ok_or(Undetermined::NoConvergence)?;
    let inside = prediction.interval.contains(largest.mean);
    Ok(HeldOut { prediction, measured: largest.mean, inside })
}

/// Compares the growth laws.
///
/// `points` hold one summary per size; `anchor` is the same variant on the empty document (its size is
/// taken as 0). Needs [`SIZES_MIN`] distinct sizes and values above zero.
pub fn growth(
    points: &[SizePoint],
    anchor: Option<SizePoint>,
    failures: &[Failure],
) -> Result<Growth, Undetermined> {
    let points = checked(points, anchor)?;
    let (data, ruler) = scaled(&points, anchor);
    let all = posterior(&data, anchor.is_some()).ok_or(Undetermined::NoConvergence)?;
    let range = range_of(&points);
    let on_top = level_on_top(&all, (&points, &data), &ruler);
    let (sizes_on_top, posterior) = on_top.map_or((None, all), |(n, top)| (Some(n), top));
    let is_anchored = anchor.is_some() && posterior.anchored >= 0.5;
    let rests_on_largest = posterior.largest_is_off > 0.5;
    let verdict = verdict(&posterior, (&points, &data), &ruler, rests_on_largest);
    let fits = fits(&posterior, &ruler);
    let chosen = match &verdict {
        Decision::Decided(class) => fits.iter().position(|f| f.class == *class).unwrap_or(0),
        Decision::NotDecided(_) => 0,
    };
    let runner_up = fits.iter().position(|f| f.class != fits[chosen].class);
    let mut failures = failures.to_vec();
    failures.sort_by(|a, b| a.size.total_cmp(&b.size));
    Ok(Growth {
        exponent: exponent(&posterior, &data, &verdict, range.high),
        rests_on_largest,
        growth_over_range: match sizes_on_top {
            // The law of the top says nothing of the smallest size.
            Some(_) => measured_growth(&points),
            None => growth_over_range(&posterior, range).unwrap_or_else(Interval::unbounded),
        },
        classes: Class::ALL.into_iter().zip(posterior.classes).collect(),
        anchor: match anchor {
            None => Anchor::Absent,
            Some(_) if is_anchored => Anchor::Used,
            Some(anchor) => Anchor::Contradicted { value: anchor.mean },
        },
        n: sizes_on_top.unwrap_or(points.len() + usize::from(is_anchored)),
        verdict,
        chosen,
        runner_up,
        range,
        failures,
        ruler,
        fits,
    })
}

/// A class is decided at this probability, one of the rarer classes at the higher one: what fills and
/// levels off passes for a logarithm more often than a program grows by one.
const DECIDED: f64 = 0.85;
const DECIDED_RARE: f64 = 0.95;
const DECIDED_LOGARITHM: f64 = 0.99;

fn bar(class: Class) -> f64 {
    match class {
        Class::Constant | Class::Linear => DECIDED,
        Class::Logarithmic | Class::Linearithmic => DECIDED_LOGARITHM,
        _ => DECIDED_RARE,
    }
}

/// A class below this probability is not among those that are left.
const LEFT: f64 = 0.02;

/// What a single size that contradicts the others may be the first of.
const ONE_SIZE: [Class; 2] = [Class::Constant, Class::Linear];

/// Equivalence decides for O(1) only where laws that stay, or all but stay, have this probability at least.
const FLAT_LEAST: f64 = 0.2;

fn verdict(
    posterior: &Posterior,
    (points, data): (&[SizePoint], &Data),
    ruler: &Ruler,
    rests_on_largest: bool,
) -> Decision {
    let classes = Class::ALL.into_iter().zip(posterior.classes);
    if rests_on_largest {
        // What fits the others is contradicted by the size that says most about larger ones.
        let left = classes.filter(|c| c.1 >= LEFT || ONE_SIZE.contains(&c.0));
        return Decision::NotDecided(left.map(|c| c.0).collect());
    }
    if stays_on_top(posterior, points, ruler) {
        return Decision::Decided(Class::Constant);
    }
    let sound = Class::ALL.into_iter().zip(posterior.sound);
    match sound.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((class, p)) if p >= bar(class) && is_sharp(class, data, posterior) => {
            Decision::Decided(class)
        }
        _ => {
            let bent = posterior.classes[Class::Linearithmic as usize] >= LEFT;
            let named = posterior.classes[Class::Power as usize] >= LEFT && !is_nameless(posterior);
            let near = |class| class == Class::Linear && (bent || named);
            let left = classes.filter(|c| c.1 >= LEFT || near(c.0));
            Decision::NotDecided(left.map(|c| c.0).collect())
        }
    }
}

/// Whether the top sizes agree, and the laws that are left do not speak against a level.
fn stays_on_top(posterior: &Posterior, points: &[SizePoint], ruler: &Ruler) -> bool {
    is_level(points) && is_open_for_a_level(posterior, ruler)
}

/// A slow logarithm is level as far as a decade goes; levels of a tree take a step some day.
fn is_open_for_a_level(posterior: &Posterior, ruler: &Ruler) -> bool {
    let slow = [Law::Flat, Law::Levelling, Law::Named(Class::Logarithmic)];
    let is_slow = |law: &&Weighed| slow.contains(&law.law);
    let share: f64 = posterior.laws.iter().filter(is_slow).map(|l| l.share).sum();
    share >= FLAT_LEAST || stays_level(posterior, ruler) == Some(true)
}

/// The posterior of the top decades alone, with how many sizes they hold, where these agree and are level by
/// themselves, but no law of all sizes says so: what a program does before its buffers and windows are
/// full may fit no law at all, and says nothing of what comes.
fn level_on_top(
    all: &Posterior,
    (points, data): (&[SizePoint], &Data),
    ruler: &Ruler,
) -> Option<(usize, Posterior)> {
    let is_known = all.largest_is_off <= 0.5 && stays_on_top(all, points, ruler);
    // A size that was looked up may stand far above the others.
    let fifth = points[points.len().checked_sub(SIZES_MIN)?].size;
    let decades = (ruler.largest / fifth).log10().max(next::TOP_DECADES);
    if is_known || !agree(points, decades, SIZES_MIN, 0.02) {
        return None;
    }
    let from = top_from(ruler.largest, decades);
    let top = data.part(|i| data.sizes[i].n >= from);
    let alone = posterior(&top, false)?;
    is_open_for_a_level(&alone, ruler).then_some((top.len(), alone))
}

/// As measured: the largest size over the smallest.
fn measured_growth(points: &[SizePoint]) -> Interval {
    let ratio = points[points.len() - 1].mean / points[0].mean;
    Interval::new(ratio, ratio)
}

/// Whether the top sizes agree: four or more in the top decades within the counter's step or 2 %, or five in
/// the top decade within the step or a thousandth; and the line through them would not leave 10 % within a
/// decade either: growth that only begins to show is no level.
fn is_level(points: &[SizePoint]) -> bool {
    agree(points, next::TOP_DECADES, 4, 0.02) || agree(points, 1.0, 5, 0.001)
}

/// The smallest size of the top decades.
fn top_from(largest: f64, decades: f64) -> f64 {
    largest / 10.0_f64.powf(decades) * (1.0 - 1e-9)
}

fn agree(points: &[SizePoint], decades: f64, sizes: usize, within: f64) -> bool {
    let Some(largest) = points.last() else { return false };
    let from = top_from(largest.size, decades);
    let top: Vec<&SizePoint> = points.iter().filter(|p| p.size >= from).collect();
    let low = top.iter().map(|p| p.mean).fold(f64::INFINITY, f64::min);
    let high = top.iter().map(|p| p.mean).fold(0.0, f64::max);
    let step = top.iter().map(|p| p.quantum).fold(0.0, f64::max);
    let apart = high - low;
    let (x, y): (Vec<f64>, Vec<f64>) = top.iter().map(|p| (p.size, p.mean)).unzip();
    let slope = regression::line(&x, &y).map_or(0.0, |line| line.slope);
    let rises = slope * 9.0 * largest.size > WITHIN_A_DECADE * high;
    let is_flat = apart <= step * (1.0 + 1e-9) || apart <= within * high && !rises;
    top.len() >= sizes && is_flat
}

/// Whether all laws that are left foretell the same a decade beyond, within [`WITHIN_A_DECADE`]: then they
/// differ in name only.
fn stays_level(posterior: &Posterior, ruler: &Ruler) -> Option<bool> {
    let all: Vec<&Weighed> = posterior.laws.iter().collect();
    let parts = parts_at(&mixture(&all), 10.0 * ruler.largest, ruler);
    let (low, high) = (mixture_quantile(&parts, 0.025)?, mixture_quantile(&parts, 0.975)?);
    let apart = (high - ruler.last).max(ruler.last - low);
    Some(apart <= WITHIN_A_DECADE * ruler.last)
}

/// Whether a class is told apart from its neighbour: over all sizes a line whose start is hidden below
/// something else passes for n log n, so the top decade alone (the five largest sizes at least) must say so
/// too.
///
/// And a fitted exponent is one of its own only where it is not, within [`NO_NAME`], that of a named class.
fn is_sharp(class: Class, data: &Data, posterior: &Posterior) -> bool {
    match class {
        Class::Power => is_nameless(posterior),
        Class::Linearithmic => is_linearithmic_above(data),
        _ => true,
    }
}

fn is_nameless(posterior: &Posterior) -> bool {
    let Some(free) = posterior.laws.iter().find(|l| l.law == Law::Power).and_then(exponents_of)
    else {
        return false;
    };
    [0.5, 1.0, 2.0].iter().all(|named| {
        let far = |end: f64| (end - named).abs() > NO_NAME;
        far(free.low) && far(free.high) && !free.contains(*named)
    })
}

/// How near the exponent of a named class an exponent is taken for it.
const NO_NAME: f64 = 0.03;

/// 95 % interval of a fitted exponent.
fn exponents_of(power: &Weighed) -> Option<Interval> {
    let shapes: Vec<(f64, f64, f64)> =
        power.components.iter().map(|(w, c)| (*w, c.shaped.shape, 0.0)).collect();
    Some(Interval::new(mixture_quantile(&shapes, 0.025)?, mixture_quantile(&shapes, 0.975)?))
}

fn is_linearithmic_above(data: &Data) -> bool {
    let from = 0.1 * data.sizes[data.len() - 1].n * (1.0 - 1e-9);
    let few = data.len().saturating_sub(SIZES_MIN);
    let top = data.part(|i| data.sizes[i].n > 0.0 && (data.sizes[i].n >= from || i >= few));
    let of = |posterior: &Posterior, class: Class| posterior.classes[class as usize];
    top.len() >= SIZES_MIN
        && posterior::posterior(&top, false)
            .is_some_and(|p| of(&p, Class::Linearithmic) > of(&p, Class::Linear))
}

/// What is level leaves this share of its value within a decade at most.
const WITHIN_A_DECADE: f64 = 0.1;

/// Every component of the laws that `of` admits, with its weight.
fn mixture(posterior: &[&Weighed]) -> Mixture {
    let best = posterior.iter().map(|l| l.ln_evidence).fold(f64::NEG_INFINITY, f64::max);
    let mut all: Vec<(f64, Component)> = posterior
        .iter()
        .flat_map(|l| {
            let weight = (l.ln_evidence - best).exp();
            l.components.iter().map(move |(w, c)| (w * weight, c.clone()))
        })
        .filter(|(w, _)| *w > 1e-5)
        .collect();
    let total: f64 = all.iter().map(|c| c.0).sum();
    for part in &mut all {
        part.0 /= total;
    }
    all
}

/// The exponent of what grows: of the classes that are left, of `n^b` where it is left, and at least as
/// wide as misfit of the size that is there could bend it.
fn exponent(
    posterior: &Posterior,
    data: &Data,
    verdict: &Decision,
    largest: f64,
) -> Option<Estimate> {
    let power = posterior.laws.iter().find(|l| l.law == Law::Power);
    let free = power.and_then(exponents_of);
    let open = posterior.largest_is_off > 0.5;
    let power_p = posterior.classes[Class::ALL.len() - 1];
    let left: Vec<Interval> = Class::ALL
        .into_iter()
        .zip(posterior.classes)
        .filter(|(class, p)| *p > 0.025 || open && ONE_SIZE.contains(class))
        .filter_map(|(class, _)| class.exponents(largest).map(|(l, h)| Interval::new(l, h)))
        .chain(free.filter(|_| power_p > 0.025))
        .collect();
    let interval = left.into_iter().reduce(Interval::hull)?;
    let all: Vec<&Weighed> = posterior.laws.iter().collect();
    let misfit: f64 = mixture(&all).iter().map(|(w, c)| w * c.s).sum();
    let logs: Vec<f64> = data.sizes.iter().filter(|s| s.n > 0.0).map(|s| s.ln).collect();
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let spread: f64 = logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>().sqrt();
    let bend = (2.0 * misfit / spread).max(EXPONENT_LEAST);
    let ci95 = Interval::new(interval.low - bend, interval.high + bend);
    let value = match verdict {
        Decision::Decided(class) if *class != Class::Power => class.exponents(largest)?.1,
        _ => free.map_or(0.5 * (ci95.low + ci95.high), |b| 0.5 * (b.low + b.high)),
    };
    Some(Estimate { value: value.clamp(ci95.low, ci95.high), ci95 })
}

/// No exponent of a real program is known better.
const EXPONENT_LEAST: f64 = 0.01;

fn growth_over_range(posterior: &Posterior, range: Interval) -> Option<Interval> {
    let all: Vec<&Weighed> = posterior.laws.iter().collect();
    let (low, high) = (Size::new(range.low), Size::new(range.high));
    let ratios: Vec<(f64, f64, f64)> = mixture(&all)
        .iter()
        .map(|(w, c)| {
            let (from, to) = (c.mean(range.low), c.mean(range.high));
            let (x, y) = (c.shaped.at(low), c.shaped.at(high));
            let ratio = to / from;
            let v: [f64; 3] = std::array::from_fn(|i| (y[i] - ratio * x[i]) / from);
            (*w, ratio, c.variance_of(&v).sqrt())
        })
        .collect();
    Some(Interval::new(mixture_quantile(&ratios, 0.025)?, mixture_quantile(&ratios, 0.975)?))
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

fn range_of(sorted: &[SizePoint]) -> Interval {
    Interval::new(sorted[0].size, sorted[sorted.len() - 1].size)
}

/// The points and the empty document, in units of the largest value.
fn scaled(points: &[SizePoint], anchor: Option<SizePoint>) -> (Data, Ruler) {
    let scale = points.iter().map(|p| p.mean).fold(0.0, f64::max);
    let all: Vec<SizePoint> =
        anchor.map(|a| SizePoint { size: 0.0, ..a }).into_iter().chain(points.to_vec()).collect();
    let run = pooled_cv2(points);
    let known = |p: &SizePoint| {
        let value = p.mean / scale;
        // Rounding of doubles, where nothing else is known.
        let least = (1e-9 * value).powi(2);
        (p.quantum / scale).powi(2) / 12.0
            + value * value * own_cv2(p, run) / p.runs.max(1) as f64
            + least
    };
    let least = points.iter().map(|p| p.mean / scale).fold(f64::INFINITY, f64::min);
    let data = Data {
        sizes: all.iter().map(|p| Size::new(p.size)).collect(),
        values: all.iter().map(|p| p.mean / scale).collect(),
        known: all.iter().map(known).collect(),
        least,
        span: 1.0 - least,
    };
    let quantum = points.iter().map(|p| p.quantum).fold(0.0, f64::max);
    let ruler = Ruler {
        scale,
        least,
        span: 1.0 - least,
        smallest: points[0].size,
        largest: points[points.len() - 1].size,
        last: points[points.len() - 1].mean / scale,
        run: cv2_ahead(points, run),
        step: (quantum / scale).powi(2) / 12.0,
    };
    (data, ruler)
}

/// The squared coefficient of variation of runs: the median over sizes, which one outlying run at one
/// size does not move, corrected for the skew of a variance (Wilson and Hilferty).
fn pooled_cv2(points: &[SizePoint]) -> f64 {
    let mut squares: Vec<f64> = points
        .iter()
        .filter_map(|p| {
            let df = p.runs.checked_sub(1).filter(|df| *df > 0)? as f64;
            let median = (1.0 - 2.0 / (9.0 * df)).powi(3);
            Some((p.sd? / p.mean).powi(2) / median)
        })
        .collect();
    squares.sort_by(f64::total_cmp);
    if squares.is_empty() { 0.0 } else { crate::describe::quantile(&squares, 0.5) }
}

/// That of a run ahead: of the sizes in the top decades where they are the noisier ones.
fn cv2_ahead(points: &[SizePoint], pooled: f64) -> f64 {
    let from = points[points.len() - 1].size / 10.0_f64.powf(next::TOP_DECADES);
    let top = || points.iter().filter(|p| p.size >= from && p.runs > 1);
    let own: Vec<f64> = top().filter_map(|p| Some((p.sd? / p.mean).powi(2))).collect();
    if own.is_empty() {
        return pooled;
    }
    // Few runs are behind it: Student's quantile in place of the normal one.
    let df: usize = top().map(|p| p.runs - 1).sum();
    let wider = (crate::distribution::t95(df as f64) / 1.96).powi(2);
    pooled.max(wider * regression::mean(&own))
}

/// That of one size: its own, drawn towards that of all as if they were four runs of its own.
fn own_cv2(point: &SizePoint, pooled: f64) -> f64 {
    const PRIOR: f64 = 4.0;
    let Some(sd) = point.sd else { return pooled };
    let df = point.runs.saturating_sub(1) as f64;
    let own = (sd / point.mean).powi(2);
    // Steps of a counter between runs are in the quantum already.
    (PRIOR * pooled + df * own) / (PRIOR + df)
}

/// Public fits, the most probable first.
fn fits(posterior: &Posterior, ruler: &Ruler) -> Vec<Fit> {
    let best = posterior.laws[0].ln_evidence;
    let total: f64 = posterior.laws.iter().map(|l| (l.ln_evidence - best).exp()).sum();
    posterior
        .laws
        .iter()
        .map(|weighed| {
            let law = weighed.law;
            let bends = matches!(law, Law::Levelling | Law::Filling | Law::Rising);
            let shape = |c: &Component| c.shaped.shape;
            let mean = |of: &dyn Fn(&Component) -> f64| {
                weighed.components.iter().map(|(w, c)| w * of(c)).sum::<f64>()
            };
            Fit {
                class: law.class(),
                form: law.form(),
                with_constant: law != Law::Flat,
                constant: combined(weighed, ruler.scale, |c| match law {
                    Law::Levelling => c.shaped.at(Size::new(c.shaped.shape.exp())),
                    _ => c.shaped.constant(),
                }),
                levels_from: bends.then(|| mean(&shape).exp()),
                root: (law == Law::Rooted)
                    .then(|| mean(&|c| c.beta[2] * c.shaped.second()) * ruler.scale),
                slope: (law != Law::Flat)
                    .then(|| combined(weighed, ruler.scale, |c| [0.0, c.shaped.slope(), 0.0]))
                    .flatten(),
                exponent: (law == Law::Power).then(|| shapes_of(weighed)).flatten(),
                parameters: law.parameters(),
                holds_from: weighed.components.first().map_or(0.0, |(_, c)| c.from),
                residual_sd: mean(&|c| c.s),
                ln_evidence: weighed.ln_evidence,
                behind: best - weighed.ln_evidence,
                weight: (weighed.ln_evidence - best).exp() / total,
                weighed: weighed.clone(),
                scale: ruler.scale,
            }
        })
        .collect()
}

/// A linear function of the coefficients: the median and the 95 % interval of what is left of it.
fn combined(
    weighed: &Weighed,
    scale: f64,
    of: impl Fn(&Component) -> [f64; 3],
) -> Option<Estimate> {
    let parts: Vec<(f64, f64, f64)> = weighed
        .components
        .iter()
        .map(|(w, c)| {
            let v = of(c);
            let value: f64 = (0..3).map(|i| v[i] * c.beta[i]).sum();
            (*w, value, c.variance_of(&v).sqrt())
        })
        .collect();
    let at = |p: f64| mixture_quantile(&parts, p).map(|q| q * scale);
    Some(Estimate { value: at(0.5)?, ci95: Interval::new(at(0.025)?, at(0.975)?) })
}

fn shapes_of(weighed: &Weighed) -> Option<Estimate> {
    let parts: Vec<(f64, f64, f64)> =
        weighed.components.iter().map(|(w, c)| (*w, c.shaped.shape, 0.0)).collect();
    let at = |p: f64| mixture_quantile(&parts, p);
    Some(Estimate { value: at(0.5)?, ci95: Interval::new(at(0.025)?, at(0.975)?) })
}

#[cfg(test)]
mod tests;
