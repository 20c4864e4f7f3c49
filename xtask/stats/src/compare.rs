//! A variant against a reference: paired within blocks, judged as a family.
//!
//! Smaller is better: memory, time and output all are.

use crate::describe::moments;
use crate::distribution::{normal_quantile, t_quantile, t_two_sided, t95};
use crate::interval::Interval;
use crate::power_law::check_positive;
use crate::undetermined::Undetermined;

/// The chance of any false alarm in a family of comparisons.
const ALPHA: f64 = 0.05;

/// What logarithms of whole steps may be off.
const ROUNDING: f64 = 1e-12;

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Significantly smaller than the reference, and not merely within the margin.
    Improved,
    /// Significantly larger than the reference, and not merely within the margin.
    Regressed,
    /// The whole interval of the ratio lies within the margin.
    Equivalent,
    /// Neither.
    NotDecided {
        /// Blocks in all that should decide, if spread and ratio stay what they are; `None` if a
        /// million would not.
        runs_needed: Option<usize>,
    },
}

/// A variant compared with a reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Blocks, each with one run of both.
    pub n: usize,
    /// Geometric mean of variant over reference.
    pub ratio: f64,
    /// 95 % interval of the ratio, of this comparison alone, to each side wider by the resolution; a
    /// single point where `identical` and the resolution is 0.
    pub ratio_ci95: Interval,
    /// Two-sided probability of such a ratio from equal variants (paired t on logs); `None` where
    /// `identical`.
    pub p: Option<f64>,
    /// The same, adjusted for the family by Holm.
    pub p_holm: Option<f64>,
    /// Whether the ratio is the same in every block: deterministic, nothing to test.
    pub identical: bool,
    /// The equivalence margin: 0.01 is 1 %.
    pub margin: f64,
    /// The smallest ratio that means something, less 1: readings differ by as much where nothing does.
    pub resolution: f64,
    /// What the comparison says, as one of its family.
    pub verdict: Change,
    sd: f64,
}

/// Compares a variant with a reference, alone.
///
/// `pairs` hold (variant, reference) of each block. `ln ratio = mean d ± t(0.975, n-1) sd(d)/sqrt(n)`
/// with `d = ln variant - ln reference`. Equivalent if the interval lies in `1/(1+margin) ..= 1+margin`
/// (stricter than two one-sided tests at 5 %: Schuirmann 1987); else improved or regressed if p < 0.05.
pub fn compare_paired(pairs: &[(f64, f64)], margin: f64) -> Result<Comparison, Undetermined> {
    let mut compared = compare_family(&[pairs], margin);
    compared.swap_remove(0)
}

/// Compares each member of a declared family, with Holm's correction over those that are tested.
///
/// At most 5 % of families of equal variants raise any false alarm.
pub fn compare_family(
    family: &[&[(f64, f64)]],
    margin: f64,
) -> Vec<Result<Comparison, Undetermined>> {
    let exact: Vec<(&[(f64, f64)], f64)> = family.iter().map(|pairs| (*pairs, 0.0)).collect();
    compare_resolved(&exact, margin)
}

/// The same where readings have a resolution: each member is its pairs and the smallest difference, in
/// their unit, that means something.
///
/// A difference as large as the resolution shows between equal variants, and stays however often both
/// run. So intervals are wider by it, and what is tested is not that the ratio is 1 but that it is within
/// the resolution: `t = max(0, |mean d| - ln(1 + r)) / (sd(d) / sqrt(n))`, `r` the resolution over the
/// smaller mean.
pub fn compare_resolved(
    family: &[(&[(f64, f64)], f64)],
    margin: f64,
) -> Vec<Result<Comparison, Undetermined>> {
    let mut compared: Vec<_> =
        family.iter().map(|(pairs, resolution)| unjudged(pairs, *resolution, margin)).collect();
    let tested: Vec<f64> = compared.iter().flatten().filter_map(|c| c.p).collect();
    let mut adjusted = holm(&tested).into_iter();
    for comparison in compared.iter_mut().flatten() {
        comparison.p_holm = comparison.p.and_then(|_| adjusted.next());
        comparison.verdict = comparison.judge(tested.len());
    }
    compared
}

