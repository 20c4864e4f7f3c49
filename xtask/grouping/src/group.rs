//! Rows of one cell together, in the order in which they were measured.

use std::sync::Arc;

use polars::prelude::*;

use crate::read::column;
use crate::{Group, Pairs, Values};

/// What all rows of a group share.
const KEYS: [&str; 5] =
    [column::KIND, column::VARIANT, column::PROFILE, column::SIZE, column::APART];

const COUNT: &str = "count";

pub(crate) fn groups(
    rows: &DataFrame,
    quantities: &[Option<String>],
) -> anyhow::Result<Vec<Group>> {
    if rows.height() == 0 {
        return Ok(Vec::new());
    }
    let keys = KEYS.map(col);
    let ended = rows.clone().lazy();
    let ended = ended
        .group_by_stable(KEYS.into_iter().chain([column::OUTCOME]).map(col).collect::<Vec<_>>());
    let ended = ended.agg([len().alias(COUNT)]).group_by_stable(keys.clone());
    let ended = ended.agg([col(column::OUTCOME), col(COUNT)]);
    let measured = rows.clone().lazy().filter(col(column::OK)).group_by_stable(keys.clone());
    let output = col(column::OUTPUT).drop_nulls().n_unique();
    let values = quantities.iter().flatten().map(col);
    let measured =
        measured.agg([col(column::BLOCK), output].into_iter().chain(values).collect::<Vec<_>>());
    let found = ended
        .join_builder()
        .with(measured)
        .how(JoinType::Left)
        .on(keys)
        .maintain_order(MaintainOrderJoin::Left)
        .finish()
        .collect()?;
    (0..found.height()).map(|row| group(&found, row, quantities)).collect()
}

fn group(found: &DataFrame, row: usize, quantities: &[Option<String>]) -> anyhow::Result<Group> {
    let blocks = list(found, column::BLOCK, row)?;
    let blocks: Arc<Vec<u32>> = match &blocks {
        Some(blocks) => Arc::new(blocks.u32()?.iter().flatten().collect()),
        None => Arc::default(),
    };
    let values = quantities.iter().map(|quantity| {
        let of_rows = match quantity {
            Some(name) => numbers(found, name, row)?,
            None => Vec::new(),
        };
        anyhow::Ok(Values::present(of_rows, &blocks))
    });
    let outcomes = list(found, column::OUTCOME, row)?.unwrap_or_default();
    let counts = list(found, COUNT, row)?.unwrap_or_default();
    let outcomes = outcomes.str()?.iter().flatten().map(str::to_owned);
    let mut outcomes: Vec<(String, u32)> = outcomes.zip(counts.idx()?.iter().flatten()).collect();
    outcomes.sort_unstable();
    Ok(Group {
        texts: [
            text(found, column::KIND, row)?,
            text(found, column::VARIANT, row)?,
            text(found, column::PROFILE, row)?,
        ],
        size: found.column(column::SIZE)?.u64()?.get(row).unwrap_or_default(),
        block: found.column(column::APART)?.u32()?.get(row).unwrap_or_default(),
        outcomes,
        values: values.collect::<anyhow::Result<_>>()?,
        distinct_outputs: found.column(column::OUTPUT)?.idx()?.get(row).unwrap_or_default(),
    })
}

pub(crate) fn pairs(
    rows: &DataFrame,
    kind: &str,
    reference: &str,
    quantities: &[Option<&str>],
) -> anyhow::Result<Vec<Pairs>> {
    if rows.height() == 0 {
        return Ok(Vec::new());
    }
    let is_of_kind = col(column::KIND).eq(lit(kind)).and(col(column::OK));
    let runs = rows.clone().lazy().filter(is_of_kind);
    let is_reference = || col(column::VARIANT).eq(lit(reference));
    let shared = [column::PROFILE, column::SIZE, column::BLOCK].map(col);
    let mut known: Vec<&str> = quantities.iter().copied().flatten().collect();
    known.sort_unstable();
    known.dedup();
    let theirs = |name: &str| format!("{name} of the reference");
    let of_reference = known.iter().map(|name| col(*name).alias(theirs(name)));
    let with = runs
        .clone()
        .filter(is_reference())
        .select(shared.iter().cloned().chain(of_reference).collect::<Vec<_>>());
    let both = known.iter().flat_map(|name| [col(*name), col(theirs(name))]);
    let found = runs
        .filter(is_reference().not())
        .join_builder()
        .with(with)
        .how(JoinType::Inner)
        .on(shared)
        .maintain_order(MaintainOrderJoin::Left)
        .finish()
        .group_by_stable([column::VARIANT, column::PROFILE, column::SIZE].map(col))
        .agg(both.collect::<Vec<_>>())
        .collect()?;
    let of_row = |row| {
        let values = quantities.iter().map(|name| {
            let Some(name) = name else { return Ok(Vec::new()) };
            let (mine, theirs) =
                (numbers(&found, name, row)?, numbers(&found, &theirs(name), row)?);
            let pairs = mine.into_iter().zip(theirs);
            anyhow::Ok(pairs.filter(|(mine, theirs)| !mine.is_nan() && !theirs.is_nan()).collect())
        });
        Ok(Pairs {
            variant: text(&found, column::VARIANT, row)?,
            profile: text(&found, column::PROFILE, row)?,
            size: found.column(column::SIZE)?.u64()?.get(row).unwrap_or_default(),
            values: values.collect::<anyhow::Result<_>>()?,
        })
    };
    (0..found.height()).map(of_row).collect()
}

fn text(found: &DataFrame, name: &str, row: usize) -> anyhow::Result<String> {
    Ok(found.column(name)?.str()?.get(row).unwrap_or_default().to_owned())
}

/// The list that stands in a row; nothing where the group has no rows with values.
fn list(found: &DataFrame, name: &str, row: usize) -> anyhow::Result<Option<Series>> {
    Ok(found.column(name)?.list()?.get_as_series(row))
}

/// A list of numbers, absent ones as NaN.
fn numbers(found: &DataFrame, name: &str, row: usize) -> anyhow::Result<Vec<f64>> {
    let Some(values) = list(found, name, row)? else { return Ok(Vec::new()) };
    Ok(values.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}
