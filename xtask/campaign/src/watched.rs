//! The files that are measured: programs, scripts and decoders named in commands, the libraries that
//! programs load, documents. All are read in full before the first run, so that none is half in the page
//! cache; and looked at again and again, since a campaign must not measure two states of one file.

mod libraries;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use rustix::fs::{Advice, fadvise};

use experiment::Variant;
use experiment::foreign::{Check, Foreign};
use record::Binary;
use record::hash::{self, Sha256Hex};

use crate::inputs::Document;
use crate::workspace::Tools;

/// The files of a campaign, as they were when it began.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    files: Vec<Original>,
    /// Files that programs were seen to map, all brought into the page cache by now.
    mapped: HashSet<PathBuf>,
}

/// Larger files that a program maps are left as they are: reading them would push others out.
const MAPPED_BYTES_MAX: u64 = 1 << 30;

#[derive(Debug)]
struct Original {
    path: PathBuf,
    sha256: Sha256Hex,
    stamp: Stamp,
    /// Whether it is hashed before each block, not only when its stamp says that it was touched.
    is_program: bool,
}

/// What the file system changes when somebody writes to a file or puts another in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let of = fs::metadata(path)?;
        Ok(Self {
            device: of.dev(),
            inode: of.ino(),
            size: of.size(),
            modified: (of.mtime(), of.mtime_nsec()),
            changed: (of.ctime(), of.ctime_nsec()),
        })
    }
}

impl Watched {
    /// Everything that runs of these variants read and execute, as far as it is there.
    pub(crate) fn new(
        tools: &Tools,
        variants: &[Variant],
        documents: &[Document],
        home: &Path,
    ) -> anyhow::Result<Self> {
        let mut programs = vec![tools.probe.clone()];
        programs.extend(tools.sigma.iter().chain(&tools.sigma_heap).cloned());
        for variant in variants {
            let lines = command_lines(variant).into_iter();
            programs.extend(lines.flat_map(|line| named(line, home)).map(|(_, path)| path));
        }
        let mut watched = Self::default();
        for path in &programs {
            watched.add(path, true)?;
        }
        for path in programs.iter().flat_map(|path| libraries::of(path)) {
            watched.add(&path, false)?;
        }
        watched.add_documents(documents)?;
        Ok(watched)
    }

    /// Documents that are measured from now on.
    pub(crate) fn add_documents(&mut self, documents: &[Document]) -> anyhow::Result<()> {
        documents.iter().try_for_each(|document| self.watch(&document.path, false))
    }

    /// Files that a program was seen to map, of which its headers say nothing: libraries that it loads on
    /// the way, tables of locales. All are read in full; libraries are watched from now on as well. What
    /// lies in `scratch` is made by runs.
    pub(crate) fn add_mapped(&mut self, list: &str, scratch: &Path) -> anyhow::Result<()> {
        for path in list.lines().map(PathBuf::from) {
            let is_ours = path.starts_with(scratch) || self.files.iter().any(|of| of.path == path);
            let is_passing = ["/dev", "/proc", "/sys"].iter().any(|root| path.starts_with(root));
            if is_ours || is_passing || !self.mapped.insert(path.clone()) {
                continue;
            }
            let of = fs::metadata(&path).ok();
            let fits = of.is_some_and(|of| of.is_file() && of.len() <= MAPPED_BYTES_MAX);
            match fits && libraries::is_program(&path) {
                true => self.add(&path, false)?,
                // Into the state of `add`, and not watched. What we may not read stays as it is.
                false if fits => {
                    forget(&path);
                    drop(read_through(&path).and_then(|()| read_through(&path)));
                }
                false => {}
            }
        }
        Ok(())
    }

    /// Brings a program or a library into one state: out of the page cache, then read from its beginning.
    /// Reading alone does not do: how many pages lie together depends on who read or wrote them first, and
    /// with it how many neighbours are mapped.
    fn add(&mut self, path: &Path, is_program: bool) -> anyhow::Result<()> {
        if self.is_new(path) {
            forget(path);
        }
        self.watch(path, is_program)
    }

