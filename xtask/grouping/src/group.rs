//! Rows of one cell together, in the order in which they were measured.

use anyhow::Context;
use polars::prelude::*;
use stats::Statistics;

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
    let with_outcome = KEYS.into_iter().chain([column::OUTCOME]).map(col).collect::<Vec<_>>();
    let outcomes = rows.clone().lazy().group_by_stable(with_outcome).agg([len().alias(COUNT)]);
    let outcomes = outcomes.group_by_stable(keys.clone()).agg([col(column::OUTCOME), col(COUNT)]);
    let values = quantities.iter().flatten().flat_map(|name| values_and_statistics(name));
    let of_cell =
        [col(column::BLOCK).filter(col(column::OK)), col(column::OUTPUT).drop_nulls().n_unique()];
    let found = rows
        .clone()
        .lazy()
        .group_by_stable(keys.clone())
        .agg(of_cell.into_iter().chain(values).collect::<Vec<_>>())
        .join_builder()
        .with(outcomes)
        .how(JoinType::Left)
        .on(keys)
        .maintain_order(MaintainOrderJoin::Left)
        .finish()
        .collect()?;
    (0..found.height()).map(|row| group(&found, row, quantities)).collect()
}

/// What is computed of the values of a group beside the list of them.
const STATISTICS: [(&str, fn(Expr) -> Expr); 8] = [
    ("mean", Expr::mean),
    ("sd", |values| values.std(1)),
    ("min", Expr::min),
    ("q1", |values| quantile(values, 0.25)),
    ("median", |values| quantile(values, 0.5)),
    ("q3", |values| quantile(values, 0.75)),
    ("p95", |values| quantile(values, 0.95)),
    ("max", Expr::max),
];

fn quantile(values: Expr, p: f64) -> Expr {
    values.quantile(lit(p), QuantileMethod::Linear)
}

fn values_and_statistics(name: &str) -> impl Iterator<Item = Expr> + '_ {
    let statistics = STATISTICS.map(|(of, compute)| compute(col(name)).alias(statistic(name, of)));
    std::iter::once(col(name).drop_nulls()).chain(statistics)
}

/// The column of a statistic of a quantity.
fn statistic(name: &str, of: &str) -> String {
    format!("{of} of {name}")
}

fn group(found: &DataFrame, row: usize, quantities: &[Option<String>]) -> anyhow::Result<Group> {
    let mut values = Vec::new();
    for quantity in quantities {
        let of_rows = match quantity {
            Some(name) => numbers(found, name, row)?,
            None => Vec::new(),
        };
        values.push(match quantity {
            Some(name) if !of_rows.is_empty() => {
                Some(Values { values: of_rows, statistics: statistics(found, name, row)? })
            }
            _ => None,
        });
    }
    let outcomes = list(found, column::OUTCOME, row)?;
    let outcomes = outcomes.str()?.iter().map(|name| name.unwrap_or_default().to_owned());
    let counts = list(found, COUNT, row)?;
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
        blocks: list(found, column::BLOCK, row)?.u32()?.iter().flatten().collect(),
        values,
        distinct_outputs: found.column(column::OUTPUT)?.idx()?.get(row).unwrap_or_default(),
    })
}

fn statistics(found: &DataFrame, name: &str, row: usize) -> anyhow::Result<Statistics> {
    let of = |of: &str| anyhow::Ok(found.column(&statistic(name, of))?.f64()?.get(row));
    let known = |name: &str| Ok(of(name)?.unwrap_or(f64::NAN));
    anyhow::Ok(Statistics {
        mean: known("mean")?,
        sd: of("sd")?,
        min: known("min")?,
        q1: known("q1")?,
        median: known("median")?,
        q3: known("q3")?,
        p95: known("p95")?,
        max: known("max")?,
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

/// The list that stands in a row.
fn list(found: &DataFrame, name: &str, row: usize) -> anyhow::Result<Series> {
    found.column(name)?.list()?.get_as_series(row).context("a group without a list")
}

/// A list of numbers, absent ones as NaN.
fn numbers(found: &DataFrame, name: &str, row: usize) -> anyhow::Result<Vec<f64>> {
    let values = list(found, name, row)?;
    Ok(values.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}
