//! Which item comes next: contexts point at candidates, one coded flag each says hit or not.
//!
//! Every context owns a slot with two candidates: the one that proved itself, and the last other
//! one. Distinct candidates are tried in the order of how often their like was right; the flag's
//! probability mixes what each context says about the candidate.

use super::dictionary::{Dictionary, Id};
use crate::base::hash;
use crate::base::memory::{Memory, touch};
use crate::cm::adaptive::Adaptive;
use crate::cm::coder::Coder;
use crate::cm::mixer::{BIAS, Inputs, Mixer};

/// Confidence levels of a slot.
const CONFIDENCE_MAX: u8 = 15;
/// Match states of a slot and a candidate: it is the slot's first choice, its second, neither, or the slot is empty.
const MATCHES: usize = 4;
/// Columns whose hit rates are kept apart.
const COLUMNS: usize = 1024;
/// Learning limit of the flags' probabilities; half, twice: 0.0 %.
const FLAG_LIMIT: u32 = 255;
/// Learning limit of the columns' hit rates; half, twice: 0.0 %.
const COLUMN_LIMIT: u32 = 30;
/// What the mixer's weights start at: 0.4; half 0.0 %, twice +0.5 %.
const WEIGHT: i16 = 6553;
/// The rate that they learn at in the end; half +0.2 %, twice -0.1 %.
const RATE: i32 = 10;

/// What one context remembers.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    ids: [Id; 2],
    check: u16,
    confidence: u8,
}

impl Slot {
    #[inline]
    fn unpack([first, second, rest]: [u32; 3]) -> Self {
        Self { ids: [first, second], check: (rest >> 16) as u16, confidence: rest as u8 & 15 }
    }

    #[inline]
    fn pack(self) -> [u32; 3] {
        [self.ids[0], self.ids[1], u32::from(self.check) << 16 | u32::from(self.confidence)]
    }

    /// The match state to a candidate, with the slot's confidence.
    fn match_state(self, id: Id) -> usize {
        let matches = match id {
            _ if self.ids[0] == 0 => 3,
            id if id == self.ids[0] => 0,
            id if id == self.ids[1] => 1,
            _ => 2,
        };
        matches * (usize::from(CONFIDENCE_MAX) + 1) + usize::from(self.confidence)
    }

    fn learn(&mut self, id: Id) {
        if id == self.ids[0] {
            self.confidence = (self.confidence + 1).min(CONFIDENCE_MAX);
        } else if self.confidence >= 2 {
            self.confidence /= 2;
            self.ids[1] = id;
        } else {
            self.ids = [id, self.ids[0]];
            self.confidence = 0;
        }
    }
}

/// Predicts items under `N` contexts.
#[derive(Clone, Debug)]
pub(crate) struct Predictor<const N: usize> {
    slots: Vec<[u32; 3]>,
    /// Of each context, how often candidates hit in each match state.
    hit_rates: Vec<[Adaptive; MATCHES * 16]>,
    columns: Vec<[Adaptive; 2]>,
    mixer: Mixer,
    tries_max: usize,
    try_min: u32,
    /// The slots of the item at hand.
    places: [usize; N],
    column: usize,
    candidates: Candidates,
}

/// Distinct candidates, best first.
#[derive(Clone, Copy, Debug, Default)]
struct Candidates {
    ids: [(u32, Id); 8],
    len: usize,
}

impl Candidates {
    /// Adds a candidate or raises its score.
    fn offer(&mut self, id: Id, score: u32) {
        let known = self.ids[..self.len].iter().position(|&(_, other)| other == id);
        let mut place = match known {
            Some(place) => place,
            None if self.len < self.ids.len() => {
                self.len += 1;
                self.ids[self.len - 1] = (0, id);
                self.len - 1
            }
            None => return,
        };
        if score <= self.ids[place].0 {
            return;
        }
        self.ids[place].0 = score;
        while place > 0 && self.ids[place - 1].0 < score {
            self.ids.swap(place - 1, place);
            place -= 1;
        }
    }
}

