//! Tests of what other statistics assume: normal values, equal spread.

use crate::describe::{moments, quantile};
use crate::distribution::{f_tail, normal_quantile, normal_tail};
use crate::regression::{mean, squares_about};
use crate::undetermined::Undetermined;

/// A test statistic and its probability under the null hypothesis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The statistic: W, F, t or rho.
    pub statistic: f64,
    /// Probability of a statistic at least as extreme.
    pub p: f64,
}

/// Most values for which the approximation to the distribution of W was made.
pub const SHAPIRO_WILK_MAX: usize = 5000;

/// Shapiro-Wilk test of normality: small p speaks against it.
///
/// `W = (Σ aᵢ x₍ᵢ₎)² / Σ (x - x̄)²` with Royston's coefficients and normalising transformation (1995,
/// Algorithm AS R94, *Applied Statistics* 44, 547-551). 3 to [`SHAPIRO_WILK_MAX`] values. Assumes
/// independent values; ties (a coarse clock, page counts) lower W without being a departure that matters.
pub fn shapiro_wilk(values: &[f64]) -> Result<Test, Undetermined> {
    let n = values.len();
    if n < 3 {
        return Err(Undetermined::TooFewValues { have: n, need: 3 });
    }
    if n > SHAPIRO_WILK_MAX {
        let reason = format!("{n} values where at most {SHAPIRO_WILK_MAX} are allowed");
        return Err(Undetermined::Shape { reason });
    }
    let sorted = usable(values)?;
    let half = royston_coefficients(n);
    // Dividing by the range keeps huge and tiny values in reach of squaring.
    let range = sorted[n - 1] - sorted[0];
    if !range.is_finite() {
        return Err(Undetermined::NotFinite);
    }
    let scaled: Vec<f64> = sorted.iter().map(|v| (v - sorted[0]) / range).collect();
    let numerator: f64 =
        half.iter().enumerate().map(|(i, a)| a * (scaled[n - 1 - i] - scaled[i])).sum();
    let squares = squares_about(&scaled, mean(&scaled));
    let w = (numerator * numerator / squares).min(1.0);
    Ok(Test { statistic: w, p: royston_p(w, n) })
}

/// The upper half of the antisymmetric coefficients, largest value first.
fn royston_coefficients(n: usize) -> Vec<f64> {
    if n == 3 {
        return vec![0.5_f64.sqrt()];
    }
    // Blom's approximation to the expected normal order statistics, largest first.
    let m: Vec<f64> =
        (1..=n / 2).map(|i| -normal_quantile((i as f64 - 0.375) / (n as f64 + 0.25))).collect();
    let squares = 2.0 * m.iter().map(|m| m * m).sum::<f64>();
    let u = 1.0 / (n as f64).sqrt();
    let last = m[0] / squares.sqrt()
        + polynomial(&[0.0, 0.221_157, -0.147_981, -2.071_19, 4.434_685, -2.706_056], u);
    let corrected = if n > 5 {
        let next = m[1] / squares.sqrt()
            + polynomial(&[0.0, 0.042_981, -0.293_762, -1.752_461, 5.682_633, -3.582_633], u);
        vec![last, next]
    } else {
        vec![last]
    };
    let k = corrected.len();
    let m_head: f64 = m[..k].iter().map(|m| m * m).sum();
    let a_head: f64 = corrected.iter().map(|a| a * a).sum();
    let phi = (squares - 2.0 * m_head) / (1.0 - 2.0 * a_head);
    corrected.into_iter().chain(m[k..].iter().map(|m| m / phi.sqrt())).collect()
}

