//! Waiting for the child's death and for that of all it started: stops are passed on, births and exits
//! noted, limits kept, usage taken from the `wait4` that each process is told by.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

use libc::{c_int, pid_t, rusage};

use crate::args::Request;
use crate::launch::Child;
use crate::looks::{self, Looks, Occasion};
use crate::pauses::Pauses;
use crate::procfs::{self, Status};
use crate::stop::{self, StoppedFor};
use crate::tree::Tree;
use crate::usage::{Io, Usage};
use crate::{sweep, trace};

/// With more processes than this, ends are no occasion to look at all of them.
const MANY: usize = 64;

/// How the child ended, and what was seen of it and of all that it started.
pub(crate) struct Ending {
    /// From just before the fork until the child was reaped, less the time it stood still for us.
    pub(crate) wall: Duration,
    /// Of the wall time: stopped, or not to be watched.
    pub(crate) stopped: Duration,
    /// As `wait4` gives it.
    pub(crate) status: c_int,
    /// `ru_maxrss` of the largest process.
    pub(crate) max_rss_bytes: u64,
    /// `VmHWM` of the largest process, where `ptrace` showed an exit.
    pub(crate) vm_hwm_bytes: Option<u64>,
    /// The most of anonymous memory in one process.
    pub(crate) anon_bytes: Option<u64>,
    /// The child's own memory at its exit, where `ptrace` showed it.
    pub(crate) at_exit: Option<Status>,
    pub(crate) tree: Tree,
    /// How many processes were killed since they outlived the child.
    pub(crate) left_behind_count: u64,
    /// Set if the probe killed it.
    pub(crate) stopped_for: Option<StoppedFor>,
    /// Its resident memory over time, where that was asked for.
    pub(crate) timeline: Option<Timeline>,
    /// The files that processes had mapped at their exits, where that was asked for.
    pub(crate) mapped: Option<BTreeSet<Vec<u8>>>,
}

/// Waits until the child is dead and reaped, and nothing is left of what it started.
pub(crate) fn until_dead(child: &mut Child, request: &Request) -> Ending {
    let mut watch = Watch::new(child, request);
    loop {
        // One event a turn, then a glance at the limits: a child may keep us busy with its signals.
        let patience = match next_event() {
            Event::Of(pid, status, usage) => {
                watch.take(pid, status, &usage);
                Some(Duration::ZERO)
            }
            Event::NotYet => watch.patience(),
            Event::Never => break,
        };
        if watch.is_given_up {
            break;
        }
        watch.wait(patience);
    }
    watch.ending()
}

struct Watch<'a> {
    child: &'a mut Child,
    timeout: Option<Duration>,
    memory_limit_bytes: Option<u64>,
    output_limit_bytes: Option<u64>,
    timeline: Option<Timeline>,
    mapped: Option<BTreeSet<Vec<u8>>>,
    tree: Tree,
    looks: Looks,
    pauses: Pauses,
    /// Time the whole child stood at its exit while we read its status.
    held: Duration,
    at_exit: Option<Status>,
    /// What processes read and wrote, told at their exits and needed at their deaths.
    io: BTreeMap<pid_t, Io>,
    vm_hwm_bytes: Option<u64>,
    max_rss_bytes: u64,
    stopped_for: Option<StoppedFor>,
    /// The child's death: wall time, pauses in it, wait status.
    death: Option<(Duration, Duration, c_int)>,
    left_behind_count: u64,
    /// Something cannot be killed.
    is_given_up: bool,
    /// Nothing is given back unseen.
    is_exact_anon: bool,
}

impl<'a> Watch<'a> {
    fn new(child: &'a mut Child, request: &Request) -> Self {
        let is_limited = request.memory_limit_bytes.or(request.output_limit_bytes).is_some();
        let interval = request.timeline.as_ref().map(|_| Timeline::interval(request));
        let interval = interval.or(is_limited.then_some(looks::INTERVAL_LIMITED));
        let mut tree = Tree::default();
        tree.root(child.pid);
        Self {
            timeout: request.timeout_ms.map(Duration::from_millis),
            memory_limit_bytes: request.memory_limit_bytes,
            output_limit_bytes: request.output_limit_bytes,
            timeline: request.timeline.as_ref().map(|_| Timeline::new(request)),
            mapped: request.mapped.as_ref().map(|_| BTreeSet::new()),
            tree,
            looks: Looks::new(child.started, interval),
            pauses: Pauses::new(),
            held: Duration::ZERO,
            at_exit: None,
            io: BTreeMap::new(),
            vm_hwm_bytes: None,
            max_rss_bytes: 0,
            stopped_for: None,
            death: None,
            left_behind_count: 0,
            is_given_up: false,
            is_exact_anon: false,
            child,
        }
    }

