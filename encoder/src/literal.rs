//! What is new, byte by byte: a mix of bit histories under `N` contexts, of what is usual in the
//! column, and of what followed the same bytes before.

use crate::bits;
use crate::coder::Coder;
use crate::expected::{ExpectedByte, LENGTHS};
use crate::hash;
use crate::logistic::{Adaptive, Inputs, Mixer};
use crate::memory::{Memory, touch};
use crate::tables::{CountTable, HistoryMap, HistoryTable, NIBBLE, learn_cell};

/// The first contexts are followed by many different bytes: each half of the byte has a cache line
/// of its own. The others share one for both halves.
const SHORT: usize = 3;
/// Learning limit of the column's probabilities.
const COLUMN_LIMIT: u32 = 255;
/// Kinds of text that have weights of their own.
pub(crate) const KINDS: usize = 3;

/// Codes bytes.
#[derive(Clone, Debug)]
pub(crate) struct LiteralCoder<const N: usize> {
    table: HistoryTable,
    maps: Box<[HistoryMap; N]>,
    column: CountTable,
    matcher: Matcher,
    runs: [Adaptive; 2 * LENGTHS],
    mixer: Mixer,
    expected: ExpectedByte<N>,
}

/// What surrounds a byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around {
    /// Below [`KINDS`].
    pub(crate) kind: usize,
    /// The column, for what is usual there.
    pub(crate) column: u32,
}

impl<const N: usize> LiteralCoder<N> {
    /// `1 << bits` buckets of histories, `1 << column_bits` of columns, `1 << text_bits` bytes of
    /// text to match.
    pub(crate) fn new(bits: u32, column_bits: u32, text_bits: u32, memory: Memory) -> Self {
        Self {
            table: HistoryTable::new(bits, memory),
            maps: Box::new(std::array::from_fn(|_| HistoryMap::new())),
            column: CountTable::new(column_bits, memory),
            matcher: Matcher::new(text_bits, memory),
            runs: [Adaptive::default(); 2 * LENGTHS],
            mixer: Mixer::new(256 * KINDS * 3, 3750, 12),
            expected: ExpectedByte::new(bits + 1, memory),
        }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        self.table.touch();
        self.column.touch();
        touch(&mut self.matcher.text);
        touch(&mut self.matcher.heads);
        touch(&mut self.matcher.anchors);
        self.expected.touch();
    }

