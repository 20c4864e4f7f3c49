//! `sigma`: tree-shaped documents (JSON, NDJSON; any other bytes too) in few bytes, and back.
//!
//! Exact for any input, in memory that is fixed at the start whatever the length. The bytes are
//! described in `FORMAT.md`.
//!
//! ```
//! use std::io::{Read, Write};
//! use sigma_encoder::{Options, read, write};
//!
//! // Records are written one by one, to a file or to memory ..
//! let mut encoder = write::Encoder::new(Vec::new(), Options::new());
//! for id in 0..1000 {
//!     writeln!(encoder, r#"{{"id":{id},"user":"user-{}"}}"#, id % 7)?;
//! }
//! let encoded = encoder.finish()?;
//! assert!(encoded.len() < 400);
//!
//! // .. and read back.
//! let mut document = String::new();
//! read::Decoder::new(encoded.as_slice())?.read_to_string(&mut document)?;
//! assert!(document.ends_with("{\"id\":999,\"user\":\"user-5\"}\n"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | what you have | what you use |
//! |---|---|
//! | a reader and a writer | [`encode`], [`decode`], [`decode_limited`] |
//! | a document in memory | [`encode_all`], [`decode_all`] |
//! | many small documents | [`Prepared`] |
//! | something that writes | [`write::Encoder`], [`write::Decoder`] |
//! | something that reads | [`read::Encoder`], [`read::Decoder`] |
//! | buffers of your own | [`Encoder`] |
//! | a file, and several threads | [`encode_frames_at`], [`Frames`] |
//! | a question about an encoding | [`outline`] |
//! | a part of a document | [`Frames`], [`decode_range`], [`decode_lines`] |
//!
//! Without default features the crate depends on no more than the codec needs. The feature `program`,
//! which is on by default, is what the programs need; of what the feature `experiments` shows nothing is
//! kept stable.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(feature = "experiments"),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        clippy::unused_self,
        reason = "some of it is for experiments alone"
    )
)]
// The kernels walk several arrays of the same length side by side; an index says so best.
#![allow(clippy::needless_range_loop)]

#[cfg(feature = "experiments")]
#[doc(hidden)]
pub mod bench;
mod bits;
mod builder;
mod check;
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
#[cfg(not(feature = "experiments"))]
mod fuzzing;
#[cfg(feature = "experiments")]
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
mod noise;
mod notation;
mod numbers;
mod outline;
mod pieces;
#[cfg(test)]
mod positions;
mod predictor;
mod prepared;
mod prior;
pub mod read;
mod settings;
mod stage;
mod stream;
mod tables;
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub mod trace;
mod tree_state;
pub mod write;

pub use check::Check;
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use coder::Part;
pub use decoder::Decoder;
pub use encode::Encoder;
pub use error::Error;
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use fast::{BlockBytes, Census, StreamKind};
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use frames::FrameBytes;
pub use frames::{
    Frame, Frames, Framing, ReadAt, WriteAt, decode_lines, decode_range, encode_frames,
    encode_frames_at,
};
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use inspect::{Inspection, PathBits, inspect, inspect_limited};
pub use outline::{Outline, outline};
pub use prepared::Prepared;
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use settings::{Coding, Holding, Layout};
pub use settings::{Level, Limits, Options};
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use stage::Stage;
pub use stream::{decode, decode_all, decode_limited, encode, encode_all};
