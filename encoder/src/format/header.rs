//! The header of each form, with its reading beside its writing (FORMAT.md, section 1).

use std::io::Read;

use super::check::Hasher;
use super::source::Source;
use super::varint::write_varint;
use crate::options::check::Check;
use crate::options::class::Class;
use crate::options::coding::{Coding, Level};
use crate::options::error::Error;

/// Begins the long header: "Σ" in UTF-8.
const MAGIC: [u8; 2] = [0xCE, 0xA3];
/// The version that is written.
const VERSION: u8 = 1;
/// Begins the compact form, in the highest three bits.
const COMPACT: u8 = 0b1010_0000;
/// In the compact form: a byte with the techniques follows.
const COMPACT_CODING: u8 = 0b1_0000;
/// In the compact form, in place of the level: the document as it is.
const COMPACT_STORED: u8 = 3;
/// The compact form without a check whose first byte is no other: nothing protects this header.
const COMPACT_BARE: u8 = 0b1010_1101;
/// Begins the compact form of later versions.
const COMPACT_LATER: u8 = 0x98;
/// Fields with a number from this on must be known to be passed over.
const FIELD_NEEDED: u8 = 128;

/// The forms of the long header: its first field.
mod form {
    /// Chunks of items.
    pub(super) const CHUNKS: u8 = 1;
    /// Blocks of the level `fast`.
    pub(super) const BLOCKS: u8 = 2;
    /// Frames.
    pub(super) const FRAMES: u8 = 128;
}

/// What an encoding begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// One document in the compact or the full form.
    Single(Header),
    /// A document in frames, cut by this size.
    Frames(FramesHeader),
}

impl Start {
    /// Reads what an encoding begins with.
    pub(crate) fn read_from<R: Read>(source: &mut Source<R>) -> Result<Self, Error> {
        let offset = source.offset;
        let Some(first) = source.next()? else { return Err(Error::NotSigma) };
        match first {
            _ if first & 0b1110_0000 == COMPACT => Header::compact(first, source).map(Self::Single),
            COMPACT_LATER => Err(later_compact(source)?),
            _ if first != MAGIC[0] || source.byte()? != MAGIC[1] => Err(Error::NotSigma),
            _ => Self::long(source, offset),
        }
    }

    /// After the magic.
    fn long<R: Read>(source: &mut Source<R>, offset: u64) -> Result<Self, Error> {
        let mut bytes = MAGIC.to_vec();
        source.take(2, &mut bytes)?;
        source.take(u64::from(bytes[3]), &mut bytes)?;
        let check = crc32fast::hash(&bytes).to_le_bytes();
        source.expect(&check, offset, "the check of the header differs")?;
        if bytes[2] != VERSION {
            return Err(Error::Unsupported { what: "format version", code: bytes[2] });
        }
        let mut fields = Source::new(&bytes[4..]);
        match fields.byte() {
            Ok(form::FRAMES) => {
                let frame_bytes = fields.varint()?;
                pass_over(&mut fields)?;
                Ok(Self::Frames(FramesHeader { frame_bytes, bytes }))
            }
            Ok(form @ (form::CHUNKS | form::BLOCKS)) => {
                let codes = [fields.byte()?, fields.byte()?, fields.byte()?];
                let header = Header::from_codes(codes, Class::Large, bytes.clone())?;
                pass_over(&mut fields)?;
                match form == header.form() {
                    true => Ok(Self::Single(header)),
                    false => Err(Error::Unsupported { what: "form of this level", code: form }),
                }
            }
            Ok(code) => Err(Error::Unsupported { what: "form", code }),
            Err(_) => Err(Error::Corrupt { offset, what: "the header is empty" }),
        }
    }
}

/// Passes over fields that say nothing that must be known.
fn pass_over(fields: &mut Source<&[u8]>) -> Result<(), Error> {
    while let Some(code) = fields.next()? {
        if code >= FIELD_NEEDED {
            return Err(Error::Unsupported { what: "field of the header", code });
        }
        let len = fields.byte()?;
        fields.take(u64::from(len), &mut Vec::new())?;
    }
    Ok(())
}

/// A compact form that this version does not know, if its header is right.
fn later_compact<R: Read>(source: &mut Source<R>) -> Result<Error, Error> {
    let offset = source.offset - 1;
    let mut bytes = vec![COMPACT_LATER, source.byte()?];
    let (version, len) = (bytes[1] >> 4, bytes[1] & 15);
    source.take(u64::from(len), &mut bytes)?;
    let is_right = source.byte()? == crc32fast::hash(&bytes).to_le_bytes()[0];
    Ok(match is_right && version > VERSION {
        true => Error::Unsupported { what: "format version", code: version },
        false => Error::Corrupt { offset, what: "this is not a valid header" },
    })
}

/// Appends a long header, with its magic, length and check.
fn write_long(fields: &[u8]) -> Vec<u8> {
    let mut bytes = vec![MAGIC[0], MAGIC[1], VERSION, fields.len() as u8];
    bytes.extend_from_slice(fields);
    bytes
}

