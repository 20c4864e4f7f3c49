//! What everything stands on: hashes, how memory is asked for, limits that fuzzing makes smaller, and the marks of the
//! counting allocator.

pub mod fuzzing;
pub(crate) mod hash;
pub(crate) mod memory;
pub(crate) mod stage;
