//! Looks at memory from outside, at events and now and then: what each process holds, and all together.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libc::pid_t;

use crate::procfs::{self, Memory, Status};

/// The first look comes this soon; a child that lives on is looked at less often, down to the last.
const INTERVAL_MIN: Duration = Duration::from_millis(1);
const INTERVAL_MAX: Duration = Duration::from_millis(20);
/// How often where there is a limit to keep.
pub(crate) const INTERVAL_LIMITED: Duration = Duration::from_millis(5);
/// The interval is this part of the time that has passed.
const PART: u32 = 32;

/// When shares are read again: when this much more is held, in per cent, and when reading them, which
/// holds the processes up a little, took at most one part in `DUTY` of the time since.
const MORE_PERCENT: u64 = 2;
const DUTY: u32 = 10;

pub(crate) struct Looks {
    page_bytes: u64,
    due: Instant,
    interval_max: Duration,
    /// Of each process that lives, the most seen of anonymous pages and of files.
    seen: BTreeMap<pid_t, Seen>,
    /// The most that was anonymous in any process.
    anon_bytes: Option<u64>,
    shares: Shares,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    anon_bytes: u64,
    file_bytes: u64,
}

/// The last reading of proportional shares.
#[derive(Clone, Copy)]
struct Shares {
    /// The plain sum at that time.
    sum_bytes: u64,
    ended: Instant,
    took: Duration,
}

impl Looks {
    pub(crate) fn new(started: Instant, interval_max: Option<Duration>) -> Self {
        let interval_max = interval_max.unwrap_or(INTERVAL_MAX);
        Self {
            page_bytes: procfs::page_bytes(),
            due: started + INTERVAL_MIN.min(interval_max),
            interval_max,
            seen: BTreeMap::new(),
            anon_bytes: None,
            shares: Shares { sum_bytes: 0, ended: started, took: Duration::ZERO },
        }
    }

    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// The next look, from a child of this age.
    pub(crate) fn schedule(&mut self, started: Instant) {
        let now = Instant::now();
        let interval = (now.duration_since(started) / PART).max(INTERVAL_MIN);
        self.due = now + interval.min(self.interval_max);
    }

    /// What one process holds now.
    pub(crate) fn at(&mut self, pid: pid_t) -> Option<Memory> {
        let memory = procfs::memory(pid, self.page_bytes)?;
        let seen = self.seen.entry(pid).or_default();
        seen.anon_bytes = seen.anon_bytes.max(memory.anon_bytes);
        seen.file_bytes = seen.file_bytes.max(memory.resident_bytes - memory.anon_bytes);
        self.anon_bytes = self.anon_bytes.max(Some(memory.anon_bytes));
        Some(memory)
    }

    /// A process stands at its exit: its peak says more than was seen. What was anonymous of it is what
    /// is left when the files that are mapped, or were seen mapped, are taken off; unless nothing was
    /// given back unseen, so that all is known.
    pub(crate) fn at_exit(&mut self, status: &Status, is_all_seen: bool) {
        let Some(anon) = status.anon_bytes else { return };
        let seen = self.seen.get(&status.process).copied().unwrap_or_default();
        let files = status.vm_rss_bytes.saturating_sub(anon).max(seen.file_bytes);
        let of_peak = if is_all_seen { 0 } else { status.vm_hwm_bytes.saturating_sub(files) };
        self.anon_bytes = self.anon_bytes.max(Some(anon.max(of_peak)));
    }

    /// The process runs another program, or is dead.
    pub(crate) fn forget(&mut self, pid: pid_t) {
        self.seen.remove(&pid);
    }

    /// The most of anonymous memory in one process.
    pub(crate) fn anon_bytes(&self) -> Option<u64> {
        self.anon_bytes
    }

    /// What one process has of what all hold; where that is not told, what nobody else should have.
    fn share_bytes(&self, pid: pid_t) -> u64 {
        procfs::proportional_bytes(pid)
            .or_else(|| Some(procfs::memory(pid, self.page_bytes)?.anon_bytes))
            .unwrap_or(0)
    }

    /// What these processes hold together, each page counted once; `sum_bytes` is what they hold one by
    /// one. `None` where it is not worth the reading.
    pub(crate) fn together(
        &mut self,
        pids: &[pid_t],
        sum_bytes: u64,
        occasion: Occasion,
    ) -> Option<u64> {
        if pids.len() < 2 {
            return Some(sum_bytes);
        }
        let Shares { sum_bytes: read, ended, took } = self.shares;
        let is_more = sum_bytes > read + read * MORE_PERCENT / 100;
        let is_rested = ended.elapsed() >= took * DUTY;
        let is_worth_it = match occasion {
            Occasion::Any => is_more && is_rested,
            Occasion::Last => is_more,
            Occasion::Limit => is_rested,
        };
        if !is_worth_it {
            return None;
        }
        let began = processor_time();
        let total = pids.iter().map(|pid| self.share_bytes(*pid)).sum();
        let took = processor_time().saturating_sub(began);
        let sum_bytes = sum_bytes.max(read);
        self.shares = Shares { sum_bytes, ended: Instant::now(), took };
        Some(total)
    }
}

/// Why a look is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// It is time.
    Any,
    /// A process is about to give its memory back.
    Last,
    /// The plain sum is over the limit.
    Limit,
}

/// What the probe itself has spent: what else runs on the machine does not count.
fn processor_time() -> Duration {
    crate::pauses::now(libc::CLOCK_PROCESS_CPUTIME_ID)
}
