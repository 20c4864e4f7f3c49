//! A lossless streaming encoder for JSON and NDJSON; it takes any other bytes too.
//!
//! Decoding gives back every byte. Memory is fixed at the start, whatever the length of the document. `FORMAT.md`
//! describes the encoding.
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
//! Without default features the crate depends only on what the codec needs. The feature `program`, on by default,
//! adds what the programs need. Nothing that the feature `experiments` shows is stable.
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

mod api;
mod base;
mod cm;
mod codec;
mod fast;
mod format;
mod frames;
mod grammar;
mod lab;
mod model;
mod numbers;
mod options;

pub use api::decode::{decode, decode_all, decode_limited, decode_lines, decode_range};
pub use api::decoder::Decoder;
pub use api::outline::{Outline, outline};
pub use api::prepared::Prepared;
pub use api::{read, write};
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use base::fuzzing;
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use base::stage::Stage;
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use cm::coder::Part;
pub use codec::encoder::Encoder;
pub use codec::reader::{encode, encode_all};
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use fast::{BlockBytes, Census, StreamKind};
pub use frames::encode::{encode_frames, encode_frames_at};
pub use frames::index::{Frame, Frames};
pub use frames::place::{ReadAt, WriteAt};
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use lab::inspect::{inspect, inspect_limited};
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use lab::inspection::{FrameBytes, Inspection, PathBits};
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use lab::{bench, trace};
pub use options::check::Check;
#[cfg(feature = "experiments")]
#[doc(hidden)]
pub use options::coding::{Coding, Holding, Layout};
pub use options::coding::{Level, Options};
pub use options::error::Error;
pub use options::framing::Framing;
pub use options::limits::Limits;
