//! The logistic scale, on which predictions are added: `stretch(p) = ln(p / (1 - p))` and its inverse, `squash`.
//!
//! Integer arithmetic only, so that every machine computes the same. A probability has 16 bits; on the logistic
//! scale 256 units are one natural unit, limited to ±2047.

/// The largest value on the logistic scale.
pub(crate) const STRETCH_MAX: i32 = 2047;

/// `65536 / (1 + e^-x)` for x = -8, -7.5 .. 8: where [`squash`] is interpolated.
const SIGMOID: [i32; 33] = [
    22, 36, 60, 98, 162, 267, 439, 721, 1179, 1921, 3108, 4971, 7812, 11953, 17625, 24743, 32768,
    40793, 47911, 53583, 57724, 60565, 62428, 63615, 64357, 64815, 65097, 65269, 65374, 65438,
    65476, 65500, 65514,
];

const SQUASH: [u16; 4096] = squash_table();
const STRETCH: [i16; 4096] = stretch_table();
static SQUASH_TABLE: [u16; 4096] = SQUASH;
static STRETCH_TABLE: [i16; 4096] = STRETCH;

const fn squash_table() -> [u16; 4096] {
    let mut table = [0; 4096];
    let mut i = 0;
    while i < 4096 {
        let (cell, part) = (i >> 7, (i & 127) as i32);
        table[i] = ((SIGMOID[cell] * (128 - part) + SIGMOID[cell + 1] * part + 64) >> 7) as u16;
        i += 1;
    }
    table
}

const fn stretch_table() -> [i16; 4096] {
    let mut table = [0; 4096];
    let (mut p, mut x) = (0, 0);
    while p < 4096 {
        while x < 4095 && (SQUASH[x] as usize) < p * 16 + 8 {
            x += 1;
        }
        let value = x as i16 - 2048;
        table[p] = if value < -2047 { -2047 } else { value };
        p += 1;
    }
    table
}

/// From the logistic scale to a probability of 16 bits, never 0 and never 65536.
#[inline]
pub(crate) fn squash(x: i32) -> u32 {
    u32::from(SQUASH_TABLE[(x.clamp(-STRETCH_MAX, STRETCH_MAX) + 2048) as usize & 4095])
}

/// From a probability of 16 bits to the logistic scale.
#[inline]
pub(crate) fn stretch(p: u32) -> i16 {
    STRETCH_TABLE[(p >> 4) as usize & 4095]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretch_inverts_squash_within_a_step() {
        for x in -2000..2000 {
            assert!((i32::from(stretch(squash(x))) - x).abs() < 128 || x.abs() > 1500, "{x}");
        }
    }
}
