//! Where a campaign was measured: what the kernel says of the machine, read from `/proc` and `/sys`.
//! What cannot be read is absent, never guessed.

use std::fs;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// The machine at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// UTC, RFC 3339.
    pub time: String,
    /// Model of the processor.
    pub cpu: String,
    /// Processors that a process may use.
    pub cpu_count: u32,
    /// Physical memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Release of the kernel.
    pub kernel: String,
    /// Instruction set.
    pub architecture: String,
    /// Whether a hypervisor runs this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypervisor: Option<bool>,
    /// Frequency governor of the first processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
    /// The setting of transparent huge pages in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub huge_pages: Option<String>,
    /// Swap space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_bytes: Option<u64>,
    /// Runnable processes, mean of the last minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_1min: Option<f64>,
}

impl Machine {
    /// The machine now.
    pub fn now() -> Self {
        let cpu = read("/proc/cpuinfo").unwrap_or_default();
        let memory = read("/proc/meminfo").unwrap_or_default();
        let kibibytes = |key| field(&memory, key).and_then(|value| first_number(&value));
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let load = read("/proc/loadavg").unwrap_or_default();
        Self {
            time: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            cpu: field(&cpu, "model name").unwrap_or_else(|| "unknown".to_owned()),
            cpu_count: threads as u32,
            memory_bytes: kibibytes("MemTotal").map(|kib| kib * 1024),
            kernel: read("/proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".to_owned()),
            architecture: std::env::consts::ARCH.to_owned(),
            hypervisor: field(&cpu, "flags").map(|flags| flags.contains("hypervisor")),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            huge_pages: read("/sys/kernel/mm/transparent_hugepage/enabled").and_then(chosen),
            swap_bytes: kibibytes("SwapTotal").map(|kib| kib * 1024),
            load_1min: load.split(' ').next().and_then(|load| load.parse().ok()),
        }
    }

    /// What differs in another state of the same or of another machine, as far as it keeps samples from
    /// being joined: all but time and load. Clocks are never compared; they may be set back.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let table = |of: &Self| toml::Table::try_from(of).expect("plain values");
        let (was, is) = (table(self), table(other));
        let mut keys: Vec<&String> = was.keys().chain(is.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        let text =
            |value: Option<&toml::Value>| value.map_or("unknown".to_owned(), ToString::to_string);
        keys.into_iter()
            .filter(|key| !["time", "load_1min"].contains(&key.as_str()))
            .filter(|key| was.get(*key) != is.get(*key))
            .map(|key| format!("{key} was {}, is {}", text(was.get(key)), text(is.get(key))))
            .collect()
    }
}

fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

/// The value of `key: value` in a text such as `/proc/cpuinfo`.
fn field(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find(|line| line.split(':').next().unwrap_or("").trim() == key)?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// The bracketed word of `always [madvise] never`.
#[allow(clippy::needless_pass_by_value)]
fn chosen(text: String) -> Option<String> {
    Some(text.split_once('[')?.1.split_once(']')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_prints_is_understood() {
        assert_eq!(field("a\t: 1\nmodel name\t: X Y\n", "model name"), Some("X Y".to_owned()));
        assert_eq!(first_number("24000 kB"), Some(24_000));
        assert_eq!(chosen("always [madvise] never".to_owned()), Some("madvise".to_owned()));
    }

    #[test]
    fn time_and_load_do_not_make_another_machine() {
        let machine = Machine::now();
        let later = Machine { load_1min: Some(99.0), time: String::new(), ..machine.clone() };
        assert_eq!(machine.differences(&later), [""; 0]);
        let other = Machine { cpu_count: 999, governor: None, ..later };
        let machine = Machine { cpu_count: 1, governor: Some("powersave".to_owned()), ..machine };
        assert_eq!(
            machine.differences(&other),
            ["cpu_count was 1, is 999", "governor was \"powersave\", is unknown"]
        );
    }
}
