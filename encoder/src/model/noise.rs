//! By how many doubles a double misses the short number that hides in it.

use super::contexts::{self, NoiseSite, first};
use crate::cm::coder::Coder;
use crate::cm::digits::DigitCoder;

/// The first weights of the mixer of digits that are the noise's: one set for each half.
const WEIGHTS: u32 = 2;

/// Codes a noise in two halves of four bits.
pub(super) fn code<C: Coder, const D: usize>(
    digits: &mut DigitCoder<D>,
    coder: &mut C,
    site: &NoiseSite,
    noise: i8,
) -> i8 {
    let noise = (i32::from(noise) + 128) as u32;
    let mut known = 0;
    for half in 0..2 {
        let contexts = contexts::of_noise(site, half, known);
        let symbol = if half == 0 { noise >> 4 } else { noise & 15 };
        let symbol = digits.code(coder, first(&contexts), WEIGHTS + half, symbol as u8);
        known = known << 4 | u32::from(symbol);
    }
    (known as i32 - 128) as i8
}
