//! `cargo xtask run`: from a TOML file to samples on disk, and on to the report.

use analysis::{analyse, auto_sizes};
use campaign::inputs::{self, Origin};
use campaign::{Campaign, Chosen, How, Running, Workspace};
use experiment::Auto;

use crate::Selection;
use crate::cmd::{self, follow_up, only};
use crate::exit::Exit;
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
    fn how(&self) -> How {
        How { restart: self.restart, build: !self.no_build, wait: self.wait, quiet: self.quiet }
    }
}

/// Measures each experiment and renders its report:
/// experiment -> inputs -> plan -> measure |record| cells -> growth, .. -> criteria -> report.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<Exit> {
    let mut exit = Exit::Fine;
    for mut chosen in cmd::chosen(workspace, &options.selection, &["baseline".to_owned()])? {
        only::narrow(&mut chosen, workspace, options)?;
        if options.list {
            list(&chosen);
            continue;
        }
        let reports = cmd::reports(workspace, &options.selection)?;
        if let Some(data) = &chosen.experiment.data {
            exit = exit.and(cmd::published::write(workspace, &chosen, data)?);
            report::index::publish(&reports)?;
            continue;
        }
        measure(workspace, &chosen, options.how())?;
        let analysis = analyse(&chosen.folder, &chosen.name)?;
        out!("{}", report::terminal::table(&analysis));
        report::publish(&analysis, &chosen.folder)?;
        if chosen.only.is_empty() {
            report::index::publish(&reports)?;
            if cmd::is_in_readme(workspace, &chosen) {
                report::readme::publish(&analysis, &workspace.root)?;
            }
        }
        outln!("\nreport: {}", chosen.folder.0.join("report.md").display());
        exit = exit.and(!analysis.has_failed());
    }
    Ok(exit)
}

/// Makes all samples of a campaign and publishes them: experiment -> inputs -> plan -> measure |record|.
pub(super) fn measure(workspace: &Workspace, chosen: &Chosen, how: How) -> anyhow::Result<()> {
    let Some(mut campaign) = Campaign::open(workspace, chosen, how)? else { return Ok(()) };
    let measured = campaign.start().and_then(|running| measure_all(running, &chosen.name));
    campaign.close(measured)
}

/// The blocks of the plan, then what follows from their samples: further sizes, budgets, predictions.
fn measure_all(mut running: Running<'_>, name: &str) -> anyhow::Result<()> {
    running.measure()?;
    while running.add(auto_sizes::next(running.folder(), running.samples())?)? {
        running.measure()?;
    }
    let so_far = analyse(running.folder(), name)?;
    running.run_once(&follow_up::budgets(&so_far))?;
    running.run_once(&follow_up::predictions(&so_far))
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
