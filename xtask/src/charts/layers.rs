//! The layers of a panel: bands lie below guides, guides below lines, lines below markers; labels
//! go where they find room.

use std::collections::BTreeMap;

use super::canvas::{Canvas, clipped_polygon, dot, dots, settled};
use super::extent::lost;
use super::labels::{LINE_COST, MARKER_COST, Obstacles};
use super::scene::{Anchor, Dot, Fine, Ink, Mark, Rect, Text};
use super::{Dash, Layer, Marker, Point, font, style};

const LABEL_SIZE: u32 = 30;

/// Between failures in their strip.
const LOST_APART: i32 = 46;
const LOST_ROWS_MAX: usize = 6;

/// The height of the strip for so many failures at one x.
pub(super) fn strip_height(lost_count: usize) -> i32 {
    if lost_count == 0 { 0 } else { lost_rows(lost_count) as i32 * LOST_APART + 12 }
}

/// As many columns as it takes, evenly filled.
fn lost_rows(count: usize) -> usize {
    count.div_ceil(count.div_ceil(LOST_ROWS_MAX))
}

/// Draws the layers, and the failures without a value in their strip; true if some markers stand
/// beside their place.
pub(super) fn draw(layers: &[Layer], canvas: Canvas, strip: Rect, marks: &mut Vec<Mark>) -> bool {
    let obstacles = Obstacles::within(canvas.plot);
    let mut drawing = Drawing { canvas, obstacles, labels: vec![], marks };
    for draw in [Drawing::band, Drawing::guide, Drawing::line] {
        for layer in layers {
            draw(&mut drawing, layer);
        }
    }
    let moved = drawing.points(layers);
    drawing.lost(layers, &strip);
    drawing.place_labels();
    moved
}

/// The marks of a panel in the making.
struct Drawing<'a> {
    canvas: Canvas,
    obstacles: Obstacles,
    /// Texts to place once all else is: with their line and colour.
    labels: Vec<(String, Vec<Dot>, Ink)>,
    marks: &'a mut Vec<Mark>,
}

