//! The child's standard error, kept within bounds: how it begins and how it ends. A child that never
//! stops complaining costs neither memory nor disk.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::path::Path;

/// What is kept of the beginning, and as much of the end.
const KEPT_BYTES: usize = 64 << 10;
/// What the pipe holds, where the kernel lets it: a child that writes a lot seldom waits.
const PIPE_BYTES: libc::c_int = 1 << 20;

/// Reads what the child writes; the file gets it when the child is dead.
pub(crate) struct Tail {
    pipe: Option<File>,
    file: File,
    buffer: Box<[u8]>,
    kept: Kept,
}

impl Tail {
    /// The reading end, and the end that the child writes to. The file is there, empty, from now on.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, File)> {
        let file = File::create(path)?;
        let mut ends = [0; 2];
        // SAFETY: two numbers are written to `ends`.
        if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: both were just made and belong to nobody else; then numbers only.
        let [ours, theirs] = ends.map(|fd| unsafe { File::from(OwnedFd::from_raw_fd(fd)) });
        unsafe {
            libc::fcntl(ends[0], libc::F_SETFL, libc::O_NONBLOCK);
            libc::fcntl(ends[0], libc::F_SETPIPE_SZ, PIPE_BYTES);
        }
        let buffer = vec![0; KEPT_BYTES].into_boxed_slice();
        Ok((Self { pipe: Some(ours), file, buffer, kept: Kept::default() }, theirs))
    }

    /// What to wait for; nothing once nobody writes any more.
    pub(crate) fn readable(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Takes what is there, but not for ever: what else happens is looked at in between.
    pub(crate) fn take(&mut self) {
        const TURNS: usize = 16;
        for _ in 0..TURNS {
            let Some(pipe) = &mut self.pipe else { return };
            match pipe.read(&mut self.buffer) {
                Ok(0) => self.pipe = None,
                Ok(count) => self.kept.push(&self.buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Nothing for now.
                Err(_) => return,
            }
        }
    }

    /// Takes what is left and writes what is kept. How much there was, and whether it could be written.
    pub(crate) fn finish(mut self) -> (u64, io::Result<()>) {
        let mut before = u64::MAX;
        // Whoever still held it is dead; should anyone not be, what it goes on to write is its own.
        while self.pipe.is_some() && before != self.kept.total_bytes {
            before = self.kept.total_bytes;
            self.take();
        }
        (self.kept.total_bytes, self.file.write_all(&self.kept.text()))
    }
}

/// The first and the last bytes of a stream.
#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total_bytes: u64,
}

impl Kept {
    fn push(&mut self, bytes: &[u8]) {
        self.total_bytes += bytes.len() as u64;
        let room = KEPT_BYTES - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        let rest = &rest[rest.len().saturating_sub(KEPT_BYTES)..];
        let over = (self.tail.len() + rest.len()).saturating_sub(KEPT_BYTES);
        self.tail.drain(..over);
        self.tail.extend(rest);
    }

    /// Both with a line between them that says how much is left out.
    fn text(&self) -> Vec<u8> {
        let mut text = self.head.clone();
        let left_out = self.total_bytes - (self.head.len() + self.tail.len()) as u64;
        if left_out > 0 {
            text.extend(format!("\n[{left_out} bytes left out]\n").bytes());
        }
        text.extend(&self.tail);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(total: usize, piece: usize) -> Vec<u8> {
        let all: Vec<u8> = (0..total).map(|at| (at % 251) as u8).collect();
        let mut kept = Kept::default();
        all.chunks(piece).for_each(|bytes| kept.push(bytes));
        kept.text()
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        for total in [0, 1, KEPT_BYTES, KEPT_BYTES + 1, 2 * KEPT_BYTES] {
            let all: Vec<u8> = (0..total).map(|at| (at % 251) as u8).collect();
            for piece in [1000, 64 << 10, 200_000] {
                assert!(kept(total, piece) == all, "{total} bytes by {piece}");
            }
        }
    }

    #[test]
    fn of_more_the_beginning_and_the_end_are_kept_and_what_is_missing_is_said() {
        let text = kept(2 * KEPT_BYTES + 1_000_000, 777);
        let said = b"\n[1000000 bytes left out]\n";
        assert_eq!(text.len(), 2 * KEPT_BYTES + said.len());
        assert_eq!(&text[KEPT_BYTES..KEPT_BYTES + said.len()], said);
        let last = 2 * KEPT_BYTES + 1_000_000 - 1;
        assert_eq!(text.last(), Some(&((last % 251) as u8)));
    }
}
