//! The push encoder: bytes in as they come, encoded bytes out.

use crate::check::Hasher;
use crate::coder::{BitWriter, Work};
use crate::fast;
use crate::format::{ChunkKind, Header, write_varint};
use crate::fuzzing;
use crate::lexer::ITEM_MAX;
use crate::memory::{Memory, SETTLED};
use crate::model::Model;
use crate::noise::{PIECE, is_noise};
use crate::prior;
use crate::settings::{Class, Level, Limits, Options, Settings};
use crate::stage::Stage;

/// A chunk is closed once it has this many coded bytes.
const CHUNK_CODED: usize = fuzzing::limit(1 << 15, 48);
/// A chunk is closed once it holds this many bytes of the document.
const CHUNK_RAW: usize = fuzzing::limit(1 << 22, 384);
/// Items are looked for when this much has come, so that small pushes do not scan again and again.
const WINDOW: usize = ITEM_MAX + PIECE;

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
    ///
    /// ```
    /// let encoder = sigma_encoder::Encoder::new(sigma_encoder::Options::new());
    /// ```
    pub fn new(options: Options) -> Self {
        Self { options, window: Vec::new(), start: 0, stream: None, taught: None }
    }

    /// For a document that is probably small: the model needs not be taught again.
    pub(crate) fn taught(options: Options, model: Model) -> Self {
        Self { taught: Some(model), ..Self::new(options) }
    }

    /// Takes bytes of the document and appends encoded bytes to `out`.
    ///
    /// ```
    /// # let mut encoder = sigma_encoder::Encoder::new(sigma_encoder::Options::new());
    /// let mut encoded = Vec::new();
    /// encoder.push(b"[1,2,", &mut encoded);
    /// encoder.push(b"3]", &mut encoded);
    /// assert!(encoded.is_empty(), "short documents come out when they end");
    /// ```
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
    ///
    /// ```
    /// # let encoder = sigma_encoder::Encoder::new(sigma_encoder::Options::new());
    /// let mut encoded = Vec::new();
    /// encoder.finish(&mut encoded);
    /// assert!(sigma_encoder::decode_all(encoded.as_slice())?.is_empty());
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
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
        let header = header(&self.options, Class::Large);
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
            let Some(len) = stream.next(&self.window[self.start..], false, out) else { break };
            self.start += len;
        }
        if self.window.capacity() > WINDOW {
            // The first fill was larger than the window needs to be.
            self.window.drain(..std::mem::take(&mut self.start));
            self.window.shrink_to(WINDOW);
        }
    }

    fn finish_compact(mut self, out: &mut Vec<u8>) {
        let coded = (!is_noise(&self.window)).then(|| self.compact_items());
        let coded = coded.filter(|coded| coded.1.len() <= self.window.len());
        let stored = || (Header::stored(self.options.check_of(Class::Small)), Vec::new());
        let (header, coded) = coded.unwrap_or_else(stored);
        header.write_to(out);
        write_varint(self.window.len() as u64, out);
        out.extend_from_slice(if header.is_stored { &self.window } else { &coded });
        let mut hash = header.hasher();
        hash.update(&self.window);
        hash.update(&coded);
        out.extend_from_slice(&hash.digest()[..header.check.whole_len()]);
    }

    /// The window as items.
    fn compact_items(&mut self) -> (Header, Vec<u8>) {
        let header = header(&self.options, Class::Small);
        let taught = self.taught.take();
        let mut model = taught.unwrap_or_else(|| model(&header, memory(&self.options)));
        let mut coder = BitWriter::new(Vec::new(), header.coding.pack);
        let mut rest = self.window.as_slice();
        while !rest.is_empty() {
            let len = model.item_len(rest).unwrap_or(rest.len());
            let limit = if len == rest.len() { len } else { ITEM_MAX };
            code(&mut model, &mut coder, &rest[..len], limit);
            rest = &rest[len..];
        }
        (header, coder.finish())
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
    Header::new(options.level, class, options.coding, options.check_of(class))
}

pub(crate) fn memory(options: &Options) -> Memory {
    Memory { lazy: options.holding.lazy, pool: options.holding.pool }
}

/// What the model must know of a header.
pub(crate) fn settings(header: &Header) -> Settings {
    Settings {
        level: header.level,
        class: header.class,
        prune: header.coding.prune,
        codebook: header.coding.codebook,
        delta: header.coding.delta,
    }
}

