//! The full form at the levels `default` and `max`: chunks, each of items, stored, or packed.

use super::effort::{Effort, PLAIN_WORK};
use super::noise::{SAMPLE, is_noise};
use super::setup::{model, settle};
use crate::base::fuzzing;
use crate::base::memory::{Memory, SETTLED};
use crate::base::stage::Stage;
use crate::cm::arithmetic::ArithmeticEncoder;
use crate::fast;
use crate::format::check::Hasher;
use crate::format::chunk::ChunkKind;
use crate::format::header::Header;
use crate::format::varint::write_varint;
use crate::grammar::lexer::ITEM_MAX;
use crate::model::items::Model;
use crate::options::limits::Limits;

/// A chunk is closed once it has this many coded bytes. It bounds the output that waits; half, twice: 0.0 % of the size.
const CHUNK_CODED: usize = fuzzing::limit(1 << 15, 48);
/// A chunk is closed once it holds this many bytes of the document, which are unchecked until then. Half, twice: no byte.
const CHUNK_RAW: usize = fuzzing::limit(1 << 22, 384);
/// The full form: chunks.
pub(super) struct ChunkEncoder {
    header: Header,
    memory: Memory,
    model: Model,
    coder: ArithmeticEncoder,
    /// A check that has taken the header, that of the chunk, and that of the whole document.
    start: Hasher,
    chunk: Hasher,
    whole: Hasher,
    chunk_len: usize,
    /// Bytes until memory settles.
    unsettled: u64,
    effort: Effort,
    /// Compresses what the model is no better at.
    once: Option<fast::Once>,
}

/// A sample of the document that is not coded as items.
struct Plain {
    kind: ChunkKind,
    len: usize,
    /// If it is packed.
    coded: Vec<u8>,
}

impl ChunkEncoder {
    pub(super) fn new(header: Header, memory: Memory) -> Self {
        let start = header.hasher();
        Self {
            memory,
            model: model(&header, memory),
            coder: ArithmeticEncoder::new(Vec::new(), header.coding.pack),
            chunk: start.clone(),
            whole: start.clone(),
            start,
            header,
            chunk_len: 0,
            unsettled: SETTLED,
            effort: Effort::new(),
            once: None,
        }
    }

    /// Codes what comes first of `rest`: an item, or a sample. Says how long that is; `None` if more must
    /// be seen to know. `last` if nothing comes after `rest`.
    pub(super) fn next(&mut self, rest: &[u8], last: bool, out: &mut Vec<u8>) -> Option<usize> {
        let is_seen = |len: usize| last || rest.len() >= len;
        let sample = |from: usize| &rest[from..rest.len().min(from + SAMPLE)];
        if self.chunk_len == 0 && self.effort.is_due() {
            if !is_seen(SAMPLE) {
                return None;
            }
            if let Some(plain) = self.look(sample(0)) {
                return Some(self.take_plain(&rest[..plain.len], &plain, out));
            }
            self.effort.restart(false);
        }
        let len = self.model.item_len(rest).filter(|&len| len < rest.len());
        let len = if last { len.unwrap_or(rest.len()) } else { len? };
        let mut closes = last && len == rest.len();
        // An item can only end its chunk if that is known before it is coded.
        if !closes && len > 0 && self.effort.is_due() {
            if !is_seen(len + SAMPLE) {
                return None;
            }
            closes = self.look(sample(len)).is_some();
            self.effort.restart(closes);
        }
        self.code(&rest[..len], closes, out);
        Some(len)
    }

    /// What is better done with a sample than to code its items.
    fn look(&mut self, sample: &[u8]) -> Option<Plain> {
        if sample.is_empty() {
            return None;
        }
        let is_too_much = self.effort.is_too_much();
        let (asked, found) = self.model.known(sample);
        // What came before is soon coded, unless it is cut up.
        let is_known = found * if is_too_much { 2 } else { 16 } > asked;
        if is_known && !self.effort.is_far_too_much() {
            return None;
        }
        let len = sample.len();
        let stored = || Some(Plain { kind: ChunkKind::Stored, len, coded: Vec::new() });
        if is_noise(sample) {
            return stored();
        }
        if !(is_too_much || self.effort.is_hard()) || !self.header.coding.pack || len < SAMPLE {
            return None;
        }
        let coded = self.once.get_or_insert_with(fast::Once::new).pack(sample);
        let rate = self.effort.rate();
        // What packs much better than the model did is not what it had to do with.
        let is_better = coded.len() <= rate && coded.len() >= rate / 8 * 7;
        match is_better || is_too_much {
            true if coded.len() >= len => stored(),
            true => Some(Plain { kind: ChunkKind::Packed, len, coded }),
            false => None,
        }
    }

