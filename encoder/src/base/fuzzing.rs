//! What is different while fuzzing (`--cfg fuzzing`, which cargo-fuzz sets): all of it is here.
//!
//! A fuzzer makes a million small documents. Limits and tables are small for it, so that few bytes
//! reach what otherwise takes a hundred kilobytes (the full form, several chunks, items that are
//! cut, rings that wrap, a stack that overflows), and so that a model costs microseconds. The code
//! is the same. Encodings made so are not sigma files: nothing but a fuzzer reads them.
#![allow(unexpected_cfgs, reason = "cargo-fuzz sets it")]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Each table is smaller by this power of two.
pub(crate) const TABLES_SHRUNK_BY: u32 = if cfg!(fuzzing) { 6 } else { 0 };

static CHECKS_IGNORED: AtomicBool = AtomicBool::new(false);

/// A limit: what it is, and what it is while fuzzing.
pub(crate) const fn limit(usual: usize, fuzzing: usize) -> usize {
    if cfg!(fuzzing) { fuzzing } else { usual }
}

/// Whether wrong checksums are to be believed, which otherwise stop nearly every damaged encoding
/// before the decoder has to cope with it. Always false but while fuzzing.
pub(crate) fn checks_are_ignored() -> bool {
    cfg!(fuzzing) && CHECKS_IGNORED.load(Relaxed)
}

/// Has wrong checksums believed from now on, or not.
#[cfg(fuzzing)]
pub fn ignore_checks(ignore: bool) {
    CHECKS_IGNORED.store(ignore, Relaxed);
}
