//! Where the bits of an encoding went: by part of the model and by path in the document.
//!
//! The only floats of the library: they are for reading, not for coding.

use std::collections::BTreeMap;
use std::io::Read;

use crate::coder::{BitReader, ChunkReader, Coder, Part, Work};
use crate::decode::{MEMORY_LIMIT, Unpacker, check_memory};
use crate::encode::model;
use crate::error::Error;
use crate::fast;
use crate::format::{Header, Source, Start};
use crate::frames::{FrameBytes, inspect_frames};
use crate::lexer::{Lexer, State};
use crate::memory::Memory;
use crate::settings::{Budget, Limits};

/// Paths that are told apart; what comes after goes to the last.
pub(crate) const PATHS_MAX: usize = 4096;
/// The last.
pub(crate) const PATHS_OTHER: &str = "(other paths)";
/// Levels of a path that are told apart.
const LEVELS_MAX: usize = 32;
/// Bytes of a key that a path keeps, and of a path.
const KEY_MAX: usize = 64;
const PATH_MAX: usize = 512;
/// Frames that are listed.
pub(crate) const FRAMES_MAX: usize = 1 << 16;
/// What inspecting takes beside decoding: paths and frames.
const MEMORY_BYTES: u64 = (PATHS_MAX * (PATH_MAX + 128) + FRAMES_MAX * 16 + (1 << 20)) as u64;

/// What is inside an encoding.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// Bits and decisions of each part, in the order of [`Part::ALL`].
    pub parts: [(f64, u64); Part::ALL.len()],
    /// What coding took, by count: a byte of usual documents takes 100. Of frames, compact documents and blocks too
    /// little is known.
    pub work: u64,
    /// Chunks with their items.
    pub chunks: u64,
    /// Encodings that follow each other; their frames do not count.
    pub encodings: u64,
    /// Frames, in their order, if the encoding has the framed form: the first 65,536.
    pub frames: Vec<FrameBytes>,
    /// How many frames there are.
    pub frame_count: u64,
    /// Chunks that are not made of items: how many, their bytes of the document and of the encoding.
    pub plain: (u64, u64, u64),
    /// Segments and the bytes in them.
    pub segments: (u64, u64),
    /// Values and the bytes in them.
    pub values: (u64, u64),
    /// Paths and what their values cost. Control characters and the like in them are escaped; long keys and paths
    /// are cut, and what comes after 4,096 paths is told together.
    pub paths: BTreeMap<String, PathBits>,
    /// What the blocks of the level `fast` hold; parts and paths are not told apart there.
    pub blocks: Option<fast::Census>,
}

/// What the values of one path cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathBits {
    /// How many values.
    pub count: u64,
    /// Their bytes in the document.
    pub bytes: u64,
    /// Their bits in the encoding.
    pub bits: f64,
}

/// Decodes all that `input` gives and says where its bits went.
pub fn inspect<R: Read>(input: R) -> Result<Inspection, Error> {
    inspect_limited(input, Limits::default())
}

/// As [`inspect`], within limits: as in decoding, where the memory limit counts what is told too.
pub fn inspect_limited<R: Read>(input: R, limits: Limits) -> Result<Inspection, Error> {
    let memory_bytes = limits.memory_bytes.map(|bytes| bytes.saturating_sub(MEMORY_BYTES));
    let within = Limits { memory_bytes, ..limits };
    let inspected = inspect_all(Source::new(input), within);
    inspected.map_err(|error| match (error, limits.memory_bytes) {
        (Error::Limit { what: MEMORY_LIMIT, needed_bytes, .. }, Some(limit_bytes)) => {
            let needed_bytes = needed_bytes.map(|needed| needed + MEMORY_BYTES);
            Error::Limit { what: MEMORY_LIMIT, limit_bytes, needed_bytes }
        }
        (error, _) => error,
    })
}

fn inspect_all<R: Read>(mut source: Source<R>, limits: Limits) -> Result<Inspection, Error> {
    let (mut all, mut budget) = (Inspection::default(), Budget::new(limits));
    loop {
        let offset = source.offset;
        let start = match Start::read_from(&mut source) {
            Err(Error::NotSigma) if offset > 0 => return Err(Error::TrailingBytes { offset }),
            start => start?,
        };
        let found = match start {
            Start::Frames(header) => inspect_frames(source, header, limits, budget)?,
            Start::Single(header) => inspect_header(source, header, limits, budget)?,
        };
        (source, budget) = (found.source, found.budget);
        all.add(found.inspection);
        all.encodings += 1;
        if source.is_at_end()? {
            return Ok(all);
        }
    }
}

