//! The record: one line of JSON, and what its numbers mean.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::cgroup::Group;
use crate::launch::Child;
use crate::refused::Refused;
use crate::stop::StoppedFor;
use crate::tail::Tail;
use crate::tree::Tree;
use crate::usage::{Io, Usage};
use crate::watch::Ending;

/// Raised when a key changes its meaning or goes; a new key does not raise it.
const VERSION: u32 = 1;

/// How the start, and then the child, went.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Exited(i32),
    Signaled(i32),
    /// The program was never executed; what was measured is the attempt, not the program.
    NotStarted(String),
}

/// What is known of one child and of all that it started.
///
/// Where "all" is said, every process counts once, those that outlived the child included. It needs
/// `ptrace` and `/proc`; where one is refused, figures are of the child and those that it waited for, and
/// the ones that are of the tree alone are absent.
#[derive(Debug)]
pub(crate) struct Record {
    outcome: Outcome,
    stopped_for: Option<StoppedFor>,
    /// `CLOCK_MONOTONIC` from just before the fork until the child was reaped, so fork, exec and
    /// exit are in it; less the time the whole child stood still at its exit for the probe to read
    /// (40 us of 700; with several threads or processes, nothing is taken off).
    wall_ns: u128,
    /// Of that: all processes stopped by job control, the probe stopped, or the machine asleep.
    stopped_ns: u128,
    /// What all used.
    usage: Usage,
    /// `ru_maxrss` of the largest process. Not below what the probe itself held at the fork.
    max_rss_bytes: u64,
    /// `VmHWM` of the largest process, when its last thread ended: no floor.
    vm_hwm_bytes: Option<u64>,
    /// The most that was anonymous in one process: seen, or left of `VmHWM` without the files mapped.
    peak_anon_bytes: Option<u64>,
    /// All at once: at least what was seen together or held by one, at most the largest sum of the peaks
    /// of those that lived together.
    peak_tree_low_bytes: Option<u64>,
    peak_tree_high_bytes: Option<u64>,
    /// `memory.peak` of a control group of their own: page cache included.
    peak_cgroup_bytes: Option<u64>,
    /// `VmRSS`, `RssFile` and `VmStk` of the child itself when its last thread ended.
    rss_at_exit_bytes: Option<u64>,
    file_at_exit_bytes: Option<u64>,
    stack_bytes: Option<u64>,
    /// How many there were, and how many threads at most lived at once.
    processes: Option<u64>,
    threads_max: Option<u64>,
    /// How many outlived the child and were killed.
    left_behind: Option<u64>,
    /// User space, the child and all its descendants.
    instructions: Option<u64>,
    /// What it wrote to its standard error, of which a bounded part is kept.
    stderr_bytes: Option<u64>,
    /// Whether there was no room left where it writes.
    disk_full: Option<bool>,
    /// System calls that the machine refused; the rest was measured without them.
    refused: Refused,
}

