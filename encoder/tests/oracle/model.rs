//! FORMAT.md, section 8: the model.

use super::candidates::{Dictionary, Found, Predictor, Sizes};
use super::coder::Coder;
use super::digits::{self, Digits};
use super::hash::{self, pair, place, triple};
use super::items::{ITEM_LEN_MAX, Lexer, State};
use super::notation::Notation;
use super::numbers::{self, Number, Numbers};
use super::pieces::{self, Pieces, Spelling};
use super::probability::Adaptive;
use super::tree::{Frame, Tree};

/// Sizes of tables, as base 2 logarithms.
#[derive(Clone, Copy)]
pub(crate) struct TableSizes {
    segment_ring: u32,
    value_ring: u32,
    pub(crate) piece_ring: u32,
    segment_slots: u32,
    value_slots: u32,
    pub(crate) piece_slots: u32,
    number_slots: u32,
    pub(crate) histories: u32,
    digits: u32,
    pub(crate) counts: u32,
    pub(crate) text: u32,
    columns: u32,
    marks: u32,
}

impl TableSizes {
    fn of(level: usize, compact: bool) -> Self {
        let [
            [segment_ring, value_ring, piece_ring],
            [segment_slots, value_slots, piece_slots],
            [number_slots, histories, digits],
            [counts, text, columns],
            [marks, ..],
        ] = match level {
            0 | 1 => [[17, 18, 17], [14, 15, 13], [13, 16, 12], [10, 20, 11], [14, 0, 0]],
            _ => [[18, 20, 19], [16, 17, 15], [15, 18, 15], [12, 22, 12], [16, 0, 0]],
        }
        .map(|row| row.map(|bits: u32| if compact { bits.saturating_sub(2) } else { bits }));
        Self {
            segment_ring: segment_ring.max(12),
            value_ring,
            piece_ring,
            segment_slots,
            value_slots,
            piece_slots,
            number_slots,
            histories,
            digits,
            counts,
            text,
            columns: columns.max(6),
            marks,
        }
    }
}

/// Which techniques are on.
#[derive(Clone, Copy)]
pub(crate) struct Techniques {
    pub(crate) prune: bool,
    pub(crate) codebook: bool,
    pub(crate) delta: bool,
    pub(crate) pack: bool,
}

/// What is remembered of the document; the latest comes first.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    s: [u32; 5],
    v: [u32; 2],
    number: Number,
    /// From the number before in its column to the last number.
    step: u32,
    /// Hashes of the last pieces.
    pub(crate) p: [u32; 2],
    /// The last eight bytes, the latest lowest.
    pub(crate) w: u64,
}

impl Memory {
    pub(crate) fn push_byte(&mut self, byte: u8) {
        self.w = self.w << 8 | u64::from(byte);
    }

    fn push(&mut self, item: &[u8]) {
        for &byte in item {
            self.push_byte(byte);
        }
    }

    fn push_segment(&mut self, hash: u32) {
        self.s = [hash, self.s[0], self.s[1], self.s[2], self.s[3]];
    }

    fn push_value(&mut self, hash: u32) {
        self.v = [hash, self.v[0]];
    }
}

/// What is remembered of a column.
#[derive(Clone, Copy)]
struct Column {
    is_of: u32,
    last: u32,
    last_but_one: u32,
    number: Number,
    step: u32,
    notation: Notation,
    /// The last noise that was coded.
    noise: i32,
    text: [u8; 24],
    flags: [Adaptive; 3],
}

const FLAG_LIMIT: u32 = 60;
/// Differences of the prior are below this.
const DIFFERENCE_MAX: u64 = 1 << 56;

impl Column {
    fn new(column: u32) -> Self {
        Self {
            is_of: column,
            last: 0,
            last_but_one: 0,
            number: Number::default(),
            step: 0,
            notation: Notation::default(),
            noise: 0,
            text: [0; 24],
            flags: [Adaptive::EVEN; 3],
        }
    }

    fn flag(&mut self, i: usize, coder: &mut Coder, known: Option<bool>) -> bool {
        let p = self.flags[i].value().clamp(32, 65_504);
        let bit = coder.decide(p, known);
        self.flags[i].learn(bit, FLAG_LIMIT);
        bit
    }
}

const SEGMENT_CONTEXTS: [usize; 3] = [3, 5, 6];
const VALUE_CONTEXTS: [usize; 3] = [3, 6, 6];
const TRIES: [usize; 3] = [3, 3, 4];
const MINIMUM: u32 = 16_000;

