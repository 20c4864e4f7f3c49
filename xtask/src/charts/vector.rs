//! A scene as an SVG document, through plotters' SVG backend.

use std::collections::BTreeSet;

use plotters::prelude::{Color, DrawingBackend, FontDesc, FontStyle, FontTransform, RGBAColor};
use plotters::prelude::{SVGBackend, ShapeStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontFamily, TextStyle};

use super::font;
use super::scene::{Anchor, Dot, FINE, Fine, Ink, Mark, Scene, Text};

/// plotters' SVG backend writes fonts at 1/1.24 of the size it is asked for.
const FONT_SIZE_FACTOR: f64 = 1.24;

/// The document; `title` is what a screen reader says.
pub(super) fn document(scene: &Scene, title: &str) -> String {
    let mut body = String::new();
    let mut backend = SVGBackend::with_string(&mut body, (fine(scene.width), fine(scene.height)));
    for mark in &scene.marks {
        paint(&mut backend, mark);
    }
    backend.present().expect("a string takes all that is written to it");
    drop(backend);
    let marks = body.split_once('\n').map_or("", |(_, rest)| rest);
    // Two units of the scene to the pixel on screens.
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {} {}\" font-family=\"{}\" stroke-linejoin=\"round\" role=\"img\">\n\
         <title>{}</title>\n{}",
        scene.width / 2,
        scene.height / 2,
        fine(scene.width),
        fine(scene.height),
        font::FAMILY,
        escaped(title),
        whole_font_sizes(scene, shortened(marks)),
    )
}

/// Leaves out what says nothing or stands at the root. Quotes within texts are escaped, so no text
/// changes.
fn shortened(marks: &str) -> String {
    marks
        .replace("\">\n", "\">")
        .replace("\n</text>", "</text>")
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(&format!(" font-family=\"{}\"", font::FAMILY), "")
        .replace(" text-anchor=\"start\"", "")
        .replace(" \"/>", "\"/>")
}

fn paint(backend: &mut SVGBackend, mark: &Mark) {
    let painted = match mark {
        Mark::Block { area, ink } => {
            let style = ShapeStyle::from(colour(*ink)).filled();
            backend.draw_rect(
                corner((area.left, area.top)),
                corner((area.right, area.bottom)),
                &style,
                true,
            )
        }
        Mark::Path { dots, width, ink } => {
            let style = ShapeStyle::from(colour(*ink)).stroke_width(*width * FINE as u32);
            backend.draw_path(dots.iter().map(|dot| (dot.0, dot.1)), &style)
        }
        Mark::Area { dots, ink } => {
            backend.fill_polygon(dots.iter().map(|dot| (dot.0, dot.1)), &colour(*ink))
        }
        Mark::Disc { centre, radius, ink } => {
            backend.draw_circle(corner(*centre), *radius * FINE as u32, &colour(*ink), true)
        }
        Mark::Text(text) => {
            backend.draw_text(&printable(&text.words), &text_style(text), corner(text.at))
        }
    };
    painted.expect("a string takes all that is written to it");
}

fn colour(ink: Ink) -> RGBAColor {
    let (red, green, blue) = ink.rgb;
    RGBAColor(red, green, blue, ink.alpha)
}

fn text_style(text: &Text) -> TextStyle<'static> {
    let weight = if text.bold { FontStyle::Bold } else { FontStyle::Normal };
    let size = asked_size(text.size);
    let turn = if text.turned { FontTransform::Rotate270 } else { FontTransform::None };
    let font = FontDesc::new(FontFamily::Name(font::FAMILY), size, weight).transform(turn);
    let end = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let ink = colour(text.ink).to_backend_color();
    TextStyle { font, color: ink, pos: Pos::new(end, VPos::Center) }
}

/// plotters' factor leaves tails such as `120.00000000000001`; drops them.
fn whole_font_sizes(scene: &Scene, document: String) -> String {
    let sizes: BTreeSet<u32> = scene
        .marks
        .iter()
        .filter_map(|mark| if let Mark::Text(text) = mark { Some(text.size) } else { None })
        .collect();
    sizes.into_iter().fold(document, |document, size| {
        let written = format!("font-size=\"{}\"", asked_size(size) / FONT_SIZE_FACTOR);
        document.replace(&written, &format!("font-size=\"{}\"", size * FINE as u32))
    })
}

fn asked_size(size: u32) -> f64 {
    f64::from(size * FINE as u32) * FONT_SIZE_FACTOR
}

fn fine(length: i32) -> u32 {
    (length * FINE) as u32
}

fn corner(dot: Dot) -> Dot {
    let Fine(x, y) = Fine::of(dot);
    (x, y)
}

/// XML has no way to write most control characters.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
