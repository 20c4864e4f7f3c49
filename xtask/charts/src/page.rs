//! The page: title, panels in rows, legend.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use crate::panel::{AROUND, Area, BAND_OPACITY, DASHES, Drawn, LINE_WIDTH, View};
use crate::raster::DENSITY;
use crate::symbol::{self, Part, Symbol, colour};
use crate::text::{SOFT, Type};
use crate::{Chart, Dash, Layer, Marker};

/// 7.5 inches.
const WIDTH: i32 = 2250;
const MARGIN: i32 = 48;
const TITLE: Type = Type::bold(46);
const SUBTITLE: Type = Type::new(33).colour(SOFT);
const TITLE_HEIGHT: i32 = 60;
const SUBTITLE_HEIGHT: i32 = 46;

const ENTRY: Type = Type::new(32);
/// plotters sets the lines of a legend at this distance.
const ENTRY_PITCH: i32 = 50;
const LINE_SAMPLE: i32 = 104;
const MARKER_SAMPLE: i32 = 44;
const BETWEEN: i32 = 40;

pub(crate) fn document(chart: &Chart) -> Drawn<String> {
    let columns = match chart.panels.len() {
        count @ 0..=3 => count.max(1),
        count if count.is_multiple_of(2) => 2,
        _ => 3,
    };
    let rows = chart.panels.len().div_ceil(columns) as i32;
    let plot_height = [1000, 800, 660][columns - 1];
    let head = MARGIN + TITLE_HEIGHT + chart.subtitle.as_ref().map_or(0, |_| SUBTITLE_HEIGHT);
    let panels = rows * (plot_height + AROUND);
    let legends = [series_entries(chart), key_entries(chart)].map(Legend::of);
    let legend = legends.iter().map(Legend::height).sum::<i32>();
    let height = ((head + panels + legend + MARGIN) as u32).next_multiple_of(DENSITY);
    let mut document = String::new();
    {
        let size = (WIDTH as u32, height);
        let page = SVGBackend::with_string(&mut document, size).into_drawing_area();
        page.fill(&WHITE)?;
        let page = page.margin(0, 0, MARGIN, MARGIN);
        header(&page, chart)?;
        let (page, below) = page.split_vertically(head + panels);
        let (_, middle) = page.split_vertically(head);
        let views: Vec<View<'_>> =
            chart.panels.iter().map(|panel| View::of(panel, plot_height)).collect();
        let left = views.iter().map(View::left).max().unwrap_or_default();
        let right = views.iter().map(View::right).max().unwrap_or_default();
        if !views.is_empty() {
            let cells = middle.split_evenly((rows as usize, columns));
            cells.iter().zip(&views).try_for_each(|(cell, view)| view.draw(cell, left, right))?;
        }
        let (series, keys) = below.split_vertically(legends[0].height());
        let [of_series, of_keys] = legends;
        of_series.draw(&series)?;
        of_keys.draw(&keys)?;
        page.present()?;
    }
    let pixels =
        |scale| format!("width=\"{}\" height=\"{}\"", WIDTH as u32 / scale, height / scale);
    Ok(document.replacen(&pixels(1), &pixels(DENSITY), 1))
}

fn header(page: &Area<'_>, chart: &Chart) -> Drawn {
    let (title, set) = TITLE.fitted(&chart.title, WIDTH - 2 * MARGIN);
    page.draw_text(&title, &set.style(HPos::Left, VPos::Top), (0, MARGIN - 12))?;
    let Some(subtitle) = &chart.subtitle else { return Ok(()) };
    let (subtitle, set) = SUBTITLE.fitted(subtitle, WIDTH - 2 * MARGIN);
    let at = (0, MARGIN - 12 + TITLE_HEIGHT);
    page.draw_text(&subtitle, &set.style(HPos::Left, VPos::Top), at)
}

/// One line of a legend: a sample as wide as said, and what it means.
struct Entry {
    text: String,
    width: i32,
    sample: Sample,
}

enum Sample {
    Series { index: usize, line: Option<Dash>, marker: Option<Marker> },
    Marker(Marker),
    Bars,
    Band,
    Line(Dash),
}

impl Sample {
    /// The sample from a position at half its height to the right.
    fn drawn(&self, at: (i32, i32), width: i32) -> Symbol<(i32, i32)> {
        let line = |dash: Dash, colour: RGBColor| {
            let (stroke, gap) = if dash == Dash::Dashed { DASHES } else { (width, 0) };
            let starts = (0..width).step_by((stroke + gap) as usize);
            let style = colour.stroke_width(LINE_WIDTH);
            starts.map(move |x| Part::Path(vec![(x, 0), ((x + stroke).min(width), 0)], style))
        };
        let half = width / 2;
        let parts = match *self {
            Self::Series { index, line: dash, marker } => {
                let below = dash.into_iter().flat_map(|dash| line(dash, colour(index)));
                let above = marker.into_iter().flat_map(|of| symbol::marker(index, of, half));
                below.chain(above).collect()
            }
            Self::Marker(marker) => symbol::key_marker(marker, half),
            Self::Bars => {
                let style = SOFT.stroke_width(4);
                let cap = |y: i32| Part::Path(vec![(half - 12, y), (half + 12, y)], style);
                let stem = Part::Path(vec![(half, -20), (half, 20)], style);
                vec![stem, cap(-20), cap(20), Part::Disc(half, 9, SOFT.into())]
            }
            Self::Band => {
                let corners = vec![(0, -15), (width, -15), (width, 15), (0, 15)];
                vec![Part::Area(corners, SOFT.mix(BAND_OPACITY * 1.5))]
            }
            Self::Line(dash) => line(dash, SOFT).collect(),
        };
        Symbol::new(at, parts)
    }
}

