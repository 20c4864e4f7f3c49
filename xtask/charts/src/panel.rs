//! One panel: a chart of plotters with its mesh, series, labels of guides, and failures.

use std::collections::BTreeMap;

use plotters::chart::ChartContext;
use plotters::coord::cartesian::Cartesian2d;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use crate::axis::Coordinate;
use crate::symbol::{Symbol, colour, marker as symbol};
use crate::text::{SOFT, Type};
use crate::{Dash, Layer, Marker, Panel, Point};

/// What drawing into a string may answer.
pub(crate) type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<std::io::Error>>;
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Plot<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Coordinate, Coordinate>>;

const TITLE: Type = Type::bold(36);
const LABEL: Type = Type::new(33);
const TICK: Type = Type::new(31);
const GUIDE: Type = Type::new(29).colour(RGBColor(0x66, 0x66, 0x66));
const RULE: Type = Type::new(29).colour(RGBColor(0x44, 0x44, 0x44));
/// Pixels from line to line of the labels at the side.
const LABEL_PITCH: i32 = 36;
/// Pixels around such a label: to the plot, and to the next panel.
const LABEL_ROOM: i32 = 12 + 24;

const FRAME_COLOUR: RGBColor = RGBColor(0x77, 0x77, 0x77);
const GRID_COLOUR: RGBColor = RGBColor(0xDC, 0xDC, 0xDC);
const MINOR_COLOUR: RGBColor = RGBColor(0xF2, 0xF2, 0xF2);
const GUIDE_COLOUR: RGBColor = RGBColor(0xA0, 0xA0, 0xA0);
const STRIP_COLOUR: RGBColor = RGBColor(0xF0, 0xF0, 0xF0);
pub(crate) const LINE_WIDTH: u32 = 5;
pub(crate) const BAND_OPACITY: f64 = 0.16;
/// Pixels of a dash, and between two; of a dot.
pub(crate) const DASHES: (i32, i32) = (30, 18);
const DOTS: (i32, i32) = (6, 12);

/// Above the plot, with its title.
pub(crate) const HEAD: i32 = 62;
/// Below the plot: tick labels and the label of the axis.
const FOOT: i32 = 104;
/// Above the next panel, or the legend.
const BETWEEN: i32 = 36;
/// What a panel takes above and below its plot.
pub(crate) const AROUND: i32 = HEAD + FOOT + BETWEEN;
const TICK_LENGTH: i32 = 14;
/// Half a tick's label may stand out at the right.
const OVERHANG: i32 = 58;
const X_MARGIN: f64 = 0.05;
/// Enough for the label of a guide that leaves at the top.
const Y_MARGIN: f64 = 0.1;
/// Between failures below each other in their strip, of which there is no second column.
const LOST_PITCH: i32 = 46;
const CAP: i32 = 14;

/// A panel with its axes settled.
pub(crate) struct View<'a> {
    panel: &'a Panel,
    x: Option<Coordinate>,
    y: Option<Coordinate>,
    /// The height of the strip where failures without a value stand.
    strip: i32,
}

impl<'a> View<'a> {
    pub(crate) fn of(panel: &'a Panel, height: i32) -> Self {
        let (across, up) = extent(panel);
        let most = lost(panel).values().map(Vec::len).max().unwrap_or_default() as i32;
        let strip = (most * LOST_PITCH).min(height / 2);
        let y = Coordinate::of(&panel.y, &up, Y_MARGIN);
        let y = y.map(|y| y.reserving(strip).ticked(height, |_| 44));
        Self { panel, x: Coordinate::of(&panel.x, &across, X_MARGIN), y, strip }
    }

    /// The room left of the plot: for the label of the axis, and for those of its ticks.
    pub(crate) fn left(&self) -> i32 {
        let labels = self.y.iter().flat_map(Coordinate::labels);
        let widest = labels.map(|(_, label)| TICK.width(&label)).max().unwrap_or_default();
        widest + 2 * TICK_LENGTH + 54
    }