impl<const N: usize> Predictor<N> {
    /// `1 << slot_bits` slots; at most `tries_max` candidates per item, none below the
    /// probability `try_min` in a column where such do not hit.
    pub(crate) fn new(slot_bits: u32, (tries_max, try_min): (usize, u32), memory: Memory) -> Self {
        Self {
            slots: memory.table(1 << slot_bits),
            hit_rates: vec![initial_hit_rates(); N],
            columns: vec![[Adaptive::default(); 2]; COLUMNS],
            mixer: Mixer::new(4, WEIGHT, RATE),
            try_min,
            tries_max,
            places: [0; N],
            column: 0,
            candidates: Candidates::default(),
        }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        touch(&mut self.slots);
    }

    /// Looks up the slots of the contexts and ranks their candidates.
    #[inline]
    pub(crate) fn prepare(&mut self, contexts: &[u32; N], column: u32) {
        self.column = column as usize % COLUMNS;
        self.candidates = Candidates::default();
        for (i, &context) in contexts.iter().enumerate() {
            let context = hash::pair(context, i as u32);
            let place = ((u64::from(context) * self.slots.len() as u64) >> 32) as usize;
            self.places[i] = place;
            let mut slot = Slot::unpack(self.slots[place]);
            let check = context as u16;
            if slot.check != check {
                slot = Slot { check, ..Slot::default() };
                self.slots[place] = slot.pack();
            }
            for id in slot.ids {
                if id != 0 {
                    self.candidates.offer(id, self.hit_rates[i][slot.match_state(id)].p());
                }
            }
        }
    }

    /// How likely the best candidate is, of 65536; 0 when there is none.
    pub(crate) fn best(&self) -> u32 {
        if self.candidates.len == 0 { 0 } else { self.candidates.ids[0].0 }
    }

    /// Codes whether one of the candidates is the item; the encoder gives its name.
    #[inline]
    pub(crate) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        dictionary: &Dictionary,
        actual: Id,
    ) -> Option<Id> {
        let mut rank = 0;
        for place in 0..self.candidates.len.min(self.tries_max * 2) {
            let (score, id) = self.candidates.ids[place];
            if rank >= self.tries_max || !self.worth_trying(score, rank) {
                break;
            }
            if dictionary.get(id).is_none() {
                continue;
            }
            if self.code_flag(coder, id, rank, u32::from(id == actual)) == 1 {
                return Some(id);
            }
            rank += 1;
        }
        None
    }

    fn worth_trying(&self, score: u32, rank: usize) -> bool {
        score >= self.try_min || self.columns[self.column][rank.min(1)].p() >= self.try_min
    }

    #[inline]
    fn code_flag<C: Coder>(&mut self, coder: &mut C, id: Id, rank: usize, hit: u32) -> u32 {
        let mut states = [0; N];
        let mut inputs = Inputs::default();
        for i in 0..N {
            states[i] = Slot::unpack(self.slots[self.places[i]]).match_state(id);
            inputs[i] = self.hit_rates[i][states[i]].stretched();
        }
        let column = self.columns[self.column][rank.min(1)];
        inputs[N] = column.stretched();
        inputs[N + 1] = BIAS;
        let mix = self.mixer.mix(inputs, rank.min(3));
        let hit = coder.bit(hit, mix.p);
        self.mixer.learn(&mix, hit);
        for i in 0..N {
            self.hit_rates[i][states[i]].learn(hit, FLAG_LIMIT);
        }
        self.columns[self.column][rank.min(1)].learn(hit, COLUMN_LIMIT);
        hit
    }

    /// Teaches the slots of the item at hand what it was.
    #[inline]
    pub(crate) fn learn(&mut self, id: Id) {
        if self.candidates.len > 0 && self.candidates.ids[0].1 == id && self.best() < self.try_min {
            // It was not tried and would have been right.
            self.columns[self.column][0].learn(1, COLUMN_LIMIT);
        }
        if id != 0 {
            for place in self.places {
                let mut slot = Slot::unpack(self.slots[place]);
                slot.learn(id);
                self.slots[place] = slot.pack();
            }
        }
    }
}

/// Before anything was learned: confident first choices are probably right.
fn initial_hit_rates() -> [Adaptive; MATCHES * 16] {
    let mut rates = [Adaptive::new(32768, 0); MATCHES * 16];
    for confidence in 0..16u32 {
        let sure = 65536 - 65536 / (confidence + 3);
        rates[confidence as usize] = Adaptive::new(sure, 4);
        rates[16 + confidence as usize] = Adaptive::new(65536 / (confidence + 4), 4);
        rates[32 + confidence as usize] = Adaptive::new(65536 / (2 * confidence + 6), 4);
    }
    rates
}
