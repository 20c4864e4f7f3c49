//! Decodes from front to back, without the index: what a pipe needs.

use std::io::{Read, Write};
use std::ops::Range;

use xxhash_rust::xxh64::Xxh64;

use super::format::{Entry, Trailer, check_frame_bytes, line_ends};
use super::one::{One, Shared, into_source, lock, share};
use crate::decoder::Decoder;
use crate::error::Error;
use crate::format::{FramesHeader, Source};
use crate::fuzzing;
use crate::settings::{Budget, Limits};

/// The header and the index as they must be, after the frames that were read.
pub(super) struct Expected {
    header: FramesHeader,
    hash: Xxh64,
    index_len: u64,
}

impl Expected {
    pub(super) fn new(header: FramesHeader) -> Self {
        let mut hash = Xxh64::new(0);
        hash.update(&header.bytes);
        Self { header, hash, index_len: 0 }
    }

    pub(super) fn add(&mut self, entry: Entry) {
        let entry = entry.bytes();
        self.hash.update(&entry);
        self.index_len += entry.len() as u64;
    }

    /// Compares with the index and the trailer that come now.
    pub(super) fn check<R: Read>(&self, source: &mut Source<R>) -> Result<(), Error> {
        let corrupt = |offset, what| Err(Error::Corrupt { offset, what });
        let offset = source.offset;
        let mut found = Xxh64::new(0);
        found.update(&self.header.bytes);
        hash(source, self.index_len, &mut found)?;
        if found.digest() != self.hash.digest() && !fuzzing::checks_are_ignored() {
            return corrupt(offset, "the index differs from the frames");
        }
        let offset = source.offset;
        let trailer = Trailer::read_from(source)?;
        let is_wrong = trailer.check != self.hash.digest() && !fuzzing::checks_are_ignored();
        if trailer.index_len != self.index_len || is_wrong {
            return corrupt(offset, "the checksum of the whole differs");
        }
        Ok(())
    }
}

/// Hashes the next `len` bytes.
fn hash<R: Read>(source: &mut Source<R>, mut len: u64, hash: &mut Xxh64) -> Result<(), Error> {
    let mut bytes = [0; 1 << 10];
    while len > 0 {
        let wanted = len.min(bytes.len() as u64) as usize;
        source.fill(&mut bytes[..wanted])?;
        hash.update(&bytes[..wanted]);
        len -= wanted as u64;
    }
    Ok(())
}

/// Decodes the framed form from front to back.
pub(crate) struct Framed<R> {
    stream: Shared<R>,
    state: State<R>,
    expected: Expected,
    limits: Limits,
    budget: Budget,
    /// Bytes of the document before the frame at hand, and in it so far.
    raw_start: u64,
    raw_len: u64,
}

enum State<R> {
    Between,
    Inside(Box<One<R>>),
    Ended,
}

impl<R: Read> Framed<R> {
    /// After the header.
    pub(crate) fn new(
        source: Source<R>,
        header: FramesHeader,
        limits: Limits,
        budget: Budget,
    ) -> Result<Self, Error> {
        check_frame_bytes(&header, source.offset)?;
        let (expected, stream, state) = (Expected::new(header), share(source), State::Between);
        Ok(Self { stream, state, expected, limits, budget, raw_start: 0, raw_len: 0 })
    }

    /// The next piece of the document; `None` at its end, when all checks were right.
    pub(crate) fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        let more = self.advance()?;
        Ok(more.then(|| self.block()))
    }

    /// What is left of the encoded bytes, and what may still be given out; after the end.
    pub(crate) fn into_rest(self) -> Option<(Source<R>, Budget)> {
        drop(self.state);
        Some((into_source(self.stream)?, self.budget))
    }

    /// The last piece again.
    pub(crate) fn block(&self) -> &[u8] {
        if let State::Inside(frame) = &self.state { frame.block() } else { &[] }
    }

    fn advance(&mut self) -> Result<bool, Error> {
        loop {
            match &mut self.state {
                State::Between => self.open_frame()?,
                State::Inside(frame) => {
                    if frame.advance()? {
                        let len = frame.block().len() as u64;
                        self.raw_len += len;
                        let read = lock(&self.stream).source.offset;
                        return self.budget.spend(len, read).map(|()| true);
                    }
                    self.end_frame()?;
                }
                State::Ended => return Ok(false),
            }
        }
    }

    fn open_frame(&mut self) -> Result<(), Error> {
        let frame = One::open(&self.stream, self.raw_start, self.limits)?;
        self.state = if let Some(frame) = frame {
            State::Inside(Box::new(frame))
        } else {
            self.expected.check(&mut lock(&self.stream).source)?;
            State::Ended
        };
        Ok(())
    }

    fn end_frame(&mut self) -> Result<(), Error> {
        if let State::Inside(frame) = std::mem::replace(&mut self.state, State::Between) {
            self.expected.add(frame.finish()?);
            self.raw_start += std::mem::take(&mut self.raw_len);
        }
        Ok(())
    }
}

/// How far decoding goes on after a range, so that the check after the range's last byte has been
/// read: chunks are closed every 4 MiB.
const BEYOND: u64 = 8 << 20;

