//! The delta predictor, which number comes next: what was added to a number seen before, added again.

use crate::base::hash;
use crate::base::memory::{Memory, touch};
use crate::cm::adaptive::Adaptive;
use crate::cm::coder::Coder;
use crate::cm::mixer::{BIAS, Inputs, Mixer};
use crate::numbers::decimal::Decimal;

/// Contexts, each with a base number of its own.
pub(super) const BASES: usize = 5;
/// Confidence levels of a slot.
const CONFIDENCE_MAX: u32 = 15;
/// Columns whose hit rates are kept apart.
const COLUMNS: usize = 1024;
/// Learning limit of the flags' probabilities; half, twice: 0.0 %.
const FLAG_LIMIT: u32 = 255;
/// Learning limit of the columns' hit rates; half, twice: 0.0 %.
const COLUMN_LIMIT: u32 = 30;
/// What the mixer's weights start at: 0.4; half 0.0 %, twice +0.1 %.
const WEIGHT: i16 = 6553;
/// The rate that they learn at in the end; half, twice: 0.0 %.
const RATE: i32 = 10;
/// Candidates tried per number.
const TRIES_MAX: usize = 2;
/// In columns with a lower hit rate (of 65536) a guess is tried only if it is likelier than not. Half, twice: 0.0 %.
const TRY_MIN: u32 = 1 << 11;

/// A context and the number that its difference adds to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Basis {
    /// The hash of what surrounds the number.
    pub(super) context: u32,
    /// What to add to.
    pub(super) base: Decimal,
}

/// What one context remembers: a difference and how often it was right.
#[derive(Clone, Copy, Debug)]
struct Slot {
    difference: i64,
    check: u32,
    confidence: u32,
}

impl Slot {
    #[inline]
    fn unpack([low, high, rest]: [u32; 3]) -> Self {
        let difference = (u64::from(high) << 32 | u64::from(low)) as i64;
        Self { difference, check: rest >> 4, confidence: rest & 15 }
    }

    #[inline]
    fn pack(self) -> [u32; 3] {
        let bits = self.difference as u64;
        [bits as u32, (bits >> 32) as u32, self.check << 4 | self.confidence]
    }

    fn learn(&mut self, difference: i64) {
        if self.difference == difference {
            self.confidence = (self.confidence + 1).min(CONFIDENCE_MAX);
        } else if self.confidence >= 4 {
            self.confidence /= 2;
        } else {
            *self = Self { difference, confidence: 0, ..*self };
        }
    }
}

/// Predicts numbers under [`BASES`] contexts.
#[derive(Clone, Debug)]
pub(super) struct DeltaPredictor {
    slots: Vec<[u32; 3]>,
    /// Of each context, how often a guess is right that it makes (by confidence), or that it does not make.
    hit_rates: [[Adaptive; 32]; BASES],
    columns: Vec<Adaptive>,
    mixer: Mixer,
    places: [usize; BASES],
    bases: [Basis; BASES],
    guesses: [Decimal; BASES],
    confidences: [usize; BASES],
    column: usize,
}

impl DeltaPredictor {
    /// `1 << bits` slots.
    pub(super) fn new(bits: u32, memory: Memory) -> Self {
        Self {
            slots: memory.table(1 << bits),
            hit_rates: [initial_hit_rates(); BASES],
            columns: vec![Adaptive::new(16384, 2); COLUMNS],
            mixer: Mixer::new(TRIES_MAX, WEIGHT, RATE),
            places: [0; BASES],
            bases: [Basis::default(); BASES],
            guesses: [Decimal::default(); BASES],
            confidences: [0; BASES],
            column: 0,
        }
    }

    /// Makes all memory real.
    pub(super) fn touch(&mut self) {
        touch(&mut self.slots);
    }

