//! Waiting for the child's death: its stops are passed on, its limits kept, its usage taken from
//! the `wait4` that reaps it.

use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

use libc::{c_int, pid_t, rusage};

use crate::args::Request;
use crate::launch::Child;
use crate::procfs::{self, Status};
use crate::signals::{self, Wake};
use crate::stop::{self, StoppedFor};
use crate::trace;

/// How often resident memory is looked at when there is a limit to it.
const MEMORY_LOOK: Duration = Duration::from_millis(5);

/// How a child ended.
pub(crate) struct Ending {
    /// From just before the fork until the child was reaped, less the time it stood still for us.
    pub(crate) wall: Duration,
    /// As `wait4` gives it.
    pub(crate) status: c_int,
    /// Of the child and of those of its own children that it waited for.
    pub(crate) usage: rusage,
    /// Its memory at its exit, where `ptrace` showed it.
    pub(crate) at_exit: Option<Status>,
    /// Set if the probe killed it.
    pub(crate) stopped_for: Option<StoppedFor>,
    /// Its resident memory over time, where that was asked for.
    pub(crate) timeline: Option<Timeline>,
}

/// Waits until the child is dead and reaped.
pub(crate) fn until_dead(child: &mut Child, request: &Request) -> Ending {
    let timeout = request.timeout_ms.map(Duration::from_millis);
    let mut watch = Watch {
        child,
        deadline: timeout.and_then(|timeout| child.started.checked_add(timeout)),
        memory_limit_bytes: request.memory_limit_bytes.unwrap_or(u64::MAX),
        timeline: request.timeline.as_ref().map(|_| Timeline::new(request)),
        held: Duration::ZERO,
        at_exit: None,
        stopped_for: None,
    };
    loop {
        // One event a turn, then a glance at the limits: a child may keep us busy with its signals.
        let patience = match next_event() {
            Some(event) => match watch.take(event) {
                Some(ending) => return ending,
                None => Some(Duration::ZERO),
            },
            None => watch.patience(),
        };
        match signals::wait(patience) {
            Wake::Interrupt => watch.stop(StoppedFor::Interrupted),
            Wake::Look => watch.keep_limits(),
        }
    }
}

struct Watch<'a> {
    child: &'a Child,
    deadline: Option<Instant>,
    memory_limit_bytes: u64,
    timeline: Option<Timeline>,
    /// Time the whole child stood at its exit while we read its status.
    held: Duration,
    at_exit: Option<Status>,
    stopped_for: Option<StoppedFor>,
}

impl Watch<'_> {
    /// The ending, if the event is the child's death.
    fn take(&mut self, event: Event) -> Option<Ending> {
        let (pid, status, usage) = event;
        let seen = Instant::now();
        if libc::WIFSTOPPED(status) {
            self.at_stop(pid, status, seen);
            return None;
        }
        let wall = seen.duration_since(self.child.started).saturating_sub(self.held);
        if pid != self.child.pid {
            return None;
        }
        let (at_exit, stopped_for) = (self.at_exit, self.stopped_for);
        let timeline = self.timeline.take();
        Some(Ending { wall, status, usage, at_exit, stopped_for, timeline })
    }

    /// Looks at the memory, if this is an exit, and lets whoever stopped go on.
    ///
    /// The last thread has the last word: until then the peak can only grow. And only at its stop
    /// does the whole child stand still, so that this time may be taken off the wall time.
    fn at_stop(&mut self, pid: pid_t, status: c_int, seen: Instant) {
        let is_exit = trace::is_exit_stop(status);
        let memory = if is_exit { procfs::status(pid) } else { None };
        let memory = memory.filter(|memory| memory.process == self.child.pid);
        self.at_exit = memory.or(self.at_exit);
        if let (Some(timeline), Some(memory)) = (&mut self.timeline, memory) {
            timeline.looks.push((seen.duration_since(self.child.started), memory.vm_rss_bytes));
        }
        trace::resume(pid, status);
        if memory.is_some_and(|memory| memory.thread_count == 1) {
            self.held += seen.elapsed();
        }
    }

    /// How long to wait for a signal. Once the child is killed there is only its death to wait for.
    fn patience(&self) -> Option<Duration> {
        if self.stopped_for.is_some() {
            return None;
        }
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let look = match (&self.timeline, &self.child.resident) {
            (_, None) => None,
            (Some(timeline), _) => Some(timeline.interval),
            (None, Some(_)) => Some(MEMORY_LOOK),
        };
        left.into_iter().chain(look).min()
    }

    fn keep_limits(&mut self) {
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            self.stop(StoppedFor::Timeout);
        }
        let resident = self.child.resident.as_ref().and_then(procfs::Resident::bytes);
        // Behind its exit the child only gives its memory back.
        if let (Some(timeline), Some(bytes), None) = (&mut self.timeline, resident, self.at_exit) {
            timeline.look(self.child.started.elapsed(), bytes);
        }
        if resident.is_some_and(|bytes| bytes > self.memory_limit_bytes) {
            self.stop(StoppedFor::MemoryLimit);
        }
    }

    /// The first reason stands.
    fn stop(&mut self, reason: StoppedFor) {
        if self.stopped_for.is_none() {
            self.stopped_for = Some(reason);
            stop::kill_group(self.child.pid);
        }
    }
}

/// The child's resident memory as seen from outside, again and again.
pub(crate) struct Timeline {
    interval: Duration,
    /// When, since just before the fork, and how many bytes.
    looks: Vec<(Duration, u64)>,
}

impl Timeline {
    fn new(request: &Request) -> Self {
        const INTERVAL_US: u64 = 1000;
        let interval = Duration::from_micros(request.timeline_us.unwrap_or(INTERVAL_US));
        Self { interval, looks: Vec::new() }
    }

    /// Events of the child wake us too; what comes before the next look is due is left out.
    fn look(&mut self, at: Duration, bytes: u64) {
        let due = self.looks.last().map_or(Duration::ZERO, |(last, _)| *last + self.interval / 2);
        if at >= due && bytes > 0 {
            self.looks.push((at, bytes));
        }
    }

    /// `NANOSECONDS BYTES`, a line per look.
    pub(crate) fn text(&self) -> String {
        let line = |(at, bytes): &(Duration, u64)| format!("{} {bytes}", at.as_nanos());
        self.looks.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// What `wait4` tells: of the child, of one of its threads or of an adopted orphan.
type Event = (pid_t, c_int, rusage);

fn next_event() -> Option<Event> {
    let mut status = 0;
    let mut usage = MaybeUninit::uninit();
    let flags = libc::WNOHANG | libc::__WALL;
    // SAFETY: both live through the call, which fills them when it returns a number above 0.
    let pid = unsafe { libc::wait4(-1, &raw mut status, flags, usage.as_mut_ptr()) };
    // SAFETY: `pid` is above 0.
    (pid > 0).then(|| (pid, status, unsafe { usage.assume_init() }))
}
