//! Output: nothing is seen of a file before it is complete, and nothing is replaced unasked.
//!
//! A file is made without a name (`O_TMPFILE`), readable by its owner alone, and gets its owner, mode,
//! times and name when it is complete: however the program ends before, nothing is left. Where the
//! system cannot do so, the name is a random one that no one else may have made, in the same folder.
//! Devices and pipes are written to as they are; what a symbolic link points to is left alone.

use std::fs::{File, FileType, Metadata};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use sigma_encoder::{ReadAt, WriteAt};

use crate::failure::{Failure, at};
use crate::interrupt;

#[cfg(unix)]
use std::os::unix::fs::{FileTypeExt, MetadataExt};

/// Where output goes.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Standard output.
    Stdout,
    /// Nowhere.
    Nowhere,
    /// A device or a pipe, which stays what it is.
    Special(PathBuf),
    /// A file that appears when it is complete.
    File {
        /// Its name.
        path: PathBuf,
        /// Whether a file of that name may be replaced.
        replaces: bool,
    },
}

impl Target {
    /// Standard output, but not a terminal if the bytes are not for people.
    pub(crate) fn stdout(is_text: bool, force: bool) -> Result<Self, Failure> {
        if !is_text && !force && io::stdout().is_terminal() {
            let message = "encoded bytes are not for a terminal; redirect, or give -o or -f";
            return Err(Failure::Usage(message.into()));
        }
        Ok(Self::Stdout)
    }

    /// What bears this name or shall bear it.
    pub(crate) fn named(path: &Path, replaces: bool) -> Result<Self, Failure> {
        let refused = |what: &str| Err(Failure::Work(format!("`{}` {what}", path.display())));
        let Ok(metadata) = path.symlink_metadata() else {
            check_folder(path)?;
            return Ok(Self::File { path: path.to_owned(), replaces });
        };
        let is_link = metadata.is_symlink();
        let Some(kind) = path.metadata().ok().map(|metadata| metadata.file_type()) else {
            return refused("is a symbolic link to nothing; remove it or name a file");
        };
        if kind.is_dir() {
            return refused("is a folder; name a file in it");
        }
        if is_stream(kind) {
            return Ok(Self::Special(path.to_owned()));
        }
        if is_link {
            return refused("is a symbolic link; name the file that it points to, or remove it");
        }
        if !kind.is_file() {
            return refused("is neither a file nor a device that takes a stream of bytes");
        }
        if !replaces {
            return refused("exists; remove it or give -f");
        }
        Ok(Self::File { path: path.to_owned(), replaces })
    }

    /// Its name for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stdout => "standard output".into(),
            Self::Nowhere => "nowhere".into(),
            Self::Special(path) | Self::File { path, .. } => format!("`{}`", path.display()),
        }
    }

    /// Whether it is a file, of which one may look for its bytes when all is done.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// Whether this file is what it goes to.
    #[cfg(unix)]
    pub(crate) fn is(&self, input: &Metadata) -> bool {
        let found = match self {
            Self::Stdout => stdout_file().and_then(|file| file.metadata()),
            Self::Nowhere => return false,
            Self::Special(path) | Self::File { path, .. } => path.metadata(),
        };
        let is_same = |found: &Metadata| found.dev() == input.dev() && found.ino() == input.ino();
        input.is_file() && found.is_ok_and(|found| is_same(&found))
    }

    /// Elsewhere it is not known.
    #[cfg(not(unix))]
    pub(crate) fn is(&self, _: &Metadata) -> bool {
        false
    }

    /// Opens it for writing. A sparse file has holes where there are zeros.
    pub(crate) fn open(&self, is_sparse: bool) -> Result<Output, Failure> {
        let sink = match self {
            Self::Stdout => stdout_file().map(Sink::Plain),
            Self::Nowhere => Ok(Sink::Nowhere),
            Self::Special(path) => open_special(path).map(Sink::Plain),
            Self::File { path, replaces } => {
                Partial::beside(path, *replaces, is_sparse).map(Sink::Partial)
            }
        };
        let sink = sink.map_err(|error| at(&self.name(), &error.into()))?;
        Ok(Output { sink, name: self.name(), bytes: 0 })
    }
}

/// Whether bytes can be streamed to it, and are not kept in it. A disk is not among these.
#[cfg(unix)]
fn is_stream(kind: FileType) -> bool {
    kind.is_char_device() || kind.is_fifo()
}

#[cfg(not(unix))]
fn is_stream(_: FileType) -> bool {
    false
}

