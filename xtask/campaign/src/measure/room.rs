//! The files of one run of a command: a copy of the document that is its own, an empty folder to work
//! in, a place for the result. Everything is as it was before the first run, whatever programs did.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use experiment::foreign::Output;
use experiment::{Foreign, fill};
use record::hash::Sha256Hex;

use crate::inputs::Document;

/// Where the files of runs are.
#[derive(Debug)]
pub(super) struct Room {
    scratch: PathBuf,
    copies: HashMap<(String, Sha256Hex), Copied>,
}

/// A copy of a document, alone in a folder, with what the file system says of it.
#[derive(Debug)]
struct Copied {
    folder: PathBuf,
    path: PathBuf,
    stamps: Vec<Stamp>,
}

/// Path, kind, inode, length, and the time at which it last changed in any way.
type Stamp = (PathBuf, bool, u64, u64, (i64, i64));

/// A command with everything filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) command: Vec<String>,
    pub(super) stdin: Option<PathBuf>,
    pub(super) stdout: Option<PathBuf>,
    pub(super) env: Vec<(String, String)>,
    pub(super) cwd: PathBuf,
    /// Where its result will be.
    pub(super) result: Option<PathBuf>,
    /// Where it writes results, beside its stdout; its limit holds for both.
    pub(super) writes: Vec<PathBuf>,
    /// What the names mean in this run.
    pub(super) values: Vec<(&'static str, String)>,
    pub(super) home: PathBuf,
}

impl Room {
    pub(super) fn new(scratch: &Path) -> Self {
        Self { scratch: scratch.to_owned(), copies: HashMap::new() }
    }

    /// Makes everything ready for one run of a command.
    pub(super) fn ready(
        &mut self,
        foreign: &Foreign,
        document: &Document,
        home: &Path,
    ) -> anyhow::Result<Ready> {
        let reads_stdin = foreign.reads_stdin();
        if reads_stdin && document.path.is_dir() {
            bail!(
                "`{}` reads its stdin, but {} is a folder; write `{{input}}` in the command",
                foreign.command.join(" "),
                document.path.display()
            );
        }
        let (work, output) = (self.fresh("work")?, self.fresh("result")?);
        fs::create_dir(&work).with_context(|| format!("cannot create {}", work.display()))?;
        if foreign.output == Output::Folder {
            fs::create_dir(&output)
                .with_context(|| format!("cannot create {}", output.display()))?;
        }
        let mut values = vec![
            ("size", document.size.0.to_string()),
            ("profile", document.profile.clone()),
            ("work", text(&work)),
            ("output", text(&output)),
        ];
        if foreign.names("input") {
            values.push(("input", text(&self.copy(document)?)));
        }
        let stdout = self.scratch.join("stdout");
        let mut ready = Ready {
            stdin: reads_stdin.then(|| document.path.clone()),
            stdout: Some(stdout.clone()),
            values,
            ..Ready::plain(Vec::new(), home)
        };
        ready.command = ready.line(&foreign.command);
        ready.env =
            foreign.env.iter().map(|(name, value)| (name.clone(), ready.text(value))).collect();
        if let Some(cwd) = &foreign.cwd {
            ready.cwd = ready.path(cwd);
        }
        ready.result = match &foreign.output {
            Output::Stdout => Some(stdout.clone()),
            Output::File | Output::Folder => Some(output),
            Output::At(path) => Some(ready.path(path)),
            Output::Nothing => None,
        };
        ready.writes = ready.result.iter().filter(|of| **of != stdout).cloned().collect();
        Ok(ready)
    }

    /// A path at which nothing is.
    pub(super) fn fresh(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.scratch.join(name);
        remove(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        Ok(path)
    }

    /// The copy of a document, made anew where a program changed it or left something beside it.
    fn copy(&mut self, document: &Document) -> anyhow::Result<PathBuf> {
        let key = (document.profile.clone(), document.sha256.clone());
        if let Some(copied) = self.copies.get(&key)
            && stamps(&copied.folder).is_ok_and(|now| now == copied.stamps)
        {
            return Ok(copied.path.clone());
        }
        let number = self.copies.get(&key).map(|of| of.folder.clone());
        let folder = number
            .unwrap_or_else(|| self.scratch.join("documents").join(self.copies.len().to_string()));
        let name = document.path.file_name().unwrap_or_default();
        let path = folder.join(name);
        let cannot = || format!("cannot copy {} to {}", document.path.display(), path.display());
        remove(&folder).and_then(|()| fs::create_dir_all(&folder)).with_context(cannot)?;
        copy(&document.path, &path).with_context(cannot)?;
        let stamps = stamps(&folder).with_context(cannot)?;
        self.copies.insert(key, Copied { folder, path: path.clone(), stamps });
        Ok(path)
    }
}

impl Ready {
    /// A command as it is, with nothing on its stdin and nobody to read its stdout.
    pub(super) fn plain(command: Vec<String>, home: &Path) -> Self {
        Self {
            command,
            stdin: None,
            stdout: None,
            env: Vec::new(),
            cwd: home.to_owned(),
            result: None,
            writes: Vec::new(),
            values: Vec::new(),
            home: home.to_owned(),
        }
    }

