//! Is this machine fit to measure on? Facts are read from the kernel and tried with the probe; what
//! follows from them is a pure function. Each finding names the metrics it touches and what to change.

pub mod surroundings;

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use record::metric::{self, Metric};

use surroundings::{Busy, Surroundings};

/// What the machine says of itself; what cannot be read is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The frequency governor of each CPU.
    pub governors: Vec<String>,
    /// Whether clocks are raised beyond the rated one.
    pub turbo: Option<bool>,
    /// Processes that ran or wanted to, on average.
    pub load_1min: Option<f64>,
    /// CPUs that this process may use.
    pub cpu_count: u32,
    /// Swap there is.
    pub swap_total_bytes: u64,
    /// Swap in use.
    pub swap_used_bytes: u64,
    /// The mode of transparent huge pages.
    pub huge_pages: Option<String>,
    /// `Cpus_allowed_list`: the processors that this process may run on.
    pub allowed: Option<String>,
    /// Whether two CPUs share a core.
    pub simultaneous_threads: Option<bool>,
    /// `kernel.perf_event_paranoid`.
    pub perf_paranoid: Option<String>,
    /// Whether this is one.
    pub virtual_machine: Option<bool>,
    /// What else is on the machine.
    pub around: Surroundings,
    /// Whether a battery is being emptied; absent without one.
    pub discharging: Option<bool>,
    /// Free bytes where reports and inputs are written.
    pub free_bytes: Option<u64>,
    /// What the machine refuses the probe.
    pub refused: Vec<String>,
    /// Peaks of one and the same child, run again and again under the probe.
    pub peaks: Vec<u64>,
}

/// What a finding means for measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// As it should be.
    Good,
    /// Limits or widens some metric; the rest can be trusted.
    Note,
    /// Metrics are wrong or drown in noise until it is changed.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How good it is.
    pub grade: Grade,
    /// What was found.
    pub state: String,
    /// The names of the metrics that it touches.
    pub metrics: Vec<&'static str>,
    /// How, and what to change; empty where it is as it should be.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub effect: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    /// What to do about it.
    pub change: &'static str,
}

const TIMES: &[Metric] = &[Metric::Wall, Metric::Cpu];
const PEAKS: &[Metric] = &[Metric::PeakRss, Metric::PeakHwm];

/// Least free space for a campaign's inputs, outputs and samples.
const FREE_BYTES_MIN: u64 = 2_000_000_000;

/// The findings, in a fixed order.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    vec![
        governor(facts),
        turbo(facts),
        load(facts),
        swap(facts),
        huge_pages(facts),
        addresses(facts),
        cpus(facts),
        affinity(facts),
        exit_view(facts),
        counters(facts),
        repeatability(facts),
        steal(facts),
        control_group(facts),
        throttling(facts),
        clock(facts),
        memory_nodes(facts),
        isolated(facts),
        scratch(facts),
        disk(facts),
        battery(facts),
        virtual_machine(facts),
    ]
}

fn finding(
    name: &'static str,
    metrics: &'static [Metric],
    (grade, state): (Grade, String),
    effect: &'static str,
    change: &'static str,
) -> Finding {
    let (effect, change) = if grade == Grade::Good { ("", "") } else { (effect, change) };
    let metrics = match metrics.len() == metric::ALL.len() {
        true => vec!["all"],
        false => metrics.iter().map(|metric| metric.name()).collect(),
    };
    Finding { name, grade, state, metrics, effect, change }
}

fn unknown() -> String {
    "not to be read here".to_owned()
}

fn governor(facts: &Facts) -> Finding {
    let mut governors = facts.governors.clone();
    governors.sort_unstable();
    governors.dedup();
    let judged = match governors.as_slice() {
        [] => (Grade::Note, unknown()),
        [only] if only == "performance" => (Grade::Good, only.clone()),
        several => (Grade::Bad, several.join(", ")),
    };
    finding(
        "frequency governor",
        TIMES,
        judged,
        "the clock follows the load, so times depend on what ran before",
        "as root: cpupower frequency-set -g performance; in a virtual machine, on its host",
    )
}

