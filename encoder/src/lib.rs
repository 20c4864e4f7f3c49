//! `sigma`: tree-shaped documents (JSON, NDJSON; any other bytes too) in few bytes, and back.
//!
//! Exact for any input, in memory that is fixed at the start whatever the length. The bytes are
//! described in `FORMAT.md`. The library has a push [`Encoder`] and a pull [`Decoder`]; [`encode`]
//! and [`decode`] connect them to readers and writers. [`encode_frames_at`] and [`Frames`] work with several
//! threads and read a part of a document.
#![forbid(unsafe_code)]
// The kernels walk several arrays of the same length side by side; an index says so best.
#![allow(clippy::needless_range_loop)]

#[doc(hidden)]
pub mod bench;
mod bits;
mod coder;
mod decimal;
mod decode;
mod decoder;
mod dictionary;
mod digits;
mod document;
mod double;
mod encode;
mod error;
mod expected;
mod fast;
mod format;
mod frames;
#[doc(hidden)]
pub mod fuzzing;
mod hash;
mod inspect;
mod lexer;
mod literal;
mod logistic;
mod matcher;
mod memory;
mod model;
mod notation;
mod numbers;
mod pieces;
#[cfg(test)]
mod positions;
mod predictor;
mod prepared;
mod prior;
mod settings;
mod stage;
mod stream;
mod tables;
mod tree_state;

pub use coder::Part;
pub use decoder::Decoder;
pub use encode::Encoder;
pub use error::Error;
pub use fast::{BlockBytes, Census, StreamKind};
pub use frames::{
    Frame, FrameBytes, Frames, Framing, ReadAt, WriteAt, decode_lines, decode_range, encode_frames,
    encode_frames_at,
};
pub use inspect::{Inspection, PathBits, inspect};
pub use prepared::Prepared;
pub use settings::{Coding, Holding, Layout, Level, Limits, Options};
pub use stage::Stage;
pub use stream::{decode, decode_limited, encode};
