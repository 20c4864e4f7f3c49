//! Measures the bench: builds its C programs, runs each program at each size under the probe and writes
//! `development.csv` and `holdout.csv`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xshell::cmd;

use super::folder;
use super::manifest::{Half, Manifest, Program};
use super::series::{EMPTY_PROFILE, Row, read, write};
use crate::errln;
use crate::inputs::{self, Document, Origin};
use crate::measure::{Peaks, peaks};
use crate::workspace::{Tools, Wanted, Workspace};

/// The seed of the documents.
const DOCUMENT_SEED: u64 = 1;

/// Measures every program whose name contains `only`, one after another; those that an earlier, stopped
/// call has measured are kept.
pub fn measure(
    workspace: &Workspace,
    manifest: &Manifest,
    only: &str,
    restart: bool,
) -> anyhow::Result<()> {
    workspace.build(Wanted::SIGMA)?;
    let place = Folders::new(workspace)?;
    if restart {
        drop(fs::remove_dir_all(&place.done));
    }
    fs::create_dir_all(&place.done)?;
    place.compile(workspace)?;
    let tools = workspace.tools(Wanted::SIGMA)?;
    let mut wanted: Vec<&Program> =
        manifest.programs.iter().filter(|program| program.name.contains(only)).collect();
    wanted.sort_by_key(|program| manifest.half(program) == Half::Holdout);
    for (number, program) in (1..).zip(&wanted) {
        let done = place.done.join(format!("{}.csv", program.name));
        if !done.exists() {
            errln!("{number} of {}: {}", wanted.len(), program.name);
            let rows = series(workspace, &place, &tools, manifest, program)?;
            write(&done, &rows)?;
        }
        place.publish(manifest, program, read(&done)?)?;
    }
    fs::remove_dir_all(&place.done).context("cannot remove what was measured in parts")
}

/// Where programs are built and what is done is kept until all is.
struct Folders {
    bench: PathBuf,
    built: PathBuf,
    done: PathBuf,
}

impl Folders {
    fn new(workspace: &Workspace) -> anyhow::Result<Self> {
        let built = workspace.growth();
        fs::create_dir_all(&built)?;
        Ok(Self { bench: folder(&workspace.root), done: built.join("done"), built })
    }

    fn programs(&self) -> PathBuf {
        self.bench.join("programs")
    }

    /// Compiles law.c and hold.c. Without the compiler's knowledge of malloc: it would leave out memory
    /// that is only touched.
    fn compile(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let shell = workspace.shell()?;
        for name in ["law", "hold"] {
            let source = self.programs().join(format!("{name}.c"));
            let program = self.built.join(name);
            cmd!(shell, "cc -O1 -fno-builtin -Wall -Wextra -o {program} {source} -lm")
                .quiet()
                .run()
                .with_context(|| format!("cannot compile {}", source.display()))?;
        }
        Ok(())
    }

    fn file(&self, half: Half) -> PathBuf {
        self.bench.join(format!("{}.csv", half.name()))
    }

    /// Puts a program's rows in the file of its half, in the place that the manifest gives it, and drops
    /// what the manifest no longer names.
    fn publish(
        &self,
        manifest: &Manifest,
        program: &Program,
        rows: Vec<Row>,
    ) -> anyhow::Result<()> {
        let path = self.file(manifest.half(program));
        let before = if path.exists() { read(&path)? } else { Vec::new() };
        let mut all: Vec<Row> =
            before.into_iter().filter(|row| row.program != program.name).chain(rows).collect();
        let rank = |row: &Row| manifest.programs.iter().position(|one| one.name == row.program);
        all.retain(|row| rank(row).is_some());
        all.sort_by_key(rank);
        write(&path, &all)
    }
}

/// All runs of one program: the empty document, then each profile by size. It may refuse the empty document,
/// and no other.
fn series(
    workspace: &Workspace,
    place: &Folders,
    tools: &Tools,
    manifest: &Manifest,
    program: &Program,
) -> anyhow::Result<Vec<Row>> {
    let sizes = manifest.sizes(program);
    let generated = program.profiles.iter().flat_map(|profile| {
        sizes.iter().map(|size| Origin::Generated {
            profile: *profile,
            size: *size,
            seed: DOCUMENT_SEED,
        })
    });
    let command = command(program, place, tools);
    let mut rows = Vec::new();
    for origin in [Origin::Empty].into_iter().chain(generated) {
        let document =
            inputs::document(&origin, (&workspace.root, &workspace.root), &workspace.inputs())?;
        match peaks(&tools.probe, &command, &document.path)? {
            Ok(peaks) => rows.push(row(program, &document, peaks)),
            Err(_) if origin == Origin::Empty => {}
            Err(how) => bail!("`{}` at {}: {how}", program.name, document.size),
        }
    }
    Ok(rows)
}

fn row(program: &Program, document: &Document, peaks: Peaks) -> Row {
    let empty = document.size.0 == 0;
    Row {
        program: program.name.clone(),
        profile: if empty { EMPTY_PROFILE.to_owned() } else { document.profile.clone() },
        class: program.class.clone(),
        input_bytes: document.size.0,
        peak_rss_bytes: peaks.rss_bytes,
        peak_hwm_bytes: peaks.hwm_bytes,
        peak_anon_bytes: peaks.anon_bytes,
    }
}

fn command(program: &Program, place: &Folders, tools: &Tools) -> Vec<String> {
    let sigma = tools.sigma.clone().unwrap_or_default();
    let filled = |text: &String| {
        let known: [(&str, &Path); 3] =
            [("{built}", &place.built), ("{programs}", &place.programs()), ("{sigma}", &sigma)];
        known
            .iter()
            .fold(text.clone(), |text, (name, path)| text.replace(name, &path.to_string_lossy()))
    };
    program.command.iter().map(filled).collect()
}
