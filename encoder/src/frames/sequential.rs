//! Sequential frames: decoded from front to back, without the index, as from a pipe.

use std::io::Read;

use xxhash_rust::xxh64::Xxh64;

use super::format::{Entry, Trailer, check_frame_bytes};
use super::one::{One, Shared, into_source, lock, share};
use crate::base::fuzzing;
use crate::format::header::FramesHeader;
use crate::format::source::Source;
use crate::options::error::Error;
use crate::options::limits::{Budget, Limits};

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

    /// The next block of the document; `None` at its end, when all checks were right.
    pub(crate) fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        let more = self.advance()?;
        Ok(more.then(|| self.block()))
    }

    /// What is left of the encoded bytes, and what may still be given out; after the end.
    pub(crate) fn into_rest(self) -> Option<(Source<R>, Budget)> {
        drop(self.state);
        Some((into_source(self.stream)?, self.budget))
    }

    /// The last block again.
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
