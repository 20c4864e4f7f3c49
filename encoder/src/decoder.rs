//! The pull decoder: reads encoded bytes of any form as it needs them, gives the document piece by
//! piece.

use std::io::{self, Read};

use crate::decode::Single;
use crate::error::Error;
use crate::frames::{Framed, Start, is_framed, start};
use crate::settings::Limits;

/// Decodes one document.
///
/// ```
/// use std::io::Read;
/// let mut encoded = Vec::new();
/// sigma_encoder::encode(&b"{\"a\":1}"[..], &mut encoded, &sigma_encoder::Options::default())?;
/// let mut document = String::new();
/// sigma_encoder::Decoder::new(encoded.as_slice())?.read_to_string(&mut document)?;
/// assert_eq!(document, "{\"a\":1}");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub struct Decoder<R> {
    form: Form<R>,
    /// Bytes of the block that `read` has given out.
    given: usize,
    done: bool,
}

enum Form<R> {
    Single(Box<Single<Start<R>>>),
    Framed(Framed<R>),
}

impl<R> std::fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl<R: Read> Decoder<R> {
    /// Reads the header.
    pub fn new(inner: R) -> Result<Self, Error> {
        Self::limited(inner, Limits::default())
    }

    /// Reads the header; refuses what exceeds the limits.
    pub fn limited(inner: R, limits: Limits) -> Result<Self, Error> {
        let inner = start(inner)?;
        let form = match is_framed(&inner) {
            true => Form::Framed(Framed::limited(inner, limits)?),
            false => Form::Single(Box::new(Single::limited(inner, limits)?)),
        };
        Ok(Self { form, given: 0, done: false })
    }

    /// The next piece of the document; `None` at its end, when all checks were right.
    pub fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        self.given = 0;
        let block = match &mut self.form {
            Form::Single(single) => single.next_block()?,
            Form::Framed(framed) => framed.next_block()?,
        };
        self.done = block.is_none();
        Ok(block)
    }

    /// The last piece again.
    fn block(&self) -> &[u8] {
        match &self.form {
            Form::Single(single) => single.block(),
            Form::Framed(framed) => framed.block(),
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.block().len() && !self.done {
            self.next_block()?;
        }
        let rest = &self.block()[self.given..];
        let len = rest.len().min(out.len());
        out[..len].copy_from_slice(&rest[..len]);
        self.given += len;
        Ok(len)
    }
}
