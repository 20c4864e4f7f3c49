//! Series as CSV: one row for each run, `program,profile,class,input_bytes,peak_rss_bytes,peak_hwm_bytes`
//! and what further columns there are.

use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use experiment::error::user;
use record::publish;

/// The profile of rows about the empty document: they belong to all series of their program.
pub(crate) const EMPTY_PROFILE: &str = "(empty)";

/// One run. Columns that are not named here are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The program's name.
    pub program: String,
    pub(crate) profile: String,
    /// The truth.
    pub class: String,
    /// 0 is the empty document.
    pub input_bytes: u64,
    pub(crate) peak_rss_bytes: u64,
    #[serde(default)]
    pub(crate) peak_hwm_bytes: Option<u64>,
    #[serde(default)]
    pub(crate) peak_anon_bytes: Option<u64>,
}

impl Row {
    /// For the statistics.
    pub fn plain(&self) -> stats::calibrate::real::Row {
        stats::calibrate::real::Row {
            program: self.program.clone(),
            profile: self.profile.clone(),
            class: self.class.clone(),
            input_bytes: self.input_bytes as f64,
            peak_rss_bytes: self.peak_rss_bytes as f64,
            peak_hwm_bytes: self.peak_hwm_bytes.map(|bytes| bytes as f64),
        }
    }
}

/// Reads the rows of a file; what is wrong in it is an error with its line.
pub fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let mut reader = match csv::Reader::from_path(path) {
        Ok(reader) => reader,
        Err(error) => return user(format!("{}: {error}", path.display())),
    };
    let rows: Result<Vec<Row>, csv::Error> = reader.deserialize().collect();
    match rows {
        Ok(rows) if rows.is_empty() => user(format!("{}: no rows", path.display())),
        Ok(rows) => Ok(rows),
        Err(error) => user(format!(
            "{}: {error}; the columns are program,profile,class,input_bytes,peak_rss_bytes,\
             peak_hwm_bytes",
            path.display()
        )),
    }
}

/// Replaces a file by these rows.
pub fn write(path: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    let bytes = writer.into_inner().context("rows in memory")?;
    publish::replace(path, &bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("series.csv");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    const HEAD: &str = "program,profile,class,input_bytes,peak_rss_bytes,peak_hwm_bytes";

    #[test]
    fn rows_are_read_with_or_without_further_columns_and_written_as_they_were() {
        let (_folder, path) =
            file(&format!("{HEAD}\na,records,O(n),10,20,\na,(empty),O(n),0,5,7\n"));
        let rows = read(&path).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].peak_hwm_bytes, rows[1].peak_hwm_bytes), (None, Some(7)));
        let again = path.with_file_name("again.csv");
        write(&again, &rows).unwrap();
        assert_eq!(read(&again).unwrap(), rows);

        let (_folder, path) = file(&format!("{HEAD},host\na,records,O(n),10,20,30,here\n"));
        assert_eq!(read(&path).unwrap()[0].peak_hwm_bytes, Some(30));
    }

    #[test]
    fn what_is_wrong_in_a_file_is_said_with_its_line() {
        for (text, part) in [
            (format!("{HEAD}\na,records,O(n),ten,20,30\n"), "line: 2"),
            ("program,bytes\na,10\n".to_owned(), "the columns are program,profile"),
            (format!("{HEAD}\n"), "no rows"),
        ] {
            let (_folder, path) = file(&text);
            let error = read(&path).unwrap_err();
            assert!(error.is::<experiment::error::UserError>());
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