/// The header of one document in the compact or the full form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) level: Level,
    pub(crate) class: Class,
    pub(crate) coding: Coding,
    pub(crate) check: Check,
    /// The document stands there as it is.
    pub(crate) is_stored: bool,
    /// The bytes of the header that every check begins with.
    pub(crate) bytes: Vec<u8>,
}

impl Header {
    /// The header of a coded document.
    pub(crate) fn new(level: Level, class: Class, coding: Coding, check: Check) -> Self {
        let header = Self { level, class, coding, check, is_stored: false, bytes: Vec::new() };
        let (check, off) = (check.code(), coding.code());
        let bytes = match class {
            Class::Small => {
                let follows = if off == 0 { 0 } else { COMPACT_CODING };
                let first = COMPACT | follows | check << 2 | level.code();
                if off == 0 { vec![first] } else { vec![first, off] }
            }
            Class::Large => write_long(&[header.form(), level.code(), off, check]),
        };
        Self { bytes, ..header }
    }

    /// The header of a small document that is not coded.
    pub(crate) fn stored(check: Check) -> Self {
        Self {
            is_stored: true,
            bytes: vec![COMPACT | check.code() << 2 | COMPACT_STORED],
            ..Self::new(Level::Default, Class::Small, Coding::default(), check)
        }
    }

    /// Whether the compact form is used.
    pub(crate) fn is_compact(&self) -> bool {
        self.class == Class::Small
    }

    /// Whether the document comes in blocks of the level `fast`, instead of chunks of items.
    pub(crate) fn is_blocks(&self) -> bool {
        self.level == Level::Fast && !self.is_compact()
    }

    /// Whether what is learned before the document is the same.
    pub(crate) fn is_of_same_model(&self, other: &Self) -> bool {
        (self.level, self.class, self.coding) == (other.level, other.class, other.coding)
    }

    fn form(&self) -> u8 {
        if self.is_blocks() { form::BLOCKS } else { form::CHUNKS }
    }

    /// A check that has taken the header.
    pub(crate) fn hasher(&self) -> Hasher {
        Hasher::new(self.check, &self.bytes)
    }

    /// Appends the header.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes);
        out.extend_from_slice(&self.protection());
    }

    /// What follows the header so that damage does not turn another into it.
    fn protection(&self) -> Vec<u8> {
        let check = crc32fast::hash(&self.bytes).to_le_bytes();
        let len = match self.class {
            Class::Large => 4,
            Class::Small if self.check == Check::None && self.bytes[0] != COMPACT_BARE => 2,
            Class::Small => 0,
        };
        check[..len].to_vec()
    }

    /// After the first byte.
    fn compact<R: Read>(first: u8, source: &mut Source<R>) -> Result<Self, Error> {
        let offset = source.offset - 1;
        let none = || Error::Corrupt { offset, what: "this is not a valid header" };
        let (check, level) = (first >> 2 & 3, first & 3);
        let check = Check::from_code(check).ok_or_else(none)?;
        let header = if level == COMPACT_STORED && first & COMPACT_CODING == 0 {
            Self::stored(check)
        } else {
            let level = Level::from_code(level).ok_or_else(none)?;
            let off = if first & COMPACT_CODING == 0 { Some(0) } else { None };
            let off = match off {
                Some(off) => off,
                None => Some(source.byte()?).filter(|&off| off != 0).ok_or_else(none)?,
            };
            let coding = Coding::from_code(off).ok_or_else(none)?;
            Self::new(level, Class::Small, coding, check)
        };
        source.expect(&header.protection(), offset, "the check of the header differs")?;
        Ok(header)
    }

    fn from_codes(codes: [u8; 3], class: Class, bytes: Vec<u8>) -> Result<Self, Error> {
        let unsupported = |what, code| Error::Unsupported { what, code };
        let [level, coding, check] = codes;
        let level = Level::from_code(level).ok_or(unsupported("level", level))?;
        let coding = Coding::from_code(coding).ok_or(unsupported("set of techniques", coding))?;
        let check = Check::from_code(check).ok_or(unsupported("kind of check", check))?;
        Ok(Self { level, class, coding, check, is_stored: false, bytes })
    }
}

/// The header of the framed form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FramesHeader {
    /// The size that the document was cut by.
    pub(crate) frame_bytes: u64,
    /// The bytes of the header that the check of the whole begins with.
    pub(crate) bytes: Vec<u8>,
}

impl FramesHeader {
    /// For frames of this size.
    pub(crate) fn new(frame_bytes: u64) -> Self {
        let mut fields = vec![form::FRAMES];
        write_varint(frame_bytes, &mut fields);
        Self { frame_bytes, bytes: write_long(&fields) }
    }

    /// All of it.
    pub(crate) fn written(&self) -> Vec<u8> {
        [&self.bytes[..], &crc32fast::hash(&self.bytes).to_le_bytes()].concat()
    }
}
