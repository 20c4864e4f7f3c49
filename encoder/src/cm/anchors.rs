//! Anchors: a rolling hash of the last eleven bytes, and which of its values are kept.

/// A hash of the last eleven bytes: the factor ends in three zero bits, so that after eleven of
/// them nothing of a byte is left.
const ANCHOR_FACTOR: u32 = 0x2F0B_4C47 << 3;
const ANCHOR_BYTES: usize = 11;

/// The hash of the last eleven bytes after another.
#[inline]
pub(crate) fn next_anchor(anchor: u32, byte: u8) -> u32 {
    anchor.wrapping_add(u32::from(byte) + 1).wrapping_mul(ANCHOR_FACTOR)
}

/// Whether the place after these bytes is kept: one in four is.
#[inline]
pub(crate) fn is_kept(anchor: u32) -> bool {
    anchor.trailing_zeros() >= 5
}

/// Anchors of many bytes are worked out in so many stripes side by side, since each waits for the one before it.
const STRIPES: usize = 4;
/// Bytes of a stripe.
const STRIPE: usize = 256;

/// Goes through bytes after `anchor`, and gives those of their anchors that are kept to `take`, each with the
/// index of its byte, in order. Returns the last anchor.
pub(crate) fn kept_anchors(mut anchor: u32, bytes: &[u8], mut take: impl FnMut(usize, u32)) -> u32 {
    let mut kept = [[(0, 0); STRIPE]; STRIPES];
    let mut blocks = bytes.chunks_exact(STRIPES * STRIPE);
    let mut start = 0;
    for block in &mut blocks {
        let stripes: [&[u8]; STRIPES] = std::array::from_fn(|s| &block[s * STRIPE..][..STRIPE]);
        let mut anchors = [anchor; STRIPES];
        for s in 1..STRIPES {
            // What comes before is forgotten.
            let before = &stripes[s - 1][STRIPE - ANCHOR_BYTES..];
            anchors[s] = before.iter().fold(0, |anchor, &byte| next_anchor(anchor, byte));
        }
        // Written without asking whether it is kept: what cannot be foreseen would wait.
        let mut counts = [0; STRIPES];
        for i in 0..STRIPE {
            for s in 0..STRIPES {
                anchors[s] = next_anchor(anchors[s], stripes[s][i]);
                kept[s][counts[s] % STRIPE] = (i, anchors[s]);
                counts[s] += usize::from(is_kept(anchors[s]));
            }
        }
        for s in 0..STRIPES {
            for &(index, anchor) in &kept[s][..counts[s]] {
                take(start + s * STRIPE + index, anchor);
            }
        }
        anchor = anchors[STRIPES - 1];
        start += block.len();
    }
    for (index, &byte) in blocks.remainder().iter().enumerate() {
        anchor = next_anchor(anchor, byte);
        if is_kept(anchor) {
            take(start + index, anchor);
        }
    }
    anchor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_the_same_one_by_one_and_side_by_side() {
        let bytes: Vec<u8> =
            (0..5000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        for len in [0, 10, 1023, 1024, 1025, 5000] {
            let (mut anchor, mut expected) = (0x1234_5678, Vec::new());
            for (index, &byte) in bytes[..len].iter().enumerate() {
                anchor = next_anchor(anchor, byte);
                if is_kept(anchor) {
                    expected.push((index, anchor));
                }
            }
            let mut found = Vec::new();
            let last = kept_anchors(0x1234_5678, &bytes[..len], |index, anchor| {
                found.push((index, anchor));
            });
            assert!(last == anchor && found == expected, "{len}");
            assert!(len < 1000 || found.len() > len / 8, "some are kept");
        }
    }
}
