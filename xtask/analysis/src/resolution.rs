//! How finely each metric is measured on this machine: what the self-tests of a campaign say of it.
//!
//! Before measuring, children touch amounts that are known and that are not multiples of the batches in
//! which the kernel adds up pages. What a metric reads of them less what they touched would be the same
//! for each; as far as it is not, differences of that size mean nothing. No verdict may claim less.

use record::Kind;
use record::metric::{Grain, Metric, Source};
use record::self_test::{PAGE, SELF_TEST_SPIKE, SELF_TEST_STEP};
use record::units::Bytes;

use crate::groups::Group;

const NAMES: [&str; 2] = [SELF_TEST_STEP, SELF_TEST_SPIKE];

/// Fewest self-tests that tell a resolution.
const STEPS_MIN: usize = 4;

/// The resolution of each metric that the self-tests tell one of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resolutions(Vec<(Metric, f64)>);

impl Resolutions {
    /// The smallest difference that means something, in the unit of the metric, for a run on an input
    /// of this size (which ratios are over). `None` where no self-test told: nothing may be claimed then.
    pub fn resolution(&self, metric: Metric, input: Bytes) -> Option<f64> {
        match (metric.grain(), of_column(metric)) {
            (Grain::One, _) => Some(1.0),
            (Grain::PerInputByte, Some(of)) if input.0 > 0 => {
                Some(self.resolution(of, input)? / input.0 as f64)
            }
            _ => self.0.iter().find(|(of, _)| *of == metric).map(|(_, resolution)| *resolution),
        }
    }

    /// The finer of the two views of a peak. `ru_maxrss` moves in the batches in which CPUs hand on what they
    /// counted and never reads less than the probe held; `VmHWM` has no such floor and is exact where the
    /// peak was at the exit. Before Linux 6.2 it lacks more than batches, which `ru_maxrss` does not.
    pub(crate) fn finer_peak(&self) -> Metric {
        let of = |metric| self.resolution(metric, Bytes(0));
        match (of(Metric::PeakRss), of(Metric::PeakHwm)) {
            (Some(rss), Some(hwm)) if rss < 0.5 * hwm => Metric::PeakRss,
            _ => Metric::PeakHwm,
        }
    }

    /// By how much a reading may be off, in the unit of the metric: its resolution, but nothing for what is
    /// counted one by one; nothing, too, where no self-test told.
    pub fn error(&self, metric: Metric, input: Bytes) -> f64 {
        let of = of_column(metric).unwrap_or(metric);
        match self.0.iter().any(|(measured, _)| *measured == of) {
            true => self.resolution(metric, input).unwrap_or(0.0),
            false => 0.0,
        }
    }

    /// Those that were measured, for a report.
    pub fn measured(&self) -> &[(Metric, f64)] {
        &self.0
    }

    /// From the groups of a campaign that is done; the last attempt at a self-test counts.
    pub fn of_groups(groups: &[Group]) -> Self {
        let self_tests: Vec<&Group> = groups
            .iter()
            .filter(|group| group.kind == Kind::SelfTest && NAMES.contains(&&*group.variant))
            .collect();
        Self::of(|name, metric| {
            let last = |group: &&Group| Some((group.size.0, *group.values(metric).last()?));
            self_tests
                .iter()
                .copied()
                .filter(|of| of.variant == name)
                .filter_map(|of| last(&of))
                .collect()
        })
    }

    /// `self_tests` gives for a name and a metric what was touched and what was read. The coarser of both
    /// kinds counts.
    fn of(self_tests: impl Fn(&str, Metric) -> Vec<(u64, f64)>) -> Self {
        let of_name = |name, metric| {
            let self_tests = self_tests(name, metric);
            (self_tests.len() >= STEPS_MIN).then(|| of_metric(metric, &self_tests))?
        };
        let resolution = |metric| {
            let steps = of_name(SELF_TEST_STEP, metric)?;
            Some(match metric.grain() == Grain::PeakPages {
                true => of_name(SELF_TEST_SPIKE, metric).map_or(steps, |spikes| steps.max(spikes)),
                false => steps,
            })
        };
        let measured = |metric| Some((metric, resolution(metric)?));
        Self(record::metric::ALL.into_iter().filter_map(measured).collect())
    }
}

/// Of a metric over the input, the one that is divided.
fn of_column(metric: Metric) -> Option<Metric> {
    let Source::PerInputByte(column) = metric.source() else { return None };
    let is_of = |of: &Metric| matches!(of.source(), Source::Column(of) if of.name == column.name);
    record::metric::ALL.into_iter().find(is_of)
}

fn of_metric(metric: Metric, steps: &[(u64, f64)]) -> Option<f64> {
    let pages = |bytes: u64| bytes.div_ceil(PAGE) as f64;
    let page = PAGE as f64;
    match metric.grain() {
        Grain::PeakPages | Grain::Pages => {
            let beyond = |(touched, read): &(u64, f64)| read - pages(*touched) * page;
            Some(range(steps.iter().map(beyond))?.max(page))
        }
        Grain::Faults => {
            Some(range(steps.iter().map(|(touched, read)| read - pages(*touched)))?.max(1.0))
        }
        Grain::OwnPages => Some(range(steps.iter().map(|(_, read)| *read))?.max(page)),
        // A clock that ticks shows as a common divisor of all that it tells.
        Grain::Ticks => {
            let ticks = steps.iter().map(|(_, read)| *read as u64).reduce(common_divisor)?;
            Some(ticks.max(1) as f64)
        }
        Grain::One | Grain::PerInputByte | Grain::Unknown => None,
    }
}

