//! Ranges of bytes and of lines, within a document and within a block of it.

use std::ops::Range;

use crate::options::error::Error;
use crate::options::limits::Limits;

/// Where `line` begins in a block that `before` ends of lines precede; at its end if later.
pub(crate) fn start_in(block: &[u8], line: u64, before: u64) -> usize {
    let Some(wanted) = line.checked_sub(before).filter(|&wanted| wanted > 0) else { return 0 };
    let mut ends = block.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let skipped = usize::try_from(wanted - 1).unwrap_or(usize::MAX);
    ends.nth(skipped).map_or(block.len(), |(at, _)| at + 1)
}

/// Refuses lines that a document of so many lines does not have; gives them an end otherwise.
pub(crate) fn check_lines(lines: &Range<u64>, document_lines: u64) -> Result<Range<u64>, Error> {
    let end = if lines.end == u64::MAX { document_lines } else { lines.end };
    match lines.start <= end && end <= document_lines {
        true => Ok(lines.start..end),
        false => Err(Error::Lines { start: lines.start, end, document_lines }),
    }
}

/// The bytes of a block at `position` of the document that are in a range.
pub(crate) fn within<'a>(block: &'a [u8], position: u64, range: &Range<u64>) -> &'a [u8] {
    let at = |place: u64| place.saturating_sub(position).min(block.len() as u64) as usize;
    &block[at(range.start).min(at(range.end))..at(range.end)]
}

/// Refuses a range that gives out too much; one to the document's end is not known to.
pub(crate) fn check_output(range: &Range<u64>, limits: Limits) -> Result<(), Error> {
    let limit_bytes = limits.output_bytes.unwrap_or(u64::MAX);
    match range.end != u64::MAX && range.end.saturating_sub(range.start) > limit_bytes {
        true => Err(Error::Limit { what: "output limit", limit_bytes, needed_bytes: None }),
        false => Ok(()),
    }
}

/// Refuses a range that a document of `len` bytes does not have; gives it an end otherwise.
pub(crate) fn check_range(range: &Range<u64>, len: u64) -> Result<Range<u64>, Error> {
    let end = if range.end == u64::MAX { len } else { range.end };
    match range.start <= end && end <= len {
        true => Ok(range.start..end),
        false => Err(Error::Range { start: range.start, end, document_bytes: len }),
    }
}
