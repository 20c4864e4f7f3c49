//! How a column writes its numbers, so that what is computed can be spelled as the document does.
//!
//! Three ways: with a fixed number of places (`1.50`), without trailing zeros (`1.5`), or as a
//! double printed with 17 digits, in which a short number hides (`43.420273000000009`). Nothing of
//! this is coded: both sides learn it from the numbers before.

use super::decimal::{Decimal, Text};
use super::double::Double;

/// Places of a number that may come without trailing zeros; 5: +0.3 %, 16: +2.7 %.
const SCALE_MAX: u8 = 9;
/// Digits of a double that is printed in full.
const FULL: u32 = 17;
/// With so many digits a number is taken for a double; 15: 0.0 %.
const LONG: u32 = 16;
/// A short number hides in a long one that is so near to it, in units of the last digit (half, twice: 0.0 %)...
const NEAR: u64 = 1000;
/// ... if at least so many of its digits are 0 or 9; 4: +0.1 %, 9: +2.4 %.
const HIDDEN: u32 = 6;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// All places are written.
    #[default]
    Fixed,
    /// Trailing zeros are not.
    Short,
    /// A double with 17 digits, trailing zeros not.
    Double,
}

/// How a column writes its numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notation {
    kind: Kind,
    /// Places of the last number, or the most places of one.
    scale: u8,
    /// Places that are written even if they are 0.
    least: u8,
    /// Whether there was a number.
    known: bool,
}

/// A number as its column means it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// With the places of the column.
    pub(crate) number: Decimal,
    /// For a double: how many doubles it is beyond the one that is nearest to the number.
    pub(crate) noise: i8,
}

impl Notation {
    /// Whether numbers have a noise.
    pub(crate) fn is_double(self) -> bool {
        self.kind == Kind::Double
    }

    /// Reads what [`Notation::write`] would write; anything else is `None`.
    pub(crate) fn read(self, text: &[u8]) -> Option<Reading> {
        let reading = match self.kind {
            Kind::Fixed => {
                return Decimal::parse(text).map(|number| Reading { number, noise: 0 });
            }
            Kind::Short => Reading { number: self.scaled(Decimal::parse(text)?)?, noise: 0 },
            Kind::Double => self.read_double(Decimal::parse(text)?)?,
        };
        (self.write(reading)?.as_bytes() == text).then_some(reading)
    }

    /// The same number with the places of the column.
    fn scaled(self, number: Decimal) -> Option<Decimal> {
        let missing = self.scale.checked_sub(number.places)?;
        let digits = number.digits.checked_mul(10i64.pow(u32::from(missing)))?;
        Some(Decimal { digits, places: self.scale })
    }

    fn read_double(self, text: Decimal) -> Option<Reading> {
        if text.places <= self.scale {
            return Some(Reading { number: self.scaled(text)?, noise: 0 });
        }
        let unit = 10u64.pow(u32::from(text.places - self.scale));
        let digits = text.digits.unsigned_abs();
        let rounded = (digits + unit / 2) / unit;
        let near = Double::nearest(rounded, self.scale)?;
        let noise = near.noise_of(digits, text.places)?;
        let digits = rounded as i64 * text.digits.signum();
        Some(Reading { number: Decimal { digits, places: self.scale }, noise })
    }

    /// The notation; `None` for a number that cannot be written so.
    pub(crate) fn write(self, reading: Reading) -> Option<Text> {
        let Reading { mut number, noise } = reading;
        let is_padded = self.kind == Kind::Fixed || number.places != self.scale;
        let least = if is_padded { number.places } else { self.least };
        if self.kind == Kind::Double {
            let near = Double::nearest(number.digits.unsigned_abs(), number.places)?;
            let (digits, places) = near.beside(noise)?.print(FULL)?;
            let sign = if number.digits < 0 { -1 } else { 1 };
            number = Decimal { digits: digits as i64 * sign, places };
        }
        while number.places > least && number.digits % 10 == 0 {
            number = Decimal { digits: number.digits / 10, places: number.places - 1 };
        }
        Some(number.text())
    }

    /// Learns from the next number of the column, if it is one.
    pub(crate) fn learn(&mut self, text: &[u8]) {
        let Some(number) = Decimal::parse(text) else { return };
        let known = std::mem::replace(&mut self.known, true);
        let whole = number.digits.unsigned_abs();
        if whole >= 10u64.pow(LONG - 1) && number.places > 0 {
            let hidden = hidden_places(whole, number.places);
            let scale = if self.kind == Kind::Double { self.scale } else { 0 };
            let kind = if hidden.is_some() { Kind::Double } else { Kind::Fixed };
            self.set(kind, hidden.map_or(number.places, |places| places.max(scale)));
            return;
        }
        let padded = number.places > 1 && number.digits % 10 == 0;
        if number.places > SCALE_MAX && self.kind != Kind::Fixed {
            return;
        }
        if padded || number.places > SCALE_MAX {
            return self.set(Kind::Fixed, number.places);
        }
        if number.places == 1 && number.digits % 10 == 0 {
            self.least = 1;
        } else if number.places == 0 {
            self.least = 0;
        }
        match self.kind {
            Kind::Fixed if known && number.places != self.scale => {
                let scale = if self.scale > SCALE_MAX { 0 } else { self.scale };
                self.set(Kind::Short, number.places.max(scale));
            }
            Kind::Fixed => self.scale = number.places,
            Kind::Short | Kind::Double => self.scale = self.scale.max(number.places),
        }
    }

    fn set(&mut self, kind: Kind, scale: u8) {
        self.kind = kind;
        self.scale = scale;
    }
}

/// The places of the short number that is near to `digits / 10^places`, if one is.
fn hidden_places(digits: u64, places: u8) -> Option<u8> {
    (HIDDEN..u32::from(places).min(FULL)).rev().find_map(|hidden| {
        let unit = 10u64.pow(hidden);
        let rest = digits % unit;
        (rest.min(unit - rest) <= NEAR).then_some(places - hidden as u8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads all texts as one column does; how many were read and written back.
    fn readable(texts: &[&str]) -> usize {
        let mut notation = Notation::default();
        let mut count = 0;
        for text in texts {
            if let Some(reading) = notation.read(text.as_bytes()) {
                assert_eq!(notation.write(reading).expect(text).as_bytes(), text.as_bytes());
                count += 1;
            }
            notation.learn(text.as_bytes());
        }
        count
    }

    #[test]
    fn what_a_column_reads_is_written_back() {
        assert_eq!(readable(&["1.50", "1.75", "2.00", "2.25"]), 4);
        // 2.125 has more places than any number before it.
        assert_eq!(readable(&["1.5", "1.75", "2", "2.125", "-3.5", "4"]), 5);
        assert_eq!(readable(&["1.25", "1.0", "1.5", "2.0"]), 4);
        let doubles =
            ["-65.613616999999977", "-65.619720000000029", "-65.625", "43.420273000000009"];
        assert_eq!(readable(&doubles), 4);
    }

    #[test]
    fn numbers_near_zero_in_a_column_of_doubles_do_no_harm() {
        // The doubles near them have more than 64 bits after the point.
        for text in ["0.0001", "0.00025", "-0.000001", "0.00000000000000012", "0", "0.0"] {
            readable(&["43.420273000000009", text, "43.418052999999986", text]);
        }
    }
}