    /// Reads a file in full, twice: the first reading brings it into the page cache, the second leaves
    /// no mark of a reading ahead behind, which would keep a page from being mapped with its neighbours.
    fn watch(&mut self, path: &Path, is_program: bool) -> anyhow::Result<()> {
        if !self.is_new(path) {
            return Ok(());
        }
        let cannot = || format!("cannot read {}", path.display());
        let stamp = Stamp::of(path).with_context(cannot)?;
        let (sha256, _) = hash::file(path).with_context(cannot)?;
        read_through(path).with_context(cannot)?;
        self.files.push(Original { path: path.to_owned(), sha256, stamp, is_program });
        Ok(())
    }

    fn is_new(&self, path: &Path) -> bool {
        path.is_file() && !self.files.iter().any(|of| of.path == path)
    }

    /// Fails if a file was touched and holds something else now. Quick: what was not touched is not read.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        self.files.iter_mut().try_for_each(|file| file.check(false))
    }

    /// The same, and reads every program whether it was touched or not.
    pub(crate) fn check_in_full(&mut self) -> anyhow::Result<()> {
        self.files.iter_mut().try_for_each(|file| file.check(file.is_program))
    }
}

impl Original {
    fn check(&mut self, in_full: bool) -> anyhow::Result<()> {
        let path = &self.path;
        let gone = || format!("{} is no longer there; the campaign ends here", path.display());
        let stamp = Stamp::of(path).with_context(gone)?;
        if stamp == self.stamp && !in_full {
            return Ok(());
        }
        let (sha256, _) = hash::file(path).with_context(gone)?;
        if sha256 != self.sha256 {
            bail!(
                "{} changed while it was being measured (SHA-256 {}, now {}); the campaign ends here \
                 and what was measured before is kept: put the file back to continue, or `--restart` \
                 measures the new one",
                path.display(),
                self.sha256.short(),
                sha256.short()
            );
        }
        self.stamp = stamp;
        Ok(())
    }
}

/// Asks the kernel to drop a file from the page cache; what is not on disk yet, or mapped by a program that
/// runs, it keeps. Where it cannot, the file stays as it is.
fn forget(path: &Path) {
    if let Ok(file) = File::open(path) {
        let _ = file.sync_all();
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
}

fn read_through(path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; 1 << 16];
    while file.read(&mut piece)? > 0 {}
    Ok(())
}

/// The command lines of others' programs that runs of a variant start.
fn command_lines(variant: &Variant) -> Vec<&[String]> {
    let Some(foreign) = variant.program.foreign() else { return Vec::new() };
    let check = match &foreign.check {
        Some(Check::Command(line)) => Some(line),
        _ => None,
    };
    let lines = [Some(&foreign.command), foreign.decode.as_ref(), check];
    lines.into_iter().flatten().map(Vec::as_slice).collect()
}

/// The files that a command line names, by what it calls them: the program, scripts and other files, and
/// programs that it starts in turn (`env X=1 tool`). Relative ones are looked up from `home`.
pub fn named(line: &[String], home: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for (index, word) in line.iter().enumerate() {
        // `--dictionary=words` names a file as well.
        let value = word.split_once('=').map_or(word.as_str(), |(_, value)| value);
        let path = match index {
            0 => program(word, home),
            _ => [word.as_str(), value]
                .into_iter()
                .find_map(|text| argument(text, home))
                .or_else(|| (!word.starts_with('-')).then(|| program(word, home)).flatten()),
        };
        found.extend(path.map(|path| (word.clone(), path)));
    }
    found
}

fn argument(text: &str, home: &Path) -> Option<PathBuf> {
    let path = home.join(text);
    (!text.is_empty() && path.is_file()).then_some(path)
}

