//! `[matrix]`: parameters of commands, and the variants that every combination of their values makes,
//! as `[grid]` does for `sigma`'s switches.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::fill::{self, RESERVED};
use super::raw::{RawCheck, RawVariant};

/// The parameters in the order of the file, and the combinations that are left out.
#[derive(Debug, Default)]
pub(crate) struct RawMatrix {
    parameters: Vec<(Spanned<String>, Vec<Scalar>)>,
    exclude: Vec<Spanned<Combination>>,
}

/// A value of a parameter as it stands in a command.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code)] // the schema's alternatives; values are kept as texts
pub(crate) enum Scalar {
    /// As it is; an argument that becomes empty is left out.
    Text(String),
    /// A whole number.
    Whole(i64),
}

/// Values of some parameters, by name.
type Combination = std::collections::BTreeMap<String, Scalar>;

/// What is wrong, and where if not everywhere.
pub(crate) type Refusal = (Option<std::ops::Range<usize>>, String);

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Text(text) => f.write_str(text),
            Scalar::Whole(number) => write!(f, "{number}"),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl Visitor<'_> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a text or a truth value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Whole(number))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar::Text(number.to_string()))
            }

            fn visit_bool<E>(self, on: bool) -> Result<Scalar, E> {
                Ok(Scalar::Text(on.to_string()))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for RawMatrix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;

        impl<'de> Visitor<'de> for Table {
            type Value = RawMatrix;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("parameters with lists of values, such as `level = [1, 9, 19]`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<RawMatrix, A::Error> {
                let mut matrix = RawMatrix::default();
                while let Some(name) = table.next_key::<Spanned<String>>()? {
                    match name.get_ref().as_str() {
                        "exclude" => matrix.exclude = table.next_value()?,
                        _ => matrix.parameters.push((name, table.next_value()?)),
                    }
                }
                Ok(matrix)
            }
        }

        deserializer.deserialize_map(Table)
    }
}

