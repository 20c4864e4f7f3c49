//! An experiment as the TOML says it: the shape that serde checks (keys, types) with the spans that
//! later errors point at. What the values mean is `resolve`'s business. `experiment.schema.json` is
//! generated from these types.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::Pin;
use super::data::RawData;
use super::generator::{GeneratorsSchema, RawGenerators};
use super::grid::RawGrid;
use super::matrix::{RawMatrix, Scalar};
use super::reading::RawMetric;
use super::sizes::{RawSizes, SizesSchema};

/// One question, as a file below `experiments/`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "An experiment of the laboratory")]
pub(crate) struct RawExperiment {
    /// Heading of the report.
    #[schemars(with = "String")]
    pub(crate) title: Spanned<String>,
    /// What the experiment asks.
    #[schemars(with = "String")]
    pub(crate) question: Spanned<String>,
    /// What is expected, written before measuring.
    pub(crate) expect: Option<String>,
    /// Markdown prose for the report; `{metric/variant/profile/what}` is filled in from the data.
    #[schemars(with = "Option<String>")]
    pub(crate) analysis: Option<Spanned<String>>,
    /// The documents. Left out only where `[data]` stands instead.
    #[schemars(with = "Option<RawInput>")]
    pub(crate) input: Option<Spanned<RawInput>>,
    /// Figures that others published, instead of measuring.
    pub(crate) data: Option<RawData>,
    /// How it is measured.
    #[serde(default)]
    pub(crate) measure: RawMeasure,
    /// Configurations of the encoder, or commands.
    #[serde(default)]
    #[schemars(with = "Vec<RawVariant>")]
    pub(crate) variant: Vec<Spanned<RawVariant>>,
    /// How this workspace builds what is measured.
    pub(crate) build: Option<Build>,
    /// Parameters of commands: a variant that names some is run with every combination of their values.
    #[schemars(with = "Option<BTreeMap<String, Vec<Scalar>>>")]
    pub(crate) matrix: Option<Spanned<RawMatrix>>,
    /// A factorial of variants, beside or instead of those listed.
    #[schemars(with = "Option<RawGrid>")]
    pub(crate) grid: Option<Spanned<RawGrid>>,
    /// Numbers that programs say of themselves, as metrics of their own.
    #[serde(default)]
    pub(crate) metric: Vec<RawMetric>,
    /// What is fitted, predicted and compared.
    #[serde(default)]
    pub(crate) fit: RawFit,
    /// Declared expectations, each of which gets a verdict.
    #[serde(default)]
    #[schemars(with = "Vec<RawCriterion>")]
    pub(crate) criterion: Vec<Spanned<RawCriterion>>,
}

/// Every profile at every size, and files as they are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawInput {
    /// Generators: balanced, deep, wide, records, ast, numbers, text, random.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) profiles: Vec<Spanned<String>>,
    /// Exact sizes of the generated documents.
    #[serde(default)]
    #[schemars(with = "SizesSchema")]
    pub(crate) sizes: RawSizes,
    /// Seed of the generators.
    #[serde(default = "default_seed")]
    pub(crate) seed: u64,
    /// Real documents that are repeated, with some digits changed in each copy, to every size; paths
    /// as in `files`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) repeated: Vec<Spanned<String>>,
    /// Paths of real documents, relative to this file; `*` and `?` match.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) files: Vec<Spanned<String>>,
    /// Folders, each of them one document; paths as in `files`. Commands know them as `{input}`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) folders: Vec<Spanned<String>>,
    /// A command that makes a document of `{size}` bytes from `{seed}`, on its stdout or at `{output}`; or
    /// several such commands by name.
    #[schemars(with = "Option<GeneratorsSchema>")]
    pub(crate) generate: Option<Spanned<RawGenerators>>,
}

fn default_seed() -> u64 {
    42
}

