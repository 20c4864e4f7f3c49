//! The model: what the next item is, in terms of decisions to code.
//!
//! One function, [`Model::code_item`], runs on both sides. The encoder gives it the item, the
//! decoder learns the item from it; everything it consults was derived from items before.

use crate::coder::{Coder, Part};
use crate::decimal::Decimal;
use crate::dictionary::{Dictionary, Id};
use crate::digits::{self, DigitCoder};
use crate::double;
use crate::hash;
use crate::lexer::{ITEM_MAX, State};
use crate::literal::{Around, LiteralCoder};
use crate::logistic::Adaptive;
use crate::matcher::{RUN, with_tail};
use crate::memory::{Memory, touch};
use crate::notation::{Notation, Reading};
use crate::numbers::{Basis, CONTEXTS, NumberPredictor};
use crate::pieces::{Kind, PieceScanner, Step};
use crate::predictor::Predictor;
use crate::settings::{Level, Settings, Sizes};
use crate::stage::Stage;
use crate::tree_state::{FRAME_NUMBERS, TreeState};

/// Bytes of a column's last value that are remembered.
const COLUMN_TEXT: usize = 24;

/// The coded bits contradict the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contradiction;

/// What is remembered of a column.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    check: u32,
    last: u32,
    before: u32,
    number: Decimal,
    notation: Notation,
    noise: i8,
    /// The last difference, by sign and size.
    step: u8,
    text: [u8; COLUMN_TEXT],
    /// Of flags: is it a number, is it coded as a difference, from the other base.
    flags: [Adaptive; 3],
}

/// Segment contexts at most; a level uses the first of them. The same below.
const SEGMENT: usize = 6;
/// Value contexts.
const VALUE: usize = 6;
/// Piece contexts.
const PIECE: usize = 3;
/// Contexts of endings of pieces.
const ENDING: usize = 3;
/// Bytes of a piece after which its ending is guessed.
const ENDING_AFTER: usize = 3;
/// Literal contexts.
const LITERAL: usize = 5;
/// Digit contexts.
const DIGIT: usize = 7;

/// Below this probability (of 65536) a whole item is not tried.
pub(crate) const ITEM_TRY_MIN: u32 = 16_000;
/// The same for a piece, which costs less to spell.
const PIECE_TRY_MIN: u32 = 36_000;

/// Digits of a number whose beginning is told apart from others.
const DIGITS_NEAR: usize = 7;

/// A model of the level that was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Model {
    /// Few contexts.
    Fast(Box<Core<3, 3, 3, 3>>),
    /// What pays for its time.
    Default(Box<Core<5, 6, 4, 6>>),
    /// All contexts.
    Max(Box<Core<6, 6, 5, 7>>),
}

/// The same call for whichever level it is.
macro_rules! each {
    ($model:expr, $core:ident => $call:expr) => {
        match $model {
            Model::Fast($core) => $call,
            Model::Default($core) => $call,
            Model::Max($core) => $call,
        }
    };
}

impl Model {
    /// A model that has seen nothing.
    pub(crate) fn new(settings: Settings, memory: Memory) -> Self {
        match settings.level {
            Level::Fast => Self::Fast(Box::new(Core::new(settings, memory))),
            Level::Default => Self::Default(Box::new(Core::new(settings, memory))),
            Level::Max => Self::Max(Box::new(Core::new(settings, memory))),
        }
    }

    /// Forgets where it is, not what it learned.
    pub(crate) fn start_document(&mut self) {
        each!(self, core => core.start_document());
    }

    /// As if this many bytes had come before, that are all forgotten.
    #[cfg(test)]
    pub(crate) fn start_at(&mut self, position: u32) {
        each!(self, core => core.start_at(position));
    }

    /// Makes all memory real.
    pub(crate) fn touch(&mut self) {
        each!(self, core => core.touch());
    }

    /// The length of the item that starts `bytes`, or `None` if its end is not among them.
    pub(crate) fn item_len(&self, bytes: &[u8]) -> Option<usize> {
        each!(self, core => core.tree.lexer.item_len(bytes))
    }

    /// The item coded last.
    pub(crate) fn item(&self) -> &[u8] {
        each!(self, core => &core.item)
    }

