//! What a decoder may use, and what is left of it.

use super::error::Error;

/// What a decoder may use: for encodings from strangers.
///
/// ```
/// use sigma_encoder::Limits;
/// let limits = Limits::new().output_bytes(100 << 20).memory_bytes(16 << 20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "experiments"), non_exhaustive)]
pub struct Limits {
    /// Refuse encodings that need more memory to decode. Counts all that the decoder allocates: tables, buffers,
    /// threads and the index, but not the program around it.
    pub memory_bytes: Option<u64>,
    /// Stop when the document gets longer. A few encoded bytes can stand for megabytes.
    pub output_bytes: Option<u64>,
    /// Stop when the document exceeds 1 MiB plus this many bytes for each encoded byte.
    ///
    /// This encoder never needs more than [`Limits::RATIO_DEFAULT`], so only files made to do harm are refused. A
    /// service that decodes for strangers chooses less.
    pub ratio: Option<u64>,
}

impl Limits {
    /// The default ratio, 2^17: the encoder writes at least one byte for that many of the document.
    pub const RATIO_DEFAULT: u64 = 1 << 17;

    /// No limits at all.
    pub const NONE: Self = Self { memory_bytes: None, output_bytes: None, ratio: None };
}

impl Default for Limits {
    /// Only the ratio is limited.
    fn default() -> Self {
        Self { ratio: Some(Self::RATIO_DEFAULT), ..Self::NONE }
    }
}

/// What may still be given out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    limits: Limits,
    /// Bytes given out so far.
    given: u64,
}

impl Budget {
    /// What may be given out beside a ratio.
    const FREE: u64 = 1 << 20;

    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, given: 0 }
    }

    /// Refuses `len` more bytes, when so many encoded bytes were read, if that is too much.
    pub(crate) fn allow(&self, len: u64, encoded: u64) -> Result<(), Error> {
        let total = self.given.saturating_add(len);
        if let Some(limit_bytes) = self.limits.output_bytes.filter(|&most| total > most) {
            return Err(Error::Limit { what: "output limit", limit_bytes, needed_bytes: None });
        }
        let most = |ratio: u64| encoded.saturating_mul(ratio).saturating_add(Self::FREE);
        match self.limits.ratio.filter(|&ratio| total > most(ratio)) {
            Some(ratio) => Err(Error::Ratio { ratio }),
            None => Ok(()),
        }
    }

    /// Gives out `len` bytes, if that is not too much.
    pub(crate) fn spend(&mut self, len: u64, encoded: u64) -> Result<(), Error> {
        self.allow(len, encoded)?;
        self.given += len;
        Ok(())
    }
}

impl Limits {
    /// The defaults.
    ///
    /// ```
    /// assert_eq!(sigma_encoder::Limits::new(), sigma_encoder::Limits::default());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses encodings that need more memory to decode.
    ///
    /// ```
    /// use sigma_encoder::{Error, Limits, Options, encode_all, read::Decoder};
    /// let encoded = encode_all(&b"[1,2,3]"[..], &Options::new())?;
    /// let limits = Limits::new().memory_bytes(1000);
    /// let refused = Decoder::limited(encoded.as_slice(), limits);
    /// assert!(matches!(refused, Err(Error::Limit { limit_bytes: 1000, .. })));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn memory_bytes(self, bytes: u64) -> Self {
        Self { memory_bytes: Some(bytes), ..self }
    }

    /// Stops when the document gets longer.
    ///
    /// ```
    /// use std::io;
    /// use sigma_encoder::{Error, Limits, Options, decode_limited, encode_all};
    /// let encoded = encode_all(io::Read::take(io::repeat(b' '), 1_000_000), &Options::new())?;
    /// assert!(encoded.len() < 1000, "a bomb");
    /// let limits = Limits::new().output_bytes(100_000);
    /// let stopped = decode_limited(encoded.as_slice(), io::sink(), limits);
    /// assert!(matches!(stopped, Err(Error::Limit { limit_bytes: 100_000, .. })));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn output_bytes(self, bytes: u64) -> Self {
        Self { output_bytes: Some(bytes), ..self }
    }

    /// Stops when the document exceeds 1 MiB plus `ratio` bytes for each encoded byte; `None` is no limit.
    ///
    /// ```
    /// use std::io;
    /// use sigma_encoder::{Error, Limits, Options, decode_limited, encode_all};
    /// let encoded = encode_all(io::Read::take(io::repeat(b' '), 10 << 20), &Options::new())?;
    /// let stopped = decode_limited(encoded.as_slice(), io::sink(), Limits::new().ratio(Some(100)));
    /// assert!(matches!(stopped, Err(Error::Ratio { ratio: 100 })));
    /// decode_limited(encoded.as_slice(), io::sink(), Limits::new().ratio(None))?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn ratio(self, ratio: Option<u64>) -> Self {
        Self { ratio, ..self }
    }
}
