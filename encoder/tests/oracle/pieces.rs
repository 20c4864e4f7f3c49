//! FORMAT.md, section 8, "Pieces".

use super::bytes::{Around, Bytes};
use super::candidates::{Dictionary, Found, Predictor, Sizes};
use super::coder::Coder;
use super::hash::{self, pair, triple};
use super::items::{ITEM_LEN_MAX, Lexer, Stands, State};
use super::matching::Match;
use super::model::Memory;
use super::probability::Adaptive;

pub(crate) const SEGMENT: u32 = 0;
pub(crate) const TEXT: u32 = 1;
pub(crate) const SCALAR: u32 = 2;

const VALUE_PIECE_LEN_MAX: usize = 24;
const SEGMENT_PIECE_LEN_MAX: usize = 64;
/// Bytes of a piece before its ending is predicted.
const BEGINNING: usize = 3;
/// Bytes that a run repeats at most.
const RUN: usize = 32;
const RUN_MATCH_LEN_MIN: u32 = 16;
const ENDING_RUN_MATCH_LEN_MIN: u32 = 32;
const RUN_LIMIT: u32 = 127;

/// The predictors of pieces and endings: contexts, T and m.
const CONTEXTS: usize = 3;
const PIECE_TRIES: usize = 2;
const ENDING_TRIES: usize = 1;
const MINIMUM: u32 = 36_000;

#[derive(Clone)]
pub(crate) struct Pieces {
    codebook: bool,
    dictionary: Dictionary,
    words: Predictor,
    endings: Predictor,
    runs: [Adaptive; 64],
    pub(crate) matching: Match,
    bytes: Bytes,
}

/// An item that is spelled.
pub(crate) struct Spelling<'a> {
    pub(crate) kind: u32,
    pub(crate) column: u32,
    /// At most so many bytes.
    pub(crate) limit: usize,
    pub(crate) known: Option<&'a [u8]>,
}

/// An item while it is spelled.
struct Progress {
    item: Vec<u8>,
    lexer: Lexer,
    ended: bool,
    /// The hash of the item so far.
    f: u32,
    piece: Vec<u8>,
    word: u32,
}

impl Pieces {
    pub(crate) fn new(level: usize, codebook: bool, sizes: &super::model::TableSizes) -> Self {
        let predictor = |tries| {
            Predictor::new(Sizes {
                contexts: CONTEXTS,
                slots: sizes.piece_slots,
                tries,
                minimum: MINIMUM,
            })
        };
        Self {
            codebook,
            dictionary: Dictionary::new(sizes.piece_ring),
            words: predictor(PIECE_TRIES),
            endings: predictor(ENDING_TRIES),
            runs: [Adaptive::EVEN; 64],
            matching: Match::new(sizes.text),
            bytes: Bytes::new(level, sizes.histories, sizes.counts),
        }
    }

    /// Reads an item piece by piece.
    pub(crate) fn read(
        &mut self,
        of: &Spelling,
        lexer: &Lexer,
        memory: &mut Memory,
        coder: &mut Coder,
    ) -> Vec<u8> {
        let coded = of.known.map(|item| coded(item, of, lexer));
        let coded = coded.as_deref();
        let mut on = Progress {
            item: Vec::new(),
            lexer: lexer.clone(),
            ended: false,
            f: 0,
            piece: Vec::new(),
            word: 0,
        };
        let mut at = 0;
        while !on.ended && on.item.len() < of.limit && !coder.damaged {
            if let Some(len) = self.run(of, &mut on, memory, coder) {
                memory.p = [0; 2];
                at += len;
                continue;
            }
            let rest = coded.map(|coded| &coded[at..]);
            on.piece.clear();
            on.word = memory.p[0];
            self.piece(of, &mut on, memory, coder, rest);
            memory.p = [hash::bytes(&on.piece), memory.p[0]];
            at += on.piece.len();
        }
        on.item
    }

    /// Reads whether the next bytes are those that follow the match, and takes them if so; how many.
    fn run(
        &mut self,
        of: &Spelling,
        on: &mut Progress,
        memory: &mut Memory,
        coder: &mut Coder,
    ) -> Option<usize> {
        let fits = on.item.len() + RUN <= ITEM_LEN_MAX;
        let asked = self.matching.without_runs > 0;
        if !self.codebook || !fits || asked || self.matching.len < RUN_MATCH_LEN_MIN {
            return None;
        }
        let mut run = self.matching.following(RUN);
        let mut lexer = on.lexer.clone();
        let stands: Vec<Stands> = run
            .iter()
            .map(|&byte| match lexer.take(byte) {
                // What else would end a value is never coded as its end.
                Stands::After if of.kind != SEGMENT && byte != b'"' => Stands::Inside,
                stands => stands,
            })
            .collect();
        let end = stands.iter().position(|&stands| stands != Stands::Inside);
        run.truncate(end.map_or(RUN, |end| end + 1));
        let inside = match end {
            Some(end) if stands[end] == Stands::After => end,
            _ => run.len(),
        };
        if end.is_some() && self.matching.len < ENDING_RUN_MATCH_LEN_MIN {
            return None;
        }
        let known = of.known.map(|item| {
            let rest = &item[on.item.len()..];
            rest.starts_with(&run[..inside]) && (end.is_none() || rest.len() == inside)
        });
        let class = (self.matching.len / 8).min(31) as usize + if end.is_some() { 32 } else { 0 };
        let bit = coder.decide(self.runs[class].value().clamp(32, 65_504), known);
        self.runs[class].learn(bit, RUN_LIMIT);
        if bit {
            for &byte in &run {
                self.take(byte, on, memory);
            }
        } else {
            self.matching.without_runs = RUN;
        }
        bit.then_some(run.len())
    }

