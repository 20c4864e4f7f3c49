//! Time in which the child could not run, or could not be watched: stopped by job control, the probe
//! stopped, the machine asleep. It is told beside the wall time, and no time-out counts it.

use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

/// A wait that ends this much later than asked for was no wait: the probe was stopped, or the machine
/// stood still.
const LATE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Pauses {
    /// The probe stood still.
    probe: Duration,
    /// The tree stood still: over, and since when it does now.
    tree: Duration,
    tree_since: Option<Instant>,
    /// What `CLOCK_BOOTTIME` is ahead of `CLOCK_MONOTONIC`: the time that the machine slept.
    asleep_before: Duration,
}

impl Pauses {
    pub(crate) fn new() -> Self {
        Self {
            probe: Duration::ZERO,
            tree: Duration::ZERO,
            tree_since: None,
            asleep_before: asleep(),
        }
    }

    /// A wait is over that should have taken `patience` at most.
    pub(crate) fn waited(&mut self, since: Instant, patience: Option<Duration>, continued: bool) {
        let late = since.elapsed().saturating_sub(patience.unwrap_or(Duration::ZERO));
        if continued || (patience.is_some() && late > LATE) {
            self.probe += late;
        }
    }

    /// The probe stood still of its own accord.
    pub(crate) fn stood(&mut self, time: Duration) {
        self.probe += time;
    }

    /// Whether the whole tree stands stopped now.
    pub(crate) fn tree_is_stopped(&mut self, is_stopped: bool) {
        match (is_stopped, self.tree_since) {
            (true, None) => self.tree_since = Some(Instant::now()),
            (false, Some(since)) => {
                self.tree += since.elapsed();
                self.tree_since = None;
            }
            _ => {}
        }
    }

    /// How much longer a child may take that may run for `timeout`. A tree that nobody lets go on for as
    /// long is given up, too.
    pub(crate) fn allowance(&self, timeout: Duration) -> Duration {
        let tree = self.tree + self.tree_since.map_or(Duration::ZERO, |since| since.elapsed());
        self.probe.saturating_add(tree.min(timeout))
    }

    /// All of it, the sleep of the machine included.
    pub(crate) fn total(&self) -> Duration {
        let tree = self.tree + self.tree_since.map_or(Duration::ZERO, |since| since.elapsed());
        // What is shorter lies between two readings.
        let asleep = asleep().saturating_sub(self.asleep_before);
        self.probe + tree + if asleep > LATE { asleep } else { Duration::ZERO }
    }
}

/// How long the machine slept since it started.
fn asleep() -> Duration {
    now(libc::CLOCK_BOOTTIME).saturating_sub(now(libc::CLOCK_MONOTONIC))
}

/// What a clock of the kernel says.
pub(crate) fn now(clock: libc::clockid_t) -> Duration {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the kernel fills `time`, which lives through the call, when it returns 0.
    if unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) } != 0 {
        return Duration::ZERO;
    }
    // SAFETY: it was filled.
    let time = unsafe { time.assume_init() };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ago(time: Duration) -> Instant {
        Instant::now().checked_sub(time).expect("the machine is up longer")
    }

    #[test]
    fn a_wait_that_takes_as_long_as_asked_for_is_no_pause() {
        let mut pauses = Pauses::new();
        pauses.waited(ago(SECOND), Some(SECOND), false);
        pauses.waited(ago(3 * SECOND), None, false);
        assert_eq!(pauses.total(), Duration::ZERO);
    }

    #[test]
    fn a_probe_that_was_stopped_knows_for_how_long() {
        let mut pauses = Pauses::new();
        pauses.waited(ago(6 * SECOND), Some(SECOND / 50), true);
        assert!((5 * SECOND..7 * SECOND).contains(&pauses.total()));
        // Nobody said so, but the wait was much too long.
        pauses.waited(ago(6 * SECOND), Some(SECOND / 50), false);
        assert!((10 * SECOND..14 * SECOND).contains(&pauses.total()));
    }

    #[test]
    fn a_tree_that_stands_still_has_its_timeout_once_more() {
        let mut pauses = Pauses::new();
        pauses.tree_since = Some(ago(5 * SECOND));
        assert_eq!(pauses.allowance(2 * SECOND), 2 * SECOND);
        assert!(pauses.allowance(60 * SECOND) >= 5 * SECOND);
        pauses.tree_is_stopped(false);
        assert!(pauses.total() >= 5 * SECOND);
    }
}
