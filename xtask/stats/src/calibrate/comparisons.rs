//! Rows about comparisons: false alarms of a variant against itself.

use super::simulate::Stream;
use super::{Bound, Case};
use crate::compare::{Change, compare_family, compare_resolved};

/// Variants compared with the reference; all of them are the same program.
const VARIANTS: usize = 4;

/// Sizes at which each is compared: the family has `VARIANTS * SIZES` members.
const SIZES: usize = 3;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for blocks in [5, 10, 30] {
        for sigma in [0.01, 0.2] {
            let what = format!(
                "any false alarm among {} comparisons of a variant with itself, {blocks} blocks, noise {:.0} %",
                VARIANTS * SIZES,
                100.0 * sigma
            );
            cases.push(Case::new(what, Bound::AtMost(0.05), move |stream| {
                let family: Vec<_> =
                    (0..SIZES).flat_map(|_| variants(stream, blocks, sigma)).collect();
                let family: Vec<&[(f64, f64)]> = family.iter().map(Vec::as_slice).collect();
                let alarm = |v: &Change| matches!(v, Change::Improved | Change::Regressed);
                compare_family(&family, 0.01).iter().flatten().any(|c| alarm(&c.verdict))
            }));
        }
    }
    for jitter in [0.0, 0.02] {
        let what = format!(
            "any false alarm among {} comparisons of identical copies read in steps of 128 KiB, 5 blocks, jitter {:.0} %",
            VARIANTS * SIZES,
            100.0 * jitter
        );
        cases.push(Case::new(what, Bound::AtMost(0.05), move |stream| {
            let family: Vec<_> = (0..SIZES).flat_map(|_| copies(stream, 5, jitter)).collect();
            let resolved: Vec<(&[(f64, f64)], f64)> =
                family.iter().map(|pairs| (pairs.as_slice(), STEP)).collect();
            compare_resolved(&resolved, 0.01).iter().flatten().any(|of| is_alarm(&of.verdict))
        }));
    }
    cases
}

/// What the kernel counts pages in, in bytes.
const STEP: f64 = 131_072.0;

fn is_alarm(verdict: &Change) -> bool {
    matches!(verdict, Change::Improved | Change::Regressed)
}

/// Byte-identical copies of a program of some megabytes, each paired with one of them: which of its pages
/// lie where shifts each copy's reading within a step, in the same way in every run.
fn copies(stream: &mut Stream, blocks: usize, jitter: f64) -> Vec<Vec<(f64, f64)>> {
    let peak = 4e6 * stream.log_normals(1, 0.3)[0];
    let mut copy = || -> Vec<f64> {
        // Far digits of a normal deviate are uniform.
        let shift = (1000.0 * stream.normal()).rem_euclid(1.0) * STEP;
        let runs = stream.log_normals(blocks, 1.0);
        let read = |run: &f64| ((peak + shift + jitter * STEP * run.ln()) / STEP).floor() * STEP;
        runs.iter().map(read).collect()
    };
    let reference = copy();
    (0..VARIANTS).map(|_| copy().into_iter().zip(reference.iter().copied()).collect()).collect()
}

/// Each variant paired with the one reference, with drift that a block shares.
fn variants(stream: &mut Stream, blocks: usize, sigma: f64) -> Vec<Vec<(f64, f64)>> {
    let drift = stream.log_normals(blocks, 0.05);
    let mut runs = || -> Vec<f64> {
        let noise = stream.log_normals(blocks, sigma);
        drift.iter().zip(noise).map(|(block, noise)| block * noise).collect()
    };
    let reference = runs();
    (0..VARIANTS).map(|_| runs().into_iter().zip(reference.iter().copied()).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_resolution_copies_would_be_told_apart() {
        let alarms = |step: f64| {
            let experiment = |number: usize| {
                let family = copies(&mut Stream::new(1, "copies", number), 5, 0.0);
                let resolved: Vec<(&[(f64, f64)], f64)> =
                    family.iter().map(|pairs| (pairs.as_slice(), step)).collect();
                compare_resolved(&resolved, 0.01).iter().flatten().any(|of| is_alarm(&of.verdict))
            };
            (0..100).filter(|number| experiment(*number)).count()
        };
        assert_eq!(alarms(STEP), 0);
        assert!(alarms(0.0) > 50, "{}", alarms(0.0));
    }
}