impl Record {
    /// The record of a child that was forked.
    pub(crate) fn new(mut child: Child, ending: &Ending, memory_limit_bytes: Option<u64>) -> Self {
        // A `/proc` of others told of others.
        let is_shown = child.is_shown;
        let tree = Some(&ending.tree).filter(|_| child.is_traced && is_shown);
        let at_exit = ending.at_exit.filter(|_| is_shown);
        let stderr = child.tail.take().map(Tail::finish);
        let cannot_write = stderr.as_ref().is_some_and(|(_, wrote)| is_disk_full(wrote));
        let mut record = Self {
            outcome: outcome(child.failure(), ending.status),
            stopped_for: ending.stopped_for,
            wall_ns: ending.wall.as_nanos(),
            stopped_ns: ending.stopped.as_nanos(),
            usage: match is_shown {
                true => ending.tree.usage(),
                false => Usage { io: Io::default(), ..ending.tree.root_usage() },
            },
            max_rss_bytes: ending.max_rss_bytes,
            vm_hwm_bytes: ending.vm_hwm_bytes.filter(|_| is_shown),
            peak_anon_bytes: ending.anon_bytes.filter(|_| is_shown),
            peak_tree_low_bytes: tree.map(Tree::low_bytes),
            peak_tree_high_bytes: tree.map(Tree::high_bytes),
            peak_cgroup_bytes: child.group.as_ref().and_then(Group::peak_bytes),
            rss_at_exit_bytes: at_exit.map(|status| status.vm_rss_bytes),
            file_at_exit_bytes: at_exit.and_then(|status| status.file_rss_bytes),
            stack_bytes: at_exit.and_then(|status| status.stack_bytes),
            processes: tree.map(Tree::process_count),
            threads_max: tree.map(|tree| tree.threads_max),
            left_behind: tree.map(|_| ending.left_behind_count),
            instructions: None,
            stderr_bytes: stderr.map(|(bytes, _)| bytes),
            disk_full: if cannot_write { Some(true) } else { child.outputs.is_disk_full() },
            refused: child.refused,
        };
        if let Some(counter) = child.counter {
            record.instructions = counter.read();
            if record.instructions.is_none() {
                record.refused.push("perf_event_open", "the counter was shared with others");
            }
        }
        record.check_peak(memory_limit_bytes);
        record
    }

    /// The record of a child that could not even be forked: it used nothing.
    pub(crate) fn never_forked(error: String) -> Self {
        Self {
            outcome: Outcome::NotStarted(error),
            stopped_for: None,
            wall_ns: 0,
            stopped_ns: 0,
            usage: Usage::default(),
            max_rss_bytes: 0,
            vm_hwm_bytes: None,
            peak_anon_bytes: None,
            peak_tree_low_bytes: None,
            peak_tree_high_bytes: None,
            peak_cgroup_bytes: None,
            rss_at_exit_bytes: None,
            file_at_exit_bytes: None,
            stack_bytes: None,
            processes: None,
            threads_max: None,
            left_behind: None,
            instructions: None,
            stderr_bytes: None,
            disk_full: None,
            refused: Refused::default(),
        }
    }

    /// A peak between two looks at the memory oversteps the limit all the same.
    fn check_peak(&mut self, memory_limit_bytes: Option<u64>) {
        let peaks = [self.vm_hwm_bytes, self.peak_tree_low_bytes, Some(self.max_rss_bytes)];
        let peak = peaks.into_iter().flatten().max().unwrap_or(0);
        let started = !matches!(self.outcome, Outcome::NotStarted(_));
        if started && memory_limit_bytes.is_some_and(|limit| peak > limit) {
            self.stopped_for.get_or_insert(StoppedFor::MemoryLimit);
        }
    }

