//! FORMAT.md, section 8, "Notation".

use super::double::{exponent, nearest};
use super::numbers::Number;

/// Numbers with more places say nothing of a column's scale.
const SCALE_MAX: u32 = 9;
/// The least that has as many digits as a double is printed with, at least.
const LONG: u64 = 10_u64.pow(15);
/// Noise of a long number in units of its last place, at most.
const NEAR: u64 = 1000;
const NEAR_ZEROS_MIN: u32 = 6;
const NEAR_ZEROS_MAX: u32 = 17;
/// A printed double has at least 16 digits, at most 17.
const PRINTED_MIN: u128 = 10_u128.pow(16);
const PRINTED_DIGITS: u32 = 17;
const PRINTED_PLACES_MAX: u32 = 19;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Fixed,
    Short,
    Double,
}

/// How a column writes its numbers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Notation {
    kind: Kind,
    scale: u32,
    /// The least number of places.
    least: u32,
    had_number: bool,
}

impl Notation {
    pub(crate) fn is_double(&self) -> bool {
        self.kind == Kind::Double
    }

    /// The text of a number.
    pub(crate) fn write(&self, number: Number, noise: i32) -> Option<Vec<u8>> {
        let mut written = match self.kind {
            Kind::Fixed => return Some(number.text()),
            Kind::Short => number,
            Kind::Double => printed(number, noise)?,
        };
        let least = if number.places == self.scale { self.least } else { number.places };
        while written.places > least && written.digits % 10 == 0 {
            written = Number { digits: written.digits / 10, places: written.places - 1 };
        }
        Some(written.text())
    }

    /// The number of a text, and its noise, from which the text is written.
    pub(crate) fn read(&self, text: &[u8]) -> Option<(Number, i32)> {
        let number = Number::of(text)?;
        let (read, noise) = match self.kind {
            Kind::Fixed => return Some((number, 0)),
            Kind::Double if number.places > self.scale => self.rounded(number)?,
            _ => {
                let zeros = self.scale.checked_sub(number.places)?;
                let digits = number.digits.checked_mul(10_i64.checked_pow(zeros)?)?;
                (Number { digits, places: self.scale }, 0)
            }
        };
        (self.write(read, noise)? == text).then_some((read, noise))
    }

    /// A number with fewer places, and what the longer one's double is more.
    fn rounded(&self, number: Number) -> Option<(Number, i32)> {
        let unit = 10_u64.pow(number.places - self.scale);
        let digits = (number.digits.unsigned_abs() + unit / 2) / unit;
        let digits = digits as i64 * number.digits.signum();
        let rounded = Number { digits, places: self.scale };
        let (m, e) = double(rounded)?;
        let (n, d) = fraction(number);
        let noise = nearest(n, d, e)? as i128 - m as i128;
        (-128..128).contains(&noise).then_some((rounded, noise as i32))
    }

    /// Learns from the text of a value.
    pub(crate) fn learn(&mut self, text: &[u8]) {
        let Some(Number { digits, places }) = Number::of(text) else { return };
        let had_number = std::mem::replace(&mut self.had_number, true);
        let ends_in_zero = digits % 10 == 0;
        if digits.unsigned_abs() >= LONG && places > 0 {
            self.learn_long(digits.unsigned_abs(), places);
        } else if places > SCALE_MAX {
            if self.kind == Kind::Fixed {
                self.scale = places;
            }
        } else if places > 1 && ends_in_zero {
            self.fix(places);
        } else {
            match places {
                0 => self.least = 0,
                1 if ends_in_zero => self.least = 1,
                _ => {}
            }
            if self.kind != Kind::Fixed {
                self.scale = self.scale.max(places);
            } else if had_number && places != self.scale {
                self.kind = Kind::Short;
                self.scale = if self.scale > SCALE_MAX { 0 } else { self.scale }.max(places);
            } else {
                self.scale = places;
            }
        }
    }

    fn learn_long(&mut self, digits: u64, places: u32) {
        let is_near = |&h: &u32| {
            let unit = 10_u64.pow(h);
            let over = digits % unit;
            over <= NEAR || unit - over <= NEAR
        };
        match (NEAR_ZEROS_MIN..places.min(NEAR_ZEROS_MAX)).rev().find(is_near) {
            Some(h) if self.kind == Kind::Double => self.scale = self.scale.max(places - h),
            Some(h) => (self.kind, self.scale) = (Kind::Double, places - h),
            None => self.fix(places),
        }
    }

    fn fix(&mut self, places: u32) {
        (self.kind, self.scale) = (Kind::Fixed, places);
    }
}

/// N and D.
fn fraction(number: Number) -> (u128, u128) {
    (u128::from(number.digits.unsigned_abs()), 10_u128.pow(number.places))
}

/// m and e of the double that is nearest.
fn double(number: Number) -> Option<(u128, u32)> {
    let (n, d) = fraction(number);
    let e = exponent(n, d)?;
    Some((nearest(n, d, e)?, e))
}

/// A double near a number, as it is printed.
fn printed(number: Number, noise: i32) -> Option<Number> {
    let (m, e) = double(number)?;
    let m = m.checked_add_signed(i128::from(noise)).unwrap_or(0);
    let whole_len = (m >> e).checked_ilog10().map_or(0, |log| log + 1);
    let mut q = PRINTED_DIGITS.saturating_sub(whole_len);
    loop {
        if q > PRINTED_PLACES_MAX {
            return None;
        }
        let d = m.checked_mul(10_u128.pow(q))?.checked_add(1 << (e - 1))? >> e;
        if d >= 10 * PRINTED_MIN {
            return None;
        }
        if d >= PRINTED_MIN {
            return Some(Number { digits: d as i64 * number.digits.signum(), places: q });
        }
        q += 1;
    }
}