    /// Looks up what the contexts expect.
    #[inline]
    pub(super) fn prepare(&mut self, bases: &[Basis; BASES], column: u32) {
        self.column = column as usize % COLUMNS;
        self.bases = *bases;
        for (i, basis) in bases.iter().enumerate() {
            let context = hash::pair(basis.context, i as u32);
            let place = ((u64::from(context) * self.slots.len() as u64) >> 32) as usize;
            let check = context & 0xFFF_FFFF;
            let mut slot = Slot::unpack(self.slots[place]);
            if slot.check != check {
                slot = Slot { difference: 0, check, confidence: 0 };
                self.slots[place] = slot.pack();
            }
            self.places[i] = place;
            self.confidences[i] = slot.confidence as usize;
            self.guesses[i] = Decimal {
                digits: basis.base.digits.wrapping_add(slot.difference),
                places: basis.base.places,
            };
        }
    }

    /// The most likely guess not among `tried`, and its probability of 65536.
    fn ranked(&self, tried: &[Decimal]) -> Option<(u32, Decimal)> {
        let mut best = None;
        for i in 0..BASES {
            let p = self.hit_rates[i][self.confidences[i]].p();
            if best.is_none_or(|(known, _)| p > known) && !tried.contains(&self.guesses[i]) {
                best = Some((p, self.guesses[i]));
            }
        }
        best
    }

    /// How likely the best guess is, of 65536.
    pub(super) fn best(&self) -> u32 {
        let p = self.ranked(&[]).map_or(0, |(p, _)| p);
        if self.columns[self.column].p() < TRY_MIN && p < 32768 { 0 } else { p }
    }

    /// Codes whether one of the guesses is the number.
    pub(super) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        actual: Option<Decimal>,
    ) -> Option<Decimal> {
        let mut tried = [Decimal::default(); TRIES_MAX];
        for rank in 0..TRIES_MAX {
            let (_, guess) = self.ranked(&tried[..rank])?;
            if self.code_flag(coder, guess, rank, u32::from(Some(guess) == actual)) == 1 {
                return Some(guess);
            }
            tried[rank] = guess;
        }
        None
    }

    fn code_flag<C: Coder>(&mut self, coder: &mut C, guess: Decimal, rank: usize, hit: u32) -> u32 {
        let mut states = [0; BASES];
        let mut inputs = Inputs::default();
        for i in 0..BASES {
            states[i] = self.confidences[i] + if self.guesses[i] == guess { 0 } else { 16 };
            inputs[i] = self.hit_rates[i][states[i]].stretched();
        }
        inputs[BASES] = self.columns[self.column].stretched();
        inputs[BASES + 1] = BIAS;
        let mix = self.mixer.mix(inputs, rank);
        let hit = coder.bit(hit, mix.p);
        self.mixer.learn(&mix, hit);
        for i in 0..BASES {
            self.hit_rates[i][states[i]].learn(hit, FLAG_LIMIT);
        }
        hit
    }

    /// Teaches the slots of the number at hand what it was.
    pub(super) fn learn(&mut self, actual: Decimal) {
        let right = self.ranked(&[]).is_some_and(|(_, guess)| guess == actual);
        self.columns[self.column].learn(u32::from(right), COLUMN_LIMIT);
        for (i, &place) in self.places.iter().enumerate() {
            if self.bases[i].base.places == actual.places {
                let mut slot = Slot::unpack(self.slots[place]);
                slot.learn(actual.digits.wrapping_sub(self.bases[i].base.digits));
                self.slots[place] = slot.pack();
            }
        }
    }
}

/// Before anything was learned: a difference that repeated will probably repeat.
fn initial_hit_rates() -> [Adaptive; 32] {
    let mut rates = [Adaptive::default(); 32];
    for confidence in 0..16u32 {
        let sure = if confidence == 0 { 6000 } else { 65536 - 65536 / (confidence + 1) };
        rates[confidence as usize] = Adaptive::new(sure, 4);
        rates[16 + confidence as usize] = Adaptive::new(65536 / (confidence + 6), 4);
    }
    rates
}
