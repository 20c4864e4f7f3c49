//! What each verb does, between files and the library.

use std::fs::Metadata;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use sigma_encoder::{Error, Framing, Options, ReadAt, encode_frames, encode_frames_at};

use crate::args::{Args, DecodeArgs, EncodeArgs, InspectArgs, PlaceArgs, TestArgs, Verb};
use crate::decoding::Decoding;
use crate::files::{Input, Target};
use crate::progress::{Placed, Progress};
use crate::stats::{Repetition, Stats, Work};

/// Why the program fails, by exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 2: the command line asks for what cannot be.
    Usage(String),
    /// 1: the work could not be done.
    Work(String),
}

/// How much to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    pub(crate) quiet: bool,
    verbose: bool,
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl Voice {
    /// Says what was done, to those who asked.
    fn done(self, what: &str, target: &Target, work: Work) {
        let Work { input_bytes, output_bytes, frames, threads } = work;
        let by = frames.map_or(String::new(), |frames| {
            format!(
                ", {frames} frame{} by {threads} thread{}",
                plural(frames),
                plural(threads as u64)
            )
        });
        let name = target.name();
        self.detail(&format!("{what} {input_bytes} bytes to {output_bytes} bytes in {name}{by}"));
    }

    /// Says what those asked for who want to know more.
    pub(crate) fn detail(self, message: &str) {
        if self.verbose {
            eprintln!("sigma: {message}");
        }
    }

    /// Says what all but the quiet want to know.
    pub(crate) fn warning(self, message: &str) {
        if !self.quiet {
            eprintln!("sigma: {message}");
        }
    }
}

/// Does what was asked.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let voice = Voice { quiet: args.quiet, verbose: args.verbose };
    match &args.verb {
        Verb::Encode(encode) => run_encode(encode, voice),
        Verb::Decode(decode) => run_decode(decode, voice),
        Verb::Test(test) => run_test(test, voice),
        Verb::Inspect(inspect) => run_inspect(inspect),
    }
}

fn run_encode(args: &EncodeArgs, voice: Voice) -> Result<(), Failure> {
    let target = Target::of(&args.place, true)?;
    let source = args.place.file.as_deref();
    let mut stats = Stats::with_room_for(args.repeat as usize);
    let input = Input::open(source)?;
    let job = Job { source, metadata: input.metadata(), options: args.options(), voice };
    let framing = args.framing();
    if args.repeat == 1 {
        let document = match (framing, input.placed()) {
            (Some(framing), Some((file, len))) => Document::Placed(file, len, framing),
            (framing, _) => Document::Stream(input.reader(), framing),
        };
        let work = job.encode(document, &target)?;
        stats.add(work, Repetition::now());
        voice.done("encoded", &target, work);
        return write_stats(&args.place, &stats);
    }
    let mut bytes = Vec::new();
    input.reader().read_to_end(&mut bytes).map_err(|error| at(source, &error.into()))?;
    for round in 1..=args.repeat {
        // Only the last output counts.
        let target = if round == args.repeat { &target } else { &Target::Nowhere };
        let document = match framing {
            Some(framing) => Document::Placed(&bytes, bytes.len() as u64, framing),
            None => Document::Stream(Box::new(bytes.as_slice()), None),
        };
        stats.add(job.encode(document, target)?, Repetition::now());
    }
    write_stats(&args.place, &stats)
}

/// A document that is encoded, and how it is cut.
enum Document<'a> {
    /// Read from front to back.
    Stream(Box<dyn Read + Send + 'a>, Option<Framing>),
    /// Read by position, so many bytes.
    Placed(&'a dyn ReadAt, u64, Framing),
}

/// How documents are encoded.
struct Job<'a> {
    source: Option<&'a Path>,
    metadata: Option<&'a Metadata>,
    options: Options,
    voice: Voice,
}

