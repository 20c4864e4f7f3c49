//! Blocks on their way back.

use std::io::Read;

use super::block::{ALL_NAMES_MAX, BLOCK, OWN_MIN, SLACK, TOKENS_MAX, form};
use super::census::{Census, StreamKind};
use super::cursor::{Cursor, Streams, Target, Wrong};
use super::lz::Decompressor;
use super::segments::{Follows, Segments};
use super::steps::{Step, StepReader};
use crate::base::memory::Memory;
use crate::base::stage::Stage;
use crate::format::check::Hasher;
use crate::format::header::Header;
use crate::format::source::Source;
use crate::options::error::Error;
use crate::options::limits::Budget;

/// The longest coded block that a decoder accepts.
const CODED_MAX: usize = 2 * BLOCK;
/// What a decoder takes, rounded up.
pub(crate) const MEMORY_BYTES: u64 = 14 << 20;

/// Decodes blocks.
pub(crate) struct Unpacker<R> {
    pub(crate) source: Source<R>,
    header: Header,
    pub(crate) budget: Budget,
    coded: Vec<u8>,
    lz: Decompressor,
    joiner: Joiner,
    /// What is found, if that is asked for.
    census: Option<Census>,
    /// A check that has taken the header, and that of the whole document.
    start: Hasher,
    whole: Hasher,
    /// The block, with slack after it.
    block: Vec<u8>,
    len: usize,
    done: bool,
}

impl<R: Read> Unpacker<R> {
    /// After the header.
    pub(crate) fn new(source: Source<R>, header: Header, budget: Budget) -> Self {
        let start = header.hasher();
        Stage::Tables.run(|| Self {
            source,
            budget,
            coded: Vec::new(),
            lz: Decompressor::new(header.coding.pack),
            header,
            joiner: Joiner::new(),
            census: None,
            whole: start.clone(),
            start,
            block: Vec::new(),
            len: 0,
            done: false,
        })
    }

    /// Counts what is found from here on.
    pub(crate) fn take_census(&mut self) {
        self.census = Some(Census::default());
    }

    /// What was counted.
    pub(crate) fn census(&self) -> Option<&Census> {
        self.census.as_ref()
    }

    /// The block at hand.
    pub(crate) fn block(&self) -> &[u8] {
        &self.block[..self.len]
    }

    /// The next block; `None` at the end of the document, when all checks were right.
    pub(crate) fn next_block(&mut self) -> Result<Option<&[u8]>, Error> {
        self.len = 0;
        if !self.done {
            self.decode_next()?;
        }
        Ok(if self.done { None } else { Some(self.block()) })
    }

    fn decode_next(&mut self) -> Result<(), Error> {
        let offset = self.source.offset;
        let corrupt = |what| Error::Corrupt { offset, what };
        let len = self.source.varint()?;
        if len == 0 {
            return self.end(offset);
        }
        if len > BLOCK as u64 {
            return Err(corrupt("a block is too long"));
        }
        let mut coded_len = [0; 4];
        self.source.fill(&mut coded_len[..3])?;
        let coded_len = u32::from_le_bytes(coded_len) as usize;
        if coded_len > CODED_MAX {
            return Err(corrupt("a coded block is too long"));
        }
        self.coded.clear();
        self.source.take(coded_len as u64, &mut self.coded)?;
        self.budget.spend(len, self.source.offset)?;
        Stage::Coder.run(|| self.decode_block(len as usize)).map_err(corrupt)?;
        let mut hash = self.start.clone();
        hash.update(&self.block[..len as usize]);
        hash.update(&self.coded);
        let (found, check) = (hash.digest(), self.header.check);
        self.source.expect(&found[..check.part_len()], offset, "its checksum differs")?;
        self.whole.update(&found[..check.whole_len()]);
        self.len = len as usize;
        self.count_block();
        Ok(())
    }

    fn count_block(&mut self) {
        let Some(census) = &mut self.census else { return };
        let entry = if self.coded.first() == Some(&form::PLAIN) {
            &mut census.plain
        } else {
            self.joiner.count_tokens(census, self.len);
            &mut census.columns
        };
        entry.blocks += 1;
        entry.document_bytes += self.len as u64;
        entry.coded_bytes += self.coded.len() as u64;
    }

    fn end(&mut self, offset: u64) -> Result<(), Error> {
        let check = &self.whole.digest()[..self.header.check.whole_len()];
        self.source.expect(check, offset, "the checksum of the whole document differs")?;
        self.done = true;
        Ok(())
    }

    fn decode_block(&mut self, len: usize) -> Result<(), Wrong> {
        let (&form, coded) = self.coded.split_first().ok_or("a block is empty")?;
        if self.block.len() < len + SLACK {
            self.block.resize(len + SLACK, 0);
        }
        let damaged = "what is compressed is damaged";
        match form {
            form::PLAIN => {
                self.joiner.segments.clear();
                self.lz.fill(coded, &mut self.block[..len]).ok_or(damaged)
            }
            form::COLUMNS => {
                let (streams_len, coded) =
                    coded.split_at_checked(3).ok_or("a block is too short")?;
                let mut bytes = [0; 4];
                bytes[..3].copy_from_slice(streams_len);
                let streams_len = u32::from_le_bytes(bytes) as usize;
                if streams_len > len {
                    return Err("the streams are longer than the block");
                }
                let streams = &mut self.joiner.streams;
                streams.resize(streams_len + SLACK, 0);
                self.lz.fill(coded, &mut streams[..streams_len]).ok_or(damaged)?;
                self.joiner.join(&mut self.block[..len + SLACK], self.census.as_mut())
            }
            _ => Err("a block is of no known form"),
        }
    }
}

