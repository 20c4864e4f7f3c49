//! Figures about the work, as JSON for programs.

use std::fmt::Write as _;

use crate::size;

/// What `--stats-json` writes.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    work: Work,
    repetitions: Vec<Repetition>,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Work {
    pub(crate) input_bytes: u64,
    pub(crate) output_bytes: u64,
    /// Frames of the encoding, if it is known to have any.
    pub(crate) frames: Option<u64>,
    /// Threads that worked.
    pub(crate) threads: usize,
}

impl Work {
    /// Adds other work.
    pub(crate) fn add(&mut self, other: Self) {
        self.input_bytes += other.input_bytes;
        self.output_bytes += other.output_bytes;
        self.frames = other.frames.map(|frames| frames + self.frames.unwrap_or(0)).or(self.frames);
        self.threads = self.threads.max(other.threads);
    }

    /// `12.3 MB into 1.2 MB (9.8 %)`.
    pub(crate) fn text(self) -> String {
        let Self { input_bytes, output_bytes, frames, threads } = self;
        let by = frames.map_or(String::new(), |frames| {
            let (many, by) = (plural(frames), plural(threads as u64));
            format!(", {frames} frame{many} by {threads} thread{by}")
        });
        let (input, output) = (size::text(input_bytes), size::text(output_bytes));
        if input_bytes == 0 {
            return format!("{input} into {output}{by}");
        }
        let share = 100.0 * output_bytes as f64 / input_bytes as f64;
        format!("{input} into {output} ({share:.1} %){by}")
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Memory after a repetition, when everything of it was dropped.
#[derive(Debug)]
pub(crate) struct Repetition {
    rss_bytes: Option<u64>,
    live_heap_bytes: Option<u64>,
}

impl Repetition {
    /// Memory at this moment.
    pub(crate) fn now() -> Self {
        Self { rss_bytes: rss_bytes(), live_heap_bytes: live_heap_bytes() }
    }
}

impl Stats {
    /// Room for so many repetitions, so that this list does not grow while memory is watched.
    pub(crate) fn with_room_for(repetitions: usize) -> Self {
        Self { repetitions: Vec::with_capacity(repetitions), ..Self::default() }
    }

    /// Adds a repetition that read and wrote so many bytes.
    pub(crate) fn add(&mut self, work: Work, memory: Repetition) {
        self.work = work;
        self.repetitions.push(memory);
    }

    /// The document.
    pub(crate) fn json(&self) -> String {
        let mut json = format!(
            "{{\"version\":1,\"input_bytes\":{},\"output_bytes\":{},\"frames\":{},\"threads\":{},\
             \"repetitions\":[",
            self.work.input_bytes,
            self.work.output_bytes,
            or_null(self.work.frames),
            self.work.threads
        );
        for (index, repetition) in self.repetitions.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(
                json,
                "{comma}{{\"rss_bytes\":{},\"live_heap_bytes\":{}}}",
                or_null(repetition.rss_bytes),
                or_null(repetition.live_heap_bytes)
            );
        }
        let _ = writeln!(
            json,
            "],\"peak_rss_bytes\":{},\"heap\":{}}}",
            or_null(peak_rss_bytes()),
            heap_json()
        );
        json
    }
}

fn or_null(n: Option<u64>) -> String {
    n.map_or("null".into(), |n| n.to_string())
}

/// The resident set of this process; `None` where the system does not say.
fn rss_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// The most that the resident set was, from the program's start on; `None` where the system does not say.
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(feature = "heap")]
#[allow(clippy::unnecessary_wraps, reason = "the other build has none")]
fn live_heap_bytes() -> Option<u64> {
    Some(crate::heap::live_bytes())
}

#[cfg(not(feature = "heap"))]
fn live_heap_bytes() -> Option<u64> {
    None
}

#[cfg(feature = "heap")]
fn heap_json() -> String {
    crate::heap::json()
}

#[cfg(not(feature = "heap"))]
fn heap_json() -> String {
    "null".into()
}
