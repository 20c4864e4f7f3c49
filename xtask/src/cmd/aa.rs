//! `cargo xtask calibrate --aa`: the whole laboratory against itself. Byte-identical copies of programs are
//! measured as different variants, in campaigns like any other; whatever is found between them is a
//! false alarm.
//!
//! Programs are those of all experiments, each with its experiment's metrics, margin and stopping rule, and
//! `cat`. Documents are small, so that a hundred campaigns of each can be paid.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use stats::binomial_tail;
use stats::compare::Change;

use campaign::errln;
use campaign::interrupt;
use campaign::progress::Simulation;
use campaign::workspace::Wanted;
use campaign::{Chosen, How, Workspace};
use experiment::error::user;
use experiment::{Experiment, Measure, Program};
use record::Folder;
use record::metric::Metric;
use record::units::Share;

use crate::cmd::tried::text as quoted;
use crate::cmd::{self, run};
use crate::exit::Exit;
use crate::output::outln;

/// The copies of one program; the first is what the others are compared with.
const COPIES: [&str; 3] = ["first", "second", "third"];

/// Of an experiment's programs there are two: it has several, which take turns.
const COPIES_OF_EXPERIMENTS: usize = 2;

/// The documents of all campaigns.
const SIZES: &str = "[\"1 KB\", \"100 KB\"]";

/// The share of campaigns in which anything may be found, by Holm's correction.
const ALARMS_MAX: f64 = 0.05;

/// So seldom would chance alone find as much as is called missed.
const CHANCE_MAX: f64 = 0.005;

/// What campaigns are made of: an experiment, or a program alone.
struct Subject {
    name: String,
    copies: usize,
    /// Program and arguments of each variant; a campaign is about one of them.
    programs: Vec<(PathBuf, Vec<String>)>,
    /// Where they run: what their arguments name is looked up from there.
    home: PathBuf,
    profiles: Vec<String>,
    /// The lines of `[measure]` and `[fit]`.
    measure: String,
    metrics: Vec<Metric>,
    margin: Share,
}

/// What was found in all campaigns of one subject.
struct Found {
    campaigns: u32,
    /// Campaigns with any false alarm.
    alarmed: u32,
    /// By metric: comparisons, and false alarms among them.
    metrics: Vec<(Metric, u32, u32)>,
}

/// Measures copies of all programs whose name, or whose experiment's, contains `only`; prints what was found
/// and fails if that is more than chance allows.
pub(crate) fn aa(workspace: &Workspace, campaigns: u32, only: &str) -> anyhow::Result<Exit> {
    interrupt::listen()?;
    let subjects = subjects(workspace, only)?;
    workspace.build(wanted(workspace))?;
    let folder = workspace.room.join("aa");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut exit = Exit::Fine;
    let (mut all, mut alarmed) = (0, 0);
    for subject in &subjects {
        let found = measured(workspace, &folder.join(&subject.name), subject, campaigns)?;
        exit = exit.and(print(subject, &found));
        all += found.campaigns;
        alarmed += found.alarmed;
    }
    if subjects.len() > 1 && !judged("altogether", all, alarmed) {
        exit = Exit::Failed;
    }
    Ok(exit)
}

fn wanted(workspace: &Workspace) -> Wanted {
    Wanted { sigma: workspace.has_sigma(), heap: false }
}

