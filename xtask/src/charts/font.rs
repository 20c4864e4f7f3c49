//! The embedded fonts: how wide a text is, and where it may break.
//!
//! plotters' own text is not used for pixels: it drops the side bearing of every glyph, so that
//! letters touch.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale};

/// The family as SVG names it; Verdana is the widest of the usual substitutes.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// What a viewer's own font may be wider than ours, in per cent.
const SLACK_PERCENT: f32 = 5.0;

/// Where the letters of the embedded fonts end.
const LETTERS: usize = 0x2600;

static REGULAR: LazyLock<Face> =
    LazyLock::new(|| Face::parsed(include_bytes!("fonts/DejaVuSans.subset.ttf")));
static BOLD: LazyLock<Face> =
    LazyLock::new(|| Face::parsed(include_bytes!("fonts/DejaVuSans-Bold.subset.ttf")));

/// A font with its letters looked up: layout measures every text many times.
struct Face {
    font: FontRef<'static>,
    /// Pixels of scale for a pixel of em.
    scale_per_em: f32,
    /// Glyph and advance in ems, by letter; the first is what stands for a missing one.
    letters: Vec<(GlyphId, f32)>,
}

impl Face {
    fn parsed(bytes: &'static [u8]) -> Self {
        let font = FontRef::try_from_slice(bytes).expect("the embedded font parses");
        let per_em = font.units_per_em().expect("the embedded font has an em");
        let advance = |glyph| font.h_advance_unscaled(glyph) / per_em;
        // A viewer that has the letter may need a whole em for it.
        let missing = (GlyphId(0), 1.0);
        let mut letters = vec![missing; LETTERS];
        for (glyph, letter) in font.codepoint_ids() {
            if let Some(slot) = letters.get_mut(letter as usize) {
                *slot = (glyph, advance(glyph));
            }
        }
        let scale_per_em = font.height_unscaled() / per_em;
        Self { font, scale_per_em, letters }
    }

    fn of(bold: bool) -> &'static Self {
        if bold { &BOLD } else { &REGULAR }
    }
}

/// The font and the scale at which its em is `size` pixels.
pub(super) fn face(size: u32, bold: bool) -> (&'static FontRef<'static>, PxScale) {
    let face = Face::of(bold);
    (&face.font, PxScale::from(size as f32 * face.scale_per_em))
}

/// The glyphs of a text with the pen's position before each, in pixels from its start, and the
/// pen's position after the last.
pub(super) fn glyphs(text: &str, size: u32, bold: bool) -> (Vec<(GlyphId, f32)>, f32) {
    let letters = &Face::of(bold).letters;
    let mut pen = 0.0;
    let mut placed = Vec::with_capacity(text.len());
    for letter in text.chars() {
        let (glyph, advance) = letters.get(letter as usize).copied().unwrap_or(letters[0]);
        placed.push((glyph, pen));
        pen += advance * size as f32;
    }
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
