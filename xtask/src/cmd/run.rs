//! `cargo xtask run`: the straight wire from a TOML file to samples on disk, and on to the report.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};

use anyhow::{Context, bail};

use crate::campaign::Campaign;
use crate::cmd::{self, Chosen};
use crate::error::{Verdict, user};
use crate::inputs::{self, Document, Origin};
use crate::machine::Machine;
use crate::measure::Bench;
use crate::progress::Progress;
use crate::record::{Folder, Lock, LockedDocument, Machines, Samples};
use crate::workshop::{Tools, Workshop};
use crate::{Selection, plan, render};

/// The options of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Drop the samples of a campaign that was stopped, instead of continuing it
    #[arg(long)]
    restart: bool,
    /// Print the plan and measure nothing
    #[arg(long)]
    list: bool,
}

/// Measures each experiment and renders its report.
pub(crate) fn run(workshop: &Workshop, options: &Options) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::Fine;
    for chosen in cmd::chosen(workshop, &options.selection, &["baseline".to_owned()])? {
        if options.list {
            list(&chosen);
            continue;
        }
        if let Some(data) = &chosen.experiment.data {
            if !cmd::external::write(workshop, &chosen, data)? {
                verdict = Verdict::Failed;
            }
            render::index::publish(&cmd::reports(workshop, &options.selection)?)?;
            continue;
        }
        let held = hold(workshop, &chosen.name)?;
        measure(workshop, &chosen, options.restart)?;
        drop(held);
        let derived = render::derive(&chosen.folder, &chosen.name)?;
        print!("{}", render::terminal::table(&derived));
        render::publish(&derived, &chosen.folder)?;
        render::index::publish(&cmd::reports(workshop, &options.selection)?)?;
        if cmd::is_in_readme(workshop, &chosen) {
            render::readme::publish(&derived, &workshop.root)?;
        }
        println!("\nreport: {}", chosen.folder.0.join("report.md").display());
        if derived.has_failed() {
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

/// Makes everything ready, runs what is missing of the campaign and publishes its samples.
fn measure(workshop: &Workshop, chosen: &Chosen, restart: bool) -> anyhow::Result<()> {
    let Chosen { name, experiment, folder } = chosen;
    let running = folder.running();
    if restart {
        running.remove()?;
    }
    eprintln!("building the encoder and the probe");
    let tools = workshop.build(experiment.measure.repeat.is_some())?;
    let store = workshop.inputs();
    let document = |origin: &Origin| inputs::document(origin, &workshop.root, &store);
    let documents = inputs::origins(&experiment.input)
        .iter()
        .map(document)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let empty = document(&Origin::Empty)?;

    let lock = lock(workshop, chosen, &tools, &documents)?;
    let mut machines = resume(&running, name, lock)?;
    let mut samples = Samples::open(&running.samples())?;
    if samples.torn_bytes > 0 {
        eprintln!(
            "dropped a torn last line of {} bytes; that run is made again",
            samples.torn_bytes
        );
    }
    let mut bench = Bench::new(&tools, &experiment.measure, workshop.scratch(name))?;
    let mut progress = Progress::new();
    let campaign = Campaign { experiment, documents: &documents, empty: &empty };
    let result = campaign.run(&mut bench, &mut samples, &mut progress);
    progress.finish();
    for refused in &bench.refused {
        eprintln!("this machine refuses {refused}; measured without it");
    }
    result?;
    machines.refused = std::mem::take(&mut bench.refused);
    cmd::budget::check(workshop, chosen, &tools, &running, &mut samples)?;
    machines.after = Some(Machine::now());
    running.write_machines(&machines)?;
    running.move_to(folder)
}

/// What is about to be measured.
fn lock(
    workshop: &Workshop,
    chosen: &Chosen,
    tools: &Tools,
    documents: &[Document],
) -> anyhow::Result<Lock> {
    let tree = workshop.tree()?;
    let locked = |document: &Document| LockedDocument {
        profile: document.profile.clone(),
        size: document.size,
        sha256: document.sha256.clone(),
    };
    Ok(Lock {
        version: 1,
        command: format!("cargo xtask run {}", chosen.name),
        commit: tree.commit,
        dirty: tree.dirty,
        rustc: tree.rustc,
        binary: tools.binaries.clone(),
        document: documents.iter().map(locked).collect(),
        experiment: chosen.experiment.clone(),
    })
}

/// Prepares the folder of the running campaign: one that was stopped is continued if it measures the
/// same thing in the same place, and refused if not.
fn resume(running: &Folder, name: &str, lock: Lock) -> anyhow::Result<Machines> {
    let now = Machine::now();
    let Some((earlier, machines)) = running.read_lock()?.zip(running.read_machines()?) else {
        running.remove()?;
        running.write_lock(&lock)?;
        let machines = Machines { refused: Vec::new(), before: now, after: None };
        running.write_machines(&machines)?;
        return Ok(machines);
    };
    if let Some(what) = difference(&earlier, &lock, &machines.before, &now) {
        return user(format!(
            "a campaign of `{name}` was stopped and {what} changed since; `cargo xtask run {name} \
             --restart` drops its samples and measures anew"
        ));
    }
    eprintln!("continuing the campaign of {}", machines.before.time);
    // Prose, fits and criteria may have changed; they belong to the report.
    running.write_lock(&Lock { experiment: lock.experiment, ..earlier })?;
    Ok(machines)
}

/// What makes samples of two campaigns different things, if anything does.
fn difference(
    earlier: &Lock,
    now: &Lock,
    machine_earlier: &Machine,
    machine_now: &Machine,
) -> Option<&'static str> {
    if !earlier.experiment.measures_the_same(&now.experiment) {
        return Some("the experiment");
    }
    if earlier.document != now.document {
        return Some("an input");
    }
    if earlier.binary != now.binary || earlier.rustc != now.rustc {
        return Some("a measured program");
    }
    (!machine_earlier.same_as(machine_now)).then_some("the machine")
}

/// Keeps a second campaign off the same experiment; it is told who is running.
fn hold(workshop: &Workshop, name: &str) -> anyhow::Result<File> {
    let folder = workshop.scratch(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join("held");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "process {} since {}", std::process::id(), Machine::now().time)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder)?;
            bail!("`{name}` is being measured already, by {holder}")
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// Prints what would be measured.
fn list(chosen: &Chosen) {
    let Chosen { name, experiment, .. } = chosen;
    let measure = &experiment.measure;
    println!("{name}: {}", experiment.question);
    println!(
        "  {} warm-up and {} to {} measured blocks",
        measure.warmup, measure.runs_min, measure.runs_max
    );
    for origin in inputs::origins(&experiment.input) {
        match origin {
            Origin::Generated { profile, size, .. } => println!("  {profile} of {size}"),
            Origin::Repeated { file, size, .. } => {
                println!("  {} repeated to {size}", file.display());
            }
            Origin::File(path) => println!("  {}", path.display()),
            Origin::Empty => {}
        }
    }
    for variant in &experiment.variant {
        println!("  {}: {}", variant.name, plan::describe(variant));
    }
}
