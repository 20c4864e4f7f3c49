//! The models compared and their fits: constant, `c + a g(n)`, `a g(n)`, `c + a n^b`, `a n^b`.

use super::curve::{Class, EXPONENTS, Form, Shape, Size, Theta};
use super::minimise::{Free, Minimum, Normal, Points, Profile, minimise};
use crate::distribution::t95;
use crate::interval::Interval;
use crate::regression::mean;

/// Residuals below this (relative) are taken for rounding: a deterministic metric on an exact curve.
pub(super) const RESIDUAL_FLOOR: f64 = 1e-9;

/// One fitted model, in scaled values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) class: Class,
    pub(super) form: Form,
    pub(super) shape: Shape,
    pub(super) free: Free,
    pub(super) minimum: Minimum,
    normal: Normal,
    points: usize,
    /// `t(0.975, df)`.
    t95: f64,
}

impl Candidate {
    fn new(
        points: &Points,
        class: Class,
        form: Form,
        shape: Shape,
        free: Free,
        starts: &[Theta],
    ) -> Option<Self> {
        let minimum = starts
            .iter()
            .filter_map(|&start| minimise(points, shape, start, free))
            .min_by(|a, b| a.rss.total_cmp(&b.rss))?;
        let normal = Normal::at(points, shape, &minimum.theta, free)?;
        let points = points.sizes.len();
        let t95 = f64::NAN;
        let fit = Self { class, form, shape, free, minimum, normal, points, t95 };
        (fit.df() > 0.0).then_some(fit)
    }

    /// Fitted parameters of the curve, without the variance.
    pub(super) fn parameters(&self) -> usize {
        let searched = usize::from(matches!(self.form, Form::Levelling | Form::Filling));
        self.free.iter().filter(|f| **f).count() + searched
    }

    /// Whether the constant part is fitted.
    pub(super) fn full(&self) -> bool {
        self.form != Form::Pure
    }

    /// Half-width of a 95 % interval in standard errors.
    pub(super) fn t95(&self) -> f64 {
        self.t95
    }

    pub(super) fn df(&self) -> f64 {
        self.points as f64 - self.parameters() as f64
    }

    /// Sum of squares, not below the rounding floor.
    pub(super) fn rss(&self) -> f64 {
        self.minimum.rss.max(self.points as f64 * RESIDUAL_FLOOR.powi(2))
    }

    pub(super) fn residual_variance(&self) -> f64 {
        self.rss() / self.df()
    }

    /// `k ln(RSS/k) + 2p + 2p(p+1)/(k-p-1)` with k points and p parameters, the variance counted;
    /// `None` where `k <= p + 1`. Hurvich and Tsai (1989); Burnham and Anderson (2002), section 2.4.
    pub(super) fn aicc(&self) -> Option<f64> {
        let k = self.points as f64;
        let p = self.parameters() as f64 + 1.0;
        let room = k - p - 1.0;
        (room > 0.0).then(|| k * (self.rss() / k).ln() + 2.0 * p + 2.0 * p * (p + 1.0) / room)
    }

    /// Scaled value at a size; `None` where the curve is not positive.
    pub(super) fn at(&self, size: f64) -> Option<f64> {
        let (value, _) = self.shape.at(&self.minimum.theta, Size::new(size));
        (value > 0.0 && value.is_finite()).then_some(value)
    }

    /// Variance of `ln f(size)` by the delta method.
    pub(super) fn ln_variance(&self, size: f64) -> f64 {
        self.residual_variance() * self.normal.variance_of(&self.ln_gradient(size))
    }

    /// 95 % interval of `ln f(to) - ln f(from)`.
    pub(super) fn ln_growth(&self, from: f64, to: f64) -> Option<Interval> {
        let estimate = (self.at(to)? / self.at(from)?).ln();
        let (low, high) = (self.ln_gradient(from), self.ln_gradient(to));
        let difference: Theta = std::array::from_fn(|i| high[i] - low[i]);
        let variance = self.residual_variance() * self.normal.variance_of(&difference);
        Some(Interval::around(estimate, self.t95 * variance.sqrt()))
    }

    fn ln_gradient(&self, size: f64) -> Theta {
        let (value, gradient) = self.shape.at(&self.minimum.theta, Size::new(size));
        gradient.map(|g| g / value)
    }

    /// The sum of squares at the ends of a 95 % profile interval: `RSS + t(0.975, df)² s²`.
    ///
    /// The F form of the profile likelihood, Bates and Watts (1988), section 6.1.
    fn rss_limit(&self) -> f64 {
        self.minimum.rss + self.t95.powi(2) * self.residual_variance()
    }

