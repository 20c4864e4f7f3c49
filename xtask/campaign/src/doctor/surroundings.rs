//! What is around a measurement beyond the processor's own settings: who else is busy, what a host or a
//! control group takes or allows, heat, the clock, memory nodes, and the file system of the outputs.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Processes shown as the cause of a load.
const BUSIEST: usize = 3;

/// A process that keeps a CPU busy.
#[derive(Debug, Clone, PartialEq)]
pub struct Busy {
    /// The name of the program.
    pub name: String,
    /// Its process id.
    pub process: u32,
    /// Of one CPU.
    pub share: f64,
}

/// What could be read of it; what cannot is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Surroundings {
    /// The busiest processes while we looked, ourselves left out.
    pub busiest: Vec<Busy>,
    /// Share of all processor time that the host took while we looked.
    pub steal: Option<f64>,
    /// What the control group allows of memory, and of CPUs.
    pub memory_max_bytes: Option<u64>,
    /// CPUs that the control group may use.
    pub cpus_max: Option<f64>,
    /// How often the control group or the processor slowed us down since they started.
    pub throttled: Option<u64>,
    /// Of the hottest sensor.
    pub temperature_celsius: Option<f64>,
    /// What the kernel reads time from.
    pub clock_source: Option<String>,
    /// NUMA nodes.
    pub memory_nodes: Option<usize>,
    /// CPUs that the scheduler leaves alone; empty for none.
    pub isolated: Option<String>,
    /// The file system of scratch files.
    pub scratch: Option<String>,
}

impl Surroundings {
    /// Looks for so long at who is busy; `scratch` is where outputs are written.
    pub fn read(scratch: &Path, look: Duration) -> Self {
        let (before, times_before) = (processes(), times());
        std::thread::sleep(look);
        let (after, times_after) = (processes(), times());
        let group = control_group();
        let in_group = |file: &str| text(&group.as_ref()?.join(file));
        let memory_max = limits_above(group.as_deref(), "memory.max");
        Self {
            busiest: busiest(&before, &after, look),
            steal: times_before.zip(times_after).and_then(|(before, after)| stolen(before, after)),
            memory_max_bytes: memory_max.filter_map(|limit| limit.trim().parse().ok()).min(),
            cpus_max: limits_above(group.as_deref(), "cpu.max")
                .filter_map(|limit| cpus(&limit))
                .reduce(f64::min),
            throttled: throttled(in_group("cpu.stat").as_deref()),
            temperature_celsius: all("/sys/class/thermal/thermal_zone*/temp")
                .filter_map(|milli| Some(milli.parse::<f64>().ok()? / 1000.0))
                .reduce(f64::max),
            clock_source: text(Path::new(
                "/sys/devices/system/clocksource/clocksource0/current_clocksource",
            )),
            memory_nodes: nodes(),
            isolated: text(Path::new("/sys/devices/system/cpu/isolated")),
            scratch: file_system(scratch),
        }
    }
}

fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

fn all(pattern: &str) -> impl Iterator<Item = String> {
    let paths = glob::glob(pattern).into_iter().flatten().filter_map(Result::ok);
    paths.filter_map(|path| text(&path))
}

/// Ticks that each process used, with its name.
fn processes() -> HashMap<u32, (String, u64)> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    let ours = std::process::id();
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    entries
        .flatten()
        .filter_map(number)
        .filter(|process| *process != ours)
        .filter_map(|process| {
            let stat = text(Path::new(&format!("/proc/{process}/stat")))?;
            Some((process, ticks(&stat)?))
        })
        .collect()
}

/// Name and ticks in the text of `/proc/PID/stat`; the name may hold anything.
fn ticks(stat: &str) -> Option<(String, u64)> {
    let (head, rest) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.escape_debug().to_string();
    let mut words = rest.split_whitespace().skip(11);
    let used = words.next()?.parse::<u64>().ok()? + words.next()?.parse::<u64>().ok()?;
    Some((name, used))
}

const TICKS_PER_SECOND: f64 = 100.0;

fn busiest(
    before: &HashMap<u32, (String, u64)>,
    after: &HashMap<u32, (String, u64)>,
    look: Duration,
) -> Vec<Busy> {
    let share = |(process, (name, used)): (&u32, &(String, u64))| {
        let used = used.saturating_sub(before.get(process)?.1) as f64;
        let share = used / TICKS_PER_SECOND / look.as_secs_f64();
        (share > 0.1).then(|| Busy { name: name.clone(), process: *process, share })
    };
    let mut busy: Vec<Busy> = after.iter().filter_map(share).collect();
    busy.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.process.cmp(&b.process)));
    busy.truncate(BUSIEST);
    busy
}

