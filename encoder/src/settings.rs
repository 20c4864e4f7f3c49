//! What can be chosen: the level and the techniques.

use crate::check::Check;
use crate::error::Error;
use crate::fuzzing;

/// How hard to work.
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
    /// Least time: columns and Zstandard, in 16 MB of memory.
    Fast,
    /// The smallest output that fits 8 MB of memory.
    #[default]
    Default,
    /// The smallest output that fits 24 MB of memory.
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
    /// How hard to work.
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
    /// What damage is noticed by; by default CRC-32 for documents of up to 64 KiB, XXH64 for others.
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

/// What a decoder may use; for encodings from people who are not trusted.
///
/// ```
/// use sigma_encoder::Limits;
/// let limits = Limits::new().output_bytes(100 << 20).memory_bytes(16 << 20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "experiments"), non_exhaustive)]
pub struct Limits {
    /// Refuse encodings that take more memory to decode: all that the decoder allocates, with its buffers, its
    /// threads and the index. The program around it is not counted.
    pub memory_bytes: Option<u64>,
    /// Stop when the document gets longer. A few encoded bytes can stand for megabytes.
    pub output_bytes: Option<u64>,
    /// Refuse to give out more than 1 MiB and, for each encoded byte, so many bytes.
    ///
    /// [`Limits::RATIO_DEFAULT`] is more than this encoder ever needs, so that only what somebody made up is
    /// refused; a service that decodes for strangers chooses less.
    pub ratio: Option<u64>,
}

impl Limits {
    /// Bytes of the document for each encoded byte where nothing else is said: 2^17. The encoder writes at
    /// least one byte for as many of the document.
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

/// How large the tables are, by the length of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Up to 64 KiB: a quarter of every table, for there is no time to fill more.
    Small,
    /// Longer, or of unknown length.
    Large,
}

impl Class {
    /// The longest small document.
    pub(crate) const SMALL_MAX: usize = fuzzing::limit(1 << 16, 192);

    /// Its tables are smaller than the level's by this power of two.
    fn shrunk_by(self) -> u32 {
        match self {
            Self::Small => 2,
            Self::Large => 0,
        }
    }
}

/// What the model must know, on both sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) level: Level,
    pub(crate) class: Class,
    pub(crate) prune: bool,
    pub(crate) codebook: bool,
    pub(crate) delta: bool,
}

/// Sizes of tables, as powers of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Bytes of the ring of segments, values, pieces.
    pub(crate) segment_ring: u32,
    pub(crate) value_ring: u32,
    pub(crate) piece_ring: u32,
    /// Slots of contexts.
    pub(crate) segment_slots: u32,
    pub(crate) value_slots: u32,
    pub(crate) piece_slots: u32,
    pub(crate) number_slots: u32,
    /// Buckets of 16 bytes.
    pub(crate) literal_buckets: u32,
    /// Buckets of 64 bytes.
    pub(crate) digit_buckets: u32,
    pub(crate) column_buckets: u32,
    /// Bytes of text to match.
    pub(crate) text: u32,
    /// Columns, marks of scalars seen once.
    pub(crate) columns: u32,
    pub(crate) seen: u32,
    /// An index has this many fewer buckets than its ring has bytes.
    pub(crate) index_shift: u32,
    /// Candidates tried per item.
    pub(crate) tries: usize,
}

impl Settings {
    /// The sizes of this level and class.
    pub(crate) fn sizes(self) -> Sizes {
        let full = match self.level {
            Level::Fast | Level::Default => DEFAULT_SIZES,
            Level::Max => MAX_SIZES,
        };
        full.shrunk(self.class.shrunk_by() + fuzzing::TABLES_SHRUNK_BY)
    }
}

impl Sizes {
    /// Bytes that all tables of these sizes take, with windows and buffers, rounded up.
    pub(crate) fn memory_bytes(self) -> u64 {
        let rings = [self.segment_ring, self.value_ring, self.piece_ring];
        let rings: u64 =
            rings.iter().map(|&ring| (1 << ring) + (8 << (ring - self.index_shift))).sum();
        let slots = (12 << self.segment_slots) + (12 << self.value_slots);
        let slots = slots + (24 << self.piece_slots) + (12 << self.number_slots);
        let expected = 2 << self.literal_buckets;
        let buckets = (16 << self.literal_buckets) + (64 << self.digit_buckets);
        let buckets = buckets + (64 << self.column_buckets);
        let text = (1 << self.text) + (8 << (self.text - 4));
        let columns = (96 << self.columns) + (2 << self.seen);
        rings + slots + buckets + expected + text + columns + (1 << 20)
    }

    /// Each table `1 << by` times smaller.
    fn shrunk(self, by: u32) -> Self {
        Self {
            segment_ring: self.segment_ring.saturating_sub(by).max(12),
            value_ring: self.value_ring - by,
            piece_ring: self.piece_ring - by,
            segment_slots: self.segment_slots - by,
            value_slots: self.value_slots - by,
            piece_slots: self.piece_slots - by,
            number_slots: self.number_slots - by,
            literal_buckets: self.literal_buckets - by,
            digit_buckets: self.digit_buckets - by,
            column_buckets: self.column_buckets - by,
            text: self.text - by,
            columns: self.columns.saturating_sub(by).max(6),
            seen: self.seen - by,
            ..self
        }
    }
}

const DEFAULT_SIZES: Sizes = Sizes {
    segment_ring: 17,
    value_ring: 18,
    piece_ring: 17,
    segment_slots: 14,
    value_slots: 15,
    piece_slots: 13,
    number_slots: 13,
    literal_buckets: 16,
    digit_buckets: 12,
    column_buckets: 10,
    text: 20,
    columns: 11,
    seen: 14,
    index_shift: 5,
    tries: 3,
};

const MAX_SIZES: Sizes = Sizes {
    segment_ring: 18,
    value_ring: 20,
    piece_ring: 19,
    segment_slots: 16,
    value_slots: 17,
    piece_slots: 15,
    number_slots: 15,
    literal_buckets: 18,
    digit_buckets: 15,
    column_buckets: 12,
    text: 22,
    columns: 12,
    seen: 16,
    index_shift: 5,
    tries: 4,
};
