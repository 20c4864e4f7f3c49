//! What the child writes, seen from outside: how large it has become, and whether there is room left.

use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Less than this much room is none: what did not fit was larger.
const ROOM_BYTES: u64 = 64 << 10;

/// Standard output, and files or folders that the child was told to write.
pub(crate) struct Outputs {
    stdout: OwnedFd,
    paths: Vec<PathBuf>,
}

impl Outputs {
    pub(crate) fn new(stdout: OwnedFd, paths: Vec<PathBuf>) -> Self {
        Self { stdout, paths }
    }

    /// Bytes written so far; a pipe or a device holds none.
    pub(crate) fn bytes(&self) -> u64 {
        let mut stat = MaybeUninit::<libc::stat>::uninit();
        // SAFETY: the kernel fills `stat`, which lives through the call, when it returns 0.
        let got = unsafe { libc::fstat(self.stdout.as_raw_fd(), stat.as_mut_ptr()) };
        // SAFETY: it was filled.
        let stdout = (got == 0).then(|| unsafe { stat.assume_init() });
        let is_file = |stat: &libc::stat| stat.st_mode & libc::S_IFMT == libc::S_IFREG;
        let stdout = stdout.filter(is_file).map_or(0, |stat| stat.st_size as u64);
        stdout + self.paths.iter().map(|path| size(path)).sum::<u64>()
    }

    /// Whether there is no room left where the child writes. `None` where that cannot be told.
    pub(crate) fn is_disk_full(&self) -> Option<bool> {
        let mut stat = MaybeUninit::<libc::statvfs>::uninit();
        // SAFETY: the kernel fills `stat`, which lives through the call, when it returns 0.
        let got = unsafe { libc::fstatvfs(self.stdout.as_raw_fd(), stat.as_mut_ptr()) };
        // SAFETY: it was filled.
        let stat = (got == 0).then(|| unsafe { stat.assume_init() })?;
        // What has no blocks is no disk: `/dev`, a pipe.
        let room = stat.f_bavail.saturating_mul(stat.f_frsize);
        (stat.f_blocks > 0).then_some(room < ROOM_BYTES)
    }
}

/// Bytes of a file, or of all files in a folder; links are not followed.
fn size(path: &Path) -> u64 {
    let (mut total, mut waiting) = (0, vec![path.to_owned()]);
    while let Some(path) = waiting.pop() {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                waiting.extend(entries.map(|entry| entry.path()));
            }
            Ok(found) if found.is_file() => total += found.size(),
            _ => {}
        }
    }
    total
}