/// `cat`, and every experiment that measures programs which are here.
fn subjects(workspace: &Workspace, only: &str) -> anyhow::Result<Vec<Subject>> {
    let cat = campaign::programs_named(&["cat".to_owned()], &workspace.root);
    let alone = cat.into_iter().map(|(name, path)| Subject {
        name,
        copies: COPIES.len(),
        programs: vec![(path, vec!["-".to_owned()])],
        home: workspace.root.clone(),
        profiles: vec!["records".to_owned()],
        measure: "warmup = 1\nruns = { min = 5, max = 5 }\n".to_owned(),
        metrics: vec![Metric::PeakRss, Metric::PeakAnon, Metric::Wall, Metric::Output],
        margin: experiment::default_margin(),
    });
    let mut subjects: Vec<Subject> = alone.collect();
    let names = cmd::names(workspace)?;
    for chosen in cmd::chosen(workspace, &crate::Selection::default(), &names)? {
        subjects.extend(of_experiment(workspace, &chosen));
    }
    subjects.retain(|subject| subject.name.contains(only));
    if subjects.is_empty() {
        return user(format!("nothing that `--aa` measures has a name that contains `{only}`"));
    }
    Ok(subjects)
}

/// The programs of an experiment, as far as they are here; nothing where it measures none.
fn of_experiment(workspace: &Workspace, chosen: &Chosen) -> Option<Subject> {
    let Chosen { name, experiment, home, .. } = chosen;
    let mut programs = Vec::new();
    for variant in &experiment.variant {
        let words = match &variant.program {
            Program::Sigma { encode } => {
                let mut words = vec![workspace.program("sigma").to_string_lossy().into_owned()];
                words.extend(["encode".to_owned(), "-c".to_owned()]);
                words.extend(encode.arguments());
                words
            }
            Program::Command(foreign) => foreign.command.clone(),
        };
        // `sigma` is built later.
        let path = match (&variant.program, campaign::programs_named(&words[..1], home).pop()) {
            (Program::Sigma { .. }, _) => PathBuf::from(&words[0]),
            (_, Some((_, path))) => path,
            (_, None) => {
                errln!("{name}: there is no `{}` here; `{}` is left out", words[0], variant.name);
                continue;
            }
        };
        programs.push((path, words[1..].to_vec()));
    }
    let is_compared = |metric: &&Metric| !matches!(metric, Metric::PeakHeap | Metric::Own(_));
    let metrics: Vec<Metric> = experiment.fit.metrics.iter().filter(is_compared).copied().collect();
    let mut profiles: Vec<String> =
        experiment.input.profiles.iter().map(ToString::to_string).collect();
    if profiles.is_empty() {
        profiles.push("records".to_owned());
    }
    (!programs.is_empty() && !metrics.is_empty()).then(|| Subject {
        name: name.clone(),
        copies: COPIES_OF_EXPERIMENTS,
        programs,
        home: home.clone(),
        profiles,
        measure: rule(&experiment.measure),
        metrics,
        margin: experiment.fit.margin,
    })
}

/// The stopping rule of an experiment, as it would be written.
fn rule(measure: &Measure) -> String {
    let Measure { warmup, runs_min, runs_max, precision, .. } = measure;
    let precision = precision.map_or(String::new(), |of| format!(", precision = \"{of}\""));
    format!("warmup = {warmup}\nruns = {{ min = {runs_min}, max = {runs_max}{precision} }}\n")
}

/// All campaigns of one subject.
fn measured(
    workspace: &Workspace,
    folder: &Path,
    subject: &Subject,
    campaigns: u32,
) -> anyhow::Result<Found> {
    let progress = Simulation::start();
    let mut found = Found { campaigns, alarmed: 0, metrics: Vec::new() };
    for number in 0..campaigns {
        progress.reached(u64::from(number), u64::from(campaigns), &subject.name);
        let home = folder.join(number.to_string());
        let toml = prepare(&home, subject, number)?;
        let experiment = Experiment::load(&workspace.root, &toml)?;
        let chosen = Chosen {
            name: "aa".to_owned(),
            folder: Folder(home.join("report")),
            home: home.clone(),
            experiment,
            only: Vec::new(),
        };
        let how = How { restart: false, build: false, wait: true, quiet: true };
        run::measure(workspace, &chosen, how)?;
        count(&mut found, &chosen, subject)?;
        fs::remove_dir_all(&home)?;
    }
    progress.finish();
    Ok(found)
}

