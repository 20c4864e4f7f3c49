//! Running the probe from a test, and looking whether anything is left behind.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

pub(crate) const PROBE: &str = env!("CARGO_BIN_EXE_probe");
pub(crate) const CHILD: &str = env!("CARGO_BIN_EXE_probe-test-child");

/// One call of the probe. Its child and all descendants carry a mark in their environment.
pub(crate) struct Call {
    pub(crate) command: Command,
    mark: String,
}

impl Call {
    /// `line` is split at blanks; behind ` -- ` it is the child's command line.
    pub(crate) fn new(line: &str) -> Self {
        let (options, child) = line.split_once("-- ").expect("a line with `-- `");
        let mut call = Self::bare();
        call.command.args(options.split_whitespace()).arg("--").args(child.split_whitespace());
        call
    }

    /// The child is `/bin/sh -c script`.
    pub(crate) fn shell(options: &str, script: &str) -> Self {
        let mut call = Self::bare();
        call.command.args(options.split_whitespace()).args(["--", "/bin/sh", "-c", script]);
        call
    }

    fn bare() -> Self {
        let mark = format!("PROBE_TEST={}-{}", std::process::id(), unique());
        let path = std::env::var("PATH").expect("a PATH to run tests with");
        let mut command = Command::new(PROBE);
        command.args(["--env", &mark, "--env", &format!("PATH={path}")]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, mark }
    }

    /// Declares a variable for the child.
    pub(crate) fn with_variable(self, pair: &str) -> Self {
        let arguments: Vec<_> = self.command.get_args().map(ToOwned::to_owned).collect();
        let mut command = Command::new(PROBE);
        command.args(["--env", pair]).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, ..self }
    }

    /// Runs it to its end. There must be a record, and nothing left running.
    pub(crate) fn record(mut self) -> Value {
        let output = self.command.output().expect("the probe starts");
        let (text, complaint) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(0), "{complaint}");
        assert_eq!(self.left_running(), Vec::<String>::new());
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).expect("the record is JSON")
    }

    /// The processes that carry this call's mark.
    pub(crate) fn left_running(&self) -> Vec<String> {
        let processes = fs::read_dir("/proc").expect("/proc").flatten();
        let marked = processes.map(|process| process.path()).filter(|path| self.marks(path));
        marked.map(|path| fs::read_to_string(path.join("cmdline")).unwrap_or_default()).collect()
    }

    fn marks(&self, process: &Path) -> bool {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|pair| pair == self.mark.as_bytes())
    }

    /// What `prepare` does is done in the probe's process before it starts, by fork and exec.
    pub(crate) fn prepared(mut self, prepare: fn() -> std::io::Result<()>) -> Self {
        // SAFETY: the callers' functions make system calls only.
        unsafe { self.command.pre_exec(prepare) };
        self
    }
}

/// The path of a program of `tests/programs`, compiled by `cc` as it stands, once for each test program.
pub(crate) fn program(name: &str) -> String {
    static COMPILED: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    compiled.entry(name.to_owned()).or_insert_with(|| compile(name)).clone()
}

/// The same of a shared library.
pub(crate) fn library(name: &str) -> String {
    compile_with(name, &["-shared", "-fPIC"])
}

fn compile(name: &str) -> String {
    compile_with(name, &["-pthread"])
}

