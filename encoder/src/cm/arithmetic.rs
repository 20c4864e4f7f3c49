//! The binary arithmetic coder: one decision in, a fraction of a bit out.

use super::coder::{Coder, Part};
use super::work::Work;

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
pub(crate) struct ArithmeticEncoder {
    low: u32,
    high: u32,
    pack: bool,
    out: Vec<u8>,
    /// What the decisions took.
    pub(crate) work: Work,
}

impl ArithmeticEncoder {
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

impl Coder for ArithmeticEncoder {
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
pub(crate) struct ArithmeticDecoder {
    low: u32,
    high: u32,
    point: u32,
    pack: bool,
    input: Vec<u8>,
    position: usize,
}

impl ArithmeticDecoder {
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

    /// Gives back the memory of the input.
    pub(crate) fn take_input(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.input)
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

impl Coder for ArithmeticDecoder {
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
