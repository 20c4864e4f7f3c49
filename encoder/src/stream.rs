//! Encoder and decoder between a reader and a writer.

use std::io::{Read, Write};

use crate::decoder::Decoder;
use crate::document::Document;
use crate::encode::Encoder;
use crate::error::Error;
use crate::settings::{Limits, Options};
use crate::stage::Stage;

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

/// The document of an encoding that `input` gives, in memory. A few encoded bytes can stand for many: see
/// [`decode_limited`] for what comes from others.
///
/// ```
/// let encoded = sigma_encoder::encode_all(&b"[]"[..], &Default::default())?;
/// assert_eq!(sigma_encoder::decode_all(encoded.as_slice())?, b"[]");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
///
/// # Errors
///
/// When reading fails, or the encoding is damaged.
pub fn decode_all<R: Read>(input: R) -> Result<Vec<u8>, Error> {
    let mut document = Vec::new();
    decode(input, &mut document)?;
    Ok(document)
}

fn read<R: Read>(input: &mut R, bytes: &mut [u8]) -> Result<usize, Error> {
    loop {
        match input.read(bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return Ok(result?),
        }
    }
}

/// Decodes all that `input` gives.
///
/// ```
/// # let encoded = sigma_encoder::encode_all(&b"[1,2,3]"[..], &Default::default())?;
/// let mut document = Vec::new();
/// sigma_encoder::decode(encoded.as_slice(), &mut document)?;
/// assert_eq!(document, b"[1,2,3]");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub fn decode<R: Read, W: Write>(input: R, output: W) -> Result<(), Error> {
    decode_limited(input, output, Limits::default())
}

/// Decodes all that `input` gives, within limits.
///
/// ```
/// use sigma_encoder::{Limits, decode_limited};
/// # let encoded = sigma_encoder::encode_all(&b"[1,2,3]"[..], &Default::default())?;
/// let limits = Limits::new().memory_bytes(16 << 20).output_bytes(100 << 20);
/// decode_limited(encoded.as_slice(), std::io::sink(), limits)?;
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub fn decode_limited<R: Read, W: Write>(
    input: R,
    mut output: W,
    limits: Limits,
) -> Result<(), Error> {
    let mut decoder = Decoder::limited(input, limits)?;
    while let Some(block) = decoder.next_block()? {
        output.write_all(block)?;
    }
    Ok(output.flush()?)
}
