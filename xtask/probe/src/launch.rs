//! Starting the child: everything is prepared before the fork, so that between fork and exec there
//! is nothing but system calls, and what the child inherits of the probe's memory stays small.
//!
//! The child waits on a socket until the probe has set up its tracing and counting; on the same
//! socket it says why an `execve` failed. The socket closes by itself when it succeeds.

use std::ffi::{CString, OsStr, OsString, c_char};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

use libc::{c_int, pid_t};

use crate::args::Request;
use crate::cgroup::{self, Group};
use crate::counter::Counter;
use crate::decrease::Filter;
use crate::output::Outputs;
use crate::procfs;
use crate::refused::Refused;
use crate::signals::{self, Signals};
use crate::tail::Tail;
use crate::trace;

/// What is the matter with a `/proc` that cannot be used.
const HIDDEN: &str = "`/proc` is not there or is of other processes than ours";

/// A child on its way, and what was needed to watch it.
pub(crate) struct Child {
    pub(crate) pid: pid_t,
    /// Just before the fork.
    pub(crate) started: Instant,
    pub(crate) counter: Option<Counter>,
    /// Whether all that it starts is followed by `ptrace`.
    pub(crate) is_traced: bool,
    /// Whether `/proc` shows what it starts.
    pub(crate) is_shown: bool,
    pub(crate) signals: Signals,
    /// What it writes to its standard error, where that is wanted.
    pub(crate) tail: Option<Tail>,
    pub(crate) outputs: Outputs,
    pub(crate) group: Option<Group>,
    /// System calls that the machine refused.
    pub(crate) refused: Refused,
    socket: UnixStream,
    tried: OsString,
}

impl Child {
    /// Why the program never started; asked when the child is dead.
    pub(crate) fn failure(&mut self) -> Option<String> {
        let mut report = [0; REPORT_BYTES];
        self.socket.read_exact(&mut report).ok()?;
        let [step, errno @ ..] = report;
        let reason = io::Error::from_raw_os_error(i32::from_ne_bytes(errno));
        Some(format!("{} `{}`: {reason}", Step::from_byte(step).words(), self.tried.display()))
    }
}

/// What failed in the child, and the words for it.
#[derive(Clone, Copy)]
enum Step {
    Streams = 1,
    Directory = 2,
    Execute = 3,
}

impl Step {
    fn from_byte(byte: u8) -> Self {
        match byte {
            1 => Self::Streams,
            2 => Self::Directory,
            _ => Self::Execute,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Streams => "cannot connect the streams of",
            Self::Directory => "cannot enter the directory of",
            Self::Execute => "cannot execute",
        }
    }
}

/// A step and an `errno`.
const REPORT_BYTES: usize = 1 + size_of::<c_int>();

/// Forks the child and lets it execute its program. An error here means that nothing was forked.
pub(crate) fn start(request: &Request) -> Result<Child, String> {
    // Opening may block (a FIFO), so it comes while signals still end the probe as usual.
    let (streams, tail) = Streams::open(request)?;
    let image = Image::new(request, &streams)?;
    let outputs = Outputs::new(streams.stdout()?, request.outputs.clone());
    let cannot_fork = |error: io::Error| format!("cannot fork: {error}");
    let (ours, theirs) = UnixStream::pair().map_err(cannot_fork)?;
    let signals = signals::take_over().map_err(cannot_fork)?;
    become_subreaper();
    let mut refused = Refused::default();
    let is_shown = procfs::is_ours();
    if !is_shown {
        if request.memory_limit_bytes.is_some() {
            return Err(format!("cannot keep a memory limit: {HIDDEN}"));
        }
        refused.push("/proc", HIDDEN);
    }
    let mut group = group(request, &mut refused);
    if request.fixed_addresses {
        refused.note("personality", fix_addresses());
    }
    let started = Instant::now();
    let pid = match fork(&mut group) {
        -1 => return Err(cannot_fork(io::Error::last_os_error())),
        0 => become_program(&image, theirs.as_raw_fd()),
        pid => pid,
    };
    // The child's ends: what it closes is closed.
    drop((theirs, streams));
    let mut child = Child {
        pid,
        started,
        counter: None,
        is_traced: false,
        is_shown,
        signals,
        tail,
        outputs,
        group,
        refused,
        socket: ours,
        tried: request.program.clone(),
    };
    observe(&mut child, request);
    // Without whoever lets it go on, the filter's calls would fail. Should the child be dead already,
    // the wait will tell.
    let go = if request.exact_anon && child.is_traced { GO_FILTERED } else { GO };
    let _ = child.socket.write_all(&[go]);
    Ok(child)
}

/// A control group of the child's own, where one is wanted.
fn group(request: &Request, refused: &mut Refused) -> Option<Group> {
    let wanted = request.cgroup.clone()?;
    let is_auto = wanted == Path::new("auto");
    let parents = if is_auto { cgroup::candidates() } else { vec![wanted] };
    let group = Group::new(&parents, &format!("probe-{}", std::process::id()));
    // Few machines let an ordinary user; only who names a place expects it.
    if group.is_none() && !is_auto {
        refused.push("cgroup", "no control group (version 2) that counts memory may be made");
    }
    group
}

