//! Sizes and ranges on the command line: `1000`, `10MB`, `16MiB`, `1MB..2MB`.

use std::ops::Range;

/// Bytes of a size, such as `1000`, `1.5MB` or `16MiB`. `KB`, `MB` count in thousands, `KiB`, `MiB` and, as
/// with other programs, `K` and `M` in 1024s; what is left of a byte is dropped.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor: u128 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "ki" | "kib" => 1 << 10,
        "m" | "mi" | "mib" => 1 << 20,
        "g" | "gi" | "gib" => 1 << 30,
        "t" | "ti" | "tib" => 1 << 40,
        _ => return Err(format!("unit `{unit}` is none of B, K, KB, KiB, M, MB, MiB, G, GB, GiB")),
    };
    let wrong = || "write a size such as 1000, 1.5MB or 16MiB".to_owned();
    let too_large = || "the size is too large".to_owned();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if factor == 1 && number.contains('.') {
        return Err("there are no parts of a byte".to_owned());
    }
    if whole.is_empty() || part.len() > 18 || (number.contains('.') && part.is_empty()) {
        return Err(wrong());
    }
    let part_scale = 10_u128.pow(part.len() as u32);
    let digits: u128 = format!("{whole}{part}").parse().map_err(|_| wrong())?;
    let bytes = digits.checked_mul(factor).ok_or_else(too_large)? / part_scale;
    u64::try_from(bytes).map_err(|_| too_large())
}

/// A size for people: `512 B`, `1.5 MB`, in thousands.
pub(crate) fn text(bytes: u64) -> String {
    let mut scaled = bytes as f64;
    let mut units = ["B", "KB", "MB", "GB", "TB", "PB", "EB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    // What would be written as 1000.0 is 1.0 of the next.
    while scaled >= 999.95 {
        let Some(next) = units.next() else { break };
        (scaled, unit) = (scaled / 1000.0, next);
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{scaled:.1} {unit}") }
}

/// A number of lines.
fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write lines such as 0..10, 1000.. or ..10".to_owned())
}

/// A range of bytes, its end not included: `START..END`, `START..` or `..END`. No end is `u64::MAX`.
pub(crate) fn parse_range(text: &str) -> Result<Range<u64>, String> {
    range(text, "byte", "write a range of bytes such as 0..1000, 16MiB.. or ..1MB", parse)
}

/// A range of lines, counted from 0, as one of bytes.
pub(crate) fn parse_lines(text: &str) -> Result<Range<u64>, String> {
    range(text, "line", "write lines such as 0..10, 1000.. or ..10", parse_count)
}

fn range(
    text: &str,
    what: &str,
    help: &str,
    parse: impl Fn(&str) -> Result<u64, String>,
) -> Result<Range<u64>, String> {
    let (start, end) = text.split_once("..").ok_or_else(|| help.to_owned())?;
    let start = if start.is_empty() { 0 } else { parse(start)? };
    let end = if end.is_empty() { u64::MAX } else { parse(end)? };
    if start > end {
        return Err(format!("it ends at {what} {end}, before it begins at {what} {start}"));
    }
    Ok(start..end)
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_lines, parse_range, text};

    #[test]
    fn a_size_for_people_has_four_digits_at_most() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (999_949, "999.9 KB"),
            (999_950, "1.0 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(text(bytes), expected);
        }
    }

    #[test]
    fn a_range_may_lack_its_start_or_end() {
        assert_eq!(parse_range("5..7"), Ok(5..7));
        assert_eq!(parse_range("1KiB..2kB"), Ok(1024..2000));
        assert_eq!(parse_range("7.."), Ok(7..u64::MAX));
        assert_eq!(parse_range("..7"), Ok(0..7));
        assert_eq!(parse_range(".."), Ok(0..u64::MAX));
        for wrong in ["", "5", "7..5", "a..b", "1..2..3", "-1..2"] {
            assert!(parse_range(wrong).is_err(), "{wrong}");
            assert!(parse_lines(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_lines("7..1000"), Ok(7..1000));
        assert!(parse_lines("1K..2K").is_err());
        assert_eq!(parse_range("1.5KiB..2K"), Ok(1536..2048));
    }

    #[test]
    fn sizes_are_those_of_other_programs() {
        for (text, bytes) in [
            ("7", 7),
            ("10MB", 10_000_000),
            ("16 MiB", 16 << 20),
            ("1M", 1 << 20),
            ("1m", 1 << 20),
            ("3Mi", 3 << 20),
            ("64k", 64 << 10),
            ("1.5MB", 1_500_000),
            ("1.5M", 3 << 19),
            ("0.1KiB", 102),
            ("2tb", 2_000_000_000_000),
            ("18446744073709551615", u64::MAX),
            ("16777215.999999TiB", 18_446_744_073_708_452_104),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for wrong in [
            "MB",
            "1 XB",
            "1.5",
            "1.5B",
            "1.MB",
            ".5MB",
            "1..5MB",
            "1.2.3MB",
            "-1",
            "",
            "1e3",
            "99999999999GiB",
            "18446744073709551616",
            "1.0000000000000000001MB",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
