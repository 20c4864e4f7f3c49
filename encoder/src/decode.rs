//! The pull decoder: reads encoded bytes as it needs them, gives the document piece by piece.

use std::io::Read;

use crate::check::{Check, Hasher};
use crate::coder::{BitReader, ChunkReader};
use crate::encode::{model, settings, settle};
use crate::error::Error;
use crate::fast;
use crate::format::{CODED_MAX, ChunkKind, Header, PLAIN_MAX, Source};
use crate::fuzzing;
use crate::memory::{Memory, SETTLED};
use crate::model::Model;
use crate::settings::{Budget, Class, Limits};
use crate::stage::Stage;

/// The document is handed out once this much of it is there.
const BLOCK: usize = 1 << 15;
/// More empty items in a row than a document can have.
const EMPTY_MAX: u32 = 3;

/// Decodes one encoding in the compact or the full form.
pub(crate) struct Single<R> {
    inner: Inner<R>,
}

impl<R: Read> Single<R> {
    /// After the header; refuses what exceeds the memory limit.
    pub(crate) fn new(
        source: Source<R>,
        header: Header,
        limits: Limits,
        budget: Budget,
    ) -> Result<Self, Error> {
        check_memory(&header, limits)?;
        if header.is_blocks() {
            let blocks = fast::Unpacker::new(source, header, budget);
            return Ok(Self { inner: Inner::Blocks(Box::new(blocks)) });
        }
        let model = model(&header, Memory { lazy: true, pool: true });
        Ok(Self::taught(source, header, model, budget))
    }

    /// After the header, of items; with the model for it.
    pub(crate) fn taught(source: Source<R>, header: Header, model: Model, budget: Budget) -> Self {
        let coder = BitReader::new(Vec::new(), true);
        let mut items = Unpacker::after_header(source, header, coder, model);
        items.budget = budget;
        Self { inner: Inner::Items(Box::new(items)) }
    }

    /// The next piece of the document; `None` at its end, when all checks were right.
    pub(crate) fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        match &mut self.inner {
            Inner::Items(items) => items.next_block(),
            Inner::Blocks(blocks) => blocks.next_block(),
        }
    }

    /// The last piece again.
    pub(crate) fn block(&self) -> &[u8] {
        match &self.inner {
            Inner::Items(items) => &items.block,
            Inner::Blocks(blocks) => blocks.block(),
        }
    }

    /// What is read from.
    pub(crate) fn source(&mut self) -> &mut Source<R> {
        match &mut self.inner {
            Inner::Items(items) => &mut items.source,
            Inner::Blocks(blocks) => &mut blocks.source,
        }
    }

    /// What is left of the encoded bytes, and what may still be given out.
    pub(crate) fn into_rest(self) -> (Source<R>, Budget) {
        match self.inner {
            Inner::Items(items) => (items.source, items.budget),
            Inner::Blocks(blocks) => (blocks.source, blocks.budget),
        }
    }
}

/// Decodes what the header announces.
enum Inner<R> {
    /// Chunks of items.
    Items(Box<Unpacker<R, BitReader>>),
    /// Blocks, at the level `fast`.
    Blocks(Box<fast::Unpacker<R>>),
}

/// What the limit is called.
pub(crate) const MEMORY_LIMIT: &str = "memory limit";

/// Bytes that decoding takes, whatever comes.
pub(crate) fn memory_bytes(header: &Header) -> u64 {
    if header.is_blocks() { fast::MEMORY_BYTES } else { settings(header).sizes().memory_bytes() }
}

pub(crate) fn check_memory(header: &Header, limits: Limits) -> Result<(), Error> {
    let limit_bytes = limits.memory_bytes.unwrap_or(u64::MAX);
    let needed = memory_bytes(header);
    match needed > limit_bytes {
        true => Err(Error::Limit { what: MEMORY_LIMIT, limit_bytes, needed_bytes: Some(needed) }),
        false => Ok(()),
    }
}

