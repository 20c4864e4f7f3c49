//! What is new, byte by byte: a mix of bit histories under `N` contexts, of what is usual in the
//! column, and of what followed the same bytes before.

use super::adaptive::Adaptive;
use super::around::{Around, KINDS};
use super::coder::Coder;
use super::expected_byte::ExpectedByte;
use super::histories::HistoryMap;
use super::match_model::{LENGTHS, MATCH_SURE, MatchModel, RUN};
use super::mixer::{BIAS, Inputs, Mixer};
use super::tables::{CountTable, HistoryTable, NIBBLE, learn_cell};
use crate::base::hash;
use crate::base::memory::Memory;

/// The first contexts are followed by many different bytes: each half of the byte has a cache line
/// of its own. The others share one for both halves, which is one line less to fetch. With 1 the size grows by 0.7 %, with
/// all of them it shrinks by 0.2 %.
const SHORT: usize = 3;
/// Learning limit of the column's probabilities; half, twice: 0.0 %.
const COLUMN_LIMIT: u32 = 255;
/// Learning limit of whether a run comes; half, twice: 0.0 %.
const RUN_LIMIT: u32 = 127;
/// What the mixer's weights start at; half +0.3 %, twice +0.6 %.
const WEIGHT: i16 = 3750;
/// The rate that they learn at in the end; half +0.3 %, twice -0.2 %.
const RATE: i32 = 12;

/// Codes bytes.
#[derive(Clone, Debug)]
pub(crate) struct LiteralCoder<const N: usize> {
    table: HistoryTable,
    maps: Box<[HistoryMap; N]>,
    column: CountTable,
    matcher: MatchModel,
    runs: [Adaptive; 2 * LENGTHS],
    mixer: Mixer,
    expected: ExpectedByte<N>,
}

impl<const N: usize> LiteralCoder<N> {
    /// `1 << bits` buckets of histories, `1 << column_bits` of columns, `1 << text_bits` bytes of
    /// text to match.
    pub(crate) fn new(bits: u32, column_bits: u32, text_bits: u32, memory: Memory) -> Self {
        Self {
            table: HistoryTable::new(bits, memory),
            maps: Box::new(std::array::from_fn(|_| HistoryMap::new())),
            column: CountTable::new(column_bits, memory),
            matcher: MatchModel::new(text_bits, memory),
            runs: [Adaptive::default(); 2 * LENGTHS],
            mixer: Mixer::new(256 * KINDS * 3, WEIGHT, RATE),
            expected: ExpectedByte::new(bits + 1, memory),
        }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        self.table.touch();
        self.column.touch();
        self.matcher.touch();
        self.expected.touch();
    }

    /// As if this many bytes had come before.
    #[cfg(test)]
    pub(crate) fn start_at(&mut self, position: u32) {
        self.matcher.start_at(position);
    }

    /// Codes one byte under the contexts.
    #[inline]
    pub(crate) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        contexts: &[u32; N],
        around: Around,
        byte: u8,
    ) -> u8 {
        let byte = u32::from(byte);
        self.matcher.expect();
        let (expected, length) = (self.matcher.expected, self.matcher.length_class());
        let question =
            (self.matcher.len > 0).then(|| self.expected.ask(contexts, around, (expected, length)));
        if let Some(question) = question.as_ref().filter(|question| question.is_likely()) {
            let hit = coder.bit(u32::from(byte == expected), question.p());
            self.expected.learn(question, hit);
            if hit == 1 {
                self.matcher.learn(expected as u8);
                return expected as u8;
            }
            self.matcher.failed = true;
        }
        let high = self.code_nibble::<C, 4>(coder, contexts, around, 1, byte >> 4);
        let low = self.code_nibble::<C, 0>(coder, contexts, around, high | 16, byte & 15);
        let byte = high << 4 | low;
        if let Some(question) = question.filter(|question| !question.is_likely()) {
            self.expected.learn(&question, u32::from(byte == expected));
        }
        self.matcher.learn(byte as u8);
        byte as u8
    }

    /// The next [`RUN`] bytes, if a long match goes on.
    #[inline]
    pub(crate) fn run(&self) -> Option<[u8; RUN]> {
        self.matcher.run_class().map(|_| self.matcher.run())
    }

    /// Whether the match is long enough for runs that end their item, which may be short.
    pub(crate) fn is_sure(&self) -> bool {
        self.matcher.len >= MATCH_SURE
    }

    /// Codes whether the run comes; one that ends its item is told apart.
    #[inline]
    pub(crate) fn code_run<C: Coder>(&mut self, coder: &mut C, ends: bool, hit: bool) -> bool {
        let class = self.matcher.run_class().unwrap_or(0) + if ends { LENGTHS } else { 0 };
        let p = &mut self.runs[class];
        let hit = coder.bit(u32::from(hit), p.codable());
        p.learn(hit, RUN_LIMIT);
        if hit == 0 {
            self.matcher.ends_within = RUN as u32;
        }
        hit == 1
    }

    /// Takes a byte that was coded in another way.
    #[inline]
    pub(crate) fn pass(&mut self, byte: u8) {
        self.matcher.expect();
        self.matcher.learn(byte);
    }

    /// Takes bytes that were not coded here.
    pub(crate) fn pass_over(&mut self, bytes: &[u8]) {
        self.matcher.pass_over(bytes);
    }

    /// As [`MatchModel::known`].
    pub(crate) fn known(&self, bytes: &[u8]) -> (usize, usize) {
        self.matcher.known(bytes)
    }

    /// Codes the half of a byte that is `SHIFT` bits up; `before` says what is known of the byte.
    #[inline]
    fn code_nibble<C: Coder, const SHIFT: u32>(
        &mut self,
        coder: &mut C,
        contexts: &[u32; N],
        around: Around,
        before: u32,
        nibble: u32,
    ) -> u32 {
        let mut places = [0; N];
        let mut cells = [[0; NIBBLE]; N];
        for i in 0..N {
            let hash = hash::pair(contexts[i], before);
            let line = if i < SHORT { hash } else { contexts[i] };
            (places[i], cells[i]) = self.table.find(line, hash as u8);
        }
        let column = self.column.find(hash::pair(around.column, before));
        let mut column_cells = self.column.load(column);
        let matched = match self.matcher.agrees {
            false => 0,
            true => 1 + usize::from(self.matcher.failed),
        };
        let high = if SHIFT == 4 { 0 } else { before as usize & 15 };
        let set = (around.kind * 3 + matched) * 256 + (high << 4);
        let mut node = 1;
        for shift in (0..4).rev() {
            let position = SHIFT + shift;
            let mut inputs = Inputs::default();
            for i in 0..N {
                inputs[i] = self.maps[i].stretched(cells[i][node & 15]);
            }
            inputs[N] = Adaptive::from_raw(column_cells[node & 15]).stretched();
            inputs[N + 1] = self.matcher.input(position);
            inputs[N + 2] = BIAS;
            let mix = self.mixer.mix(inputs, set | node);
            let bit = coder.bit(nibble >> shift & 1, mix.p);
            self.mixer.learn(&mix, bit);
            for i in 0..N {
                self.maps[i].learn(&mut cells[i][node & 15], bit);
            }
            learn_cell(&mut column_cells[node & 15], bit, COLUMN_LIMIT);
            self.matcher.learn_bit(position, bit);
            node = node * 2 + bit as usize;
        }
        for i in 0..N {
            self.table.store(places[i], cells[i]);
        }
        self.column.store(column, column_cells);
        node as u32 & 15
    }
}
