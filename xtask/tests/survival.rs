//! Campaigns survive what happens to programs: each test does it to the built `xtask` and looks at what
//! is left on disk. Nothing here rests on how long anything takes; where a process must have come to a
//! point, its files are looked at until it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// Longest that a process may take to come to a point, far beyond what it needs.
const PATIENCE: Duration = Duration::from_mins(2);

/// An experiment of its own with a folder for all that it writes.
struct Laboratory {
    /// Its name is unique: campaigns on one experiment keep each other out.
    name: String,
    folder: tempfile::TempDir,
}

impl Laboratory {
    /// With `measure` and `variant` tables in addition to one small document.
    fn new(name: &str, rest: &str) -> Self {
        build();
        let name = format!("survival-{name}-{}", std::process::id());
        let laboratory = Self { name, folder: tempfile::tempdir().expect("a folder") };
        fs::write(laboratory.path("document.json"), "{\"a\":[1,2,3]}\n").expect("a document");
        laboratory.write(rest);
        laboratory
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, rest: &str) {
        let document = self.path("document.json");
        let text = format!(
            "title = \"t\"\nquestion = \"q\"\n[input]\nfiles = [\"{}\"]\n{rest}",
            document.display()
        );
        fs::write(self.experiment(), text).expect("an experiment");
    }

    fn experiment(&self) -> PathBuf {
        self.path(&format!("{}.toml", self.name))
    }

    fn report(&self) -> PathBuf {
        self.path("reports").join(&self.name)
    }

    /// The samples of the campaign that runs, and of the one that is published.
    fn running(&self, file: &str) -> PathBuf {
        self.report().join("running").join(file)
    }

    fn published(&self, file: &str) -> PathBuf {
        self.report().join(file)
    }

    fn run(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(XTASK);
        command.env("XTASK_LOCK_DIR", self.folder.path());
        command.arg("run").arg("--no-build").arg("--reports").arg(self.path("reports"));
        command.args(arguments).arg(self.experiment());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self) -> Child {
        self.run(&[]).spawn().expect("xtask starts")
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.run(arguments).output().expect("xtask runs")
    }

    /// Measures to the end.
    fn complete(&self) {
        let output = self.output(&[]);
        assert!(output.status.success(), "{}", said(&output));
    }
}

impl Laboratory {
    /// Where a laboratory whose target folder is `target` in this one's keeps what it measures.
    fn programs(&self) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
        let key = Sha256::digest(root.as_os_str().as_encoded_bytes());
        let key = u64::from_be_bytes(key[..8].try_into().expect("eight bytes"));
        let folder = self.path("target/xtask").join(format!("{key:016x}")).join("programs");
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }
}

/// The probe as `cargo xtask run` keeps it.
fn probe() -> PathBuf {
    let built = Path::new(XTASK).parent().and_then(Path::parent).expect("a target folder");
    built.join("xtask/programs/probe")
}

/// A probe that is linked as Rust's programs are, with a C library that is loaded.
fn loading_probe() -> PathBuf {
    let built = Path::new(XTASK).parent().and_then(Path::parent).expect("a target folder");
    let cargo = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--release", "--package", "probe", "--bin", "probe"])
        .arg("--target-dir")
        .arg(built)
        .env_remove("CARGO_BUILD_TARGET")
        .status();
    assert!(cargo.expect("cargo runs").success());
    built.join("release/probe")
}

/// Writes a program.
fn script(path: &Path, text: &str) {
    fs::write(path, text).expect("a program");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a program");
}

/// Builds the measured programs once, as `cargo xtask run` would.
fn build() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let experiment = folder.path().join(format!("survival-build-{}.toml", std::process::id()));
        let document = folder.path().join("document.json");
        fs::write(&document, "[]").expect("a document");
        let text = format!(
            "title = \"t\"\nquestion = \"q\"\n[input]\nfiles = [\"{}\"]\n\
             [measure]\nwarmup = 0\nruns = {{ min = 1, max = 1 }}\n{CAT}",
            document.display()
        );
        fs::write(&experiment, text).expect("an experiment");
        let output = Command::new(XTASK)
            .env("XTASK_LOCK_DIR", folder.path())
            .args(["run", "--reports"])
            .args([folder.path(), &experiment])
            .output()
            .expect("xtask runs");
        assert!(output.status.success(), "{}", said(&output));
    });
}

const CAT: &str = "[[variant]]\nname = \"cat\"\ncommand = [\"cat\"]\ndecode = [\"cat\"]\n";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Looks at `state` until it holds.
fn until(what: &str, mut state: impl FnMut() -> bool) {
    let started = Instant::now();
    while !state() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

/// Rows of a `samples.csv` as columns by name.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("samples");
    let rows: Result<Vec<_>, _> = reader.deserialize().collect();
    rows.expect("whole rows")
}

/// How often each kind, block and variant stands in the samples, of the document or the empty one.
fn counts(path: &Path) -> BTreeMap<(String, u32, String, bool), u32> {
    let mut counts = BTreeMap::new();
    // The probe's self-tests are many, each of an amount of its own.
    for row in rows(path).into_iter().filter(|row| row["profile"] != "probe") {
        let block = row["block"].parse().expect("a number");
        let of_empty = row["profile"] == "empty";
        let key = (row["kind"].clone(), block, row["variant"].clone(), of_empty);
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Draws of a fixed sequence: xorshift.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

impl Laboratory {
    /// Starts a campaign and kills it once it has measured something.
    fn killed(&self) {
        let mut child = self.start();
        self.until_measured(&mut child);
        child.kill().expect("a child");
        child.wait().expect("a child");
    }

    fn until_measured(&self, child: &mut Child) {
        until("some runs are recorded", || {
            assert!(child.try_wait().expect("a child").is_none(), "ended before it was stopped");
            let text = fs::read(self.running("samples.csv")).unwrap_or_default();
            text.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"run,"))
        });
    }

    /// Every cell and block stands in the published samples exactly once.
    fn assert_complete(&self, variants: &[&str], blocks: u32) {
        let counts = counts(&self.published("samples.csv"));
        // The self-tests of the resolution bear one name, whatever they touch.
        let of_amounts = |variant: &str| ["probe-step", "probe-spike"].contains(&variant);
        let twice: Vec<_> = counts
            .iter()
            .filter(|((_, _, of, _), count)| **count != 1 && !of_amounts(of))
            .collect();
        assert!(twice.is_empty(), "{twice:?}");
        for variant in variants {
            for (kind, blocks) in [("warmup", 0..1), ("run", 1..blocks + 1)] {
                for block in blocks {
                    let key = (kind.to_owned(), block, (*variant).to_owned(), false);
                    assert!(counts.contains_key(&key), "{key:?} is missing");
                }
            }
        }
        let measured = counts.keys().filter(|(kind, ..)| kind == "run" || kind == "warmup");
        assert_eq!(measured.count() as u32, variants.len() as u32 * (blocks + 1));
        assert!(!self.report().join("running").exists());
    }

    /// Whether the campaign is complete and published as a whole.
    fn is_published(&self) -> bool {
        self.published("machine.toml").exists() && !self.running("machine.toml").exists()
    }
}

