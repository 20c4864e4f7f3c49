//! Any document comes back, at every level and with every set of techniques; those of memory, and
//! how the document is pushed, do not change a byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigma_encoder::{Encoder, Holding, Options};
use sigma_encoder_fuzz::{decode, encode, options, split};

/// One document in so many is encoded in another way too.
const ANOTHER_WAY: u8 = 8;

fuzz_target!(|input: &[u8]| {
    let (document, [level, off, way, step]) = split(input);
    let options = options(level, off);
    let plain = Options { holding: Holding::default(), ..options };
    let encoded = encode(document, &plain);
    let decoded = decode(&encoded, true).expect("an encoding of ours");
    assert!(decoded == document, "the document comes back");
    match way % ANOTHER_WAY {
        0 => assert!(encode(document, &options) == encoded, "memory techniques change nothing"),
        1 => assert!(push(document, plain, step) == encoded, "pushing changes nothing"),
        _ => {}
    }
});

/// Encodes what comes in pieces.
fn push(document: &[u8], options: Options, step: u8) -> Vec<u8> {
    let (mut encoder, mut encoded) = (Encoder::new(options), Vec::new());
    document.chunks(step.max(1).into()).for_each(|piece| encoder.push(piece, &mut encoded));
    encoder.finish(&mut encoded);
    encoded
}
