//! The laboratory in a workspace that is not this one: a repository elsewhere with an encoder of its own
//! and an `xtask` of three lines. Nothing of this repository is assumed, and `sigma` is not built.
//!
//! What is compiled goes to the build folder of this workspace (`CARGO_BUILD_BUILD_DIR`), with this
//! workspace's profiles and lock file, so that polars is not compiled again; programs go to the other's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ENCODER: &str = r#"//! Runs of equal bytes as a count and the byte.
use std::io::{Read, Write};

fn main() {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text).unwrap();
    let back = std::env::args().any(|word| word == "--back");
    let out: Vec<u8> = match back {
        true => text.chunks(2).flat_map(|run| vec![run[1]; usize::from(run[0])]).collect(),
        false => text.chunk_by(|a, b| a == b).flat_map(|run| run.chunks(255)).flat_map(|run| [run.len() as u8, run[0]]).collect(),
    };
    eprintln!("runs: {}", out.len() / 2);
    std::io::stdout().write_all(&out).unwrap();
}
"#;

const EXPERIMENT: &str = r#"
title = "Runs"
question = "Does it keep the document?"
[input]
profiles = ["wide"]
sizes = { from = "100 B", to = "10 KB", per_decade = 1 }
[measure]
warmup = 0
runs = { min = 2, max = 2 }
[build]
cargo = ["--bin", "runs"]
[[metric]]
name = "runs"
regex = 'runs: (\d+)'
[[variant]]
name = "runs"
command = ["{bin:runs}"]
decode = ["{bin:runs}", "--back"]
[[criterion]]
name = "There are runs"
metric = "runs"
above = 10
"#;

/// A workspace of its own in a repository of its own.
struct Foreign {
    folder: tempfile::TempDir,
    build: PathBuf,
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies below the root")
}

impl Foreign {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // The folder of this test's program is `BUILD/debug/deps`.
        let program = std::env::current_exe().expect("a program");
        let build = program.ancestors().nth(3).expect("the build folder").to_owned();
        let foreign = Self { folder, build };
        let ours = fs::read_to_string(here().join("Cargo.toml")).expect("our manifest");
        let profiles = ours.find("[profile.dev]").map(|at| &ours[at..]).expect("our profiles");
        // Profiles of packages that are not there would only be warned of.
        let profiles = profiles.split("# Tests encode megabytes.").next().unwrap_or_default();
        foreign.write(
            "Cargo.toml",
            &format!("[workspace]\nresolver = \"3\"\nmembers = [\"runs\", \"lab\"]\n{profiles}"),
        );
        fs::copy(here().join("Cargo.lock"), foreign.path("Cargo.lock")).expect("our lock");
        let package = |name: &str, rest: &str| {
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{rest}")
        };
        foreign.write("runs/Cargo.toml", &package("runs", ""));
        foreign.write("runs/src/main.rs", ENCODER);
        let laboratory = here().join("xtask");
        let dependency = format!(
            "[dependencies]\nlaboratory = {{ package = \"xtask\", path = \"{}\" }}\n",
            laboratory.display()
        );
        foreign.write("lab/Cargo.toml", &package("lab", &dependency));
        foreign.write(
            "lab/src/main.rs",
            "fn main() -> std::process::ExitCode {\n    laboratory::main()\n}\n",
        );
        foreign.write(".cargo/config.toml", "[alias]\nlab = \"run --quiet --package lab --\"\n");
        foreign.write(".gitignore", "target\nxtask-campaign.lock\n");
        foreign.write("experiments/mine.toml", EXPERIMENT);
        foreign
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=n", "-c", "user.email=e"]).args(arguments);
        let output = git.current_dir(self.folder.path()).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        for (name, _) in std::env::vars_os() {
            // What cargo tells this test of this workspace is not true of the other.
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("CARGO_PKG")
                || name.starts_with("CARGO_MANIFEST")
                || name == "CARGO_TARGET_DIR"
            {
                cargo.env_remove(name);
            }
        }
        cargo.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        cargo.env("CARGO_BUILD_BUILD_DIR", &self.build).env("CARGO_NET_OFFLINE", "true");
        cargo.env("XTASK_LOCK_DIR", self.folder.path());
        cargo.output().expect("cargo runs")
    }
}

