//! The values of a column on their way out: as they are, by name, or as integers.

use super::block::{ALL_NAMES_MAX, END, number, shape};
use super::distinct::Distinct;
use super::figures::{POWERS, Style};
use super::values::Values;
use crate::format::varint::write_varint;
use crate::numbers::decimal::Decimal;
use crate::options::coding::Coding;

/// Values that are looked at before a column is taken for numbers.
const SAMPLE: usize = 32;
/// In place of places: the value is none of the column's numbers.
const NO_NUMBER: u8 = u8::MAX;
/// What a value that is no such number costs, about.
const EXCEPTION_BITS: usize = 32;
/// Numbers that are looked at before they are rounded.
const ROUNDING_SAMPLE: usize = 64;
/// Numbers that take fewer bits each are not rounded.
const LARGE_BITS: usize = 24;

/// Writes columns.
pub(super) struct ColumnWriter {
    coding: Coding,
    distinct: Distinct,
    /// Numbers as integers, then as what is stored of them.
    integers: Vec<i64>,
    /// Their places after the point; [`NO_NUMBER`] for what is none of them.
    places: Vec<u8>,
    /// What rounding took from each.
    rests: Vec<i64>,
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
            integers: Vec::new(),
            places: Vec::new(),
            rests: Vec::new(),
            bytes: Vec::new(),
            names_left: 0,
        }
    }

    /// Begins a block.
    pub(super) fn begin_block(&mut self) {
        self.names_left = ALL_NAMES_MAX;
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
        self.integers.clear();
        self.places.clear();
        let (mut exceptions, mut style) = (0, Style::NARROWEST);
        for (index, (_, value)) in values.iter().enumerate() {
            let decimal = Decimal::parse(value);
            let Decimal { digits, places } = decimal.unwrap_or_default();
            exceptions += usize::from(decimal.is_none());
            if exceptions > SAMPLE / 4 + index / 16 {
                return None;
            }
            if decimal.is_some() {
                style.widen(places);
            }
            self.integers.push(digits);
            self.places.push(if decimal.is_some() { places } else { NO_NUMBER });
        }
        for (digits, places) in self.integers.iter_mut().zip(&mut self.places) {
            if *places == NO_NUMBER {
                continue;
            }
            match style.integer(Decimal { digits: *digits, places: *places }) {
                Some(integer) => *digits = integer,
                None => *places = NO_NUMBER,
            }
        }
        self.plan(style)
    }

    /// The integers of what is a number.
    fn known(&self) -> impl Iterator<Item = i64> {
        let both = self.integers.iter().zip(&self.places);
        both.filter(|(_, places)| **places != NO_NUMBER).map(|(integer, _)| *integer)
    }

    /// How the integers would be stored.
    fn plan(&mut self, style: Style) -> Option<Plan> {
        let count = self.known().count();
        let exceptions = self.integers.len() - count;
        if exceptions * 8 > self.integers.len() || count == 0 {
            return None;
        }
        let rounding = self.rounding();
        let (rest_widest, rest_bits) = self.round(rounding);
        let mut integers = self.known();
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
        let sample = || self.known().take(ROUNDING_SAMPLE);
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

    /// Rounds the integers; returns the greatest code of what that takes, and the bits of all.
    fn round(&mut self, rounding: u8) -> (u64, usize) {
        self.rests.clear();
        if rounding == 0 {
            return (0, 0);
        }
        let (mut widest, mut bits) = (0, 0);
        for (integer, &places) in self.integers.iter_mut().zip(&self.places) {
            let mut code = 0;
            if places != NO_NUMBER {
                let (rounded, rest) = round(*integer, POWERS[usize::from(rounding)]);
                *integer = rounded;
                code = zigzag(rest);
            }
            widest = widest.max(code);
            bits += bit_len(code);
            self.rests.push(code as i64);
        }
        (widest, bits)
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
        let mut exceptions = Vec::new();
        for (&places, (_, value)) in self.places.iter().zip(values.iter()) {
            if places == NO_NUMBER {
                push_text(value, &mut exceptions);
            }
        }
        write_varint(exceptions.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(&exceptions);
        part(&self.bytes);
        self.take_codes(plan);
        for (codes, width) in [(&self.integers, plan.width), (&self.rests, plan.rest_width)] {
            for plane in (0..width).rev() {
                self.bytes.clear();
                self.bytes.extend(codes.iter().map(|code| (code >> (8 * plane)) as u8));
                part(&self.bytes);
            }
        }
    }

    /// Turns the integers into what is stored of them.
    fn take_codes(&mut self, plan: &Plan) {
        let shift = u64::from(plan.has_exceptions);
        let mut base = plan.base;
        for (integer, &places) in self.integers.iter_mut().zip(&self.places) {
            let code = match plan.is_difference {
                _ if places == NO_NUMBER => 0,
                true => zigzag(*integer - std::mem::replace(&mut base, *integer)) + shift,
                false => (*integer - base) as u64 + shift,
            };
            *integer = code as i64;
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
