//! All that a model learns in, together.

use super::candidates::Predictor;
use super::columns::Columns;
use super::delta::DeltaPredictor;
use super::dictionary::Dictionary;
use super::item::Item;
use super::known::KnownItems;
use super::pieces::PieceModel;
use super::recent::Recent;
use super::sizes::{Settings, Sizes};
use crate::base::memory::{Memory, touch};
use crate::base::stage::Stage;
use crate::cm::digits::DigitCoder;
use crate::cm::literals::LiteralCoder;
use crate::grammar::tree::TreeState;
use crate::options::coding::Coding;

/// Below this probability (of 65536) a whole item is not tried: for time alone; half, twice: 0.0 %.
const ITEM_TRY_MIN: u32 = 16_000;
/// The same for a piece, which costs less to spell: 18,000 +0.2 %; 50,000 -0.1 %.
const PIECE_TRY_MIN: u32 = 36_000;
/// Candidates that are tried for a piece, and for its ending; one more or less of either: 0.0 %.
const PIECE_TRIES: usize = 2;
const ENDING_TRIES: usize = 1;

/// Everything that is learned from a document, under `S` contexts of segments, `V` of values, `L` of new bytes and
/// `D` of digits.
#[derive(Clone, Debug)]
pub(crate) struct Core<const S: usize, const V: usize, const L: usize, const D: usize> {
    pub(super) coding: Coding,
    pub(super) memory: Memory,
    pub(super) tree: TreeState,
    pub(super) recent: Recent,
    pub(super) columns: Columns,
    pub(crate) segments: KnownItems<S>,
    pub(crate) values: KnownItems<V>,
    /// Scalars seen once: they are worth keeping when they come again.
    pub(super) seen_once: Vec<u16>,
    pub(super) delta: DeltaPredictor,
    pub(super) pieces: PieceModel<L>,
    pub(super) digits: DigitCoder<D>,
    pub(crate) item: Item,
}

impl<const S: usize, const V: usize, const L: usize, const D: usize> Core<S, V, L, D> {
    /// Knows nothing.
    pub(crate) fn new(settings: Settings, memory: Memory) -> Self {
        let sizes = settings.sizes();
        Self {
            coding: settings.coding,
            memory,
            tree: Stage::Lexer.run(TreeState::new),
            recent: Recent::default(),
            columns: Columns::new(sizes.columns),
            segments: known_items(sizes, (sizes.segment_slots, sizes.segment_ring), memory),
            values: known_items(sizes, (sizes.value_slots, sizes.value_ring), memory),
            seen_once: memory.table(1 << sizes.seen),
            delta: DeltaPredictor::new(sizes.number_slots, memory),
            pieces: pieces(settings, sizes, memory),
            digits: DigitCoder::new(sizes.digit_buckets, memory),
            item: Item::default(),
        }
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        self.segments.touch();
        self.values.touch();
        self.delta.touch();
        self.pieces.touch();
        self.digits.touch();
        touch(&mut self.seen_once);
    }

    /// As if this many bytes had come before, that are all forgotten.
    #[cfg(test)]
    pub(crate) fn start_at(&mut self, position: u32) {
        self.segments.start_at(position);
        self.values.start_at(position);
        self.pieces.start_at(position);
    }

    /// Forgets where it is, not what it learned.
    pub(crate) fn start_document(&mut self) {
        self.tree = Stage::Lexer.run(TreeState::new);
        self.recent = Recent::default();
        self.pieces.start_document();
        self.item.last_bytes = 0;
    }

    /// Begins an item.
    #[inline]
    pub(crate) fn begin_item(&mut self) {
        self.item.begin(self.memory);
    }

    /// Whether a segment comes, and not a value.
    pub(crate) fn expects_segment(&self) -> bool {
        self.tree.lexer.state.is_segment()
    }

    /// Goes past bytes of the document that are not coded as items: they are only remembered.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        self.pieces.pass(bytes);
        self.item.pass(bytes);
    }
}

fn dictionary(sizes: Sizes, ring: u32, memory: Memory) -> Dictionary {
    Dictionary::new(ring, ring.saturating_sub(sizes.index_shift), memory)
}

fn known_items<const N: usize>(
    sizes: Sizes,
    (slots, ring): (u32, u32),
    memory: Memory,
) -> KnownItems<N> {
    let predictor = Predictor::new(slots, (sizes.tries, ITEM_TRY_MIN), memory);
    KnownItems::new(predictor, dictionary(sizes, ring, memory))
}

fn pieces<const L: usize>(settings: Settings, sizes: Sizes, memory: Memory) -> PieceModel<L> {
    let predictors = (
        Predictor::new(sizes.piece_slots, (PIECE_TRIES, PIECE_TRY_MIN), memory),
        Predictor::new(sizes.piece_slots, (ENDING_TRIES, PIECE_TRY_MIN), memory),
    );
    let (buckets, columns) = (sizes.literal_buckets, sizes.column_buckets);
    let literals = LiteralCoder::new(buckets, columns, sizes.text, memory);
    let dictionary = dictionary(sizes, sizes.piece_ring, memory);
    PieceModel::new(settings.coding.codebook, memory, dictionary, predictors, literals)
}
