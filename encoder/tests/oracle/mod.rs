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
use zstd_safe::DCtx;

const MAGIC: [u8; 2] = [0xCE, 0xA3];
const VERSION: u8 = 1;
const CODED_LEN_MAX: u64 = 1_048_576;
const PLAIN_LEN_MAX: u64 = 65_536;
const COMPACT_LEN_MAX: u64 = 65_536;
/// Forms of the long header.
const CHUNKS: u8 = 1;
const BLOCKS: u8 = 2;
const FRAMES: u8 = 128;

/// Why an encoding is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) &'static str);

/// The kind of check, and the header that it begins with.
struct Check {
    kind: u8,
    header: Vec<u8>,
}

impl Check {
    fn new(kind: u8, header: Vec<u8>) -> Result<Self, Refused> {
        match kind {
            0 | 1 | 3 => Ok(Self { kind, header }),
            _ => Err(Refused("the kind of check")),
        }
    }

    fn of(&self, parts: &[&[u8]]) -> Vec<u8> {
        let bytes = [&[&self.header[..]], parts].concat().concat();
        match self.kind {
            0 => crc32(&bytes).to_le_bytes().to_vec(),
            1 => xxh64(&bytes, 0).to_le_bytes().to_vec(),
            _ => Vec::new(),
        }
    }

    fn whole_len(&self) -> usize {
        [4, 8, 0, 0][usize::from(self.kind)]
    }

    fn part_len(&self) -> usize {
        self.whole_len().min(4)
    }
}

/// Bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

/// Decodes, and keeps the models that have learned the prior.
#[derive(Default)]
pub(crate) struct Oracle {
    models: HashMap<(bool, u8, u8), Model>,
}

impl Oracle {
    /// The documents of all encodings that follow each other.
    pub(crate) fn decode(&mut self, encoded: &[u8]) -> Result<Vec<u8>, Refused> {
        let mut reader = Reader(encoded);
        let mut documents = self.one(&mut reader)?;
        while !reader.0.is_empty() {
            documents.extend(self.one(&mut reader)?);
        }
        Ok(documents)
    }

    /// The document of an encoding.
    fn one(&mut self, reader: &mut Reader) -> Result<Vec<u8>, Refused> {
        match reader.0.first() {
            Some(first) if *first == MAGIC[0] => {
                let header = long_header(reader)?;
                let mut fields = Reader(&header[4..]);
                if fields.0.first() == Some(&FRAMES) {
                    fields.byte()?;
                    let frame_size = fields.varint()?;
                    pass_over(fields)?;
                    return self.framed(&header, frame_size, reader);
                }
                self.full(&header, reader)
            }
            _ => self.single(reader),
        }
    }

    /// As `one`, but not in frames.
    fn single(&mut self, reader: &mut Reader) -> Result<Vec<u8>, Refused> {
        match *reader.0.first().ok_or(Refused("a cut encoding"))? {
            0xA0..=0xBF => self.compact(reader),
            first if first == MAGIC[0] => {
                let header = long_header(reader)?;
                self.full(&header, reader)
            }
            _ => Err(Refused("the first byte")),
        }
    }

    fn compact(&mut self, reader: &mut Reader) -> Result<Vec<u8>, Refused> {
        let start = reader.0;
        let first = reader.byte()?;
        let (has_techniques, kind, level) = (first & 16 != 0, first >> 2 & 3, first & 3);
        let off = if has_techniques { reader.byte()? } else { 0 };
        if has_techniques && (off == 0 || level == 3) {
            return Err(Refused("the techniques"));
        }
        let header = start[..start.len() - reader.0.len()].to_vec();
        if kind == 3 && first != 0xAD && reader.bytes(2)? != &crc32(&header).to_le_bytes()[..2] {
            return Err(Refused("the check of the header"));
        }
        let check = Check::new(kind, header)?;
        let len = reader.varint()?;
        if len > COMPACT_LEN_MAX {
            return Err(Refused("the length of a compact document"));
        }
        let (document, coded) = if level == 3 {
            (reader.bytes(len as usize)?.to_vec(), &[][..])
        } else {
            let mut model = self.model(true, level, off)?;
            let (document, coded_len) = items(&mut model, reader.0, len as usize, off)?;
            (document, reader.bytes(coded_len)?)
        };
        if reader.bytes(check.whole_len())? != check.of(&[&document, coded]) {
            return Err(Refused("the check"));
        }
        match kind == 3 && !reader.0.is_empty() {
            true => Err(Refused("bytes after an encoding without a check")),
            false => Ok(document),
        }
    }

