//! Least squares of a curve on logarithms, and the profile of its parameters.
//!
//! The errors are multiplicative: sizes and values span decades, so each point weighs the same by its
//! relative deviation. No curve knows here what it stands for.

use super::curve::{Shape, Size, Theta};

/// What is fitted: logs of scaled values at sizes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Points {
    pub(super) sizes: Vec<Size>,
    pub(super) ln_values: Vec<f64>,
}

/// Which parameters are free.
pub(super) type Free = [bool; 3];

/// A minimum of the sum of squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Minimum {
    pub(super) theta: Theta,
    pub(super) rss: f64,
}

const ITERATIONS_MAX: usize = 200;

/// Levenberg-Marquardt from `start`; `None` where the curve is not positive at every point there.
///
/// Nocedal and Wright, *Numerical Optimization*, section 10.3; Marquardt's scaling by the diagonal.
pub(super) fn minimise(points: &Points, shape: Shape, start: Theta, free: Free) -> Option<Minimum> {
    let mut theta = start;
    let mut normal = Normal::at(points, shape, &theta, free)?;
    let mut damping = 1e-6;
    for _ in 0..ITERATIONS_MAX {
        let Some(step) = normal.step(damping) else { break };
        let promised: f64 = (0..3).map(|i| step[i] * normal.gradient[i]).sum();
        if promised <= 1e-15 * normal.rss || promised <= 1e-30 || damping > 1e12 {
            break;
        }
        let tried: Theta = std::array::from_fn(|i| theta[i] + step[i]);
        match Normal::at(points, shape, &tried, free).filter(|n| n.rss <= normal.rss) {
            Some(better) => {
                (theta, normal) = (tried, better);
                damping = (damping * 0.1).max(1e-12);
            }
            // So near the minimum that rounding hides what the step would gain.
            None if promised <= 1e-11 * normal.rss => break,
            None => damping *= 10.0,
        }
    }
    Some(Minimum { theta, rss: normal.rss })
}

/// Sum of squares and normal equations `JᵀJ d = Jᵀr` of the log residuals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Normal {
    pub(super) rss: f64,
    matrix: [[f64; 3]; 3],
    gradient: Theta,
    free: Free,
}

impl Normal {
    /// `None` where the curve is not positive and finite at every point.
    pub(super) fn at(points: &Points, shape: Shape, theta: &Theta, free: Free) -> Option<Self> {
        let mut normal = Self { rss: 0.0, matrix: [[0.0; 3]; 3], gradient: [0.0; 3], free };
        for (&size, &ln) in points.sizes.iter().zip(&points.ln_values) {
            let (value, slope) = shape.at(theta, size);
            if !(value > 0.0 && value.is_finite()) {
                return None;
            }
            let row = slope.map(|s| s / value);
            let residual = ln - value.ln();
            normal.rss += residual * residual;
            for i in 0..3 {
                normal.gradient[i] += row[i] * residual;
                for j in 0..=i {
                    normal.matrix[i][j] += row[i] * row[j];
                }
            }
        }
        Some(normal)
    }

    fn step(&self, damping: f64) -> Option<Theta> {
        let mut damped = self.matrix;
        for (i, row) in damped.iter_mut().enumerate() {
            row[i] *= 1.0 + damping;
        }
        solve(&damped, &self.gradient, self.free)
    }

    /// `vᵀ (JᵀJ)⁻¹ v`: the variance of `v·theta` in units of the residual variance.
    pub(super) fn variance_of(&self, v: &Theta) -> f64 {
        solve(&self.matrix, v, self.free)
            .map_or(f64::INFINITY, |x| (0..3).map(|i| x[i] * v[i]).sum::<f64>().max(0.0))
    }
}

/// Solves the free part of a symmetric positive definite system, given by its lower half, by Cholesky
/// after scaling its diagonal to one; fixed parameters get zero.
fn solve(matrix: &[[f64; 3]; 3], right: &Theta, free: Free) -> Option<Theta> {
    let scale: Theta = std::array::from_fn(|i| if free[i] { matrix[i][i].sqrt() } else { 1.0 });
    if scale.iter().any(|s| !(*s > 0.0 && s.is_finite())) {
        return None;
    }
    let mut lower = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..=i {
            let entry = if free[i] && free[j] {
                matrix[i][j] / (scale[i] * scale[j])
            } else {
                f64::from(u8::from(i == j))
            };
            let sum: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            lower[i][j] = if i == j {
                let pivot = entry - sum;
                // Below, the columns are one and the same to rounding.
                (pivot > 1e-15).then(|| pivot.sqrt())?
            } else {
                (entry - sum) / lower[j][j]
            };
        }
    }
    let mut x: Theta = std::array::from_fn(|i| if free[i] { right[i] / scale[i] } else { 0.0 });
    for i in 0..3 {
        let sum: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
        x[i] = (x[i] - sum) / lower[i][i];
    }
    for i in (0..3).rev() {
        let sum: f64 = (i + 1..3).map(|k| lower[k][i] * x[k]).sum();
        x[i] = (x[i] - sum) / lower[i][i];
    }
    Some(std::array::from_fn(|i| if free[i] { x[i] / scale[i] } else { 0.0 }))
}

