//! Input: which files are meant, what is known of them, and the names of what is made of them.

use std::fs::{File, Metadata};
use std::io::{self, IsTerminal, Read, Seek};
use std::path::{Path, PathBuf};

use sigma_encoder::Error;

use crate::failure::{Failure, Voice, at};

/// The ending of encoded files.
const SUFFIX: &str = "sg";

/// Whether this file's name says that it is encoded.
pub(crate) fn is_encoded(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == SUFFIX)
}

/// One input as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Standard input, which `-` means.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Source {
    /// Its name for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".into(),
            Self::File(path) => format!("`{}`", path.display()),
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> Option<&Path> {
        if let Self::File(path) = self { Some(path) } else { None }
    }
}

/// The inputs that are meant: standard input without any name, and files in folders if wanted. What
/// cannot be read of a folder is said, and counted.
pub(crate) fn sources(
    named: &[PathBuf],
    recursive: bool,
    encoded: bool,
    voice: Voice,
) -> (Vec<Source>, u64) {
    if named.is_empty() {
        return (vec![Source::Stdin], 0);
    }
    let (mut sources, mut failures) = (Vec::new(), 0);
    for path in named {
        if path.as_os_str() == "-" {
            sources.push(Source::Stdin);
        } else if recursive && path.is_dir() {
            failures += files_in(path, encoded, voice, &mut sources);
        } else {
            sources.push(Source::File(path.clone()));
        }
    }
    (sources, failures)
}

/// The files in a folder and the folders in it, in the order of their names: those that are encoded, or
/// those that are not. Symbolic links are left out: what they lead to may be above.
fn files_in(folder: &Path, encoded: bool, voice: Voice, sources: &mut Vec<Source>) -> u64 {
    let mut failures = 0;
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_dir() {
            match names_in(&path) {
                Ok(names) => open.extend(names),
                Err(error) => {
                    voice.error(&format!("`{}`: {error}", path.display()));
                    failures += 1;
                }
            }
        } else if metadata.is_file() && is_encoded(&path) == encoded {
            sources.push(Source::File(path));
        } else {
            voice.detail(&format!("`{}` is left out", path.display()));
        }
    }
    failures
}

/// What is in a folder, the last name first.
fn names_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut names: Vec<PathBuf> = names.collect::<io::Result<_>>()?;
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

/// Where bytes come from.
pub(crate) struct Input {
    pub(crate) source: Source,
    /// The file, with what is known of it.
    file: Option<(File, Metadata)>,
}

impl Input {
    /// Opens a file, or standard input; that may be a terminal if people can write what is read.
    pub(crate) fn open(source: &Source, is_text: bool) -> Result<Self, Failure> {
        let source = source.clone();
        let Source::File(path) = &source else {
            if !is_text && io::stdin().is_terminal() {
                let message =
                    "encoded bytes are not read from a terminal; name a file, or redirect";
                return Err(Failure::Usage(message.into()));
            }
            return Ok(Self { source, file: None });
        };
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|error| at(&source.name(), &error.into()))?;
        if metadata.is_dir() {
            let message = format!("{} is a folder; give -r for the files in it", source.name());
            return Err(Failure::Work(message));
        }
        Ok(Self { source, file: Some((file, metadata)) })
    }

    /// What is known of the file, or of what standard input is.
    pub(crate) fn metadata(&self) -> Option<&Metadata> {
        self.file.as_ref().map(|(_, metadata)| metadata)
    }

    /// What is known of a file as others are: not of a device or a pipe.
    pub(crate) fn regular(&self) -> Option<&Metadata> {
        self.metadata().filter(|metadata| metadata.is_file())
    }

    /// What standard input is known to be, if it is the input.
    #[cfg(unix)]
    pub(crate) fn stdin_metadata(&self) -> Option<Metadata> {
        use std::os::fd::AsFd;

        if self.file.is_some() {
            return None;
        }
        let stdin = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
        stdin.metadata().ok()
    }

    #[cfg(not(unix))]
    pub(crate) fn stdin_metadata(&self) -> Option<Metadata> {
        None
    }

    /// The file and its length, if it can be read by position. Files of no length may be those that the
    /// system makes up as they are read.
    pub(crate) fn placed(&self) -> Option<(&File, u64)> {
        let (file, metadata) = self.file.as_ref()?;
        (metadata.is_file() && metadata.len() > 0).then_some((file, metadata.len()))
    }

    /// Its bytes in their order.
    pub(crate) fn reader(&self) -> Box<dyn Read + Send + '_> {
        match &self.file {
            None => Box::new(io::stdin()),
            Some((file, _)) => {
                // Reading by position moves a file's place on some systems; pipes have none.
                let _ = { file }.rewind();
                Box::new(file)
            }
        }
    }

    /// Removes the file, of which there is another form now.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        let (Some(path), Some(metadata)) = (self.source.path(), self.regular()) else {
            return Ok(());
        };
        let is_same = path.symlink_metadata().is_ok_and(|now| is_same_file(&now, metadata));
        if !is_same {
            let name = self.source.name();
            let message = format!("{name} is not removed: it is a link, or was replaced meanwhile");
            return Err(Failure::Work(message));
        }
        std::fs::remove_file(path).map_err(|error| at(&self.source.name(), &Error::from(error)))
    }
}

#[cfg(unix)]
fn is_same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn is_same_file(a: &Metadata, _: &Metadata) -> bool {
    a.is_file()
}

/// The name of the output beside a file.
pub(crate) fn beside(file: &Path, encoding: bool, force: bool) -> Result<PathBuf, Failure> {
    let refused = |what: &str| Err(Failure::Work(format!("`{}` {what}", file.display())));
    if encoding {
        if is_encoded(file) && !force {
            return refused("ends in `.sg` already; give -f to encode it once more");
        }
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".{SUFFIX}"));
        return Ok(name.into());
    }
    if is_encoded(file) {
        return Ok(file.with_extension(""));
    }
    refused("does not end in `.sg`; give -o or -c")
}
