//! Rows of one cell together, in the order in which they were measured.

use anyhow::Context;
use polars::prelude::*;

use crate::read::column;
use crate::{Group, Pairs};

/// What all rows of a group share.
const KEYS: [&str; 5] =
    [column::KIND, column::VARIANT, column::PROFILE, column::SIZE, column::APART];

const COUNT: &str = "count";

/// Rows of a group that ended well and have no output.
const WITHOUT_OUTPUT: &str = "without output";

/// Places of the first row of a group that ended well, and of the first that did not.
const FIRST: [&str; 2] = ["first", "first unwell"];

pub(crate) fn groups(
    rows: &DataFrame,
    ok: &str,
    quantities: &[Option<String>],
) -> anyhow::Result<Vec<Group>> {
    if rows.height() == 0 {
        return Ok(Vec::new());
    }
    let keys = KEYS.map(col);
    let rows = rows.clone().lazy();
    // Nothing is copied where all rows ended well.
    let well = rows.clone().filter(col(column::OK));
    let unwell = rows.filter(col(column::OK).not());
    let with_outcome = KEYS.into_iter().chain([column::OUTCOME]).map(col).collect::<Vec<_>>();
    let ended = unwell
        .group_by_stable(with_outcome)
        .agg([len().alias(COUNT), col(column::ROW).first()])
        .group_by_stable(keys.clone())
        .agg([col(column::OUTCOME), col(COUNT), col(column::ROW).min().alias(FIRST[1])]);
    let values = quantities.iter().flatten().map(col);
    let of_cell = [
        col(column::ROW).first().alias(FIRST[0]),
        col(column::BLOCK),
        col(column::OUTPUT).n_unique(),
        col(column::OUTPUT).null_count().alias(WITHOUT_OUTPUT),
    ];
    let mut found = well
        .group_by_stable(keys.clone())
        .agg(of_cell.into_iter().chain(values).collect::<Vec<_>>())
        .join_builder()
        .with(ended)
        .how(JoinType::Full)
        .coalesce(JoinCoalesce::CoalesceColumns)
        .on(keys)
        .finish()
        .collect()?;
    // A column goes when its values are out: all of them twice would be the peak of memory.
    let mut values = Vec::new();
    for quantity in quantities {
        let of_groups = match quantity {
            Some(name) => numbers(&found.drop_in_place(name)?)?,
            None => vec![Vec::new(); found.height()],
        };
        values.push(of_groups.into_iter());
    }
    let mut groups = Vec::new();
    for row in 0..found.height() {
        let of_row = values.iter_mut().filter_map(Iterator::next).map(present).collect();
        groups.push((first(&found, row)?, group(&found, row, ok, of_row)?));
    }
    groups.sort_by_key(|(first, _)| *first);
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

/// The place of the first row of a group.
fn first(found: &DataFrame, row: usize) -> anyhow::Result<Option<u32>> {
    let mut places = Vec::new();
    for name in FIRST {
        places.extend(count(found, name, row)?);
    }
    Ok(places.into_iter().min())
}

fn group(found: &DataFrame, row: usize, ok: &str, values: Vec<Vec<f64>>) -> anyhow::Result<Group> {
    let blocks = list(found, column::BLOCK, row)?;
    let blocks: Vec<u32> = match &blocks {
        Some(blocks) => blocks.i64()?.iter().flatten().map(|block| block as u32).collect(),
        None => Vec::new(),
    };
    let mut outcomes = vec![(String::from(ok), blocks.len() as u32)];
    outcomes.retain(|(_, count)| *count > 0);
    if let Some(unwell) = list(found, column::OUTCOME, row)? {
        let counts = list(found, COUNT, row)?.context("as many counts as outcomes")?;
        let names = unwell.str()?.iter().map(|name| name.unwrap_or_default().to_owned());
        outcomes.extend(names.zip(counts.idx()?.iter().flatten()));
    }
    outcomes.sort_unstable();
    // What has no output is one more value of its own to polars.
    let outputs = count(found, column::OUTPUT, row)?.unwrap_or_default();
    let no_output = u32::from(count(found, WITHOUT_OUTPUT, row)?.is_some_and(|count| count > 0));
    Ok(Group {
        texts: [
            text(found, column::KIND, row)?,
            text(found, column::VARIANT, row)?,
            text(found, column::PROFILE, row)?,
        ],
        size: found.column(column::SIZE)?.i64()?.get(row).unwrap_or_default() as u64,
        block: found.column(column::APART)?.i64()?.get(row).unwrap_or_default() as u32,
        outcomes,
        blocks,
        values,
        distinct_outputs: outputs - no_output,
    })
}

/// A count; nothing where the group has no such rows.
fn count(found: &DataFrame, name: &str, row: usize) -> anyhow::Result<Option<u32>> {
    Ok(found.column(name)?.idx()?.get(row))
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
    let mut values = Vec::new();
    for name in quantities {
        values.push(match name {
            Some(name) => {
                let mine = numbers(found.column(name)?)?.into_iter();
                mine.zip(numbers(found.column(&theirs(name))?)?).map(both_present).collect()
            }
            None => vec![Vec::new(); found.height()],
        });
    }
    let of_row = |row| {
        Ok(Pairs {
            variant: text(&found, column::VARIANT, row)?,
            profile: text(&found, column::PROFILE, row)?,
            size: found.column(column::SIZE)?.i64()?.get(row).unwrap_or_default() as u64,
            values: values.iter_mut().map(|of| std::mem::take(&mut of[row])).collect(),
        })
    };
    (0..found.height()).map(of_row).collect()
}

/// Values of the same rows, as far as neither side is absent.
fn both_present((mine, theirs): (Vec<f64>, Vec<f64>)) -> Vec<(f64, f64)> {
    let pairs = mine.into_iter().zip(theirs);
    pairs.filter(|(mine, theirs)| !mine.is_nan() && !theirs.is_nan()).collect()
}

fn text(found: &DataFrame, name: &str, row: usize) -> anyhow::Result<String> {
    Ok(found.column(name)?.str()?.get(row).unwrap_or_default().to_owned())
}

/// The list that stands in a row; nothing where the group has no such rows.
fn list(found: &DataFrame, name: &str, row: usize) -> anyhow::Result<Option<Series>> {
    Ok(found.column(name)?.list()?.get_as_series(row))
}

/// A list of numbers for each row, absent ones as NaN. What was divided by nothing is absent, too.
fn numbers(lists: &Column) -> anyhow::Result<Vec<Vec<f64>>> {
    let lists = lists.list()?;
    let of_row = |row| {
        let Some(values) = lists.get_as_series(row) else { return Ok(Vec::new()) };
        if let Ok(whole) = values.i64() {
            let number = |value: Option<i64>| value.map_or(f64::NAN, |value| value as f64);
            return Ok(whole.iter().map(number).collect());
        }
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        Ok(values.f64()?.iter().map(|value| finite(value).unwrap_or(f64::NAN)).collect())
    };
    (0..lists.len()).map(of_row).collect()
}

/// Without the absent ones.
fn present(mut values: Vec<f64>) -> Vec<f64> {
    values.retain(|value| !value.is_nan());
    values
}
