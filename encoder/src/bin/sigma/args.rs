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
    /// Say nothing but errors; twice, say nothing
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 900)]
    pub(crate) quiet: u8,
    /// Say what was done
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 901)]
    pub(crate) verbose: u8,
}

/// How it is used, by example.
const EXAMPLES: &str = "\
Examples:
  sigma encode log.ndjson         writes log.ndjson.sg, and keeps log.ndjson
  sigma decode log.ndjson.sg      takes it back
  sigma encode -9 -c a > a.sg     the smallest output, to where you say
  sigma encode -r --rm logs       every file in a folder, which is then removed
  curl .. | sigma encode > a.sg   from a pipe
  sigma test *.sg                 decodes and checks, and writes nothing
  sigma list *.sg                 what they hold, by their headers
  sigma inspect a.sg              where the bits went, by part and by path
  sigma encode -T 4 log.ndjson    by four threads, in frames of 16 MiB
  sigma encode --append -o log.ndjson.sg new.ndjson
                                  records to the end of a file with frames
  sigma decode -c --lines 1000..1010 log.ndjson.sg
                                  ten records of it, quick if it has frames

As with zstd, gzip and xz, `sigma FILE` encodes, `sigma -d FILE.sg` decodes,
`-t` tests and `-l` lists; `sigmacat` is `sigma decode -c -f`.

Exit codes: 0 all went well; 1 an input is damaged, or a file cannot be read or
written; 2 the command line makes no sense.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Encode files
    Encode(Deferred<EncodeArgs>),
    /// Decode what `sigma encode` wrote
    ///
    /// Written to a pipe (-c), what comes may be wrong until the program ends without an error: it is given out before
    /// the check behind it is read. A file is only there when all was right.
    Decode(Deferred<DecodeArgs>),
    /// Decode and check, but write nothing
    Test(Deferred<TestArgs>),
    /// Say what encodings hold, by their headers
    List(Deferred<ListArgs>),
    /// Say where an encoding's bits went
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
    /// The files to read; standard input is `-`, and without any
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Take the files in folders, and in the folders in them
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
    /// Refuse encodings that take more memory to decode than so many bytes (10MB, 16MiB)
    ///
    /// All is counted that the program takes while it decodes: 4 MiB for itself, the tables and buffers of each
    /// thread, and the index. With several threads fewer are used before a file is refused.
    #[arg(short = 'M', long, alias = "memlimit", value_name = "BYTES", value_parser = size::parse)]
    memory_limit: Option<u64>,
    /// Stop when the document gets longer than so many bytes
    #[arg(long, value_name = "BYTES", value_parser = size::parse)]
    output_limit: Option<u64>,
    /// Stop when the document gets longer than 1 MiB and N bytes for each encoded byte; 0 lifts this
    ///
    /// No file that `sigma` wrote reaches the limit where nothing is said: a few bytes of another may stand for terabytes.
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
    /// Overwrite an existing file, write binary to a terminal, encode what is encoded
    #[arg(short, long, display_order = 3)]
    pub(crate) force: bool,
    /// Keep the input file, as is usual; the opposite of --rm
    #[arg(short, long, overrides_with = "rm", display_order = 4)]
    keep: bool,
    /// Remove an input file once its output is complete and on the disk
    #[arg(long, overrides_with = "keep", display_order = 4)]
    pub(crate) rm: bool,
    /// Write figures about the work as JSON to this file
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
    /// Add the input at the end of the document in the file that -o names
    ///
    /// It must have frames, or not exist. The frames are copied into a new file that takes its place
    /// when it is complete, so that an interrupted append changes nothing. If the document's last line
    /// has no end, what is added must begin with one.
    #[arg(long, requires = "output", conflicts_with_all = ["stdout", "repeat"],
          help_heading = "Frames")]
    pub(crate) append: bool,
    /// How hard to work
    #[arg(long, value_enum, default_value = "default", display_order = 10)]
    level: LevelArg,
    #[command(flatten)]
    digits: DigitArgs,
    /// What damage is noticed by; crc32 for up to 64 KiB and xxh64 for more where nothing is said
    ///
    /// Without a check 4 bytes are saved, or 8, and damage may give another document: for bytes that something
    /// else checks. Nothing may follow a short encoding without a check.
    #[arg(short = 'C', long, value_enum, value_name = "KIND", display_order = 12)]
    check: Option<CheckArg>,
    /// Cut the document into frames of about SIZE bytes (4MiB, 16MiB)
    ///
    /// Frames are what several threads work on and what `sigma decode --range` finds. Each is encoded
    /// by itself, at a line's end if there is one near, so the output grows, the more the smaller they
    /// are. Without this there are none, and with -T of more than 1 they have 16 MiB.
    #[arg(long, value_name = "SIZE", value_parser = frame_bytes, help_heading = "Frames")]
    pub(crate) frame: Option<u64>,
    #[command(flatten)]
    threads: ThreadArgs,
    #[command(flatten)]
    techniques: TechniqueArgs,
    /// Encode the same input so many times in one process; needs --stats-json
    #[arg(long, value_name = "K", default_value = "1", requires = "stats_json",
          display_order = 801, hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
}

/// Techniques, each of which can be turned off to see what it buys.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Techniques")]
struct TechniqueArgs {
    /// How a whole document is held when not streaming (same output)
    #[arg(long, value_enum, default_value = "flat", hide_short_help = true)]
    layout: LayoutArg,
    /// A bounded window instead of the tree of the whole document (same output)
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    stream: Switch,
    /// Reuse buffers and take nodes from an arena (same output)
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pool: Switch,
    /// Touch tables when first used instead of at the start (same output)
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    lazy: Switch,
    /// Name whole items found in history
    #[arg(
        long,
        value_enum,
        default_value = "on",
        value_name = "on|off",
        hide_possible_values = true,
        hide_short_help = true
    )]
    prune: Switch,
    /// Name learned pieces: words, keys, punctuation
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
    /// Pack decisions by the adaptive coder instead of one bit each
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
    /// Only these bytes of the document: START..END (without END), START.. or ..END
    ///
    /// A file with frames is read and decoded where it is needed; any other, or a pipe, from its start
    /// on. --output-limit then concerns the bytes written.
    #[arg(long, value_name = "RANGE", value_parser = size::parse_range, help_heading = "Frames")]
    pub(crate) range: Option<Range<u64>>,
    /// Only these lines of the document, counted from 0: START..END (without END), START.. or ..END
    ///
    /// The first ten records of NDJSON are 0..10. Frames say how many lines they have, so that those
    /// needed are found.
    #[arg(long, value_name = "RANGE", value_parser = size::parse_lines, help_heading = "Frames",
          conflicts_with = "range")]
    pub(crate) lines: Option<Range<u64>>,
    /// Write zeros to the disk, instead of leaving holes for whole blocks of them
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
    /// No check
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
