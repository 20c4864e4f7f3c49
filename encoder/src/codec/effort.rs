//! What the model makes of a document and what that takes: hints where it is of no use.

use super::noise::SAMPLE;
use crate::cm::work::Work;

/// What the model made of the last bytes, and what that took: hints where it is of no use.
pub(super) struct Effort {
    /// Bytes since it was last looked at, and what they were coded in.
    raw: usize,
    coded: usize,
    /// Of a sample, what it last was coded in.
    rate: usize,
    /// Work beyond what a document may take, for all of it.
    excess: i64,
    /// Whether nothing, or a sample that is not made of items, comes before.
    is_open: bool,
}

/// Coded bytes of a sample from which on it is worth to look for another way.
const HARD: usize = SAMPLE / 8 * 3;
/// What a byte of the document may take in the long run, where one of usual documents takes 100. Time is bounded
/// less closely than this: by 3 times the usual time.
const WORK_MAX: i64 = 235;
/// What a document may take beyond that before anything is done about it: the work of so many usual bytes. Real
/// documents of prose take 300 a byte; those of a few megabytes are left alone.
const WORK_FREE: i64 = 100 << 20;
/// What a document can have saved up: a megabyte's work.
const SAVED_MAX: i64 = WORK_MAX << 20;
/// What a byte takes that is compressed or stored.
pub(super) const PLAIN_WORK: u64 = 25;

impl Effort {
    pub(super) fn new() -> Self {
        Self { raw: 0, coded: 0, rate: 0, excess: -WORK_FREE, is_open: true }
    }

    /// Whether the sample that comes is to be looked at.
    pub(super) fn is_due(&self) -> bool {
        self.is_open || (self.raw >= SAMPLE && (self.is_hard() || self.is_too_much()))
    }

    /// Whether the last bytes took many bytes.
    pub(super) fn is_hard(&self) -> bool {
        self.rate() >= HARD
    }

    /// Whether the document took too much work so far.
    pub(super) fn is_too_much(&self) -> bool {
        self.excess > 0
    }

    /// Whether it goes on to take too much where it should take little.
    pub(super) fn is_far_too_much(&self) -> bool {
        self.excess > WORK_FREE / 4
    }

    /// What a sample takes.
    pub(super) fn rate(&self) -> usize {
        if self.raw < SAMPLE { self.rate } else { self.coded * SAMPLE / self.raw }
    }

    /// Counts an item.
    pub(super) fn add(&mut self, raw: usize, coded: usize, work: u64) {
        self.raw += raw;
        self.coded += coded;
        self.spend(work + Work::BYTE * raw as u64, raw);
        if self.raw >= SAMPLE && !self.is_due() {
            self.restart(false);
        }
    }

    /// Counts work on so many bytes.
    pub(super) fn spend(&mut self, work: u64, raw: usize) {
        self.excess = (self.excess + work as i64 - WORK_MAX * raw as i64).max(-SAVED_MAX);
    }

    /// Begins anew.
    pub(super) fn restart(&mut self, is_open: bool) {
        *self = Self { raw: 0, coded: 0, rate: self.rate(), is_open, ..*self };
    }
}