fn turbo(facts: &Facts) -> Finding {
    let judged = match facts.turbo {
        Some(false) => (Grade::Good, "off".to_owned()),
        Some(true) => (Grade::Note, "on".to_owned()),
        None => (Grade::Note, unknown()),
    };
    finding(
        "turbo",
        TIMES,
        judged,
        "the clock falls as the machine warms up, so early runs are faster than late ones",
        "as root: 1 into intel_pstate/no_turbo or 0 into cpufreq/boost below \
         /sys/devices/system/cpu",
    )
}

fn load(facts: &Facts) -> Finding {
    let judged = match facts.load_1min {
        None => (Grade::Note, unknown()),
        Some(load) => {
            let who: Vec<String> = facts.around.busiest.iter().map(named).collect();
            let who = if who.is_empty() { String::new() } else { format!(": {}", who.join(", ")) };
            let state = format!("{load:.2} on {} CPUs{who}", facts.cpu_count);
            // The mean of a minute, our own build included: bad only while somebody is busy.
            let grade = match load > 0.25 * f64::from(facts.cpu_count) {
                true if facts.around.busiest.is_empty() => Grade::Note,
                true => Grade::Bad,
                false => Grade::Good,
            };
            let since = if grade == Grade::Note { ", nobody is busy any more" } else { "" };
            (grade, format!("{state}{since}"))
        }
    };
    finding(
        "load",
        &[Metric::Wall, Metric::Cpu, Metric::Instructions],
        judged,
        "others share caches and CPUs: times are long and spread widely; peak memory does not change",
        "stop what else runs, and wait until the load is gone",
    )
}

fn named(busy: &Busy) -> String {
    format!("{} ({}) {}", busy.name, busy.process, record::units::percent(busy.share))
}

fn steal(facts: &Facts) -> Finding {
    let judged = match facts.around.steal {
        None => (Grade::Note, unknown()),
        Some(share) => {
            let grade = match share {
                ..0.002 => Grade::Good,
                ..0.02 => Grade::Note,
                _ => Grade::Bad,
            };
            (grade, record::units::percent(share))
        }
    };
    finding(
        "steal time",
        TIMES,
        judged,
        "the host gives processor time to others meanwhile: runs are longer by what it takes",
        "measure where no others share the host; runs that lost time are marked",
    )
}

fn control_group(facts: &Facts) -> Finding {
    let around = &facts.around;
    let memory = around.memory_max_bytes.map(|bytes| record::units::bytes(bytes as f64));
    let cpus = around.cpus_max.map(|cpus| format!("{cpus:.2} CPUs"));
    let limits: Vec<String> = memory.into_iter().chain(cpus).collect();
    let is_tight = around.cpus_max.is_some_and(|cpus| cpus < 1.0);
    let judged = match limits.as_slice() {
        [] => (Grade::Good, "no limits".to_owned()),
        limits => {
            let grade = if is_tight { Grade::Bad } else { Grade::Note };
            (grade, format!("at most {}", limits.join(", ")))
        }
    };
    finding(
        "control group",
        &[Metric::Wall, Metric::PeakRss],
        judged,
        "beyond the limit of CPUs everything stands still until the next period; beyond that of memory, \
         pages are dropped and children killed",
        "run outside of the container, or without limits",
    )
}

fn throttling(facts: &Facts) -> Finding {
    const HOT_CELSIUS: f64 = 85.0;
    let around = &facts.around;
    let heat = around.temperature_celsius.map(|celsius| format!("{celsius:.0} °C"));
    let times = around.throttled.map(|count| format!("slowed down {count} times"));
    let is_hot = around.temperature_celsius.is_some_and(|celsius| celsius >= HOT_CELSIUS);
    let grade = match around.throttled {
        _ if is_hot => Grade::Bad,
        Some(0) => Grade::Good,
        None if heat.is_some() => Grade::Good,
        Some(_) | None => Grade::Note,
    };
    let state: Vec<String> = heat.into_iter().chain(times).collect();
    let state = if state.is_empty() { unknown() } else { state.join(", ") };
    finding(
        "throttling",
        TIMES,
        (grade, state),
        "a processor that is too hot, or a group that used up its share, runs slower for a while",
        "let it cool; see to its fans, and to the limit of the control group",
    )
}