    fn take(&mut self, pid: pid_t, status: c_int, usage: &rusage) {
        let seen = Instant::now();
        if !libc::WIFSTOPPED(status) {
            return self.at_death(pid, status, usage, seen);
        }
        match trace::stop(status) {
            trace::Stop::Born => self.at_birth(pid, status),
            trace::Stop::Executed => {
                self.looks.forget(pid);
                self.tree.executed(pid);
            }
            trace::Stop::Exit => return self.at_exit(pid, status, seen),
            trace::Stop::Halted => self.halted(pid, true),
            trace::Stop::Begins => {
                self.adopt(pid);
                self.halted(pid, false);
            }
            trace::Stop::Decrease => self.at_decrease(pid),
            trace::Stop::Signal => {}
        }
        trace::resume(pid, status);
    }

    /// Somebody started a process or a thread, whose own first stop may have been seen before.
    fn at_birth(&mut self, parent: pid_t, status: c_int) {
        let Some(born) = trace::message(parent) else { return };
        let is_borrowing = trace::borrows_memory(status);
        if self.tree.process_of(born).is_some() {
            if is_borrowing {
                self.tree.shares(born);
            }
            return;
        }
        let process = self.tree.process_of(parent).unwrap_or(parent);
        if trace::may_be_thread(status) && procfs::is_thread(process, born) {
            self.tree.thread(process, born);
        } else {
            self.begin(born, process, is_borrowing);
        }
    }

    /// Something new stands at its beginning, and whoever started it has not told us yet.
    fn adopt(&mut self, pid: pid_t) {
        if self.tree.process_of(pid).is_some() {
            return;
        }
        match procfs::status(pid) {
            Some(status) if status.process != pid => self.tree.thread(status.process, pid),
            Some(status) => self.begin(pid, status.parent, false),
            None => {}
        }
    }

    fn begin(&mut self, pid: pid_t, parent: pid_t, is_borrowing: bool) {
        let is_shared = is_borrowing || trace::share_memory(parent, pid);
        let memory = if is_shared { None } else { self.looks.at(pid) };
        self.tree.born(pid, parent, memory.map_or(0, |memory| memory.resident_bytes), is_shared);
        if self.is_killing() {
            self.left_behind_count += u64::from(self.death.is_some());
            stop::send(pid, libc::SIGKILL);
        }
    }

    /// The first comes with the exec that begins the program: the filter is there.
    fn at_decrease(&mut self, thread: pid_t) {
        self.is_exact_anon = true;
        let process = self.tree.process_of(thread).unwrap_or(thread);
        let has_memory = self.tree.has_memory(process);
        if let Some(memory) = has_memory.then(|| self.looks.at(process)).flatten() {
            self.tree.saw(process, memory.resident_bytes);
        }
    }

    fn halted(&mut self, thread: pid_t, is_stopped: bool) {
        if let Some(process) = self.tree.process_of(thread) {
            self.tree.set_stopped(process, is_stopped);
            self.pauses.tree_is_stopped(self.tree.is_stopped());
        }
    }

    /// Looks at the memory and lets whoever stopped go on.
    ///
    /// The last thread has the last word: until then the peak can only grow. And only at its stop
    /// does the whole process stand still, so that this time may be taken off the wall time.
    fn at_exit(&mut self, thread: pid_t, status: c_int, seen: Instant) {
        // Threads that end together may be told of in any order, and not all of them need be.
        const LAST_THREADS: u32 = 3;
        let process = self.tree.process_of(thread);
        let left = self.tree.thread_ended(thread);
        if let (Some(process), Some(0..=LAST_THREADS)) = (process, left) {
            self.read_memory(process, thread, seen);
        }
        if let (Some(process), Some(0)) = (process, left) {
            self.read_account(process);
        }
        let is_alone = self.tree.living().eq([self.child.pid]);
        trace::resume(thread, status);
        if is_alone && left == Some(0) {
            self.held += seen.elapsed();
        }
    }

    fn read_memory(&mut self, process: pid_t, thread: pid_t, seen: Instant) {
        let Some(memory) = procfs::status(thread).filter(|memory| memory.process == process) else {
            return;
        };
        self.tree.peak(process, memory.vm_hwm_bytes);
        self.vm_hwm_bytes = self.vm_hwm_bytes.max(Some(memory.vm_hwm_bytes));
        self.looks.at_exit(&memory, self.is_exact_anon);
        if process == self.child.pid {
            self.at_exit = Some(memory);
            if let Some(timeline) = &mut self.timeline {
                timeline.looks.push((seen.duration_since(self.child.started), memory.vm_rss_bytes));
            }
        }
    }

