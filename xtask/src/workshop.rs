//! Where things are and how programs of this project are built: the root, the folders below
//! `target/`, cargo and git through xshell.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::hash;
use crate::record::Binary;

/// The project's folders and the programs it measures with.
#[derive(Debug, Clone)]
pub(crate) struct Workshop {
    /// The root of the workspace.
    pub(crate) root: PathBuf,
    /// What may be deleted: generated inputs, scratch files, locks.
    pub(crate) target: PathBuf,
}

/// The programs that a campaign starts, freshly built.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    pub(crate) sigma: PathBuf,
    pub(crate) probe: PathBuf,
    /// The encoder with a counting allocator, where the experiment needs one; never what is timed.
    pub(crate) sigma_heap: Option<PathBuf>,
    pub(crate) binaries: Vec<Binary>,
}

/// The state of the tree that is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) commit: String,
    pub(crate) dirty: bool,
    pub(crate) rustc: String,
}

impl Workshop {
    /// The workspace that this program was built from.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().expect("xtask lies below the root").to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => std::path::absolute(dir)?,
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    pub(crate) fn experiments(&self) -> PathBuf {
        self.root.join("experiments")
    }

    pub(crate) fn reports(&self) -> PathBuf {
        self.root.join("reports")
    }

    /// The store of generated inputs.
    pub(crate) fn inputs(&self) -> PathBuf {
        self.target.join("xtask/inputs")
    }

    /// A folder for a campaign's outputs.
    pub(crate) fn scratch(&self, experiment: &str) -> PathBuf {
        self.target.join("xtask/scratch").join(experiment)
    }

    /// A shell at the root; no command of it goes through `/bin/sh`.
    pub(crate) fn shell(&self) -> anyhow::Result<Shell> {
        let shell = Shell::new()?;
        shell.change_dir(&self.root);
        Ok(shell)
    }

    /// Builds the encoder and the probe as they are measured, the release profile; with `heap` also the
    /// instrumented encoder.
    pub(crate) fn build(&self, heap: bool) -> anyhow::Result<()> {
        let shell = self.shell()?;
        let target = &self.target;
        cmd!(
            shell,
            "cargo build --locked --release --target-dir {target}
             --package sigma-encoder --package probe --bin sigma --bin probe"
        )
        .quiet()
        .run()
        .context("cannot build the encoder and the probe; the compiler's message stands above")?;
        if heap { self.build_heap() } else { Ok(()) }
    }

    /// Builds the probe alone.
    pub(crate) fn build_probe(&self) -> anyhow::Result<PathBuf> {
        let shell = self.shell()?;
        let target = &self.target;
        cmd!(
            shell,
            "cargo build --quiet --locked --release --target-dir {target} --package probe --bin probe"
        )
        .quiet()
        .run()
        .context("cannot build the probe; the compiler's message stands above")?;
        Ok(self.target.join("release/probe"))
    }

    /// The programs as they were built last.
    pub(crate) fn tools(&self, heap: bool) -> anyhow::Result<Tools> {
        let sigma = self.target.join("release/sigma");
        let probe = self.target.join("release/probe");
        let mut binaries = vec![binary("sigma", &sigma)?, binary("probe", &probe)?];
        let sigma_heap = heap.then(|| self.sigma_heap());
        if let Some(path) = &sigma_heap {
            binaries.push(binary("sigma-heap", path)?);
        }
        Ok(Tools { sigma, probe, sigma_heap, binaries })
    }

    fn sigma_heap(&self) -> PathBuf {
        self.target.join("xtask/sigma-heap")
    }

    /// Builds the encoder with its feature `heap`. The dev profile does: allocations are the same as in
    /// release, and its dependencies are compiled already.
    fn build_heap(&self) -> anyhow::Result<()> {
        let shell = self.shell()?;
        let target = &self.target;
        cmd!(
            shell,
            "cargo build --locked --target-dir {target}
             --package sigma-encoder --features heap --bin sigma"
        )
        .quiet()
        .run()
        .context("cannot build the instrumented encoder; the compiler's message stands above")?;
        // Tests build the plain program in the same place; this one is kept apart from them.
        shell.create_dir(self.target.join("xtask"))?;
        shell.copy_file(self.target.join("debug/sigma"), self.sigma_heap())?;
        Ok(())
    }

    /// The commit, and whether anything that is measured or measures differs from it. Outside a git
    /// checkout (an unpacked archive) the commit is `unknown` and the tree counts as dirty.
    pub(crate) fn tree(&self) -> anyhow::Result<Tree> {
        let shell = self.shell()?;
        let rustc = cmd!(shell, "rustc --version").quiet().read().context("cannot run rustc")?;
        let commit = cmd!(shell, "git rev-parse HEAD").quiet().ignore_stderr().read().ok();
        let changes = cmd!(shell, "git status --porcelain -- . :!reports").quiet().ignore_stderr();
        let dirty = changes.read().map_or(true, |changes| !changes.is_empty());
        Ok(Tree { commit: commit.unwrap_or_else(|| "unknown".to_owned()), dirty, rustc })
    }
}

/// The identity of the program of a foreign command: what it says of its version, and the hash of the
/// file. A program that is not there has none; its runs will say so.
pub(crate) fn foreign(command: &[String], version: Option<&[String]>) -> Binary {
    let said = version.and_then(|version| {
        let [program, arguments @ ..] = version else { return None };
        let run = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        text.lines().map(str::trim).find(|line| !line.is_empty()).map(ToOwned::to_owned)
    });
    let found = in_path(&command[0]).and_then(|path| hash::file(&path).ok());
    Binary {
        name: command[0].clone(),
        version: said.unwrap_or_else(|| "version unknown".to_owned()),
        sha256: found.map(|(sha256, _)| sha256),
    }
}

/// The file that a program's name stands for.
fn in_path(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn binary(name: &str, path: &Path) -> anyhow::Result<Binary> {
    let (sha256, _) = hash::file(path)
        .with_context(|| format!("cannot read {}; run without `--no-build`", path.display()))?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Binary { name: name.to_owned(), version, sha256: Some(sha256) })
}
