//! Encoders and decoders that are written to: what is written comes out, in its other form, of the
//! writer inside.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::decoder;
use crate::codec::encoder::Encoder as Push;
use crate::options::coding::Options;
use crate::options::error::Error;
use crate::options::limits::Limits;

/// Encodes what is written, and writes the encoding to `W`.
///
/// [`finish`](Self::finish) must be called: without it the end is missing, and decoding fails. Flushing
/// passes on what is encoded so far, which need not be all that was written.
///
/// ```
/// use std::io::Write;
/// use sigma_encoder::{Options, decode_all, write};
/// let mut encoder = write::Encoder::new(Vec::new(), Options::new());
/// writeln!(encoder, "{{\"id\":{}}}", 1)?;
/// writeln!(encoder, "{{\"id\":{}}}", 2)?;
/// let encoded = encoder.finish()?;
/// assert_eq!(decode_all(encoded.as_slice())?, b"{\"id\":1}\n{\"id\":2}\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Encoder<W> {
    inner: W,
    push: Push,
    out: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    /// Writes nothing yet.
    ///
    /// ```
    /// let encoder = sigma_encoder::write::Encoder::new(Vec::new(), sigma_encoder::Options::new());
    /// assert!(encoder.get_ref().is_empty());
    /// ```
    pub fn new(inner: W, options: Options) -> Self {
        Self { inner, push: Push::new(options), out: Vec::new() }
    }

    /// The writer inside.
    ///
    /// ```
    /// # let encoder = sigma_encoder::write::Encoder::new(Vec::new(), sigma_encoder::Options::new());
    /// println!("{} bytes so far", encoder.get_ref().len());
    /// ```
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer inside; what is written to it stands in the middle of the encoding.
    ///
    /// ```
    /// # let mut encoder = sigma_encoder::write::Encoder::new(Vec::new(), sigma_encoder::Options::new());
    /// encoder.get_mut().reserve(1000);
    /// ```
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// Ends the document, writes what is left of its encoding, and gives the writer back.
    ///
    /// ```
    /// # use sigma_encoder::{Options, write};
    /// let empty = write::Encoder::new(Vec::new(), Options::new()).finish()?;
    /// assert!(sigma_encoder::decode_all(empty.as_slice())?.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn finish(mut self) -> io::Result<W> {
        self.push.finish(&mut self.out);
        self.inner.write_all(&self.out)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let written = self.inner.write_all(&self.out);
        self.out.clear();
        written
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push.push(bytes, &mut self.out);
        self.pass_on()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: fmt::Debug> fmt::Debug for Encoder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// Decodes the encoding that is written, and writes the document to `W`.
///
/// A thread of its own decodes, since it stops wherever bytes are missing; it ends with this. What comes
/// out before [`finish`](Self::finish) succeeds may belong to a damaged encoding.
///
/// ```
/// use std::io::Write;
/// use sigma_encoder::{Options, encode_all, write};
/// let encoded = encode_all(&b"[1,2,3]"[..], &Options::new())?;
/// let mut decoder = write::Decoder::new(Vec::new())?;
/// for byte in encoded {
///     decoder.write_all(&[byte])?;
/// }
/// assert_eq!(decoder.finish()?, b"[1,2,3]");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Decoder<W> {
    inner: W,
    /// What the thread reads; `None` after the end.
    input: Option<Sender<Vec<u8>>>,
    events: Receiver<Event>,
    /// Whether the thread waits for bytes now.
    is_wanting: bool,
    /// What went wrong, or that nothing did.
    end: Option<bool>,
}

/// What the thread that decodes tells.
enum Event {
    /// It needs more bytes.
    Wants,
    /// A piece of the document.
    Piece(Vec<u8>),
    /// The document's end, or what went wrong.
    End(Result<(), Error>),
}

impl<W: Write> Decoder<W> {
    /// Starts the thread.
    ///
    /// ```
    /// let decoder = sigma_encoder::write::Decoder::new(std::io::stdout())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there can be no more threads.
    pub fn new(inner: W) -> io::Result<Self> {
        Self::limited(inner, Limits::default())
    }

