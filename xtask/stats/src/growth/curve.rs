//! Growth classes and the forms that laws of a class take.

use std::fmt;

/// A growth class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// O(1).
    Constant,
    /// O(log n).
    Logarithmic,
    /// O(n^0.5).
    SquareRoot,
    /// O(n).
    Linear,
    /// O(n log n).
    Linearithmic,
    /// O(n^2).
    Quadratic,
    /// O(n^b) with a fitted b.
    Power,
}

impl Class {
    /// All of them, the slowest growth first.
    pub const ALL: [Self; 7] = [
        Self::Constant,
        Self::Logarithmic,
        Self::SquareRoot,
        Self::Linear,
        Self::Linearithmic,
        Self::Quadratic,
        Self::Power,
    ];

    /// `g(n)`.
    pub(super) fn g(self, Size { n, ln }: Size) -> f64 {
        match self {
            Self::Constant | Self::Power => 1.0,
            Self::Logarithmic => ln,
            Self::SquareRoot => n.sqrt(),
            Self::Linear => n,
            Self::Linearithmic => n * ln,
            Self::Quadratic => n * n,
        }
    }

    /// The exponents of the class about a size: of a logarithm what it tends to and what it is there.
    pub(super) fn exponents(self, size: f64) -> Option<(f64, f64)> {
        let local = 1.0 / size.max(3.0).ln();
        match self {
            Self::Constant => Some((0.0, 0.0)),
            Self::Logarithmic => Some((0.0, local)),
            Self::SquareRoot => Some((0.5, 0.5)),
            Self::Linear => Some((1.0, 1.0)),
            Self::Linearithmic => Some((1.0, 1.0 + local)),
            Self::Quadratic => Some((2.0, 2.0)),
            Self::Power => None,
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
}

/// The form of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `c`.
    Flat,
    /// `c + a g(n)`.
    WithConstant,
    /// `c + d sqrt(n) + a n`: a line that smaller terms still bend.
    WithRoot,
    /// A line from `c` that stays level from some size on: a bounded window, a full table. Its class is
    /// constant.
    Levelling,
    /// A line whose start is steeper until something is full.
    Filling,
    /// Level up to some size, a line from there: growth that first stays below another peak.
    Rising,
    /// `c + a 2^ceil(log2 n - phase)`: a buffer that doubles. Its class is linear.
    Doubling,
    /// `c + a n + d 2^ceil(log2 n - phase)`: a table that rehashes beside what it holds.
    LineDoubling,
    /// `c + a g^ceil(log_g n - phase)`: a buffer that grows by another factor than two. Its class is linear.
    Growing,
    /// `c + a ceil(log_g n - phase)`: levels of a tree. Its class is logarithmic.
    Levels,
    /// `c + a n + d ln n`: a line beside levels.
    WithLog,
}
