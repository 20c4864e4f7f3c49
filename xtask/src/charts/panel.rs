//! One panel: frame, grid, ticks and layers.

use super::axis::{self, Rank, Span, Tick};
use super::labels::{LINE_COST, MARKER_COST, Obstacles};
use super::layout::{line_height, paragraph};
use super::scene::{Anchor, Dot, FINE, Fine, Ink, Mark, Rect, Text};
use super::{Axis, Dash, Layer, Marker, Panel, Point, Scale, font, style};

const TITLE_SIZE: u32 = 36;
const LABEL_SIZE: u32 = 33;
const TICK_SIZE: u32 = 30;
const NOTE_SIZE: u32 = 30;
/// Room right of the plot, for the half of the last tick's label that stands out.
const OVERHANG: i32 = 30;
const TICK_LENGTH: i32 = 13;
const TICK_GAP: i32 = 10;
const LABEL_GAP: i32 = 6;

/// A panel with its axes settled.
#[derive(Debug)]
pub(super) struct View<'a> {
    panel: &'a Panel,
    /// `None` where there is nothing to show.
    spans: Option<(Span, Span)>,
}

impl<'a> View<'a> {
    pub(super) fn of(panel: &'a Panel) -> Self {
        let x = Span::of(&panel.x, extent_x(panel).into_iter());
        let y = Span::of(&panel.y, extent_y(panel).into_iter());
        let y =
            y.map(|span| if panel.y.range.is_none() { span.raised(strip(panel)) } else { span });
        Self { panel, spans: x.zip(y) }
    }

    /// The room that the title takes above the plot.
    pub(super) fn head(&self, width: i32) -> i32 {
        let lines = font::wrapped(&self.panel.title, TITLE_SIZE, true, width).len() as i32;
        lines * line_height(TITLE_SIZE) + 14
    }

    /// The room that tick labels, axis label and note take below the plot.
    pub(super) fn foot(&self, width: i32) -> i32 {
        let ticks = TICK_LENGTH + TICK_GAP + line_height(TICK_SIZE);
        let label = wrapped_label(&self.panel.x, width).len() as i32 * line_height(LABEL_SIZE);
        let note = self.panel.note.as_deref().unwrap_or_default();
        let note = font::wrapped(note, NOTE_SIZE, false, width).len() as i32;
        ticks + LABEL_GAP + label + note * line_height(NOTE_SIZE) + 10
    }

    /// The room that tick labels and axis label take left of a plot of this height.
    pub(super) fn gutter(&self, height: i32) -> i32 {
        let widths = self.y_ticks(height).into_iter().filter_map(|tick| tick.label);
        let widest = widths.map(|label| font::width(&label, TICK_SIZE, false)).max();
        let lines = wrapped_label(&self.panel.y, height).len() as i32;
        lines * line_height(LABEL_SIZE) + widest.unwrap_or_default() + TICK_LENGTH + 2 * TICK_GAP
    }

    fn x_ticks(&self, cell: &Rect, plot: &Rect) -> Vec<Tick> {
        let Some((span, _)) = &self.spans else { return Vec::new() };
        axis::ticks(span, self.panel.x.kind, |ticks| {
            let areas: Vec<Rect> = ticks
                .iter()
                .filter_map(|tick| Some(x_tick_text(tick, cell, plot)?.area()))
                .collect();
            areas.windows(2).all(|pair| pair[0].right + 16 <= pair[1].left) && areas.len() < 14
        })
    }

    fn y_ticks(&self, height: i32) -> Vec<Tick> {
        let Some((_, span)) = &self.spans else { return Vec::new() };
        let apart = f64::from(line_height(TICK_SIZE) + 14) / f64::from(height);
        axis::ticks(span, self.panel.y.kind, |ticks| {
            ticks.windows(2).all(|pair| pair[1].part - pair[0].part >= apart) && ticks.len() < 12
        })
    }