    /// The room right of the plot, for the labels of guides.
    pub(crate) fn right(&self) -> i32 {
        let widths = self.panel.layers.iter().map(|layer| match layer {
            Layer::Reference { label, .. } => GUIDE.width(label) + LABEL_ROOM,
            Layer::Threshold { label, .. } => RULE.width(label) + LABEL_ROOM,
            _ => 0,
        });
        widths.max().unwrap_or_default().clamp(OVERHANG, 4 * OVERHANG)
    }

    pub(crate) fn draw(&self, area: &Area<'_>, left: i32, right: i32) -> Drawn {
        let (width, height) = area.dim_in_pixel();
        let (width, height) = (width as i32 - left - right, height as i32 - AROUND);
        let room = |label: &str| TICK.width(label) + 20;
        let x = self.x.clone().map(|x| x.ticked(width, room));
        let mut plot = ChartBuilder::on(area)
            .margin_top(HEAD)
            .margin_bottom(BETWEEN)
            .margin_right(right)
            .x_label_area_size(FOOT)
            .y_label_area_size(left)
            .build_cartesian_2d(
                x.unwrap_or_else(Coordinate::empty),
                self.y.clone().unwrap_or_else(Coordinate::empty),
            )?;
        let (title, set) = TITLE.fitted(&self.panel.title, width + right);
        area.draw_text(&title, &set.style(HPos::Left, VPos::Top), (left, 10))?;
        self.mesh(&mut plot, width, height)?;
        if self.x.is_none() || self.y.is_none() {
            let style = LABEL.colour(SOFT).style(HPos::Center, VPos::Center);
            area.draw_text("no data", &style, (left + width / 2, HEAD + height / 2))?;
        }
        if self.x.is_some() {
            self.series(&mut plot)?;
            self.failures(&mut plot)?;
        }
        Ok(())
    }

    fn mesh(&self, plot: &mut Plot<'_>, width: i32, height: i32) -> Drawn {
        let corner = plot.plotting_area().strip_coord_spec();
        if self.strip > 0 {
            corner.draw(&Rectangle::new([(0, 0), (width, self.strip)], STRIP_COLOUR.filled()))?;
        }
        let (x, x_set) = LABEL.fitted(&self.panel.x.label, width);
        let (y, y_set) = LABEL.fitted(&self.panel.y.label, height);
        let smaller = if x_set.size < y_set.size { x_set } else { y_set };
        plot.configure_mesh()
            .light_line_style(MINOR_COLOUR.stroke_width(2))
            .bold_line_style(GRID_COLOUR.stroke_width(2))
            .axis_style(FRAME_COLOUR.stroke_width(2))
            .set_all_tick_mark_size(TICK_LENGTH)
            .label_style(TICK.style(HPos::Left, VPos::Top))
            .axis_desc_style(smaller.style(HPos::Left, VPos::Top))
            .x_desc(x)
            .y_desc(y)
            .draw()?;
        let frame = vec![(0, height), (0, 0), (width, 0), (width, height), (0, height)];
        corner.draw(&PathElement::new(frame, FRAME_COLOUR.stroke_width(2)))
    }

    fn series(&self, plot: &mut Plot<'_>) -> Drawn {
        let layers = &self.panel.layers;
        layers.iter().try_for_each(|layer| band(plot, layer))?;
        self.guides(plot)?;
        layers.iter().try_for_each(|layer| line(plot, layer))?;
        layers.iter().try_for_each(|layer| bars(plot, layer))?;
        layers.iter().try_for_each(|layer| points(plot, layer))
    }