/// `cat` as the only variant, in this many measured blocks.
fn blocks(count: u32) -> String {
    format!("[measure]\nwarmup = 1\nruns = {{ min = {count}, max = {count} }}\n{CAT}{NOISY}")
}

/// A cell whose fitted metric is the same in three runs is not run again: times never are.
const NOISY: &str = "[fit]\nmetrics = [\"wall\"]\n";

#[test]
fn campaigns_killed_at_a_hundred_random_instants_hold_every_cell_and_block_once() {
    const BLOCKS: u32 = 60;
    let other = CAT.replacen("\"cat\"", "\"other\"", 1);
    let laboratory = Laboratory::new("killed", &format!("{}{other}", blocks(BLOCKS)));
    let mut draws = Draws(42);
    let mut lengths = BTreeSet::new();
    for round in 0..100 {
        let size = || fs::metadata(laboratory.running("samples.csv")).map_or(0, |of| of.len());
        let before = size();
        let mut child = laboratory.start();
        // Half of them from the start, half from when it measures, however long it takes until then.
        if round % 2 == 1 {
            until("it measures", || {
                size() != before || child.try_wait().is_ok_and(|of| of.is_some())
            });
        }
        // Within what comes before measuring, measuring, and moving the samples to their place.
        let instant = Instant::now() + Duration::from_micros(draws.below(300_000));
        until("the instant has come", || Instant::now() >= instant);
        child.kill().expect("a child");
        child.wait().expect("a child");
        lengths.extend(fs::metadata(laboratory.running("samples.csv")).map(|of| of.len()));
        if laboratory.is_published() {
            laboratory.assert_complete(&["cat", "other"], BLOCKS);
            fs::remove_dir_all(laboratory.report()).expect("a folder");
        }
    }
    assert!(lengths.len() > 5, "nothing was measured between the kills: {lengths:?}");
    laboratory.complete();
    laboratory.assert_complete(&["cat", "other"], BLOCKS);
}

#[test]
fn a_torn_last_line_is_dropped_and_its_run_made_again() {
    let laboratory = Laboratory::new("torn", &blocks(100));
    laboratory.killed();
    let samples = laboratory.running("samples.csv");
    let whole = fs::read(&samples).expect("samples");
    let torn = whole.iter().rposition(|byte| *byte == b'\n').expect("lines") - 7;
    fs::write(&samples, &whole[..torn]).expect("samples");
    let output = laboratory.output(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("dropped a torn end of"), "{}", said(&output));
    laboratory.assert_complete(&["cat"], 100);
}

#[test]
fn a_campaign_stopped_while_it_is_published_is_published_by_the_next_run() {
    let laboratory = Laboratory::new("half-published", &blocks(3));
    laboratory.complete();
    // The state in which a kill between two renames leaves the folders.
    fs::create_dir(laboratory.report().join("running")).expect("a folder");
    for file in ["experiment.lock.toml", "machine.toml"] {
        fs::rename(laboratory.published(file), laboratory.running(file)).expect("a file");
    }
    let before = fs::read(laboratory.published("samples.csv")).expect("samples");
    let output = laboratory.output(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("which was complete"), "{}", said(&output));
    assert_eq!(fs::read(laboratory.published("samples.csv")).expect("samples"), before);
    laboratory.assert_complete(&["cat"], 3);
}

/// A file system of its own over a folder, where this test may mount one.
struct Mounted(std::ffi::CString);

impl Mounted {
    fn new(folder: &Path, flags: libc::c_ulong, options: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let folder = std::ffi::CString::new(folder.as_os_str().as_encoded_bytes())?;
        let options = std::ffi::CString::new(options)?;
        let kind = c"tmpfs".as_ptr();
        // SAFETY: four C strings that live through the call.
        let mounted =
            unsafe { libc::mount(kind, folder.as_ptr(), kind, flags, options.as_ptr().cast()) };
        if mounted == 0 { Ok(Self(folder)) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // SAFETY: a C string.
        unsafe { libc::umount2(self.0.as_ptr(), libc::MNT_DETACH) };
    }
}

#[test]
fn a_full_disk_keeps_the_rows_before_and_is_continued_once_there_is_space() {
    const BLOCKS: u32 = 400;
    let laboratory = Laboratory::new("full", &blocks(BLOCKS));
    let reports = laboratory.path("reports");
    let mounted = Mounted::new(&reports, 0, "size=48k");
    let output = match &mounted {
        Ok(_) => laboratory.output(&[]),
        Err(error) => {
            eprintln!("no file system may be mounted here ({error}): files are limited instead");
            limited(laboratory.run(&[])).output().expect("xtask runs")
        }
    };
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("free some space and run again to continue"),
        "{}",
        said(&output)
    );
    assert!(fs::read(laboratory.running("samples.csv")).expect("samples").ends_with(b"\n"));
    if mounted.is_ok() {
        let _larger = Mounted::new(&reports, libc::MS_REMOUNT, "size=16m").map(std::mem::forget);
    }
    laboratory.complete();
    laboratory.assert_complete(&["cat"], BLOCKS);
}