#[derive(Clone)]
pub(crate) struct Model {
    techniques: Techniques,
    lexer: Lexer,
    tree: Tree,
    memory: Memory,
    segments: Predictor,
    segment_dictionary: Dictionary,
    values: Predictor,
    value_dictionary: Dictionary,
    columns: Vec<Column>,
    column_bits: u32,
    marks: Vec<u16>,
    mark_bits: u32,
    numbers: Numbers,
    digits: Digits,
    pieces: Pieces,
}

impl Model {
    /// Goes past bytes that are no items.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        self.pieces.matching.pass(bytes);
        self.memory.push(bytes);
    }

    /// A model that has learned the prior.
    pub(crate) fn new(level: usize, compact: bool, techniques: Techniques) -> Self {
        let sizes = TableSizes::of(level, compact);
        let predictor = |contexts, slots| {
            Predictor::new(Sizes { contexts, slots, tries: TRIES[level], minimum: MINIMUM })
        };
        let mut model = Self {
            techniques,
            lexer: Lexer::new(),
            tree: Tree::new(),
            memory: Memory::default(),
            segments: predictor(SEGMENT_CONTEXTS[level], sizes.segment_slots),
            segment_dictionary: Dictionary::new(sizes.segment_ring),
            values: predictor(VALUE_CONTEXTS[level], sizes.value_slots),
            value_dictionary: Dictionary::new(sizes.value_ring),
            columns: vec![Column::new(0); 1 << sizes.columns],
            column_bits: sizes.columns,
            marks: vec![0; 1 << sizes.marks],
            mark_bits: sizes.marks,
            numbers: Numbers::new(sizes.number_slots),
            digits: Digits::new(level, sizes.digits),
            pieces: Pieces::new(level, techniques.codebook, &sizes),
        };
        model.learn_prior();
        model
    }

    fn learn_prior(&mut self) {
        let mut coder = Coder::new(&[], self.techniques.pack);
        let mut rest: &[u8] = include_bytes!("../../src/prior.txt");
        while !rest.is_empty() {
            let item = &rest[..self.lexer.item_len(rest)];
            self.item(&mut coder, rest.len(), Some(item));
            rest = &rest[item.len()..];
        }
        self.lexer = Lexer::new();
        self.tree = Tree::new();
        self.memory = Memory::default();
    }

    /// Reads the next item, where `left` bytes of the chunk are left.
    pub(crate) fn item(&mut self, coder: &mut Coder, left: usize, known: Option<&[u8]>) -> Vec<u8> {
        let limit = left.min(ITEM_LEN_MAX);
        let item = match self.lexer.state {
            State::Structure | State::Key => self.segment(coder, limit, known),
            State::Text => self.text(coder, limit, known),
            State::Scalar => self.scalar(coder, limit, known),
        };
        for &byte in &item {
            let in_key = self.lexer.state == State::Key;
            let is_segment = in_key || self.lexer.state == State::Structure;
            self.lexer.take(byte);
            if is_segment {
                self.tree.take(byte, in_key, self.lexer.state == State::Key);
            }
        }
        self.lexer.end_item();
        item
    }

    fn segment(&mut self, coder: &mut Coder, limit: usize, known: Option<&[u8]>) -> Vec<u8> {
        let Memory { s: [s1, s2, s3, s4, s5], v: [v1, ..], .. } = self.memory;
        let frame = self.tree.frame();
        let two = pair(s1, s2);
        let three = pair(two, s3);
        let contexts = [
            pair(s1, v1),
            two,
            triple(frame.path, frame.place(), s1),
            s1,
            triple(three, s4, s5),
            triple(three, frame.first, v1),
        ];
        let found = self.techniques.prune.then(|| self.segments.find(&contexts, s1));
        let name = found
            .as_ref()
            .and_then(|found| self.segments.choose(found, &self.segment_dictionary, coder, known));
        let item = match name {
            Some(name) => self.segment_dictionary.item(name).to_vec(),
            None => self.spell(pieces::SEGMENT, s1, limit, coder, known),
        };
        let hash = hash::bytes(&item);
        if let Some(found) = found {
            let name = name.or_else(|| self.segment_dictionary.add(hash, &item));
            self.segments.learn(&found, name);
        }
        if name.is_some() {
            self.memory.push(&item);
        }
        self.memory.push_segment(hash);
        item
    }

    fn spell(
        &mut self,
        kind: u32,
        column: u32,
        limit: usize,
        coder: &mut Coder,
        known: Option<&[u8]>,
    ) -> Vec<u8> {
        let of = Spelling { kind, column, limit, known };
        self.pieces.read(&of, &self.lexer, &mut self.memory, coder)
    }

    fn value_contexts(&self, c: u32, column: &Column) -> [u32; 6] {
        let [v1, v2] = self.memory.v;
        let Frame { path, key, first, .. } = *self.tree.frame();
        let above = self.tree.above();
        [
            pair(c, column.last),
            pair(c, v1),
            c,
            triple(c, v1, v2),
            triple(c, column.last, column.last_but_one),
            triple(path, pair(key, first), above.last),
        ]
    }

    /// The place of the memory of column `c`.
    fn column(&mut self, c: u32) -> usize {
        let at = place(c, self.column_bits);
        if self.columns[at].is_of != c {
            self.columns[at] = Column::new(c);
        }
        at
    }

    fn text(&mut self, coder: &mut Coder, limit: usize, known: Option<&[u8]>) -> Vec<u8> {
        let c = self.tree.frame().column();
        let at = self.column(c);
        let column = self.columns[at];
        let contexts = self.value_contexts(c, &column);
        let found = self.techniques.prune.then(|| self.values.find(&contexts, c));
        let name = found
            .as_ref()
            .and_then(|found| self.values.choose(found, &self.value_dictionary, coder, known));
        let item = match name {
            Some(name) => self.value_dictionary.item(name).to_vec(),
            None => self.spell(pieces::TEXT, c, limit, coder, known),
        };
        let hash = hash::bytes(&item);
        if let Some(found) = found {
            let name = name.or_else(|| self.value_dictionary.add(hash, &item));
            self.values.learn(&found, name);
        }
        if name.is_some() {
            self.memory.push(&item);
        }
        self.after_value(at, hash, &item, None);
        item
    }

    fn scalar(&mut self, coder: &mut Coder, limit: usize, known: Option<&[u8]>) -> Vec<u8> {
        let c = self.tree.frame().column();
        let at = self.column(c);
        let column = self.columns[at];
        let contexts = self.value_contexts(c, &column);
        let found = self.techniques.prune.then(|| self.values.find(&contexts, c));
        let number_contexts = self.number_contexts(c, &column);
        let guesses = self.techniques.delta.then(|| self.numbers.find(number_contexts, c));

        let best = found.as_ref().map_or(0, Found::best);
        let best_guess = guesses.as_ref().map_or(0, |guesses| self.numbers.best(guesses));
        let numbers_first = best_guess > best;
        let read = known.map(|item| (item, column.notation.read(item)));
        let is_known = read.map(|(item, read)| {
            let noise = read.map_or(0, |(_, noise)| noise);
            move |guess| column.notation.write(guess, noise).as_deref() == Some(item)
        });
        let is_known = is_known.as_ref().map(|is_known| is_known as &dyn Fn(Number) -> bool);
        let mut guessed = None;
        let mut name = None;
        if numbers_first && let Some(guesses) = &guesses {
            guessed = self.numbers.choose(guesses, coder, is_known);
        }
        if guessed.is_none()
            && let Some(found) = &found
        {
            name = self.values.choose(found, &self.value_dictionary, coder, known);
        }
        if name.is_none()
            && !numbers_first
            && best_guess != 0
            && let Some(guesses) = &guesses
        {
            guessed = self.numbers.choose(guesses, coder, is_known);
        }
        let mut spelled = false;
        let item = match (guessed, name) {
            (Some(number), _) => self.written(at, c, number, coder, known),
            (None, Some(name)) => self.value_dictionary.item(name).to_vec(),
            (None, None) => self.new_scalar(at, c, limit, coder, known, &mut spelled),
        };
        let hash = hash::bytes(&item);
        if let Some(found) = found {
            if name.is_none() && self.is_marked(hash) {
                name = self.value_dictionary.add(hash, &item);
            }
            self.values.learn(&found, name);
        }
        let notation = &mut self.columns[at].notation;
        notation.learn(&item);
        let number = notation.read(&item).map(|(number, _)| number);
        if let (Some(guesses), Some(number)) = (guesses, number) {
            self.numbers.learn(&guesses, number);
        }
        if !spelled {
            self.memory.push(&item);
        }
        self.after_value(at, hash, &item, number);
        item
    }

    /// A number in the notation of the column, after its noise.
    fn written(
        &mut self,
        at: usize,
        c: u32,
        number: Number,
        coder: &mut Coder,
        known: Option<&[u8]>,
    ) -> Vec<u8> {
        let column = &mut self.columns[at];
        let mut noise = 0;
        if column.notation.is_double() {
            let known = known.and_then(|item| column.notation.read(item)).map(|(_, noise)| noise);
            let of = digits::AroundNoise { column: c, number, last: column.noise };
            noise = self.digits.read_noise(&of, coder, known);
            column.noise = noise;
        }
        let text = column.notation.write(number, noise);
        coder.damaged |= text.is_none();
        text.unwrap_or_default()
    }

    fn number_contexts(&self, c: u32, column: &Column) -> [(u32, Number); numbers::CONTEXTS] {
        let Memory { s: [s1, s2, ..], v: [v1, ..], number, .. } = self.memory;
        let a = triple(s1, s2, v1);
        let ordinal = self.tree.frame().number_count % 4;
        let above = Number { digits: self.tree.object_above().numbers[ordinal], places: 0 };
        [
            (c, column.number),
            (pair(a, 1), number),
            (pair(a, 2), above),
            (pair(c, s1), number),
            (pair(c, v1), column.number),
        ]
    }

    /// A scalar that was not predicted; says whether its bytes were spelled.
    fn new_scalar(
        &mut self,
        at: usize,
        c: u32,
        limit: usize,
        coder: &mut Coder,
        known: Option<&[u8]>,
        spelled: &mut bool,
    ) -> Vec<u8> {
        let column = &mut self.columns[at];
        let is_digits = |item: &[u8]| item.iter().all(|byte| b"0123456789.-eE+".contains(byte));
        if !column.flag(0, coder, known.map(is_digits)) {
            *spelled = true;
            return self.spell(pieces::SCALAR, c, limit, coder, known);
        }
        let mut base = None;
        let mut mode = 0;
        if self.techniques.delta {
            let difference = known.map(|item| difference(item, column, self.memory.number));
            if column.flag(1, coder, difference.map(|known| known.is_some())) {
                let from_last = column.flag(2, coder, difference.map(|known| known == Some(true)));
                base = Some(if from_last { self.memory.number } else { column.number });
                mode = 1 + u32::from(from_last);
            }
        }
        let around = digits::Around {
            column: c,
            mode,
            text: column.text,
            before: if mode == 0 { self.memory.v[0] } else { self.memory.step },
            before_in_column: if mode == 0 { column.last } else { column.step },
            limit: if mode == 0 { limit } else { ITEM_LEN_MAX },
        };
        let Some(base) = base else {
            return self.digits.read(&around, coder, known);
        };
        let text_known = known
            .and_then(|item| column.notation.read(item))
            .map(|(number, _)| Number { digits: number.digits - base.digits, places: 0 }.text());
        let text = self.digits.read(&around, coder, text_known.as_deref());
        let difference = Number::of(&text).filter(|difference| difference.places == 0);
        coder.damaged |= difference.is_none();
        let sum = base.plus(difference.unwrap_or_default().digits);
        self.written(at, c, sum, coder, known)
    }

    /// Did a scalar of this hash come before? It has now.
    fn is_marked(&mut self, hash: u32) -> bool {
        let mark = hash as u16 | 1;
        std::mem::replace(&mut self.marks[place(hash, self.mark_bits)], mark) == mark
    }

    fn after_value(&mut self, at: usize, hash: u32, item: &[u8], number: Option<Number>) {
        let column = &mut self.columns[at];
        column.last_but_one = column.last;
        column.last = hash;
        column.text = [0; 24];
        let len = item.len().min(24);
        column.text[..len].copy_from_slice(&item[..len]);
        let frame = self.tree.frame_mut();
        frame.last = hash;
        if frame.first == 0 {
            frame.first = hash;
        }
        if let Some(number) = number {
            column.step = step(column.number, number);
            column.number = number;
            self.memory.step = column.step;
            self.memory.number = number;
            frame.numbers[frame.number_count % 4] = number.digits;
            frame.number_count += 1;
        }
        self.memory.push_value(hash);
    }
}

/// What the next difference is expected by: the sign and the size of this one.
fn step(before: Number, number: Number) -> u32 {
    if before.places != number.places {
        return 0;
    }
    let d = number.digits.wrapping_sub(before.digits);
    2 * (64 - d.unsigned_abs().leading_zeros()) + u32::from(d < 0)
}

/// Is a number of the prior written as a difference, and from the last number instead of the column's?
fn difference(item: &[u8], column: &Column, last: Number) -> Option<bool> {
    let (number, _) = column.notation.read(item)?;
    let len = |base: Number| {
        let difference = number.digits.wrapping_sub(base.digits);
        let len = Number { digits: difference, places: 0 }.text().len();
        let is_fine = base.places == number.places
            && difference.unsigned_abs() < DIFFERENCE_MAX
            && len + 1 < item.len();
        is_fine.then_some(len)
    };
    let choices = [(len(column.number), false), (len(last), true)];
    choices
        .into_iter()
        .filter_map(|(len, from_last)| Some((len?, from_last)))
        .min()
        .map(|best| best.1)
}
