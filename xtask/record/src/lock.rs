//! What was measured, and where: `experiment.lock.toml` and `machine.toml`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::hash::Sha256Hex;
use crate::machine::Machine;
use crate::units::Bytes;

/// An experiment, as far as records must know it. What else it holds is stored and read back as it is.
pub trait Asks: Serialize + DeserializeOwned {
    /// Whether heap by stage is recorded beside the samples.
    fn heap(&self) -> bool;
    /// Whether memory over time is.
    fn timeline(&self) -> bool;
}

/// What was measured: enough to know whether more samples belong to the same campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lock<E> {
    /// Version of this file's layout.
    pub version: u32,
    /// The command that makes the report again.
    pub command: String,
    /// Commit of the tree that was measured.
    pub commit: String,
    /// Whether the tree held changes that are not in that commit.
    pub dirty: bool,
    /// What `--only` narrowed it to; empty for the whole experiment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// The compiler.
    pub rustc: String,
    /// The programs that are measured, and those that measure.
    pub binary: Vec<Binary>,
    /// The documents.
    pub document: Vec<LockedDocument>,
    /// Sizes chosen while measuring, in the order of the decisions; each profile's last one has no size.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<ChosenSize>,
    /// What was asked, all defaults filled in.
    pub experiment: E,
}

/// A decision about the sizes of a profile: one more, or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenSize {
    /// Profile of the document.
    pub profile: String,
    /// Its size; nothing where no more are chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Bytes>,
    /// Why.
    pub because: Because,
}

/// Why a size was chosen, or why no more are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// An end of the range.
    Start,
    /// The top of the range holds too few sizes.
    Top,
    /// The laws that are left differ most there.
    Discriminates,
    /// Every series is decided.
    Decided,
    /// No size is left that the budget allows.
    Spent,
    /// No size is left that would tell more.
    Exhausted,
    /// Every variant failed, or no fitted metric has values.
    NothingToFit,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Because::Start => "an end of the range",
            Because::Top => "growth is read from the top",
            Because::Discriminates => "the laws that are left differ most there",
            Because::Decided => "every series is decided",
            Because::Spent => "the budget is spent",
            Because::Exhausted => "no further size tells more",
            Because::NothingToFit => "nothing is left to fit",
        })
    }
}

/// A program that is measured or measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binary {
    /// What it is known by.
    pub name: String,
    /// What it says of itself.
    pub version: String,
    /// Digest of its bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Hex>,
}

/// The identity of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedDocument {
    /// Profile of the document.
    pub profile: String,
    /// Its size; nothing where no more are chosen.
    pub size: Bytes,
    /// Digest of its bytes.
    pub sha256: Sha256Hex,
}

/// The machine when the campaign began, and when it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machines {
    /// System calls that the machine refused to the probe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// The reason that it gave, by call.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused_because: BTreeMap<String, String>,
    /// When the campaign began.
    pub before: Machine,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Machine>,
}

impl Machines {
    /// What was refused, each with its reason where one is known.
    pub fn refusals(&self) -> Vec<String> {
        let with_reason = |call: &String| match self.refused_because.get(call) {
            Some(reason) => format!("{call} ({reason})"),
            None => call.clone(),
        };
        self.refused.iter().map(with_reason).collect()
    }
}
