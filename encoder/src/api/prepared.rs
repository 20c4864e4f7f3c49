//! A model that is prepared once for many small documents.

use super::decode::decode;
use crate::codec::encoder::Encoder;
use crate::codec::setup::{header, memory, model};
use crate::codec::single::Single;
use crate::format::header::{Header, Start};
use crate::format::source::Source;
use crate::model::items::Model;
use crate::options::class::Class;
use crate::options::coding::Options;
use crate::options::error::Error;
use crate::options::limits::{Budget, Limits};

/// Encodes and decodes many small documents, each by itself, faster than [`encode`](crate::encode()).
///
/// ```
/// let prepared = sigma_encoder::Prepared::new(sigma_encoder::Options::default());
/// let encoded = prepared.encode(b"{}");
/// assert_eq!(prepared.decode(&encoded)?, b"{}");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub struct Prepared {
    options: Options,
    header: Header,
    model: Model,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Prepared {
    /// Takes a few milliseconds and about a megabyte.
    ///
    /// ```
    /// let prepared = sigma_encoder::Prepared::new(sigma_encoder::Options::new());
    /// ```
    pub fn new(options: Options) -> Self {
        let header = header(&options, Class::Small);
        Self { options, model: model(&header, memory(&options)), header }
    }

    /// The same bytes that [`encode`](crate::encode()) writes.
    ///
    /// ```
    /// # let prepared = sigma_encoder::Prepared::new(sigma_encoder::Options::new());
    /// assert!(prepared.encode(br#"{"id":1,"name":"Ada"}"#).len() < 21);
    /// ```
    pub fn encode(&self, document: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::taught(self.options, self.model.clone());
        encoder.push(document, &mut out);
        encoder.finish(&mut out);
        out
    }

    /// The document of an encoding, whatever the options it was made with.
    ///
    /// ```
    /// # let prepared = sigma_encoder::Prepared::new(sigma_encoder::Options::new());
    /// assert!(prepared.decode(b"no encoding").is_err());
    /// ```
    pub fn decode(&self, encoded: &[u8]) -> Result<Vec<u8>, Error> {
        let mut document = Vec::new();
        let mut source = Source::new(encoded);
        let header = match Start::read_from(&mut source)? {
            Start::Single(header) if header.is_of_same_model(&self.header) => header,
            _ => {
                decode(encoded, &mut document)?;
                return Ok(document);
            }
        };
        let budget = Budget::new(Limits::default());
        let mut single = Single::taught(source, header, self.model.clone(), budget);
        while let Some(block) = single.next_block()? {
            document.extend_from_slice(block);
        }
        if !single.source().is_at_end()? {
            // Others follow.
            document.clear();
            decode(encoded, &mut document)?;
        }
        Ok(document)
    }
}
