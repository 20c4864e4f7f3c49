//! Blocks on their way out.

use xxhash_rust::xxh64::Xxh64;

use super::columns::{ColumnWriter, Token, Values, push_text};
use super::lz::Compressor;
use super::scan;
use super::segments::{Follows, LEN_MAX, NONE, Segments};
use super::steps::{Step, StepWriter};
use super::{BLOCK, OWN_MIN, TOKENS_MAX, form};
use crate::format::{Header, write_varint};
use crate::memory::Memory;
use crate::stage::Stage;

/// Streams are compressed together until there is so much of them: a table of codes each would cost more.
const TOGETHER: usize = 1000;
/// What a column costs beside its values, at most.
const COLUMN_COST: usize = 32;

/// Encodes blocks.
pub(crate) struct Packer {
    header: Header,
    segments: Segments,
    steps: StepWriter,
    /// Texts of new segments, each after its length.
    new: Vec<u8>,
    /// Where the values are.
    tokens: Vec<Token>,
    /// Bytes of scalars.
    scalar_bytes: usize,
    /// Tokens with and without a value.
    count: usize,
    columns: ColumnWriter,
    lz: Compressor,
    whole: Xxh64,
}

/// A segment and the value after it, as they stand in the block.
struct Next {
    step: Step,
    /// Where the value begins.
    start: usize,
    /// Where it ends.
    end: usize,
    follows: Follows,
}

impl Packer {
    /// Empty dictionaries.
    pub(crate) fn new(header: Header, memory: Memory) -> Self {
        Stage::Tables.run(|| Self {
            header,
            segments: Segments::new(memory),
            steps: StepWriter::default(),
            new: Vec::new(),
            tokens: Vec::new(),
            scalar_bytes: 0,
            count: 0,
            columns: ColumnWriter::new(header.coding),
            lz: Compressor::new(header.coding.pack),
            whole: Xxh64::new(header.seed()),
        })
    }

    /// Encodes a block from the beginning of `text`, which is not empty; `last` if nothing comes
    /// after it. Returns the block's length.
    pub(crate) fn block(&mut self, text: &[u8], last: bool, out: &mut Vec<u8>) -> usize {
        let text = &text[..text.len().min(BLOCK)];
        let split = Stage::Coder.run(|| self.split(text, last));
        let (text, plain) = match split {
            Some(len) => (&text[..len], false),
            None => (text, true),
        };
        write_varint(text.len() as u64, out);
        let start = out.len() + 3;
        out.extend_from_slice(&[0; 3]);
        if plain {
            self.segments.clear();
            out.push(form::PLAIN);
            self.lz.push(text, true, out);
        } else {
            self.write_columns(text, out);
        }
        let coded = &out[start..];
        let mut hash = Xxh64::new(self.header.seed());
        hash.update(text);
        hash.update(coded);
        let check = hash.digest().to_le_bytes();
        self.whole.update(&check);
        let coded_len = (coded.len() as u32).to_le_bytes();
        out[start - 3..start].copy_from_slice(&coded_len[..3]);
        out.extend_from_slice(&check[..4]);
        text.len()
    }

    /// Encodes what is left and ends the document.
    pub(crate) fn finish(&mut self, mut rest: &[u8], out: &mut Vec<u8>) {
        while !rest.is_empty() {
            let len = self.block(rest, true, out);
            rest = &rest[len..];
        }
        write_varint(0, out);
        out.extend_from_slice(&self.whole.digest().to_le_bytes());
    }

    /// Splits the beginning of `text` into tokens; `None` if that does not pay.
    fn split(&mut self, text: &[u8], last: bool) -> Option<usize> {
        if !self.header.coding.codebook {
            return None;
        }
        self.segments.begin_block();
        self.steps.clear();
        self.new.clear();
        self.tokens.clear();
        (self.count, self.scalar_bytes) = (0, 0);
        let mut at = 0;
        while at < text.len() && self.count < TOKENS_MAX {
            let next = self.next(text, at);
            if next.end == text.len() && !last {
                break;
            }
            if matches!(next.step, Step::New(_)) && self.segments.is_full() {
                break;
            }
            self.take(&text[at..next.start], &next);
            self.count += 1;
            at = next.end;
        }
        self.steps.finish();
        self.pays(at, text.len()).then_some(at)
    }

    /// The token that begins at `at`.
    #[inline]
    fn next(&self, text: &[u8], at: usize) -> Next {
        let candidates = self.segments.candidates();
        for (rank, &id) in candidates.iter().enumerate() {
            if let Some((start, end, follows)) = self.expected(text, at, id) {
                return Next { step: Step::Candidate(rank), start, end, follows };
            }
        }
        self.unexpected(text, at)
    }