    /// A path with the names of this run filled in, from the experiment's folder.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.home.join(self.text(path))
    }

    /// A text with the names of this run filled in.
    fn text(&self, text: &str) -> String {
        fill::text(text, &self.borrowed())
    }

    /// A command line with the names of this run filled in; a relative program is looked up from the
    /// experiment's folder, wherever it runs.
    pub(super) fn line(&self, words: &[String]) -> Vec<String> {
        let mut line = fill::words(words, &self.borrowed());
        if let Some(program) = line.first_mut().filter(|program| program.contains('/')) {
            *program = text(&self.home.join(&*program));
        }
        line
    }

    /// The same run with one more name.
    pub(super) fn with(mut self, name: &'static str, path: &Path) -> Self {
        self.values.push((name, text(path)));
        self
    }

    fn borrowed(&self) -> Vec<(&str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Removes a file or a folder, if there is one.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(of) if of.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Copies a file, or a folder with all that is in it; links stay links, and times of change are kept,
/// since archives hold them.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    // The document itself may be named by a link; what is inside is as it is.
    let mut left = vec![(fs::canonicalize(from)?, to.to_owned())];
    let mut times = Vec::new();
    while let Some((from, to)) = left.pop() {
        let of = fs::symlink_metadata(&from)?;
        if of.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&from)?, &to)?;
            continue;
        }
        if of.is_dir() {
            fs::create_dir(&to)?;
            for entry in fs::read_dir(&from)? {
                let name = entry?.file_name();
                left.push((from.join(&name), to.join(&name)));
            }
        } else {
            fs::copy(&from, &to)?;
        }
        times.push((to, of.modified()?));
    }
    // A folder changes while it is filled, so its time comes last.
    for (path, modified) in times.into_iter().rev() {
        fs::File::open(path)?.set_modified(modified)?;
    }
    Ok(())
}

/// What the file system says of everything in a folder.
fn stamps(folder: &Path) -> io::Result<Vec<Stamp>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let of = fs::symlink_metadata(&path)?;
            found.push(stamp(path.clone(), &of));
            if of.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn stamp(path: PathBuf, of: &Metadata) -> Stamp {
    (path, of.is_dir(), of.ino(), of.len(), (of.ctime(), of.ctime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::units::Bytes;

    fn document(path: PathBuf) -> Document {
        let (sha256, size) = record::hash::any(&path).unwrap();
        Document { profile: "p".to_owned(), size: Bytes(size.0), sha256, path }
    }

    #[test]
    fn a_program_gets_the_document_as_it_was_whatever_the_one_before_did() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::write(tree.join("a/b/c.txt"), "c").unwrap();
        std::os::unix::fs::symlink("a/b", tree.join("link")).unwrap();
        let document = document(tree);
        let mut room = Room::new(&folder.path().join("scratch"));
        let path = room.copy(&document).unwrap();
        let original = record::hash::any(&path).unwrap();
        assert_eq!(original, record::hash::any(&document.path).unwrap());
        let before = fs::metadata(path.join("a/b/c.txt")).unwrap().ino();
        assert_eq!(room.copy(&document).unwrap(), path);
        assert_eq!(fs::metadata(path.join("a/b/c.txt")).unwrap().ino(), before, "not made anew");
        fs::write(path.join("a/b/c.txt"), "d").unwrap();
        fs::write(path.with_file_name("beside"), "x").unwrap();
        assert_eq!(room.copy(&document).unwrap(), path);
        assert_eq!(record::hash::any(&path).unwrap(), original);
        assert!(!path.with_file_name("beside").exists());
        fs::remove_dir_all(&path).unwrap();
        assert_eq!(record::hash::any(&room.copy(&document).unwrap()).unwrap(), original);
    }
}
