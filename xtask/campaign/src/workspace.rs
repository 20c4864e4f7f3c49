//! Where things are and how programs of this project are built: the root, the folders below
//! `target/`, cargo and git through xshell. Cargo is asked for all of it at each start, since what was
//! true when this program was compiled need not be now: a checkout moves, targets are shared.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use xshell::{Shell, cmd};

use experiment::error::user;
use record::Binary;
use record::hash;

/// The project's folders and the programs it measures with.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The root of the workspace.
    pub root: PathBuf,
    /// Cargo's folder for what it builds.
    target: PathBuf,
    /// What may be deleted: programs to measure, generated inputs, scratch files. Checkouts that share
    /// a target folder have one each.
    pub room: PathBuf,
    /// The packages of the workspace.
    packages: Vec<Package>,
}

/// The programs that a campaign starts, as they were built last: copies, so that a build meanwhile
/// changes nothing.
#[derive(Debug, Clone)]
pub struct Tools {
    /// This project's encoder, where the experiment has variants of it.
    pub(crate) sigma: Option<PathBuf>,
    pub(crate) probe: PathBuf,
    /// The encoder with a counting allocator, where the experiment needs one; never what is timed.
    pub(crate) sigma_heap: Option<PathBuf>,
    /// Their identities.
    pub binaries: Vec<Binary>,
}

/// What of this project's encoder an experiment needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The encoder.
    pub sigma: bool,
    /// The one with the counting allocator too.
    pub heap: bool,
}

impl Wanted {
    /// The encoder as it is released.
    pub(crate) const SIGMA: Wanted = Wanted { sigma: true, heap: false };
}

/// The state of the tree that is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The commit, or `unknown`.
    pub commit: String,
    /// Whether what is measured differs from it.
    pub dirty: bool,
    /// What `rustc --version` says.
    pub rustc: String,
}

/// What `cargo metadata` says, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<Package>,
}

/// A package that cargo knows.
#[derive(Debug, Clone, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

impl Package {
    fn is_laboratory(&self) -> bool {
        self.targets.iter().any(|of| of.name == "laboratory" && of.kind.contains(&"lib".to_owned()))
    }
}

