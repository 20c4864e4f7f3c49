//! `input.generate`: programs that make documents.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use toml::Spanned;

/// A program that makes documents of any size, with the name under which they are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator {
    pub name: String,
    pub command: Vec<String>,
}

/// The programs as the TOML says them: names with commands in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct RawGenerators(pub(crate) Vec<(String, Spanned<Vec<String>>)>);

/// The same for the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)] // read by `schemars` alone
pub(crate) enum GeneratorsSchema {
    /// A command; its documents are called `generated`.
    One(Vec<String>),
    /// Commands by the names of their documents.
    Named(std::collections::BTreeMap<String, Vec<String>>),
}

impl<'de> Deserialize<'de> for RawGenerators {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = RawGenerators;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a command, or commands by name, such as `{ logs = [\"./make\", \"{size}\"] }`",
                )
            }

            fn visit_seq<A: SeqAccess<'de>>(self, line: A) -> Result<RawGenerators, A::Error> {
                let line = Vec::deserialize(SeqAccessDeserializer::new(line))?;
                // Where the list stands is known from the table around it.
                Ok(RawGenerators(vec![("generated".to_owned(), Spanned::new(0..0, line))]))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<RawGenerators, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = table.next_entry()? {
                    all.push(one);
                }
                Ok(RawGenerators(all))
            }
        }

        deserializer.deserialize_any(Either)
    }
}
