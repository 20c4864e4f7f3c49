//! The pull decoder of one encoding: reads encoded bytes as it needs them, gives the document block by block.

use std::io::Read;

use super::chunk_decoder::ChunkDecoder;
use super::setup::{model, settings};
use crate::base::memory::Memory;
use crate::cm::arithmetic::ArithmeticDecoder;
use crate::fast;
use crate::format::header::Header;
use crate::format::source::Source;
use crate::model::items::Model;
use crate::options::error::Error;
use crate::options::limits::{Budget, Limits};

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
        let coder = ArithmeticDecoder::new(Vec::new(), true);
        let mut items = ChunkDecoder::after_header(source, header, coder, model);
        items.budget = budget;
        Self { inner: Inner::Items(Box::new(items)) }
    }

    /// The next block of the document; `None` at its end, when all checks were right.
    pub(crate) fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        match &mut self.inner {
            Inner::Items(items) => items.next_block(),
            Inner::Blocks(blocks) => blocks.next_block(),
        }
    }

    /// The last block again.
    pub(crate) fn block(&self) -> &[u8] {
        match &self.inner {
            Inner::Items(items) => items.block(),
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
    Items(Box<ChunkDecoder<R, ArithmeticDecoder>>),
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
