//! A scene as a PNG: plotters' bitmap backend blends, an exact-coverage rasteriser says how much.
//!
//! plotters' own polygons and thick lines are not antialiased throughout; drawing at twice the size
//! and shrinking would take four times the memory and still be coarser.

use std::cmp::Reverse;

use ab_glyph::{Font, OutlinedGlyph, point};
use ab_glyph_rasterizer::{Point, Rasterizer, point as coverage_point};
use anyhow::Context as _;
use plotters::prelude::{BitMapBackend, Color, DrawingBackend, RGBAColor, ShapeStyle};

use super::font;
use super::scene::{Anchor, FINE, Fine, Ink, Mark, Scene, Text};

/// 300 dots per inch, as PNG counts them.
const PIXELS_PER_METRE: u32 = 11_811;

/// Bits per channel by which colours are told apart before they become a palette.
const BUCKET_BITS: u32 = 6;
const PALETTE_SIZE: usize = 256;

/// Shades of an edge: at 300 dpi more of them cost a fifth of the file and show nothing.
const COVERAGE_LEVELS: u8 = 8;
/// What rounds to no shade at all.
const LEAST_COVERAGE: f32 = 0.5 / COVERAGE_LEVELS as f32;

/// The bytes of the file.
pub(super) fn file(scene: &Scene) -> anyhow::Result<Vec<u8>> {
    let pixels = pixels(scene)?;
    let (palette, indices) = indexed(&pixels);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, scene.width as u32, scene.height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    encoder.set_deflate_compression(png::DeflateCompression::Level(9));
    encoder.set_filter(png::Filter::NoFilter);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: PIXELS_PER_METRE,
        yppu: PIXELS_PER_METRE,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().context("writing the PNG header")?;
    writer.write_image_data(&indices).context("writing the PNG pixels")?;
    writer.finish().context("finishing the PNG")?;
    Ok(bytes)
}

/// The scene in 8-bit RGB, rows from the top.
fn pixels(scene: &Scene) -> anyhow::Result<Vec<u8>> {
    let size = (scene.width as u32, scene.height as u32);
    let mut buffer = vec![255; size.0 as usize * size.1 as usize * 3];
    {
        let mut canvas = Canvas { backend: BitMapBackend::with_buffer(&mut buffer, size) };
        for mark in &scene.marks {
            canvas.paint(mark).context("painting a mark")?;
        }
        canvas.backend.present().context("presenting the picture")?;
    }
    Ok(buffer)
}

struct Canvas<'a> {
    backend: BitMapBackend<'a>,
}

impl Canvas<'_> {
    fn paint(&mut self, mark: &Mark) -> anyhow::Result<()> {
        match mark {
            Mark::Block { area, ink } => {
                let (from, to) = ((area.left, area.top), (area.right, area.bottom));
                let style = ShapeStyle::from(colour(*ink, 1.0)).filled();
                self.backend.draw_rect(from, to, &style, true)?;
                Ok(())
            }
            Mark::Path { dots, width, ink } => {
                let pieces = pieces(dots);
                (0..pieces.len()).try_for_each(|n| {
                    let joins_next = n + 1 < pieces.len();
                    let (from, to) = pieces[n];
                    self.fill(&stroke(from, to, *width as f32, joins_next), *ink)
                })
            }
            Mark::Area { dots, ink } => {
                slabs(dots).iter().try_for_each(|slab| self.fill(&[closed(slab)], *ink))
            }
            Mark::Disc { centre, radius, ink } => {
                self.fill(&[disc(place(Fine::of(*centre)), *radius as f32)], *ink)
            }
            Mark::Text(text) => self.text(text),
        }
    }

    /// Fills the union of outlines, each of which turns the same way.
    fn fill(&mut self, outlines: &[Outline], ink: Ink) -> anyhow::Result<()> {
        let ends = || outlines.iter().flatten().flat_map(|curve| curve.iter());
        let least = |value: fn(&Point) -> f32| ends().map(value).fold(f32::MAX, f32::min);
        let most = |value: fn(&Point) -> f32| ends().map(value).fold(f32::MIN, f32::max);
        let (left, top) = (least(|at| at.x).floor(), least(|at| at.y).floor());
        let (width, height) = (most(|at| at.x).ceil() - left, most(|at| at.y).ceil() - top);
        if !(width > 0.0 && height > 0.0) {
            return Ok(());
        }
        // One spare column: the rasteriser carries coverage over into the next pixel.
        let (columns, rows) = (width as usize + 2, height as usize + 1);
        let mut coverage = Rasterizer::new(columns, rows);
        let moved = |at: &Point| coverage_point(at.x - left, at.y - top);
        for [from, near, far, to] in outlines.iter().flatten() {
            if near == from && far == to {
                coverage.draw_line(moved(from), moved(to));
            } else {
                coverage.draw_cubic(moved(from), moved(near), moved(far), moved(to));
            }
        }
        let mut failed = None;
        coverage.for_each_pixel(|index, covered| {
            if covered >= LEAST_COVERAGE {
                let (x, y) = ((index % columns) as i32, (index / columns) as i32);
                let at = (left as i32 + x, top as i32 + y);
                let painted = self.backend.draw_pixel(at, blended(ink, covered).to_backend_color());
                failed = failed.take().or(painted.err());
            }
        });
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    fn text(&mut self, text: &Text) -> anyhow::Result<()> {
        let (font, scale) = font::face(text.size, text.bold);
        let (glyphs, width) = font::glyphs(&text.words, text.size, text.bold);
        let start = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        };
        let baseline = font::half_x_height(text.size);
        for (glyph, pen) in glyphs {
            let placed = glyph.with_scale_and_position(scale, point(start + pen, baseline));
            if let Some(outlined) = font.outline_glyph(placed) {
                self.glyph(text, &outlined)?;
            }
        }
        Ok(())
    }

    fn glyph(&mut self, text: &Text, outlined: &OutlinedGlyph) -> anyhow::Result<()> {
        let corner = outlined.px_bounds().min;
        let mut failed = None;
        outlined.draw(|x, y, covered| {
            let (x, y) = (corner.x as i32 + x as i32, corner.y as i32 + y as i32);
            let (x, y) = if text.turned { (y, -x - 1) } else { (x, y) };
            let at = (text.at.0 + x, text.at.1 + y);
            if covered >= LEAST_COVERAGE {
                let painted =
                    self.backend.draw_pixel(at, blended(text.ink, covered).to_backend_color());
                failed = failed.take().or(painted.err());
            }
        });
        failed.map_or(Ok(()), |error| Err(error.into()))
    }
}

