//! Prints every decision of encodings, for whoever writes another decoder: `cargo run --example trace -- FILE`.
//!
//! A line for each: its number, what it is about, the probability of a 1 in 65,536ths, the bit, and the
//! interval before it; then the item that they made. `FORMAT.md` (section 10) says what is what.

use std::fs::File;
use std::io::{BufReader, BufWriter, stdout};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("the file to read is missing")?;
    let file = BufReader::new(File::open(path)?);
    Ok(sigma_encoder::trace::decisions(file, BufWriter::new(stdout().lock()))?)
}
