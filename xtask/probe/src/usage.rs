//! What processes used: figures that add up over a tree.

use libc::{rusage, timeval};

/// What one process used, or several together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) user_us: u64,
    pub(crate) system_us: u64,
    pub(crate) minor_faults: u64,
    pub(crate) major_faults: u64,
    pub(crate) voluntary_switches: u64,
    pub(crate) involuntary_switches: u64,
    pub(crate) io: Io,
}

/// What `/proc/PID/io` tells at the exit of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Io {
    /// Whether anything was told.
    pub(crate) is_known: bool,
    /// `rchar` and `wchar`: by system calls, whatever from and to.
    pub(crate) read_bytes: u64,
    pub(crate) written_bytes: u64,
    /// `read_bytes` and `write_bytes`: what disks gave, and will be given.
    pub(crate) disk_read_bytes: u64,
    pub(crate) disk_written_bytes: u64,
}

impl Usage {
    pub(crate) fn new(usage: &rusage, io: Option<Io>) -> Self {
        Self {
            user_us: microseconds(usage.ru_utime),
            system_us: microseconds(usage.ru_stime),
            minor_faults: usage.ru_minflt as u64,
            major_faults: usage.ru_majflt as u64,
            voluntary_switches: usage.ru_nvcsw as u64,
            involuntary_switches: usage.ru_nivcsw as u64,
            io: io.unwrap_or_default(),
        }
    }

    /// Adds a part, or all, of what another used.
    pub(crate) fn add(&mut self, other: Self, part: f64) {
        let add = |to: &mut u64, more: u64| *to += (more as f64 * part).round() as u64;
        add(&mut self.user_us, other.user_us);
        add(&mut self.system_us, other.system_us);
        add(&mut self.minor_faults, other.minor_faults);
        add(&mut self.major_faults, other.major_faults);
        add(&mut self.voluntary_switches, other.voluntary_switches);
        add(&mut self.involuntary_switches, other.involuntary_switches);
        add(&mut self.io.read_bytes, other.io.read_bytes);
        add(&mut self.io.written_bytes, other.io.written_bytes);
        add(&mut self.io.disk_read_bytes, other.io.disk_read_bytes);
        add(&mut self.io.disk_written_bytes, other.io.disk_written_bytes);
        self.io.is_known |= other.io.is_known;
    }
}

fn microseconds(time: timeval) -> u64 {
    time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64
}
