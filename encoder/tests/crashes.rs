//! What fuzzing broke once stays mended: each file of `tests/crashes/`, as a document and as an
//! encoding, at every level.
//!
//! While fuzzing limits are smaller (`src/base/fuzzing.rs`); `RUSTFLAGS="--cfg fuzzing" cargo test -p
//! sigma-encoder --test crashes` replays under those.

use std::fs;
use std::path::Path;

use sigma_encoder::{Level, Options, Prepared};

/// The first byte of the compact form at the level `fast`.
const COMPACT: u8 = 0b1010_0000;

#[test]
fn what_broke_once_is_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crashes");
    for (code, level) in Level::ALL.into_iter().enumerate() {
        let prepared = Prepared::new(Options { level, ..Options::default() });
        for entry in fs::read_dir(&folder).expect("tests/crashes is there") {
            let path = entry.expect("a readable folder").path();
            let bytes = fs::read(&path).expect("a readable file");
            let encoded = prepared.encode(&bytes);
            let decoded = prepared.decode(&encoded).expect("ours");
            assert!(decoded == bytes, "{} at {level:?}", path.display());
            let _ = prepared.decode(&bytes);
            let _ = prepared.decode(&[&[COMPACT | code as u8], bytes.as_slice()].concat());
        }
    }
}
