//! Where the bits of an encoding went: by part of the model and by path in the document.

use std::io::Read;

use super::inspection::{FRAMES_MAX, FrameBytes, Inspection, PATHS_MAX};
use super::meter::{Meter, PATH_MAX};
use crate::base::memory::Memory;
use crate::codec::chunk_decoder::ChunkDecoder;
use crate::codec::setup::model;
use crate::codec::single::{MEMORY_LIMIT, check_memory};
use crate::fast;
use crate::format::header::{FramesHeader, Header, Start};
use crate::format::source::Source;
use crate::frames::format::Entry;
use crate::frames::walk::{Visitor, walk};
use crate::options::error::Error;
use crate::options::limits::{Budget, Limits};

/// What inspecting takes beside decoding: paths and frames.
const MEMORY_BYTES: u64 = (PATHS_MAX * (PATH_MAX + 128) + FRAMES_MAX * 16 + (1 << 20)) as u64;

/// Decodes all that `input` gives and says where its bits went.
pub fn inspect<R: Read>(input: R) -> Result<Inspection, Error> {
    inspect_limited(input, Limits::default())
}

/// As [`inspect`], within limits: as in decoding, where the memory limit counts what is told too.
pub fn inspect_limited<R: Read>(input: R, limits: Limits) -> Result<Inspection, Error> {
    let memory_bytes = limits.memory_bytes.map(|bytes| bytes.saturating_sub(MEMORY_BYTES));
    let within = Limits { memory_bytes, ..limits };
    let inspected = inspect_all(Source::new(input), within);
    inspected.map_err(|error| match (error, limits.memory_bytes) {
        (Error::Limit { what: MEMORY_LIMIT, needed_bytes, .. }, Some(limit_bytes)) => {
            let needed_bytes = needed_bytes.map(|needed| needed + MEMORY_BYTES);
            Error::Limit { what: MEMORY_LIMIT, limit_bytes, needed_bytes }
        }
        (error, _) => error,
    })
}

fn inspect_all<R: Read>(mut source: Source<R>, limits: Limits) -> Result<Inspection, Error> {
    let (mut all, mut budget) = (Inspection::default(), Budget::new(limits));
    loop {
        let offset = source.offset;
        let start = match Start::read_from(&mut source) {
            Err(Error::NotSigma) if offset > 0 => return Err(Error::TrailingBytes { offset }),
            start => start?,
        };
        let found = match start {
            Start::Frames(header) => inspect_frames(source, header, limits, budget)?,
            Start::Single(header) => inspect_header(source, header, limits, budget)?,
        };
        (source, budget) = (found.source, found.budget);
        all.add(found.inspection);
        all.encodings += 1;
        if source.is_at_end()? {
            return Ok(all);
        }
    }
}

/// What was found in an encoding, and what is left after it.
struct Found<R> {
    inspection: Inspection,
    source: Source<R>,
    budget: Budget,
}

/// As [`inspect`], of the compact or the full form.
fn inspect_header<R: Read>(
    source: Source<R>,
    header: Header,
    limits: Limits,
    budget: Budget,
) -> Result<Found<R>, Error> {
    check_memory(&header, limits)?;
    if header.is_blocks() {
        return inspect_blocks(fast::Unpacker::new(source, header, budget));
    }
    let model = model(&header, Memory { lazy: true, pool: true });
    let mut unpacker = ChunkDecoder::after_header(source, header, Meter::new(), model);
    unpacker.budget = budget;
    while unpacker.next_block()?.is_some() {}
    let ChunkDecoder { coder, source, budget, .. } = unpacker;
    Ok(Found { inspection: coder.inspection, source, budget })
}

fn inspect_blocks<R: Read>(mut unpacker: fast::Unpacker<R>) -> Result<Found<R>, Error> {
    unpacker.take_census();
    while unpacker.next_block()?.is_some() {}
    let census = unpacker.census().cloned().unwrap_or_default();
    let inspection = Inspection {
        chunks: census.plain.blocks + census.columns.blocks,
        segments: census.segments,
        values: census.values,
        blocks: Some(census),
        ..Inspection::default()
    };
    Ok(Found { inspection, source: unpacker.source, budget: unpacker.budget })
}

/// As [`inspect`], of the framed form.
fn inspect_frames<R: Read>(
    source: Source<R>,
    header: FramesHeader,
    limits: Limits,
    budget: Budget,
) -> Result<Found<R>, Error> {
    let mut frames = FrameInspector { limits, whole: Inspection::default() };
    let (source, budget) = walk(source, header, budget, &mut frames)?;
    Ok(Found { inspection: frames.whole, source, budget })
}

/// Adds up what is in the frames.
struct FrameInspector {
    limits: Limits,
    whole: Inspection,
}

impl Visitor for FrameInspector {
    fn encoding(&mut self, encoding: &mut dyn Read) -> Result<(), Error> {
        let mut source = Source::new(encoding);
        let Start::Single(header) = Start::read_from(&mut source)? else {
            return Err(Error::NotSigma);
        };
        let mut found = inspect_header(source, header, self.limits, Budget::new(self.limits))?;
        found.source.expect_end()?;
        self.whole.add(found.inspection);
        Ok(())
    }

    fn frame(&mut self, entry: Entry) {
        self.whole.frame_count += 1;
        if self.whole.frames.len() < FRAMES_MAX {
            let (document, encoded) = (entry.raw_len, entry.coded_len);
            self.whole.frames.push(FrameBytes { document, encoded });
        }
    }
}