    /// Reads what can only be read while a process is still there, and only now is complete.
    fn read_account(&mut self, process: pid_t) {
        self.io.extend(procfs::io(process).map(|io| (process, io)));
        if let (Some(mapped), true) = (&mut self.mapped, self.child.is_shown) {
            mapped.extend(procfs::mapped(process));
        }
        if self.tree.process_count() > 1 {
            if let Some(family) = procfs::family(process) {
                self.tree.leaves(process, family.parent, family.children_minor_faults);
            }
            // Of very many, one look less does not matter, and each costs.
            if self.tree.living().count() <= MANY {
                self.look(true);
            }
        }
    }

    fn at_death(&mut self, pid: pid_t, status: c_int, usage: &rusage, seen: Instant) {
        let max_rss_bytes = usage.ru_maxrss as u64 * 1024;
        if !self.tree.lives(pid) {
            // A thread; or one already dead whose parent did not wait for it, so that we did again.
            self.tree.thread_ended(pid);
            if self.child.is_traced {
                return;
            }
            self.tree.root(pid);
        }
        self.tree.died(pid, Usage::new(usage, self.io.remove(&pid)), max_rss_bytes);
        self.looks.forget(pid);
        self.max_rss_bytes = self.max_rss_bytes.max(max_rss_bytes);
        if pid == self.child.pid && self.death.is_none() {
            let wall = seen.duration_since(self.child.started).saturating_sub(self.held);
            self.pauses.tree_is_stopped(false);
            self.death = Some((wall, self.pauses.total(), status));
            self.left_behind_count = self.tree.lasting_count();
            self.kill();
        } else {
            self.pauses.tree_is_stopped(self.tree.is_stopped());
        }
    }

    /// How long to wait for a signal. Once all are killed there is only their death to wait for.
    fn patience(&mut self) -> Option<Duration> {
        if self.is_killing() {
            return self.patience_with_the_dying();
        }
        let now = Instant::now();
        let deadline = self.deadline();
        let next = deadline.into_iter().chain([self.looks.due()]).min();
        next.map(|next| next.saturating_duration_since(now))
    }

    /// What `ptrace` shows is killed already. What it does not is looked for when nothing else is left.
    fn patience_with_the_dying(&mut self) -> Option<Duration> {
        const AGAIN: Duration = Duration::from_millis(10);
        if self.child.is_traced && self.tree.living().next().is_some() {
            return None;
        }
        if !self.child.is_shown {
            if self.death.is_some() {
                self.child.refused.push("kill", "what outlived the child is not to be found");
                self.is_given_up = true;
            }
            return Some(AGAIN);
        }
        let (killed, is_refused) = sweep::descendants();
        if is_refused && self.death.is_some() {
            self.child.refused.push("kill", "a process that outlived the child changed its user");
            self.is_given_up = true;
        }
        // With nobody killed, somebody died or came just now.
        Some(if killed > 0 { AGAIN } else { Duration::ZERO })
    }

    fn wait(&mut self, patience: Option<Duration>) {
        let since = Instant::now();
        let readable = self.child.tail.as_ref().and_then(crate::tail::Tail::readable);
        let (wake, is_readable) = self.child.signals.wait(patience, readable);
        self.pauses.waited(since, patience, wake.is_continued);
        if let (true, Some(tail)) = (is_readable, &mut self.child.tail) {
            tail.take();
        }
        if wake.is_suspended {
            self.stand_still();
        }
        if wake.is_interrupted {
            self.stop(StoppedFor::Interrupted);
        }
        if !self.is_killing() {
            self.keep_limits();
        }
    }

    /// Ctrl-Z stops the probe; the child, in a group of its own, is stopped along.
    fn stand_still(&mut self) {
        let since = Instant::now();
        let running: Vec<pid_t> = self.tree.running().collect();
        stop::send_all(running.iter().copied(), libc::SIGSTOP);
        stop::send(std::process::id() as pid_t, libc::SIGSTOP);
        stop::send_all(running.iter().copied(), libc::SIGCONT);
        self.pauses.stood(since.elapsed());
    }

    fn deadline(&self) -> Option<Instant> {
        let timeout = self.timeout?;
        self.child.started.checked_add(timeout)?.checked_add(self.pauses.allowance(timeout))
    }

