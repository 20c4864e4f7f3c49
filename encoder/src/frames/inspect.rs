//! Where the bits of a framed encoding went: of all its frames together.

use std::io::Read;

use super::format::{Entry, check_frame_bytes};
use super::front::Expected;
use super::one::{Body, into_source, lock, outside, share};
use crate::error::Error;
use crate::format::{FramesHeader, Source, Start};
use crate::inspect::{FRAMES_MAX, Found, Inspection, inspect_header};
use crate::settings::{Budget, Limits};

/// The sizes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameBytes {
    /// Its bytes of the document.
    pub document: u64,
    /// Its bytes in the encoding.
    pub encoded: u64,
}

/// As [`inspect`](crate::inspect()), of the framed form.
pub(crate) fn inspect_frames<R: Read>(
    source: Source<R>,
    header: FramesHeader,
    limits: Limits,
    budget: Budget,
) -> Result<Found<R>, Error> {
    walk_frames(source, header, budget, &mut |encoding| inspect_frame(encoding, limits))
}

/// Gives the encoding in each frame to `look`, and checks what stands around them.
pub(crate) fn walk_frames<R: Read>(
    source: Source<R>,
    header: FramesHeader,
    mut budget: Budget,
    look: &mut dyn FnMut(&mut dyn Read) -> Result<Inspection, Error>,
) -> Result<Found<R>, Error> {
    check_frame_bytes(&header, source.offset)?;
    let mut expected = Expected::new(header);
    let stream = share(source);
    let mut whole = Inspection::default();
    while let Some((mut body, offset)) = Body::open(&stream)? {
        let frame = look(&mut body).map_err(|error| outside(error, offset))?;
        drop(body);
        let source = &mut lock(&stream).source;
        // The encoding's own checks were right.
        let said = Entry::read_frame_end(source)?;
        let entry = Entry { coded_len: source.offset - offset, ..said };
        budget.spend(entry.raw_len, source.offset)?;
        expected.add(entry);
        whole.add(frame);
        whole.frame_count += 1;
        if whole.frames.len() < FRAMES_MAX {
            whole.frames.push(FrameBytes { document: entry.raw_len, encoded: entry.coded_len });
        }
    }
    expected.check(&mut lock(&stream).source)?;
    let source = into_source(stream).ok_or(Error::Failed)?;
    Ok(Found { inspection: whole, source, budget })
}

fn inspect_frame<R: Read>(body: R, limits: Limits) -> Result<Inspection, Error> {
    let mut source = Source::new(body);
    let Start::Single(header) = Start::read_from(&mut source)? else {
        return Err(Error::NotSigma);
    };
    let budget = Budget::new(limits);
    let mut found = inspect_header(source, header, limits, budget)?;
    found.source.expect_end()?;
    Ok(found.inspection)
}
