//! The power law `y = a n^b`: a straight line through log-log points, with its bands, and the local
//! exponents between neighbouring sizes.
//!
//! The line is wrong whenever a constant is present; [`crate::growth`] answers that. It stays because
//! the published baseline used it and because its bands are the reference for the others.

use crate::distribution::{f_tail, t95};
use crate::interval::Interval;
use crate::regression::{Line, ROUNDING, exact_or, line, mean, squares_about};
use crate::undetermined::Undetermined;

/// The fit `ln y = ln a + b ln n + e`, one point per size.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerLaw {
    /// `a`, in units of y per unit of size to the `b`.
    pub coefficient: f64,
    /// `b`.
    pub exponent: f64,
    /// 95 % interval of the exponent: `b ± t(0.975, n - 2) se(b)`.
    pub exponent_ci95: Interval,
    /// Coefficient of determination in logs; `None` where y does not vary.
    pub r2: Option<f64>,
    /// Two-sided probability of a slope this far from zero; `None` where y does not vary.
    pub p: Option<f64>,
    /// Standard deviation of the residuals of `ln y` (n - 2).
    pub residual_sd: f64,
    /// Distinct sizes: the replicates of the fit.
    pub n: usize,
    line: Line,
}

/// Fits `y = a n^b` through `(size, value)` points by least squares on logarithms.
///
/// Size is the replicate: points that share a size are averaged in logs and count once.
///
/// Fewer than three distinct sizes, sizes or values that are not positive or not finite are
/// [`Undetermined`]. Source: Draper and Smith, *Applied Regression Analysis*, 3rd ed., sections 1.2-1.4.
pub fn power_law(points: &[(f64, f64)]) -> Result<PowerLaw, Undetermined> {
    let merged = log_points(points)?;
    let too_few = Undetermined::TooFewSizes { have: merged.len(), need: 3 };
    let (x, y): (Vec<f64>, Vec<f64>) = merged.into_iter().unzip();
    let line = line(&x, &y).ok_or(too_few)?;
    Ok(PowerLaw {
        coefficient: line.intercept.exp(),
        exponent: line.slope,
        exponent_ci95: Interval::around(line.slope, t95(line.df()) * line.slope_error),
        r2: line.r2,
        p: line.p,
        residual_sd: line.residual_sd,
        n: line.n,
        line,
    })
}

impl PowerLaw {
    /// The fitted value at a size.
    pub fn at(&self, size: f64) -> f64 {
        self.line.at(size.ln()).exp()
    }

    /// 95 % confidence interval of the fitted line at a size.
    ///
    /// `exp(ln f ± t s sqrt(1/n + (x - x̄)²/Sxx))`, x in logs.
    pub fn confidence_band(&self, size: f64) -> Interval {
        self.band(size, 0.0)
    }

    /// 95 % prediction interval of a new point (a cell mean like those fitted) at a size.
    ///
    /// `exp(ln f ± t s sqrt(1 + 1/n + (x - x̄)²/Sxx))`, x in logs.
    pub fn prediction(&self, size: f64) -> Interval {
        self.band(size, 1.0)
    }

    fn band(&self, size: f64, own_variance: f64) -> Interval {
        let x = size.ln();
        let half =
            t95(self.line.df()) * self.residual_sd * (own_variance + self.line.leverage(x)).sqrt();
        Interval::around(self.line.at(x), half).map(f64::exp)
    }
}

/// Whether the straight line explains the means of the sizes as well as repeats explain themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct LackOfFit {
    /// Mean square of the misfit over mean square within sizes; `None` where repeats are identical:
    /// then every misfit is systematic, and `misfit_sd` is its size.
    pub f: Option<f64>,
    /// Upper tail of F; small p speaks against the power law.
    pub p: Option<f64>,
    /// Distinct sizes less two.
    pub df_misfit: usize,
    /// Runs less distinct sizes.
    pub df_within: usize,
    /// Root mean square deviation of the size means from the line, in logs (about relative).
    pub misfit_sd: f64,
}

