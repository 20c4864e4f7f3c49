//! Colours and marker shapes by series index: to be told apart in greyscale, by the colour-blind,
//! and where points of several series coincide.

use super::scene::{Dot, FINE, Fine, Ink, Mark, Rect};
use super::{Dash, Marker};

/// Okabe and Ito's palette without its yellow, which is lost on white, dark and light by turns.
const COLOURS: [(u8, u8, u8); 7] = [
    (0x00, 0x72, 0xB2),
    (0xE6, 0x9F, 0x00),
    (0x00, 0x6E, 0x53),
    (0xCC, 0x79, 0xA7),
    (0xB8, 0x46, 0x00),
    (0x56, 0xB4, 0xE9),
    (0x22, 0x22, 0x22),
];

/// Outlines in units of the marker's radius; the empty one is a circle. Twelve shapes and seven
/// colours have no common factor: 84 series pass before a pair comes again.
const SHAPES: [&[(f64, f64)]; 12] = [
    &[],
    &[(-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)],
    &[(0.0, -1.15), (1.05, 0.75), (-1.05, 0.75)],
    &[(0.0, -1.25), (1.0, 0.0), (0.0, 1.25), (-1.0, 0.0)],
    &[(0.0, 1.15), (1.05, -0.75), (-1.05, -0.75)],
    &[
        (-0.4, -1.1),
        (0.4, -1.1),
        (0.4, -0.4),
        (1.1, -0.4),
        (1.1, 0.4),
        (0.4, 0.4),
        (0.4, 1.1),
        (-0.4, 1.1),
        (-0.4, 0.4),
        (-1.1, 0.4),
        (-1.1, -0.4),
        (-0.4, -0.4),
    ],
    &[
        (0.0, -1.3),
        (0.35, -0.48),
        (1.24, -0.4),
        (0.56, 0.18),
        (0.76, 1.05),
        (0.0, 0.59),
        (-0.76, 1.05),
        (-0.56, 0.18),
        (-1.24, -0.4),
        (-0.35, -0.48),
    ],
    &[(1.15, 0.0), (-0.75, 1.05), (-0.75, -1.05)],
    &[(-1.15, 0.0), (0.75, 1.05), (0.75, -1.05)],
    &[(-1.0, -1.0), (1.0, -1.0), (0.2, 0.0), (1.0, 1.0), (-1.0, 1.0), (-0.2, 0.0)],
    &[(-0.5, -1.2), (0.5, -1.2), (0.5, 1.2), (-0.5, 1.2)],
    &[(-1.3, -0.45), (1.3, -0.45), (1.3, 0.45), (-1.3, 0.45)],
];

pub(super) const WHITE: Ink = Ink::grey(255);
pub(super) const TEXT: Ink = Ink::grey(0x22);
pub(super) const SOFT_TEXT: Ink = Ink::grey(0x55);
pub(super) const FRAME: Ink = Ink::grey(0x77);
pub(super) const STRIP: Ink = Ink::grey(0xF1);
pub(super) const GRID: Ink = Ink::grey(0xE4);
pub(super) const GUIDE: Ink = Ink::grey(0xA0);
pub(super) const GUIDE_TEXT: Ink = Ink::grey(0x66);
pub(super) const RULE: Ink = Ink::grey(0x44);

pub(super) const LINE_WIDTH: u32 = 5;
pub(super) const BAND_ALPHA: f64 = 0.16;

pub(super) fn ink(series: usize) -> Ink {
    Ink::solid(COLOURS[series % COLOURS.len()])
}

/// Later series are drawn over earlier ones and a little smaller, so that coinciding markers nest.
fn radius(series: usize) -> i32 {
    [19, 17, 15, 14, 13, 12][series % 6]
}

/// The marks of one marker of a series.
pub(super) fn marker(at: Dot, series: usize, marker: Marker) -> Vec<Mark> {
    shape(at, series, radius(series), ink(series), marker)
}

/// A marker that stands for no series, as the legend's key shows it.
pub(super) fn key_marker(at: Dot, radius: i32, marker: Marker) -> Vec<Mark> {
    shape(at, 0, radius, SOFT_TEXT, marker)
}

