//! Where the bits of an encoding went: by part of the model and by path in the document.
//!
//! The only floats of the library: they are for reading, not for coding.

use std::collections::BTreeMap;
use std::io::Read;

use crate::coder::{BitReader, ChunkReader, Coder, Part};
use crate::decode::Unpacker;
use crate::encode::model;
use crate::error::Error;
use crate::fast;
use crate::format::{Header, Source};
use crate::frames::{FrameBytes, inspect_frames, is_framed, start};
use crate::lexer::{Lexer, State};
use crate::memory::Memory;
use crate::settings::Limits;

/// Paths that are told apart; what comes after goes to the last.
pub(crate) const PATHS_MAX: usize = 10_000;
/// The last.
pub(crate) const PATHS_OTHER: &str = "(other paths)";
/// Levels of a path that are told apart.
const LEVELS_MAX: usize = 32;

/// What is inside an encoding.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// Bits and decisions of each part, in the order of [`Part::ALL`].
    pub parts: [(f64, u64); Part::ALL.len()],
    /// Chunks with their items.
    pub chunks: u64,
    /// Frames, in their order, if the encoding has the framed form.
    pub frames: Vec<FrameBytes>,
    /// Segments and the bytes in them.
    pub segments: (u64, u64),
    /// Values and the bytes in them.
    pub values: (u64, u64),
    /// Paths and what their values cost.
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
    let input = start(input)?;
    if is_framed(&input) { inspect_frames(input) } else { inspect_single(input) }
}

/// As [`inspect`], of the compact or the full form.
pub(crate) fn inspect_single<R: Read>(input: R) -> Result<Inspection, Error> {
    let mut source = Source::new(input);
    let header = Header::read_from(&mut source)?;
    if header.is_blocks() {
        return inspect_blocks(fast::Unpacker::new(source, header, Limits::default())?);
    }
    let model = model(header, Memory { lazy: true, pool: true });
    let mut unpacker = Unpacker::after_header(source, header, Meter::new(), model);
    while unpacker.next_block()?.is_some() {}
    Ok(unpacker.coder.inspection)
}

fn inspect_blocks<R: Read>(mut unpacker: fast::Unpacker<R>) -> Result<Inspection, Error> {
    unpacker.take_census();
    while unpacker.next_block()?.is_some() {}
    let census = unpacker.census().cloned().unwrap_or_default();
    Ok(Inspection {
        chunks: census.plain.blocks + census.columns.blocks,
        segments: census.segments,
        values: census.values,
        blocks: Some(census),
        ..Inspection::default()
    })
}

/// Reads decisions and notes what they cost.
struct Meter {
    reader: BitReader,
    part: Part,
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
            inspection: Inspection::default(),
            bits: 0.0,
            lexer: Lexer::new(),
            path: vec![String::new()],
            key: Vec::new(),
            depth: 0,
        }
    }

    fn take_segment(&mut self, segment: &[u8]) {
        self.inspection.segments.0 += 1;
        self.inspection.segments.1 += segment.len() as u64;
        for &byte in segment {
            let in_key = self.lexer.state == State::Key;
            self.lexer.step_segment(byte);
            match byte {
                _ if in_key && self.lexer.state == State::Key => self.key.push(byte),
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
            *level = format!(".{}", String::from_utf8_lossy(&self.key));
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
        let mut path = self.path[..levels].concat();
        let paths = &mut self.inspection.paths;
        if paths.len() >= PATHS_MAX && !paths.contains_key(&path) {
            path = PATHS_OTHER.into();
        }
        let entry = paths.entry(path).or_default();
        entry.count += 1;
        entry.bytes += value.len() as u64;
        entry.bits += self.bits;
    }
}

impl Coder for Meter {
    const ENCODING: bool = false;

    fn bit(&mut self, bit: u32, p1: u32) -> u32 {
        let bit = self.reader.bit(bit, p1);
        let p1 = if self.reader.is_plain() { 32768 } else { p1 };
        let p = if bit == 1 { p1 } else { 65536 - p1 };
        let cost = 16.0 - log2(p);
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

    fn item(&mut self, item: &[u8]) {
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
