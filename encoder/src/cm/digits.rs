//! New numbers, digit by digit, in an alphabet of 16 symbols.

use super::adaptive::Adaptive;
use super::coder::Coder;
use super::mixer::{Inputs, Mixer};
use super::tables::{CountTable, NIBBLE, learn_cell};
use crate::base::hash;
use crate::base::memory::Memory;

/// The symbol that ends a number.
pub(crate) const END: u8 = 15;

/// Learning limit of the probabilities: digits are steady. Half, twice: 0.0 %.
const LIMIT: u32 = 400;
/// What the mixer's weights start at; half +0.3 %, twice +0.5 %.
const WEIGHT: i16 = 1 << 12;
/// The rate that they learn at in the end. Half +0.2 %; twice +18 %, since above 32 the
/// error overflows its 16 bits.
const RATE: i32 = 20;
/// The input of the mixer that no context gives: half, twice: 0.0 %.
const EVEN_BIAS: i16 = 64;
/// Weight sets, by column and place.
const SETS: usize = 136;

/// The symbol of a byte, if a number may hold it.
#[inline]
pub(crate) fn symbol(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'.' => Some(10),
        b'-' => Some(11),
        b'e' => Some(12),
        b'E' => Some(13),
        b'+' => Some(14),
        _ => None,
    }
}

/// The byte of a symbol below [`END`].
pub(crate) fn byte(symbol: u8) -> u8 {
    b"0123456789.-eE+"[usize::from(symbol)]
}

/// Codes symbols.
#[derive(Clone, Debug)]
pub(crate) struct DigitCoder<const N: usize> {
    table: CountTable,
    mixer: Mixer,
}

impl<const N: usize> DigitCoder<N> {
    /// A table of `1 << bits` buckets.
    pub(crate) fn new(bits: u32, memory: Memory) -> Self {
        Self { table: CountTable::new(bits, memory), mixer: Mixer::new(SETS * 16, WEIGHT, RATE) }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        self.table.touch();
    }

    /// Codes one symbol under the contexts; `set` chooses the weights.
    #[inline]
    pub(crate) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        contexts: &[u32; N],
        set: u32,
        symbol: u8,
    ) -> u8 {
        let mut places = [0; N];
        let mut cells = [[0; NIBBLE]; N];
        for i in 0..N {
            places[i] = self.table.find(hash::pair(contexts[i], i as u32));
            cells[i] = self.table.load(places[i]);
        }
        let set = set as usize % SETS * 16;
        let mut node = 1;
        for shift in (0..4).rev() {
            let mut inputs = Inputs::default();
            for i in 0..N {
                inputs[i] = Adaptive::from_raw(cells[i][node & 15]).stretched();
            }
            inputs[N] = EVEN_BIAS;
            let mix = self.mixer.mix(inputs, set + node);
            let bit = coder.bit(u32::from(symbol) >> shift & 1, mix.p);
            self.mixer.learn(&mix, bit);
            for i in 0..N {
                learn_cell(&mut cells[i][node & 15], bit, LIMIT);
            }
            node = node * 2 + bit as usize;
        }
        for i in 0..N {
            self.table.store(places[i], cells[i]);
        }
        node as u8 & 15
    }
}
