//! What the kernel tells about a process in `/proc`.

use std::fs;

use libc::pid_t;

use crate::usage::Io;

/// What `/proc/PID/status` says about memory and family.
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
    /// `RssAnon`: of that, heap, stack and data.
    pub(crate) anon_bytes: Option<u64>,
    /// `VmStk`: the stack of the first thread as mapped.
    pub(crate) stack_bytes: Option<u64>,
    /// `PPid`: its parent by now.
    pub(crate) parent: pid_t,
}

/// Whether `/proc` is there and numbers processes as we know them: containers may hide it, and one that
/// belongs to others (`unshare -p` without a new `/proc`) tells of other processes by the same numbers.
pub(crate) fn is_ours() -> bool {
    let own = fs::read_link("/proc/self");
    own.is_ok_and(|own| own.to_str() == Some(&std::process::id().to_string()))
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
        anon_bytes: field(text, "RssAnon:").map(|kib| kib * 1024),
        stack_bytes: field(text, "VmStk:").map(|kib| kib * 1024),
        parent: field(text, "PPid:")? as pid_t,
    })
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Whether `thread` is one of `process`.
pub(crate) fn is_thread(process: pid_t, thread: pid_t) -> bool {
    fs::exists(format!("/proc/{process}/task/{thread}")).unwrap_or(false)
}

/// The size of a page.
pub(crate) fn page_bytes() -> u64 {
    // SAFETY: `sysconf` takes a number and has no preconditions.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as u64 }
}

/// Resident and anonymous bytes of a process that still has its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) resident_bytes: u64,
    pub(crate) anon_bytes: u64,
}

/// What a process holds now.
pub(crate) fn memory(pid: pid_t, page_bytes: u64) -> Option<Memory> {
    parse_statm(&fs::read_to_string(format!("/proc/{pid}/statm")).ok()?, page_bytes)
}

/// `size resident shared ...` in pages.
fn parse_statm(text: &str, page_bytes: u64) -> Option<Memory> {
    let mut pages = text.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    let (resident, shared) = (pages.next()?.ok()?, pages.next()?.ok()?);
    (resident > 0).then(|| Memory {
        resident_bytes: resident * page_bytes,
        anon_bytes: resident.saturating_sub(shared) * page_bytes,
    })
}

/// Its proportional share: each page divided by how many processes have it. Slow: all its pages are
/// looked at.
pub(crate) fn proportional_bytes(pid: pid_t) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    Some(field(&text, "Pss:")? * 1024)
}

/// The files that a process has mapped. A line end in a name is left as the kernel escapes it.
pub(crate) fn mapped(pid: pid_t) -> Vec<Vec<u8>> {
    fs::read(format!("/proc/{pid}/maps")).map_or(Vec::new(), |text| parse_maps(&text))
}

/// `start-end access offset device inode   path`; what has no inode is no file.
fn parse_maps(text: &[u8]) -> Vec<Vec<u8>> {
    let path = |line: &[u8]| {
        let start = line.iter().position(|&byte| byte == b'/')?;
        let path = &line[start..];
        (!path.ends_with(b" (deleted)")).then(|| path.to_vec())
    };
    text.split(|&byte| byte == b'\n').filter_map(path).collect()
}

/// What a process at its exit read and wrote, its waited-for children included.
pub(crate) fn io(pid: pid_t) -> Option<Io> {
    parse_io(&fs::read_to_string(format!("/proc/{pid}/io")).ok()?)
}

fn parse_io(text: &str) -> Option<Io> {
    Some(Io {
        is_known: true,
        read_bytes: field(text, "rchar:")?,
        written_bytes: field(text, "wchar:")?,
        disk_read_bytes: field(text, "read_bytes:")?,
        disk_written_bytes: field(text, "write_bytes:")?,
    })
}

/// What `/proc/PID/stat` tells of a process's family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) parent: pid_t,
    pub(crate) group: pid_t,
    /// Page faults of the children that it waited for.
    pub(crate) children_minor_faults: u64,
}

