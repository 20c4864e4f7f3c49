//! The text of a file in pieces of whole lines.

use std::io::Read;

use anyhow::{Context, ensure};

/// Reads a file piece by piece.
pub(crate) struct Pieces<R> {
    file: R,
    bytes: usize,
    /// The beginning of a line whose end is not read yet.
    begun: Vec<u8>,
}

impl<R: Read> Pieces<R> {
    /// Of about so many bytes each; a line that is longer makes a longer piece.
    pub(crate) fn new(file: R, bytes: usize) -> Self {
        Self { file, bytes, begun: Vec::new() }
    }

    /// The names of the columns, read from the first line; none in an empty file.
    pub(crate) fn header(&mut self) -> anyhow::Result<Option<Vec<String>>> {
        let mut end = None;
        while end.is_none() && self.more()? > 0 {
            end = self.begun.iter().position(|byte| *byte == b'\n');
        }
        let Some(end) = end else {
            self.ensure_whole()?;
            return Ok(None);
        };
        let line: Vec<u8> = self.begun.drain(..=end).collect();
        let line = str::from_utf8(&line).context("the header is not UTF-8")?;
        Ok(Some(line.trim_end().split(',').map(str::to_owned).collect()))
    }

    /// The next lines; none at the end of the file.
    pub(crate) fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        loop {
            let last = self.more()? == 0;
            if let Some(end) = self.begun.iter().rposition(|byte| *byte == b'\n') {
                let mut rest = Vec::with_capacity(self.bytes + self.begun.len() - end);
                rest.extend_from_slice(&self.begun[end + 1..]);
                self.begun.truncate(end + 1);
                return Ok(Some(std::mem::replace(&mut self.begun, rest)));
            }
            if last {
                self.ensure_whole()?;
                return Ok(None);
            }
        }
    }

    fn more(&mut self) -> anyhow::Result<usize> {
        Ok(self.file.by_ref().take(self.bytes as u64).read_to_end(&mut self.begun)?)
    }

    fn ensure_whole(&self) -> anyhow::Result<()> {
        ensure!(self.begun.is_empty(), "the last line is torn; `cargo xtask run` drops it");
        Ok(())
    }
}