fn unjudged(
    pairs: &[(f64, f64)],
    resolution: f64,
    margin: f64,
) -> Result<Comparison, Undetermined> {
    let n = pairs.len();
    if n < 2 {
        return Err(Undetermined::TooFewValues { have: n, need: 2 });
    }
    for (block, &(variant, reference)) in pairs.iter().enumerate() {
        check_positive(block as f64 + 1.0, variant)?;
        check_positive(block as f64 + 1.0, reference)?;
    }
    let logs: Vec<f64> =
        pairs.iter().map(|(variant, reference)| variant.ln() - reference.ln()).collect();
    let spread = moments(&logs);
    let sd = spread.sd.filter(|&sd| sd > 1e-14).unwrap_or(0.0);
    let error = sd / (n as f64).sqrt();
    let df = (n - 1) as f64;
    let sums = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    let resolution = resolution * n as f64 / f64::min(sums.0, sums.1);
    let unresolved = resolution.ln_1p();
    let off = if resolution > 0.0 { unresolved + ROUNDING } else { 0.0 };
    let beyond = (spread.mean.abs() - off).max(0.0);
    Ok(Comparison {
        n,
        ratio: spread.mean.exp(),
        ratio_ci95: Interval::around(spread.mean, t95(df) * error + unresolved).map(f64::exp),
        p: (error > 0.0).then(|| t_two_sided(beyond / error, df)),
        p_holm: None,
        identical: error <= 0.0,
        margin,
        resolution,
        verdict: Change::NotDecided { runs_needed: None },
        sd,
    })
}

impl Comparison {
    fn within_margin(&self, interval: Interval) -> bool {
        Interval::new(1.0 / (1.0 + self.margin), 1.0 + self.margin).encloses(interval)
    }

    fn judge(&self, tests: usize) -> Change {
        let apart = self.ratio.ln().abs();
        let equal = self.identical && self.resolution <= 0.0 && apart < 1e-14;
        if equal || self.within_margin(self.ratio_ci95) {
            return Change::Equivalent;
        }
        // No number of runs tells such variants apart.
        if self.identical && self.resolution > 0.0 && apart <= self.resolution.ln_1p() + ROUNDING {
            return Change::NotDecided { runs_needed: None };
        }
        match self.p_holm {
            Some(p) if p >= ALPHA => Change::NotDecided { runs_needed: self.runs_needed(tests) },
            _ if self.ratio < 1.0 => Change::Improved,
            _ => Change::Regressed,
        }
    }

    /// The smallest number of blocks at which this ratio and spread would decide either way.
    fn runs_needed(&self, tests: usize) -> Option<usize> {
        let (centre, unresolved) = (self.ratio.ln().abs(), self.resolution.ln_1p());
        // Bonferroni's level: the hardest step of Holm's.
        let level = 0.5 * ALPHA / tests.max(1) as f64;
        let different = runs_to_resolve(self.sd, centre - unresolved, level);
        let within = self.margin.ln_1p() - unresolved - centre;
        let equivalent = runs_to_resolve(self.sd, within, 0.025);
        let needed = [different, equivalent].into_iter().flatten().min();
        needed.map(|n| n.max(self.n + 1))
    }
}

/// The smallest n with `t(1 - tail, n-1) sd / sqrt(n) < distance`; `None` beyond a million.
fn runs_to_resolve(sd: f64, distance: f64, tail: f64) -> Option<usize> {
    const MAX: f64 = 1e6;
    let (z, ratio) = (normal_quantile(1.0 - tail), sd / distance);
    // The first two terms of Cornish and Fisher's t put the search within a step or two.
    let about = (z * ratio).powi(2) + 0.5 * (z * z + 1.0);
    if distance <= 0.0 || about > MAX {
        return None;
    }
    let resolves = |n: usize| t_quantile(1.0 - tail, (n - 1) as f64) * ratio < (n as f64).sqrt();
    let start = (about as usize).max(2);
    if resolves(start) {
        return (2..start).rev().take_while(|&n| resolves(n)).last().or(Some(start));
    }
    (start + 1..2 * start + 1000).find(|&n| resolves(n))
}

