//! A CSV file that only grows: rows are appended, flushed and synced, and survive whatever kills the
//! campaign that writes them. A torn end is recognised and dropped when the file is opened again.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::metric::Metric;

/// A row of a journal.
pub trait Row: Serialize + DeserializeOwned {
    /// Any row; its field names are the header.
    fn blank() -> Self;

    /// Whether a row of the same append stands behind this one. At the end of a file it is half of
    /// what was appended, and dropped.
    fn is_followed(&self) -> bool;

    /// The value of a metric that has a column behind those of every row.
    fn own(&self, _metric: Metric) -> Option<f64> {
        None
    }

    /// Takes such a value back from the file.
    fn set_own(&mut self, _metric: Metric, _value: f64) {}
}

/// The open file: what is appended is on disk before the next run starts.
#[derive(Debug)]
pub struct Journal<R> {
    path: PathBuf,
    file: File,
    /// The metrics that have columns of their own.
    own: Vec<Metric>,
    rows: Vec<R>,
    /// Bytes of a torn end that were dropped on opening.
    pub torn_bytes: u64,
}

impl<R: Row> Journal<R> {
    /// Opens or creates the file, dropping what a killed run left torn.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        Self::with(path, Vec::new())
    }

    /// The same with a column behind all others for each of these metrics.
    pub fn with(path: &Path, own: Vec<Metric>) -> anyhow::Result<Self> {
        let cannot = || format!("cannot open {} for appending", path.display());
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(cannot)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(cannot)?;
        // Campaigns on one experiment keep each other out before they come here, unless they build in
        // different folders. Where files cannot be locked that is all there is.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!("{} is being written by another campaign", path.display());
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).with_context(cannot)?;
        let length = text.len();
        text.truncate(start_of_last_line(&text, length));
        let mut rows: Vec<R> = parse(&text, path, &own)?;
        while rows.pop_if(|row| row.is_followed()).is_some() {
            text.truncate(start_of_last_line(&text, text.len() - 1));
        }
        if text.len() < length {
            file.set_len(text.len() as u64).with_context(cannot)?;
        }
        file.seek(SeekFrom::End(0)).with_context(cannot)?;
        let torn_bytes = (length - text.len()) as u64;
        let mut journal = Self { path: path.to_owned(), file, own, rows, torn_bytes };
        if text.is_empty() {
            journal.write(&header_with::<R>(&journal.own)?)?;
        }
        Ok(journal)
    }

    /// Appends rows; they are on disk when this returns.
    pub fn append(&mut self, rows: Vec<R>) -> anyhow::Result<()> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        for row in &rows {
            let own: Vec<Option<f64>> = self.own.iter().map(|metric| row.own(*metric)).collect();
            writer.serialize((row, own))?;
        }
        let lines = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        self.write(&lines)?;
        self.rows.extend(rows);
        Ok(())
    }

    /// All rows so far.
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// Writes lines with one system call, so that only the last line of a file can be torn; what a
    /// full disk cut short is taken back.
    fn write(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        let start = self.file.stream_position()?;
        self.file
            .write_all(lines)
            .and_then(|()| self.file.sync_data())
            .inspect_err(|_| drop(self.file.set_len(start)))
            .with_context(|| {
                format!(
                    "cannot append to {}; the rows before are kept, free some space and run again \
                     to continue",
                    self.path.display()
                )
            })
    }
}

/// The rows of a complete file; none if there is no file.
pub fn read<R: Row>(path: &Path) -> anyhow::Result<Vec<R>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        Ok(text) => parse(&text, path, &[]),
    }
}

/// Where the line begins that `text[..end]` ends in; `end` itself behind a line end.
fn start_of_last_line(text: &[u8], end: usize) -> usize {
    text[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// The header line, from the one definition of a row.
pub fn header<R: Row>() -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(R::blank())?;
    let text = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    let end = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| at + 1);
    Ok(text[..end].to_vec())
}

/// The same with the columns of these metrics.
fn header_with<R: Row>(own: &[Metric]) -> anyhow::Result<Vec<u8>> {
    let mut text = header::<R>()?;
    text.truncate(text.trim_ascii_end().len());
    for metric in own {
        text.extend(format!(",{}", metric.key()).bytes());
    }
    text.push(b'\n');
    Ok(text)
}

