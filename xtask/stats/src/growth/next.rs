//! Which size to measure next: sizes tell laws apart, repeats of a size do not.
//!
//! A pure function of what was measured: a continued campaign that hands in the same points gets the same
//! answer. The caller measures, records the answer and asks again.

use super::{Decision, Growth, Interval, SizePoint, growth};
use crate::growth::Class;

/// One series that is to be decided: a metric of a variant on a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// One per size measured, in any order.
    pub points: Vec<SizePoint>,
    /// The empty document.
    pub anchor: Option<SizePoint>,
}

/// What may be measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Smallest and largest size.
    pub range: Interval,
    /// The sizes to choose among; where empty, round sizes (1, 1.5, 2, 3, 5, 7 times a power of ten)
    /// and the ends of the range.
    pub among: Vec<f64>,
    /// Seconds still to be spent; infinite without a budget.
    pub seconds_left: f64,
    /// What measuring a size has taken, for all series that are measured with it: (size, seconds).
    pub costs: Vec<(f64, f64)>,
}

/// Why a size was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The first sizes: the ends and the middle of the range.
    Start,
    /// The top 1.5 decades hold too few sizes.
    Top,
    /// The classes that are left differ most there, in units of their error.
    Discriminates,
    /// Farthest from the sizes that are measured: nothing tells the classes apart better.
    Spreads,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Measure this size.
    Measure {
        /// The size.
        size: f64,
        /// Why this one.
        why: Why,
    },
    /// Every series is decided, by a bar that is stricter than the one for reporting.
    Decided(Vec<Class>),
    /// No size that is left fits the seconds left.
    Spent,
    /// Every size of the plan is measured, or no further one would tell the laws apart.
    Exhausted,
}

/// Decades below the largest size that growth beyond it is mostly read from.
pub(crate) const TOP_DECADES: f64 = 1.5;

/// Sizes wanted there before anything else.
const TOP_SIZES: usize = 5;

/// Fewest sizes that anything is decided from: with fewer, the misfit of a law is not known.
const DECIDED_SIZES: usize = 6;

/// Measuring ends when one class has this probability: stricter than reporting, since a search that
/// stops when it likes what it sees would be wrong too often.
const STOP: f64 = 0.99;

/// The next size to measure for all series together: they share inputs, so they share sizes.
pub fn next_size(series: &[Asked], plan: &Plan) -> Next {
    let measured: Vec<f64> = sizes_of(series);
    let free: Vec<f64> = plan.sizes().into_iter().filter(|s| !measured.contains(s)).collect();
    let affordable: Vec<f64> =
        free.iter().copied().filter(|&s| plan.seconds(s) <= plan.seconds_left).collect();
    let fits: Vec<Option<Growth>> =
        series.iter().map(|s| growth(&s.points, s.anchor, &[]).ok()).collect();
    let decided: Option<Vec<Class>> = fits.iter().map(|g| decided(g.as_ref()?)).collect();
    if let Some(classes) = decided.filter(|_| measured.len() >= DECIDED_SIZES) {
        return Next::Decided(classes);
    }
    if affordable.is_empty() {
        return if free.is_empty() { Next::Exhausted } else { Next::Spent };
    }
    let (size, why) = opening(&measured, &affordable, plan.range)
        .or_else(|| Some((discriminating(&fits, &affordable)?, Why::Discriminates)))
        .unwrap_or_else(|| (widest_gap(&measured, &affordable), Why::Spreads));
    Next::Measure { size, why }
}

fn decided(growth: &Growth) -> Option<Class> {
    let (class, p) = growth.classes.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (*p >= STOP && growth.verdict == Decision::Decided(*class)).then_some(*class)
}

/// The size at which the classes that are left differ most, in units of their error: T-optimality
/// (Atkinson and Fedorov 1975), over pairs of classes by their probability. `None` where no size tells
/// them apart by as much as [`TELLS`].
fn discriminating(fits: &[Option<Growth>], free: &[f64]) -> Option<f64> {
    let open = || fits.iter().flatten().filter(|g| decided(g).is_none());
    let gain = |size: f64| open().map(|g| g.distance(size)).sum::<f64>();
    let gains: Vec<(f64, f64)> = free.iter().map(|&s| (gain(s), s)).collect();
    let best = gains.iter().max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))?;
    (best.0 > TELLS).then_some(best.1)
}

