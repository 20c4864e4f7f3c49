//! The names of documents: the profiles that generators make, and files. What the bytes are is the
//! business of `inputs`.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Input;

/// The shapes of generated documents. Same seed, same bytes, on every platform and release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A tree of even depth with two to four children a node.
    Balanced,
    /// A chain of nodes, each the only child of the one before.
    Deep,
    /// One root with all nodes as its children.
    Wide,
    /// NDJSON events of a service.
    Records,
    /// A syntax tree with positions.
    Ast,
    /// A time series of integers and decimals.
    Numbers,
    /// Long strings of words.
    Text,
    /// Incompressible strings.
    Random,
}

/// Every profile with its name.
pub const PROFILES: [(Profile, &str); 8] = [
    (Profile::Balanced, "balanced"),
    (Profile::Deep, "deep"),
    (Profile::Wide, "wide"),
    (Profile::Records, "records"),
    (Profile::Ast, "ast"),
    (Profile::Numbers, "numbers"),
    (Profile::Text, "text"),
    (Profile::Random, "random"),
];

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = PROFILES.iter().find(|(profile, _)| profile == self).expect("all listed");
        f.pad(name)
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = PROFILES.map(|(_, name)| format!("`{name}`")).join(", ");
        PROFILES
            .into_iter()
            .find(|(_, name)| *name == text)
            .map(|(profile, _)| profile)
            .ok_or_else(|| format!("`{text}`; write one of {names}"))
    }
}

/// The names of all profiles and files of an experiment, in the order of its tables.
pub fn profile_names(input: &Input) -> Vec<String> {
    swept_names(input).into_iter().chain(input.found().map(|file| file_name(file))).collect()
}

/// The names of what comes at every size of the sweep: generated profiles and repeated documents.
pub fn swept_names(input: &Input) -> Vec<String> {
    let generated = input.profiles.iter().map(ToString::to_string);
    let made = input.generate.iter().map(|generator| generator.name.clone());
    generated.chain(input.repeated.iter().map(|file| repeated_name(file))).chain(made).collect()
}

/// The name by which tables know a repeated file.
pub fn repeated_name(file: &Path) -> String {
    format!("{}-repeated", file.file_stem().unwrap_or_default().to_string_lossy())
}

/// The name by which tables know a file.
pub fn file_name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
