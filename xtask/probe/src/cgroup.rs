//! A control group (version 2) of the child's own, where one may be made: the kernel then knows the peak
//! of all its processes together, each page counted once, page cache included.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::path::{Path, PathBuf};

/// The group; it goes when dropped, by when all in it must be dead.
#[derive(Debug)]
pub(crate) struct Group {
    folder: PathBuf,
    open: File,
}

impl Group {
    /// A new group below one of `parents`, the first that lets us and that counts memory. `None` without
    /// such a place: version 1, a container, an ordinary user.
    pub(crate) fn new(parents: &[PathBuf], name: &str) -> Option<Self> {
        parents.iter().find_map(|parent| Self::below(parent, name).ok())
    }

    fn below(parent: &Path, name: &str) -> io::Result<Self> {
        // Making a group and removing it costs more than asking first.
        let handed_on = fs::read_to_string(parent.join("cgroup.subtree_control"));
        if handed_on.is_ok_and(|list| !list.split_ascii_whitespace().any(|of| of == "memory")) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let folder = parent.join(name);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        // Removed again if it is of no use.
        let group = Self { open: File::open(&folder)?, folder };
        group.peak_bytes().ok_or(io::ErrorKind::Unsupported)?;
        Ok(group)
    }

    /// The folder's descriptor, by which `clone3` starts a process in it.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.open.as_raw_fd()
    }

    /// Moves a process here, where `clone3` could not start it here.
    pub(crate) fn take(&self, pid: libc::pid_t) -> io::Result<()> {
        fs::write(self.folder.join("cgroup.procs"), pid.to_string())
    }

    /// `memory.peak`.
    pub(crate) fn peak_bytes(&self) -> Option<u64> {
        fs::read_to_string(self.folder.join("memory.peak")).ok()?.trim().parse().ok()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Where groups may be made: below our own, or beside it (a group with processes in it hands no
/// controller on, so beside it is where memory is mostly counted).
pub(crate) fn candidates() -> Vec<PathBuf> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    candidates_in(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"))
}

fn candidates_in(mountinfo: &str, cgroup: &str) -> Vec<PathBuf> {
    let mount = mountinfo.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        after.starts_with("cgroup2 ").then(|| before.split(' ').nth(4))?
    });
    let own = cgroup.lines().find_map(|line| line.strip_prefix("0::/"));
    let (Some(mount), Some(own)) = (mount, own) else { return Vec::new() };
    let own = Path::new(mount).join(own);
    let beside = own.parent().filter(|beside| beside.starts_with(mount)).map(Path::to_owned);
    std::iter::once(own).chain(beside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_looked_for_below_our_own_and_beside_it() {
        let mounts = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
        let found = candidates_in(mounts, "0::/user.slice/session-2.scope\n");
        let root = Path::new("/sys/fs/cgroup/user.slice");
        assert_eq!(found, [root.join("session-2.scope"), root.to_owned()]);
        assert_eq!(candidates_in(mounts, "0::/\n"), [Path::new("/sys/fs/cgroup/")]);
        let v1 = "34 25 0:29 / /sys/fs/cgroup/memory rw shared:16 - cgroup cgroup rw,memory\n";
        assert!(candidates_in(v1, "8:memory:/\n").is_empty());
    }

    #[test]
    fn a_group_that_counts_memory_is_used_and_one_that_does_not_is_removed() {
        let root = std::env::temp_dir().join(format!("probe-cgroup-{}", std::process::id()));
        let (without, with) = (root.join("without"), root.join("with"));
        fs::create_dir_all(&without).unwrap();
        fs::create_dir_all(with.join("g")).unwrap();
        fs::write(with.join("g/memory.peak"), "412000000\n").unwrap();
        // What hands no memory on is not even tried.
        let (refuses, hands_on) = (root.join("refuses"), root.join("hands-on"));
        for (folder, list) in [(&refuses, "cpu io\n"), (&hands_on, "cpu memory\n")] {
            fs::create_dir_all(folder.join("g")).unwrap();
            fs::write(folder.join("g/memory.peak"), "1\n").unwrap();
            fs::write(folder.join("cgroup.subtree_control"), list).unwrap();
        }
        assert!(Group::new(&[refuses], "g").is_none());
        assert!(Group::new(&[hands_on], "g").is_some());
        let group = Group::new(&[root.join("absent"), without.clone(), with.clone()], "g").unwrap();
        group.take(42).unwrap();
        assert_eq!(group.peak_bytes(), Some(412_000_000));
        assert_eq!(fs::read_to_string(with.join("g/cgroup.procs")).unwrap(), "42");
        assert!(!without.join("g").exists());
        assert!(Group::new(&[without], "g").is_none());
        drop(group);
        fs::remove_dir_all(root).unwrap();
    }
}
