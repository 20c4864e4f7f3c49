//! The statistics of the laboratory: values in, values out.
//!
//! Nothing here reads a file, knows a unit or keeps state between calls; the same values give the
//! same answers. Degenerate data (one run, identical values, zeros, one size) is answered by a type:
//! an `Option`, or a [`Undetermined`] that says what is missing.
//!
//! | module | question |
//! |---|---|
//! | [`describe`](mod@describe) | what did one cell measure, and how surely? |
//! | [`variation`] | how surely is its coefficient of variation known? |
//! | [`assumption`] | are values normal, are spreads equal? |
//! | [`trend`] | does the value depend on the order of the runs? |
//! | [`power_law`](mod@power_law) | the straight line through log-log points |
//! | [`growth`](mod@growth) | constant part, growth class, exponent, predictions |
//! | [`compare`] | is a variant better than its reference, or the same? |
//! | [`factorial`](mod@factorial) | what does each technique of a grid do? |
//! | [`calibrate`](mod@calibrate) | do all of these keep what they promise? |
//!
//! `distribution` is the one home of `statrs`, `regression` the one home of `linregress`.

mod distribution;
mod log_normal;
mod regression;
mod root;
mod undetermined;

pub mod assumption;
pub mod calibrate;
pub mod compare;
pub mod describe;
pub mod factorial;
pub mod growth;
pub mod interval;
pub mod power_law;
pub mod trend;
pub mod variation;

pub use assumption::{Test, levene, shapiro_wilk};
pub use calibrate::calibrate;
pub use compare::{Comparison, compare_family, compare_paired, compare_resolved, holm};
pub use describe::{Describe, describe};
pub use distribution::binomial_tail;
pub use factorial::{Factorial, GridCell, factorial};
pub use growth::{Growth, SizePoint, growth, held_out_largest};
pub use interval::Interval;
pub use power_law::{LackOfFit, LocalExponent, PowerLaw, lack_of_fit, local_exponents, power_law};
pub use trend::{Trend, mann_kendall};
pub use undetermined::Undetermined;
pub use variation::cv_interval;
