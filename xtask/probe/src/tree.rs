//! The processes that the child starts: who lives, who shares whose memory, and what they held together.
//!
//! Bookkeeping alone: what happened is told by [`crate::watch`], so that all of it can be tested without
//! a process. Time is the number of the event.

use std::collections::BTreeMap;

use libc::pid_t;

use crate::usage::Usage;

/// All processes seen so far, and the sums over them.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    processes: Vec<Process>,
    /// Index of each process that lives, by its number; numbers are used again.
    living: BTreeMap<pid_t, usize>,
    /// The process that each living thread belongs to; first threads included.
    threads: BTreeMap<pid_t, pid_t>,
    images: Vec<Image>,
    /// Number of the last event.
    now: u32,
    pub(crate) threads_max: u64,
    /// The largest sum seen together, each shared page counted once.
    seen_together_bytes: u64,
}

/// One process, living or dead.
#[derive(Debug)]
struct Process {
    /// Index of whoever it belongs to, by its exit at the latest. `None` is the probe, so that nobody else
    /// counts what it used.
    parent: Option<usize>,
    has_children: bool,
    has_executed: bool,
    image: usize,
    thread_count: u32,
    /// Stopped by a signal, as job control does.
    is_stopped: bool,
    /// Everything it used, its waited-for children included; at its death.
    usage: Option<Usage>,
    /// Page faults of the children that it waited for; told at its exit.
    children_minor_faults: Option<u64>,
}

/// One program within a process: from a fork or an exec to the next exec or the end.
#[derive(Debug)]
struct Image {
    from: u32,
    until: Option<u32>,
    /// Exact where the exit was seen, else the most that was.
    peak_bytes: u64,
    is_exact: bool,
    /// Runs in the memory of its parent, as `vfork` has it; that memory is counted there.
    is_shared: bool,
}

impl Tree {
    /// The child that the probe forked itself. Until it executes its program it is a copy of the probe,
    /// whose memory is not the program's.
    pub(crate) fn root(&mut self, pid: pid_t) {
        self.add(pid, None, true, 0);
    }

    /// A process that `parent` started, holding `bytes` of memory, or running in its parent's.
    pub(crate) fn born(&mut self, pid: pid_t, parent: pid_t, bytes: u64, is_shared: bool) {
        let parent = self.living.get(&parent).copied();
        if let Some(parent) = parent {
            self.processes[parent].has_children = true;
        }
        self.add(pid, parent, is_shared, bytes);
    }

    fn add(&mut self, pid: pid_t, parent: Option<usize>, is_shared: bool, bytes: u64) {
        let image = self.begin(is_shared, bytes);
        let process = Process {
            parent,
            has_children: false,
            // The first becomes its program in any case.
            has_executed: parent.is_none(),
            image,
            thread_count: 0,
            is_stopped: false,
            usage: None,
            children_minor_faults: None,
        };
        self.living.insert(pid, self.processes.len());
        self.processes.push(process);
        self.thread(pid, pid);
    }

    fn begin(&mut self, is_shared: bool, peak_bytes: u64) -> usize {
        self.now += 1;
        self.images.push(Image {
            from: self.now,
            until: None,
            peak_bytes,
            is_exact: false,
            is_shared,
        });
        self.images.len() - 1
    }

    /// A thread that `process` started.
    pub(crate) fn thread(&mut self, process: pid_t, thread: pid_t) {
        if self.threads.insert(thread, process).is_none() {
            if let Some(process) = self.living.get(&process) {
                self.processes[*process].thread_count += 1;
            }
            self.threads_max = self.threads_max.max(self.threads.len() as u64);
        }
    }

    /// A thread ended or is about to. The number of threads that its process has left.
    pub(crate) fn thread_ended(&mut self, thread: pid_t) -> Option<u32> {
        let process = self.threads.remove(&thread)?;
        let process = &mut self.processes[*self.living.get(&process)?];
        process.thread_count = process.thread_count.saturating_sub(1);
        Some(process.thread_count)
    }