#[test]
fn another_workspace_measures_its_own_encoder_and_builds_nothing_of_ours_but_the_probe() {
    let foreign = Foreign::new();
    foreign.git(&["init", "--quiet"]);
    // The lock file is ours and is fitted to the other workspace before anything is locked.
    let fitted = foreign.cargo(&["build", "--quiet", "--package", "lab"]);
    assert!(fitted.status.success(), "{}", String::from_utf8_lossy(&fitted.stderr));
    foreign.git(&["add", "."]);
    foreign.git(&["commit", "--quiet", "-m", "an encoder"]);
    let output = foreign.cargo(&["lab", "run", "mine"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let report = foreign.path("reports/mine");
    let samples = fs::read_to_string(report.join("samples.csv")).expect("samples");
    let runs = samples.lines().filter(|line| line.starts_with("run,") && line.contains(",ok,"));
    assert_eq!(runs.count(), 6, "{samples}");
    let lock = fs::read_to_string(report.join("experiment.lock.toml")).expect("a lock");
    assert!(lock.contains("dirty = false") && lock.contains("{bin:runs}"), "{lock}");
    assert!(!lock.contains("sigma"), "{lock}");
    let target = foreign.path("target");
    let is_sigma = |path: &Path| path.file_name().is_some_and(|name| name == "sigma");
    let mut folders = vec![target];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            assert!(!is_sigma(&entry.path()), "{}", entry.path().display());
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    // What is measured is what is in the tree: a change is built before it is measured.
    foreign.write("runs/src/main.rs", &ENCODER.replace("runs: {}", "runs: 1{}"));
    let again = foreign.cargo(&["lab", "run", "mine"]);
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
    let changed = fs::read_to_string(report.join("samples.csv")).expect("samples");
    let first =
        |text: &str| text.lines().find(|line| line.starts_with("run,")).map(ToOwned::to_owned);
    let runs =
        |line: Option<String>| line.and_then(|line| line.rsplit(',').next().map(ToOwned::to_owned));
    let (before, after) = (runs(first(&samples)), runs(first(&changed)));
    assert_ne!(before, after, "yesterday's program was measured");
    // What is tried may be kept, and is measured again by its name.
    let tried = ["lab", "try", "cat", "tr a b", "--sizes", "1KB", "--runs", "2", "--save", "kept"];
    let kept = foreign.cargo(&tried);
    assert_eq!(kept.status.code(), Some(0), "{}", String::from_utf8_lossy(&kept.stderr));
    let text = fs::read_to_string(foreign.path("experiments/kept.toml")).expect("an experiment");
    for part in ["command = [\"tr\", \"a\", \"b\"]", "1 KB", "min = 2, max = 2", "cwd     = \"..\""]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let again = foreign.cargo(&["lab", "run", "kept"]);
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
    assert!(foreign.path("reports/kept/report.md").is_file());
    let twice = foreign.cargo(&tried);
    assert_eq!(twice.status.code(), Some(2), "it overwrites nothing");
    assert!(String::from_utf8_lossy(&twice.stderr).contains("is there already"));
    // An experiment of sigma's is refused with what is missing.
    foreign.write(
        "experiments/ours.toml",
        "title = \"t\"\nquestion = \"q\"\n[input]\nprofiles = [\"wide\"]\nsizes = [\"1 KB\"]\n\
         [[variant]]\nname = \"sigma\"\nencode = {}\n",
    );
    let refused = foreign.cargo(&["lab", "run", "ours"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("sigma, which is no package of this workspace"), "{said}");
}
