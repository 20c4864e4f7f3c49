//! However a child ends, the record says how, and nothing is left running. (`Call::record` looks.)

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::thread;

use common::{CHILD, Call, Fifo, PROBE, run, unsigned};
use serde_json::Value;

fn assert_ended(record: &Value, outcome: &str, code: Option<i32>, stopped_for: Option<&str>) {
    let key = if outcome == "exited" { "exit_code" } else { "signal" };
    assert_eq!(record["outcome"], outcome, "{record}");
    assert_eq!(record[key], code.map_or(Value::Null, Value::from), "{record}");
    assert_eq!(record["stopped_for"], stopped_for.map_or(Value::Null, Value::from), "{record}");
}

#[test]
fn the_exit_code_is_the_childs() {
    for code in [0, 1, 127, 255] {
        let record = Call::shell("", &format!("exit {code}")).record();
        assert_ended(&record, "exited", Some(code), None);
        assert!(unsigned(&record, "wall_ns") > 0 && unsigned(&record, "minor_faults") > 0);
    }
}

#[test]
fn a_child_killed_by_a_signal_says_which() {
    for signal in [libc::SIGSEGV, libc::SIGKILL, libc::SIGTERM, libc::SIGPIPE] {
        let record = Call::shell("", &format!("kill -{signal} $$")).record();
        assert_ended(&record, "signaled", Some(signal), None);
    }
}

#[test]
fn descendants_do_not_outlive_the_child() {
    let fork = "sleep 1000 & (sleep 1000 & sleep 1000) & (trap '' TERM HUP; sleep 1000) &";
    assert_ended(&Call::shell("", &format!("{fork} exit 3")).record(), "exited", Some(3), None);
}

#[test]
fn descendants_in_sessions_of_their_own_do_not_outlive_the_child() {
    // The substitution ends when the session is up and has closed its output.
    let session = "sleep 1000 & setsid sleep 1000 & wait";
    let script = format!("up=$(setsid --fork sh -c 'exec >&-; {session}'); exit 4");
    assert_ended(&Call::shell("", &script).record(), "exited", Some(4), None);
}

#[test]
fn a_clone_that_tells_nobody_of_its_end_does_not_outlive_the_child_and_counts_beside_it() {
    let record = run(&format!("-- {CHILD} leave-a-clone 64000000"));
    assert_ended(&record, "exited", Some(8), None);
    assert_eq!((unsigned(&record, "left_behind"), unsigned(&record, "processes")), (1, 2));
    assert!(unsigned(&record, "vm_hwm_bytes") > 64_000_000, "{record}");
    assert!(unsigned(&record, "rss_at_exit_bytes") < 32_000_000, "{record}");
}

#[test]
fn a_timeout_kills_a_child_that_ignores_sigterm_with_all_it_forked() {
    let script = "trap '' TERM INT HUP; setsid sleep 1000 & sleep 1000 & while :; do wait; done";
    let record = Call::shell("--timeout-ms 50", script).record();
    assert_ended(&record, "signaled", Some(libc::SIGKILL), Some("timeout"));
    assert!(unsigned(&record, "wall_ns") >= 50_000_000, "{record}");
}

#[test]
fn a_timeout_kills_a_stopped_child() {
    let record = Call::shell("--timeout-ms 50", "kill -STOP $$").record();
    assert_ended(&record, "signaled", Some(libc::SIGKILL), Some("timeout"));
}

#[test]
fn a_timeout_kills_a_child_of_many_threads() {
    let record = run(&format!("--timeout-ms 50 -- {CHILD} many-threads-for-ever 16"));
    assert_ended(&record, "signaled", Some(libc::SIGKILL), Some("timeout"));
}

#[test]
fn a_timeout_kills_a_child_that_keeps_the_probe_busy_with_signals() {
    for threads in [1, 4] {
        let record = run(&format!("--timeout-ms 50 -- {CHILD} signal-itself-for-ever {threads}"));
        assert_ended(&record, "signaled", Some(libc::SIGKILL), Some("timeout"));
    }
}

#[test]
fn a_child_that_closes_its_outputs_is_waited_for() {
    let record = Call::shell("", "exec >&- 2>&- <&-; sleep 0; exit 5").record();
    assert_ended(&record, "exited", Some(5), None);
}

#[test]
fn a_gigabyte_of_output_goes_where_it_was_sent() {
    let fifo = Fifo::new();
    let line = format!("--stdout {} -- head -c 1000000000 /dev/zero", fifo.0.display());
    let reader = thread::spawn(move || {
        let mut buffer = vec![0; 1 << 20];
        let mut stream = fifo.open();
        let mut total = 0;
        while let count @ 1.. = stream.read(&mut buffer).expect("the FIFO reads") {
            total += count;
        }
        total
    });
    assert_ended(&run(&line), "exited", Some(0), None);
    assert_eq!(reader.join().expect("the reader ends"), 1_000_000_000);
}

#[test]
fn a_child_over_its_memory_limit_is_killed() {
    let record = run(&format!("--memory-limit 33554432 -- {PROBE} --self-test-hold 100000000"));
    assert_ended(&record, "signaled", Some(libc::SIGKILL), Some("memory_limit"));
    // `ru_maxrss` may lack what the kernel had not added up when it was killed.
    let max_rss_bytes = unsigned(&record, "max_rss_bytes");
    assert!(max_rss_bytes + common::uncounted_bytes() > 33_554_432, "{record}");
}