/// Writing beyond 16 KiB of a file fails, as it does on a full disk.
fn limited(mut command: Command) -> Command {
    // SAFETY: two system calls with numbers and a struct that lives through the call.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            let limit = libc::rlimit { rlim_cur: 16 << 10, rlim_max: 16 << 10 };
            match libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        });
    }
    command
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_nothing_is_measured() {
    let laboratory = Laboratory::new("read-only", &blocks(3));
    let reports = laboratory.path("reports");
    let _mounted = Mounted::new(&reports, libc::MS_RDONLY, "size=48k");
    fs::create_dir_all(&reports).expect("a folder");
    let _ = fs::set_permissions(&reports, fs::Permissions::from_mode(0o555));
    if fs::write(reports.join("probe"), "").is_ok() {
        eprintln!("skipped: root without the right to mount can write everywhere");
        return;
    }
    let output = laboratory.output(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("cannot write"), "{}", said(&output));
    assert!(said(&output).contains(&reports.display().to_string()), "{}", said(&output));
}

/// A command that is running for as long as nobody stops it, and its mark in the list of processes.
fn endless(laboratory: &Laboratory) -> String {
    let mark = format!("8{}.25", std::process::id());
    laboratory.write(&format!(
        "[measure]\ntimeout = \"10000 s\"\n[[variant]]\nname = \"sleep\"\ncommand = [\"sleep\", \"{mark}\"]\n"
    ));
    mark
}

/// Whether a process `sleep MARK` exists.
fn sleeps(mark: &str) -> bool {
    let line = format!("sleep\0{mark}\0").into_bytes();
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    processes
        .into_iter()
        .any(|entry| fs::read(entry.path().join("cmdline")).is_ok_and(|of| of == line))
}

#[test]
fn a_second_campaign_on_the_same_experiment_is_told_who_holds_it() {
    let laboratory = Laboratory::new("twice", "");
    let mark = endless(&laboratory).replace(".25", ".5");
    laboratory.write(&format!(
        "[measure]\ntimeout = \"10000 s\"\n[[variant]]\nname = \"sleep\"\ncommand = [\"sleep\", \"{mark}\"]\n"
    ));
    let mut first = laboratory.start();
    until("the first campaign measures", || sleeps(&mark));
    let second = laboratory.output(&[]);
    interrupt(&first);
    let holder = format!("process {}", first.id());
    first.wait().expect("a child");
    assert_eq!(second.status.code(), Some(1));
    assert!(said(&second).contains("is being measured already"), "{}", said(&second));
    assert!(said(&second).contains(&holder), "{}", said(&second));
}

fn interrupt(child: &Child) {
    // SAFETY: numbers only; the child is not reaped yet.
    unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGINT) };
}

#[test]
fn ctrl_c_kills_the_child_that_runs_and_says_how_to_continue() {
    let laboratory = Laboratory::new("interrupted", "");
    let mark = endless(&laboratory);
    let child = laboratory.start();
    until("the child runs", || sleeps(&mark));
    interrupt(&child);
    let output = child.wait_with_output().expect("a child");
    assert!(!sleeps(&mark), "the child outlives the campaign");
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(said(&output).contains("the same command continues"), "{}", said(&output));
}

#[test]
fn a_campaign_stopped_by_ctrl_c_is_continued() {
    let laboratory = Laboratory::new("continued", &blocks(200));
    let mut child = laboratory.start();
    laboratory.until_measured(&mut child);
    interrupt(&child);
    assert_eq!(child.wait().expect("a child").code(), Some(130));
    let output = laboratory.output(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("continuing the campaign"), "{}", said(&output));
    laboratory.assert_complete(&["cat"], 200);
}

/// Each change is said, refused with exit code 2, and measured anew only with `--restart`.
#[test]
fn what_changed_since_is_named_and_only_restart_measures_anew() {
    let laboratory = Laboratory::new("changed", "");
    let program = laboratory.path("encoder");
    fs::copy("/bin/cat", &program).expect("a program");
    let variant = format!("[[variant]]\nname = \"own\"\ncommand = [{program:?}]\n");
    let toml = |blocks: u32| {
        format!("[measure]\nruns = {{ min = {blocks}, max = {blocks} }}\n{variant}{NOISY}")
    };
    laboratory.write(&toml(300));
    laboratory.killed();
    let kept = fs::read(laboratory.running("samples.csv")).expect("samples");
    let refused = |what: &str| {
        let output = laboratory.output(&[]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("since then this changed") && said.contains(what), "{said}");
        assert!(said.contains("--restart"), "{said}");
        assert_eq!(fs::read(laboratory.running("samples.csv")).expect("samples"), kept);
    };

    laboratory.write(&toml(299));
    refused("what the experiment measures");
    laboratory.write(&toml(300));

    let changed = |path: &Path, what: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let before = fs::read(path).expect("a file");
        fs::write(path, change(before.clone())).expect("a file");
        refused(what);
        fs::write(path, before).expect("a file");
    };
    let longer = |mut bytes: Vec<u8>| {
        bytes.push(b'\n');
        bytes
    };
    changed(&program, &format!("the program `{}`", program.display()), &longer);
    changed(&laboratory.path("document.json"), "the input `document.json`", &longer);
    changed(&laboratory.running("machine.toml"), "the machine: cpu_count was 77", &|bytes| {
        let text = String::from_utf8(bytes).expect("text");
        let line = text.lines().find(|line| line.starts_with("cpu_count")).expect("a count");
        text.replace(line, "cpu_count = 77").into_bytes()
    });

    laboratory.write(&toml(3));
    let output = laboratory.output(&["--restart"]);
    assert!(output.status.success(), "{}", said(&output));
    laboratory.assert_complete(&["own"], 3);
}

#[test]
fn nothing_depends_on_the_clock() {
    let laboratory = Laboratory::new("clock", &blocks(200));
    laboratory.killed();
    // As if the campaign had begun in the future: the clock was set back since.
    let machine = laboratory.running("machine.toml");
    let text = fs::read_to_string(&machine).expect("a record");
    let line = text.lines().find(|line| line.starts_with("time")).expect("a time");
    fs::write(&machine, text.replace(line, "time = \"2999-01-01T00:00:00Z\"")).expect("a record");
    let output = laboratory.output(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("continuing the campaign of 2999"), "{}", said(&output));
    laboratory.assert_complete(&["cat"], 200);
}

