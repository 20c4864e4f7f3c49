//! Numbers that were printed from an IEEE double with 17 digits: not every last digit is possible.
//!
//! Doubles lie on a grid that is often coarser than the seventeenth digit. Given sixteen digits, the
//! grid leaves one or two of the ten last digits. Integer arithmetic only.

/// Digits after which the last one is left.
pub(crate) const KNOWN: u32 = 16;

/// More points than ten numbers can have near them.
const POINTS_MAX: u128 = 24;

/// The last digits, as a set of bits, with which a notation of [`KNOWN`] digits (and a point) can be
/// that of a double; `None` where the grid is not known.
pub(crate) fn last_digits(prefix: &[u8]) -> Option<u32> {
    let (mut digits, mut places, mut point) = (0u64, 0, false);
    for &byte in prefix {
        match byte {
            b'0'..=b'9' => {
                digits = digits.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
                places += u32::from(point);
            }
            b'.' => point = true,
            _ => {}
        }
    }
    point.then(|| grid_points(u128::from(digits) * 10, places + 1)).flatten()
}

/// Which of the ten numbers from `first / 10^places` on are what a double prints.
fn grid_points(first: u128, places: u32) -> Option<u32> {
    let scale = 10u128.checked_pow(places)?;
    let exponent = exponent_of(first, scale)?;
    let rounded = |mantissa: u128| {
        // Beyond 2^128 the grid is finer than the digits.
        let product = mantissa.checked_mul(scale)?;
        Some((product + (1 << (exponent - 1))) >> exponent)
    };
    let lowest = ((first << exponent) / scale).saturating_sub(1);
    let mut possible = 0;
    for mantissa in lowest..lowest + POINTS_MAX {
        let printed = rounded(mantissa)?;
        if printed > first + 9 {
            break;
        }
        if printed >= first {
            possible |= 1 << (printed - first);
        }
    }
    Some(possible)
}

/// The exponent with which `first / scale` has 53 bits.
fn exponent_of(first: u128, scale: u128) -> Option<u32> {
    if first == 0 {
        return None;
    }
    let bits = first.ilog2() as i32 - scale.ilog2() as i32;
    let mut exponent = u32::try_from(52 - bits).ok()?;
    if exponent == 0 || exponent >= first.leading_zeros() {
        return None;
    }
    if (first << exponent) / scale < 1 << 52 {
        exponent += 1;
    }
    Some(exponent)
}

/// A double: `mantissa / 2^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Double {
    mantissa: u64,
    exponent: u32,
}

impl Double {
    /// The double that is nearest to `digits / 10^places`.
    pub(crate) fn nearest(digits: u64, places: u8) -> Option<Self> {
        let scale = 10u128.checked_pow(u32::from(places))?;
        let exponent = exponent_of(u128::from(digits), scale)?;
        let mantissa = rounded_quotient(u128::from(digits) << exponent, scale);
        Some(Self { mantissa: u64::try_from(mantissa).ok()?, exponent })
    }

    /// How many doubles `digits / 10^places` is beyond this one.
    pub(crate) fn noise_of(self, digits: u64, places: u8) -> Option<i8> {
        let scale = 10u128.checked_pow(u32::from(places))?;
        if self.exponent >= digits.leading_zeros() + 64 {
            return None;
        }
        let mantissa = rounded_quotient(u128::from(digits) << self.exponent, scale);
        i8::try_from(mantissa as i128 - i128::from(self.mantissa)).ok()
    }

    /// The double that many further.
    pub(crate) fn beside(self, noise: i8) -> Option<Self> {
        Some(Self { mantissa: self.mantissa.checked_add_signed(i64::from(noise))?, ..self })
    }

    /// Its first `len` significant digits, rounded, and how many of them are places.
    pub(crate) fn print(self, len: u32) -> Option<(u64, u8)> {
        let limit = 10u128.pow(len);
        // Not in 64 bits: near zero the exponent is greater.
        let mantissa = u128::from(self.mantissa);
        let whole_len = (mantissa >> self.exponent).checked_ilog10().map_or(0, |log| log + 1);
        let mut places = len.checked_sub(whole_len)?;
        loop {
            let product = 10u128.checked_pow(places)?.checked_mul(mantissa)?;
            let digits = (product + (1 << (self.exponent - 1))) >> self.exponent;
            if digits >= limit || places > 19 {
                return None;
            }
            if digits * 10 >= limit {
                return Some((digits as u64, u8::try_from(places).ok()?));
            }
            places += 1;
        }
    }
}

/// To the nearest, halves up.
fn rounded_quotient(dividend: u128, divisor: u128) -> u128 {
    dividend / divisor + u128::from(dividend % divisor * 2 >= divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digit_of_a_double_is_possible_and_few_others_are() {
        let texts = ["-65.613616999999977", "43.420273000000009", "7.1234567890123452"];
        for text in texts {
            let (prefix, last) = text.as_bytes().split_at(text.len() - 1);
            let possible = last_digits(prefix).expect("a grid");
            assert!(possible >> (last[0] - b'0') & 1 == 1, "{text} {possible:b}");
            assert!(possible.count_ones() <= 2, "{text} {possible:b}");
        }
    }

    #[test]
    fn odd_notations_have_no_grid() {
        for text in ["", "1", ".", "0.0", "--1", "99999999999999999999.1"] {
            assert_eq!(last_digits(text.as_bytes()), None, "{text}");
        }
    }
}
