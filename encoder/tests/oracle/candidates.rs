//! FORMAT.md, section 7: candidates.

use super::coder::Coder;
use super::hash::{self, pair, place};
use super::probability::{Adaptive, Mixer};

/// What was seen, by name: a ring of entries and an index of their names.
#[derive(Clone)]
pub(crate) struct Dictionary {
    bits: u32,
    ring: Vec<u8>,
    index: Vec<[u32; 2]>,
    /// Where the next entry begins.
    end: u32,
}

/// Bytes of an entry before its item's.
const ENTRY_HEAD: usize = 6;

impl Dictionary {
    pub(crate) fn new(bits: u32) -> Self {
        Self { bits, ring: vec![0; 1 << bits], index: vec![[0; 2]; 1 << (bits - 5)], end: 1 }
    }

    fn offset(&self, name: u32) -> usize {
        name as usize & (self.ring.len() - 1)
    }

    pub(crate) fn is_alive(&self, name: u32) -> bool {
        name != 0 && self.end.wrapping_sub(name) as usize <= self.ring.len()
    }

    pub(crate) fn item(&self, name: u32) -> &[u8] {
        let entry = &self.ring[self.offset(name)..];
        let len = usize::from(u16::from_le_bytes([entry[4], entry[5]]));
        &entry[ENTRY_HEAD..][..len]
    }

    /// The name of an item that is added, if it is not too long to be kept.
    pub(crate) fn add(&mut self, hash: u32, item: &[u8]) -> Option<u32> {
        if item.len() > (self.ring.len() / 16).min(65_535) {
            return None;
        }
        if let Some(old) = self.find(item) {
            return Some(old);
        }
        let bucket = self.bucket(hash);
        let name = self.append(hash, item);
        self.index[bucket] = [name, self.index[bucket][0]];
        Some(name)
    }

    /// The name of an item that was added before, if its bucket still holds it.
    fn find(&self, item: &[u8]) -> Option<u32> {
        let is_it = |&name: &u32| self.is_alive(name) && self.item(name) == item;
        self.index[self.bucket(hash::bytes(item))].into_iter().find(is_it)
    }

    fn bucket(&self, hash: u32) -> usize {
        place(hash, self.bits - 5)
    }

    fn append(&mut self, hash: u32, item: &[u8]) -> u32 {
        let len = ENTRY_HEAD + item.len();
        let offset = self.offset(self.end);
        if offset + len > self.ring.len() {
            self.end = self.end.wrapping_add((self.ring.len() - offset) as u32);
            if self.end == 0 {
                self.end = self.ring.len() as u32;
            }
        }
        let name = self.end;
        let offset = self.offset(name);
        let entry = &mut self.ring[offset..offset + len];
        entry[..4].copy_from_slice(&hash.to_le_bytes());
        entry[4..6].copy_from_slice(&(item.len() as u16).to_le_bytes());
        entry[6..].copy_from_slice(item);
        self.end = self.end.wrapping_add(len as u32);
        name
    }
}

#[derive(Clone, Copy, Default)]
struct Slot {
    names: [u32; 2],
    check: u16,
    confidence: u32,
}

impl Slot {
    /// The state of this slot for a name.
    fn state(&self, name: u32) -> usize {
        let stand = match self.names {
            [0, _] => 3,
            [first, _] if first == name => 0,
            [_, second] if second == name => 1,
            _ => 2,
        };
        16 * stand + self.confidence as usize
    }

    fn learn(&mut self, name: u32) {
        if self.names[0] == name {
            self.confidence = (self.confidence + 1).min(CONFIDENCE_MAX);
        } else if self.confidence >= 2 {
            self.confidence /= 2;
            self.names[1] = name;
        } else {
            self.names = [name, self.names[0]];
            self.confidence = 0;
        }
    }
}

/// The sizes of a predictor.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) contexts: usize,
    /// The base 2 logarithm of the number of slots.
    pub(crate) slots: u32,
    /// T: how many candidates are tried at most.
    pub(crate) tries: usize,
    /// m: the least value that is tried.
    pub(crate) minimum: u32,
}

const CONFIDENCE_MAX: u32 = 15;
const CANDIDATES: usize = 8;
const COLUMNS: usize = 1024;
const STATE_LIMIT: u32 = 255;
const COLUMN_LIMIT: u32 = 30;
const MIXER_SETS: usize = 4;
const MIXER_START: i32 = 6_553;
const MIXER_RATE: i32 = 10;

/// Says which names may come next.
#[derive(Clone)]
pub(crate) struct Predictor {
    sizes: Sizes,
    slots: Vec<Slot>,
    states: Vec<[Adaptive; 64]>,
    columns: Vec<[Adaptive; 2]>,
    mixer: Mixer,
}

/// What a predictor found for the contexts of an item.
pub(crate) struct Found {
    slots: Vec<usize>,
    column: usize,
    /// Names with their values, the best first.
    candidates: Vec<(u32, u32)>,
}