    /// As [`new`](Self::new); refuses what exceeds the limits.
    ///
    /// ```
    /// use sigma_encoder::{Limits, write};
    /// let limits = Limits::new().output_bytes(1_000_000);
    /// let decoder = write::Decoder::limited(std::io::stdout(), limits)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn limited(inner: W, limits: Limits) -> io::Result<Self> {
        let (input, received) = channel();
        // One at a time: the thread is never far ahead.
        let (sent, events) = sync_channel(1);
        let work = move || {
            let fed = Fed { received, sent: sent.clone(), bytes: Vec::new(), given: 0 };
            // Who does not listen any more wants no more.
            let _ = sent.send(Event::End(decode(fed, &sent, limits)));
        };
        thread::Builder::new().name("sigma decoder".into()).spawn(work)?;
        Ok(Self { inner, input: Some(input), events, is_wanting: false, end: None })
    }

    /// The writer inside.
    ///
    /// ```
    /// # let decoder = sigma_encoder::write::Decoder::new(Vec::new())?;
    /// assert!(decoder.get_ref().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer inside; what is written to it stands in the middle of the document.
    ///
    /// ```
    /// # let mut decoder = sigma_encoder::write::Decoder::new(Vec::new())?;
    /// decoder.get_mut().reserve(1000);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// Decodes what is left and gives the writer back, when all checks were right.
    ///
    /// ```
    /// let decoder = sigma_encoder::write::Decoder::new(Vec::new())?;
    /// assert!(decoder.finish().is_err(), "nothing is no encoding");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the encoding is damaged or ends too early, or writing fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.input = None;
        while self.end.is_none() {
            self.step()?;
        }
        match self.end {
            Some(true) => self.inner.flush().map(|()| self.inner),
            _ => Err(failed()),
        }
    }

    /// Takes what the thread tells next.
    fn step(&mut self) -> io::Result<()> {
        match self.events.recv() {
            Ok(Event::Wants) => self.is_wanting = true,
            Ok(Event::Piece(piece)) => self.inner.write_all(&piece)?,
            Ok(Event::End(result)) => {
                self.end = Some(result.is_ok());
                result?;
            }
            Err(_) => {
                self.end = Some(false);
                return Err(io::Error::other("the decoder panicked; this is a bug of sigma"));
            }
        }
        Ok(())
    }
}

impl<W: Write> Write for Decoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        while !self.is_wanting && self.end.is_none() {
            self.step()?;
        }
        match (self.end, &self.input) {
            // It looks whether bytes follow, so none can come after a good end.
            (Some(_), _) | (None, None) => Err(failed()),
            (None, Some(input)) => {
                self.is_wanting = false;
                // The thread waits for it, unless it panicked: then the next step tells.
                let _ = input.send(bytes.to_vec());
                Ok(bytes.len())
            }
        }
    }

    /// Passes on what is decoded of what was written.
    fn flush(&mut self) -> io::Result<()> {
        while !self.is_wanting && self.end.is_none() {
            self.step()?;
        }
        self.inner.flush()
    }
}

impl<W: fmt::Debug> fmt::Debug for Decoder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// What is said when more is asked for.
fn failed() -> io::Error {
    io::Error::other("decoding failed before and cannot continue")
}

/// Decodes all that is fed, and sends the pieces.
fn decode(fed: Fed, sent: &SyncSender<Event>, limits: Limits) -> Result<(), Error> {
    let mut decoder = decoder::Decoder::limited(fed, limits)?;
    while let Some(piece) = decoder.next_block()? {
        if sent.send(Event::Piece(piece.to_vec())).is_err() {
            break;
        }
    }
    Ok(())
}

/// The bytes that are written, as a reader: it asks for more and waits.
struct Fed {
    received: Receiver<Vec<u8>>,
    sent: SyncSender<Event>,
    bytes: Vec<u8>,
    given: usize,
}

impl Read for Fed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.bytes.len() {
            let _ = self.sent.send(Event::Wants);
            self.bytes = self.received.recv().unwrap_or_default();
            self.given = 0;
        }
        let rest = &self.bytes[self.given..];
        let len = rest.len().min(out.len());
        out[..len].copy_from_slice(&rest[..len]);
        self.given += len;
        Ok(len)
    }
}