/// How often, within which limits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMeasure {
    /// Warm-up blocks: recorded and marked, not aggregated. Default 1.
    #[schemars(with = "Option<u32>")]
    pub(crate) warmup: Option<Spanned<u32>>,
    /// Measured blocks.
    #[schemars(with = "Option<RawRuns>")]
    pub(crate) runs: Option<Spanned<RawRuns>>,
    /// Longest a run may take, such as `60 s`.
    #[schemars(with = "Option<String>")]
    pub(crate) timeout: Option<Spanned<String>>,
    /// Most resident memory a run may use, such as `2 GiB`.
    #[schemars(with = "Option<String>")]
    pub(crate) memory_limit: Option<Spanned<String>>,
    /// Most a run may write: a size such as `1 GB`, or a multiple of its input such as `20 x`. Default
    /// `100 x`, at least 100 MB.
    #[schemars(with = "Option<String>")]
    pub(crate) output_limit: Option<Spanned<String>>,
    /// `false` (the default): fixed addresses, so that peak memory is repeatable.
    pub(crate) layout_noise: Option<bool>,
    /// `auto` (the default): a child stays on one CPU unless its program was seen to run more than one
    /// thread or process. `always` leaves out the wall times of such programs; `never` pins nothing.
    pub(crate) pin: Option<Pin>,
    /// Try larger sizes of a variant after it failed at one. Default `false`.
    pub(crate) after_failure: Option<bool>,
    /// Measure decoding in every run, not only once per output to check it. Default `false`.
    pub(crate) decode: Option<bool>,
    /// Seed of the order of runs. Default 1.
    pub(crate) seed: Option<u64>,
    /// One extra run per cell with the instrumented encoder: exact peak of the heap, by stage. Default
    /// `false`.
    pub(crate) heap: Option<bool>,
    /// Sizes at which one extra run of each variant is sampled over time, for a picture.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) timeline: Vec<Spanned<String>>,
    /// Encode a document many times in one process, to see whether memory is given back.
    #[schemars(with = "Option<RawRepeat>")]
    pub(crate) repeat: Option<Spanned<RawRepeat>>,
}

/// How many complete blocks are measured.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRuns {
    /// Fewest blocks.
    pub(crate) min: u32,
    /// Most blocks.
    pub(crate) max: u32,
    /// Half-width of the 95 % interval of the mean, relative to the mean, at which a cell is
    /// precise enough, such as `1 %`.
    #[schemars(with = "Option<String>")]
    pub(crate) precision: Option<Spanned<String>>,
}

/// One extra run per variant and profile at `at`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRepeat {
    /// How often the document is encoded in one process.
    pub(crate) count: u32,
    /// The size of the document; one of `input.sizes`.
    #[schemars(with = "String")]
    pub(crate) at: Spanned<String>,
}

/// One configuration of the encoder (`encode`), or any command (`command`). In all that is said of a
/// command `{input}`, `{output}`, `{size}`, `{work}` and the parameters of `[matrix]` are filled in;
/// anything else in braces stays as it is. No shell runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawVariant {
    /// Name in tables and figures; may hold parameters of `[matrix]`, such as `zstd-{level}`.
    #[schemars(with = "String")]
    pub(crate) name: Spanned<String>,
    /// What it is, in a sentence.
    pub(crate) about: Option<String>,
    /// Switches of `sigma`.
    pub(crate) encode: Option<Switches>,
    /// Any command. Without `{input}` the document is on its stdin; `{input}` is the path of a copy of its
    /// own. `{size}` is the document's size in bytes, `{work}` a folder that is empty before each run.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) command: Option<Spanned<Vec<String>>>,
    /// Where its result is: `stdout` (the default), `file` (the default where `command` names
    /// `{output}`), `folder` (the same, made before the run), `none`, or a path such as `{input}.gz`.
    #[schemars(with = "Option<String>")]
    pub(crate) output: Option<Spanned<String>>,
    /// The command that takes the result back; it is on stdin, or where `{encoded}` says, and the document
    /// goes to stdout, or where `{decoded}` says.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) decode: Option<Spanned<Vec<String>>>,
    /// What makes a round trip right: `bytes` (the default with `decode`), `json` (the same values, in
    /// whatever notation), `none`, or a command that ends with 0, with `{input}`, `{encoded}` and
    /// `{decoded}`. Without `decode`, the result itself is compared with the document.
    #[schemars(with = "Option<RawCheck>")]
    pub(crate) check: Option<Spanned<RawCheck>>,
    /// The command that prints the program's version.
    pub(crate) version: Option<Vec<String>>,
    /// Variables of its environment, which otherwise holds `PATH` and `LC_ALL=C` alone.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Where it runs; default: the folder of this file. `{work}` for a folder of its own.
    pub(crate) cwd: Option<String>,
    /// Exit codes that are no failure. Default `[0]`.
    #[schemars(with = "Option<Vec<u8>>")]
    pub(crate) exit_codes: Option<Spanned<Vec<u8>>>,
    /// Longest a run of this variant may take, instead of `measure.timeout`.
    #[schemars(with = "Option<String>")]
    pub(crate) timeout: Option<Spanned<String>>,
    /// The command that builds it, before anything is measured.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) build: Option<Spanned<Vec<String>>>,
    /// Run once, before anything is measured.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) setup: Option<Spanned<Vec<String>>>,
    /// Run before each run, not measured.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) prepare: Option<Spanned<Vec<String>>>,
    /// Run after each run, not measured.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) conclude: Option<Spanned<Vec<String>>>,
    /// Run once, when all is measured or the campaign stops.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) cleanup: Option<Spanned<Vec<String>>>,
    /// `true` for a program that need not be installed: it is named and left out. Default `false`.
    pub(crate) optional: Option<bool>,
}

