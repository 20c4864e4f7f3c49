//! Lines of text as columns: polars parses what a layout names.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::ensure;
use polars::prelude::*;

use crate::{Layout, Quantity};

/// What the columns of a file are called, of which type they are, and which are read.
pub(crate) struct Header {
    schema: SchemaRef,
    wanted: Arc<Vec<usize>>,
}

impl Header {
    pub(crate) fn new(names: &[String], layout: &Layout<'_>) -> anyhow::Result<Self> {
        let texts = || layout.texts.iter().copied().chain([layout.outcome, layout.output]);
        // Numbers are read as such; columns that nobody reads may hold what they like.
        let is_real = |name: &str| layout.quantities.contains(&Quantity::Real(name));
        let of_type = |name: &str| match (texts().any(|text| text == name), is_real(name)) {
            (true, _) => DataType::String,
            (_, true) => DataType::Float64,
            _ => DataType::Int64,
        };
        let schema: Schema =
            names.iter().map(|name| (name.as_str().into(), of_type(name))).collect();
        for name in texts().chain([layout.size, layout.block]) {
            ensure!(schema.contains(name), "the column `{name}` is missing");
        }
        let of_quantities = layout.quantities.iter().flat_map(Quantity::columns);
        let mut wanted: Vec<usize> = texts()
            .chain([layout.size, layout.block])
            .chain(of_quantities)
            .filter_map(|name| schema.index_of(name))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        Ok(Self { schema: Arc::new(schema), wanted: Arc::new(wanted) })
    }
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
}

/// The columns of one piece.
pub(crate) struct Columns(DataFrame);

impl Columns {
    /// Parses lines without their header.
    pub(crate) fn parse(lines: Vec<u8>, header: &Header) -> anyhow::Result<Self> {
        let frame = CsvReadOptions::default()
            .with_has_header(false)
            .with_schema(Some(header.schema.clone()))
            .with_projection(Some(header.wanted.clone()))
            .into_reader_with_file_handle(Cursor::new(lines))
            .finish()?;
        Ok(Self(frame))
    }

    pub(crate) fn rows(&self) -> usize {
        self.0.height()
    }

    /// A column of texts, absent ones as `None`.
    pub(crate) fn texts(&self, name: &str) -> anyhow::Result<impl Iterator<Item = Option<&str>>> {
        Ok(self.0.column(name)?.str()?.iter())
    }

    /// A column of whole numbers as floating-point numbers, absent ones as NaN.
    pub(crate) fn numbers(&self, name: &str) -> anyhow::Result<Vec<f64>> {
        let column = self.0.column(name)?.i64()?;
        let mut values = Vec::with_capacity(column.len());
        for chunk in column.downcast_iter() {
            match chunk.validity() {
                None => values.extend(chunk.values_iter().map(|value| *value as f64)),
                Some(_) => values.extend(
                    chunk.iter().map(|value| value.map_or(f64::NAN, |value| *value as f64)),
                ),
            }
        }
        Ok(values)
    }

    /// A quantity of each row, absent ones as NaN; nothing where no row has it.
    pub(crate) fn quantity(&self, quantity: &Quantity<'_>) -> anyhow::Result<Option<Vec<f64>>> {
        let is_absent = |name| self.0.column(name).map_or(true, |of| of.null_count() == of.len());
        if quantity.columns().any(is_absent) {
            return Ok(None);
        }
        let with = |first: &str, second: &str, of: &dyn Fn(f64, f64) -> f64| {
            let pairs = self.numbers(first)?.into_iter().zip(self.numbers(second)?);
            anyhow::Ok(pairs.map(|(first, second)| of(first, second)).collect())
        };
        Ok(Some(match *quantity {
            Quantity::Column(name) => self.numbers(name)?,
            Quantity::Real(name) => {
                let column = self.0.column(name)?.f64()?;
                column.iter().map(|value| value.unwrap_or(f64::NAN)).collect()
            }
            Quantity::Sum([a, b], factor) => with(a, b, &|a, b| (a + b) * factor)?,
            // The empty document has no ratio.
            Quantity::Ratio([a, b]) => with(a, b, &|a, b| if b > 0.0 { a / b } else { f64::NAN })?,
        }))
    }
}
