//! The coefficient of variation with its interval.

use crate::describe::Describe;
use crate::distribution::chi_squared_quantile;
use crate::interval::Interval;

/// 95 % interval of the coefficient of variation of normal values, `None` for a single value or a mean
/// that is not positive.
///
/// With `K = s / x̄` and `u` the 97.5 % (lower end) or 2.5 % (upper end) quantile of χ² with `n - 1`
/// degrees of freedom, each end is `K / sqrt(((u + 2) / n - 1) K² + u / (n - 1))`; an upper end whose
/// root is not real is infinite. Identical values give `[0, 0]`. Source: Vangel (1996), *Confidence
/// intervals for a normal coefficient of variation*, The American Statistician 50(1), eq. 6 (`McKay`'s
/// interval, modified).
pub fn cv_interval(cell: &Describe) -> Option<Interval> {
    let cv = cell.cv.filter(|_| cell.mean > 0.0)?;
    if cell.identical {
        return Some(Interval::new(0.0, 0.0));
    }
    let n = cell.n as f64;
    let end = |probability: f64| {
        let u = chi_squared_quantile(probability, n - 1.0);
        let square = ((u + 2.0) / n - 1.0) * cv * cv + u / (n - 1.0);
        if square > 0.0 { cv / square.sqrt() } else { f64::INFINITY }
    };
    Some(Interval::new(end(0.975), end(0.025)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe;

    #[test]
    fn a_small_cv_has_the_interval_of_the_standard_deviation() {
        // For K -> 0 the ends are s sqrt((n-1)/χ²) / x̄; χ²(4): 11.14329 and 0.4844186.
        let cell = describe(&[999.0, 1000.0, 1000.0, 1001.0, 1000.0]).unwrap();
        let interval = cv_interval(&cell).unwrap();
        let cv = cell.cv.unwrap();
        assert!((interval.low / (cv * (4.0_f64 / 11.143_29).sqrt()) - 1.0).abs() < 1e-4);
        assert!((interval.high / (cv * (4.0_f64 / 0.484_418_6).sqrt()) - 1.0).abs() < 1e-4);
    }

    #[test]
    fn degenerate_cells_have_defined_answers() {
        assert_eq!(cv_interval(&describe(&[5.0]).unwrap()), None);
        assert_eq!(cv_interval(&describe(&[5.0, 5.0]).unwrap()), Some(Interval::new(0.0, 0.0)));
        assert_eq!(cv_interval(&describe(&[-1.0, 1.0]).unwrap()), None);
        let wild = cv_interval(&describe(&[0.001, 0.001, 0.001, 0.001, 1.0]).unwrap()).unwrap();
        assert!(wild.high.is_infinite());
    }
}