    /// 95 % profile interval of a parameter of `shape`, started from `theta`.
    fn profile(&self, points: &Points, shape: Shape, theta: Theta, index: usize) -> Interval {
        let bounds = match shape {
            Shape::Centred { .. } if index == 2 => exponent_bounds(points),
            _ => (f64::MIN, f64::MAX),
        };
        let Some(best) = minimise(points, shape, theta, self.free) else {
            return Interval::unbounded();
        };
        let profile = Profile {
            points,
            shape,
            free: self.free,
            best,
            index,
            rss_limit: self.rss_limit(),
            bounds,
        };
        Interval::new(profile.end(-1.0), profile.end(1.0))
    }

    /// 95 % interval of the exponent; unbounded where a flat curve fits as well.
    pub(super) fn exponent_interval(&self, points: &Points, flat_rss: f64) -> Option<Interval> {
        if self.class != Class::Power {
            return None;
        }
        if flat_rss <= self.rss_limit() {
            return Some(Interval::unbounded());
        }
        let interval = self.profile(points, self.shape, self.minimum.theta, 2);
        // Where next to nothing grows, the search for the ends can lose the minimum it began at.
        let is_found = interval.contains(self.minimum.theta[2]);
        Some(if is_found { interval } else { Interval::unbounded() })
    }

    /// The constant part (scaled) and its interval; of a levelling curve its level.
    pub(super) fn constant(&self, points: &Points) -> Option<(f64, Interval)> {
        let theta = self.minimum.theta;
        match self.shape {
            Shape::Named { .. } | Shape::Rooted { .. } | Shape::Filling { .. } if self.free[0] => {
                Some((theta[0], self.profile(points, self.shape, theta, 0)))
            }
            Shape::Levelling { .. } => Some((theta[1], self.profile(points, self.shape, theta, 1))),
            // At exponents of zero and below there is no value at n = 0.
            Shape::Centred { centre } if theta[2] > 1e-6 => {
                let [value, slope, b] = theta;
                let constant = value - slope / b;
                let start = [constant, value, b];
                let shape = Shape::Asymptote { centre };
                Some((constant, self.profile(points, shape, start, 0)))
            }
            _ => None,
        }
    }

    /// The coefficient `a` of `g(n)` (scaled) and its interval.
    pub(super) fn slope(&self, points: &Points) -> Option<(f64, Interval)> {
        let theta = self.minimum.theta;
        match self.shape {
            Shape::Named { scale, .. } if self.free[1] => {
                let interval = self.profile(points, self.shape, theta, 1);
                Some((theta[1] / scale, interval.map(|a| a / scale)))
            }
            Shape::Rooted { size_max } | Shape::Filling { size_max, .. } => {
                let interval = self.profile(points, self.shape, theta, 2);
                Some((theta[2] / size_max, interval.map(|a| a / size_max)))
            }
            Shape::Centred { centre } if theta[2] > 1e-6 && theta[1] > 0.0 => {
                let [value, slope, b] = theta;
                let ln_a = (slope / b).ln() - b * centre;
                let start = [value, ln_a, b];
                let shape = Shape::Coefficient { centre };
                Some((ln_a.exp(), self.profile(points, shape, start, 1).map(f64::exp)))
            }
            Shape::Pure { centre } => {
                let [value, _, b] = theta;
                let half = self.t95
                    * (self.residual_variance()
                        * self.normal.variance_of(&[1.0 / value, 0.0, -centre]))
                    .sqrt();
                let ln_a = value.ln() - b * centre;
                Some((ln_a.exp(), Interval::around(ln_a, half).map(f64::exp)))
            }
            _ => None,
        }
    }
}

/// With an empty document among the points only positive exponents have a curve.
fn exponent_bounds(points: &Points) -> (f64, f64) {
    if points.sizes.iter().any(|s| s.n <= 0.0) { (0.02, EXPONENTS.1) } else { EXPONENTS }
}

/// Fits all models that have a degree of freedom left. The points are scaled to a geometric mean of 1.
pub(super) fn candidates(points: &Points) -> Vec<Candidate> {
    let mut fits: Vec<Candidate> = Vec::with_capacity(13);
    fits.extend(constant(points));
    fits.extend(Class::NAMED.iter().filter_map(|&class| named(points, class)));
    fits.extend(free_exponent(points, &fits));
    fits.extend(rooted(points, &fits));
    fits.extend(levelling(points, &fits));
    fits.extend(filling(points, &fits));
    if points.sizes.iter().all(|s| s.n > 1.0) {
        fits.extend(Class::NAMED.iter().filter_map(|&class| pure(points, class)));
    }
    if points.sizes.iter().all(|s| s.n > 0.0) {
        fits.extend(pure_power(points));
    }
    let t: Vec<f64> = (1..=4).map(|p| t95(points.sizes.len() as f64 - f64::from(p))).collect();
    for fit in &mut fits {
        fit.t95 = t[fit.parameters() - 1];
    }
    fits
}

