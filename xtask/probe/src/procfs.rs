//! What the kernel tells about a process in `/proc`.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

use libc::pid_t;

/// What `/proc/PID/status` says about memory and threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// `Tgid`: the process that a thread belongs to.
    pub(crate) process: pid_t,
    /// `VmHWM`: the peak of this address space, without any inherited floor.
    pub(crate) vm_hwm_bytes: u64,
    /// `VmRSS`: what is resident now.
    pub(crate) vm_rss_bytes: u64,
    /// `RssFile`: of that, pages of the program and its libraries.
    pub(crate) file_rss_bytes: Option<u64>,
    /// `VmStk`: the stack of the first thread as mapped.
    pub(crate) stack_bytes: Option<u64>,
    /// Threads that have not ended yet.
    pub(crate) thread_count: u64,
}

/// Reads the status of a process or thread that still has its memory.
pub(crate) fn status(pid: pid_t) -> Option<Status> {
    parse_status(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn parse_status(text: &str) -> Option<Status> {
    Some(Status {
        process: field(text, "Tgid:")? as pid_t,
        vm_hwm_bytes: field(text, "VmHWM:")? * 1024,
        vm_rss_bytes: field(text, "VmRSS:")? * 1024,
        file_rss_bytes: field(text, "RssFile:").map(|kib| kib * 1024),
        stack_bytes: field(text, "VmStk:").map(|kib| kib * 1024),
        thread_count: field(text, "Threads:")?,
    })
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// The resident memory of a running child, read again and again from one open file.
pub(crate) struct Resident {
    statm: File,
    page_bytes: u64,
}

impl Resident {
    /// Opens the view of process `pid`; it stays valid across `execve`.
    pub(crate) fn open(pid: pid_t) -> io::Result<Self> {
        // SAFETY: `sysconf` takes a number and has no preconditions.
        let page_bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
        Ok(Self { statm: File::open(format!("/proc/{pid}/statm"))?, page_bytes })
    }

    /// Resident bytes now; `None` once the process has given its memory back.
    pub(crate) fn bytes(&self) -> Option<u64> {
        let mut buffer = [0; 128];
        let length = self.statm.read_at(&mut buffer, 0).ok()?;
        let text = std::str::from_utf8(&buffer[..length]).ok()?;
        let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
        Some(pages * self.page_bytes)
    }
}

/// The processes whose parent is `parent`.
pub(crate) fn children(parent: pid_t) -> Vec<pid_t> {
    let mut found = numbered_entries("/proc");
    found.retain(|pid| {
        let stat = fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
        parent_in_stat(&stat) == Some(parent)
    });
    found
}

/// `PID (name) state ppid ...`; the name may itself hold blanks, parentheses and any byte.
fn parent_in_stat(stat: &[u8]) -> Option<pid_t> {
    let behind_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let text = std::str::from_utf8(&stat[behind_name..]).ok()?;
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn numbered_entries(directory: &str) -> Vec<pid_t> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_read_in_bytes() {
        let text = "Name:\tx\nTgid:\t7\nVmHWM:\t    1124 kB\nVmRSS:\t    1000 kB\n\
                    RssFile:\t 800 kB\nVmStk:\t 132 kB\nThreads:\t3\n";
        let expected = Status {
            process: 7,
            vm_hwm_bytes: 1124 * 1024,
            vm_rss_bytes: 1000 * 1024,
            file_rss_bytes: Some(800 * 1024),
            stack_bytes: Some(132 * 1024),
            thread_count: 3,
        };
        assert_eq!(parse_status(text), Some(expected));
    }

    #[test]
    fn a_zombie_has_no_memory_to_tell_of() {
        assert_eq!(parse_status("Name:\tx\nState:\tZ (zombie)\nTgid:\t7\nThreads:\t1\n"), None);
    }

    #[test]
    fn a_hostile_name_does_not_hide_the_parent() {
        assert_eq!(parent_in_stat(b"7 (a) R 1 \xff) S 42 7 7 0"), Some(42));
        assert_eq!(parent_in_stat(b""), None);
    }
}