/// All ticks and those stolen, of all CPUs.
fn times() -> Option<(u64, u64)> {
    all_times(&text(Path::new("/proc/stat"))?)
}

fn all_times(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().find(|line| line.starts_with("cpu "))?;
    let numbers: Vec<u64> =
        line.split_whitespace().skip(1).take(8).filter_map(|number| number.parse().ok()).collect();
    Some((numbers.iter().sum(), *numbers.get(7)?))
}

fn stolen(before: (u64, u64), after: (u64, u64)) -> Option<f64> {
    let all = after.0.checked_sub(before.0).filter(|all| *all > 0)?;
    Some(after.1.saturating_sub(before.1) as f64 / all as f64)
}

/// The folder of our control group, version 2.
fn control_group() -> Option<PathBuf> {
    let line = text(Path::new("/proc/self/cgroup"))?;
    let path = line.lines().find_map(|line| line.strip_prefix("0::"))?;
    let folder = Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/'));
    folder.is_dir().then_some(folder)
}

/// What a file says in our group and in all above it.
fn limits_above(group: Option<&Path>, file: &str) -> impl Iterator<Item = String> {
    let folders: Vec<PathBuf> = group.map_or_else(Vec::new, |group| {
        group
            .ancestors()
            .take_while(|of| of.starts_with("/sys/fs/cgroup"))
            .map(Into::into)
            .collect()
    });
    folders.into_iter().filter_map(move |folder| text(&folder.join(file)))
}

/// `QUOTA PERIOD` or `max PERIOD`.
fn cpus(limit: &str) -> Option<f64> {
    let (quota, period) = limit.split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.trim().parse::<f64>().ok()?)
}

fn throttled(cpu_stat: Option<&str>) -> Option<u64> {
    let by_group = cpu_stat.and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("nr_throttled "))?;
        line.trim().parse::<u64>().ok()
    });
    let by_heat = all("/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/core_throttle_count")
        .filter_map(|count| count.parse::<u64>().ok())
        .reduce(|one, other| one + other);
    match (by_group, by_heat) {
        (None, None) => None,
        (group, heat) => Some(group.unwrap_or(0) + heat.unwrap_or(0)),
    }
}

fn nodes() -> Option<usize> {
    let found = glob::glob("/sys/devices/system/node/node[0-9]*").ok()?.count();
    (found > 0).then_some(found)
}

/// The kind of the file system that a folder lies on: the longest mount point above it.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.ancestors().find_map(|folder| folder.canonicalize().ok())?;
    mounted(&fs::read_to_string("/proc/self/mounts").ok()?, &folder)
}

fn mounted(mounts: &str, folder: &Path) -> Option<String> {
    let entry = |line: &str| {
        let mut words = line.split(' ').skip(1);
        Some((PathBuf::from(words.next()?.replace("\\040", " ")), words.next()?.to_owned()))
    };
    let above = mounts.lines().filter_map(entry).filter(|(at, _)| folder.starts_with(at));
    // Of two mounts on one point the later one is seen.
    above.max_by_key(|(at, _)| at.components().count()).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_prints_is_understood() {
        let stat = "7 (a) b) R 1 2 3 4 5 6 7 8 9 10 40 2 0 0";
        assert_eq!(ticks(stat), Some(("a) b".to_owned(), 42)));
        let (before, after) = ("cpu  10 0 0 80 0 0 0 10 0 0\n", "cpu  20 0 0 150 0 0 0 30 0 0\n");
        let share = stolen(all_times(before).unwrap(), all_times(after).unwrap());
        assert_eq!(share, Some(0.2));
        assert_eq!(cpus("150000 100000"), Some(1.5));
        assert_eq!(cpus("max 100000"), None);
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n";
        assert_eq!(mounted(mounts, Path::new("/tmp/x")).as_deref(), Some("tmpfs"));
        assert_eq!(mounted(mounts, Path::new("/tmpx")).as_deref(), Some("ext4"));
    }

    #[test]
    fn the_busiest_come_first_and_idle_ones_not_at_all() {
        let of = |ticks: [u64; 3]| {
            let process = |(process, ticks)| (process, (format!("p{process}"), ticks));
            (1..).zip(ticks).map(process).collect::<HashMap<u32, _>>()
        };
        let busy = busiest(&of([0, 0, 5]), &of([50, 100, 6]), Duration::from_secs(1));
        let names: Vec<&str> = busy.iter().map(|of| of.name.as_str()).collect();
        assert_eq!(names, ["p2", "p1"]);
        assert_eq!(busy[0].share, 1.0);
    }
}
