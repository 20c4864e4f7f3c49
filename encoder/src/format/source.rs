//! Encoded bytes that are read: what is taken, put back and expected.

use std::io::{self, Read};

use crate::base::fuzzing;
use crate::options::error::Error;

/// Memory for what is read grows by this much at a time.
const TAKE: usize = 1 << 16;

/// Encoded bytes and how many were read.
#[derive(Debug)]
pub(crate) struct Source<R> {
    inner: R,
    /// Bytes that were read and put back, from `at` on.
    ahead: Vec<u8>,
    at: usize,
    /// Bytes taken so far.
    pub(crate) offset: u64,
}

impl<R: Read> Source<R> {
    /// At the first byte.
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, ahead: Vec::new(), at: 0, offset: 0 }
    }

    /// Puts bytes back that were just taken.
    pub(crate) fn put_back(&mut self, bytes: &[u8]) {
        self.ahead.splice(..self.at, bytes.iter().copied());
        self.at = 0;
        self.offset -= bytes.len() as u64;
    }

    /// Bytes that were put back, at most `len`.
    fn take_ahead(&mut self, len: usize) -> &[u8] {
        let start = self.at;
        self.at = (start + len).min(self.ahead.len());
        self.offset += (self.at - start) as u64;
        &self.ahead[start..self.at]
    }

    /// Reads some bytes; 0 at the end.
    pub(crate) fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        let ahead = self.take_ahead(bytes.len());
        if !ahead.is_empty() {
            let len = ahead.len();
            bytes[..len].copy_from_slice(ahead);
            return Ok(len);
        }
        loop {
            match self.inner.read(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
                Ok(len) => {
                    self.offset += len as u64;
                    return Ok(len);
                }
            }
        }
    }

    /// Fills `bytes`.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.read(&mut bytes[filled..])? {
                0 => return Err(Error::Truncated { offset: self.offset }),
                len => filled += len,
            }
        }
        Ok(())
    }

    /// The next byte, if there is one.
    pub(crate) fn next(&mut self) -> Result<Option<u8>, Error> {
        let mut byte = [0];
        Ok((self.read(&mut byte)? > 0).then_some(byte[0]))
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, Error> {
        self.next()?.ok_or(Error::Truncated { offset: self.offset })
    }

    /// Appends the next `len` bytes to `out`, whose memory grows only with what is there.
    pub(crate) fn take(&mut self, len: u64, out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        self.rest(len, out)?;
        let is_all = (out.len() - start) as u64 == len;
        if is_all { Ok(()) } else { Err(Error::Truncated { offset: self.offset }) }
    }

    /// Passes over the next `len` bytes.
    pub(crate) fn skip(&mut self, mut len: u64) -> Result<(), Error> {
        let mut passed = [0; 1 << 12];
        while len > 0 {
            let wanted = len.min(passed.len() as u64) as usize;
            self.fill(&mut passed[..wanted])?;
            len -= wanted as u64;
        }
        Ok(())
    }

    /// Appends all that is left, at most `max` bytes, to `out`.
    pub(crate) fn rest(&mut self, max: u64, out: &mut Vec<u8>) -> Result<(), Error> {
        let ahead = self.take_ahead(usize::try_from(max).unwrap_or(usize::MAX));
        out.extend_from_slice(ahead);
        let mut left = max - ahead.len() as u64;
        while left > 0 {
            // By hand: the standard library would ask for up to twice of what comes.
            let (len, wanted) = (out.len(), left.min(TAKE as u64) as usize);
            out.reserve_exact(wanted);
            out.resize(len + wanted, 0);
            let read = self.read(&mut out[len..]);
            out.truncate(len + read.as_ref().map_or(0, |&read| read));
            match read? {
                0 => break,
                read => left -= read as u64,
            }
        }
        Ok(())
    }

    /// Refuses any other bytes than `expected`; what is checked begins at `offset`.
    pub(crate) fn expect(
        &mut self,
        expected: &[u8],
        offset: u64,
        what: &'static str,
    ) -> Result<(), Error> {
        let mut found = [0; 8];
        let found = &mut found[..expected.len()];
        self.fill(found)?;
        match found == expected || fuzzing::checks_are_ignored() {
            true => Ok(()),
            false => Err(Error::Corrupt { offset, what }),
        }
    }

    /// Whether nothing follows.
    pub(crate) fn is_at_end(&mut self) -> Result<bool, Error> {
        let Some(byte) = self.next()? else { return Ok(true) };
        self.put_back(&[byte]);
        Ok(false)
    }

    /// Refuses bytes that follow.
    pub(crate) fn expect_end(&mut self) -> Result<(), Error> {
        let offset = self.offset;
        if self.is_at_end()? { Ok(()) } else { Err(Error::TrailingBytes { offset }) }
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
    use crate::format::varint::write_varint;

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
