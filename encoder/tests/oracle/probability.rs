//! FORMAT.md, section 3: probabilities.

use std::array;
use std::sync::LazyLock;

use super::hash::place;

const SQUASH: [u32; 33] = [
    22, 36, 60, 98, 162, 267, 439, 721, 1179, 1921, 3108, 4971, 7812, 11953, 17625, 24743, 32768,
    40793, 47911, 53583, 57724, 60565, 62428, 63615, 64357, 64815, 65097, 65269, 65374, 65438,
    65476, 65500, 65514,
];

/// A probability in 65,536ths of a place on the logistic scale.
pub(crate) fn squash(x: i32) -> u32 {
    let i = (x.clamp(-2047, 2047) + 2048) as usize;
    let (c, f) = (i >> 7, (i & 127) as u32);
    (SQUASH[c] * (128 - f) + SQUASH[c + 1] * f + 64) >> 7
}

/// The place on the logistic scale of a probability in 65,536ths.
pub(crate) fn stretch(p: u32) -> i32 {
    static TABLE: LazyLock<Vec<i32>> = LazyLock::new(|| (0..4096).map(stretched).collect());
    TABLE[(p >> 4) as usize]
}

fn stretched(q: u32) -> i32 {
    let least = (0..4096).find(|i| squash(i - 2048) >= 16 * q + 8).unwrap_or(4095);
    (least - 2048).max(-2047)
}

/// An adaptive probability: 22 bits of probability, 10 bits of count.
#[derive(Clone, Copy)]
pub(crate) struct Adaptive(u32);

impl Default for Adaptive {
    fn default() -> Self {
        Self::EVEN
    }
}

impl Adaptive {
    pub(crate) const EVEN: Self = Self::started(32_768, 0);

    /// "Started at (p, n)".
    pub(crate) const fn started(p: u32, n: u32) -> Self {
        Self(p << 6 << 10 | n)
    }

    /// In 65,536ths.
    pub(crate) fn value(self) -> u32 {
        self.0 >> 16
    }

    pub(crate) fn stretched(self) -> i32 {
        stretch(self.value())
    }

    fn count(self) -> u32 {
        self.0 & 1023
    }

    pub(crate) fn learn(&mut self, bit: bool, limit: u32) {
        let n = self.count();
        let d = (i32::from(bit) << 22) - (self.0 >> 10) as i32;
        let step = (d >> 3).wrapping_mul(16_384 / (2 * n as i32 + 3)) & !1023;
        self.0 = self.0.wrapping_add(step as u32).wrapping_add(u32::from(n < limit));
    }
}

/// A mixer's weight sets.
#[derive(Clone)]
pub(crate) struct Mixer {
    rate: i32,
    inputs: usize,
    weights: Vec<i32>,
    rates: Vec<i32>,
}

const INPUTS_MAX: usize = 8;
const RATE_START: i32 = 8192;

impl Mixer {
    pub(crate) fn new(inputs: usize, sets: usize, start: i32, rate: i32) -> Self {
        assert!(inputs <= INPUTS_MAX);
        Self { rate, inputs, weights: vec![start; inputs * sets], rates: vec![RATE_START; sets] }
    }

    /// The probability of a 1, in 65,536ths.
    pub(crate) fn mix(&self, set: usize, inputs: &[i32]) -> u32 {
        assert_eq!(inputs.len(), self.inputs);
        let weights = &self.weights[set * self.inputs..];
        let sum: i32 = inputs.iter().zip(weights).map(|(input, weight)| input * weight).sum();
        squash(sum >> 14)
    }

    /// Learns the bit that came where `p` was said.
    pub(crate) fn learn(&mut self, set: usize, inputs: &[i32], p: u32, bit: bool) {
        let rate = &mut self.rates[set];
        let e = (((i32::from(bit) << 16) - p as i32) * *rate) >> 14;
        for (weight, input) in self.weights[set * self.inputs..].iter_mut().zip(inputs) {
            let step = (((2 * input * e) >> 16) + 1) >> 1;
            *weight = (*weight + step).clamp(-32_768, 32_767);
        }
        *rate -= (*rate - 256 * self.rate) >> 5;
    }
}

/// What a bit history remembers: how often 0 and 1 came, and which came last.
#[derive(Clone, Copy, PartialEq)]
struct Seen {
    counts: [u32; 2],
    last: usize,
}

/// The states of bit histories, and which follows which.
struct Histories {
    seen: Vec<Seen>,
    next: Vec<[u8; 2]>,
}

static HISTORIES: LazyLock<Histories> = LazyLock::new(Histories::new);

impl Histories {
    fn new() -> Self {
        let mut seen = Vec::new();
        for sum in 0..=96 {
            for n1 in 0..=sum {
                let counts = [sum - n1, n1];
                if is_state(counts) {
                    let twice = counts[0].min(n1) > 0 && sum <= 17;
                    seen.extend((0..=usize::from(twice)).map(|last| Seen { counts, last }));
                }
            }
        }
        assert!(seen.len() <= 256);
        let next =
            seen.iter().map(|from| [0, 1].map(|bit| number(&seen, after(from.counts, bit), bit)));
        let next = next.collect();
        Self { seen, next }
    }
}

