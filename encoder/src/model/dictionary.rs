//! What has been seen: a ring of items and an index by hash.
//!
//! An item is known by where it starts in the ring, counted from the beginning of the document in
//! 32 bits that wrap. Old items are overwritten; a name that points to an overwritten item answers
//! `None`. A name that survived 4 GB of new items may answer another item: both sides see the same.

use crate::base::hash;
use crate::base::memory::{Memory, touch};

/// Bytes before each item: its hash and its length.
const HEADER: usize = 6;

/// The name of an item; 0 is none.
pub(crate) type Id = u32;

/// A ring of items.
#[derive(Clone, Debug)]
pub(crate) struct Dictionary {
    ring: Vec<u8>,
    index: Vec<[Id; 2]>,
    next: u32,
}

impl Dictionary {
    /// A ring of `1 << ring_bits` bytes, indexed by `2 << index_bits` names.
    pub(crate) fn new(ring_bits: u32, index_bits: u32, memory: Memory) -> Self {
        Self { ring: memory.table(1 << ring_bits), index: memory.table(1 << index_bits), next: 1 }
    }

    /// As if this many bytes of items had come before.
    #[cfg(test)]
    pub(crate) fn start_at(&mut self, position: u32) {
        self.next = position;
    }

    fn offset(&self, id: Id) -> usize {
        id as usize & (self.ring.len() - 1)
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        touch(&mut self.ring);
        touch(&mut self.index);
    }

    /// The longest item that is kept.
    pub(crate) fn item_max(&self) -> usize {
        (self.ring.len() / 16).min(0xFFFF)
    }

    /// The item's bytes and hash, if the ring still holds it.
    #[inline]
    pub(crate) fn get(&self, id: Id) -> Option<(&[u8], u32)> {
        if id == 0 || self.next.wrapping_sub(id) as usize > self.ring.len() {
            return None;
        }
        let entry = self.ring.get(self.offset(id)..)?;
        let header = entry.first_chunk::<HEADER>()?;
        let len = usize::from(u16::from_le_bytes([header[4], header[5]]));
        let hash = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        Some((entry.get(HEADER..HEADER + len)?, hash))
    }

    fn bucket(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.index.len() as u64) >> 32) as usize
    }

    /// The name of an item that was added before.
    #[inline]
    pub(crate) fn find(&self, item: &[u8], hash: u32) -> Option<Id> {
        let bucket = self.index[self.bucket(hash)];
        bucket
            .into_iter()
            .find(|&id| self.get(id).is_some_and(|(bytes, known)| known == hash && bytes == item))
    }

    /// The item's name; adds it when it is new. 0 when it is too long to keep.
    pub(crate) fn intern(&mut self, item: &[u8], hash: u32) -> Id {
        debug_assert_eq!(hash, hash::bytes(item));
        if item.len() > self.item_max() {
            return 0;
        }
        if let Some(id) = self.find(item, hash) {
            return id;
        }
        let id = self.append(item, hash);
        let bucket = self.bucket(hash);
        self.index[bucket] = [id, self.index[bucket][0]];
        id
    }

    fn append(&mut self, item: &[u8], hash: u32) -> Id {
        let size = HEADER + item.len();
        let room = self.ring.len() - self.offset(self.next);
        if room < size {
            self.next = self.next.wrapping_add(room as u32);
        }
        // 0 is no name.
        if self.next == 0 {
            self.next = self.ring.len() as u32;
        }
        let (id, start) = (self.next, self.offset(self.next));
        let entry = &mut self.ring[start..start + size];
        entry[..4].copy_from_slice(&hash.to_le_bytes());
        entry[4..6].copy_from_slice(&(item.len() as u16).to_le_bytes());
        entry[HEADER..].copy_from_slice(item);
        self.next = self.next.wrapping_add(size as u32);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionary() -> Dictionary {
        Dictionary::new(12, 7, Memory { lazy: true, pool: true })
    }

    fn add(dictionary: &mut Dictionary, item: &[u8]) -> Id {
        dictionary.intern(item, hash::bytes(item))
    }

    #[test]
    fn an_item_keeps_its_name_until_it_is_overwritten() {
        let mut dictionary = dictionary();
        let name = add(&mut dictionary, b"first");
        assert_eq!(add(&mut dictionary, b"first"), name);
        assert_eq!(dictionary.get(name).map(|found| found.0), Some(&b"first"[..]));
        for number in 0..400 {
            add(&mut dictionary, format!("item {number}").as_bytes());
        }
        assert_eq!(dictionary.get(name), None);
    }

    #[test]
    fn positions_beyond_4_gb_wrap_without_harm() {
        let mut dictionary = dictionary();
        dictionary.next = u32::MAX - 2000;
        let mut last: (Id, Vec<u8>) = (0, Vec::new());
        for number in 0..1000 {
            let item = format!("item number {number}").into_bytes();
            let name = add(&mut dictionary, &item);
            assert_ne!(name, 0, "0 is no name");
            assert_eq!(dictionary.get(name).map(|found| found.0), Some(item.as_slice()));
            // At the turn everything is forgotten once; nothing is mistaken for another.
            if let Some((bytes, _)) = dictionary.get(last.0) {
                assert_eq!(bytes, last.1.as_slice());
            }
            last = (name, item);
        }
    }
}
