//! Encoding one file, and adding to one that is encoded.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use sigma_encoder::{Error, Frames, Framing, Limits, ReadAt, encode_frames, encode_frames_at};

use crate::args::{EncodeArgs, PlaceArgs};
use crate::failure::{Failure, Voice, at};
use crate::files::Input;
use crate::output::{Likeness, Output, Target};
use crate::progress::{Placed, Progress};
use crate::stats::{Repetition, Stats, Work};

/// Encodes an input, as often as is wanted: only the last output counts.
pub(crate) fn encode(
    args: &EncodeArgs,
    input: &Input,
    target: &Target,
    voice: Voice,
    stats: &mut Stats,
) -> Result<Work, Failure> {
    let job = Job { args, input, voice };
    let framing = args.framing();
    if args.repeat == 1 {
        let document = match (framing, input.placed()) {
            (Some(framing), Some((file, len))) => Document::Placed(file, len, framing),
            (framing, _) => Document::Stream(input.reader(), framing),
        };
        let work = job.encode(document, target)?;
        stats.add(work, Repetition::now());
        return Ok(work);
    }
    let mut bytes = Vec::new();
    let read = input.reader().read_to_end(&mut bytes);
    read.map_err(|error| at(&input.source.name(), &error.into()))?;
    let mut work = Work::default();
    for round in 1..=args.repeat {
        let target = if round == args.repeat { target } else { &Target::Nowhere };
        let document = match framing {
            Some(framing) => Document::Placed(&bytes, bytes.len() as u64, framing),
            None => Document::Stream(Box::new(bytes.as_slice()), None),
        };
        work = job.encode(document, target)?;
        stats.add(work, Repetition::now());
    }
    Ok(work)
}

/// A document that is encoded, and how it is cut.
enum Document<'a> {
    /// Read from front to back.
    Stream(Box<dyn Read + Send + 'a>, Option<Framing>),
    /// Read by position, so many bytes.
    Placed(&'a dyn ReadAt, u64, Framing),
}

/// How a document is encoded.
struct Job<'a> {
    args: &'a EncodeArgs,
    input: &'a Input,
    voice: Voice,
}

impl Job<'_> {
    fn encode(&self, document: Document<'_>, target: &Target) -> Result<Work, Failure> {
        let mut output = target.open(false)?;
        let encoded = self.encode_to(document, &mut output);
        let work = encoded.map_err(|error| at(&self.input.source.name(), &error))?;
        let output_bytes = output.bytes;
        let like = self.input.regular().map(|of| Likeness { of, has_times: true });
        output.publish(like, self.args.place.rm)?;
        Ok(Work { output_bytes, ..work })
    }

    fn encode_to(&self, document: Document<'_>, output: &mut Output) -> Result<Work, Error> {
        let options = &self.args.options();
        let quiet = self.voice.is_quiet();
        let len = self.input.regular().map(std::fs::Metadata::len);
        let stream = |input| Progress::new(input, len, quiet);
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

/// The file that grows, or is made if there is none.
pub(crate) fn target_of_append(place: &PlaceArgs) -> Result<Target, Failure> {
    let path = place.output.as_deref().unwrap_or(Path::new("-"));
    match Target::named(path, true)? {
        target @ Target::File { .. } => Ok(target),
        _ => Err(Failure::Work(format!("`{}` is no file that can grow", path.display()))),
    }
}

/// Adds an input to the document of an encoding: a new encoding takes its place. Others who add to it
/// at the same time wait.
pub(crate) fn append(
    args: &EncodeArgs,
    input: &Input,
    target: &Target,
    voice: Voice,
) -> Result<Work, Failure> {
    let Target::File { path, .. } = target else { return Err(Failure::Said) };
    let Some(old) = lock(path).map_err(|error| at(&target.name(), &error.into()))? else {
        let framing = args.framing().unwrap_or_default();
        let job = Job { args, input, voice };
        let target = Target::File { path: path.clone(), replaces: false };
        return job.encode(Document::Stream(input.reader(), Some(framing)), &target);
    };
    let refused = |why: String| Err(Failure::Work(format!("{} {why}", target.name())));
    let failed = |error: Error| at(&target.name(), &error);
    let metadata = old.metadata().map_err(|error| failed(error.into()))?;
    if target_is_input(target, input) {
        return refused("is the input; name another file".into());
    }
    let Some(frames) = Frames::open(&old, metadata.len(), Limits::default()).map_err(failed)?
    else {
        return refused("has no frames to add to; encode it anew with --frame".into());
    };
    if args.frame.is_some_and(|frame| frame != frames.frame_bytes()) {
        let found = frames.frame_bytes();
        return refused(format!("has frames of {found} bytes; leave --frame out"));
    }
    let mut more = Progress::new(
        input.reader(),
        input.regular().map(std::fs::Metadata::len),
        voice.is_quiet(),
    );
    let mut more_buffered = BufReader::with_capacity(1 << 15, &mut more);
    let first = match more_buffered.fill_buf() {
        Ok(bytes) => bytes.first().copied(),
        Err(error) => return Err(at(&input.source.name(), &error.into())),
    };
    let threads = args.threads().max(1);
    if first.is_none() {
        let frames = Some(frames.count() as u64);
        return Ok(Work { input_bytes: 0, output_bytes: metadata.len(), frames, threads });
    }
    if first != Some(b'\n') && frames.ends_open().map_err(failed)? {
        return refused("ends with a line that has no end; add a `\\n` first".into());
    }
    let mut output = target.open(false)?;
    output.copy_start(&old, frames.kept_bytes()).map_err(|error| failed(error.into()))?;
    let count = frames.append_behind(more_buffered, &mut output, &args.options(), threads);
    let count = count.map_err(failed)?;
    let output_bytes = output.bytes;
    output.publish(Some(Likeness { of: &metadata, has_times: false }), false)?;
    Ok(Work { input_bytes: more.bytes, output_bytes, frames: Some(count), threads })
}

fn target_is_input(target: &Target, input: &Input) -> bool {
    let stdin = input.stdin_metadata();
    input.metadata().or(stdin.as_ref()).is_some_and(|metadata| target.is(metadata))
}

/// The file of this name, for this program alone as far as others ask; `None` if there is none.
#[cfg(unix)]
fn lock(path: &Path) -> std::io::Result<Option<File>> {
    use std::os::unix::fs::MetadataExt;

    loop {
        let file = match File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)?;
        // Who had the lock before has put another file in its place.
        let (held, named) = (file.metadata()?, path.metadata());
        if named.is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino())) {
            return Ok(Some(file));
        }
    }
}

#[cfg(not(unix))]
fn lock(path: &Path) -> std::io::Result<Option<File>> {
    match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        file => file.map(Some),
    }
}
