//! Decodes chunks of the full form, and the compact form, whose items are one chunk.

use std::io::Read;

use super::chunk_reader::ChunkReader;
use super::setup::settle;
use crate::base::fuzzing;
use crate::base::memory::SETTLED;
use crate::base::stage::Stage;
use crate::cm::arithmetic::ArithmeticDecoder;
use crate::fast;
use crate::format::check::Hasher;
use crate::format::chunk::{CODED_MAX, ChunkKind, PLAIN_MAX};
use crate::format::header::Header;
use crate::format::source::Source;
use crate::model::items::Model;
use crate::options::check::Check;
use crate::options::class::Class;
use crate::options::error::Error;
use crate::options::limits::{Budget, Limits};

/// The document is handed out once this much of it is there.
const BLOCK: usize = 1 << 15;
/// More empty items in a row than a document can have.
const EMPTY_MAX: u32 = 3;

/// Decodes under any reader of chunks.
pub(crate) struct ChunkDecoder<R, C> {
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

impl<R: Read, C: ChunkReader> ChunkDecoder<R, C> {
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

    /// The next block of the document; `None` at its end, when all checks were right.
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

    /// What was decoded last.
    pub(super) fn block(&self) -> &[u8] {
        &self.block
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
            .ok_or_else(|| corrupt("a chunk has an unknown kind"))?;
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
        self.coder.start(ArithmeticDecoder::new(coded, self.header.coding.pack));
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
                return Err(corrupt("a stored chunk is not as long as it says"));
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
                return Err(corrupt("an item cannot be what it claims"));
            }
            let item = self.model.item();
            chunk.empty = if item.is_empty() { chunk.empty + 1 } else { 0 };
            if chunk.empty > EMPTY_MAX {
                return Err(corrupt("too many items in a row are empty"));
            }
            if self.coder.is_overrun() {
                return Err(corrupt("it ends before its last item"));
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
            return Err(corrupt("bytes are left after its last item"));
        }
        let check = &chunk.hash.digest()[..self.header.check.part_len()];
        self.source.expect(check, offset, "its checksum differs")?;
        self.spare = coded;
        Ok(())
    }
}
