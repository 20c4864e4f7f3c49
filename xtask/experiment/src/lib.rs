//! Stage 1: a TOML file becomes an [`Experiment`], or an error that points at what is wrong in it.
//!
//! What lives here are the resolved types, which the lock file stores as they are. Nothing is run,
//! generated or written in this stage; whether a variant's command exists shows when it is measured.
//!
//! `raw` is the shape that serde checks and the schema is made of, `resolve` the meaning. `foreign` is what
//! may be said of a command, `matrix` makes variants of its parameters, `fill` knows `{names}`,
//! `placeholder` the numbers that prose names.

// Fields are the keys of the TOML; what they mean is said once, where `raw` and its like parse them.
#![allow(missing_docs)]

pub mod criterion;
pub mod data;
pub mod error;
pub mod fill;
pub mod foreign;
mod generator;
pub mod grid;
mod matrix;
pub mod placeholder;
pub mod profile;
mod raw;
pub mod reading;
mod resolve;
mod sizes;
pub mod source;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use record::metric::Metric;
use record::units::{Bytes, Nanos, Share};

pub use criterion::Criterion;
pub use foreign::Foreign;
pub use generator::Generator;
pub use profile::Profile;
pub use raw::{Build, Layout, Level, Switches, schema};
pub use reading::Reading;

/// Fewest runs of a cell from which it counts as deterministic: two may agree by chance, since memory
/// comes in pages.
pub const DETERMINISTIC_RUNS_MIN: usize = 3;

/// Fewest sizes at which a variant was deterministic from which it counts as steady.
pub const STEADY_SIZES_MIN: usize = 2;

/// One question with everything needed to answer it; all defaults are filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    pub title: String,
    pub question: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expect: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub analysis: String,
    pub input: Input,
    pub measure: Measure,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    pub variant: Vec<Variant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<grid::Grid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<data::Data>,
    /// Metrics that programs say of themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric: Vec<Reading>,
    pub fit: Fit,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criterion: Vec<Criterion>,
}

/// The documents: every profile at every size, then files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Input {
    pub profiles: Vec<Profile>,
    /// Ascending; with `auto`, those that are measured first.
    pub sizes: Vec<Bytes>,
    /// More sizes are chosen while measuring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto: Option<Auto>,
    pub seed: u64,
    /// Real documents repeated to every size; relative to the project's root, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<PathBuf>,
    /// Relative to the project's root, sorted.
    pub files: Vec<PathBuf>,
    /// The same; each is one document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<PathBuf>,
    /// Programs that make documents at every size.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generate: Vec<Generator>,
}

/// Where sizes are chosen while measuring, and how long the runs of the sweep may take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auto {
    pub from: Bytes,
    pub to: Bytes,
    pub budget: Nanos,
}

/// How it is measured.
#[allow(clippy::struct_excessive_bools)] // switches of the TOML, each its own
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    pub warmup: u32,
    pub runs_min: u32,
    pub runs_max: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Share>,
    pub timeout: Nanos,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<Bytes>,
    /// Most that one child may write.
    #[serde(default, skip_serializing_if = "OutputLimit::is_default")]
    pub output_limit: OutputLimit,
    pub layout_noise: bool,
    #[serde(default, skip_serializing_if = "Pin::is_default")]
    pub pin: Pin,
    pub after_failure: bool,
    #[serde(default)]
    pub decode: bool,
    pub seed: u64,
    /// One extra run per cell with the instrumented encoder: exact heap by stage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub heap: bool,
    /// Cells of which memory over time is pictured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
}

impl Input {
    /// The files and folders that are documents as they are.
    pub fn found(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().chain(&self.folders)
    }
}

impl Measure {
    /// Whether each child stays on one CPU, where the machine refused these system calls.
    pub fn is_pinned(&self, refused: &[String]) -> bool {
        self.pin != Pin::Never && !refused.iter().any(|call| call == "sched_setaffinity")
    }

    /// Whether the encoder with the counting allocator is needed.
    pub fn needs_heap(&self) -> bool {
        self.heap || self.repeat.is_some()
    }
}

/// Whether children stay on one CPU.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Pin {
    /// Unless a program was seen to run more than one thread or process.
    #[default]
    Auto,
    /// Always; wall times of programs with several threads are then not published.
    Always,
    /// Never.
    Never,
}

impl Pin {
    // serde passes a reference.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_default(&self) -> bool {
        *self == Self::Auto
    }
}

/// Most that a child may write: an amount, or a multiple of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum OutputLimit {
    /// A hundred times the input, or 100 MB where that is more.
    #[default]
    Usual,
    Bytes(Bytes),
    Times(u32),
}

impl OutputLimit {
    fn is_default(&self) -> bool {
        *self == Self::Usual
    }

    /// The limit for an input of this size. Never nothing: an empty document has a header, too.
    pub fn of(self, input: Bytes) -> Bytes {
        match self {
            Self::Usual => Bytes(input.0.saturating_mul(100).max(100_000_000)),
            Self::Bytes(bytes) => bytes,
            Self::Times(times) => Bytes(input.0.saturating_mul(u64::from(times)).max(65_536)),
        }
    }
}

impl FromStr for OutputLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let times = text.trim().strip_suffix('x').map(str::trim);
        match times.and_then(|times| times.parse().ok()) {
            Some(0) => {}
            Some(times) => return Ok(Self::Times(times)),
            None => {
                if let Some(bytes) = text.parse().ok().filter(|bytes| *bytes > Bytes(0)) {
                    return Ok(Self::Bytes(bytes));
                }
            }
        }
        Err(format!(
            "`{text}`; write a size such as `1 GB` or a multiple of the input such as `20 x`"
        ))
    }
}

