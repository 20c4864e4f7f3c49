//! Why a statistic has no answer.

use std::error::Error;
use std::fmt;

/// Why the data does not determine what was asked. The text says what was found and what is needed.
#[derive(Debug, Clone, PartialEq)]
pub enum Undetermined {
    /// Fewer values than the statistic needs.
    TooFewValues {
        /// Values given.
        have: usize,
        /// Values needed.
        need: usize,
    },
    /// Fewer distinct input sizes than the fit needs.
    TooFewSizes {
        /// Distinct sizes given.
        have: usize,
        /// Distinct sizes needed.
        need: usize,
    },
    /// A value is zero or negative where its logarithm is needed.
    NotPositive {
        /// The size (or index) at which it was found.
        at: f64,
        /// The value.
        value: f64,
    },
    /// A value, or a size, is infinite or not a number.
    NotFinite,
    /// All values are the same, so their spread carries no information.
    Identical {
        /// The value they all have.
        value: f64,
    },
    /// Groups, columns or rows do not fit together.
    Shape {
        /// What is wrong, in words.
        reason: String,
    },
    /// A computation did not settle.
    NoConvergence,
}

impl fmt::Display for Undetermined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewValues { have, need } => {
                write!(f, "{have} values where {need} are needed; measure more runs")
            }
            Self::TooFewSizes { have, need } => {
                write!(f, "{have} sizes where {need} are needed; add sizes to `input.sizes`")
            }
            Self::NotPositive { at, value } => write!(
                f,
                "the value at {at} is {value}; the fit is made on logarithms and needs values above zero"
            ),
            Self::NotFinite => write!(f, "a value is infinite or not a number"),
            Self::Identical { value } => {
                write!(f, "all values are {value}; without spread there is nothing to test")
            }
            Self::Shape { reason } => write!(f, "{reason}"),
            Self::NoConvergence => write!(f, "the fit did not converge; look at the points"),
        }
    }
}

impl Error for Undetermined {}