/// Tests the power law against the free means of its sizes, on all runs.
///
/// `groups` are (size, runs at that size). `F = [Σ nᵢ(ȳᵢ - ŷᵢ)²/(m-2)] / [ΣΣ(yᵢⱼ - ȳᵢ)²/(N-m)]` in
/// logs. Three sizes or more, one of them repeated. Draper and Smith, section 2.1. It takes repeats as
/// independent, so size-level deviations count as misfit, as they should here.
pub fn lack_of_fit(groups: &[(f64, &[f64])]) -> Result<LackOfFit, Undetermined> {
    for &(size, runs) in groups {
        runs.iter().try_for_each(|&value| check_positive(size, value))?;
    }
    let sizes = log_groups(groups);
    let (x, y): (Vec<f64>, Vec<f64>) =
        sizes.iter().flat_map(|(size, logs)| logs.iter().map(move |ln| (size.ln(), *ln))).unzip();
    let too_few = Undetermined::TooFewSizes { have: sizes.len(), need: 3 };
    let fit = line(&x, &y).filter(|_| sizes.len() > 2).ok_or(too_few)?;
    let df_within = y.len() - sizes.len();
    if df_within == 0 {
        return Err(Undetermined::TooFewValues { have: y.len(), need: sizes.len() + 1 });
    }
    let within: f64 = sizes.iter().map(|(_, logs)| squares_about(logs, mean(logs))).sum();
    let misfit: f64 = sizes
        .iter()
        .map(|(size, logs)| logs.len() as f64 * (mean(logs) - fit.at(size.ln())).powi(2))
        .sum();
    let df_misfit = sizes.len() - 2;
    let repeats_differ = within > y.len() as f64 * ROUNDING.powi(2);
    let f = repeats_differ.then(|| (misfit / df_misfit as f64) / (within / df_within as f64));
    Ok(LackOfFit {
        f,
        p: f.map(|f| f_tail(f, df_misfit as f64, df_within as f64)),
        df_misfit,
        df_within,
        misfit_sd: exact_or((misfit / y.len() as f64).sqrt()),
    })
}

/// Logs of the runs of each distinct size.
fn log_groups(groups: &[(f64, &[f64])]) -> Vec<(f64, Vec<f64>)> {
    let mut sorted: Vec<_> = groups.iter().filter(|g| !g.1.is_empty()).copied().collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted
        .chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq())
        .map(|same| (same[0].0, same.iter().flat_map(|g| g.1).map(|v| v.ln()).collect()))
        .collect()
}

/// Growth between two neighbouring sizes: "10x input, 1.13x memory".
#[derive(Debug, Clone, PartialEq)]
pub struct LocalExponent {
    /// The smaller size.
    pub from_size: f64,
    /// The larger size.
    pub to_size: f64,
    /// `to_size / from_size`.
    pub size_ratio: f64,
    /// Value at the larger size over value at the smaller; `None` where a value is not positive.
    pub value_ratio: Option<f64>,
    /// `ln(value_ratio) / ln(size_ratio)`.
    pub exponent: Option<f64>,
}

/// Exponents between neighbouring sizes, in rising order of size.
///
/// Points sharing a size are averaged; sizes that are not positive are left out.
pub fn local_exponents(points: &[(f64, f64)]) -> Vec<LocalExponent> {
    let merged = by_size(points.iter().copied().filter(|p| p.0 > 0.0 && p.0.is_finite()));
    merged.windows(2).map(|pair| local_exponent(pair[0], pair[1])).collect()
}

fn local_exponent(from: (f64, f64), to: (f64, f64)) -> LocalExponent {
    let size_ratio = to.0 / from.0;
    let ratio = to.1 / from.1;
    let value_ratio = (from.1 > 0.0 && to.1 > 0.0 && ratio.is_finite()).then_some(ratio);
    LocalExponent {
        from_size: from.0,
        to_size: to.0,
        size_ratio,
        value_ratio,
        exponent: value_ratio.map(|ratio| ratio.ln() / size_ratio.ln()),
    }
}

/// `(ln size, ln value)`, one per size, in rising order.
fn log_points(points: &[(f64, f64)]) -> Result<Vec<(f64, f64)>, Undetermined> {
    for &(size, value) in points {
        check_positive(size, value)?;
    }
    let merged = by_size(points.iter().map(|&(size, value)| (size, value.ln())));
    Ok(merged.into_iter().map(|(size, ln)| (size.ln(), ln)).collect())
}

/// Both a size and its value must have a logarithm.
pub(crate) fn check_positive(size: f64, value: f64) -> Result<(), Undetermined> {
    if !size.is_finite() || !value.is_finite() {
        return Err(Undetermined::NotFinite);
    }
    if size <= 0.0 {
        return Err(Undetermined::NotPositive { at: size, value: size });
    }
    if value <= 0.0 {
        return Err(Undetermined::NotPositive { at: size, value });
    }
    Ok(())
}

