//! New numbers, symbol by symbol: the place in the number, and what is known there.

use super::columns::{Column, TEXT_LEN};
use super::contexts::{self, DigitSite, first};
use super::item::Item;
use super::recent::Recent;
use crate::base::hash;
use crate::cm::coder::Coder;
use crate::cm::digits::{self, DigitCoder};
use crate::numbers::double;

/// Symbols of a number whose beginning is told apart from others. 3 or 14 change the size of `default` by less than 0.1 %;
/// at `max`, 3 adds 0.5 %.
const NEAR: usize = 7;

/// What the digits are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DigitsOf {
    /// The number itself.
    Number,
    /// Its difference from the last number of its column.
    DifferenceInColumn,
    /// Its difference from the last number of the document.
    DifferenceFromLast,
}

/// A new number while it is coded.
pub(super) struct NewNumber {
    of: DigitsOf,
    salt: u32,
    /// The column's last value.
    above: [u8; TEXT_LEN],
    hints: [u32; 2],
    /// The hash of the symbols so far, and the last of them, four bits each.
    beginning: u32,
    symbols: u32,
    /// Whether the symbols so far are those of the column's last value.
    repeats: bool,
    /// Digits so far, without zeros at the beginning.
    significant: u32,
    /// The digits that can come, where that is known.
    possible: Option<u32>,
}

impl NewNumber {
    /// Before its first symbol.
    pub(super) fn new(of: DigitsOf, column: u32, memory: &Column, recent: &Recent) -> Self {
        let hints = match of {
            DigitsOf::Number => [recent.values[0], memory.last],
            _ => [u32::from(recent.step), u32::from(memory.step)],
        };
        Self {
            of,
            salt: hash::pair(column, of as u32),
            above: memory.text,
            hints,
            beginning: 0,
            symbols: 0,
            repeats: true,
            significant: 0,
            possible: None,
        }
    }

    #[inline]
    fn above(&self, place: usize) -> u8 {
        self.above.get(place).copied().unwrap_or(0)
    }

    #[inline]
    fn site(&self, place: usize) -> DigitSite {
        DigitSite {
            salt: self.salt,
            place: place as u32,
            far: place >= NEAR,
            beginning: self.beginning,
            symbols: self.symbols,
            repeats: self.repeats,
            above: [self.above(place), self.above(place + 1)],
            hints: self.hints,
            mode: self.of as u32,
            possible: self.possible,
        }
    }

    /// The mixer's weights: by column and place, but for the last digit of a double by its own.
    #[inline]
    fn weights(&self, place: usize) -> u32 {
        match self.possible {
            Some(_) => 1,
            None => 8 + ((self.salt >> 8) & 15) * 8 + (place as u32).min(7),
        }
    }

    /// Takes a symbol, which is a byte of the item.
    #[inline]
    fn take(&mut self, symbol: u8, byte: u8, item: &mut Item) {
        self.repeats &= self.above(item.bytes.len()) == byte;
        self.beginning = hash::pair(self.beginning, u32::from(symbol) + 1);
        self.symbols = self.symbols << 4 | u32::from(symbol);
        self.significant += u32::from(symbol < 10 && (symbol > 0 || self.significant > 0));
        self.possible = None;
        if self.of == DigitsOf::Number {
            item.push(byte);
            if self.significant == double::KNOWN {
                self.possible = double::last_digits(&item.bytes);
            }
        } else {
            // The digits of a difference are not bytes of the document.
            item.bytes.push(byte);
        }
    }

    /// Codes the symbols, at most `limit`; the encoder gives them.
    pub(super) fn code<C: Coder, const D: usize>(
        mut self,
        digits: &mut DigitCoder<D>,
        coder: &mut C,
        (source, limit): (&[u8], usize),
        item: &mut Item,
    ) {
        while item.bytes.len() < limit {
            let place = item.bytes.len();
            let contexts = contexts::of_digit(&self.site(place));
            // What is no symbol cannot come: the encoder has looked. The decoder has no source.
            let symbol = source.get(place).and_then(|&byte| digits::symbol(byte));
            let symbol = symbol.unwrap_or(digits::END);
            let symbol = digits.code(coder, first(&contexts), self.weights(place), symbol);
            if symbol == digits::END || coder.is_overrun() {
                break;
            }
            self.take(symbol, digits::byte(symbol), item);
        }
    }
}
