//! The child starts as declared, and with nothing else; the record goes where it should; a machine
//! that refuses a system call is told of and measured on all the same.

mod common;

use std::fs;
use std::io;
use std::process::Command;

use common::{CHILD, Call, PROBE, output_of, program, run, unsigned};
use serde_json::Value;

#[test]
fn the_environment_is_the_declared_one_and_no_more() {
    let path = common::fresh_path("environment");
    let mut command = Command::new(PROBE);
    command.env("LEAK", "1").arg("--stdout").arg(&path);
    let status = command.args(["--env", "A=b=c", "--env", "D=", "--", "/usr/bin/env"]).output();
    assert!(status.expect("the probe starts").status.success());
    assert_eq!(fs::read_to_string(&path).expect("the file"), "A=b=c\nD=\n");
    fs::remove_file(path).expect("it can go");
}

#[test]
fn a_program_is_found_by_the_declared_path_alone() {
    let output = Command::new(PROBE).args(["--", "true"]).output().expect("the probe starts");
    let record: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(record["outcome"], "not_started");
    assert!(record["error"].as_str().expect("a reason").contains("no `PATH` is declared"));
    assert_eq!(run("-- true")["exit_code"], 0);
}

#[test]
fn the_child_starts_in_the_declared_directory() {
    assert_eq!(output_of("--cwd /usr", "readlink /proc/self/cwd"), "/usr\n");
}

#[test]
fn the_streams_are_the_declared_files() {
    let (input, output) = (common::fresh_path("input"), common::fresh_path("truncated"));
    fs::write(&input, "one\ntwo\n").expect("it can be written");
    fs::write(&output, "a longer text that was there before").expect("it can be written");
    let files = format!("--stdin {} --stderr {}", input.display(), output.display());
    assert_eq!(Call::shell(&files, "cat >&2").record()["exit_code"], 0);
    assert_eq!(fs::read_to_string(&output).expect("the file"), "one\ntwo\n");
    assert_eq!(output_of("", "wc -c"), "0\n");
    for path in [input, output] {
        fs::remove_file(path).expect("it can go");
    }
}

#[test]
fn addresses_are_fixed_and_the_cpu_is_the_declared_one() {
    assert_eq!(fixed_bit(&output_of("--fixed-addresses", "cat /proc/self/personality")), 0x40000);
    let own = fs::read_to_string("/proc/self/personality").expect("/proc");
    assert_eq!(output_of("", "cat /proc/self/personality"), own);
    let cpu = common::first_cpu();
    let pinned = output_of(&format!("--cpu {cpu}"), "grep Cpus_allowed_list /proc/self/status");
    assert_eq!(pinned, format!("Cpus_allowed_list:\t{cpu}\n"));
}

/// The bit of a personality by which addresses are fixed.
fn fixed_bit(personality: &str) -> u32 {
    u32::from_str_radix(personality.trim(), 16).expect("a number") & 0x40000
}

#[test]
fn no_signal_is_blocked_or_ignored_whatever_the_probe_was_given() {
    let path = common::fresh_path("signals");
    let line = format!("--stdout {} -- grep -E SigBlk|SigIgn /proc/self/status", path.display());
    let record = Call::new(&line)
        .prepared(|| {
            ignore_and_block();
            Ok(())
        })
        .record();
    assert_eq!(record["exit_code"], 0);
    let none = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n";
    assert_eq!(fs::read_to_string(&path).expect("the file"), none);
    fs::remove_file(path).expect("it can go");
}

fn ignore_and_block() {
    // SAFETY: async-signal-safe calls; an all-zero set is an empty one.
    unsafe {
        for signal in [libc::SIGCHLD, libc::SIGTERM, libc::SIGHUP, libc::SIGUSR1] {
            libc::signal(signal, libc::SIG_IGN);
        }
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGUSR2);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
}

#[test]
fn no_open_file_of_the_probes_starter_reaches_the_child() {
    let path = common::fresh_path("descriptors");
    let line = format!("--stdout {} -- ls /proc/self/fd", path.display());
    let record = Call::new(&line).prepared(leak_descriptor_nine).record();
    assert_eq!(record["exit_code"], 0);
    // 3 is the directory that `ls` reads.
    assert_eq!(fs::read_to_string(&path).expect("the file"), "0\n1\n2\n3\n");
    fs::remove_file(path).expect("it can go");
}

