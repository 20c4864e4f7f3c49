//! The legend below the panels: one entry per series that is drawn, then what the marks mean.

use super::scene::{Anchor, Dot, Fine, Mark, Rect, Text};
use super::{Chart, Dash, Layer, Marker, font, style};

const TEXT_SIZE: u32 = 32;
const ROW: i32 = 52;
const GAP: i32 = 14;
const BETWEEN: i32 = 44;
const LINE_SAMPLE: i32 = 104;
const MARKER_SAMPLE: i32 = 44;

/// The marks of the legend, and the height they take, for a width to fill from `corner` on.
pub(super) fn drawn(chart: &Chart, moved: bool, corner: Dot, width: i32) -> (Vec<Mark>, i32) {
    let mut marks = Vec::new();
    let series = series_entries(chart);
    let below_series = grid(&series, corner, width, &mut marks);
    let bottom = row(&key_entries(chart, moved), (corner.0, below_series), width, &mut marks);
    (marks, bottom - corner.1)
}

struct Entry {
    text: String,
    sample: Sample,
    room: i32,
}

impl Entry {
    fn width(&self) -> i32 {
        self.room + GAP + font::width(&self.text, TEXT_SIZE, false)
    }

    fn draw(&self, corner: Dot, limit: i32, marks: &mut Vec<Mark>) {
        let middle = corner.1 + ROW / 2;
        marks.extend(self.sample.drawn((corner.0 + self.room / 2, middle), self.room));
        marks.push(Mark::Text(Text {
            words: font::shortened(&self.text, TEXT_SIZE, false, limit - self.room - GAP),
            at: (corner.0 + self.room + GAP, middle),
            size: TEXT_SIZE,
            bold: false,
            ink: style::TEXT,
            anchor: Anchor::Start,
            turned: false,
        }));
    }
}

enum Sample {
    Series { index: usize, line: Option<Dash>, marker: Option<Marker> },
    Point(Marker),
    Bars,
    Beside,
    Band,
    Line(Dash),
}

impl Sample {
    fn drawn(&self, at: Dot, room: i32) -> Vec<Mark> {
        let half = room / 2;
        let line = |dash, ink| {
            style::strokes(
                &[(at.0 - half, at.1), (at.0 + half, at.1)].map(Fine::of),
                dash,
                style::LINE_WIDTH,
                ink,
            )
        };
        match self {
            Self::Series { index, line: dash, marker } => {
                let below = dash.map(|dash| line(dash, style::ink(*index)));
                let above = marker.map(|marker| style::marker(at, *index, marker));
                below.into_iter().chain(above).flatten().collect()
            }
            Self::Point(marker) => style::key_marker(at, 14, *marker),
            Self::Bars => {
                let bar = style::error_bar(at.0, at.1 - 21, at.1 + 21, style::SOFT_TEXT);
                bar.into_iter().chain(style::key_marker(at, 9, Marker::Filled)).collect()
            }
            Self::Beside => [-12, 12]
                .into_iter()
                .flat_map(|x| style::key_marker((at.0 + x, at.1), 11, Marker::Filled))
                .collect(),
            Self::Band => vec![Mark::Block {
                area: Rect {
                    left: at.0 - half,
                    top: at.1 - 15,
                    right: at.0 + half,
                    bottom: at.1 + 15,
                },
                ink: style::SOFT_TEXT.alpha(style::BAND_ALPHA * 1.5),
            }],
            Self::Line(dash) => line(*dash, style::SOFT_TEXT),
        }
    }
}

