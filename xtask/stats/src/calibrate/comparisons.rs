//! Rows about comparisons: false alarms of a variant against itself.

use super::simulate::Stream;
use super::{Bound, Case};
use crate::compare::{Verdict, compare_family};

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
                let alarm = |v: &Verdict| matches!(v, Verdict::Improved | Verdict::Regressed);
                compare_family(&family, 0.01).iter().flatten().any(|c| alarm(&c.verdict))
            }));
        }
    }
    cases
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
