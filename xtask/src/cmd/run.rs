//! `cargo xtask run`: the straight wire from a TOML file to samples on disk, and on to the report.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};

use campaign::doctor::{self, Facts};
use campaign::errln;
use campaign::inputs::{self, Document, Origin};
use campaign::interrupt;
use campaign::machine_lock::MachineLock;
use campaign::measure::{self, Bench, Once};
use campaign::progress::Progress;
use campaign::resume_check;
use campaign::runs::{Campaign, Journals};
use campaign::watched::{self, Watched};
use campaign::workspace::{Tools, Wanted, Workspace};
use experiment::error::user;
use experiment::{Auto, Experiment, Foreign, Lock, Variant};
use record::machine::Machine;
use record::metric::Metric;
use record::{Folder, LockedDocument, Machines};

use crate::Selection;
use crate::cmd::{self, Chosen, only};
use crate::error::Verdict;
use crate::output::{out, outln};

/// The options of `run`.
#[allow(clippy::struct_excessive_bools)] // switches of the command line, each its own
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Drop the samples of a campaign that was stopped, instead of continuing it
    #[arg(long)]
    restart: bool,
    /// Print the plan and measure nothing
    #[arg(long)]
    list: bool,
    /// Measure only these variants, profiles, files or sizes
    ///
    /// Names of one axis are alternatives. The result is a part of the experiment and says so; it goes to
    /// target/xtask/only, or to DIR/only with --reports.
    #[arg(long, value_name = "NAME|SIZE,..", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Measure the programs as they were built last
    #[arg(long)]
    no_build: bool,
    /// Wait until no other campaign measures on this machine
    #[arg(long)]
    wait: bool,
    /// Say nothing of the machine and of progress
    #[arg(long)]
    quiet: bool,
}

impl Options {
    /// For many small campaigns of the laboratory's own, in a row.
    pub(super) fn quietly() -> Self {
        Self {
            selection: Selection::default(),
            restart: false,
            list: false,
            only: Vec::new(),
            no_build: true,
            wait: true,
            quiet: true,
        }
    }
}

impl Options {
    /// What is measured anew, whatever was measured before.
    pub(super) fn anew(selection: Selection, wait: bool) -> Self {
        Self {
            selection,
            restart: true,
            list: false,
            only: Vec::new(),
            no_build: false,
            wait,
            quiet: false,
        }
    }
}