    /// One object on one line, without a line end.
    fn json(&self) -> String {
        let (outcome, exit_code, signal, error) = match &self.outcome {
            Outcome::Exited(code) => ("exited", Some(*code), None, None),
            Outcome::Signaled(signal) => ("signaled", None, Some(*signal), None),
            Outcome::NotStarted(error) => ("not_started", None, None, Some(error)),
        };
        let list = |texts: &mut dyn Iterator<Item = &str>| {
            format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(","))
        };
        let usage = &self.usage;
        let io = usage.io.is_known.then_some(usage.io);
        let pairs = [
            ("version", VERSION.to_string()),
            ("outcome", quoted(outcome)),
            ("exit_code", or_null(exit_code)),
            ("signal", or_null(signal)),
            ("stopped_for", or_null(self.stopped_for.map(|reason| quoted(reason.word())))),
            ("wall_ns", self.wall_ns.to_string()),
            ("stopped_ns", self.stopped_ns.to_string()),
            ("user_us", usage.user_us.to_string()),
            ("system_us", usage.system_us.to_string()),
            ("max_rss_bytes", self.max_rss_bytes.to_string()),
            ("vm_hwm_bytes", or_null(self.vm_hwm_bytes)),
            ("peak_anon_bytes", or_null(self.peak_anon_bytes)),
            ("peak_tree_low_bytes", or_null(self.peak_tree_low_bytes)),
            ("peak_tree_high_bytes", or_null(self.peak_tree_high_bytes)),
            ("peak_cgroup_bytes", or_null(self.peak_cgroup_bytes)),
            ("rss_at_exit_bytes", or_null(self.rss_at_exit_bytes)),
            ("file_at_exit_bytes", or_null(self.file_at_exit_bytes)),
            ("stack_bytes", or_null(self.stack_bytes)),
            ("processes", or_null(self.processes)),
            ("threads_max", or_null(self.threads_max)),
            ("left_behind", or_null(self.left_behind)),
            ("minor_faults", usage.minor_faults.to_string()),
            ("major_faults", usage.major_faults.to_string()),
            ("voluntary_switches", usage.voluntary_switches.to_string()),
            ("involuntary_switches", usage.involuntary_switches.to_string()),
            ("read_bytes", or_null(io.map(|io| io.read_bytes))),
            ("written_bytes", or_null(io.map(|io| io.written_bytes))),
            ("disk_read_bytes", or_null(io.map(|io| io.disk_read_bytes))),
            ("disk_written_bytes", or_null(io.map(|io| io.disk_written_bytes))),
            ("instructions", or_null(self.instructions)),
            ("stderr_bytes", or_null(self.stderr_bytes)),
            ("disk_full", or_null(self.disk_full)),
            ("refused", list(&mut self.refused.calls())),
            ("refused_because", list(&mut self.refused.reasons())),
            ("error", or_null(error.map(|error| quoted(error)))),
        ];
        let members = pairs.map(|(key, value)| format!("\"{key}\":{value}"));
        format!("{{{}}}", members.join(","))
    }
}

/// Whether a write failed for want of room.
fn is_disk_full(wrote: &io::Result<()>) -> bool {
    matches!(wrote, Err(error) if error.raw_os_error() == Some(libc::ENOSPC))
}

fn outcome(failure: Option<String>, status: i32) -> Outcome {
    match failure {
        Some(error) => Outcome::NotStarted(error),
        None if libc::WIFSIGNALED(status) => Outcome::Signaled(libc::WTERMSIG(status)),
        None => Outcome::Exited(libc::WEXITSTATUS(status)),
    }
}

fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "null".into(), |value| value.to_string())
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..='\u{1f}' => quoted.extend(format!("\\u{:04x}", u32::from(character)).chars()),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Where the record goes.
pub(crate) enum Destination {
    Stdout,
    File(File),
}

impl Destination {
    /// Opens, creates or truncates it.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self::Stdout) };
        match File::create(path) {
            Ok(file) => Ok(Self::File(file)),
            Err(error) => Err(format!("cannot write the record `{}`: {error}", path.display())),
        }
    }

    /// Writes the one line in one piece.
    pub(crate) fn write(&mut self, record: &Record) -> io::Result<()> {
        let line = record.json() + "\n";
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout();
                stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush())
            }
            Self::File(file) => file.write_all(line.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_json_string() {
        for text in ["", "plain", "a \"b\" \\ c", "line\nend\ttab\u{1}", "Σ\u{7f}"] {
            let back: String = serde_json::from_str(&quoted(text)).unwrap();
            assert_eq!(back, text);
        }
    }

    #[test]
    fn a_peak_over_the_limit_is_marked_even_if_nobody_saw_it_happen() {
        let mut record = Record::never_forked(String::new());
        record.outcome = Outcome::Exited(0);
        record.max_rss_bytes = 10;
        record.check_peak(Some(10));
        assert_eq!(record.stopped_for, None);
        record.check_peak(Some(9));
        assert_eq!(record.stopped_for, Some(StoppedFor::MemoryLimit));
    }

    #[test]
    fn an_earlier_reason_stands() {
        let mut record = Record::never_forked(String::new());
        record.outcome = Outcome::Signaled(libc::SIGKILL);
        record.max_rss_bytes = 10;
        record.stopped_for = Some(StoppedFor::Timeout);
        record.check_peak(Some(9));
        assert_eq!(record.stopped_for, Some(StoppedFor::Timeout));
    }
}
