//! A CSV file as a table: what groups are told apart by, and a column for each quantity, empty in rows that
//! did not end well.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use polars::prelude::*;

use crate::{Columns, Quantity, Table};

/// The columns of the table, in place of the names that the file gives them.
pub(crate) mod column {
    pub(crate) const KIND: &str = "kind";
    pub(crate) const VARIANT: &str = "variant";
    pub(crate) const PROFILE: &str = "profile";
    pub(crate) const SIZE: &str = "size";
    pub(crate) const BLOCK: &str = "block";
    /// The block where each makes a group of its own, else 0.
    pub(crate) const APART: &str = "apart";
    pub(crate) const OUTCOME: &str = "outcome";
    /// True where the row ended well.
    pub(crate) const OK: &str = "ok";
    pub(crate) const OUTPUT: &str = "output";
    /// The place of the row in the file.
    pub(crate) const ROW: &str = "row";
}

/// Rows that tell which columns start empty.
const START: usize = 1000;

pub(crate) fn samples(path: &Path, layout: &Columns<'_>) -> anyhow::Result<Table> {
    let ok = layout.ok.to_owned();
    if !ends_with_a_line(path)? {
        return Ok(Table { rows: DataFrame::empty(), ok, quantities: Vec::new() });
    }
    let file = table(path, layout)?;
    let is_known = |name: &str| has_any(&file, name);
    let mut columns = keys(layout);
    let mut quantities = Vec::new();
    for (place, quantity) in layout.quantities.iter().enumerate() {
        let name = quantity.columns().all(is_known).then(|| format!("quantity {place}"));
        columns.extend(name.as_ref().map(|name| quantity.value().alias(name)));
        quantities.push(name);
    }
    let rows = file.lazy().select(columns).with_row_index(column::ROW, None).collect()?;
    Ok(Table { rows, ok, quantities })
}

/// Whether there is anything; an error where the last line has no end.
fn ends_with_a_line(path: &Path) -> anyhow::Result<bool> {
    let read = || -> std::io::Result<Option<u8>> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            return Ok(None);
        }
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        Ok(Some(last[0]))
    };
    let last = read().context("it cannot be read")?;
    ensure!(last.is_none_or(|byte| byte == b'\n'), "its last line is torn: it has no end");
    Ok(last.is_some())
}

/// The columns that the layout names, each of its type.
fn table(path: &Path, layout: &Columns<'_>) -> anyhow::Result<DataFrame> {
    let options = || CsvReadOptions::default().with_has_header(true);
    let open = |options: CsvReadOptions| options.try_into_reader_with_file_path(Some(path.into()));
    let header = options().with_n_rows(Some(0)).with_infer_schema_length(Some(0));
    let header = open(header)?.finish()?;
    let texts = || layout.texts.iter().copied().chain([layout.outcome, layout.output]);
    for name in texts().chain([layout.size, layout.block]) {
        ensure!(header.schema().contains(name), "the column `{name}` is missing");
    }
    let is_real = |name: &str| layout.quantities.contains(&Quantity::Real(name));
    let of_quantities = layout.quantities.iter().flat_map(Quantity::columns);
    let wanted: Schema = texts()
        .chain([layout.size, layout.block])
        .chain(of_quantities)
        .filter(|name| header.schema().contains(name))
        .map(|name| {
            let of_type = match texts().any(|text| text == name) {
                true => DataType::String,
                false if is_real(name) => DataType::Float64,
                false => DataType::Int64,
            };
            (name.into(), of_type)
        })
        .collect();
    let types = Arc::new(wanted);
    let read = |names: Vec<PlSmallStr>, rows: Option<usize>| {
        let options = options().with_schema_overwrite(Some(types.clone()));
        let options = options.with_columns(Some(names.into())).with_n_rows(rows);
        open(options.with_infer_schema_length(Some(0)))?.finish()
    };
    // Columns that start empty are mostly empty to the end. Read alone and dropped, they do not take 8 bytes
    // a row beside all others.
    let start = read(types.iter_names_cloned().collect(), Some(START))?;
    let of_all = |name: &str| {
        texts().any(|text| text == name) || [layout.size, layout.block].contains(&name)
    };
    let (late, early): (Vec<PlSmallStr>, Vec<PlSmallStr>) =
        types.iter_names_cloned().partition(|name| !of_all(name) && !has_any(&start, name));
    let late = if late.is_empty() { DataFrame::empty() } else { read(late, None)? };
    let filled = late.columns().iter().filter(|of| of.null_count() < of.len()).cloned();
    let filled: Vec<Column> = filled.collect();
    drop(late);
    let mut table = read(early, None)?;
    table.hstack_mut(&filled)?;
    Ok(table)
}

fn has_any(table: &DataFrame, name: &str) -> bool {
    table.column(name).is_ok_and(|of| of.null_count() < of.len())
}

/// What rows are told apart by.
fn keys(layout: &Columns<'_>) -> Vec<Expr> {
    let [kind, variant, profile] = layout.texts;
    let is_apart = layout.apart.iter().map(|apart| col(kind).eq(lit(*apart)));
    let is_apart = is_apart.reduce(Expr::or).unwrap_or(lit(false));
    vec![
        col(kind).alias(column::KIND),
        col(variant).alias(column::VARIANT),
        col(profile).alias(column::PROFILE),
        col(layout.size).alias(column::SIZE),
        col(layout.block).alias(column::BLOCK),
        when(is_apart).then(col(layout.block)).otherwise(lit(0)).alias(column::APART),
        col(layout.outcome).alias(column::OUTCOME),
        col(layout.output).alias(column::OUTPUT),
        col(layout.outcome).eq_missing(lit(layout.ok)).alias(column::OK),
    ]
}

impl<'a> Quantity<'a> {
    fn columns(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (first, second) = match *self {
            Quantity::Column(name) | Quantity::Real(name) => (name, None),
            Quantity::Sum([first, second], _) | Quantity::Ratio([first, second]) => {
                (first, Some(second))
            }
        };
        std::iter::once(first).chain(second)
    }

    /// The quantity of a row. What is divided by nothing is not finite, and absent for that.
    fn value(&self) -> Expr {
        let number = |name: &str| col(name).cast(DataType::Float64);
        match *self {
            Quantity::Column(name) | Quantity::Real(name) => col(name),
            Quantity::Sum([a, b], factor) => (number(a) + number(b)) * lit(factor),
            Quantity::Ratio([a, b]) => number(a) / number(b),
        }
    }
}
