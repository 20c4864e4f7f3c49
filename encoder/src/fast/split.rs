//! A block taken apart: steps from segment to segment, and where the values are.

use super::block::{OWN_MIN, SAMPLE, TOKENS_MAX};
use super::effort::Work;
use super::scan;
use super::segments::{Follows, LEN_MAX, Segments};
use super::steps::{Step, StepWriter};
use super::values::Token;
use crate::base::memory::Memory;

/// What a column costs beside its values, at most.
const COLUMN_COST: usize = 32;

/// Splits blocks.
pub(super) struct Splitter {
    segments: Segments,
    steps: StepWriter,
    /// Texts of new segments, each after its length.
    new: Vec<u8>,
    /// Where the values are.
    tokens: Vec<Token>,
    /// Tokens with and without a value.
    count: usize,
    /// Bytes of scalars.
    scalar_bytes: usize,
    /// Where the sample ends in the text, steps, new segments and values.
    sample: Option<[usize; 4]>,
}

/// A block, or the beginning of one, taken apart.
#[derive(Clone, Copy)]
pub(super) struct Split<'a> {
    pub(super) text: &'a [u8],
    pub(super) steps: &'a [u8],
    pub(super) new: &'a [u8],
    pub(super) tokens: &'a [Token],
    /// How many columns there are.
    pub(super) columns: usize,
}

/// A segment and the value after it, as they stand in the block.
struct Next {
    step: Step,
    /// The segment's number, if it is known.
    id: Option<u16>,
    /// Where the value begins.
    start: usize,
    /// Where it ends.
    end: usize,
    follows: Follows,
}

impl Splitter {
    /// With an empty dictionary.
    pub(super) fn new(memory: Memory) -> Self {
        Self {
            segments: Segments::new(memory),
            steps: StepWriter::default(),
            new: Vec::new(),
            tokens: Vec::new(),
            count: 0,
            scalar_bytes: 0,
            sample: None,
        }
    }

    /// Forgets the dictionary.
    pub(super) fn clear(&mut self) {
        self.segments.clear();
    }

    /// Gives back the memory of the block at hand.
    pub(super) fn release(&mut self) {
        self.steps = StepWriter::default();
        self.new = Vec::new();
        self.tokens = Vec::new();
    }

    /// Splits the beginning of `text` into tokens; `last` if the document ends there. Returns how
    /// far, or `None` if that is worth nothing.
    pub(super) fn split(&mut self, text: &[u8], last: bool) -> Option<usize> {
        self.segments.begin_block();
        self.steps.clear();
        self.new.clear();
        self.tokens.clear();
        (self.count, self.scalar_bytes, self.sample) = (0, 0, None);
        let mut at = 0;
        while at < text.len() && self.count < TOKENS_MAX {
            let next = self.next(text, at);
            if next.end == text.len() && !last {
                break;
            }
            if next.id.is_none() && self.segments.is_full() {
                break;
            }
            self.take(&text[at..next.start], &next);
            at = next.end;
            if at >= SAMPLE && self.sample.is_none() {
                self.sample = Some([at, self.steps.bytes.len(), self.new.len(), self.tokens.len()]);
            }
        }
        self.steps.finish();
        self.pays(at, text.len()).then_some(at)
    }

    /// What was split.
    pub(super) fn all<'a>(&'a self, text: &'a [u8]) -> Split<'a> {
        Split {
            text,
            steps: &self.steps.bytes,
            new: &self.new,
            tokens: &self.tokens,
            columns: self.segments.columns(),
        }
    }

    /// The beginning of what was split, about [`SAMPLE`] bytes.
    pub(super) fn sample<'a>(&'a self, text: &'a [u8]) -> Split<'a> {
        let all = self.all(text);
        let Some([len, steps, new, tokens]) = self.sample else { return all };
        Split {
            text: &text[..len],
            steps: &all.steps[..steps],
            new: &all.new[..new],
            tokens: &all.tokens[..tokens],
            ..all
        }
    }

    /// What splitting took.
    pub(super) fn work(&self) -> Work {
        Work::columns(self.count, self.steps.bytes.len())
    }

    /// Whether so much is new that the block may be smaller as it is.
    pub(super) fn is_doubtful(&self, len: usize) -> bool {
        self.new.len() > len / 40
    }

    /// The token that begins at `at`.
    #[inline]
    fn next(&self, text: &[u8], at: usize) -> Next {
        let candidates = self.segments.candidates();
        for (rank, id) in candidates.into_iter().enumerate() {
            if let Some((start, end, follows)) = self.expected(text, at, id) {
                let step = Step::Candidate(rank);
                return Next { step, id: Some(id), start, end, follows };
            }
        }
        self.unexpected(text, at)
    }

    /// If that segment stands at `at`: where the value after it begins and ends.
    #[inline]
    fn expected(&self, text: &[u8], at: usize, id: u16) -> Option<(usize, usize, Follows)> {
        let segment = self.segments.get(id)?;
        let start = at + usize::from(segment.len);
        if text.get(at..start)? != self.segments.bytes(segment) {
            return None;
        }
        match segment.follows {
            Follows::Text => {
                let end = scan::string_end(text, start);
                // What looked like a value may be a key.
                let is_key = end < text.len() && scan::is_key(text, end);
                (!is_key).then_some((start, end, Follows::Text))
            }
            Follows::Scalar => {
                let end = scan::scalar_end(text, start);
                (end > start).then_some((start, end, Follows::Scalar))
            }
            // Others end where the document did.
            Follows::Nothing if usize::from(segment.len) < LEN_MAX => None,
            Follows::Nothing => Some((start, start, Follows::Nothing)),
        }
    }

    #[cold]
    fn unexpected(&self, text: &[u8], at: usize) -> Next {
        let closes = self.segments.last().is_some_and(|last| last.follows == Follows::Text);
        let (start, follows) = scan::segment(text, at, closes);
        let end = match follows {
            Follows::Text => scan::string_end(text, start),
            Follows::Scalar => scan::scalar_end(text, start),
            Follows::Nothing => start,
        };
        let id = self.segments.find(&text[at..start], follows);
        Next { step: id.map_or(Step::New(follows), Step::Known), id, start, end, follows }
    }

    /// Notes a token.
    #[inline]
    fn take(&mut self, segment: &[u8], next: &Next) {
        self.steps.push(next.step);
        self.count += 1;
        let id = next.id.unwrap_or_else(|| {
            self.new.push(segment.len() as u8);
            self.new.extend_from_slice(segment);
            self.segments.add(segment, next.follows)
        });
        let column = self.segments.take(id);
        let len = next.end - next.start;
        match next.follows {
            Follows::Nothing => return,
            Follows::Text => {}
            Follows::Scalar => self.scalar_bytes += len,
        }
        self.tokens.push(Token { start: next.start as u32, len: len as u32, column });
    }

    /// Whether `len` bytes in columns are better than `available` bytes as they are.
    fn pays(&self, len: usize, available: usize) -> bool {
        let values: usize = self.tokens.iter().map(|token| token.len as usize + 1).sum();
        let columns = (self.tokens.len() / OWN_MIN).min(self.segments.columns());
        let steps = self.steps.bytes.len() + self.new.len();
        let streams = steps + values + COLUMN_COST * (columns + 1);
        // A dictionary that fills up at once has little to do with what comes.
        let is_split = len >= available / 8 || !self.segments.is_full();
        // Numbers take half of their text or less.
        let saved = (len + self.scalar_bytes / 2).saturating_sub(streams);
        is_split && streams <= len && saved >= len / 8
    }
}
