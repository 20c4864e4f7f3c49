//! A program that is not this project's: how it is started, where its result is, and what makes that
//! right.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use record::units::Nanos;

use super::fill;

/// A command with all that is said of it; names of the laboratory are not filled in yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Foreign {
    pub command: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub output: Output,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode: Option<Vec<String>>,
    /// Nothing for what goes by itself: bytes where there is a `decode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Empty for 0 alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exit_codes: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Nanos>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub hooks: Hooks,
}

/// Commands around what is measured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hooks {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepare: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conclude: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<Vec<String>>,
}

/// Where the result of a command is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Output {
    /// On its stdout.
    #[default]
    Stdout,
    /// At `{output}`, which is not there before the run.
    File,
    /// At `{output}`, a folder that is empty before the run.
    Folder,
    /// Nowhere.
    Nothing,
    /// At a path in which names are filled in.
    At(String),
}

/// What makes a round trip right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Check {
    Named(Sameness),
    /// A command that ends with 0.
    Command(Vec<String>),
}

/// In which sense two documents are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sameness {
    Bytes,
    /// The same JSON values, in whatever notation.
    Json,
    /// It does not matter.
    None,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl From<String> for Output {
    fn from(text: String) -> Self {
        match text.as_str() {
            "stdout" => Output::Stdout,
            "file" => Output::File,
            "folder" => Output::Folder,
            "none" => Output::Nothing,
            _ => Output::At(text),
        }
    }
}

impl From<Output> for String {
    fn from(output: Output) -> Self {
        match output {
            Output::Stdout => "stdout".to_owned(),
            Output::File => "file".to_owned(),
            Output::Folder => "folder".to_owned(),
            Output::Nothing => "none".to_owned(),
            Output::At(path) => path,
        }
    }
}

impl Foreign {
    /// Whether the document is on stdin, not a file.
    pub fn reads_stdin(&self) -> bool {
        !fill::any_names(&self.command, "input")
            && !self.env.values().any(|value| fill::names(value, "input"))
    }

    /// Whether a run needs to know what `{name}` stands for.
    pub fn names(&self, name: &str) -> bool {
        let Hooks { prepare, conclude, .. } = &self.hooks;
        let check = match &self.check {
            Some(Check::Command(line)) => line.as_slice(),
            _ => &[],
        };
        let at = String::from(self.output.clone());
        let lines = [&self.command].into_iter().chain(prepare).chain(conclude);
        let words = lines.flatten().chain(check).chain(self.env.values()).chain(&self.cwd);
        words.chain([&at]).any(|word| fill::names(word, name))
    }

    /// Replaces every text that may hold names, until one is refused.
    pub fn try_visit(
        &mut self,
        of: &mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Result<(), String> {
        let Hooks { setup, prepare, conclude, cleanup } = &mut self.hooks;
        let check = match &mut self.check {
            Some(Check::Command(line)) => Some(line),
            _ => None,
        };
        let lines = [
            &mut self.decode,
            &mut self.version,
            &mut self.build,
            setup,
            prepare,
            conclude,
            cleanup,
        ];
        let lines =
            lines.into_iter().filter_map(Option::as_mut).chain(check).chain([&mut self.command]);
        let words = lines.flatten().chain(self.env.values_mut()).chain(self.cwd.as_mut());
        for word in words {
            *word = of(word)?;
        }
        Ok(())
    }

    /// Whether the exit code is no failure.
    pub fn is_fine(&self, exit_code: i32) -> bool {
        match self.exit_codes.as_slice() {
            [] => exit_code == 0,
            codes => codes.iter().any(|code| i32::from(*code) == exit_code),
        }
    }

    /// What its results are checked for: nothing where there is nothing to compare.
    pub fn checked(&self) -> Option<Check> {
        match (&self.check, &self.decode) {
            (Some(Check::Named(Sameness::None)), _) | (None, None) => None,
            (Some(check), _) => Some(check.clone()),
            (None, Some(_)) => Some(Check::Named(Sameness::Bytes)),
        }
    }
}
