//! Sizes on the command line: `1000`, `10MB`, `16MiB`.

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

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn decimal_and_binary_units_differ() {
        assert_eq!(parse("10MB"), Ok(10_000_000));
        assert_eq!(parse("16 MiB"), Ok(16 << 20));
        assert_eq!(parse("7"), Ok(7));
        assert!(parse("MB").is_err() && parse("1 XB").is_err() && parse("99999999999GiB").is_err());
    }
}
