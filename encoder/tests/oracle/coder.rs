//! FORMAT.md, section 2: decisions.

/// Reads decisions from the coded bytes of one chunk.
///
/// The prior is learned from a document that is known: each decision then comes with what is known
/// of it, and nothing is read.
pub(crate) struct Coder<'a> {
    bytes: &'a [u8],
    taken: usize,
    low: u32,
    high: u32,
    point: u32,
    pack: bool,
    /// What was read cannot have been written.
    pub(crate) damaged: bool,
}

impl<'a> Coder<'a> {
    pub(crate) fn new(bytes: &'a [u8], pack: bool) -> Self {
        let mut coder =
            Self { bytes, taken: 0, low: 0, high: u32::MAX, point: 0, pack, damaged: false };
        for _ in 0..4 {
            coder.point = coder.point << 8 | coder.next();
        }
        coder
    }

    /// One decision with the probability `p` of a 1, in 65,536ths.
    pub(crate) fn decide(&mut self, p: u32, known: Option<bool>) -> bool {
        known.unwrap_or_else(|| self.read(if self.pack { p } else { 32_768 }))
    }

    fn read(&mut self, p: u32) -> bool {
        assert!(0 < p && p < 65_536, "a probability of {p}");
        let range = u64::from(self.high - self.low);
        let middle = self.low + ((range * u64::from(p)) >> 16) as u32;
        let bit = self.point <= middle;
        if bit {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
        while (self.low ^ self.high) >> 24 == 0 {
            self.low <<= 8;
            self.high = self.high << 8 | 255;
            self.point = self.point << 8 | self.next();
        }
        bit
    }

    /// How many bytes a writer wrote for what was read, if it ends so.
    pub(crate) fn len(&self) -> Option<usize> {
        for len in 0..=4 {
            let part = (1_u64 << (32 - 8 * len)) - 1;
            let start = (u64::from(self.low) + part) & !part;
            if start + part <= u64::from(self.high) {
                let total = self.taken - 4 + len;
                let is_written = u64::from(self.point) & !part == start;
                return (is_written && total <= self.bytes.len()).then_some(total);
            }
        }
        None
    }

    /// The next coded byte, and zeros past the end.
    fn next(&mut self) -> u32 {
        let byte = self.bytes.get(self.taken).copied();
        self.taken += 1;
        self.damaged |= self.taken > self.bytes.len() + 4;
        u32::from(byte.unwrap_or(0))
    }
}
