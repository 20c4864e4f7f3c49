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
}

/// Waits until the child is dead and reaped.
pub(crate) fn until_dead(child: &mut Child, request: &Request) -> Ending {
    let timeout = request.timeout_ms.map(Duration::from_millis);
    let mut watch = Watch {
        child,
        deadline: timeout.and_then(|timeout| child.started.checked_add(timeout)),
        memory_limit_bytes: request.memory_limit_bytes.unwrap_or(u64::MAX),
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
        let (at_exit, stopped_for) = (self.at_exit, self.stopped_for);
        (pid == self.child.pid).then_some(Ending { wall, status, usage, at_exit, stopped_for })
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
        match (&self.child.resident, left) {
            (Some(_), Some(left)) => Some(left.min(MEMORY_LOOK)),
            (Some(_), None) => Some(MEMORY_LOOK),
            (None, left) => left,
        }
    }

    fn keep_limits(&mut self) {
        if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            self.stop(StoppedFor::Timeout);
        }
        let resident = self.child.resident.as_ref().and_then(procfs::Resident::bytes);
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
