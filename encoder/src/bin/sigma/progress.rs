//! A line on the terminal that says how far long work has come.
//!
//! Not `indicatif`: its code alone takes a twentieth of the memory that the level `default` may use.

use std::io::{self, IsTerminal, Read};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sigma_encoder::ReadAt;

/// Work that takes less shows nothing.
const PATIENCE: Duration = Duration::from_millis(700);
/// How often the line is drawn.
const PERIOD: Duration = Duration::from_millis(200);

/// Counts what is read, and shows it once the work takes long.
pub(crate) struct Progress<R> {
    inner: R,
    /// Bytes read so far.
    pub(crate) bytes: u64,
    total_bytes: Option<u64>,
    started: Instant,
    /// When the line is drawn next; `None` when no one looks.
    next: Option<Instant>,
    drawn: bool,
}

impl<R> Progress<R> {
    /// Shows nothing when `quiet` or when standard error is no terminal.
    pub(crate) fn new(inner: R, total_bytes: Option<u64>, quiet: bool) -> Self {
        let started = Instant::now();
        let wanted = !quiet && io::stderr().is_terminal();
        let next = wanted.then(|| started + PATIENCE);
        Self { inner, bytes: 0, total_bytes, started, next, drawn: false }
    }

    fn show(&mut self) {
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.next = Some(now + PERIOD);
        self.drawn = true;
        eprint!("\r\x1b[K{}", self.line(now - self.started));
    }

    /// `12.3 of 45.6 MB, 7.8 MB/s, 4 s left`.
    fn line(&self, elapsed: Duration) -> String {
        let millis = (elapsed.as_millis() as u64).max(1);
        let speed = self.bytes / millis;
        let (done, speed_text) = (megabytes(self.bytes), megabytes(speed * 1000));
        match self.total_bytes {
            Some(total) if speed > 0 => {
                let left = total.saturating_sub(self.bytes) / speed / 1000;
                format!("{done} of {} MB, {speed_text} MB/s, {left} s left", megabytes(total))
            }
            _ => format!("{done} MB, {speed_text} MB/s"),
        }
    }
}

/// Megabytes with one digit after the point.
fn megabytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10)
}

impl<R> Drop for Progress<R> {
    fn drop(&mut self) {
        if self.drawn {
            eprint!("\r\x1b[K");
        }
    }
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(out)?;
        self.bytes += len as u64;
        self.show();
        Ok(len)
    }
}

/// Counts and shows what several threads read by position.
pub(crate) struct Placed<S> {
    inner: S,
    progress: Mutex<Progress<()>>,
}

impl<S> Placed<S> {
    /// As [`Progress::new`].
    pub(crate) fn new(inner: S, total_bytes: Option<u64>, quiet: bool) -> Self {
        Self { inner, progress: Mutex::new(Progress::new((), total_bytes, quiet)) }
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}

impl<S: ReadAt> ReadAt for Placed<S> {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let len = self.inner.read_at(out, offset)?;
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.bytes += len as u64;
        progress.show();
        Ok(len)
    }
}
