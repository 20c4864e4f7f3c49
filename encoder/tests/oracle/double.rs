//! FORMAT.md, section 8, "Last digits" and the *double* of "Notation".

/// Integers that are looked at.
const CANDIDATES: u128 = 24;
/// A numerator has at most so many bits.
const BITS_MAX: u32 = 127;

/// e of the double that is nearest to n / d; `None` if it is not known.
pub(crate) fn exponent(n: u128, d: u128) -> Option<u32> {
    let e = (52 + d.ilog2()).checked_sub(n.checked_ilog2()?).filter(|&e| e >= 1)?;
    let scaled = shifted(n, e)?;
    Some(e + u32::from(scaled / d < 1 << 52))
}

/// n * 2^e / d to the nearest, halves up; `None` if n * 2^e has too many bits.
pub(crate) fn nearest(n: u128, d: u128, e: u32) -> Option<u128> {
    Some((shifted(n, e)? + d / 2) / d)
}

fn shifted(n: u128, e: u32) -> Option<u128> {
    (128 - n.leading_zeros() + e <= BITS_MAX).then(|| n << e)
}

/// The set of the digits that may follow 16 significant ones, `digits`, of which `places` stand after
/// the point; `None` if it is not known.
pub(crate) fn last_digits(digits: u64, places: u32) -> Option<u32> {
    let n = u128::from(digits) * 10;
    let d = 10_u128.checked_pow(places + 1)?;
    let e = exponent(n, d)?;
    let first = ((n << e) / d).saturating_sub(1);
    let mut set = 0;
    for k in first..first + CANDIDATES {
        let printed = (k.checked_mul(d)? + (1 << (e - 1))) >> e;
        if printed > n + 9 {
            break;
        }
        if printed >= n {
            set |= 1 << (printed - n);
        }
    }
    Some(set)
}
