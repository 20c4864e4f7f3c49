//! The laws compared, as columns of a linear model: what each expects at a size, up to its coefficients.

use super::curve::{Class, Form, Size};

/// Most coefficients of a law.
pub(super) const COEFFICIENTS: usize = 3;

pub(super) type Coefficients = [f64; COEFFICIENTS];

/// A law; what it leaves open beside its coefficients is its shape parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Law {
    Flat,
    Named(Class),
    /// `n^b`; the shape is `b`.
    Power,
    /// A line and a root.
    Rooted,
    /// A line that stays level from `exp(shape)` on.
    Levelling,
    /// A line, steeper up to `exp(shape)`.
    Filling,
    /// Level up to `exp(shape)`, a line from there.
    Rising,
    /// `2^ceil(log2 n - shape)`: a buffer that doubles.
    Doubling,
    /// A line beside a buffer that doubles: a table that rehashes beside what it holds.
    LineDoubling,
    /// `g^ceil(log_g n - f)`: a buffer that grows by another factor; the shape holds both.
    Growing,
    /// `ceil(log_g n - f)`: levels of a tree; the shape holds both.
    Levels,
    /// A line and a logarithm.
    WithLog,
}

/// Factors by which buffers grow, beside two.
const GROWN_BY: [f64; 4] = [1.125, 1.25, 1.5, 1.618_033_988_749_895];

/// Children of a node.
const CHILDREN: [f64; 7] = [4.0, 8.0, 10.0, 16.0, 32.0, 64.0, 128.0];

/// A shape of two parts: which factor, and the phase, which is below two.
const PER_FACTOR: f64 = 4.0;

/// The laws with their prior weights, the cheapest to try first.
///
/// Most programs hold a constant amount or a share of their input: of the series of the real bench that
/// priors were chosen on, 59 of 67 are O(1) or O(n). These two classes have one vote each, the others
/// [`RARE`], and a fitted exponent [`FREE`]; the laws of a class share its vote.
pub(super) const LAWS: [(Law, f64); 16] = [
    (Law::Flat, 0.5),
    (Law::Named(Class::Linear), 0.4),
    (Law::Named(Class::Logarithmic), RARE),
    (Law::Named(Class::SquareRoot), RARE),
    (Law::Named(Class::Linearithmic), RARE),
    (Law::Named(Class::Quadratic), RARE),
    (Law::Rooted, 0.1),
    (Law::WithLog, 0.1),
    (Law::Doubling, 0.1),
    (Law::LineDoubling, 0.1),
    (Law::Growing, 0.05),
    (Law::Levels, 0.01),
    (Law::Levelling, 0.5),
    (Law::Filling, 0.1),
    (Law::Rising, 0.05),
    (Law::Power, FREE),
];

const RARE: f64 = 0.3;
const FREE: f64 = 0.1;

/// Exponents of `n^b` that are looked at.
pub(super) const EXPONENTS: (f64, f64) = (0.1, 3.0);

/// How a law's shape parameter is gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    None,
    Exponent,
    /// The logarithm of a size.
    Bend,
    /// The phase of a doubling buffer, from 0 to 1.
    Phase,
}

impl Law {
    pub(super) fn class(self) -> Class {
        match self {
            Self::Flat | Self::Levelling => Class::Constant,
            Self::Named(class) => class,
            Self::Power => Class::Power,
            Self::Levels => Class::Logarithmic,
            Self::Rooted
            | Self::WithLog
            | Self::Filling
            | Self::Rising
            | Self::Doubling
            | Self::Growing
            | Self::LineDoubling => Class::Linear,
        }
    }

    pub(super) fn form(self) -> Form {
        match self {
            Self::Flat => Form::Flat,
            Self::Named(_) | Self::Power => Form::WithConstant,
            Self::Rooted => Form::WithRoot,
            Self::Levelling => Form::Levelling,
            Self::Filling => Form::Filling,
            Self::Rising => Form::Rising,
            Self::Doubling => Form::Doubling,
            Self::LineDoubling => Form::LineDoubling,
            Self::Growing => Form::Growing,
            Self::Levels => Form::Levels,
            Self::WithLog => Form::WithLog,
        }
    }

    /// Number of coefficients, the constant counted.
    pub(super) fn coefficients(self) -> usize {
        match self {
            Self::Flat => 1,
            Self::Rooted | Self::WithLog | Self::Filling | Self::LineDoubling => 3,
            _ => 2,
        }
    }

    pub(super) fn search(self) -> Search {
        match self {
            Self::Power => Search::Exponent,
            Self::Levelling | Self::Filling | Self::Rising => Search::Bend,
            Self::Doubling | Self::LineDoubling | Self::Growing | Self::Levels => Search::Phase,
            _ => Search::None,
        }
    }