impl RawMatrix {
    /// The variants with each that names parameters replaced by one for every combination.
    pub(crate) fn expand(
        &self,
        variants: &[Spanned<RawVariant>],
    ) -> Result<Vec<Spanned<RawVariant>>, Refusal> {
        self.check()?;
        let mut used = BTreeSet::new();
        let mut expanded = Vec::new();
        for variant in variants {
            let named: Vec<&(Spanned<String>, Vec<Scalar>)> = self
                .parameters
                .iter()
                .filter(|(name, _)| names(variant.get_ref(), name.get_ref()))
                .collect();
            used.extend(named.iter().map(|(name, _)| name.get_ref().as_str()));
            for combination in combinations(&named) {
                if !self.is_excluded(&combination) {
                    let filled = filled(variant.get_ref(), &combination);
                    expanded.push(Spanned::new(variant.span(), filled));
                }
            }
        }
        match self.parameters.iter().find(|(name, _)| !used.contains(name.get_ref().as_str())) {
            None => Ok(expanded),
            Some((name, _)) => {
                let message = format!(
                    "`matrix.{0}` is named by no variant; write `{{{0}}}` in a `command`",
                    name.get_ref()
                );
                Err((Some(name.span()), message))
            }
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        for (name, values) in &self.parameters {
            let word = name.get_ref();
            let refuse = |message: String| Err((Some(name.span()), message));
            let is_word = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            if RESERVED.contains(&word.as_str()) || !is_word {
                return refuse(format!(
                    "`matrix.{word}` cannot be the name of a parameter; use letters, digits and `-_`, \
                     and none of {}",
                    RESERVED.map(|name| format!("`{name}`")).join(", ")
                ));
            }
            if values.is_empty() {
                return refuse(format!(
                    "`matrix.{word}` has no values; write some, such as `[1, 2]`"
                ));
            }
            let texts: BTreeSet<String> = values.iter().map(ToString::to_string).collect();
            if texts.len() < values.len() {
                return refuse(format!("`matrix.{word}` holds a value twice; name each once"));
            }
        }
        for left_out in &self.exclude {
            for (name, value) in left_out.get_ref() {
                let parameter = self.parameters.iter().find(|(of, _)| of.get_ref() == name);
                if !parameter.is_some_and(|(_, values)| values.contains(value)) {
                    let message = format!(
                        "`matrix.exclude` names `{name} = {value}`, which is no value of `[matrix]`"
                    );
                    return Err((Some(left_out.span()), message));
                }
            }
        }
        Ok(())
    }

    fn is_excluded(&self, combination: &[(&str, String)]) -> bool {
        let has = |(name, value): (&String, &Scalar)| {
            combination.iter().any(|(of, is)| of == name && *is == value.to_string())
        };
        self.exclude
            .iter()
            .any(|left_out| !left_out.get_ref().is_empty() && left_out.get_ref().iter().all(has))
    }
}

/// Every combination of the values, the last parameter changing fastest; one empty one of none.
fn combinations<'a>(
    parameters: &[&'a (Spanned<String>, Vec<Scalar>)],
) -> Vec<Vec<(&'a str, String)>> {
    let mut all = vec![Vec::new()];
    for (name, values) in parameters {
        let with = |combination: Vec<(&'a str, String)>| {
            values.iter().map(move |value| {
                let one = (name.get_ref().as_str(), value.to_string());
                combination.iter().cloned().chain([one]).collect()
            })
        };
        all = all.into_iter().flat_map(with).collect();
    }
    all
}

/// Calls `visit` with every text of a variant in which parameters are filled in, lists of arguments apart.
fn visit(
    variant: &mut RawVariant,
    text: &mut dyn FnMut(&mut String),
    words: &mut dyn FnMut(&mut Vec<String>),
) {
    let RawVariant {
        name,
        about,
        encode: _,
        command,
        output,
        decode,
        check,
        version,
        env,
        cwd,
        exit_codes: _,
        timeout: _,
        build,
        setup,
        prepare,
        conclude,
        cleanup,
        optional: _,
    } = variant;
    text(name.get_mut());
    about.iter_mut().chain(cwd).chain(env.values_mut()).for_each(&mut *text);
    if let Some(output) = output {
        text(output.get_mut());
    }
    for line in [command, decode, build, setup, prepare, conclude, cleanup].into_iter().flatten() {
        words(line.get_mut());
    }
    version.iter_mut().for_each(&mut *words);
    if let Some(RawCheck::Command(line)) = check.as_mut().map(Spanned::get_mut) {
        words(line);
    }
}

fn names(variant: &RawVariant, parameter: &str) -> bool {
    let found = std::cell::Cell::new(false);
    let look = |text: &str| found.set(found.get() || fill::names(text, parameter));
    visit(&mut variant.clone(), &mut |text| look(text), &mut |words| {
        for word in words {
            look(word);
        }
    });
    found.get()
}

/// The variant of one combination. A name that does not tell all its values apart gets them appended.
fn filled(variant: &RawVariant, combination: &[(&str, String)]) -> RawVariant {
    let mut filled = variant.clone();
    let untold: Vec<String> = combination
        .iter()
        .filter(|(name, _)| !fill::names(variant.name.get_ref(), name))
        .map(|(_, value)| fitting(value))
        .filter(|value| !value.is_empty())
        .collect();
    let values: Vec<(&str, &str)> =
        combination.iter().map(|(name, value)| (*name, value.as_str())).collect();
    visit(&mut filled, &mut |text| *text = fill::text(text, &values), &mut |words| {
        *words = fill::words(words, &values);
    });
    let name = fitting(filled.name.get_ref());
    if !combination.is_empty() {
        *filled.name.get_mut() = std::iter::once(name).chain(untold).collect::<Vec<_>>().join("-");
    }
    filled
}

/// What of a value may stand in a name: `--long=27` becomes `long27`.
fn fitting(value: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || "-_.+".contains(*c);
    value.chars().filter(fits).collect::<String>().trim_matches('-').to_owned()
}
