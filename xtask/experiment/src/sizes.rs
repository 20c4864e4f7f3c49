//! `input.sizes`: a list, a range with so many sizes per decade, or a range in which the campaign chooses.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use record::units::{Bytes, Nanos};

use super::Auto;

/// Most sizes per decade: closer ones tell nothing more about growth.
const PER_DECADE_MAX: u32 = 24;

/// The sizes as the TOML says them.
#[derive(Debug)]
pub(crate) enum RawSizes {
    /// `["1 KB", "10 KB"]`
    List(Vec<Spanned<String>>),
    /// `{ from = "1 KB", to = "100 MB", per_decade = 4 }`
    Range(RawRange),
    /// `"auto"`
    Auto,
}

/// Range and budget of `sizes = "auto"`.
pub(crate) const AUTO: Auto =
    Auto { from: Bytes(10_000), to: Bytes(10_000_000), budget: Nanos(60_000_000_000) };

/// From one size to another, evenly on a logarithmic axis, or with `auto = true` at sizes that are chosen
/// while measuring.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRange {
    /// The smallest size.
    #[schemars(with = "String")]
    pub(crate) from: Spanned<String>,
    /// The largest size.
    #[schemars(with = "String")]
    pub(crate) to: Spanned<String>,
    /// How many sizes there are from one size to its tenfold. Default 3.
    #[schemars(with = "Option<u32>")]
    pub(crate) per_decade: Option<Spanned<u32>>,
    /// Choose sizes while measuring, where they tell most about growth, until it is decided or the budget
    /// is spent. Default `false`.
    #[schemars(with = "Option<bool>")]
    pub(crate) auto: Option<Spanned<bool>>,
    /// How long all runs of the sweep may take together where sizes are chosen, such as `60 s` (the
    /// default).
    #[schemars(with = "Option<String>")]
    pub(crate) budget: Option<Spanned<String>>,
}

/// The same for the schema: serde's own untagged enums forget where things stand.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)] // read by `schemars` alone
pub(crate) enum SizesSchema {
    /// Exact sizes of the documents, such as `10 KB` or `1 MiB`.
    List(Vec<String>),
    /// From one size to another.
    Range(RawRange),
    /// The same as `{ auto = true, from = "10 KB", to = "10 MB", budget = "60 s" }`.
    Auto(AutoWord),
}

/// The one word that stands for a range and a budget.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)] // read by `schemars` alone
pub(crate) enum AutoWord {
    /// Sizes are chosen while measuring.
    Auto,
}

impl Default for RawSizes {
    fn default() -> Self {
        RawSizes::List(Vec::new())
    }
}

impl<'de> Deserialize<'de> for RawSizes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = RawSizes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a list of sizes, or `{ from = \"1 KB\", to = \"100 MB\", per_decade = 4 }`, or `\"auto\"`",
                )
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<RawSizes, E> {
                match word {
                    "auto" => Ok(RawSizes::Auto),
                    other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<RawSizes, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(RawSizes::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, range: A) -> Result<RawSizes, A::Error> {
                RawRange::deserialize(MapAccessDeserializer::new(range)).map(RawSizes::Range)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// What is wrong with a range, and where if not everywhere.
pub(crate) enum Refusal<'a> {
    Size(&'static str, &'a Spanned<String>, String),
    PerDecade(&'a Spanned<u32>, String),
}

impl RawRange {
    /// Whether sizes are chosen while measuring.
    pub(crate) fn is_auto(&self) -> bool {
        self.auto.as_ref().is_some_and(|auto| *auto.get_ref())
    }

    /// The range in which sizes are chosen, and for how long.
    pub(crate) fn resolve_auto(&self) -> Result<Auto, Refusal<'_>> {
        let (from, to) = self.ends()?;
        if let Some(per_decade) = &self.per_decade {
            let message = format!(
                "`{}` beside `auto`, which chooses how many there are; write one of both",
                per_decade.get_ref()
            );
            return Err(Refusal::PerDecade(per_decade, message));
        }
        let budget = match &self.budget {
            None => AUTO.budget,
            Some(text) => text
                .get_ref()
                .parse()
                .map_err(|found| Refusal::Size("input.sizes.budget", text, found))?,
        };
        Ok(Auto { from, to, budget })
    }

    /// The sizes, ascending, both ends exact and those between rounded to two digits (three where two
    /// would merge neighbours).
    pub(crate) fn resolve(&self) -> Result<Vec<Bytes>, Refusal<'_>> {
        if let Some(text) = &self.budget {
            let found = format!("`{}`, which goes with `auto = true` alone", text.get_ref());
            return Err(Refusal::Size("input.sizes.budget", text, found));
        }
        let per_decade = self.per_decade.as_ref().map_or(3, |of| *of.get_ref());
        if let Some(wrong) =
            self.per_decade.as_ref().filter(|of| !(1..=PER_DECADE_MAX).contains(of.get_ref()))
        {
            let message = format!("`{per_decade}`; write a number from 1 to {PER_DECADE_MAX}");
            return Err(Refusal::PerDecade(wrong, message));
        }
        let (from, to) = self.ends()?;
        Ok(between(from, to, per_decade))
    }

    fn ends(&self) -> Result<(Bytes, Bytes), Refusal<'_>> {
        let parse =
            |key, text: &'_ Spanned<String>| text.get_ref().parse::<Bytes>().map_err(|m| (key, m));
        let from = parse("input.sizes.from", &self.from)
            .map_err(|(key, found)| Refusal::Size(key, &self.from, found))?;
        let to = parse("input.sizes.to", &self.to)
            .map_err(|(key, found)| Refusal::Size(key, &self.to, found))?;
        if from.0 == 0 {
            let message = "`0 B`, from which no factor leads on; write at least `1 B`".to_owned();
            return Err(Refusal::Size("input.sizes.from", &self.from, message));
        }
        if to <= from {
            let message = format!("`{to}`; write a size above `from`, which is `{from}`");
            return Err(Refusal::Size("input.sizes.to", &self.to, message));
        }
        Ok((from, to))
    }
}

