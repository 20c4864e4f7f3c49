//! Looks inside, for the laboratory and for whoever writes another implementation: where bits went (`inspect`), every
//! decision (`trace`), and the parts of the model by themselves (`bench`). Nothing of it is kept stable.

#[cfg(feature = "experiments")]
pub mod bench;
pub(crate) mod inspect;
pub(crate) mod inspection;
mod meter;
#[cfg(feature = "experiments")]
pub mod trace;
