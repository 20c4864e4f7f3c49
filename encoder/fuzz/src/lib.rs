//! What the targets share: how bytes choose options, and decoding that ends soon.

use sigma_encoder::{Coding, Error, Holding, Layout, Level, Limits, Options};

/// More than any document that a fuzzer makes; a few damaged bytes may stand for megabytes.
const OUTPUT_MAX: u64 = 1 << 11;

/// The last `N` bytes of the input choose, what is before them is the document: so any document
/// is an input, and the fuzzer's changes to it leave the choices alone.
pub fn split<const N: usize>(input: &[u8]) -> (&[u8], [u8; N]) {
    match input.split_last_chunk() {
        Some((document, choices)) => (document, *choices),
        None => (input, [0; N]),
    }
}

/// Any level and any set of techniques; zeros turn everything on.
pub fn options(level: u8, off: u8) -> Options {
    let on = |bit: u8| off >> bit & 1 == 0;
    let layout = if on(4) { Layout::Flat } else { Layout::Boxed };
    Options {
        level: Level::ALL[usize::from(level) % Level::ALL.len()],
        coding: Coding { prune: on(0), codebook: on(1), delta: on(2), pack: on(3) },
        holding: Holding { layout, stream: on(5), pool: on(6), lazy: on(7) },
        ..Options::default()
    }
}

/// All at once.
pub fn encode(document: &[u8], options: &Options) -> Vec<u8> {
    let mut encoded = Vec::new();
    sigma_encoder::encode(document, &mut encoded, options).expect("memory does not fail");
    encoded
}

/// Decodes, with checksums believed or not.
pub fn decode(encoded: &[u8], checked: bool) -> Result<Vec<u8>, Error> {
    #[cfg(fuzzing)]
    sigma_encoder::fuzzing::ignore_checks(!checked);
    #[cfg(not(fuzzing))]
    let _ = checked;
    let limits = Limits { output_bytes: Some(OUTPUT_MAX), ..Limits::default() };
    let mut document = Vec::new();
    sigma_encoder::decode_limited(encoded, &mut document, limits)?;
    assert!(document.len() as u64 <= OUTPUT_MAX, "the limit holds");
    Ok(document)
}