#[test]
fn what_the_machine_refuses_is_said_once_recorded_and_reported() {
    let laboratory = Laboratory::new("refused", &blocks(5));
    let mut command = laboratory.run(&[]);
    // SAFETY: the filter is made of numbers on the stack; `prctl` is async-signal-safe.
    unsafe { command.pre_exec(refuse_everything) };
    let output = command.output().expect("xtask runs");
    assert!(output.status.success(), "{}", said(&output));
    let recorded = fs::read_to_string(laboratory.published("machine.toml")).expect("a record");
    let report = fs::read_to_string(laboratory.published("report.md")).expect("a report");
    for call in ["ptrace", "personality", "sched_setaffinity", "perf_event_open"] {
        let sentence = format!("this machine refuses {call} (Operation not permitted");
        assert_eq!(said(&output).matches(&sentence).count(), 1, "{}", said(&output));
        let list = recorded.lines().find(|line| line.starts_with("refused")).expect("a list");
        assert!(list.contains(call), "{list}");
        let line = report.lines().find(|line| line.contains("Refused by the machine"));
        assert!(line.is_some_and(|line| line.contains(call)), "{report}");
    }
    laboratory.assert_complete(&["cat"], 5);
    assert!(
        rows(&laboratory.published("samples.csv"))
            .iter()
            .all(|row| row["peak_hwm_bytes"].is_empty())
    );
}