impl TryFrom<String> for OutputLimit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<OutputLimit> for String {
    fn from(limit: OutputLimit) -> Self {
        match limit {
            OutputLimit::Usual => "100 x".to_owned(),
            OutputLimit::Bytes(bytes) => bytes.to_string(),
            OutputLimit::Times(times) => format!("{times} x"),
        }
    }
}

/// Encode a document `count` times in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    pub count: u32,
    pub at: Bytes,
}

/// One configuration of the encoder, or a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// A program that need not be installed: its absence is no failure.
    #[serde(default)]
    pub optional: bool,
    #[serde(flatten)]
    pub program: Program,
}

impl Variant {
    /// One that starts nothing, for tests.
    pub fn idle(name: &str) -> Self {
        let program = Program::Command(Box::default());
        Self { name: name.to_owned(), about: String::new(), optional: false, program }
    }
}

/// What is started for a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Program {
    /// The encoder of this project with these switches.
    Sigma { encode: Switches },
    /// Any command.
    Command(Box<Foreign>),
}

impl Program {
    /// The command, if it is not the encoder of this project.
    pub fn foreign(&self) -> Option<&Foreign> {
        match self {
            Program::Sigma { .. } => None,
            Program::Command(foreign) => Some(foreign),
        }
    }

    /// What is started, in a line.
    pub fn command_line(&self) -> String {
        match self {
            Program::Sigma { encode } => {
                let arguments = encode.arguments().join(" ");
                format!("sigma encode {arguments}").trim_end().to_owned()
            }
            Program::Command(foreign) => foreign.command.join(" "),
        }
    }
}

/// What is fitted over the sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    pub metrics: Vec<Metric>,
    pub predict: Vec<Bytes>,
    /// Ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budget: Vec<Bytes>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check_budget: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(default = "default_margin")]
    pub margin: Share,
}

/// The difference between variants that does not matter, unless declared.
pub const fn default_margin() -> Share {
    Share(0.01)
}

/// The lock of a campaign.
pub type Lock = record::Lock<Experiment>;

impl record::Asks for Experiment {
    fn heap(&self) -> bool {
        self.measure.heap
    }

    fn timeline(&self) -> bool {
        !self.measure.timeline.is_empty()
    }
}

impl Experiment {
    /// Reads and resolves `path`, known in messages by its path relative to `root`.
    pub fn load(root: &Path, path: &Path) -> anyhow::Result<Self> {
        let shown = path.strip_prefix(root).unwrap_or(path);
        let source = source::Source::read(path, shown)?;
        let home = path.parent().unwrap_or(Path::new("."));
        Ok(resolve::resolve(&source, root, home)?)
    }

    /// The metrics that it declares, in the order of their columns.
    pub fn own_metrics(&self) -> Vec<Metric> {
        self.metric.iter().map(|reading| reading.metric).collect()
    }

    /// The same with `{bin:NAME}` filled in: the programs that `[build]` made, which are in `folder`.
    pub fn with_programs(&self, folder: &Path) -> Result<Self, crate::error::UserError> {
        let mut ready = self.clone();
        for variant in &mut ready.variant {
            let Program::Command(foreign) = &mut variant.program else { continue };
            foreign.try_visit(&mut |word| fill::programs(word, folder)).map_err(|missing| {
                crate::error::UserError(format!(
                    "`{}` names `{{bin:{missing}}}`, which cargo did not build; write its name, and \
                     `cargo = [\"--release\", \"--bin\", \"{missing}\"]` in `[build]`",
                    variant.name
                ))
            })?;
        }
        Ok(ready)
    }

    /// The same measurements: everything but the prose, the fits and the criteria.
    pub fn measures_the_same(&self, other: &Self) -> bool {
        let programs = |of: &Self| -> Vec<(String, Program)> {
            of.variant.iter().map(|v| (v.name.clone(), v.program.clone())).collect()
        };
        // Runs that check a budget belong to it.
        let checked = |of: &Self| of.fit.check_budget.then(|| of.fit.budget.clone());
        // Among chosen sizes, those that prose and criteria name are only measured first.
        let input = |of: &Self| match of.input.auto {
            None => of.input.clone(),
            Some(_) => Input { sizes: Vec::new(), ..of.input.clone() },
        };
        input(self) == input(other)
            && self.measure == other.measure
            && self.metric == other.metric
            && self.build == other.build
            && checked(self) == checked(other)
            && programs(self) == programs(other)
    }
}

impl Switches {
    /// The command line arguments that set these switches.
    pub fn arguments(&self) -> Vec<String> {
        let level = self.level.map(|level| match level {
            Level::Fast => "fast",
            Level::Default => "default",
            Level::Max => "max",
        });
        let layout = self.layout.map(|layout| match layout {
            Layout::Boxed => "boxed",
            Layout::Flat => "flat",
        });
        let on_off = |on: Option<bool>| on.map(|on| if on { "on" } else { "off" });
        let named = [
            ("level", level),
            ("layout", layout),
            ("stream", on_off(self.stream)),
            ("pool", on_off(self.pool)),
            ("lazy", on_off(self.lazy)),
            ("prune", on_off(self.prune)),
            ("codebook", on_off(self.codebook)),
            ("delta", on_off(self.delta)),
            ("pack", on_off(self.pack)),
        ];
        named.into_iter().filter_map(|(name, v)| v.map(|v| format!("--{name}={v}"))).collect()
    }
}