fn royston_p(w: f64, n: usize) -> f64 {
    let size = n as f64;
    if n == 3 {
        // Exact: W is never below 3/4.
        return 1.0 - 6.0 / std::f64::consts::PI * w.max(0.75).sqrt().acos();
    }
    let ln = (1.0 - w).ln();
    let (y, mean, ln_sd) = if n <= 11 {
        let gamma = polynomial(&[-2.273, 0.459], size);
        if ln >= gamma {
            return 0.0;
        }
        (
            -(gamma - ln).ln(),
            polynomial(&[0.5440, -0.399_78, 0.025_054, -0.000_671_4], size),
            polynomial(&[1.3822, -0.778_57, 0.062_767, -0.002_032_2], size),
        )
    } else {
        let x = size.ln();
        (
            ln,
            polynomial(&[-1.5861, -0.310_82, -0.083_751, 0.003_891_5], x),
            polynomial(&[-0.4803, -0.082_676, 0.003_030_2], x),
        )
    };
    normal_tail((y - mean) / ln_sd.exp())
}

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Levene's test of equal spread with deviations from group medians (Brown and Forsythe 1974).
///
/// `F = [Σ nᵢ (z̄ᵢ - z̄)² / (k-1)] / [ΣΣ (zᵢⱼ - z̄ᵢ)² / (N-k)]`, `z = |x - median of its group|`. Two
/// groups or more, more values than groups.
pub fn levene(groups: &[&[f64]]) -> Result<Test, Undetermined> {
    let k = groups.len();
    let total: usize = groups.iter().map(|g| g.len()).sum();
    if k < 2 || groups.iter().any(|g| g.is_empty()) {
        let reason = "equal spread is tested between two groups or more, none of them empty";
        return Err(Undetermined::Shape { reason: reason.to_owned() });
    }
    if total <= k {
        return Err(Undetermined::TooFewValues { have: total, need: k + 1 });
    }
    let deviations = groups.iter().map(|g| median_deviations(g)).collect::<Result<Vec<_>, _>>()?;
    let grand = deviations.iter().flatten().sum::<f64>() / total as f64;
    let between: f64 = deviations.iter().map(|z| z.len() as f64 * (mean(z) - grand).powi(2)).sum();
    let within: f64 = deviations.iter().map(|z| squares_about(z, mean(z))).sum();
    if within <= 0.0 {
        return Err(Undetermined::Identical { value: groups[0][0] });
    }
    let (df1, df2) = ((k - 1) as f64, (total - k) as f64);
    let f = (between / df1) / (within / df2);
    if !f.is_finite() {
        return Err(Undetermined::NotFinite);
    }
    Ok(Test { statistic: f, p: f_tail(f, df1, df2) })
}

fn median_deviations(group: &[f64]) -> Result<Vec<f64>, Undetermined> {
    if group.iter().any(|v| !v.is_finite()) {
        return Err(Undetermined::NotFinite);
    }
    let mut sorted = group.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let median = quantile(&sorted, 0.5);
    Ok(group.iter().map(|v| (v - median).abs()).collect())
}

/// Sorted copy of finite values that are not all the same.
fn usable(values: &[f64]) -> Result<Vec<f64>, Undetermined> {
    if values.iter().any(|v| !v.is_finite()) {
        return Err(Undetermined::NotFinite);
    }
    if moments(values).sd == Some(0.0) {
        return Err(Undetermined::Identical { value: values[0] });
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degenerate_data_is_refused() {
        assert!(matches!(shapiro_wilk(&[1.0, 2.0]), Err(Undetermined::TooFewValues { .. })));
        assert_eq!(shapiro_wilk(&[3.0; 8]), Err(Undetermined::Identical { value: 3.0 }));
        assert!(matches!(levene(&[&[1.0, 2.0]]), Err(Undetermined::Shape { .. })));
        assert!(matches!(levene(&[&[1.0], &[2.0]]), Err(Undetermined::TooFewValues { .. })));
        assert!(matches!(levene(&[&[1.0, 1.0], &[2.0, 2.0]]), Err(Undetermined::Identical { .. })));
    }

    #[test]
    fn an_outlier_is_not_normal() {
        let mut values: Vec<f64> = (0..20).map(f64::from).collect();
        assert!(shapiro_wilk(&values).unwrap().p > 0.5);
        values[19] = 200.0;
        assert!(shapiro_wilk(&values).unwrap().p < 1e-6);
    }
}
