//! Where the labels of guide lines and thresholds go: near the end of their line, over as little as
//! may be.

use super::scene::{Dot, Rect};

/// How much it costs to cover a thing, in units of [`STRAY`].
pub(super) const MARKER_COST: f64 = 8.0;
pub(super) const LINE_COST: f64 = 2.5;
const LABEL_COST: f64 = 1e6;

/// How far a label may stray along its line before that costs one unit.
const STRAY: f64 = 120.0;

/// The plot with all that labels should keep clear of.
#[derive(Debug)]
pub(super) struct Obstacles {
    bounds: Rect,
    taken: Vec<(Rect, f64)>,
}

impl Obstacles {
    pub(super) fn within(bounds: Rect) -> Self {
        Self { bounds, taken: Vec::new() }
    }

    pub(super) fn add(&mut self, area: Rect, cost: f64) {
        self.taken.push((area, cost));
    }

    /// Adds a line as small boxes along it.
    pub(super) fn add_line(&mut self, dots: &[Dot], cost: f64) {
        let boxes = along(dots, 12).into_iter().map(|(at, _)| (Rect::around(at, 4), cost / 4.0));
        self.taken.extend(boxes);
    }

    /// Settles a label of the given size near the right end of its line, further from the line
    /// where other labels leave no room beside it; `None` where there is no room at all.
    pub(super) fn place(&mut self, line: &[Dot], width: i32, height: i32) -> Option<Rect> {
        let away = [0, 1, 2, 3].map(|level| 6 + level * (height + 6));
        let place = away.into_iter().find_map(|gap| self.best(line, width, height, gap))?;
        self.add(place, LABEL_COST);
        Some(place)
    }

    /// The cheapest place that covers no other label.
    fn best(&self, line: &[Dot], width: i32, height: i32, gap: i32) -> Option<Rect> {
        let stations = along(line, 20);
        let full = stations.last()?.1;
        stations
            .iter()
            .flat_map(|&(at, way)| {
                beside(at, width, height, gap).map(|area| (area, (full - way) / STRAY))
            })
            .filter(|(area, _)| self.bounds.holds(&area.grown(1)))
            .map(|(area, stray)| (area, stray + self.cost(&area)))
            .min_by(|one, other| one.1.total_cmp(&other.1))
            .filter(|(_, cost)| *cost < LABEL_COST)
            .map(|(area, _)| area)
    }

    fn cost(&self, area: &Rect) -> f64 {
        let near = area.grown(5);
        self.taken.iter().filter(|(taken, _)| taken.meets(&near)).map(|(_, cost)| cost).sum()
    }
}

/// The places for a label at a dot of its line: above or below, to the left or to the right.
fn beside((x, y): Dot, width: i32, height: i32, gap: i32) -> [Rect; 4] {
    let at = |left: i32, top: i32| Rect { left, top, right: left + width, bottom: top + height };
    [
        at(x - width - 10, y - height - gap),
        at(x + 10, y + gap),
        at(x + 10, y - height - gap),
        at(x - width - 10, y + gap),
    ]
}

/// Dots every `step` along a line, with the way to each from its start; the ends included.
fn along(line: &[Dot], step: i32) -> Vec<(Dot, f64)> {
    let mut stations: Vec<(Dot, f64)> = line.first().map(|&at| (at, 0.0)).into_iter().collect();
    let mut way = 0.0;
    for ends in line.windows(2) {
        let (x, y) = (ends[1].0 - ends[0].0, ends[1].1 - ends[0].1);
        let count = (x.abs().max(y.abs()) / step).max(1);
        let length = f64::from(x * x + y * y).sqrt();
        for part in 1..=count {
            let at = (ends[0].0 + x * part / count, ends[0].1 + y * part / count);
            stations.push((at, way + length * f64::from(part) / f64::from(count)));
        }
        way += length;
    }
    stations
}