fn clock(facts: &Facts) -> Finding {
    let judged = match facts.around.clock_source.as_deref() {
        None => (Grade::Note, unknown()),
        Some(slow @ ("hpet" | "acpi_pm" | "jiffies" | "refined-jiffies")) => {
            (Grade::Bad, slow.to_owned())
        }
        Some(source) => (Grade::Good, source.to_owned()),
    };
    finding(
        "clock source",
        &[Metric::Wall],
        judged,
        "reading it is a slow system call and it ticks coarsely: short runs are measured badly",
        "as root: tsc into /sys/devices/system/clocksource/clocksource0/current_clocksource, if it is \
         offered beside it",
    )
}

fn memory_nodes(facts: &Facts) -> Finding {
    let judged = match facts.around.memory_nodes {
        None => (Grade::Note, unknown()),
        Some(1) => (Grade::Good, "one".to_owned()),
        Some(count) => (Grade::Note, count.to_string()),
    };
    finding(
        "memory nodes",
        TIMES,
        judged,
        "memory may be near or far from the CPU that runs, so times have two levels",
        "start the laboratory under: numactl --cpunodebind=0 --membind=0",
    )
}

fn isolated(facts: &Facts) -> Finding {
    let state = match facts.around.isolated.as_deref() {
        None => (Grade::Note, unknown()),
        Some("") => (Grade::Good, "none".to_owned()),
        Some(list) => (Grade::Good, format!("{list}, of which the first allowed one is used")),
    };
    finding(
        "isolated CPUs",
        TIMES,
        state,
        "others may be scheduled on the CPU that is measured on",
        "boot with isolcpus=N nohz_full=N for one CPU",
    )
}

fn scratch(facts: &Facts) -> Finding {
    let judged = match facts.around.scratch.as_deref() {
        None => (Grade::Note, unknown()),
        Some(far)
            if far.starts_with("nfs")
                || far.starts_with("fuse")
                || far == "cifs"
                || far == "9p" =>
        {
            (Grade::Bad, far.to_owned())
        }
        Some(memory @ ("tmpfs" | "ramfs")) => (Grade::Note, memory.to_owned()),
        Some(kind) => (Grade::Good, kind.to_owned()),
    };
    finding(
        "scratch file system",
        &[Metric::Wall, Metric::PeakCgroup],
        judged,
        "outputs that go over a network or through another process take its time; in memory they take \
         memory of the machine",
        "set CARGO_TARGET_DIR to a folder on a local disk",
    )
}

/// The worst finding in a line, if anything is worth saying.
pub fn worst(findings: &[Finding]) -> Option<String> {
    let rank = |of: &&Finding| of.grade;
    // Of several equally bad ones the first.
    let worst = findings.iter().rev().max_by_key(rank).filter(|of| of.grade != Grade::Good)?;
    Some(format!("{}: {} ({})", worst.name, worst.state, worst.effect))
}

fn swap(facts: &Facts) -> Finding {
    let (total, used) = (facts.swap_total_bytes, facts.swap_used_bytes);
    let judged = match (total, used) {
        (0, _) => (Grade::Good, "off".to_owned()),
        (_, 0) => (Grade::Note, "on, nothing in it".to_owned()),
        _ => (Grade::Bad, format!("{} in use", record::units::bytes(used as f64))),
    };
    finding(
        "swap",
        &[Metric::PeakRss, Metric::PeakHwm, Metric::Wall],
        judged,
        "pages that are swapped out are not resident: peaks read low, and times hold waits for the disk",
        "as root: swapoff -a; or measure what fits in memory",
    )
}

fn huge_pages(facts: &Facts) -> Finding {
    let judged = match facts.huge_pages.as_deref() {
        Some("always") => (Grade::Bad, "always".to_owned()),
        Some(other) => (Grade::Good, other.to_owned()),
        None => (Grade::Note, unknown()),
    };
    finding(
        "huge pages",
        &[Metric::PeakRss, Metric::PeakHwm, Metric::Overhead],
        judged,
        "peaks come in steps of 2 MiB, whenever the kernel finds room for a huge page",
        "as root: madvise into /sys/kernel/mm/transparent_hugepage/enabled",
    )
}

