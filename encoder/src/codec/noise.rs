//! Bytes that the model cannot make smaller: found before they are coded, which would take long.

use crate::base::fuzzing;

/// Bytes of the document that are looked at together.
pub(crate) const SAMPLE: usize = fuzzing::limit(1 << 15, 96);
/// Fewer bytes tell nothing.
const SAMPLE_MIN: usize = fuzzing::limit(1 << 12, 48);

/// Whether bytes are as if each were drawn from 256 without looking at the one before.
///
/// Compares how often two bytes, and two pairs of neighbours, are the same with how often that happens by
/// chance.
pub(crate) fn is_noise(sample: &[u8]) -> bool {
    sample.len() >= SAMPLE_MIN && are_bytes_even(sample) && are_pairs_even(sample)
}

/// At most 1/32 more equal bytes than chance makes; what is so even has at least 7.95 bits a byte.
fn are_bytes_even(sample: &[u8]) -> bool {
    // Four at a time: counting the same byte twice in a row would wait.
    let mut counts = [[0u32; 256]; 4];
    let mut fours = sample.chunks_exact(4);
    for four in &mut fours {
        for i in 0..4 {
            counts[i][usize::from(four[i])] += 1;
        }
    }
    for &byte in fours.remainder() {
        counts[0][usize::from(byte)] += 1;
    }
    let equal: u64 = (0..256)
        .map(|byte| counts.iter().map(|counts| u64::from(counts[byte])).sum::<u64>())
        .map(|count| count * count.saturating_sub(1))
        .sum();
    let n = sample.len() as u64;
    equal * 256 * 32 <= n * (n - 1) * 33
}

/// At most 1/8 more equal pairs than chance makes.
fn are_pairs_even(sample: &[u8]) -> bool {
    let mut counts = vec![0u8; 1 << 16];
    let mut equal = 0;
    for pair in sample.windows(2) {
        let count = &mut counts[usize::from(pair[0]) << 8 | usize::from(pair[1])];
        equal += u64::from(*count);
        *count = count.saturating_add(1);
    }
    let n = sample.len() as u64 - 1;
    let expected = (n * (n - 1) / 2) >> 16;
    equal <= expected + expected / 8 + 8 * n.isqrt().isqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Xorshift.
    fn random(len: usize) -> Vec<u8> {
        let mut x = 88_172_645_463_325_252_u64;
        let next = || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            (x >> 32) as u8
        };
        std::iter::repeat_with(next).take(len).collect()
    }

    #[test]
    fn only_noise_is_noise() {
        for len in [1 << 12, 1 << 15, 60_000] {
            let noise = random(len);
            assert!(is_noise(&noise), "{len}");
            let letters: Vec<u8> = noise.iter().map(|byte| b'A' + byte % 64).collect();
            assert!(!is_noise(&letters));
            let counter: Vec<u8> = (0..len).map(|n| n as u8).collect();
            assert!(!is_noise(&counter), "even bytes, but each follows from the one before");
            let mut half = noise.clone();
            half[..len / 8].fill(b' ');
            assert!(!is_noise(&half));
        }
        assert!(!is_noise(&random(1000)), "too few to tell");
    }
}
