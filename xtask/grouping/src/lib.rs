//! Rows of a CSV file become groups of values, by expressions of polars. The one home of `polars`; no type
//! of it is public.
//!
//! What the columns mean is the caller's: a [`Columns`] names them.
//!
//! | module | what it does |
//! |---|---|
//! | `read` | the file as a table with a column for each quantity |
//! | `group` | the rows of each cell together, and pairs of two variants from the same block |

mod group;
mod read;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Context;
use polars::frame::DataFrame;

/// How many texts tell groups apart: kind, variant and profile of a sample.
pub const TEXTS: usize = 3;

/// The columns of a file and what they are read for; others are passed over.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// Kind, variant and profile, which all rows of a group share.
    pub texts: [&'a str; TEXTS],
    /// A whole number that all rows of a group share.
    pub size: &'a str,
    /// The number of the block that a row was measured in.
    pub block: &'a str,
    /// Where the kind is one of these, each block makes a group of its own.
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
    /// In the order of [`Columns::texts`].
    pub texts: [String; TEXTS],
    /// The number that all rows share.
    pub size: u64,
    /// The block that all rows share where [`Columns::apart`] says so, else 0.
    pub block: u32,
    /// How often each outcome came, by its name.
    pub outcomes: Vec<(String, u32)>,
    /// The blocks of the rows that have values, in their order.
    pub blocks: Vec<u32>,
    /// In the order of [`Columns::quantities`], each in the order of the rows; empty where no row has one.
    pub values: Vec<Vec<f64>>,
    /// How many different outputs the rows with values have.
    pub distinct_outputs: u32,
}

/// Values of one variant, each with another variant's of the same document in the same block.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// The variant that the first value of each pair is of.
    pub variant: String,
    /// The document of both.
    pub profile: String,
    /// Its size.
    pub size: u64,
    /// In the order in which quantities were asked for, each in the order of the rows.
    pub values: Vec<Vec<(f64, f64)>>,
}

/// The rows of a file.
#[derive(Debug)]
pub struct Table {
    rows: DataFrame,
    /// The outcome of the rows that have values.
    ok: String,
    /// The column of each quantity, by its place in the layout; `None` where no row has it.
    quantities: Vec<Option<String>>,
}

impl Table {
    /// Reads a CSV file.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, lacks a column other than those of quantities, holds something
    /// else than a whole number where one belongs, or ends within a line.
    pub fn read(path: &Path, layout: &Columns<'_>) -> anyhow::Result<Self> {
        read::samples(path, layout)
            .with_context(|| format!("{} cannot be aggregated", path.display()))
    }

    /// The groups in the order in which each first appears.
    pub fn groups(&self) -> anyhow::Result<Vec<Group>> {
        group::groups(&self.rows, &self.ok, &self.quantities)
    }

    /// Of every other variant and document, the successful rows of a kind beside those of the
    /// reference from the same blocks. `quantities` are places in the layout.
    pub fn pairs(
        &self,
        kind: &str,
        reference: &str,
        quantities: &[usize],
    ) -> anyhow::Result<Vec<Pairs>> {
        let wanted = quantities.iter().map(|place| self.quantities[*place].as_deref());
        group::pairs(&self.rows, kind, reference, &wanted.collect::<Vec<_>>())
    }
}
