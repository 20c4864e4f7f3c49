//! Context mixing: from contexts, as hashes, to probabilities, and from decisions to bytes. Knows nothing of JSON.
//!
//! `logistic` is the scale that predictions are added on, `adaptive` a probability that learns, `mixer` adds
//! predictions by weights. `histories` are bit histories and what they mean, `tables` finds them by hash.
//! `match_model` says what followed the same bytes before, `anchors` where those were, `expected_byte` whether that
//! comes again. `literals` codes new bytes and `digits` new numbers with all of these. `coder` is the seam to
//! `arithmetic`, the arithmetic coder, and `work` counts what it takes.
//!
//! Here and in `model`, "half .., twice .." after a constant is what becomes of the size when it is halved or doubled: of
//! all that the level `default` writes for the first 512 KiB of each of 15 public files (397,429 bytes). All are part of
//! the format: none can change in version 1.

pub(crate) mod adaptive;
mod anchors;
pub(crate) mod arithmetic;
pub(crate) mod around;
pub(crate) mod coder;
pub(crate) mod digits;
mod expected_byte;
mod histories;
pub(crate) mod literals;
mod logistic;
pub(crate) mod match_model;
pub(crate) mod mixer;
mod tables;
pub(crate) mod work;