impl Job<'_> {
    fn encode(&self, document: Document<'_>, target: &Target) -> Result<Work, Failure> {
        let mut output = Counted::create(target)?;
        let encoded = self.encode_to(document, &mut output);
        let work = encoded.map_err(|error| {
            target.discard();
            at(self.source, &error)
        })?;
        target.publish(self.metadata)?;
        Ok(Work { output_bytes: output.bytes, ..work })
    }

    fn encode_to(&self, document: Document<'_>, output: &mut Counted) -> Result<Work, Error> {
        let options = &self.options;
        let quiet = self.voice.quiet;
        let stream = |input| Progress::new(input, self.metadata.map(Metadata::len), quiet);
        let (input_bytes, frames, threads) = match document {
            Document::Placed(file, len, framing) => {
                let file = Placed::new(file, Some(len), quiet);
                let frames = encode_frames_at(&file, len, output, options, framing)?;
                (len, Some(frames), framing.threads)
            }
            Document::Stream(input, Some(framing)) => {
                let mut input = stream(input);
                let frames = encode_frames(&mut input, output, options, framing)?;
                (input.bytes, Some(frames), framing.threads)
            }
            Document::Stream(input, None) => {
                let mut input = stream(input);
                sigma_encoder::encode(&mut input, output, options)?;
                (input.bytes, None, 1)
            }
        };
        Ok(Work { input_bytes, frames, threads, ..Work::default() })
    }
}

fn run_decode(args: &DecodeArgs, voice: Voice) -> Result<(), Failure> {
    let target = Target::of(&args.place, false)?;
    let source = args.place.file.as_deref();
    let input = Input::open(source)?;
    let decoding = Decoding {
        source,
        limits: args.limits.limits(),
        range: args.range.clone(),
        threads: args.threads.count(),
        voice,
    };
    let work = decoding.decode(&input, &target).inspect_err(|_| target.discard())?;
    target.publish(input.metadata())?;
    voice.done("decoded", &target, work);
    let mut stats = Stats::default();
    stats.add(work, Repetition::now());
    write_stats(&args.place, &stats)
}

fn run_test(args: &TestArgs, voice: Voice) -> Result<(), Failure> {
    let files: Vec<Option<&Path>> = match args.files.as_slice() {
        [] => vec![None],
        files => files.iter().map(|file| Some(file.as_path())).collect(),
    };
    let mut damaged = 0;
    for &file in &files {
        match test_one(file, args, voice) {
            Ok(()) => {}
            Err(Failure::Work(message)) => {
                eprintln!("sigma: {message}");
                damaged += 1;
            }
            Err(usage) => return Err(usage),
        }
    }
    if damaged == 0 {
        return Ok(());
    }
    Err(Failure::Work(format!("{damaged} of {} failed the test", files.len())))
}

fn test_one(source: Option<&Path>, args: &TestArgs, voice: Voice) -> Result<(), Failure> {
    let (limits, threads) = (args.limits.limits(), args.threads.count());
    let decoding = Decoding { source, limits, range: None, threads, voice };
    let work = decoding.decode(&Input::open(source)?, &Target::Nowhere)?;
    if voice.verbose {
        let name = source.map_or("standard input".into(), |file| file.display().to_string());
        eprintln!("sigma: {name}: {} bytes hold {} bytes", work.input_bytes, work.output_bytes);
    }
    Ok(())
}

fn run_inspect(args: &InspectArgs) -> Result<(), Failure> {
    let source = args.file.as_deref();
    let input = Input::open(source)?;
    let inspection = sigma_encoder::inspect(BufReader::new(input.reader()))
        .map_err(|error| at(source, &error))?;
    let text = crate::inspection::text(&inspection, args.paths, args.frames);
    io::stdout().write_all(text.as_bytes()).map_err(|error| at(None, &error.into()))
}

fn write_stats(place: &PlaceArgs, stats: &Stats) -> Result<(), Failure> {
    let Some(path) = &place.stats_json else { return Ok(()) };
    std::fs::write(path, stats.json()).map_err(|error| at(Some(path), &error.into()))
}

/// An error with the place where it happened.
pub(crate) fn at(path: Option<&Path>, error: &Error) -> Failure {
    let name =
        path.map_or("standard input or output".into(), |path| format!("`{}`", path.display()));
    Failure::Work(format!("{name}: {error}"))
}

/// Counts what is written, and says where when it cannot be.
pub(crate) struct Counted {
    inner: Box<dyn Write + Send>,
    name: String,
    pub(crate) bytes: u64,
}

impl Counted {
    /// Opens a target.
    pub(crate) fn create(target: &Target) -> Result<Self, Failure> {
        Ok(Self { inner: target.create()?, name: target.name(), bytes: 0 })
    }
}

/// An error of writing, with where.
pub(crate) fn writing(error: &io::Error, name: &str) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write {name}: {error}"))
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.inner.write(bytes).map_err(|error| writing(&error, &self.name))?;
        self.bytes += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().map_err(|error| writing(&error, &self.name))
    }
}
