//! The binary arithmetic coder: one decision in, a fraction of a bit out.
//!
//! Encoder and decoder share the trait [`Coder`], so that the model is written once and run on
//! both sides. A decision costs `-log2(p)` bits, where `p` is what the model gave it.

/// Codes one binary decision at a time, in either direction.
pub(crate) trait Coder {
    /// Whether decisions are given (encoder) or found (decoder).
    const ENCODING: bool;

    /// Codes `bit`, which is 1 with probability `p1 / 65536`. The encoder returns what it was
    /// given; the decoder ignores it and returns what it found.
    fn bit(&mut self, bit: u32, p1: u32) -> u32;

    /// Whether more was read than can have been written: what follows is made of nothing.
    #[inline]
    fn is_overrun(&self) -> bool {
        false
    }

    /// Says what the decisions that follow belong to: for who counts [`Work`], and
    /// [`inspect`](crate::inspect()).
    #[inline]
    fn enter(&mut self, part: Part) {
        let _ = part;
    }
}

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Whether a known segment comes.
    SegmentFlags,
    /// Whether a known value comes.
    ValueFlags,
    /// Whether a number follows from one before.
    NumberFlags,
    /// Whether a known piece of a segment comes.
    GlueFlags,
    /// Whether a known piece of a value comes.
    WordFlags,
    /// How a piece ends that was begun.
    EndingFlags,
    /// Whether a long match goes on.
    Runs,
    /// Bytes of new punctuation and keys.
    GlueLiterals,
    /// Bytes of new words.
    WordLiterals,
    /// Digits of new numbers.
    Digits,
}

impl Part {
    /// All parts, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::SegmentFlags,
        Self::ValueFlags,
        Self::NumberFlags,
        Self::GlueFlags,
        Self::WordFlags,
        Self::EndingFlags,
        Self::Runs,
        Self::GlueLiterals,
        Self::WordLiterals,
        Self::Digits,
    ];

    /// The part's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::SegmentFlags => "segment flags",
            Self::ValueFlags => "value flags",
            Self::NumberFlags => "number flags",
            Self::GlueFlags => "glue flags",
            Self::WordFlags => "word flags",
            Self::EndingFlags => "ending flags",
            Self::Runs => "runs",
            Self::GlueLiterals => "glue literals",
            Self::WordLiterals => "word literals",
            Self::Digits => "digits",
        }
    }
}

/// What decisions took so far: the time of a byte of usual documents is 100.
///
/// A sum of what was counted, not a time, so that an encoder writes the same everywhere. The prices are those that
/// explain best what 40 kinds of documents that were made up to be slow and 15 real ones took (`benches/slow.rs` has
/// the kinds), at the levels default and max, each divided by what the real ones took a byte: most are told within
/// a sixth.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Work {
    /// All.
    pub(crate) sum: u64,
    /// What another decision takes.
    price: u64,
}

impl Work {
    /// The work of a byte, whatever it is coded with.
    pub(crate) const BYTE: u64 = 13;

    /// What is looked up before the decisions of a part are coded.
    #[inline]
    pub(crate) fn enter(&mut self, part: Part) {
        let (before, each) = match part {
            Part::SegmentFlags => (30, 0),
            Part::ValueFlags => (0, 0),
            Part::NumberFlags => (80, 0),
            Part::GlueFlags | Part::WordFlags => (280, 0),
            Part::EndingFlags => (1170, 0),
            Part::Runs => (155, 0),
            Part::GlueLiterals | Part::WordLiterals => (0, 43),
            Part::Digits => (0, 50),
        };
        self.sum += before;
        self.price = each;
    }

    /// A decision.
    #[inline]
    pub(crate) fn decide(&mut self) {
        self.sum += self.price;
    }
}

/// The probability under which a decision costs exactly one bit.
const EVEN: u32 = 1 << 15;

/// Splits `low..=high` in proportion to `p1`.
#[inline]
fn split(low: u32, high: u32, p1: u32) -> u32 {
    debug_assert!(p1 > 0 && p1 < 65536, "a probability of 0 or 1 cannot be coded");
    low + ((u64::from(high - low) * u64::from(p1)) >> 16) as u32
}

/// Writes decisions into a byte vector.
#[derive(Debug)]
pub(crate) struct BitWriter {
    low: u32,
    high: u32,
    pack: bool,
    out: Vec<u8>,
    /// What the decisions took.
    pub(crate) work: Work,
}

impl BitWriter {
    /// Appends to `out`, whose capacity is reused; without `pack` every decision is a whole bit.
    pub(crate) fn new(out: Vec<u8>, pack: bool) -> Self {
        Self { low: 0, high: u32::MAX, pack, out, work: Work::default() }
    }

