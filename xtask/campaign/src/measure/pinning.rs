//! Which CPU a child is pinned to, if any: one that runs several threads or processes is measured as it
//! runs for others, one that does not stays on one CPU, where caches stay warm and pages are counted in time.

use std::collections::HashSet;
use std::fs;

use rustix::thread::{CpuSet, sched_getaffinity};

use experiment::Pin;
use record::{Kind, Sample};

/// Who a child is: decoders of a variant are programs of their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Who {
    variant: String,
    is_decoder: bool,
}

impl Who {
    pub(crate) fn new(variant: &str, kind: Kind) -> Self {
        Self { variant: variant.to_owned(), is_decoder: kind == Kind::Decode }
    }
}

/// What has been seen of each program so far.
#[derive(Debug, Default)]
pub(crate) struct Pinning {
    pin: Pin,
    cpu: Option<u32>,
    concurrent: HashSet<Who>,
}

impl Pinning {
    pub(crate) fn new(pin: Pin) -> Self {
        Self { pin, cpu: measured_cpu(), concurrent: HashSet::new() }
    }

    /// Learns from rows, so that a campaign that is continued knows what it knew.
    pub(crate) fn learn(&mut self, rows: &[Sample]) {
        let concurrent = rows.iter().filter(|row| row.is_concurrent());
        self.concurrent.extend(concurrent.map(|row| Who::new(&row.variant, row.kind)));
    }

    /// The CPU for the next run.
    pub(crate) fn cpu(&self, who: &Who) -> Option<u32> {
        let pinned = match self.pin {
            Pin::Always => true,
            Pin::Never => false,
            Pin::Auto => !self.concurrent.contains(who),
        };
        self.cpu.filter(|_| pinned)
    }

    /// The CPU of the laboratory's own children.
    pub(crate) fn self_test_cpu(&self) -> Option<u32> {
        self.cpu.filter(|_| self.pin != Pin::Never)
    }

    /// Whether a run is made again where it turns out to be of more than one thread or process.
    pub(crate) fn is_open(&self) -> bool {
        self.pin == Pin::Auto
    }
}

/// The CPU that children are pinned to: one that the system keeps free of others if there is one, else
/// the first that we may use.
pub(crate) fn measured_cpu() -> Option<u32> {
    let allowed = sched_getaffinity(None).ok()?;
    let isolated = fs::read_to_string("/sys/devices/system/cpu/isolated").unwrap_or_default();
    chosen(&isolated, |cpu| allowed.is_set(cpu as usize), CpuSet::MAX_CPU as u32)
}

fn chosen(isolated: &str, is_allowed: impl Fn(u32) -> bool, end: u32) -> Option<u32> {
    let free = numbers(isolated).into_iter().find(|cpu| *cpu < end && is_allowed(*cpu));
    free.or_else(|| (0..end).find(|cpu| is_allowed(*cpu)))
}

/// The numbers of a list such as `0-3,8`.
pub(crate) fn numbers(list: &str) -> Vec<u32> {
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.trim().parse::<u32>().ok()?..=to.trim().parse::<u32>().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::Outcome;

    fn row(kind: Kind, threads: u64) -> Sample {
        Sample {
            outcome: Outcome::Ok,
            threads_max: Some(threads),
            processes: Some(1),
            ..Sample::skipped(kind, 1, 0, "v", "p", 10)
        }
    }

    #[test]
    fn a_program_is_pinned_until_it_is_seen_to_run_more_than_one_thread() {
        let mut pinning = Pinning { pin: Pin::Auto, cpu: Some(3), concurrent: HashSet::new() };
        let (encoder, decoder) = (Who::new("v", Kind::Run), Who::new("v", Kind::Decode));
        pinning.learn(&[row(Kind::Warmup, 1)]);
        assert_eq!(pinning.cpu(&encoder), Some(3));
        pinning.learn(&[row(Kind::Warmup, 2)]);
        assert_eq!((pinning.cpu(&encoder), pinning.cpu(&decoder)), (None, Some(3)));
        pinning.pin = Pin::Always;
        assert_eq!(pinning.cpu(&encoder), Some(3));
        pinning.pin = Pin::Never;
        assert_eq!((pinning.cpu(&decoder), pinning.self_test_cpu()), (None, None));
    }

    #[test]
    fn an_isolated_cpu_is_taken_before_others_and_only_if_it_is_allowed() {
        assert_eq!(chosen("", |_| true, 8), Some(0));
        assert_eq!(chosen("", |cpu| cpu > 4, 8), Some(5));
        assert_eq!(chosen("2-3,7", |cpu| cpu != 2, 8), Some(3));
        assert_eq!(chosen("2", |cpu| cpu == 6, 8), Some(6));
        assert_eq!(chosen("", |_| false, 8), None);
        assert!(measured_cpu().is_some());
    }
}
