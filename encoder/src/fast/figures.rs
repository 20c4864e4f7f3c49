//! Numbers of a column as integers, and back to the same bytes.

use crate::numbers::decimal::Decimal;

/// Places after the point, at most.
pub(super) const PLACES_MAX: u8 = 17;
/// Bytes that [`Style::write`] wants.
pub(super) const ROOM: usize = 48;
/// More digits than an integer has.
const DIGITS: usize = 24;
/// Bytes that are copied at once: at least 20, the digits of 64 bits.
const COPY: usize = 20;
/// What the integers of a column stay below, so that differences cannot overflow.
const BOUND: i64 = 1_000_000_000_000_000_000;

/// Powers of ten.
pub(super) const POWERS: [i64; PLACES_MAX as usize + 1] = {
    let mut powers = [1; PLACES_MAX as usize + 1];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

/// How the numbers of a column are written: as integers times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Places after the point of the integer.
    pub(super) places: u8,
    /// Places that are written even if they are zeros; others are only up to the last that is not.
    pub(super) least: u8,
}

impl Style {
    /// The style of no number yet.
    pub(super) const NARROWEST: Self = Self { places: 0, least: PLACES_MAX };

    /// Makes room for a number with so many places.
    #[inline]
    pub(super) fn widen(&mut self, places: u8) {
        self.places = self.places.max(places);
        self.least = self.least.min(places);
    }

    /// The integer of a number, if [`Style::write`] would write the same.
    #[inline]
    pub(super) fn integer(self, number: Decimal) -> Option<i64> {
        if number.places == self.places {
            let fits = self.places == self.least || number.digits % 10 != 0;
            return (fits && number.digits.abs() < BOUND).then_some(number.digits);
        }
        let fits = number.places < self.places
            && number.places >= self.least
            && (number.places == self.least || number.digits % 10 != 0);
        let power = POWERS[usize::from(self.places.checked_sub(number.places)?)];
        let integer = number.digits.checked_mul(power)?;
        (fits && integer.abs() < BOUND).then_some(integer)
    }

    /// Writes an integer to the beginning of `out`; returns how long it is.
    #[inline]
    pub(super) fn write(self, integer: i64, out: &mut [u8; ROOM]) -> usize {
        let (places, least) = (usize::from(self.places), usize::from(self.least));
        // Copies of a fixed length are quick; what they copy too much is written over.
        let mut text = [b'0'; DIGITS + COPY];
        let first = write_digits(integer.unsigned_abs(), &mut text).min(DIGITS - 1 - places);
        let sign = usize::from(integer < 0);
        out[0] = b'-';
        let point = DIGITS - places;
        out[sign..sign + COPY].copy_from_slice(&text[first..first + COPY]);
        let mut kept = places;
        while kept > least && text[point + kept - 1] == b'0' {
            kept -= 1;
        }
        let len = sign + point - first;
        if kept == 0 {
            return len;
        }
        out[len] = b'.';
        out[len + 1..=len + COPY].copy_from_slice(&text[point..point + COPY]);
        len + 1 + kept
    }
}

const HUNDRED: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut n = 0;
    while n < 100 {
        pairs[n] = [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
        n += 1;
    }
    pairs
};

/// Writes digits that end at [`DIGITS`]; returns where they begin.
#[inline]
fn write_digits(mut n: u64, out: &mut [u8; DIGITS + COPY]) -> usize {
    let mut at = DIGITS;
    while n >= 100 {
        at -= 2;
        out[at..at + 2].copy_from_slice(&HUNDRED[(n % 100) as usize]);
        n /= 100;
    }
    if n >= 10 {
        at -= 2;
        out[at..at + 2].copy_from_slice(&HUNDRED[n as usize]);
        return at;
    }
    out[at - 1] = b'0' + n as u8;
    at - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(style: Style, integer: i64) -> String {
        let mut out = [0; ROOM];
        let len = style.write(integer, &mut out);
        String::from_utf8_lossy(&out[..len]).into_owned()
    }

    #[test]
    fn what_is_read_is_written_back() {
        let texts = ["0", "-7", "1200", "0.5", "-0.05", "12.3", "99999999999999.999", "100.001"];
        let numbers = texts.map(|text| Decimal::parse(text.as_bytes()).expect(text));
        let mut style = Style::NARROWEST;
        for number in numbers {
            style.widen(number.places);
        }
        assert_eq!(style, Style { places: 3, least: 0 });
        for (text, number) in texts.into_iter().zip(numbers) {
            let integer = style.integer(number).expect(text);
            assert_eq!(written(style, integer), text);
        }
    }

    #[test]
    fn needless_zeros_are_left_alone() {
        let style = Style { places: 3, least: 1 };
        for text in ["5", "5.10", "5.000"] {
            let number = Decimal::parse(text.as_bytes()).expect(text);
            assert_eq!(style.integer(number), None, "{text}");
        }
        let number = Decimal::parse(b"5.0").expect("a number");
        assert_eq!(
            style.integer(number).map(|integer| written(style, integer)),
            Some("5.0".into())
        );
    }

    #[test]
    fn no_integer_is_too_long() {
        for places in 0..=PLACES_MAX {
            for least in 0..=places {
                for integer in [i64::MIN, i64::MAX, 0, -1] {
                    assert!(!written(Style { places, least }, integer).is_empty());
                }
            }
        }
    }
}
