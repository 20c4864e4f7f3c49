//! `cargo xtask calibrate --aa`: the whole laboratory against itself. Byte-identical copies of programs are
//! measured as different variants, in campaigns like any other; whatever is found between them is a
//! false alarm.

use std::fs;
use std::path::Path;

use anyhow::Context;
use stats::compare::Verdict as Answer;

use crate::cmd::Chosen;
use crate::cmd::run::{self, Options};
use crate::error::Verdict;
use crate::experiment::Experiment;
use crate::interrupt;
use crate::metric::Metric;
use crate::output::{errln, outln};
use crate::progress::Simulation;
use crate::record::Folder;
use crate::render;
use crate::workshop::{Wanted, Workshop};

/// The copies of one program; the first is what the others are compared with.
const COPIES: [&str; 3] = ["first", "second", "third"];

/// The share of campaigns in which anything may be found.
const ALARMS_MAX: f64 = 0.05;

/// What was found in all campaigns of one program.
struct Found {
    program: String,
    campaigns: u32,
    /// Campaigns with any false alarm.
    alarmed: u32,
    /// By metric: comparisons, and false alarms among them.
    metrics: Vec<(Metric, u32, u32)>,
}

/// Measures copies of `sigma` and of a program of the system, prints what was found and fails if that
/// is more than chance allows.
pub(crate) fn aa(workshop: &Workshop, campaigns: u32) -> anyhow::Result<Verdict> {
    interrupt::listen()?;
    workshop.build(Wanted::SIGMA)?;
    let tools = workshop.tools(Wanted::SIGMA)?;
    let folder = workshop.room.join("aa");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let cat = ["/bin/cat", "/usr/bin/cat"].into_iter().map(Path::new).find(|path| path.is_file());
    let programs = [("sigma", tools.sigma.as_deref(), "encode -c"), ("cat", cat, "-")];
    let mut verdict = Verdict::Fine;
    for (name, path, arguments) in programs {
        let Some(path) = path else {
            errln!("there is no `{name}` here; left out");
            continue;
        };
        let found = program(workshop, &folder.join(name), path, arguments, campaigns)?;
        if !print(&found) {
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

/// All campaigns of copies of one program.
fn program(
    workshop: &Workshop,
    folder: &Path,
    original: &Path,
    arguments: &str,
    campaigns: u32,
) -> anyhow::Result<Found> {
    let name = original.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let progress = Simulation::new();
    let mut found = Found { program: name.clone(), campaigns, alarmed: 0, metrics: Vec::new() };
    for number in 0..campaigns {
        progress.reached(u64::from(number), u64::from(campaigns), &name);
        let home = folder.join(number.to_string());
        let toml = prepare(&home, original, arguments, number)?;
        let experiment = Experiment::load(&workshop.root, &toml)?;
        let chosen = Chosen {
            name: "aa".to_owned(),
            folder: Folder(home.join("report")),
            home: home.clone(),
            experiment,
        };
        run::measure_one(workshop, &chosen, &Options::quietly())?;
        count(&mut found, &chosen)?;
        fs::remove_dir_all(&home)?;
    }
    progress.finish();
    Ok(found)
}

/// Fresh copies, so that each campaign meets them as they happen to lie in the page cache, and the
/// experiment on them.
fn prepare(
    home: &Path,
    original: &Path,
    arguments: &str,
    number: u32,
) -> anyhow::Result<std::path::PathBuf> {
    let name = original.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut text = format!(
        "title = \"A/A\"\nquestion = \"Do copies of one program differ?\"\n\
         [input]\nprofiles = [\"records\"]\nsizes = [\"1 KB\", \"100 KB\"]\n\
         [measure]\nwarmup = 1\nruns = {{ min = 5, max = 5 }}\nseed = {number}\n\
         [fit]\nmetrics = [\"peak_rss\", \"peak_anon\", \"wall\", \"output\"]\nreference = \"{}\"\n",
        COPIES[0]
    );
    let words = arguments.split(' ').map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
    for copy in COPIES {
        let path = home.join(copy).join(&name);
        fs::create_dir_all(home.join(copy))
            .and_then(|()| fs::copy(original, &path))
            .with_context(|| format!("cannot copy {} to {}", original.display(), path.display()))?;
        text.push_str(&format!(
            "[[variant]]\nname = \"{copy}\"\ncommand = [\"./{copy}/{name}\", {words}]\n"
        ));
    }
    let toml = home.join("aa.toml");
    fs::write(&toml, text).with_context(|| format!("cannot write {}", toml.display()))?;
    Ok(toml)
}

fn count(found: &mut Found, chosen: &Chosen) -> anyhow::Result<()> {
    let derived = render::derive(&chosen.folder, &chosen.name)?;
    let mut alarms = 0;
    for compared in &derived.claims.comparisons {
        let Ok(answer) = &compared.answer else { continue };
        let is_alarm = matches!(answer.verdict, Answer::Improved | Answer::Regressed);
        alarms += u32::from(is_alarm);
        let metric = compared.metric;
        match found.metrics.iter_mut().find(|(of, ..)| *of == metric) {
            Some((_, all, false_ones)) => {
                *all += 1;
                *false_ones += u32::from(is_alarm);
            }
            None => found.metrics.push((metric, 1, u32::from(is_alarm))),
        }
    }
    found.alarmed += u32::from(alarms > 0);
    Ok(())
}

/// Whether what was found is no more than chance: at most 5 % of campaigns, give or take three standard
/// errors of that share.
fn print(found: &Found) -> bool {
    let campaigns = f64::from(found.campaigns);
    let slack = 3.0 * (ALARMS_MAX * (1.0 - ALARMS_MAX) / campaigns).sqrt();
    let holds = f64::from(found.alarmed) <= (ALARMS_MAX + slack) * campaigns;
    outln!(
        "{}: something was found between {} byte-identical copies in {} of {} campaigns (at most 5 %): {}",
        found.program,
        COPIES.len(),
        found.alarmed,
        found.campaigns,
        if holds { "holds" } else { "missed" }
    );
    for (metric, all, false_ones) in &found.metrics {
        outln!("  {metric:<12} {false_ones} of {all} comparisons");
    }
    holds
}
