//! One panel: title, frame, grid, ticks, axis labels and note.

use super::axis::{self, Rank, Span, Tick};
use super::canvas::{Canvas, settled};
use super::extent;
use super::layers;
use super::layout::{line_height, paragraph};
use super::scene::{Anchor, Dot, Ink, Mark, Rect, Text};
use super::{Axis, Panel, font, style};

const TITLE_SIZE: u32 = 36;
const LABEL_SIZE: u32 = 33;
const TICK_SIZE: u32 = 30;
const NOTE_SIZE: u32 = 30;
/// Room right of the plot, for the half of the last tick's label that stands out.
const OVERHANG: i32 = 30;
const TICK_LENGTH: i32 = 13;
const TICK_GAP: i32 = 10;
const LABEL_GAP: i32 = 6;
const X_MARGIN: f64 = 0.05;
/// Enough for the label of a line along the least values.
const Y_MARGIN: f64 = 0.1;

/// A panel with its axes settled.
#[derive(Debug)]
pub(super) struct View<'a> {
    panel: &'a Panel,
    /// `None` where no value lies on the axis.
    x: Option<Span>,
    y: Option<Span>,
    /// The height of the strip above the plot where failures without a value stand.
    strip: i32,
    strip_label: &'a str,
}

impl<'a> View<'a> {
    pub(super) fn of(panel: &'a Panel, strip_label: &'a str) -> Self {
        let x = Span::of(&panel.x, &extent::across(panel), X_MARGIN);
        let y = Span::of(&panel.y, &extent::up(panel), Y_MARGIN);
        let strip = layers::strip_height(extent::lost_count(panel));
        Self { panel, x, y, strip, strip_label }
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
        let Some(span) = &self.x else { return Vec::new() };
        axis::ticks(span, self.panel.x.kind, |ticks| {
            let areas: Vec<Rect> = ticks
                .iter()
                .filter_map(|tick| Some(x_tick_text(tick, cell, plot)?.area()))
                .collect();
            areas.windows(2).all(|pair| pair[0].right + 16 <= pair[1].left) && areas.len() < 14
        })
    }

    fn y_ticks(&self, height: i32) -> Vec<Tick> {
        let Some(span) = &self.y else { return Vec::new() };
        let apart = f64::from(line_height(TICK_SIZE) + 14) / f64::from(height - self.strip);
        axis::ticks(span, self.panel.y.kind, |ticks| {
            ticks.windows(2).all(|pair| pair[1].part - pair[0].part >= apart) && ticks.len() < 12
        })
    }

    /// Draws the panel; true if some markers stand beside their place.
    pub(super) fn draw(
        &self,
        cell: Rect,
        head: i32,
        plot_height: i32,
        gutter: i32,
        marks: &mut Vec<Mark>,
    ) -> bool {
        let top = cell.top + head;
        let plot = Rect {
            left: cell.left + gutter,
            top,
            right: cell.right - OVERHANG,
            bottom: top + plot_height,
        };
        let title = &self.panel.title;
        let fits = font::width(title, TITLE_SIZE, true) <= cell.right - plot.left;
        let left = if fits { plot.left } else { cell.left };
        paragraph(title, (left, cell.top), cell.width(), TITLE_SIZE, true, style::TEXT, marks);
        if self.strip > 0 {
            self.draw_strip(&Rect { bottom: top + self.strip, ..plot }, marks);
        }
        self.draw_axes(&cell, &plot, marks);
        let moved = self.draw_layers(&plot, marks);
        frame(&plot, marks);
        moved
    }

    /// The ground on which failures stand, with a word for them where none stands in its way.
    fn draw_strip(&self, strip: &Rect, marks: &mut Vec<Mark>) {
        marks.push(Mark::Block { area: *strip, ink: style::STRIP });
        let rule = Rect { top: strip.bottom - 1, bottom: strip.bottom + 1, ..*strip };
        marks.push(Mark::Block { area: rule, ink: style::FRAME });
        let end = font::width(self.strip_label, TICK_SIZE, false) + 20;
        let lost = self.panel.layers.iter().flat_map(extent::lost);
        let mut parts = lost.filter_map(|point| self.x.as_ref()?.part(point.x));
        let clear = f64::from(end + 100) / f64::from(strip.width());
        if clear < 1.0 && parts.all(|part| part > clear) {
            let words = self.strip_label.to_owned();
            let at = (strip.left + 20, i32::midpoint(strip.top, strip.bottom));
            marks.push(text_mark(words, at, TICK_SIZE, style::GUIDE_TEXT, Anchor::Start));
        }
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
            let height = f64::from(plot.height() - self.strip);
            let y = settled(f64::from(plot.bottom) - tick.part * height);
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

    fn draw_layers(&self, plot: &Rect, marks: &mut Vec<Mark>) -> bool {
        let inner = Rect { top: plot.top + self.strip, ..*plot };
        let strip = Rect { bottom: inner.top, ..*plot };
        if self.x.is_none() || self.y.is_none() {
            let at = (i32::midpoint(plot.left, plot.right), i32::midpoint(inner.top, plot.bottom));
            let text = "no data".to_owned();
            marks.push(text_mark(text, at, LABEL_SIZE, style::SOFT_TEXT, Anchor::Middle));
        }
        let Some(x) = self.x else { return false };
        let y = self.y.unwrap_or(Span::empty(self.panel.y.scale));
        layers::draw(&self.panel.layers, Canvas { plot: inner, x, y }, strip, marks)
    }
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

fn text_of(words: String, at: Dot, size: u32, ink: Ink, anchor: Anchor) -> Text {
    Text { words, at, size, bold: false, ink, anchor, turned: false }
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
