//! The framed form: a document cut into frames, each an encoding of its own, with an index.
//!
//! Frames let several threads work on one document and let a reader begin in its middle. What is in a
//! frame is opaque here: bytes that [`encode`](crate::encode()) wrote. `FORMAT.md` describes the form,
//! `format` holds its elements, `cut` says where frames begin, `turns` puts the work of several
//! threads in order.

mod cut;
mod encode;
mod format;
mod front;
mod index;
mod inspect;
mod one;
mod place;
mod turns;

pub use encode::{encode_frames, encode_frames_at};
pub(crate) use format::skip_frames;
pub(crate) use front::Framed;
pub use front::{decode_lines, decode_range};
pub use index::{Frame, Frames};
pub use inspect::FrameBytes;
pub(crate) use inspect::{inspect_frames, walk_frames};
pub use place::{ReadAt, WriteAt};

/// How a document is cut into frames, and by how many threads they are encoded.
///
/// ```
/// use sigma_encoder::Framing;
/// let framing = Framing::new().frame_bytes(4 << 20).threads(4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "experiments"), non_exhaustive)]
pub struct Framing {
    /// Bytes of the document in a frame, about: a frame ends at a line's end if there is one near.
    pub frame_bytes: u64,
    /// How many threads work. Never changes the output.
    pub threads: usize,
}

impl Framing {
    /// The smallest frame, in bytes of the document.
    pub const FRAME_BYTES_MIN: u64 = 1 << 10;
    /// The largest frame, in bytes of the document.
    pub const FRAME_BYTES_MAX: u64 = 1 << 40;
    /// Bytes of the document in a frame where nothing else is said.
    pub const FRAME_BYTES_DEFAULT: u64 = 16 << 20;
}

impl Default for Framing {
    fn default() -> Self {
        Self { frame_bytes: Self::FRAME_BYTES_DEFAULT, threads: 1 }
    }
}
