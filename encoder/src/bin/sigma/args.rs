//! The command line.

use std::num::NonZero;
use std::ops::Range;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::{
    Arg, ArgAction, ArgMatches, Args as ClapArgs, Command, FromArgMatches, Parser, Subcommand,
    ValueEnum,
};
use sigma_encoder::{Check, Coding, Framing, Holding, Layout, Level, Limits, Options};

use crate::size;

/// The verbs, as they are written.
pub(crate) const VERBS: [&str; 5] = ["encode", "decode", "test", "list", "inspect"];

/// Encodes JSON, NDJSON and any other bytes into few bytes, and back.
#[derive(Debug, Parser)]
#[command(name = "sigma", version, arg_required_else_help = true, max_term_width = 80)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// Report errors only; given twice, nothing at all
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 900)]
    pub(crate) quiet: u8,
    /// Report what was done
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 901)]
    pub(crate) verbose: u8,
}

/// How it is used, by example.
const EXAMPLES: &str = "\
Examples:
  sigma encode log.ndjson         writes log.ndjson.sg, keeps log.ndjson
  sigma decode log.ndjson.sg      restores it
  sigma encode -9 -c a > a.sg     smallest output, to standard output
  sigma encode -r --rm logs       every file in a folder, removing the originals
  curl .. | sigma encode > a.sg   from a pipe
  sigma test *.sg                 decodes and verifies, writes nothing
  sigma list *.sg                 sizes, frames and lines
  sigma inspect a.sg              where the bits went, by part and by path
  sigma encode -T 4 log.ndjson    four threads, frames of 16 MiB
  sigma encode --append -o log.ndjson.sg new.ndjson
                                  appends records to a file with frames
  sigma decode -c --lines 1000..1010 log.ndjson.sg
                                  ten of its records, at once if it has frames

As with zstd, gzip and xz, `sigma FILE` encodes, `sigma -d FILE.sg` decodes,
`-t` tests and `-l` lists; `sigmacat` is `sigma decode -c -f`.

Exit codes: 0 success; 1 an input is damaged, or a file cannot be read or
written; 2 the command line is wrong.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Encode files
    Encode(Deferred<EncodeArgs>),
    /// Decode what `sigma encode` wrote
    ///
    /// With -c, the output may be wrong until the program ends without an error: it is written before the checksum
    /// behind it is read. An output file appears only once everything is checked.
    Decode(Deferred<DecodeArgs>),
    /// Decode and verify, but write nothing
    Test(Deferred<TestArgs>),
    /// List sizes, frames and lines, from headers alone
    List(Deferred<ListArgs>),
    /// Show where an encoding's bits went
    Inspect(Deferred<InspectArgs>),
}

/// What a verb takes, described only when that verb is given: the others cost no memory.
#[derive(Debug)]
pub(crate) struct Deferred<T>(pub(crate) T);

impl<T: ClapArgs> ClapArgs for Deferred<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| as_described(command, T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| as_described(command, T::augment_args_for_update))
    }
}

/// With these arguments; what the verb does is said at the verb, and not where its arguments are described.
fn as_described(command: Command, augment: fn(Command) -> Command) -> Command {
    let (about, long) = (command.get_about().cloned(), command.get_long_about().cloned());
    augment(command).about(Resettable::from(about)).long_about(Resettable::from(long))
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// Which files are meant.
#[derive(Debug, ClapArgs)]
pub(crate) struct FileArgs {
    /// The files to read; `-`, or no file at all, is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Descend into folders
    #[arg(short, long, display_order = 5)]
    pub(crate) recursive: bool,
}

/// `sigma test`.
#[derive(Debug, ClapArgs)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) files: FileArgs,
    #[command(flatten)]
    pub(crate) threads: ThreadArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// `sigma list`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) files: FileArgs,
}

/// What the program takes beside what it decodes with: its code and that of the system's library, its stack, and
/// what the command line left. It is 2.5 MB where there is nothing else.
pub(crate) const PROGRAM_BYTES: u64 = 4 << 20;

