//! What is remembered of a column: its last values, and how it writes its numbers.

use crate::cm::adaptive::Adaptive;
use crate::cm::coder::Coder;
use crate::numbers::decimal::Decimal;
use crate::numbers::notation::Notation;

/// Bytes of a column's last value that are remembered: more than the 20 of any number that is calculated with.
pub(super) const TEXT_LEN: usize = 24;
/// Learning limit of the flags; half, twice: 0.0 %.
const FLAG_LIMIT: u32 = 60;

/// A yes or no about a new scalar of a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flag {
    /// It is made of digits and what numbers have beside.
    IsNumber,
    /// It is coded as a difference.
    IsDifference,
    /// The difference is from the last number of the document, not of the column.
    FromLast,
}

/// What is remembered of a column.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Column {
    check: u32,
    /// The hash of the last value.
    pub(super) last: u32,
    /// The hash of the value before it.
    pub(super) before: u32,
    /// The last number.
    pub(super) number: Decimal,
    /// How numbers are written.
    pub(super) notation: Notation,
    /// The last noise of a double that was coded.
    pub(super) noise: i8,
    /// The last difference, by sign and size.
    pub(super) step: u8,
    /// The first bytes of the last value, zeros after them.
    pub(super) text: [u8; TEXT_LEN],
    flags: [Adaptive; 3],
}

/// Columns by their hash; where two share a place, the later one begins anew.
#[derive(Clone, Debug)]
pub(super) struct Columns(Vec<Column>);

impl Columns {
    /// Room for `1 << bits` columns.
    pub(super) fn new(bits: u32) -> Self {
        Self(vec![Column::default(); 1 << bits])
    }

    fn place(&self, column: u32) -> usize {
        ((u64::from(column) * self.0.len() as u64) >> 32) as usize
    }

    /// Makes the place of a column its own.
    pub(super) fn enter(&mut self, column: u32) {
        let place = self.place(column);
        if self.0[place].check != column {
            self.0[place] = Column { check: column, ..Column::default() };
        }
    }

    /// The column that was entered.
    #[inline]
    pub(super) fn get(&self, column: u32) -> &Column {
        &self.0[self.place(column)]
    }

    /// The column that was entered, to note something of it.
    #[inline]
    pub(super) fn get_mut(&mut self, column: u32) -> &mut Column {
        let place = self.place(column);
        &mut self.0[place]
    }
}

impl Column {
    /// Codes a flag.
    pub(super) fn code_flag<C: Coder>(&mut self, coder: &mut C, flag: Flag, bit: bool) -> bool {
        let p = &mut self.flags[flag as usize];
        let bit = coder.bit(u32::from(bit), p.codable());
        p.learn(bit, FLAG_LIMIT);
        bit == 1
    }

    /// Notes a value.
    #[inline]
    pub(super) fn add_value(&mut self, hash: u32, value: &[u8]) {
        self.before = self.last;
        self.last = hash;
        self.text = [0; TEXT_LEN];
        let len = value.len().min(TEXT_LEN);
        self.text[..len].copy_from_slice(&value[..len]);
    }

    /// Notes a number, and the step to it if the number before it has as many places.
    #[inline]
    pub(super) fn add_number(&mut self, number: Decimal) {
        self.step = 0;
        if self.number.places == number.places {
            self.step = size_and_sign(number.digits.wrapping_sub(self.number.digits));
        }
        self.number = number;
    }
}

/// Twice the bits of a difference, and 1 if it is negative.
fn size_and_sign(difference: i64) -> u8 {
    (64 - difference.unsigned_abs().leading_zeros()) as u8 * 2 + u8::from(difference < 0)
}