fn leak_descriptor_nine() -> io::Result<()> {
    // SAFETY: numbers only.
    match unsafe { libc::dup2(0, 9) } {
        9 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[test]
fn the_record_goes_to_the_declared_file() {
    let path = common::fresh_path("record");
    let output = Command::new(PROBE).arg("--record").arg(&path).args(["--", "/bin/true"]).output();
    assert!(output.expect("the probe starts").stdout.is_empty());
    let text = fs::read_to_string(&path).expect("the record");
    assert!(text.ends_with("}\n") && text.lines().count() == 1);
    fs::remove_file(path).expect("it can go");
}

#[test]
fn a_probe_started_with_closed_streams_gives_its_child_open_ones() {
    let (record, output) = (common::fresh_path("record"), common::fresh_path("output"));
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "exec \"$@\" <&- >&- 2>&-", "sh", PROBE, "--record"]).arg(&record);
    shell.arg("--stdout").arg(&output).args(["--", "/bin/ls", "/proc/self/fd"]);
    assert!(shell.status().expect("the shell starts").success());
    assert_eq!(fs::read_to_string(&output).expect("the file"), "0\n1\n2\n3\n");
    assert!(fs::read_to_string(&record).expect("the record").contains("\"exit_code\":0"));
    for path in [record, output] {
        fs::remove_file(path).expect("it can go");
    }
}

#[test]
fn a_wrong_command_line_is_one_line_and_exit_code_2() {
    for line in ["", "--", "--cpu x -- true", "--frobnicate -- true", "--record /nowhere/r -- true"]
    {
        let output = Command::new(PROBE).args(line.split_whitespace()).output();
        let output = output.expect("the probe starts");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{line}");
        let complaint = common::text(output.stderr);
        assert!(complaint.starts_with("probe: ") && complaint.lines().count() == 1, "{complaint}");
    }
}

#[test]
fn an_impossible_cpu_is_listed_and_measuring_goes_on() {
    for cpu in [1023, 100_000] {
        let record = run(&format!("--cpu {cpu} -- true"));
        assert_eq!(record["exit_code"], 0);
        assert!(refused(&record, "sched_setaffinity"), "{record}");
    }
}

#[test]
fn instructions_are_counted_or_said_to_be_refused() {
    let record = run("-- true");
    match record["instructions"].as_u64() {
        Some(count) => assert!(count > 1000 && !refused(&record, "perf_event_open"), "{record}"),
        None => assert!(refused(&record, "perf_event_open"), "{record}"),
    }
}

#[test]
fn a_machine_that_refuses_everything_still_measures() {
    let line = format!("--fixed-addresses --cpu 0 -- {CHILD} many-threads 4");
    let record = Call::new(&line).prepared(refuse_everything).record();
    assert_eq!(record["exit_code"], 0, "{record}");
    for call in ["ptrace", "personality", "sched_setaffinity", "perf_event_open"] {
        assert!(refused(&record, call), "`{call}` in {record}");
    }
    for reason in record["refused_because"].as_array().expect("a list") {
        assert_eq!(reason, "Operation not permitted (os error 1)");
    }
    for key in ["vm_hwm_bytes", "rss_at_exit_bytes", "instructions"] {
        assert_eq!(record[key], Value::Null);
    }
    assert!(unsigned(&record, "max_rss_bytes") > 1 << 20);
}

/// What would be read in a `/proc` that is not there is unknown, and a limit that cannot be kept is not
/// taken on.
#[test]
fn where_proc_is_hidden_what_it_would_tell_is_unknown_and_never_a_guess() {
    let threads = format!("-- {} 4 10000000", program("threads"));
    let mut call = Call::new(&threads).prepared(common::hide_proc);
    let output = match call.command.output() {
        Ok(output) => output,
        Err(error) => {
            println!("nothing may be mounted here ({error}): not tried");
            return;
        }
    };
    let record: Value = serde_json::from_slice(&output.stdout).expect("a record");
    assert_eq!((&record["exit_code"], refused(&record, "/proc")), (&0.into(), true), "{record}");
    assert!(unsigned(&record, "max_rss_bytes") > 40_000_000, "{record}");
    assert!(unsigned(&record, "minor_faults") > 9_000, "{record}");
    for key in [
        "vm_hwm_bytes",
        "peak_anon_bytes",
        "peak_tree_low_bytes",
        "peak_tree_high_bytes",
        "rss_at_exit_bytes",
        "processes",
        "threads_max",
        "left_behind",
        "read_bytes",
    ] {
        assert_eq!(record[key], Value::Null, "{key}: {record}");
    }
    let mut limited = Call::new(&format!("--memory-limit 20000000 {threads}"));
    limited = limited.prepared(common::hide_proc);
    let output = limited.command.output().expect("the probe starts");
    let record: Value = serde_json::from_slice(&output.stdout).expect("a record");
    assert_eq!(record["outcome"], "not_started", "{record}");
    let why = record["error"].as_str().expect("a reason");
    assert!(why.starts_with("cannot keep a memory limit: `/proc`"), "{why}");
}

