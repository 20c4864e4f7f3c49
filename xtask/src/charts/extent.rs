//! Which values the axes of a panel must show.

use super::axis;
use super::{Layer, Marker, Panel, Point, Scale};

/// The values along the horizontal axis.
pub(super) fn across(panel: &Panel) -> Vec<f64> {
    let mut values = Vec::new();
    for layer in &panel.layers {
        match layer {
            Layer::Points { values: points, .. } => {
                values.extend(points.iter().map(|point| point.x));
            }
            Layer::Line { values: line, .. } => values.extend(line.iter().map(|(x, _)| *x)),
            Layer::Band { values: band, .. } => values.extend(band.iter().map(|(x, _, _)| *x)),
            Layer::Reference { .. } | Layer::Threshold { .. } => {}
        }
    }
    values
}

/// The values that the vertical axis shows. A band may be endless, so it widens the axis by no more
/// than the other values' own extent, or by one decade.
pub(super) fn up(panel: &Panel) -> Vec<f64> {
    let shown = |x: f64| {
        let inside = panel.x.range.is_none_or(|(low, high)| low <= x && x <= high);
        inside && axis::shows(panel.x.scale, x)
    };
    let (mut values, mut bands) = (Vec::new(), Vec::new());
    for layer in &panel.layers {
        match layer {
            Layer::Points { values: points, .. } => {
                for point in points.iter().filter(|point| shown(point.x) && point.y.is_finite()) {
                    values.extend([Some(point.y), point.low, point.high].into_iter().flatten());
                }
            }
            Layer::Line { values: line, .. } => {
                values.extend(line.iter().filter(|(x, _)| shown(*x)).map(|(_, y)| *y));
            }
            Layer::Band { values: band, .. } => {
                let inside = band.iter().filter(|(x, _, _)| shown(*x));
                bands.extend(inside.flat_map(|(_, low, high)| [*low, *high]));
            }
            Layer::Threshold { y, .. } => values.push(*y),
            Layer::Reference { .. } => {}
        }
    }
    let visible = |value: &f64| axis::shows(panel.y.scale, *value);
    values.retain(visible);
    bands.retain(visible);
    let (low, high) = values
        .iter()
        .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    if low <= high {
        let (least, most) = match panel.y.scale {
            Scale::Linear => (low - (high - low), high + (high - low)),
            Scale::Log10 => (low / 10.0, high * 10.0),
        };
        for value in &mut bands {
            *value = value.clamp(least, most);
        }
    }
    values.extend(bands);
    values
}

/// How many failures without a value stand at one x, at most.
pub(super) fn lost_count(panel: &Panel) -> usize {
    let mut lost: Vec<f64> = panel.layers.iter().flat_map(lost).map(|point| point.x).collect();
    lost.sort_by(f64::total_cmp);
    let stacks = lost.chunk_by(|one, other| one.total_cmp(other).is_eq());
    stacks.map(<[f64]>::len).max().unwrap_or_default()
}

/// The failures of a layer that have no value.
pub(super) fn lost(layer: &Layer) -> impl Iterator<Item = &Point> {
    let points = match layer {
        Layer::Points { values, marker: Marker::Cross, .. } => values.as_slice(),
        _ => &[],
    };
    points.iter().filter(|point| point.y.is_nan())
}
