//! The push encoder: bytes in as they come, encoded bytes out.

use xxhash_rust::xxh64::Xxh64;

use crate::coder::BitWriter;
use crate::fast;
use crate::format::{Header, compact_check_len, write_varint};
use crate::fuzzing;
use crate::lexer::ITEM_MAX;
use crate::memory::{Memory, SETTLED};
use crate::model::Model;
use crate::prior;
use crate::settings::{Class, Level, Options, Settings};
use crate::stage::Stage;

/// A chunk is closed once it has this many coded bytes.
const CHUNK_CODED: usize = fuzzing::limit(1 << 15, 48);
/// A chunk is closed once it holds this many bytes of the document.
const CHUNK_RAW: usize = fuzzing::limit(1 << 22, 384);
/// Items are looked for when this much has come, so that small pushes do not scan again and again.
const WINDOW: usize = 2 * ITEM_MAX;

/// Encodes one document that is pushed in any pieces.
///
/// ```
/// let mut encoder = sigma_encoder::Encoder::new(sigma_encoder::Options::default());
/// let mut encoded = Vec::new();
/// encoder.push(b"[1,2,", &mut encoded);
/// encoder.push(b"3]", &mut encoded);
/// encoder.finish(&mut encoded);
/// let mut document = Vec::new();
/// sigma_encoder::decode(encoded.as_slice(), &mut document)?;
/// assert_eq!(document, b"[1,2,3]");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub struct Encoder {
    options: Options,
    /// What has come and is not coded yet, from `start`.
    window: Vec<u8>,
    start: usize,
    stream: Option<Full>,
    taught: Option<Model>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Encoder {
    /// Holds nothing until bytes come.
    pub fn new(options: Options) -> Self {
        Self { options, window: Vec::new(), start: 0, stream: None, taught: None }
    }

    /// For a document that is probably small: the model needs not be taught again.
    pub(crate) fn taught(options: Options, model: Model) -> Self {
        Self { taught: Some(model), ..Self::new(options) }
    }

    /// Takes bytes of the document and appends encoded bytes to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        Stage::Output.run(|| self.push_as_output(bytes, out));
    }

    fn push_as_output(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let wanted = match &self.stream {
                None => Class::SMALL_MAX + 1,
                Some(Full::Items(_)) => WINDOW,
                Some(Full::Blocks(_)) => fast::BLOCK,
            };
            let room = wanted.saturating_sub(self.window.len() - self.start).min(bytes.len());
            Stage::Input.run(|| self.fill(&bytes[..room], wanted));
            bytes = &bytes[room..];
            if self.window.len() - self.start >= wanted {
                self.code(out);
            }
        }
    }

    /// Appends to the window, which doubles as it grows, but not beyond `len_max`.
    fn fill(&mut self, bytes: &[u8], len_max: usize) {
        let (len, needed) = (self.window.len(), self.window.len() + bytes.len());
        if needed > self.window.capacity() {
            let capacity = needed.max(2 * len).max(1 << 12).min(needed.max(len_max));
            self.window.reserve_exact(capacity - len);
        }
        self.window.extend_from_slice(bytes);
    }

    /// Ends the document and appends what is left to `out`.
    pub fn finish(self, out: &mut Vec<u8>) {
        Stage::Output.run(|| self.finish_as_output(out));
    }

    fn finish_as_output(mut self, out: &mut Vec<u8>) {
        if self.stream.is_none() && self.window.len() <= Class::SMALL_MAX {
            return self.finish_compact(out);
        }
        self.code(out);
        match self.stream.take().expect("made by code") {
            Full::Items(mut stream) => stream.finish(&self.window[self.start..], out),
            Full::Blocks(mut packer) => packer.finish(&self.window[self.start..], out),
        }
    }

    fn start_stream(&mut self, out: &mut Vec<u8>) -> Full {
        let header = header(&self.options, Class::of(self.window.len()));
        header.write_to(out);
        let memory = memory(&self.options);
        match header.level {
            Level::Fast => Full::Blocks(Box::new(fast::Packer::new(header, memory))),
            Level::Default | Level::Max => Full::Items(Box::new(Stream::new(header, memory))),
        }
    }

    /// Codes as much of the window as can be.
    fn code(&mut self, out: &mut Vec<u8>) {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.start_stream(out),
        };
        match &mut stream {
            Full::Items(stream) => self.code_items(stream, out),
            Full::Blocks(packer) => self.code_blocks(packer, out),
        }
        self.stream = Some(stream);
        self.window.drain(..self.start);
        self.start = 0;
    }

    /// A window that is not full waits, so that blocks do not depend on the sizes of pushes.
    fn code_blocks(&mut self, packer: &mut fast::Packer, out: &mut Vec<u8>) {
        if self.window.len() < fast::BLOCK {
            return;
        }
        // The rest is moved to the front of the window: not too often.
        while self.window.len() - self.start > fast::BLOCK / 2 {
            self.start += packer.block(&self.window[self.start..], false, out);
        }
    }

    fn code_items(&mut self, stream: &mut Stream, out: &mut Vec<u8>) {
        while self.start < self.window.len() {
            let rest = &self.window[self.start..];
            let Some(len) = stream.model.item_len(rest) else { break };
            if len == rest.len() {
                break;
            }
            stream.code(&rest[..len], false, out);
            self.start += len;
        }
        if self.window.capacity() > WINDOW {
            // The first fill was larger than the window needs to be.
            self.window.drain(..std::mem::take(&mut self.start));
            self.window.shrink_to(WINDOW);
        }
    }

    fn finish_compact(self, out: &mut Vec<u8>) {
        let header = header(&self.options, Class::of(self.window.len()));
        header.write_to(out);
        write_varint(self.window.len() as u64, out);
        let mut model = self.taught.unwrap_or_else(|| model(header, memory(&self.options)));
        let mut coder = BitWriter::new(Vec::new(), header.coding.pack);
        let mut rest = self.window.as_slice();
        while !rest.is_empty() {
            let len = model.item_len(rest).unwrap_or(rest.len());
            let limit = if len == rest.len() { len } else { ITEM_MAX };
            code(&mut model, &mut coder, &rest[..len], limit);
            rest = &rest[len..];
        }
        let payload = coder.finish();
        out.extend_from_slice(&payload);
        let mut hash = Xxh64::new(header.seed());
        hash.update(&self.window);
        hash.update(&payload);
        let check = hash.digest().to_le_bytes();
        out.extend_from_slice(&check[..compact_check_len(self.window.len() as u64)]);
    }
}

