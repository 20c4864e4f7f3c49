//! Who works at which piece, and how parts of groups become groups.
//!
//! One thread reads and gathers, others parse and group: piece `k` goes to worker `k % workers`, and
//! what they make of it is taken back in the order of the file. So the order of threads changes
//! nothing, and no more than two pieces per worker are on the way.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, scope};

use anyhow::Context;

use crate::columns::{Columns, Header};
use crate::part::{self, Key, Part};
use crate::pieces::Pieces;
use crate::{Group, Layout, Values};

/// Groups the rows of a file, read in pieces of about so many bytes.
pub(crate) fn groups(
    file: impl Read,
    layout: &Layout<'_>,
    piece_bytes: usize,
    workers: usize,
) -> anyhow::Result<Vec<Group>> {
    let mut pieces = Pieces::new(file, piece_bytes);
    let Some(names) = pieces.header()? else { return Ok(Vec::new()) };
    let header = Header::new(&names, layout)?;
    scope(|scope| {
        let workers: Vec<Worker> =
            (0..workers).map(|_| Worker::start(scope, &header, layout)).collect();
        let mut gathered = Gathered::default();
        let mut given = 0;
        let mut taken = 0;
        while let Some(lines) = pieces.next()? {
            if given == taken + 2 * workers.len() {
                gathered.add(workers[taken % workers.len()].take()?);
                taken += 1;
            }
            workers[given % workers.len()].give(lines)?;
            given += 1;
        }
        for piece in taken..given {
            gathered.add(workers[piece % workers.len()].take()?);
        }
        Ok(gathered.groups())
    })
}

/// A thread that makes parts of pieces, in the order in which it gets them.
struct Worker {
    pieces: SyncSender<Vec<u8>>,
    parts: Receiver<anyhow::Result<Vec<Part>>>,
}

impl Worker {
    /// It ends when this is dropped.
    fn start<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        header: &'env Header,
        layout: &'env Layout<'_>,
    ) -> Self {
        let (pieces, lines) = sync_channel::<Vec<u8>>(1);
        let (made, parts) = sync_channel(1);
        scope.spawn(move || {
            for lines in lines {
                let columns = Columns::parse(lines, header);
                // Nobody waits any more where an earlier piece failed.
                if made.send(columns.and_then(|of| part::parts(&of, layout))).is_err() {
                    return;
                }
            }
        });
        Self { pieces, parts }
    }

    fn give(&self, lines: Vec<u8>) -> anyhow::Result<()> {
        self.pieces.send(lines).context("a thread ended early")
    }

    fn take(&self) -> anyhow::Result<Vec<Part>> {
        self.parts.recv().context("a thread ended early")?
    }
}

/// What all pieces so far hold.
#[derive(Default)]
struct Gathered {
    places: HashMap<Key, usize>,
    groups: Vec<Part>,
}

impl Gathered {
    fn add(&mut self, parts: Vec<Part>) {
        for part in parts {
            if let Some(place) = self.places.get(&part.key) {
                self.groups[*place].append(part);
            } else {
                self.places.insert(part.key.clone(), self.groups.len());
                self.groups.push(part);
            }
        }
    }

    fn groups(self) -> Vec<Group> {
        self.groups.into_iter().map(Part::whole).collect()
    }
}

impl Part {
    /// Adds the rows of a later piece.
    fn append(&mut self, later: Part) {
        for (name, count) in later.outcomes {
            match self.outcomes.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known += count,
                None => self.outcomes.push((name, count)),
            }
        }
        let rows = self.blocks.len();
        self.blocks.extend(later.blocks);
        for (values, more) in self.values.iter_mut().zip(later.values) {
            if !more.is_empty() {
                values.resize(rows, f64::NAN);
                values.extend(more);
            }
        }
        self.outputs.extend(later.outputs);
    }

    fn whole(mut self) -> Group {
        self.outcomes.sort_unstable();
        let blocks = Arc::new(self.blocks);
        let present = |values| Values::present(values, &blocks);
        Group {
            texts: self.key.texts,
            size: self.key.size,
            block: self.key.block,
            outcomes: self.outcomes,
            values: self.values.into_iter().map(present).collect(),
            distinct_outputs: self.outputs.len() as u32,
        }
    }
}