/// What `/proc` says there is of others that have the same numbers.
#[test]
fn where_proc_is_of_other_processes_nothing_is_read_of_it() {
    let mut unshare = Command::new("unshare");
    unshare.args(["--fork", "--pid", PROBE, "--", &program("workers"), "2", "1000000", "together"]);
    let Some(output) = unshare.output().ok().filter(|output| output.status.success()) else {
        println!("`unshare` is not installed, or may not: not tried");
        return;
    };
    let record: Value = serde_json::from_slice(&output.stdout).expect("a record");
    assert_eq!((&record["exit_code"], refused(&record, "/proc")), (&0.into(), true), "{record}");
    for key in ["vm_hwm_bytes", "peak_anon_bytes", "peak_tree_low_bytes", "processes", "read_bytes"]
    {
        assert_eq!(record[key], Value::Null, "{key}: {record}");
    }
}

#[test]
fn limits_hold_without_ptrace() {
    let hold = format!("--memory-limit 33554432 -- {PROBE} --self-test-hold 100000000");
    let record = Call::new(&hold).prepared(refuse_everything).record();
    assert_eq!(record["stopped_for"], "memory_limit", "{record}");
    let record = Call::new("--timeout-ms 50 -- sleep 1000").prepared(refuse_everything).record();
    assert_eq!(record["stopped_for"], "timeout", "{record}");
}

#[test]
fn files_that_are_mapped_are_named_also_those_loaded_on_the_way() {
    let (path, library) = (common::fresh_path("mapped"), common::library("asleep"));
    let line = format!("--mapped {} -- {} {library}", path.display(), program("late"));
    let record = run(&line);
    assert_eq!(record["exit_code"], 0, "{record}");
    let list = fs::read_to_string(&path).expect("the list");
    fs::remove_file(path).expect("it can go");
    for part in ["libc.so", &library, &program("late")] {
        assert!(list.lines().any(|line| line.contains(part)), "{part}: {list}");
    }
    assert!(list.lines().all(|line| line.starts_with('/')), "{list}");
}

fn refused(record: &Value, call: &str) -> bool {
    record["refused"].as_array().expect("a list").iter().any(|name| name == call)
}

/// The system calls that the probe can do without.
fn refuse_everything() -> io::Result<()> {
    common::refuse(&[
        libc::SYS_ptrace,
        libc::SYS_personality,
        libc::SYS_sched_setaffinity,
        libc::SYS_perf_event_open,
    ])
}

#[test]
fn a_timeline_is_looked_at_in_the_order_of_time_until_the_exit() {
    let path = common::fresh_path("timeline");
    let line = format!(
        "--timeline {} --timeline-us 500 -- {PROBE} --self-test-touch 67108864",
        path.display()
    );
    let record = run(&line);
    let text = fs::read_to_string(&path).expect("the file");
    fs::remove_file(path).expect("it can go");
    let look = |line: &str| {
        let (at, bytes) = line.split_once(' ').expect("two numbers");
        (at.parse().expect("nanoseconds"), bytes.parse().expect("bytes"))
    };
    let looks: Vec<(u64, u64)> = text.lines().map(look).collect();
    assert!(looks.is_sorted_by_key(|(at, _)| *at), "{text}");
    let peak = unsigned(&record, "max_rss_bytes").max(unsigned(&record, "vm_hwm_bytes"));
    assert!(looks.iter().all(|(_, bytes)| *bytes <= peak + (1 << 20)), "{text}");
    assert_eq!(looks.last().expect("the exit").1, unsigned(&record, "rss_at_exit_bytes"));
}