/// A missing folder is what is missing, not the file.
fn check_folder(path: &Path) -> Result<(), Failure> {
    let folder = folder_of(path);
    let refused = |what: &str| {
        let (path, folder) = (path.display(), folder.display());
        Err(Failure::Work(format!("`{path}` cannot be made: the folder `{folder}` {what}")))
    };
    match folder.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            refused("does not exist; make it first")
        }
        Ok(metadata) if !metadata.is_dir() => refused("is no folder"),
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Standard output without the buffer that looks for ends of lines.
#[cfg(unix)]
fn stdout_file() -> io::Result<File> {
    use std::os::fd::AsFd;

    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn stdout_file() -> io::Result<File> {
    use std::os::windows::io::AsHandle;

    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// Opens a device or a pipe, if it still is one.
fn open_special(path: &Path) -> io::Result<File> {
    let file = File::options().write(true).open(path)?;
    match is_stream(file.metadata()?.file_type()) {
        true => Ok(file),
        false => Err(io::Error::other("it was replaced by a file meanwhile")),
    }
}

/// An open output; counts what is written, and says where when it cannot be.
pub(crate) struct Output {
    sink: Sink,
    name: String,
    pub(crate) bytes: u64,
}

enum Sink {
    Nowhere,
    Plain(File),
    Partial(Partial),
}

impl Output {
    /// The output as one that is written by position, if it can be.
    pub(crate) fn by_position(&self) -> Option<&impl WriteAt> {
        match &self.sink {
            Sink::Partial(partial) => Some(partial),
            _ => None,
        }
    }

    /// Whether what is written is lost.
    pub(crate) fn is_nowhere(&self) -> bool {
        matches!(self.sink, Sink::Nowhere)
    }

    /// Its name for people.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// So many bytes were written by position.
    pub(crate) fn set_len(&mut self, bytes: u64) {
        self.bytes = bytes;
    }

    /// Begins with the first bytes of another file. Where the file system can, both share them on the disk.
    pub(crate) fn copy_start(&mut self, from: &File, len: u64) -> io::Result<()> {
        if let Sink::Partial(partial) = &self.sink {
            self.bytes = copy_range(from, partial.file(), len);
        }
        let mut bytes = vec![0; 1 << 16];
        while self.bytes < len {
            let wanted = (bytes.len() as u64).min(len - self.bytes) as usize;
            match from.read_at(&mut bytes[..wanted], self.bytes)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.write_all(&bytes[..read])?,
            }
        }
        Ok(())
    }

    /// Makes it seen, now that it is complete, with what it takes over from another file. Where something
    /// will be gone then, the new bytes are on the disk before.
    pub(crate) fn publish(
        self,
        like: Option<Likeness<'_>>,
        is_last_copy: bool,
    ) -> Result<(), Failure> {
        let Self { sink, name, bytes } = self;
        let Sink::Partial(partial) = sink else { return Ok(()) };
        partial.publish(bytes, like, is_last_copy).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::Work(format!("{name} was made by someone else meanwhile; it is kept"))
            }
            _ => at(&name, &error.into()),
        })
    }
}

/// An error of writing, with where.
pub(crate) fn writing(error: &io::Error, name: &str) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write {name}: {error}"))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.sink {
            Sink::Nowhere => Ok(bytes.len()),
            Sink::Plain(file) => file.write(bytes),
            Sink::Partial(partial) => partial.write_all_at(bytes, self.bytes).map(|()| bytes.len()),
        };
        let len = written.map_err(|error| writing(&error, &self.name))?;
        self.bytes += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Has the system copy the first bytes of a file, or share them; says how many it did, for any reason to stop.
#[cfg(target_os = "linux")]
fn copy_range(from: &File, to: &File, len: u64) -> u64 {
    let (mut start, mut written) = (0, 0);
    while written < len {
        let wanted = usize::try_from(len - written).unwrap_or(1 << 30).min(1 << 30);
        let copied =
            rustix::fs::copy_file_range(from, Some(&mut start), to, Some(&mut written), wanted);
        if !copied.is_ok_and(|copied| copied > 0) {
            break;
        }
    }
    written
}

#[cfg(not(target_os = "linux"))]
fn copy_range(_: &File, _: &File, _: u64) -> u64 {
    0
}

/// What a file takes over from another.
#[derive(Clone, Copy)]
pub(crate) struct Likeness<'a> {
    /// Owner and mode.
    pub(crate) of: &'a Metadata,
    /// Also the times.
    pub(crate) has_times: bool,
}

/// A file that is not complete.
struct Partial {
    path: PathBuf,
    replaces: bool,
    is_sparse: bool,
    held: Held,
}

enum Held {
    /// Without a name.
    #[cfg(target_os = "linux")]
    Nameless(File),
    /// Under a random name, and removed with this.
    Named(tempfile::NamedTempFile),
}

/// Random names begin so.
const PREFIX: &str = ".sigma-";

