//! One document as one encoding, in the compact or the full form; what frames hold.
//!
//! `encoder` takes bytes as they come; `chunk_encoder` cuts what is long into chunks, asks `noise` and `effort` whether
//! the model is of use, and `single` takes it all back, by `chunk_decoder`. `setup` is what both sides share.

pub(crate) mod chunk_decoder;
mod chunk_encoder;
pub(crate) mod chunk_reader;
mod effort;
pub(crate) mod encoder;
mod noise;
pub(crate) mod reader;
pub(crate) mod setup;
pub(crate) mod single;
