//! The pull decoder: reads encoded bytes of any form as it needs them, gives the document block by
//! block.

use std::io::{self, Read};

use crate::base::memory::Memory;
use crate::codec::setup::model;
use crate::codec::single::{Single, check_memory};
use crate::format::header::{Header, Start};
use crate::format::source::Source;
use crate::frames::sequential::Framed;
use crate::model::items::Model;
use crate::options::error::Error;
use crate::options::limits::{Budget, Limits};

/// Decodes one document, or several whose encodings follow each other.
///
/// # Output is handed out before it is verified
///
/// The document is handed out as it is decoded, so that memory does not depend on its length. **Do not trust it before
/// `None`, or the end of the reader, is reached without an error.** At the levels `default` and `max` up to 4 MiB can be
/// unverified at a time; at the level `fast`, and of what is stored, every block is verified before it is handed
/// out, and the end tells that none is missing or moved. After an error the decoder stays failed: it hands out nothing
/// more, and every further call is an error.
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
    limits: Limits,
    /// What was learned before the document, for short ones that follow each other.
    taught: Option<(Header, Model)>,
    /// Bytes of the block that `read` has given out.
    given: usize,
}

enum Form<R> {
    Single(Box<Single<R>>),
    Framed(Box<Framed<R>>),
    Ended,
    Failed,
}

impl<R> std::fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl<R: Read> Decoder<R> {
    /// Reads the header.
    ///
    /// ```
    /// let refused = sigma_encoder::Decoder::new(&b"no encoding"[..]);
    /// assert!(matches!(refused, Err(sigma_encoder::Error::NotSigma)));
    /// ```
    pub fn new(inner: R) -> Result<Self, Error> {
        Self::limited(inner, Limits::default())
    }

    /// Reads the header; refuses what exceeds the limits.
    ///
    /// ```
    /// # let encoded = sigma_encoder::encode_all(&b"[1,2,3]"[..], &Default::default())?;
    /// let limits = sigma_encoder::Limits::new().output_bytes(5);
    /// let mut decoder = sigma_encoder::Decoder::limited(encoded.as_slice(), limits)?;
    /// assert!(decoder.next_block().is_err(), "it has 7 bytes");
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn limited(inner: R, limits: Limits) -> Result<Self, Error> {
        let mut source = Source::new(inner);
        let start = Start::read_from(&mut source)?;
        let budget = Budget::new(limits);
        let form = match start {
            Start::Single(header) => {
                Form::Single(Box::new(Single::new(source, header, limits, budget)?))
            }
            Start::Frames(header) => {
                Form::Framed(Box::new(Framed::new(source, header, limits, budget)?))
            }
        };
        Ok(Self { form, limits, taught: None, given: 0 })
    }

    /// The next block of the document; `None` at its end, when all checks were right.
    ///
    /// ```
    /// # let encoded = sigma_encoder::encode_all(&b"[1,2,3]"[..], &Default::default())?;
    /// let mut decoder = sigma_encoder::Decoder::new(encoded.as_slice())?;
    /// while let Some(block) = decoder.next_block()? {
    ///     println!("{} bytes", block.len());
    /// }
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the encoded bytes cannot be read, are damaged or exceed a limit; and always after that.
    pub fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        self.given = 0;
        match self.advance() {
            Ok(true) => Ok(Some(self.block())),
            Ok(false) => Ok(None),
            Err(error) => {
                self.form = Form::Failed;
                Err(error)
            }
        }
    }

    /// Decodes on; `false` at the end.
    fn advance(&mut self) -> Result<bool, Error> {
        loop {
            let block = match &mut self.form {
                Form::Single(single) => single.next_block()?,
                Form::Framed(framed) => framed.next_block()?,
                Form::Ended => return Ok(false),
                Form::Failed => return Err(Error::Failed),
            };
            if block.is_some_and(|block| !block.is_empty()) {
                return Ok(true);
            }
            self.form = match std::mem::replace(&mut self.form, Form::Failed) {
                Form::Single(single) => self.open_next(Some(single.into_rest()))?,
                Form::Framed(framed) => self.open_next(framed.into_rest())?,
                other => other,
            };
        }
    }

    /// The encoding after the one that has ended, if there is one.
    fn open_next(&mut self, rest: Option<(Source<R>, Budget)>) -> Result<Form<R>, Error> {
        let (mut source, budget) = rest.ok_or(Error::Failed)?;
        if source.is_at_end()? {
            return Ok(Form::Ended);
        }
        let (offset, limits) = (source.offset, self.limits);
        let start = match Start::read_from(&mut source) {
            Err(Error::NotSigma) => return Err(Error::TrailingBytes { offset }),
            start => start?,
        };
        match start {
            Start::Single(header) if header.is_compact() => {
                check_memory(&header, limits)?;
                let model = self.taught(&header);
                Ok(Form::Single(Box::new(Single::taught(source, header, model, budget))))
            }
            Start::Single(header) => {
                Ok(Form::Single(Box::new(Single::new(source, header, limits, budget)?)))
            }
            Start::Frames(header) => {
                Ok(Form::Framed(Box::new(Framed::new(source, header, limits, budget)?)))
            }
        }
    }

    /// The model for a short document that is not the first.
    fn taught(&mut self, header: &Header) -> Model {
        match &self.taught {
            Some((same, model)) if same.is_of_same_model(header) => model.clone(),
            _ => {
                let model = model(header, Memory { lazy: true, pool: true });
                self.taught = Some((header.clone(), model.clone()));
                model
            }
        }
    }

    /// The last block again.
    fn block(&self) -> &[u8] {
        match &self.form {
            Form::Single(single) => single.block(),
            Form::Framed(framed) => framed.block(),
            Form::Ended | Form::Failed => &[],
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.given == self.block().len() {
            self.next_block()?;
        }
        let rest = &self.block()[self.given..];
        let len = rest.len().min(out.len());
        out[..len].copy_from_slice(&rest[..len]);
        self.given += len;
        Ok(len)
    }
}