pub(crate) fn family(pid: pid_t) -> Option<Family> {
    parse_stat(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// `PID (name) state ppid pgrp ...`; the name may itself hold blanks, parentheses and any byte.
fn parse_stat(stat: &[u8]) -> Option<Family> {
    const MINOR_FAULTS_OF_CHILDREN: usize = 8;
    let behind_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let text = std::str::from_utf8(&stat[behind_name..]).ok()?;
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    Some(Family {
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        children_minor_faults: fields.get(MINOR_FAULTS_OF_CHILDREN)?.parse().ok()?,
    })
}

/// Every process that descends from `ancestor`, with its group; parents before children.
pub(crate) fn descendants(ancestor: pid_t) -> Vec<(pid_t, pid_t)> {
    let all: Vec<(pid_t, Family)> =
        numbered_entries("/proc").into_iter().filter_map(|pid| Some((pid, family(pid)?))).collect();
    let mut found: Vec<(pid_t, pid_t)> = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for (pid, family) in all.iter().filter(|(_, family)| family.parent == parent) {
            if !found.iter().any(|(known, _)| known == pid) {
                found.push((*pid, family.group));
                parents.push(*pid);
            }
        }
    }
    found
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
        let text = "Name:\tx\nTgid:\t7\nPPid:\t5\nVmHWM:\t    1124 kB\nVmRSS:\t    1000 kB\n\
                    RssAnon:\t 200 kB\nRssFile:\t 800 kB\nVmStk:\t 132 kB\nThreads:\t3\n";
        let expected = Status {
            process: 7,
            vm_hwm_bytes: 1124 * 1024,
            vm_rss_bytes: 1000 * 1024,
            file_rss_bytes: Some(800 * 1024),
            anon_bytes: Some(200 * 1024),
            stack_bytes: Some(132 * 1024),
            parent: 5,
        };
        assert_eq!(parse_status(text), Some(expected));
    }

    #[test]
    fn a_zombie_has_no_memory_to_tell_of() {
        assert_eq!(parse_status("Name:\tx\nState:\tZ (zombie)\nTgid:\t7\nThreads:\t1\n"), None);
    }

    #[test]
    fn a_hostile_name_does_not_hide_the_parent() {
        let family = Family { parent: 42, group: 7, children_minor_faults: 9 };
        assert_eq!(parse_stat(b"7 (a) R 1 \xff) S 42 7 7 0 -1 4194560 8 9 0 0 1"), Some(family));
        assert_eq!(parse_stat(b""), None);
    }

    #[test]
    fn pages_become_bytes_and_a_process_without_memory_holds_nothing() {
        let memory = Memory { resident_bytes: 10 * 4096, anon_bytes: 6 * 4096 };
        assert_eq!(parse_statm("100 10 4 1 0 20 0\n", 4096), Some(memory));
        assert_eq!(parse_statm("0 0 0 0 0 0 0\n", 4096), None);
    }

    #[test]
    fn files_that_are_mapped_are_named_and_nothing_else_that_is() {
        let text = "5-6 r-xp 00000000 fe:00 7      /usr/bin/a b\n6-7 rw-p 00000000 00:00 0 \n\
                    7-8 rw-p 00000000 00:00 0   [heap]\n8-9 rw-s 00000000 00:01 9 /memfd:x (deleted)\n";
        assert_eq!(parse_maps(text.as_bytes()), [b"/usr/bin/a b"]);
    }

    #[test]
    fn what_was_read_and_written_is_told_apart_by_who_did_it() {
        let text = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n\
                    cancelled_write_bytes: 7\n";
        let io = Io {
            is_known: true,
            read_bytes: 1,
            written_bytes: 2,
            disk_read_bytes: 5,
            disk_written_bytes: 6,
        };
        assert_eq!(parse_io(text), Some(io));
    }
}
