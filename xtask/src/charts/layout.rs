//! The page: title, panels in rows, legend. Decides who gets how much room.

use super::panel::View;
use super::scene::{Anchor, Dot, Ink, Mark, Rect, Scene, Text};
use super::{Chart, font, legend, style};

/// 7.5 inches.
const PAGE_WIDTH: i32 = 2250;
const MARGIN: i32 = 48;
const BETWEEN_PANELS: i32 = 56;

const TITLE_SIZE: u32 = 46;
const SUBTITLE_SIZE: u32 = 33;
const LINE_SPACING_PERCENT: i32 = 132;

/// The chart as marks.
pub(super) fn scene(chart: &Chart) -> Scene {
    let mut marks = Vec::new();
    let width = PAGE_WIDTH - 2 * MARGIN;
    let corner = (MARGIN, MARGIN - 12);
    let mut y = paragraph(&chart.title, corner, width, TITLE_SIZE, true, style::TEXT, &mut marks);
    let subtitle = chart.subtitle.as_deref().unwrap_or_default();
    let below = (MARGIN, y);
    y = paragraph(subtitle, below, width, SUBTITLE_SIZE, false, style::SOFT_TEXT, &mut marks);
    y += 22;
    let columns = match chart.panels.len() {
        count @ 0..=3 => count.max(1),
        count if count % 2 == 0 => 2,
        _ => 3,
    };
    let views: Vec<View> =
        chart.panels.iter().map(|panel| View::of(panel, &chart.key.cross)).collect();
    let cell_width = (width - BETWEEN_PANELS * (columns as i32 - 1)) / columns as i32;
    let plot_height = [1000, 800, 660][columns - 1];
    let gutters: Vec<i32> = (0..columns)
        .map(|column| {
            let below = views.iter().skip(column).step_by(columns);
            below.map(|view| view.gutter(plot_height)).max().unwrap_or_default()
        })
        .collect();
    let mut moved = false;
    for row in views.chunks(columns) {
        let head = row.iter().map(|view| view.head(cell_width)).max().unwrap_or_default();
        let foot = row.iter().map(|view| view.foot(cell_width)).max().unwrap_or_default();
        for (column, view) in row.iter().enumerate() {
            let left = MARGIN + column as i32 * (cell_width + BETWEEN_PANELS);
            let bottom = y + head + plot_height + foot;
            let cell = Rect { left, top: y, right: left + cell_width, bottom };
            moved |= view.draw(cell, head, plot_height, gutters[column], &mut marks);
        }
        y += head + plot_height + foot + 26;
    }
    let (entries, height) = legend::drawn(chart, moved, (MARGIN, y), width);
    marks.extend(entries);
    let height = y + height + MARGIN - 12;
    let page = Rect { left: 0, top: 0, right: PAGE_WIDTH, bottom: height };
    marks.insert(0, Mark::Block { area: page, ink: style::WHITE });
    Scene { width: PAGE_WIDTH, height, marks }
}

/// Wrapped text from a corner down; returns its lower edge.
pub(super) fn paragraph(
    text: &str,
    corner: Dot,
    width: i32,
    size: u32,
    bold: bool,
    ink: Ink,
    marks: &mut Vec<Mark>,
) -> i32 {
    let spacing = line_height(size);
    let lines = font::wrapped(text, size, bold, width);
    for (index, words) in (0..).zip(&lines) {
        marks.push(Mark::Text(Text {
            words: words.clone(),
            at: (corner.0, corner.1 + index * spacing + spacing / 2),
            size,
            bold,
            ink,
            anchor: Anchor::Start,
            turned: false,
        }));
    }
    corner.1 + lines.len() as i32 * spacing
}

pub(super) fn line_height(size: u32) -> i32 {
    size as i32 * LINE_SPACING_PERCENT / 100
}
