//! `[[metric]]`: a number that programs say of themselves, and where it is found.

use regex::bytes::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use record::Sample;
use record::metric::{ALL, Better, Metric, Own};

/// A number that programs say of themselves. Everything that holds for `wall` holds for it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMetric {
    /// Name by which criteria and `fit.metrics` know it.
    #[schemars(with = "String")]
    pub(crate) name: Spanned<String>,
    /// What it is in a few words, for headings. Default: its name.
    pub(crate) words: Option<String>,
    /// Of the number as it is found: a unit of size or time (`KB`, `ms`), `count`, `ratio`, or any word that
    /// is to stand behind it. Default `count`.
    pub(crate) unit: Option<String>,
    /// Which values are the better ones: `lower` (the default) or `higher`.
    #[serde(default)]
    pub(crate) better: Better,
    /// Where it is found: `stdout`, `stderr` (the default) or a file, such as `{work}/stats.json`.
    pub(crate) from: Option<String>,
    /// The number is the first group of this regular expression, or all of it; of several matches the last
    /// one counts.
    #[schemars(with = "Option<String>")]
    pub(crate) regex: Option<Spanned<String>>,
    /// The number stands at this JSON pointer, such as `/time/encode_ms`.
    #[schemars(with = "Option<String>")]
    pub(crate) pointer: Option<Spanned<String>>,
}

/// A declared metric with where and how it is found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    pub from: From,
    pub find: Find,
    /// What the number is multiplied with to be in the metric's base unit.
    pub factor: f64,
    pub metric: Metric,
}

/// What is looked through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum From {
    Stdout,
    Stderr,
    /// A path in which names are filled in.
    File(String),
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Find {
    Regex(String),
    Pointer(String),
}

/// What is wrong, and with which text.
pub(crate) type Refusal<'a> = (&'a Spanned<String>, String);

impl RawMetric {
    pub(crate) fn resolve(&self) -> Result<Reading, Refusal<'_>> {
        let name = self.name.get_ref();
        let (unit, factor) = unit(self.unit.as_deref().unwrap_or("count"));
        let metric = Metric::own(Own {
            name: name.clone(),
            words: self.words.clone().unwrap_or_else(|| name.replace('_', " ")),
            unit,
            better: self.better,
        });
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_word) {
            let message = format!("`metric.name` is `{name}`; use a-z, 0-9 and `_`");
            return Err((&self.name, message));
        }
        let taken = |known: &Metric| known.name() == name || known.key() == metric.key();
        let columns = record::journal::header::<Sample>().unwrap_or_default();
        let is_column =
            String::from_utf8_lossy(&columns).trim_end().split(',').any(|of| of == metric.key());
        if ALL.iter().any(taken) || is_column || name == "memory_given_back" {
            let message = format!(
                "`metric.name` is `{name}`, which the laboratory measures itself; choose another"
            );
            return Err((&self.name, message));
        }
        let find = match (&self.regex, &self.pointer) {
            (Some(regex), None) => {
                Regex::new(regex.get_ref()).map_err(|error| {
                    let error = error.to_string();
                    let why = error
                        .lines()
                        .last()
                        .unwrap_or_default()
                        .trim_start_matches("error: ")
                        .to_owned();
                    (regex, format!("`metric.regex` is no regular expression: {why}"))
                })?;
                Find::Regex(regex.get_ref().clone())
            }
            (None, Some(pointer)) => {
                if !pointer.get_ref().is_empty() && !pointer.get_ref().starts_with('/') {
                    let message = format!(
                        "`metric.pointer` holds `{}`; write a JSON pointer such as `/time/encode_ms`",
                        pointer.get_ref()
                    );
                    return Err((pointer, message));
                }
                Find::Pointer(pointer.get_ref().clone())
            }
            _ => {
                let message = format!("metric `{name}` needs exactly one of `regex` and `pointer`");
                return Err((&self.name, message));
            }
        };
        let from = match self.from.as_deref() {
            None | Some("stderr") => From::Stderr,
            Some("stdout") => From::Stdout,
            Some(path) => From::File(path.to_owned()),
        };
        Ok(Reading { from, find, factor, metric })
    }
}

/// The base unit of a metric, and what a number in `text` is multiplied with to be in it.
fn unit(text: &str) -> (String, f64) {
    let one = format!("1 {text}");
    if let Ok(bytes) = one.parse::<record::units::Bytes>() {
        return ("bytes".to_owned(), bytes.0 as f64);
    }
    if let Ok(nanos) = one.parse::<record::units::Nanos>() {
        return ("ns".to_owned(), nanos.0 as f64);
    }
    (text.to_owned(), 1.0)
}

impl Reading {
    /// The value in the metric's base unit, if the text holds it.
    pub fn value(&self, text: &[u8]) -> Option<f64> {
        let number = match &self.find {
            Find::Regex(regex) => {
                let found = Regex::new(regex).ok()?.captures_iter(text).last()?;
                let number = found.get(1).or_else(|| found.get(0))?.as_bytes();
                // Programs group digits: `1,234,567`.
                let plain: String = std::str::from_utf8(number).ok()?.replace([',', '_', '\''], "");
                plain.trim().parse().ok()?
            }
            Find::Pointer(pointer) => {
                let value: serde_json::Value = serde_json::from_slice(text).ok()?;
                match value.pointer(pointer)? {
                    serde_json::Value::String(text) => text.trim().parse().ok()?,
                    number => number.as_f64()?,
                }
            }
        };
        let value: f64 = number * self.factor;
        value.is_finite().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(text: &str) -> Reading {
        let raw: RawMetric = toml::from_str(&format!("name = \"speed\"\n{text}")).unwrap();
        raw.resolve().map_err(|(_, message)| message).unwrap()
    }

    #[test]
    fn a_number_is_found_in_what_programs_print() {
        let words = reading("regex = 'took ([0-9.]+) ms'\nunit = \"ms\"");
        assert_eq!(words.value(b"took 1 ms\nin all: took 2.5 ms\n\xff"), Some(2_500_000.0));
        assert_eq!(words.value(b"took no time"), None);
        let grouped = reading("regex = '[0-9,]+'");
        assert_eq!(grouped.value(b"1,234,567 instructions"), Some(1_234_567.0));
        let pointer = reading("pointer = \"/a/0/b\"\nunit = \"KiB\"\nbetter = \"higher\"");
        assert_eq!(pointer.value(b"{\"a\": [{\"b\": 2}]}"), Some(2048.0));
        assert_eq!(pointer.value(b"{\"a\": [{\"b\": \"2\"}]}"), Some(2048.0));
        assert_eq!(pointer.value(b"{\"a\": []}"), None);
        assert_eq!(pointer.value(b"no JSON"), None);
        assert_eq!(pointer.metric.better(), Better::Higher);
        assert_eq!(reading("regex = 'x'\nunit = \"req/s\"").metric.show(3.0), "3.000 req/s");
    }
}
