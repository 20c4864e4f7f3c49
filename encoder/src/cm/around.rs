//! Where a new byte stands: what its probabilities depend on beside the bytes before it.

/// Kinds of text that have weights of their own.
pub(crate) const KINDS: usize = 3;

/// What surrounds a byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around {
    /// Below [`KINDS`].
    pub(crate) kind: usize,
    /// The column, for what is usual there.
    pub(crate) column: u32,
}
