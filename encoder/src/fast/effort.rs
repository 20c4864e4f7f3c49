//! What blocks take, counted from what they are made of: so that no document takes much longer than usual ones.

use crate::base::fuzzing;

/// What a byte of the document may take in the long run, to encode and to decode, where one of usual documents takes 100.
const WORK_MAX: i64 = 230;
/// What a document may take beyond that before anything is done about it: the work of so many usual bytes.
const WORK_FREE: i64 = fuzzing::limit(100 << 20, 100 << 10) as i64;

/// What one byte takes, in 100ths of a usual one, and what things in it take beside that: to encode, to decode. These prices
/// explain about what 40 kinds of documents that were made up to be slow and 11 real ones took.
const BYTE: [u64; 2] = [15, 40];
/// A segment and its value that are taken apart; that are put together.
const TOKEN: [u64; 2] = [300, 1200];
/// A byte that tells which segment comes.
const STEP: [u64; 2] = [300, 200];
/// A match, and the further time to find it among many where next to none of the bytes is in no match.
const MATCH: [u64; 2] = [3300, 190];
const DENSE_MATCH: u64 = 4000;
/// A byte in no match; one at which a match was looked for in vain, as at each of the first few, and then at ever fewer.
const LITERAL: [u64; 2] = [30, 20];
const SEARCH: u64 = 350;
const SEARCHES_ALL: usize = 256;

/// What blocks take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Work {
    encode: u64,
    decode: u64,
}

impl Work {
    /// What so many bytes of the document take in any case.
    pub(super) fn bytes(len: usize) -> Self {
        Self::priced(len, BYTE)
    }

    /// What columns take.
    pub(super) fn columns(tokens: usize, steps: usize) -> Self {
        Self::priced(tokens, TOKEN).and(Self::priced(steps, STEP))
    }

    /// What compressed bytes took: whole blocks of Zstandard, perhaps after the header of a frame.
    pub(super) fn compressed(coded: &[u8]) -> Self {
        let Counts { matches, literals } = counts(coded);
        // What is told in less than a byte is what comes every time, and soon found.
        let matches = matches.min(coded.len());
        let dense = DENSE_MATCH * matches.saturating_sub(literals) as u64;
        let vain = SEARCH * searches(literals, matches + 1) as u64;
        let found = Self::priced(matches, MATCH).and(Self::priced(literals, LITERAL));
        Self { encode: found.encode + dense + vain, ..found }
    }

    /// The same where nobody will decode it.
    pub(super) fn in_vain(self) -> Self {
        Self { decode: 0, ..self }
    }

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { encode: self.encode + other.encode, decode: self.decode + other.decode }
    }

    fn priced(count: usize, [encode, decode]: [u64; 2]) -> Self {
        let count = count as u64;
        Self { encode: encode * count, decode: decode * count }
    }
}

/// How many searches there are in so many bytes before so many matches: each byte without one beyond the first 256 makes
/// the next step longer, so that their number grows as the logarithm; told by its whole number.
fn searches(literals: usize, matches: usize) -> usize {
    let far = literals / matches / SEARCHES_ALL;
    literals.min(matches * SEARCHES_ALL * (1 + far.checked_ilog2().map_or(0, |log| log as usize)))
}

/// What a document took so far.
#[derive(Debug)]
pub(super) struct Effort {
    /// Beyond what it may take, to encode and to decode.
    excess: [i64; 2],
}

impl Effort {
    pub(super) fn new() -> Self {
        Self { excess: [-WORK_FREE; 2] }
    }

    /// Whether it took too much.
    pub(super) fn is_too_much(&self) -> bool {
        self.excess.into_iter().any(|excess| excess > 0)
    }

    /// Counts what so many bytes took; little of what was not used is saved up.
    pub(super) fn spend(&mut self, len: usize, work: Work) {
        for (excess, work) in self.excess.iter_mut().zip([work.encode, work.decode]) {
            *excess = (*excess + work as i64 - WORK_MAX * len as i64).max(-WORK_FREE);
        }
    }
}

/// What blocks of Zstandard hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    matches: usize,
    /// Bytes in no match.
    literals: usize,
}