/// Limits for encodings from people who are not trusted.
#[derive(Clone, Copy, Debug, ClapArgs)]
#[command(next_help_heading = "Limits")]
// Fields bear the names of their flags.
#[allow(clippy::struct_field_names)]
pub(crate) struct LimitArgs {
    /// Refuse encodings that need more memory to decode (10MB, 16MiB)
    ///
    /// Counts everything: 4 MiB for the program, tables and buffers for each thread, and the index. Before it
    /// refuses a file, `sigma` uses fewer threads.
    #[arg(short = 'M', long, alias = "memlimit", value_name = "BYTES", value_parser = size::parse)]
    memory_limit: Option<u64>,
    /// Stop when the document gets longer than this
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    output_limit: Option<u64>,
    /// Stop when the document exceeds 1 MiB plus N bytes for each encoded byte; 0 is no limit
    ///
    /// Nothing that `sigma` wrote reaches the default. A file made to do harm can turn a few bytes into terabytes.
    #[arg(long, value_name = "N", default_value_t = Limits::RATIO_DEFAULT)]
    ratio_limit: u64,
}

impl LimitArgs {
    /// For the library.
    pub(crate) fn limits(self) -> Limits {
        Limits {
            memory_bytes: self.memory_limit.map(|bytes| bytes.saturating_sub(PROGRAM_BYTES)),
            output_bytes: self.output_limit,
            ratio: if self.ratio_limit == 0 { None } else { Some(self.ratio_limit) },
        }
    }
}