/// Measures each experiment and renders its report.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::Fine;
    for mut chosen in cmd::chosen(workspace, &options.selection, &["baseline".to_owned()])? {
        only::narrow(&mut chosen, workspace, options)?;
        if options.list {
            list(&chosen);
            continue;
        }
        if let Some(data) = &chosen.experiment.data {
            if !cmd::external::write(workspace, &chosen, data)? {
                verdict = Verdict::Failed;
            }
            report::index::publish(&cmd::reports(workspace, &options.selection)?)?;
            continue;
        }
        let held = hold(workspace, &chosen.name)?;
        measure_one(workspace, &chosen, options)?;
        drop(held);
        let analysis = analysis::analyse(&chosen.folder, &chosen.name)?;
        out!("{}", report::terminal::table(&analysis));
        report::publish(&analysis, &chosen.folder)?;
        if options.only.is_empty() {
            report::index::publish(&cmd::reports(workspace, &options.selection)?)?;
            if cmd::is_in_readme(workspace, &chosen) {
                report::readme::publish(&analysis, &workspace.root)?;
            }
        }
        outln!("\nreport: {}", chosen.folder.0.join("report.md").display());
        if analysis.has_failed() {
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

/// Makes everything ready, runs what is missing of the campaign and publishes its samples.
pub(super) fn measure_one(
    workspace: &Workspace,
    chosen: &Chosen,
    options: &Options,
) -> anyhow::Result<()> {
    let Chosen { name, experiment, folder, home } = chosen;
    interrupt::listen()?;
    // Building disturbs others as much as measuring does.
    let _turn = MachineLock::take(name, options.wait)?;
    if !options.quiet {
        warn(workspace);
    }
    let running = folder.running();
    if options.restart {
        running.remove()?;
    }
    let wanted = Wanted {
        sigma: experiment.variant.iter().any(|of| of.program.foreign().is_none()),
        heap: experiment.measure.needs_heap(),
    };
    if !options.no_build {
        errln!("building {}the probe", if wanted.sigma { "the encoder and " } else { "" });
        workspace.build(wanted)?;
    }
    let tools = workspace.tools(wanted)?;
    let ready = built(workspace, chosen, options)?;
    let (documents, empty) = documents(workspace, experiment, home)?;
    let lock = lock(workspace, (chosen, &ready), options, &tools, &documents)?;
    if finish(&running, folder, &lock)? {
        return Ok(());
    }
    let mut machines = resume(&running, name, lock)?;
    let mut journals = Journals::open(&running, experiment)?;
    journals.check(&running)?;
    if journals.torn_bytes() > 0 {
        errln!("dropped a torn end of {} bytes; that run is made again", journals.torn_bytes());
    }
    let mut documents = documents;
    let known = running.read_lock::<Experiment>()?.context("the lock was written")?;
    documents.extend(cmd::sizes::chosen(workspace, chosen, &known)?);
    let chosen = &Chosen { experiment: ready, ..chosen.clone() };
    let started = measure::run_once(&chosen.experiment, home, Once::Setup);
    let result = started.and_then(|()| {
        let made = (documents, &empty);
        campaign(workspace, chosen, (&tools, options.quiet), made, &mut journals, &mut machines)
    });
    let cleaned = measure::run_once(&chosen.experiment, home, Once::Cleanup);
    result?;
    cleaned?;
    machines.after = Some(Machine::now());
    running.write_machines(&machines)?;
    running.move_to::<Experiment>(folder)
}

/// The runs themselves.
fn campaign(
    workspace: &Workspace,
    chosen: &Chosen,
    (tools, is_quiet): (&Tools, bool),
    (mut documents, empty): (Vec<Document>, &Document),
    journals: &mut Journals,
    machines: &mut Machines,
) -> anyhow::Result<()> {
    let Chosen { name, experiment, folder, home } = chosen;
    let running = folder.running();
    let watched = Watched::new(tools, &experiment.variant, &documents, home)?;
    let scratch = workspace.scratch(name);
    let asked = (&experiment.measure, experiment.metric.as_slice());
    let mut bench = Bench::new(tools, asked, home, watched, &scratch)?;
    bench.exact_anon = experiment.fit.metrics.contains(&Metric::PeakAnon);
    let campaign = Campaign { experiment, documents: &documents, empty };
    let proven = campaign.prove(&mut bench, &mut journals.samples);
    refuse(&bench, machines, &running)?;
    proven?;
    let mut progress = if is_quiet { Progress::hidden() } else { Progress::start() };
    let mut result = campaign.run(&mut bench, journals, &mut progress);
    while result.is_ok() {
        let rows = journals.samples.rows();
        let more = cmd::sizes::choose(workspace, chosen, &running, rows)?;
        if more.is_empty() {
            break;
        }
        bench.watch(&more)?;
        documents.extend(more);
        let campaign = Campaign { experiment, documents: &documents, empty };
        result = campaign.run(&mut bench, journals, &mut progress);
    }
    progress.finish();
    refuse(&bench, machines, &running)?;
    result?;
    cmd::budget::check(workspace, chosen, tools, &running, &mut journals.samples)?;
    cmd::lookup::look_up(workspace, chosen, tools, &running, &mut journals.samples)
}

/// The experiment with its own programs built and in their places; what is recorded names them as its file
/// does.
fn built(workspace: &Workspace, chosen: &Chosen, options: &Options) -> anyhow::Result<Experiment> {
    let Chosen { experiment, home, .. } = chosen;
    if !options.no_build {
        let cargo = experiment.build.as_ref().and_then(|build| build.cargo.as_ref());
        cargo.map_or(Ok(()), |options| workspace.build_own(options))?;
        measure::run_once(experiment, home, Once::Build)?;
    }
    Ok(experiment.with_programs(&workspace.built())?)
}

/// Measures what `try` asks for, keeping a second one off.
pub(super) fn measure_alone(
    workspace: &Workspace,
    chosen: &Chosen,
    options: &Options,
) -> anyhow::Result<()> {
    let _held = hold(workspace, &chosen.name)?;
    measure_one(workspace, chosen, options)
}

/// Says the worst that `doctor` finds, in a line; what needs trials of the probe is left to it.
fn warn(workspace: &Workspace) {
    const LOOK: Duration = Duration::from_millis(50);
    let mut findings = doctor::findings(&Facts::read(&workspace.room, LOOK));
    findings.retain(|finding| finding.name != "repeatability");
    if let Some(worst) = doctor::worst(&findings) {
        errln!("{worst}; `cargo xtask doctor` says more");
    }
}

/// The documents of the experiment and the empty one.
fn documents(
    workspace: &Workspace,
    experiment: &Experiment,
    home: &Path,
) -> anyhow::Result<(Vec<Document>, Document)> {
    let store = workspace.inputs();
    let document = |origin: &Origin| {
        interrupt::check()?;
        inputs::document(origin, (&workspace.root, home), &store)
    };
    let origins = inputs::origins(&experiment.input);
    let documents = origins.iter().map(document).collect::<anyhow::Result<Vec<_>>>()?;
    let mut known = HashSet::new();
    if let Some(twice) = documents.iter().find(|of| !known.insert((&of.profile, of.size))) {
        return user(format!(
            "two documents `{}` have {}; ask for sizes further apart, or for other names",
            twice.profile, twice.size
        ));
    }
    let stdin = |variant: &&Variant| variant.program.foreign().is_none_or(Foreign::reads_stdin);
    if let (Some(folder), Some(variant)) =
        (documents.iter().find(|of| of.path.is_dir()), experiment.variant.iter().find(stdin))
    {
        return user(format!(
            "`{}` reads its stdin, but the document `{}` is a folder; write `{{input}}` in `command`",
            variant.name, folder.profile
        ));
    }
    Ok((documents, document(&Origin::Empty)?))
}

/// What was said to be refused, by any campaign of this process.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Says once what the machine refuses the probe, and records it before anything else can stop us.
fn refuse(bench: &Bench<'_>, machines: &mut Machines, running: &Folder) -> anyhow::Result<()> {
    let new: Vec<String> =
        bench.refused.iter().filter(|call| !machines.refused.contains(call)).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    for call in new.iter().filter(|call| said.insert((*call).clone())) {
        let why = bench.refused_because.get(call).map_or("no reason given", String::as_str);
        errln!("this machine refuses {call} ({why}); measuring goes on without it");
    }
    machines.refused_because.extend(bench.refused_because.clone());
    machines.refused.extend(new);
    running.write_machines(machines)
}

/// Publishes a campaign that was complete when it was stopped; true if it is the one that is wanted.
fn finish(running: &Folder, folder: &Folder, lock: &Lock) -> anyhow::Result<bool> {
    let Some(machines) = running.read_machines()?.filter(|of| of.after.is_some()) else {
        return Ok(false);
    };
    running.move_to::<Experiment>(folder)?;
    errln!("published the campaign of {}, which was complete", machines.before.time);
    let Some(published) = folder.read_lock::<Experiment>()? else { return Ok(false) };
    let now = Machine::now();
    Ok(resume_check::differences((&published, &machines.before), (lock, &now)).is_empty())
}

/// What is about to be measured.
fn lock(
    workspace: &Workspace,
    (chosen, ready): (&Chosen, &Experiment),
    options: &Options,
    tools: &Tools,
    documents: &[Document],
) -> anyhow::Result<Lock> {
    let tree = workspace.tree()?;
    let locked = |document: &Document| LockedDocument {
        profile: document.profile.clone(),
        size: document.size,
        sha256: document.sha256.clone(),
    };
    let mut binary = tools.binaries.clone();
    for variant in &ready.variant {
        for mut foreign in watched::identities(variant, &chosen.home) {
            // As the file says it, wherever this checkout lies.
            if let Ok(own) = Path::new(&foreign.name).strip_prefix(workspace.built()) {
                foreign.name = format!("{{bin:{}}}", own.display());
            }
            if !binary.contains(&foreign) {
                binary.push(foreign);
            }
        }
    }
    let mut command = format!("cargo xtask run {}", chosen.name);
    if !options.only.is_empty() {
        command = format!("{command} --only '{}'", options.only.join(","));
    }
    Ok(Lock {
        version: 1,
        command,
        only: options.only.clone(),
        commit: tree.commit,
        dirty: tree.dirty,
        rustc: tree.rustc,
        binary,
        document: documents.iter().map(locked).collect(),
        chosen: Vec::new(),
        experiment: chosen.experiment.clone(),
    })
}

/// Prepares the folder of the running campaign: one that was stopped is continued if it measures the
/// same thing in the same place, and refused if not.
fn resume(running: &Folder, name: &str, lock: Lock) -> anyhow::Result<Machines> {
    let now = Machine::now();
    let Some((earlier, machines)) =
        running.read_lock::<Experiment>()?.zip(running.read_machines()?)
    else {
        // Both are written before the first row.
        if std::fs::metadata(running.samples()).is_ok_and(|of| of.len() > 0) {
            return user(format!(
                "{} holds samples, but {} or {} beside it is gone, and nothing else says of what they \
                 are; put it back to continue, or `cargo xtask run {name} --restart` drops the samples",
                running.samples().display(),
                running.lock().file_name().unwrap_or_default().display(),
                running.machine().file_name().unwrap_or_default().display()
            ));
        }
        running.remove()?;
        running.write_lock(&lock)?;
        let machines = Machines {
            refused: Vec::new(),
            refused_because: std::collections::BTreeMap::new(),
            before: now,
            after: None,
        };
        running.write_machines(&machines)?;
        return Ok(machines);
    };
    let changed = resume_check::differences((&earlier, &machines.before), (&lock, &now));
    if !changed.is_empty() {
        return user(format!(
            "a campaign of `{name}` was stopped, and since then this changed: {}; undo it to continue, or \
             `cargo xtask run {name} --restart` drops its samples and measures anew",
            changed.join("; ")
        ));
    }
    errln!("continuing the campaign of {}", machines.before.time);
    // Prose, fits and criteria may have changed; they belong to the report.
    running.write_lock(&Lock { experiment: lock.experiment, ..earlier })?;
    Ok(machines)
}

/// Keeps a second campaign off the same experiment; it is told who is running.
fn hold(workspace: &Workspace, name: &str) -> anyhow::Result<File> {
    let folder = workspace.scratch(name);
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
    outln!("{name}: {}", experiment.question);
    outln!(
        "  {} warm-up and {} to {} measured blocks",
        measure.warmup,
        measure.runs_min,
        measure.runs_max
    );
    for origin in inputs::origins(&experiment.input) {
        match origin {
            Origin::Generated { profile, size, .. } => outln!("  {profile} of {size}"),
            Origin::Repeated { file, size, .. } => {
                outln!("  {} repeated to {size}", file.display());
            }
            Origin::Made { generator, size, .. } => outln!("  {} of {size}", generator.name),
            Origin::File(path) => outln!("  {}", path.display()),
            Origin::Empty => {}
        }
    }
    if let Some(Auto { from, to, budget }) = experiment.input.auto {
        outln!("  more sizes from {from} to {to}, chosen while measuring, for up to {budget}");
    }
    for variant in &experiment.variant {
        outln!("  {}: {}", variant.name, variant.program.command_line());
    }
}
