//! What fuzzing broke once stays mended: each file of `tests/crashes/`, as a document and as an
//! encoding.

use std::fs;
use std::path::Path;

use sigma_encoder::{Options, Prepared};

#[test]
fn what_broke_once_is_mended() {
    let prepared = Prepared::new(Options::default());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crashes");
    for entry in fs::read_dir(folder).expect("tests/crashes is there") {
        let path = entry.expect("a readable folder").path();
        let bytes = fs::read(&path).expect("a readable file");
        let encoded = prepared.encode(&bytes);
        assert!(prepared.decode(&encoded).expect("ours") == bytes, "{}", path.display());
        let _ = prepared.decode(&bytes);
        let _ = prepared.decode(&[&[0b1010_0001], bytes.as_slice()].concat());
    }
}