impl Partial {
    fn beside(path: &Path, replaces: bool, is_sparse: bool) -> io::Result<Self> {
        let path = path.to_owned();
        #[cfg(target_os = "linux")]
        if let Some(file) = nameless(folder_of(&path)) {
            return Ok(Self { path, replaces, is_sparse, held: Held::Nameless(file) });
        }
        // Only its owner may read it, and it is an error if it is there.
        let named = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder_of(&path))?;
        interrupt::remove_on_signal(named.path());
        Ok(Self { path, replaces, is_sparse, held: Held::Named(named) })
    }

    fn file(&self) -> &File {
        match &self.held {
            #[cfg(target_os = "linux")]
            Held::Nameless(file) => file,
            Held::Named(named) => named.as_file(),
        }
    }

    fn publish(self, len: u64, like: Option<Likeness<'_>>, is_last_copy: bool) -> io::Result<()> {
        let file = self.file();
        if self.is_sparse {
            // It may end in a hole.
            file.set_len(len)?;
        }
        take_over(file, like)?;
        if self.replaces || is_last_copy {
            file.sync_all()?;
        }
        match self.held {
            #[cfg(target_os = "linux")]
            Held::Nameless(file) => name(&file, &self.path, self.replaces)?,
            Held::Named(named) => match self.replaces {
                true => named.persist(&self.path).map(drop)?,
                false => named.persist_noclobber(&self.path).map(drop)?,
            },
        }
        interrupt::forget();
        if is_last_copy {
            // The name, too. Not every file system has folders that can be synchronised.
            let _ = File::open(folder_of(&self.path)).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

/// Bytes of a file system's block: a hole is at least so long.
const HOLE: usize = 4096;

impl WriteAt for Partial {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if !self.is_sparse {
            return self.file().write_all_at(bytes, offset);
        }
        for (start, part) in parts_without_holes(bytes, offset) {
            self.file().write_all_at(part, start)?;
        }
        Ok(())
    }
}

/// The parts of bytes that begin at `offset` of a file between its blocks of zeros, each with where it
/// begins in the file.
fn parts_without_holes(bytes: &[u8], offset: u64) -> Vec<(u64, &[u8])> {
    let is_zero = |block: &[u8]| block.len() == HOLE && block.iter().all(|&byte| byte == 0);
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, 0);
    while end < bytes.len() {
        let to_border = HOLE - ((offset + end as u64) % HOLE as u64) as usize;
        let block_end = bytes.len().min(end + to_border);
        if is_zero(&bytes[end..block_end]) {
            parts.push((offset + start as u64, &bytes[start..end]));
            start = block_end;
        }
        end = block_end;
    }
    parts.push((offset + start as u64, &bytes[start..]));
    parts.retain(|(_, part)| !part.is_empty());
    parts
}

/// A file without a name in this folder, for its owner alone; `None` where there is no such thing, or
/// no way to name it later.
#[cfg(target_os = "linux")]
fn nameless(folder: &Path) -> Option<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};

    if !Path::new("/proc/self/fd").exists() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    openat(CWD, folder, flags, Mode::RUSR | Mode::WUSR).ok().map(File::from)
}