    /// Writes a chunk that is not made of items.
    fn take_plain(&mut self, bytes: &[u8], plain: &Plain, out: &mut Vec<u8>) -> usize {
        let coded = if plain.kind == ChunkKind::Stored { bytes } else { &plain.coded };
        write_varint(bytes.len() as u64, out);
        write_varint(plain.kind.joined(coded.len()), out);
        out.extend_from_slice(coded);
        let mut hash = self.start.clone();
        hash.update(bytes);
        hash.update(&plain.coded);
        out.extend_from_slice(&hash.digest()[..self.header.check.part_len()]);
        self.whole.update(bytes);
        self.model.pass(bytes);
        self.effort.spend(PLAIN_WORK * bytes.len() as u64, bytes.len());
        self.effort.restart(true);
        settle(&mut self.model, &mut self.unsettled, bytes.len());
        bytes.len()
    }

    /// Codes one item; `closes` if its chunk must end with it.
    fn code(&mut self, item: &[u8], closes: bool, out: &mut Vec<u8>) {
        let (len, work) = (self.coder.len(), self.coder.work.sum);
        // An empty item cannot end a chunk: its reader would stop before it.
        let closes = closes || (self.is_full() && !item.is_empty());
        let limit = if closes { item.len() } else { ITEM_MAX };
        code(&mut self.model, &mut self.coder, item, limit);
        self.chunk.update(item);
        self.whole.update(item);
        self.chunk_len += item.len();
        let work = self.coder.work.sum - work;
        self.effort.add(item.len(), self.coder.len() - len, work);
        settle(&mut self.model, &mut self.unsettled, item.len());
        if closes {
            self.close_chunk(out);
        }
    }

    /// Whether the chunk at hand ends with the next item.
    fn is_full(&self) -> bool {
        // What is around a chunk; all of it stands for so much of the document at most.
        let around = 4 + self.header.check.part_len();
        let most = (around + self.coder.len()).saturating_mul(Limits::RATIO_DEFAULT as usize);
        self.coder.len() >= CHUNK_CODED || self.chunk_len >= CHUNK_RAW.min(most - 2 * ITEM_MAX)
    }

    fn close_chunk(&mut self, out: &mut Vec<u8>) {
        let next = ArithmeticEncoder::new(Vec::new(), self.header.coding.pack);
        let coded = std::mem::replace(&mut self.coder, next).finish();
        write_varint(self.chunk_len as u64, out);
        write_varint(ChunkKind::Items.joined(coded.len()), out);
        out.extend_from_slice(&coded);
        self.chunk.update(&coded);
        out.extend_from_slice(&self.chunk.digest()[..self.header.check.part_len()]);
        self.coder = ArithmeticEncoder::new(self.memory.buffer(coded), self.header.coding.pack);
        self.chunk = self.start.clone();
        self.chunk_len = 0;
    }

    /// Codes what is left and ends the stream.
    pub(super) fn finish(&mut self, mut rest: &[u8], out: &mut Vec<u8>) {
        while !rest.is_empty() {
            let len = self.next(rest, true, out).expect("all is seen");
            rest = &rest[len..];
        }
        if self.chunk_len > 0 {
            self.close_chunk(out);
        }
        write_varint(0, out);
        out.extend_from_slice(&self.whole.digest()[..self.header.check.whole_len()]);
    }
}

fn code(model: &mut Model, coder: &mut ArithmeticEncoder, item: &[u8], limit: usize) {
    Stage::Coder
        .run(|| model.code_item(coder, item, limit))
        .expect("the encoder cannot contradict itself");
    debug_assert_eq!(model.item(), item, "the model must follow what it coded");
}
