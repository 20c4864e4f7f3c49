//! A campaign from its first check to its publication: nobody else measures, programs are built, documents made,
//! and what was stopped is continued.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};

use experiment::{Experiment, Lock};
use record::metric::Metric;
use record::{Folder, Machine, Machines};

use crate::doctor::{self, Facts};
use crate::inputs::{self, Document};
use crate::journals::Journals;
use crate::machine_lock::MachineLock;
use crate::measure::{self, Bench, Once};
use crate::progress::Progress;
use crate::resume;
use crate::running::Running;
use crate::runs::Runs;
use crate::watched::{self, Watched};
use crate::workspace::{Tools, Wanted, Workspace};
use crate::{errln, interrupt};

/// An experiment to be measured, with what its file does not say.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The name of its file, and of its report.
    pub name: String,
    /// The folder of its file, from which what it names is looked up.
    pub home: PathBuf,
    /// What is asked.
    pub experiment: Experiment,
    /// Where its report is.
    pub folder: Folder,
    /// The part that is measured, as it was named; all of it where empty.
    pub only: Vec<String>,
}

/// How a campaign is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // switches, each its own
pub struct How {
    /// Drop the samples of one that was stopped.
    pub restart: bool,
    /// Build what is measured and what measures.
    pub build: bool,
    /// Wait for another campaign on this machine.
    pub wait: bool,
    /// Say nothing of the machine and of progress.
    pub quiet: bool,
}

/// All samples of one `run`: made ready by [`Campaign::open`], measured by [`Campaign::start`], published by
/// [`Campaign::close`].
#[derive(Debug)]
pub struct Campaign<'a> {
    workspace: &'a Workspace,
    chosen: &'a Chosen,
    /// The experiment with its programs in their places.
    experiment: Experiment,
    tools: Tools,
    documents: Vec<Document>,
    empty: Document,
    journals: Journals,
    machines: Machines,
    quiet: bool,
    _held: File,
    _lock: MachineLock,
}

impl<'a> Campaign<'a> {
    /// Makes everything ready. `None` where a campaign that had been stopped was complete, and is the one that
    /// is wanted: it is published by then.
    pub fn open(
        workspace: &'a Workspace,
        chosen: &'a Chosen,
        how: How,
    ) -> anyhow::Result<Option<Self>> {
        let held = hold(workspace, &chosen.name)?;
        interrupt::listen()?;
        // Building disturbs others as much as measuring does.
        let machine_lock = MachineLock::take(&chosen.name, how.wait)?;
        if !how.quiet {
            warn(workspace);
        }
        let running = chosen.folder.running();
        if how.restart {
            running.remove()?;
        }
        let tools = tools(workspace, &chosen.experiment, how)?;
        let experiment = built(workspace, chosen, how)?;
        let places = (workspace, chosen.home.as_path());
        let (mut documents, empty) = inputs::all(&experiment, places)?;
        let lock = lock(workspace, chosen, &experiment, &tools, &documents)?;
        if resume::finish(&running, &chosen.folder, &lock)? {
            return Ok(None);
        }
        let machines = resume::resume(&running, &chosen.name, lock)?;
        let journals = Journals::open(&running, &chosen.experiment)?;
        journals.check(&running)?;
        if journals.torn_bytes() > 0 {
            errln!("dropped a torn end of {} bytes; that run is made again", journals.torn_bytes());
        }
        let known = running.read_lock::<Experiment>()?.context("the lock was written")?;
        for (profile, size) in known.chosen.iter().filter_map(|of| Some((&of.profile, of.size?))) {
            documents.push(inputs::at_size(&experiment.input, profile, size, places)?);
        }
        Ok(Some(Self {
            workspace,
            chosen,
            experiment,
            tools,
            documents,
            empty,
            journals,
            machines,
            quiet: how.quiet,
            _held: held,
            _lock: machine_lock,
        }))
    }

    /// Runs each `setup`, then the self-tests of the probe and the encoder; fails where one of them does.
    pub fn start(&mut self) -> anyhow::Result<Running<'_>> {
        let Self {
            workspace, chosen, experiment, tools, documents, empty, journals, machines, ..
        } = self;
        let home = chosen.home.as_path();
        measure::run_once(experiment, home, Once::Setup)?;
        let watched = Watched::new(tools, &experiment.variant, documents, home)?;
        let asked = (&experiment.measure, experiment.metric.as_slice());
        let mut bench = Bench::new(tools, asked, home, watched, &workspace.scratch(&chosen.name))?;
        bench.exact_anon = experiment.fit.metrics.contains(&Metric::PeakAnon);
        let runs = Runs { experiment, documents, empty };
        let tested = runs.self_test(&mut bench, &mut journals.samples);
        let folder = chosen.folder.running();
        refuse(&bench, machines, &folder)?;
        tested?;
        let progress = if self.quiet { Progress::hidden() } else { Progress::start() };
        let places = (*workspace, home);
        Ok(Running {
            places,
            folder,
            experiment,
            documents,
            empty,
            journals,
            machines,
            bench,
            progress,
        })
    }

    /// Runs each `cleanup`, whatever became of the runs, and publishes the samples if all of them were made.
    pub fn close(mut self, measured: anyhow::Result<()>) -> anyhow::Result<()> {
        let cleaned = measure::run_once(&self.experiment, &self.chosen.home, Once::Cleanup);
        measured?;
        cleaned?;
        let running = self.chosen.folder.running();
        self.machines.after = Some(Machine::now());
        running.write_machines(&self.machines)?;
        running.move_to::<Experiment>(&self.chosen.folder)
    }
}

/// The programs of this project that the experiment needs.
fn tools(workspace: &Workspace, experiment: &Experiment, how: How) -> anyhow::Result<Tools> {
    let wanted = Wanted {
        sigma: experiment.variant.iter().any(|of| of.program.foreign().is_none()),
        heap: experiment.measure.needs_heap(),
    };
    if how.build {
        errln!("building {}the probe", if wanted.sigma { "the encoder and " } else { "" });
        workspace.build(wanted)?;
    }
    workspace.tools(wanted)
}

/// The experiment with its own programs built and in their places; what is recorded names them as its file
/// does.
fn built(workspace: &Workspace, chosen: &Chosen, how: How) -> anyhow::Result<Experiment> {
    let Chosen { experiment, home, .. } = chosen;
    if how.build {
        let cargo = experiment.build.as_ref().and_then(|build| build.cargo.as_ref());
        cargo.map_or(Ok(()), |options| workspace.build_own(options))?;
        measure::run_once(experiment, home, Once::Build)?;
    }
    Ok(experiment.with_programs(&workspace.built())?)
}

/// What is about to be measured.
fn lock(
    workspace: &Workspace,
    chosen: &Chosen,
    ready: &Experiment,
    tools: &Tools,
    documents: &[Document],
) -> anyhow::Result<Lock> {
    let tree = workspace.tree()?;
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
    if !chosen.only.is_empty() {
        command = format!("{command} --only '{}'", chosen.only.join(","));
    }
    Ok(Lock {
        version: 1,
        command,
        only: chosen.only.clone(),
        commit: tree.commit,
        dirty: tree.dirty,
        rustc: tree.rustc,
        binary,
        document: documents.iter().map(Document::locked).collect(),
        chosen: Vec::new(),
        experiment: chosen.experiment.clone(),
    })
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

/// What was said to be refused, by any campaign of this process.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Says once what the machine refuses the probe, and records it before anything else can stop us.
pub(crate) fn refuse(
    bench: &Bench<'_>,
    machines: &mut Machines,
    running: &Folder,
) -> anyhow::Result<()> {
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
