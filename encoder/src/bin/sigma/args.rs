//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use sigma_encoder::{Coding, Holding, Layout, Level, Options};

/// Encodes tree-shaped documents (JSON, NDJSON; any other bytes too) into few bytes, and back.
#[derive(Debug, Parser)]
#[command(name = "sigma", version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Encode a document
    Encode(EncodeArgs),
    /// Decode what `sigma encode` wrote
    Decode(DecodeArgs),
    /// Say what is inside an encoding and where its bits went
    Inspect(InspectArgs),
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelArg {
    /// Least time
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
