//! Rows about one cell: do the intervals of mean and median cover?

use super::simulate::Stream;
use super::{Bound, Case};
use crate::describe::{Describe, describe};
use crate::interval::Interval;
use crate::variation::cv_interval;

const MEAN: Bound = Bound::Between(0.94, 0.96);
const MEDIAN: Bound = Bound::AtLeast(0.94);

#[derive(Clone, Copy)]
enum Noise {
    /// `1 + cv z`.
    Normal(f64),
    /// `exp(sigma z)`.
    LogNormal(f64),
}

impl Noise {
    fn sample(self, stream: &mut Stream, n: usize) -> Vec<f64> {
        match self {
            Self::Normal(cv) => stream.normals(n, cv),
            Self::LogNormal(sigma) => stream.log_normals(n, sigma),
        }
    }

    fn mean(self) -> f64 {
        match self {
            Self::Normal(_) => 1.0,
            Self::LogNormal(sigma) => (0.5 * sigma * sigma).exp(),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Normal(cv) => format!("normal noise, CV {:.0} %", 100.0 * cv),
            Self::LogNormal(sigma) => format!("log-normal noise, sigma {sigma}"),
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    let noises = [
        Noise::Normal(0.01),
        Noise::Normal(0.2),
        Noise::LogNormal(0.1),
        Noise::LogNormal(0.5),
        Noise::LogNormal(1.0),
    ];
    let mut cases = Vec::new();
    for noise in noises {
        for n in [5, 10, 30] {
            let name = noise.name();
            cases
                .push(coverage(&format!("mean, {name}, n = {n}"), MEAN, noise, n, |d| d.mean_ci95));
            let what = format!("median, {name}, n = {n}");
            cases.push(coverage(&what, MEDIAN, noise, n, |d| d.median_ci95));
        }
    }
    cases.extend([5, 30].map(|n| {
        Case::new(
            format!("95 % interval of the CV, normal noise, CV 1 %, n = {n}"),
            MEAN,
            move |stream| {
                describe(&stream.normals(n, 0.01))
                    .is_ok_and(|cell| cv_interval(&cell).is_some_and(|i| i.contains(0.01)))
            },
        )
    }));
    cases.extend([0.01, 0.05].map(stopped));
    cases
}

/// Runs until the interval of the mean is within 2 % to each side, three at least and six at most: what
/// stopping on width costs.
fn stopped(cv: f64) -> Case {
    let what = format!(
        "95 % interval of the mean, normal noise, CV {:.0} %, stopped at 2 % between 3 and 6 runs",
        100.0 * cv
    );
    Case::new(what, Bound::Reported, move |stream| {
        let mut runs = stream.normals(3, cv);
        loop {
            let Ok(cell) = describe(&runs) else { return false };
            let Some(interval) = cell.mean_ci95 else { return false };
            if interval.half_width() <= 0.02 * cell.mean || runs.len() == 6 {
                return interval.contains(1.0);
            }
            runs.extend(stream.normals(1, cv));
        }
    })
}

fn coverage(
    what: &str,
    bound: Bound,
    noise: Noise,
    n: usize,
    interval: fn(&Describe) -> Option<Interval>,
) -> Case {
    // The median of both kinds of noise is 1.
    let truth = if what.starts_with("mean") { noise.mean() } else { 1.0 };
    Case::new(format!("95 % interval of the {what}"), bound, move |stream| {
        let values = noise.sample(stream, n);
        describe(&values).is_ok_and(|d| interval(&d).is_some_and(|i| i.contains(truth)))
    })
}
