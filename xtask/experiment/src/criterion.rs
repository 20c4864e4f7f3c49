//! What an experiment expects of its own results, as declared; the verdicts are `judge`'s business.

use serde::{Deserialize, Serialize};

use record::metric::Metric;
use record::units::{Bytes, SHARE_ALLOWED, Share};

/// A declared expectation with everything filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Criterion {
    pub name: String,
    /// The variants it is about, all that hold for it must hold for each.
    pub variants: Vec<String>,
    /// The profiles (generators or files) it is about.
    pub profiles: Vec<String>,
    /// Whether not meeting it fails `run` and `report --check`.
    #[serde(default = "required")]
    pub required: bool,
    pub expects: Expects,
}

/// What a criterion is unless it says otherwise.
fn required() -> bool {
    true
}

/// The kinds of expectation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Expects {
    /// The mean of a metric stays within the limit at one size, measured or predicted, or at each
    /// measured size from `from` up.
    Value { metric: Metric, sizes: Sizes, limit: Limit },
    /// The coefficient of variation of a metric stays within the limit in every cell.
    Cv { metric: Metric, sizes: Sizes, limit: Limit },
    /// The exponent of the decided class stays within the limit; undecided, of each that is left.
    Growth { metric: Metric, limit: Limit },
    /// Encoding the same document again and again in one process does not hold ever more memory.
    MemoryGivenBack,
}

/// Which sizes a criterion looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sizes {
    /// One size; predicted where it is not measured.
    At(Bytes),
    /// Each measured size from here up.
    From(Bytes),
}

/// The side on which a value must stay, with the bound in the metric's base unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    Below(f64),
    Above(f64),
}

impl Limit {
    /// The bound itself.
    pub fn bound(self) -> f64 {
        match self {
            Limit::Below(bound) | Limit::Above(bound) => bound,
        }
    }

    /// "below" or "above".
    pub fn word(self) -> &'static str {
        match self {
            Limit::Below(_) => "below",
            Limit::Above(_) => "above",
        }
    }
}

/// Reads a bound in the unit of what is judged: bytes, nanoseconds, or a plain number or share.
pub(crate) fn bound_in(unit: BoundUnit, bound: &super::raw::Bound) -> Result<f64, String> {
    use super::raw::Bound;
    let wrong_unit = |text: &str| format!("`{text}`; write {}", unit.allowed());
    match (unit, bound) {
        (BoundUnit::Plain, Bound::Number(number)) if number.is_finite() => Ok(*number),
        (BoundUnit::Plain, Bound::Text(text)) => {
            text.parse::<Share>().map(|share| share.0).map_err(|_| wrong_unit(text))
        }
        (BoundUnit::Bytes, Bound::Text(text)) => {
            text.parse::<Bytes>().map(|bytes| bytes.0 as f64).map_err(|_| wrong_unit(text))
        }
        (BoundUnit::Nanos, Bound::Text(text)) => text
            .parse::<record::units::Nanos>()
            .map(|nanos| nanos.0 as f64)
            .map_err(|_| wrong_unit(text)),
        (_, Bound::Number(number)) => Err(wrong_unit(&number.to_string())),
    }
}

/// The unit in which a bound must be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoundUnit {
    Bytes,
    Nanos,
    Plain,
}

impl BoundUnit {
    fn allowed(self) -> String {
        match self {
            BoundUnit::Bytes => record::units::BYTES_ALLOWED.to_owned(),
            BoundUnit::Nanos => record::units::NANOS_ALLOWED.to_owned(),
            BoundUnit::Plain => format!("a number such as `1.05`, or {SHARE_ALLOWED}"),
        }
    }
}
