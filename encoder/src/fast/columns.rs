//! The values of a column on their way out: as they are, by name, or as integers.

use super::distinct::Distinct;
use super::figures::Style;
use super::{END, shape};
use crate::decimal::Decimal;
use crate::format::write_varint;
use crate::settings::Coding;

/// Values that are looked at before a column is taken for numbers.
const SAMPLE: usize = 32;

/// A value's place in the block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) column: u16,
}

/// The values of a column, in the order of the document.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    /// The block.
    pub(super) text: &'a [u8],
    pub(super) tokens: &'a [Token],
    /// Which of the tokens.
    pub(super) order: &'a [u32],
}

impl<'a> Values<'a> {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Where each begins, and its bytes.
    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &'a [u8])> {
        self.order.iter().map(|&index| {
            let token = self.tokens[index as usize];
            (token.start, self.at(token.start, token.len))
        })
    }

    /// The bytes at a place.
    #[inline]
    pub(super) fn at(&self, start: u32, len: u32) -> &'a [u8] {
        &self.text[start as usize..][..len as usize]
    }
}

/// Writes columns.
pub(super) struct ColumnWriter {
    coding: Coding,
    distinct: Distinct,
    decimals: Vec<Option<Decimal>>,
    /// What is stored of each number.
    codes: Vec<u64>,
    bytes: Vec<u8>,
    /// Names that the block may still use.
    names_left: usize,
}

/// How the numbers of a column would be stored.
struct Plan {
    style: Style,
    shape: u8,
    /// The least number, or the first.
    base: i64,
    width: usize,
    exceptions: usize,
    bits: usize,
}

impl ColumnWriter {
    /// Room that is used again for each column.
    pub(super) fn new(coding: Coding) -> Self {
        Self {
            coding,
            distinct: Distinct::new(),
            decimals: Vec::new(),
            codes: Vec::new(),
            bytes: Vec::new(),
            names_left: 0,
        }
    }

    /// Begins a block.
    pub(super) fn begin_block(&mut self) {
        self.names_left = super::ALL_NAMES_MAX;
    }

    /// Gives the parts of a column's stream to `part`.
    pub(super) fn write(&mut self, values: &Values, mut part: impl FnMut(&[u8])) {
        let text_len: usize = values.iter().map(|(_, value)| value.len() + 1).sum();
        // What is text costs about half its bits, whatever finds the matches in it.
        let mut least = 4 * text_len;
        let numbers = self.coding.delta.then(|| self.numbers(values)).flatten();
        let numbers = numbers.filter(|plan| plan.bits < least);
        least = numbers.as_ref().map_or(least, |plan| plan.bits);
        let named = self.coding.prune
            && self.distinct.gather(values)
            && self.distinct.len() <= self.names_left
            && self.names_bits(values.len()) < least;
        self.bytes.clear();
        if named {
            self.names_left -= self.distinct.len();
            self.write_names(&mut part);
        } else if let Some(plan) = numbers {
            self.write_numbers(values, &plan, &mut part);
        } else {
            self.bytes.push(shape::TEXTS);
            write_varint(text_len as u64, &mut self.bytes);
            values.iter().for_each(|(_, value)| push_text(value, &mut self.bytes));
            part(&self.bytes);
        }
    }

    fn names_bits(&self, values: usize) -> usize {
        let each = (self.distinct.len() - 1).checked_ilog2().map_or(0, |log| log as usize + 1);
        8 * self.distinct.text.len() + values * each
    }

    fn write_names(&mut self, part: &mut impl FnMut(&[u8])) {
        self.bytes.extend_from_slice(&[shape::NAMES, self.distinct.len() as u8]);
        write_varint(self.distinct.text.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(&self.distinct.text);
        part(&self.bytes);
        if self.distinct.len() > 1 {
            part(&self.distinct.indices);
        }
    }

    /// How the values would be stored as numbers; `None` if most are none.
    fn numbers(&mut self, values: &Values) -> Option<Plan> {
        self.decimals.clear();
        let mut exceptions = 0;
        for (index, (_, value)) in values.iter().enumerate() {
            let decimal = Decimal::parse(value);
            exceptions += usize::from(decimal.is_none());
            if exceptions > SAMPLE / 4 + index / 16 {
                return None;
            }
            self.decimals.push(decimal);
        }
        let style = Style::of(self.decimals.iter().flatten().copied());
        let mut plan =
            Plan { style, shape: shape::NUMBERS, base: 0, width: 0, exceptions: 0, bits: 0 };
        let (mut least, mut greatest) = (i64::MAX, i64::MIN);
        let (mut first, mut last) = (None, None);
        let (mut widest, mut bits, mut exception_bits) = (0, 0, 0);
        for decimal in &mut self.decimals {
            let Some(integer) = decimal.and_then(|decimal| style.integer(decimal)) else {
                *decimal = None;
                plan.exceptions += 1;
                exception_bits += 32;
                continue;
            };
            least = least.min(integer);
            greatest = greatest.max(integer);
            first.get_or_insert(integer);
            let code = zigzag(integer - last.replace(integer).unwrap_or(integer));
            widest = widest.max(code);
            bits += bit_len(code);
            if let Some(decimal) = decimal {
                decimal.digits = integer;
            }
        }
        let (count, first) = (values.len() - plan.exceptions, first?);
        if plan.exceptions * 8 > values.len() {
            return None;
        }
        let range = (greatest - least) as u64;
        let shift = u64::from(plan.exceptions > 0);
        let plain_bits = count * bit_len(range);
        if bits + count / 2 < plain_bits {
            (plan.shape, plan.base) = (shape::DIFFERENCES, first);
            (plan.width, plan.bits) = (byte_len(widest + shift), bits + count / 2);
        } else {
            plan.base = least;
            (plan.width, plan.bits) = (byte_len(range + shift), plain_bits);
        }
        plan.bits += exception_bits;
        Some(plan)
    }

    fn write_numbers(&mut self, values: &Values, plan: &Plan, part: &mut impl FnMut(&[u8])) {
        self.bytes.extend_from_slice(&[
            plan.shape,
            plan.style.places,
            plan.style.least,
            plan.width as u8,
        ]);
        write_varint(zigzag(plan.base), &mut self.bytes);
        let shift = u64::from(plan.exceptions > 0);
        let mut exceptions = Vec::new();
        self.codes.clear();
        let mut base = plan.base;
        for (decimal, (_, value)) in self.decimals.iter().zip(values.iter()) {
            let Some(decimal) = decimal else {
                push_text(value, &mut exceptions);
                self.codes.push(0);
                continue;
            };
            let code = decimal.digits - base;
            if plan.shape == shape::DIFFERENCES {
                base = decimal.digits;
                self.codes.push(zigzag(code) + shift);
            } else {
                self.codes.push(code as u64 + shift);
            }
        }
        write_varint(exceptions.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(&exceptions);
        part(&self.bytes);
        for plane in (0..plan.width).rev() {
            self.bytes.clear();
            self.bytes.extend(self.codes.iter().map(|code| (code >> (8 * plane)) as u8));
            part(&self.bytes);
        }
    }
}

/// Appends a value and its end.
#[inline]
pub(super) fn push_text(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(value);
    out.push(END);
}

fn zigzag(n: i64) -> u64 {
    (n << 1 ^ n >> 63) as u64
}

fn bit_len(n: u64) -> usize {
    64 - n.leading_zeros() as usize
}

fn byte_len(n: u64) -> usize {
    bit_len(n).div_ceil(8)
}
