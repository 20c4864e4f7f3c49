//! Goes from frame to frame, for whoever looks inside.

use std::io::Read;

use super::format::{Entry, check_frame_bytes};
use super::one::{Body, into_source, lock, outside, share};
use super::sequential::Expected;
use crate::format::header::FramesHeader;
use crate::format::source::Source;
use crate::options::error::Error;
use crate::options::limits::Budget;

/// Sees each frame.
pub(crate) trait Visitor {
    /// The encoding in a frame, of which all must be read.
    fn encoding(&mut self, encoding: &mut dyn Read) -> Result<(), Error>;

    /// What the frame is, after its encoding.
    fn frame(&mut self, entry: Entry) {
        let _ = entry;
    }
}

/// Shows all frames to the visitor, and checks what stands around them; what is left of the encoded bytes, and of the
/// budget.
pub(crate) fn walk<R: Read>(
    source: Source<R>,
    header: FramesHeader,
    mut budget: Budget,
    visitor: &mut dyn Visitor,
) -> Result<(Source<R>, Budget), Error> {
    check_frame_bytes(&header, source.offset)?;
    let mut expected = Expected::new(header);
    let stream = share(source);
    while let Some((mut body, offset)) = Body::open(&stream)? {
        visitor.encoding(&mut body).map_err(|error| outside(error, offset))?;
        drop(body);
        let source = &mut lock(&stream).source;
        // The encoding's own checks were right.
        let said = Entry::read_frame_end(source)?;
        let entry = Entry { coded_len: source.offset - offset, ..said };
        budget.spend(entry.raw_len, source.offset)?;
        expected.add(entry);
        visitor.frame(entry);
    }
    expected.check(&mut lock(&stream).source)?;
    Ok((into_source(stream).ok_or(Error::Failed)?, budget))
}
