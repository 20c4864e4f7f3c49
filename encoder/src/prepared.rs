//! A model that is ready for many small documents, so that each need not begin from nothing.

use crate::coder::BitReader;
use crate::decode::Unpacker;
use crate::encode::{Encoder, header, memory, model};
use crate::error::Error;
use crate::format::{Header, Source};
use crate::frames::{is_framed, start};
use crate::memory::Memory;
use crate::model::Model;
use crate::settings::{Class, Options};

/// Encodes and decodes small documents, each on its own, sooner than [`encode`](crate::encode()).
///
/// ```
/// let prepared = sigma_encoder::Prepared::new(sigma_encoder::Options::default());
/// let encoded = prepared.encode(b"{}");
/// assert_eq!(prepared.decode(&encoded)?, b"{}");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub struct Prepared {
    options: Options,
    model: Model,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Prepared {
    /// Takes some milliseconds and about a megabyte.
    pub fn new(options: Options) -> Self {
        Self { options, model: model(header(&options, Class::Small), memory(&options)) }
    }

    /// The same bytes that [`encode`](crate::encode()) writes.
    pub fn encode(&self, document: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::taught(self.options, self.model.clone());
        encoder.push(document, &mut out);
        encoder.finish(&mut out);
        out
    }

    /// The document of an encoding, with whatever options it was made.
    pub fn decode(&self, encoded: &[u8]) -> Result<Vec<u8>, Error> {
        let mut document = Vec::new();
        let is_framed = is_framed(&start(encoded)?);
        let mut source = Source::new(encoded);
        let found = Header::read_from(&mut source);
        if is_framed || found.as_ref().is_ok_and(|found| found.is_blocks()) {
            crate::decode(encoded, &mut document)?;
            return Ok(document);
        }
        let found = found?;
        let model = if found == header(&self.options, Class::Small) {
            self.model.clone()
        } else {
            model(found, Memory { lazy: true, pool: true })
        };
        let reader = BitReader::new(Vec::new(), true);
        let mut unpacker = Unpacker::after_header(source, found, reader, model);
        while let Some(block) = unpacker.next_block()? {
            document.extend_from_slice(block);
        }
        Ok(document)
    }
}
