//! The model: what the next item is, in terms of decisions to code.
//!
//! `items` codes one item after the other, the same on both sides: the encoder gives it the item, the decoder learns
//! the item from it; everything it consults was derived from items before. An item is
//!
//! - a segment (`segments`), the inside of a string (`text`) or a scalar (`scalars`; `values` is what the last two
//!   share): named, if it came before (`known`, `candidates`, `dictionary`),
//! - a number that follows from one before (`delta`), perhaps with the noise of a double (`noise`),
//! - or new: pieces (`pieces`) or digits (`digits`).
//!
//! `contexts` has every context of these by name. `columns` is what is remembered of a column, `recent` what came
//! last, `item` the item at hand, `core` all of it together; `sizes` says how large, and `prior` teaches a new model.

mod candidates;
mod columns;
mod contexts;
pub(crate) mod contradiction;
pub(crate) mod core;
mod delta;
mod dictionary;
pub(crate) mod digits;
mod item;
pub(crate) mod items;
mod known;
mod noise;
mod pieces;
#[cfg(test)]
mod positions;
pub(crate) mod prior;
mod recent;
mod scalars;
mod segments;
pub(crate) mod sizes;
mod text;
mod values;