/// A seccomp filter that answers `EPERM` to the system calls the probe can do without.
fn refuse_everything() -> io::Result<()> {
    let load_number = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    let jump_if_equal = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let give_back = (libc::BPF_RET | libc::BPF_K) as u16;
    let step = |code, jt, k| libc::sock_filter { code, jt, jf: 0, k };
    let mut filter = [
        step(load_number, 0, 0),
        step(jump_if_equal, 4, libc::SYS_ptrace as u32),
        step(jump_if_equal, 3, libc::SYS_personality as u32),
        step(jump_if_equal, 2, libc::SYS_sched_setaffinity as u32),
        step(jump_if_equal, 1, libc::SYS_perf_event_open as u32),
        step(give_back, 0, libc::SECCOMP_RET_ALLOW),
        step(give_back, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the program and its filter live through the call.
    let set = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[test]
fn a_probe_that_measures_wrongly_stops_the_campaign_before_it_measures() {
    let laboratory = Laboratory::new("lying", &blocks(3));
    let programs = laboratory.programs();
    let record = "{\"outcome\":\"exited\",\"exit_code\":0,\"wall_ns\":1,\"max_rss_bytes\":1000000}";
    for (name, text) in
        [("probe", format!("#!/bin/sh\necho '{record}'\n")), ("sigma", String::new())]
    {
        script(&programs.join(name), &text);
    }
    let mut command = laboratory.run(&[]);
    let output =
        command.env("CARGO_TARGET_DIR", laboratory.path("target")).output().expect("xtask");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("the probe is off by"), "{}", said(&output));
    assert!(rows(&laboratory.running("samples.csv")).iter().all(|row| row["kind"] == "proof"));
    assert!(!laboratory.published("samples.csv").exists());
}

#[test]
fn an_encoder_that_refuses_the_empty_document_stops_the_campaign_before_it_measures() {
    let laboratory = Laboratory::new("broken", "[[variant]]\nname = \"broken\"\nencode = {}\n");
    let programs = laboratory.programs();
    fs::copy(probe(), programs.join("probe")).expect("the probe");
    script(&programs.join("sigma"), "#!/bin/sh\necho no such luck >&2\nexit 3\n");
    let mut command = laboratory.run(&[]);
    let output =
        command.env("CARGO_TARGET_DIR", laboratory.path("target")).output().expect("xtask");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("the encoder cannot be measured"), "{}", said(&output));
    assert!(said(&output).contains("no such luck"), "{}", said(&output));
    assert!(rows(&laboratory.running("samples.csv")).iter().all(|row| row["kind"] == "proof"));
}

#[test]
fn a_part_of_an_experiment_does_not_pass_for_the_whole() {
    let other = CAT.replacen("\"cat\"", "\"other\"", 1);
    let laboratory = Laboratory::new("only", &format!("{}{other}", blocks(3)));
    let output = laboratory.output(&["--only=other"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!laboratory.report().exists());
    // Even put where the whole belongs it is not taken for it.
    fs::rename(laboratory.path("reports/only").join(&laboratory.name), laboratory.report())
        .expect("a folder");
    laboratory.assert_complete(&["other"], 3);
    let report = fs::read_to_string(laboratory.published("report.md")).expect("a report");
    assert!(report.contains("A part of the experiment: only `other`"), "{report}");
    let again = Command::new(XTASK)
        .args(["report", "--reports"])
        .args([laboratory.path("reports"), laboratory.experiment()])
        .output()
        .expect("xtask runs");
    assert_eq!(again.status.code(), Some(2), "{}", said(&again));
    let unknown = laboratory.output(&["--only=third"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said(&unknown).contains("there are `cat`, `other`"), "{}", said(&unknown));
}

#[test]
fn limits_are_for_variants_and_not_for_the_self_test_of_the_probe() {
    let measure = "[measure]\nwarmup = 0\nmemory_limit = \"50 MB\"\ntimeout = \"20 ms\"\n\
                   runs = { min = 1, max = 1 }\n";
    let laboratory = Laboratory::new("limits", &format!("{measure}{CAT}"));
    let output = laboratory.output(&[]);
    // On a busy machine `cat` may take longer than 20 ms; the self-test must hold all the same.
    assert!(laboratory.published("samples.csv").exists(), "{}", said(&output));
    let rows = rows(&laboratory.published("samples.csv"));
    let self_tests = rows.iter().filter(|row| row["profile"] == "probe");
    assert!(self_tests.clone().count() > 1 && self_tests.clone().all(|row| row["outcome"] == "ok"));
}

#[test]
fn a_program_a_script_or_a_decoder_that_changes_under_way_ends_the_campaign() {
    for (name, variant) in [
        ("program", "command = [\"./tool\"]\n"),
        ("script", "command = [\"sh\", \"tool\"]\n"),
        ("wrapped", "command = [\"env\", \"X=1\", \"./tool\"]\n"),
        ("decoder", "command = [\"cat\"]\ndecode = [\"sh\", \"tool\"]\n"),
    ] {
        let rest = format!(
            "[measure]\nwarmup = 0\nruns = {{ min = 10000, max = 10000 }}\n\
             [[variant]]\nname = \"own\"\n{variant}{NOISY}"
        );
        let laboratory = Laboratory::new(&format!("under-way-{name}"), &rest);
        script(&laboratory.path("tool"), "#!/bin/sh\nexec cat\n");
        let mut child = laboratory.start();
        laboratory.until_measured(&mut child);
        script(&laboratory.path("tool.new"), "#!/bin/sh\ncat\n");
        fs::rename(laboratory.path("tool.new"), laboratory.path("tool")).expect("a file");
        let output = child.wait_with_output().expect("a child");
        assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
        let said = said(&output);
        assert!(said.contains("tool changed while it was being measured"), "{name}: {said}");
        let again = laboratory.output(&[]);
        assert_eq!(again.status.code(), Some(2), "{name}: not continued with the other program");
    }
}

#[test]
fn commands_and_files_are_looked_up_from_the_folder_of_the_experiment() {
    let laboratory = Laboratory::new("relative", "");
    script(&laboratory.path("tool"), "#!/bin/sh\nexec cat\n");
    let text = "title = \"t\"\nquestion = \"q\"\n[input]\nfiles = [\"document.json\"]\n\
                [measure]\nwarmup = 1\nruns = { min = 2, max = 2 }\n\
                [[variant]]\nname = \"own\"\ncommand = [\"./tool\"]\ndecode = [\"sh\", \"tool\"]\n";
    fs::write(laboratory.experiment(), text).expect("an experiment");
    for place in ["/", laboratory.folder.path().to_str().expect("a path")] {
        let output =
            laboratory.run(&["--restart"]).current_dir(place).output().expect("xtask runs");
        assert!(output.status.success(), "{place}: {}", said(&output));
        laboratory.assert_complete(&["own"], 2);
    }
}

#[test]
fn samples_without_the_record_of_what_they_are_of_are_kept_and_not_continued() {
    for lost in ["experiment.lock.toml", "machine.toml"] {
        let laboratory = Laboratory::new("lost-record", &blocks(300));
        laboratory.killed();
        let before = fs::read(laboratory.running("samples.csv")).expect("samples");
        fs::remove_file(laboratory.running(lost)).expect("a file");
        let output = laboratory.output(&[]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("holds samples, but"), "{}", said(&output));
        assert_eq!(fs::read(laboratory.running("samples.csv")).expect("samples"), before);
        laboratory.write(&blocks(3));
        assert!(laboratory.output(&["--restart"]).status.success());
        laboratory.assert_complete(&["cat"], 3);
    }
}

#[test]
fn no_report_is_made_of_a_folder_that_is_half_moved() {
    let laboratory = Laboratory::new("half-moved", &blocks(3));
    laboratory.complete();
    fs::create_dir(laboratory.report().join("running")).expect("a folder");
    fs::rename(laboratory.published("machine.toml"), laboratory.running("machine.toml"))
        .expect("a file");
    let report = Command::new(XTASK)
        .args(["report", "--reports"])
        .args([laboratory.path("reports"), laboratory.experiment()])
        .output()
        .expect("xtask runs");
    assert_eq!(report.status.code(), Some(1), "{}", said(&report));
    assert!(said(&report).contains("is half published"), "{}", said(&report));
    laboratory.complete();
    laboratory.assert_complete(&["cat"], 3);
}

#[test]
fn two_campaigns_never_measure_at_the_same_time() {
    let first = Laboratory::new("turn-first", "");
    let mark = endless(&first).replace(".25", ".75");
    first.write(&format!(
        "[measure]\ntimeout = \"10000 s\"\n[[variant]]\nname = \"sleep\"\ncommand = [\"sleep\", \"{mark}\"]\n"
    ));
    let second = Laboratory::new("turn-second", &blocks(2));
    let with_lock = |arguments: &[&str]| {
        let mut command = second.run(arguments);
        command.env("XTASK_LOCK_DIR", first.folder.path());
        command
    };
    let mut running = first.start();
    until("the first campaign measures", || sleeps(&mark));
    let refused = with_lock(&[]).output().expect("xtask runs");
    assert_eq!(refused.status.code(), Some(1));
    let said = said(&refused);
    assert!(said.contains("another campaign measures on this machine"), "{said}");
    assert!(said.contains(&format!("process {}, `{}`", running.id(), first.name)), "{said}");
    assert!(said.contains("--wait"), "{said}");
    let waiting = with_lock(&["--wait"]).spawn().expect("xtask starts");
    interrupt(&running);
    running.wait().expect("a child");
    let output = waiting.wait_with_output().expect("a child");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    second.assert_complete(&["cat"], 2);
}

/// Two processes at once, in a shell.
const TWO: &str = "[[variant]]\nname = \"two\"\ncommand = [\"sh\", \"-c\", \"cat & wait\"]\n";

#[test]
fn a_program_of_several_processes_is_not_pinned_once_that_is_known() {
    let measure = "[measure]\nwarmup = 1\nruns = { min = 3, max = 3 }\n";
    let laboratory = Laboratory::new("several", &format!("{measure}{TWO}{CAT}"));
    laboratory.complete();
    let rows = rows(&laboratory.published("samples.csv"));
    let of = |variant: &str, kind: &str| {
        let is_of = |row: &&BTreeMap<String, String>| {
            row["variant"] == variant && row["kind"] == kind && row["profile"] != "empty"
        };
        rows.iter().filter(is_of).cloned().collect::<Vec<_>>()
    };
    assert_eq!(of("two", "run").len(), 3);
    assert!(of("two", "run").iter().all(|row| row["cpu"].is_empty() && !row["wall_ns"].is_empty()));
    assert!(of("cat", "run").iter().all(|row| !row["cpu"].is_empty()), "{rows:?}");
    let voids = rows.iter().filter(|row| row["kind"] == "void");
    assert!(voids.clone().count() <= 1 && voids.clone().all(|row| row["wall_ns"].is_empty()));
}

#[test]
fn a_pinned_wall_time_of_several_processes_is_not_published() {
    let measure = "[measure]\npin = \"always\"\nwarmup = 0\nruns = { min = 3, max = 3 }\n";
    let fit = "[fit]\nmetrics = [\"peak_rss\", \"wall\"]\n";
    let laboratory = Laboratory::new("pinned", &format!("{measure}{TWO}{CAT}{fit}"));
    laboratory.complete();
    let rows = rows(&laboratory.published("samples.csv"));
    let runs = rows.iter().filter(|row| row["kind"] == "run");
    for row in runs {
        assert!(!row["cpu"].is_empty());
        assert_eq!(row["wall_ns"].is_empty(), row["variant"] == "two", "{row:?}");
    }
    let report = fs::read_to_string(laboratory.published("report.md")).expect("a report");
    assert!(report.contains("Left out: wall times of `two`"), "{report}");
}

#[test]
fn a_run_that_was_stopped_meanwhile_is_made_again() {
    let laboratory = Laboratory::new("stopped", "");
    // The first run waits until the test lets it go on.
    script(
        &laboratory.path("tool"),
        "#!/bin/sh\n: > started\nwhile [ ! -e go ]; do sleep 0.01; done\n: > ended\nexec cat\n",
    );
    laboratory.write(
        "[measure]\nwarmup = 0\nruns = { min = 1, max = 1 }\n[[variant]]\nname = \"tool\"\ncommand = [\"./tool\"]\n",
    );
    // The self-test on the empty document comes first; it is let go.
    let child = laboratory.start();
    until("the program runs", || laboratory.path("started").exists());
    let probe = child_of(child.id()).expect("the probe");
    signal(probe, libc::SIGSTOP);
    until("the probe is stopped", || state_of(probe) == Some('T'));
    fs::write(laboratory.path("go"), "").expect("a file");
    let since = Instant::now();
    until("time has passed", || since.elapsed() > Duration::from_millis(1500));
    signal(probe, libc::SIGCONT);
    let output = child.wait_with_output().expect("a child");
    assert!(output.status.success(), "{}", said(&output));
    let rows = rows(&laboratory.published("samples.csv"));
    let void: Vec<_> = rows.iter().filter(|row| row["kind"] == "void").collect();
    assert!(!void.is_empty() && void.iter().all(|row| row["stopped_ns"] != "0"), "{rows:?}");
    assert!(rows.iter().any(|row| row["kind"] == "run" && row["stopped_ns"] == "0"), "{rows:?}");
}

fn signal(process: u32, number: i32) {
    // SAFETY: numbers only; the process is a child of one that we have not reaped.
    unsafe { libc::kill(process as libc::pid_t, number) };
}

/// State and parent of a process.
fn stat(process: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut words = text.rsplit_once(')')?.1.split_whitespace();
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

fn state_of(process: u32) -> Option<char> {
    Some(stat(process)?.0)
}

fn child_of(parent: u32) -> Option<u32> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let mut processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.find(|process| stat(*process).is_some_and(|(_, of)| of == parent))
}

#[test]
fn a_full_disk_under_the_outputs_ends_the_campaign_without_a_row() {
    let laboratory = Laboratory::new("full-scratch", &blocks(3));
    fs::write(laboratory.path("document.json"), vec![b' '; 6 << 20]).expect("a document");
    let programs = laboratory.programs();
    fs::copy(probe(), programs.join("probe")).expect("the probe");
    script(&programs.join("sigma"), "#!/bin/sh\n");
    let scratch = programs.parent().expect("a folder").join("scratch");
    let mounted = Mounted::new(&scratch, 0, "size=4m");
    if let Err(error) = &mounted {
        eprintln!("skipped: no file system may be mounted here ({error})");
        return;
    }
    let mut command = laboratory.run(&[]);
    let output =
        command.env("CARGO_TARGET_DIR", laboratory.path("target")).output().expect("xtask");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("outputs are written to is full"), "{}", said(&output));
    let rows = rows(&laboratory.running("samples.csv"));
    let of_document = rows.iter().filter(|row| row["profile"] == "document.json").count();
    assert_eq!(of_document, 0);
}

/// Rows that somebody duplicated or blanked are found before they are published, and after.
#[test]
fn rows_that_no_campaign_wrote_are_refused() {
    let twice = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("run,")).expect("a run");
        format!("{text}{line}\n")
    };
    let blank = |text: &str| {
        let names: Vec<&str> = text.lines().next().expect("names").split(',').collect();
        let column = names.iter().position(|name| *name == "peak_rss_bytes").expect("a column");
        let line = text.lines().find(|line| line.starts_with("run,")).expect("a run");
        let mut fields: Vec<&str> = line.split(',').collect();
        fields[column] = "";
        text.replacen(line, &fields.join(","), 1)
    };
    for said_of in ["twice", "peak"] {
        let change = |text: &str| if said_of == "twice" { twice(text) } else { blank(text) };
        let laboratory = Laboratory::new(&format!("by-hand-{said_of}"), &blocks(300));
        laboratory.killed();
        let samples = laboratory.running("samples.csv");
        let text = fs::read_to_string(&samples).expect("samples");
        let whole = &text[..=text.rfind('\n').expect("lines")];
        fs::write(&samples, change(whole)).expect("samples");
        let output = laboratory.output(&[]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(said_of), "{}", said(&output));

        laboratory.write(&blocks(3));
        assert!(laboratory.output(&["--restart"]).status.success());
        let samples = laboratory.published("samples.csv");
        let text = fs::read_to_string(&samples).expect("samples");
        fs::write(&samples, change(&text)).expect("samples");
        let report = Command::new(XTASK)
            .args(["report", "--reports"])
            .args([laboratory.path("reports"), laboratory.experiment()])
            .output()
            .expect("xtask runs");
        assert_eq!(report.status.code(), Some(1), "{}", said(&report));
        assert!(said(&report).contains(said_of), "{}", said(&report));
    }
}

