//! Scalars: numbers, `true`, `false`, `null`, and whatever else stands there.

use super::columns::Flag;
use super::contexts::{self, NoiseSite};
use super::contradiction::Contradiction;
use super::core::Core;
use super::dictionary::Id;
use super::digits::{DigitsOf, NewNumber};
use super::noise;
use super::pieces::NewItem;
use crate::base::hash;
use crate::cm::coder::{Coder, Part};
use crate::cm::digits;
use crate::grammar::lexer::ITEM_MAX;
use crate::grammar::pieces::ItemKind;
use crate::numbers::decimal::Decimal;
use crate::numbers::notation::Reading;

/// A scalar that was foretold.
enum Hit {
    /// A number that follows from one before.
    Number(Decimal),
    /// A value that came before.
    Known(Id),
}

/// A difference is coded instead of a number only below this. Half, twice: no byte; the condition that it is shorter
/// decides.
const DIFFERENCE_MAX: u64 = 1 << 56;

impl<const S: usize, const V: usize, const L: usize, const D: usize> Core<S, V, L, D> {
    /// Codes a scalar.
    pub(super) fn code_scalar<C: Coder>(
        &mut self,
        coder: &mut C,
        (source, limit): (&[u8], usize),
    ) -> Result<(), Contradiction> {
        let column = self.enter_column();
        coder.enter(Part::NumberFlags);
        let notation = self.columns.get(column).notation;
        let actual = if C::ENCODING { notation.read(source) } else { None };
        let (hash, id) = match self.code_hit(coder, source, actual, column) {
            Some(Hit::Known(id)) => (self.values.take(id, &mut self.item), id),
            Some(Hit::Number(number)) => {
                self.write_number(coder, number, actual, column)?;
                self.keep_scalar()
            }
            None => {
                self.code_new_scalar(coder, (source, limit), actual, column)?;
                self.keep_scalar()
            }
        };
        let number = self.learn_notation(column);
        self.learn_value(column, hash, id, number);
        Ok(())
    }

