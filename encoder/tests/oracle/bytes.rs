//! FORMAT.md, section 8, "Bytes".

use super::coder::Coder;
use super::hash::{pair, place};
use super::matching::Match;
use super::probability::{
    Adaptive, CountTable, HistoryMap, HistoryTable, Mixer, Taken, next_history,
};

const CONTEXTS: [usize; 3] = [3, 4, 5];
/// So many contexts name a line together with what is known of the byte.
const LINES_BY_HASH: usize = 3;
const COUNT_LIMIT: u32 = 255;
const MATCH_LIMIT: u32 = 255;
const MIXER_SETS: usize = 3 * 3 * 256;
const MIXER_START: i32 = 3_750;
const MIXER_RATE: i32 = 12;

/// What is foreseen with less is not asked.
const FLAG_MIN: u32 = 45_000;
const FLAG_MIXER_START: i32 = 4_500;
const FLAG_MIXER_RATE: i32 = 10;

#[derive(Clone)]
pub(crate) struct Bytes {
    contexts: usize,
    histories: HistoryTable,
    maps: Vec<HistoryMap>,
    counts: CountTable,
    mixer: Mixer,
    flags: Flags,
}

/// Whether an expected byte comes.
#[derive(Clone)]
struct Flags {
    bits: u32,
    histories: Vec<u8>,
    /// One for each context, then one for the column.
    maps: Vec<HistoryMap>,
    lengths: Vec<Adaptive>,
    mixer: Mixer,
}

/// What a byte is coded with.
pub(crate) struct Around<'a> {
    pub(crate) contexts: &'a [u32],
    pub(crate) column: u32,
    pub(crate) kind: u32,
}

impl Bytes {
    pub(crate) fn new(level: usize, histories: u32, counts: u32) -> Self {
        let contexts = CONTEXTS[level];
        Self {
            contexts,
            histories: HistoryTable::new(histories),
            maps: vec![HistoryMap::new(); contexts],
            counts: CountTable::new(counts),
            mixer: Mixer::new(contexts + 3, MIXER_SETS, MIXER_START, MIXER_RATE),
            flags: Flags::new(contexts, histories + 1),
        }
    }

    pub(crate) fn read(
        &mut self,
        around: &Around,
        matching: &mut Match,
        coder: &mut Coder,
        known: Option<u8>,
    ) -> u8 {
        let expected = matching.expected();
        let length = matching.class();
        let foreseen = expected.map(|byte| (byte, self.flags.foresee(around, byte, length)));
        let mut failed = false;
        if let Some((byte, foreseen)) = &foreseen
            && foreseen.p >= FLAG_MIN
        {
            let comes = coder.decide(foreseen.p, known.map(|known| known == *byte));
            self.flags.learn(foreseen, comes);
            if comes {
                return *byte;
            }
            failed = true;
        }
        let known = |shift: u32| known.map(|byte| byte >> shift & 15);
        let high = self.nibble(around, (None, failed), matching, coder, known(4));
        let low = self.nibble(around, (Some(high), failed), matching, coder, known(0));
        if let Some((byte, foreseen)) = foreseen
            && !failed
        {
            self.flags.learn(&foreseen, byte == high << 4 | low);
        }
        high << 4 | low
    }

