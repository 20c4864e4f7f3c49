//! Between files and the library.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use sigma_encoder::{Error, Options};

use crate::args::{Args, EncodeArgs, InspectArgs, PlaceArgs, Verb};
use crate::stats::{Repetition, Stats};

/// The ending of encoded files.
const SUFFIX: &str = "sg";

/// Why the program fails, by exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 2: the command line asks for what cannot be.
    Usage(String),
    /// 1: the work could not be done.
    Work(String),
}

/// Does what was asked.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match &args.verb {
        Verb::Encode(encode) => run_encode(encode),
        Verb::Decode(decode) => run_decode(&decode.place),
        Verb::Inspect(inspect) => run_inspect(inspect),
    }
}

fn run_encode(args: &EncodeArgs) -> Result<(), Failure> {
    let options = args.options();
    let target = Target::of(&args.place, true)?;
    let mut stats = Stats::with_room_for(args.repeat as usize);
    if args.repeat > 1 {
        repeat(args, &options, &target, &mut stats)?;
    } else {
        let counts = encode_once(&args.place, &options, &target)?;
        stats.add(counts, Repetition::now());
    }
    write_stats(&args.place, &stats)
}

/// Encodes the same input several times; the last output counts.
fn repeat(
    args: &EncodeArgs,
    options: &Options,
    target: &Target,
    stats: &mut Stats,
) -> Result<(), Failure> {
    let mut document = Vec::new();
    let source = args.place.file.as_deref();
    open(source)?.read_to_end(&mut document).map_err(|error| at(source, &error.into()))?;
    for round in 0..args.repeat {
        let nowhere = Target::Nowhere;
        let target = if round + 1 == args.repeat { target } else { &nowhere };
        let counts = encode_from(document.as_slice(), source, options, target)?;
        stats.add(counts, Repetition::now());
    }
    Ok(())
}

fn encode_once(
    place: &PlaceArgs,
    options: &Options,
    target: &Target,
) -> Result<(u64, u64), Failure> {
    let source = place.file.as_deref();
    encode_from(open(source)?, source, options, target)
}

fn encode_from<R: Read>(
    input: R,
    source: Option<&Path>,
    options: &Options,
    target: &Target,
) -> Result<(u64, u64), Failure> {
    let mut input = Counted { inner: input, bytes: 0 };
    let mut output = Counted { inner: target.create()?, bytes: 0 };
    sigma_encoder::encode(&mut input, &mut output, options).map_err(|error| at(source, &error))?;
    target.publish()?;
    Ok((input.bytes, output.bytes))
}

fn run_decode(place: &PlaceArgs) -> Result<(), Failure> {
    let target = Target::of(place, false)?;
    let source = place.file.as_deref();
    let mut input = Counted { inner: open(source)?, bytes: 0 };
    let mut output = Counted { inner: target.create()?, bytes: 0 };
    let buffered = BufReader::with_capacity(1 << 15, &mut input);
    if let Err(error) = sigma_encoder::decode(buffered, &mut output) {
        target.discard();
        return Err(at(source, &error));
    }
    target.publish()?;
    let mut stats = Stats::default();
    stats.add((input.bytes, output.bytes), Repetition::now());
    write_stats(place, &stats)
}

fn run_inspect(args: &InspectArgs) -> Result<(), Failure> {
    let source = args.file.as_deref();
    let input = BufReader::new(open(source)?);
    let inspection = sigma_encoder::inspect(input).map_err(|error| at(source, &error))?;
    print!("{}", crate::inspection::text(&inspection, args.paths));
    Ok(())
}

fn write_stats(place: &PlaceArgs, stats: &Stats) -> Result<(), Failure> {
    let Some(path) = &place.stats_json else { return Ok(()) };
    std::fs::write(path, stats.json()).map_err(|error| at(Some(path), &error.into()))
}

/// An error with the place where it happened.
fn at(path: Option<&Path>, error: &Error) -> Failure {
    let name = path.map_or("standard input".into(), |path| format!("`{}`", path.display()));
    Failure::Work(format!("{name}: {error}"))
}

fn open(path: Option<&Path>) -> Result<Box<dyn Read>, Failure> {
    match path {
        None => Ok(Box::new(io::stdin().lock())),
        Some(path) => match File::open(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(at(Some(path), &error.into())),
        },
    }
}

/// Where output goes.
#[derive(Debug)]
enum Target {
    Stdout,
    /// First written to the second path, then renamed.
    File(PathBuf, PathBuf),
    Nowhere,
}

impl Target {
    fn of(place: &PlaceArgs, encoding: bool) -> Result<Self, Failure> {
        let path = match (&place.output, &place.file) {
            (Some(path), _) => path.clone(),
            (None, Some(file)) if !place.stdout => beside(file, encoding)?,
            _ => return Self::stdout(place, encoding),
        };
        if path.exists() && !place.force {
            let message = format!("`{}` exists; remove it or give -f", path.display());
            return Err(Failure::Work(message));
        }
        let mut partial = path.clone().into_os_string();
        partial.push(format!(".{}.partial", std::process::id()));
        Ok(Self::File(path, partial.into()))
    }

    fn stdout(place: &PlaceArgs, encoding: bool) -> Result<Self, Failure> {
        if encoding && !place.force && io::stdout().is_terminal() {
            let message = "encoded bytes are not for a terminal; redirect, or give -o or -f";
            return Err(Failure::Usage(message.into()));
        }
        Ok(Self::Stdout)
    }

    fn create(&self) -> Result<Box<dyn Write>, Failure> {
        match self {
            Self::Stdout => Ok(Box::new(io::stdout().lock())),
            Self::Nowhere => Ok(Box::new(io::sink())),
            Self::File(_, partial) => match File::create(partial) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(at(Some(partial), &error.into())),
            },
        }
    }

    fn publish(&self) -> Result<(), Failure> {
        let Self::File(path, partial) = self else { return Ok(()) };
        std::fs::rename(partial, path).map_err(|error| at(Some(path), &error.into()))
    }

    fn discard(&self) {
        if let Self::File(_, partial) = self {
            // What cannot be removed was probably never made.
            let _ = std::fs::remove_file(partial);
        }
    }
}

/// The name of the output beside a file.
fn beside(file: &Path, encoding: bool) -> Result<PathBuf, Failure> {
    if encoding {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".{SUFFIX}"));
        return Ok(name.into());
    }
    if file.extension().is_some_and(|extension| extension == SUFFIX) {
        return Ok(file.with_extension(""));
    }
    let message = format!("`{}` does not end in `.{SUFFIX}`; give -o or -c", file.display());
    Err(Failure::Usage(message))
}

/// Counts what passes.
struct Counted<T> {
    inner: T,
    bytes: u64,
}

impl<T: Read> Read for Counted<T> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        self.bytes += len as u64;
        Ok(len)
    }
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
