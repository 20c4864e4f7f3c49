//! The one home of `statrs`: quantiles and tail probabilities of the distributions in use.
//!
//! Quantiles are polished by Newton steps on the distribution function, because library inverses stop
//! at differing tolerances.

use statrs::distribution::{
    Binomial, ChiSquared, Continuous, ContinuousCDF, DiscreteCDF, FisherSnedecor, Normal, StudentsT,
};

/// The quantile of Student's t at probability `p` with `df` degrees of freedom.
pub(crate) fn t_quantile(p: f64, df: f64) -> f64 {
    let Ok(t) = StudentsT::new(0.0, 1.0, df) else { return f64::NAN };
    if p < 0.5 {
        return -t_quantile(1.0 - p, df);
    }
    // Work on the upper tail: it keeps its digits where the distribution function is near one.
    let tail = 1.0 - p;
    polish(t.inverse_cdf(p), |x| (t.sf(x) - tail) / t.pdf(x))
}

/// The half-width factor of a two-sided 95 % t interval.
pub(crate) fn t95(df: f64) -> f64 {
    t_quantile(0.975, df)
}

/// Two-sided probability of a t at least this large.
pub(crate) fn t_two_sided(t: f64, df: f64) -> f64 {
    // The library panics on an argument that has overflowed.
    if !(t * t).is_finite() {
        return if t.is_nan() { f64::NAN } else { 0.0 };
    }
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |d| (2.0 * d.sf(t.abs())).min(1.0))
}

/// Upper tail of the F distribution.
pub(crate) fn f_tail(f: f64, df1: f64, df2: f64) -> f64 {
    if !(f * df1).is_finite() {
        return if f.is_nan() { f64::NAN } else { 0.0 };
    }
    FisherSnedecor::new(df1, df2).map_or(f64::NAN, |d| d.sf(f))
}

/// Standard normal distribution function.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    standard_normal().cdf(z)
}

/// Upper tail of the standard normal.
pub(crate) fn normal_tail(z: f64) -> f64 {
    standard_normal().sf(z)
}

/// Standard normal quantile.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p < 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let normal = standard_normal();
    let tail = 1.0 - p;
    polish(normal.inverse_cdf(p), |x| (normal.sf(x) - tail) / normal.pdf(x))
}

/// Chi-squared quantile.
pub(crate) fn chi_squared_quantile(p: f64, df: f64) -> f64 {
    let Ok(chi) = ChiSquared::new(df) else { return f64::NAN };
    polish(chi.inverse_cdf(p), |x| (p - chi.cdf(x)) / chi.pdf(x))
}

/// `P(B <= k)` for a fair coin tossed `n` times.
pub(crate) fn fair_coin_cdf(k: u64, n: u64) -> f64 {
    Binomial::new(0.5, n).map_or(f64::NAN, |b| b.cdf(k))
}

/// `P(B >= k)` for `n` trials that each succeed with probability `p`: how surely so many are not chance.
pub fn binomial_tail(k: u64, n: u64, p: f64) -> f64 {
    match k.checked_sub(1) {
        None => 1.0,
        Some(below) => Binomial::new(p, n).map_or(f64::NAN, |b| b.sf(below)),
    }
}

fn standard_normal() -> Normal {
    Normal::standard()
}

/// A few Newton steps of `step(x)`, kept only while they are finite and small.
fn polish(start: f64, step: impl Fn(f64) -> f64) -> f64 {
    let mut x = start;
    for _ in 0..3 {
        let dx = step(x);
        if !dx.is_finite() || dx.abs() > 0.1 * x.abs() {
            break;
        }
        x += dx;
        if dx.abs() <= 1e-9 * x.abs() {
            // Newton squares the error: what is left is below rounding.
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    // The library's error function is good to about 1e-11.
    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-10 * b.abs(), "{a} {b}");
    }

    // Values of scipy.stats 1.x.
    #[test]
    fn quantiles_agree_with_tables() {
        close(t_quantile(0.975, 4.0), 2.776_445_105_197_798_7);
        close(t_quantile(0.025, 4.0), -2.776_445_105_197_798_7);
        close(normal_quantile(0.975), 1.959_963_984_540_054);
        close(chi_squared_quantile(0.025, 4.0), 0.484_418_557_087_93);
    }

    /// `sum(comb(100, i) * F(1, 20)**i * F(19, 20)**(100 - i) for i in range(12, 101))`, Python's fractions.
    #[test]
    fn the_tail_of_a_binomial_holds_its_first_value() {
        close(binomial_tail(12, 100, 0.05), 0.004_274_182_466_365_913);
        close(binomial_tail(100, 100, 0.05), 0.05_f64.powi(100));
        assert_eq!(binomial_tail(0, 100, 0.05), 1.0);
    }
}