/// Fresh copies, so that each campaign meets them as they happen to lie in the page cache, and the
/// experiment on them: of the variants and profiles of the subject the next in turn.
fn prepare(home: &Path, subject: &Subject, number: u32) -> anyhow::Result<PathBuf> {
    let turn = number as usize;
    let (original, arguments) = &subject.programs[turn % subject.programs.len()];
    let profile = &subject.profiles[turn / subject.programs.len() % subject.profiles.len()];
    let metrics: Vec<String> = subject.metrics.iter().map(|metric| quoted(metric.name())).collect();
    let mut text = format!(
        "title = \"A/A\"\nquestion = \"Do copies of one program differ?\"\n\
         [input]\nprofiles = [{}]\nsizes = {SIZES}\n\
         [measure]\n{}seed = {number}\n\
         [fit]\nmetrics = [{}]\nreference = {}\nmargin = \"{}\"\n",
        quoted(profile),
        subject.measure,
        metrics.join(", "),
        quoted(COPIES[0]),
        subject.margin,
    );
    let name = original.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for copy in &COPIES[..subject.copies] {
        let path = home.join(copy).join(&name);
        fs::create_dir_all(home.join(copy))
            .and_then(|()| fs::copy(original, &path))
            .with_context(|| format!("cannot copy {} to {}", original.display(), path.display()))?;
        let words = std::iter::once(format!("./{copy}/{name}")).chain(arguments.iter().cloned());
        let words: Vec<String> = words.map(|word| quoted(&word)).collect();
        text.push_str(&format!(
            "[[variant]]\nname = {}\ncommand = [{}]\ncwd = {}\n",
            quoted(copy),
            words.join(", "),
            quoted(&subject.home.to_string_lossy())
        ));
    }
    let toml = home.join("aa.toml");
    fs::write(&toml, text).with_context(|| format!("cannot write {}", toml.display()))?;
    Ok(toml)
}

fn count(found: &mut Found, chosen: &Chosen, subject: &Subject) -> anyhow::Result<()> {
    let analysis = analysis::analyse(&chosen.folder, &chosen.name)?;
    if analysis.summary.cells.iter().any(|cell| cell.failures().next().is_some()) {
        bail!(
            "a copy of a program of `{}` cannot be measured; {} says how it failed",
            subject.name,
            chosen.folder.failures().display()
        );
    }
    let mut alarms = 0;
    for compared in &analysis.comparisons {
        let Ok(answer) = &compared.answer else { continue };
        let is_alarm = matches!(answer.verdict, Change::Improved | Change::Regressed);
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

/// Whether what was found is no more than chance.
fn print(subject: &Subject, found: &Found) -> bool {
    let holds = judged(&subject.name, found.campaigns, found.alarmed);
    for (metric, all, false_ones) in &found.metrics {
        outln!("  {metric:<12} {false_ones} of {all} comparisons");
    }
    holds
}

fn judged(name: &str, campaigns: u32, alarmed: u32) -> bool {
    let holds = is_chance(alarmed, campaigns);
    outln!(
        "{name}: something was found between copies of a program in {alarmed} of {campaigns} campaigns (at \
         most 5 %, so up to {} by chance): {}",
        most(campaigns),
        if holds { "holds" } else { "missed" }
    );
    holds
}

/// Whether as many alarms come by chance where each campaign has one with 5 %.
fn is_chance(alarmed: u32, campaigns: u32) -> bool {
    binomial_tail(u64::from(alarmed), u64::from(campaigns), ALARMS_MAX) >= CHANCE_MAX
}

fn most(campaigns: u32) -> u32 {
    (0..=campaigns).rev().find(|alarmed| is_chance(*alarmed, campaigns)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_alarms_than_chance_has_once_in_two_hundred_times_are_missed() {
        assert_eq!((most(100), most(800), most(1)), (11, 57, 1));
        assert!(is_chance(11, 100) && !is_chance(12, 100));
    }
}