    /// Goes past bytes of the document that are not coded as items: they are only remembered.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        each!(self, core => core.pass(bytes));
    }

    /// Of some places of these bytes, how many there are and how many came before.
    pub(crate) fn known(&self, bytes: &[u8]) -> (usize, usize) {
        each!(self, core => core.literals.known(bytes))
    }

    /// Codes one item: `source` to the encoder, found by the decoder (who gives nothing). `limit`
    /// is the length at which an item ends without a terminator: [`ITEM_MAX`], or what is left of
    /// the chunk.
    pub(crate) fn code_item<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
    ) -> Result<(), Contradiction> {
        each!(self, core => core.code_item(coder, source, limit))
    }
}

/// Everything that is learned from a document, under `S` segment, `V` value, `L` literal and `D`
/// digit contexts.
#[derive(Clone, Debug)]
pub(crate) struct Core<const S: usize, const V: usize, const L: usize, const D: usize> {
    settings: Settings,
    memory: Memory,
    tree: TreeState,
    segments: Predictor<S>,
    values: Predictor<V>,
    pieces: Predictor<PIECE>,
    endings: Predictor<ENDING>,
    segment_words: Dictionary,
    value_words: Dictionary,
    piece_words: Dictionary,
    numbers: NumberPredictor,
    literals: LiteralCoder<L>,
    digits: DigitCoder<D>,
    columns: Vec<Column>,
    /// Scalars seen once: they are worth keeping when they come again.
    seen: Vec<u16>,
    /// Hashes of the last segments, the latest first.
    recent_segments: [u32; 5],
    /// Hashes of the last values, the latest first.
    recent_values: [u32; 2],
    recent_number: Decimal,
    /// The last difference in whichever column, by sign and size.
    recent_step: u8,
    recent_pieces: [u32; 2],
    /// The last 8 bytes, the latest lowest.
    tail: u64,
    item: Vec<u8>,
    piece: Vec<u8>,
}

impl<const S: usize, const V: usize, const L: usize, const D: usize> Core<S, V, L, D> {
    fn new(settings: Settings, memory: Memory) -> Self {
        let sizes: Sizes = settings.sizes();
        let dictionary =
            |ring: u32| Dictionary::new(ring, ring.saturating_sub(sizes.index_shift), memory);
        Self {
            settings,
            memory,
            tree: Stage::Lexer.run(TreeState::new),
            segments: Predictor::new(sizes.segment_slots, (sizes.tries, ITEM_TRY_MIN), memory),
            values: Predictor::new(sizes.value_slots, (sizes.tries, ITEM_TRY_MIN), memory),
            pieces: Predictor::new(sizes.piece_slots, (2, PIECE_TRY_MIN), memory),
            endings: Predictor::new(sizes.piece_slots, (1, PIECE_TRY_MIN), memory),
            segment_words: dictionary(sizes.segment_ring),
            value_words: dictionary(sizes.value_ring),
            piece_words: dictionary(sizes.piece_ring),
            numbers: NumberPredictor::new(sizes.number_slots, memory),
            literals: LiteralCoder::new(
                sizes.literal_buckets,
                sizes.column_buckets,
                sizes.text,
                memory,
            ),
            digits: DigitCoder::new(sizes.digit_buckets, memory),
            columns: vec![Column::default(); 1 << sizes.columns],
            seen: memory.table(1 << sizes.seen),
            recent_segments: [0; 5],
            recent_values: [0; 2],
            recent_number: Decimal::default(),
            recent_step: 0,
            recent_pieces: [0; 2],
            tail: 0,
            item: Vec::new(),
            piece: Vec::new(),
        }
    }

    fn touch(&mut self) {
        self.segments.touch();
        self.values.touch();
        self.pieces.touch();
        self.endings.touch();
        self.segment_words.touch();
        self.value_words.touch();
        self.piece_words.touch();
        self.numbers.touch();
        self.literals.touch();
        self.digits.touch();
        touch(&mut self.seen);
    }

    #[cfg(test)]
    fn start_at(&mut self, position: u32) {
        self.segment_words.start_at(position);
        self.value_words.start_at(position);
        self.piece_words.start_at(position);
        self.literals.start_at(position);
    }

    fn start_document(&mut self) {
        self.tree = Stage::Lexer.run(TreeState::new);
        self.recent_segments = [0; 5];
        self.recent_values = [0; 2];
        self.recent_number = Decimal::default();
        self.recent_step = 0;
        self.recent_pieces = [0; 2];
        self.tail = 0;
    }