/// How this workspace builds what is measured, before each campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Options of `cargo build`, such as `["--release", "--bin", "tool"]`; in commands `{bin:tool}` is the
    /// program where cargo says it is.
    pub cargo: Option<Vec<String>>,
}

/// What makes a round trip right.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RawCheck {
    /// `bytes`, `json` or `none`.
    Named(String),
    /// A command that ends with 0.
    Command(Vec<String>),
}

/// Effort of the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Fastest.
    Fast,
    /// The balance.
    Default,
    /// Smallest.
    Max,
}

/// How a whole-document tree is laid out in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One heap node each, as the original did.
    Boxed,
    /// Preorder arrays.
    Flat,
}

/// The encoder's switches; what is not named keeps `sigma`'s default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switches {
    /// Effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Layout of the tree when the whole document is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// Hold a bounded window instead of the whole document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// Reuse buffers instead of allocating each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<bool>,
    /// Touch tables on first use instead of at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lazy: Option<bool>,
    /// Find whole items in history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<bool>,
    /// Learn segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codebook: Option<bool>,
    /// Extrapolate integers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<bool>,
    /// Code adaptively instead of with plain bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<bool>,
}

/// What is fitted over the sizes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFit {
    /// Metrics whose growth is fitted; the first one leads the report. Default `["peak_rss"]`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) metrics: Vec<Spanned<String>>,
    /// Sizes to predict. A measured one is predicted from the smaller sizes alone and compared with
    /// what was measured.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) predict: Vec<Spanned<String>>,
    /// Limits of peak memory, such as `500 MB`, for each of which the largest input that fits is
    /// predicted.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) budget: Vec<Spanned<String>>,
    /// Run the largest predicted input of each budget once under that limit. Default `false`.
    #[serde(default)]
    pub(crate) check_budget: bool,
    /// The variant that all others are compared with.
    #[schemars(with = "Option<String>")]
    pub(crate) reference: Option<Spanned<String>>,
    /// The difference that does not matter: within it two variants are equivalent. Default `1 %`.
    #[schemars(with = "Option<String>")]
    pub(crate) margin: Option<Spanned<String>>,
}

/// A declared expectation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCriterion {
    /// What is expected, in words.
    #[schemars(with = "String")]
    pub(crate) name: Spanned<String>,
    /// A metric, or `memory_given_back`, which needs `measure.repeat` and no bound.
    #[schemars(with = "String")]
    pub(crate) metric: Spanned<String>,
    /// `value` (the default), `cv` (its coefficient of variation) or `growth` (the exponent of the class
    /// that is decided: 1 for O(n)).
    #[schemars(with = "Option<String>")]
    pub(crate) of: Option<Spanned<String>>,
    /// One variant; without it, each.
    #[schemars(with = "Option<String>")]
    pub(crate) variant: Option<Spanned<String>>,
    /// Some profiles; without it, each.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) profiles: Vec<Spanned<String>>,
    /// One size: measured if there, predicted (and so said) if not.
    #[schemars(with = "Option<String>")]
    pub(crate) at: Option<Spanned<String>>,
    /// Every measured size from here up.
    #[schemars(with = "Option<String>")]
    pub(crate) from: Option<Spanned<String>>,
    /// Bound that the value must stay below: a number, a size, a time or a share.
    #[schemars(with = "Option<Bound>")]
    pub(crate) below: Option<Spanned<Bound>>,
    /// Bound that the value must stay above.
    #[schemars(with = "Option<Bound>")]
    pub(crate) above: Option<Spanned<Bound>>,
    /// `false` for a question whose answer may be no: its verdict is reported, but fails neither `run`
    /// nor `report --check`. Default `true`.
    pub(crate) required: Option<bool>,
}

/// A bound as written: `500 MB`, `2 s`, `1 %`, `1.05`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Bound {
    /// A plain number.
    Number(f64),
    /// A quantity with its unit.
    Text(String),
}

/// What serde says of a text that is not an experiment, with where.
pub(crate) struct Malformed {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
}

/// Parses the text of an experiment.
pub(crate) fn parse(text: &str) -> Result<RawExperiment, Malformed> {
    toml::from_str(text).map_err(|error| Malformed {
        span: error.span().unwrap_or(0..0),
        message: error.message().trim().replace('\n', "; "),
    })
}

/// The JSON Schema of an experiment, for editors.
pub fn schema() -> String {
    let schema = schemars::schema_for!(RawExperiment);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}