    pub(super) fn draw(
        &self,
        cell: Rect,
        head: i32,
        plot_height: i32,
        gutter: i32,
        marks: &mut Vec<Mark>,
    ) {
        let top = cell.top + head;
        let plot = Rect {
            left: cell.left + gutter,
            top,
            right: cell.right - OVERHANG,
            bottom: top + plot_height,
        };
        let title = &self.panel.title;
        let corner = (plot.left.min(cell.left + gutter), cell.top);
        let room = cell.right - corner.0;
        let fits = font::width(title, TITLE_SIZE, true) <= room;
        let corner = if fits { corner } else { (cell.left, cell.top) };
        paragraph(title, corner, cell.width(), TITLE_SIZE, true, style::TEXT, marks);
        self.draw_axes(&cell, &plot, marks);
        self.draw_layers(&plot, marks);
        frame(&plot, marks);
    }

    fn draw_axes(&self, cell: &Rect, plot: &Rect, marks: &mut Vec<Mark>) {
        let block = |left, top, right, bottom, ink| Mark::Block {
            area: Rect { left, top, right, bottom },
            ink,
        };
        for tick in self.x_ticks(cell, plot) {
            let x = settled(f64::from(plot.left) + tick.part * f64::from(plot.width()));
            let text = x_tick_text(&tick, cell, plot);
            if let Some(text) = text {
                marks.push(block(x - 1, plot.top, x + 1, plot.bottom, style::GRID));
                marks.push(Mark::Text(text));
            }
            marks.push(block(
                x - 1,
                plot.bottom,
                x + 1,
                plot.bottom + tick_length(&tick),
                style::FRAME,
            ));
        }
        for tick in self.y_ticks(plot.height()) {
            let y = settled(f64::from(plot.bottom) - tick.part * f64::from(plot.height()));
            marks.push(block(
                plot.left - tick_length(&tick),
                y - 1,
                plot.left,
                y + 1,
                style::FRAME,
            ));
            if let Some(text) = tick.label {
                marks.push(block(plot.left, y - 1, plot.right, y + 1, style::GRID));
                let at = (plot.left - TICK_LENGTH - TICK_GAP, y);
                marks.push(text_mark(text, at, TICK_SIZE, style::TEXT, Anchor::End));
            }
        }
        self.draw_labels(cell, plot, marks);
    }

    fn draw_labels(&self, cell: &Rect, plot: &Rect, marks: &mut Vec<Mark>) {
        let middle = i32::midpoint(plot.left, plot.right);
        let mut y = plot.bottom + TICK_LENGTH + TICK_GAP + line_height(TICK_SIZE) + LABEL_GAP;
        for text in wrapped_label(&self.panel.x, cell.width()) {
            let half = font::width(&text, LABEL_SIZE, false) / 2;
            let x = middle.min(cell.right - half).max(cell.left + half);
            let at = (x, y + line_height(LABEL_SIZE) / 2);
            marks.push(text_mark(text, at, LABEL_SIZE, style::TEXT, Anchor::Middle));
            y += line_height(LABEL_SIZE);
        }
        let note = self.panel.note.as_deref().unwrap_or_default();
        let corner = (cell.left, y + 4);
        paragraph(note, corner, cell.width(), NOTE_SIZE, false, style::SOFT_TEXT, marks);
        let mut x = cell.left + line_height(LABEL_SIZE) / 2;
        for text in wrapped_label(&self.panel.y, plot.height()) {
            let at = (x, i32::midpoint(plot.top, plot.bottom));
            let mut label = text_of(text, at, LABEL_SIZE, style::TEXT, Anchor::Middle);
            label.turned = true;
            marks.push(Mark::Text(label));
            x += line_height(LABEL_SIZE);
        }
    }

    fn draw_layers(&self, plot: &Rect, marks: &mut Vec<Mark>) {
        let Some((x, y)) = self.spans else {
            let at = (i32::midpoint(plot.left, plot.right), i32::midpoint(plot.top, plot.bottom));
            let text = "no data".to_owned();
            marks.push(text_mark(text, at, LABEL_SIZE, style::SOFT_TEXT, Anchor::Middle));
            return;
        };
        let canvas = Canvas { plot: *plot, x, y };
        let mut drawing =
            Drawing { canvas, obstacles: Obstacles::within(*plot), labels: vec![], marks };
        let layers = &self.panel.layers;
        layers.iter().for_each(|layer| drawing.band(layer));
        layers.iter().for_each(|layer| drawing.guide(layer));
        layers.iter().for_each(|layer| drawing.line(layer));
        layers.iter().for_each(|layer| drawing.error_bars(layer));
        drawing.markers(layers);
        drawing.place_labels();
    }
}

