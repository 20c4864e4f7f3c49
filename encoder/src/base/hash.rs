//! Hashes of contexts and items: fixed functions, part of the format.

/// The odd constant that every hash multiplies by.
const PHI: u64 = 0x9E37_79B9_7F4A_7C15;

/// One hash from two.
#[inline]
pub(crate) fn pair(a: u32, b: u32) -> u32 {
    let product = u128::from((u64::from(a) << 32 | u64::from(b)) ^ PHI) * u128::from(PHI);
    ((product >> 64) as u64 ^ product as u64) as u32
}

/// One hash from two that cannot be foreseen by who does not know the secret; not part of the format.
#[inline]
pub(crate) fn secret(a: u32, b: u32, secret: u64) -> u32 {
    let word = (u64::from(a) << 32 | u64::from(b)) ^ secret;
    let product = u128::from(word) * u128::from(secret.rotate_left(32) | 1);
    ((product >> 64) as u64 ^ product as u64) as u32
}

/// A hash of some of the upper bytes of a word.
#[inline]
pub(crate) fn spread(word: u64) -> u32 {
    (word.wrapping_mul(PHI) >> 32) as u32
}

/// One hash from three.
#[inline]
pub(crate) fn triple(a: u32, b: u32, c: u32) -> u32 {
    pair(pair(a, b), c)
}

/// The hash of some bytes; never 0.
#[inline]
pub(crate) fn bytes(bytes: &[u8]) -> u32 {
    let mut x = PHI ^ bytes.len() as u64;
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().expect("chunks of 8"));
        x = (x ^ word).wrapping_mul(PHI);
        x ^= x >> 32;
    }
    let mut tail = [0; 8];
    let rest = words.remainder();
    tail[..rest.len()].copy_from_slice(rest);
    x = (x ^ u64::from_le_bytes(tail)).wrapping_mul(PHI);
    x ^= x >> 29;
    (x.wrapping_mul(PHI) >> 32) as u32 | 1
}