/// A line of `cargo build --message-format=json`, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Workspace {
    /// The workspace of the package that cargo runs, else that of the working folder.
    pub fn new() -> anyhow::Result<Self> {
        let start = match std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) {
            Some(package) if package.join("Cargo.toml").is_file() => package,
            _ => std::env::current_dir().context("the working folder cannot be read")?,
        };
        Self::of(&start)
    }

    /// The workspace that a folder belongs to.
    fn of(start: &Path) -> anyhow::Result<Self> {
        let said = metadata(start, &["--no-deps"])?;
        let Metadata { workspace_root: root, target_directory: target, packages } = said;
        let mut own = target.join("xtask");
        if !target.starts_with(&root) {
            own.push(hash::bytes(root.as_os_str().as_encoded_bytes()).short());
        }
        Ok(Self { root, target, room: own, packages })
    }

    /// The folder of experiments.
    pub fn experiments(&self) -> PathBuf {
        self.root.join("experiments")
    }

    /// The folder of reports.
    pub fn reports(&self) -> PathBuf {
        self.root.join("reports")
    }

    /// The store of generated inputs.
    pub fn inputs(&self) -> PathBuf {
        self.room.join("inputs")
    }

    /// Where the programs of the bench are built, and kept what is measured of it so far.
    pub fn growth(&self) -> PathBuf {
        self.room.join("growth")
    }

    /// A folder for a campaign's outputs.
    pub fn scratch(&self, experiment: &str) -> PathBuf {
        self.room.join("scratch").join(experiment)
    }

    /// The copy of a program that is measured or measures.
    pub fn program(&self, name: &str) -> PathBuf {
        self.room.join("programs").join(name)
    }

    /// A shell at the root; no command of it goes through `/bin/sh`.
    pub fn shell(&self) -> anyhow::Result<Shell> {
        let shell = Shell::new()?;
        shell.change_dir(&self.root);
        Ok(shell)
    }

    /// Builds the probe, and what is wanted of this project's encoder, as they are measured: the release
    /// profile, but for the instrumented encoder.
    pub fn build(&self, wanted: Wanted) -> anyhow::Result<()> {
        if wanted.sigma && !self.has_sigma() {
            return user(
                "`encode` measures sigma, which is no package of this workspace; write `command`",
            );
        }
        self.build_probe()?;
        if !wanted.sigma {
            return Ok(());
        }
        let release = "--release --package sigma-encoder --bin sigma";
        self.build_and_keep(release, &[("sigma", "sigma")], Stderr::Shown)?;
        if !wanted.heap {
            return Ok(());
        }
        // The dev profile does: allocations are the same as in release, and its dependencies are
        // compiled already.
        let instrumented = "--package sigma-encoder --features heap --bin sigma";
        self.build_and_keep(instrumented, &[("sigma", "sigma-heap")], Stderr::Shown)
    }

    /// Whether this project's encoder is part of the workspace.
    pub fn has_sigma(&self) -> bool {
        self.packages.iter().any(|package| package.name == "sigma-encoder")
    }

    /// Builds the probe alone, with the C library in it: without the dynamic loader it starts in half the
    /// time, and that start is paid for each child. Where there is no static C library, without.
    pub fn build_probe(&self) -> anyhow::Result<PathBuf> {
        let mut options = "--quiet --release --package probe --bin probe".to_owned();
        let host = self.host()?;
        if let Some(manifest) = self.probe_elsewhere(&host)? {
            // In the laboratory's own workspace, whose versions are locked, but not into its folders.
            let (manifest, target) = (manifest.display(), self.target.join("xtask/laboratory"));
            options = format!(
                "{options}\n--manifest-path\n{manifest}\n--target-dir\n{}",
                target.display()
            );
        }
        // With a target of its own, so that the flags do not reach build scripts.
        let flags = r#"["-Ctarget-feature=+crt-static","-Crelocation-model=static"]"#;
        let whole =
            format!("{options}\n--target\n{host}\n--config\ntarget.{host}.rustflags={flags}");
        let kept = [("probe", "probe")];
        if self.build_and_keep(&whole, &kept, Stderr::Ignored).is_err() {
            self.build_and_keep(&options, &kept, Stderr::Shown)?;
        }
        Ok(self.program("probe"))
    }

    /// The platform that the compiler builds for unless told otherwise.
    fn host(&self) -> anyhow::Result<String> {
        let shell = self.shell()?;
        let rustc = cmd!(shell, "rustc -vV").quiet().read().context("cannot run rustc")?;
        let host = rustc.lines().find_map(|line| line.strip_prefix("host: "));
        Ok(host.context("`rustc -vV` does not say for which host it is")?.to_owned())
    }

    /// The probe's manifest where the laboratory is not part of this workspace but a dependency of it.
    fn probe_elsewhere(&self, host: &str) -> anyhow::Result<Option<PathBuf>> {
        if self.packages.iter().any(Package::is_laboratory) {
            return Ok(None);
        }
        // Of other platforms nothing need be there.
        let all = metadata(&self.root, &["--filter-platform", host])?;
        let laboratory = all.packages.iter().find(|package| package.is_laboratory());
        let manifest = laboratory
            .context(
                "the package with the library `laboratory` is no dependency of this workspace",
            )?
            .manifest_path
            .with_file_name("probe")
            .join("Cargo.toml");
        Ok(Some(manifest))
    }

    /// Runs `cargo build` as an experiment asks for; the programs are kept, and known by their names.
    pub(crate) fn build_own(&self, options: &[String]) -> anyhow::Result<()> {
        let folder = self.built();
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let programs = self.executables(&options, Stderr::Shown)?;
        programs.iter().try_for_each(|(name, path)| keep(path, &folder.join(name)))
    }

    /// Where programs are that experiments had built, by name.
    pub fn built(&self) -> PathBuf {
        self.room.join("built")
    }

    /// Builds, and keeps a copy of each program under its second name. Another checkout that shares
    /// the target folder waits meanwhile, or its program would be taken for ours.
    fn build_and_keep(
        &self,
        options: &str,
        programs: &[(&str, &str)],
        stderr: Stderr,
    ) -> anyhow::Result<()> {
        let folder = self.room.join("programs");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let lock = self.target.join("xtask/build.lock");
        File::create(&lock)
            .and_then(|file| file.lock().map(|()| file))
            .with_context(|| format!("cannot lock {}", lock.display()))
            .and_then(|_held| {
                let options: Vec<&str> = options.split([' ', '\n']).collect();
                let built = self.executables(&options, stderr)?;
                programs.iter().try_for_each(|(name, kept)| {
                    let found = built.iter().find(|(of, _)| of == name);
                    let (_, path) =
                        found.with_context(|| format!("cargo did not say where `{name}` is"))?;
                    keep(path, &self.program(kept))
                })
            })
    }

    /// Runs `cargo build`; the programs it built or found fresh, by name, where cargo says they are.
    fn executables(
        &self,
        options: &[&str],
        stderr: Stderr,
    ) -> anyhow::Result<Vec<(String, PathBuf)>> {
        let shell = self.shell()?;
        let mut build = cmd!(
            shell,
            "cargo build --locked --message-format=json-render-diagnostics {options...}"
        )
        .quiet();
        build.set_ignore_stderr(stderr == Stderr::Ignored);
        let messages = build
            .read()
            .context("cannot build what is measured; the compiler's message stands above")?;
        Ok(messages.lines().filter_map(executable).collect())
    }

    /// The programs as they were built last.
    pub fn tools(&self, wanted: Wanted) -> anyhow::Result<Tools> {
        let probe = self.program("probe");
        let sigma = wanted.sigma.then(|| self.program("sigma"));
        let mut binaries = Vec::new();
        if let Some(path) = &sigma {
            binaries.push(binary("sigma", path)?);
        }
        binaries.push(binary("probe", &probe)?);
        let sigma_heap = (wanted.sigma && wanted.heap).then(|| self.program("sigma-heap"));
        if let Some(path) = &sigma_heap {
            binaries.push(binary("sigma-heap", path)?);
        }
        Ok(Tools { sigma, probe, sigma_heap, binaries })
    }

    /// The commit, and whether anything that is measured or measures differs from it. Outside a git
    /// checkout (an unpacked archive, also one inside another repository) the commit is `unknown` and
    /// the tree counts as dirty.
    pub fn tree(&self) -> anyhow::Result<Tree> {
        let shell = self.shell()?;
        let rustc = cmd!(shell, "rustc --version").quiet().read().context("cannot run rustc")?;
        let tracked = cmd!(shell, "git ls-files --error-unmatch Cargo.toml");
        let is_tracked = tracked.quiet().ignore_stderr().ignore_stdout().run().is_ok();
        let commit = cmd!(shell, "git rev-parse HEAD").quiet().ignore_stderr().read().ok();
        let Some(commit) = commit.filter(|_| is_tracked) else {
            return Ok(Tree { commit: "unknown".to_owned(), dirty: true, rustc });
        };
        let changes = cmd!(shell, "git status --porcelain -- . :!reports").quiet().ignore_stderr();
        let dirty = changes.read().map_or(true, |changes| !changes.is_empty());
        Ok(Tree { commit, dirty, rustc })
    }
}