/// The profile of one parameter: the others are minimised out as it moves away from its estimate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profile<'a> {
    pub(super) points: &'a Points,
    pub(super) shape: Shape,
    pub(super) free: Free,
    pub(super) best: Minimum,
    /// The parameter.
    pub(super) index: usize,
    /// The sum of squares at the ends of the interval.
    pub(super) rss_limit: f64,
    /// The parameter is not followed beyond.
    pub(super) bounds: (f64, f64),
}

impl Profile<'_> {
    /// The end of the interval in a direction (-1 or +1); infinite where the sum of squares never
    /// reaches the limit.
    pub(super) fn end(&self, direction: f64) -> f64 {
        let bound = if direction < 0.0 { self.bounds.0 } else { self.bounds.1 };
        let (mut inside, mut step) = (self.best, self.first_step());
        for _ in 0..60 {
            let at = clamp(inside.theta[self.index] + direction * step, bound, direction);
            match self.minimum_at(at, &inside) {
                Some(minimum) if minimum.rss <= self.rss_limit => {
                    if at.to_bits() == bound.to_bits() {
                        break;
                    }
                    inside = minimum;
                    step *= 2.0;
                }
                outside => return self.refine(inside, at, outside.map(|m| m.rss)),
            }
        }
        direction * f64::INFINITY
    }

    /// The Wald half-width: exact for a linear parameter.
    fn first_step(&self) -> f64 {
        let Some(normal) = Normal::at(self.points, self.shape, &self.best.theta, self.free) else {
            return 0.1;
        };
        let unit: Theta = std::array::from_fn(|i| f64::from(u8::from(i == self.index)));
        let gain = (self.rss_limit - self.best.rss).max(0.0);
        let wald = (normal.variance_of(&unit) * gain).sqrt();
        let floor = 1e-12 * (1.0 + self.best.theta[self.index].abs());
        if wald.is_finite() { wald.max(floor) } else { 0.1 }
    }

    /// The root between a parameter inside and one outside: false position on the square root of the
    /// gain, which is nearly straight, guarded by bisection.
    fn refine(&self, mut inside: Minimum, mut outside: f64, mut outside_rss: Option<f64>) -> f64 {
        let score = |rss: f64| (rss - self.best.rss).max(0.0).sqrt();
        let target = score(self.rss_limit);
        for round in 0..60 {
            let from = inside.theta[self.index];
            if (outside - from).abs() <= 1e-10 * (outside.abs() + from.abs()) {
                break;
            }
            let share = match outside_rss {
                Some(rss) if round % 3 != 2 => {
                    let low = score(inside.rss);
                    ((target - low) / (score(rss) - low)).clamp(0.01, 0.99)
                }
                _ => 0.5,
            };
            let at = from + share * (outside - from);
            match self.minimum_at(at, &inside) {
                Some(minimum) if minimum.rss <= self.rss_limit => inside = minimum,
                other => (outside, outside_rss) = (at, other.map(|m| m.rss)),
            }
            if outside_rss.is_some_and(|rss| score(rss) - score(inside.rss) < 1e-9 * target) {
                break;
            }
        }
        inside.theta[self.index]
    }

    fn minimum_at(&self, at: f64, near: &Minimum) -> Option<Minimum> {
        let mut free = self.free;
        free[self.index] = false;
        let mut start = near.theta;
        start[self.index] = at;
        minimise(self.points, self.shape, start, free).or_else(|| {
            // The neighbour's other parameters may leave the curve negative here: start flat.
            let mut flat = [1.0, 0.0, start[2]];
            flat[self.index] = at;
            minimise(self.points, self.shape, flat, free)
        })
    }
}

fn clamp(value: f64, bound: f64, direction: f64) -> f64 {
    if direction < 0.0 { value.max(bound) } else { value.min(bound) }
}
