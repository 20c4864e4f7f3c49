//! One frame while it is decoded: the packets around an encoding, and the checks after it.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::format::{Entry, PACKET, Tally, read_packet_len};
use crate::base::fuzzing;
use crate::codec::single::Single;
use crate::format::header::Start;
use crate::format::source::Source;
use crate::options::error::Error;
use crate::options::limits::{Budget, Limits};

/// Encoded bytes that the frames' encodings are read from in turn.
pub(super) struct Stream<R> {
    pub(super) source: Source<R>,
    /// Bytes of the packet at hand that are still to come; no other follows a short one.
    left: usize,
    is_last: bool,
}

/// A stream that a decoder reads from as long as it decodes a frame.
pub(super) type Shared<R> = Arc<Mutex<Stream<R>>>;

/// A stream of encoded bytes.
pub(super) fn share<R>(source: Source<R>) -> Shared<R> {
    Arc::new(Mutex::new(Stream { source, left: 0, is_last: true }))
}

/// The bytes again, when nothing else reads from them.
pub(super) fn into_source<R>(stream: Shared<R>) -> Option<Source<R>> {
    let stream = Arc::into_inner(stream)?;
    Some(stream.into_inner().unwrap_or_else(PoisonError::into_inner).source)
}

/// The stream, which one thread uses at a time.
pub(super) fn lock<R>(stream: &Shared<R>) -> MutexGuard<'_, Stream<R>> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Read> Stream<R> {
    /// Begins the next packet.
    fn open_packet(&mut self) -> Result<(), Error> {
        self.left = read_packet_len(&mut self.source)?;
        self.is_last = self.left < PACKET;
        Ok(())
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        if self.left == 0 && !self.is_last {
            self.open_packet()?;
        }
        let wanted = bytes.len().min(self.left);
        if wanted == 0 {
            return Ok(0);
        }
        let len = self.source.read(&mut bytes[..wanted])?;
        if len == 0 {
            return Err(Error::Truncated { offset: self.source.offset });
        }
        self.left -= len;
        Ok(len)
    }
}

/// The encoding inside a frame, as a reader: its packets one after the other.
pub(super) struct Body<R>(Shared<R>);

impl<R: Read> Body<R> {
    /// At the next frame's first packet, with where the frame begins in the encoded bytes; `None` at
    /// the mark after the last frame.
    pub(super) fn open(stream: &Shared<R>) -> Result<Option<(Self, u64)>, Error> {
        let mut at = lock(stream);
        let offset = at.source.offset;
        at.open_packet()?;
        Ok((at.left > 0).then(|| (Self(Arc::clone(stream)), offset)))
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        lock(&self.0).read(bytes).map_err(|error| match error {
            Error::Io(error) => error,
            error => io::Error::other(error),
        })
    }
}

/// A frame that is being decoded.
pub(super) struct One<R> {
    decoder: Single<Body<R>>,
    stream: Shared<R>,
    /// Where the frame begins in the encoded bytes.
    offset: u64,
    tally: Tally,
}

impl<R: Read> One<R> {
    /// Opens the frame that begins at `raw_start` of the document; `None` at the mark after the last.
    /// What is given out in all is limited elsewhere.
    pub(super) fn open(
        stream: &Shared<R>,
        raw_start: u64,
        limits: Limits,
    ) -> Result<Option<Self>, Error> {
        let Some((body, offset)) = Body::open(stream)? else { return Ok(None) };
        let limits = Limits { output_bytes: None, ..limits };
        let decoder = open_single(body, limits).map_err(|error| outside(error, offset))?;
        let stream = Arc::clone(stream);
        Ok(Some(Self { decoder, stream, offset, tally: Tally::new(raw_start) }))
    }

    /// Decodes on; `false` at the end of the encoding.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        match self.decoder.next_block() {
            Ok(Some(block)) => {
                self.tally.add(block);
                Ok(true)
            }
            Ok(None) => {
                let end = self.decoder.source().expect_end();
                end.map(|()| false).map_err(|error| outside(error, self.offset))
            }
            Err(error) => Err(outside(error, self.offset)),
        }
    }

    /// What [`Self::advance`] decoded.
    pub(super) fn block(&self) -> &[u8] {
        self.decoder.block()
    }

    /// Reads what follows the encoding, and checks the frame.
    pub(super) fn finish(self) -> Result<Entry, Error> {
        let Stream { source, left, is_last } = &mut *lock(&self.stream);
        let corrupt = |what| Err(Error::Corrupt { offset: self.offset, what });
        if *left > 0 || !*is_last {
            return corrupt("a frame goes on after its encoding");
        }
        let said = Entry::read_frame_end(source)?;
        let found = self.tally.entry(source.offset - self.offset);
        if said.raw_len != found.raw_len || found.raw_len == 0 {
            return corrupt("a frame is not as long as it says");
        }
        if said.lines != found.lines {
            return corrupt("a frame does not have as many lines as it says");
        }
        if said.check != found.check && !fuzzing::checks_are_ignored() {
            return corrupt("a frame's checksum differs, or the frame was moved");
        }
        Ok(found)
    }
}

/// The encoding inside a frame, which holds no frames itself.
fn open_single<R: Read>(body: R, limits: Limits) -> Result<Single<R>, Error> {
    let mut source = Source::new(body);
    match Start::read_from(&mut source)? {
        Start::Single(header) => Single::new(source, header, limits, Budget::new(limits)),
        Start::Frames(_) => Err(Error::NotSigma),
    }
}

/// An error of the encoding in a frame, as one of the file: with offsets in the file.
pub(super) fn outside(error: Error, frame: u64) -> Error {
    // Each full packet has a length of three bytes before it.
    let at = |offset: u64| frame + offset + 3 * (offset / PACKET as u64 + 1);
    match error {
        Error::Io(error) => match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => Error::Io(error),
        },
        Error::Corrupt { offset, what } => Error::Corrupt { offset: at(offset), what },
        Error::Truncated { offset } => {
            Error::Corrupt { offset: at(offset), what: "the encoding in a frame ends too early" }
        }
        Error::TrailingBytes { offset } => {
            Error::Corrupt { offset: at(offset), what: "a frame goes on after its encoding" }
        }
        Error::NotSigma => Error::Corrupt { offset: frame, what: "a frame holds no encoding" },
        error => error,
    }
}
