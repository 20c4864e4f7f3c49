//! The command line.

use std::num::NonZero;
use std::ops::Range;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use sigma_encoder::{Coding, Framing, Holding, Layout, Level, Limits, Options};

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
  sigma encode -T 4 log.ndjson        by four threads, in frames of 16 MiB
  sigma decode -c --range 1GB..1001MB log.ndjson.sg
                                      a part of the document, quick if it has frames
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
    pub(crate) threads: ThreadArgs,
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

/// How many threads work.
#[derive(Clone, Copy, Debug, ClapArgs)]
#[command(next_help_heading = "Frames")]
pub(crate) struct ThreadArgs {
    /// Work on so many frames at a time; 0 is one for each core
    ///
    /// Each thread takes a level's memory and up to 2 MiB for output that waits for its turn. The output
    /// is the same for any N. Frames from a pipe are decoded by one thread, and encoded with a frame of
    /// the document in memory for each thread.
    #[arg(short = 'T', long = "threads", value_name = "N", default_value = "1",
          value_parser = clap::value_parser!(u16).range(..=1024))]
    threads: u16,
}

impl ThreadArgs {
    /// At least 1.
    pub(crate) fn count(self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            count => usize::from(count),
        }
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
    /// How many frames to list, from the first on
    #[arg(long, value_name = "N", default_value = "10")]
    pub(crate) frames: usize,
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
    /// Cut the document into frames of about SIZE bytes (4MiB, 16MiB)
    ///
    /// Frames are what several threads work on and what `sigma decode --range` finds. Each is encoded
    /// by itself, at a line's end if there is one near, so the output grows, the more the smaller they
    /// are. Without this there are none, and with -T of more than 1 they have 16 MiB.
    #[arg(long, value_name = "SIZE", value_parser = frame_bytes, help_heading = "Frames")]
    frame: Option<u64>,
    #[command(flatten)]
    threads: ThreadArgs,
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
    /// Only these bytes of the document: START..END (without END), START.. or ..END
    ///
    /// A file with frames is read and decoded where it is needed; any other, or a pipe, from its start
    /// on. --output-limit then concerns the bytes written.
    #[arg(long, value_name = "RANGE", value_parser = size::parse_range, help_heading = "Frames")]
    pub(crate) range: Option<Range<u64>>,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
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

/// A size that frames can have.
fn frame_bytes(text: &str) -> Result<u64, String> {
    let bytes = size::parse(text)?;
    match (Framing::FRAME_BYTES_MIN..=Framing::FRAME_BYTES_MAX).contains(&bytes) {
        true => Ok(bytes),
        false => Err("a frame has 1KiB to 1024GiB".to_owned()),
    }
}

impl EncodeArgs {
    /// How to cut the document, if it is to be cut. That does not depend on how many cores there are.
    pub(crate) fn framing(&self) -> Option<Framing> {
        let default = (self.threads.threads != 1).then_some(Framing::FRAME_BYTES_DEFAULT);
        let frame_bytes = self.frame.or(default)?;
        Some(Framing { frame_bytes, threads: self.threads.count() })
    }

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