    /// The process now runs another program, by its first thread alone.
    pub(crate) fn executed(&mut self, pid: pid_t) {
        let Some(index) = self.living.get(&pid).copied() else { return };
        self.threads.retain(|thread, process| *process != pid || *thread == pid);
        self.processes[index].thread_count = 0;
        self.threads.remove(&pid);
        self.thread(pid, pid);
        let before = self.processes[index].image;
        let after = self.begin(false, 0);
        self.images[before].until = Some(self.now);
        self.processes[index].image = after;
        self.processes[index].has_executed = true;
        self.processes[index].is_stopped = false;
    }

    /// The peak of a process that stands at its exit.
    pub(crate) fn peak(&mut self, pid: pid_t, bytes: u64) {
        self.saw(pid, bytes);
        if let Some(process) = self.living.get(&pid) {
            self.images[self.processes[*process].image].is_exact = true;
        }
    }

    /// A process that was taken to have memory of its own runs in its parent's.
    pub(crate) fn shares(&mut self, pid: pid_t) {
        if let Some(process) = self.living.get(&pid) {
            let image = &mut self.images[self.processes[*process].image];
            (image.is_shared, image.peak_bytes) = (true, 0);
        }
    }

    /// What the process holds was seen.
    pub(crate) fn saw(&mut self, pid: pid_t, bytes: u64) {
        if let Some(process) = self.living.get(&pid) {
            let image = &mut self.images[self.processes[*process].image];
            image.peak_bytes = image.peak_bytes.max(bytes);
        }
    }

    /// What was seen of all processes together.
    pub(crate) fn saw_together(&mut self, bytes: u64) {
        self.seen_together_bytes = self.seen_together_bytes.max(bytes);
    }

    /// At the exit of a process: whose child it is by now, and the faults of those that it waited for.
    pub(crate) fn leaves(&mut self, pid: pid_t, parent: pid_t, children_minor_faults: u64) {
        let adopter = self.living.get(&parent).copied();
        if let Some(index) = self.living.get(&pid) {
            let process = &mut self.processes[*index];
            process.parent = adopter;
            process.children_minor_faults = Some(children_minor_faults);
        }
    }

    /// The process is dead and its memory gone. `max_rss_bytes` is also of those that it waited for.
    pub(crate) fn died(&mut self, pid: pid_t, usage: Usage, max_rss_bytes: u64) {
        let Some(index) = self.living.remove(&pid) else { return };
        self.threads.retain(|_, process| *process != pid);
        self.now += 1;
        self.images[self.processes[index].image].until = Some(self.now);
        self.processes[index].usage = Some(usage);
        let process = &self.processes[index];
        let image = &mut self.images[process.image];
        // Killed so that nobody saw its exit. Behind an exec, or with children, it is not its own peak.
        if !image.is_exact && !process.has_children && !process.has_executed {
            image.peak_bytes = image.peak_bytes.max(max_rss_bytes);
        }
    }

    /// How many live that are not about to end.
    pub(crate) fn lasting_count(&self) -> u64 {
        self.living.values().filter(|index| self.processes[**index].thread_count > 0).count() as u64
    }

