//! The item at hand, and the bytes of the document before it.

use crate::base::memory::Memory;
use crate::cm::match_model::with_tail;

/// The item at hand, which grows as it is coded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    /// Its bytes so far.
    pub(super) bytes: Vec<u8>,
    /// The last 8 bytes of the document, the latest lowest.
    pub(super) last_bytes: u64,
}

impl Item {
    /// Begins an item.
    #[inline]
    pub(super) fn begin(&mut self, memory: Memory) {
        self.bytes = memory.buffer(std::mem::take(&mut self.bytes));
    }

    /// Takes a byte.
    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
        self.last_bytes = self.last_bytes << 8 | u64::from(byte);
    }

    /// Takes all of the item at once.
    #[inline]
    pub(crate) fn set(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.pass(bytes);
    }

    /// Goes past bytes of the document that are no item.
    #[inline]
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        self.last_bytes = with_tail(self.last_bytes, bytes);
    }
}