/// Whether the probe was refused a system call.
fn tried(facts: &Facts, call: &str, grade: Grade, good: &str) -> (Grade, String) {
    if facts.refused.iter().any(|refused| refused == call) {
        (grade, format!("{call} is refused"))
    } else {
        (Grade::Good, good.to_owned())
    }
}

fn addresses(facts: &Facts) -> Finding {
    finding(
        "address randomisation",
        PEAKS,
        tried(facts, "personality", Grade::Bad, "the probe turns it off"),
        "how many pages are touched differs from run to run: peaks spread by some 100 KiB",
        "allow the system call personality (containers refuse it by their seccomp profile)",
    )
}

fn cpus(facts: &Facts) -> Finding {
    let threads = match facts.simultaneous_threads {
        Some(true) => ", two threads per core",
        _ => "",
    };
    let grade = if facts.cpu_count > 1 && threads.is_empty() { Grade::Good } else { Grade::Note };
    finding(
        "CPUs",
        TIMES,
        (grade, format!("{}{threads}", facts.cpu_count)),
        "what is measured shares its core with the laboratory or with the other thread of the core",
        "measure with at least two CPUs, without simultaneous threads if you may: off into \
         /sys/devices/system/cpu/smt/control",
    )
}

fn affinity(facts: &Facts) -> Finding {
    let state = match &facts.allowed {
        Some(list) => format!("the probe pins to one CPU of {list}"),
        None => "the probe pins to one CPU".to_owned(),
    };
    let judged = tried(facts, "sched_setaffinity", Grade::Bad, &state);
    finding(
        "affinity",
        &[Metric::PeakRss, Metric::PeakHwm, Metric::Wall],
        judged,
        "the child moves between CPUs: each may owe 256 KiB of its count of pages, more where there are \
         many CPUs, and caches are cold after each move",
        "allow the system call sched_setaffinity",
    )
}

fn exit_view(facts: &Facts) -> Finding {
    finding(
        "ptrace",
        &[Metric::PeakHwm, Metric::RssAtExit, Metric::FileAtExit, Metric::Stack],
        match tried(facts, "/proc", Grade::Bad, "") {
            (Grade::Good, _) => {
                tried(facts, "ptrace", Grade::Note, "the probe sees the child at its exit")
            }
            hidden => hidden,
        },
        "there is one view of the peak instead of two, and it has the probe's own 1 MB as its floor",
        "allow ptrace: kernel.yama.ptrace_scope at most 1, and in the container's seccomp profile; mount \
         a /proc of the container's own processes",
    )
}

fn counters(facts: &Facts) -> Finding {
    let (grade, mut state) =
        tried(facts, "perf_event_open", Grade::Note, "instructions are counted");
    if let (Grade::Note, Some(paranoid)) = (grade, &facts.perf_paranoid) {
        state = format!("{state} (perf_event_paranoid {paranoid})");
    }
    finding(
        "performance counters",
        &[Metric::Instructions],
        (grade, state),
        "instructions are not measured; all else is",
        "as root: sysctl kernel.perf_event_paranoid=2 or lower; many virtual machines have none",
    )
}

fn repeatability(facts: &Facts) -> Finding {
    let spread = facts.peaks.iter().max().zip(facts.peaks.iter().min());
    let runs = facts.peaks.len();
    let judged = match spread {
        None => (Grade::Note, unknown()),
        Some((most, least)) if most == least => {
            (Grade::Good, format!("one child, {runs} runs, the same peak"))
        }
        Some((most, least)) => {
            let spread = record::units::bytes((most - least) as f64);
            (Grade::Note, format!("one child, {runs} runs, peaks {spread} apart"))
        }
    };
    finding(
        "repeatability",
        PEAKS,
        judged,
        "peaks are not deterministic here, so cells need more runs for the same precision",
        "see to address randomisation, affinity and huge pages above",
    )
}