#[test]
fn a_child_that_was_over_its_memory_limit_unseen_is_marked() {
    let record = run(&format!("--memory-limit 1048576 -- {PROBE} --self-test-touch 4000000"));
    assert_eq!(record["stopped_for"], "memory_limit", "{record}");
}

#[test]
fn a_child_below_its_limits_is_left_alone() {
    let limits = "--memory-limit 100000000 --timeout-ms 600000";
    let record = run(&format!("{limits} -- {PROBE} --self-test-touch 1000000"));
    assert_ended(&record, "exited", Some(0), None);
}

#[test]
fn a_program_that_cannot_start_says_why() {
    let plain = common::fresh_path("plain");
    fs::write(&plain, "echo never\n").expect("it can be written");
    for (line, why) in [
        ("-- /nowhere/program".into(), "cannot execute `/nowhere/program`: No such file"),
        ("-- no-such-program-anywhere".into(), "No such file"),
        (format!("-- {}", plain.display()), "Permission denied"),
        ("-- /tmp".into(), "Permission denied"),
        ("--cwd /nowhere -- true".into(), "cannot enter the directory"),
        ("--stdin /nowhere/input -- true".into(), "cannot read `/nowhere/input`"),
        ("--stdout /nowhere/output -- true".into(), "cannot write `/nowhere/output`"),
    ] {
        let record = run(&line);
        assert_ended(&record, "not_started", None, None);
        assert!(record["error"].as_str().expect("a reason").contains(why), "{record}");
    }
    fs::remove_file(plain).expect("it can go");
}

#[test]
fn threads_are_no_obstacle() {
    let record = run(&format!("-- {CHILD} many-threads 16"));
    assert_ended(&record, "exited", Some(0), None);
    let record = run(&format!("-- {CHILD} exit-in-a-thread 6"));
    assert_ended(&record, "exited", Some(6), None);
    let record = run(&format!("-- {CHILD} exec-in-a-thread /bin/true"));
    assert_ended(&record, "exited", Some(0), None);
}

#[test]
fn signals_reach_the_child_as_without_a_probe() {
    assert_ended(&run(&format!("-- {CHILD} signal-itself 1000")), "exited", Some(0), None);
    assert_ended(&run(&format!("-- {CHILD} be-stopped-and-continued")), "exited", Some(7), None);
}

/// Starts a probe whose child is known to run, sends it `signal` and gives back its output.
fn interrupted_by(signal: i32) -> (Call, std::process::Output) {
    let fifo = Fifo::new();
    let options = format!("--stdout {}", fifo.0.display());
    let mut call = Call::shell(&options, "trap '' TERM; setsid sleep 999 & echo up; sleep 1000");
    let probe = call.command.spawn().expect("the probe starts");
    let mut stream = BufReader::new(fifo.open());
    stream.read_line(&mut String::new()).expect("the child is up");
    // SAFETY: numbers only; the probe is not reaped yet.
    unsafe { libc::kill(probe.id() as i32, signal) };
    let output = probe.wait_with_output().expect("the probe ends");
    stream.read_to_end(&mut Vec::new()).expect("nobody holds the output any more");
    (call, output)
}

#[test]
fn a_probe_asked_to_stop_kills_its_child_and_still_reports() {
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        let (call, output) = interrupted_by(signal);
        assert_eq!(call.left_running(), Vec::<String>::new());
        let record: Value = serde_json::from_slice(&output.stdout).expect("a record");
        assert_ended(&record, "signaled", Some(libc::SIGKILL), Some("interrupted"));
    }
}

#[test]
fn a_killed_probe_takes_its_child_along() {
    let fifo = Fifo::new();
    let options = format!("--stdout {}", fifo.0.display());
    let mut call = Call::shell(&options, "trap '' TERM; echo up; exec sleep 1000");
    let mut probe = call.command.spawn().expect("the probe starts");
    let mut stream = BufReader::new(fifo.open());
    stream.read_line(&mut String::new()).expect("the child is up");
    probe.kill().expect("the probe can be killed");
    probe.wait().expect("the probe ends");
    stream.read_to_end(&mut Vec::new()).expect("the child's death closes its output");
}

#[test]
fn a_probe_whose_starter_dies_stops_and_reports() {
    let (fifo, path) = (Fifo::new(), common::fresh_path("record"));
    let options = format!("--stdout {} --record {}", fifo.0.display(), path.display());
    let call = Call::shell(&options, "echo up; exec sleep 1000");
    let mut starter = std::process::Command::new("/bin/sh");
    starter.args(["-c", "\"$@\" & wait", "sh", PROBE]).args(call.command.get_args());
    let mut starter = starter.stderr(std::process::Stdio::piped()).spawn().expect("a shell");
    let mut stream = BufReader::new(fifo.open());
    stream.read_line(&mut String::new()).expect("the child is up");
    starter.kill().expect("the starter can be killed");
    starter.wait().expect("the starter ends");
    // The probe inherited the starter's standard error: its end is the probe's end.
    let mut stderr = starter.stderr.take().expect("a pipe");
    stderr.read_to_end(&mut Vec::new()).expect("the probe ends");
    assert_eq!(call.left_running(), Vec::<String>::new());
    let record = fs::read_to_string(&path).expect("a record");
    let record: Value = serde_json::from_str(&record).expect("JSON");
    assert_ended(&record, "signaled", Some(libc::SIGKILL), Some("interrupted"));
    fs::remove_file(path).expect("it can go");
}
