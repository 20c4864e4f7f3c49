//! What a decoder finds in bytes that no encoder wrote.

/// The coded bits contradict the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contradiction;
