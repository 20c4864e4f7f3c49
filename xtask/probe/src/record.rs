//! The record: one line of JSON, and what its numbers mean.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use libc::timeval;

use crate::launch::Child;
use crate::stop::StoppedFor;
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

/// What is known of one child.
#[derive(Debug)]
pub(crate) struct Record {
    outcome: Outcome,
    stopped_for: Option<StoppedFor>,
    /// `CLOCK_MONOTONIC` from just before the fork until the child was reaped, so fork, exec and
    /// exit are in it; less the time the whole child stood still at its exit for the probe to read
    /// (40 us of 700; with several threads, nothing is taken off).
    wall_ns: u128,
    user_us: u64,
    system_us: u64,
    /// `ru_maxrss` of this child and of the children it waited for, whichever is largest. Not below
    /// what the probe itself held at the fork.
    max_rss_bytes: u64,
    /// `VmHWM` and `VmRSS` when the child's last thread ended: its last program only, no floor.
    vm_hwm_bytes: Option<u64>,
    rss_at_exit_bytes: Option<u64>,
    /// `RssFile` and `VmStk` at the same moment.
    file_at_exit_bytes: Option<u64>,
    stack_bytes: Option<u64>,
    minor_faults: u64,
    major_faults: u64,
    voluntary_switches: u64,
    involuntary_switches: u64,
    /// User space, the child and all its descendants.
    instructions: Option<u64>,
    /// System calls that the machine refused; the rest was measured without them.
    refused: Vec<&'static str>,
}

impl Record {
    /// The record of a child that was forked.
    pub(crate) fn new(mut child: Child, ending: &Ending, memory_limit_bytes: Option<u64>) -> Self {
        let usage = &ending.usage;
        let mut record = Self {
            outcome: outcome(child.failure(), ending.status),
            stopped_for: ending.stopped_for,
            wall_ns: ending.wall.as_nanos(),
            user_us: microseconds(usage.ru_utime),
            system_us: microseconds(usage.ru_stime),
            max_rss_bytes: usage.ru_maxrss as u64 * 1024,
            vm_hwm_bytes: ending.at_exit.map(|status| status.vm_hwm_bytes),
            rss_at_exit_bytes: ending.at_exit.map(|status| status.vm_rss_bytes),
            file_at_exit_bytes: ending.at_exit.and_then(|status| status.file_rss_bytes),
            stack_bytes: ending.at_exit.and_then(|status| status.stack_bytes),
            minor_faults: usage.ru_minflt as u64,
            major_faults: usage.ru_majflt as u64,
            voluntary_switches: usage.ru_nvcsw as u64,
            involuntary_switches: usage.ru_nivcsw as u64,
            instructions: None,
            refused: child.refused,
        };
        if let Some(counter) = child.counter {
            record.instructions = counter.read();
            if record.instructions.is_none() {
                record.refused.push("perf_event_open");
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
            user_us: 0,
            system_us: 0,
            max_rss_bytes: 0,
            vm_hwm_bytes: None,
            rss_at_exit_bytes: None,
            file_at_exit_bytes: None,
            stack_bytes: None,
            minor_faults: 0,
            major_faults: 0,
            voluntary_switches: 0,
            involuntary_switches: 0,
            instructions: None,
            refused: Vec::new(),
        }
    }

    /// A peak between two looks at the memory oversteps the limit all the same.
    fn check_peak(&mut self, memory_limit_bytes: Option<u64>) {
        let peak = self.vm_hwm_bytes.unwrap_or(0).max(self.max_rss_bytes);
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
        let refused: Vec<String> = self.refused.iter().map(|call| quoted(call)).collect();
        let pairs = [
            ("version", VERSION.to_string()),
            ("outcome", quoted(outcome)),
            ("exit_code", or_null(exit_code)),
            ("signal", or_null(signal)),
            ("stopped_for", or_null(self.stopped_for.map(|reason| quoted(reason.word())))),
            ("wall_ns", self.wall_ns.to_string()),
            ("user_us", self.user_us.to_string()),
            ("system_us", self.system_us.to_string()),
            ("max_rss_bytes", self.max_rss_bytes.to_string()),
            ("vm_hwm_bytes", or_null(self.vm_hwm_bytes)),
            ("rss_at_exit_bytes", or_null(self.rss_at_exit_bytes)),
            ("file_at_exit_bytes", or_null(self.file_at_exit_bytes)),
            ("stack_bytes", or_null(self.stack_bytes)),
            ("minor_faults", self.minor_faults.to_string()),
            ("major_faults", self.major_faults.to_string()),
            ("voluntary_switches", self.voluntary_switches.to_string()),
            ("involuntary_switches", self.involuntary_switches.to_string()),
            ("instructions", or_null(self.instructions)),
            ("refused", format!("[{}]", refused.join(","))),
            ("error", or_null(error.map(|error| quoted(error)))),
        ];
        let members = pairs.map(|(key, value)| format!("\"{key}\":{value}"));
        format!("{{{}}}", members.join(","))
    }
}

fn outcome(failure: Option<String>, status: i32) -> Outcome {
    match failure {
        Some(error) => Outcome::NotStarted(error),
        None if libc::WIFSIGNALED(status) => Outcome::Signaled(libc::WTERMSIG(status)),
        None => Outcome::Exited(libc::WEXITSTATUS(status)),
    }
}

fn microseconds(time: timeval) -> u64 {
    time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64
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
