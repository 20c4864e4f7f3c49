//! The text of a TOML file and where in it something stands: byte spans become line and column.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::UserError;

/// A file's text with the name it is known by in messages.
#[derive(Debug, Clone)]
pub struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// Reads `path`; what cannot be read is an error the user can correct.
    pub fn read(path: &Path, shown: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| UserError(format!("{}: {error}", shown.display())))?;
        Ok(Self { path: shown.to_owned(), text })
    }

    /// A text that stands in no file, for tests.
    pub fn from_text(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.to_owned() }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// An error that points at `span`: `file:line:column: message`.
    pub fn error(&self, span: &Range<usize>, message: impl std::fmt::Display) -> UserError {
        let (line, column) = line_and_column(&self.text, span.start);
        UserError(format!("{}:{line}:{column}: {message}", self.path.display()))
    }
}

/// Line and column of a byte offset, both from 1, columns in characters as editors count them.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        assert_eq!(line_and_column("", 0), (1, 1));
        assert_eq!(line_and_column("a\nµb", 4), (2, 2));
        assert_eq!(line_and_column("a\nµb", 3), (2, 1), "inside a character counts as its start");
        assert_eq!(line_and_column("ab", 99), (1, 3));
    }
}
