//! The columns of a block on the decoder's side: each gives its next value.

use super::block::{ALL_NAMES_MAX, END, NAMES_MAX, SLACK, number, shape};
use super::census::StreamKind;
use super::figures::{PLACES_MAX, POWERS, ROOM, Style};
use super::scan::find;

/// What is wrong with a block.
pub(super) type Wrong = &'static str;

/// The next value of a column.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cursor {
    /// In the stream that small columns share.
    Shared,
    /// Texts, from here on.
    Texts { at: usize },
    /// Names from `first` on; which of them from `at` on, or always the first.
    Names { first: usize, count: u8, at: Option<usize> },
    /// Integers.
    Numbers(Numbers),
}

/// A column of integers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    style: Style,
    is_difference: bool,
    base: i64,
    /// The next byte of the highest plane.
    at: usize,
    /// Bytes of a plane.
    plane: usize,
    width: u8,
    /// What integers were divided by, and the next byte of what was left.
    power: i64,
    rest_at: usize,
    rest_width: u8,
    /// The next exception, if there are any.
    exception: Option<usize>,
}

/// The streams of a block and where to go on in them.
pub(super) struct Streams<'a> {
    /// All streams, with slack after them.
    bytes: &'a [u8],
    /// Where they end.
    len: usize,
    at: usize,
    names: &'a mut Vec<(u32, u32)>,
}

impl<'a> Streams<'a> {
    /// At the beginning; `bytes` has slack at its end.
    pub(super) fn new(bytes: &'a [u8], names: &'a mut Vec<(u32, u32)>) -> Self {
        names.clear();
        Self { bytes, len: bytes.len() - SLACK, at: 0, names }
    }

    /// How much was used.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Whether all was used.
    pub(super) fn is_done(&self) -> bool {
        self.at == self.len
    }

    fn byte(&mut self) -> Result<u8, Wrong> {
        Ok(self.bytes[self.skip(1)?])
    }

    /// Reads a number of at most 63 bits.
    pub(super) fn varint(&mut self) -> Result<u64, Wrong> {
        let mut n = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            n |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                let minimal = byte != 0 || shift == 0;
                return if minimal { Ok(n) } else { Err("a number is too long") };
            }
        }
        Err("a number is too large")
    }

    /// Goes past `len` bytes; returns where they begin.
    pub(super) fn skip(&mut self, len: usize) -> Result<usize, Wrong> {
        let start = self.at;
        if len > self.len - start {
            return Err("a stream is longer than the block");
        }
        self.at += len;
        Ok(start)
    }

    /// Goes past a stream that begins with its length; returns where it begins and ends.
    pub(super) fn stream(&mut self) -> Result<(usize, usize), Wrong> {
        let len = self.varint()?;
        let start = self.skip(usize::try_from(len).unwrap_or(usize::MAX))?;
        Ok((start, self.at))
    }

    /// Reads how a column of `count` values is coded.
    pub(super) fn column(&mut self, count: usize) -> Result<Cursor, Wrong> {
        match self.byte()? {
            shape::TEXTS => Ok(Cursor::Texts { at: self.stream()?.0 }),
            shape::NAMES => self.names(count),
            shape::NUMBERS => self.numbers(count),
            _ => Err("a column is of no known shape"),
        }
    }

    fn names(&mut self, values: usize) -> Result<Cursor, Wrong> {
        let count = self.byte()?;
        let first = self.names.len();
        if count == 0 || usize::from(count) > NAMES_MAX {
            return Err("a column has too many or no names");
        }
        if first + usize::from(count) > ALL_NAMES_MAX {
            return Err("a block has too many names");
        }
        let (mut at, end) = self.stream()?;
        for _ in 0..count {
            let stop = find(&self.bytes[..end], at, END).ok_or("a name does not end")?;
            self.names.push((at as u32, (stop - at) as u32));
            at = stop + 1;
        }
        if at != end {
            return Err("there are more names than their number");
        }
        let at = if count > 1 { Some(self.skip(values)?) } else { None };
        Ok(Cursor::Names { first, count, at })
    }

    fn numbers(&mut self, count: usize) -> Result<Cursor, Wrong> {
        let (kind, width) = (self.byte()?, self.byte()?);
        let (places, least) = (self.byte()?, self.byte()?);
        let known = kind <= number::DIFFERENCES | number::ROUNDED;
        if !known || places > PLACES_MAX || least > places || width > 8 {
            return Err("a column of numbers has an impossible style");
        }
        let (mut rounding, mut rest_width) = (0, 0);
        if kind & number::ROUNDED != 0 {
            (rounding, rest_width) = (self.byte()?, self.byte()?);
            if rounding > PLACES_MAX || rest_width > 8 {
                return Err("a column of numbers is rounded impossibly");
            }
        }
        let base = unzigzag(self.varint()?);
        let exceptions = self.stream()?;
        let exception = (exceptions.0 < exceptions.1).then_some(exceptions.0);
        let at = self.skip(count * usize::from(width))?;
        let rest_at = self.skip(count * usize::from(rest_width))?;
        let style = Style { places, least };
        let is_difference = kind & number::DIFFERENCES != 0;
        Ok(Cursor::Numbers(Numbers {
            style,
            is_difference,
            base,
            at,
            plane: count,
            width,
            power: POWERS[usize::from(rounding)],
            rest_at,
            rest_width,
            exception,
        }))
    }

    /// The streams, and the names found in them.
    pub(super) fn parts(self) -> (&'a [u8], &'a [(u32, u32)]) {
        (self.bytes, self.names)
    }
}

