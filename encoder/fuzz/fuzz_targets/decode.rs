//! Any bytes decode or are refused: no panic, no endless loop. Checksums are believed whatever they
//! are, so that the bytes reach the items.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigma_encoder_fuzz::decode;

fuzz_target!(|encoded: &[u8]| {
    if decode(encoded, false).is_ok() {
        sigma_encoder::inspect(encoded).expect("what decodes can be inspected");
    }
});
