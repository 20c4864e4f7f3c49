//! From values to places in a plot, and what of a line or an area lies within it.

use super::axis::Span;
use super::scene::{Dot, FINE, Fine, Rect};

/// A plot and what its sides stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Canvas {
    pub(super) plot: Rect,
    pub(super) x: Span,
    pub(super) y: Span,
}

impl Canvas {
    pub(super) fn at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (x, y) = (self.x.part(x)?, self.y.part(y)?);
        Some((self.across(x), self.up(y)))
    }

    pub(super) fn across(&self, part: f64) -> f64 {
        f64::from(self.plot.left) + part.clamp(-100.0, 100.0) * f64::from(self.plot.width())
    }

    pub(super) fn up(&self, part: f64) -> f64 {
        f64::from(self.plot.bottom) - part.clamp(-100.0, 100.0) * f64::from(self.plot.height())
    }

    /// The visible pieces of a line.
    pub(super) fn clipped(&self, values: &[(f64, f64)]) -> Vec<Vec<Fine>> {
        let mut pieces: Vec<Vec<Fine>> = Vec::new();
        let dots: Vec<_> = values.iter().filter_map(|&(x, y)| self.at(x, y)).collect();
        for ends in dots.windows(2) {
            let Some((from, to)) = clipped_segment(&self.plot, ends[0], ends[1]) else { continue };
            let (from, to) = (fine(from), fine(to));
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&from) => piece.push(to),
                _ => pieces.push(vec![from, to]),
            }
        }
        pieces.iter_mut().for_each(Vec::dedup);
        pieces.retain(|piece| piece.len() > 1);
        pieces
    }
}

/// To the nearest unit, twice: values that differ in their last digits, on two machines, meet on
/// the finer grid first, so that the halves all go the same way.
pub(super) fn settled(value: f64) -> i32 {
    ((value * 1e4).round() / 1e4).round() as i32
}

pub(super) fn dot((x, y): (f64, f64)) -> Dot {
    (settled(x), settled(y))
}

pub(super) fn fine((x, y): (f64, f64)) -> Fine {
    Fine(settled(x * f64::from(FINE)), settled(y * f64::from(FINE)))
}

pub(super) fn dots(line: &[Fine]) -> Vec<Dot> {
    line.iter().map(|fine| fine.dot()).collect()
}

type Place = (f64, f64);

/// The part of a segment inside the plot (Liang and Barsky).
fn clipped_segment(plot: &Rect, from: Place, to: Place) -> Option<(Place, Place)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut start, mut end) = (0.0f64, 1.0f64);
    let sides = [
        (-dx, from.0 - f64::from(plot.left)),
        (dx, f64::from(plot.right) - from.0),
        (-dy, from.1 - f64::from(plot.top)),
        (dy, f64::from(plot.bottom) - from.1),
    ];
    for (toward, room) in sides {
        if toward == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if toward < 0.0 {
            start = start.max(room / toward);
        } else {
            end = end.min(room / toward);
        }
    }
    let at = |part: f64| (from.0 + dx * part, from.1 + dy * part);
    (start <= end).then(|| (at(start), at(end)))
}

/// The part of a polygon inside the plot (Sutherland and Hodgman).
pub(super) fn clipped_polygon(plot: &Rect, mut corners: Vec<Place>) -> Vec<Fine> {
    let (left, right) = (f64::from(plot.left), f64::from(plot.right));
    let (top, bottom) = (f64::from(plot.top), f64::from(plot.bottom));
    let sides: [&dyn Fn(Place) -> f64; 4] =
        [&|at| at.0 - left, &|at| right - at.0, &|at| at.1 - top, &|at| bottom - at.1];
    for inside in sides {
        let next = corners.iter().cycle().skip(1);
        corners = corners
            .iter()
            .zip(next)
            .flat_map(|(&from, &to)| {
                let (before, after) = (inside(from), inside(to));
                let part = before / (before - after);
                let crossing = (before < 0.0) != (after < 0.0);
                let cut = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
                [(before >= 0.0).then_some(from), crossing.then_some(cut)].into_iter().flatten()
            })
            .collect();
    }
    corners.into_iter().map(fine).collect()
}