impl Found {
    /// The value of the best candidate, 0 if there is none.
    pub(crate) fn best(&self) -> u32 {
        self.candidates.first().map_or(0, |&(_, value)| value)
    }

    fn offer(&mut self, name: u32, value: u32) {
        let list = &mut self.candidates;
        let mut at = match list.iter().position(|&(other, _)| other == name) {
            Some(at) => at,
            None if list.len() == CANDIDATES => return,
            None => {
                list.push((name, value));
                list.len() - 1
            }
        };
        list[at].1 = list[at].1.max(value);
        while at > 0 && list[at - 1].1 < list[at].1 {
            list.swap(at - 1, at);
            at -= 1;
        }
    }
}

impl Predictor {
    pub(crate) fn new(sizes: Sizes) -> Self {
        Self {
            sizes,
            slots: vec![Slot::default(); 1 << sizes.slots],
            states: vec![std::array::from_fn(start); sizes.contexts],
            columns: vec![[Adaptive::EVEN; 2]; COLUMNS],
            mixer: Mixer::new(sizes.contexts + 2, MIXER_SETS, MIXER_START, MIXER_RATE),
        }
    }

    /// Finds the slots of `contexts`, of which the level may use only the first.
    pub(crate) fn find(&mut self, contexts: &[u32], column: u32) -> Found {
        let column = column as usize % COLUMNS;
        let mut found = Found { slots: Vec::new(), column, candidates: Vec::new() };
        for (i, &context) in contexts[..self.sizes.contexts].iter().enumerate() {
            let at = self.slot(context, i);
            found.slots.push(at);
            let slot = self.slots[at];
            for name in slot.names.into_iter().filter(|&name| name != 0) {
                found.offer(name, self.states[i][slot.state(name)].value());
            }
        }
        found
    }

    fn slot(&mut self, context: u32, i: usize) -> usize {
        let h = pair(context, i as u32);
        let at = place(h, self.sizes.slots);
        if self.slots[at].check != h as u16 {
            self.slots[at] = Slot { check: h as u16, ..Slot::default() };
        }
        at
    }

    /// Reads which of the candidates comes, if any.
    pub(crate) fn choose(
        &mut self,
        found: &Found,
        dictionary: &Dictionary,
        coder: &mut Coder,
        known: Option<&[u8]>,
    ) -> Option<u32> {
        let known = known.map(|item| dictionary.find(item));
        let mut tried = 0;
        for &(name, value) in found.candidates.iter().take(2 * self.sizes.tries) {
            if tried == self.sizes.tries {
                break;
            }
            let column = self.columns[found.column][tried.min(1)];
            if value < self.sizes.minimum && column.value() < self.sizes.minimum {
                break;
            }
            if !dictionary.is_alive(name) {
                continue;
            }
            let known = known.map(|known| known == Some(name));
            if self.flag(found, name, tried, coder, known) {
                return Some(name);
            }
            tried += 1;
        }
        None
    }

    /// Reads whether `name` is what comes.
    fn flag(
        &mut self,
        found: &Found,
        name: u32,
        rank: usize,
        coder: &mut Coder,
        known: Option<bool>,
    ) -> bool {
        let states: Vec<usize> = found.slots.iter().map(|&at| self.slots[at].state(name)).collect();
        let column = &mut self.columns[found.column][rank.min(1)];
        let mut inputs: Vec<i32> = Vec::new();
        inputs.extend(states.iter().zip(&self.states).map(|(&state, of)| of[state].stretched()));
        inputs.extend([column.stretched(), 256]);
        let set = rank.min(MIXER_SETS - 1);
        let p = self.mixer.mix(set, &inputs);
        let bit = coder.decide(p, known);
        self.mixer.learn(set, &inputs, p, bit);
        column.learn(bit, COLUMN_LIMIT);
        for (state, of) in states.into_iter().zip(&mut self.states) {
            of[state].learn(bit, STATE_LIMIT);
        }
        bit
    }

    /// Learns the name of the item that came.
    pub(crate) fn learn(&mut self, found: &Found, name: Option<u32>) {
        let Some(name) = name else { return };
        if found.candidates.first().is_some_and(|&(first, _)| first == name)
            && found.best() < self.sizes.minimum
        {
            self.columns[found.column][0].learn(true, COLUMN_LIMIT);
        }
        for &slot in &found.slots {
            self.slots[slot].learn(name);
        }
    }
}

/// What the probability of a state starts at.
fn start(state: usize) -> Adaptive {
    let (stand, c) = (state / 16, state as u32 % 16);
    match stand {
        0 => Adaptive::started(65_536 - 65_536 / (c + 3), 4),
        1 => Adaptive::started(65_536 / (c + 4), 4),
        2 => Adaptive::started(65_536 / (2 * c + 6), 4),
        _ => Adaptive::EVEN,
    }
}