    fn code_item<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
    ) -> Result<(), Contradiction> {
        let limit = limit.min(ITEM_MAX);
        self.item = self.memory.buffer(std::mem::take(&mut self.item));
        match self.tree.lexer.state {
            State::Structure | State::Key => self.code_segment(coder, source, limit)?,
            State::Text => self.code_text(coder, source, limit)?,
            State::Scalar => self.code_scalar(coder, source, limit)?,
        }
        if self.item.len() > limit { Err(Contradiction) } else { Ok(()) }
    }

    fn code_segment<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
    ) -> Result<(), Contradiction> {
        let mut hit = None;
        if self.settings.prune {
            coder.enter(Part::SegmentFlags);
            let contexts = self.segment_contexts();
            self.segments.prepare(first(&contexts), self.recent_segments[0]);
            let actual = find::<C>(&self.segment_words, source);
            hit = self.segments.code(coder, &self.segment_words, actual);
        }
        let (hash, id) = if let Some(id) = hit {
            take(&self.segment_words, id, &mut self.item)
        } else {
            self.code_pieces(coder, source, limit, Kind::Segment, self.recent_segments[0])?;
            let hash = hash::bytes(&self.item);
            (hash, self.segment_words.intern(&self.item, hash))
        };
        if self.settings.prune {
            self.segments.learn(id);
        }
        self.tree.take_segment(&self.item);
        self.recent_segments.rotate_right(1);
        self.recent_segments[0] = hash;
        if hit.is_some() {
            self.push_tail();
        }
        Ok(())
    }

    fn segment_contexts(&self) -> [u32; SEGMENT] {
        let recent = &self.recent_segments;
        let two = hash::pair(recent[0], recent[1]);
        let three = hash::pair(two, recent[2]);
        [
            hash::pair(recent[0], self.recent_values[0]),
            two,
            hash::triple(self.tree.top().path, self.tree.index(), recent[0]),
            recent[0],
            hash::triple(three, recent[3], recent[4]),
            hash::triple(three, self.tree.top().first, self.recent_values[0]),
        ]
    }

    fn code_text<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
    ) -> Result<(), Contradiction> {
        let column = self.tree.column();
        self.enter_column(column);
        let mut hit = None;
        if self.settings.prune {
            coder.enter(Part::ValueFlags);
            self.prepare_values(column);
            let actual = find::<C>(&self.value_words, source);
            hit = self.values.code(coder, &self.value_words, actual);
        }
        let (hash, id) = if let Some(id) = hit {
            take(&self.value_words, id, &mut self.item)
        } else {
            self.code_pieces(coder, source, limit, Kind::Text, column)?;
            let hash = hash::bytes(&self.item);
            (hash, self.value_words.intern(&self.item, hash))
        };
        if hit.is_some() {
            self.push_tail();
        }
        self.learn_value(column, hash, id, None);
        Ok(())
    }

    fn code_scalar<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
    ) -> Result<(), Contradiction> {
        let column = self.tree.column();
        self.enter_column(column);
        coder.enter(Part::NumberFlags);
        let notation = self.columns[self.column_place(column)].notation;
        let actual = if C::ENCODING { notation.read(source) } else { None };
        let actual_number = actual.map(|reading| reading.number);
        if self.settings.delta {
            let bases = self.bases(column);
            self.numbers.prepare(&bases, column);
        }
        let (mut hit, mut guess) = (None, None);
        if self.settings.prune {
            self.prepare_values(column);
            let actual_id = find::<C>(&self.value_words, source);
            let number_first = self.settings.delta && self.numbers.best() > self.values.best();
            if number_first {
                guess = self.numbers.code(coder, actual_number);
            }
            if guess.is_none() {
                coder.enter(Part::ValueFlags);
                hit = self.values.code(coder, &self.value_words, actual_id);
                coder.enter(Part::NumberFlags);
            }
            if !number_first && hit.is_none() && self.settings.delta && self.numbers.best() > 0 {
                guess = self.numbers.code(coder, actual_number);
            }
        } else if self.settings.delta && self.numbers.best() > 0 {
            guess = self.numbers.code(coder, actual_number);
        }
        let (hash, id) = if let Some(id) = hit {
            take(&self.value_words, id, &mut self.item)
        } else {
            if let Some(guess) = guess {
                self.spell(coder, guess, actual, column)?;
            } else {
                self.code_new_scalar(coder, source, actual, limit, column)?;
            }
            let hash = hash::bytes(&self.item);
            (hash, self.keep_scalar(hash))
        };
        if hit.is_some() {
            self.push_tail();
        }
        let number = self.learn_notation(column);
        self.learn_value(column, hash, id, number);
        Ok(())
    }

    /// Names a scalar that came at least twice.
    fn keep_scalar(&mut self, hash: u32) -> Id {
        let place = ((u64::from(hash) * self.seen.len() as u64) >> 32) as usize;
        let mark = hash as u16 | 1;
        if self.seen[place] == mark {
            return self.value_words.intern(&self.item, hash);
        }
        self.seen[place] = mark;
        0
    }

    fn column_place(&self, column: u32) -> usize {
        ((u64::from(column) * self.columns.len() as u64) >> 32) as usize
    }

    /// Makes the column's memory its own.
    fn enter_column(&mut self, column: u32) {
        let place = self.column_place(column);
        if self.columns[place].check != column {
            self.columns[place] = Column { check: column, ..Column::default() };
        }
    }

    fn prepare_values(&mut self, column: u32) {
        let memory = &self.columns[self.column_place(column)];
        let (top, parent) = (self.tree.top(), self.tree.parent());
        let [a, b] = self.recent_values;
        let contexts: [u32; VALUE] = [
            hash::pair(column, memory.last),
            hash::pair(column, a),
            column,
            hash::triple(column, a, b),
            hash::triple(column, memory.last, memory.before),
            hash::triple(top.path, hash::pair(top.key, top.first), parent.last),
        ];
        self.values.prepare(first(&contexts), column);
    }

    fn bases(&self, column: u32) -> [Basis; CONTEXTS] {
        let memory = &self.columns[self.column_place(column)];
        let parent = self.tree.parent_object();
        let nth = self.tree.top().number_count as usize % FRAME_NUMBERS;
        let above = Decimal { digits: parent.numbers[nth], places: 0 };
        let [a, b, ..] = self.recent_segments;
        let around = hash::triple(a, b, self.recent_values[0]);
        [
            Basis { context: column, base: memory.number },
            Basis { context: hash::pair(around, 1), base: self.recent_number },
            Basis { context: hash::pair(around, 2), base: above },
            Basis { context: hash::pair(column, a), base: self.recent_number },
            Basis { context: hash::pair(column, self.recent_values[0]), base: memory.number },
        ]
    }

    fn learn_value(&mut self, column: u32, hash: u32, id: Id, number: Option<Decimal>) {
        if self.settings.prune {
            self.values.learn(id);
        }
        let place = self.column_place(column);
        let memory = &mut self.columns[place];
        memory.before = memory.last;
        memory.last = hash;
        memory.text = [0; COLUMN_TEXT];
        let len = self.item.len().min(COLUMN_TEXT);
        memory.text[..len].copy_from_slice(&self.item[..len]);
        let top = self.tree.top_mut();
        if let Some(number) = number {
            memory.step = 0;
            if memory.number.places == number.places {
                memory.step = class(number.digits.wrapping_sub(memory.number.digits));
            }
            self.recent_step = memory.step;
            memory.number = number;
            self.recent_number = number;
            if self.settings.delta {
                self.numbers.learn(number);
            }
            top.numbers[top.number_count as usize % FRAME_NUMBERS] = number.digits;
            top.number_count = top.number_count.wrapping_add(1);
        }
        top.last = hash;
        if top.first == 0 {
            top.first = hash;
        }
        self.tree.lexer.take_value(&self.item);
        self.recent_values.rotate_right(1);
        self.recent_values[0] = hash;
    }

    fn push_tail(&mut self) {
        self.tail = with_tail(self.tail, &self.item);
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.literals.pass_over(bytes);
        self.tail = with_tail(self.tail, bytes);
    }

    /// Codes a scalar that was not predicted.
    fn code_new_scalar<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        actual: Option<Reading>,
        limit: usize,
        column: u32,
    ) -> Result<(), Contradiction> {
        coder.enter(Part::Digits);
        let digits_only = source.iter().all(|&byte| digits::symbol(byte).is_some());
        if self.code_column_flag(coder, column, 0, u32::from(digits_only)) == 0 {
            return self.code_pieces(coder, source, limit, Kind::Scalar, column);
        }
        if self.settings.delta {
            let memory = &self.columns[self.column_place(column)];
            let bases = [memory.number, self.recent_number];
            let choice = actual.and_then(|actual| difference(actual.number, source.len(), bases));
            if self.code_column_flag(coder, column, 1, u32::from(choice.is_some())) == 1 {
                let number = self.code_difference(coder, choice, bases, column)?;
                return self.spell(coder, number, actual, column);
            }
        }
        self.code_digits(coder, source, limit, column, 0);
        Ok(())
    }

    fn code_column_flag<C: Coder>(
        &mut self,
        coder: &mut C,
        column: u32,
        flag: usize,
        bit: u32,
    ) -> u32 {
        let place = self.column_place(column);
        let p = &mut self.columns[place].flags[flag];
        let bit = coder.bit(bit, p.codable());
        p.learn(bit, 60);
        bit
    }

    fn code_difference<C: Coder>(
        &mut self,
        coder: &mut C,
        choice: Option<(u32, i64)>,
        bases: [Decimal; 2],
        column: u32,
    ) -> Result<Decimal, Contradiction> {
        let (base, difference) = choice.unwrap_or_default();
        let base = self.code_column_flag(coder, column, 2, base);
        let text = Decimal { digits: difference, places: 0 }.text();
        let source = if C::ENCODING { text.as_bytes() } else { &[] };
        self.code_digits(coder, source, ITEM_MAX, column, 1 + base);
        let difference = Decimal::parse(&self.item).ok_or(Contradiction)?;
        let base = bases[base as usize];
        let digits = base.digits.wrapping_add(difference.digits);
        self.item.clear();
        Ok(Decimal { digits, places: base.places })
    }

    /// Writes a number as its column does.
    fn spell<C: Coder>(
        &mut self,
        coder: &mut C,
        number: Decimal,
        actual: Option<Reading>,
        column: u32,
    ) -> Result<(), Contradiction> {
        let notation = self.columns[self.column_place(column)].notation;
        let mut reading = Reading { number, noise: 0 };
        if notation.is_double() {
            coder.enter(Part::Digits);
            let noise = actual.map_or(0, |actual| actual.noise);
            reading.noise = self.code_noise(coder, number, noise, column);
        }
        let text = notation.write(reading).ok_or(Contradiction)?;
        self.item.extend_from_slice(text.as_bytes());
        self.push_tail();
        Ok(())
    }

    /// Codes by how much a double misses its number, in two halves.
    fn code_noise<C: Coder>(
        &mut self,
        coder: &mut C,
        number: Decimal,
        noise: i8,
        column: u32,
    ) -> i8 {
        let last = self.columns[self.column_place(column)].noise;
        let whole = number.digits.unsigned_abs();
        let fraction = whole % 10u64.pow(u32::from(number.places.min(18)));
        let size = 64 - whole.leading_zeros();
        let noise = (i32::from(noise) + 128) as u32;
        let mut halves = 0;
        for half in 0..2 {
            let salt = hash::triple(column, 3 + half, halves);
            let contexts: [u32; DIGIT] = [
                hash::pair(salt, size),
                hash::triple(salt, fraction as u32, 1),
                hash::triple(salt, size, u32::from(last as u8) | 0x100),
                hash::triple(salt, whole as u32, 2),
                hash::triple(half, halves, size | 0x1000),
                hash::triple(salt, fraction as u32 % 1000, 3),
                hash::pair(salt, 4),
            ];
            let symbol = if half == 0 { noise >> 4 } else { noise & 15 };
            let set = 2 + half;
            let symbol = self.digits.code(coder, first(&contexts), set, symbol as u8);
            halves = halves << 4 | u32::from(symbol);
        }
        let noise = (halves as i32 - 128) as i8;
        let place = self.column_place(column);
        self.columns[place].noise = noise;
        noise
    }

    /// Learns how the column writes; returns the item as a number.
    fn learn_notation(&mut self, column: u32) -> Option<Decimal> {
        let place = self.column_place(column);
        let notation = &mut self.columns[place].notation;
        notation.learn(&self.item);
        notation.read(&self.item).map(|reading| reading.number)
    }

    fn code_digits<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
        column: u32,
        mode: u32,
    ) {
        let memory = self.columns[self.column_place(column)];
        let salt = hash::pair(column, mode);
        let [sibling, before] = if mode == 0 {
            [self.recent_values[0], memory.last]
        } else {
            [u32::from(self.recent_step), u32::from(memory.step)]
        };
        let (mut beginning, mut matched, mut order3) = (0, 1, 0);
        let (mut significant, mut possible) = (0, None);
        while self.item.len() < limit {
            let place = self.item.len();
            let aligned = |i: usize| u32::from(memory.text.get(i).copied().unwrap_or(0));
            let last = order3 & 15;
            // The beginning of a long number does not come again; what is kept of it is coarse.
            let far = place >= DIGITS_NEAR;
            let prefix = if far { 0x100_0000 | order3 & 0xFF } else { beginning };
            let contexts: [u32; DIGIT] = [
                hash::triple(salt, prefix, place as u32),
                hash::triple(salt, matched << 16 | aligned(place) << 8 | aligned(place + 1), last),
                possible.map_or(hash::pair(salt, place as u32), |digits| 0x1000 + digits),
                hash::triple(salt, prefix, if far { 0 } else { sibling }),
                hash::triple(salt, prefix, if far { 1 } else { before }),
                hash::triple(order3 & 0xFFF, mode, u32::from(far)),
                hash::triple(salt, place as u32, last),
            ];
            let set = match possible {
                Some(_) => 1,
                None => 8 + ((salt >> 8) & 15) * 8 + (place as u32).min(7),
            };
            let symbol =
                source.get(place).map_or(digits::END, |&byte| digits::symbol(byte).unwrap_or(15));
            let symbol = self.digits.code(coder, first(&contexts), set, symbol);
            if symbol == digits::END || coder.is_overrun() {
                break;
            }
            let byte = digits::byte(symbol);
            matched &= u32::from(aligned(place) == u32::from(byte));
            beginning = hash::pair(beginning, u32::from(symbol) + 1);
            order3 = order3 << 4 | u32::from(symbol);
            self.item.push(byte);
            significant += u32::from(symbol < 10 && (symbol > 0 || significant > 0));
            possible = None;
            if significant == double::KNOWN && mode == 0 {
                possible = double::last_digits(&self.item);
            }
            if mode == 0 {
                self.tail = self.tail << 8 | u64::from(byte);
            }
        }
    }

    /// Codes an item piece by piece.
    fn code_pieces<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
        kind: Kind,
        column: u32,
    ) -> Result<(), Contradiction> {
        let mut scanner = PieceScanner::new(kind, self.tree.lexer);
        let mut around = Surroundings { kind, column, prefix: 0 };
        while self.item.len() < limit {
            match self.code_run(coder, source, &mut scanner, &mut around) {
                Some(Step::EndItem | Step::Terminator) => break,
                Some(_) => continue,
                None => {}
            }
            if self.code_piece(coder, source, limit, &mut scanner, &mut around)? {
                break;
            }
        }
        Ok(())
    }

    /// Codes many bytes at once where a long match goes on; returns the last step if it did.
    fn code_run<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        scanner: &mut PieceScanner,
        around: &mut Surroundings,
    ) -> Option<Step> {
        if !self.settings.codebook || self.item.len() + RUN > ITEM_MAX {
            return None;
        }
        let bytes = self.literals.run()?;
        let (run, end, mut after) = until_end(&bytes, *scanner);
        let inside = if end == Step::Terminator { run.len() - 1 } else { run.len() };
        let rest = source.get(self.item.len()..).unwrap_or(&[]);
        let is_last = matches!(end, Step::Terminator | Step::EndItem);
        if is_last && !self.literals.is_sure() {
            return None;
        }
        let comes = rest.starts_with(&run[..inside]) && (!is_last || rest.len() == inside);
        coder.enter(Part::Runs);
        if !self.literals.code_run(coder, is_last, comes) {
            return None;
        }
        for &byte in run {
            self.literals.pass(byte);
        }
        for &byte in &run[..inside] {
            self.push_byte(byte, around);
        }
        after.begin_piece();
        *scanner = after;
        self.recent_pieces = [0; 2];
        Some(end)
    }

    /// Codes a piece; returns whether it ended the item.
    fn code_piece<C: Coder>(
        &mut self,
        coder: &mut C,
        source: &[u8],
        limit: usize,
        scanner: &mut PieceScanner,
        around: &mut Surroundings,
    ) -> Result<bool, Contradiction> {
        if coder.is_overrun() {
            return Err(Contradiction);
        }
        self.piece = self.memory.buffer(std::mem::take(&mut self.piece));
        let start = self.item.len();
        let [a, b] = self.recent_pieces;
        let (mut hit, mut actual) = (None, 0);
        if self.settings.codebook {
            let kind = around.kind as u32;
            let segment = around.kind == Kind::Segment;
            coder.enter(if segment { Part::GlueFlags } else { Part::WordFlags });
            let contexts = [
                hash::triple(a, b, kind),
                hash::triple(a, around.column, kind),
                hash::triple(around.prefix, around.column, kind),
            ];
            self.pieces.prepare(&contexts, hash::pair(around.column, kind));
            actual = if C::ENCODING {
                self.read_piece(source.get(start..).unwrap_or(&[]), limit - start, *scanner);
                let hash = hash::bytes(&self.piece);
                self.piece_words.find(&self.piece, hash).unwrap_or(0)
            } else {
                0
            };
            hit = self.pieces.code(coder, &self.piece_words, actual);
        }
        let end = match hit {
            Some(id) => self.copy_piece(id, 0, limit, scanner, around)?,
            None => self.code_new_piece(coder, (source, actual), limit, scanner, around)?,
        };
        let hash = hash::bytes(&self.piece);
        if self.settings.codebook {
            let id = match hit {
                Some(id) => id,
                None => self.piece_words.intern(&self.piece, hash),
            };
            self.pieces.learn(id);
            if self.piece.len() > ENDING_AFTER {
                self.prepare_endings(around, a);
                self.endings.learn(id);
            }
        }
        self.recent_pieces = [hash, a];
        Ok(end)
    }

    fn prepare_endings(&mut self, around: &Surroundings, last: u32) {
        let beginning = hash::bytes(&self.piece[..ENDING_AFTER]);
        let kind = around.kind as u32;
        let contexts = [
            hash::pair(beginning, kind),
            hash::pair(beginning, last),
            hash::triple(beginning, around.column, 1),
        ];
        self.endings.prepare(&contexts, hash::pair(around.column, kind));
    }

    /// The piece that comes next in the encoder's source.
    fn read_piece(&mut self, source: &[u8], limit: usize, mut scanner: PieceScanner) {
        self.piece.clear();
        for index in 0..limit {
            let byte = source.get(index).copied().unwrap_or(scanner.terminator());
            self.piece.push(byte);
            if scanner.step(byte) != Step::More {
                break;
            }
        }
    }

    fn copy_piece(
        &mut self,
        id: Id,
        from: usize,
        limit: usize,
        scanner: &mut PieceScanner,
        around: &mut Surroundings,
    ) -> Result<bool, Contradiction> {
        let (bytes, _) = self.piece_words.get(id).ok_or(Contradiction)?;
        if bytes.get(..from) != Some(&self.piece[..from]) {
            return Err(Contradiction);
        }
        self.piece.clear();
        self.piece.extend_from_slice(bytes);
        let mut step = Step::More;
        for index in from..self.piece.len() {
            let byte = self.piece[index];
            if step != Step::More || self.item.len() >= limit {
                return Err(Contradiction);
            }
            step = scanner.step(byte);
            self.literals.pass(byte);
            if step != Step::Terminator {
                self.push_byte(byte, around);
            }
        }
        if step == Step::More && self.item.len() < limit {
            return Err(Contradiction);
        }
        Ok(matches!(step, Step::EndItem | Step::Terminator))
    }

    fn code_new_piece<C: Coder>(
        &mut self,
        coder: &mut C,
        (source, actual): (&[u8], Id),
        limit: usize,
        scanner: &mut PieceScanner,
        around: &mut Surroundings,
    ) -> Result<bool, Contradiction> {
        let segment = around.kind == Kind::Segment;
        let part = if segment { Part::GlueLiterals } else { Part::WordLiterals };
        coder.enter(part);
        self.piece.clear();
        let mut word = self.recent_pieces[0];
        let beside = Around { kind: around.kind as usize, column: around.column };
        while self.item.len() < limit {
            let byte = source.get(self.item.len()).copied().unwrap_or(scanner.terminator());
            let contexts = self.literal_contexts(around.kind, word);
            let byte = self.literals.code(coder, first(&contexts), beside, byte);
            word = hash::pair(word, u32::from(byte));
            self.piece.push(byte);
            let step = scanner.step(byte);
            if step != Step::Terminator {
                self.push_byte(byte, around);
            }
            match step {
                Step::More => {}
                Step::EndPiece => return Ok(false),
                Step::EndItem | Step::Terminator => return Ok(true),
            }
            let is_unfinished = self.piece.len() == ENDING_AFTER && self.item.len() < limit;
            if is_unfinished && self.settings.codebook {
                coder.enter(Part::EndingFlags);
                self.prepare_endings(around, self.recent_pieces[0]);
                if let Some(id) = self.endings.code(coder, &self.piece_words, actual) {
                    return self.copy_piece(id, ENDING_AFTER, limit, scanner, around);
                }
                coder.enter(part);
            }
        }
        Ok(true)
    }

    #[inline]
    fn literal_contexts(&self, kind: Kind, word: u32) -> [u32; LITERAL] {
        let (low, high) = (self.tail as u32, (self.tail >> 32) as u32);
        [
            hash::pair(low & 0xFFFF, 1),
            hash::pair(low & 0xFF, 0x100 | kind as u32),
            hash::pair(low & 0xFF_FFFF, 2),
            hash::triple(low, high & 0xFF, 3),
            hash::triple(word, kind as u32, 4),
        ]
    }

    #[inline]
    fn push_byte(&mut self, byte: u8, around: &mut Surroundings) {
        around.prefix = hash::pair(around.prefix, u32::from(byte));
        self.item.push(byte);
        self.tail = self.tail << 8 | u64::from(byte);
    }
}

