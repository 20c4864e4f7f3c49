//! How much of the program itself is in memory.
//!
//! Code is read in from its file in parts of 64 KiB, needed or not, and reading the command line takes a
//! megabyte of it that is not used again. It is given back before the work begins; what the work needs of it
//! comes back from the file's cache, at a microsecond a part.

/// Gives the code back that was used so far.
#[cfg(target_os = "linux")]
pub(crate) fn give_back_code() {
    use rustix::mm::{Advice, madvise};

    // Where the system does not tell, all stays.
    for (start, len) in code(&std::fs::read_to_string("/proc/self/maps").unwrap_or_default()) {
        let start = std::ptr::with_exposed_provenance_mut(start);
        // SAFETY: these pages can be executed and not written to, and were not since they were read: what
        // is read from the file once more is the same.
        let _ = unsafe { madvise(start, len, Advice::LinuxDontNeed) };
    }
}

/// Elsewhere the system sees to it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn give_back_code() {}

/// Where code that was read from files lies, and how long it is.
#[cfg(target_os = "linux")]
fn code(maps: &str) -> Vec<(usize, usize)> {
    let region = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let is_code = fields.next()? == "r-xp";
        let is_file = fields.nth(3)?.starts_with('/');
        let (start, end) =
            (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
        (is_code && is_file).then_some((start, end.checked_sub(start)?))
    };
    maps.lines().filter_map(region).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::code;

    #[test]
    fn only_code_from_files_is_given_back() {
        let maps = "\
00400000-00459000 r--p 00000000 08:01 42 /usr/bin/sigma
00459000-00686000 r-xp 00058000 08:01 42 /usr/bin/sigma
00686000-0068d000 r--p 00284000 08:01 42 /usr/bin/sigma
0068d000-0068f000 rw-p 0028a000 08:01 42 /usr/bin/sigma
7ffd1000-7ffd3000 r-xp 00000000 00:00 0 [vdso]
7f001000-7f002000 rwxp 00000000 08:01 43 /usr/lib/libodd.so
7f002000-7f004000 r-xp 00000000 00:00 0
a line of another kind
";
        assert_eq!(code(maps), [(0x0045_9000, 0x0022_d000)]);
    }
}
