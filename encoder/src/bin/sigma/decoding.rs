//! Decoding: by position where an encoding has frames, from front to back otherwise.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use sigma_encoder::{Decoder, Error, Frames, Limits, WriteAt};

use crate::args::PROGRAM_BYTES;
use crate::failure::{Failure, Voice, at};
use crate::files::Input;
use crate::output::{Likeness, Output, Target};
use crate::progress::{Placed, Progress};
use crate::stats::Work;

/// What of the document is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    All,
    /// These bytes.
    Bytes(Range<u64>),
    /// These lines.
    Lines(Range<u64>),
}

/// How inputs are decoded.
pub(crate) struct Decoding {
    pub(crate) limits: Limits,
    pub(crate) part: Part,
    pub(crate) threads: usize,
    pub(crate) voice: Voice,
    /// Whether files get holes where there are zeros.
    pub(crate) is_sparse: bool,
    /// Whether what is no encoding passes as it is.
    pub(crate) passes_others: bool,
    /// Whether the input is removed afterwards.
    pub(crate) removes: bool,
}

impl Decoding {
    /// Decodes an input to a target.
    pub(crate) fn decode(&self, input: &Input, target: &Target) -> Result<Work, Failure> {
        let mut output = target.open(self.is_sparse)?;
        let work = self.decode_to(input, &mut output)?;
        let like = input.regular().map(|of| Likeness { of, has_times: true });
        output.publish(like, self.removes)?;
        Ok(work)
    }

    fn decode_to(&self, input: &Input, output: &mut Output) -> Result<Work, Failure> {
        let is_sequential = self.part == Part::All && self.threads <= 1;
        let placed = if is_sequential { None } else { input.placed() };
        let name = input.source.name();
        if let Some((file, len)) = placed {
            let total = (self.part == Part::All).then_some(len);
            let file = Placed::new(file, total, self.voice.is_quiet());
            match Frames::open(&file, len, self.limits) {
                Ok(Some(frames)) => {
                    let decoded = self.decode_frames(&frames, output);
                    let work = decoded.map_err(|error| at(&name, &error))?;
                    let input_bytes = if self.part == Part::All { len } else { file.bytes() };
                    return Ok(Work { input_bytes, ..work });
                }
                Ok(None) => {}
                Err(error @ (Error::Io(_) | Error::Limit { .. })) => return Err(at(&name, &error)),
                Err(error) => self.voice.warning(&format!(
                    "{name}: the index cannot be used, so the frames are decoded one by one: {error}"
                )),
            }
        }
        if !is_sequential {
            let message = "there are no frames to find, so all is decoded from the start";
            self.voice.detail(&format!("{name}: {message}"));
        }
        self.decode_front(input, output).map_err(|error| at(&name, &error))
    }

    /// Decodes the frames that are needed.
    fn decode_frames(
        &self,
        frames: &Frames<&Placed<&File>>,
        output: &mut Output,
    ) -> Result<Work, Error> {
        let threads = frames.threads_allowed(self.threads)?;
        if threads < self.threads {
            self.voice.warning(&format!(
                "{threads} instead of {} threads, for the memory limit of {} bytes",
                self.threads,
                self.limits.memory_bytes.map_or(u64::MAX, |bytes| bytes + PROGRAM_BYTES)
            ));
        }
        let range = match &self.part {
            Part::All => 0..u64::MAX,
            Part::Bytes(range) => range.clone(),
            Part::Lines(lines) => frames.lines(lines.clone())?,
        };
        let len = range.end.min(frames.document_bytes()).saturating_sub(range.start);
        match output.by_position() {
            Some(file) => {
                let file = Named { file, name: output.name() };
                frames.decode_range_at(range, &file, threads)?;
                output.set_len(len);
            }
            None if output.is_nowhere() => frames.test(threads)?,
            None => frames.decode_range(range, output, threads)?,
        }
        let frames = Some(frames.count() as u64);
        Ok(Work { input_bytes: 0, output_bytes: len, frames, threads })
    }

    /// Decodes from the start on, by one thread.
    fn decode_front(&self, input: &Input, output: &mut Output) -> Result<Work, Error> {
        let len = input.regular().map(Metadata::len);
        let mut read = Progress::new(input.reader(), len, self.voice.is_quiet());
        let mut buffered = BufReader::with_capacity(1 << 15, &mut read);
        if self.passes_others && !begins_encoding(&mut buffered)? {
            io::copy(&mut buffered, output)?;
        } else {
            match &self.part {
                Part::All => sigma_encoder::decode_limited(buffered, &mut *output, self.limits)?,
                Part::Bytes(range) => {
                    let range = range.clone();
                    sigma_encoder::decode_range(buffered, &mut *output, range, self.limits)?;
                }
                Part::Lines(lines) => {
                    let lines = lines.clone();
                    sigma_encoder::decode_lines(buffered, &mut *output, lines, self.limits)?;
                }
            }
        }
        let (input_bytes, output_bytes) = (read.bytes, output.bytes);
        Ok(Work { input_bytes, output_bytes, frames: None, threads: 1 })
    }
}

/// Whether what comes is an encoding, as far as the first bytes say.
fn begins_encoding<R: Read>(input: &mut BufReader<R>) -> Result<bool, Error> {
    let first = input.fill_buf()?;
    Ok(!matches!(Decoder::new(&first[..first.len().min(16)]), Err(Error::NotSigma)))
}

/// A file that says its name when it cannot be written.
struct Named<'a, W> {
    file: &'a W,
    name: &'a str,
}

impl<W: WriteAt> WriteAt for Named<'_, W> {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let written = self.file.write_all_at(bytes, offset);
        written.map_err(|error| crate::output::writing(&error, self.name))
    }
}