/// Averages the values of equal sizes; sorted by size.
fn by_size(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut sorted: Vec<(f64, f64)> = points.collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    sorted
        .chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq())
        .map(|same| (same[0].0, mean(&same.iter().map(|p| p.1).collect::<Vec<_>>())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_fit_is_reproduced_from_its_four_points() {
        let fit = power_law(&[(0.1, 43.07), (1.0, 48.81), (5.0, 54.18), (10.0, 54.80)]).unwrap();
        assert!((fit.coefficient.ln() - 3.890).abs() < 5e-4, "{fit:?}");
        assert!((fit.exponent - 0.055).abs() < 5e-4, "{fit:?}");
        assert!((fit.r2.unwrap() - 0.9905).abs() < 5e-5, "{fit:?}");
        assert!((fit.p.unwrap() - 4.8e-3).abs() < 5e-5, "{fit:?}");
    }

    #[test]
    fn published_summary_table_tells_another_story() {
        let rows = [
            (10.0, 41.92),
            (100.0, 43.07),
            (1e3, 48.81),
            (1e4, 44.25),
            (1e5, 52.10),
            (1e6, 48.81),
            (5e6, 54.18),
            (1e7, 54.80),
        ];
        let fit = power_law(&rows).unwrap();
        assert!((fit.exponent - 0.018).abs() < 5e-4, "{fit:?}");
        assert!((fit.r2.unwrap() - 0.785).abs() < 5e-4, "{fit:?}");
    }

    #[test]
    fn exact_and_flat_data_have_defined_answers() {
        let exact = power_law(&[(1.0, 3.0), (10.0, 30.0), (100.0, 300.0), (1e3, 3e3)]).unwrap();
        assert!((exact.exponent - 1.0).abs() < 1e-12);
        assert!(exact.exponent_ci95.half_width() < 1e-9, "{exact:?}");
        let flat = power_law(&[(1.0, 5.0), (10.0, 5.0), (100.0, 5.0)]).unwrap();
        assert_eq!((flat.exponent, flat.r2, flat.p), (0.0, None, None));
        assert_eq!(
            power_law(&[(1.0, 5.0), (1.0, 6.0), (10.0, 5.0)]),
            Err(Undetermined::TooFewSizes { have: 2, need: 3 })
        );
        assert_eq!(
            power_law(&[(1.0, 5.0), (2.0, 0.0), (10.0, 5.0)]),
            Err(Undetermined::NotPositive { at: 2.0, value: 0.0 })
        );
    }

    #[test]
    fn lack_of_fit_sees_a_constant_that_r2_does_not() {
        let noise = [0.99, 1.0, 1.01];
        let runs: Vec<(f64, Vec<f64>)> = (0..8)
            .map(|i| 65536.0 * f64::from(2_u32.pow(i)))
            .map(|n| (n, noise.iter().map(|e| (2.1e6 + 3.0 * n) * e).collect()))
            .collect();
        let groups: Vec<(f64, &[f64])> = runs.iter().map(|(n, v)| (*n, &v[..])).collect();
        let test = lack_of_fit(&groups).unwrap();
        assert_eq!((test.df_misfit, test.df_within), (6, 16));
        assert!(test.p.unwrap() < 1e-9, "{test:?}");
        let once: Vec<(f64, &[f64])> = groups.iter().map(|(n, v)| (*n, &v[..1])).collect();
        assert!(matches!(lack_of_fit(&once), Err(Undetermined::TooFewValues { .. })));
        let same = [5.0, 5.0];
        let exact = lack_of_fit(&[(1.0, &same), (10.0, &same), (100.0, &same)]).unwrap();
        assert_eq!((exact.f, exact.misfit_sd), (None, 0.0));
    }

    #[test]
    fn local_exponents_pair_neighbours() {
        let local = local_exponents(&[(100.0, 4.0), (10.0, 2.0), (1000.0, 0.0)]);
        assert_eq!(local.len(), 2);
        assert_eq!(local[0].value_ratio, Some(2.0));
        assert!((local[0].exponent.unwrap() - 2.0_f64.log10()).abs() < 1e-15);
        assert_eq!(local[1].exponent, None);
    }
}
