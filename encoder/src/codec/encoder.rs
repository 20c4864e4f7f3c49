//! The push encoder: bytes in as they come, encoded bytes out.

use super::chunk_encoder::ChunkEncoder;
use super::noise::{SAMPLE, is_noise};
use super::setup::{header, memory, model};
use crate::base::stage::Stage;
use crate::cm::arithmetic::ArithmeticEncoder;
use crate::fast;
use crate::format::header::Header;
use crate::format::varint::write_varint;
use crate::grammar::lexer::ITEM_MAX;
use crate::model::items::Model;
use crate::options::class::Class;
use crate::options::coding::{Level, Options};

/// Items are looked for when this much has come, so that small pushes do not scan again and again.
const WINDOW: usize = ITEM_MAX + SAMPLE;

/// Encodes one document that is pushed in any pieces.
///
/// ```
/// let mut encoder = sigma_encoder::Encoder::new(sigma_encoder::Options::default());
/// let mut encoded = Vec::new();
/// encoder.push(b"[1,2,", &mut encoded);
/// encoder.push(b"3]", &mut encoded);
/// encoder.finish(&mut encoded);
/// let mut document = Vec::new();
/// sigma_encoder::decode(encoded.as_slice(), &mut document)?;
/// assert_eq!(document, b"[1,2,3]");
/// # Ok::<(), sigma_encoder::Error>(())
/// ```
pub struct Encoder {
    options: Options,
    /// What has come and is not coded yet, from `start`.
    window: Vec<u8>,
    start: usize,
    stream: Option<Full>,
    taught: Option<Model>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Encoder {
    /// Holds nothing until bytes come.
    ///
    /// ```
    /// let encoder = sigma_encoder::Encoder::new(sigma_encoder::Options::new());
    /// ```
    pub fn new(options: Options) -> Self {
        Self { options, window: Vec::new(), start: 0, stream: None, taught: None }
    }

    /// For a document that is probably small: the model needs not be taught again.
    pub(crate) fn taught(options: Options, model: Model) -> Self {
        Self { taught: Some(model), ..Self::new(options) }
    }

    /// Takes bytes of the document and appends encoded bytes to `out`.
    ///
    /// ```
    /// # let mut encoder = sigma_encoder::Encoder::new(sigma_encoder::Options::new());
    /// let mut encoded = Vec::new();
    /// encoder.push(b"[1,2,", &mut encoded);
    /// encoder.push(b"3]", &mut encoded);
    /// assert!(encoded.is_empty(), "short documents come out when they end");
    /// ```
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        Stage::Output.run(|| self.push_as_output(bytes, out));
    }

