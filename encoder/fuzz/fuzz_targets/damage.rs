//! A damaged encoding is refused, or the document is right; with checksums that are believed
//! whatever they are, it may be another document, but there is no panic and no endless loop.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigma_encoder_fuzz::{decode, encode, options, split};

/// Changes to one encoding.
const CHANGES: usize = 4;
/// What the full form begins with: its checks have 12 bytes, so that no damage gets through by
/// chance, as it does through the 2 bytes of the smallest compact documents.
const FULL: &[u8] = &[0xCE, 0xA3];

fuzz_target!(|input: &[u8]| {
    let (document, [level, off, ignored, changes @ ..]) = split::<{ 3 + 3 * CHANGES }>(input);
    let encoded = encode(document, &options(level, off));
    let mut damaged = encoded.clone();
    for change in changes.chunks_exact(3) {
        apply(&mut damaged, [change[0], change[1], change[2]]);
    }
    let checked = ignored % 4 == 0;
    let decoded = decode(&damaged, checked);
    if checked && encoded.starts_with(FULL) && damaged.starts_with(FULL) {
        assert!(decoded.is_err() || decoded.is_ok_and(|it| it == document), "silently wrong");
    }
});

/// Changes a byte, or takes away, repeats or zeroes a few.
fn apply(encoded: &mut Vec<u8>, [place, kind, value]: [u8; 3]) {
    if encoded.is_empty() || value == 0 {
        return;
    }
    // Places of longer encodings are further apart.
    let place = usize::from(place) * encoded.len() / 256;
    let end = (place + usize::from(value)).min(encoded.len());
    match kind % 4 {
        0 => encoded[place] ^= value,
        1 => drop(encoded.drain(place..end)),
        2 => encoded.extend_from_within(place..end),
        _ => encoded[place..end].fill(0),
    }
}