/// Puts streams together.
struct Joiner {
    segments: Segments,
    /// The streams, with slack after them.
    streams: Vec<u8>,
    tokens: Vec<(u16, u16)>,
    names: Vec<(u32, u32)>,
}

impl Joiner {
    fn new() -> Self {
        Self {
            segments: Segments::new(Memory { lazy: true, pool: true }),
            streams: Vec::new(),
            tokens: Vec::new(),
            names: Vec::with_capacity(ALL_NAMES_MAX.min(1 << 10)),
        }
    }

    /// Fills `block` but for its slack.
    fn join(&mut self, block: &mut [u8], mut census: Option<&mut Census>) -> Result<(), Wrong> {
        self.segments.begin_block();
        let mut streams = Streams::new(&self.streams, &mut self.names);
        let lengths = [streams.varint()?, streams.varint()?, streams.varint()?];
        let [steps, new, shared] = lengths.map(|len| usize::try_from(len).unwrap_or(usize::MAX));
        let (steps, new) = (streams.skip(steps)?, streams.skip(new)?);
        let mut shared_at = streams.skip(shared)?;
        let (steps, new) = (&self.streams[steps..new], &self.streams[new..shared_at]);
        read_tokens(steps, new, &mut self.segments, &mut self.tokens)?;
        if let Some(census) = &mut census {
            census.add(StreamKind::Steps, steps.len());
            census.add(StreamKind::NewSegments, new.len());
            census.add(StreamKind::Shared, shared);
        }
        let columns = self.segments.columns();
        let mut cursors = cursors(&self.tokens, &mut streams, columns, census)?;
        let (streams, names) = streams.parts();
        let len = block.len() - SLACK;
        let mut target = Target { bytes: block, at: 0 };
        for &(id, column) in &self.tokens {
            let segment = self.segments.get(id).ok_or("a segment is not known")?;
            target.copy(self.segments.text(), segment.start as usize, usize::from(segment.len))?;
            if column != NO_VALUE {
                cursors[usize::from(column)].next(streams, names, &mut shared_at, &mut target)?;
            }
        }
        if target.at == len { Ok(()) } else { Err("a block is not as long as it says") }
    }

    /// Notes the tokens of a block of `len` bytes.
    fn count_tokens(&self, census: &mut Census, len: usize) {
        let segments = self.tokens.iter().filter_map(|token| self.segments.get(token.0));
        let bytes: u64 = segments.map(|segment| u64::from(segment.len)).sum();
        let values = self.tokens.iter().filter(|token| token.1 != NO_VALUE).count();
        census.segments.0 += self.tokens.len() as u64;
        census.segments.1 += bytes;
        census.values.0 += values as u64;
        census.values.1 += (len as u64).saturating_sub(bytes);
    }
}

/// The column of a segment without a value.
const NO_VALUE: u16 = u16::MAX;

/// Follows the steps to segments and columns.
fn read_tokens(
    steps: &[u8],
    mut new: &[u8],
    segments: &mut Segments,
    tokens: &mut Vec<(u16, u16)>,
) -> Result<(), Wrong> {
    tokens.clear();
    let mut steps = StepReader::new(steps);
    while !steps.is_done() {
        let id = match steps.next().ok_or("a step is not known")? {
            Step::Candidate(rank) => segments.candidates()[rank],
            Step::Known(id) => id,
            Step::New(follows) => {
                let (&len, rest) = new.split_first().ok_or("a new segment is missing")?;
                let (text, rest) =
                    rest.split_at_checked(usize::from(len)).ok_or("a new segment is cut")?;
                new = rest;
                if segments.is_full() {
                    return Err("there are too many segments");
                }
                segments.add(text, follows)
            }
        };
        let follows = segments.get(id).ok_or("a segment is not known")?.follows;
        let column = segments.take(id);
        if tokens.len() == TOKENS_MAX {
            return Err("there are too many tokens");
        }
        tokens.push((id, if follows == Follows::Nothing { NO_VALUE } else { column }));
    }
    if new.is_empty() { Ok(()) } else { Err("there are more new segments than steps to them") }
}

/// Where each column is.
fn cursors(
    tokens: &[(u16, u16)],
    streams: &mut Streams,
    columns: usize,
    mut census: Option<&mut Census>,
) -> Result<Vec<Cursor>, Wrong> {
    let mut counts = vec![0; columns];
    for &(_, column) in tokens.iter().filter(|token| token.1 != NO_VALUE) {
        counts[usize::from(column)] += 1;
    }
    counts[0] = 0;
    let mut cursors = vec![Cursor::Shared; columns];
    for &(_, column) in tokens.iter().filter(|token| token.1 != NO_VALUE) {
        let count = std::mem::take(&mut counts[usize::from(column)]);
        if count >= OWN_MIN {
            let before = streams.position();
            let cursor = streams.column(count)?;
            if let Some(census) = &mut census {
                census.add(cursor.kind(), streams.position() - before);
            }
            cursors[usize::from(column)] = cursor;
        }
    }
    if streams.is_done() { Ok(cursors) } else { Err("there are more streams than columns") }
}