    /// Guides and thresholds, with their labels at the right, or at the top where a guide leaves.
    fn guides(&self, plot: &mut Plot<'_>) -> Drawn {
        let (width, height) = plot.plotting_area().dim_in_pixel();
        let (left, top) = plot.plotting_area().get_base_pixel();
        let mut labels: Vec<(i32, &str, Type)> = Vec::new();
        for layer in &self.panel.layers {
            match layer {
                Layer::Reference { label, values } => {
                    let inside = |(x, y): &&(f64, f64)| holds(plot, *x, *y);
                    let shown: Vec<_> = values.iter().filter(inside).copied().collect();
                    let Some(&end) = shown.last() else { continue };
                    let (x, y) = plot.backend_coord(&end);
                    let shown = straightened(plot, &shown);
                    plot.draw_series(LineSeries::new(shown, GUIDE_COLOUR.stroke_width(3)))?;
                    let high = plot.y_range().end;
                    let leaves = values.last().is_some_and(|(_, y)| *y > high);
                    if leaves {
                        let fits = x - left + GUIDE.width(label) + 20 < width as i32;
                        let (side, x) =
                            if fits { (HPos::Left, x + 16) } else { (HPos::Right, x - 30) };
                        let at = (x - left, self.strip + 6);
                        let style = GUIDE.style(side, VPos::Top);
                        plot.plotting_area().strip_coord_spec().draw_text(label, &style, at)?;
                    } else {
                        labels.push((y - top, label, GUIDE));
                    }
                }
                Layer::Threshold { label, y } if plot.as_coord_spec().y_spec().holds(*y) => {
                    let ends = [plot.x_range().start, plot.x_range().end].map(|x| (x, *y));
                    let style = RULE.colour.stroke_width(4);
                    plot.draw_series(DashedLineSeries::new(ends, DOTS.0, DOTS.1, style))?;
                    labels.push((plot.backend_coord(&ends[0]).1 - top, label, RULE));
                }
                _ => {}
            }
        }
        labels.sort_by_key(|(y, ..)| *y);
        let mut least = LABEL_PITCH / 2;
        let lowest = height as i32 - LABEL_PITCH / 2;
        let count = labels.len() as i32;
        for (index, (y, label, set)) in (0..).zip(labels) {
            let y = y.max(least).min(lowest - (count - 1 - index) * LABEL_PITCH);
            least = y + LABEL_PITCH;
            let (label, set) = set.fitted(label, 4 * OVERHANG - LABEL_ROOM);
            let at = (width as i32 + 12, y);
            let style = set.style(HPos::Left, VPos::Center);
            plot.plotting_area().strip_coord_spec().draw_text(&label, &style, at)?;
        }
        Ok(())
    }