/// How many threads work.
#[derive(Clone, Copy, Debug, ClapArgs)]
#[command(next_help_heading = "Frames")]
pub(crate) struct ThreadArgs {
    /// Use N threads, one frame each; 0 is one for each core
    ///
    /// The output is identical for any N. Each thread adds the level's memory and up to 2 MiB; file input is never
    /// buffered whole. From a pipe, each thread buffers the frame that it encodes, and decoding uses one thread.
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
    /// The encoded file; standard input if none is given
    pub(crate) file: Option<PathBuf>,
    /// List N paths, the most expensive first
    #[arg(long, value_name = "N", default_value = "20")]
    pub(crate) paths: usize,
    /// List the first N frames
    #[arg(long, value_name = "N", default_value = "10")]
    pub(crate) frames: usize,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// Where bytes come from and go to.
#[derive(Debug, ClapArgs)]
#[allow(clippy::struct_excessive_bools, reason = "switches are switches")]
pub(crate) struct PlaceArgs {
    #[command(flatten)]
    pub(crate) files: FileArgs,
    /// Write to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "stdout", display_order = 1)]
    pub(crate) output: Option<PathBuf>,
    /// Write to standard output
    #[arg(short = 'c', long, alias = "to-stdout", display_order = 2)]
    pub(crate) stdout: bool,
    /// Overwrite files, write binary to a terminal, encode `.sg` files again
    #[arg(short, long, display_order = 3)]
    pub(crate) force: bool,
    /// Keep the input file (the default; undoes --rm)
    #[arg(short, long, overrides_with = "rm", display_order = 4)]
    keep: bool,
    /// Remove the input file once the output is safely on disk
    #[arg(long, overrides_with = "keep", display_order = 4)]
    pub(crate) rm: bool,
    /// Write statistics as JSON to this file
    #[arg(long, value_name = "FILE", display_order = 800)]
    pub(crate) stats_json: Option<PathBuf>,
}

/// The levels of other programs, 1 to 9.
#[derive(Clone, Copy, Debug, Default)]
struct DigitArgs(Option<Level>);

/// The level that others mean by `-N`.
fn level_of(digit: &str) -> Level {
    match digit {
        "1" | "2" => Level::Fast,
        "7" | "8" | "9" => Level::Max,
        _ => Level::Default,
    }
}

const DIGITS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

impl ClapArgs for DigitArgs {
    fn augment_args(command: Command) -> Command {
        let digit = |digit: &'static str| {
            let arg = Arg::new(digit).short(digit.chars().next()).action(ArgAction::SetTrue);
            let arg = arg.overrides_with_all(DIGITS).overrides_with("level").display_order(11);
            match digit {
                "1" => arg.long("fast").help("Same as --level fast; so is -2"),
                "3" => arg.help("Same as --level default; so are -4, -5 and -6"),
                "9" => arg.long("best").help("Same as --level max; so are -7 and -8"),
                _ => arg.hide(true),
            }
        };
        command.args(DIGITS.map(digit))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DigitArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = DIGITS.into_iter().find(|digit| matches.get_flag(digit));
        Ok(Self(given.map(level_of)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// `sigma encode`.
#[derive(Debug, ClapArgs)]
pub(crate) struct EncodeArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Append the input to the document in the file that -o names
    ///
    /// The file must have frames, or not exist yet. It is replaced by a complete new one, so an interrupted append
    /// changes nothing. If the document does not end with a newline, what you append should begin with one.
    #[arg(long, requires = "output", conflicts_with_all = ["stdout", "repeat"],
          help_heading = "Frames")]
    pub(crate) append: bool,
    /// Speed or size
    #[arg(long, value_enum, default_value = "default", display_order = 10)]
    level: LevelArg,
    #[command(flatten)]
    digits: DigitArgs,
    /// The checksum; by default crc32 for up to 64 KiB, xxh64 for more
    ///
    /// `none` saves 4 or 8 bytes, and damage may then go unnoticed: use it for bytes that something else checks.
    /// Nothing can be concatenated to a short encoding without a checksum.
    #[arg(short = 'C', long, value_enum, value_name = "KIND", display_order = 12)]
    check: Option<CheckArg>,
    /// Cut the document into frames of about SIZE bytes (4MiB, 16MiB)
    ///
    /// Frames let several threads work, and `sigma decode --range` read a part. They compress independently: smaller
    /// frames, larger output. A frame ends after a line where one is near. The default is no frames, or 16 MiB if
    /// -T is more than 1.
    #[arg(long, value_name = "SIZE", value_parser = frame_bytes, help_heading = "Frames")]
    pub(crate) frame: Option<u64>,
    #[command(flatten)]
    threads: ThreadArgs,
    #[command(flatten)]
    techniques: TechniqueArgs,
    /// Encode the same input N times in one process; needs --stats-json
    #[arg(long, value_name = "K", default_value = "1", requires = "stats_json",
          display_order = 801, hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
}

/// Techniques, each of which can be turned off to see what it buys.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Techniques")]
struct TechniqueArgs {
    /// How to hold the whole document when not streaming (same output)
    #[arg(long, value_enum, default_value = "flat", hide_short_help = true)]
    layout: LayoutArg,
    /// Stream through a bounded window instead of building the document's tree (same output)
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    stream: Switch,
    /// Reuse buffers, and allocate nodes in an arena (same output)
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pool: Switch,
    /// Touch tables on first use instead of at the start (same output)
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    lazy: Switch,
    /// Refer to whole items seen before
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    prune: Switch,
    /// Refer to pieces seen before: words, keys, punctuation
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    codebook: Switch,
    /// Predict numbers from differences
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    delta: Switch,
    /// Pack decisions with the adaptive coder instead of a bit each
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pack: Switch,
}

/// `sigma decode`.
#[derive(Debug, ClapArgs)]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Decode these bytes only: START..END (END not included), START.. or ..END
    ///
    /// In a file with frames only the frames needed are read; anything else is decoded from the start. --output-limit
    /// counts the bytes written.
    #[arg(long, value_name = "RANGE", value_parser = size::parse_range, help_heading = "Frames")]
    pub(crate) range: Option<Range<u64>>,
    /// Decode these lines only, counted from 0: START..END (END not included), START.. or ..END
    ///
    /// 0..10 are the first ten records of NDJSON. In a file with frames only the frames needed are read.
    #[arg(long, value_name = "RANGE", value_parser = size::parse_lines, help_heading = "Frames",
          conflicts_with = "range")]
    pub(crate) lines: Option<Range<u64>>,
    /// Write blocks of zeros instead of leaving holes
    #[arg(long, display_order = 700)]
    pub(crate) no_sparse: bool,
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
enum CheckArg {
    /// No checksum
    None,
    /// 4 bytes
    Crc32,
    /// 8 bytes
    Xxh64,
}

impl CheckArg {
    /// For the library.
    fn check(self) -> Check {
        match self {
            Self::None => Check::None,
            Self::Crc32 => Check::Crc32,
            Self::Xxh64 => Check::Xxh64,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelArg {
    /// Fastest by far, in 16 MB
    Fast,
    /// The smallest output that 8 MB of memory allow
    Default,
    /// The smallest output that 24 MB of memory allow
    Max,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LayoutArg {
    /// One heap allocation per node, as in the original
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

    /// How many threads work.
    pub(crate) fn threads(&self) -> usize {
        self.threads.count()
    }

    /// What was chosen.
    pub(crate) fn options(&self) -> Options {
        let on = |switch| switch == Switch::On;
        let techniques = &self.techniques;
        Options {
            check: self.check.map(CheckArg::check),
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
        self.digits.0.unwrap_or(match self.level {
            LevelArg::Fast => Level::Fast,
            LevelArg::Default => Level::Default,
            LevelArg::Max => Level::Max,
        })
    }
}
