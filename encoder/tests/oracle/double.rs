//! FORMAT.md, section 8, "Last digits".

/// Integers that are looked at.
const CANDIDATES: u128 = 24;

/// The set of the digits that may follow 16 significant ones, `digits`, of which `places` stand after
/// the point; `None` if it is not known.
pub(crate) fn last_digits(digits: u64, places: u32) -> Option<u32> {
    let n = u128::from(digits) * 10;
    let d = 10_u128.checked_pow(places + 1)?;
    let mut e = (52 + d.ilog2()).checked_sub(n.ilog2()).filter(|&e| e >= 1)?;
    if n.ilog2() + e >= 127 {
        return None;
    }
    if (n << e) / d < 1 << 52 {
        e += 1;
    }
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
