//! FORMAT.md, section 8, "Digits".

use super::coder::Coder;
use super::double::last_digits;
use super::hash::{pair, triple};
use super::pieces::at;
use super::probability::{CountTable, Mixer};

const SYMBOLS: &[u8; 15] = b"0123456789.-eE+";
const END: u8 = 15;
const POINT: u8 = 10;

const CONTEXTS: [usize; 3] = [3, 7, 7];
const LIMIT: u32 = 400;
const MIXER_SETS: usize = 256 * 16;
const MIXER_START: i32 = 16_384;
const MIXER_RATE: i32 = 20;
/// From this place on contexts hold the last two symbols instead of all.
const FAR: usize = 7;
/// So many significant digits leave the choice of one to a double.
const DOUBLE_DIGITS: usize = 16;

#[derive(Clone)]
pub(crate) struct Digits {
    contexts: usize,
    counts: CountTable,
    mixer: Mixer,
}

/// Where a number stands.
pub(crate) struct Around {
    pub(crate) column: u32,
    /// 0, or 1 + flag 2 for a difference.
    pub(crate) mode: u32,
    pub(crate) text: [u8; 24],
    pub(crate) s1: u32,
    pub(crate) v1: u32,
    pub(crate) last: u32,
    pub(crate) limit: usize,
}

impl Digits {
    pub(crate) fn new(level: usize, bits: u32) -> Self {
        let contexts = CONTEXTS[level];
        Self {
            contexts,
            counts: CountTable::new(bits),
            mixer: Mixer::new(contexts + 1, MIXER_SETS, MIXER_START, MIXER_RATE),
        }
    }

    /// Reads the text of a number.
    pub(crate) fn read(&mut self, of: &Around, coder: &mut Coder, known: Option<&[u8]>) -> Vec<u8> {
        let mut so_far = SoFar { symbols: Vec::new(), b: 0, o: 0, m: true, significant: 0 };
        while so_far.symbols.len() < of.limit && !coder.damaged {
            let (contexts, set) = contexts(&so_far, of);
            let next =
                |text: &[u8]| text.get(so_far.symbols.len()).map_or(END, |&byte| symbol(byte));
            match self.symbol(&contexts[..self.contexts], set, coder, known.map(next)) {
                END => break,
                symbol => so_far.push(symbol, of),
            }
        }
        so_far.symbols.into_iter().map(|symbol| SYMBOLS[usize::from(symbol)]).collect()
    }

    fn symbol(&mut self, contexts: &[u32], set: usize, coder: &mut Coder, known: Option<u8>) -> u8 {
        let take = |(k, &context): (usize, &u32)| self.counts.take(pair(context, k as u32));
        let mut buckets: Vec<_> = contexts.iter().enumerate().map(take).collect();
        let mut node = 1;
        for depth in (0..4).rev() {
            let mut inputs: Vec<i32> = Vec::new();
            inputs.extend(buckets.iter().map(|bucket| bucket.cells[node].stretched()));
            inputs.push(64);
            let set = set * 16 + node;
            let p = self.mixer.mix(set, &inputs);
            let bit = coder.decide(p, known.map(|symbol| symbol >> depth & 1 == 1));
            self.mixer.learn(set, &inputs, p, bit);
            for bucket in &mut buckets {
                bucket.cells[node].learn(bit, LIMIT);
            }
            node = 2 * node + usize::from(bit);
        }
        for bucket in &buckets {
            self.counts.put_back(bucket);
        }
        node as u8 & 15
    }
}

fn symbol(byte: u8) -> u8 {
    SYMBOLS.iter().position(|&symbol| symbol == byte).expect("a symbol of a number") as u8
}

/// A number while it is read.
struct SoFar {
    symbols: Vec<u8>,
    /// The hash of the symbols.
    b: u32,
    /// The last eight symbols.
    o: u32,
    /// They are the beginning of the column's text.
    m: bool,
    /// Digits without the zeros at the beginning.
    significant: usize,
}

impl SoFar {
    fn push(&mut self, symbol: u8, of: &Around) {
        self.b = pair(self.b, u32::from(symbol) + 1);
        self.o = self.o << 4 | u32::from(symbol);
        self.m &= SYMBOLS[usize::from(symbol)] == at(&of.text, self.symbols.len());
        self.significant += usize::from(symbol < 10 && (symbol > 0 || self.significant > 0));
        self.symbols.push(symbol);
    }
}

/// The contexts of the next symbol, and the set of the mixer's weights.
fn contexts(so_far: &SoFar, of: &Around) -> ([u32; 7], usize) {
    let salt = pair(of.column, of.mode);
    let i = so_far.symbols.len();
    let (b, o, m) = (so_far.b, so_far.o, u32::from(so_far.m));
    let l = o & 15;
    let far = i >= FAR;
    let g = if far { 1 << 24 | (o & 255) } else { b };
    let t = |i| u32::from(at(&of.text, i));
    let possible = if of.mode == 0 { possible(so_far) } else { None };
    let set = match possible {
        Some(_) => 1,
        None => (8 + (salt as usize >> 8 & 15) * 8 + i.min(7)) % 256,
    };
    let i = i as u32;
    let contexts = [
        triple(salt, g, i),
        triple(salt, m << 16 | t(i as usize) << 8 | t(i as usize + 1), l),
        possible.map_or(pair(salt, i), |digits| 4096 + digits),
        triple(
            salt,
            g,
            if far {
                0
            } else if of.mode > 0 {
                of.s1
            } else {
                of.v1
            },
        ),
        triple(salt, g, if far { 1 } else { of.last }),
        triple(salt, i, l),
        triple(o & 0xFFF, of.mode, u32::from(far)),
    ];
    (contexts, set)
}

/// The set of digits that may come, if it is known.
fn possible(so_far: &SoFar) -> Option<u32> {
    if so_far.significant != DOUBLE_DIGITS {
        return None;
    }
    let symbols = &so_far.symbols;
    let point = symbols.iter().position(|&symbol| symbol == POINT)?;
    let is_digit = |&symbol: &u8| symbol < 10;
    let digits = symbols.iter().copied().filter(is_digit);
    let value = digits.fold(0, |value, digit| value * 10 + u64::from(digit));
    let places = symbols[point..].iter().copied().filter(is_digit).count();
    last_digits(value, places as u32)
}