/// At least `per_decade` sizes to each tenfold, from `from` to `to`.
pub(crate) fn between(from: Bytes, to: Bytes, per_decade: u32) -> Vec<Bytes> {
    let decades = (to.0 as f64 / from.0 as f64).log10();
    // What rounding leaves of a whole number of steps is no step.
    let steps = (decades * f64::from(per_decade) - 1e-9).ceil().max(1.0);
    let digits = if per_decade > 10 { 3 } else { 2 };
    let mut sizes: Vec<Bytes> = (1..steps as u32)
        .map(|step| from.0 as f64 * 10_f64.powf(decades * f64::from(step) / steps))
        .map(|size| Bytes(rounded(size, digits)))
        .filter(|size| (from..to).contains(size))
        .collect();
    sizes.extend([from, to]);
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// A size of so many significant digits, which people can read and write.
fn rounded(size: f64, digits: i32) -> u64 {
    let unit = 10_f64.powi((size.log10().floor() as i32 + 1 - digits).max(0));
    ((size / unit).round() * unit).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(from: u64, to: u64, per_decade: u32) -> String {
        let sizes = between(Bytes(from), Bytes(to), per_decade);
        sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_range_is_even_on_a_logarithmic_axis_with_both_ends_exact() {
        assert_eq!(shown(1_000, 100_000, 2), "1 KB, 3.2 KB, 10 KB, 32 KB, 100 KB");
        assert_eq!(shown(1_000, 10_000, 4), "1 KB, 1.8 KB, 3.2 KB, 5.6 KB, 10 KB");
        assert_eq!(shown(1_024, 65_536, 1), "1.024 KB, 8.2 KB, 65.536 KB");
        assert_eq!(shown(1_000, 1_001, 3), "1 KB, 1.001 KB");
        assert_eq!(between(Bytes(1_000), Bytes(100_000_000), 4).len(), 21);
    }

    #[test]
    fn the_word_stands_for_what_the_schema_says_of_it() {
        let text = serde_json::to_string(&schemars::schema_for!(SizesSchema)).unwrap();
        let Auto { from, to, budget } = AUTO;
        let said = format!("from = \\\"{from}\\\", to = \\\"{to}\\\", budget = \\\"60 s\\\"");
        assert!(text.contains(&said), "{said} in {text}");
        assert_eq!(budget, "60 s".parse().unwrap());
    }

    #[test]
    fn neighbours_are_never_merged_or_out_of_order() {
        for per_decade in 1..=PER_DECADE_MAX {
            let sizes = between(Bytes(1_000), Bytes(10_000_000), per_decade);
            assert_eq!(sizes.len() as u32, 4 * per_decade + 1);
            assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]), "{sizes:?}");
        }
        // Below ten bytes there are not that many sizes.
        assert_eq!(shown(1, 10, 24), "1 B, 2 B, 3 B, 4 B, 5 B, 6 B, 7 B, 8 B, 9 B, 10 B");
    }
}
