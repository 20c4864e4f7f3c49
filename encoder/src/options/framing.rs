//! How a document is cut into frames.

/// How a document is cut into frames, and by how many threads they are encoded.
///
/// ```
/// use sigma_encoder::Framing;
/// let framing = Framing::new().frame_bytes(4 << 20).threads(4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "experiments"), non_exhaustive)]
pub struct Framing {
    /// About how many bytes of the document a frame has: it ends after a line where one is near.
    pub frame_bytes: u64,
    /// How many threads work. The output is identical for any number.
    pub threads: usize,
}

impl Framing {
    /// The smallest frame, in bytes of the document.
    pub const FRAME_BYTES_MIN: u64 = 1 << 10;
    /// The largest frame, in bytes of the document.
    pub const FRAME_BYTES_MAX: u64 = 1 << 40;
    /// The default: bytes of the document in a frame.
    pub const FRAME_BYTES_DEFAULT: u64 = 16 << 20;
}

impl Default for Framing {
    fn default() -> Self {
        Self { frame_bytes: Self::FRAME_BYTES_DEFAULT, threads: 1 }
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

    /// Cuts frames of about this many bytes of the document.
    ///
    /// ```
    /// assert_eq!(sigma_encoder::Framing::new().frame_bytes(1 << 20).frame_bytes, 1 << 20);
    /// ```
    #[must_use]
    pub fn frame_bytes(self, frame_bytes: u64) -> Self {
        Self { frame_bytes, ..self }
    }

    /// Uses this many threads. The output is identical for any number.
    ///
    /// ```
    /// assert_eq!(sigma_encoder::Framing::new().threads(4).threads, 4);
    /// ```
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }
}
