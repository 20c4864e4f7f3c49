//! Numbers in decimal notation, as far as they can be written back to the same bytes.

/// Digits after the point that are still a number to calculate with.
const PLACES_MAX: u8 = 17;
/// The longest notation: a sign, 18 digits and a point.
pub(crate) const TEXT_MAX: usize = 20;

/// `digits / 10^places`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// All digits, without the point.
    pub(crate) digits: i64,
    /// How many of them stand after the point.
    pub(crate) places: u8,
}

/// The notation of a number, without a heap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    bytes: [u8; TEXT_MAX + 4],
    start: usize,
}

impl Text {
    /// The notation.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

impl Decimal {
    /// Reads a notation that [`Decimal::text`] would write; anything else is `None`.
    #[inline]
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (negative, body) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        if body.is_empty() || body.len() > 19 {
            return None;
        }
        let (mut digits, mut point) = (0i64, None);
        for (index, &byte) in body.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    digits = digits.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
                }
                b'.' if point.is_none() && index > 0 => point = Some(index),
                _ => return None,
            }
        }
        let whole = point.unwrap_or(body.len());
        let places = body.len() - whole - usize::from(point.is_some());
        let canonical = body.len() - usize::from(point.is_some()) <= 18
            && (whole == 1 || body[0] != b'0')
            && !(negative && digits == 0)
            && point.is_some() == (places > 0)
            && places <= usize::from(PLACES_MAX);
        canonical.then_some(Self {
            digits: if negative { digits.wrapping_neg() } else { digits },
            places: places as u8,
        })
    }

    /// Writes the notation.
    pub(crate) fn text(self) -> Text {
        let mut text = Text { bytes: [0; TEXT_MAX + 4], start: TEXT_MAX + 4 };
        let mut put = |byte| {
            text.start -= 1;
            text.bytes[text.start] = byte;
        };
        let (mut rest, mut written) = (self.digits.unsigned_abs() % 10u64.pow(19), 0);
        while rest > 0 || written <= self.places {
            put(b'0' + (rest % 10) as u8);
            rest /= 10;
            written += 1;
            if written == self.places {
                put(b'.');
            }
        }
        if self.digits < 0 {
            put(b'-');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_back() {
        for text in ["0", "7", "-7", "0.5", "-0.05", "12.30", "999999999999999999", "0.00"] {
            let number = Decimal::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(number.text().as_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn other_notations_are_left_alone() {
        for text in ["", "-", "01", "-0", "-0.0", "1.", ".5", "1e5", "1.2.3", "1234567890123456789"]
        {
            assert_eq!(Decimal::parse(text.as_bytes()), None, "{text}");
        }
    }
}