fn range(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    Some(values.clone().reduce(f64::max)? - values.reduce(f64::min)?)
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use record::self_test::amounts;

    use super::*;
    use record::{Outcome, Sample};

    /// What the rows of a campaign say, attempts in their order.
    fn of_rows(rows: &[Sample]) -> Resolutions {
        let mut groups: Vec<Group> = Vec::new();
        for row in rows {
            let is_of =
                |of: &&Sample| of.variant == row.variant && of.input_bytes == row.input_bytes;
            let all: Vec<&Sample> = rows.iter().filter(is_of).collect();
            let values = |metric: Metric| {
                let values: Vec<f64> = all.iter().filter_map(|row| row.value(metric)).collect();
                (!values.is_empty()).then_some((metric, values))
            };
            groups.push(Group {
                kind: row.kind,
                attempt: 0,
                variant: row.variant.clone(),
                profile: row.profile.clone(),
                size: Bytes(row.input_bytes),
                outcomes: Vec::new(),
                blocks: Vec::new(),
                values: record::metric::ALL.into_iter().filter_map(values).collect(),
                distinct_outputs: 0,
                disturbed: [0, 0],
                pinned: 0,
                left_behind: [0, 0],
            });
        }
        Resolutions::of_groups(&groups)
    }

    /// Self-tests of a machine that counts in batches of `batch` pages.
    fn self_tests(batch: u64) -> Vec<Sample> {
        amounts()
            .map(|touched| {
                let pages = touched.0 / PAGE + 300;
                Sample {
                    outcome: Outcome::Ok,
                    peak_rss_bytes: Some(pages / batch * batch * PAGE),
                    wall_ns: Some(1_234_567 + touched.0),
                    user_us: Some(touched.0 / 1_000_000 * 4000),
                    system_us: Some(4000),
                    ..Sample::skipped(Kind::SelfTest, 0, 0, SELF_TEST_STEP, "probe", touched.0)
                }
            })
            .collect()
    }

    #[test]
    fn the_batches_of_a_kernel_show_as_the_resolution_of_its_peaks() {
        for batch in [1, 32, 64, 128] {
            let found = of_rows(&self_tests(batch));
            let read = found.resolution(Metric::PeakRss, Bytes(10)).unwrap();
            let most = (batch * PAGE) as f64;
            assert!((0.75 * most..=most).contains(&read), "batch {batch}: {read}");
            assert_eq!(found.resolution(Metric::Overhead, Bytes(10)), Some(read / 10.0));
        }
    }

    #[test]
    fn growth_is_fitted_on_the_finer_view_of_a_peak() {
        let with_hwm = |rss_batch: u64, hwm_batch: u64| {
            let hwm = self_tests(hwm_batch);
            let both =
                |(row, hwm): (Sample, Sample)| Sample { peak_hwm_bytes: hwm.peak_rss_bytes, ..row };
            let rows: Vec<Sample> = self_tests(rss_batch).into_iter().zip(hwm).map(both).collect();
            of_rows(&rows).finer_peak()
        };
        assert_eq!(with_hwm(32, 1), Metric::PeakHwm);
        // A page more or less is chance.
        assert_eq!(with_hwm(31, 32), Metric::PeakHwm);
        assert_eq!(with_hwm(1, 128), Metric::PeakRss, "as before Linux 6.2");
        assert_eq!(of_rows(&self_tests(1)).finer_peak(), Metric::PeakHwm, "nothing told");
    }

    #[test]
    fn peaks_that_are_over_count_where_they_are_read_less_finely() {
        let spike = |row: Sample| Sample {
            variant: SELF_TEST_SPIKE.to_owned(),
            rss_at_exit_bytes: Some(1),
            ..row
        };
        let mut rows = self_tests(1);
        rows.extend(self_tests(64).into_iter().map(spike));
        let found = of_rows(&rows);
        assert!(found.resolution(Metric::PeakRss, Bytes(1)).unwrap() > 40.0 * PAGE as f64);
        assert_eq!(found.resolution(Metric::RssAtExit, Bytes(1)), None);
    }

    #[test]
    fn a_clock_that_ticks_is_found_out() {
        let found = of_rows(&self_tests(1));
        assert_eq!(found.resolution(Metric::Cpu, Bytes(1)), Some(4e6));
        assert_eq!(found.resolution(Metric::Wall, Bytes(1)), Some(1.0));
    }

    #[test]
    fn what_is_counted_one_by_one_is_never_off() {
        let found = of_rows(&self_tests(32));
        assert_eq!(found.error(Metric::Output, Bytes(1)), 0.0);
        assert_eq!(found.error(Metric::Ratio, Bytes(100)), 0.0);
        let peak = found.resolution(Metric::PeakRss, Bytes(100)).unwrap();
        assert_eq!(found.error(Metric::PeakRss, Bytes(100)), peak);
        assert_eq!(found.error(Metric::Overhead, Bytes(100)), peak / 100.0);
        assert_eq!(Resolutions::default().error(Metric::PeakRss, Bytes(1)), 0.0);
    }

    #[test]
    fn what_was_not_measured_has_no_resolution() {
        let none = of_rows(&[]);
        assert_eq!(none.resolution(Metric::PeakRss, Bytes(1)), None);
        assert_eq!(none.resolution(Metric::Output, Bytes(1)), Some(1.0));
        assert_eq!(of_rows(&self_tests(32)).resolution(Metric::PeakHwm, Bytes(1)), None);
    }

    #[test]
    fn the_last_attempt_at_the_self_tests_counts() {
        let mut rows = self_tests(128);
        rows.extend(self_tests(1).into_iter().map(|row| Sample { block: 1, ..row }));
        let found = of_rows(&rows).resolution(Metric::PeakRss, Bytes(1));
        assert_eq!(found, Some(PAGE as f64));
    }
}