/// Decodes under any reader of chunks.
pub(crate) struct Unpacker<R, C> {
    pub(crate) coder: C,
    pub(crate) source: Source<R>,
    header: Header,
    model: Model,
    chunk: Option<Chunk>,
    spare: Vec<u8>,
    /// A check that has taken the header, and that of the whole document.
    start: Hasher,
    whole: Hasher,
    pub(crate) budget: Budget,
    /// Bytes until memory settles.
    unsettled: u64,
    block: Vec<u8>,
    done: bool,
}

/// A chunk while it is decoded.
struct Chunk {
    /// Bytes of the document that are still to come.
    remaining: u64,
    hash: Hasher,
    /// Where it begins in the encoded bytes.
    offset: u64,
    empty: u32,
}

impl<R: Read, C: ChunkReader> Unpacker<R, C> {
    /// For a header that was read, and the model for it.
    pub(crate) fn after_header(source: Source<R>, header: Header, coder: C, model: Model) -> Self {
        let start = header.hasher();
        Self {
            coder,
            source,
            header,
            model,
            budget: Budget::new(Limits::NONE),
            unsettled: SETTLED,
            chunk: None,
            spare: Vec::new(),
            whole: start.clone(),
            start,
            block: Vec::new(),
            done: false,
        }
    }