/// What the headers of blocks tell (RFC 8878, 3.1.1.2), without a look at what is coded.
fn counts(coded: &[u8]) -> Counts {
    /// The header of a frame of ours.
    const FRAME: ([u8; 4], usize) = ([0x28, 0xB5, 0x2F, 0xFD], 6);
    let is_start = coded.starts_with(&FRAME.0);
    let mut blocks = coded.get(if is_start { FRAME.1 } else { 0 }..).unwrap_or_default();
    let mut counts = Counts::default();
    while let Some((&[a, b, c], rest)) = blocks.split_first_chunk() {
        let header = u32::from_le_bytes([a, b, c, 0]);
        let (kind, size) = (header >> 1 & 3, (header >> 3) as usize);
        let Some((block, rest)) = rest.split_at_checked(if kind == 1 { 1 } else { size }) else {
            break;
        };
        blocks = rest;
        let found = match kind {
            0 => Counts { matches: 0, literals: size },
            2 => compressed_counts(block).unwrap_or_default(),
            _ => Counts::default(),
        };
        counts.matches += found.matches;
        counts.literals += found.literals;
    }
    counts
}

/// What a compressed block holds: how many literals, and after them how many matches.
fn compressed_counts(block: &[u8]) -> Option<Counts> {
    let first = block.first()?;
    let (kind, format) = (first & 3, first >> 2 & 3);
    // Bytes of the header, bits before the sizes, bits of each.
    let (header_len, before, bits) = match (kind, format) {
        (0 | 1, 0 | 2) => (1, 3, 5),
        (0 | 1, 1) => (2, 4, 12),
        (0 | 1, _) => (3, 4, 20),
        (_, 0 | 1) => (3, 4, 10),
        (_, 2) => (4, 4, 14),
        (_, _) => (5, 4, 18),
    };
    let mut header = [0; 8];
    header[..header_len].copy_from_slice(block.get(..header_len)?);
    let header = u64::from_le_bytes(header) >> before;
    let field = |n: u64| (header >> (n * bits)) as usize & ((1 << bits) - 1);
    let literals = field(0);
    let coded = match kind {
        0 => literals,
        1 => 1,
        _ => field(1),
    };
    let byte = |at: usize| block.get(header_len + coded + at).map(|&byte| usize::from(byte));
    let matches = match byte(0)? {
        few @ 0..128 => few,
        255 => byte(1)? + (byte(2)? << 8) + 0x7F00,
        high => (high - 128) << 8 | byte(1)?,
    };
    Some(Counts { matches, literals })
}

#[cfg(test)]
mod tests {
    use super::super::lz::Compressor;
    use super::*;

    fn counted(bytes: &[u8]) -> Counts {
        let mut coded = Vec::new();
        Compressor::new(true).push(bytes, true, &mut coded);
        counts(&coded)
    }

    /// Bytes below `bound` that look random.
    fn bytes(len: usize, bound: u64) -> Vec<u8> {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % bound
        };
        (0..len).map(|_| next() as u8).collect()
    }

    #[test]
    fn literals_and_matches_are_counted_in_blocks_of_every_size() {
        for len in [10, 31, 32, 900, 1100, 20_000, 200_000] {
            let noise = bytes(len, 256);
            assert_eq!(counted(&noise), Counts { matches: 0, literals: len });
            let text = bytes(len, 60);
            assert_eq!(counted(&text), Counts { matches: 0, literals: len }, "{len}");
        }
        for times in [1, 100, 1000, 60_000] {
            let parts: Vec<u8> = bytes(3 * times, 256);
            let text: Vec<u8> =
                parts.chunks(3).flat_map(|part| [part, b"what comes again"].concat()).collect();
            let found = counted(&text);
            assert!(found.matches.abs_diff(times - 1) <= 1 + times / 50, "{times}: {found:?}");
            assert!(found.literals.abs_diff(3 * times + 16) <= times / 10, "{times}: {found:?}");
        }
        assert_eq!(counted(&b"x".repeat(300_000)).literals, 1);
    }

    #[test]
    fn what_is_cut_counts_as_far_as_it_goes() {
        let mut coded = Vec::new();
        Compressor::new(true).push(&bytes(200_000, 9), true, &mut coded);
        for len in 0..coded.len().min(2000) {
            let _ = counts(&coded[..len]);
        }
    }

    #[test]
    fn a_document_that_takes_too_much_is_told_and_forgiven() {
        let mut effort = Effort::new();
        let len = 1 << 20;
        let slow = Work { encode: 400 * len as u64, decode: 0 };
        effort.spend(len / 4, slow);
        assert!(effort.is_too_much());
        while effort.is_too_much() {
            effort.spend(len / 4, Work::bytes(len / 4));
        }
        effort.spend(len / 4, Work { encode: 0, decode: 500 * len as u64 });
        assert!(effort.is_too_much());
    }
}
