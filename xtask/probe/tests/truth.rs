//! The reported peak is the truth: children that touch a known amount, from parents of any size.
//!
//! The truth is what the child touched plus its own floor, which is the peak of the same program
//! touching nothing. One process and one test, because the size of this process is the point.

mod common;

use std::fs;
use std::ptr;

use common::{Call, PROBE, first_cpu, uncounted_bytes, unsigned};

/// Decimal, so that no size is a multiple of the kernel's counting batch, which would hide its error.
const MEGABYTE: u64 = 1_000_000;
const PARENT_BYTES: usize = 300 << 20;

/// 64 KiB plus 0.2 %.
fn allowed(truth: u64) -> u64 {
    (64 << 10) + truth / 500
}

#[test]
fn the_peak_is_the_truth_whatever_the_size_of_the_parent() {
    let _ten = Held::new(10 << 20);
    let (cpu, now) = (first_cpu(), memory("VmHWM:"));
    assert!((10 << 20..64 << 20).contains(&now), "this parent should be small, not {now} bytes");
    check("parent of 10 MB", cpu);

    let held = Held::new(PARENT_BYTES);
    assert!(memory("VmRSS:") > PARENT_BYTES as u64);
    check("parent holds 300 MB", cpu);

    drop(held);
    assert!(memory("VmRSS:") < PARENT_BYTES as u64 && memory("VmHWM:") > PARENT_BYTES as u64);
    check("parent held 300 MB", cpu);
}

fn check(parent: &str, cpu: u64) {
    for (starting, forked) in [("spawned", false), ("forked", true)] {
        let floor = peaks(cpu, 0, forked);
        println!("{parent}, probe {starting}: floor {floor:?}");
        for megabytes in [1, 64, 1024].into_iter().filter(|&megabytes| fits(megabytes)) {
            let peak = peaks(cpu, megabytes * MEGABYTE, forked);
            let touched = (megabytes * MEGABYTE).next_multiple_of(4096);
            let error = |(peak, floor): (u64, u64)| peak as i64 - (floor + touched) as i64;
            let (hwm_error, max_error) = (error((peak.0, floor.0)), error((peak.1, floor.1)));
            println!("  {megabytes} MB: vm_hwm {hwm_error:+} B, max_rss {max_error:+} B");
            // Kernels before 6.2 do not hold `VmHWM` up to date: what it lacks of the floor shows in what is above.
            let late = floor.1.saturating_sub(floor.0);
            assert!(hwm_error.unsigned_abs() <= allowed(touched) + late);
            assert!(max_error.unsigned_abs() <= allowed(touched) + uncounted_bytes());
        }
    }
}

/// `vm_hwm` and `max_rss` of a child that touches `bytes`.
fn peaks(cpu: u64, bytes: u64, forked: bool) -> (u64, u64) {
    let line = format!("--fixed-addresses --cpu {cpu} -- {PROBE} --self-test-touch {bytes}");
    let mut call = Call::new(&line);
    if forked {
        // With something to do between fork and exec, std forks instead of spawning.
        call = call.prepared(|| Ok(()));
    }
    let record = call.record();
    assert_eq!(record["exit_code"], 0, "{record}");
    (unsigned(&record, "vm_hwm_bytes"), unsigned(&record, "max_rss_bytes"))
}

fn fits(megabytes: u64) -> bool {
    let text = fs::read_to_string("/proc/meminfo").expect("/proc/meminfo");
    let available = field(&text, "MemAvailable:").min(allowed_by_group());
    let fits = available > (megabytes + 256 + PARENT_BYTES as u64 / MEGABYTE) * MEGABYTE;
    if !fits {
        println!("  {megabytes} MB: not tried, too little memory is available");
    }
    fits
}

/// What our control group allows, of either version.
fn allowed_by_group() -> u64 {
    let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    limits.filter_map(|text| text.trim().parse().ok()).min().unwrap_or(u64::MAX)
}

fn memory(name: &str) -> u64 {
    field(&fs::read_to_string("/proc/self/status").expect("/proc"), name)
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
    line.split_whitespace().next().expect("a value").parse::<u64>().expect("a number") * 1024
}

/// Touched memory, given back to the kernel when dropped.
struct Held(*mut libc::c_void, usize);

impl Held {
    fn new(bytes: usize) -> Self {
        // SAFETY: a fresh private mapping, written within its bounds.
        unsafe {
            let (access, kind) =
                (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            let start = libc::mmap(ptr::null_mut(), bytes, access, kind, -1, 0);
            assert_ne!(start, libc::MAP_FAILED);
            start.cast::<u8>().write_bytes(1, bytes);
            Self(start, bytes)
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: the mapping made above, not used any more.
        unsafe { libc::munmap(self.0, self.1) };
    }
}