fn number(seen: &[Seen], counts: [u32; 2], last: usize) -> u8 {
    let exact = seen.iter().position(|one| *one == Seen { counts, last });
    let any = || seen.iter().position(|one| one.counts == counts);
    exact.or_else(any).expect("a state") as u8
}

fn is_state(counts: [u32; 2]) -> bool {
    let (a, b) = (counts[0].max(counts[1]), counts[0].min(counts[1]));
    b < 6 && a <= [20, 48, 15, 8, 6, 5][b as usize]
}

/// The counts after a bit.
fn after(before: [u32; 2], bit: usize) -> [u32; 2] {
    let mut counts = before;
    counts[bit] += 1;
    let other = &mut counts[1 - bit];
    *other = [1, 2, 3, 4, 5, 7, 8].iter().filter(|&&n| n <= *other).count() as u32;
    let larger = usize::from(before[1] > before[0]);
    let smaller = 1 - larger;
    while !is_state(counts) {
        if counts[smaller] < 2 {
            counts[larger] -= 1;
        } else {
            let n = counts[smaller];
            counts[larger] = (counts[larger] * (n - 1) + n / 2) / n;
            counts[smaller] -= 1;
        }
    }
    counts
}

/// The state of a history after one more bit.
pub(crate) fn next_history(state: u8, bit: bool) -> u8 {
    HISTORIES.next[usize::from(state)][usize::from(bit)]
}

/// A probability for each state of a bit history.
#[derive(Clone)]
pub(crate) struct HistoryMap(Vec<i32>);

impl HistoryMap {
    pub(crate) fn new() -> Self {
        let start = |seen: &Seen| {
            let [n0, n1] = seen.counts;
            (65_535 * (2 * n1 + 1) / (2 * n0 + 2 * n1 + 2)) as i32
        };
        Self(HISTORIES.seen.iter().map(start).collect())
    }

    /// On the logistic scale.
    pub(crate) fn stretched(&self, state: u8) -> i32 {
        stretch(self.0[usize::from(state)] as u32)
    }

    pub(crate) fn learn(&mut self, state: u8, bit: bool) {
        let target = if bit { 65_535 } else { 0 };
        let p = &mut self.0[usize::from(state)];
        *p += (target - *p) >> 6;
    }
}

/// A bucket's cells: cell 0 is the check, the others belong to the nodes 1 to 15.
const CELLS: usize = 16;

/// A bucket that was taken from its table to work on. It is put back after the nibble, check and all,
/// even if it was cleared for another context in the meantime.
pub(crate) struct Taken<Cell> {
    bucket: usize,
    check: u32,
    pub(crate) cells: [Cell; CELLS],
}

/// Buckets of cells.
#[derive(Clone)]
struct Buckets<Cell> {
    bits: u32,
    checks: Vec<u32>,
    cells: Vec<[Cell; CELLS]>,
}

impl<Cell: Copy + Default> Buckets<Cell> {
    fn new(bits: u32) -> Self {
        let cells = vec![[Cell::default(); CELLS]; 1 << bits];
        Self { bits, checks: vec![0; 1 << bits], cells }
    }

    /// The bucket with the check among some; else the first with the least `rank` of its node 1,
    /// cleared.
    fn take(&mut self, among: &[usize], check: u32, rank: impl Fn(Cell) -> u32) -> Taken<Cell> {
        let found = among.iter().copied().find(|&bucket| self.checks[bucket] == check);
        let bucket = found.unwrap_or_else(|| {
            let least = among.iter().copied().min_by_key(|&bucket| rank(self.cells[bucket][1]));
            let least = least.expect("there are some");
            self.checks[least] = check;
            self.cells[least] = [Cell::default(); CELLS];
            least
        });
        Taken { bucket, check, cells: self.cells[bucket] }
    }

    fn put_back(&mut self, taken: &Taken<Cell>) {
        self.checks[taken.bucket] = taken.check;
        self.cells[taken.bucket] = taken.cells;
    }
}

/// Buckets of bit histories.
#[derive(Clone)]
pub(crate) struct HistoryTable(Buckets<u8>);

/// Buckets in a line.
const LINE: usize = 4;

impl HistoryTable {
    pub(crate) fn new(bits: u32) -> Self {
        Self(Buckets::new(bits))
    }

    pub(crate) fn take(&mut self, h: u32, check: u8) -> Taken<u8> {
        let line = LINE * place(h, self.0.bits - LINE.ilog2());
        let among: [usize; LINE] = array::from_fn(|i| line + i);
        self.0.take(&among, u32::from(check), u32::from)
    }

    pub(crate) fn put_back(&mut self, taken: &Taken<u8>) {
        self.0.put_back(taken);
    }
}

/// Buckets of adaptive probabilities.
#[derive(Clone)]
pub(crate) struct CountTable(Buckets<Adaptive>);

impl CountTable {
    pub(crate) fn new(bits: u32) -> Self {
        Self(Buckets::new(bits))
    }

    pub(crate) fn take(&mut self, h: u32) -> Taken<Adaptive> {
        let first = place(h, self.0.bits);
        self.0.take(&[first, first ^ 1], h << 8 | 1, Adaptive::count)
    }

    pub(crate) fn put_back(&mut self, taken: &Taken<Adaptive>) {
        self.0.put_back(taken);
    }
}
