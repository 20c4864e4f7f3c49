//! Where the pieces of a missed item end: words in values; glue and keys in segments.

use super::lexer::{Event, Lexer};

/// The longest piece of a value; longer runs are cut. Half +0.1 %, twice 0.0 %.
const WORD_MAX: usize = 24;
/// The longest piece of a segment; half, twice: 0.0 %.
const GLUE_MAX: usize = 64;

/// What kind of item is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// Punctuation, white space and keys.
    Segment,
    /// The inside of a string.
    Text,
    /// A run of other bytes that is no number.
    Scalar,
}

/// What a byte means for the piece at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The piece goes on.
    More,
    /// The byte ends the piece.
    EndPiece,
    /// The byte ends the item and is its last.
    EndItem,
    /// The byte stands for the end of the item and is not part of it.
    Terminator,
}

/// Follows an item byte by byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PieceScanner {
    kind: ItemKind,
    lexer: Lexer,
    len: usize,
}

impl PieceScanner {
    /// At the start of an item.
    pub(crate) fn new(kind: ItemKind, lexer: Lexer) -> Self {
        Self { kind, lexer, len: 0 }
    }

    /// The byte that stands for the end of the item: it cannot occur in it.
    pub(crate) fn terminator(&self) -> u8 {
        if self.kind == ItemKind::Segment { b'0' } else { b'"' }
    }

    /// Takes the next byte.
    #[inline]
    pub(crate) fn step(&mut self, byte: u8) -> Step {
        self.len += 1;
        let step = match self.kind {
            ItemKind::Segment => self.step_segment(byte),
            ItemKind::Text => self.step_text(byte),
            ItemKind::Scalar if byte == b'"' => Step::Terminator,
            ItemKind::Scalar => end_of_word(byte, self.len),
        };
        if step != Step::More {
            self.len = 0;
        }
        step
    }

    /// A piece begins here, wherever the one before would have ended.
    pub(crate) fn begin_piece(&mut self) {
        self.len = 0;
    }

    #[inline]
    fn step_segment(&mut self, byte: u8) -> Step {
        if self.lexer.begins_scalar(byte) {
            Step::Terminator
        } else if self.lexer.step_segment(byte) == Event::BeginsText {
            Step::EndItem
        } else if byte == b'"' || self.len == GLUE_MAX {
            Step::EndPiece
        } else {
            Step::More
        }
    }

    #[inline]
    fn step_text(&mut self, byte: u8) -> Step {
        if byte == b'"' && !self.lexer.is_escaped() {
            return Step::Terminator;
        }
        self.lexer.step_text(byte);
        end_of_word(byte, self.len)
    }
}

/// Which bytes a word is made of: letters, digits and what is not ASCII.
static IN_WORD: [bool; 256] = in_word();

const fn in_word() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte >= 0x80;
        byte += 1;
    }
    table
}

#[inline]
fn end_of_word(byte: u8, len: usize) -> Step {
    if IN_WORD[usize::from(byte)] && len < WORD_MAX { Step::More } else { Step::EndPiece }
}
