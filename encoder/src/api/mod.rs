//! What is called: whatever form an encoding has, decoded by one [`Decoder`](decoder::Decoder); around readers
//! (`read`) and writers (`write`), for many small documents (`prepared`), and what an encoding says of itself
//! (`outline`).

pub(crate) mod decode;
pub(crate) mod decoder;
pub(crate) mod outline;
pub(crate) mod prepared;
pub mod read;
pub mod write;
