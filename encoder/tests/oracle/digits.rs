//! FORMAT.md, section 8, "Digits".

use super::coder::Coder;
use super::double::last_digits;
use super::hash::{pair, triple};
use super::numbers::Number;
use super::probability::{CountTable, Mixer};

const SYMBOLS: &[u8; 15] = b"0123456789.-eE+";
const END: u8 = 15;
const POINT: u8 = 10;

const CONTEXTS: [usize; 3] = [3, 6, 7];
const LIMIT: u32 = 400;
const MIXER_SETS: usize = 136 * 16;
const MIXER_START: i32 = 4_096;
const MIXER_RATE: i32 = 20;
/// From this place on contexts hold the last two symbols instead of all.
const FAR: usize = 7;
/// So many significant digits leave the choice of one to a double.
const DOUBLE_DIGITS: usize = 16;
/// How a noise of 0 is coded.
const NOISE_ZERO: i32 = 128;
/// The weight set of the high nibble of a noise.
const NOISE_SET: usize = 2;

#[derive(Clone)]
pub(crate) struct Digits {
    contexts: usize,
    counts: CountTable,
    mixer: Mixer,
}

/// What the noise of a number is coded with.
pub(crate) struct AroundNoise {
    pub(crate) column: u32,
    pub(crate) number: Number,
    /// The column's last noise.
    pub(crate) last: i32,
}

/// Where a number stands.
pub(crate) struct Around {
    pub(crate) column: u32,
    /// 0, or 1 + flag 2 for a difference.
    pub(crate) mode: u32,
    pub(crate) text: [u8; 24],
    /// The last value's hash, or the last step for a difference.
    pub(crate) before: u32,
    /// The hash of the column's last value, or its step for a difference.
    pub(crate) before_in_column: u32,
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

    /// Reads a noise.
    pub(crate) fn read_noise(
        &mut self,
        of: &AroundNoise,
        coder: &mut Coder,
        known: Option<i32>,
    ) -> i32 {
        let known = known.map(|noise| (noise + NOISE_ZERO) as u8);
        let mut nibble = |half: u32, x: u8, known| {
            let contexts = noise_contexts(of, half, u32::from(x));
            let set = NOISE_SET + half as usize;
            self.symbol(&contexts[..self.contexts], set, coder, known)
        };
        let high = nibble(0, 0, known.map(|byte| byte >> 4));
        let low = nibble(1, high, known.map(|byte| byte & 15));
        i32::from(high << 4 | low) - NOISE_ZERO
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
        None => 8 + (salt as usize >> 8 & 15) * 8 + i.min(7),
    };
    let i = i as u32;
    let contexts = [
        triple(salt, g, i),
        triple(salt, m << 16 | t(i as usize) << 8 | t(i as usize + 1), l),
        possible.map_or(pair(salt, i), |digits| 4096 + digits),
        triple(salt, g, if far { 0 } else { of.before }),
        triple(salt, g, if far { 1 } else { of.before_in_column }),
        triple(o & 0xFFF, of.mode, u32::from(far)),
        triple(salt, i, l),
    ];
    (contexts, set)
}

/// The contexts of half a noise; `x` is what came of the other half.
fn noise_contexts(of: &AroundNoise, half: u32, x: u32) -> [u32; 7] {
    let salt = triple(of.column, 3 + half, x);
    let a = of.number.digits.unsigned_abs();
    let z = 64 - a.leading_zeros();
    let u = (a % 10_u64.pow(of.number.places.min(18))) as u32;
    [
        pair(salt, z),
        triple(salt, u, 1),
        triple(salt, z, 256 | u32::from(of.last as u8)),
        triple(salt, a as u32, 2),
        triple(half, x, z | 4096),
        triple(salt, u % 1000, 3),
        pair(salt, 4),
    ]
}

/// A byte of a column's text, 0 past its end.
fn at(text: &[u8; 24], i: usize) -> u8 {
    text.get(i).copied().unwrap_or(0)
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
