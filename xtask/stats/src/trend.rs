//! Drift: does a value rise or fall with the order in which it was measured?

use crate::distribution::normal_tail;
use crate::undetermined::Undetermined;

/// The Mann-Kendall test of a monotonic trend.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// Rising pairs less falling pairs.
    pub s: i64,
    /// Kendall's tau-b of value against run order: -1 falls always, +1 rises always.
    pub tau: f64,
    /// Normal score of S with continuity correction.
    pub z: f64,
    /// Two-sided probability without a trend.
    pub p: f64,
    /// Number of values.
    pub n: usize,
}

/// Tests values, given in the order they were measured, for a monotonic trend.
///
/// `z = (S ∓ 1) / sqrt(Var S)`, `Var S = (n(n-1)(2n+5) - Σ t(t-1)(2t+5)) / 18` over groups of t ties.
/// The normal approximation wants ten values or more; four are the least that are answered. Sources:
/// Mann (1945), Kendall (1975), as in Gilbert (1987), section 16.4. O(n log n) by Knight (1966).
pub fn mann_kendall(values: &[f64]) -> Result<Trend, Undetermined> {
    let n = values.len();
    if n < 4 {
        return Err(Undetermined::TooFewValues { have: n, need: 4 });
    }
    if values.iter().any(|v| !v.is_finite()) {
        return Err(Undetermined::NotFinite);
    }
    let mut sorted = values.to_vec();
    let falling = count_inversions(&mut sorted);
    let ties = tie_counts(&sorted);
    if ties.first() == Some(&n) {
        return Err(Undetermined::Identical { value: values[0] });
    }
    let pairs = pairs_of(n);
    let equal_pairs: u64 = ties.iter().map(|&t| pairs_of(t)).sum();
    let s = (pairs - equal_pairs) as i64 - 2 * falling as i64;
    let variance = (term(n) - ties.iter().map(|&t| term(t)).sum::<f64>()) / 18.0;
    let z = (s - s.signum()) as f64 / variance.sqrt();
    Ok(Trend {
        s,
        tau: s as f64 / (pairs as f64 * (pairs - equal_pairs) as f64).sqrt(),
        z,
        p: (2.0 * normal_tail(z.abs())).min(1.0),
        n,
    })
}

fn pairs_of(n: usize) -> u64 {
    let n = n as u64;
    n * (n - 1) / 2
}

fn term(n: usize) -> f64 {
    let n = n as f64;
    n * (n - 1.0) * (2.0 * n + 5.0)
}

/// Sizes of the groups of equal values.
fn tie_counts(sorted: &[f64]) -> Vec<usize> {
    sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(<[f64]>::len).collect()
}

/// Sorts the values and counts the pairs that stood in falling order; bottom-up merge sort.
fn count_inversions(values: &mut Vec<f64>) -> u64 {
    let mut merged = Vec::with_capacity(values.len());
    let mut inversions = 0;
    let mut width = 1;
    while width < values.len() {
        merged.clear();
        for block in values.chunks(2 * width) {
            let (left, right) = block.split_at(width.min(block.len()));
            inversions += merge(left, right, &mut merged);
        }
        std::mem::swap(values, &mut merged);
        width *= 2;
    }
    inversions
}

/// Appends the merge of two sorted runs; each value taken from the right passes all left ones above it.
fn merge(left: &[f64], right: &[f64], out: &mut Vec<f64>) -> u64 {
    let (mut i, mut j, mut inversions) = (0, 0, 0);
    while i < left.len() && j < right.len() {
        if right[j] < left[i] {
            inversions += (left.len() - i) as u64;
            out.push(right[j]);
            j += 1;
        } else {
            out.push(left[i]);
            i += 1;
        }
    }
    out.extend_from_slice(&left[i..]);
    out.extend_from_slice(&right[j..]);
    inversions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive_s(values: &[f64]) -> i64 {
        let mut s = 0;
        for (i, a) in values.iter().enumerate() {
            for b in &values[i + 1..] {
                s += i64::from(b > a) - i64::from(b < a);
            }
        }
        s
    }

    #[test]
    fn counting_agrees_with_all_pairs() {
        let mut state = 1_u64;
        for n in 4..60 {
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    ((state >> 33) % 17) as f64
                })
                .collect();
            assert_eq!(mann_kendall(&values).unwrap().s, naive_s(&values), "{values:?}");
        }
    }

    #[test]
    fn a_leak_is_seen_and_flat_data_refused() {
        let leak: Vec<f64> = (0..20).map(f64::from).collect();
        let trend = mann_kendall(&leak).unwrap();
        assert_eq!((trend.s, trend.tau), (190, 1.0));
        assert!(trend.p < 1e-8);
        assert_eq!(mann_kendall(&[2.0; 9]), Err(Undetermined::Identical { value: 2.0 }));
        assert_eq!(mann_kendall(&[1.0, 2.0]), Err(Undetermined::TooFewValues { have: 2, need: 4 }));
    }
}
