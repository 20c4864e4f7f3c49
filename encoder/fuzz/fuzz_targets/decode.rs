//! Any bytes decode or are refused: no panic, no endless loop.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sigma_encoder::{Options, Prepared};

static PREPARED: LazyLock<Prepared> = LazyLock::new(|| Prepared::new(Options::default()));

fuzz_target!(|bytes: &[u8]| {
    // A header that the prepared model fits, so that most runs reach the items.
    let mut encoded = vec![0b1010_0001];
    encoded.extend_from_slice(bytes);
    let _ = PREPARED.decode(&encoded);
});