/// A program of the probe's tests, compiled by `cc` as it stands.
fn compiled(name: &str, options: &[&str]) -> PathBuf {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("probe/tests/programs");
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-pthread"]).args(options).arg("-o").arg(&path);
    let output = cc.arg(programs.join(format!("{name}.c"))).arg("-ldl").output();
    let output = output.expect("`cc` starts; the tests need a C compiler, see README.md");
    assert!(output.status.success(), "{}", said(&output));
    path
}

/// `zstd -T2` once read as slower than `-T1`, since both took turns on one CPU.
#[test]
fn a_program_of_several_threads_is_not_pinned_and_its_pinned_wall_time_is_refused() {
    let threads = compiled("threads", &[]);
    let variant = |count: u32| {
        format!(
            "[[variant]]\nname = \"T{count}\"\ncommand = [{threads:?}, \"{count}\", \"1000000\"]\n"
        )
    };
    for pin in ["auto", "always"] {
        let measure = format!(
            "[measure]\npin = \"{pin}\"\nwarmup = 1\nruns = {{ min = 3, max = 3 }}\n{}{}",
            variant(0),
            variant(2)
        );
        let fit = "[fit]\nmetrics = [\"wall\", \"peak_rss\"]\nreference = \"T0\"\n";
        let laboratory = Laboratory::new(&format!("threads-{pin}"), &format!("{measure}{fit}"));
        laboratory.complete();
        let rows = rows(&laboratory.published("samples.csv"));
        let runs = rows.iter().filter(|row| row["kind"] == "run");
        for row in runs {
            let is_pinned = row["variant"] == "T0" || pin == "always";
            assert_eq!(row["cpu"].is_empty(), !is_pinned, "{row:?}");
            let is_refused = row["variant"] == "T2" && pin == "always";
            assert_eq!(row["wall_ns"].is_empty(), is_refused, "{row:?}");
            assert_eq!(row["threads_max"], if row["variant"] == "T2" { "3" } else { "1" });
        }
        let summary = fs::read_to_string(laboratory.published("summary.json")).expect("figures");
        let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
        let compared = summary["comparisons"].as_array().expect("comparisons");
        let wall = compared.iter().find(|of| of["metric"] == "wall_ns").expect("the wall time");
        assert_eq!(
            wall["ratio"].is_null(),
            pin == "always",
            "no verdict on what says nothing: {wall}"
        );
    }
    fs::remove_file(threads).expect("it can go");
}

