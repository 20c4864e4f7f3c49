//! Sizes and ranges on the command line: `1000`, `10MB`, `16MiB`, `1MB..2MB`.

use std::ops::Range;

/// Bytes of a size; decimal and binary units are different.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(format!("unit `{unit}` is none of B, KB, MB, GB, KiB, MiB, GiB")),
    };
    let number: u64 =
        number.parse().map_err(|_| "write a size such as 10MB or 16MiB".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "the size is too large".to_owned())
}

/// A range of bytes, its end not included: `START..END`, `START..` or `..END`. No end is `u64::MAX`.
pub(crate) fn parse_range(text: &str) -> Result<Range<u64>, String> {
    let (start, end) = text
        .split_once("..")
        .ok_or_else(|| "write a range of bytes such as 0..1000, 16MiB.. or ..1MB".to_owned())?;
    let start = if start.is_empty() { 0 } else { parse(start)? };
    let end = if end.is_empty() { u64::MAX } else { parse(end)? };
    if start > end {
        return Err(format!("it ends at byte {end}, before it begins at byte {start}"));
    }
    Ok(start..end)
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_range};

    #[test]
    fn a_range_may_lack_its_start_or_end() {
        assert_eq!(parse_range("5..7"), Ok(5..7));
        assert_eq!(parse_range("1KiB..2kB"), Ok(1024..2000));
        assert_eq!(parse_range("7.."), Ok(7..u64::MAX));
        assert_eq!(parse_range("..7"), Ok(0..7));
        assert_eq!(parse_range(".."), Ok(0..u64::MAX));
        for wrong in ["", "5", "7..5", "a..b", "1..2..3", "-1..2"] {
            assert!(parse_range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn decimal_and_binary_units_differ() {
        assert_eq!(parse("10MB"), Ok(10_000_000));
        assert_eq!(parse("16 MiB"), Ok(16 << 20));
        assert_eq!(parse("7"), Ok(7));
        assert!(parse("MB").is_err() && parse("1 XB").is_err() && parse("99999999999GiB").is_err());
    }
}
