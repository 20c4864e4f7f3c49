//! Colours and markers by series index: to be told apart in greyscale, by the colour-blind, and
//! where points of several series coincide.

use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters_backend::{BackendCoord, DrawingErrorKind};

use crate::Marker;
use crate::text::SOFT;

/// Shapes around a position: an element of plotters. (Its own composed elements are typed by their
/// parts and by the lifetime of the page, and so fit neither one function nor a legend.)
#[derive(Clone, Debug)]
pub(crate) struct Symbol<C> {
    at: C,
    parts: Vec<Part>,
    /// Pixels below the position.
    down: i32,
}

/// A shape in pixels from the position.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Disc(i32, i32, RGBAColor),
    Area(Vec<(i32, i32)>, RGBAColor),
    Path(Vec<(i32, i32)>, ShapeStyle),
}

impl<C> Symbol<C> {
    pub(crate) fn new(at: C, parts: Vec<Part>) -> Self {
        Self { at, parts, down: 0 }
    }

    /// The same, that many pixels further down.
    pub(crate) fn moved(self, down: i32) -> Self {
        Self { down, ..self }
    }
}

impl<'a, C> PointCollection<'a, C> for &'a Symbol<C> {
    type Point = &'a C;
    type IntoIter = std::iter::Once<&'a C>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl<C, DB: DrawingBackend> Drawable<DB> for Symbol<C> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut at: I,
        backend: &mut DB,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        let Some((x, y)) = at.next() else { return Ok(()) };
        let y = y + self.down;
        let moved = |dots: &[(i32, i32)]| -> Vec<_> {
            dots.iter().map(|(across, down)| (x + across, y + down)).collect()
        };
        self.parts.iter().try_for_each(|part| match part {
            Part::Disc(across, radius, colour) => {
                backend.draw_circle((x + across, y), *radius as u32, colour, true)
            }
            Part::Area(dots, colour) => backend.fill_polygon(moved(dots), colour),
            Part::Path(dots, style) => backend.draw_path(moved(dots), style),
        })
    }
}

/// Okabe and Ito's palette without its yellow, which is lost on white, dark and light by turns.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x00, 0x6E, 0x53),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xB8, 0x46, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x22, 0x22, 0x22),
];

/// Corners in per cent of the marker's radius; the empty one is a circle. Twelve shapes and seven
/// colours have no common factor: 84 series pass before a pair comes again.
#[rustfmt::skip]
const SHAPES: [&[(i32, i32)]; 12] = [
    &[],
    &[(-86, -86), (86, -86), (86, 86), (-86, 86)],
    &[(0, -115), (105, 75), (-105, 75)],
    &[(0, -125), (100, 0), (0, 125), (-100, 0)],
    &[(0, 115), (105, -75), (-105, -75)],
    &[(-40, -110), (40, -110), (40, -40), (110, -40), (110, 40), (40, 40),
      (40, 110), (-40, 110), (-40, 40), (-110, 40), (-110, -40), (-40, -40)],
    &[(0, -130), (35, -48), (124, -40), (56, 18), (76, 105),
      (0, 59), (-76, 105), (-56, 18), (-124, -40), (-35, -48)],
    &[(115, 0), (-75, 105), (-75, -105)],
    &[(-115, 0), (75, 105), (75, -105)],
    &[(-100, -100), (100, -100), (20, 0), (100, 100), (-100, 100), (-20, 0)],
    &[(-50, -120), (50, -120), (50, 120), (-50, 120)],
    &[(-130, -45), (130, -45), (130, 45), (-130, 45)],
];

/// Later series are drawn over earlier ones and smaller, so that coinciding markers nest.
const RADII: [i32; 6] = [20, 17, 15, 13, 12, 11];

pub(crate) fn colour(series: usize) -> RGBColor {
    COLOURS[series % COLOURS.len()]
}

/// The marker of a series, `across` pixels right of its position.
pub(crate) fn marker(series: usize, marker: Marker, across: i32) -> Vec<Part> {
    let shape = SHAPES[series % SHAPES.len()];
    drawn(shape, RADII[series % RADII.len()], colour(series), marker, across)
}

/// A marker that stands for no series, as the legend explains it.
pub(crate) fn key_marker(marker: Marker, across: i32) -> Vec<Part> {
    drawn(SHAPES[0], 13, SOFT, marker, across)
}

fn drawn(
    shape: &[(i32, i32)],
    radius: i32,
    colour: RGBColor,
    marker: Marker,
    across: i32,
) -> Vec<Part> {
    let outline = |radius: i32, colour: RGBColor| {
        if shape.is_empty() {
            return Part::Disc(across, radius, colour.into());
        }
        // To the nearest whole pixel, away from the middle at a half.
        let grown = |percent: i32| (percent * radius + 50 * percent.signum()) / 100;
        let corners = shape.iter().map(|(x, y)| (across + grown(*x), grown(*y)));
        Part::Area(corners.collect(), colour.into())
    };
    let stroke = |side: i32, arm: i32, style: ShapeStyle| {
        Part::Path(vec![(across - arm, -arm * side), (across + arm, arm * side)], style)
    };
    let mut parts = match marker {
        Marker::Filled => vec![outline(radius + 3, WHITE), outline(radius, colour)],
        Marker::Hollow | Marker::Cross => {
            vec![outline(radius + 1, colour), outline(radius - 5, WHITE)]
        }
        Marker::Range => Vec::new(),
    };
    if marker == Marker::Cross {
        for (arm, style) in [(23, WHITE.stroke_width(12)), (21, colour.stroke_width(6))] {
            parts.extend([-1, 1].map(|side| stroke(side, arm, style)));
        }
    }
    parts
}
