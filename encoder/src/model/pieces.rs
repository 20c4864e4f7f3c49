//! Items that are new, piece by piece: keys and punctuation of segments, words of values. A piece that came before is
//! named (the technique *codebook*), another is coded byte by byte; where a long match goes on, many bytes at once.

use super::candidates::Predictor;
use super::contexts::{self, ENDING, PIECE, first};
use super::contradiction::Contradiction;
use super::dictionary::{Dictionary, Id};
use super::item::Item;
use crate::base::hash;
use crate::base::memory::Memory;
use crate::cm::around::Around;
use crate::cm::coder::{Coder, Part};
use crate::cm::literals::LiteralCoder;
use crate::cm::match_model::RUN;
use crate::grammar::lexer::{ITEM_MAX, Lexer};
use crate::grammar::pieces::{ItemKind, PieceScanner, Step};

/// Bytes of a piece after which its ending is guessed; 2: +0.1 %, 5: 0.0 %.
const BEGUN: usize = 3;

/// What a new item is made of.
#[derive(Clone, Debug)]
pub(super) struct PieceModel<const L: usize> {
    /// Whether pieces are named at all.
    codebook: bool,
    memory: Memory,
    dictionary: Dictionary,
    /// Which piece comes.
    whole: Predictor<PIECE>,
    /// How a piece ends that was begun.
    endings: Predictor<ENDING>,
    literals: LiteralCoder<L>,
    /// Hashes of the last two pieces, the latest first.
    last: [u32; 2],
    /// The piece at hand.
    piece: Vec<u8>,
}

/// A new item while it is coded.
pub(super) struct NewItem<'a> {
    /// The item, to the encoder; empty to the decoder.
    source: &'a [u8],
    /// The length at which it ends without a terminator.
    limit: usize,
    kind: ItemKind,
    column: u32,
    scanner: PieceScanner,
    /// The hash of the item so far.
    beginning: u32,
}

impl<'a> NewItem<'a> {
    /// Before its first byte.
    pub(super) fn new(
        (source, limit): (&'a [u8], usize),
        kind: ItemKind,
        column: u32,
        lexer: Lexer,
    ) -> Self {
        let scanner = PieceScanner::new(kind, lexer);
        Self { source, limit, kind, column, scanner, beginning: 0 }
    }

    /// What the encoder has after the bytes that are coded.
    fn rest(&self, item: &Item) -> &'a [u8] {
        self.source.get(item.bytes.len()..).unwrap_or(&[])
    }

    /// Takes a byte of the item.
    #[inline]
    fn push(&mut self, byte: u8, item: &mut Item) {
        self.beginning = hash::pair(self.beginning, u32::from(byte));
        item.push(byte);
    }

    fn parts(&self) -> (Part, Part) {
        match self.kind {
            ItemKind::Segment => (Part::GlueFlags, Part::GlueLiterals),
            ItemKind::Text | ItemKind::Scalar => (Part::WordFlags, Part::WordLiterals),
        }
    }
}

impl<const L: usize> PieceModel<L> {
    /// Knows nothing.
    pub(super) fn new(
        codebook: bool,
        memory: Memory,
        dictionary: Dictionary,
        (whole, endings): (Predictor<PIECE>, Predictor<ENDING>),
        literals: LiteralCoder<L>,
    ) -> Self {
        let (last, piece) = ([0; 2], Vec::new());
        Self { codebook, memory, dictionary, whole, endings, literals, last, piece }
    }

    /// Makes all memory real.
    pub(super) fn touch(&mut self) {
        self.dictionary.touch();
        self.whole.touch();
        self.endings.touch();
        self.literals.touch();
    }

    /// As if this many bytes had come before.
    #[cfg(test)]
    pub(super) fn start_at(&mut self, position: u32) {
        self.dictionary.start_at(position);
        self.literals.start_at(position);
    }

    /// Forgets the last pieces.
    pub(super) fn start_document(&mut self) {
        self.last = [0; 2];
    }