/// What becomes of what cargo says of a build that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stderr {
    Shown,
    Ignored,
}

/// What `cargo metadata` says of the workspace that a folder belongs to.
fn metadata(start: &Path, options: &[&str]) -> anyhow::Result<Metadata> {
    let shell = Shell::new()?;
    shell.change_dir(start);
    let text = cmd!(shell, "cargo metadata {options...} --format-version 1 --offline")
        .quiet()
        .read()
        .with_context(|| format!("{} belongs to no workspace that cargo knows", start.display()))?;
    serde_json::from_str(&text).context("what `cargo metadata` says is not understood")
}

/// The program that a line of cargo's is about, if it is about one.
fn executable(line: &str) -> Option<(String, PathBuf)> {
    let message: Message = serde_json::from_str(line).ok()?;
    let target = message.target?;
    let is_program =
        message.reason == "compiler-artifact" && target.kind.contains(&"bin".to_owned());
    is_program.then_some((target.name, message.executable?))
}

/// Copies a program, whole or not at all.
fn keep(from: &Path, to: &Path) -> anyhow::Result<()> {
    let beside = to.with_file_name(format!(
        ".{}.{}.part",
        to.file_name().unwrap_or_default().to_string_lossy(),
        std::process::id()
    ));
    fs::copy(from, &beside)
        .and_then(|_| fs::rename(&beside, to))
        .inspect_err(|_| drop(fs::remove_file(&beside)))
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn binary(name: &str, path: &Path) -> anyhow::Result<Binary> {
    if !path.is_file() {
        bail!("`{name}` was not built by this checkout; run without `--no-build`");
    }
    let (sha256, _) =
        hash::file(path).with_context(|| format!("cannot read {}", path.display()))?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Binary { name: name.to_owned(), version, sha256: Some(sha256) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_a_program_is_whatever_it_was_built_for() {
        let line = |reason: &str, kind: &str, executable: &str| {
            format!(
                "{{\"reason\":\"{reason}\",\"target\":{{\"name\":\"sigma\",\"kind\":[\"{kind}\"]}},\
                 \"executable\":{executable}}}"
            )
        };
        let path = "\"/t/x86_64-unknown-linux-gnu/release/sigma\"";
        assert_eq!(
            executable(&line("compiler-artifact", "bin", path)),
            Some(("sigma".to_owned(), "/t/x86_64-unknown-linux-gnu/release/sigma".into()))
        );
        assert_eq!(executable(&line("compiler-artifact", "lib", "null")), None);
        assert_eq!(executable("{\"reason\":\"build-finished\",\"success\":true}"), None);
        assert_eq!(executable("warning: not a message"), None);
    }

    /// A workspace of one package in `folder`, and what the laboratory takes for its places.
    fn workspace(folder: &Path) -> Workspace {
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(
            folder.join("Cargo.toml"),
            "[package]\nname = \"p\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n",
        )
        .unwrap();
        fs::write(folder.join("src/main.rs"), "fn main() {}\n").unwrap();
        Workspace::of(&folder.join("src")).unwrap()
    }

    #[test]
    fn the_root_is_where_the_checkout_lies_now() {
        let folder = tempfile::tempdir().unwrap();
        let before = workspace(&folder.path().join("before"));
        fs::rename(folder.path().join("before"), folder.path().join("after")).unwrap();
        let after = Workspace::of(&folder.path().join("after")).unwrap();
        assert_eq!(
            before.root,
            folder.path().join("before").canonicalize().unwrap_or(before.root.clone())
        );
        assert!(after.root.ends_with("after"), "{after:?}");
    }

    #[test]
    fn an_archive_inside_another_repository_has_no_commit() {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::new().unwrap();
        shell.change_dir(folder.path());
        cmd!(shell, "git init --quiet").run().unwrap();
        let commit = "-c user.name=n -c user.email=e commit --quiet --allow-empty -m m".split(' ');
        cmd!(shell, "git {commit...}").run().unwrap();
        let archive = workspace(&folder.path().join("archive"));
        let tree = archive.tree().unwrap();
        assert_eq!((tree.commit.as_str(), tree.dirty), ("unknown", true));
        cmd!(shell, "git add archive").run().unwrap();
        assert_eq!(archive.tree().unwrap().commit.len(), 40, "now it belongs to the repository");
    }

    /// Settings of cargo's for a workspace.
    fn configure(folder: &Path, text: &str) {
        fs::create_dir_all(folder.join(".cargo")).unwrap();
        fs::write(folder.join(".cargo/config.toml"), text).unwrap();
    }

    #[test]
    fn checkouts_that_share_a_target_folder_have_a_room_each() {
        let folder = tempfile::tempdir().unwrap();
        let shared = folder.path().join("shared");
        let rooms = ["one", "other"].map(|name| {
            let place = folder.path().join(name);
            configure(&place, &format!("[build]\ntarget-dir = {shared:?}\n"));
            workspace(&place).room
        });
        assert!(rooms.iter().all(|room| room.starts_with(&shared)), "{rooms:?}");
        assert_ne!(rooms[0], rooms[1]);
    }

    #[test]
    fn a_program_built_for_a_named_target_is_the_one_that_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        let shell = Shell::new().unwrap();
        let said = cmd!(shell, "rustc -vV").quiet().read().unwrap();
        let triple = said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let place = folder.path().join("p");
        configure(&place, &format!("[build]\ntarget = {triple:?}\ntarget-dir = \"target\"\n"));
        let workspace = workspace(&place);
        shell.change_dir(&place);
        cmd!(shell, "cargo generate-lockfile --offline").quiet().run().unwrap();
        // What an earlier build without the target left behind.
        let stale = place.join("target/debug/p");
        fs::create_dir_all(stale.parent().unwrap()).unwrap();
        fs::write(&stale, "stale").unwrap();
        let built = workspace.executables(&["--quiet", "--bin", "p"], Stderr::Shown).unwrap();
        let (name, path) = &built[0];
        assert_eq!(name, "p");
        assert!(path.to_string_lossy().contains(triple) && path.is_file(), "{path:?}");
    }
}