/// What was found in an encoding, and what is left after it.
pub(crate) struct Found<R> {
    pub(crate) inspection: Inspection,
    pub(crate) source: Source<R>,
    pub(crate) budget: Budget,
}

/// As [`inspect`], of the compact or the full form.
pub(crate) fn inspect_header<R: Read>(
    source: Source<R>,
    header: Header,
    limits: Limits,
    budget: Budget,
) -> Result<Found<R>, Error> {
    check_memory(&header, limits)?;
    if header.is_blocks() {
        return inspect_blocks(fast::Unpacker::new(source, header, budget));
    }
    let model = model(&header, Memory { lazy: true, pool: true });
    let mut unpacker = Unpacker::after_header(source, header, Meter::new(), model);
    unpacker.budget = budget;
    while unpacker.next_block()?.is_some() {}
    let Unpacker { coder, source, budget, .. } = unpacker;
    Ok(Found { inspection: coder.inspection, source, budget })
}

fn inspect_blocks<R: Read>(mut unpacker: fast::Unpacker<R>) -> Result<Found<R>, Error> {
    unpacker.take_census();
    while unpacker.next_block()?.is_some() {}
    let census = unpacker.census().cloned().unwrap_or_default();
    let inspection = Inspection {
        chunks: census.plain.blocks + census.columns.blocks,
        segments: census.segments,
        values: census.values,
        blocks: Some(census),
        ..Inspection::default()
    };
    Ok(Found { inspection, source: unpacker.source, budget: unpacker.budget })
}

impl Inspection {
    /// Adds what another encoding, or a frame, holds.
    pub(crate) fn add(&mut self, other: Self) {
        for (sum, part) in self.parts.iter_mut().zip(other.parts) {
            *sum = (sum.0 + part.0, sum.1 + part.1);
        }
        let sum = |a: (u64, u64), b: (u64, u64)| (a.0 + b.0, a.1 + b.1);
        self.work += other.work;
        self.chunks += other.chunks;
        self.frame_count += other.frame_count;
        let room = FRAMES_MAX.saturating_sub(self.frames.len());
        self.frames.extend(other.frames.into_iter().take(room));
        let (a, b) = (self.plain, other.plain);
        self.plain = (a.0 + b.0, a.1 + b.1, a.2 + b.2);
        self.segments = sum(self.segments, other.segments);
        self.values = sum(self.values, other.values);
        if let Some(census) = &other.blocks {
            self.blocks.get_or_insert_default().add_all(census);
        }
        for (path, cost) in other.paths {
            let entry = self.path(path);
            entry.count += cost.count;
            entry.bytes += cost.bytes;
            entry.bits += cost.bits;
        }
    }

    /// The entry of a path, or that of all others if there are too many.
    fn path(&mut self, path: String) -> &mut PathBits {
        let is_full = self.paths.len() >= PATHS_MAX && !self.paths.contains_key(&path);
        self.paths.entry(if is_full { PATHS_OTHER.into() } else { path }).or_default()
    }
}

/// What a terminal may show of a key: its first bytes, with what would be obeyed instead of shown escaped.
fn shown(key: &[u8]) -> String {
    let mut text = String::new();
    for character in String::from_utf8_lossy(key).chars() {
        let is_obeyed = character.is_control()
            || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
        match is_obeyed || character == '\\' {
            true => text.extend(character.escape_default()),
            false => text.push(character),
        }
    }
    text
}

