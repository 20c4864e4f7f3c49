//! How memory is asked for: lazily or all at once. Never changes the output.

use std::hint::black_box;

use super::fuzzing;

/// The smallest page of any platform we know.
const PAGE: usize = 4096;

/// The memory techniques that concern tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Tables come as zero pages that cost nothing until first used, instead of being touched.
    pub(crate) lazy: bool,
    /// Buffers are used again, instead of being allocated for each item.
    pub(crate) pool: bool,
}

/// A document this long touches what of its tables it has not touched yet, so that memory is the
/// same from here on, whatever comes.
pub(crate) const SETTLED: u64 = fuzzing::limit(1 << 19, 512) as u64;

/// Makes every page of a table real.
pub(crate) fn touch<T: Clone>(table: &mut [T]) {
    for cell in table.iter_mut().step_by((PAGE / size_of::<T>()).max(1)) {
        *cell = black_box(cell.clone());
    }
}

impl Memory {
    /// A table of `len` zeros.
    pub(crate) fn table<T: Clone + Default>(self, len: usize) -> Vec<T> {
        // The standard library asks for zeroed pages here, as long as T is made of integers.
        let mut table = vec![T::default(); len];
        if !self.lazy {
            touch(&mut table);
        }
        table
    }

    /// An empty buffer, `old` if buffers are used again.
    pub(crate) fn buffer(self, mut old: Vec<u8>) -> Vec<u8> {
        old.clear();
        if self.pool { old } else { Vec::new() }
    }
}