fn shape(at: Dot, series: usize, reach: i32, ink: Ink, marker: Marker) -> Vec<Mark> {
    let hollow = vec![outline(at, series, reach + 1, ink), outline(at, series, reach - 5, WHITE)];
    match marker {
        Marker::Filled => vec![
            outline(at, series, reach + 3, WHITE.alpha(0.75)),
            outline(at, series, reach, ink.alpha(0.9)),
        ],
        Marker::Hollow => hollow,
        Marker::Cross => hollow.into_iter().chain(cross(at, ink)).collect(),
    }
}

fn cross((x, y): Dot, ink: Ink) -> impl Iterator<Item = Mark> {
    [(12, WHITE, 23), (6, ink, 21)].into_iter().flat_map(move |(width, ink, arm)| {
        [-1, 1].map(|side| Mark::Path {
            dots: vec![Fine::of((x - arm, y - arm * side)), Fine::of((x + arm, y + arm * side))],
            width,
            ink,
        })
    })
}

fn outline(at: Dot, series: usize, radius: i32, ink: Ink) -> Mark {
    let shape = SHAPES[series % SHAPES.len()];
    if shape.is_empty() {
        return Mark::Disc { centre: at, radius: radius as u32, ink };
    }
    let grow = |unit: f64| (unit * f64::from(radius * FINE)).round() as i32;
    let Fine(x, y) = Fine::of(at);
    let dots = shape.iter().map(|corner| Fine(x + grow(corner.0), y + grow(corner.1))).collect();
    Mark::Area { dots, ink }
}

/// The strokes of a line broken as `dash` says.
pub(super) fn strokes(dots: &[Fine], dash: Dash, width: u32, ink: Ink) -> Vec<Mark> {
    let (on, off) = match dash {
        Dash::Solid => {
            return vec![Mark::Path { dots: dots.to_vec(), width, ink }];
        }
        Dash::Dashed => (30.0, 18.0),
        Dash::Dotted => (6.0, 13.0),
    };
    let fine = f64::from(FINE);
    broken(dots, on * fine, off * fine)
        .into_iter()
        .map(|dots| Mark::Path { dots, width, ink })
        .collect()
}

/// The pieces of a line of which `on` units are drawn and `off` units are not, by turns.
fn broken(dots: &[Fine], on: f64, off: f64) -> Vec<Vec<Fine>> {
    let rounded = |(x, y): (f64, f64)| Fine(x.round() as i32, y.round() as i32);
    let (mut pieces, mut piece) = (Vec::new(), Vec::new());
    let (mut drawing, mut left) = (true, on);
    for ends in dots.windows(2) {
        let from = (f64::from(ends[0].0), f64::from(ends[0].1));
        let to = (f64::from(ends[1].0), f64::from(ends[1].1));
        let length = ((to.0 - from.0).powi(2) + (to.1 - from.1).powi(2)).sqrt();
        let mut done = 0.0;
        if drawing && piece.is_empty() {
            piece.push(ends[0]);
        }
        while length - done > left {
            done += left;
            let part = done / length;
            let dot = rounded((from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part));
            piece.push(dot);
            if drawing {
                pieces.push(std::mem::take(&mut piece));
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - done;
        if drawing {
            piece.push(ends[1]);
        }
    }
    if drawing && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces.retain(|piece| piece.windows(2).any(|pair| pair[0] != pair[1]));
    pieces
}

/// An error bar with its caps.
pub(super) fn error_bar(x: i32, top: i32, bottom: i32, ink: Ink) -> Vec<Mark> {
    vec![stem(x, top, bottom, ink), cap(x, top, ink), cap(x, bottom, ink)]
}

pub(super) fn stem(x: i32, top: i32, bottom: i32, ink: Ink) -> Mark {
    Mark::Block { area: Rect { left: x - 2, top, right: x + 2, bottom }, ink }
}

pub(super) fn cap(x: i32, y: i32, ink: Ink) -> Mark {
    Mark::Block { area: Rect { left: x - 14, top: y - 2, right: x + 14, bottom: y + 2 }, ink }
}