    /// Reads a piece.
    fn piece(
        &mut self,
        of: &Spelling,
        on: &mut Progress,
        memory: &mut Memory,
        coder: &mut Coder,
        rest: Option<&[u8]>,
    ) {
        let known = rest.map(|rest| &rest[..piece_len(rest, of.kind)]);
        if !self.codebook {
            self.spell(usize::MAX, of, on, memory, coder, known);
            return;
        }
        let Memory { p: [p1, p2], .. } = *memory;
        let (c, kind) = (of.column, of.kind);
        let contexts = [triple(p1, p2, kind), triple(p1, c, kind), triple(on.f, c, kind)];
        let found = self.words.find(&contexts, pair(c, kind));
        if let Some(name) = self.words.choose(&found, &self.dictionary, coder, known) {
            self.take_named(name, of, on, memory, coder);
        } else {
            self.spell(BEGINNING, of, on, memory, coder, known);
            if !is_complete(of, on) {
                let found = self.find_endings(on, of, p1);
                if let Some(name) = self.endings.choose(&found, &self.dictionary, coder, known) {
                    self.take_named(name, of, on, memory, coder);
                } else {
                    self.spell(usize::MAX, of, on, memory, coder, known);
                }
            }
        }
        let name = self.dictionary.add(hash::bytes(&on.piece), &on.piece);
        self.words.learn(&found, name);
        if on.piece.len() > BEGINNING {
            let found = self.find_endings(on, of, p1);
            self.endings.learn(&found, name);
        }
    }

    fn find_endings(&mut self, on: &Progress, of: &Spelling, p1: u32) -> Found {
        let h = hash::bytes(&on.piece[..BEGINNING]);
        let (c, kind) = (of.column, of.kind);
        self.endings.find(&[pair(h, kind), pair(h, p1), triple(h, c, 1)], pair(c, kind))
    }

    /// The rest of the piece comes from the dictionary.
    fn take_named(
        &mut self,
        name: u32,
        of: &Spelling,
        on: &mut Progress,
        memory: &mut Memory,
        coder: &mut Coder,
    ) {
        let piece = self.dictionary.item(name).to_vec();
        coder.damaged |= !piece.starts_with(&on.piece);
        for &byte in piece.iter().skip(on.piece.len()) {
            coder.damaged |= on.ended || on.item.len() == of.limit;
            if !coder.damaged {
                self.take(byte, on, memory);
                on.piece.push(byte);
            }
        }
    }

    /// Reads bytes until the piece has `len` of them or is complete.
    fn spell(
        &mut self,
        len: usize,
        of: &Spelling,
        on: &mut Progress,
        memory: &mut Memory,
        coder: &mut Coder,
        known: Option<&[u8]>,
    ) {
        while on.piece.len() < len && !is_complete(of, on) {
            let contexts = contexts(of, on, memory);
            let around = Around { contexts: &contexts, column: of.column, kind: of.kind };
            let known = known.map(|piece| piece[on.piece.len()]);
            let byte = self.bytes.read(&around, &mut self.matching, coder, known);
            self.take(byte, on, memory);
            on.piece.push(byte);
            on.word = pair(on.word, u32::from(byte));
        }
    }

    /// Takes a byte of the item, or the one that ends it.
    fn take(&mut self, byte: u8, on: &mut Progress, memory: &mut Memory) {
        self.matching.take(byte);
        let stands = on.lexer.take(byte);
        on.ended = stands != Stands::Inside;
        if stands != Stands::After {
            on.f = pair(on.f, u32::from(byte));
            on.item.push(byte);
            memory.push_byte(byte);
        }
    }
}

/// An item as it is coded: with the byte that ends it, if there is one.
fn coded(item: &[u8], of: &Spelling, lexer: &Lexer) -> Vec<u8> {
    let mut lexer = lexer.clone();
    let opens_text = item.iter().any(|&byte| lexer.take(byte) == Stands::Last);
    let mut coded = item.to_vec();
    if item.len() < of.limit && !opens_text {
        coded.push(if lexer.state == State::Structure { b'0' } else { b'"' });
    }
    coded
}

fn is_complete(of: &Spelling, on: &Progress) -> bool {
    let len = on.piece.len();
    on.ended || on.item.len() == of.limit || len > 0 && ends_piece(&on.piece, of.kind)
}

/// Is there an end at the last byte?
fn ends_piece(piece: &[u8], kind: u32) -> bool {
    let last = piece[piece.len() - 1];
    match kind {
        SEGMENT => piece.len() == SEGMENT_PIECE_LEN_MAX || last == b'"',
        _ => piece.len() == VALUE_PIECE_LEN_MAX || !last.is_ascii_alphanumeric() && last < 128,
    }
}

/// The length of the piece that `rest` begins with.
fn piece_len(rest: &[u8], kind: u32) -> usize {
    (1..=rest.len()).find(|&len| ends_piece(&rest[..len], kind)).unwrap_or(rest.len())
}

/// The contexts of a byte.
fn contexts(of: &Spelling, on: &Progress, memory: &Memory) -> [u32; 5] {
    let (w, kind) = (memory.w, of.kind);
    [
        pair(w as u32 & 0xFFFF, 1),
        pair(w as u32 & 0xFF, 256 | kind),
        pair(w as u32 & 0xFF_FFFF, 2),
        triple(w as u32, (w >> 32) as u32 & 0xFF, 3),
        triple(on.word, kind, 4),
    ]
}
