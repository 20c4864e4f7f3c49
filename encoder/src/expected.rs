//! Whether the byte that a match expects comes: one decision instead of eight.

use crate::bits;
use crate::coder::Coder;
use crate::hash;
use crate::literal::{Around, KINDS};
use crate::logistic::{Adaptive, Inputs, Mixer};
use crate::matcher::LENGTHS;
use crate::memory::{Memory, touch};
use crate::tables::HistoryMap;

/// Codes whether the expected byte comes, under the `N` contexts of new bytes and the column.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedByte<const N: usize> {
    /// The bit history of each byte expected under a context, hashed and not checked.
    histories: Vec<u8>,
    maps: Box<[HistoryMap; N]>,
    column_map: Box<HistoryMap>,
    /// How often matches of each length go on.
    lengths: [Adaptive; LENGTHS],
    mixer: Mixer,
}

impl<const N: usize> ExpectedByte<N> {
    /// `1 << bits` histories.
    pub(crate) fn new(bits: u32, memory: Memory) -> Self {
        Self {
            histories: memory.table(1 << bits),
            maps: Box::new(std::array::from_fn(|_| HistoryMap::new())),
            column_map: Box::new(HistoryMap::new()),
            lengths: std::array::from_fn(|length| {
                Adaptive::new(65536 - 65536 / (length as u32 / 2 + 3), 3)
            }),
            mixer: Mixer::new(KINDS * LENGTHS, 4500, 10),
        }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        touch(&mut self.histories);
    }

    /// Codes whether `byte` comes after a match of the class `length`; the encoder knows it as `hit`.
    #[inline]
    pub(crate) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        contexts: &[u32; N],
        around: Around,
        (byte, length): (u32, usize),
        hit: u32,
    ) -> u32 {
        let len = self.histories.len() as u64;
        let place = |context| ((u64::from(hash::pair(context, byte)) * len) >> 32) as usize;
        let places = contexts.map(place);
        let column = place(around.column);
        let mut inputs = Inputs::default();
        for i in 0..N {
            inputs[i] = self.maps[i].stretched(self.histories[places[i]]);
        }
        inputs[N] = self.column_map.stretched(self.histories[column]);
        inputs[N + 1] = self.lengths[length].stretched();
        inputs[N + 2] = 256;
        let mix = self.mixer.mix(inputs, around.kind * LENGTHS + length);
        let hit = coder.bit(hit, mix.p);
        self.mixer.learn(&mix, hit);
        for i in 0..N {
            learn(&mut self.maps[i], &mut self.histories[places[i]], hit);
        }
        learn(&mut self.column_map, &mut self.histories[column], hit);
        self.lengths[length].learn(hit, 255);
        hit
    }
}

#[inline]
fn learn(map: &mut HistoryMap, history: &mut u8, bit: u32) {
    map.learn(*history, bit);
    *history = bits::NEXT[usize::from(*history) * 2 + bit as usize];
}
