//! What a child writes costs neither memory nor disk beyond its bounds, and time in which it stood still
//! is told apart.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};

use common::{Call, Fifo, program, run, unsigned};
use serde_json::Value;

#[test]
fn a_gigabyte_of_complaints_is_kept_to_its_beginning_and_end() {
    let path = common::fresh_path("stderr");
    let line = format!("--stderr {} -- {} 1000000000", path.display(), program("stderr"));
    let record = run(&line);
    let text = fs::read_to_string(&path).expect("what was kept");
    fs::remove_file(path).expect("it can go");
    assert_eq!(
        (&record["exit_code"], unsigned(&record, "stderr_bytes")),
        (&1.into(), 1_000_000_000)
    );
    assert!(text.len() < 132_000, "{} bytes", text.len());
    assert!(text.starts_with("first\n") && text.ends_with("\nlast\n"));
    assert!(text.contains("\n[999868928 bytes left out]\n"));
}

#[test]
fn complaints_of_all_processes_are_kept_also_those_of_the_last_moment() {
    let path = common::fresh_path("stderr");
    let options = format!("--stderr {}", path.display());
    let script = "echo one >&2; (echo two >&2); sh -c 'echo three >&2; kill -9 $$'; echo four >&2";
    Call::shell(&options, script).record();
    let text = fs::read_to_string(&path).expect("what was kept");
    fs::remove_file(path).expect("it can go");
    for word in ["one\n", "two\n", "three\n", "four\n"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn a_child_that_writes_for_ever_is_stopped_at_its_limit() {
    let path = common::fresh_path("endless");
    let limit = "--timeout-ms 60000 --output-limit-bytes 5000000";
    let to_stdout = format!("{limit} --stdout {} -- {}", path.display(), program("endless"));
    let to_file = format!("{limit} --output {0} -- {1} {0}", path.display(), program("endless"));
    for line in [to_stdout, to_file] {
        let record = run(&line);
        assert_eq!(record["stopped_for"], "output_limit", "{record}");
        fs::remove_file(&path).expect("it can go");
    }
}

#[test]
fn output_is_counted_to_the_byte_when_the_child_is_done() {
    let path = common::fresh_path("exact");
    for (limit, stopped) in [(1000, Value::Null), (999, "output_limit".into())] {
        let options = format!("--stdout {} --output-limit-bytes {limit}", path.display());
        let record = Call::shell(&options, "head -c 1000 /dev/zero").record();
        assert_eq!(record["stopped_for"], stopped, "{record}");
    }
    fs::remove_file(path).expect("it can go");
}

#[test]
fn a_folder_of_outputs_counts_as_a_whole() {
    let folder = common::fresh_path("folder");
    let limit = format!("--output {} --output-limit-bytes 1999", folder.display());
    let write = "mkdir -p $D/sub; head -c 1000 /dev/zero | tee $D/a > $D/sub/b";
    let script = write.replace("$D", folder.to_str().expect("text"));
    let record = Call::shell(&limit, &script).record();
    assert_eq!(record["stopped_for"], "output_limit", "{record}");
    fs::remove_dir_all(folder).expect("it can go");
}

/// A device that is always full stands for a disk that is.
#[test]
fn a_disk_that_is_full_is_told_apart_from_a_child_that_fails() {
    let path = common::fresh_path("room");
    let line = format!("--stdout {} -- false", path.display());
    assert_eq!(run(&line)["disk_full"], false);
    fs::remove_file(path).expect("it can go");
    let record = Call::shell("--stderr /dev/full", "echo why >&2; exit 1").record();
    assert_eq!(record["disk_full"], true, "{record}");
}

/// The child says `up`, then runs until it is told to end.
fn waiting(options: &str) -> (Call, Fifo, Fifo) {
    let (output, input) = (Fifo::new(), Fifo::new());
    let options = format!("{options} --stdout {}", output.0.display());
    let script = format!("echo up; read line < {}; exit 7", input.0.display());
    (Call::shell(&options, &script), output, input)
}

fn wait_for_state(pid: u32, wanted: &str) {
    loop {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
        let state = stat.rsplit(')').next().expect("a state").split_whitespace().next();
        if state == Some(wanted) {
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_timeout_does_not_count_the_time_in_which_the_probe_was_stopped() {
    // Longer than the time-out, which is long enough for a busy machine to start a shell.
    const PAUSE_MS: u64 = 4500;
    for signal in [libc::SIGSTOP, libc::SIGTSTP] {
        let (mut call, output, input) = waiting("--timeout-ms 4000");
        let probe = call.command.spawn().expect("the probe starts");
        let send = |signal| {
            // SAFETY: numbers only; the probe is not reaped yet.
            assert_eq!(unsafe { libc::kill(probe.id() as i32, signal) }, 0);
        };
        let mut stream = BufReader::new(output.open());
        stream.read_line(&mut String::new()).expect("the child is up");
        send(signal);
        wait_for_state(probe.id(), "T");
        // The time itself is what is asked about.
        std::thread::sleep(std::time::Duration::from_millis(PAUSE_MS));
        send(libc::SIGCONT);
        fs::write(&input.0, "end\n").expect("the child reads");
        let result = probe.wait_with_output().expect("the probe ends");
        stream.read_to_end(&mut Vec::new()).expect("the child is dead");
        let record: Value = serde_json::from_slice(&result.stdout).expect("a record");
        assert_eq!((&record["stopped_for"], &record["exit_code"]), (&Value::Null, &7.into()));
        assert!(unsigned(&record, "stopped_ns") >= (PAUSE_MS - 100) * 1_000_000, "{record}");
        assert_eq!(call.left_running(), Vec::<String>::new());
    }
}

#[test]
fn a_tree_that_was_stopped_from_outside_says_for_how_long() {
    let (mut call, output, input) = waiting("--timeout-ms 60000");
    let probe = call.command.spawn().expect("the probe starts");
    let mut stream = BufReader::new(output.open());
    stream.read_line(&mut String::new()).expect("the child is up");
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", probe.id()));
    let child: i32 = children.expect("children").trim().parse().expect("one child");
    let send = |signal| {
        // SAFETY: numbers only; the probe has not reaped its child.
        assert_eq!(unsafe { libc::kill(child, signal) }, 0);
    };
    send(libc::SIGSTOP);
    wait_for_state(child as u32, "t");
    // The probe is told a moment later, and has to come to run.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    send(libc::SIGCONT);
    fs::write(&input.0, "end\n").expect("the child reads");
    let result = probe.wait_with_output().expect("the probe ends");
    let record: Value = serde_json::from_slice(&result.stdout).expect("a record");
    assert_eq!(record["exit_code"], 7, "{record}");
    assert!(unsigned(&record, "stopped_ns") >= 500_000_000, "{record}");
}

/// The clock that goes on while a machine sleeps is another's here: nothing else of the probe is.
#[test]
fn a_machine_that_slept_meanwhile_is_told_and_no_timeout_counts_it() {
    let mark = common::fresh_path("slept");
    let line = format!("--timeout-ms 60000 -- touch {}", mark.display());
    let mut call = Call::new(&line);
    call.command.env("LD_PRELOAD", common::library("asleep")).env("ASLEEP", &mark);
    let record = call.record();
    assert_eq!(record["exit_code"], 0, "{record}");
    fs::remove_file(mark).expect("it can go");
    let told = unsigned(&record, "stopped_ns");
    assert!((9_900_000_000..10_100_000_000).contains(&told), "{record}");
}

#[test]
fn a_child_that_is_never_stopped_says_so() {
    assert_eq!(unsigned(&run("-- sleep 0.05"), "stopped_ns"), 0);
}