/// Forks, into the control group if there is one. As `fork` does.
fn fork(group: &mut Option<Group>) -> pid_t {
    if let Some(into) = group {
        // The kernel's `struct clone_args` up to its field `cgroup`.
        const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
        const SIGNAL: usize = 4;
        const CGROUP: usize = 10;
        let mut arguments = [0_u64; 11];
        arguments[0] = CLONE_INTO_CGROUP;
        arguments[SIGNAL] = libc::SIGCHLD as u64;
        arguments[CGROUP] = into.descriptor() as u64;
        let size = size_of_val(&arguments);
        // SAFETY: as `fork`: a copy of this, the only thread; the kernel reads `size` bytes.
        let pid = unsafe { libc::syscall(libc::SYS_clone3, arguments.as_ptr(), size) };
        if pid >= 0 {
            return pid as pid_t;
        }
    }
    // SAFETY: the probe has one thread; the child calls async-signal-safe functions only.
    let pid = unsafe { libc::fork() };
    if pid > 0 && group.as_ref().is_some_and(|group| group.take(pid).is_err()) {
        *group = None;
    }
    pid
}

const GO: u8 = 1;
/// The same, by the filter that stops it before it gives memory back.
const GO_FILTERED: u8 = 2;

/// Sets up what watches the child while it still waits. What is refused is noted and left out.
fn observe(child: &mut Child, request: &Request) {
    // SAFETY: numbers only. The child does the same; whoever comes first, the group exists after.
    unsafe { libc::setpgid(child.pid, child.pid) };
    if let Some(cpu) = request.cpu {
        child.refused.note("sched_setaffinity", pin(child.pid, cpu));
    }
    child.counter = child.refused.note("perf_event_open", Counter::open(child.pid));
    let seized = trace::seize(child.pid, request.exact_anon);
    child.is_traced = child.refused.note("ptrace", seized).is_some();
}

/// Orphans of the child become ours to reap; and whoever started the probe takes it along.
fn become_subreaper() {
    // SAFETY: both options take numbers only.
    unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
    }
}

