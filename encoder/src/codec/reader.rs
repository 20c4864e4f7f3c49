//! Encodes what a reader gives.

use std::io::{Read, Write};

use super::encoder::Encoder;
use crate::base::stage::Stage;
use crate::grammar::document::Document;
use crate::options::coding::Options;
use crate::options::error::Error;

/// Bytes read at a time.
const READ: usize = 1 << 15;

/// Encodes all that `input` gives.
///
/// ```
/// # use sigma_encoder::{Options, encode};
/// let mut encoded = Vec::new();
/// encode(&b"[1,2,3]"[..], &mut encoded, &Options::new())?;
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub fn encode<R: Read, W: Write>(
    mut input: R,
    mut output: W,
    options: &Options,
) -> Result<(), Error> {
    if !options.holding.stream {
        return encode_whole(input, output, options);
    }
    let mut encoder = Encoder::new(*options);
    let (mut bytes, mut out) = (vec![0; READ], Vec::new());
    loop {
        let len = read(&mut input, &mut bytes)?;
        if len == 0 {
            break;
        }
        encoder.push(&bytes[..len], &mut out);
        output.write_all(&out)?;
        out.clear();
    }
    encoder.finish(&mut out);
    output.write_all(&out)?;
    Ok(output.flush()?)
}

/// Holds the tree of the whole document before the first byte is coded.
fn encode_whole<R: Read, W: Write>(
    mut input: R,
    mut output: W,
    options: &Options,
) -> Result<(), Error> {
    let mut text = Vec::new();
    input.read_to_end(&mut text)?;
    let holding = options.holding;
    let document = Stage::Tree.run(|| Document::parse(text, holding.layout, holding.pool));
    let mut encoder = Encoder::new(*options);
    let mut out = Vec::new();
    let mut result = Ok(());
    document.walk(&mut |part| {
        encoder.push(part, &mut out);
        if out.len() >= READ && result.is_ok() {
            result = output.write_all(&out);
            out.clear();
        }
    });
    result?;
    encoder.finish(&mut out);
    output.write_all(&out)?;
    Ok(output.flush()?)
}

/// The encoding of all that `input` gives, in memory.
///
/// ```
/// use sigma_encoder::{Options, decode_all, encode_all};
/// let document = br#"{"id":1,"tags":["a","b"]}"#;
/// let encoded = encode_all(&document[..], &Options::new())?;
/// assert!(encoded.len() < document.len());
/// assert_eq!(decode_all(encoded.as_slice())?, document);
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// When reading fails.
pub fn encode_all<R: Read>(input: R, options: &Options) -> Result<Vec<u8>, Error> {
    let mut encoded = Vec::new();
    encode(input, &mut encoded, options)?;
    Ok(encoded)
}

fn read<R: Read>(input: &mut R, bytes: &mut [u8]) -> Result<usize, Error> {
    loop {
        match input.read(bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return Ok(result?),
        }
    }
}
