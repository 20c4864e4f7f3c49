//! To be told before memory is given back, so that no peak of anonymous memory is missed: a filter on
//! system calls that stops the program at those which shrink its memory, and at no others.
//!
//! The peak of what is resident is kept by the kernel; that of its anonymous part is not. But it can
//! only fall by `munmap`, `brk`, `mremap`, `madvise` or an exec; what is seen before each of these, and
//! at the exit, holds the peak. It costs two switches for each such call, so it is done only if asked.

use std::io;

use libc::{c_long, sock_filter};

/// Less than this given back by one call is passed over.
const PIECE_BYTES: u32 = 64 << 10;

// Offsets in the kernel's `struct seccomp_data`; the low half of an argument comes first.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const fn argument(index: u32) -> u32 {
    16 + 8 * index + if cfg!(target_endian = "big") { 4 } else { 0 }
}
const fn high_half(index: u32) -> u32 {
    argument(index) ^ 4
}

/// The numbers of system calls differ between architectures; for others there is no filter.
#[cfg(target_arch = "x86_64")]
const OURS: Option<u32> = Some(0xc000_003e);
#[cfg(target_arch = "aarch64")]
const OURS: Option<u32> = Some(0xc000_00b7);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const OURS: Option<u32> = None;

/// The filter, made before the fork.
pub(crate) struct Filter(Vec<sock_filter>);

impl Filter {
    pub(crate) fn new() -> io::Result<Self> {
        let ours = OURS.ok_or(io::ErrorKind::Unsupported)?;
        // Every call of a length stops, or is looked at closer, by a block of its own.
        let mut program = vec![load(ARCHITECTURE), if_equal(ours, 1, 0), allow(), load(NUMBER)];
        for (call, length) in [
            (libc::SYS_munmap, Some(1)),
            (libc::SYS_madvise, Some(1)),
            (libc::SYS_mremap, Some(1)),
            (libc::SYS_brk, None),
            (libc::SYS_execve, None),
            (libc::SYS_execveat, None),
        ] {
            program.extend(block(call, length));
        }
        program.push(allow());
        Ok(Self(program))
    }

    /// Puts the filter on this process and all it will start. Async-signal-safe.
    pub(crate) fn apply(&self) -> io::Result<()> {
        let filter = self.0.as_ptr().cast_mut();
        let program = libc::sock_fprog { len: self.0.len() as u16, filter };
        // SAFETY: numbers, then a program that lives through the call; the kernel only reads it.
        let set = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
        };
        if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// Stops at one call, where the length that it is given is no small one. The number is loaded, and
/// stays so for the next block.
fn block(call: c_long, length: Option<u32>) -> Vec<sock_filter> {
    let inside = match length {
        None => vec![trace()],
        Some(index) => vec![
            load(high_half(index)),
            if_equal(0, 0, 2),
            load(argument(index)),
            if_less(PIECE_BYTES, 1, 0),
            trace(),
            allow(),
        ],
    };
    let mut block = vec![if_equal(call as u32, 0, inside.len() as u8)];
    block.extend(inside);
    block
}

fn load(offset: u32) -> sock_filter {
    step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset)
}

/// Skips so many steps if what is loaded is `value`, and so many if not.
fn if_equal(value: u32, yes: u8, no: u8) -> sock_filter {
    step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, yes, no, value)
}

fn if_less(value: u32, yes: u8, no: u8) -> sock_filter {
    // There is only "at least".
    step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, no, yes, value)
}

fn allow() -> sock_filter {
    step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW)
}

fn trace() -> sock_filter {
    step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_TRACE)
}

fn step(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}
