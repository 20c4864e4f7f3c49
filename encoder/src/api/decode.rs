//! Decodes what a reader gives: all of it, or a part.

use std::io::{Read, Write};
use std::ops::Range;

use super::decoder::Decoder;
use crate::frames::format::line_ends;
use crate::frames::range::{check_lines, check_output, check_range, start_in, within};
use crate::options::error::Error;
use crate::options::limits::Limits;

/// Decodes all that `input` gives.
///
/// ```
/// # let encoded = sigma_encoder::encode_all(&b"[1,2,3]"[..], &Default::default())?;
/// let mut document = Vec::new();
/// sigma_encoder::decode(encoded.as_slice(), &mut document)?;
/// assert_eq!(document, b"[1,2,3]");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub fn decode<R: Read, W: Write>(input: R, output: W) -> Result<(), Error> {
    decode_limited(input, output, Limits::default())
}

/// Decodes all that `input` gives, within limits.
///
/// ```
/// use sigma_encoder::{Limits, decode_limited};
/// # let encoded = sigma_encoder::encode_all(&b"[1,2,3]"[..], &Default::default())?;
/// let limits = Limits::new().memory_bytes(16 << 20).output_bytes(100 << 20);
/// decode_limited(encoded.as_slice(), std::io::sink(), limits)?;
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub fn decode_limited<R: Read, W: Write>(
    input: R,
    mut output: W,
    limits: Limits,
) -> Result<(), Error> {
    let mut decoder = Decoder::limited(input, limits)?;
    while let Some(block) = decoder.next_block()? {
        output.write_all(block)?;
    }
    Ok(output.flush()?)
}

/// The document of an encoding that `input` gives, in memory. A few encoded bytes can stand for many: see
/// [`decode_limited`] for what comes from others.
///
/// ```
/// let encoded = sigma_encoder::encode_all(&b"[]"[..], &Default::default())?;
/// assert_eq!(sigma_encoder::decode_all(encoded.as_slice())?, b"[]");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// When reading fails, or the encoding is damaged.
pub fn decode_all<R: Read>(input: R) -> Result<Vec<u8>, Error> {
    let mut document = Vec::new();
    decode(input, &mut document)?;
    Ok(document)
}

/// How far decoding goes on after a range, so that the check after the range's last byte has been
/// read: chunks are closed every 4 MiB.
const BEYOND: u64 = 8 << 20;

/// Decodes `range` of the document, in bytes, from encoded bytes in any form that cannot be read by
/// position: decodes all before it too. The output limit concerns the bytes given out.
///
/// ```
/// let mut encoded = Vec::new();
/// sigma_encoder::encode(&b"[1,22,333]"[..], &mut encoded, &sigma_encoder::Options::default())?;
/// let mut part = Vec::new();
/// let limits = sigma_encoder::Limits::default();
/// sigma_encoder::decode_range(encoded.as_slice(), &mut part, 3..5, limits)?;
/// assert_eq!(part, b"22");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// Also [`Error::Range`] when the document ends before the range does; `u64::MAX` as its end means the
/// document's.
pub fn decode_range<R: Read, W: Write>(
    input: R,
    mut output: W,
    range: Range<u64>,
    limits: Limits,
) -> Result<(), Error> {
    check_output(&range, limits)?;
    let mut decoder = Decoder::limited(input, Limits { output_bytes: None, ..limits })?;
    let mut position = 0;
    while let Some(block) = decoder.next_block()? {
        let part = within(block, position, &range);
        position += block.len() as u64;
        let given = position.min(range.end).saturating_sub(range.start);
        check_output(&(0..given), limits)?;
        output.write_all(part)?;
        if position.saturating_sub(BEYOND) >= range.end {
            return Ok(output.flush()?);
        }
    }
    check_range(&range, position)?;
    Ok(output.flush()?)
}

/// Decodes the lines `lines` of the document, counted from 0, from encoded bytes in any form that
/// cannot be read by position: decodes all before them too. What follows the last `\n` is a line if it
/// is not empty. The output limit concerns the bytes given out.
///
/// ```
/// let mut encoded = Vec::new();
/// let options = sigma_encoder::Options::default();
/// sigma_encoder::encode(&b"[1]\n[2]\n[3]\n"[..], &mut encoded, &options)?;
/// let mut part = Vec::new();
/// let limits = sigma_encoder::Limits::default();
/// sigma_encoder::decode_lines(encoded.as_slice(), &mut part, 1..3, limits)?;
/// assert_eq!(part, b"[2]\n[3]\n");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// Also [`Error::Lines`] when the document ends before the lines do; `u64::MAX` as their end means the
/// document's.
pub fn decode_lines<R: Read, W: Write>(
    input: R,
    mut output: W,
    lines: Range<u64>,
    limits: Limits,
) -> Result<(), Error> {
    let mut decoder = Decoder::limited(input, Limits { output_bytes: None, ..limits })?;
    let mut starts = LineStarts::new(lines.clone());
    let (mut given, mut beyond) = (0, 0);
    while let Some(block) = decoder.next_block()? {
        let part = starts.within(block);
        given += part.len() as u64;
        check_output(&(0..given), limits)?;
        output.write_all(part)?;
        if starts.is_behind() {
            beyond += block.len() as u64;
            if beyond > BEYOND {
                return Ok(output.flush()?);
            }
        }
    }
    starts.check(&lines)?;
    Ok(output.flush()?)
}

/// Finds lines while blocks of the document pass by.
struct LineStarts {
    wanted: Range<u64>,
    /// Ends of lines so far.
    ends: u64,
    /// Whether bytes came after the last end.
    is_open: bool,
}

impl LineStarts {
    fn new(wanted: Range<u64>) -> Self {
        Self { wanted, ends: 0, is_open: false }
    }

    /// The bytes of the next block that are in the wanted lines.
    fn within<'a>(&mut self, block: &'a [u8]) -> &'a [u8] {
        let (start, end) = (self.wanted.start, self.wanted.end);
        let place = |line: u64| start_in(block, line, self.ends);
        let part = place(start).min(place(end))..place(end);
        self.ends += line_ends(block);
        self.is_open = block.last() != Some(&b'\n');
        &block[part]
    }

    /// Whether all wanted lines have passed.
    fn is_behind(&self) -> bool {
        self.ends >= self.wanted.end
    }

    /// Refuses lines that the document, all of which has passed, does not have.
    fn check(&self, wanted: &Range<u64>) -> Result<(), Error> {
        check_lines(wanted, self.ends + u64::from(self.is_open)).map(drop)
    }
}
