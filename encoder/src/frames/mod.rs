//! The framed form: a document cut into frames, each an encoding of its own, with an index.
//!
//! Frames let several threads work on one document and let a reader begin in its middle. What is in a
//! frame is opaque here: bytes that [`encode`](crate::encode()) wrote. `FORMAT.md` describes the form,
//! `format` holds its elements, `cut` says where frames begin, `turns` puts the work of several
//! threads in order. `sequential` decodes from front to back, `index` reads by position.

mod cut;
pub(crate) mod encode;
pub(crate) mod format;
pub(crate) mod index;
pub(crate) mod one;
pub(crate) mod place;
pub(crate) mod range;
pub(crate) mod sequential;
mod turns;
pub(crate) mod walk;