/// The clock that goes on while a machine sleeps says ten seconds more once the tool has run.
#[test]
fn a_run_in_which_the_machine_slept_is_made_again() {
    let asleep = compiled("asleep", &["-shared", "-fPIC"]);
    let laboratory = Laboratory::new("slept", "");
    script(&laboratory.path("tool"), "#!/bin/sh\n: > slept\nexec cat\n");
    laboratory.write(
        "[measure]\nwarmup = 0\nruns = { min = 2, max = 2 }\n[[variant]]\nname = \"tool\"\ncommand = [\"./tool\"]\n",
    );
    let mut command = laboratory.run(&[]);
    command.env("LD_PRELOAD", &asleep).env("ASLEEP", laboratory.path("slept"));
    // The laboratory's own probe has the C library in it, and nothing can be loaded before that.
    fs::copy(loading_probe(), laboratory.programs().join("probe")).expect("the probe");
    command.env("CARGO_TARGET_DIR", laboratory.path("target"));
    let output = command.output().expect("xtask runs");
    assert!(output.status.success(), "{}", said(&output));
    let rows = rows(&laboratory.published("samples.csv"));
    let void: Vec<_> = rows.iter().filter(|row| row["kind"] == "void").collect();
    let slept = |row: &&BTreeMap<String, String>| {
        row["stopped_ns"].parse::<u64>().is_ok_and(|ns| ns > 9_000_000_000)
    };
    assert!(void.iter().any(slept), "{rows:?}");
    let runs = rows.iter().filter(|row| row["kind"] == "run");
    assert!(runs.clone().count() == 2 && runs.clone().all(|row| row["stopped_ns"] == "0"));
    fs::remove_file(asleep).expect("it can go");
}

