//! Whose fault it is when a run does not end well. What the laboratory could not write or start is no
//! outcome of the program: it ends the campaign, and no row is written.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, bail};
use rustix::io::Errno;

/// Less than this is full: the next few pages would not fit.
const FREE_BYTES_MIN: u64 = 1 << 20;

/// What is written to see whether anything can be.
const TRIAL_BYTES: usize = 64 << 10;

/// Most of what a program said last that is kept.
const SAID_BYTES: usize = 1000;
const SAID_LINES: usize = 10;

/// Fails if outputs cannot be written to this folder; after a run that `failed` it is tried.
pub(super) fn room(scratch: &Path, failed: bool) -> anyhow::Result<()> {
    let free = rustix::fs::statvfs(scratch)
        .map(|of| of.f_bavail.saturating_mul(of.f_frsize))
        .with_context(|| format!("cannot look at {}", scratch.display()))?;
    if free < FREE_BYTES_MIN {
        bail!(
            "the disk that outputs are written to is full ({free} bytes are free for {}); the run that \
             was going on is not recorded: free some space, or set CARGO_TARGET_DIR to another disk, \
             and run again to continue",
            scratch.display()
        );
    }
    if failed {
        try_to_write(&scratch.join("trial")).with_context(|| {
            format!(
                "outputs cannot be written to {}; the run that was going on is not recorded",
                scratch.display()
            )
        })?;
    }
    Ok(())
}

/// Also what `statvfs` knows nothing of: quotas, limits of file sizes, a disk that fails.
fn try_to_write(path: &Path) -> io::Result<()> {
    let written = File::create(path).and_then(|mut file| file.write_all(&vec![1; TRIAL_BYTES]));
    let _ = fs::remove_file(path);
    written
}

/// Whether what kept a child from starting is the machine's or the laboratory's doing: streams and
/// folders that are ours, and what no program can help.
pub(super) fn is_laboratory(error: &str) -> bool {
    let scarce = [Errno::NOMEM, Errno::AGAIN, Errno::MFILE, Errno::NFILE, Errno::IO, Errno::NOSPC];
    let says = |errno: &Errno| {
        error.ends_with(&io::Error::from_raw_os_error(errno.raw_os_error()).to_string())
    };
    !error.starts_with("cannot execute") && !error.starts_with("cannot look for")
        || scarce.iter().any(says)
}

/// The last lines of a text that a program wrote, with everything in them that a terminal or a browser
/// would take for a command made visible.
pub(super) fn last_lines(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.seek(SeekFrom::End(0)).ok()?;
    file.seek(SeekFrom::Start(length.saturating_sub(SAID_BYTES as u64))).ok()?;
    let mut bytes = Vec::new();
    file.take(SAID_BYTES as u64).read_to_end(&mut bytes).ok()?;
    let text = visible(&String::from_utf8_lossy(&bytes));
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(SAID_LINES)..];
    (!last.is_empty()).then(|| last.join("\n"))
}

/// Control characters, and those that turn the direction of writing, as escapes.
fn visible(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => visible.push(c),
            '\t' => visible.push(' '),
            _ if c.is_control() || turns(c) => visible.extend(c.escape_unicode()),
            _ => visible.push(c),
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_program_can_help_is_the_laboratorys() {
        let text = |errno: Errno| io::Error::from_raw_os_error(errno.raw_os_error()).to_string();
        for (error, ours) in [
            (format!("cannot execute `x`: {}", text(Errno::NOENT)), false),
            (format!("cannot execute `x`: {}", text(Errno::ACCESS)), false),
            (format!("cannot execute `x`: {}", text(Errno::NOMEM)), true),
            (format!("cannot write `/full/encoded`: {}", text(Errno::NOSPC)), true),
            (format!("cannot fork: {}", text(Errno::AGAIN)), true),
            (format!("cannot enter the directory of `x`: {}", text(Errno::NOENT)), true),
        ] {
            assert_eq!(is_laboratory(&error), ours, "{error}");
        }
    }

    #[test]
    fn the_last_lines_are_bounded_and_can_do_nothing_to_a_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stderr");
        let mut text = "x".repeat(1 << 20);
        text.push_str("\n\u{1b}[31mred\u{7}\r\n\u{202e}reversed\n\n");
        fs::write(&path, text).unwrap();
        let said = last_lines(&path).unwrap();
        assert!(said.len() < 2 * SAID_BYTES && said.lines().count() == 3, "{said}");
        assert!(said.ends_with("\\u{1b}[31mred\\u{7}\\u{d}\n\\u{202e}reversed"), "{said}");
        fs::write(&path, "\n \n").unwrap();
        assert_eq!(last_lines(&path), None);
    }

    #[test]
    fn a_folder_that_can_be_written_to_has_room() {
        let folder = tempfile::tempdir().unwrap();
        room(folder.path(), true).unwrap();
        assert!(room(&folder.path().join("gone"), false).is_err());
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
