//! The probe agrees with others: with GNU time, and with itself where `ptrace` shows more.

mod common;

use std::process::Command;

use common::{CHILD, PROBE, run, uncounted_bytes, unsigned};

/// What the kernel's counters on two CPUs and layout noise leave open between two runs.
fn noise_bytes() -> u64 {
    2 * uncounted_bytes()
}

const TOUCHED_BYTES: u64 = 64 << 20;

#[test]
fn gnu_time_reads_the_same_peak() {
    let touch = format!("{PROBE} --self-test-touch {TOUCHED_BYTES}");
    let Some(theirs) = gnu_time_max_rss_bytes(&touch) else {
        println!("GNU time is not installed: not compared");
        return;
    };
    let ours = unsigned(&run(&format!("-- {touch}")), "max_rss_bytes");
    println!("GNU time {theirs} B, probe {ours} B");
    assert!(ours.abs_diff(theirs) <= noise_bytes());
}

fn gnu_time_max_rss_bytes(child: &str) -> Option<u64> {
    let mut time = Command::new("/usr/bin/time");
    let output = time.args(["-f", "%M"]).args(child.split(' ')).output().ok()?;
    let kilobytes: u64 = common::text(output.stderr).trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[test]
fn a_peak_that_is_over_at_the_exit_is_still_reported() {
    let record = run(&format!("-- {CHILD} touch-and-free {TOUCHED_BYTES}"));
    println!("{record}");
    assert!(unsigned(&record, "vm_hwm_bytes") + noise_bytes() > TOUCHED_BYTES);
    assert!(unsigned(&record, "max_rss_bytes") + noise_bytes() > TOUCHED_BYTES);
    assert!(unsigned(&record, "rss_at_exit_bytes") < TOUCHED_BYTES / 8);
}

#[test]
fn a_peak_reached_when_the_main_thread_is_gone_is_still_reported() {
    let record = run(&format!("-- {CHILD} main-thread-ends-first {TOUCHED_BYTES}"));
    assert_eq!(record["exit_code"], 0, "{record}");
    assert!(unsigned(&record, "vm_hwm_bytes") > TOUCHED_BYTES, "{record}");
    assert!(unsigned(&record, "rss_at_exit_bytes") > TOUCHED_BYTES, "{record}");
}

#[test]
fn the_peak_is_that_of_the_largest_process() {
    let script = format!("{PROBE} --self-test-touch {TOUCHED_BYTES}; :");
    let record = common::Call::shell("", &script).record();
    assert!(unsigned(&record, "max_rss_bytes") + noise_bytes() > TOUCHED_BYTES, "{record}");
    assert!(unsigned(&record, "vm_hwm_bytes") + noise_bytes() > TOUCHED_BYTES, "{record}");
    assert!(unsigned(&record, "rss_at_exit_bytes") < TOUCHED_BYTES / 8, "{record}");
}
