//! The pull decoder: reads encoded bytes as it needs them, gives the document piece by piece.

use std::io::Read;

use xxhash_rust::xxh64::Xxh64;

use crate::coder::{BitReader, ChunkReader};
use crate::encode::{model, settings, settle};
use crate::error::Error;
use crate::fast;
use crate::format::{CODED_MAX, Header, Source, compact_check_len};
use crate::fuzzing;
use crate::memory::{Memory, SETTLED};
use crate::model::Model;
use crate::settings::{Class, Limits};
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
    /// Reads the header; refuses what exceeds the limits.
    pub(crate) fn limited(inner: R, limits: Limits) -> Result<Self, Error> {
        let mut source = Source::new(inner);
        let header = Header::read_from(&mut source)?;
        if header.is_blocks() {
            let blocks = fast::Unpacker::new(source, header, limits)?;
            return Ok(Self { inner: Inner::Blocks(Box::new(blocks)) });
        }
        check_memory(header, limits)?;
        let model = model(header, Memory { lazy: true, pool: true });
        let coder = BitReader::new(Vec::new(), true);
        let mut items = Unpacker::after_header(source, header, coder, model);
        items.output_limit = limits.output_bytes.unwrap_or(u64::MAX);
        Ok(Self { inner: Inner::Items(Box::new(items)) })
    }

    /// The next piece of the document; `None` at its end, when all checks were right.
    pub(crate) fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        self.inner.next_block()
    }

    /// The last piece again.
    pub(crate) fn block(&self) -> &[u8] {
        self.inner.block()
    }
}

/// Decodes what the header announces.
enum Inner<R> {
    /// Chunks of items.
    Items(Box<Unpacker<R, BitReader>>),
    /// Blocks, at the level `fast`.
    Blocks(Box<fast::Unpacker<R>>),
}

impl<R: Read> Inner<R> {
    /// The piece of the document that is at hand.
    fn block(&self) -> &[u8] {
        match self {
            Self::Items(items) => &items.block,
            Self::Blocks(blocks) => blocks.block(),
        }
    }

    fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        match self {
            Self::Items(items) => items.next_block(),
            Self::Blocks(blocks) => blocks.next_block(),
        }
    }
}

fn check_memory(header: Header, limits: Limits) -> Result<(), Error> {
    let limit_bytes = limits.memory_bytes.unwrap_or(u64::MAX);
    if settings(header).sizes().memory_bytes() > limit_bytes {
        return Err(Error::Limit { what: "memory limit", limit_bytes });
    }
    Ok(())
}

/// Decodes under any reader of chunks.
pub(crate) struct Unpacker<R, C> {
    pub(crate) coder: C,
    source: Source<R>,
    header: Header,
    model: Model,
    chunk: Option<Chunk>,
    spare: Vec<u8>,
    whole: Xxh64,
    /// Bytes that may still be given out.
    output_limit: u64,
    /// Bytes given out.
    given: u64,
    /// Bytes until memory settles.
    unsettled: u64,
    block: Vec<u8>,
    done: bool,
}

/// A chunk while it is decoded.
struct Chunk {
    /// Bytes of the document that are still to come.
    remaining: u64,
    hash: Xxh64,
    /// Its checksum, and how many bytes of it count.
    check: u64,
    check_len: usize,
    /// Where it begins in the encoded bytes.
    offset: u64,
    empty: u32,
}

impl<R: Read, C: ChunkReader> Unpacker<R, C> {
    /// For a header that was read, and the model for it.
    pub(crate) fn after_header(source: Source<R>, header: Header, coder: C, model: Model) -> Self {
        Self {
            coder,
            source,
            header,
            model,
            output_limit: u64::MAX,
            given: 0,
            unsettled: SETTLED,
            chunk: None,
            spare: Vec::new(),
            whole: Xxh64::new(header.seed()),
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
        let remaining = self.source.varint()?;
        if remaining == 0 {
            return self.end_stream(offset);
        }
        let coded = self.source.varint()?;
        if coded > CODED_MAX {
            return Err(Error::Corrupt { offset, what: "a chunk is too long" });
        }
        let mut input = std::mem::take(&mut self.spare);
        input.clear();
        self.source.take(coded, &mut input)?;
        let mut check = [0; 8];
        self.source.fill(&mut check[..4])?;
        self.coder.start(BitReader::new(input, self.header.coding.pack));
        self.chunk = Some(Chunk {
            remaining,
            hash: Xxh64::new(self.header.seed()),
            check: u64::from_le_bytes(check),
            check_len: 4,
            offset,
            empty: 0,
        });
        Ok(())
    }

    fn open_compact(&mut self, offset: u64) -> Result<(), Error> {
        let remaining = self.source.varint()?;
        if remaining > Class::SMALL_MAX as u64 {
            return Err(Error::Corrupt { offset, what: "the document is too long for its form" });
        }
        let mut input = Vec::new();
        self.source.rest(CODED_MAX, &mut input)?;
        let check_len = compact_check_len(remaining);
        let Some(coded) = input.len().checked_sub(check_len) else {
            return Err(Error::Truncated { offset: self.source.offset });
        };
        let mut check = [0; 8];
        check[..check_len].copy_from_slice(&input[coded..]);
        input.truncate(coded);
        self.coder.start(BitReader::new(input, self.header.coding.pack));
        self.chunk = Some(Chunk {
            remaining,
            hash: Xxh64::new(self.header.seed()),
            check: u64::from_le_bytes(check),
            check_len,
            offset,
            empty: 0,
        });
        Ok(())
    }

    fn end_stream(&mut self, offset: u64) -> Result<(), Error> {
        self.source.end(self.whole.digest(), offset)?;
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
            if item.len() as u64 > self.output_limit {
                let limit_bytes = self.given + self.output_limit;
                return Err(Error::Limit { what: "output limit", limit_bytes });
            }
            self.output_limit -= item.len() as u64;
            self.given += item.len() as u64;
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
        chunk.hash.update(self.coder.reader().input());
        let unused = 64 - 8 * chunk.check_len as u32;
        let is_wrong = chunk.hash.digest() << unused != chunk.check << unused;
        if is_wrong && !fuzzing::checks_are_ignored() {
            return Err(corrupt("its checksum differs"));
        }
        if self.header.is_compact() {
            self.done = true;
        }
        self.spare = self.coder.end();
        Ok(())
    }
}