    /// Goes past bytes of the document that are not coded as items: they are only remembered.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        self.literals.pass_over(bytes);
    }

    /// Of some places of these bytes, how many there are and how many came before.
    pub(super) fn known(&self, bytes: &[u8]) -> (usize, usize) {
        self.literals.known(bytes)
    }

    /// Codes an item.
    pub(super) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        mut new: NewItem,
        item: &mut Item,
    ) -> Result<(), Contradiction> {
        while item.bytes.len() < new.limit {
            match self.code_run(coder, &mut new, item) {
                Some(Step::EndItem | Step::Terminator) => break,
                Some(_) => continue,
                None => {}
            }
            if self.code_piece(coder, &mut new, item)? {
                break;
            }
        }
        Ok(())
    }

    /// Codes many bytes at once where a long match goes on; returns the last step if it did.
    fn code_run<C: Coder>(
        &mut self,
        coder: &mut C,
        new: &mut NewItem,
        item: &mut Item,
    ) -> Option<Step> {
        if !self.codebook || item.bytes.len() + RUN > ITEM_MAX {
            return None;
        }
        let bytes = self.literals.run()?;
        let (run, end, mut after) = until_end(&bytes, new.scanner);
        let inside = if end == Step::Terminator { run.len() - 1 } else { run.len() };
        let is_last = matches!(end, Step::Terminator | Step::EndItem);
        if is_last && !self.literals.is_sure() {
            return None;
        }
        let rest = new.rest(item);
        let comes = rest.starts_with(&run[..inside]) && (!is_last || rest.len() == inside);
        coder.enter(Part::Runs);
        if !self.literals.code_run(coder, is_last, comes) {
            return None;
        }
        for &byte in run {
            self.literals.pass(byte);
        }
        for &byte in &run[..inside] {
            new.push(byte, item);
        }
        // Where the pieces of a run end is not looked at: what follows begins one, after none.
        after.begin_piece();
        new.scanner = after;
        self.last = [0; 2];
        Some(end)
    }

    /// Codes a piece; returns whether it ended the item.
    fn code_piece<C: Coder>(
        &mut self,
        coder: &mut C,
        new: &mut NewItem,
        item: &mut Item,
    ) -> Result<bool, Contradiction> {
        // Past the end of its input a decoder would go on with zeros as long as there is room.
        if coder.is_overrun() {
            return Err(Contradiction);
        }
        self.piece = self.memory.buffer(std::mem::take(&mut self.piece));
        let (hit, actual) = if self.codebook {
            coder.enter(new.parts().0);
            self.code_name(coder, new, item)
        } else {
            (None, 0)
        };
        let is_end = match hit {
            Some(id) => self.copy(id, 0, new, item)?,
            None => self.code_new(coder, actual, new, item)?,
        };
        let hash = hash::bytes(&self.piece);
        if self.codebook {
            let id = match hit {
                Some(id) => id,
                None => self.dictionary.intern(&self.piece, hash),
            };
            self.learn(id, new);
        }
        self.last = [hash, self.last[0]];
        Ok(is_end)
    }

    /// Codes whether a known piece comes, and which; says too which it is, to the encoder.
    fn code_name<C: Coder>(
        &mut self,
        coder: &mut C,
        new: &NewItem,
        item: &Item,
    ) -> (Option<Id>, Id) {
        let contexts = contexts::of_piece(self.last, new.kind, new.column, new.beginning);
        self.whole.prepare(&contexts, hash::pair(new.column, new.kind as u32));
        let mut actual = 0;
        if C::ENCODING {
            self.read_piece(new.rest(item), new.limit - item.bytes.len(), new.scanner);
            let hash = hash::bytes(&self.piece);
            actual = self.dictionary.find(&self.piece, hash).unwrap_or(0);
        }
        (self.whole.code(coder, &self.dictionary, actual), actual)
    }

    /// Teaches the contexts which piece came.
    fn learn(&mut self, id: Id, new: &NewItem) {
        self.whole.learn(id);
        if self.piece.len() > BEGUN {
            self.prepare_endings(new);
            self.endings.learn(id);
        }
    }

    fn prepare_endings(&mut self, new: &NewItem) {
        let begun = hash::bytes(&self.piece[..BEGUN]);
        let contexts = contexts::of_ending(begun, self.last[0], new.kind, new.column);
        self.endings.prepare(&contexts, hash::pair(new.column, new.kind as u32));
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

    /// Takes what a known piece has after its first `from` bytes; returns whether it ended the item.
    fn copy(
        &mut self,
        id: Id,
        from: usize,
        new: &mut NewItem,
        item: &mut Item,
    ) -> Result<bool, Contradiction> {
        let (bytes, _) = self.dictionary.get(id).ok_or(Contradiction)?;
        if bytes.get(..from) != Some(&self.piece[..from]) {
            return Err(Contradiction);
        }
        self.piece.clear();
        self.piece.extend_from_slice(bytes);
        let mut step = Step::More;
        for index in from..self.piece.len() {
            // It came in other surroundings: here it may end too soon, or not at all.
            if step != Step::More || item.bytes.len() >= new.limit {
                return Err(Contradiction);
            }
            let byte = self.piece[index];
            step = new.scanner.step(byte);
            self.literals.pass(byte);
            if step != Step::Terminator {
                new.push(byte, item);
            }
        }
        if step == Step::More && item.bytes.len() < new.limit {
            return Err(Contradiction);
        }
        Ok(matches!(step, Step::EndItem | Step::Terminator))
    }

    /// Codes a piece byte by byte; returns whether it ended the item. `actual` is its name, if the encoder knows one.
    fn code_new<C: Coder>(
        &mut self,
        coder: &mut C,
        actual: Id,
        new: &mut NewItem,
        item: &mut Item,
    ) -> Result<bool, Contradiction> {
        let part = new.parts().1;
        coder.enter(part);
        self.piece.clear();
        let mut word = self.last[0];
        let around = Around { kind: new.kind as usize, column: new.column };
        while item.bytes.len() < new.limit {
            let byte = new.source.get(item.bytes.len()).copied();
            let byte = byte.unwrap_or(new.scanner.terminator());
            let contexts = contexts::of_byte(item.last_bytes, new.kind, word);
            let byte = self.literals.code(coder, first(&contexts), around, byte);
            word = hash::pair(word, u32::from(byte));
            self.piece.push(byte);
            let step = new.scanner.step(byte);
            if step != Step::Terminator {
                new.push(byte, item);
            }
            match step {
                Step::More => {}
                Step::EndPiece => return Ok(false),
                Step::EndItem | Step::Terminator => return Ok(true),
            }
            let is_begun = self.piece.len() == BEGUN && item.bytes.len() < new.limit;
            if is_begun && self.codebook {
                coder.enter(Part::EndingFlags);
                self.prepare_endings(new);
                if let Some(id) = self.endings.code(coder, &self.dictionary, actual) {
                    return self.copy(id, BEGUN, new, item);
                }
                coder.enter(part);
            }
        }
        Ok(true)
    }
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