    fn keep_limits(&mut self) {
        if self.deadline().is_some_and(|deadline| deadline <= Instant::now()) {
            self.stop(StoppedFor::Timeout);
        }
        if self.looks.due() <= Instant::now() {
            self.look(false);
            if self.is_over_output_limit() {
                self.stop(StoppedFor::OutputLimit);
            }
            self.looks.schedule(self.child.started);
        }
    }

    fn is_over_output_limit(&self) -> bool {
        self.output_limit_bytes.is_some_and(|limit| self.child.outputs.bytes() > limit)
    }

    /// Looks at what each process holds, and all of them together.
    fn look(&mut self, is_last_chance: bool) {
        let holders = self.holders();
        let mut sum_bytes = 0;
        for pid in &holders {
            let Some(memory) = self.looks.at(*pid) else { continue };
            self.tree.saw(*pid, memory.resident_bytes);
            sum_bytes += memory.resident_bytes;
            // Behind its exit the child only gives its memory back.
            let is_child = *pid == self.child.pid && self.at_exit.is_none();
            if let (Some(timeline), true) = (&mut self.timeline, is_child) {
                timeline.look(self.child.started.elapsed(), memory.resident_bytes);
            }
        }
        let limit = self.memory_limit_bytes.unwrap_or(u64::MAX);
        let occasion = match (sum_bytes > limit, is_last_chance) {
            (true, _) => Occasion::Limit,
            (_, true) => Occasion::Last,
            _ => Occasion::Any,
        };
        let Some(together) = self.looks.together(&holders, sum_bytes, occasion) else { return };
        self.tree.saw_together(together);
        if together > limit {
            self.stop(StoppedFor::MemoryLimit);
        }
    }

    /// The processes with memory of their own. Without `ptrace` they are looked for, which is slow and
    /// done only for a limit.
    fn holders(&self) -> Vec<pid_t> {
        if self.child.is_traced {
            return self.tree.holders().collect();
        }
        if self.memory_limit_bytes.is_none() {
            return vec![self.child.pid];
        }
        let found = procfs::descendants(std::process::id() as pid_t);
        found.into_iter().map(|(pid, _)| pid).collect()
    }

    fn is_killing(&self) -> bool {
        self.stopped_for.is_some() || self.death.is_some()
    }

    /// The first reason stands.
    fn stop(&mut self, reason: StoppedFor) {
        if !self.is_killing() {
            self.stopped_for = Some(reason);
            self.kill();
        }
    }

    /// Kills all that is known; what is born from now on is killed at its birth, before it begins.
    fn kill(&mut self) {
        if self.tree.lives(self.child.pid) {
            stop::kill_group(self.child.pid);
        }
        stop::send_all(self.tree.living(), libc::SIGKILL);
    }

    fn ending(self) -> Ending {
        let (wall, stopped, status) = self.death.unwrap_or_default();
        let over = self.is_over_output_limit().then_some(StoppedFor::OutputLimit);
        Ending {
            wall,
            stopped,
            status,
            max_rss_bytes: self.max_rss_bytes,
            vm_hwm_bytes: self.vm_hwm_bytes,
            anon_bytes: self.looks.anon_bytes().filter(|_| self.child.is_traced),
            at_exit: self.at_exit,
            left_behind_count: self.left_behind_count,
            stopped_for: self.stopped_for.or(over),
            timeline: self.timeline,
            mapped: self.mapped,
            tree: self.tree,
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
        Self { interval: Self::interval(request), looks: Vec::new() }
    }

    fn interval(request: &Request) -> Duration {
        const INTERVAL_US: u64 = 1000;
        Duration::from_micros(request.timeline_us.unwrap_or(INTERVAL_US))
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

/// What `wait4` tells.
enum Event {
    /// Of the child, of one of its threads, of a descendant or of an adopted orphan.
    Of(pid_t, c_int, rusage),
    /// Nothing new.
    NotYet,
    /// Nobody is left that could have something to tell.
    Never,
}

fn next_event() -> Event {
    let mut status = 0;
    let mut usage = MaybeUninit::uninit();
    let flags = libc::WNOHANG | libc::__WALL;
    // SAFETY: both live through the call, which fills them when it returns a number above 0.
    match unsafe { libc::wait4(-1, &raw mut status, flags, usage.as_mut_ptr()) } {
        // SAFETY: they were filled.
        pid @ 1.. => Event::Of(pid, status, unsafe { usage.assume_init() }),
        -1 if io::Error::last_os_error().raw_os_error() == Some(libc::ECHILD) => Event::Never,
        _ => Event::NotYet,
    }
}
