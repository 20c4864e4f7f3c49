//! The dictionary of segments, and what follows what: kept the same on both sides.

use std::hash::{BuildHasher, RandomState};

use super::block::SLACK;
use crate::base::fuzzing;
use crate::base::hash;
use crate::base::memory::Memory;

/// No segment.
pub(super) const NONE: u16 = u16::MAX;
/// The longest segment.
pub(super) const LEN_MAX: usize = 255;
/// Segments in the dictionary; a block ends where one more would be needed.
pub(super) const SEGMENTS_MAX: usize = fuzzing::limit(1 << 12, 1 << 5);
/// Columns that are told apart; what comes after goes to column 0.
const COLUMNS_MAX: usize = fuzzing::limit(1 << 11, 1 << 4);
/// Slots for what followed two segments.
const PAIRS: usize = 1 << 12;

/// What stands after a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// The inside of a string.
    Text,
    /// A run of bytes that are no punctuation.
    Scalar,
    /// No value: the next segment.
    Nothing,
}

impl Follows {
    /// All, in the order of their codes.
    pub(super) const ALL: [Self; 3] = [Self::Text, Self::Scalar, Self::Nothing];
}

/// A segment of the dictionary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) start: u32,
    pub(super) len: u8,
    pub(super) follows: Follows,
    /// The column of the value, if a key stands in the segment.
    column: u16,
    /// The hash of that key, else 0.
    key: u32,
    /// What followed, the latest first.
    next: [u16; 2],
}

/// All segments since the dictionary was last emptied, and where in the document we are.
#[derive(Debug)]
pub(super) struct Segments {
    entries: Vec<Segment>,
    /// Their texts, with slack after the last.
    text: Vec<u8>,
    text_len: usize,
    /// Finds a segment by its hash: its number plus 1, or 0. Nobody else knows how it is hashed, or a
    /// document could be made whose segments all meet in one place. Nothing that is written depends on it.
    slots: Vec<u16>,
    secret: RandomState,
    /// What followed two segments.
    pairs: Vec<u16>,
    columns: Columns,
    last: u16,
    /// Where it is noted what follows the last two.
    pair: usize,
    key: u32,
}

impl Segments {
    /// An empty dictionary.
    pub(super) fn new(memory: Memory) -> Self {
        Self {
            entries: Vec::with_capacity(SEGMENTS_MAX),
            text: memory.table(SEGMENTS_MAX * LEN_MAX + SLACK),
            text_len: 0,
            slots: memory.table(2 * SEGMENTS_MAX),
            secret: RandomState::new(),
            pairs: vec![NONE; PAIRS],
            columns: Columns::new(memory),
            last: NONE,
            pair: 0,
            key: 0,
        }
    }

    /// Begins a block: nothing precedes it, and there is room for what is new.
    pub(super) fn begin_block(&mut self) {
        if self.entries.len() > SEGMENTS_MAX / 4 * 3 || self.columns.len() > COLUMNS_MAX / 4 * 3 {
            self.clear();
        }
        (self.last, self.pair, self.key) = (NONE, pair_slot(NONE, NONE), 0);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.text_len = 0;
        self.slots.fill(0);
        self.pairs.fill(NONE);
        self.columns.clear();
    }