    /// As if this many bytes had come before.
    #[cfg(test)]
    pub(crate) fn start_at(&mut self, position: u32) {
        self.matcher.next = position;
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
        if self.matcher.len >= EXPECTED_MIN {
            let (expected, length) = (self.matcher.expected, self.matcher.length_class());
            let around = (contexts, around.column, around.kind);
            let hit = u32::from(byte == expected);
            if self.expected.code(coder, around, (expected, length), hit) == 1 {
                self.matcher.learn(expected as u8);
                return expected as u8;
            }
            self.matcher.failed = true;
        }
        let high = self.code_nibble::<C, 4>(coder, contexts, around, 1, byte >> 4);
        let low = self.code_nibble::<C, 0>(coder, contexts, around, high | 16, byte & 15);
        let byte = (high << 4 | low) as u8;
        self.matcher.learn(byte);
        byte
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
        p.learn(hit, 127);
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
            places[i] = self.table.find(line, hash as u8);
            cells[i] = self.table.load(places[i]);
        }
        let column = self.column.find(hash::pair(around.column, before));
        let mut column_cells = self.column.load(column);
        let first = SHIFT == 4;
        let matched = match self.matcher.agrees {
            false => 0,
            true => 1 + usize::from(self.matcher.failed),
        };
        let set =
            (around.kind * 3 + matched) * 256 + if first { 0 } else { (before as usize & 15) << 4 };
        let mut node = 1;
        for shift in (0..4).rev() {
            let position = SHIFT + shift;
            let mut inputs = Inputs::default();
            for i in 0..N {
                inputs[i] = self.maps[i].stretched(cells[i][node & 15]);
            }
            inputs[N] = Adaptive::from_raw(column_cells[node & 15]).stretched();
            inputs[N + 1] = self.matcher.input(position);
            inputs[N + 2] = 256;
            let mix = self.mixer.mix(inputs, set | node);
            let bit = coder.bit(nibble >> shift & 1, mix.p);
            self.mixer.learn(&mix, bit);
            for i in 0..N {
                let cell = &mut cells[i][node & 15];
                self.maps[i].learn(*cell, bit);
                *cell = bits::NEXT[usize::from(*cell) * 2 + bit as usize];
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

/// Bytes whose hash finds where they came before.
const MATCH_MIN: u32 = 5;
/// So does the hash of the last eleven: the factor ends in three zero bits, so that after eleven of
/// them nothing of a byte is left.
const ANCHOR_FACTOR: u32 = 0x2F0B_4C47 << 3;
/// A match of so many bytes is not given up for another.
const MATCH_SURE: u32 = 32;
/// A match is long enough to ask for its byte at once.
const EXPECTED_MIN: u32 = 8;

/// Bytes that a run covers.
pub(crate) const RUN: usize = 32;
/// A match is long enough for a run.
const RUN_MIN: u32 = 16;

/// Finds where the last bytes came before, and expects what came after them.
#[derive(Clone, Debug)]
struct Matcher {
    text: Vec<u8>,
    /// Where the last few bytes came last: the place after them and the rest of their hash.
    heads: Vec<u32>,
    /// Where more bytes came last, for one in four of their hashes, so that it reaches further back.
    anchors: Vec<u32>,
    text_bits: u32,
    /// A hash without its lowest bits of this many is a place in both.
    index_shift: u32,
    /// A hash of the last eleven bytes.
    anchor: u32,
    next: u32,
    /// Where the match continues.
    at: u32,
    /// Bytes matched; 0 without a match.
    len: u32,
    tail: u64,
    expected: u32,
    /// Whether the bits of the byte at hand agree so far.
    agrees: bool,
    stands: [Adaptive; LENGTHS],
    /// A run that did not come tells that the match ends within so many bytes; else 0.
    ends_within: u32,
    /// Whether it is known that another byte comes than the expected.
    failed: bool,
    /// How often that byte has the expected bit at each position, when those before it were.
    failures: [Adaptive; 8],
}

impl Matcher {
    fn new(text_bits: u32, memory: Memory) -> Self {
        let index_bits = text_bits.saturating_sub(4);
        Self {
            text: memory.table(1 << text_bits),
            heads: memory.table(1 << index_bits),
            anchors: memory.table(1 << index_bits),
            text_bits,
            index_shift: 32 - index_bits,
            anchor: 0,
            next: 0,
            at: 0,
            len: 0,
            tail: 0,
            expected: 0,
            agrees: false,
            stands: [Adaptive::new(49152, 2); LENGTHS],
            ends_within: 0,
            failed: false,
            failures: [Adaptive::default(); 8],
        }
    }

    fn byte(&self, at: u32) -> u32 {
        u32::from(self.text[at as usize & (self.text.len() - 1)])
    }

    /// The class of a match that is long enough for a run.
    fn run_class(&self) -> Option<usize> {
        (self.len >= RUN_MIN && self.ends_within == 0)
            .then(|| (self.len as usize / 8).min(LENGTHS - 1))
    }

    /// The bytes that follow the match, those it will have made itself too.
    fn run(&self) -> [u8; RUN] {
        // None: a whole ring.
        let distance = self.next.wrapping_sub(self.at) as usize & (self.text.len() - 1);
        let distance = if distance == 0 { self.text.len() } else { distance };
        let mut run = [0; RUN];
        for i in 0..RUN {
            run[i] = match i.checked_sub(distance) {
                Some(before) => run[before],
                None => self.byte(self.at.wrapping_add(i as u32)) as u8,
            };
        }
        run
    }

    /// Before a byte.
    #[inline]
    fn expect(&mut self) {
        self.agrees = self.len > 0;
        self.failed = false;
        if self.agrees {
            self.expected = self.byte(self.at);
        }
    }

    fn length_class(&self) -> usize {
        (self.len as usize).min(LENGTHS - 1)
    }

    /// How often the expected bit comes.
    #[inline]
    fn stand(&mut self, position: u32) -> &mut Adaptive {
        match self.failed {
            false => &mut self.stands[self.length_class()],
            true => &mut self.failures[position as usize & 7],
        }
    }

    /// What the match says about the bit at `position` (7 is the first).
    #[inline]
    fn input(&mut self, position: u32) -> i16 {
        if !self.agrees {
            return 0;
        }
        let sure = self.stand(position).stretched();
        if self.expected >> position & 1 == 1 { sure } else { -sure }
    }

    #[inline]
    fn learn_bit(&mut self, position: u32, bit: u32) {
        if self.agrees {
            self.agrees = self.expected >> position & 1 == bit;
            let agrees = u32::from(self.agrees);
            self.stand(position).learn(agrees, 255);
        }
    }

    /// After a byte.
    #[inline]
    fn learn(&mut self, byte: u8) {
        if self.len > 0 && self.expected == u32::from(byte) {
            self.len = (self.len + 1).min(0xFFFF);
            self.at = self.at.wrapping_add(1);
            self.ends_within = self.ends_within.saturating_sub(1);
        } else {
            self.len = 0;
            self.ends_within = 0;
        }
        let place = self.next as usize & (self.text.len() - 1);
        self.text[place] = byte;
        self.next = self.next.wrapping_add(1);
        self.tail = self.tail << 8 | u64::from(byte);
        let head = hash::spread(self.tail << (64 - 8 * MATCH_MIN));
        self.anchor = self.anchor.wrapping_add(u32::from(byte) + 1).wrapping_mul(ANCHOR_FACTOR);
        let is_anchor = self.anchor.trailing_zeros() >= 5;
        let anchor = self.anchor;
        if is_anchor {
            if self.len < MATCH_SURE {
                self.find(self.anchors[self.place(anchor)], anchor);
            }
            let place = self.place(anchor);
            self.anchors[place] = self.mark(anchor);
        }
        let place = self.place(head);
        if self.len == 0 {
            self.find(self.heads[place], head);
        }
        self.heads[place] = self.mark(head);
    }

    /// Where both indexes keep a hash.
    #[inline]
    fn place(&self, hash: u32) -> usize {
        (hash >> self.index_shift) as usize
    }

    /// The place after the last byte in the ring, below as much more of its hash as fits.
    #[inline]
    fn mark(&self, hash: u32) -> u32 {
        hash >> 4 << self.text_bits | self.next & (self.text.len() as u32 - 1)
    }

    /// Goes on from where a mark says, if what precedes it agrees for longer than the match at hand.
    #[inline]
    fn find(&mut self, mark: u32, hash: u32) {
        if (mark ^ self.mark(hash)) >> self.text_bits == 0 {
            self.compare(mark);
        }
    }

    fn compare(&mut self, at: u32) {
        let agreed = (1..=MATCH_SURE)
            .take_while(|&back| {
                self.byte(at.wrapping_sub(back)) == self.byte(self.next.wrapping_sub(back))
            })
            .count() as u32;
        if agreed >= MATCH_MIN && agreed > self.len {
            self.len = agreed;
            self.at = at;
            self.ends_within = 0;
        }
    }
}
