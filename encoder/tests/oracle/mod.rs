//! A decoder written after FORMAT.md, plain and slow: what the crate writes is held against it.
//!
//! It was written mostly from the text. Where the first text was not enough (candidates, numbers, last
//! digits) it was checked against the crate's source, and the text was mended.
//!
//! Each file is a section of that text or a part of one. This one is section 1, what stands around
//! the coded items. Nothing is shared with the crate but the prior, which is data, and Zstandard.

#![allow(
    clippy::many_single_char_names,
    clippy::similar_names,
    clippy::struct_excessive_bools,
    clippy::too_many_arguments,
    reason = "names are those of FORMAT.md"
)]

use std::collections::HashMap;

use xxhash_rust::xxh64::xxh64;

mod blocks;
mod bytes;
mod candidates;
mod coder;
mod columns;
mod digits;
mod double;
mod frames;
mod hash;
mod items;
mod matching;
mod model;
mod notation;
mod numbers;
mod pieces;
mod probability;
mod tree;

use coder::Coder;
use model::{Model, Techniques};

const MAGIC: [u8; 2] = [0xCE, 0xA3];
const VERSION: u8 = 1;
const COMPACT: u8 = 0;
const FULL: u8 = 1;
const CODED_LEN_MAX: u64 = 1_048_576;

/// Why an encoding is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

/// Decodes, and keeps the models that have learned the prior.
#[derive(Default)]
pub(crate) struct Oracle {
    models: HashMap<(u8, u8, u8), Model>,
}

impl Oracle {
    /// The document of an encoding.
    pub(crate) fn decode(&mut self, encoded: &[u8]) -> Result<Vec<u8>, Refused> {
        match encoded.split_at_checked(4) {
            Some(([first, second, VERSION, frames::FRAMED], rest))
                if [*first, *second] == MAGIC =>
            {
                self.framed(encoded, &mut Reader(rest))
            }
            _ => self.unframed(encoded),
        }
    }

    /// The document of an encoding in the compact or the full form.
    fn unframed(&mut self, encoded: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut reader = Reader(encoded);
        match reader.byte()? {
            first @ 0xA0..=0xBF => self.compact(first, &mut reader),
            first if first == MAGIC[0] => self.full(&mut reader),
            _ => Err(Refused("the first byte")),
        }
    }

    fn compact(&mut self, first: u8, reader: &mut Reader) -> Result<Vec<u8>, Refused> {
        let off = if first & 0b1_0000 != 0 { reader.byte()? } else { 0 };
        let (size, level) = (first >> 2 & 3, first & 3);
        let mut model = self.model(COMPACT, size, level, off)?;
        let len = reader.varint()?;
        if len > 65_536 {
            return Err(Refused("the length of a compact document"));
        }
        let check_len = match len {
            0..=16 => 2,
            17..=1024 => 3,
            _ => 4,
        };
        let coded_len = reader.0.len().checked_sub(check_len).ok_or(Refused("a cut encoding"))?;
        let coded = reader.bytes(coded_len)?;
        let document = items(&mut model, coded, len as usize, off)?;
        let check = xxh64(&[&document, coded].concat(), seed(size, level, off));
        match reader.0 == &check.to_le_bytes()[..check_len] {
            true => Ok(document),
            false => Err(Refused("the check")),
        }
    }

    fn full(&mut self, reader: &mut Reader) -> Result<Vec<u8>, Refused> {
        if reader.byte()? != MAGIC[1] || reader.byte()? != VERSION {
            return Err(Refused("the magic or the version"));
        }
        let classes = reader.byte()?;
        let off = reader.byte()?;
        let (size, level) = (classes >> 2, classes & 3);
        refuse_reserved(FULL, size, level, off)?;
        let seed = seed(size, level, off);
        if level == 0 {
            return blocks::document(reader, techniques(off), seed);
        }
        let mut model = self.model(FULL, size, level, off)?;
        let mut document = Vec::new();
        loop {
            let len = reader.varint()?;
            if len == 0 {
                break;
            }
            let coded_len = reader.varint()?;
            if coded_len > CODED_LEN_MAX {
                return Err(Refused("the length of a chunk"));
            }
            let coded = reader.bytes(coded_len as usize)?;
            let chunk = items(&mut model, coded, len as usize, off)?;
            let check = xxh64(&[&chunk, coded].concat(), seed);
            if reader.bytes(4)? != &check.to_le_bytes()[..4] {
                return Err(Refused("the check of a chunk"));
            }
            document.extend(chunk);
        }
        match reader.0 == xxh64(&document, seed).to_le_bytes() {
            true => Ok(document),
            false => Err(Refused("the check of the document")),
        }
    }

    /// A model that has learned the prior; refuses what is reserved.
    fn model(&mut self, form: u8, size: u8, level: u8, off: u8) -> Result<Model, Refused> {
        refuse_reserved(form, size, level, off)?;
        let new = || Model::new(usize::from(level), form == COMPACT, techniques(off));
        Ok(self.models.entry((form, level, off)).or_insert_with(new).clone())
    }
}

fn refuse_reserved(form: u8, size: u8, level: u8, off: u8) -> Result<(), Refused> {
    match (size, level, off) {
        _ if size != form => Err(Refused("the size class")),
        (_, 3, _) => Err(Refused("the level")),
        (_, _, 16..) => Err(Refused("the techniques")),
        _ => Ok(()),
    }
}

fn seed(size: u8, level: u8, off: u8) -> u64 {
    u64::from(size << 2 | level) | u64::from(off) << 8
}

fn techniques(off: u8) -> Techniques {
    let is_on = |bit: u8| off >> bit & 1 == 0;
    Techniques { prune: is_on(0), codebook: is_on(1), delta: is_on(2), pack: is_on(3) }
}

/// Reads items of `len` bytes together.
fn items(model: &mut Model, coded: &[u8], len: usize, off: u8) -> Result<Vec<u8>, Refused> {
    let mut coder = Coder::new(coded, techniques(off).pack);
    let mut bytes: Vec<u8> = Vec::new();
    while bytes.len() < len {
        let item = model.item(&mut coder, len - bytes.len(), None);
        bytes.extend(item);
        if coder.damaged || bytes.len() > len {
            return Err(Refused("coded bytes that nobody wrote"));
        }
    }
    Ok(bytes)
}

/// What is left to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, len: usize) -> Result<&'a [u8], Refused> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Refused("a cut encoding"))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Refused> {
        Ok(self.bytes(1)?[0])
    }

    /// A number of three bytes.
    fn three(&mut self) -> Result<usize, Refused> {
        let bytes = self.bytes(3)?;
        Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte)))
    }

    fn varint(&mut self) -> Result<u64, Refused> {
        let mut number = 0;
        for place in 0..9 {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << (7 * place);
            if byte < 128 {
                return match byte == 0 && place > 0 {
                    true => Err(Refused("a varint longer than needed")),
                    false => Ok(number),
                };
            }
        }
        Err(Refused("a varint of more than 9 bytes"))
    }
}
