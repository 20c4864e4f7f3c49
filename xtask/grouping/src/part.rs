//! The rows of one piece go to their groups, in one pass per column.

use std::collections::{BTreeSet, HashMap};

use crate::columns::Columns;
use crate::{Layout, TEXTS};

/// What the rows of one group share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) texts: [String; TEXTS],
    pub(crate) size: u64,
    pub(crate) block: u32,
}

/// What one piece holds of one group.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) key: Key,
    pub(crate) outcomes: Vec<(String, u32)>,
    /// Of each row with values.
    pub(crate) blocks: Vec<u32>,
    /// By quantity, of each row with values; an absent value is NaN. Empty where no row has one.
    pub(crate) values: Vec<Vec<f64>>,
    pub(crate) outputs: BTreeSet<String>,
}

/// The groups of a piece in the order in which each first appears.
pub(crate) fn parts(columns: &Columns, layout: &Layout<'_>) -> anyhow::Result<Vec<Part>> {
    let rows = Rows::of(columns, layout)?;
    let mut values = vec![Vec::new(); rows.groups.len()];
    for quantity in layout.quantities {
        let column = columns.quantity(quantity)?;
        for (of_group, values) in values.iter_mut().zip(rows.scatter(column)) {
            of_group.push(values);
        }
    }
    let outputs = rows.different(columns.texts(layout.output)?);
    let described = rows.groups.into_iter().zip(values).zip(outputs);
    let part = |((group, values), outputs): ((RowGroup, _), _)| Part {
        key: group.key.named(&rows.texts),
        outcomes: rows.outcomes.counted(&group.outcomes),
        blocks: group.blocks,
        values,
        outputs,
    };
    Ok(described.map(part).collect())
}

/// Where the rows of a piece go.
struct Rows<'a> {
    texts: [Names<'a>; TEXTS],
    outcomes: Names<'a>,
    groups: Vec<RowGroup>,
    /// Of each row its group, [`NOWHERE`] for one without values.
    targets: Vec<usize>,
}

const NOWHERE: usize = usize::MAX;

/// What rows of one group share; texts by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct RowKey {
    texts: [u32; TEXTS],
    size: u64,
    block: u32,
}

struct RowGroup {
    key: RowKey,
    /// How often each outcome came, by its number.
    outcomes: Vec<u32>,
    blocks: Vec<u32>,
}

impl<'a> Rows<'a> {
    /// Counts how each row ended and finds where those with values go.
    fn of(columns: &'a Columns, layout: &Layout<'a>) -> anyhow::Result<Self> {
        let mut names: [Names<'a>; TEXTS] = Default::default();
        let mut texts = vec![[0; TEXTS]; columns.rows()];
        for (at, (name, names)) in layout.texts.iter().zip(&mut names).enumerate() {
            for (numbers, text) in texts.iter_mut().zip(columns.texts(name)?) {
                numbers[at] = names.number(text.unwrap_or_default());
            }
        }
        let is_apart: Vec<bool> =
            names[0].names.iter().map(|name| layout.apart.contains(name)).collect();
        let sizes = columns.numbers(layout.size)?;
        let blocks = columns.numbers(layout.block)?;
        let mut outcomes = Names::default();
        let ok = outcomes.number(layout.ok);
        let mut groups = Vec::new();
        let mut places = HashMap::new();
        let mut targets = Vec::with_capacity(columns.rows());
        for (row, outcome) in columns.texts(layout.outcome)?.enumerate() {
            let (texts, block) = (texts[row], blocks[row] as u32);
            let apart = if is_apart[texts[0] as usize] { block } else { 0 };
            let key = RowKey { texts, size: sizes[row] as u64, block: apart };
            let place = *places.entry(key).or_insert(groups.len());
            if place == groups.len() {
                groups.push(RowGroup { key, outcomes: Vec::new(), blocks: Vec::new() });
            }
            let outcome = outcomes.number(outcome.unwrap_or_default());
            groups[place].count(outcome);
            targets.push(if outcome == ok { place } else { NOWHERE });
            if outcome == ok {
                groups[place].blocks.push(block);
            }
        }
        Ok(Self { texts: names, outcomes, groups, targets })
    }

    /// The values of a column by group; nothing where no row has one.
    fn scatter(&self, column: Option<Vec<f64>>) -> Vec<Vec<f64>> {
        let Some(column) = column else { return vec![Vec::new(); self.groups.len()] };
        let mut values: Vec<Vec<f64>> =
            self.groups.iter().map(|group| Vec::with_capacity(group.blocks.len())).collect();
        for (target, value) in self.targets.iter().zip(column) {
            if let Some(values) = values.get_mut(*target) {
                values.push(value);
            }
        }
        values
    }

    /// The different texts of a column by group.
    fn different(&self, column: impl Iterator<Item = Option<&'a str>>) -> Vec<BTreeSet<String>> {
        let mut found = vec![("", BTreeSet::new()); self.groups.len()];
        for (target, text) in self.targets.iter().zip(column) {
            let (Some((last, texts)), Some(text)) = (found.get_mut(*target), text) else {
                continue;
            };
            // Most rows have the text of the one before.
            if *last != text {
                *last = text;
                texts.insert(text.to_owned());
            }
        }
        found.into_iter().map(|(_, texts)| texts).collect()
    }
}

impl RowKey {
    fn named(&self, names: &[Names<'_>; TEXTS]) -> Key {
        let texts = std::array::from_fn(|at| names[at].names[self.texts[at] as usize].to_owned());
        Key { texts, size: self.size, block: self.block }
    }
}

impl RowGroup {
    fn count(&mut self, outcome: u32) {
        let at = outcome as usize;
        if self.outcomes.len() <= at {
            self.outcomes.resize(at + 1, 0);
        }
        self.outcomes[at] += 1;
    }
}

/// The different texts of a column, each with a number.
#[derive(Default)]
struct Names<'a> {
    names: Vec<&'a str>,
    numbers: HashMap<&'a str, u32>,
}

impl<'a> Names<'a> {
    fn number(&mut self, text: &'a str) -> u32 {
        // A few names are found faster by looking at each than by hashing.
        const FEW: usize = 8;
        let found = match self.names.len() {
            0..=FEW => self.names.iter().position(|name| *name == text).map(|at| at as u32),
            _ => self.numbers.get(text).copied(),
        };
        found.unwrap_or_else(|| {
            let next = self.names.len() as u32;
            self.names.push(text);
            self.numbers.insert(text, next);
            next
        })
    }

    /// The names that were counted, in the order of first appearance.
    fn counted(&self, counts: &[u32]) -> Vec<(String, u32)> {
        let counted = self.names.iter().zip(counts).filter(|(_, count)| **count > 0);
        counted.map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }
}
