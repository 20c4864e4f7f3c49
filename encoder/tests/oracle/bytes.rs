//! FORMAT.md, section 8, "Bytes".

use super::coder::Coder;
use super::hash::pair;
use super::matching::Match;
use super::probability::{CountTable, HistoryMap, HistoryTable, Mixer, Taken, next_history};

const CONTEXTS: [usize; 3] = [3, 4, 5];
/// So many contexts name a line together with what is known of the byte.
const LINES_BY_HASH: usize = 3;
const COUNT_LIMIT: u32 = 255;
const MIXER_SETS: usize = 3 * 2 * 256;
const MIXER_START: i32 = 15_000;
const MIXER_RATE: i32 = 12;

#[derive(Clone)]
pub(crate) struct Bytes {
    contexts: usize,
    histories: HistoryTable,
    maps: Vec<HistoryMap>,
    counts: CountTable,
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
        }
    }

    pub(crate) fn read(
        &mut self,
        around: &Around,
        matching: &mut Match,
        coder: &mut Coder,
        known: Option<u8>,
    ) -> u8 {
        let high = self.nibble(around, None, matching, coder, known.map(|byte| byte >> 4));
        let low = self.nibble(around, Some(high), matching, coder, known.map(|byte| byte & 15));
        high << 4 | low
    }

    fn nibble(
        &mut self,
        around: &Around,
        high: Option<u8>,
        matching: &mut Match,
        coder: &mut Coder,
        known: Option<u8>,
    ) -> u8 {
        let before = high.map_or(1, |high| 16 | u32::from(high));
        let mut buckets = self.take(&around.contexts[..self.contexts], before);
        let mut counts = self.counts.take(pair(around.column, before));
        let expected = matching.expected();
        let set = (around.kind * 2 + u32::from(expected.is_some())) * 256
            + u32::from(high.unwrap_or(0) << 4);
        // What is expected of this nibble, if the other was as expected.
        let expected = expected.filter(|byte| high.is_none_or(|high| byte >> 4 == high));
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
            let sure = matching.stretched();
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
                matching.learn(expected == bit);
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