    fn nibble(
        &mut self,
        around: &Around,
        (high, failed): (Option<u8>, bool),
        matching: &mut Match,
        coder: &mut Coder,
        known: Option<u8>,
    ) -> u8 {
        let before = high.map_or(1, |high| 16 | u32::from(high));
        let mut buckets = self.take(&around.contexts[..self.contexts], before);
        let mut counts = self.counts.take(pair(around.column, before));
        let expected = matching.expected();
        // What is expected of this nibble, if the other was as expected.
        let expected = expected.filter(|byte| high.is_none_or(|high| byte >> 4 == high));
        let a = expected.map_or(0, |_| 1 + u32::from(failed));
        let set = (around.kind * 3 + a) * 256 + u32::from(high.unwrap_or(0) << 4);
        let expected = expected.map(|byte| if high.is_some() { byte & 15 } else { byte >> 4 });
        let mut node = 1;
        for depth in (0..4).rev() {
            let agrees = |nibble: &u8| usize::from(16 | nibble) >> (depth + 1) == node;
            let expected = expected.filter(agrees).map(|nibble| nibble >> depth & 1 == 1);
            let mut inputs: Vec<i32> = Vec::new();
            for (bucket, map) in buckets.iter().zip(&self.maps) {
                inputs.push(map.stretched(bucket.cells[node]));
            }
            inputs.push(counts.cells[node].stretched());
            let position = depth + if high.is_none() { 4 } else { 0 };
            let sure = matching.probability(failed, position).stretched();
            inputs.push(expected.map_or(0, |bit| if bit { sure } else { -sure }));
            inputs.push(256);
            let set = set as usize | node;
            let p = self.mixer.mix(set, &inputs);
            let bit = coder.decide(p, known.map(|nibble| nibble >> depth & 1 == 1));
            self.mixer.learn(set, &inputs, p, bit);
            for (bucket, map) in buckets.iter_mut().zip(&mut self.maps) {
                map.learn(bucket.cells[node], bit);
                bucket.cells[node] = next_history(bucket.cells[node], bit);
            }
            counts.cells[node].learn(bit, COUNT_LIMIT);
            if let Some(expected) = expected {
                matching.probability(failed, position).learn(expected == bit, MATCH_LIMIT);
            }
            node = 2 * node + usize::from(bit);
        }
        for bucket in &buckets {
            self.histories.put_back(bucket);
        }
        self.counts.put_back(&counts);
        node as u8 & 15
    }

    fn take(&mut self, contexts: &[u32], before: u32) -> Vec<Taken<u8>> {
        let take = |(i, &context): (usize, &u32)| {
            let h = pair(context, before);
            self.histories.take(if i < LINES_BY_HASH { h } else { context }, h as u8)
        };
        contexts.iter().enumerate().map(take).collect()
    }
}

impl Flags {
    fn new(contexts: usize, bits: u32) -> Self {
        let length = |l: u32| Adaptive::started(65_536 - 65_536 / (l / 2 + 3), 3);
        Self {
            bits,
            histories: vec![0; 1 << bits],
            maps: vec![HistoryMap::new(); contexts + 1],
            lengths: (0..32).map(length).collect(),
            mixer: Mixer::new(contexts + 3, 3 * 32, FLAG_MIXER_START, FLAG_MIXER_RATE),
        }
    }

    /// How likely it is that `byte` comes.
    fn foresee(&self, around: &Around, byte: u8, length: usize) -> Foreseen {
        let contexts = around.contexts[..self.maps.len() - 1].iter().chain([&around.column]);
        let places: Vec<usize> =
            contexts.map(|&context| place(pair(context, u32::from(byte)), self.bits)).collect();
        let mut inputs: Vec<i32> = Vec::new();
        for (&at, map) in places.iter().zip(&self.maps) {
            inputs.push(map.stretched(self.histories[at]));
        }
        inputs.extend([self.lengths[length].stretched(), 256]);
        let set = around.kind as usize * 32 + length;
        let p = self.mixer.mix(set, &inputs);
        Foreseen { places, length, inputs, set, p }
    }

    /// Learns whether it came.
    fn learn(&mut self, of: &Foreseen, came: bool) {
        self.mixer.learn(of.set, &of.inputs, of.p, came);
        for (&at, map) in of.places.iter().zip(&mut self.maps) {
            map.learn(self.histories[at], came);
            self.histories[at] = next_history(self.histories[at], came);
        }
        self.lengths[of.length].learn(came, MATCH_LIMIT);
    }
}

/// What is known before a byte.
struct Foreseen {
    places: Vec<usize>,
    length: usize,
    inputs: Vec<i32>,
    set: usize,
    p: u32,
}