    /// Failures that have no value, below each other from the top.
    fn failures(&self, plot: &mut Plot<'_>) -> Drawn {
        let stacks = lost(self.panel);
        let top = plot.y_range().end;
        for stack in stacks.values() {
            let pitch = LOST_PITCH.min(self.strip / stack.len() as i32);
            // From the strip's upper edge down to each row's middle.
            let marks = (0..).zip(stack).map(|(row, (x, series))| {
                let down = row * pitch + pitch / 2 - self.strip;
                let parts = symbol(*series, Marker::Cross, 0);
                Symbol::new((*x, top), parts).moved(down)
            });
            plot.draw_series(marks.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

/// The values that the axes must show.
fn extent(panel: &Panel) -> (Vec<f64>, Vec<f64>) {
    let (mut across, mut up) = (Vec::new(), Vec::new());
    for layer in &panel.layers {
        match layer {
            Layer::Points { values, .. } => {
                for point in values {
                    across.push(point.x);
                    up.extend([Some(point.y), point.low, point.high].into_iter().flatten());
                }
            }
            Layer::Line { values, .. } => {
                across.extend(values.iter().map(|(x, _)| x));
                up.extend(values.iter().map(|(_, y)| y));
            }
            Layer::Threshold { y, .. } => up.push(*y),
            Layer::Band { .. } | Layer::Reference { .. } => {}
        }
    }
    (across, up)
}

/// The failures without a value, each with its series, by the bits of their x.
fn lost(panel: &Panel) -> BTreeMap<u64, Vec<(f64, usize)>> {
    let mut stacks = BTreeMap::<u64, Vec<_>>::new();
    for layer in &panel.layers {
        let Layer::Points { series, values, marker: Marker::Cross } = layer else { continue };
        for point in values.iter().filter(|point| point.y.is_nan()) {
            stacks.entry(point.x.to_bits()).or_default().push((point.x, *series));
        }
    }
    stacks
}

fn shows(plot: &Plot<'_>, x: f64, y: f64) -> bool {
    plot.as_coord_spec().x_spec().shows(x) && plot.as_coord_spec().y_spec().shows(y)
}

fn holds(plot: &Plot<'_>, x: f64, y: f64) -> bool {
    plot.as_coord_spec().x_spec().holds(x) && plot.as_coord_spec().y_spec().holds(y)
}

fn band(plot: &mut Plot<'_>, layer: &Layer) -> Drawn {
    let Layer::Band { series, values } = layer else { return Ok(()) };
    // A lower end that a log axis cannot show lies below every one that it can.
    let least = plot.y_range().start;
    let shown: Vec<_> = values
        .iter()
        .map(|(x, low, high)| (*x, if low.is_nan() { *low } else { low.max(least) }, *high))
        .filter(|(x, low, high)| shows(plot, *x, *low) && shows(plot, *x, *high))
        .collect();
    let lower = shown.iter().map(|(x, low, _)| (*x, *low));
    let upper = shown.iter().rev().map(|(x, _, high)| (*x, *high));
    let corners: Vec<_> = lower.chain(upper).collect();
    let style = colour(*series).mix(BAND_OPACITY);
    plot.draw_series((corners.len() > 2).then(|| Polygon::new(corners, style)))?;
    Ok(())
}

fn line(plot: &mut Plot<'_>, layer: &Layer) -> Drawn {
    let Layer::Line { series, values, dash } = layer else { return Ok(()) };
    let shown: Vec<_> = values.iter().filter(|(x, y)| shows(plot, *x, *y)).copied().collect();
    let shown = straightened(plot, &shown);
    let style = colour(*series).stroke_width(LINE_WIDTH);
    match dash {
        Dash::Solid => plot.draw_series(LineSeries::new(shown, style))?,
        Dash::Dashed => {
            plot.draw_series(DashedLineSeries::new(shown, DASHES.0, DASHES.1, style))?
        }
    };
    Ok(())
}

/// The points of a line without those that lie on it but for a part of a pixel: rounded to whole
/// pixels, they would give a straight line steps.
fn straightened(plot: &Plot<'_>, line: &[(f64, f64)]) -> Vec<(f64, f64)> {
    /// How many points are looked at together, lest the effort grow with their square.
    const REACH: usize = 64;
    let dots: Vec<(i32, i32)> = line.iter().map(|at| plot.backend_coord(at)).collect();
    let mut kept: Vec<usize> = Vec::new();
    for end in 0..line.len() {
        let start = kept.last().copied().unwrap_or_default();
        let (across, down) = (dots[end].0 - dots[start].0, dots[end].1 - dots[start].1);
        let bent = dots[start..end].iter().any(|dot| {
            let turn = across * (dot.1 - dots[start].1) - down * (dot.0 - dots[start].0);
            let ahead = across * (dot.0 - dots[start].0) + down * (dot.1 - dots[start].1);
            let length = across * across + down * down;
            2 * i64::from(turn).pow(2) > i64::from(length) || ahead < 0 || ahead > length
        });
        if end == 0 || bent || end - start > REACH {
            kept.push(end.saturating_sub(1).max(start));
        }
    }
    kept.extend(line.len().checked_sub(1));
    kept.dedup();
    kept.into_iter().map(|index| line[index]).collect()
}

fn bars(plot: &mut Plot<'_>, layer: &Layer) -> Drawn {
    let Layer::Points { series, values, marker } = layer else { return Ok(()) };
    if *marker == Marker::Cross {
        return Ok(());
    }
    let style = colour(*series).stroke_width(4);
    for point in values {
        if !shows(plot, point.x, point.y) {
            continue;
        }
        for end in [point.low, point.high].into_iter().flatten().filter(|end| !end.is_nan()) {
            plot.draw_series([PathElement::new(vec![(point.x, point.y), (point.x, end)], style)])?;
            if holds(plot, point.x, end) {
                let cap = PathElement::new(vec![(-CAP, 0), (CAP, 0)], style);
                plot.draw_series([EmptyElement::at((point.x, end)) + cap])?;
            }
        }
    }
    Ok(())
}

fn points(plot: &mut Plot<'_>, layer: &Layer) -> Drawn {
    let Layer::Points { series, values, marker } = layer else { return Ok(()) };
    let shown: Vec<&Point> = values.iter().filter(|point| shows(plot, point.x, point.y)).collect();
    plot.draw_series(
        shown.into_iter().map(|point| Symbol::new((point.x, point.y), symbol(*series, *marker, 0))),
    )?;
    Ok(())
}
