//! What the decoder reads decisions with: an arithmetic decoder, or one that also listens.

use crate::cm::arithmetic::ArithmeticDecoder;
use crate::cm::coder::Coder;

/// Reads one chunk after the other.
pub(crate) trait ChunkReader: Coder {
    /// Starts a chunk.
    fn start(&mut self, reader: ArithmeticDecoder);

    /// The chunk at hand.
    fn reader(&self) -> &ArithmeticDecoder;

    /// Ends a chunk and gives back the memory of its input.
    fn end(&mut self) -> Vec<u8>;

    /// Hears of each item once it is decoded.
    #[inline]
    fn item(&mut self, item: &[u8]) {
        let _ = item;
    }

    /// Hears of each chunk that is not made of items: its bytes, and what they were coded as.
    fn plain(&mut self, bytes: &[u8], coded: &[u8]) {
        let _ = (bytes, coded);
    }
}

impl ChunkReader for ArithmeticDecoder {
    fn start(&mut self, reader: ArithmeticDecoder) {
        *self = reader;
    }

    fn reader(&self) -> &ArithmeticDecoder {
        self
    }

    fn end(&mut self) -> Vec<u8> {
        self.take_input()
    }
}
