//! What each technique of a grid does, estimated together: as a ratio (multiplicative model on logs) and
//! as a difference in the metric's unit (additive model).

use stats::{Factorial, GridCell, Interval, Undetermined, factorial};

use experiment::Experiment;
use experiment::grid::Grid;
use record::Kind;
use record::metric::Metric;
use record::units::Bytes;

use crate::cells::Summary;
use crate::groups::{self, Group};

/// The effects on one metric at one document.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    /// What was measured.
    pub metric: Metric,
    /// The profile, or the document's name.
    pub profile: String,
    /// The size of the input.
    pub size: Bytes,
    /// Variants of the grid that were measured here, of how many.
    pub measured: (usize, usize),
    /// Effects as ratios.
    pub ratios: Result<Factorial, Undetermined>,
    /// Effects of single techniques as differences, in the order of the grid.
    pub differences: Vec<Option<Difference>>,
}

/// A technique on less the technique off, in the metric's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// In the metric's unit.
    pub value: f64,
    /// Its interval; nothing where there is no spread.
    pub ci95: Option<Interval>,
}

/// Effects for each fitted metric at each document; nothing without a grid.
pub fn effects(groups: &[Group], summary: &Summary, experiment: &Experiment) -> Vec<Effects> {
    let Some(grid) = &experiment.grid else { return Vec::new() };
    let mut documents: Vec<(&str, Bytes)> = Vec::new();
    for cell in &summary.cells {
        let document = (cell.profile.as_str(), cell.size);
        if !documents.contains(&document) {
            documents.push(document);
        }
    }
    let metrics = experiment.fit.metrics.iter();
    metrics
        .flat_map(|metric| {
            documents.iter().map(|(profile, size)| at(groups, grid, *metric, profile, *size))
        })
        .collect()
}

fn at(groups: &[Group], grid: &Grid, metric: Metric, profile: &str, size: Bytes) -> Effects {
    let values = |variant: &str| {
        let found = groups::at(groups, Kind::Run, (variant, profile, size));
        found.map_or(Vec::new(), |group| group.values(metric).to_vec())
    };
    let cells: Vec<GridCell> = grid
        .member
        .iter()
        .map(|member| GridCell { on: member.on.clone(), values: values(&member.variant) })
        .collect();
    let measured = cells.iter().filter(|cell| !cell.values.is_empty()).count();
    Effects {
        metric,
        profile: profile.to_owned(),
        size,
        measured: (measured, cells.len()),
        differences: differences(&cells, grid.technique.len()),
        ratios: factorial(&cells),
    }
}

/// The additive model: [`factorial`] works on logarithms, so it is given `exp(value / scale)`, whose
/// logarithm is the value itself in units of the largest one.
fn differences(cells: &[GridCell], techniques: usize) -> Vec<Option<Difference>> {
    let scale = cells.iter().flat_map(|cell| &cell.values).copied().fold(0.0, f64::max);
    if scale <= 0.0 {
        return vec![None; techniques];
    }
    let lifted: Vec<GridCell> = cells
        .iter()
        .map(|cell| {
            let values = cell.values.iter().map(|value| (value / scale).exp()).collect();
            GridCell { on: cell.on.clone(), values }
        })
        .collect();
    let Ok(additive) = factorial(&lifted) else { return vec![None; techniques] };
    let back = |ratio: f64| ratio.ln() * scale;
    (0..techniques)
        .map(|at| {
            let effect = additive.effects.iter().find(|of| of.term == [at])?;
            let ci95 = effect.ratio_ci95.map(|ci| Interval::new(back(ci.low), back(ci.high)));
            Some(Difference { value: back(effect.ratio), ci95 })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_those_of_the_means() {
        let cell = |a: bool, b: bool, value: f64| GridCell { on: vec![a, b], values: vec![value] };
        let cells = [
            cell(false, false, 10e6),
            cell(true, false, 7e6),
            cell(false, true, 12e6),
            cell(true, true, 9e6),
        ];
        let found = differences(&cells, 2);
        assert!((found[0].unwrap().value + 3e6).abs() < 1.0, "{found:?}");
        assert!((found[1].unwrap().value - 2e6).abs() < 1.0, "{found:?}");
        assert_eq!(differences(&[], 2), [None, None]);
    }
}
