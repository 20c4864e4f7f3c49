//! Where the bits of a framed encoding went: of all its frames together.

use std::io::Read;

use super::format::{Entry, Header, MAGIC};
use super::front::{Expected, Start};
use super::one::{Body, lock, outside, share};
use crate::error::Error;
use crate::format::Source;
use crate::inspect::{Inspection, PATHS_MAX, PATHS_OTHER, inspect_single};

/// The sizes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameBytes {
    /// Its bytes of the document.
    pub document: u64,
    /// Its bytes in the encoding.
    pub encoded: u64,
}

/// As [`inspect`](crate::inspect()), of the framed form.
pub(crate) fn inspect_frames<R: Read>(start: Start<R>) -> Result<Inspection, Error> {
    let mut source = Source::new(start);
    source.fill(&mut [0; MAGIC.len()])?;
    let mut expected = Expected::new(Header::read_from(&mut source)?);
    let stream = share(source);
    let mut whole = Inspection::default();
    while let Some((body, offset)) = Body::open(&stream)? {
        let frame = inspect_single(body).map_err(|error| outside(error, offset))?;
        let source = &mut lock(&stream).source;
        // The encoding's own checks were right.
        let said = Entry::read_frame_end(source)?;
        let entry = Entry { coded_len: source.offset - offset, ..said };
        expected.add(entry);
        whole.frames.push(FrameBytes { document: entry.raw_len, encoded: entry.coded_len });
        add(&mut whole, frame);
    }
    expected.check(&mut lock(&stream).source)?;
    Ok(whole)
}

/// Adds what one frame holds.
fn add(whole: &mut Inspection, frame: Inspection) {
    for (sum, part) in whole.parts.iter_mut().zip(frame.parts) {
        *sum = (sum.0 + part.0, sum.1 + part.1);
    }
    whole.chunks += frame.chunks;
    let sum = |a: (u64, u64), b: (u64, u64)| (a.0 + b.0, a.1 + b.1);
    whole.segments = sum(whole.segments, frame.segments);
    whole.values = sum(whole.values, frame.values);
    if let Some(census) = &frame.blocks {
        whole.blocks.get_or_insert_default().add_all(census);
    }
    for (path, cost) in frame.paths {
        let is_full = whole.paths.len() >= PATHS_MAX && !whole.paths.contains_key(&path);
        let path = if is_full { PATHS_OTHER.into() } else { path };
        let entry = whole.paths.entry(path).or_default();
        entry.count += cost.count;
        entry.bytes += cost.bytes;
        entry.bits += cost.bits;
    }
}