/// Cuts a text, between characters, to about so many bytes.
fn cut(mut text: String, len_max: usize) -> String {
    if text.len() > len_max {
        let end = (0..=len_max).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Reads decisions and notes what they cost.
struct Meter {
    reader: BitReader,
    part: Part,
    work: Work,
    inspection: Inspection,
    /// Bits since the last item.
    bits: f64,
    lexer: Lexer,
    path: Vec<String>,
    key: Vec<u8>,
    depth: usize,
}

impl Meter {
    fn new() -> Self {
        Self {
            reader: BitReader::new(Vec::new(), true),
            part: Part::SegmentFlags,
            work: Work::default(),
            inspection: Inspection::default(),
            bits: 0.0,
            lexer: Lexer::new(),
            path: vec![String::new()],
            key: Vec::new(),
            depth: 0,
        }
    }

    /// One byte more than is shown is kept, so that a cut is seen.
    fn lengthen_key(&mut self, byte: u8) {
        if self.key.len() <= KEY_MAX {
            self.key.push(byte);
        }
    }

    fn take_segment(&mut self, segment: &[u8]) {
        self.inspection.segments.0 += 1;
        self.inspection.segments.1 += segment.len() as u64;
        for &byte in segment {
            let in_key = self.lexer.state == State::Key;
            self.lexer.step_segment(byte);
            match byte {
                _ if in_key && self.lexer.state == State::Key => self.lengthen_key(byte),
                _ if in_key => self.name_level(),
                b'{' | b'[' => self.open(byte == b'['),
                b'}' | b']' => self.close(),
                b'"' => self.key.clear(),
                _ => {}
            }
        }
        if self.lexer.state != State::Text {
            self.lexer.end_item(segment.len());
        }
    }

    fn name_level(&mut self) {
        if let Some(level) = self.path.get_mut(self.depth) {
            *level = format!(".{}", cut(shown(&self.key), KEY_MAX));
        }
    }

    fn open(&mut self, array: bool) {
        self.depth += 1;
        if self.depth < LEVELS_MAX {
            self.path.truncate(self.depth);
            self.path.push(if array { "[]".into() } else { String::new() });
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn take_value(&mut self, value: &[u8]) {
        self.lexer.take_value(value);
        self.inspection.values.0 += 1;
        self.inspection.values.1 += value.len() as u64;
        let levels = (self.depth + 1).min(self.path.len());
        let mut path = String::new();
        for level in &self.path[..levels] {
            if path.len() <= PATH_MAX {
                path.push_str(level);
            }
        }
        let bits = self.bits;
        let entry = self.inspection.path(cut(path, PATH_MAX));
        entry.count += 1;
        entry.bytes += value.len() as u64;
        entry.bits += bits;
    }
}

impl Coder for Meter {
    const ENCODING: bool = false;

    fn bit(&mut self, bit: u32, p1: u32) -> u32 {
        let bit = self.reader.bit(bit, p1);
        let p1 = if self.reader.is_plain() { 32768 } else { p1 };
        let p = if bit == 1 { p1 } else { 65536 - p1 };
        let cost = 16.0 - log2(p);
        self.work.decide();
        let part = &mut self.inspection.parts[self.part as usize];
        part.0 += cost;
        part.1 += 1;
        self.bits += cost;
        bit
    }

    fn is_overrun(&self) -> bool {
        self.reader.is_overrun()
    }

    fn enter(&mut self, part: Part) {
        self.part = part;
        self.work.enter(part);
    }
}

impl ChunkReader for Meter {
    fn start(&mut self, reader: BitReader) {
        self.inspection.chunks += 1;
        self.reader.start(reader);
    }

    fn reader(&self) -> &BitReader {
        &self.reader
    }

    fn end(&mut self) -> Vec<u8> {
        self.reader.end()
    }

    fn plain(&mut self, bytes: &[u8], coded: &[u8]) {
        let (count, raw, encoded) = &mut self.inspection.plain;
        self.inspection.chunks += 1;
        (*count, *raw) = (*count + 1, *raw + bytes.len() as u64);
        *encoded += coded.len() as u64;
    }

    fn item(&mut self, item: &[u8]) {
        self.inspection.work = self.work.sum;
        if matches!(self.lexer.state, State::Structure | State::Key) {
            self.take_segment(item);
        } else {
            self.take_value(item);
        }
        self.bits = 0.0;
    }
}

/// The binary logarithm, to a thousandth; the standard one would pull in the mathematics library.
fn log2(p: u32) -> f64 {
    let whole = p.ilog2();
    // p / 2^whole is in 1..2; squaring it sixteen times gives sixteen bits of its logarithm.
    let (mut x, mut fraction) = (u64::from(p) << (31 - whole), 0u32);
    for _ in 0..16 {
        x = (x * x) >> 31;
        fraction <<= 1;
        if x >= 1 << 32 {
            x >>= 1;
            fraction |= 1;
        }
    }
    f64::from(whole) + f64::from(fraction) / 65536.0
}
