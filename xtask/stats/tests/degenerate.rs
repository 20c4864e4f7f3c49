//! Degenerate data never panics, and what is answered is a number: thousands of small samples drawn from
//! values chosen to hurt.

use stats::growth::Failure;
use stats::{GridCell, Interval, SizePoint};

const NASTY: [f64; 16] = [
    0.0,
    -0.0,
    1.0,
    1.0,
    2.0,
    -1.0,
    4096.0,
    1e-300,
    1e300,
    5e-324,
    f64::MAX,
    f64::MIN,
    f64::NAN,
    f64::INFINITY,
    1.0 + f64::EPSILON,
    1e15,
];

/// A linear congruential generator: enough to choose from a list.
struct Chooser(u64);

impl Chooser {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    /// Values from the list; every other sample keeps to the positive and finite.
    fn values(&mut self, n: usize) -> Vec<f64> {
        let tame = self.below(2) == 0;
        let list: Vec<f64> = NASTY
            .into_iter()
            .filter(|v| !tame || (*v > 0.0 && v.is_finite()))
            .take(if self.below(3) == 0 { 3 } else { NASTY.len() })
            .collect();
        (0..n).map(|_| list[self.below(list.len())]).collect()
    }

    fn sizes(&mut self, n: usize) -> Vec<f64> {
        const SIZES: [f64; 9] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e6, 1e9, 0.1, 1e300];
        (0..n)
            .map(|i| if self.below(4) == 0 { SIZES[self.below(9)] } else { SIZES[i % 9] })
            .collect()
    }
}

fn no_nan(interval: Interval) {
    assert!(!interval.low.is_nan() && !interval.high.is_nan(), "{interval:?}");
}

#[test]
fn cells() {
    let mut chooser = Chooser(1);
    for round in 0..1500 {
        let values = chooser.values(round % 13);
        if let Ok(cell) = stats::describe(&values) {
            assert!(cell.mean.is_finite() && cell.median.is_finite(), "{values:?}");
            assert!(cell.sd.is_none_or(f64::is_finite), "{values:?}");
            cell.mean_ci95.into_iter().chain(cell.median_ci95).for_each(no_nan);
            assert_eq!(cell.n == 1, cell.sd.is_none());
        }
        let other = chooser.values(round % 7);
        let p = [
            stats::shapiro_wilk(&values).map(|t| t.p),
            stats::mann_kendall(&values).map(|t| t.p),
            stats::levene(&[&values, &other]).map(|t| t.p),
        ];
        for p in p.into_iter().flatten() {
            assert!((0.0..=1.0).contains(&p), "{p} {values:?} {other:?}");
        }
    }
}

#[test]
fn scaling() {
    let mut chooser = Chooser(2);
    for round in 0..1500 {
        let n = round % 11;
        let (sizes, values) = (chooser.sizes(n), chooser.values(n));
        let points: Vec<(f64, f64)> = sizes.iter().copied().zip(values.iter().copied()).collect();
        stats::local_exponents(&points);
        if let Ok(fit) = stats::power_law(&points) {
            no_nan(fit.exponent_ci95);
            no_nan(fit.prediction(1e7));
        }
        let cells: Vec<SizePoint> = points.iter().map(|p| SizePoint::single(p.0, p.1)).collect();
        let anchor = (round % 3 == 0).then(|| SizePoint::single(0.0, chooser.values(1)[0]));
        let failure = Failure { size: 1e12, at_least: Some(1e9) };
        if let Ok(growth) = stats::growth(&cells, anchor, &[failure]) {
            for fit in &growth.fits {
                assert!(!fit.residual_sd.is_nan());
                [fit.constant, fit.slope, fit.exponent]
                    .into_iter()
                    .flatten()
                    .for_each(|e| no_nan(e.ci95));
            }
            if let Some(ahead) = growth.prediction(1e12) {
                no_nan(ahead.interval);
            }
            let _ = (growth.largest_input_for(1e9), growth.failures_agree());
        }
        let runs: Vec<(f64, Vec<f64>)> = sizes.iter().map(|s| (*s, chooser.values(3))).collect();
        let runs: Vec<(f64, &[f64])> = runs.iter().map(|(s, v)| (*s, &v[..])).collect();
        if let Ok(test) = stats::lack_of_fit(&runs) {
            assert!(test.p.is_none_or(|p| (0.0..=1.0).contains(&p)), "{test:?}");
        }
    }
}

#[test]
fn comparisons_and_grids() {
    let mut chooser = Chooser(3);
    for round in 0..2000 {
        let n = round % 6;
        let pairs: Vec<(f64, f64)> = chooser.values(n).into_iter().zip(chooser.values(n)).collect();
        if let Ok(comparison) = stats::compare_paired(&pairs, 0.01) {
            no_nan(comparison.ratio_ci95);
        }
        let cells: Vec<GridCell> = (0..n * 2)
            .map(|_| GridCell {
                on: (0..3).map(|_| chooser.below(2) == 1).collect(),
                values: chooser.values(round % 3),
            })
            .collect();
        if let Ok(grid) = stats::factorial(&cells) {
            for effect in grid.effects {
                assert!(!effect.ratio.is_nan());
                effect.ratio_ci95.into_iter().for_each(no_nan);
            }
        }
    }
}
