//! Quantities with units: how they are written in TOML, and the one place that knows how they print.
//!
//! Decimal (`KB` = 1000 B) and binary (`KiB` = 1024 B) units both parse and are never confused.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub u64);

/// A span of time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Nanos(pub u64);

/// A share of one, written in per cent: `1 %` is 0.01.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Share(pub f64);

const DECIMAL: [(&str, u64); 4] =
    [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1)];
const BINARY: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
const SPANS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// What a size may look like, for error messages.
pub const BYTES_ALLOWED: &str = "a size such as `10 B`, `10 KB`, `1 MiB` or `1.5 GB`";
/// What a span of time may look like, for error messages.
pub const NANOS_ALLOWED: &str = "a time such as `500 ms`, `60 s` or `2 min`";
/// What a share may look like, for error messages.
pub const SHARE_ALLOWED: &str = "a share such as `1 %` or `0.5 %`";

/// Splits `1.5 MB` into its number and its unit; the number may hold `_` between digits.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')?;
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    number.is_finite().then_some((number, text[end..].trim()))
}

/// `number` of `unit`s as a whole number of the smallest unit, or nothing if that is not whole.
fn scaled(number: f64, factor: u64) -> Option<u64> {
    let value = number * factor as f64;
    let whole = value.round();
    ((value - whole).abs() < 1e-6 && (0.0..9.0e15).contains(&whole)).then_some(whole as u64)
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (number, unit) = number_and_unit(text)?;
            let (_, factor) = DECIMAL.iter().chain(&BINARY).find(|(name, _)| *name == unit)?;
            scaled(number, *factor).map(Bytes)
        };
        parse().ok_or_else(|| format!("`{text}`; write {BYTES_ALLOWED}"))
    }
}

impl FromStr for Nanos {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (number, unit) = number_and_unit(text)?;
            let (_, factor) = SPANS.iter().find(|(name, _)| *name == unit)?;
            scaled(number, *factor).map(Nanos)
        };
        parse().ok_or_else(|| format!("`{text}`; write {NANOS_ALLOWED}"))
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match number_and_unit(text) {
            Some((number, "%")) => Ok(Share(number / 100.0)),
            _ => Err(format!("`{text}`; write {SHARE_ALLOWED}")),
        }
    }
}

impl fmt::Display for Bytes {
    /// The unit in which the number is whole with at most three decimals: `10 KB`, `65.536 KB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) =
            DECIMAL.into_iter().find(|(_, factor)| self.0 >= *factor).unwrap_or(("B", 1));
        let text = format!("{:.3}", self.0 as f64 / factor as f64);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.pad(&format!("{text} {unit}"))
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&duration(self.0 as f64))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&percent(self.0))
    }
}

/// Bytes as a measured, rounded value: `2.412 MB`, `812 B`.
pub fn bytes(value: f64) -> String {
    bytes_of(value, 4)
}

/// Bytes as they are spoken of: `2.41 MB`.
pub fn bytes_brief(value: f64) -> String {
    bytes_of(value, 3)
}

fn bytes_of(value: f64, digits: usize) -> String {
    let (unit, factor) = DECIMAL
        .into_iter()
        .find(|(_, factor)| value.abs() >= *factor as f64 * 0.9995)
        .unwrap_or(("B", 1));
    let shown = significant(value / factor as f64, if factor == 1 { 3 } else { digits });
    format!("{shown} {unit}")
}

/// Nanoseconds as a measured, rounded value: `12.3 ms`.
pub fn duration(nanos: f64) -> String {
    let spans = [("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1.0)];
    let (unit, factor) =
        spans.into_iter().find(|(_, factor)| nanos.abs() >= *factor).unwrap_or(("ns", 1.0));
    format!("{} {unit}", significant(nanos / factor, 3))
}

/// A share in per cent: `0.42 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", significant(share * 100.0, 3))
}

/// A number with `digits` significant digits, in plain notation where that stays short. The minus
/// sign is the typographic one, so that it cannot be taken for a hyphen in a table.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    let rounded: f64 = format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value);
    let exponent = rounded.abs().log10().floor() as i32;
    let text = if (-4..7).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        format!("{rounded:.decimals$}")
    } else {
        format!("{rounded:.*e}", digits.saturating_sub(1))
    };
    text.replace('-', "−")
}

/// Serialises a quantity as the text it is written with.
macro_rules! as_text {
    ($type:ty, $exact:expr) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #[allow(clippy::redundant_closure_call)]
                serializer.collect_str(&($exact)(self))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(Bytes, |bytes: &Bytes| format!("{} B", bytes.0));
as_text!(Nanos, |nanos: &Nanos| format!("{} ns", nanos.0));
as_text!(Share, |share: &Share| format!("{} %", share.0 * 100.0));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_and_binary_units_are_never_confused() {
        assert_eq!("10 KB".parse(), Ok(Bytes(10_000)));
        assert_eq!("10 KiB".parse(), Ok(Bytes(10_240)));
        assert_eq!("1.5 MB".parse(), Ok(Bytes(1_500_000)));
        assert_eq!("2GiB".parse(), Ok(Bytes(2 << 30)));
        for wrong in ["10 XB", "10", "KB", "-1 KB", "10 kb", "", "1.5 B", "1e3 B", "99999999 GB"] {
            assert!(wrong.parse::<Bytes>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_size_prints_so_that_it_reads_back_exactly() {
        for size in [0, 1, 999, 1_000, 1_500, 65_536, 1_000_000, 5_000_000, 1_000_000_000] {
            assert_eq!(Bytes(size).to_string().parse(), Ok(Bytes(size)));
            assert_eq!(serde_json::to_value(Bytes(size)).unwrap(), format!("{size} B"));
        }
        assert_eq!(Bytes(10_000).to_string(), "10 KB");
        assert_eq!(Bytes(65_536).to_string(), "65.536 KB");
    }

    #[test]
    fn times_and_shares_parse() {
        assert_eq!("60 s".parse(), Ok(Nanos(60_000_000_000)));
        assert_eq!("2 min".parse(), Ok(Nanos(120_000_000_000)));
        assert_eq!("1 %".parse(), Ok(Share(0.01)));
        assert!("1".parse::<Share>().is_err());
        assert!("60 x".parse::<Nanos>().is_err());
    }

    #[test]
    fn measured_values_are_rounded_and_carry_their_unit() {
        assert_eq!(bytes(2_411_724.0), "2.412 MB");
        assert_eq!(bytes(812.0), "812 B");
        assert_eq!(bytes(999_999.0), "1.000 MB");
        assert_eq!(duration(12_345_678.0), "12.3 ms");
        assert_eq!(percent(0.0042), "0.420 %");
        assert_eq!(significant(-0.0551, 3), "−0.0551");
        assert_eq!(significant(99.96, 3), "100");
        assert_eq!(significant(1.0e-9, 3), "1.00e−9");
    }
}