    fn push_as_output(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let wanted = match &self.stream {
                None => Class::SMALL_MAX + 1,
                Some(Full::Items(_)) => WINDOW,
                Some(Full::Blocks(_)) => fast::BLOCK,
            };
            let room = wanted.saturating_sub(self.window.len() - self.start).min(bytes.len());
            Stage::Input.run(|| self.fill(&bytes[..room], wanted));
            bytes = &bytes[room..];
            if self.window.len() - self.start >= wanted {
                self.code(out);
            }
        }
    }

    /// Appends to the window, which doubles as it grows, but not beyond `len_max`.
    fn fill(&mut self, bytes: &[u8], len_max: usize) {
        let (len, needed) = (self.window.len(), self.window.len() + bytes.len());
        if needed > self.window.capacity() {
            let capacity = needed.max(2 * len).max(1 << 12).min(needed.max(len_max));
            self.window.reserve_exact(capacity - len);
        }
        self.window.extend_from_slice(bytes);
    }

    /// Ends the document and appends what is left to `out`.
    ///
    /// ```
    /// # let encoder = sigma_encoder::Encoder::new(sigma_encoder::Options::new());
    /// let mut encoded = Vec::new();
    /// encoder.finish(&mut encoded);
    /// assert!(sigma_encoder::decode_all(encoded.as_slice())?.is_empty());
    /// # Ok::<(), sigma_encoder::Error>(())
    /// ```
    pub fn finish(self, out: &mut Vec<u8>) {
        Stage::Output.run(|| self.finish_as_output(out));
    }

    fn finish_as_output(mut self, out: &mut Vec<u8>) {
        if self.stream.is_none() && self.window.len() <= Class::SMALL_MAX {
            return self.finish_compact(out);
        }
        self.code(out);
        match self.stream.take().expect("made by code") {
            Full::Items(mut stream) => stream.finish(&self.window[self.start..], out),
            Full::Blocks(mut packer) => packer.finish(&self.window[self.start..], out),
        }
    }

    fn start_stream(&mut self, out: &mut Vec<u8>) -> Full {
        let header = header(&self.options, Class::Large);
        header.write_to(out);
        let memory = memory(&self.options);
        match header.level {
            Level::Fast => Full::Blocks(Box::new(fast::Packer::new(header, memory))),
            Level::Default | Level::Max => Full::Items(Box::new(ChunkEncoder::new(header, memory))),
        }
    }

    /// Codes as much of the window as can be.
    fn code(&mut self, out: &mut Vec<u8>) {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.start_stream(out),
        };
        match &mut stream {
            Full::Items(stream) => self.code_items(stream, out),
            Full::Blocks(packer) => self.code_blocks(packer, out),
        }
        self.stream = Some(stream);
        self.window.drain(..self.start);
        self.start = 0;
    }

    /// A window that is not full waits, so that blocks do not depend on the sizes of pushes.
    fn code_blocks(&mut self, packer: &mut fast::Packer, out: &mut Vec<u8>) {
        if self.window.len() < fast::BLOCK {
            return;
        }
        // The rest is moved to the front of the window: not too often.
        while self.window.len() - self.start > fast::BLOCK / 2 {
            self.start += packer.block(&self.window[self.start..], false, out);
        }
    }

    fn code_items(&mut self, stream: &mut ChunkEncoder, out: &mut Vec<u8>) {
        while self.start < self.window.len() {
            let Some(len) = stream.next(&self.window[self.start..], false, out) else { break };
            self.start += len;
        }
        if self.window.capacity() > WINDOW {
            // The first fill was larger than the window needs to be.
            self.window.drain(..std::mem::take(&mut self.start));
            self.window.shrink_to(WINDOW);
        }
    }

    fn finish_compact(mut self, out: &mut Vec<u8>) {
        let coded = (!is_noise(&self.window)).then(|| self.compact_items());
        let coded = coded.filter(|coded| coded.1.len() <= self.window.len());
        let stored = || (Header::stored(self.options.check_of(Class::Small)), Vec::new());
        let (header, coded) = coded.unwrap_or_else(stored);
        header.write_to(out);
        write_varint(self.window.len() as u64, out);
        out.extend_from_slice(if header.is_stored { &self.window } else { &coded });
        let mut hash = header.hasher();
        hash.update(&self.window);
        hash.update(&coded);
        out.extend_from_slice(&hash.digest()[..header.check.whole_len()]);
    }

    /// The window as items.
    fn compact_items(&mut self) -> (Header, Vec<u8>) {
        let header = header(&self.options, Class::Small);
        let taught = self.taught.take();
        let mut model = taught.unwrap_or_else(|| model(&header, memory(&self.options)));
        let mut coder = ArithmeticEncoder::new(Vec::new(), header.coding.pack);
        let mut rest = self.window.as_slice();
        while !rest.is_empty() {
            let len = Stage::Coder.run(|| model.code_next(&mut coder, rest));
            rest = &rest[len..];
        }
        (header, coder.finish())
    }
}

/// The full form.
enum Full {
    /// Chunks of items.
    Items(Box<ChunkEncoder>),
    /// Blocks, at the level `fast`.
    Blocks(Box<fast::Packer>),
}
