//! The `{names}` in an experiment's prose that are filled in from the data, so that no number in a
//! report is typed in: `{metric/variant/profile/what}`, where `what` is a size, `exponent`,
//! `constant`, `slope`, or `at 100 MB` for a prediction.

use std::ops::Range;

use record::metric::Metric;
use record::units::Bytes;

/// One number of the results, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    pub metric: Metric,
    pub variant: String,
    pub profile: String,
    pub what: What,
}

/// Which number of a variant and profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The mean at a measured size.
    Mean(Bytes),
    /// The exponent of the power law.
    Exponent,
    /// The constant part of the growth model.
    Constant,
    /// The growth model's factor, per byte of input (or per its unit of growth).
    Slope,
    /// The growth model's prediction at a size.
    At(Bytes),
}

const ALLOWED: &str = "`{metric/variant/profile/what}` with `what` a measured size, `exponent`, \
                       `constant`, `slope` or `at SIZE`";

impl Placeholder {
    /// What `text` names, a metric of `own` included.
    pub fn parse(text: &str, own: &[Metric]) -> Result<Self, String> {
        let fields: Vec<&str> = text.split('/').map(str::trim).collect();
        let [metric, variant, profile, what] = fields[..] else {
            return Err(format!("`{{{text}}}`; write {ALLOWED}"));
        };
        let what = match what {
            "exponent" => What::Exponent,
            "constant" => What::Constant,
            "slope" => What::Slope,
            _ => match what.strip_prefix("at ") {
                Some(size) => What::At(size.parse()?),
                None => What::Mean(what.parse().map_err(|_| format!("`{what}`; write {ALLOWED}"))?),
            },
        };
        let metric = Metric::find(metric, own)?;
        Ok(Self { metric, variant: variant.to_owned(), profile: profile.to_owned(), what })
    }
}

/// The byte ranges of all `{..}` in `text`, braces included.
pub fn spans(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find('{') {
        let open = from + open;
        let Some(length) = text[open..].find('}') else { break };
        found.push(open..open + length + 1);
        from = open + length + 1;
    }
    found
}

/// `text` with every placeholder replaced by what `value` makes of it.
pub fn fill(text: &str, own: &[Metric], value: impl Fn(&Placeholder) -> String) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans(text) {
        filled.push_str(&text[from..span.start]);
        match Placeholder::parse(&text[span.start + 1..span.end - 1], own) {
            Ok(placeholder) => filled.push_str(&value(&placeholder)),
            Err(_) => filled.push_str(&text[span.clone()]),
        }
        from = span.end;
    }
    filled.push_str(&text[from..]);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_filled_in_by_name() {
        let text = "Peak {peak_rss/whole/wide/10 MB}, b = {peak_rss/whole/wide/exponent}.";
        let filled = fill(text, &[], |p| format!("<{:?}>", p.what));
        assert_eq!(filled, "Peak <Mean(Bytes(10000000))>, b = <Exponent>.");
    }

    #[test]
    fn a_wrong_name_says_what_is_allowed() {
        for wrong in ["x", "peak/whole/wide/1 B", "peak_rss/whole/wide/big"] {
            assert!(Placeholder::parse(wrong, &[]).is_err(), "{wrong}");
        }
    }
}