impl Drawing<'_> {
    fn band(&mut self, layer: &Layer) {
        let Layer::Band { series, values } = layer else { return };
        let canvas = self.canvas;
        let shown = values.iter().filter_map(|&(x, low, high)| {
            let (x, high) = (canvas.x.part(x)?, canvas.y.part(high)?);
            // A lower end that a log axis cannot show lies below every one that it can.
            let low = if low.is_nan() { return None } else { canvas.y.part(low).unwrap_or(-100.0) };
            Some((canvas.across(x), canvas.up(low), canvas.up(high)))
        });
        let shown: Vec<_> = shown.collect();
        let lower = shown.iter().map(|&(x, low, _)| (x, low));
        let upper = shown.iter().rev().map(|&(x, _, high)| (x, high));
        let mut dots = clipped_polygon(&canvas.plot, lower.chain(upper).collect());
        dots.dedup();
        if dots.len() > 2 {
            self.marks.push(Mark::Area { dots, ink: style::ink(*series).alpha(style::BAND_ALPHA) });
        }
    }

    fn guide(&mut self, layer: &Layer) {
        let Rect { left, right, top, bottom } = self.canvas.plot;
        match layer {
            Layer::Reference { label, values } => {
                let pieces = self.canvas.clipped(values);
                for piece in &pieces {
                    self.marks.extend(style::strokes(piece, Dash::Solid, 3, style::GUIDE));
                    self.obstacles.add_line(&dots(piece), LINE_COST);
                }
                let last =
                    pieces.last().map(|piece| (label.clone(), dots(piece), style::GUIDE_TEXT));
                self.labels.extend(last);
            }
            Layer::Threshold { label, y } => {
                let Some(part) = self.canvas.y.part(*y) else { return };
                let y = settled(self.canvas.up(part));
                if (top..=bottom).contains(&y) {
                    let rule = vec![(left, y), (right, y)];
                    let ends = [(left, y), (right, y)].map(Fine::of);
                    self.marks.extend(style::strokes(&ends, Dash::Dotted, 4, style::RULE));
                    self.obstacles.add_line(&rule, LINE_COST);
                    self.labels.push((label.clone(), rule, style::RULE));
                }
            }
            _ => {}
        }
    }

    fn line(&mut self, layer: &Layer) {
        let Layer::Line { series, values, dash } = layer else { return };
        for piece in self.canvas.clipped(values) {
            self.obstacles.add_line(&dots(&piece), LINE_COST);
            let ink = style::ink(*series);
            self.marks.extend(style::strokes(&piece, *dash, style::LINE_WIDTH, ink));
        }
    }

    /// Draws markers and their error bars; true if some had to make room for others.
    fn points(&mut self, layers: &[Layer]) -> bool {
        let mut spots: Vec<Spot> = layers.iter().flat_map(|layer| self.spots(layer)).collect();
        let moved = spread(&mut spots, &self.canvas.plot);
        for spot in &spots {
            self.error_bar(spot);
        }
        for spot in &spots {
            self.obstacles.add(Rect::around(spot.at, 20), MARKER_COST);
            self.marks.extend(style::marker(spot.at, spot.series, spot.marker));
        }
        moved
    }

    /// The points of a layer that lie within the plot.
    fn spots(&self, layer: &Layer) -> Vec<Spot> {
        let Layer::Points { series, values, marker } = layer else { return Vec::new() };
        let bars = *marker != Marker::Cross;
        let spot = |point: &Point| {
            let at = dot(self.canvas.at(point.x, point.y)?);
            let (low, high) = (point.low.filter(|_| bars), point.high.filter(|_| bars));
            let spot = Spot { at, series: *series, marker: *marker, low, high };
            self.canvas.plot.contains(at).then_some(spot)
        };
        values.iter().filter_map(spot).collect()
    }

    /// Draws the failures that have no value: those of one x below each other.
    fn lost(&mut self, layers: &[Layer], strip: &Rect) {
        let mut stacks: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for layer in layers {
            let Layer::Points { series, .. } = layer else { continue };
            let parts = lost(layer).filter_map(|point| self.canvas.x.part(point.x));
            let places = parts.map(|part| settled(self.canvas.across(part)));
            for x in places.filter(|x| (strip.left..=strip.right).contains(x)) {
                stacks.entry(x).or_default().push(*series);
            }
        }
        let middle = i32::midpoint(strip.left, strip.right);
        for (x, stack) in stacks {
            let rows = lost_rows(stack.len());
            // A second column stands on the side of the middle, where there is room.
            let aside = if x > middle { -LOST_APART } else { LOST_APART };
            for (index, series) in stack.into_iter().enumerate() {
                let (column, row) = ((index / rows) as i32, (index % rows) as i32);
                let y = strip.top + strip.height() * (2 * row + 1) / (2 * rows as i32);
                self.marks.extend(style::marker((x + aside * column, y), series, Marker::Cross));
            }
        }
    }

    fn error_bar(&mut self, spot: &Spot) {
        let Rect { top, bottom, .. } = self.canvas.plot;
        let ((x, y), ink) = (spot.at, style::ink(spot.series));
        let finite = |end: &f64| !end.is_nan();
        let up = |end: f64| self.canvas.y.part(end).map(|part| settled(self.canvas.up(part)));
        // The end of the bar that the axis cannot show lies beyond the frame.
        let low = spot.low.filter(finite).map(|end| up(end).unwrap_or(bottom + 1));
        let high = spot.high.filter(finite).map(|end| up(end).unwrap_or(top - 1));
        for end in [low, high].into_iter().flatten() {
            let reached = end.clamp(top, bottom);
            let (upper, lower) = (y.min(reached), y.max(reached));
            self.obstacles.add_line(&[(x, upper), (x, lower)], LINE_COST);
            self.marks.push(style::stem(x, upper, lower, ink));
            if reached == end {
                self.marks.push(style::cap(x, end, ink));
            }
        }
    }

    fn place_labels(&mut self) {
        for (text, line, ink) in std::mem::take(&mut self.labels) {
            let width = font::width(&text, LABEL_SIZE, false);
            let height = LABEL_SIZE as i32 * 6 / 5;
            let Some(area) = self.obstacles.place(&line, width, height) else { continue };
            self.marks.push(Mark::Block { area, ink: style::WHITE.alpha(0.7) });
            let at = (area.left, i32::midpoint(area.top, area.bottom));
            self.marks.push(Mark::Text(Text {
                words: text,
                at,
                size: LABEL_SIZE,
                bold: false,
                ink,
                anchor: Anchor::Start,
                turned: false,
            }));
        }
    }
}

/// A marker in its place.
#[derive(Clone, Copy, Debug)]
struct Spot {
    at: Dot,
    series: usize,
    marker: Marker,
    low: Option<f64>,
    high: Option<f64>,
}

/// Moves markers of one x apart that would hide each other; true if there are any.
fn spread(spots: &mut [Spot], plot: &Rect) -> bool {
    const HIDDEN: i32 = 14;
    const STEP: i32 = 13;
    const SPREAD: i32 = 72;
    const REACH: i32 = 22;
    let mut columns: Vec<i32> = spots.iter().map(|spot| spot.at.0).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut order: Vec<usize> = (0..spots.len()).collect();
    order.sort_by_key(|&index| (spots[index].at, spots[index].series));
    let hides = |one: &usize, other: &usize| {
        let (one, other) = (spots[*one].at, spots[*other].at);
        one.0 == other.0 && other.1 - one.1 < HIDDEN
    };
    let clusters: Vec<Vec<usize>> = order.chunk_by(hides).map(<[usize]>::to_vec).collect();
    let mut moved = false;
    for mut cluster in clusters.into_iter().filter(|cluster| cluster.len() > 1) {
        cluster.sort_by_key(|&index| spots[index].series);
        let (x, count) = (spots[cluster[0]].at.0, cluster.len() as i32);
        let others = columns.iter().filter(|other| **other != x).map(|other| (other - x).abs());
        let edges = [2 * (x - plot.left - REACH), 2 * (plot.right - x - REACH)];
        let room = others.chain(edges).min().unwrap_or_default().max(0) * 4 / 5;
        let step = STEP.min(room.min(SPREAD) / count);
        for (place, index) in (0..).zip(cluster) {
            spots[index].at.0 = x + (2 * place - (count - 1)) * step / 2;
        }
        moved |= step > 0;
    }
    moved
}