    /// Whether a segment stands at `at`: where the value after it begins and ends.
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
        let known = self.segments.find(&text[at..start], follows);
        let step = known.map_or(Step::New(follows), Step::Known);
        Next { step, start, end, follows }
    }

    /// Notes a token.
    #[inline]
    fn take(&mut self, segment: &[u8], next: &Next) {
        self.steps.push(next.step);
        let id = match next.step {
            Step::Candidate(rank) => self.segments.candidates()[rank],
            Step::Known(id) => id,
            Step::New(follows) => {
                self.new.push(segment.len() as u8);
                self.new.extend_from_slice(segment);
                self.segments.add(segment, follows)
            }
        };
        debug_assert_ne!(id, NONE, "no candidate is none");
        let column = self.segments.take(id);
        if next.follows == Follows::Scalar {
            self.scalar_bytes += next.end - next.start;
        }
        if next.follows != Follows::Nothing {
            let (start, len) = (next.start as u32, (next.end - next.start) as u32);
            self.tokens.push(Token { start, len, column });
        }
    }

    /// Whether `len` bytes in columns are better than `available` bytes as they are.
    fn pays(&self, len: usize, available: usize) -> bool {
        let values: usize = self.tokens.iter().map(|token| token.len as usize + 1).sum();
        let columns = (self.tokens.len() / OWN_MIN).min(self.segments.columns());
        let steps = self.steps.bytes.len() + self.new.len();
        let streams = steps + values + COLUMN_COST * (columns + 1);
        let is_split = len >= available / 8 || !self.segments.is_full();
        // Numbers take half of their text or less.
        let saved = (len + self.scalar_bytes / 2).saturating_sub(streams);
        is_split && streams <= len && saved >= len / 8
    }

    fn write_columns(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let counts = self.counts();
        let (order, ends) = self.order(&counts);
        let mut shared = Vec::new();
        for token in &self.tokens {
            if counts[usize::from(token.column)] < OWN_MIN {
                push_text(&text[token.start as usize..][..token.len as usize], &mut shared);
            }
        }
        out.push(form::COLUMNS);
        let start = out.len();
        out.extend_from_slice(&[0; 3]);
        let mut parts = Parts { lz: &mut self.lz, out, len: 0, pending: 0 };
        let mut lengths = Vec::new();
        for stream in [&self.steps.bytes, &self.new, &shared] {
            write_varint(stream.len() as u64, &mut lengths);
        }
        parts.push(&lengths);
        parts.push(&self.steps.bytes);
        parts.push(&self.new);
        parts.push(&shared);
        self.columns.begin_block();
        let mut begin = 0;
        for end in ends {
            let order = &order[begin..end];
            begin = end;
            let values = Values { text, tokens: &self.tokens, order };
            self.columns.write(&values, |part| parts.push(part));
        }
        let len = parts.finish();
        out[start..start + 3].copy_from_slice(&(len as u32).to_le_bytes()[..3]);
    }

    /// How many values each column has; none for those that share.
    fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.segments.columns()];
        for token in &self.tokens {
            counts[usize::from(token.column)] += 1;
        }
        counts[0] = 0;
        counts
    }

    /// The tokens by column, in the order in which columns first appear, and where each ends.
    fn order(&self, counts: &[usize]) -> (Vec<u32>, Vec<usize>) {
        let (mut begins, mut ends) = (vec![usize::MAX; counts.len()], Vec::new());
        let mut len = 0;
        for token in &self.tokens {
            let column = usize::from(token.column);
            if counts[column] >= OWN_MIN && begins[column] == usize::MAX {
                begins[column] = len;
                len += counts[column];
                ends.push(len);
            }
        }
        let mut order = vec![0; len];
        for (index, token) in self.tokens.iter().enumerate() {
            let begin = &mut begins[usize::from(token.column)];
            if *begin != usize::MAX {
                order[*begin] = index as u32;
                *begin += 1;
            }
        }
        (order, ends)
    }
}

/// The parts of a block on their way into the compressor.
struct Parts<'a> {
    lz: &'a mut Compressor,
    out: &'a mut Vec<u8>,
    len: usize,
    pending: usize,
}

impl Parts<'_> {
    fn push(&mut self, part: &[u8]) {
        self.len += part.len();
        self.pending += part.len();
        let flush = self.pending > TOGETHER;
        if flush {
            self.pending = 0;
        }
        self.lz.push(part, flush, self.out);
    }

    fn finish(self) -> usize {
        if self.pending > 0 {
            self.lz.push(&[], true, self.out);
        }
        self.len
    }
}