/// Decodes `range` of the document, in bytes, from encoded bytes in any form that cannot be read by
/// position: decodes all before it too. The output limit concerns the bytes given out.
///
/// ```
/// let mut encoded = Vec::new();
/// sigma_encoder::encode(&b"[1,22,333]"[..], &mut encoded, &sigma_encoder::Options::default())?;
/// let mut part = Vec::new();
/// let limits = sigma_encoder::Limits::default();
/// sigma_encoder::decode_range(encoded.as_slice(), &mut part, 3..5, limits)?;
/// assert_eq!(part, b"22");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// Also [`Error::Range`] when the document ends before the range does; `u64::MAX` as its end means the
/// document's.
pub fn decode_range<R: Read, W: Write>(
    input: R,
    mut output: W,
    range: Range<u64>,
    limits: Limits,
) -> Result<(), Error> {
    check_output(&range, limits)?;
    let mut decoder = Decoder::limited(input, Limits { output_bytes: None, ..limits })?;
    let mut position = 0;
    while let Some(block) = decoder.next_block()? {
        let part = within(block, position, &range);
        position += block.len() as u64;
        let given = position.min(range.end).saturating_sub(range.start);
        check_output(&(0..given), limits)?;
        output.write_all(part)?;
        if position.saturating_sub(BEYOND) >= range.end {
            return Ok(output.flush()?);
        }
    }
    check_range(&range, position)?;
    Ok(output.flush()?)
}

/// Decodes the lines `lines` of the document, counted from 0, from encoded bytes in any form that
/// cannot be read by position: decodes all before them too. What follows the last `\n` is a line if it
/// is not empty. The output limit concerns the bytes given out.
///
/// ```
/// let mut encoded = Vec::new();
/// let options = sigma_encoder::Options::default();
/// sigma_encoder::encode(&b"[1]\n[2]\n[3]\n"[..], &mut encoded, &options)?;
/// let mut part = Vec::new();
/// let limits = sigma_encoder::Limits::default();
/// sigma_encoder::decode_lines(encoded.as_slice(), &mut part, 1..3, limits)?;
/// assert_eq!(part, b"[2]\n[3]\n");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// Also [`Error::Lines`] when the document ends before the lines do; `u64::MAX` as their end means the
/// document's.
pub fn decode_lines<R: Read, W: Write>(
    input: R,
    mut output: W,
    lines: Range<u64>,
    limits: Limits,
) -> Result<(), Error> {
    let mut decoder = Decoder::limited(input, Limits { output_bytes: None, ..limits })?;
    let mut starts = LineStarts::new(lines.clone());
    let (mut given, mut beyond) = (0, 0);
    while let Some(block) = decoder.next_block()? {
        let part = starts.within(block);
        given += part.len() as u64;
        check_output(&(0..given), limits)?;
        output.write_all(part)?;
        if starts.is_behind() {
            beyond += block.len() as u64;
            if beyond > BEYOND {
                return Ok(output.flush()?);
            }
        }
    }
    starts.check(&lines)?;
    Ok(output.flush()?)
}

/// Finds lines while blocks of the document pass by.
pub(super) struct LineStarts {
    wanted: Range<u64>,
    /// Ends of lines so far.
    ends: u64,
    /// Whether bytes came after the last end.
    is_open: bool,
}

impl LineStarts {
    pub(super) fn new(wanted: Range<u64>) -> Self {
        Self { wanted, ends: 0, is_open: false }
    }

    /// The bytes of the next block that are in the wanted lines.
    fn within<'a>(&mut self, block: &'a [u8]) -> &'a [u8] {
        let (start, end) = (self.wanted.start, self.wanted.end);
        let place = |line: u64| start_in(block, line, self.ends);
        let part = place(start).min(place(end))..place(end);
        self.ends += line_ends(block);
        self.is_open = block.last() != Some(&b'\n');
        &block[part]
    }

    /// Whether all wanted lines have passed.
    fn is_behind(&self) -> bool {
        self.ends >= self.wanted.end
    }

    /// Refuses lines that the document, all of which has passed, does not have.
    fn check(&self, wanted: &Range<u64>) -> Result<(), Error> {
        check_lines(wanted, self.ends + u64::from(self.is_open)).map(drop)
    }
}

/// Where `line` begins in a block that `before` ends of lines precede; at its end if later.
pub(super) fn start_in(block: &[u8], line: u64, before: u64) -> usize {
    let Some(wanted) = line.checked_sub(before).filter(|&wanted| wanted > 0) else { return 0 };
    let mut ends = block.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let skipped = usize::try_from(wanted - 1).unwrap_or(usize::MAX);
    ends.nth(skipped).map_or(block.len(), |(at, _)| at + 1)
}

/// Refuses lines that a document of so many lines does not have; gives them an end otherwise.
pub(super) fn check_lines(lines: &Range<u64>, document_lines: u64) -> Result<Range<u64>, Error> {
    let end = if lines.end == u64::MAX { document_lines } else { lines.end };
    match lines.start <= end && end <= document_lines {
        true => Ok(lines.start..end),
        false => Err(Error::Lines { start: lines.start, end, document_lines }),
    }
}

/// The bytes of a block at `position` of the document that are in a range.
pub(super) fn within<'a>(block: &'a [u8], position: u64, range: &Range<u64>) -> &'a [u8] {
    let at = |place: u64| place.saturating_sub(position).min(block.len() as u64) as usize;
    &block[at(range.start).min(at(range.end))..at(range.end)]
}

/// Refuses a range that gives out too much; one to the document's end is not known to.
pub(super) fn check_output(range: &Range<u64>, limits: Limits) -> Result<(), Error> {
    let limit_bytes = limits.output_bytes.unwrap_or(u64::MAX);
    match range.end != u64::MAX && range.end.saturating_sub(range.start) > limit_bytes {
        true => Err(Error::Limit { what: "output limit", limit_bytes, needed_bytes: None }),
        false => Ok(()),
    }
}

/// Refuses a range that a document of `len` bytes does not have; gives it an end otherwise.
pub(super) fn check_range(range: &Range<u64>, len: u64) -> Result<Range<u64>, Error> {
    let end = if range.end == u64::MAX { len } else { range.end };
    match range.start <= end && end <= len {
        true => Ok(range.start..end),
        false => Err(Error::Range { start: range.start, end, document_bytes: len }),
    }
}
