//! What each verb does, between files and the library.

use std::fs::Metadata;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use sigma_encoder::{Error, Options};

use crate::args::{Args, DecodeArgs, EncodeArgs, InspectArgs, PlaceArgs, TestArgs, Verb};
use crate::files::{Target, open};
use crate::progress::Progress;
use crate::stats::{Repetition, Stats};

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
struct Voice {
    quiet: bool,
    verbose: bool,
}

impl Voice {
    /// Says what was done, to those who asked.
    fn done(self, what: &str, target: &Target, (read, written): (u64, u64)) {
        if self.verbose {
            eprintln!("sigma: {what} {read} bytes to {written} bytes in {}", target.name());
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
    let options = args.options();
    let target = Target::of(&args.place, true)?;
    let source = args.place.file.as_deref();
    let mut stats = Stats::with_room_for(args.repeat as usize);
    let (mut input, metadata) = open(source)?;
    if args.repeat == 1 {
        let counts = encode_one(input, source, metadata.as_ref(), &options, &target, voice)?;
        stats.add(counts, Repetition::now());
        voice.done("encoded", &target, counts);
        return write_stats(&args.place, &stats);
    }
    let mut document = Vec::new();
    input.read_to_end(&mut document).map_err(|error| at(source, &error.into()))?;
    for round in 1..=args.repeat {
        // Only the last output counts.
        let target = if round == args.repeat { &target } else { &Target::Nowhere };
        let input = document.as_slice();
        let counts = encode_one(input, source, metadata.as_ref(), &options, target, voice)?;
        stats.add(counts, Repetition::now());
    }
    write_stats(&args.place, &stats)
}

fn encode_one<R: Read>(
    input: R,
    source: Option<&Path>,
    metadata: Option<&Metadata>,
    options: &Options,
    target: &Target,
    voice: Voice,
) -> Result<(u64, u64), Failure> {
    let mut input = Progress::new(input, metadata.map(Metadata::len), voice.quiet);
    let mut output = Counted { inner: target.create()?, bytes: 0 };
    if let Err(error) = sigma_encoder::encode(&mut input, &mut output, options) {
        target.discard();
        return Err(at(source, &error));
    }
    target.publish(metadata)?;
    Ok((input.bytes, output.bytes))
}

fn run_decode(args: &DecodeArgs, voice: Voice) -> Result<(), Failure> {
    let target = Target::of(&args.place, false)?;
    let source = args.place.file.as_deref();
    let (input, metadata) = open(source)?;
    let mut input = Progress::new(input, metadata.as_ref().map(Metadata::len), voice.quiet);
    let mut output = Counted { inner: target.create()?, bytes: 0 };
    let buffered = BufReader::with_capacity(1 << 15, &mut input);
    let limits = args.limits.limits();
    if let Err(error) = sigma_encoder::decode_limited(buffered, &mut output, limits) {
        target.discard();
        return Err(at(source, &error));
    }
    target.publish(metadata.as_ref())?;
    let counts = (input.bytes, output.bytes);
    voice.done("decoded", &target, counts);
    let mut stats = Stats::default();
    stats.add(counts, Repetition::now());
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

fn test_one(file: Option<&Path>, args: &TestArgs, voice: Voice) -> Result<(), Failure> {
    let (input, metadata) = open(file)?;
    let mut input = Progress::new(input, metadata.as_ref().map(Metadata::len), voice.quiet);
    let mut output = Counted { inner: io::sink(), bytes: 0 };
    let buffered = BufReader::with_capacity(1 << 15, &mut input);
    sigma_encoder::decode_limited(buffered, &mut output, args.limits.limits())
        .map_err(|error| at(file, &error))?;
    if voice.verbose {
        let name = file.map_or("standard input".into(), |file| file.display().to_string());
        eprintln!("sigma: {name}: {} bytes hold {} bytes", input.bytes, output.bytes);
    }
    Ok(())
}

fn run_inspect(args: &InspectArgs) -> Result<(), Failure> {
    let source = args.file.as_deref();
    let input = BufReader::new(open(source)?.0);
    let inspection = sigma_encoder::inspect(input).map_err(|error| at(source, &error))?;
    let text = crate::inspection::text(&inspection, args.paths);
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

/// Counts what passes.
struct Counted<T> {
    inner: T,
    bytes: u64,
}

impl<T: Write> Write for Counted<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.inner.write(bytes)?;
        self.bytes += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
