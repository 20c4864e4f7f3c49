//! The curves that growth models are made of: value and gradient at a size.

use std::fmt;

/// A growth class: how the part that depends on the size grows with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// O(1).
    Constant,
    /// O(log n).
    Logarithmic,
    /// O(√n).
    SquareRoot,
    /// O(n).
    Linear,
    /// O(n log n).
    Linearithmic,
    /// O(n²).
    Quadratic,
    /// O(n^b) with a fitted b.
    Power,
}

impl Class {
    /// The classes whose growth has no free exponent and is not constant.
    pub(super) const NAMED: [Self; 5] =
        [Self::Logarithmic, Self::SquareRoot, Self::Linear, Self::Linearithmic, Self::Quadratic];

    /// `g(n)`.
    fn g(self, Size { n, ln }: Size) -> f64 {
        match self {
            Self::Constant | Self::Power => 1.0,
            Self::Logarithmic => ln,
            Self::SquareRoot => n.sqrt(),
            Self::Linear => n,
            Self::Linearithmic => n * ln,
            Self::Quadratic => n * n,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Constant => "O(1)",
            Self::Logarithmic => "O(log n)",
            Self::SquareRoot => "O(n^0.5)",
            Self::Linear => "O(n)",
            Self::Linearithmic => "O(n log n)",
            Self::Quadratic => "O(n^2)",
            Self::Power => "O(n^b)",
        })
    }
}

/// A size and its logarithm; an empty document counts as one byte where the logarithm is needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Size {
    pub(super) n: f64,
    pub(super) ln: f64,
}

impl Size {
    pub(super) fn new(n: f64) -> Self {
        Self { n, ln: if n > 0.0 { n.ln() } else { 0.0 } }
    }

    fn is_empty(self) -> bool {
        self.n <= 0.0
    }
}

/// The form of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `c`.
    Flat,
    /// `a g(n)`.
    Pure,
    /// `c + a g(n)`.
    WithConstant,
    /// `c + d sqrt(n) + a n`: a line that smaller terms still bend; its class is linear.
    WithRoot,
    /// A line from `c` that stays level from some size on (a bounded window, a full table); its class is
    /// constant.
    Levelling,
    /// A line whose start is steeper until something is full (a table, a window); its class is linear.
    Filling,
}

/// Three parameters; a model leaves some of them fixed.
pub(super) type Theta = [f64; 3];

/// A parametrisation of a curve. `centre` is the logarithm of the geometric mean size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// `t0 + t1 g(n) / scale`.
    Named { class: Class, scale: f64 },
    /// `t0 + t1 sqrt(n/max) + t2 n/max`.
    Rooted { size_max: f64 },
    /// `t0 + (t1 - t0) min(n/levels_from, 1)`: start and level.
    Levelling { levels_from: f64 },
    /// `t0 + t1 min(n/levels_from, 1) + t2 n/max`: what is filled, and what goes on growing.
    Filling { levels_from: f64, size_max: f64 },
    /// `t0 + t1 ((n/m)^t2 - 1) / t2`: value and log-slope at the centre, and the exponent (Box and
    /// Cox); it passes smoothly through `ln n` at exponent zero.
    Centred { centre: f64 },
    /// `t0 + (t1 - t0) (n/m)^t2`: the constant itself is a parameter.
    Asymptote { centre: f64 },
    /// `t0 + exp(t1) (n^t2 - m^t2)`: the coefficient itself is a parameter (its logarithm).
    Coefficient { centre: f64 },
    /// `t0 (n/m)^t2`.
    Pure { centre: f64 },
}

/// Exponents outside are not searched.
pub(super) const EXPONENTS: (f64, f64) = (-3.0, 4.0);

impl Shape {
    /// A named class, scaled so that its largest `g` is one.
    pub(super) fn named(class: Class, size_max: Size) -> Self {
        Self::Named { class, scale: class.g(size_max).abs().max(f64::MIN_POSITIVE) }
    }