    /// The next piece of the document; `None` at its end, when all checks were right.
    pub(crate) fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        self.block.clear();
        while self.block.len() < BLOCK && !self.done {
            match self.chunk.take() {
                None => self.open_chunk()?,
                Some(chunk) => self.decode_items(chunk)?,
            }
        }
        Ok(if self.block.is_empty() { None } else { Some(&self.block) })
    }

    fn open_chunk(&mut self) -> Result<(), Error> {
        let offset = self.source.offset;
        if self.header.is_compact() {
            return self.open_compact(offset);
        }
        let len = self.source.varint()?;
        if len == 0 {
            return self.end_stream(offset);
        }
        let corrupt = |what| Error::Corrupt { offset, what };
        let (kind, coded_len) = ChunkKind::split(self.source.varint()?)
            .ok_or_else(|| corrupt("a chunk is of no known kind"))?;
        if coded_len > CODED_MAX {
            return Err(corrupt("a chunk is too long"));
        }
        let mut coded = std::mem::take(&mut self.spare);
        coded.clear();
        self.source.take(coded_len, &mut coded)?;
        if kind != ChunkKind::Items {
            return self.take_plain(kind, len, coded, offset);
        }
        self.budget.allow(len, self.source.offset)?;
        self.start_items(len, coded, offset);
        Ok(())
    }

    fn start_items(&mut self, remaining: u64, coded: Vec<u8>, offset: u64) {
        self.coder.start(BitReader::new(coded, self.header.coding.pack));
        self.chunk = Some(Chunk { remaining, hash: self.start.clone(), offset, empty: 0 });
    }

    /// Takes a chunk that is not made of items, and checks it.
    fn take_plain(
        &mut self,
        kind: ChunkKind,
        len: u64,
        coded: Vec<u8>,
        offset: u64,
    ) -> Result<(), Error> {
        let corrupt = |what| Error::Corrupt { offset, what };
        if len > PLAIN_MAX as u64 {
            return Err(corrupt("a chunk is too long"));
        }
        self.budget.spend(len, self.source.offset)?;
        let start = self.block.len();
        if kind == ChunkKind::Stored {
            if coded.len() as u64 != len {
                return Err(corrupt("a stored chunk has another length than it says"));
            }
            self.block.extend_from_slice(&coded);
        } else {
            self.block.resize(start + len as usize, 0);
            fast::unpack(&coded, &mut self.block[start..])
                .ok_or_else(|| corrupt("what is compressed is damaged"))?;
        }
        let bytes = &self.block[start..];
        let mut hash = self.start.clone();
        hash.update(bytes);
        if kind == ChunkKind::Packed {
            hash.update(&coded);
        }
        let check = &hash.digest()[..self.header.check.part_len()];
        self.source.expect(check, offset, "its checksum differs")?;
        self.whole.update(bytes);
        self.model.pass(bytes);
        self.coder.plain(bytes, &coded);
        self.spare = coded;
        Ok(())
    }

    fn open_compact(&mut self, offset: u64) -> Result<(), Error> {
        let len = self.source.varint()?;
        if len > Class::SMALL_MAX as u64 {
            let what = "the document is too long for its form";
            return Err(Error::Corrupt { offset, what });
        }
        if self.header.is_stored {
            self.budget.spend(len, self.source.offset)?;
            self.source.take(len, &mut self.block)?;
            let mut hash = self.start.clone();
            hash.update(&self.block);
            self.coder.plain(&self.block, &self.block);
            return self.end_compact(&hash, offset);
        }
        // Where the items end is known when they are decoded.
        let mut ahead = Vec::new();
        self.source.rest(PLAIN_MAX as u64 + 8, &mut ahead)?;
        self.budget.allow(len, self.source.offset)?;
        self.start_items(len, ahead, offset);
        Ok(())
    }

    fn end_compact(&mut self, hash: &Hasher, offset: u64) -> Result<(), Error> {
        let check = &hash.digest()[..self.header.check.whole_len()];
        self.source.expect(check, offset, "its checksum differs")?;
        if self.header.check == Check::None {
            // So a checked encoding is not taken for one without a check and another after it.
            self.source.expect_end()?;
        }
        self.done = true;
        Ok(())
    }

    fn end_stream(&mut self, offset: u64) -> Result<(), Error> {
        let check = &self.whole.digest()[..self.header.check.whole_len()];
        self.source.expect(check, offset, "the checksum of the whole document differs")?;
        self.done = true;
        Ok(())
    }

    /// Decodes items until the block is full or the chunk is done.
    fn decode_items(&mut self, mut chunk: Chunk) -> Result<(), Error> {
        let corrupt = |what| Error::Corrupt { offset: chunk.offset, what };
        while chunk.remaining > 0 && self.block.len() < BLOCK {
            let limit = usize::try_from(chunk.remaining).unwrap_or(usize::MAX);
            let coded = Stage::Coder.run(|| self.model.code_item(&mut self.coder, &[], limit));
            if coded.is_err() {
                return Err(corrupt("an item contradicts what came before it"));
            }
            let item = self.model.item();
            chunk.empty = if item.is_empty() { chunk.empty + 1 } else { 0 };
            if chunk.empty > EMPTY_MAX {
                return Err(corrupt("items without end are empty"));
            }
            if self.coder.is_overrun() {
                return Err(corrupt("it is shorter than what it holds"));
            }
            self.budget.spend(item.len() as u64, self.source.offset)?;
            self.coder.item(item);
            chunk.hash.update(item);
            self.whole.update(item);
            Stage::Output.run(|| self.block.extend_from_slice(item));
            let len = item.len();
            chunk.remaining -= len as u64;
            settle(&mut self.model, &mut self.unsettled, len);
        }
        if chunk.remaining > 0 {
            self.chunk = Some(chunk);
            return Ok(());
        }
        self.end_items(chunk)
    }

    /// Checks a chunk that was decoded.
    fn end_items(&mut self, mut chunk: Chunk) -> Result<(), Error> {
        let offset = chunk.offset;
        let corrupt = |what| Error::Corrupt { offset, what };
        let ended = self.coder.reader().ended();
        let coded = self.coder.end();
        let ended = ended.or(fuzzing::checks_are_ignored().then_some(coded.len()));
        let len = ended.ok_or_else(|| corrupt("its last bytes are not those of an encoder"))?;
        chunk.hash.update(&coded[..len]);
        if self.header.is_compact() {
            self.source.put_back(&coded[len..]);
            return self.end_compact(&chunk.hash, offset);
        }
        if len < coded.len() {
            return Err(corrupt("it is longer than what it holds"));
        }
        let check = &chunk.hash.digest()[..self.header.check.part_len()];
        self.source.expect(check, offset, "its checksum differs")?;
        self.spare = coded;
        Ok(())
    }
}
