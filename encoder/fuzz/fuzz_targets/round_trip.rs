//! Any document comes back.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sigma_encoder::{Options, Prepared};

static PREPARED: LazyLock<Prepared> = LazyLock::new(|| Prepared::new(Options::default()));

fuzz_target!(|document: &[u8]| {
    let encoded = PREPARED.encode(document);
    assert_eq!(PREPARED.decode(&encoded).expect("an encoding of ours"), document);
});