fn disk(facts: &Facts) -> Finding {
    let judged = match facts.free_bytes {
        None => (Grade::Note, unknown()),
        Some(free) => {
            let grade = if free < FREE_BYTES_MIN { Grade::Bad } else { Grade::Good };
            (grade, format!("{} free", record::units::bytes(free as f64)))
        }
    };
    finding(
        "disk space",
        &metric::ALL,
        judged,
        "a campaign stops when its samples or outputs cannot be written; what was measured is kept",
        "free some space, or set CARGO_TARGET_DIR to another disk",
    )
}

fn battery(facts: &Facts) -> Finding {
    let judged = match facts.discharging {
        None => (Grade::Good, "none".to_owned()),
        Some(false) => (Grade::Good, "not in use".to_owned()),
        Some(true) => (Grade::Bad, "being emptied".to_owned()),
    };
    finding(
        "battery",
        TIMES,
        judged,
        "the machine saves power: clocks are low and change",
        "plug it in",
    )
}

fn virtual_machine(facts: &Facts) -> Finding {
    let judged = match facts.virtual_machine {
        Some(true) => (Grade::Note, "yes".to_owned()),
        Some(false) => (Grade::Good, "no".to_owned()),
        None => (Grade::Note, unknown()),
    };
    finding(
        "virtual machine",
        TIMES,
        judged,
        "others on the host take time that shows here as longer runs; memory is not touched",
        "believe times only as ratios within blocks, or measure on a machine of your own",
    )
}

/// Whether nothing is bad.
pub fn is_fit(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.grade != Grade::Bad)
}

impl Facts {
    /// The facts that the kernel tells; `folder` is where reports and inputs are written, `look` for how
    /// long is looked at who is busy.
    pub fn read(folder: &Path, look: Duration) -> Self {
        let machine = record::machine::Machine::now();
        let memory = text("/proc/meminfo").unwrap_or_default();
        let kibibytes = |key: &str| {
            let line = memory.lines().find_map(|line| line.strip_prefix(key));
            line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
        };
        let status = text("/proc/self/status").unwrap_or_default();
        let swap_total_bytes = kibibytes("SwapTotal:") * 1024;
        Self {
            governors: all("/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor"),
            turbo: turbo_is_on(),
            load_1min: machine.load_1min,
            cpu_count: machine.cpu_count,
            swap_total_bytes,
            swap_used_bytes: swap_total_bytes - kibibytes("SwapFree:") * 1024,
            huge_pages: machine.huge_pages,
            allowed: status
                .lines()
                .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
                .map(|list| list.trim().to_owned()),
            simultaneous_threads: text("/sys/devices/system/cpu/smt/active").map(|on| on == "1"),
            perf_paranoid: text("/proc/sys/kernel/perf_event_paranoid"),
            virtual_machine: machine.hypervisor,
            around: Surroundings::read(folder, look),
            discharging: discharging(),
            free_bytes: rustix::fs::statvfs(folder).ok().map(|of| of.f_bavail * of.f_frsize),
            refused: Vec::new(),
            peaks: Vec::new(),
        }
    }
}

fn turbo_is_on() -> Option<bool> {
    let intel = text("/sys/devices/system/cpu/intel_pstate/no_turbo").map(|off| off == "0");
    intel.or_else(|| text("/sys/devices/system/cpu/cpufreq/boost").map(|on| on == "1"))
}

fn discharging() -> Option<bool> {
    let states = all("/sys/class/power_supply/*/status");
    (!states.is_empty()).then(|| states.iter().any(|state| state == "Discharging"))
}

