//! Self-tests, before anything is measured: the probe on children whose memory is known, and each variant on the
//! empty document.

use anyhow::bail;

use experiment::Variant;
use record::self_test::{
    self, EMPTY, SELF_TEST_NOTHING, SELF_TEST_SPIKE, SELF_TEST_STEP, SELF_TEST_TOUCH,
};
use record::units::{self, Bytes};
use record::{Kind, Machine, Outcome, Sample, Samples};

use crate::measure::{Bench, Place};
use crate::plan::Cell;
use crate::runs::{Runs, is_ours};

const TOUCH: Bytes = Bytes(64 << 20);
/// What a self-test may be off where the child stays on one CPU: 64 KiB plus 0.2 % of what is known.
const TOLERANCE: f64 = 64.0 * 1024.0 + 0.002 * TOUCH.0 as f64;

impl Runs<'_> {
    /// The floor of an empty child, the error on a known allocation, the encoder's own floor on the
    /// empty document. A self-test that fails stops the campaign; continuing it makes the self-test again.
    pub(crate) fn self_test(
        &self,
        bench: &mut Bench<'_>,
        samples: &mut Samples,
    ) -> anyhow::Result<()> {
        if check_probe(samples.rows(), self.tolerance(bench)).is_err() {
            let attempt = next_attempt(samples.rows(), "probe");
            let mut rows = vec![
                bench.self_test(SELF_TEST_NOTHING, None, attempt)?,
                bench.self_test(SELF_TEST_TOUCH, Some(TOUCH.0), attempt)?,
            ];
            for name in [SELF_TEST_STEP, SELF_TEST_SPIKE] {
                for touched in self_test::amounts() {
                    rows.push(bench.self_test(name, Some(touched.0), attempt)?);
                }
            }
            samples.append(rows)?;
        }
        // Only now it is known what the machine refuses.
        check_probe(samples.rows(), self.tolerance(bench))?;
        for variant in &self.experiment.variant {
            self.test_empty(variant, bench, samples)?;
        }
        Ok(())
    }

    /// What a self-test may be off: more where the child moves between CPUs.
    fn tolerance(&self, bench: &Bench<'_>) -> f64 {
        if self.experiment.measure.is_pinned(&bench.refused) {
            return TOLERANCE;
        }
        TOLERANCE + self_test::uncounted(false, Machine::now().cpu_count).0 as f64
    }

    /// The variant on the empty document. This project's encoder must take it; another command may
    /// refuse it, which is recorded, and its growth is then fitted without that anchor.
    fn test_empty(
        &self,
        variant: &Variant,
        bench: &mut Bench<'_>,
        samples: &mut Samples,
    ) -> anyhow::Result<()> {
        let of_variant = |row: &&Sample| {
            row.kind == Kind::SelfTest && row.profile == EMPTY && row.variant == variant.name
        };
        let is_ours = is_ours(variant);
        let last = samples.rows().iter().rfind(of_variant);
        let is_limited =
            |row: &Sample| matches!(row.outcome, Outcome::Timeout | Outcome::MemoryLimit);
        if last.is_some_and(|row| row.outcome == Outcome::Ok || is_limited(row) || !is_ours) {
            return Ok(());
        }
        let block = last.map_or(0, |row| row.block + 1);
        let place = Place { kind: Kind::SelfTest, block, position: 0 };
        let rows = bench.run(place, Cell { variant, document: self.empty })?;
        let outcome = rows.last().map_or(Outcome::NotStarted, |row| row.outcome);
        samples.append(rows)?;
        // A limit of the experiment that stops it is an outcome like any other.
        if is_ours && outcome != Outcome::Ok && !samples.rows().last().is_some_and(is_limited) {
            bail!(
                "the encoder cannot be measured: `{}` on the empty document: {outcome} ({}); nothing \
                 was measured",
                variant.name,
                bench.said().unwrap_or_else(|| "no message".to_owned())
            );
        }
        Ok(())
    }
}

/// The number of the next attempt at the self-tests of `profile`.
fn next_attempt(rows: &[Sample], profile: &str) -> u32 {
    let self_tests = rows.iter().filter(|row| row.kind == Kind::SelfTest && row.profile == profile);
    self_tests.map(|row| row.block + 1).max().unwrap_or(0)
}

/// Compares the child of known size with the empty child: they may be `tolerance` bytes off.
fn check_probe(rows: &[Sample], tolerance: f64) -> anyhow::Result<()> {
    let peak = |name| {
        let row = rows.iter().rfind(|row| row.kind == Kind::SelfTest && row.variant == name);
        row.filter(|row| row.outcome == Outcome::Ok).and_then(|row| row.peak_rss_bytes)
    };
    let (Some(floor), Some(touched)) = (peak(SELF_TEST_NOTHING), peak(SELF_TEST_TOUCH)) else {
        bail!(
            "the probe could not measure itself, so nothing was measured; the rows of kind `proof` in \
             samples.csv say how it ended"
        );
    };
    let error = touched as f64 - floor as f64 - TOUCH.0 as f64;
    if error.abs() > tolerance {
        bail!(
            "the probe is off by {} on a child that touches {TOUCH}; at most {} is accepted, so \
             nothing was measured",
            units::bytes(error),
            units::bytes(tolerance)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn self_tests(attempt: u32, floor: u64, touched: Option<u64>) -> [Sample; 2] {
        let row = |name, peak: Option<u64>| Sample {
            outcome: if peak.is_some() { Outcome::Ok } else { Outcome::Signaled },
            peak_rss_bytes: peak,
            ..Sample::skipped(Kind::SelfTest, attempt, 0, name, "probe", 0)
        };
        [row(SELF_TEST_NOTHING, Some(floor)), row(SELF_TEST_TOUCH, touched)]
    }

    const FLOOR: u64 = 1_000_000;

    #[test]
    fn a_probe_within_its_tolerance_is_believed() {
        let tolerance = TOLERANCE as u64;
        for off in [0, tolerance] {
            check_probe(&self_tests(0, FLOOR, Some(FLOOR + TOUCH.0 + off)), TOLERANCE).unwrap();
            check_probe(&self_tests(0, FLOOR, Some(FLOOR + TOUCH.0 - off)), TOLERANCE).unwrap();
        }
    }

    #[test]
    fn a_probe_that_is_off_stops_the_campaign_with_the_figures() {
        let error =
            check_probe(&self_tests(0, FLOOR, Some(FLOOR + TOUCH.0 + 1_000_000)), TOLERANCE)
                .unwrap_err();
        let error = error.to_string();
        assert!(error.contains("is off by 1"), "{error}");
        assert!(error.contains("nothing was measured"), "{error}");
    }

    #[test]
    fn a_self_test_that_is_missing_or_died_fails() {
        assert!(check_probe(&[], TOLERANCE).is_err());
        assert!(check_probe(&self_tests(0, FLOOR, None), TOLERANCE).is_err());
    }

    #[test]
    fn the_last_attempt_at_a_self_test_counts() {
        let bad = self_tests(0, FLOOR, Some(FLOOR));
        assert_eq!(next_attempt(&bad, "probe"), 1);
        let rows = [bad, self_tests(1, FLOOR, Some(FLOOR + TOUCH.0))].concat();
        check_probe(&rows, TOLERANCE).unwrap();
    }
}