    /// Whether there is no room for another segment.
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() == SEGMENTS_MAX
    }

    /// How many columns there are, with column 0.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The segment before.
    pub(super) fn last(&self) -> Option<&Segment> {
        self.entries.get(usize::from(self.last))
    }

    /// The segment of a number.
    #[inline]
    pub(super) fn get(&self, id: u16) -> Option<&Segment> {
        self.entries.get(usize::from(id))
    }

    /// The bytes of a segment.
    #[inline]
    pub(super) fn bytes(&self, segment: &Segment) -> &[u8] {
        let start = segment.start as usize;
        &self.text[start..start + usize::from(segment.len)]
    }

    /// All texts, with slack after them.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The segments that probably come, the likeliest first; [`NONE`] for none.
    #[inline]
    pub(super) fn candidates(&self) -> [u16; 3] {
        let next = self.last().map_or([NONE; 2], |last| last.next);
        [self.pairs[self.pair], next[0], next[1]]
    }

    /// The number of a segment that is known.
    pub(super) fn find(&self, text: &[u8], follows: Follows) -> Option<u16> {
        let mut slot = self.slot_of(text, follows);
        loop {
            let id = self.slots[slot % self.slots.len()].checked_sub(1)?;
            let entry = &self.entries[usize::from(id)];
            if entry.follows == follows && self.bytes(entry) == text {
                return Some(id);
            }
            slot += 1;
        }
    }

    fn slot_of(&self, text: &[u8], follows: Follows) -> usize {
        self.secret.hash_one((text, follows as u8)) as usize % (2 * SEGMENTS_MAX)
    }

    /// Adds a segment to a dictionary that is not full.
    pub(super) fn add(&mut self, text: &[u8], follows: Follows) -> u16 {
        let (id, start) = (self.entries.len() as u16, self.text_len);
        self.text_len += text.len();
        self.text[start..self.text_len].copy_from_slice(text);
        let key = key_of(text).map_or(0, hash::bytes);
        let column = if key == 0 { 0 } else { self.columns.of(key, follows as u32) };
        let (start, len) = (start as u32, text.len() as u8);
        self.entries.push(Segment { start, len, follows, column, key, next: [NONE; 2] });
        let mut slot = self.slot_of(text, follows);
        while self.slots[slot % (2 * SEGMENTS_MAX)] != 0 {
            slot += 1;
        }
        self.slots[slot % (2 * SEGMENTS_MAX)] = id + 1;
        id
    }

    /// Goes past a segment; returns the column of the value after it.
    #[inline]
    pub(super) fn take(&mut self, id: u16) -> u16 {
        self.pairs[self.pair] = id;
        if let Some(last) = self.entries.get_mut(usize::from(self.last))
            && last.next[0] != id
        {
            last.next = [id, last.next[0]];
        }
        self.pair = pair_slot(id, self.last);
        self.last = id;
        let Segment { key, column, follows, .. } = self.entries[usize::from(id)];
        if key != 0 {
            self.key = key;
            return column;
        }
        if follows == Follows::Nothing {
            return 0;
        }
        self.columns.of(self.key, u32::from(id) + Follows::ALL.len() as u32)
    }
}

/// Where it is noted what follows two segments.
#[inline]
fn pair_slot(last: u16, before: u16) -> usize {
    hash::pair(u32::from(last), u32::from(before)) as usize % PAIRS
}

/// The key that a value after the segment belongs to: what stands between the last two quotes before
/// the last colon.
fn key_of(text: &[u8]) -> Option<&[u8]> {
    let colon = text.iter().rposition(|&byte| byte == b':')?;
    let end = text[..colon].iter().rposition(|&byte| byte == b'"')?;
    let start = text[..end].iter().rposition(|&byte| byte == b'"')?;
    Some(&text[start + 1..end])
}

/// Numbers for columns, in the order in which they are first seen.
#[derive(Debug)]
struct Columns {
    names: Vec<(u32, u32)>,
    /// Numbers by hash, 0 for none; with a secret, as those of segments.
    slots: Vec<u16>,
    secret: u64,
}

impl Columns {
    fn new(memory: Memory) -> Self {
        let secret = RandomState::new().hash_one(0);
        Self { names: vec![(0, 0)], slots: memory.table(2 * COLUMNS_MAX), secret }
    }

    fn len(&self) -> usize {
        self.names.len()
    }

    fn clear(&mut self) {
        self.names.truncate(1);
        self.slots.fill(0);
    }

    /// The column of a name; 0 if there are too many.
    #[inline]
    fn of(&mut self, a: u32, b: u32) -> u16 {
        let mut slot = hash::secret(a, b, self.secret) as usize;
        loop {
            let place = slot % (2 * COLUMNS_MAX);
            let column = self.slots[place];
            if column == 0 {
                if self.names.len() == COLUMNS_MAX {
                    return 0;
                }
                self.slots[place] = self.names.len() as u16;
                self.names.push((a, b));
                return self.slots[place];
            }
            if self.names[usize::from(column)] == (a, b) {
                return column;
            }
            slot += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_last_before_the_value() {
        assert_eq!(key_of(b"\",\"a\":{\"b\" : \""), Some(&b"b"[..]));
        assert_eq!(key_of(b"},\"a:b\":"), Some(&b"a:b"[..]));
        assert_eq!(key_of(b"\":"), None);
        assert_eq!(key_of(b"],["), None);
    }

    #[test]
    fn a_full_dictionary_is_emptied_at_the_next_block() {
        let mut segments = Segments::new(Memory { lazy: true, pool: true });
        for n in 0..SEGMENTS_MAX {
            let text = format!("\"{n}\":");
            assert_eq!(segments.find(text.as_bytes(), Follows::Scalar), None);
            let id = segments.add(text.as_bytes(), Follows::Scalar);
            assert_eq!(segments.find(text.as_bytes(), Follows::Scalar), Some(id));
            segments.take(id);
        }
        assert!(segments.is_full());
        segments.begin_block();
        assert!(!segments.is_full());
        assert_eq!(segments.find(b"\"7\":", Follows::Scalar), None);
        assert_eq!(segments.candidates(), [NONE; 3]);
    }
}