/// Gives a file without a name this one.
#[cfg(target_os = "linux")]
fn name(file: &File, path: &Path, replaces: bool) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};

    let source = format!("/proc/self/fd/{}", file.as_raw_fd());
    let link = |path: &Path| -> io::Result<()> {
        Ok(linkat(CWD, source.as_str(), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    };
    match link(path) {
        Err(error) if replaces && error.kind() == io::ErrorKind::AlreadyExists => {}
        result => return result,
    }
    // A link cannot replace a file, but a file with a name can. No signal comes between.
    let _quiet = interrupt::hold();
    let named = tempfile::Builder::new().prefix(PREFIX).make_in(folder_of(path), link)?;
    Ok(named.persist(path).map(drop)?)
}

/// Owner and group where that is allowed, the mode without what gives a program more rights than its
/// user has, and the times.
#[cfg(unix)]
fn take_over(file: &File, like: Option<Likeness<'_>>) -> io::Result<()> {
    use std::os::unix::fs::{PermissionsExt, fchown};

    let set_mode = |mode| file.set_permissions(PermissionsExt::from_mode(mode));
    let Some(Likeness { of, has_times }) = like else {
        return set_mode(0o666 & !umask());
    };
    let made = file.metadata()?;
    if made.uid() != of.uid() {
        // Only root may, and even root not on every file system.
        let _ = fchown(file, Some(of.uid()), None);
    }
    let has_group = made.gid() == of.gid() || fchown(file, None, Some(of.gid())).is_ok();
    set_mode(mode(of.mode(), has_group))?;
    if has_times {
        let times = std::fs::FileTimes::new().set_modified(of.modified()?);
        file.set_times(times.set_accessed(of.accessed()?))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn take_over(file: &File, like: Option<Likeness<'_>>) -> io::Result<()> {
    if let Some(Likeness { of, has_times: true }) = like {
        file.set_times(std::fs::FileTimes::new().set_modified(of.modified()?))?;
    }
    Ok(())
}

/// Never set-user-ID and its like. If the group is another one, it may do what both the group of old
/// and everyone may.
#[cfg(unix)]
fn mode(of: u32, has_group: bool) -> u32 {
    let group = if has_group { of & 0o070 } else { of & 0o070 & (of & 0o007) << 3 };
    of & 0o707 | group
}

/// What new files do not allow.
#[cfg(unix)]
fn umask() -> u32 {
    // It can only be read by setting it; no file is made meanwhile.
    let mask = rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    rustix::process::umask(mask);
    mask.bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_of_whole_blocks_are_left_out() {
        let zeros = [0; 3 * HOLE];
        assert!(parts_without_holes(&zeros, 0).is_empty());
        let parts = parts_without_holes(&zeros, 10);
        let found: Vec<_> = parts.iter().map(|(start, part)| (*start, part.len())).collect();
        assert_eq!(found, [(10, HOLE - 10), (3 * HOLE as u64, 10)]);
        let mut bytes = [0; 4 * HOLE];
        bytes[HOLE - 1] = 1;
        bytes[3 * HOLE] = 1;
        let parts = parts_without_holes(&bytes, 8 * HOLE as u64);
        let found: Vec<_> = parts.iter().map(|(start, part)| (*start, part.len())).collect();
        assert_eq!(found, [(8 * HOLE as u64, HOLE), (11 * HOLE as u64, HOLE)]);
        assert_eq!(parts_without_holes(b"abc", 5), [(5, &b"abc"[..])]);
    }

    /// As where the system has no files without a name.
    fn named(path: &Path, replaces: bool) -> Partial {
        let named = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder_of(path));
        let held = Held::Named(named.expect("a writable folder"));
        Partial { path: path.to_owned(), replaces, is_sparse: false, held }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_with_a_random_name_is_as_safe_as_one_without() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        let count = || std::fs::read_dir(folder.path()).expect("a folder").count();
        let partial = named(&path, false);
        partial.write_all_at(b"new", 0).expect("room");
        let made = partial.file().metadata().expect("a file");
        assert_eq!(made.mode() & 0o7777, 0o600, "its owner alone may read it");
        std::fs::write(&path, "mine").expect("a writable folder");
        let published = partial.publish(3, None, false);
        assert_eq!(published.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((std::fs::read(&path).expect("a file"), count()), (b"mine".to_vec(), 1));
        let partial = named(&path, true);
        partial.write_all_at(b"new", 0).expect("room");
        partial.publish(3, None, true).expect("it replaces");
        assert_eq!((std::fs::read(&path).expect("a file"), count()), (b"new".to_vec(), 1));
        drop(named(&path, true));
        assert_eq!(count(), 1, "what was not published is gone");
    }

    #[test]
    fn a_file_can_begin_as_another_whether_the_system_copies_or_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
        let path = folder.path().join("from");
        std::fs::write(&path, &bytes).expect("a writable folder");
        let from = File::open(&path).expect("it was made");
        for (len, is_file) in
            [(0, true), (1, true), (200_001, true), (300_000, true), (200_001, false)]
        {
            let target = Target::File { path: folder.path().join("to"), replaces: true };
            let mut output = target.open(false).expect("a writable folder");
            if !is_file {
                // What is no file of its own is written to.
                let to = File::create(folder.path().join("to")).expect("a writable folder");
                output = Output { sink: Sink::Plain(to), ..output };
            }
            output.copy_start(&from, len).expect("there are so many");
            output.write_all(b"more").expect("a writable folder");
            output.publish(None, false).expect("a writable folder");
            let found = std::fs::read(folder.path().join("to")).expect("it was made");
            let expected = [&bytes[..len as usize], b"more"].concat();
            assert!(found == expected, "{len}");
        }
        let mut output = Target::Nowhere.open(false).expect("nowhere is there");
        assert!(output.copy_start(&from, 300_001).is_err(), "it is shorter");
    }

    #[cfg(unix)]
    #[test]
    fn a_mode_gives_no_one_more_than_it_gave() {
        assert_eq!(mode(0o104_755, true), 0o755);
        assert_eq!(mode(0o102_640, false), 0o600);
        assert_eq!(mode(0o100_664, false), 0o644);
        assert_eq!(mode(0o107_777, false), 0o777);
    }
}