    /// The numbers of all that live.
    pub(crate) fn living(&self) -> impl Iterator<Item = pid_t> + '_ {
        self.living.keys().copied()
    }

    /// Those that have memory of their own.
    pub(crate) fn holders(&self) -> impl Iterator<Item = pid_t> + '_ {
        let holds = |index: &usize| !self.images[self.processes[*index].image].is_shared;
        self.living.iter().filter(move |(_, index)| holds(index)).map(|(pid, _)| *pid)
    }

    /// Those that job control has not stopped.
    pub(crate) fn running(&self) -> impl Iterator<Item = pid_t> + '_ {
        let runs = |index: &usize| !self.processes[*index].is_stopped;
        self.living.iter().filter(move |(_, index)| runs(index)).map(|(pid, _)| *pid)
    }

    /// Whether a process lives that has memory of its own.
    pub(crate) fn has_memory(&self, pid: pid_t) -> bool {
        let index = self.living.get(&pid);
        index.is_some_and(|index| !self.images[self.processes[*index].image].is_shared)
    }

    pub(crate) fn lives(&self, pid: pid_t) -> bool {
        self.living.contains_key(&pid)
    }

    /// The process that a living thread belongs to.
    pub(crate) fn process_of(&self, thread: pid_t) -> Option<pid_t> {
        self.threads.get(&thread).copied()
    }

    /// How many processes there were.
    pub(crate) fn process_count(&self) -> u64 {
        self.processes.len() as u64
    }

    /// Job control stopped the process, or let it go on.
    pub(crate) fn set_stopped(&mut self, pid: pid_t, is_stopped: bool) {
        if let Some(process) = self.living.get(&pid) {
            self.processes[*process].is_stopped = is_stopped;
        }
    }

    /// Whether everything that lives stands stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        !self.living.is_empty()
            && self.living.values().all(|index| self.processes[*index].is_stopped)
    }

    /// The peak of the largest process.
    pub(crate) fn largest_bytes(&self) -> u64 {
        self.images.iter().map(|image| image.peak_bytes).max().unwrap_or(0)
    }

    /// At least this was held at once: what was seen together, or what one process held.
    pub(crate) fn low_bytes(&self) -> u64 {
        self.seen_together_bytes.max(self.largest_bytes())
    }

    /// At most this was held at once: the largest sum of the peaks of those that lived together.
    pub(crate) fn high_bytes(&self) -> u64 {
        let mut changes: Vec<(u32, i64)> = Vec::with_capacity(2 * self.images.len());
        for image in self.images.iter().filter(|image| !image.is_shared) {
            changes.push((image.from, image.peak_bytes as i64));
            changes.extend(image.until.map(|until| (until, -(image.peak_bytes as i64))));
        }
        // An exec ends one image and begins another with the same event: first the end.
        changes.sort_unstable();
        let (mut held, mut most) = (0, 0);
        for (_, change) in changes {
            held += change;
            most = most.max(held);
        }
        (most as u64).max(self.low_bytes())
    }

    /// What all of them used, each counted once: a process's own figures hold those of the children that
    /// it waited for, so that what the probe itself reaps, and what nobody waited for, add up to all.
    pub(crate) fn usage(&self) -> Usage {
        let mut total = Usage::default();
        let mut by_parent: BTreeMap<usize, Usage> = BTreeMap::new();
        for process in &self.processes {
            let sum = process.parent.map_or(&mut total, |of| by_parent.entry(of).or_default());
            sum.add(process.usage.unwrap_or_default(), 1.0);
        }
        for (parent, children) in by_parent {
            total.add(children, 1.0 - self.waited_for(parent, &children));
        }
        total
    }

    /// What the first process used, with those that it waited for.
    pub(crate) fn root_usage(&self) -> Usage {
        self.processes.first().and_then(|root| root.usage).unwrap_or_default()
    }

    /// Which part of its children a process waited for: nearly always all of them, or none.
    fn waited_for(&self, parent: usize, children: &Usage) -> f64 {
        match (self.processes[parent].children_minor_faults, children.minor_faults) {
            (None, _) | (_, 0) => 1.0,
            (Some(counted), all) => (counted as f64 / all as f64).min(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    fn used(minor_faults: u64) -> Usage {
        Usage { minor_faults, user_us: 10 * minor_faults, ..Usage::default() }
    }

    /// A root of 10 MB with workers of 100 MB, told by `order`: `+` begins the next, `-` ends the oldest.
    fn workers(order: &str) -> Tree {
        let mut tree = Tree::default();
        tree.root(1);
        tree.executed(1);
        tree.saw(1, 10 * MB);
        let (mut born, mut dead) = (100, 100);
        for step in order.chars() {
            if step == '+' {
                tree.born(born, 1, 10 * MB, false);
                tree.saw(born, 100 * MB);
                born += 1;
            } else {
                tree.died(dead, Usage::default(), 0);
                dead += 1;
            }
        }
        tree.died(1, Usage::default(), 10 * MB);
        tree
    }

    #[test]
    fn the_peak_is_at_most_the_sum_of_those_that_lived_together() {
        assert_eq!(workers("++++----").high_bytes(), 410 * MB);
        assert_eq!(workers("+-+-+-+-").high_bytes(), 110 * MB);
        assert_eq!(workers("++-+--").high_bytes(), 210 * MB);
        assert_eq!(workers("").high_bytes(), 10 * MB);
    }

    #[test]
    fn the_peak_is_at_least_what_was_seen_together_or_held_by_one() {
        let mut tree = workers("++--");
        assert_eq!(tree.low_bytes(), 100 * MB);
        tree.saw_together(150 * MB);
        assert_eq!((tree.low_bytes(), tree.high_bytes()), (150 * MB, 210 * MB));
    }

    #[test]
    fn memory_that_is_shared_with_the_parent_is_counted_once() {
        let mut tree = Tree::default();
        tree.root(1);
        tree.executed(1);
        tree.saw(1, 100 * MB);
        tree.born(2, 1, 100 * MB, true);
        assert_eq!(tree.holders().collect::<Vec<_>>(), [1]);
        tree.executed(2);
        tree.saw(2, MB);
        assert_eq!(tree.holders().count(), 2);
        assert_eq!(tree.high_bytes(), 101 * MB);
    }

    #[test]
    fn what_nobody_saw_end_held_what_its_usage_says_unless_that_is_of_others() {
        for (has_executed, expected) in [(false, 60 * MB), (true, 30 * MB)] {
            let mut tree = Tree::default();
            tree.root(1);
            tree.executed(1);
            tree.saw(1, 20 * MB);
            tree.born(2, 1, 10 * MB, false);
            if has_executed {
                tree.executed(2);
            }
            tree.saw(2, 10 * MB);
            tree.died(2, Usage::default(), 40 * MB);
            assert_eq!(tree.high_bytes(), expected);
        }
    }

    #[test]
    fn a_program_that_replaces_another_does_not_live_beside_it() {
        let mut tree = Tree::default();
        tree.root(1);
        for _ in 0..3 {
            tree.executed(1);
            tree.saw(1, 50 * MB);
        }
        assert_eq!(tree.high_bytes(), 50 * MB);
        assert_eq!((tree.process_count(), tree.threads_max), (1, 1));
    }

    #[test]
    fn threads_count_while_they_live() {
        let mut tree = Tree::default();
        tree.root(1);
        tree.executed(1);
        tree.thread(1, 11);
        tree.thread(1, 12);
        assert_eq!(tree.thread_ended(11), Some(2));
        tree.thread(1, 13);
        tree.born(2, 1, 0, false);
        assert_eq!(tree.threads_max, 4);
        tree.executed(1);
        assert_eq!(tree.thread_ended(1), Some(0));
    }

    #[test]
    fn what_was_used_is_counted_once_whoever_waited() {
        // The parent waited: its own figures hold the child's.
        let mut tree = Tree::default();
        tree.root(1);
        tree.born(2, 1, 0, false);
        tree.leaves(2, 1, 0);
        tree.died(2, used(30), 0);
        tree.leaves(1, 99, 30);
        tree.died(1, used(40), 0);
        assert_eq!((tree.usage().minor_faults, tree.usage().user_us), (40, 400));
        // It did not: SIGCHLD is ignored.
        let mut tree = Tree::default();
        tree.root(1);
        tree.born(2, 1, 0, false);
        tree.leaves(2, 1, 0);
        tree.died(2, used(30), 0);
        tree.leaves(1, 99, 0);
        tree.died(1, used(10), 0);
        assert_eq!(tree.usage().minor_faults, 40);
        // An orphan is the probe's.
        let mut tree = Tree::default();
        tree.root(1);
        tree.born(2, 1, 0, false);
        tree.leaves(1, 99, 0);
        tree.died(1, used(10), 0);
        tree.leaves(2, 99, 0);
        tree.died(2, used(30), 0);
        assert_eq!(tree.usage().minor_faults, 40);
    }

    #[test]
    fn a_tree_stands_stopped_when_all_of_it_does() {
        let mut tree = Tree::default();
        tree.root(1);
        tree.born(2, 1, 0, false);
        tree.set_stopped(1, true);
        assert!(!tree.is_stopped());
        tree.set_stopped(2, true);
        assert!(tree.is_stopped());
        tree.set_stopped(1, false);
        assert!(!tree.is_stopped());
        tree.died(1, Usage::default(), 0);
        assert!(tree.is_stopped());
    }
}