fn text(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The texts of all files that a pattern names.
fn all(pattern: &str) -> Vec<String> {
    let paths = glob::glob(pattern).into_iter().flatten().filter_map(Result::ok);
    paths.filter_map(|path| text(path.to_str()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well_set() -> Facts {
        Facts {
            governors: vec!["performance".to_owned(); 4],
            turbo: Some(false),
            load_1min: Some(0.1),
            cpu_count: 4,
            huge_pages: Some("madvise".to_owned()),
            allowed: Some("0-3".to_owned()),
            simultaneous_threads: Some(false),
            free_bytes: Some(10_000_000_000),
            peaks: vec![7; 10],
            virtual_machine: Some(false),
            around: Surroundings {
                steal: Some(0.0),
                throttled: Some(0),
                temperature_celsius: Some(40.0),
                clock_source: Some("tsc".to_owned()),
                memory_nodes: Some(1),
                isolated: Some("3".to_owned()),
                scratch: Some("ext4".to_owned()),
                ..Surroundings::default()
            },
            ..Facts::default()
        }
    }

    #[test]
    fn a_well_set_machine_has_nothing_to_change() {
        for finding in findings(&well_set()) {
            assert_eq!(finding.grade, Grade::Good, "{finding:?}");
            assert_eq!((finding.effect, finding.change), ("", ""));
        }
    }

    #[test]
    fn what_spoils_measurements_is_bad_and_says_what_to_change() {
        let spoilt = Facts {
            governors: vec!["powersave".to_owned()],
            load_1min: Some(3.0),
            around: Surroundings { busiest: busy(), ..well_set().around },
            swap_total_bytes: 10,
            swap_used_bytes: 5,
            huge_pages: Some("always".to_owned()),
            free_bytes: Some(1),
            discharging: Some(true),
            refused: vec!["personality".to_owned()],
            ..well_set()
        };
        let all = findings(&spoilt);
        let bad: Vec<&Finding> = all.iter().filter(|of| of.grade == Grade::Bad).collect();
        assert_eq!(bad.len(), 7, "{bad:?}");
        assert!(bad.iter().all(|of| !of.effect.is_empty() && !of.change.is_empty()));
        assert!(!is_fit(&all));
    }

    #[test]
    fn what_only_limits_a_metric_leaves_the_machine_fit() {
        let refused = ["ptrace", "perf_event_open"].map(ToOwned::to_owned).to_vec();
        let limited = Facts { refused, virtual_machine: Some(true), turbo: None, ..well_set() };
        let all = findings(&limited);
        assert_eq!(all.iter().filter(|of| of.grade == Grade::Note).count(), 4);
        assert!(is_fit(&all));
    }

    fn around(change: impl Fn(&mut Surroundings)) -> Facts {
        let mut facts = well_set();
        change(&mut facts.around);
        facts
    }

    #[test]
    fn what_takes_time_from_outside_is_bad_and_named() {
        let spoilt = [
            ("steal time", around(|of| of.steal = Some(0.1))),
            ("control group", around(|of| of.cpus_max = Some(0.5))),
            ("throttling", around(|of| of.temperature_celsius = Some(95.0))),
            ("clock source", around(|of| of.clock_source = Some("hpet".to_owned()))),
            ("scratch file system", around(|of| of.scratch = Some("nfs4".to_owned()))),
        ];
        for (name, facts) in spoilt {
            let all = findings(&facts);
            let bad: Vec<&str> =
                all.iter().filter(|of| of.grade == Grade::Bad).map(|of| of.name).collect();
            assert_eq!(bad, [name]);
            assert!(worst(&all).unwrap().starts_with(name));
        }
        assert_eq!(worst(&findings(&well_set())), None);
    }

    fn busy() -> Vec<Busy> {
        vec![Busy { name: "rustc".to_owned(), process: 77, share: 0.98 }]
    }

    #[test]
    fn a_load_that_is_over_is_no_reason_to_wait() {
        let facts = Facts { load_1min: Some(9.0), ..well_set() };
        let all = findings(&facts);
        let load = all.iter().find(|of| of.name == "load").unwrap();
        assert_eq!((load.grade, is_fit(&all)), (Grade::Note, true));
        assert!(load.state.ends_with("nobody is busy any more"), "{load:?}");
    }

    #[test]
    fn who_causes_the_load_is_named() {
        let mut facts = well_set();
        facts.load_1min = Some(9.0);
        facts.around.busiest = busy();
        let said = worst(&findings(&facts)).unwrap();
        assert!(said.contains("rustc (77) 98.0 %"), "{said}");
    }
}