fn parse<R: Row>(text: &[u8], path: &Path, own: &[Metric]) -> anyhow::Result<Vec<R>> {
    let found = text.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if !found.is_empty() && found != header_with::<R>(own)? {
        bail!(
            "{}:1: the columns are not those of this version; measure anew with `--restart`",
            path.display()
        );
    }
    let mut reader = csv::Reader::from_reader(text);
    let headers = reader.headers()?.clone();
    let known = headers.len().saturating_sub(own.len());
    let row = |record: csv::Result<csv::StringRecord>| -> anyhow::Result<R> {
        let record = record?;
        let mut row: R = record.deserialize(Some(&headers))?;
        for (metric, value) in own.iter().zip(record.iter().skip(known)) {
            if !value.is_empty() {
                row.set_own(*metric, value.parse()?);
            }
        }
        Ok(row)
    };
    reader
        .records()
        .enumerate()
        .map(|(index, record)| {
            row(record).with_context(|| {
                format!("{}:{}: not a row of this file", path.display(), index + 2)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Kind, Outcome, Sample};

    fn row(kind: Kind, block: u32) -> Sample {
        Sample { outcome: Outcome::Ok, ..Sample::skipped(kind, block, 0, "v", "p", 10) }
    }

    /// The bytes of a file with three appends, the last of them a decode row and its run.
    fn written(path: &Path) -> Vec<u8> {
        let mut journal = Journal::open(path).unwrap();
        journal.append(vec![row(Kind::Run, 1)]).unwrap();
        journal.append(vec![row(Kind::Run, 2)]).unwrap();
        journal.append(vec![row(Kind::Decode, 3), row(Kind::Run, 3)]).unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_file_cut_at_any_byte_is_continued_to_the_same_file() {
        // In memory where there is such a place: thousands of syncs wait for a disk.
        let memory = Path::new("/dev/shm");
        let beside = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::tempdir_in(beside).unwrap();
        let path = folder.path().join("samples.csv");
        let whole = written(&path);
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut journal: Journal<Sample> = Journal::open(&path).unwrap();
            let done = journal.rows().iter().filter(|row| row.kind == Kind::Run).count();
            assert_eq!(journal.rows().len(), if done == 3 { 4 } else { done }, "cut at {cut}");
            for block in done as u32 + 1..=3 {
                let before = (block == 3).then(|| row(Kind::Decode, 3));
                journal
                    .append(before.into_iter().chain([row(Kind::Run, block)]).collect())
                    .unwrap();
            }
            assert_eq!(std::fs::read(&path).unwrap(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_file_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.csv");
        let _first: Journal<Sample> = Journal::open(&path).unwrap();
        let error = Journal::<Sample>::open(&path).unwrap_err().to_string();
        assert!(error.contains("is being written by another campaign"), "{error}");
    }

    #[test]
    fn columns_of_another_version_are_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.csv");
        std::fs::write(&path, "kind,block\nrun,1\n").unwrap();
        let error = Journal::<Sample>::open(&path).unwrap_err().to_string();
        assert!(error.contains("samples.csv:1: the columns are not those"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"kind,block\nrun,1\n");
    }

    #[test]
    fn values_of_declared_metrics_have_columns_of_their_own_and_come_back() {
        let own = ["speed", "ratio_of_its_own"].map(|name| {
            Metric::own(crate::metric::Own {
                name: name.to_owned(),
                words: name.to_owned(),
                unit: "ns".to_owned(),
                better: crate::metric::Better::Lower,
            })
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samples.csv");
        let rows = [vec![(own[1], 0.1 + 0.2)], vec![], vec![(own[0], 1e21), (own[1], -3.0)]]
            .map(|own| Sample { own, ..row(Kind::Run, 1) });
        let mut journal = Journal::with(&path, own.to_vec()).unwrap();
        journal.append(rows.to_vec()).unwrap();
        drop(journal);
        let again: Journal<Sample> = Journal::with(&path, own.to_vec()).unwrap();
        assert_eq!(again.rows(), rows);
        drop(again);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.lines().next().unwrap().ends_with(",speed_ns,ratio_of_its_own_ns"), "{text}");
        assert!(Journal::<Sample>::open(&path).is_err(), "another experiment's columns");
    }
}
