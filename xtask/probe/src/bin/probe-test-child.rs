//! Children that misbehave in ways a shell cannot, for the probe's tests. No part of the probe.

use std::ffi::CString;
use std::fs;
use std::io::{Read, Write};
use std::process::exit;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc;
use std::thread;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["main-thread-ends-first", bytes] => main_thread_ends_first(number(bytes)),
        ["many-threads", count] => many_threads(number(count)),
        ["many-threads-for-ever", count] => {
            many_threads(number(count));
            sleep_for_ever();
        }
        ["exit-in-a-thread", code] => exit_in_a_thread(number(code) as i32),
        ["exec-in-a-thread", program] => exec_in_a_thread(program),
        ["touch-and-free", bytes] => touch_and_free(number(bytes)),
        ["leave-a-clone", bytes] => leave_a_clone(number(bytes)),
        ["signal-itself", count] => signal_itself(number(count) as i32),
        ["signal-itself-for-ever", threads] => {
            for _ in 1..number(threads) {
                thread::spawn(|| signal_itself(i32::MAX));
            }
            signal_itself(i32::MAX);
        }
        ["be-stopped-and-continued"] => be_stopped_and_continued(),
        _ => panic!("unknown test child {args:?}"),
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// The peak is reached when the main thread is long gone.
fn main_thread_ends_first(bytes: usize) {
    // SAFETY: the thread's own handle.
    let main = unsafe { libc::pthread_self() };
    thread::spawn(move || {
        // SAFETY: the main thread is joined once, here, and is not detached.
        assert_eq!(unsafe { libc::pthread_join(main, std::ptr::null_mut()) }, 0);
        touch(bytes);
        exit(0);
    });
    // SAFETY: ends this thread alone; nothing of it is used by the other.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
}

/// Ends while `count` threads live; each was seen alive.
fn many_threads(count: usize) {
    let (alive, seen) = mpsc::channel();
    for _ in 0..count {
        let alive = alive.clone();
        thread::spawn(move || {
            alive.send(()).expect("somebody counts");
            sleep_for_ever();
        });
    }
    assert_eq!(seen.iter().take(count).count(), count);
}

fn exit_in_a_thread(code: i32) {
    thread::spawn(move || exit(code));
    sleep_for_ever();
}

/// The thread takes over the process, number and all; the main thread ends without a status.
fn exec_in_a_thread(program: &str) {
    let program = CString::new(program).expect("no NUL");
    thread::spawn(move || {
        let arguments = [program.as_ptr(), std::ptr::null()];
        // SAFETY: a C string, a null-terminated list, and an empty one.
        unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), arguments[1..].as_ptr()) };
        exit(1);
    });
    sleep_for_ever();
}

/// A peak that is over when the child ends.
fn touch_and_free(bytes: usize) {
    // SAFETY: a fresh private mapping, written within its bounds and then unmapped, once.
    unsafe {
        let start = map(bytes);
        libc::munmap(start.cast(), bytes);
    }
}

/// Leaves behind a process that tells nobody of its end, once that has touched `bytes`.
fn leave_a_clone(bytes: usize) {
    let (mut ready, mut is_ready) = std::io::pipe().map(|(r, w)| (w, r)).expect("a pipe");
    // SAFETY: with neither flags nor signal `clone` is `fork`; this process has one thread.
    if unsafe { libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) } == 0 {
        touch(bytes);
        ready.write_all(&[1]).expect("somebody waits");
        sleep_for_ever();
    }
    is_ready.read_exact(&mut [0]).expect("the clone is ready");
    exit(8);
}

/// Handles `count` signals sent to itself and ends with 0 if all of them came.
fn signal_itself(count: i32) {
    static HANDLED: AtomicI32 = AtomicI32::new(0);
    extern "C" fn handle(_: i32) {
        HANDLED.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handler only adds to an atomic; `raise` returns when it has run.
    unsafe {
        libc::signal(libc::SIGUSR1, handle as *const () as usize);
        for _ in 0..count {
            libc::raise(libc::SIGUSR1);
        }
    }
    exit((HANDLED.load(Ordering::Relaxed) != count).into());
}

/// A process of its own stops this one and lets it go on; ends with 7.
fn be_stopped_and_continued() {
    let parent = std::process::id() as i32;
    // SAFETY: one thread; the forked process only sends signals and reads a file.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: numbers only.
            unsafe { libc::kill(parent, libc::SIGSTOP) };
            while !is_stopped(parent) {
                thread::yield_now();
            }
            // SAFETY: numbers only.
            unsafe { libc::kill(parent, libc::SIGCONT) };
        }
        helper => {
            // SAFETY: no status is asked for.
            unsafe { libc::waitpid(helper, std::ptr::null_mut(), 0) };
            exit(7);
        }
    }
}

fn is_stopped(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the parent lives");
    status.contains("\nState:\tT") || status.contains("\nState:\tt")
}

fn touch(bytes: usize) {
    // SAFETY: a fresh private mapping that nobody else uses.
    unsafe { map(bytes) };
}

/// Maps and touches `bytes`, without huge pages.
unsafe fn map(bytes: usize) -> *mut u8 {
    // SAFETY: a mapping at an address of the kernel's choice, written within its bounds.
    unsafe {
        let (access, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let start = libc::mmap(std::ptr::null_mut(), bytes, access, kind, -1, 0);
        assert_ne!(start, libc::MAP_FAILED);
        libc::madvise(start, bytes, libc::MADV_NOHUGEPAGE);
        for offset in (0..bytes).step_by(4096) {
            start.cast::<u8>().add(offset).write_volatile(1);
        }
        start.cast()
    }
}

fn sleep_for_ever() -> ! {
    loop {
        thread::park();
    }
}
