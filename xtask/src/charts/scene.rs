//! The flat list of marks that a chart becomes. One unit is 1/300 inch, and one pixel.

use super::font;

/// Everything to paint, back to front, on white.
#[derive(Debug, Default)]
pub(super) struct Scene {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) marks: Vec<Mark>,
}

/// A corner or centre in the scene.
pub(super) type Dot = (i32, i32);

/// Lines and polygons are laid out in quarters of a unit, lest rounding bend gentle slopes.
pub(super) const FINE: i32 = 4;

/// A corner in quarters of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fine(pub(super) i32, pub(super) i32);

impl Fine {
    pub(super) fn of((x, y): Dot) -> Self {
        Self(x * FINE, y * FINE)
    }

    pub(super) fn dot(self) -> Dot {
        (self.0.div_euclid(FINE), self.1.div_euclid(FINE))
    }
}

/// Something to paint.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// A filled upright rectangle.
    Block { area: Rect, ink: Ink },
    /// An opaque line.
    Path { dots: Vec<Fine>, width: u32, ink: Ink },
    /// A filled polygon.
    Area { dots: Vec<Fine>, ink: Ink },
    /// A filled circle.
    Disc { centre: Dot, radius: u32, ink: Ink },
    /// A line of text.
    Text(Text),
}

/// A colour and how much of what lies below it hides, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ink {
    pub(super) rgb: (u8, u8, u8),
    pub(super) alpha: f64,
}

impl Ink {
    pub(super) const fn solid(rgb: (u8, u8, u8)) -> Self {
        Self { rgb, alpha: 1.0 }
    }

    pub(super) const fn grey(level: u8) -> Self {
        Self::solid((level, level, level))
    }

    pub(super) const fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }
}

/// Which end of a text its position names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text; `at` lies halfway up a lower-case x, which is where SVG viewers and our own
/// rasteriser agree.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) words: String,
    pub(super) at: Dot,
    pub(super) size: u32,
    pub(super) bold: bool,
    pub(super) ink: Ink,
    pub(super) anchor: Anchor,
    /// Read from below, as the label of a vertical axis is.
    pub(super) turned: bool,
}

impl Text {
    /// The box the text may fill, in viewers whose font is a little wider than ours too.
    pub(super) fn area(&self) -> Rect {
        let width = font::width(&self.words, self.size, self.bold);
        let before = match self.anchor {
            Anchor::Start => 0,
            Anchor::Middle => width / 2,
            Anchor::End => width,
        };
        let half = self.size as i32 * 3 / 5;
        let (x, y) = self.at;
        if self.turned {
            Rect { left: x - half, top: y + before - width, right: x + half, bottom: y + before }
        } else {
            Rect { left: x - before, top: y - half, right: x - before + width, bottom: y + half }
        }
    }
}

/// An upright rectangle; right and bottom are outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl Rect {
    pub(super) fn around((x, y): Dot, radius: i32) -> Self {
        Self { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }

    pub(super) fn width(&self) -> i32 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> i32 {
        self.bottom - self.top
    }

    pub(super) fn grown(&self, by: i32) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    pub(super) fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }

    pub(super) fn contains(&self, (x, y): Dot) -> bool {
        self.left <= x && x <= self.right && self.top <= y && y <= self.bottom
    }
}
