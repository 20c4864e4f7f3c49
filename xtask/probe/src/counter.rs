//! Retired user instructions of the child and all it starts, counted by the processor.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::FromRawFd;

use libc::pid_t;

const TYPE_HARDWARE: u32 = 0;
const HARDWARE_INSTRUCTIONS: u64 = 1;
const FLAG_FD_CLOEXEC: libc::c_ulong = 8;

/// Time the event was wanted, and time it was on the processor: both are read with the count.
const READ_ENABLED_AND_RUNNING: u64 = 1 | 2;

// Bits of `perf_event_attr`, in the order of its bit field.
const DISABLED: u64 = 1;
const INHERIT: u64 = 1 << 1;
const EXCLUDE_KERNEL: u64 = 1 << 5;
const EXCLUDE_HYPERVISOR: u64 = 1 << 6;
const ENABLE_ON_EXEC: u64 = 1 << 12;

/// `struct perf_event_attr` in its first version, which every kernel takes.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint_type: u32,
    breakpoint_address: u64,
}

const _: () = assert!(size_of::<Attributes>() == 64);

/// A counter that starts with the child's `execve`.
pub(crate) struct Counter(File);

impl Counter {
    /// Asks for the counter; virtual machines and `perf_event_paranoid` often refuse.
    ///
    /// User space only: what an ordinary user may count, and the same on a patched kernel.
    pub(crate) fn open(pid: pid_t) -> io::Result<Self> {
        let attributes = Attributes {
            kind: TYPE_HARDWARE,
            size: size_of::<Attributes>() as u32,
            config: HARDWARE_INSTRUCTIONS,
            read_format: READ_ENABLED_AND_RUNNING,
            flags: DISABLED | INHERIT | EXCLUDE_KERNEL | EXCLUDE_HYPERVISOR | ENABLE_ON_EXEC,
            ..Attributes::default()
        };
        // SAFETY: the kernel reads `size` bytes of `attributes`, which live through the call.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                &raw const attributes,
                pid,
                -1, // any CPU
                -1, // no group
                FLAG_FD_CLOEXEC,
            )
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made and belongs to nobody else.
        Ok(Self(unsafe { File::from_raw_fd(fd as i32) }))
    }

    /// The count, read when the child is dead. `None` where the counter shared the processor with
    /// others: a scaled count is an estimate, not a count.
    pub(crate) fn read(mut self) -> Option<u64> {
        let mut words = [[0; 8]; 3];
        self.0.read_exact(words.as_flattened_mut()).ok()?;
        let [count, enabled, running] = words.map(u64::from_ne_bytes);
        (enabled == running && running > 0).then_some(count)
    }
}
