//! What can be chosen: the level and the techniques.

use super::check::Check;
use super::class::Class;

/// Speed or size.
///
/// ```
/// use sigma_encoder::{Level, Options, encode_all};
/// let document = "{\"id\":1,\"name\":\"Ada\"}\n".repeat(10_000);
/// for level in Level::ALL {
///     let encoded = encode_all(document.as_bytes(), &Options::new().level(level))?;
///     println!("{level:?}: {} bytes", encoded.len());
/// }
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Level {
    /// Fastest by far: columns and Zstandard, in 16 MB of memory.
    Fast,
    /// The smallest output that 8 MB of memory allow.
    #[default]
    Default,
    /// The smallest output that 24 MB of memory allow.
    Max,
}

impl Level {
    /// All levels, in the order of their codes.
    pub const ALL: [Self; 3] = [Self::Fast, Self::Default, Self::Max];

    /// The level's code in the format.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The level of a code.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// How a document is held while it is encoded without streaming.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Layout {
    /// One heap node for each node of the document, as in the original.
    Boxed,
    /// Flat arrays in preorder.
    #[default]
    Flat,
}

/// Techniques that change the output; the header says which were used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "four switches are four switches")]
pub struct Coding {
    /// A whole item found in history is named instead of coded again.
    pub prune: bool,
    /// Learned pieces of segments and words of values are named.
    pub codebook: bool,
    /// Numbers are predicted from differences.
    pub delta: bool,
    /// Decisions are packed by an adaptive coder instead of one bit each.
    pub pack: bool,
}

impl Default for Coding {
    fn default() -> Self {
        Self { prune: true, codebook: true, delta: true, pack: true }
    }
}

impl Coding {
    /// One bit for each technique that is off.
    pub(crate) fn code(self) -> u8 {
        let off = [self.prune, self.codebook, self.delta, self.pack].map(|on| u8::from(!on));
        off[0] | off[1] << 1 | off[2] << 2 | off[3] << 3
    }

    /// The techniques of a code.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        let on = |bit: u8| code >> bit & 1 == 0;
        (code < 16).then(|| Self { prune: on(0), codebook: on(1), delta: on(2), pack: on(3) })
    }
}

/// Techniques that never change the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// How a whole document is held; without effect when streaming.
    pub layout: Layout,
    /// A bounded window instead of the whole document.
    pub stream: bool,
    /// Buffers are used again and nodes come from an arena, instead of one allocation each.
    pub pool: bool,
    /// Tables are touched when first used instead of at the start.
    pub lazy: bool,
}

impl Default for Holding {
    fn default() -> Self {
        Self { layout: Layout::Flat, stream: true, pool: true, lazy: true }
    }
}

/// All that can be chosen for encoding.
///
/// ```
/// use sigma_encoder::{Level, Options};
/// let options = Options::new().level(Level::Fast);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(not(feature = "experiments"), non_exhaustive)]
pub struct Options {
    /// Speed or size.
    pub level: Level,
    /// Techniques that change the output.
    #[cfg(feature = "experiments")]
    #[doc(hidden)]
    pub coding: Coding,
    #[cfg(not(feature = "experiments"))]
    pub(crate) coding: Coding,
    /// Techniques that do not.
    #[cfg(feature = "experiments")]
    #[doc(hidden)]
    pub holding: Holding,
    #[cfg(not(feature = "experiments"))]
    pub(crate) holding: Holding,
    /// The checksum; by default CRC-32 for documents of up to 64 KiB, XXH64 for longer ones.
    pub check: Option<Check>,
}

impl Options {
    /// The check of a document of this class.
    pub(crate) fn check_of(&self, class: Class) -> Check {
        self.check.unwrap_or(match class {
            Class::Small => Check::Crc32,
            Class::Large => Check::Xxh64,
        })
    }
}

impl Options {
    /// The defaults.
    ///
    /// ```
    /// use sigma_encoder::{Level, Options};
    /// assert_eq!(Options::new().level, Level::Default);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Speed or size.
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

    /// The checksum, instead of the default for the document's length.
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