fn colour(ink: Ink, covered: f64) -> RGBAColor {
    let (red, green, blue) = ink.rgb;
    RGBAColor(red, green, blue, ink.alpha * covered)
}

/// The ink as far as it covers a pixel.
fn blended(ink: Ink, covered: f32) -> RGBAColor {
    let levels = f64::from(COVERAGE_LEVELS);
    colour(ink, (f64::from(covered.min(1.0)) * levels).round() / levels)
}

/// A closed outline of cubic curves; a straight one has its handles at its ends.
type Outline = Vec<[Point; 4]>;

fn place(Fine(x, y): Fine) -> Point {
    coverage_point(x as f32 / FINE as f32, y as f32 / FINE as f32)
}

fn closed(corners: &[Point]) -> Outline {
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).map(|(&from, &to)| [from, from, to, to]).collect()
}

/// A polygon cut at whole pixels into upright slabs: no pixel is shared, so no seam shows, and the
/// boxes around the pieces are small.
fn slabs(dots: &[Fine]) -> Vec<Vec<Point>> {
    const WIDTH: usize = 64;
    let corners: Vec<Point> = dots.iter().copied().map(place).collect();
    let least = corners.iter().map(|at| at.x).fold(f32::MAX, f32::min).floor() as i32;
    let most = corners.iter().map(|at| at.x).fold(f32::MIN, f32::max).ceil() as i32;
    (least..most)
        .step_by(WIDTH)
        .map(|left| {
            let right = (left + WIDTH as i32) as f32;
            let right_of_left = half_plane(&corners, |at| at.x - left as f32);
            half_plane(&right_of_left, |at| right - at.x)
        })
        .filter(|slab| slab.len() > 2)
        .collect()
}

/// What of a polygon lies where `inside` is not negative (Sutherland and Hodgman).
fn half_plane(corners: &[Point], inside: impl Fn(&Point) -> f32) -> Vec<Point> {
    let next = corners.iter().cycle().skip(1);
    let cut = |(from, to): (&Point, &Point)| {
        let (before, after) = (inside(from), inside(to));
        let part = before / (before - after);
        let crossing =
            coverage_point(from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part);
        let kept = (before >= 0.0).then_some(*from);
        [kept, ((before < 0.0) != (after < 0.0)).then_some(crossing)].into_iter().flatten()
    };
    corners.iter().zip(next).flat_map(cut).collect()
}

/// A circle, clockwise on the screen, as four cubic curves.
fn disc(centre: Point, radius: f32) -> Outline {
    const HANDLE: f32 = 0.552_285;
    let at = |x: f32, y: f32| coverage_point(centre.x + x * radius, centre.y + y * radius);
    [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)]
        .into_iter()
        .map(|(x, y): (f32, f32)| {
            let near = at(x - y * HANDLE, y + x * HANDLE);
            let far = at(-y + x * HANDLE, x + y * HANDLE);
            [at(x, y), near, far, at(-y, x)]
        })
        .collect()
}