    /// Misfit beyond which it is another law: levels are level, and anything with two jumps would pass.
    pub(super) fn misfit_max(self) -> f64 {
        if self == Self::Levels { 0.004 } else { f64::INFINITY }
    }

    /// The factors between steps; of what has none, none.
    pub(super) fn factors(self) -> &'static [f64] {
        match self {
            Self::Doubling | Self::LineDoubling => &[2.0],
            Self::Growing => &GROWN_BY,
            Self::Levels => &CHILDREN,
            _ => &[],
        }
    }

    /// The factor and the phase that a shape stands for.
    pub(super) fn step(self, shape: f64) -> (f64, f64) {
        let at = (shape / PER_FACTOR).floor().max(0.0);
        let factors = self.factors();
        (factors[(at as usize).min(factors.len() - 1)], shape - PER_FACTOR * at)
    }

    /// The shape that stands for a factor, by its place, and a phase.
    pub(super) fn stepped(place: usize, phase: f64) -> f64 {
        PER_FACTOR * place as f64 + phase
    }

    /// Coefficients and shape: what is fitted.
    pub(super) fn parameters(self) -> usize {
        self.coefficients() + usize::from(self.search() != Search::None)
    }

    /// Whether coefficients below zero make it another law.
    pub(super) fn is_sum(self) -> bool {
        self.coefficients() == 3
    }
}

/// A law with its shape, its columns scaled to rise from 0 at the smallest size to 1 at the largest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shaped {
    pub(super) law: Law,
    pub(super) shape: f64,
    low: [f64; 2],
    scale: [f64; 2],
}

impl Shaped {
    /// `None` where a column does not rise over the range.
    pub(super) fn new(law: Law, shape: f64, smallest: Size, largest: Size) -> Option<Self> {
        let (low, high) = (raw(law, shape, smallest), raw(law, shape, largest));
        let rise = [high[0] - low[0], high[1] - low[1]];
        let columns = law.coefficients() - 1;
        let rises = |r: &f64| *r > 1e-9 * high[0].abs().max(f64::MIN_POSITIVE) && r.is_finite();
        if !rise[..columns].iter().all(rises) {
            return None;
        }
        let scale = rise.map(|r| if r > 0.0 { 1.0 / r } else { 0.0 });
        Some(Self { law, shape, low, scale })
    }

    /// The same columns with another shape, scaled as before.
    pub(super) fn reshaped(self, shape: f64) -> Self {
        Self { shape, ..self }
    }

    /// The columns at a size; the first is the constant.
    pub(super) fn at(&self, size: Size) -> Coefficients {
        let g = raw(self.law, self.shape, size);
        [1.0, (g[0] - self.low[0]) * self.scale[0], (g[1] - self.low[1]) * self.scale[1]]
    }

    /// The law's value at `n = 0` per coefficient: its constant part.
    pub(super) fn constant(&self) -> Coefficients {
        [1.0, -self.low[0] * self.scale[0], -self.low[1] * self.scale[1]]
    }

    /// The coefficient of `g(n)` per scaled coefficient.
    pub(super) fn slope(&self) -> f64 {
        self.scale[0]
    }

    /// That of the second term.
    pub(super) fn second(&self) -> f64 {
        self.scale[1]
    }
}

/// The columns beside the constant, unscaled.
fn raw(law: Law, shape: f64, size: Size) -> [f64; 2] {
    let n = size.n;
    match law {
        Law::Flat => [0.0, 0.0],
        Law::Named(class) => [class.g(size), 0.0],
        Law::Power => [if n > 0.0 { (shape * size.ln).exp() } else { 0.0 }, 0.0],
        Law::Rooted => [n, n.sqrt()],
        Law::Levelling => [n.min(shape.exp()), 0.0],
        Law::Filling => [n, n.min(shape.exp())],
        Law::Rising => [(n - shape.exp()).max(0.0), 0.0],
        Law::WithLog => [n, size.ln],
        Law::Doubling | Law::Growing => [grown(law, size, shape), 0.0],
        Law::LineDoubling => [n, grown(law, size, shape)],
        Law::Levels => [steps(law, size, shape), 0.0],
    }
}

/// Steps that were taken up to a size.
fn steps(law: Law, size: Size, shape: f64) -> f64 {
    let (factor, phase) = law.step(shape);
    (size.ln / factor.ln() - phase - 1e-9).ceil()
}

fn grown(law: Law, size: Size, shape: f64) -> f64 {
    let (factor, _) = law.step(shape);
    if size.n > 0.0 { (steps(law, size, shape) * factor.ln()).exp() } else { 0.0 }
}
