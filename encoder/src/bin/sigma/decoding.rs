//! Decoding: by position where an encoding has frames, from front to back otherwise.

use std::fs::File;
use std::io::{self, BufReader};
use std::ops::Range;
use std::path::Path;

use sigma_encoder::{Error, Frames, Limits, WriteAt};

use crate::files::{Input, Target};
use crate::progress::{Placed, Progress};
use crate::run::{Counted, Failure, Voice, at, writing};
use crate::stats::Work;

/// What is to be decoded, and how.
pub(crate) struct Decoding<'a> {
    pub(crate) source: Option<&'a Path>,
    pub(crate) limits: Limits,
    /// Only these bytes of the document.
    pub(crate) range: Option<Range<u64>>,
    pub(crate) threads: usize,
    pub(crate) voice: Voice,
}

impl Decoding<'_> {
    /// Decodes to a target.
    pub(crate) fn decode(&self, input: &Input, target: &Target) -> Result<Work, Failure> {
        let is_sequential = self.range.is_none() && self.threads <= 1;
        let placed = if is_sequential { None } else { input.placed() };
        if let Some((file, len)) = placed {
            let total = self.range.is_none().then_some(len);
            let file = Placed::new(file, total, self.voice.quiet);
            match Frames::open(&file, len, self.limits) {
                Ok(Some(frames)) => {
                    let work = self.decode_frames(&frames, target)?;
                    let input_bytes = if self.range.is_none() { len } else { file.bytes() };
                    return Ok(Work { input_bytes, ..work });
                }
                Ok(None) => {}
                Err(error @ (Error::Io(_) | Error::Limit { .. })) => {
                    return Err(at(self.source, &error));
                }
                Err(error) => self.voice.warning(&format!(
                    "the index cannot be used, so the frames are decoded one by one: {error}"
                )),
            }
        }
        if !is_sequential {
            self.voice.detail("there are no frames to find, so all is decoded from the start");
        }
        self.decode_front(input, target)
    }

    /// Decodes the frames that are needed.
    fn decode_frames(
        &self,
        frames: &Frames<&Placed<&File>>,
        target: &Target,
    ) -> Result<Work, Failure> {
        let failed = |error| at(self.source, &error);
        let threads = frames.threads_allowed(self.threads).map_err(failed)?;
        if threads < self.threads {
            self.voice.warning(&format!(
                "{threads} instead of {} threads, for the memory limit of {} bytes",
                self.threads,
                self.limits.memory_bytes.unwrap_or(u64::MAX)
            ));
        }
        let range = self.range.clone().unwrap_or(0..u64::MAX);
        let len = range.end.min(frames.document_bytes()).saturating_sub(range.start);
        let decoded = match (target, target.create_file()?) {
            (_, Some(file)) => {
                let output = Named { file, name: target.name() };
                frames.decode_range_at(range, &output, threads)
            }
            (Target::Nowhere, None) => frames.test(threads),
            (_, None) => frames.decode_range(range, Counted::create(target)?, threads),
        };
        decoded.map_err(failed)?;
        let frames = Some(frames.count() as u64);
        Ok(Work { input_bytes: 0, output_bytes: len, frames, threads })
    }

    /// Decodes from the start on, by one thread.
    fn decode_front(&self, input: &Input, target: &Target) -> Result<Work, Failure> {
        let len = input.metadata().map(std::fs::Metadata::len);
        let mut read = Progress::new(input.reader(), len, self.voice.quiet);
        let mut output = Counted::create(target)?;
        let buffered = BufReader::with_capacity(1 << 15, &mut read);
        let decoded = match &self.range {
            None => sigma_encoder::decode_limited(buffered, &mut output, self.limits),
            Some(range) => {
                sigma_encoder::decode_range(buffered, &mut output, range.clone(), self.limits)
            }
        };
        decoded.map_err(|error| at(self.source, &error))?;
        let (input_bytes, output_bytes) = (read.bytes, output.bytes);
        Ok(Work { input_bytes, output_bytes, frames: None, threads: 1 })
    }
}

/// A file that says its name when it cannot be written.
struct Named {
    file: File,
    name: String,
}

impl WriteAt for Named {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset).map_err(|error| writing(&error, &self.name))
    }
}
