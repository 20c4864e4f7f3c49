//! Encoders and decoders that are read from: what comes is the other form of what the reader inside
//! gives.

use std::fmt;
use std::io::{self, Read};

pub use super::decoder::Decoder;
use crate::codec::encoder::Encoder as Push;
use crate::options::coding::Options;

/// Bytes read at a time.
const READ: usize = 1 << 15;

/// The encoding of all that `R` gives.
///
/// ```
/// use std::io::Read;
/// use sigma_encoder::{Options, decode_all, read};
/// let mut encoded = Vec::new();
/// read::Encoder::new(&b"[1,2,3]"[..], Options::new()).read_to_end(&mut encoded)?;
/// assert_eq!(decode_all(encoded.as_slice())?, b"[1,2,3]");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Encoder<R> {
    inner: R,
    /// `None` after the end.
    push: Option<Push>,
    /// What is encoded, and how much of it was given out.
    out: Vec<u8>,
    given: usize,
    buffer: Vec<u8>,
}

impl<R: Read> Encoder<R> {
    /// Reads nothing yet.
    ///
    /// ```
    /// let encoder = sigma_encoder::read::Encoder::new(std::io::stdin(), Default::default());
    /// ```
    pub fn new(inner: R, options: Options) -> Self {
        let push = Some(Push::new(options));
        Self { inner, push, out: Vec::new(), given: 0, buffer: Vec::new() }
    }

    /// The reader inside.
    ///
    /// ```
    /// # let encoder = sigma_encoder::read::Encoder::new(&b"[]"[..], Default::default());
    /// println!("{} bytes are left", encoder.get_ref().len());
    /// ```
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader inside; what is read from it is not encoded.
    ///
    /// ```
    /// # let mut encoder = sigma_encoder::read::Encoder::new(&b"[]"[..], Default::default());
    /// *encoder.get_mut() = b"another document";
    /// ```
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Gives the reader back.
    ///
    /// ```
    /// # let encoder = sigma_encoder::read::Encoder::new(&b"[]"[..], Default::default());
    /// assert_eq!(encoder.into_inner(), b"[]");
    /// ```
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// Has encoded bytes to give, but at the end.
    fn advance(&mut self) -> io::Result<()> {
        while self.given == self.out.len() {
            let Some(push) = &mut self.push else { return Ok(()) };
            self.buffer.resize(READ, 0);
            let len = self.inner.read(&mut self.buffer)?;
            self.out.clear();
            self.given = 0;
            if len > 0 {
                push.push(&self.buffer[..len], &mut self.out);
            } else if let Some(push) = self.push.take() {
                push.finish(&mut self.out);
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Encoder<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.advance()?;
        let rest = &self.out[self.given..];
        let len = rest.len().min(bytes.len());
        bytes[..len].copy_from_slice(&rest[..len]);
        self.given += len;
        Ok(len)
    }
}

impl<R: fmt::Debug> fmt::Debug for Encoder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("inner", &self.inner).finish_non_exhaustive()
    }
}
