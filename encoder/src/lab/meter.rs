//! Reads decisions and notes what they cost, by part of the model and by path in the document.
//!
//! The only floats of the library: they are for reading, not for coding.

use super::inspection::Inspection;
use crate::cm::arithmetic::ArithmeticDecoder;
use crate::cm::coder::{Coder, Part};
use crate::cm::work::Work;
use crate::codec::chunk_reader::ChunkReader;
use crate::grammar::lexer::{Event, Lexer};

/// Levels of a path that are told apart.
const LEVELS_MAX: usize = 32;
/// Bytes of a key that a path keeps.
const KEY_MAX: usize = 64;
/// Bytes of a path that are kept.
pub(super) const PATH_MAX: usize = 512;

/// Reads decisions and notes what they cost.
pub(super) struct Meter {
    reader: ArithmeticDecoder,
    part: Part,
    work: Work,
    pub(super) inspection: Inspection,
    /// Bits since the last item.
    bits: f64,
    lexer: Lexer,
    path: Path,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self {
            reader: ArithmeticDecoder::new(Vec::new(), true),
            part: Part::SegmentFlags,
            work: Work::default(),
            inspection: Inspection::default(),
            bits: 0.0,
            lexer: Lexer::new(),
            path: Path { levels: vec![String::new()], key: Vec::new(), depth: 0 },
        }
    }

    fn take_segment(&mut self, segment: &[u8]) {
        self.inspection.segments.0 += 1;
        self.inspection.segments.1 += segment.len() as u64;
        let (mut lexer, path) = (self.lexer, &mut self.path);
        lexer.take_segment(segment, |event, byte| path.follow(event, byte));
        self.lexer = lexer;
    }

    fn take_value(&mut self, value: &[u8]) {
        self.lexer.take_value(value);
        self.inspection.values.0 += 1;
        self.inspection.values.1 += value.len() as u64;
        let bits = self.bits;
        let entry = self.inspection.path(self.path.shown());
        entry.count += 1;
        entry.bytes += value.len() as u64;
        entry.bits += bits;
    }
}

/// Where in the document a value stands, as it is shown.
struct Path {
    levels: Vec<String>,
    key: Vec<u8>,
    depth: usize,
}

impl Path {
    fn follow(&mut self, event: Event, byte: u8) {
        match event {
            Event::OpensObject => self.open(String::new()),
            Event::OpensArray => self.open("[]".into()),
            Event::Closes => self.depth = self.depth.saturating_sub(1),
            Event::BeginsKey => self.key.clear(),
            // One byte more than is shown is kept, so that a cut is seen.
            Event::InKey if self.key.len() <= KEY_MAX => self.key.push(byte),
            Event::EndsKey => self.name_level(),
            Event::InKey | Event::Comma | Event::Colon | Event::BeginsText | Event::Other => {}
        }
    }

    fn name_level(&mut self) {
        if let Some(level) = self.levels.get_mut(self.depth) {
            *level = format!(".{}", cut(shown(&self.key), KEY_MAX));
        }
    }

    fn open(&mut self, level: String) {
        self.depth += 1;
        if self.depth < LEVELS_MAX {
            self.levels.truncate(self.depth);
            self.levels.push(level);
        }
    }

    fn shown(&self) -> String {
        let levels = (self.depth + 1).min(self.levels.len());
        let mut path = String::new();
        for level in &self.levels[..levels] {
            if path.len() <= PATH_MAX {
                path.push_str(level);
            }
        }
        cut(path, PATH_MAX)
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
    fn start(&mut self, reader: ArithmeticDecoder) {
        self.inspection.chunks += 1;
        self.reader.start(reader);
    }

    fn reader(&self) -> &ArithmeticDecoder {
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
        if self.lexer.state.is_segment() {
            self.take_segment(item);
        } else {
            self.take_value(item);
        }
        self.bits = 0.0;
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