    fn full(&mut self, header: &[u8], reader: &mut Reader) -> Result<Vec<u8>, Refused> {
        let mut fields = Reader(&header[4..]);
        let [form, level, off, kind] =
            [fields.byte()?, fields.byte()?, fields.byte()?, fields.byte()?];
        let check = Check::new(kind, header.to_vec())?;
        pass_over(fields)?;
        refuse_reserved(level, off)?;
        match (form, level) {
            (BLOCKS, 0) => return blocks::document(reader, techniques(off), &check),
            (CHUNKS, 1 | 2) => {}
            _ => return Err(Refused("the form")),
        }
        let mut model = self.model(false, level, off)?;
        let mut document = Vec::new();
        loop {
            let len = reader.varint()?;
            if len == 0 {
                break;
            }
            let number = reader.varint()?;
            let (chunk_kind, coded_len) = (number & 3, number >> 2);
            if coded_len > CODED_LEN_MAX || (chunk_kind > 0 && len > PLAIN_LEN_MAX) {
                return Err(Refused("the length of a chunk"));
            }
            let coded = reader.bytes(coded_len as usize)?;
            let (chunk, checked) = match chunk_kind {
                0 => {
                    let (chunk, used) = items(&mut model, coded, len as usize, off)?;
                    if used != coded.len() {
                        return Err(Refused("coded bytes left over"));
                    }
                    (chunk, coded)
                }
                1 => (coded.to_vec(), &[][..]),
                2 => (packed(coded, len as usize)?, coded),
                _ => return Err(Refused("the kind of a chunk")),
            };
            if chunk.len() as u64 != len {
                return Err(Refused("the length of a chunk"));
            }
            if chunk_kind > 0 {
                model.pass(&chunk);
            }
            if reader.bytes(check.part_len())? != &check.of(&[&chunk, checked])[..check.part_len()]
            {
                return Err(Refused("the check of a chunk"));
            }
            document.extend(chunk);
        }
        match reader.bytes(check.whole_len())? == check.of(&[&document]) {
            true => Ok(document),
            false => Err(Refused("the check of the document")),
        }
    }

    /// A model that has learned the prior; refuses what is reserved.
    fn model(&mut self, is_compact: bool, level: u8, off: u8) -> Result<Model, Refused> {
        refuse_reserved(level, off)?;
        let new = || Model::new(usize::from(level), is_compact, techniques(off));
        Ok(self.models.entry((is_compact, level, off)).or_insert_with(new).clone())
    }
}

/// A long header without its check, which is read too.
fn long_header(reader: &mut Reader) -> Result<Vec<u8>, Refused> {
    let start = reader.0;
    if reader.bytes(2)? != MAGIC {
        return Err(Refused("the magic"));
    }
    let (version, len) = (reader.byte()?, reader.byte()?);
    reader.bytes(usize::from(len))?;
    let header = start[..4 + usize::from(len)].to_vec();
    if reader.bytes(4)? != crc32(&header).to_le_bytes() {
        return Err(Refused("the check of the header"));
    }
    match version {
        VERSION => Ok(header),
        _ => Err(Refused("the version")),
    }
}

/// Passes over fields that need not be known.
fn pass_over(mut fields: Reader) -> Result<(), Refused> {
    while !fields.0.is_empty() {
        let (number, len) = (fields.byte()?, fields.byte()?);
        if number >= 128 {
            return Err(Refused("a field"));
        }
        fields.bytes(usize::from(len))?;
    }
    Ok(())
}

/// One frame of Zstandard.
fn packed(coded: &[u8], len: usize) -> Result<Vec<u8>, Refused> {
    let mut bytes = vec![0; len];
    let is_one = zstd_safe::find_frame_compressed_size(coded) == Ok(coded.len());
    match DCtx::create().decompress(&mut bytes[..], coded) {
        Ok(found) if found == len && is_one => Ok(bytes),
        _ => Err(Refused("what is packed")),
    }
}

fn refuse_reserved(level: u8, off: u8) -> Result<(), Refused> {
    match (level, off) {
        (3.., _) => Err(Refused("the level")),
        (_, 16..) => Err(Refused("the techniques")),
        _ => Ok(()),
    }
}

fn techniques(off: u8) -> Techniques {
    let is_on = |bit: u8| off >> bit & 1 == 0;
    Techniques { prune: is_on(0), codebook: is_on(1), delta: is_on(2), pack: is_on(3) }
}

/// Reads items of `len` bytes together, from the beginning of `coded`; with how many bytes they took.
fn items(
    model: &mut Model,
    coded: &[u8],
    len: usize,
    off: u8,
) -> Result<(Vec<u8>, usize), Refused> {
    let mut coder = Coder::new(coded, techniques(off).pack);
    let mut bytes: Vec<u8> = Vec::new();
    while bytes.len() < len {
        let item = model.item(&mut coder, len - bytes.len(), None);
        bytes.extend(item);
        if coder.damaged || bytes.len() > len {
            return Err(Refused("coded bytes that nobody wrote"));
        }
    }
    let used = coder.len().ok_or(Refused("coded bytes that nobody wrote"))?;
    Ok((bytes, used))
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
