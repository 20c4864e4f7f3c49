//! What a law leaves unexplained: the steps of a counter, the spread of runs, and the law's own misfit,
//! which is a curve rather than scatter.

use super::curve::Size;

/// Values at sizes, scaled to a largest value of 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Data {
    pub(super) sizes: Vec<Size>,
    pub(super) values: Vec<f64>,
    /// The variance that is known: `quantum² / 12`, and the spread of runs over their number.
    pub(super) known: Vec<f64>,
    /// The smallest value of the whole series.
    pub(super) least: f64,
    /// Largest less smallest value of the whole series.
    pub(super) span: f64,
}

/// What misfit is in proportion to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relative {
    /// The value.
    Value,
    /// What has grown: a constant part of 50 MB is exact, the table on top of it is not.
    Growth,
    /// Nothing: memory that is taken in chunks.
    Chunks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoiseModel {
    pub(super) relative: Relative,
    /// Whether neighbouring sizes share their misfit.
    pub(super) correlated: bool,
}

pub(super) const NOISE_MODELS: [NoiseModel; 5] = [
    NoiseModel { relative: Relative::Value, correlated: false },
    NoiseModel { relative: Relative::Growth, correlated: false },
    NoiseModel { relative: Relative::Chunks, correlated: false },
    NoiseModel { relative: Relative::Value, correlated: true },
    NoiseModel { relative: Relative::Growth, correlated: true },
];

/// Misfit is shared over about a factor of three in size: `exp(-|ln n - ln m| / REACH)`.
const REACH: f64 = 1.1;

/// Of what has grown, this share of the whole growth counts everywhere.
pub(super) const GROWN_LEAST: f64 = 0.03;

/// Chunks are looked at up to this share of the whole growth (times the largest misfit).
pub(super) const CHUNKS: f64 = 0.3;

impl Data {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// What misfit at a value is in proportion to.
    pub(super) fn unit(&self, relative: Relative, value: f64) -> f64 {
        match relative {
            Relative::Value => value.abs(),
            Relative::Growth => (value - self.least).max(0.0) + GROWN_LEAST * self.span,
            Relative::Chunks => CHUNKS * self.span,
        }
    }

    /// The sizes from `start` on, without those left out.
    pub(super) fn part(&self, keep: impl Fn(usize) -> bool) -> Self {
        let of = |values: &[f64]| -> Vec<f64> {
            values.iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, v)| *v).collect()
        };
        let sizes =
            self.sizes.iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, s)| *s).collect();
        Self {
            sizes,
            values: of(&self.values),
            known: of(&self.known),
            least: self.least,
            span: self.span,
        }
    }
}

/// A covariance, factored.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    /// Inverse of the lower Cholesky factor by rows; of a diagonal one only the diagonal.
    rows: Vec<f64>,
    diagonal: bool,
    pub(super) ln_det: f64,
    n: usize,
}

impl Noise {
    /// `None` where the covariance is singular.
    pub(super) fn new(data: &Data, kind: NoiseModel, s: f64) -> Option<Self> {
        let n = data.len();
        let units: Vec<f64> =
            data.values.iter().map(|&v| s * data.unit(kind.relative, v)).collect();
        if !kind.correlated {
            let variances: Vec<f64> = (0..n).map(|i| data.known[i] + units[i] * units[i]).collect();
            if variances.iter().any(|v| !(*v > 0.0 && v.is_finite())) {
                return None;
            }
            let ln_det = variances.iter().map(|v| v.ln()).sum();
            let rows = variances.iter().map(|v| 1.0 / v.sqrt()).collect();
            return Some(Self { rows, diagonal: true, ln_det, n });
        }
        let mut factor = vec![0.0; n * n];
        let mut ln_det = 0.0;
        for i in 0..n {
            for j in 0..=i {
                let apart = (data.sizes[i].ln - data.sizes[j].ln).abs();
                let shared = units[i] * units[j] * (-apart / REACH).exp();
                let entry = if i == j { shared + data.known[i] } else { shared };
                let sum: f64 = (0..j).map(|k| factor[i * n + k] * factor[j * n + k]).sum();
                factor[i * n + j] = if i == j {
                    let pivot = entry - sum;
                    if !(pivot > 0.0 && pivot.is_finite()) {
                        return None;
                    }
                    ln_det += pivot.ln();
                    pivot.sqrt()
                } else {
                    (entry - sum) / factor[j * n + j]
                };
            }
        }
        Some(Self { rows: inverse_lower(&factor, n), diagonal: false, ln_det, n })
    }

    /// The vector in units of the noise, independent.
    pub(super) fn whiten(&self, vector: &[f64], out: &mut [f64]) {
        if self.diagonal {
            for ((out, row), value) in out.iter_mut().zip(&self.rows).zip(vector) {
                *out = row * value;
            }
            return;
        }
        for (i, out) in out.iter_mut().enumerate().take(self.n) {
            let row = &self.rows[i * self.n..=i * self.n + i];
            *out = row.iter().zip(vector).map(|(r, v)| r * v).sum();
        }
    }
}

fn inverse_lower(factor: &[f64], n: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; n * n];
    for j in 0..n {
        for i in j..n {
            let unit = f64::from(u8::from(i == j));
            let sum: f64 = (j..i).map(|k| factor[i * n + k] * inverse[k * n + j]).sum();
            inverse[i * n + j] = (unit - sum) / factor[i * n + i];
        }
    }
    inverse
}
