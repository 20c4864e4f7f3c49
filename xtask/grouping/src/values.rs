//! The values of one quantity of one group.

use stats::{Statistics, statistics};

/// Values in the order of their rows, at least one, and what they come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Those of the rows that have one.
    pub values: Vec<f64>,
    /// Of all these values.
    pub statistics: Statistics,
}

impl Values {
    /// Values that stand in no file of samples; one at least.
    pub fn of(values: Vec<f64>) -> Self {
        Self { statistics: statistics(&values), values }
    }
}
