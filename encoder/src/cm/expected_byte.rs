//! How likely the byte is that a match expects; where it is likely, one decision codes it instead of eight.

use super::adaptive::Adaptive;
use super::around::{Around, KINDS};
use super::histories::HistoryMap;
use super::match_model::LENGTHS;
use super::mixer::{BIAS, Inputs, Mix, Mixer};
use crate::base::hash;
use crate::base::memory::{Memory, touch};

/// From this probability on, of 16 bits, it pays to code whether the byte comes. Below, what else may
/// come is better told with the eight decisions of a byte. 30,000: +0.3 %; 56,000: -0.1 %, and more decisions.
const LIKELY: u32 = 45_000;
/// Learning limit of how often matches of a length go on; half, twice: 0.0 %.
const LIMIT: u32 = 255;
/// What the mixer's weights start at; half 0.0 %, twice +0.5 %.
const WEIGHT: i16 = 4500;
/// The rate that they learn at in the end; half, twice: 0.0 %.
const RATE: i32 = 10;

/// How likely it is that the expected byte comes, under the `N` contexts of new bytes and the column.
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
            mixer: Mixer::new(KINDS * LENGTHS, WEIGHT, RATE),
        }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        touch(&mut self.histories);
    }

    /// How likely it is that `byte` comes after a match of the class `length`.
    #[inline]
    pub(crate) fn ask(
        &self,
        contexts: &[u32; N],
        around: Around,
        (byte, length): (u32, usize),
    ) -> Question<N> {
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
        inputs[N + 2] = BIAS;
        let mix = self.mixer.mix(inputs, around.kind * LENGTHS + length);
        Question { places, column, length, mix }
    }

    /// Learns the answer.
    #[inline]
    pub(crate) fn learn(&mut self, question: &Question<N>, hit: u32) {
        self.mixer.learn(&question.mix, hit);
        for i in 0..N {
            self.maps[i].learn(&mut self.histories[question.places[i]], hit);
        }
        self.column_map.learn(&mut self.histories[question.column], hit);
        self.lengths[question.length].learn(hit, LIMIT);
    }
}

/// Whether an expected byte comes, before it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<const N: usize> {
    places: [usize; N],
    column: usize,
    length: usize,
    mix: Mix,
}

impl<const N: usize> Question<N> {
    /// Whether it pays to code the answer.
    #[inline]
    pub(crate) fn is_likely(&self) -> bool {
        self.mix.p >= LIKELY
    }

    /// The probability that it comes, of 16 bits.
    #[inline]
    pub(crate) fn p(&self) -> u32 {
        self.mix.p
    }
}
