//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use sigma_encoder::{Coding, Holding, Layout, Level, Limits, Options};

use crate::size;

/// Encodes tree-shaped documents (JSON, NDJSON; any other bytes too) into few bytes, and back.
#[derive(Debug, Parser)]
#[command(name = "sigma", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say what was done
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// How it is used, by example.
const EXAMPLES: &str = "\
Examples:
  sigma encode log.ndjson             writes log.ndjson.sg beside it, and keeps log.ndjson
  sigma encode -9 -c a.json > a.sg    the smallest output, to a file of your choice
  sigma encode -1 big.ndjson          the least time: hundreds of megabytes a second
  sigma decode log.ndjson.sg          takes it back
  curl .. | sigma encode > a.sg       from a pipe
  sigma test *.sg                     decodes and checks, writes nothing
  sigma inspect log.ndjson.sg         where the bits went, by part and by path
  sigma encode --delta off a.json     what a technique buys: leave it off

Exit codes: 0 all went well; 1 the input is damaged or a file cannot be read or written;
2 the command line makes no sense.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Encode a document
    Encode(EncodeArgs),
    /// Decode what `sigma encode` wrote
    Decode(DecodeArgs),
    /// Decode and check, but write nothing
    Test(TestArgs),
    /// Say what is inside an encoding and where its bits went
    Inspect(InspectArgs),
}

/// `sigma test`.
#[derive(Debug, ClapArgs)]
pub(crate) struct TestArgs {
    /// The encoded files; standard input without any
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Limits for encodings from people who are not trusted.
#[derive(Clone, Copy, Debug, ClapArgs)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Refuse encodings whose tables take more than so many bytes (10MB, 16MiB)
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    memory_limit: Option<u64>,
    /// Stop when the document gets longer than so many bytes
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    output_limit: Option<u64>,
}

impl LimitArgs {
    /// For the library.
    pub(crate) fn limits(self) -> Limits {
        Limits { memory_bytes: self.memory_limit, output_bytes: self.output_limit }
    }
}

/// `sigma inspect`.
#[derive(Debug, ClapArgs)]
pub(crate) struct InspectArgs {
    /// The encoded file; standard input without it
    pub(crate) file: Option<PathBuf>,
    /// How many paths to list, the most expensive first
    #[arg(long, value_name = "N", default_value = "20")]
    pub(crate) paths: usize,
}

/// Where bytes come from and go to.
#[derive(Debug, ClapArgs)]
pub(crate) struct PlaceArgs {
    /// The file to read; standard input without it
    pub(crate) file: Option<PathBuf>,
    /// Write to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "stdout")]
    pub(crate) output: Option<PathBuf>,
    /// Write to standard output
    #[arg(short = 'c', long)]
    pub(crate) stdout: bool,
    /// Keep the input file (it always is kept; for habits from other programs)
    #[arg(short, long)]
    keep: bool,
    /// Overwrite an existing file, and write binary to a terminal
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Write figures about the work as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) stats_json: Option<PathBuf>,
}

/// `sigma encode`.
#[derive(Debug, ClapArgs)]
pub(crate) struct EncodeArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// How hard to work
    #[arg(long, value_enum, default_value = "default")]
    level: LevelArg,
    /// Same as --level fast
    #[arg(short = '1', conflicts_with = "level")]
    fast: bool,
    /// Same as --level default
    #[arg(short = '3', conflicts_with_all = ["level", "fast"])]
    default: bool,
    /// Same as --level max
    #[arg(short = '9', conflicts_with_all = ["level", "fast", "default"])]
    max: bool,
    #[command(flatten)]
    techniques: TechniqueArgs,
    /// Encode the same input so many times in one process; needs --stats-json
    #[arg(long, value_name = "K", default_value = "1", requires = "stats_json",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
}

/// Techniques, each of which can be turned off to see what it buys.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Techniques")]
struct TechniqueArgs {
    /// How a whole document is held when not streaming (same output)
    #[arg(long, value_enum, default_value = "flat")]
    layout: LayoutArg,
    /// A bounded window instead of the tree of the whole document (same output)
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true
    )]
    stream: Switch,
    /// Reuse buffers and take nodes from an arena (same output)
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true
    )]
    pool: Switch,
    /// Touch tables when first used instead of at the start (same output)
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true
    )]
    lazy: Switch,
    /// Name whole items found in history
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true
    )]
    prune: Switch,
    /// Name learned pieces: words, keys, punctuation
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true
    )]
    codebook: Switch,
    /// Predict numbers from differences
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true
    )]
    delta: Switch,
    /// Pack decisions by the adaptive coder instead of one bit each
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true
    )]
    pack: Switch,
}

/// `sigma decode`.
#[derive(Debug, ClapArgs)]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelArg {
    /// Least time: many times faster than the others, in 16 MB
    Fast,
    /// The smallest output that fits 8 MB
    Default,
    /// The smallest output that fits 24 MB
    Max,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LayoutArg {
    /// One heap node for each node, as in the original
    Boxed,
    /// Flat arrays in preorder
    Flat,
}

impl EncodeArgs {
    /// What was chosen.
    pub(crate) fn options(&self) -> Options {
        let on = |switch| switch == Switch::On;
        let techniques = &self.techniques;
        Options {
            level: self.level(),
            coding: Coding {
                prune: on(techniques.prune),
                codebook: on(techniques.codebook),
                delta: on(techniques.delta),
                pack: on(techniques.pack),
            },
            holding: Holding {
                layout: match techniques.layout {
                    LayoutArg::Boxed => Layout::Boxed,
                    LayoutArg::Flat => Layout::Flat,
                },
                stream: on(techniques.stream),
                pool: on(techniques.pool),
                lazy: on(techniques.lazy),
            },
        }
    }

    fn level(&self) -> Level {
        match self.level {
            _ if self.fast => Level::Fast,
            _ if self.max => Level::Max,
            LevelArg::Fast => Level::Fast,
            LevelArg::Default => Level::Default,
            LevelArg::Max => Level::Max,
        }
    }
}
