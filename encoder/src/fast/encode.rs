//! Blocks on their way out.

use super::block::{BLOCK, OWN_MIN, form};
use super::columns::{ColumnWriter, push_text};
use super::effort::{Effort, Work};
use super::lz::Compressor;
use super::split::{Split, Splitter};
use super::values::{Token, Values};
use crate::base::memory::Memory;
use crate::base::stage::Stage;
use crate::format::check::Hasher;
use crate::format::header::Header;
use crate::format::varint::write_varint;

/// Streams are compressed together until there is so much of them: a table of codes for each would cost more.
const TOGETHER: usize = 1000;
/// Bytes of the length of what was coded.
const LEN_BYTES: usize = 3;

/// Encodes blocks.
pub(crate) struct Packer {
    header: Header,
    memory: Memory,
    splitter: Splitter,
    columns: ColumnWriter,
    lz: Compressor,
    /// Compresses samples, where it is not sure what is smaller.
    trial: Option<Compressor>,
    effort: Effort,
    /// What the block at hand took, beside what it became.
    work: Work,
    /// A check that has taken the header, and that of the whole document.
    start: Hasher,
    whole: Hasher,
}

impl Packer {
    /// Empty dictionaries.
    pub(crate) fn new(header: Header, memory: Memory) -> Self {
        let start = header.hasher();
        Stage::Tables.run(|| Self {
            memory,
            splitter: Splitter::new(memory),
            columns: ColumnWriter::new(header.coding),
            lz: Compressor::new(header.coding.pack),
            trial: None,
            effort: Effort::new(),
            work: Work::default(),
            whole: start.clone(),
            start,
            header,
        })
    }

    /// Encodes a block from the beginning of `text`, which is not empty; `last` if nothing comes
    /// after it. Returns the block's length.
    pub(crate) fn block(&mut self, text: &[u8], last: bool, out: &mut Vec<u8>) -> usize {
        let text = &text[..text.len().min(BLOCK)];
        let is_too_much = self.effort.is_too_much();
        self.lz.search(!is_too_much);
        self.work = Work::default();
        let split = if is_too_much { None } else { Stage::Coder.run(|| self.split(text, last)) };
        let text = &text[..split.unwrap_or(text.len())];
        write_varint(text.len() as u64, out);
        let start = out.len() + LEN_BYTES;
        out.resize(start, 0);
        if split.is_some() {
            Stage::Coder.run(|| self.write_columns(text, out));
        } else {
            self.splitter.clear();
            out.push(form::PLAIN);
            self.lz.push(text, true, out);
        }
        self.spend(text.len(), split.is_some(), &out[start + 1..]);
        let coded = &out[start..];
        let mut hash = self.start.clone();
        hash.update(text);
        hash.update(coded);
        let (found, check) = (hash.digest(), self.header.check);
        self.whole.update(&found[..check.whole_len()]);
        let coded_len = coded.len();
        put_len(coded_len, &mut out[start - LEN_BYTES..start]);
        out.extend_from_slice(&found[..check.part_len()]);
        if !self.memory.pool {
            self.splitter.release();
            self.columns = ColumnWriter::new(self.header.coding);
        }
        text.len()
    }

    /// Encodes what is left and ends the document.
    pub(crate) fn finish(&mut self, mut rest: &[u8], out: &mut Vec<u8>) {
        while !rest.is_empty() {
            let len = self.block(rest, true, out);
            rest = &rest[len..];
        }
        write_varint(0, out);
        out.extend_from_slice(&self.whole.digest()[..self.header.check.whole_len()]);
    }

    /// How much of `text` becomes a block in columns; `None` if it stays as it is.
    fn split(&mut self, text: &[u8], last: bool) -> Option<usize> {
        if !self.header.coding.codebook {
            return None;
        }
        let len = self.splitter.split(text, last);
        self.work = self.splitter.work();
        let len = len?;
        let doubtful = self.header.coding.pack && self.splitter.is_doubtful(len);
        (!doubtful || self.are_columns_smaller(&text[..len])).then_some(len)
    }

