//! The embedded fonts, and text that keeps to its room.

use std::sync::Once;

use plotters::prelude::{Color, FontDesc, FontFamily, FontStyle, RGBColor, TextStyle};
use plotters::style::register_font;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(crate) const REGULAR: &[u8] = include_bytes!("../fonts/DejaVuSans.subset.ttf");
pub(crate) const BOLD: &[u8] = include_bytes!("../fonts/DejaVuSans-Bold.subset.ttf");

/// The family as SVG names it; Verdana is the widest of the usual substitutes.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// How far a text is set smaller before it is cut, in per cent.
const SMALLEST_PERCENT: u32 = 70;

pub(crate) const DARK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(crate) const SOFT: RGBColor = RGBColor(0x55, 0x55, 0x55);

/// How text is set: its size in pixels to the em, weight and colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub(crate) size: u32,
    pub(crate) bold: bool,
    pub(crate) colour: RGBColor,
}

impl Type {
    pub(crate) const fn new(size: u32) -> Self {
        Self { size, bold: false, colour: DARK }
    }

    pub(crate) const fn bold(size: u32) -> Self {
        Self { size, bold: true, colour: DARK }
    }

    pub(crate) const fn colour(self, colour: RGBColor) -> Self {
        Self { colour, ..self }
    }

    /// As plotters takes it, set against a position as asked.
    pub(crate) fn style(self, across: HPos, down: VPos) -> TextStyle<'static> {
        TextStyle {
            font: self.font(),
            color: self.colour.to_backend_color(),
            pos: Pos::new(across, down),
        }
    }

    /// The pixels that a text takes, with a little to spare: plotters counts a larger font.
    pub(crate) fn width(self, text: &str) -> i32 {
        self.font().box_size(text).map_or(0, |(width, _)| width as i32)
    }

    /// The text and how to set it, so that it fits into `width`: smaller than asked, or cut.
    pub(crate) fn fitted(mut self, text: &str, width: i32) -> (String, Self) {
        let mut text = printable(text);
        let least = self.size * SMALLEST_PERCENT / 100;
        while self.size > least && self.width(&text) > width {
            self.size -= 1;
        }
        if self.width(&text) > width {
            while !text.is_empty() && self.width(&format!("{text}…")) > width {
                text.pop();
            }
            text = text.trim_end().to_owned() + "…";
        }
        (text, self)
    }

    fn font(self) -> FontDesc<'static> {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(|| {
            for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
                assert!(register_font(FAMILY, style, bytes).is_ok(), "the embedded font parses");
            }
        });
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        // plotters divides by this when it writes SVG.
        FontDesc::new(FontFamily::Name(FAMILY), f64::from(self.size) * 1.24, style)
    }
}

/// XML has no way to write most control characters.
fn printable(text: &str) -> String {
    let unprintable =
        |letter: char| letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}');
    text.replace(unprintable, "\u{fffd}")
}
