//! FORMAT.md, section 9: the streams of columns.

use super::model::Techniques;
use super::{Reader, Refused};

/// The values of a stream, in the order of the document.
pub(super) type Values = std::vec::IntoIter<Vec<u8>>;

const TEXTS: u8 = 0;
const NAMES: u8 = 1;
const NUMBERS: u8 = 2;
const NAMES_MAX: u8 = 250;
const WIDTH_MAX: u8 = 8;
const PLACES_MAX: u8 = 17;

/// The next stream, of `count` values.
pub(super) fn values(
    reader: &mut Reader,
    count: usize,
    techniques: Techniques,
) -> Result<Values, Refused> {
    match reader.byte()? {
        TEXTS => {
            let len = reader.varint()?;
            texts(reader.bytes(len as usize)?)
        }
        NAMES if techniques.prune => names(reader, count),
        NUMBERS if techniques.delta => numbers(reader, count),
        _ => Err(Refused("the shape of a column")),
    }
}

/// Values with a line feed after each.
pub(super) fn texts(text: &[u8]) -> Result<Values, Refused> {
    let lines = text.split_inclusive(|&byte| byte == b'\n');
    let value = |line: &[u8]| line.strip_suffix(b"\n").map(<[u8]>::to_vec);
    let values: Option<Vec<_>> = lines.map(value).collect();
    Ok(values.ok_or(Refused("a value without an end"))?.into_iter())
}

fn names(reader: &mut Reader, count: usize) -> Result<Values, Refused> {
    let names_count = at_most(NAMES_MAX, reader)? as usize;
    let len = reader.varint()?;
    let names: Vec<_> = texts(reader.bytes(len as usize)?)?.collect();
    if names_count == 0 || names.len() != names_count {
        return Err(Refused("the count of names"));
    }
    if let [name] = &names[..] {
        return Ok(vec![name.clone(); count].into_iter());
    }
    let name = |&at: &u8| names.get(usize::from(at)).cloned();
    let values: Option<Vec<_>> = reader.bytes(count)?.iter().map(name).collect();
    Ok(values.ok_or(Refused("a name that is not there"))?.into_iter())
}

fn numbers(reader: &mut Reader, count: usize) -> Result<Values, Refused> {
    let flags = at_most(3, reader)?;
    let (are_differences, are_rounded) = (flags & 1 == 1, flags & 2 == 2);
    let width = at_most(WIDTH_MAX, reader)?;
    let places = at_most(PLACES_MAX, reader)?;
    let least_places = at_most(places as u8, reader)?;
    let (mut scale, mut noise_width) = (0, 0);
    if are_rounded {
        scale = at_most(PLACES_MAX, reader)?;
        noise_width = at_most(WIDTH_MAX, reader)?;
    }
    let base = signed(reader.varint()?);
    let exceptions_len = reader.varint()?;
    let has_exceptions = exceptions_len > 0;
    let mut exceptions = texts(reader.bytes(exceptions_len as usize)?)?;
    let codes = planes(reader, width, count)?;
    let noises = planes(reader, noise_width, count)?;

    let mut last = base;
    let mut values = Vec::new();
    for (mut code, noise) in codes.into_iter().zip(noises) {
        if has_exceptions && code == 0 {
            values.push(exceptions.next().ok_or(Refused("an exception too few"))?);
            continue;
        }
        code -= u64::from(has_exceptions);
        let integer = match are_differences {
            true => last.wrapping_add(signed(code)),
            false => base.wrapping_add(code as i64),
        };
        last = integer;
        let integer = integer.wrapping_mul(10_i64.pow(scale)).wrapping_add(signed(noise));
        values.push(decimal(integer, places as usize, least_places as usize));
    }
    match exceptions.next() {
        None => Ok(values.into_iter()),
        Some(_) => Err(Refused("exceptions left over")),
    }
}

fn at_most(max: u8, reader: &mut Reader) -> Result<u32, Refused> {
    match reader.byte()? {
        byte if byte <= max => Ok(u32::from(byte)),
        _ => Err(Refused("a column's head")),
    }
}

/// Zigzag.
fn signed(code: u64) -> i64 {
    (code >> 1) as i64 ^ -((code & 1) as i64)
}

/// `count` codes of `width` bytes, the highest bytes of all first.
fn planes(reader: &mut Reader, width: u32, count: usize) -> Result<Vec<u64>, Refused> {
    let mut codes = vec![0; count];
    for _ in 0..width {
        for (code, &byte) in codes.iter_mut().zip(reader.bytes(count)?) {
            *code = *code << 8 | u64::from(byte);
        }
    }
    Ok(codes)
}

/// An integer with a point, and without the zeros at the end beyond `least_places`.
fn decimal(integer: i64, places: usize, least_places: usize) -> Vec<u8> {
    let sign = if integer < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", integer.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let kept = fraction.trim_end_matches('0').len().max(least_places);
    let point = if kept > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{}", &fraction[..kept]).into_bytes()
}