    /// Whether a sample of the block is smaller in columns than as it is.
    fn are_columns_smaller(&mut self, text: &[u8]) -> bool {
        let trial = self.trial.get_or_insert_with(Compressor::for_samples);
        let sample = self.splitter.sample(text);
        let (mut plain, mut columns) = (Vec::new(), Vec::new());
        trial.restart();
        trial.push(sample.text, true, &mut plain);
        trial.restart();
        write_streams(sample, &mut self.columns, trial, &mut columns);
        for tried in [&plain, &columns] {
            self.work = self.work.and(Work::compressed(tried).in_vain());
        }
        columns.len() < plain.len()
    }

    /// Counts what a block took that became `coded`.
    fn spend(&mut self, len: usize, is_split: bool, coded: &[u8]) {
        if self.header.coding.pack {
            let (work, coded) = match is_split {
                true => (self.work, &coded[LEN_BYTES..]),
                false => (self.work.in_vain(), coded),
            };
            self.effort.spend(len, work.and(Work::bytes(len)).and(Work::compressed(coded)));
        }
    }

    fn write_columns(&mut self, text: &[u8], out: &mut Vec<u8>) {
        out.push(form::COLUMNS);
        let start = out.len();
        out.resize(start + LEN_BYTES, 0);
        let len = write_streams(self.splitter.all(text), &mut self.columns, &mut self.lz, out);
        put_len(len, &mut out[start..start + LEN_BYTES]);
    }
}

fn put_len(len: usize, out: &mut [u8]) {
    out.copy_from_slice(&(len as u32).to_le_bytes()[..LEN_BYTES]);
}

/// Compresses the streams of a block; returns how long they are.
fn write_streams(
    split: Split,
    columns: &mut ColumnWriter,
    lz: &mut Compressor,
    out: &mut Vec<u8>,
) -> usize {
    let Split { text, steps, new, tokens, .. } = split;
    let counts = counts(split);
    let (order, ends) = order(tokens, &counts);
    let mut shared = Vec::new();
    for token in tokens.iter().filter(|token| counts[usize::from(token.column)] < OWN_MIN) {
        push_text(&text[token.start as usize..][..token.len as usize], &mut shared);
    }
    let mut parts = Parts { lz, out, len: 0, pending: 0 };
    let mut lengths = Vec::new();
    for stream in [steps, new, &shared] {
        write_varint(stream.len() as u64, &mut lengths);
    }
    for part in [&lengths, steps, new, &shared] {
        parts.push(part);
    }
    columns.begin_block();
    let mut begin = 0;
    for end in ends {
        let order = &order[begin..end];
        begin = end;
        columns.write(&Values { text, tokens, order }, |part| parts.push(part));
    }
    parts.finish()
}

/// How many values each column has; none for column 0, which always shares.
fn counts(split: Split) -> Vec<usize> {
    let mut counts = vec![0; split.columns];
    for token in split.tokens {
        counts[usize::from(token.column)] += 1;
    }
    counts[0] = 0;
    counts
}

/// The tokens by column, in the order in which columns first appear, and where each column ends.
fn order(tokens: &[Token], counts: &[usize]) -> (Vec<u32>, Vec<usize>) {
    const SHARES: usize = usize::MAX;
    let (mut begins, mut ends, mut len) = (vec![SHARES; counts.len()], Vec::new(), 0);
    for token in tokens {
        let column = usize::from(token.column);
        if counts[column] >= OWN_MIN && begins[column] == SHARES {
            begins[column] = len;
            len += counts[column];
            ends.push(len);
        }
    }
    let mut order = vec![0; len];
    for (index, token) in tokens.iter().enumerate() {
        let begin = &mut begins[usize::from(token.column)];
        if *begin != SHARES {
            order[*begin] = index as u32;
            *begin += 1;
        }
    }
    (order, ends)
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
