//! What else went on while a child ran: processor time that the host took (steal), time in which
//! something waited for a processor or for memory (pressure stall information), and load. A run that was
//! disturbed is marked in its row. What the kernel does not tell is unknown, never none.

use std::fs;

/// The kernel's counters at one moment; what cannot be read is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Reading {
    steal_ticks: Option<u64>,
    /// Time in which some task waited for a processor, and for memory.
    cpu_us: Option<u64>,
    memory_us: Option<u64>,
    load_1min: Option<f64>,
}

/// Ticks of `/proc/stat` per second; the same on every architecture that Linux runs on.
const TICKS_PER_SECOND: u64 = 100;

/// The share of a run's wall time from which on something counts.
const SHARE: f64 = 0.05;

/// Waits shorter than this are our own: the probe and the laboratory wake up beside the child.
const WAIT_US_MIN: f64 = 1000.0;

impl Reading {
    /// Reads them now; steal of one CPU, or of all.
    pub(crate) fn now(cpu: Option<u32>) -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            steal_ticks: steal(&text("/proc/stat"), cpu),
            cpu_us: some_us(&text("/proc/pressure/cpu")),
            memory_us: some_us(&text("/proc/pressure/memory")),
            load_1min: text("/proc/loadavg").split(' ').next().and_then(|of| of.parse().ok()),
        }
    }

    /// What went on since an earlier reading.
    pub(crate) fn since(&self, earlier: &Self) -> Disturbance {
        let more = |now: Option<u64>, then: Option<u64>| Some(now?.saturating_sub(then?));
        let stolen = more(self.steal_ticks, earlier.steal_ticks);
        Disturbance {
            steal_us: stolen.map(|ticks| ticks * 1_000_000 / TICKS_PER_SECOND),
            cpu_wait_us: more(self.cpu_us, earlier.cpu_us),
            memory_wait_us: more(self.memory_us, earlier.memory_us),
            load_1min: self.load_1min,
        }
    }
}

/// What went on beside one run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Disturbance {
    /// Processor time that the host took.
    pub(crate) steal_us: Option<u64>,
    /// Time in which something waited for a processor, and for memory.
    pub(crate) cpu_wait_us: Option<u64>,
    pub(crate) memory_wait_us: Option<u64>,
    /// Mean of the last minute.
    load_1min: Option<f64>,
}

impl Disturbance {
    /// Whether that disturbed a run of `wall_ns`, which itself kept `threads` CPUs busy at most; `None`
    /// where the kernel tells nothing of it.
    pub(crate) fn is_felt(&self, wall_ns: u64, threads: u64, cpu_count: u32) -> Option<bool> {
        let share_us = SHARE * wall_ns as f64 / 1000.0;
        let is_large = |us: u64, least: f64| us as f64 > least && us as f64 > share_us;
        let load_max = 1.0 + threads as f64 + 0.25 * f64::from(cpu_count);
        // The load of the last minute is also that of our own build: it counts where waits are not told.
        let load = self.load_1min.filter(|_| self.cpu_wait_us.is_none());
        let signs = [
            self.steal_us.map(|us| is_large(us, 0.0)),
            self.cpu_wait_us.map(|us| is_large(us, WAIT_US_MIN)),
            self.memory_wait_us.map(|us| is_large(us, WAIT_US_MIN)),
            load.map(|load| load > load_max),
        ];
        signs.into_iter().flatten().reduce(|one, other| one || other)
    }
}

/// The eighth number of the line of a CPU, or of that of all.
fn steal(stat: &str, cpu: Option<u32>) -> Option<u64> {
    let name = cpu.map_or("cpu".to_owned(), |cpu| format!("cpu{cpu}"));
    let line = stat.lines().find(|line| line.split(' ').next() == Some(name.as_str()))?;
    line.split_whitespace().nth(8)?.parse().ok()
}

/// The `total` of the line `some`.
fn some_us(pressure: &str) -> Option<u64> {
    let line = pressure.lines().find(|line| line.starts_with("some "))?;
    line.rsplit_once("total=")?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str =
        "cpu  1 2 3 4 5 6 7 18 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\ncpu1 1 2 3 4 5 6 7 10 0 0\n";

    #[test]
    fn what_the_kernel_prints_is_understood() {
        assert_eq!(steal(STAT, None), Some(18));
        assert_eq!(steal(STAT, Some(1)), Some(10));
        assert_eq!(steal(STAT, Some(2)), None);
        assert_eq!(
            some_us("some avg10=0.00 avg60=0.00 avg300=0.00 total=123\nfull total=9\n"),
            Some(123)
        );
        assert_eq!(some_us(""), None);
    }

    fn quiet() -> Reading {
        Reading {
            steal_ticks: Some(5),
            cpu_us: Some(100),
            memory_us: Some(7),
            load_1min: Some(1.0),
        }
    }

    const SECOND_NS: u64 = 1_000_000_000;

    fn is_felt(later: Reading, wall_ns: u64) -> Option<bool> {
        later.since(&quiet()).is_felt(wall_ns, 1, 2)
    }

    #[test]
    fn a_quiet_run_is_not_marked_and_each_disturbance_is() {
        assert_eq!(is_felt(quiet(), SECOND_NS), Some(false));
        let cases = [
            Reading { steal_ticks: Some(11), ..quiet() },
            Reading { cpu_us: Some(60_100), ..quiet() },
            Reading { memory_us: Some(60_100), ..quiet() },
            Reading { load_1min: Some(2.6), cpu_us: None, ..quiet() },
        ];
        for later in cases {
            assert_eq!(is_felt(later, SECOND_NS), Some(true), "{later:?}");
        }
    }

    #[test]
    fn what_is_small_beside_the_run_or_our_own_waking_is_not_marked() {
        assert_eq!(is_felt(Reading { steal_ticks: Some(6), ..quiet() }, SECOND_NS), Some(false));
        assert_eq!(is_felt(Reading { cpu_us: Some(1_000), ..quiet() }, 1_000_000), Some(false));
    }

    #[test]
    fn the_load_of_the_minute_before_is_no_disturbance_where_nothing_waited() {
        assert_eq!(is_felt(Reading { load_1min: Some(9.0), ..quiet() }, SECOND_NS), Some(false));
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_not_quiet() {
        assert_eq!(is_felt(Reading::default(), SECOND_NS), None);
        let without_pressure = Reading { cpu_us: None, memory_us: None, ..quiet() };
        assert_eq!(is_felt(without_pressure, SECOND_NS), Some(false));
    }
}