/// Holm's step-down adjustment, in the order given.
///
/// `p₍ᵢ₎ᵃ = max over j <= i of min(1, (m - j + 1) p₍ⱼ₎)`. Holm (1979), *Scandinavian Journal of
/// Statistics* 6, 65-70.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max(((p.len() - rank) as f64 * p[index]).min(1.0));
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(ratios: &[f64]) -> Vec<(f64, f64)> {
        ratios.iter().map(|r| (1000.0 * r, 1000.0)).collect()
    }

    fn verdict(ratios: &[f64], margin: f64) -> Change {
        compare_paired(&pairs(ratios), margin).unwrap().verdict
    }

    #[test]
    fn each_verdict_has_its_case() {
        assert_eq!(verdict(&[0.90, 0.91, 0.89, 0.90, 0.90], 0.01), Change::Improved);
        assert_eq!(verdict(&[1.10, 1.11, 1.09, 1.10, 1.10], 0.01), Change::Regressed);
        assert_eq!(verdict(&[1.001, 0.999, 1.0, 1.0005, 0.9995], 0.01), Change::Equivalent);
        assert!(matches!(
            verdict(&[1.1, 0.9, 1.05, 1.0, 0.97], 0.01),
            Change::NotDecided { runs_needed: Some(6..) }
        ));
    }

    #[test]
    fn deterministic_values_need_no_test() {
        let same = compare_paired(&pairs(&[1.0; 5]), 0.0).unwrap();
        assert_eq!((same.verdict, same.p, same.identical), (Change::Equivalent, None, true));
        assert_eq!(verdict(&[0.5; 5], 0.01), Change::Improved);
        assert_eq!(verdict(&[1.2; 5], 0.01), Change::Regressed);
        assert_eq!(verdict(&[1.002; 5], 0.01), Change::Equivalent);
    }

    #[test]
    fn nothing_smaller_than_the_resolution_is_claimed() {
        let verdict = |ratio: f64, resolution: f64, margin: f64| {
            let pairs = pairs(&[ratio; 5]);
            compare_resolved(&[(&pairs, resolution)], margin)[0].clone().unwrap().verdict
        };
        let undecided = Change::NotDecided { runs_needed: None };
        assert_eq!(verdict(1.02, 0.0, 0.001), Change::Regressed);
        assert_eq!(verdict(1.02, 30.0, 0.001), undecided);
        assert_eq!(verdict(0.98, 30.0, 0.001), undecided);
        assert_eq!(verdict(1.04, 30.0, 0.001), Change::Regressed);
        assert_eq!(
            verdict(1.0, 30.0, 0.01),
            undecided,
            "equal readings, of programs that may differ"
        );
        assert_eq!(verdict(1.0, 30.0, 0.05), Change::Equivalent);
        let noisy = pairs(&[1.02, 1.021, 1.019, 1.02, 1.022]);
        let of = compare_resolved(&[(&noisy, 30.0)], 0.001)[0].clone().unwrap();
        assert_eq!(of.verdict, undecided);
        assert!(of.p > Some(0.9) && of.ratio_ci95.low < 1.0 && of.ratio_ci95.high > 1.05);
    }

    #[test]
    fn the_runs_needed_decide() {
        let noisy = compare_paired(&pairs(&[1.1, 0.9, 1.05, 1.0, 0.97]), 0.02).unwrap();
        let Change::NotDecided { runs_needed: Some(n) } = noisy.verdict else { panic!() };
        let error = |n: usize| t95((n - 1) as f64) * noisy.sd / (n as f64).sqrt();
        assert!(error(n) + noisy.ratio.ln().abs() <= 1.02_f64.ln());
        assert!(error(n - 1) + noisy.ratio.ln().abs() > 1.02_f64.ln());
        assert_eq!(
            verdict(&[1.1, 1.0 / 1.1], 0.0),
            Change::NotDecided { runs_needed: None },
            "an exact tie without a margin is never decided"
        );
    }

    #[test]
    fn a_family_is_stricter_than_its_members() {
        let member = pairs(&[1.02, 1.04, 1.05, 1.01, 1.06, 0.995]);
        assert_eq!(compare_paired(&member, 0.01).unwrap().verdict, Change::Regressed);
        let family = vec![&member[..]; 10];
        let judged = compare_family(&family, 0.01);
        assert!(matches!(judged[0].as_ref().unwrap().verdict, Change::NotDecided { .. }));
    }

    #[test]
    fn unusable_pairs_are_refused_without_touching_the_others() {
        let good = pairs(&[0.5; 4]);
        let judged = compare_family(&[&[(1.0, 0.0), (1.0, 1.0)], &good, &[(1.0, 1.0)]], 0.01);
        assert_eq!(judged[0], Err(Undetermined::NotPositive { at: 1.0, value: 0.0 }));
        assert!(judged[1].is_ok());
        assert_eq!(judged[2], Err(Undetermined::TooFewValues { have: 1, need: 2 }));
        assert!(compare_family(&[], 0.01).is_empty());
    }
}