/// A squared distance of classes, weighted by their probabilities, below which a size is no better than
/// any other.
const TELLS: f64 = 0.01;

impl Growth {
    /// How far the classes lie apart at a size: over pairs, the product of their probabilities times
    /// their squared distance in units of its error.
    fn distance(&self, size: f64) -> f64 {
        let at: Vec<(f64, f64, f64)> = self
            .classes
            .iter()
            .filter(|(_, p)| *p > 0.005)
            .filter_map(|&(class, p)| {
                let (mean, variance) = self.moments(class, size)?;
                Some((p, mean, variance))
            })
            .collect();
        let mut sum = 0.0;
        for (i, a) in at.iter().enumerate() {
            for b in &at[i + 1..] {
                sum += a.0 * b.0 * (a.1 - b.1).powi(2) / (a.2 + b.2).max(f64::MIN_POSITIVE);
            }
        }
        sum
    }
}

fn sizes_of(series: &[Asked]) -> Vec<f64> {
    let mut sizes: Vec<f64> = series.iter().flat_map(|s| &s.points).map(|p| p.size).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    sizes
}

/// The ends, then the top 1.5 decades evenly.
fn opening(measured: &[f64], free: &[f64], range: Interval) -> Option<(f64, Why)> {
    let top = range.high / 10.0_f64.powf(TOP_DECADES);
    let in_top = measured.iter().filter(|&&s| s >= top).count();
    if measured.is_empty() {
        return Some((range_end(free), Why::Start));
    }
    let free_top: Vec<f64> = free.iter().copied().filter(|&s| s >= top).collect();
    if in_top < TOP_SIZES && !free_top.is_empty() {
        return Some((widest_gap(measured, &free_top), Why::Top));
    }
    let lowest = free.iter().copied().fold(f64::INFINITY, f64::min);
    (measured.iter().all(|&s| s >= top) && lowest < top).then_some((lowest, Why::Start))
}

fn range_end(free: &[f64]) -> f64 {
    free.iter().copied().fold(0.0, f64::max)
}

/// The free size that is farthest, in logarithms, from all that are measured.
fn widest_gap(measured: &[f64], free: &[f64]) -> f64 {
    let gap =
        |size: f64| measured.iter().map(|m| (m / size).ln().abs()).fold(f64::INFINITY, f64::min);
    // The larger of equals: growth is read from there.
    let wider = |a: &f64, b: &f64| gap(*a).total_cmp(&gap(*b)).then(a.total_cmp(b));
    free.iter().copied().max_by(wider).unwrap_or(0.0)
}

impl Plan {
    /// A plan without a budget that chooses among given sizes.
    pub fn among(sizes: &[f64]) -> Self {
        let low = sizes.iter().copied().fold(f64::INFINITY, f64::min);
        let high = sizes.iter().copied().fold(0.0, f64::max);
        Self {
            range: Interval::new(low, high),
            among: sizes.to_vec(),
            seconds_left: f64::INFINITY,
            costs: Vec::new(),
        }
    }

    /// The sizes to choose among, ascending.
    pub fn sizes(&self) -> Vec<f64> {
        let mut sizes = if self.among.is_empty() { self.round_sizes() } else { self.among.clone() };
        sizes.retain(|&s| self.range.contains(s));
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        sizes
    }

    fn round_sizes(&self) -> Vec<f64> {
        const ROUND: [f64; 6] = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0];
        let low = self.range.low.max(1.0).log10().floor() as i32;
        let high = self.range.high.max(1.0).log10().ceil() as i32;
        let mut sizes: Vec<f64> = (low..=high)
            .flat_map(|power| ROUND.map(|digit| (digit * 10.0_f64.powi(power)).round()))
            .collect();
        sizes.extend([self.range.low, self.range.high]);
        sizes
    }

    /// Seconds that a size is going to take, from what its neighbours took: at most in proportion to size
    /// beyond the largest measured, the larger neighbour's within. Unknown before the first.
    pub fn seconds(&self, size: f64) -> f64 {
        let mut costs = self.costs.clone();
        costs.sort_by(|a, b| a.0.total_cmp(&b.0));
        match (costs.iter().find(|c| c.0 >= size), costs.last()) {
            (Some(at), _) => at.1,
            (None, Some(last)) => last.1 * size / last.0,
            (None, None) => 0.0,
        }
    }
}
