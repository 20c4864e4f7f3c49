//! Numbers as JSON writes them: exactly as digits and places (`decimal`), as IEEE doubles that were printed
//! (`double`), and how a column writes them (`notation`).

pub(crate) mod decimal;
pub(crate) mod double;
pub(crate) mod notation;
