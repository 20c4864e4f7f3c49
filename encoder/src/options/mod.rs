//! What can be chosen, and what goes wrong: the types of the public API that hold no state.

pub(crate) mod check;
pub(crate) mod class;
pub(crate) mod coding;
pub(crate) mod error;
pub(crate) mod framing;
pub(crate) mod limits;