/// A plot and what its sides stand for.
#[derive(Clone, Copy, Debug)]
struct Canvas {
    plot: Rect,
    x: Span,
    y: Span,
}

impl Canvas {
    fn at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let (x, y) = (self.x.part(x)?, self.y.part(y)?);
        Some((self.across(x), self.up(y)))
    }

    fn across(&self, part: f64) -> f64 {
        f64::from(self.plot.left) + part.clamp(-100.0, 100.0) * f64::from(self.plot.width())
    }

    fn up(&self, part: f64) -> f64 {
        f64::from(self.plot.bottom) - part.clamp(-100.0, 100.0) * f64::from(self.plot.height())
    }

    /// The visible pieces of a line.
    fn clipped(&self, values: &[(f64, f64)]) -> Vec<Vec<Fine>> {
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

    fn error_bars(&mut self, layer: &Layer) {
        let Layer::Points { series, values, marker: Marker::Filled | Marker::Hollow } = layer
        else {
            return;
        };
        values.iter().for_each(|point| self.error_bar(point, style::ink(*series)));
    }

    fn error_bar(&mut self, point: &Point, ink: Ink) {
        let Rect { top, bottom, .. } = self.canvas.plot;
        let Some((x, y)) = self.canvas.at(point.x, point.y).map(dot) else { return };
        if !self.canvas.plot.contains((x, y)) {
            return;
        }
        let finite = |end: &f64| !end.is_nan();
        let up = |end: f64| self.canvas.y.part(end).map(|part| settled(self.canvas.up(part)));
        // The end of the bar that the axis cannot show lies beyond the frame.
        let low = point.low.filter(finite).map(|end| up(end).unwrap_or(bottom + 1));
        let high = point.high.filter(finite).map(|end| up(end).unwrap_or(top - 1));
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

    fn markers(&mut self, layers: &[Layer]) {
        let mut at_edge: Vec<Dot> = Vec::new();
        for layer in layers {
            let Layer::Points { series, values, marker } = layer else { continue };
            for point in values {
                let at = match self.canvas.at(point.x, point.y).map(dot) {
                    Some(at) => at,
                    None if *marker == Marker::Cross => {
                        let Some(at) = self.edge(point.x, &at_edge) else { continue };
                        at_edge.push(at);
                        at
                    }
                    None => continue,
                };
                if self.canvas.plot.contains(at) {
                    self.obstacles.add(Rect::around(at, 20), MARKER_COST);
                    self.marks.extend(style::marker(at, *series, *marker));
                }
            }
        }
    }

    /// The uppermost free place at an x, for a failure without a value.
    fn edge(&self, x: f64, taken: &[Dot]) -> Option<Dot> {
        let x = settled(self.canvas.across(self.canvas.x.part(x)?));
        let free =
            |y: &i32| taken.iter().all(|dot| (dot.0 - x).abs() > 44 || (dot.1 - y).abs() > 44);
        let Rect { top, bottom, .. } = self.canvas.plot;
        (top + 34..bottom).step_by(48).find(free).map(|y| (x, y))
    }

    fn place_labels(&mut self) {
        for (text, line, ink) in std::mem::take(&mut self.labels) {
            let width = font::width(&text, TICK_SIZE, false);
            let height = TICK_SIZE as i32 * 6 / 5;
            let Some(area) = self.obstacles.place(&line, width, height) else { continue };
            self.marks.push(Mark::Block { area, ink: style::WHITE.alpha(0.7) });
            let at = (area.left, i32::midpoint(area.top, area.bottom));
            self.marks.push(text_mark(text, at, TICK_SIZE, ink, Anchor::Start));
        }
    }
}

fn extent_x(panel: &Panel) -> Vec<f64> {
    let mut values = Vec::new();
    for layer in &panel.layers {
        match layer {
            Layer::Points { values: points, .. } => {
                values.extend(points.iter().map(|point| point.x))
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
fn extent_y(panel: &Panel) -> Vec<f64> {
    let shown = |x: f64| {
        let inside = panel.x.range.is_none_or(|(low, high)| low <= x && x <= high);
        x.is_finite() && inside && (panel.x.scale == Scale::Linear || x > 0.0)
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
    let visible =
        |value: &f64| value.is_finite() && (panel.y.scale == Scale::Linear || *value > 0.0);
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
        bands.iter_mut().for_each(|value| *value = value.clamp(least, most));
    }
    values.extend(bands);
    values
}

/// The part of the plot that failures without a value need at its upper edge.
fn strip(panel: &Panel) -> f64 {
    let lost: Vec<f64> = panel.layers.iter().flat_map(lost).map(|point| point.x).collect();
    let stacked = lost.iter().map(|x| lost.iter().filter(|other| *other == x).count()).max();
    stacked.map_or(0.0, |count| (0.03 + 0.055 * count as f64).min(0.5))
}

/// The failures of a layer that have no value.
fn lost(layer: &Layer) -> impl Iterator<Item = &Point> {
    let points = match layer {
        Layer::Points { values, marker: Marker::Cross, .. } => values.as_slice(),
        _ => &[],
    };
    points.iter().filter(|point| point.y.is_nan())
}

fn wrapped_label(axis: &Axis, limit: i32) -> Vec<String> {
    font::wrapped(&axis.label, LABEL_SIZE, false, limit)
}

fn x_tick_text(tick: &Tick, cell: &Rect, plot: &Rect) -> Option<Text> {
    let text = tick.label.clone()?;
    let half = font::width(&text, TICK_SIZE, false) / 2 + 1;
    let x = settled(f64::from(plot.left) + tick.part * f64::from(plot.width()));
    let x = x.min(cell.right + OVERHANG / 2 - half).max(cell.left + half);
    let at = (x, plot.bottom + TICK_LENGTH + TICK_GAP + line_height(TICK_SIZE) / 2);
    Some(text_of(text, at, TICK_SIZE, style::TEXT, Anchor::Middle))
}

fn tick_length(tick: &Tick) -> i32 {
    match tick.rank {
        Rank::Labelled => TICK_LENGTH,
        Rank::Decade => TICK_LENGTH - 3,
        Rank::Inner => TICK_LENGTH / 2,
    }
}

fn text_of(text: String, at: Dot, size: u32, ink: Ink, anchor: Anchor) -> Text {
    Text { text, at, size, bold: false, ink, anchor, turned: false }
}

fn text_mark(text: String, at: Dot, size: u32, ink: Ink, anchor: Anchor) -> Mark {
    Mark::Text(text_of(text, at, size, ink, anchor))
}

fn frame(plot: &Rect, marks: &mut Vec<Mark>) {
    let Rect { left, top, right, bottom } = *plot;
    let sides = [
        (left - 1, top - 1, right + 2, top + 2),
        (left - 1, bottom - 1, right + 2, bottom + 2),
        (left - 1, top - 1, left + 2, bottom + 2),
        (right - 1, top - 1, right + 2, bottom + 2),
    ];
    marks.extend(sides.map(|(left, top, right, bottom)| Mark::Block {
        area: Rect { left, top, right, bottom },
        ink: style::FRAME,
    }));
}

/// To the nearest unit, twice: values that differ in their last digits, on two machines, meet on
/// the finer grid first, so that the halves all go the same way.
fn settled(value: f64) -> i32 {
    ((value * 1e4).round() / 1e4).round() as i32
}

fn dot((x, y): (f64, f64)) -> Dot {
    (settled(x), settled(y))
}

fn fine((x, y): (f64, f64)) -> Fine {
    Fine(settled(x * f64::from(FINE)), settled(y * f64::from(FINE)))
}

fn dots(line: &[Fine]) -> Vec<Dot> {
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
fn clipped_polygon(plot: &Rect, mut corners: Vec<Place>) -> Vec<Fine> {
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