    /// Codes whether the scalar is a number that follows, or a value that came before: the likelier first.
    fn code_hit<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        actual: Option<Reading>,
        column: u32,
    ) -> Option<Hit> {
        let (prune, delta) = (self.coding.prune, self.coding.delta);
        let actual = actual.map(|actual| actual.number);
        if delta {
            let memory = self.columns.get(column);
            let bases = contexts::of_number(&self.tree, &self.recent, column, memory);
            self.delta.prepare(&bases, column);
        }
        if prune {
            self.prepare_values(column);
        }
        let number_first = prune && delta && self.delta.best() > self.values.best();
        if number_first && let Some(number) = self.delta.code(coder, actual) {
            return Some(Hit::Number(number));
        }
        if prune {
            coder.enter(Part::ValueFlags);
            let hit = self.values.code(coder, source);
            coder.enter(Part::NumberFlags);
            if let Some(id) = hit {
                return Some(Hit::Known(id));
            }
        }
        let number_last = delta && !number_first && self.delta.best() > 0;
        if number_last { self.delta.code(coder, actual).map(Hit::Number) } else { None }
    }

    /// The hash of the scalar at hand, and its name if it came at least twice: most numbers never come again.
    fn keep_scalar(&mut self) -> (u32, Id) {
        let hash = hash::bytes(&self.item.bytes);
        let place = ((u64::from(hash) * self.seen_once.len() as u64) >> 32) as usize;
        let mark = hash as u16 | 1;
        if self.seen_once[place] == mark {
            return (hash, self.values.add(&self.item.bytes, hash));
        }
        self.seen_once[place] = mark;
        (hash, 0)
    }

    /// Learns how the column writes; returns the scalar at hand as a number.
    fn learn_notation(&mut self, column: u32) -> Option<Decimal> {
        let notation = &mut self.columns.get_mut(column).notation;
        notation.learn(&self.item.bytes);
        notation.read(&self.item.bytes).map(|reading| reading.number)
    }

    /// Codes a scalar that was not foretold: as a difference, as digits, or in pieces.
    fn code_new_scalar<C: Coder>(
        &mut self,
        coder: &mut C,
        (source, limit): (&[u8], usize),
        actual: Option<Reading>,
        column: u32,
    ) -> Result<(), Contradiction> {
        coder.enter(Part::Digits);
        let is_number = source.iter().all(|&byte| digits::symbol(byte).is_some());
        let memory = self.columns.get_mut(column);
        if !memory.code_flag(coder, Flag::IsNumber, is_number) {
            let new = NewItem::new((source, limit), ItemKind::Scalar, column, self.tree.lexer);
            return self.pieces.code(coder, new, &mut self.item);
        }
        if self.coding.delta {
            let bases = [memory.number, self.recent.number];
            let difference = actual.and_then(|it| shorter(it.number, source.len(), bases));
            if memory.code_flag(coder, Flag::IsDifference, difference.is_some()) {
                let number = self.code_difference(coder, difference, bases, column)?;
                return self.write_number(coder, number, actual, column);
            }
        }
        self.code_digits(coder, (source, limit), DigitsOf::Number, column);
        Ok(())
    }

    /// Codes the symbols of a number, or of a difference.
    pub(crate) fn code_digits<C: Coder>(
        &mut self,
        coder: &mut C,
        source: (&[u8], usize),
        of: DigitsOf,
        column: u32,
    ) {
        let number = NewNumber::new(of, column, self.columns.get(column), &self.recent);
        number.code(&mut self.digits, coder, source, &mut self.item);
    }

    /// Codes a number as its difference from one of two others.
    fn code_difference<C: Coder>(
        &mut self,
        coder: &mut C,
        actual: Option<(bool, i64)>,
        bases: [Decimal; 2],
        column: u32,
    ) -> Result<Decimal, Contradiction> {
        let (from_last, difference) = actual.unwrap_or_default();
        let memory = self.columns.get_mut(column);
        let from_last = memory.code_flag(coder, Flag::FromLast, from_last);
        let of =
            if from_last { DigitsOf::DifferenceFromLast } else { DigitsOf::DifferenceInColumn };
        let text = Decimal { digits: difference, places: 0 }.text();
        let source = if C::ENCODING { text.as_bytes() } else { &[] };
        self.code_digits(coder, (source, ITEM_MAX), of, column);
        let difference = Decimal::parse(&self.item.bytes).ok_or(Contradiction)?;
        self.item.bytes.clear();
        let base = bases[usize::from(from_last)];
        let digits = base.digits.wrapping_add(difference.digits);
        Ok(Decimal { digits, places: base.places })
    }

    /// Writes a number as its column does, after the noise of a double.
    fn write_number<C: Coder>(
        &mut self,
        coder: &mut C,
        number: Decimal,
        actual: Option<Reading>,
        column: u32,
    ) -> Result<(), Contradiction> {
        let memory = self.columns.get_mut(column);
        let mut reading = Reading { number, noise: 0 };
        if memory.notation.is_double() {
            coder.enter(Part::Digits);
            let site = NoiseSite { column, last: memory.noise, number };
            let actual = actual.map_or(0, |actual| actual.noise);
            reading.noise = noise::code(&mut self.digits, coder, &site, actual);
            memory.noise = reading.noise;
        }
        let text = memory.notation.write(reading).ok_or(Contradiction)?;
        self.item.set(text.as_bytes());
        Ok(())
    }
}

/// The difference that is shorter to write than the number by at least two bytes, if one is; and whether it is from the
/// second base.
fn shorter(number: Decimal, len: usize, bases: [Decimal; 2]) -> Option<(bool, i64)> {
    let mut best: Option<(bool, i64, usize)> = None;
    for (from_last, base) in [false, true].into_iter().zip(bases) {
        let difference = number.digits.wrapping_sub(base.digits);
        let cost = Decimal { digits: difference, places: 0 }.text().as_bytes().len();
        let is_shorter = base.places == number.places
            && difference.unsigned_abs() < DIFFERENCE_MAX
            && cost + 1 < len
            && best.is_none_or(|(_, _, known)| cost < known);
        if is_shorter {
            best = Some((from_last, difference, cost));
        }
    }
    best.map(|(from_last, difference, _)| (from_last, difference))
}