/// A line in short pieces, because the rasteriser visits the whole box around what it fills.
fn pieces(dots: &[Fine]) -> Vec<(Point, Point)> {
    const LENGTH: f32 = 100.0;
    let mut pieces = Vec::new();
    for ends in dots.windows(2) {
        let (from, to) = (place(ends[0]), place(ends[1]));
        let (x, y) = (to.x - from.x, to.y - from.y);
        let count = (x.abs().max(y.abs()) / LENGTH).ceil();
        let at = |n: f32| coverage_point(from.x + x * n / count, from.y + y * n / count);
        pieces.extend((0..count as u32).map(|n| (at(n as f32), at((n + 1) as f32))));
    }
    pieces
}

/// The outlines of a piece of a thick line: a quadrangle, and a disc where the next piece joins,
/// both clockwise.
fn stroke(from: Point, to: Point, width: f32, joins_next: bool) -> Vec<Outline> {
    let half = width / 2.0;
    let (x, y) = (to.x - from.x, to.y - from.y);
    let length = (x * x + y * y).sqrt();
    let (x, y) = (x / length * half, y / length * half);
    let body = closed(&[
        coverage_point(from.x + y, from.y - x),
        coverage_point(to.x + y, to.y - x),
        coverage_point(to.x - y, to.y + x),
        coverage_point(from.x - y, from.y + x),
    ]);
    std::iter::once(body).chain(joins_next.then(|| disc(to, half))).collect()
}

/// At most 256 colours, and an index into them for every pixel.
///
/// Blending makes thousands of shades; the 256 commonest stay and the others take the nearest of
/// them, which no eye tells apart at 300 dpi.
fn indexed(pixels: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut counts = vec![0u32; 1 << (3 * BUCKET_BITS)];
    for run in runs(pixels) {
        counts[run.bucket as usize] += run.count as u32;
    }
    let mut used: Vec<u32> = (0..counts.len() as u32).filter(|&b| counts[b as usize] > 0).collect();
    used.sort_by_key(|&bucket| (Reverse(counts[bucket as usize]), bucket));
    let kept = &used[..used.len().min(PALETTE_SIZE)];
    let mut index_of = vec![0u8; counts.len()];
    let palette_channels: Vec<[u32; 3]> = kept.iter().map(|&bucket| channels(bucket)).collect();
    for (index, &bucket) in used.iter().enumerate() {
        let index = if index < kept.len() { index } else { nearest(&palette_channels, bucket) };
        index_of[bucket as usize] = index as u8;
    }
    let palette = kept.iter().flat_map(|&bucket| channels(bucket).map(full)).collect();
    let mut indices = Vec::with_capacity(pixels.len() / 3);
    for run in runs(pixels) {
        indices.resize(indices.len() + run.count, index_of[run.bucket as usize]);
    }
    (palette, indices)
}

/// Neighbouring pixels of one colour.
struct Run {
    bucket: u32,
    count: usize,
}

/// The pixels as runs. Most of a chart is white, so whole stretches are compared at once.
fn runs(pixels: &[u8]) -> impl Iterator<Item = Run> {
    const STRETCH: [u8; 3 * 32] = [255; 3 * 32];
    let mut rest = pixels;
    std::iter::from_fn(move || {
        let first = rest.get(..3)?;
        let count = if rest.starts_with(&STRETCH) { STRETCH.len() / 3 } else { 1 };
        let run = Run { bucket: bucket(first), count };
        rest = &rest[3 * count..];
        Some(run)
    })
}

fn bucket(rgb: &[u8]) -> u32 {
    // Rounded, so that white and black stay what they are.
    let level = |channel: u8| (u32::from(channel) * ((1 << BUCKET_BITS) - 1) + 127) / 255;
    (level(rgb[0]) << BUCKET_BITS | level(rgb[1])) << BUCKET_BITS | level(rgb[2])
}

fn channels(bucket: u32) -> [u32; 3] {
    let mask = (1 << BUCKET_BITS) - 1;
    [bucket >> (2 * BUCKET_BITS), bucket >> BUCKET_BITS & mask, bucket & mask]
}

fn full(level: u32) -> u8 {
    let most = (1 << BUCKET_BITS) - 1;
    ((level * 255 + most / 2) / most) as u8
}

/// The first of the closest colours. A plain loop: it runs a million times a chart, unoptimised in
/// the profile that `cargo xtask` uses.
fn nearest(palette: &[[u32; 3]], bucket: u32) -> usize {
    let [red, green, blue] = channels(bucket);
    let (mut best, mut least) = (0, u32::MAX);
    for (index, channels) in palette.iter().enumerate() {
        let (r, g, b) =
            (channels[0].abs_diff(red), channels[1].abs_diff(green), channels[2].abs_diff(blue));
        let distance = r * r + g * g + b * b;
        if distance < least {
            (best, least) = (index, distance);
        }
    }
    best
}