/// The series that some layer draws, in their order.
fn series_entries(chart: &Chart) -> Vec<Entry> {
    let layers = || chart.panels.iter().flat_map(|panel| &panel.layers);
    let with_lines = layers().any(|layer| matches!(layer, Layer::Line { .. } | Layer::Band { .. }));
    let room = if with_lines { LINE_SAMPLE } else { MARKER_SAMPLE };
    let entry = |(index, series): (usize, &super::Series)| {
        let line = layers().find_map(|layer| match layer {
            Layer::Line { series, dash, values } if *series == index && !values.is_empty() => {
                Some(*dash)
            }
            _ => None,
        });
        let points = || {
            layers().filter_map(|layer| match layer {
                Layer::Points { series, marker, values }
                    if *series == index && !values.is_empty() =>
                {
                    Some(*marker)
                }
                _ => None,
            })
        };
        let marker = points().find(|marker| *marker == Marker::Filled).or_else(|| points().next());
        let band =
            layers().any(|layer| matches!(layer, Layer::Band { series, .. } if *series == index));
        let sample = Sample::Series { index, line, marker };
        let drawn = line.is_some() || marker.is_some() || band;
        drawn.then(|| Entry { text: series.name.clone(), sample, room })
    };
    let named = chart.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
    named.filter_map(entry).collect()
}

/// The marks that occur and have a meaning to print.
fn key_entries(chart: &Chart, moved: bool) -> Vec<Entry> {
    let layers = || chart.panels.iter().flat_map(|panel| &panel.layers);
    let marked = |wanted| {
        layers().any(|layer| {
            matches!(layer, Layer::Points { marker, values, .. } if *marker == wanted && !values.is_empty())
        })
    };
    let dashed = |wanted| {
        layers().any(|layer| {
            matches!(layer, Layer::Line { dash, values, .. } if *dash == wanted && !values.is_empty())
        })
    };
    let bars = layers().any(|layer| match layer {
        Layer::Points { values, .. } => {
            values.iter().any(|point| point.low.is_some() || point.high.is_some())
        }
        _ => false,
    });
    let band =
        layers().any(|layer| matches!(layer, Layer::Band { values, .. } if !values.is_empty()));
    let key = &chart.key;
    let all = [
        (bars, &key.bars, Sample::Bars, MARKER_SAMPLE),
        (marked(Marker::Hollow), &key.hollow, Sample::Point(Marker::Hollow), MARKER_SAMPLE),
        (marked(Marker::Cross), &key.cross, Sample::Point(Marker::Cross), MARKER_SAMPLE),
        (moved, &key.beside, Sample::Beside, MARKER_SAMPLE),
        (dashed(Dash::Solid), &key.solid, Sample::Line(Dash::Solid), LINE_SAMPLE),
        (dashed(Dash::Dashed), &key.dashed, Sample::Line(Dash::Dashed), LINE_SAMPLE),
        (dashed(Dash::Dotted), &key.dotted, Sample::Line(Dash::Dotted), LINE_SAMPLE),
        (band, &key.band, Sample::Band, LINE_SAMPLE),
    ];
    all.into_iter()
        .filter(|(present, text, _, _)| *present && !text.is_empty())
        .map(|(_, text, sample, room)| Entry { text: text.clone(), sample, room })
        .collect()
}

/// Entries in columns of equal width, as many as fit; returns the lower edge.
fn grid(entries: &[Entry], corner: Dot, width: i32, marks: &mut Vec<Mark>) -> i32 {
    let widest = entries.iter().map(Entry::width).max().unwrap_or_default();
    let fitting = ((width + BETWEEN) / (widest + BETWEEN)).max(1) as usize;
    let rows = entries.len().div_ceil(fitting);
    // As many columns as those rows need: five entries in two rows stand three and two.
    let columns = if rows == 0 { 1 } else { entries.len().div_ceil(rows) };
    for (index, entry) in entries.iter().enumerate() {
        let (column, row) = ((index % columns) as i32, (index / columns) as i32);
        let at = (corner.0 + column * (widest + BETWEEN), corner.1 + row * ROW);
        entry.draw(at, width, marks);
    }
    corner.1 + rows as i32 * ROW
}

/// Entries one after the other, wrapping; returns the lower edge.
fn row(entries: &[Entry], corner: Dot, width: i32, marks: &mut Vec<Mark>) -> i32 {
    let (mut x, mut y) = (corner.0, corner.1);
    for entry in entries {
        if x > corner.0 && x + entry.width() > corner.0 + width {
            (x, y) = (corner.0, y + ROW);
        }
        entry.draw((x, y), width, marks);
        x += entry.width() + BETWEEN;
    }
    if entries.is_empty() { y } else { y + ROW }
}
