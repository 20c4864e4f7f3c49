//! FORMAT.md, section 8, "Numbers".

use super::coder::Coder;
use super::hash::{pair, place};
use super::probability::{Adaptive, Mixer};

/// A number that can be written back: digits, and how many of them stand after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) digits: i64,
    pub(crate) places: u32,
}

const DIGITS_MAX: usize = 18;
const PLACES_MAX: usize = 17;

impl Number {
    /// The number of a text, if its text can be made of it again.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let digits = [whole, fraction].concat();
        let fine = !whole.is_empty()
            && is_digits(&digits)
            && digits.len() <= DIGITS_MAX
            && fraction.len() <= PLACES_MAX
            && (whole == "0" || !whole.starts_with('0'))
            && !unsigned.ends_with('.');
        let value: i64 = if fine { digits.parse().ok()? } else { return None };
        let is_minus = unsigned.len() < text.len();
        let digits = if is_minus { -value } else { value };
        (!is_minus || value != 0).then_some(Self { digits, places: fraction.len() as u32 })
    }

    pub(crate) fn text(self) -> Vec<u8> {
        let sign = if self.digits < 0 { "-" } else { "" };
        let places = self.places as usize;
        let digits = format!("{:0width$}", self.digits.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let point = if places > 0 { "." } else { "" };
        format!("{sign}{whole}{point}{fraction}").into_bytes()
    }

    /// This and a difference, with the places of this.
    pub(crate) fn plus(self, difference: i64) -> Self {
        Self { digits: self.digits.wrapping_add(difference), places: self.places }
    }
}

pub(crate) const CONTEXTS: usize = 5;
const COLUMNS: usize = 1024;
const CHECK: u32 = (1 << 28) - 1;
const CONFIDENCE_MAX: u32 = 15;
/// From this confidence on a wrong guess halves it instead of being replaced.
const CONFIDENCE_FIRM: u32 = 4;
const TRIES: usize = 2;
const STATE_LIMIT: u32 = 255;
const COLUMN_LIMIT: u32 = 30;
const COLUMN_LEAST: u32 = 2048;
const GUESS_LEAST: u32 = 32_768;
const MIXER_START: i32 = 6_553;
const MIXER_RATE: i32 = 10;

#[derive(Clone, Copy, Default)]
struct Slot {
    difference: i64,
    check: u32,
    confidence: u32,
}

impl Slot {
    fn learn(&mut self, difference: i64) {
        if self.difference == difference {
            self.confidence = (self.confidence + 1).min(CONFIDENCE_MAX);
        } else if self.confidence >= CONFIDENCE_FIRM {
            self.confidence /= 2;
        } else {
            *self = Self { difference, confidence: 0, ..*self };
        }
    }
}

/// Guesses numbers from the differences that followed before.
#[derive(Clone)]
pub(crate) struct Numbers {
    bits: u32,
    slots: Vec<Slot>,
    /// Per context, of slots that guess what is tried and of others, by confidence.
    states: [[[Adaptive; 16]; 2]; CONTEXTS],
    columns: Vec<Adaptive>,
    mixer: Mixer,
}

/// What was found for a number.
pub(crate) struct Found {
    slots: [usize; CONTEXTS],
    bases: [Number; CONTEXTS],
    confidences: [usize; CONTEXTS],
    guesses: [Number; CONTEXTS],
    column: usize,
}

impl Numbers {
    pub(crate) fn new(bits: u32) -> Self {
        let matching = |c: usize| {
            let p = if c == 0 { 6000 } else { 65_536 - 65_536 / (c as u32 + 1) };
            Adaptive::started(p, 4)
        };
        let others = |c: usize| Adaptive::started(65_536 / (c as u32 + 6), 4);
        Self {
            bits,
            slots: vec![Slot::default(); 1 << bits],
            states: [[std::array::from_fn(matching), std::array::from_fn(others)]; CONTEXTS],
            columns: vec![Adaptive::started(16_384, 2); COLUMNS],
            mixer: Mixer::new(CONTEXTS + 2, TRIES, MIXER_START, MIXER_RATE),
        }
    }

    pub(crate) fn find(&mut self, contexts: [(u32, Number); CONTEXTS], column: u32) -> Found {
        let mut found = Found {
            slots: [0; CONTEXTS],
            bases: contexts.map(|(_, base)| base),
            confidences: [0; CONTEXTS],
            guesses: [Number::default(); CONTEXTS],
            column: column as usize % COLUMNS,
        };
        for (i, (context, base)) in contexts.into_iter().enumerate() {
            let h = pair(context, i as u32);
            let at = place(h, self.bits);
            let slot = &mut self.slots[at];
            if slot.check != h & CHECK {
                *slot = Slot { check: h & CHECK, ..Slot::default() };
            }
            found.slots[i] = at;
            found.confidences[i] = slot.confidence as usize;
            found.guesses[i] = base.plus(slot.difference);
        }
        found
    }

    /// The best guess that is not `other`, with its value.
    fn best_but(&self, found: &Found, other: Option<Number>) -> Option<(u32, Number)> {
        let value = |i: usize| self.states[i][0][found.confidences[i]].value();
        let guesses = (0..CONTEXTS).rev().map(|i| (value(i), found.guesses[i]));
        guesses.filter(|&(_, guess)| Some(guess) != other).max_by_key(|&(value, _)| value)
    }

    /// The value of the best guess, 0 if it is not worth a try.
    pub(crate) fn best(&self, found: &Found) -> u32 {
        let best = self.best_but(found, None).map_or(0, |(value, _)| value);
        let is_worth = self.columns[found.column].value() >= COLUMN_LEAST || best >= GUESS_LEAST;
        if is_worth { best } else { 0 }
    }

    /// Reads which guess is right, if any.
    pub(crate) fn choose(
        &mut self,
        found: &Found,
        coder: &mut Coder,
        is_known: Option<&dyn Fn(Number) -> bool>,
    ) -> Option<Number> {
        let mut tried = None;
        for rank in 0..TRIES {
            let (_, guess) = self.best_but(found, tried)?;
            if self.flag(found, guess, rank, coder, is_known.map(|is_known| is_known(guess))) {
                return Some(guess);
            }
            tried = Some(guess);
        }
        None
    }

    fn flag(
        &mut self,
        found: &Found,
        guess: Number,
        rank: usize,
        coder: &mut Coder,
        known: Option<bool>,
    ) -> bool {
        let state = |i: usize| (usize::from(found.guesses[i] != guess), found.confidences[i]);
        let states: [(usize, usize); CONTEXTS] = std::array::from_fn(state);
        let mut inputs: Vec<i32> = Vec::new();
        inputs.extend((0..CONTEXTS).map(|i| self.states[i][states[i].0][states[i].1].stretched()));
        inputs.extend([self.columns[found.column].stretched(), 256]);
        let p = self.mixer.mix(rank, &inputs);
        let bit = coder.decide(p, known);
        self.mixer.learn(rank, &inputs, p, bit);
        for (of, (other, confidence)) in self.states.iter_mut().zip(states) {
            of[other][confidence].learn(bit, STATE_LIMIT);
        }
        bit
    }

    /// Learns the number that came.
    pub(crate) fn learn(&mut self, found: &Found, number: Number) {
        let was_right = self.best_but(found, None).is_some_and(|(_, guess)| guess == number);
        self.columns[found.column].learn(was_right, COLUMN_LIMIT);
        for (&slot, base) in found.slots.iter().zip(found.bases) {
            if base.places == number.places {
                self.slots[slot].learn(number.digits.wrapping_sub(base.digits));
            }
        }
    }
}
