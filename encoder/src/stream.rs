//! Encoder and decoder between a reader and a writer.

use std::io::{Read, Write};

use crate::decode::Decoder;
use crate::encode::Encoder;
use crate::error::Error;
use crate::settings::Options;

/// Bytes read at a time.
const READ: usize = 1 << 16;

/// Encodes all that `input` gives.
pub fn encode<R: Read, W: Write>(
    mut input: R,
    mut output: W,
    options: &Options,
) -> Result<(), Error> {
    let mut encoder = Encoder::new(*options);
    let (mut bytes, mut encoded) = (vec![0; READ], Vec::new());
    loop {
        let len = read(&mut input, &mut bytes)?;
        if len == 0 {
            break;
        }
        encoder.push(&bytes[..len], &mut encoded);
        output.write_all(&encoded)?;
        encoded.clear();
    }
    encoder.finish(&mut encoded);
    output.write_all(&encoded)?;
    Ok(output.flush()?)
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
pub fn decode<R: Read, W: Write>(input: R, mut output: W) -> Result<(), Error> {
    let mut decoder = Decoder::new(input)?;
    while let Some(block) = decoder.next_block()? {
        output.write_all(block)?;
    }
    Ok(output.flush()?)
}
