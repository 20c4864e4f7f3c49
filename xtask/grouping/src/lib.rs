//! Rows of a CSV file become groups of values. The one home of `polars`; no type of it is public.
//!
//! What the columns mean is the caller's: a [`Layout`] names them. The file is read in pieces, so that
//! its text never stands in memory as a whole, and on all processors; the groups depend neither on the
//! size of a piece nor on the number of threads.
//!
//! | module | what it does |
//! |---|---|
//! | `pieces` | the text of the file, cut at ends of lines, and its header |
//! | `columns` | the text of a piece as columns, by polars |
//! | `part` | the rows of one piece to their groups |
//! | `gather` | all of it: who works at which piece, and parts of groups to groups |

mod columns;
mod gather;
mod part;
mod pieces;
mod values;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::num::NonZero;
use std::path::Path;
use std::thread::available_parallelism;

use anyhow::Context;

pub use values::Values;

/// How many texts tell groups apart: kind, variant and profile of a sample.
pub const TEXTS: usize = 3;

/// The columns of a file and what they are read for; others are passed over.
#[derive(Debug, Clone, Copy)]
pub struct Layout<'a> {
    /// Texts that all rows of a group share.
    pub texts: [&'a str; TEXTS],
    /// A whole number that all rows of a group share.
    pub size: &'a str,
    /// The number of the block that a row was measured in.
    pub block: &'a str,
    /// Where the first text is one of these, each block makes a group of its own.
    pub apart: &'a [&'a str],
    /// How a row ended, as text.
    pub outcome: &'a str,
    /// The outcome of the rows that have values.
    pub ok: &'a str,
    /// A text whose different values are counted.
    pub output: &'a str,
    /// What is taken of each row. A quantity whose column the file does not have is absent.
    pub quantities: &'a [Quantity<'a>],
}

/// A value of a row, made of its columns, which hold whole numbers but for [`Quantity::Real`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity<'a> {
    /// A column as it is.
    Column(&'a str),
    /// A column of numbers with fractions as it is.
    Real(&'a str),
    /// Two columns added, times a factor.
    Sum([&'a str; 2], f64),
    /// The first column over the second; absent where that is 0.
    Ratio([&'a str; 2]),
}

/// All rows that share their texts and their size.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// In the order of [`Layout::texts`].
    pub texts: [String; TEXTS],
    /// The number that all rows share.
    pub size: u64,
    /// The block that all rows share where [`Layout::apart`] says so, else 0.
    pub block: u32,
    /// How often each outcome came, by its name.
    pub outcomes: Vec<(String, u32)>,
    /// In the order of [`Layout::quantities`]; empty where no row has one.
    pub values: Vec<Values>,
    /// How many different outputs the rows with values have.
    pub distinct_outputs: u32,
}

/// How much of the file is read at a time: small beside what is made of it, large beside what a piece
/// costs.
const PIECE_BYTES: usize = 4 << 20;

/// More threads would wait for the one that reads and gathers.
const WORKERS_MAX: usize = 8;

/// Reads a CSV file and groups its rows, in the order in which each group first appears.
///
/// # Errors
///
/// Where the file cannot be read, lacks a column other than those of quantities, holds something else
/// than a whole number where one belongs, or ends within a line.
pub fn groups(path: &Path, layout: &Layout<'_>) -> anyhow::Result<Vec<Group>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let workers = available_parallelism().map_or(1, NonZero::get).min(WORKERS_MAX);
    gather::groups(file, layout, PIECE_BYTES, workers)
        .with_context(|| format!("{} cannot be aggregated", path.display()))
}