/// The contexts that a level uses.
#[inline]
fn first<const MAX: usize, const N: usize>(contexts: &[u32; MAX]) -> &[u32; N] {
    contexts.first_chunk().expect("no level uses more contexts than there are")
}

/// A run up to where it would end the item, if it would; its last step, and the scanner after it.
fn until_end(run: &[u8; RUN], mut scanner: PieceScanner) -> (&[u8], Step, PieceScanner) {
    let mut step = Step::More;
    for (index, &byte) in run.iter().enumerate() {
        step = scanner.step(byte);
        if matches!(step, Step::Terminator | Step::EndItem) {
            return (&run[..=index], step, scanner);
        }
    }
    (run, step, scanner)
}

/// What is known around a missed item.
#[derive(Clone, Copy, Debug)]
struct Surroundings {
    kind: Kind,
    column: u32,
    /// The hash of the item so far.
    prefix: u32,
}

/// The name of the encoder's item, 0 if it has none; the decoder does not know.
#[inline]
fn find<C: Coder>(dictionary: &Dictionary, source: &[u8]) -> Id {
    if C::ENCODING { dictionary.find(source, hash::bytes(source)).unwrap_or(0) } else { 0 }
}

/// Copies a known item; returns its hash and name.
#[inline]
fn take(dictionary: &Dictionary, id: Id, item: &mut Vec<u8>) -> (u32, Id) {
    let (bytes, hash) = dictionary.get(id).expect("candidates are alive when coded");
    item.extend_from_slice(bytes);
    (hash, id)
}

/// Sign and size of a difference.
fn class(difference: i64) -> u8 {
    (64 - difference.unsigned_abs().leading_zeros()) as u8 * 2 + u8::from(difference < 0)
}

/// The base and the difference that are shorter to write than the number, if any.
fn difference(number: Decimal, len: usize, bases: [Decimal; 2]) -> Option<(u32, i64)> {
    let mut best = None;
    for (choice, base) in bases.into_iter().enumerate() {
        let difference = number.digits.wrapping_sub(base.digits);
        let cost = Decimal { digits: difference, places: 0 }.text().as_bytes().len();
        let shorter = base.places == number.places
            && difference.unsigned_abs() < 1 << 56
            && cost + 1 < len
            && best.is_none_or(|(_, _, known)| cost < known);
        if shorter {
            best = Some((choice as u32, difference, cost));
        }
    }
    best.map(|(choice, difference, _)| (choice, difference))
}