/// The model that a header asks for, taught.
pub(crate) fn model(header: &Header, memory: Memory) -> Model {
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

/// The full form: chunks.
struct Stream {
    header: Header,
    memory: Memory,
    model: Model,
    coder: BitWriter,
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

/// What the model made of the last bytes, and what that took: hints where it is of no use.
struct Effort {
    /// Bytes since it was last looked at, and what they were coded in.
    raw: usize,
    coded: usize,
    /// Of a piece, what it last was coded in.
    rate: usize,
    /// Work beyond what a document may take, for all of it.
    excess: i64,
    /// Whether nothing, or a piece that is not made of items, comes before.
    is_open: bool,
}

/// Coded bytes of a piece from which on it is worth to look for another way.
const HARD: usize = PIECE / 8 * 3;
/// What a byte of the document may take in the long run, where one of usual documents takes 100. Time is bounded
/// less closely than this: by 3 times the usual time.
const WORK_MAX: i64 = 235;
/// What a document may take beyond that before anything is done about it: the work of so many usual bytes. Real
/// documents of prose take 300 a byte; those of a few megabytes are left alone.
const WORK_FREE: i64 = 100 << 20;
/// What a document can have saved up: a megabyte's work.
const SAVED_MAX: i64 = WORK_MAX << 20;
/// What a byte takes that is compressed or stored.
const PLAIN_WORK: u64 = 25;

impl Effort {
    fn new() -> Self {
        Self { raw: 0, coded: 0, rate: 0, excess: -WORK_FREE, is_open: true }
    }

    /// Whether the piece that comes is to be looked at.
    fn is_due(&self) -> bool {
        self.is_open || (self.raw >= PIECE && (self.is_hard() || self.is_too_much()))
    }

    /// Whether the last bytes took many bytes.
    fn is_hard(&self) -> bool {
        self.rate() >= HARD
    }

    /// Whether the document took too much work so far.
    fn is_too_much(&self) -> bool {
        self.excess > 0
    }

    /// Whether it goes on to take too much where it should take little.
    fn is_far_too_much(&self) -> bool {
        self.excess > WORK_FREE / 4
    }

    /// What a piece takes.
    fn rate(&self) -> usize {
        if self.raw < PIECE { self.rate } else { self.coded * PIECE / self.raw }
    }

    /// Counts an item.
    fn add(&mut self, raw: usize, coded: usize, work: u64) {
        self.raw += raw;
        self.coded += coded;
        self.spend(work + Work::BYTE * raw as u64, raw);
        if self.raw >= PIECE && !self.is_due() {
            self.restart(false);
        }
    }

    /// Counts work on so many bytes.
    fn spend(&mut self, work: u64, raw: usize) {
        self.excess = (self.excess + work as i64 - WORK_MAX * raw as i64).max(-SAVED_MAX);
    }

    /// Begins anew.
    fn restart(&mut self, is_open: bool) {
        *self = Self { raw: 0, coded: 0, rate: self.rate(), is_open, ..*self };
    }
}

/// A piece of the document that is not coded as items.
struct Plain {
    kind: ChunkKind,
    len: usize,
    /// If it is packed.
    coded: Vec<u8>,
}

impl Stream {
    fn new(header: Header, memory: Memory) -> Self {
        let start = header.hasher();
        Self {
            memory,
            model: model(&header, memory),
            coder: BitWriter::new(Vec::new(), header.coding.pack),
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

    /// Codes what comes first of `rest`: an item, or a piece. Says how long that is; `None` if more must
    /// be seen to know. `last` if nothing comes after `rest`.
    fn next(&mut self, rest: &[u8], last: bool, out: &mut Vec<u8>) -> Option<usize> {
        let is_seen = |len: usize| last || rest.len() >= len;
        let piece = |from: usize| &rest[from..rest.len().min(from + PIECE)];
        if self.chunk_len == 0 && self.effort.is_due() {
            if !is_seen(PIECE) {
                return None;
            }
            if let Some(plain) = self.look(piece(0)) {
                return Some(self.take_plain(&rest[..plain.len], &plain, out));
            }
            self.effort.restart(false);
        }
        let len = self.model.item_len(rest).filter(|&len| len < rest.len());
        let len = if last { len.unwrap_or(rest.len()) } else { len? };
        let mut closes = last && len == rest.len();
        // An item can only end its chunk if that is known before it is coded.
        if !closes && len > 0 && self.effort.is_due() {
            if !is_seen(len + PIECE) {
                return None;
            }
            closes = self.look(piece(len)).is_some();
            self.effort.restart(closes);
        }
        self.code(&rest[..len], closes, out);
        Some(len)
    }

    /// What is better done with a piece than to code its items.
    fn look(&mut self, piece: &[u8]) -> Option<Plain> {
        if piece.is_empty() {
            return None;
        }
        let is_too_much = self.effort.is_too_much();
        let (asked, found) = self.model.known(piece);
        // What came before is soon coded, unless it is cut up.
        let is_known = found * if is_too_much { 2 } else { 16 } > asked;
        if is_known && !self.effort.is_far_too_much() {
            return None;
        }
        let len = piece.len();
        let stored = || Some(Plain { kind: ChunkKind::Stored, len, coded: Vec::new() });
        if is_noise(piece) {
            return stored();
        }
        if !(is_too_much || self.effort.is_hard()) || !self.header.coding.pack || len < PIECE {
            return None;
        }
        let coded = self.once.get_or_insert_with(fast::Once::new).pack(piece);
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
        let next = BitWriter::new(Vec::new(), self.header.coding.pack);
        let coded = std::mem::replace(&mut self.coder, next).finish();
        write_varint(self.chunk_len as u64, out);
        write_varint(ChunkKind::Items.joined(coded.len()), out);
        out.extend_from_slice(&coded);
        self.chunk.update(&coded);
        out.extend_from_slice(&self.chunk.digest()[..self.header.check.part_len()]);
        self.coder = BitWriter::new(self.memory.buffer(coded), self.header.coding.pack);
        self.chunk = self.start.clone();
        self.chunk_len = 0;
    }

    /// Codes what is left and ends the stream.
    fn finish(&mut self, mut rest: &[u8], out: &mut Vec<u8>) {
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