fn constant(points: &Points) -> Option<Candidate> {
    let shape = Shape::named(Class::Constant, Size::new(1.0));
    let free = [true, false, false];
    Candidate::new(points, Class::Constant, Form::Flat, shape, free, &[[1.0, 0.0, 0.0]])
}

fn named(points: &Points, class: Class) -> Option<Candidate> {
    let shape = Shape::named(class, size_max(points));
    let free = [true, true, false];
    let mut starts = vec![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    starts.extend(relative_line(points, shape));
    Candidate::new(
        points,
        class,
        Form::WithConstant,
        shape,
        free,
        &best_two(points, shape, &starts),
    )
}

fn pure(points: &Points, class: Class) -> Option<Candidate> {
    let shape = Shape::named(class, size_max(points));
    // The mean log residual is the estimate: one step of the minimiser finds it from there.
    let mean_ln = points
        .sizes
        .iter()
        .zip(&points.ln_values)
        .map(|(&size, ln)| ln - shape.at(&[0.0, 1.0, 0.0], size).0.ln())
        .sum::<f64>()
        / points.sizes.len() as f64;
    let free = [false, true, false];
    Candidate::new(points, class, Form::Pure, shape, free, &[[0.0, mean_ln.exp(), 0.0]])
}

fn pure_power(points: &Points) -> Option<Candidate> {
    let shape = Shape::Pure { centre: centre(points) };
    let free = [true, false, true];
    let l: Vec<f64> = points.sizes.iter().map(|s| s.ln - centre(points)).collect();
    let sxx: f64 = l.iter().map(|l| l * l).sum();
    let sxy: f64 = l.iter().zip(&points.ln_values).map(|(l, y)| l * y).sum();
    let start = [1.0, 0.0, (sxy / sxx).clamp(EXPONENTS.0, EXPONENTS.1)];
    Candidate::new(points, Class::Power, Form::Pure, shape, free, &[start])
}

/// `c + a n^b`, started from the named fits, whose exponents are special cases.
fn free_exponent(points: &Points, fits: &[Candidate]) -> Option<Candidate> {
    let centre = centre(points);
    let shape = Shape::Centred { centre };
    let low = exponent_bounds(points).0;
    let starts: Vec<Theta> = fits
        .iter()
        .filter_map(|fit| {
            let b = match fit.class {
                Class::Logarithmic => 0.0,
                Class::SquareRoot => 0.5,
                Class::Linear => 1.0,
                Class::Quadratic => 2.0,
                _ => return None,
            };
            let (value, _) = fit.shape.at(&fit.minimum.theta, Size::new(centre.exp()));
            let Shape::Named { scale, .. } = fit.shape else { return None };
            // a n^b / scale = (a m^b / scale) (n/m)^b, whose log-slope at m is b times that.
            let at_centre = fit.minimum.theta[1] * (b * centre).exp() / scale;
            let slope = if b == 0.0 { fit.minimum.theta[1] / scale } else { at_centre * b };
            Some([value, slope, b.max(low)])
        })
        .collect();
    let best = best_two(points, shape, &starts);
    Candidate::new(points, Class::Power, Form::WithConstant, shape, [true; 3], &best)
}

/// `c + d sqrt(n) + a n` with neither d nor a negative: else it bends the other way, or falls in the end.
fn rooted(points: &Points, fits: &[Candidate]) -> Option<Candidate> {
    let shape = Shape::Rooted { size_max: size_max(points).n };
    let start = |class: Class, index: usize| -> Option<Theta> {
        let theta = fits.iter().find(|fit| fit.class == class)?.minimum.theta;
        let mut start = [theta[0], 0.0, 0.0];
        start[index] = theta[1];
        Some(start)
    };
    let starts: Vec<Theta> =
        [start(Class::SquareRoot, 1), start(Class::Linear, 2)].into_iter().flatten().collect();
    Candidate::new(points, Class::Linear, Form::WithRoot, shape, [true; 3], &starts)
        .filter(|fit| fit.minimum.theta[1] >= 0.0 && fit.minimum.theta[2] >= 0.0)
}

/// The fewest sizes on a level for it to be one.
const LEVEL_SIZES: usize = 3;

/// A line that levels off; the size from which it does is searched for.
fn levelling(points: &Points, fits: &[Candidate]) -> Option<Candidate> {
    bent(points, fits, &|levels_from| levelling_from(points, levels_from))
}

/// A line that is steeper until something is full, neither part negative; searched for like a level.
fn filling(points: &Points, fits: &[Candidate]) -> Option<Candidate> {
    bent(points, fits, &|levels_from| filling_from(points, fits, levels_from))
        .filter(|fit| fit.minimum.theta[1] >= 0.0 && fit.minimum.theta[2] >= 0.0)
}

/// The best of the curves that bend at a size, with at least two sizes before it (the empty document not
/// counted) and [`LEVEL_SIZES`] from it on.
fn bent(
    points: &Points,
    fits: &[Candidate],
    from: &dyn Fn(f64) -> Option<Candidate>,
) -> Option<Candidate> {
    const STEPS: usize = 8;
    let mut logs: Vec<f64> = points.sizes.iter().filter(|s| s.n > 0.0).map(|s| s.ln).collect();
    logs.sort_by(f64::total_cmp);
    let last = logs.len().checked_sub(LEVEL_SIZES).filter(|&last| last >= 2)?;
    let fit = |ln: f64| from(ln.exp());
    let rss = |ln: f64| fit(ln).map_or(f64::INFINITY, |c| c.minimum.rss);
    let grid: Vec<f64> = logs[1..=last]
        .windows(2)
        .flat_map(|pair| {
            (0..STEPS).map(|i| pair[0] + (pair[1] - pair[0]) * (i as f64 + 0.5) / STEPS as f64)
        })
        .collect();
    // Each fit once: this grid is most of the work of a comparison of models.
    let tried = grid.into_iter().map(|ln| (rss(ln), ln));
    let (rss_least, best) = tried.min_by(|a, b| a.0.total_cmp(&b.0))?;
    // A search to many digits is for curves that may be right, not for those a hundred times worse.
    let nearest = fits.iter().map(Candidate::rss).fold(f64::INFINITY, f64::min);
    if rss_least > 100.0 * nearest {
        return fit(best);
    }
    let reach = (logs[last] - logs[1]) / (STEPS * (last - 1)) as f64;
    fit(golden((best - reach).max(logs[1]), (best + reach).min(logs[last]), rss))
}

fn levelling_from(points: &Points, levels_from: f64) -> Option<Candidate> {
    let shape = Shape::Levelling { levels_from };
    let ends = [points.ln_values.first()?.exp(), points.ln_values.last()?.exp()];
    let start = [ends[0], ends[1], 0.0];
    let free = [true, true, false];
    Candidate::new(points, Class::Constant, Form::Levelling, shape, free, &[start])
}

fn filling_from(points: &Points, fits: &[Candidate], levels_from: f64) -> Option<Candidate> {
    let size_max = size_max(points).n;
    let shape = Shape::Filling { levels_from, size_max };
    let line = fits.iter().find(|fit| fit.class == Class::Linear)?.minimum.theta;
    let level = levelling_from(points, levels_from)?.minimum.theta;
    let starts = [[line[0], 0.0, line[1]], [level[0], level[1] - level[0], 0.0]];
    Candidate::new(points, Class::Linear, Form::Filling, shape, [true; 3], &starts)
}

/// Golden section search for the minimum of a function with one.
fn golden(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = (high - RATIO * (high - low), low + RATIO * (high - low));
    let (mut at_left, mut at_right) = (f(left), f(right));
    while high - low > 1e-9 {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - RATIO * (high - low);
            at_left = f(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + RATIO * (high - low);
            at_right = f(right);
        }
    }
    0.5 * (low + high)
}

/// The two starts with the smallest sums of squares.
fn best_two(points: &Points, shape: Shape, starts: &[Theta]) -> Vec<Theta> {
    let mut ranked: Vec<(f64, Theta)> = starts
        .iter()
        .filter_map(|&start| Some((Normal::at(points, shape, &start, [true; 3])?.rss, start)))
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    ranked.into_iter().take(2).map(|(_, start)| start).collect()
}

/// The straight line in relative errors, `Σ ((y - f)/y)²`: linear, and near the log fit.
fn relative_line(points: &Points, shape: Shape) -> Option<Theta> {
    let (mut saa, mut sab, mut sbb, mut sa, mut sb) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (&size, &ln) in points.sizes.iter().zip(&points.ln_values) {
        let y = ln.exp();
        let (a, b) = (1.0 / y, shape.at(&[0.0, 1.0, 0.0], size).0 / y);
        saa += a * a;
        sab += a * b;
        sbb += b * b;
        sa += a;
        sb += b;
    }
    let determinant = saa * sbb - sab * sab;
    (determinant > 0.0)
        .then(|| [(sa * sbb - sb * sab) / determinant, (sb * saa - sa * sab) / determinant, 0.0])
}

fn size_max(points: &Points) -> Size {
    Size::new(points.sizes.iter().map(|s| s.n).fold(0.0, f64::max))
}

/// Mean logarithm of the sizes above zero.
fn centre(points: &Points) -> f64 {
    let logs: Vec<f64> = points.sizes.iter().filter(|s| s.n > 0.0).map(|s| s.ln).collect();
    mean(&logs)
}
