//! Where segments and values end, eight bytes at a time where it counts.

use super::segments::{Follows, LEN_MAX};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The highest bit of each byte that is zero, and perhaps of bytes above such.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Each byte's place in the word where `byte` is.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (ONES * u64::from(byte)))
}

/// Bytes that belong to segments: punctuation, white space and control characters.
const PUNCTUATION: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte <= b' ' as usize {
        table[byte] = true;
        byte += 1;
    }
    let others = b"{}[],:\"";
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
};

/// Whether a byte belongs to segments.
#[inline]
pub(super) fn is_punctuation(byte: u8) -> bool {
    PUNCTUATION[usize::from(byte)]
}

/// Where the string that is open at `at` ends: at its quote, at a control character, or at the end.
#[inline]
pub(super) fn string_end(text: &[u8], mut at: usize) -> usize {
    loop {
        while let Some(bytes) = text.get(at..at + 8) {
            let word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
            let controls = word.wrapping_sub(ONES * 32) & !word & HIGHS;
            let found = equal(word, b'"') | equal(word, b'\\') | controls;
            if found != 0 {
                at += (found.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
        }
        match text.get(at) {
            None => return text.len(),
            Some(b'"' | 0..32) => return at,
            Some(b'\\') => match text.get(at + 1) {
                None => return text.len(),
                Some(0..32) => return at + 1,
                Some(_) => at += 2,
            },
            Some(_) => at += 1,
        }
    }
}

/// Where the scalar that begins at `at` ends.
#[inline]
pub(super) fn scalar_end(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    at + rest.iter().position(|&byte| is_punctuation(byte)).unwrap_or(rest.len())
}

/// Where the text that begins at `at` has its next `end`, eight bytes at a time.
#[inline]
pub(super) fn find(text: &[u8], mut at: usize, end: u8) -> Option<usize> {
    while let Some(bytes) = text.get(at..at + 8) {
        let found = equal(u64::from_le_bytes(bytes.try_into().expect("eight bytes")), end);
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    rest.iter().position(|&byte| byte == end).map(|index| at + index)
}

/// Whether the string that ends at `end` is a key: a colon comes after its quote.
#[inline]
pub(super) fn is_key(text: &[u8], end: usize) -> bool {
    let mut after = end + 1;
    while let Some(b' ' | b'\t') = text.get(after) {
        after += 1;
        if after > end + 4 {
            return false;
        }
    }
    text.get(after) == Some(&b':') && text[end] == b'"'
}

/// Where the segment that begins at `at` ends, and what follows; `closes` if a quote there ends the string before.
pub(super) fn segment(text: &[u8], at: usize, closes: bool) -> (usize, Follows) {
    let limit = text.len().min(at + LEN_MAX);
    let mut end = at + usize::from(closes && text.get(at) == Some(&b'"'));
    while end < limit {
        if !is_punctuation(text[end]) {
            return (end, Follows::Scalar);
        }
        if text[end] == b'"' {
            let close = string_end(text, end + 1);
            // A key that is longer than a segment can be is taken for a value.
            if close >= limit || !is_key(text, close) {
                return (end + 1, Follows::Text);
            }
            end = close;
        }
        end += 1;
    }
    (limit, Follows::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same as [`string_end`], byte by byte.
    fn naive_end(text: &[u8], mut at: usize) -> usize {
        let mut escaped = false;
        while let Some(&byte) = text.get(at) {
            if byte < 32 || (byte == b'"' && !escaped) {
                return at;
            }
            escaped = byte == b'\\' && !escaped;
            at += 1;
        }
        text.len()
    }

    #[test]
    fn strings_end_where_a_naive_scan_ends_them() {
        let alphabet = b"a\"\\\n\x1F \x80\xFF";
        let mut state = 1u32;
        for len in 0..40 {
            for _ in 0..200 {
                let text: Vec<u8> = (0..len)
                    .map(|_| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        let byte = alphabet[(state >> 24) as usize % alphabet.len()];
                        if state >> 16 & 7 < 2 { byte } else { b'a' }
                    })
                    .collect();
                for at in 0..=len {
                    assert_eq!(string_end(&text, at), naive_end(&text, at), "{text:?} from {at}");
                    let naive = text.iter().skip(at).position(|&byte| byte == b'\n');
                    assert_eq!(find(&text, at, b'\n'), naive.map(|index| at + index));
                }
            }
        }
    }

    #[test]
    fn segments_have_keys_and_end_before_values() {
        assert_eq!(segment(b"{\"a\" : \"b\"}", 0, false), (8, Follows::Text));
        assert_eq!(segment(b"\",\"a\":7}", 0, true), (6, Follows::Scalar));
        assert_eq!(segment(b"\"}]", 0, true), (3, Follows::Nothing));
        assert_eq!(segment(b"7", 0, false), (0, Follows::Scalar));
    }
}
