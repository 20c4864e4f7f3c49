//! The elements of the format around the coded items, each with its reading beside its writing.

use std::io::{self, Read};

use crate::error::Error;
use crate::fuzzing;
use crate::settings::{Class, Coding, Level};

/// Begins the full form: "Σ" in UTF-8.
const MAGIC: [u8; 2] = [0xCE, 0xA3];
/// The version of the full form.
const VERSION: u8 = 1;
/// Begins the compact form, in the highest three bits.
const COMPACT: u8 = 0b1010_0000;
/// In the compact form: a byte with the techniques follows.
const COMPACT_CODING: u8 = 0b1_0000;

/// The longest coded chunk that a decoder accepts.
pub(crate) const CODED_MAX: u64 = 1 << 20;

/// What a stream begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) level: Level,
    pub(crate) class: Class,
    pub(crate) coding: Coding,
}

impl Header {
    /// Whether the compact form is used.
    pub(crate) fn is_compact(self) -> bool {
        self.class == Class::Small
    }

    /// Whether the document comes in blocks of the level `fast`, instead of chunks of items.
    pub(crate) fn is_blocks(self) -> bool {
        self.level == Level::Fast && !self.is_compact()
    }

    /// What every hash of the document starts from, so that a damaged header is noticed.
    pub(crate) fn seed(self) -> u64 {
        u64::from(self.level.code() | self.class.code() << 2) | u64::from(self.coding.code()) << 8
    }

    /// Appends the header.
    pub(crate) fn write_to(self, out: &mut Vec<u8>) {
        let (level, class, coding) = (self.level.code(), self.class.code(), self.coding.code());
        if self.is_compact() {
            let follows = if coding == 0 { 0 } else { COMPACT_CODING };
            out.push(COMPACT | follows | class << 2 | level);
            if coding != 0 {
                out.push(coding);
            }
        } else {
            out.extend_from_slice(&[MAGIC[0], MAGIC[1], VERSION, class << 2 | level, coding]);
        }
    }

    /// Reads a header.
    pub(crate) fn read_from<R: Read>(source: &mut Source<R>) -> Result<Self, Error> {
        let first = match source.byte() {
            Ok(byte) => byte,
            Err(Error::Truncated { .. }) => return Err(Error::NotSigma),
            Err(other) => return Err(other),
        };
        if first & 0b1110_0000 == COMPACT {
            let coding = if first & COMPACT_CODING == 0 { 0 } else { source.byte()? };
            return Self::from_codes(first & 15, coding, true);
        }
        if first != MAGIC[0] || source.byte()? != MAGIC[1] {
            return Err(Error::NotSigma);
        }
        match source.byte()? {
            VERSION => {}
            code => return Err(Error::Unsupported { what: "format version", code }),
        }
        let (sizes, coding) = (source.byte()?, source.byte()?);
        Self::from_codes(sizes, coding, false)
    }

    fn from_codes(sizes: u8, coding: u8, compact: bool) -> Result<Self, Error> {
        let header = Level::from_code(sizes & 3).zip(Class::from_code(sizes >> 2));
        let (level, class) = header.ok_or(Error::Unsupported { what: "level", code: sizes })?;
        let coding = Coding::from_code(coding)
            .ok_or(Error::Unsupported { what: "set of techniques", code: coding })?;
        let header = Self { level, class, coding };
        if header.is_compact() == compact {
            Ok(header)
        } else {
            Err(Error::Unsupported { what: "size class", code: sizes >> 2 })
        }
    }
}

/// How many bytes of the check follow a compact document of `len` bytes.
pub(crate) fn compact_check_len(len: u64) -> usize {
    match len {
        0..=16 => 2,
        17..=1024 => 3,
        _ => 4,
    }
}

/// Appends a number, seven bits a byte, the lowest first.
pub(crate) fn write_varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Encoded bytes and how many were read.
#[derive(Debug)]
pub(crate) struct Source<R> {
    inner: R,
    /// Bytes read so far.
    pub(crate) offset: u64,
}

impl<R: Read> Source<R> {
    /// At the first byte.
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, offset: 0 }
    }

    /// Reads some bytes; 0 at the end.
    pub(crate) fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        let len = self.inner.read(bytes)?;
        self.offset += len as u64;
        Ok(len)
    }

    /// Fills `bytes`.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        for byte in bytes {
            *byte = self.byte()?;
        }
        Ok(())
    }

    /// The next byte, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<u8>, Error> {
        let mut byte = [0];
        loop {
            match self.inner.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.offset += 1;
        Ok(Some(byte[0]))
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        self.next()?.ok_or(Error::Truncated { offset: self.offset })
    }

    /// Appends the next `len` bytes to `out`, whose memory grows only with what is there.
    pub(crate) fn take(&mut self, len: u64, out: &mut Vec<u8>) -> Result<(), Error> {
        let read = (&mut self.inner).take(len).read_to_end(out)? as u64;
        self.offset += read;
        if read < len { Err(Error::Truncated { offset: self.offset }) } else { Ok(()) }
    }

    /// Appends all that is left, at most `max` bytes, to `out`.
    pub(crate) fn rest(&mut self, max: u64, out: &mut Vec<u8>) -> Result<(), Error> {
        let read = (&mut self.inner).take(max).read_to_end(out)? as u64;
        self.offset += read;
        Ok(())
    }

    /// Reads what ends the full form, from `offset` on: the check of the whole, and nothing after it.
    pub(crate) fn end(&mut self, whole: u64, offset: u64) -> Result<(), Error> {
        let mut check = [0; 8];
        self.fill(&mut check)?;
        if u64::from_le_bytes(check) != whole && !fuzzing::checks_are_ignored() {
            let what = "the checksum of the whole document differs";
            return Err(Error::Corrupt { offset, what });
        }
        self.expect_end()
    }

    /// Refuses bytes that follow.
    pub(crate) fn expect_end(&mut self) -> Result<(), Error> {
        let offset = self.offset;
        if self.next()?.is_some() { Err(Error::TrailingBytes { offset }) } else { Ok(()) }
    }

    /// Reads a number of at most 64 bits; an encoding longer than needed is refused.
    pub(crate) fn varint(&mut self) -> Result<u64, Error> {
        let start = self.offset;
        let mut n = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                let minimal = byte != 0 || shift == 0;
                let corrupt = Error::Corrupt { offset: start, what: "a number is too long" };
                return if minimal { Ok(n) } else { Err(corrupt) };
            }
        }
        Err(Error::Corrupt { offset: start, what: "a number is too large" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<u64, Error> {
        Source::new(bytes).varint()
    }

    #[test]
    fn lengths_beyond_4_gb_come_back() {
        for n in [0, 127, 128, u64::from(u32::MAX), 1 << 32, (1 << 40) + 1, (1 << 63) - 1] {
            let mut bytes = Vec::new();
            write_varint(n, &mut bytes);
            assert_eq!(read(&bytes).expect("a number of ours"), n);
            let cut = read(&bytes[..bytes.len() - 1]);
            assert!(matches!(cut, Err(Error::Truncated { .. })), "{n}: {cut:?}");
        }
    }

    #[test]
    fn a_number_has_one_encoding() {
        for bytes in [&[0x80, 0][..], &[0xFF, 0x80, 0], &[0x80; 9], &[0xFF; 10]] {
            assert!(matches!(read(bytes), Err(Error::Corrupt { .. })), "{bytes:?}");
        }
    }
}