fn compile_with(name: &str, options: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    // Named by this process: tests of other processes compile the same, at the same time.
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-Wall", "-Werror"]).args(options).arg("-o").arg(&path);
    let output = cc.arg(folder.join(format!("{name}.c"))).arg("-ldl").output();
    let output = output.expect("`cc` starts; the tests need a C compiler, see README.md");
    assert!(output.status.success(), "{name}.c: {}", String::from_utf8_lossy(&output.stderr));
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// The record of a child under `options`.
pub(crate) fn run(line: &str) -> Value {
    Call::new(line).record()
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

/// A path of its own for each use.
pub(crate) fn fresh_path(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    directory.join(format!("{name}-{}-{}", std::process::id(), unique()))
}

/// Runs with the child's standard output in a file and gives back what it wrote.
pub(crate) fn output_of(options: &str, child: &str) -> String {
    let path = fresh_path("output");
    let record = run(&format!("{options} --stdout {} -- {child}", path.display()));
    assert_eq!(record["outcome"], "exited", "{record}");
    let written = fs::read_to_string(&path).expect("the file was created");
    fs::remove_file(path).expect("it can go");
    written
}

/// A FIFO; who opens it for reading waits for the child, who reads to its end waits for the death
/// of all that hold it.
pub(crate) struct Fifo(pub(crate) PathBuf);

impl Fifo {
    pub(crate) fn new() -> Self {
        let path = fresh_path("fifo");
        let name = CString::new(path.as_os_str().as_bytes()).expect("no NUL");
        // SAFETY: a C string.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        Self(path)
    }

    pub(crate) fn open(&self) -> File {
        File::open(&self.0).expect("the FIFO opens")
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

pub(crate) fn unsigned(record: &Value, key: &str) -> u64 {
    record[key].as_u64().unwrap_or_else(|| panic!("`{key}` in {record}"))
}

/// What the kernel may not have added up yet of one process on one CPU: a batch of pages for each of its
/// counters of anonymous and of file pages.
pub(crate) fn uncounted_bytes() -> u64 {
    // SAFETY: `sysconf` takes a number.
    let configured = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_CONF) };
    2 * (2 * configured.max(1) as u64).max(32) * 4096
}

/// The first CPU that we may run on.
pub(crate) fn first_cpu() -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("/proc");
    let list = text.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:\t"));
    let first = list.expect("a list").split(['-', ',']).next().expect("one CPU");
    first.parse().expect("a number")
}

fn unique() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A seccomp filter that answers `EPERM` to the system calls with these numbers.
pub(crate) fn refuse(calls: &[i64]) -> std::io::Result<()> {
    let load_number = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    let jump_if_equal = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let give_back = (libc::BPF_RET | libc::BPF_K) as u16;
    let step = |code, jt, k| libc::sock_filter { code, jt, jf: 0, k };
    let mut filter = vec![step(load_number, 0, 0)];
    for (&call, left) in calls.iter().zip((0..calls.len() as u8).rev()) {
        filter.push(step(jump_if_equal, left + 1, call as u32));
    }
    filter.push(step(give_back, 0, libc::SECCOMP_RET_ALLOW));
    filter.push(step(give_back, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32));
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: the program and its filter live through the call.
    let set = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    };
    if set == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Puts nothing over `/proc`, for this process and those it will start. Needs the right to mount.
pub(crate) fn hide_proc() -> std::io::Result<()> {
    // SAFETY: numbers and C strings that live through the calls.
    let hidden = unsafe {
        libc::unshare(libc::CLONE_NEWNS)
            | libc::mount(
                std::ptr::null(),
                c"/".as_ptr(),
                std::ptr::null(),
                libc::MS_REC | libc::MS_PRIVATE,
                std::ptr::null(),
            )
            | libc::mount(
                c"none".as_ptr(),
                c"/proc".as_ptr(),
                c"tmpfs".as_ptr(),
                0,
                std::ptr::null(),
            )
    };
    if hidden == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

pub(crate) fn refuse_ptrace() -> std::io::Result<()> {
    refuse(&[libc::SYS_ptrace])
}

/// Whether we may become another user who can start what is built here: root, in folders open to all.
pub(crate) fn may_start_as_another() -> bool {
    use std::os::unix::fs::PermissionsExt;
    let is_open = |folder: &Path| {
        fs::metadata(folder).is_ok_and(|of| !of.is_dir() || of.permissions().mode() & 0o1 != 0)
    };
    // SAFETY: `geteuid` takes nothing.
    let is_root = unsafe { libc::geteuid() == 0 };
    is_root && Path::new(PROBE).ancestors().all(is_open)
}

/// Few processes for a user of our own invention: what forks for ever meets an end.
pub(crate) fn limit_processes() -> std::io::Result<()> {
    const PROCESSES: u64 = 300;
    let limit = libc::rlimit { rlim_cur: PROCESSES, rlim_max: PROCESSES };
    // SAFETY: numbers, and a limit that lives through the call.
    let done = unsafe {
        libc::setgid(47_110)
            | libc::setuid(47_110)
            | libc::setrlimit(libc::RLIMIT_NPROC, &raw const limit)
    };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