    /// The interval in which the point is.
    pub(crate) fn interval(&self) -> (u32, u32) {
        (self.low, self.high)
    }

    /// Bytes written so far.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// Writes the fewest bytes after which only points inside the interval come, whatever follows
    /// them, and gives back all bytes.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let (point, len) = ending(self.low, self.high);
        self.out.extend_from_slice(&point.to_be_bytes()[..len]);
        self.out
    }
}

/// The least point of the largest aligned part of `low..=high`, and how many of its bytes name that
/// part: a point of as many bytes, whatever follows them.
fn ending(low: u32, high: u32) -> (u32, usize) {
    for len in 0..4 {
        let part = u64::MAX >> (32 + 8 * len);
        let start = (u64::from(low) + part) & !part;
        if start + part <= u64::from(high) {
            return (start as u32, len);
        }
    }
    (low, 4)
}

impl Coder for BitWriter {
    const ENCODING: bool = true;

    #[inline]
    fn enter(&mut self, part: Part) {
        self.work.enter(part);
    }

    #[inline]
    fn bit(&mut self, bit: u32, p1: u32) -> u32 {
        self.work.decide();
        let p1 = if self.pack { p1 } else { EVEN };
        let middle = split(self.low, self.high, p1);
        if bit == 1 {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.out.push((self.high >> 24) as u8);
            self.low <<= 8;
            self.high = self.high << 8 | 255;
        }
        bit
    }
}

/// Reads decisions from bytes; past their end it reads zeros.
#[derive(Debug)]
pub(crate) struct BitReader {
    low: u32,
    high: u32,
    point: u32,
    pack: bool,
    input: Vec<u8>,
    position: usize,
}

/// Reads one chunk after the other.
pub(crate) trait ChunkReader: Coder {
    /// Starts a chunk.
    fn start(&mut self, reader: BitReader);

    /// The chunk at hand.
    fn reader(&self) -> &BitReader;

    /// Ends a chunk and gives back the memory of its input.
    fn end(&mut self) -> Vec<u8>;

    /// Hears of each item once it is decoded.
    #[inline]
    fn item(&mut self, item: &[u8]) {
        let _ = item;
    }

    /// Hears of each chunk that is not made of items: its bytes, and what they were coded as.
    fn plain(&mut self, bytes: &[u8], coded: &[u8]) {
        let _ = (bytes, coded);
    }
}

impl ChunkReader for BitReader {
    fn start(&mut self, reader: BitReader) {
        *self = reader;
    }

    fn reader(&self) -> &BitReader {
        self
    }

    fn end(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.input)
    }
}

impl BitReader {
    /// Starts at the first byte of `input`.
    pub(crate) fn new(input: Vec<u8>, pack: bool) -> Self {
        let mut reader = Self { low: 0, high: u32::MAX, point: 0, pack, input, position: 0 };
        for _ in 0..4 {
            reader.point = reader.point << 8 | reader.next_byte();
        }
        reader
    }

    /// How many bytes of the input a writer has written for the decisions so far, if they were the
    /// last; `None` if no writer ends so.
    pub(crate) fn ended(&self) -> Option<usize> {
        let (point, len) = ending(self.low, self.high);
        // The point was read four bytes ahead.
        let coded = self.position - 4 + len;
        let unused = 32 - 8 * len as u32;
        let is_point = u64::from(self.point) >> unused == u64::from(point) >> unused;
        (is_point && coded <= self.input.len()).then_some(coded)
    }

    /// The interval in which the point is.
    pub(crate) fn interval(&self) -> (u32, u32) {
        (self.low, self.high)
    }

    /// Whether every decision is a whole bit.
    pub(crate) fn is_plain(&self) -> bool {
        !self.pack
    }

    fn next_byte(&mut self) -> u32 {
        let byte = self.input.get(self.position).copied().unwrap_or(0);
        self.position += 1;
        u32::from(byte)
    }
}

impl Coder for BitReader {
    const ENCODING: bool = false;

    #[inline]
    fn is_overrun(&self) -> bool {
        self.position > self.input.len() + 4
    }

    #[inline]
    fn bit(&mut self, _: u32, p1: u32) -> u32 {
        let p1 = if self.pack { p1 } else { EVEN };
        let middle = split(self.low, self.high, p1);
        let bit = u32::from(self.point <= middle);
        if bit == 1 {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.low <<= 8;
            self.high = self.high << 8 | 255;
            self.point = self.point << 8 | self.next_byte();
        }
        bit
    }
}
