//! `cargo xtask doctor`: is this machine fit to measure on, and what to change.

use std::time::Duration;

use serde_json::json;

use campaign::Workspace;
use campaign::doctor::{self, Facts, Finding, Grade};
use campaign::trial;

use crate::exit::Exit;
use crate::output::{out, outln};

/// How often one and the same child is run to see whether its peak is.
const RUNS: usize = 20;

/// How long is looked at who is busy.
const LOOK: Duration = Duration::from_millis(500);

/// How columns of a terminal are filled.
const WIDTH: usize = 80;
const INDENT: usize = 6;

/// The options of `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// For people, or for programs
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Looks at the machine, tries what the probe needs, and prints what follows. Exit code 1 if
/// something is bad.
pub(crate) fn doctor(workspace: &Workspace, options: &Options) -> anyhow::Result<Exit> {
    let probe = workspace.build_probe()?;
    let mut facts = Facts::read(&workspace.room, LOOK);
    for _ in 0..RUNS {
        let (peak, refused) = trial(&probe)?;
        facts.peaks.push(peak);
        facts.refused = refused;
    }
    let findings = doctor::findings(&facts);
    match options.format {
        Format::Text => out!("{}", text(&findings)),
        Format::Json => {
            let all = json!({ "fit": doctor::is_fit(&findings), "findings": findings });
            outln!("{}", serde_json::to_string_pretty(&all)?);
        }
    }
    Ok(Exit::of(doctor::is_fit(&findings)))
}

/// The findings for a terminal, then the verdict.
fn text(findings: &[Finding]) -> String {
    let entries = findings.iter().map(entry).collect::<Vec<_>>().concat();
    let bad = findings.iter().filter(|of| of.grade == Grade::Bad).count();
    let verdict = match bad {
        0 => "This machine is fit to measure on.".to_owned(),
        1 => "One thing spoils measurements here; see `bad` above.".to_owned(),
        bad => format!("{bad} things spoil measurements here; see `bad` above."),
    };
    format!("{entries}\n{verdict}\n")
}

fn entry(finding: &Finding) -> String {
    let grade = match finding.grade {
        Grade::Good => "good",
        Grade::Note => "note",
        Grade::Bad => "bad",
    };
    let mut lines = vec![format!("{grade:<5} {:<22} {}", finding.name, finding.state)];
    if finding.grade != Grade::Good {
        let metrics = finding.metrics.join(", ");
        lines.extend(wrapped(&format!("{metrics}: {}", finding.effect)));
        lines.extend(wrapped(&format!("-> {}", finding.change)));
    }
    lines.join("\n") + "\n"
}

/// A text in lines that fit, indented.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![" ".repeat(INDENT - 1)];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("at least one line");
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{}{word}", " ".repeat(INDENT)));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use campaign::doctor::surroundings::Surroundings;

    #[test]
    fn everything_fits_in_80_columns() {
        let refused = ["ptrace", "personality", "sched_setaffinity", "perf_event_open"];
        let worst = Facts {
            governors: vec!["powersave".to_owned(), "schedutil".to_owned()],
            turbo: Some(true),
            load_1min: Some(123.45),
            cpu_count: 128,
            swap_total_bytes: 1 << 40,
            swap_used_bytes: 123_456_789_012,
            huge_pages: Some("always".to_owned()),
            allowed: Some("0-127".to_owned()),
            simultaneous_threads: Some(true),
            perf_paranoid: Some("4".to_owned()),
            virtual_machine: Some(true),
            around: Surroundings {
                steal: Some(0.123),
                memory_max_bytes: Some(123_456_789_012),
                cpus_max: Some(0.5),
                throttled: Some(123_456),
                temperature_celsius: Some(104.0),
                clock_source: Some("refined-jiffies".to_owned()),
                memory_nodes: Some(8),
                isolated: Some("2-63".to_owned()),
                scratch: Some("fuse.sshfs".to_owned()),
                busiest: Vec::new(),
            },
            discharging: Some(true),
            free_bytes: Some(1),
            refused: refused.map(ToOwned::to_owned).to_vec(),
            peaks: vec![1, 1_234_567_890],
        };
        let text = text(&doctor::findings(&worst));
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        assert!(text.contains("\nbad   affinity"), "{text}");
    }
}
