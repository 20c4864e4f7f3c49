//! FORMAT.md, section 4: hashes.

const K: u64 = 0x9E37_79B9_7F4A_7C15;

/// `pair(a, b)`.
pub(crate) fn pair(a: u32, b: u32) -> u32 {
    let product = u128::from((u64::from(a) << 32 | u64::from(b)) ^ K) * u128::from(K);
    let (upper, lower) = ((product >> 64) as u64, product as u64);
    (upper ^ lower) as u32
}

/// A hash of the last five bytes, the latest lowest.
pub(crate) fn five(last: u64) -> u32 {
    ((last << 24).wrapping_mul(K) >> 32) as u32
}

/// `triple(a, b, c)`.
pub(crate) fn triple(a: u32, b: u32, c: u32) -> u32 {
    pair(pair(a, b), c)
}

/// `bytes(s)`.
pub(crate) fn bytes(s: &[u8]) -> u32 {
    let mut x = K ^ s.len() as u64;
    let mut words = s.chunks_exact(8);
    for word in &mut words {
        x = (x ^ number(word)).wrapping_mul(K);
        x ^= x >> 32;
    }
    x = (x ^ number(words.remainder())).wrapping_mul(K);
    x ^= x >> 29;
    (x.wrapping_mul(K) >> 32) as u32 | 1
}

/// Up to eight bytes as a little-endian number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The place of `hash` in a table of `2^bits`.
pub(crate) fn place(hash: u32, bits: u32) -> usize {
    ((u64::from(hash) << bits) >> 32) as usize
}
