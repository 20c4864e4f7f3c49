//! The interval of a log-normal mean, for cells whose values spread too widely for Student's t.

use crate::distribution::normal_cdf;
use crate::interval::Interval;

/// 95 % generalised confidence interval of `exp(mu + sigma²/2)` from the mean and standard deviation of
/// n logarithms.
///
/// The pivot `T = m - Z s / (U sqrt(n)) + s² / (2 U²)`, Z standard normal and `(n-1) U²` chi-squared on
/// n - 1 degrees of freedom; the interval runs between its 2.5 % and 97.5 % quantiles. Krishnamoorthy and
/// Mathew (2003), *Journal of Statistical Planning and Inference* 115, 103-121. They simulate T; here its
/// distribution function is integrated over `ln U²`, so that the answer needs no random numbers.
pub(crate) fn mean_interval(ln_mean: f64, ln_sd: f64, n: usize) -> Option<Interval> {
    let pivot = Pivot::new(ln_sd, n);
    let interval = Interval::new(pivot.quantile(0.025), pivot.quantile(0.975));
    let interval = interval.map(|t| (ln_mean + t).exp());
    interval.is_bounded().then_some(interval)
}

/// The distribution of T - m.
struct Pivot {
    sd: f64,
    root_n: f64,
    /// `U²` and its probability.
    nodes: Vec<(f64, f64)>,
}

impl Pivot {
    fn new(sd: f64, n: usize) -> Self {
        Self { sd, root_n: (n as f64).sqrt(), nodes: chi_squared_nodes((n - 1) as f64) }
    }

    /// Given U, T is normal about `s²/(2U²)` with standard deviation `s/(U sqrt n)`.
    fn cdf(&self, t: f64) -> f64 {
        let given =
            |u2: f64| (t - 0.5 * self.sd * self.sd / u2) * self.root_n * u2.sqrt() / self.sd;
        self.nodes.iter().map(|&(u2, weight)| weight * normal_cdf(given(u2))).sum()
    }

    fn quantile(&self, p: f64) -> f64 {
        let start = 0.5 * self.sd * self.sd;
        let step = self.sd * 3.0 / self.root_n;
        let (mut low, mut high) = (start - step, start + step);
        let mut widen = step;
        while self.cdf(low) > p {
            widen *= 2.0;
            low -= widen;
        }
        widen = step;
        while self.cdf(high) < p {
            widen *= 2.0;
            high += widen;
        }
        crate::root::bracketed(low, high, 1e-11 * self.sd, |t| self.cdf(t) - p)
    }
}

/// Trapezoid nodes over `w = ln(χ²/k)`, whose density is proportional to `exp(k/2 (w - e^w))`: smooth
/// and vanishing at both ends, so the rule converges exponentially.
fn chi_squared_nodes(k: f64) -> Vec<(f64, f64)> {
    const NODES: usize = 160;
    const NEGLIGIBLE: f64 = -34.0;
    let ln_density = |w: f64| 0.5 * k * (w - w.exp() + 1.0);
    let (mut low, mut high) = (0.0, 0.0);
    let step = 0.1 / k.sqrt();
    while ln_density(low) > NEGLIGIBLE {
        low -= step;
    }
    while ln_density(high) > NEGLIGIBLE {
        high += step;
    }
    let at = |i: usize| low + (high - low) * i as f64 / (NODES - 1) as f64;
    let nodes: Vec<(f64, f64)> =
        (0..NODES).map(|i| (at(i).exp(), ln_density(at(i)).exp())).collect();
    let total: f64 = nodes.iter().map(|n| n.1).sum();
    nodes.into_iter().map(|(u2, weight)| (u2, weight / total)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::t95;

    #[test]
    fn small_spread_is_students() {
        let interval = mean_interval(3.0, 1e-4, 10).unwrap();
        let half = t95(9.0) * 1e-4 / 10.0_f64.sqrt();
        assert!((interval.low.ln() - (3.0 - half)).abs() < 1e-7);
        assert!((interval.high.ln() - (3.0 + half)).abs() < 1e-7);
    }
}
