//! Stage 2: which runs there are, and in which order. Complete randomised blocks: each block runs
//! every cell once, in an order drawn from the recorded seed and the block's number alone, so that
//! a continued campaign draws the same orders as one that was never stopped.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

use experiment::{Experiment, Variant};
use record::{CellKey, Kind, Sample};

use crate::inputs::Document;

/// A variant at a document: what is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What is run.
    pub variant: &'a Variant,
    /// What it is run on.
    pub document: &'a Document,
}

impl Cell<'_> {
    /// Its names.
    pub fn key(self) -> CellKey {
        CellKey::new(&self.variant.name, &self.document.profile, self.document.size)
    }

    /// Whether a row is of this cell.
    pub fn is_of(self, row: &Sample) -> bool {
        row.variant == self.variant.name
            && row.profile == self.document.profile
            && row.input_bytes == self.document.size.0
    }
}

/// One complete pass over all cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// Warm-up or measured.
    pub kind: Kind,
    /// From 0, warm-up blocks first.
    pub number: u32,
    /// Indices of cells, in the order in which they run.
    pub order: Vec<usize>,
}

/// Every variant at every document.
pub(crate) fn cells<'a>(experiment: &'a Experiment, documents: &'a [Document]) -> Vec<Cell<'a>> {
    let of = |document| experiment.variant.iter().map(move |variant| Cell { variant, document });
    documents.iter().flat_map(of).collect()
}

/// The block of this number.
///
/// Warm-up blocks go from small to large documents, so that a variant that fails is not tried on
/// what is larger; measured blocks are shuffled.
pub(crate) fn block(number: u32, experiment: &Experiment, cells: &[Cell<'_>]) -> Block {
    let mut order: Vec<usize> = (0..cells.len()).collect();
    if number < experiment.measure.warmup {
        order.sort_by_key(|index| cells[*index].document.size);
        return Block { kind: Kind::Warmup, number, order };
    }
    shuffle(&mut order, experiment.measure.seed, number);
    Block { kind: Kind::Run, number, order }
}

/// Fisher and Yates' shuffle with `ChaCha8`, seeded by the campaign's seed and the block's number.
fn shuffle(order: &mut [usize], seed: u64, block: u32) {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..12].copy_from_slice(&block.to_le_bytes());
    let mut random = ChaCha8Rng::from_seed(key);
    for end in (1..order.len()).rev() {
        let draw = (u128::from(random.next_u64()) * (end as u128 + 1)) >> 64;
        order.swap(end, draw as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(seed: u64, block: u32) -> Vec<usize> {
        let mut order: Vec<usize> = (0..100).collect();
        shuffle(&mut order, seed, block);
        order
    }

    #[test]
    fn a_block_holds_every_cell_once() {
        let mut order = drawn(1, 3);
        assert_ne!(order, (0..100).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_depends_on_seed_and_block_alone() {
        assert_eq!(drawn(1, 3), drawn(1, 3));
        assert_ne!(drawn(1, 3), drawn(1, 4));
        assert_ne!(drawn(1, 3), drawn(2, 3));
    }

    #[test]
    fn every_place_in_a_block_is_as_likely_for_each_cell() {
        // 4000 blocks of 8 cells: each cell is expected 500 times first, with a standard deviation
        // of 21; six of those is far beyond chance and far below any real bias.
        let mut first = [0_u32; 8];
        for block in 0..4000 {
            let mut order: Vec<usize> = (0..8).collect();
            shuffle(&mut order, 9, block);
            first[order[0]] += 1;
        }
        assert!(first.iter().all(|count| (374..=626).contains(count)), "{first:?}");
    }
}
