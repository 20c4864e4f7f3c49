//! Two views of one peak: `ru_maxrss` as `wait4` hands it back and `VmHWM` at the exit stop. The kernel
//! counts pages per CPU and adds up late, so they may differ a little; more than that is flagged.

use experiment::Experiment;
use record::metric::Metric;
use record::self_test::uncounted;
use record::units::Bytes;
use record::{Kind, Machines};

use crate::groups::{self, Group};

/// The two views compared in every cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Views {
    /// What the kernel's counters explain.
    pub tolerance: Bytes,
    /// Cells in which both were measured.
    pub cells_compared: u32,
    /// The largest difference of all.
    pub apart_max_bytes: Option<f64>,
    /// Cells that are further apart.
    pub disagreements: Vec<Disagreement>,
}

/// A cell in which the views are further apart than the kernel's counters explain.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreement {
    /// The variant's name.
    pub variant: String,
    /// The profile, or the document's name.
    pub profile: String,
    /// The size of the input.
    pub size: Bytes,
    /// `VmHWM` less `ru_maxrss` in the run in which they are furthest apart.
    pub apart_bytes: f64,
}

/// Compares the views in the measured runs.
pub fn compare(groups: &[Group], experiment: &Experiment, machines: &Machines) -> Views {
    let is_pinned = experiment.measure.is_pinned(&machines.refused);
    let cpu_count = machines.before.cpu_count;
    let tolerance = uncounted(is_pinned, cpu_count);
    let runs = groups.iter().filter(|group| group.kind == Kind::Run);
    let compared: Vec<Disagreement> = runs.filter_map(furthest).collect();
    // A program of several threads is not pinned where that was left open.
    let is_concurrent = |of: &Disagreement| {
        let group = groups::at(groups, Kind::Run, (&of.variant, &of.profile, of.size));
        group.is_some_and(|group| {
            let more = |metric| group.values(metric).iter().any(|count| *count > 1.0);
            more(Metric::Threads) || more(Metric::Processes)
        })
    };
    let beyond = |of: &Disagreement| {
        let tolerance = match is_concurrent(of) {
            true => uncounted(false, cpu_count),
            false => tolerance,
        };
        of.apart_bytes.abs() > tolerance.0 as f64
    };
    Views {
        tolerance,
        cells_compared: compared.len() as u32,
        apart_max_bytes: compared.iter().map(|of| of.apart_bytes.abs()).reduce(f64::max),
        disagreements: compared.into_iter().filter(beyond).collect(),
    }
}

/// The run of a cell in which the views are furthest apart; nothing where one of them is missing.
fn furthest(group: &Group) -> Option<Disagreement> {
    let (rss, hwm) = (group.values(Metric::PeakRss), group.values(Metric::PeakHwm));
    if rss.len() != hwm.len() {
        return None;
    }
    let apart = rss.iter().zip(hwm).map(|(rss, hwm)| hwm - rss);
    Some(Disagreement {
        variant: group.variant.clone(),
        profile: group.profile.clone(),
        size: group.size,
        apart_bytes: apart.max_by(|a, b| a.abs().total_cmp(&b.abs()))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(rss: &[f64], hwm: &[f64]) -> Group {
        Group {
            kind: Kind::Run,
            attempt: 0,
            variant: "v".to_owned(),
            profile: "wide".to_owned(),
            size: Bytes(10),
            outcomes: Vec::new(),
            blocks: Vec::new(),
            values: [(Metric::PeakRss, rss), (Metric::PeakHwm, hwm)]
                .into_iter()
                .filter(|(_, values)| !values.is_empty())
                .map(|(metric, values)| (metric, values.to_vec()))
                .collect(),
            distinct_outputs: 1,
            disturbed: [0, 0],
            pinned: 0,
            left_behind: [0, 0],
        }
    }

    #[test]
    fn the_run_with_the_largest_difference_stands_for_its_cell() {
        let found = furthest(&group(&[10.0, 10.0, 10.0], &[11.0, 3.0, 12.0])).unwrap();
        assert!((found.apart_bytes + 7.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_view_that_is_missing_disagrees_with_nothing() {
        assert_eq!(furthest(&group(&[10.0], &[])), None);
    }
}
