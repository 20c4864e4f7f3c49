//! What can be chosen, one choice after the other: structures that may get more fields are made so.

use crate::check::Check;
use crate::frames::Framing;
use crate::settings::{Level, Limits, Options};

impl Options {
    /// The usual choices.
    ///
    /// ```
    /// use sigma_encoder::{Level, Options};
    /// assert_eq!(Options::new().level, Level::Default);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// How hard to work.
    ///
    /// ```
    /// use sigma_encoder::{Level, Options, encode_all};
    /// let document = "[1,22,333]\n".repeat(100);
    /// let options = Options::new().level(Level::Max);
    /// assert!(encode_all(document.as_bytes(), &options)?.len() < 50);
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    #[must_use]
    pub fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// What damage is noticed by, instead of what is usual for a document's length.
    ///
    /// ```
    /// use sigma_encoder::{Check, Options, decode_all, encode_all};
    /// let bare = encode_all(&b"[1,2,3]"[..], &Options::new().check(Check::None))?;
    /// let checked = encode_all(&b"[1,2,3]"[..], &Options::new())?;
    /// assert_eq!(bare.len() + 4, checked.len());
    /// assert_eq!(decode_all(bare.as_slice())?, b"[1,2,3]");
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    #[must_use]
    pub fn check(self, check: Check) -> Self {
        Self { check: Some(check), ..self }
    }
}

impl Limits {
    /// The usual limits.
    ///
    /// ```
    /// assert_eq!(sigma_encoder::Limits::new(), sigma_encoder::Limits::default());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses encodings that take more memory to decode.
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

    /// Gives out no more than so many bytes for each encoded byte, and 1 MiB; `None` lifts the limit.
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

impl Framing {
    /// Frames of [`Framing::FRAME_BYTES_DEFAULT`], by one thread.
    ///
    /// ```
    /// assert_eq!(sigma_encoder::Framing::new().threads, 1);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// About so many bytes of the document in a frame.
    ///
    /// ```
    /// assert_eq!(sigma_encoder::Framing::new().frame_bytes(1 << 20).frame_bytes, 1 << 20);
    /// ```
    #[must_use]
    pub fn frame_bytes(self, frame_bytes: u64) -> Self {
        Self { frame_bytes, ..self }
    }

    /// So many threads work. Never changes the output.
    ///
    /// ```
    /// assert_eq!(sigma_encoder::Framing::new().threads(4).threads, 4);
    /// ```
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }
}