/// Takes effect with the next `execve`, which is the child's; the probe itself stays where it is.
fn fix_addresses() -> io::Result<()> {
    const ASK: libc::c_ulong = 0xffff_ffff;
    // SAFETY: `personality` takes a number.
    let set = unsafe {
        let now = libc::personality(ASK);
        libc::personality(now as libc::c_ulong | libc::ADDR_NO_RANDOMIZE as libc::c_ulong)
    };
    if set == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn pin(pid: pid_t, cpu: usize) -> io::Result<()> {
    if cpu >= libc::CPU_SETSIZE as usize {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: an all-zero set is an empty one, `cpu` lies within it, and it lives through the call.
    let pinned = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(pid, size_of_val(&set), &raw const set)
    };
    if pinned == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The files behind the child's descriptors 0, 1 and 2.
struct Streams([File; 3]);

impl Streams {
    /// They, and what reads standard error, if that is wanted.
    fn open(request: &Request) -> Result<(Self, Option<Tail>), String> {
        let null = Path::new("/dev/null");
        let stdin = request.stdin.as_deref().unwrap_or(null);
        let stdin = File::open(stdin)
            .map_err(|error| format!("cannot read `{}`: {error}", stdin.display()))?;
        let stdout = write_to(request.stdout.as_deref().unwrap_or(null), File::create)?;
        match &request.stderr {
            None => Ok((Self([stdin, stdout, write_to(null, File::create)?]), None)),
            Some(path) => {
                let (tail, stderr) = write_to(path, Tail::open)?;
                Ok((Self([stdin, stdout, stderr]), Some(tail)))
            }
        }
    }

    /// Another descriptor of standard output.
    fn stdout(&self) -> Result<OwnedFd, String> {
        let stdout = self.0[1].try_clone();
        stdout.map(OwnedFd::from).map_err(|error| format!("cannot fork: {error}"))
    }
}

fn write_to<'a, T>(
    path: &'a Path,
    open: impl FnOnce(&'a Path) -> io::Result<T>,
) -> Result<T, String> {
    open(path).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

/// What `execve` is given, in the form it wants.
struct Image {
    /// The places to look for the program, in order.
    candidates: Vec<CString>,
    arguments: Vec<CString>,
    argument_pointers: Vec<*const c_char>,
    variables: Vec<CString>,
    variable_pointers: Vec<*const c_char>,
    directory: Option<CString>,
    /// Where it is asked for and there is one for this architecture.
    filter: Option<Filter>,
    descriptors: [RawFd; 3],
}

impl Image {
    fn new(request: &Request, streams: &Streams) -> Result<Self, String> {
        let mut image = Self {
            candidates: candidates(request)?.into_iter().map(c_string).collect(),
            arguments: Vec::new(),
            argument_pointers: Vec::new(),
            variables: request.env.iter().cloned().map(c_string).collect(),
            variable_pointers: Vec::new(),
            filter: if request.exact_anon { Filter::new().ok() } else { None },
            directory: request.cwd.clone().map(|cwd| c_string(cwd.into_os_string())),
            descriptors: [0, 1, 2].map(|stream: usize| streams.0[stream].as_raw_fd()),
        };
        let words = std::iter::once(&request.program).chain(&request.arguments);
        image.arguments = words.cloned().map(c_string).collect();
        image.argument_pointers = null_terminated(&image.arguments);
        image.variable_pointers = null_terminated(&image.variables);
        Ok(image)
    }
}

/// A program named with a slash is where it says; any other is looked for in the declared `PATH`.
fn candidates(request: &Request) -> Result<Vec<OsString>, String> {
    if request.program.as_bytes().contains(&b'/') {
        return Ok(vec![request.program.clone()]);
    }
    let path = request.variable("PATH").ok_or_else(|| {
        let program = request.program.display();
        format!(
            "cannot look for `{program}`: no `PATH` is declared; write `--env PATH=...` or a path"
        )
    })?;
    let directories = path.as_bytes().split(|&byte| byte == b':').map(OsStr::from_bytes);
    Ok(directories.map(|directory| Path::new(directory).join(&request.program).into()).collect())
}

/// Arguments come from an argument list, so there is no NUL inside.
fn c_string(text: OsString) -> CString {
    CString::new(text.into_vec()).expect("arguments hold no NUL")
}

fn null_terminated(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

/// The child's side of the fork. Async-signal-safe throughout: no allocation, no locks.
fn become_program(image: &Image, socket: RawFd) -> ! {
    // SAFETY: numbers only. Should the probe be dead already, the wait below ends at once.
    unsafe {
        libc::setpgid(0, 0);
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
    let prepared = prepare(image);
    if let Some(go) = released(socket) {
        let (step, errno) = match prepared {
            Ok(()) => (Step::Execute, filter_and_execute(image, go)),
            Err(failed) => failed,
        };
        report(socket, step, errno);
    }
    // SAFETY: `_exit` runs nothing of the probe's.
    unsafe { libc::_exit(127) }
}

/// Waits until the probe is ready, and how to go on. `None` if it died.
fn released(socket: RawFd) -> Option<u8> {
    let mut byte = 0_u8;
    // SAFETY: one byte is written to `byte`.
    let read = unsafe { libc::read(socket, (&raw mut byte).cast(), 1) };
    (read == 1 && (byte == GO || byte == GO_FILTERED)).then_some(byte)
}

fn filter_and_execute(image: &Image, go: u8) -> c_int {
    if let (GO_FILTERED, Some(filter)) = (go, &image.filter) {
        // Where it is refused, peaks are told from what is seen, as without it.
        let _ = filter.apply();
    }
    execute(image)
}

fn prepare(image: &Image) -> Result<(), (Step, c_int)> {
    for (target, &source) in (0..).zip(&image.descriptors) {
        // SAFETY: numbers only. Sources are above 2, since `main` saw to 0 to 2.
        if unsafe { libc::dup2(source, target) } == -1 {
            return Err((Step::Streams, errno()));
        }
    }
    if let Some(directory) = &image.directory {
        // SAFETY: a C string.
        if unsafe { libc::chdir(directory.as_ptr()) } == -1 {
            return Err((Step::Directory, errno()));
        }
    }
    close_on_exec_above_streams();
    signals::reset_in_child();
    Ok(())
}

/// What the probe itself was handed open is not the child's business. Older kernels cannot.
fn close_on_exec_above_streams() {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
    // SAFETY: numbers only; nothing is closed yet, only marked.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, CLOSE_RANGE_CLOEXEC) };
}

/// Tries one place after the other as `execvp` does, but never falls back to a shell. Returns the
/// `errno` that says most: of a file that is there but may not be executed, if there was one.
fn execute(image: &Image) -> c_int {
    let mut told = libc::ENOENT;
    for candidate in &image.candidates {
        let (arguments, variables) =
            (image.argument_pointers.as_ptr(), image.variable_pointers.as_ptr());
        // SAFETY: a C string and two null-terminated lists of C strings, alive in `image`.
        unsafe { libc::execve(candidate.as_ptr(), arguments, variables) };
        match errno() {
            libc::ENOENT | libc::ENOTDIR => {}
            libc::EACCES => told = libc::EACCES,
            other => return other,
        }
    }
    told
}

fn report(socket: RawFd, step: Step, errno: c_int) {
    let [a, b, c, d] = errno.to_ne_bytes();
    let bytes: [u8; REPORT_BYTES] = [step as u8, a, b, c, d];
    // SAFETY: the bytes live through the call; with nobody left to read, nothing is lost.
    unsafe { libc::write(socket, bytes.as_ptr().cast(), bytes.len()) };
}

fn errno() -> c_int {
    // SAFETY: the address of this thread's own `errno`.
    unsafe { *libc::__errno_location() }
}
