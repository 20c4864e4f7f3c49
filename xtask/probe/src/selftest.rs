//! The probe as its own child: an empty one (the floor) and one that touches a known amount.

use std::ptr;

use libc::c_int;

use crate::{FAILURE, SUCCESS, fail};

/// Touches exactly `bytes` of fresh anonymous memory and ends. With 0 it is the floor: it goes the
/// same way, so that the two differ in nothing but the touched pages.
pub(crate) fn touch(bytes: usize) -> c_int {
    match touch_pages(bytes, false) {
        Ok(()) => SUCCESS,
        Err(error) => fail(FAILURE, &format!("cannot touch {bytes} bytes: {error}")),
    }
}

/// Touches `bytes` and gives them back, so that the peak is over when it ends.
pub(crate) fn spike(bytes: usize) -> c_int {
    match touch_pages(bytes, true) {
        Ok(()) => SUCCESS,
        Err(error) => fail(FAILURE, &format!("cannot touch {bytes} bytes: {error}")),
    }
}

/// Touches `bytes` and stays until it is killed.
pub(crate) fn hold(bytes: usize) -> c_int {
    let touched = touch(bytes);
    if touched == SUCCESS {
        loop {
            // SAFETY: `pause` takes nothing; it returns only behind a signal handler, of which
            // there are none.
            unsafe { libc::pause() };
        }
    }
    touched
}

fn touch_pages(bytes: usize, give_back: bool) -> std::io::Result<()> {
    // SAFETY: a new private mapping at an address of the kernel's choice. Without huge pages, which
    // would make more resident than was touched. Each write lies below `bytes`, and nothing uses
    // what was given back.
    unsafe {
        let (access, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let page_bytes = libc::sysconf(libc::_SC_PAGESIZE) as usize;
        let mapped_bytes = bytes.max(page_bytes);
        let start = libc::mmap(ptr::null_mut(), mapped_bytes, access, kind, -1, 0);
        if start == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        libc::madvise(start, mapped_bytes, libc::MADV_NOHUGEPAGE);
        for offset in (0..bytes).step_by(page_bytes) {
            start.cast::<u8>().add(offset).write_volatile(1);
        }
        if give_back {
            libc::munmap(start, mapped_bytes);
        }
    }
    Ok(())
}
