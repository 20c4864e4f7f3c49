//! Files: the input, and an output that appears only when it is complete.

use std::fs::{File, FileTimes, Metadata};
use std::io::{self, IsTerminal, Read, Seek, Write};
use std::path::{Path, PathBuf};

use sigma_encoder::Error;

use crate::args::PlaceArgs;
use crate::run::{Failure, at};

/// The ending of encoded files.
const SUFFIX: &str = "sg";

/// Where bytes come from.
pub(crate) enum Input {
    /// Standard input.
    Stdin,
    /// A file, with what is known of it.
    File(File, Metadata),
}

impl Input {
    /// Opens a file, or standard input.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Stdin) };
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|error| at(Some(path), &error.into()))?;
        if metadata.is_dir() {
            return Err(Failure::Work(format!("`{}` is a folder; name a file", path.display())));
        }
        Ok(Self::File(file, metadata))
    }

    /// What is known of the file.
    pub(crate) fn metadata(&self) -> Option<&Metadata> {
        if let Self::File(_, metadata) = self { Some(metadata) } else { None }
    }

    /// The file and its length, if it can be read by position. Files of no length may be those that the
    /// system makes up as they are read.
    pub(crate) fn placed(&self) -> Option<(&File, u64)> {
        match self {
            Self::File(file, metadata) if metadata.is_file() && metadata.len() > 0 => {
                Some((file, metadata.len()))
            }
            _ => None,
        }
    }

    /// Its bytes in their order.
    pub(crate) fn reader(&self) -> Box<dyn Read + Send + '_> {
        match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::File(file, _) => {
                // Reading by position moves a file's place on some systems; pipes have none.
                let _ = { file }.rewind();
                Box::new(file)
            }
        }
    }
}

/// Where output goes.
#[derive(Debug)]
pub(crate) enum Target {
    /// Standard output.
    Stdout,
    /// Under the second name until it is complete, then under the first.
    File(PathBuf, PathBuf),
    /// Nowhere.
    Nowhere,
}

impl Target {
    /// What the command line says.
    pub(crate) fn of(place: &PlaceArgs, encoding: bool) -> Result<Self, Failure> {
        let path = match (&place.output, &place.file) {
            (Some(path), _) => path.clone(),
            (None, Some(file)) if !place.stdout => beside(file, encoding)?,
            _ => return Self::stdout(place, encoding),
        };
        if path.exists() && !place.force {
            let message = format!("`{}` exists; remove it or give -f", path.display());
            return Err(Failure::Work(message));
        }
        let mut partial = path.clone().into_os_string();
        partial.push(format!(".{}.partial", std::process::id()));
        Ok(Self::File(path, partial.into()))
    }

    fn stdout(place: &PlaceArgs, encoding: bool) -> Result<Self, Failure> {
        if encoding && !place.force && io::stdout().is_terminal() {
            let message = "encoded bytes are not for a terminal; redirect, or give -o or -f";
            return Err(Failure::Usage(message.into()));
        }
        Ok(Self::Stdout)
    }

    /// Opens it for writing.
    pub(crate) fn create(&self) -> Result<Box<dyn Write + Send>, Failure> {
        match self.create_file()? {
            Some(file) => Ok(Box::new(file)),
            None if matches!(self, Self::Stdout) => Ok(Box::new(io::stdout())),
            None => Ok(Box::new(io::sink())),
        }
    }

    /// Opens it for writing, if it is a file.
    pub(crate) fn create_file(&self) -> Result<Option<File>, Failure> {
        let Self::File(_, partial) = self else { return Ok(None) };
        crate::interrupt::remove_on_signal(partial);
        File::create(partial).map(Some).map_err(|error| at(Some(partial), &error.into()))
    }

    /// Gives the complete output its name, and the times and mode of the input.
    pub(crate) fn publish(&self, like: Option<&Metadata>) -> Result<(), Failure> {
        let Self::File(path, partial) = self else { return Ok(()) };
        let published = || -> io::Result<()> {
            let file = File::options().write(true).open(partial)?;
            if let Some(like) = like {
                let times = FileTimes::new().set_modified(like.modified()?);
                file.set_times(times.set_accessed(like.accessed()?))?;
                file.set_permissions(like.permissions())?;
            }
            file.sync_all()?;
            std::fs::rename(partial, path)
        };
        published().map_err(|error| {
            self.discard();
            at(Some(path), &Error::from(error))
        })
    }

    /// Removes what is not complete.
    pub(crate) fn discard(&self) {
        if let Self::File(_, partial) = self {
            // What cannot be removed was probably never made.
            let _ = std::fs::remove_file(partial);
        }
    }

    /// Its name for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stdout => "standard output".into(),
            Self::Nowhere => "nowhere".into(),
            Self::File(path, _) => format!("`{}`", path.display()),
        }
    }
}

/// The name of the output beside a file.
fn beside(file: &Path, encoding: bool) -> Result<PathBuf, Failure> {
    if encoding {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".{SUFFIX}"));
        return Ok(name.into());
    }
    if file.extension().is_some_and(|extension| extension == SUFFIX) {
        return Ok(file.with_extension(""));
    }
    let message = format!("`{}` does not end in `.{SUFFIX}`; give -o or -c", file.display());
    Err(Failure::Usage(message))
}
