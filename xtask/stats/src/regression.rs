//! The one home of `linregress`: ordinary least squares on a given matrix.

use linregress::fit_low_level_regression_model_without_statistics;

use crate::distribution::t_two_sided;

/// Coefficients of `y = X b + e`.
#[derive(Debug, Clone)]
pub(crate) struct LeastSquares {
    /// One per column.
    pub(crate) coefficients: Vec<f64>,
    /// Sum of squared residuals.
    pub(crate) rss: f64,
    /// Rows less columns.
    pub(crate) df: usize,
}

/// Least squares of `y` on the columns of `rows` (an intercept is a column of ones).
///
/// `None` with fewer rows than columns, or where the library refuses the matrix.
pub(crate) fn least_squares(y: &[f64], rows: &[Vec<f64>]) -> Option<LeastSquares> {
    let columns = rows.first()?.len();
    let df = y.len().checked_sub(columns)?;
    let flat: Vec<f64> = y
        .iter()
        .zip(rows)
        .flat_map(|(y, row)| std::iter::once(*y).chain(row.iter().copied()))
        .collect();
    let coefficients =
        solve(&flat, y.len(), columns).filter(|b| b.iter().all(|b| b.is_finite()))?;
    let rss = y.iter().zip(rows).map(|(y, row)| (y - dot(row, &coefficients)).powi(2)).sum();
    Some(LeastSquares { coefficients, rss, df })
}

fn solve(flat: &[f64], rows: usize, columns: usize) -> Option<Vec<f64>> {
    if columns > 1 {
        return fit_low_level_regression_model_without_statistics(flat, rows, columns + 1).ok();
    }
    // The library wants two columns; one is a ratio of sums.
    let (xy, xx) =
        flat.chunks(2).fold((0.0, 0.0), |(xy, xx), c| (xy + c[0] * c[1], xx + c[1] * c[1]));
    Some(vec![xy / xx])
}

/// The diagonal of `(XᵀX)⁻¹`: variances of the coefficients in units of the residual variance.
///
/// Gauss-Jordan without pivoting, right for the positive definite matrix of independent columns.
pub(crate) fn inverse_diagonal(rows: &[Vec<f64>]) -> Option<Vec<f64>> {
    let p = rows.first()?.len();
    let mut work: Vec<Vec<f64>> = (0..p)
        .map(|i| {
            let left = (0..p).map(|j| rows.iter().map(|row| row[i] * row[j]).sum());
            left.chain((0..p).map(|j| f64::from(u8::from(i == j)))).collect()
        })
        .collect();
    for k in 0..p {
        let pivot = work[k].clone();
        if pivot[k] <= 0.0 || !pivot[k].is_finite() {
            return None;
        }
        for (i, row) in work.iter_mut().enumerate() {
            let factor = if i == k { 1.0 - 1.0 / pivot[k] } else { row[k] / pivot[k] };
            row.iter_mut().zip(&pivot).for_each(|(r, p)| *r -= factor * p);
        }
    }
    Some((0..p).map(|i| work[i][p + i]).collect())
}

/// A straight line `y = intercept + slope x`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) intercept: f64,
    pub(crate) slope: f64,
    pub(crate) slope_error: f64,
    /// `None` where y does not vary.
    pub(crate) r2: Option<f64>,
    /// Of the slope being zero; `None` where y does not vary.
    pub(crate) p: Option<f64>,
    pub(crate) residual_sd: f64,
    pub(crate) n: usize,
    pub(crate) x_mean: f64,
    /// Sum of squared deviations of x.
    pub(crate) sxx: f64,
}

/// Rounding of doubles in a logarithm: residuals below it are an exact fit.
pub(crate) const ROUNDING: f64 = 1e-12;

/// The least-squares line; `None` with fewer than three points or a single x.
pub(crate) fn line(x: &[f64], y: &[f64]) -> Option<Line> {
    let n = x.len();
    let x_mean = mean(x);
    let sxx = squares_about(x, x_mean);
    if n < 3 || sxx <= 0.0 {
        return None;
    }
    // Centred: the intercept and the slope are then uncorrelated and keep their digits.
    let rows: Vec<Vec<f64>> = x.iter().map(|x| vec![1.0, x - x_mean]).collect();
    let fit = least_squares(y, &rows)?;
    let syy = squares_about(y, mean(y));
    let flat = syy <= n as f64 * ROUNDING.powi(2);
    let slope = if flat { 0.0 } else { fit.coefficients[1] };
    let residual_sd = exact_or((fit.rss / fit.df as f64).sqrt());
    let slope_error = residual_sd / sxx.sqrt();
    Some(Line {
        intercept: fit.coefficients[0] - slope * x_mean,
        slope,
        slope_error,
        r2: (!flat).then(|| 1.0 - fit.rss / syy),
        p: (!flat).then(|| t_two_sided(slope / slope_error, fit.df as f64)),
        residual_sd,
        n,
        x_mean,
        sxx,
    })
}

impl Line {
    /// Degrees of freedom of the residuals.
    pub(crate) fn df(&self) -> f64 {
        (self.n - 2) as f64
    }

    /// `intercept + slope x`.
    pub(crate) fn at(&self, x: f64) -> f64 {
        self.intercept + self.slope * x
    }

    /// Variance of the line at x, in units of the residual variance.
    pub(crate) fn leverage(&self, x: f64) -> f64 {
        1.0 / self.n as f64 + (x - self.x_mean).powi(2) / self.sxx
    }
}

/// The value, or exactly zero where it is only rounding.
pub(crate) fn exact_or(sd: f64) -> f64 {
    if sd <= ROUNDING { 0.0 } else { sd }
}

/// Arithmetic mean.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sum of squares about `centre`.
pub(crate) fn squares_about(values: &[f64], centre: f64) -> f64 {
    values.iter().map(|v| (v - centre).powi(2)).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
