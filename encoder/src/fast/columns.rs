//! The values of a column on their way out: as they are, by name, or as integers.

use super::distinct::Distinct;
use super::figures::{POWERS, Style};
use super::{END, number, shape};
use crate::decimal::Decimal;
use crate::format::write_varint;
use crate::settings::Coding;

/// Values that are looked at before a column is taken for numbers.
const SAMPLE: usize = 32;
/// What a value that is no such number costs, about.
const EXCEPTION_BITS: usize = 32;
/// Numbers that are looked at before they are rounded.
const ROUNDING_SAMPLE: usize = 64;
/// Numbers that take fewer bits each are not rounded.
const LARGE_BITS: usize = 24;

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
    integers: Vec<Option<i64>>,
    /// What is stored of each number.
    codes: Vec<u64>,
    /// What rounding took from each.
    rests: Vec<u64>,
    bytes: Vec<u8>,
    /// Names that the block may still use.
    names_left: usize,
}

/// How the numbers of a column would be stored.
struct Plan {
    style: Style,
    is_difference: bool,
    /// The least number, or the first.
    base: i64,
    width: usize,
    /// Digits that rounding takes away.
    rounding: u8,
    rest_width: usize,
    /// Whether some values are none of these numbers.
    has_exceptions: bool,
    bits: usize,
}

impl ColumnWriter {
    /// Room that is used again for each column.
    pub(super) fn new(coding: Coding) -> Self {
        Self {
            coding,
            distinct: Distinct::new(),
            decimals: Vec::new(),
            integers: Vec::new(),
            codes: Vec::new(),
            rests: Vec::new(),
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

    /// How the values would be stored as numbers; `None` if many are none.
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
        self.integers.clear();
        let integers = self.decimals.iter().map(|it| it.and_then(|it| style.integer(it)));
        self.integers.extend(integers);
        self.plan(style)
    }

    /// How the integers would be stored.
    fn plan(&mut self, style: Style) -> Option<Plan> {
        let exceptions = self.integers.iter().filter(|it| it.is_none()).count();
        let count = self.integers.len() - exceptions;
        if exceptions * 8 > self.integers.len() || count == 0 {
            return None;
        }
        let rounding = self.rounding();
        let (power, mut rest_widest, mut rest_bits) = (POWERS[usize::from(rounding)], 0, 0);
        self.rests.clear();
        if rounding > 0 {
            for integer in &mut self.integers {
                let (rounded, rest) = integer.map_or((None, 0), |it| {
                    let (rounded, rest) = round(it, power);
                    (Some(rounded), rest)
                });
                *integer = rounded;
                rest_widest = rest_widest.max(zigzag(rest));
                rest_bits += bit_len(zigzag(rest));
                self.rests.push(zigzag(rest));
            }
        }
        let mut integers = self.integers.iter().copied().flatten();
        let first = integers.next()?;
        let (mut lowest, mut highest, mut last) = (first, first, first);
        let (mut widest, mut difference_bits) = (0, count / 2);
        for integer in integers {
            lowest = lowest.min(integer);
            highest = highest.max(integer);
            let code = zigzag(integer - last);
            last = integer;
            widest = widest.max(code);
            difference_bits += bit_len(code);
        }
        let range = (highest - lowest) as u64;
        let is_difference = difference_bits < count * bit_len(range);
        let (base, widest, bits) = match is_difference {
            true => (first, widest, difference_bits),
            false => (lowest, range, count * bit_len(range)),
        };
        let has_exceptions = exceptions > 0;
        Some(Plan {
            style,
            is_difference,
            base,
            width: bit_len(widest + u64::from(has_exceptions)).div_ceil(8),
            rounding,
            rest_width: bit_len(rest_widest).div_ceil(8),
            has_exceptions,
            bits: bits + rest_bits + exceptions * EXCEPTION_BITS,
        })
    }

    /// How many digits at the end of the integers are better kept apart: noise after a round number.
    fn rounding(&self) -> u8 {
        let sample = || self.integers.iter().copied().flatten().take(ROUNDING_SAMPLE);
        let bits = |power| {
            let (mut last, mut bits) = (None, 0);
            for integer in sample() {
                let (rounded, rest) = if power == 1 { (integer, 0) } else { round(integer, power) };
                let before = last.replace(rounded).unwrap_or(rounded);
                bits += bit_len(zigzag(rounded - before)) + bit_len(zigzag(rest));
            }
            bits
        };
        let plain = bits(1);
        if plain < LARGE_BITS * sample().count() {
            return 0;
        }
        let best = (3..POWERS.len()).map(|digits| (bits(POWERS[digits]), digits as u8)).min();
        // Two streams of codes cost more than one.
        best.filter(|best| best.0 < plain / 10 * 9).map_or(0, |best| best.1)
    }

    fn write_numbers(&mut self, values: &Values, plan: &Plan, part: &mut impl FnMut(&[u8])) {
        let difference = if plan.is_difference { number::DIFFERENCES } else { 0 };
        let kind = difference | if plan.rounding > 0 { number::ROUNDED } else { 0 };
        let Style { places, least } = plan.style;
        self.bytes.extend_from_slice(&[shape::NUMBERS, kind, plan.width as u8, places, least]);
        if plan.rounding > 0 {
            self.bytes.extend_from_slice(&[plan.rounding, plan.rest_width as u8]);
        }
        write_varint(zigzag(plan.base), &mut self.bytes);
        let shift = u64::from(plan.has_exceptions);
        let (mut base, mut exceptions) = (plan.base, Vec::new());
        self.codes.clear();
        for (integer, (_, value)) in self.integers.iter().zip(values.iter()) {
            let Some(integer) = *integer else {
                push_text(value, &mut exceptions);
                self.codes.push(0);
                continue;
            };
            let code = integer - base;
            let code = if plan.is_difference { zigzag(code) } else { code as u64 };
            self.codes.push(code + shift);
            if plan.is_difference {
                base = integer;
            }
        }
        write_varint(exceptions.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(&exceptions);
        part(&self.bytes);
        for (codes, width) in [(&self.codes, plan.width), (&self.rests, plan.rest_width)] {
            for plane in (0..width).rev() {
                self.bytes.clear();
                self.bytes.extend(codes.iter().map(|code| (code >> (8 * plane)) as u8));
                part(&self.bytes);
            }
        }
    }
}

/// The nearest multiple of `power`, divided by it, and what is left.
#[inline]
fn round(integer: i64, power: i64) -> (i64, i64) {
    let rounded = (integer + integer.signum() * (power / 2)) / power;
    (rounded, integer - rounded * power)
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
