//! What is new, byte by byte: a mix of bit histories under `N` contexts.

use crate::coder::Coder;
use crate::hash;
use crate::logistic::{Adaptive, Mixer};
use crate::memory::Memory;
use crate::tables::{HistoryTable, history_prior};

/// Learning limit of the history maps.
const MAP_LIMIT: u32 = 255;
/// Kinds of text that have weights of their own.
pub(crate) const KINDS: usize = 4;

/// Codes bytes; `M` is `N + 1`.
#[derive(Debug)]
pub(crate) struct LiteralCoder<const N: usize, const M: usize> {
    table: HistoryTable,
    maps: Vec<[Adaptive; 256]>,
    mixer: Mixer<M>,
    places: [usize; N],
}

impl<const N: usize, const M: usize> LiteralCoder<N, M> {
    /// A table of `1 << bits` buckets.
    pub(crate) fn new(bits: u32, memory: Memory) -> Self {
        assert_eq!(M, N + 1, "one input for each context and a constant");
        Self {
            table: HistoryTable::new(bits, memory),
            maps: vec![history_prior(); N],
            mixer: Mixer::new(256 * KINDS, (1 << 16) * 2 / 5, 6),
            places: [0; N],
        }
    }

    /// Codes one byte under the contexts; `kind` below [`KINDS`].
    #[inline]
    pub(crate) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        contexts: &[u32; N],
        kind: usize,
        byte: u8,
    ) -> u8 {
        let byte = u32::from(byte);
        let high = self.code_nibble(coder, contexts, kind, 0, byte >> 4);
        let low = self.code_nibble(coder, contexts, kind, 16 + high, byte & 15);
        (high << 4 | low) as u8
    }

    #[inline]
    fn code_nibble<C: Coder>(
        &mut self,
        coder: &mut C,
        contexts: &[u32; N],
        kind: usize,
        before: u32,
        nibble: u32,
    ) -> u32 {
        for (i, &context) in contexts.iter().enumerate() {
            self.places[i] = self.table.find(hash::pair(context, before << 4 | i as u32));
        }
        let mut node = 1;
        for shift in (0..4).rev() {
            let set = if before == 0 { node } else { (before as usize & 15) << 4 | node };
            let bit = self.code_bit(coder, node, kind * 256 + set, nibble >> shift & 1);
            node = node * 2 + bit as usize;
        }
        node as u32 & 15
    }

    #[inline]
    fn code_bit<C: Coder>(&mut self, coder: &mut C, node: usize, set: usize, bit: u32) -> u32 {
        let mut states = [0; N];
        for i in 0..N {
            states[i] = usize::from(self.table.state(self.places[i], node));
            self.mixer.inputs[i] =
                if states[i] == 0 { 0 } else { self.maps[i][states[i]].stretched() };
        }
        self.mixer.inputs[N] = 256;
        let p = self.mixer.mix(set);
        let bit = coder.bit(bit, p);
        self.mixer.learn(bit);
        for (i, &state) in states.iter().enumerate() {
            self.maps[i][state].learn(bit, MAP_LIMIT);
            self.table.learn(self.places[i], node, bit);
        }
        bit
    }
}