/// Touches the rest of the tables once the document has shown to be long.
pub(crate) fn settle(model: &mut Model, unsettled: &mut u64, len: usize) {
    if *unsettled > 0 {
        *unsettled = unsettled.saturating_sub(len as u64);
        if *unsettled == 0 {
            model.touch();
        }
    }
}

/// The header of a document of this class.
pub(crate) fn header(options: &Options, class: Class) -> Header {
    Header { level: options.level, class, coding: options.coding }
}

pub(crate) fn memory(options: &Options) -> Memory {
    Memory { lazy: options.holding.lazy, pool: options.holding.pool }
}

/// What the model must know of a header.
pub(crate) fn settings(header: Header) -> Settings {
    Settings {
        level: header.level,
        class: header.class,
        prune: header.coding.prune,
        codebook: header.coding.codebook,
        delta: header.coding.delta,
    }
}

/// The model that a header asks for, taught.
pub(crate) fn model(header: Header, memory: Memory) -> Model {
    Stage::Tables.run(|| {
        let mut model = Model::new(settings(header), memory);
        prior::teach(&mut model);
        model
    })
}

fn code(model: &mut Model, coder: &mut BitWriter, item: &[u8], limit: usize) {
    Stage::Coder
        .run(|| model.code_item(coder, item, limit))
        .expect("the encoder cannot contradict itself");
    debug_assert_eq!(model.item(), item, "the model must follow what it coded");
}

/// The full form.
enum Full {
    /// Chunks of items.
    Items(Box<Stream>),
    /// Blocks, at the level `fast`.
    Blocks(Box<fast::Packer>),
}

/// The full form: chunks of items.
struct Stream {
    header: Header,
    memory: Memory,
    model: Model,
    coder: BitWriter,
    chunk: Xxh64,
    chunk_len: usize,
    whole: Xxh64,
    /// Bytes until memory settles.
    unsettled: u64,
}

impl Stream {
    fn new(header: Header, memory: Memory) -> Self {
        Self {
            header,
            memory,
            model: model(header, memory),
            coder: BitWriter::new(Vec::new(), header.coding.pack),
            chunk: Xxh64::new(header.seed()),
            chunk_len: 0,
            whole: Xxh64::new(header.seed()),
            unsettled: SETTLED,
        }
    }

    /// Codes one item; `last` of the document or not.
    fn code(&mut self, item: &[u8], last: bool, out: &mut Vec<u8>) {
        // An empty item cannot end a chunk: its reader would stop before it.
        let full = self.coder.len() >= CHUNK_CODED || self.chunk_len >= CHUNK_RAW;
        let closes = last || (full && !item.is_empty());
        let limit = if closes { item.len() } else { ITEM_MAX };
        code(&mut self.model, &mut self.coder, item, limit);
        self.chunk.update(item);
        self.whole.update(item);
        self.chunk_len += item.len();
        settle(&mut self.model, &mut self.unsettled, item.len());
        if closes {
            self.close_chunk(out);
        }
    }

    fn close_chunk(&mut self, out: &mut Vec<u8>) {
        let next = BitWriter::new(Vec::new(), self.header.coding.pack);
        let coded = std::mem::replace(&mut self.coder, next).finish();
        write_varint(self.chunk_len as u64, out);
        write_varint(coded.len() as u64, out);
        out.extend_from_slice(&coded);
        self.chunk.update(&coded);
        out.extend_from_slice(&self.chunk.digest().to_le_bytes()[..4]);
        self.coder = BitWriter::new(self.memory.buffer(coded), self.header.coding.pack);
        self.chunk.reset(self.header.seed());
        self.chunk_len = 0;
    }

    /// Codes what is left and ends the stream.
    fn finish(&mut self, mut rest: &[u8], out: &mut Vec<u8>) {
        while !rest.is_empty() {
            let len = self.model.item_len(rest).unwrap_or(rest.len());
            self.code(&rest[..len], len == rest.len(), out);
            rest = &rest[len..];
        }
        if self.chunk_len > 0 {
            self.close_chunk(out);
        }
        write_varint(0, out);
        out.extend_from_slice(&self.whole.digest().to_le_bytes());
    }
}
