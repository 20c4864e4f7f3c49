//! The embedded fonts: how wide a text is, and where it may break.
//!
//! plotters' own text is not used for pixels: it drops the side bearing of every glyph, so that
//! letters touch.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont};

/// The family as SVG names it; Verdana is the widest of the usual substitutes.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// What a viewer's own font may be wider than ours, in per cent.
const SLACK_PERCENT: f32 = 5.0;

static REGULAR: LazyLock<FontRef<'static>> =
    LazyLock::new(|| parsed(include_bytes!("fonts/DejaVuSans.subset.ttf")));
static BOLD: LazyLock<FontRef<'static>> =
    LazyLock::new(|| parsed(include_bytes!("fonts/DejaVuSans-Bold.subset.ttf")));

fn parsed(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the embedded font parses")
}

/// The face and the scale at which its em is `size` pixels.
pub(super) fn face(size: u32, bold: bool) -> (&'static FontRef<'static>, PxScale) {
    let font: &FontRef<'static> = if bold { &BOLD } else { &REGULAR };
    let per_em = font.units_per_em().expect("the embedded font has an em");
    (font, PxScale::from(size as f32 * font.height_unscaled() / per_em))
}

/// The glyphs of a text with the pen's position before each, in pixels from its start.
pub(super) fn glyphs(text: &str, size: u32, bold: bool) -> (Vec<(GlyphId, f32)>, f32) {
    let (font, scale) = face(size, bold);
    let scaled = font.as_scaled(scale);
    let mut pen = 0.0;
    let placed = text
        .chars()
        .map(|letter| {
            let glyph = font.glyph_id(letter);
            let at = pen;
            pen += scaled.h_advance(glyph);
            (glyph, at)
        })
        .collect();
    (placed, pen)
}

/// The width to reserve for a text, slack included.
pub(super) fn width(text: &str, size: u32, bold: bool) -> i32 {
    let (_, width) = glyphs(text, size, bold);
    (width * (1.0 + SLACK_PERCENT / 100.0)).ceil() as i32
}

/// Half the height of a lower-case x: what lies between a text's `at` and its baseline.
pub(super) fn half_x_height(size: u32) -> f32 {
    // 1120 of 2048 units in DejaVu Sans.
    size as f32 * 0.547 / 2.0
}

/// The text cut into lines no wider than `limit`, at spaces; a longer word loses its tail.
pub(super) fn wrapped(text: &str, size: u32, bold: bool, limit: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if width(&longer, size, bold) <= limit {
                *line = longer;
                continue;
            }
        }
        lines.push(shortened(word, size, bold, limit));
    }
    lines
}

/// The text, with an ellipsis for what does not fit into `limit`.
pub(super) fn shortened(text: &str, size: u32, bold: bool, limit: i32) -> String {
    if width(text, size, bold) <= limit {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    (0..letters.len())
        .rev()
        .map(|kept| letters[..kept].iter().collect::<String>() + "…")
        .find(|candidate| width(candidate, size, bold) <= limit)
        .unwrap_or_default()
}