/// Entries in columns of equal width, as many as fit.
struct Legend {
    entries: Vec<Entry>,
    columns: usize,
    pitch: i32,
}

impl Legend {
    fn of(mut entries: Vec<Entry>) -> Self {
        let sample = entries.iter().map(|entry| entry.width).max().unwrap_or_default();
        for entry in &mut entries {
            entry.width = sample;
        }
        let width = |entry: &Entry| entry.width + 14 + ENTRY.width(&entry.text) + BETWEEN;
        let widest = entries.iter().map(width).max().unwrap_or(WIDTH);
        let fitting = ((WIDTH - 2 * MARGIN + BETWEEN) / widest).max(1) as usize;
        let rows = entries.len().div_ceil(fitting).max(1);
        // As many columns as those rows need: five entries in two rows stand three and two.
        let columns = entries.len().div_ceil(rows).max(1);
        Self { entries, columns, pitch: widest }
    }

    fn height(&self) -> i32 {
        self.entries.len().div_ceil(self.columns) as i32 * ENTRY_PITCH
    }

    /// Each column is a chart of its own, for plotters' legends have but one.
    fn draw(self, area: &Area<'_>) -> Drawn {
        let mut columns: Vec<Vec<Entry>> = (0..self.columns).map(|_| Vec::new()).collect();
        for (index, entry) in self.entries.into_iter().enumerate() {
            columns[index % self.columns].push(entry);
        }
        for (index, entries) in (0..).zip(columns) {
            let mut chart = ChartBuilder::on(area).build_cartesian_2d(0..1, 0..1)?;
            let width = entries.iter().map(|entry| entry.width).max().unwrap_or_default();
            let mut set = ENTRY;
            for entry in entries {
                let (text, fitted) = ENTRY.fitted(&entry.text, WIDTH - 2 * MARGIN - width - 14);
                set.size = set.size.min(fitted.size);
                chart
                    .draw_series(std::iter::empty::<Symbol<(i32, i32)>>())?
                    .label(text)
                    .legend(move |at| entry.sample.drawn(at, entry.width));
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::Coordinate(index * self.pitch, 0))
                .margin(0)
                .legend_area_size(width + 14)
                .label_font(set.style(HPos::Left, VPos::Top))
                .draw()?;
        }
        Ok(())
    }
}

/// The named series that some layer draws, in their order.
fn series_entries(chart: &Chart) -> Vec<Entry> {
    let layers = || chart.panels.iter().flat_map(|panel| &panel.layers);
    let with_lines = layers().any(|layer| matches!(layer, Layer::Line { .. }));
    let width = if with_lines { LINE_SAMPLE } else { MARKER_SAMPLE };
    let entry = |(index, series): (usize, &crate::Series)| {
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
        let sample = Sample::Series { index, line, marker };
        let drawn = line.is_some() || marker.is_some();
        drawn.then(|| Entry { text: series.name.clone(), width, sample })
    };
    let named = chart.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty());
    named.filter_map(entry).collect()
}

/// The marks that occur and have a meaning to print.
fn key_entries(chart: &Chart) -> Vec<Entry> {
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
    let barred = layers().any(|layer| match layer {
        Layer::Points { values, .. } => {
            values.iter().any(|point| point.low.is_some() || point.high.is_some())
        }
        _ => false,
    });
    let banded =
        layers().any(|layer| matches!(layer, Layer::Band { values, .. } if !values.is_empty()));
    let key = &chart.key;
    let all = [
        (barred, &key.bars, Sample::Bars, MARKER_SAMPLE),
        (marked(Marker::Hollow), &key.hollow, Sample::Marker(Marker::Hollow), MARKER_SAMPLE),
        (marked(Marker::Cross), &key.cross, Sample::Marker(Marker::Cross), MARKER_SAMPLE),
        (dashed(Dash::Solid), &key.solid, Sample::Line(Dash::Solid), LINE_SAMPLE),
        (dashed(Dash::Dashed), &key.dashed, Sample::Line(Dash::Dashed), LINE_SAMPLE),
        (banded, &key.band, Sample::Band, LINE_SAMPLE),
    ];
    all.into_iter()
        .filter(|(present, text, ..)| *present && !text.is_empty())
        .map(|(_, text, sample, width)| Entry { text: text.clone(), width, sample })
        .collect()
}