/// The file that a program's name stands for.
fn program(name: &str, home: &Path) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        let of = fs::metadata(path);
        of.is_ok_and(|of| of.is_file() && of.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return Some(home.join(name)).filter(is_program);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(is_program)
}

/// The identity of everything that the commands of a variant name. A program that is not there has none;
/// its runs will say so.
pub(crate) fn identities(variant: &Variant, home: &Path) -> Vec<Binary> {
    let Some(Foreign { command, version, .. }) = variant.program.foreign() else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for line in command_lines(variant) {
        for (name, path) in named(line, home) {
            let said = (name == command[0]).then(|| said(version.as_deref(), home)).flatten();
            all.push(Binary {
                version: said.unwrap_or_else(|| "version unknown".to_owned()),
                sha256: hash::file(&path).ok().map(|(sha256, _)| sha256),
                name,
            });
        }
    }
    if !all.iter().any(|of| of.name == command[0]) {
        let version = "version unknown".to_owned();
        all.insert(0, Binary { name: command[0].clone(), version, sha256: None });
    }
    all
}

/// What a program says of its version.
fn said(version: Option<&[String]>, home: &Path) -> Option<String> {
    let [name, arguments @ ..] = version? else { return None };
    let path = program(name, home)?;
    let mut command = Command::new(path);
    command.args(arguments).current_dir(home).stdin(Stdio::null());
    let run = command.output().ok()?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(ToOwned::to_owned)
}

/// The first line of a script without `#!`, as words: its interpreter.
fn interpreter(path: &Path) -> Option<Vec<String>> {
    let mut line = Vec::new();
    BufReader::new(File::open(path).ok()?.take(256)).read_until(b'\n', &mut line).ok()?;
    let text = String::from_utf8(line).ok()?;
    Some(text.strip_prefix("#!")?.split_whitespace().map(ToOwned::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tool.py"), "print(1)\n").unwrap();
        fs::write(folder.path().join("words"), "a\n").unwrap();
        fs::write(folder.path().join("tool"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(folder.path().join("tool"), fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    fn names(line: &[&str], home: &Path) -> Vec<String> {
        let line: Vec<String> = line.iter().map(ToString::to_string).collect();
        let found = named(&line, home).into_iter();
        found.map(|(_, path)| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn scripts_dictionaries_and_programs_behind_others_are_part_of_what_is_measured() {
        let folder = folder();
        let home = folder.path();
        assert_eq!(names(&["sh", "tool.py"], home), ["sh", "tool.py"]);
        assert_eq!(names(&["env", "X=1", "cat"], home), ["env", "cat"]);
        assert_eq!(names(&["./tool", "--dictionary=words", "-9"], home), ["tool", "words"]);
        assert_eq!(names(&["cat", "--none", "nowhere", ""], home), ["cat"]);
        assert_eq!(names(&["no-such-program"], home), [""; 0]);
        assert_eq!(names(&["./words"], home), [""; 0], "what may not be executed is no program");
    }

    #[test]
    fn a_file_that_changes_is_named_and_one_that_is_only_touched_is_not() {
        let folder = folder();
        let path = folder.path().join("words");
        let mut watched = Watched::default();
        watched.add(&path, false).unwrap();
        watched.check().unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "a\n").unwrap();
        watched.check().unwrap();
        fs::write(&path, "b\n").unwrap();
        let error = watched.check().unwrap_err().to_string();
        assert!(error.contains("words changed while it was being measured"), "{error}");
        fs::remove_file(&path).unwrap();
        assert!(watched.check_in_full().unwrap_err().to_string().contains("no longer there"));
    }

    #[test]
    fn a_script_has_the_libraries_of_its_interpreter() {
        let folder = folder();
        assert_eq!(interpreter(&folder.path().join("tool")), Some(vec!["/bin/sh".to_owned()]));
        let found = libraries::of(&folder.path().join("tool"));
        assert!(found.iter().any(|path| path.to_string_lossy().contains("libc.")), "{found:?}");
        assert!(libraries::of(&folder.path().join("words")).is_empty());
    }
}