/// The document as it grows, with slack at its end.
pub(super) struct Target<'a> {
    pub(super) bytes: &'a mut [u8],
    pub(super) at: usize,
}

impl Target<'_> {
    /// Appends `len` bytes of `from`.
    #[inline]
    pub(super) fn copy(&mut self, from: &[u8], start: usize, len: usize) -> Result<(), Wrong> {
        let at = self.at;
        self.at += len;
        if len <= SLACK
            && let Some(from) = from.get(start..start + SLACK)
            && let Some(to) = self.bytes.get_mut(at..at + SLACK)
        {
            to.copy_from_slice(from);
            return Ok(());
        }
        let from = from.get(start..start + len).ok_or("a value ends outside")?;
        let to = self.bytes.get_mut(at..at + len).ok_or("a block is longer than it says")?;
        to.copy_from_slice(from);
        Ok(())
    }

    /// Appends the text at `at`; returns where the next begins.
    #[inline]
    pub(super) fn text(&mut self, streams: &[u8], at: usize) -> Result<usize, Wrong> {
        let end = find(streams, at, END).ok_or("a value does not end")?;
        self.copy(streams, at, end - at)?;
        Ok(end + 1)
    }
}

impl Cursor {
    /// What its stream holds.
    pub(super) fn kind(&self) -> StreamKind {
        match self {
            Self::Shared => StreamKind::Shared,
            Self::Texts { .. } => StreamKind::Texts,
            Self::Names { .. } => StreamKind::Names,
            Self::Numbers(_) => StreamKind::Numbers,
        }
    }

    /// Appends the next value.
    #[inline]
    pub(super) fn next(
        &mut self,
        streams: &[u8],
        names: &[(u32, u32)],
        shared: &mut usize,
        target: &mut Target,
    ) -> Result<(), Wrong> {
        match self {
            Self::Shared => *shared = target.text(streams, *shared)?,
            Self::Texts { at } => *at = target.text(streams, *at)?,
            Self::Names { first, count, at } => {
                let index = match at {
                    Some(at) => {
                        *at += 1;
                        streams[*at - 1]
                    }
                    None => 0,
                };
                if index >= *count {
                    return Err("a name is not among the names");
                }
                let (start, len) = names[*first + usize::from(index)];
                target.copy(streams, start as usize, len as usize)?;
            }
            Self::Numbers(numbers) => numbers.next(streams, target)?,
        }
        Ok(())
    }
}

impl Numbers {
    #[inline]
    fn next(&mut self, streams: &[u8], target: &mut Target) -> Result<(), Wrong> {
        let mut code = gather(streams, self.at, self.plane, self.width);
        let rest = gather(streams, self.rest_at, self.plane, self.rest_width);
        self.at += 1;
        self.rest_at += 1;
        if let Some(exception) = self.exception {
            if code == 0 {
                self.exception = Some(target.text(streams, exception)?);
                return Ok(());
            }
            code -= 1;
        }
        let integer = if self.is_difference {
            self.base = self.base.wrapping_add(unzigzag(code));
            self.base
        } else {
            self.base.wrapping_add(code as i64)
        };
        let integer = integer.wrapping_mul(self.power).wrapping_add(unzigzag(rest));
        let Some(room) = target.bytes.get_mut(target.at..target.at + ROOM) else {
            return Err("a block is longer than it says");
        };
        target.at += self.style.write(integer, room.try_into().expect("as long as asked for"));
        Ok(())
    }
}

/// The integer whose bytes lie in `width` planes, the highest first.
#[inline]
fn gather(streams: &[u8], mut at: usize, plane: usize, width: u8) -> u64 {
    let mut code = 0;
    for _ in 0..width {
        code = code << 8 | u64::from(streams[at]);
        at += plane;
    }
    code
}

fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}
