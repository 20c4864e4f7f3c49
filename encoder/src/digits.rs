//! New numbers, digit by digit, in an alphabet of 16 symbols.

use crate::coder::Coder;
use crate::hash;
use crate::logistic::Mixer;
use crate::memory::Memory;
use crate::tables::CountTable;

/// The symbol that ends a number.
pub(crate) const END: u8 = 15;

/// Learning limit of the probabilities: digits are steady.
const LIMIT: u32 = 1000;
/// Weight sets, by column and place.
const SETS: usize = 1024;

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

/// Codes symbols; `M` is `N + 1`.
#[derive(Debug)]
pub(crate) struct DigitCoder<const N: usize, const M: usize> {
    table: CountTable,
    mixer: Mixer<M>, limit: u32, by: u32,
}

impl<const N: usize, const M: usize> DigitCoder<N, M> {
    /// A table of `1 << bits` buckets.
    pub(crate) fn new(bits: u32, memory: Memory) -> Self {
        assert_eq!(M, N + 1, "one input for each context and a constant");
        Self { table: CountTable::new(bits, memory), mixer: Mixer::new(SETS * 16, 1 << 14, crate::tune::t(4,20)), by: crate::tune::t(14, 0) as u32, limit: crate::tune::t(5,400) as u32 }
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
        for (i, &context) in contexts.iter().enumerate() {
            places[i] = self.table.find(hash::pair(context, i as u32));
        }
        let set = set as usize % SETS * 16;
        let mut node = 1;
        for shift in (0..4).rev() {
            for i in 0..N {
                self.mixer.inputs[i] = self.table.get(places[i], node).stretched();
            }
            self.mixer.inputs[N] = 64;
            let p = self.mixer.mix(set + node);
            let bit = coder.bit(u32::from(symbol) >> shift & 1, p);
            self.mixer.learn(bit);
            for place in places {
                self.table.learn(place, node, bit, self.limit, self.by);
            }
            node = node * 2 + bit as usize;
        }
        node as u8 & 15
    }
}