/// Files of our own over those in which the kernel tells what others do, for `xtask` and all it starts.
fn disturbed_by(folder: &Path) -> impl FnMut() -> io::Result<()> + use<> {
    let path = |text: &str| std::ffi::CString::new(text).expect("no NUL");
    let bound: Vec<_> = [("stat", "/proc/stat"), ("cpu", "/proc/pressure/cpu")]
        .map(|(name, over)| (path(&folder.join(name).to_string_lossy()), path(over)))
        .into();
    move || {
        let none = std::ptr::null();
        // SAFETY: numbers and C strings that live through the calls.
        let failed = unsafe {
            libc::unshare(libc::CLONE_NEWNS)
                | libc::mount(
                    none,
                    c"/".as_ptr(),
                    none,
                    libc::MS_REC | libc::MS_PRIVATE,
                    std::ptr::null(),
                )
        };
        let mut failed = failed != 0;
        for (from, over) in &bound {
            // SAFETY: as above.
            failed |= unsafe {
                libc::mount(from.as_ptr(), over.as_ptr(), none, libc::MS_BIND, std::ptr::null())
            } != 0;
        }
        if failed { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// The program that is measured writes itself what the kernel would tell: nothing rests on who else is
/// busy here.
#[test]
fn a_row_says_what_was_taken_from_a_run_and_whether_that_disturbed_it() {
    let laboratory = Laboratory::new("disturbed", "");
    let stat = |ticks: u64| format!("cpu  1 2 3 4 5 6 7 {ticks} 0 0\n{}", of_each_cpu(ticks));
    let waited = |us: u64| format!("some avg10=0.00 avg60=0.00 avg300=0.00 total={us}\n");
    for (name, text) in [
        ("stat", stat(5)),
        ("stat.later", stat(8)),
        ("cpu", waited(100)),
        ("cpu.later", waited(2_000_100)),
    ] {
        fs::write(laboratory.path(name), text).expect("a file");
    }
    // `cat` onto a file keeps the file that is mounted.
    script(&laboratory.path("stolen"), "#!/bin/sh\ncat stat.later > stat\nexec cat\n");
    script(&laboratory.path("waited"), "#!/bin/sh\ncat cpu.later > cpu\nexec cat\n");
    script(&laboratory.path("quiet"), "#!/bin/sh\nexec cat\n");
    let reset = format!(
        "[\"sh\", \"-c\", \"printf '{}' > stat; printf '{}' > cpu\"]",
        stat(5).replace('\n', "\\\\n"),
        waited(100).replace('\n', "\\\\n")
    );
    let variant = |name: &str| {
        format!("[[variant]]\nname = \"{name}\"\ncommand = [\"./{name}\"]\nprepare = {reset}\n")
    };
    let measure = "[measure]\nwarmup = 0\nruns = { min = 2, max = 2 }\n";
    laboratory.write(&format!(
        "{measure}{}{}{}",
        variant("stolen"),
        variant("waited"),
        variant("quiet")
    ));
    let mut command = laboratory.run(&[]);
    // SAFETY: system calls with numbers and strings made before the fork.
    unsafe { command.pre_exec(disturbed_by(laboratory.folder.path())) };
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: nothing may be mounted here ({error})");
            return;
        }
    };
    assert!(output.status.success(), "{}", said(&output));
    let rows = rows(&laboratory.published("samples.csv"));
    for row in rows.iter().filter(|row| row["kind"] == "run") {
        let (stolen, waited, disturbed) = match row["variant"].as_str() {
            "stolen" => ("30000", "0", "1"),
            "waited" => ("0", "2000000", "1"),
            _ => ("0", "0", "0"),
        };
        assert_eq!(row["steal_us"], stolen, "{row:?}");
        assert_eq!(row["cpu_wait_us"], waited, "{row:?}");
        // The run may have waited for memory in truth.
        if row["disturbed"] != disturbed {
            let us: u64 = row["memory_wait_us"].parse().expect("a number");
            assert!(us > 1000, "{row:?}");
        }
    }
    let report = fs::read_to_string(laboratory.published("report.md")).expect("a report");
    assert!(report.contains("- Disturbed: "), "{report}");
}

/// Lines of `/proc/stat` for every CPU there may be.
fn of_each_cpu(ticks: u64) -> String {
    (0..512).map(|cpu| format!("cpu{cpu} 1 2 3 4 5 6 7 {ticks} 0 0")).collect::<Vec<_>>().join("\n")
}

/// What is loaded on the way (`dlopen`) is known by what a run before those that count had mapped.
#[test]
fn a_library_that_a_program_loads_on_the_way_is_part_of_what_is_measured() {
    let late = compiled("late", &[]);
    let library = compiled("asleep", &["-shared", "-fPIC"]);
    let rest = format!(
        "[measure]\nwarmup = 1\nruns = {{ min = 10000, max = 10000 }}\n\
         [[variant]]\nname = \"late\"\ncommand = [\"sh\", \"-c\", \"exec $LATE $(cat which)\"]\n\
         env = {{ LATE = {late:?} }}\n{NOISY}"
    );
    let laboratory = Laboratory::new("late", &rest);
    let own = laboratory.path("library.so");
    fs::copy(&library, &own).expect("a copy");
    fs::write(laboratory.path("which"), own.to_string_lossy().as_bytes()).expect("a file");
    let mut child = laboratory.start();
    laboratory.until_measured(&mut child);
    // The same code with another end, put in its place at once.
    let mut bytes = fs::read(&library).expect("a library");
    bytes.push(0);
    fs::write(laboratory.path("library.new"), bytes).expect("a library");
    fs::rename(laboratory.path("library.new"), &own).expect("a library");
    let output = child.wait_with_output().expect("a child");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let said = said(&output);
    assert!(said.contains("library.so changed while it was being measured"), "{said}");
    for path in [late, library] {
        fs::remove_file(path).expect("it can go");
    }
}

#[test]
fn ctrl_c_leaves_nothing_that_hooks_have_to_tidy_up() {
    let laboratory = Laboratory::new("hooks", "");
    let mark = endless(&laboratory).replace(".25", ".125");
    let hook = |word: &str| format!("{word} = [\"sh\", \"-c\", \"echo {word} >> log\"]\n");
    laboratory.write(&format!(
        "[measure]\ntimeout = \"10000 s\"\n[[variant]]\nname = \"sleep\"\ncommand = [\"sleep\", \"{mark}\"]\n{}{}{}{}",
        hook("setup"), hook("prepare"), hook("conclude"), hook("cleanup")
    ));
    let child = laboratory.start();
    until("the child runs", || sleeps(&mark));
    interrupt(&child);
    let output = child.wait_with_output().expect("a child");
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    let log = fs::read_to_string(laboratory.path("log")).expect("what hooks said");
    assert_eq!(log, "setup\nprepare\nconclude\ncleanup\n");
}

/// Where `/proc` is of other processes than ours, what it says by our numbers is of somebody else.
#[test]
fn what_a_hidden_proc_would_tell_is_unknown() {
    let laboratory = Laboratory::new("hidden", &blocks(3));
    let mut command = Command::new("unshare");
    let run = laboratory.run(&[]);
    command.args(["--fork", "--pid"]).arg(run.get_program()).args(run.get_args());
    command.envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let may = Command::new("unshare").args(["--fork", "--pid", "true"]).status();
    if !may.is_ok_and(|status| status.success()) {
        eprintln!("skipped: `unshare` is not installed, or may not");
        return;
    }
    let output = command.stdin(Stdio::null()).output().expect("xtask runs");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("this machine refuses /proc"), "{}", said(&output));
    for row in rows(&laboratory.published("samples.csv")) {
        assert!(!row["peak_rss_bytes"].is_empty(), "{row:?}");
        for column in ["peak_hwm_bytes", "peak_tree_low_bytes", "processes", "left_behind"] {
            assert_eq!(row[column], "", "{column}: {row:?}");
        }
    }
}