    /// Value and gradient at a size; NaN where the exponent is out of range.
    pub(super) fn at(self, theta: &Theta, size: Size) -> (f64, Theta) {
        let [t0, t1, b] = *theta;
        match self {
            Self::Named { class, scale } => {
                let g = class.g(size) / scale;
                (t0 + t1 * g, [1.0, g, 0.0])
            }
            Self::Rooted { size_max } => {
                let n = size.n / size_max;
                (t0 + t1 * n.sqrt() + b * n, [1.0, n.sqrt(), n])
            }
            Self::Levelling { levels_from } => {
                let share = (size.n / levels_from).min(1.0);
                (t0 + (t1 - t0) * share, [1.0 - share, share, 0.0])
            }
            Self::Filling { levels_from, size_max } => {
                let (share, n) = ((size.n / levels_from).min(1.0), size.n / size_max);
                (t0 + t1 * share + b * n, [1.0, share, n])
            }
            _ if !(EXPONENTS.0..=EXPONENTS.1).contains(&b) => (f64::NAN, [0.0; 3]),
            Self::Centred { centre } => {
                let (g, slope) = box_cox(b, size, centre);
                (t0 + t1 * g, [1.0, g, t1 * slope])
            }
            Self::Asymptote { centre } => {
                let Power { value, slope } = power(b, size, centre);
                (t0 + (t1 - t0) * value, [1.0 - value, value, (t1 - t0) * slope])
            }
            Self::Coefficient { centre } => {
                let a = (t1 + b * centre).exp();
                let Power { value, slope } = power(b, size, centre);
                let g = a * (value - 1.0);
                (t0 + g, [1.0, g, centre * g + a * slope])
            }
            Self::Pure { centre } => {
                let Power { value, slope } = power(b, size, centre);
                (t0 * value, [value, 0.0, t0 * slope])
            }
        }
    }
}

/// `(n/m)^b` and its derivative by b.
struct Power {
    value: f64,
    slope: f64,
}

fn power(b: f64, size: Size, centre: f64) -> Power {
    if size.is_empty() && b > 0.0 {
        return Power { value: 0.0, slope: 0.0 };
    }
    let l = size.ln - centre;
    let value = (b * l).exp();
    Power { value, slope: l * value }
}

/// `((n/m)^b - 1) / b` and its derivative by b.
fn box_cox(b: f64, size: Size, centre: f64) -> (f64, f64) {
    if size.is_empty() && b > 0.0 {
        return (-1.0 / b, 1.0 / (b * b));
    }
    let l = size.ln - centre;
    if (b * l).abs() < 1e-5 {
        return (l * (1.0 + 0.5 * b * l), l * l * (0.5 + b * l / 3.0));
    }
    let ratio_less_one = (b * l).exp_m1();
    let g = ratio_less_one / b;
    (g, (l * (ratio_less_one + 1.0) - g) / b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_derivatives() {
        let centre = 8.0;
        let shapes = [
            Shape::named(Class::Linearithmic, Size::new(1e6)),
            Shape::Rooted { size_max: 1e6 },
            Shape::Levelling { levels_from: 1e4 },
            Shape::Filling { levels_from: 1e4, size_max: 1e6 },
            Shape::Centred { centre },
            Shape::Asymptote { centre },
            Shape::Coefficient { centre },
            Shape::Pure { centre },
        ];
        for shape in shapes {
            for size in [0.0, 10.0, 1e5] {
                for b in [1e-7, 0.3, 1.0] {
                    check(shape, [2.0, -0.7, b], Size::new(size));
                }
            }
        }
    }

    fn check(shape: Shape, theta: Theta, size: Size) {
        let (_, gradient) = shape.at(&theta, size);
        for i in 0..3 {
            let h = 1e-6;
            let moved = |d: f64| {
                let mut t = theta;
                t[i] += d;
                shape.at(&t, size).0
            };
            // Two steps forward: a step back could leave the domain at exponent zero.
            let numeric = (4.0 * moved(h) - 3.0 * moved(0.0) - moved(2.0 * h)) / (2.0 * h);
            if size.is_empty() && theta[2] < 1e-3 {
                continue;
            }
            let scale = numeric.abs().max(1.0);
            assert!((numeric - gradient[i]).abs() < 2e-4 * scale, "{shape:?} {size:?} {i}");
        }
    }
}
