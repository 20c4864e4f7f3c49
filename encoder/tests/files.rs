//! Files: what the program may do to them, and what it leaves when it is stopped. As root these are also
//! tried by another user.
#![cfg(unix)]

mod common;

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

use common::{noise, records};
use rustix::process::{Pid, Signal, geteuid, kill_process};

/// Someone without rights.
const NOBODY: u32 = 65_534;

/// A folder to work in, and the program in it, so that anyone may start it.
struct Place {
    folder: tempfile::TempDir,
    /// Who starts the program, if not who runs the test.
    user: Option<u32>,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), user: None }
    }

    /// Owned by someone else, who also starts the program; `None` if only root could arrange that.
    fn of_nobody() -> Option<Self> {
        if !geteuid().is_root() {
            eprintln!("skipped: only root can be someone else");
            return None;
        }
        let place = Self { user: Some(NOBODY), ..Self::new() };
        chown(place.folder.path(), Some(NOBODY), Some(NOBODY)).expect("root may");
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).expect("a writable folder");
        self.path(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("`{name}`: {error}"))
    }

    /// The names in the folder, in order.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("a folder");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_sigma");
        let mut command = Command::new(program);
        if let Some(user) = self.user {
            // Where the program was built no one else may look.
            static COPY: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
            let copy = COPY.get_or_init(|| {
                let copy = tempfile::tempdir().expect("a folder");
                fs::set_permissions(copy.path(), Permissions::from_mode(0o755)).expect("ours");
                fs::copy(program, copy.path().join("sigma")).expect("room for a copy");
                copy
            });
            command = Command::new(copy.path().join("sigma"));
            command.uid(user).gid(user);
        }
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("the program starts")
    }

    fn run_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self.start(arguments);
        // It may end without reading all of it.
        let _ = child.stdin.take().expect("a pipe").write_all(input);
        child.wait_with_output().expect("the program ends")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, b"")
    }

    /// What it says when it works.
    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", error_of(&output));
        error_of(&output)
    }

    /// What it says when it fails with this exit code.
    fn fails(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", error_of(&output));
        error_of(&output)
    }
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o7777
}

fn has_signal(output: &Output, signal: Signal) -> bool {
    output.status.signal() == Some(signal.as_raw())
}

/// Waits until the program has read what was written to it so far, and so has opened its output.
fn feed(child: &mut Child, len: usize) {
    let line = b"{\"id\":1,\"name\":\"someone\"}\n";
    let text = line.repeat(len.div_ceil(line.len()));
    child.stdin.as_mut().expect("a pipe").write_all(&text).expect("it reads");
}

#[test]
fn a_program_that_was_encoded_does_not_come_back_with_more_rights() {
    let place = Place::new();
    place.write("a", b"#!/bin/sh\nid\n");
    place.succeeds(&["encode", "a"]);
    fs::remove_file(place.path("a")).expect("it is there");
    for mode in [0o4755, 0o2755, 0o1777, 0o6711, 0o640] {
        set_mode(&place.path("a.sg"), mode);
        if geteuid().is_root() {
            chown(place.path("a.sg"), Some(NOBODY), Some(NOBODY)).expect("root may");
            set_mode(&place.path("a.sg"), mode);
        }
        place.succeeds(&["decode", "-f", "a.sg"]);
        assert_eq!(mode_of(&place.path("a")), mode & 0o777);
        if geteuid().is_root() {
            let owner = fs::metadata(place.path("a")).expect("it is there");
            assert_eq!((owner.uid(), owner.gid()), (NOBODY, NOBODY), "root hands on the owner");
        }
    }
}

#[test]
fn what_another_group_may_do_is_not_more_than_everyone_may() {
    let Some(place) = Place::of_nobody() else { return };
    place.write("a", b"[1]");
    for (mode, expected) in [(0o664, 0o644), (0o666, 0o666), (0o644, 0o644), (0o4775, 0o755)] {
        set_mode(&place.path("a"), mode);
        place.succeeds(&["encode", "-f", "a"]);
        let made = fs::metadata(place.path("a.sg")).expect("it is there");
        assert_eq!((made.uid(), made.mode() & 0o7777), (NOBODY, expected), "{mode:o}");
    }
}

#[test]
fn a_file_of_ones_own_keeps_its_mode_and_times() {
    let place = Place::new();
    let path = place.write("a", b"[1]");
    set_mode(&path, 0o640);
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let times = fs::FileTimes::new().set_modified(long_ago).set_accessed(long_ago);
    let file = fs::File::options().write(true).open(&path).expect("ours");
    file.set_times(times).expect("ours");
    place.succeeds(&["encode", "a"]);
    let made = fs::metadata(place.path("a.sg")).expect("it is there");
    assert_eq!(made.modified().expect("a time"), long_ago);
    assert_eq!(made.mode() & 0o7777, 0o640);
}

#[test]
fn output_from_a_pipe_has_the_mode_of_new_files() {
    let place = Place::new();
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 027; exec \"$0\" encode -o a.sg", env!("CARGO_BIN_EXE_sigma")]);
    shell.current_dir(place.folder.path()).stdin(Stdio::null());
    assert!(shell.status().expect("a shell").success());
    assert_eq!(mode_of(&place.path("a.sg")), 0o640);
}

#[test]
fn nothing_is_seen_of_a_file_before_it_is_complete() {
    let place = Place::new();
    let mut child = place.start(&["encode", "-o", "a.sg"]);
    feed(&mut child, 200_000);
    for name in place.names() {
        assert_eq!(mode_of(&place.path(&name)), 0o600, "{name}");
    }
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    assert_eq!(place.names(), ["a.sg"]);
}

#[test]
fn a_file_that_is_made_meanwhile_is_kept() {
    let place = Place::new();
    let mut child = place.start(&["encode", "-o", "a.sg"]);
    feed(&mut child, 200_000);
    place.write("a.sg", b"mine");
    drop(child.stdin.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(error_of(&output).contains("meanwhile"), "{}", error_of(&output));
    assert_eq!((place.read("a.sg").as_slice(), place.names().len()), (&b"mine"[..], 1));
}

#[test]
fn an_existing_file_is_replaced_only_if_asked_and_as_a_whole() {
    let place = Place::new();
    place.write("a", b"[1,2]");
    place.write("a.sg", b"mine");
    assert!(place.fails(&["encode", "a"], 1).contains("give -f"));
    assert_eq!(place.read("a.sg"), b"mine");
    fs::hard_link(place.path("a.sg"), place.path("b")).expect("links");
    place.succeeds(&["encode", "-f", "a"]);
    assert_eq!(place.run(&["decode", "-c", "a.sg"]).stdout, b"[1,2]");
    assert_eq!(place.read("b"), b"mine", "another name of what was replaced keeps it");
    assert_eq!(place.names(), ["a", "a.sg", "b"]);
}

#[test]
fn a_pipe_and_a_device_stay_what_they_are() {
    let place = Place::new();
    let document = records(50);
    place.write("a", &document);
    let fifo = place.path("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().expect("`mkfifo` runs");
    assert!(made.success());
    for force in [&[][..], &["-f"]] {
        let reader = {
            let fifo = fifo.clone();
            std::thread::spawn(move || fs::read(fifo).expect("a pipe"))
        };
        place.succeeds(&[&["encode", "-o", "fifo", "a"], force].concat());
        let encoded = reader.join().expect("no panic");
        assert_eq!(place.run_with(&["decode"], &encoded).stdout, document);
        assert!(fs::symlink_metadata(&fifo).expect("it is there").file_type().is_fifo());
    }
    symlink("/dev/null", place.path("null")).expect("links");
    place.succeeds(&["encode", "-f", "-o", "null", "a"]);
    assert!(fs::symlink_metadata(place.path("null")).expect("it is there").is_symlink());
    assert!(fs::metadata("/dev/null").expect("a device").file_type().is_char_device());
    assert_eq!(place.names(), ["a", "fifo", "null"]);
}

#[test]
fn a_symbolic_link_is_neither_followed_nor_replaced() {
    let place = Place::new();
    place.write("a", b"[1]");
    place.write("secret", b"secret");
    symlink("secret", place.path("a.sg")).expect("links");
    symlink("nowhere", place.path("loose")).expect("links");
    for arguments in [
        &["encode", "a"][..],
        &["encode", "-f", "a"],
        &["encode", "-f", "-o", "loose", "a"],
        &["encode", "-f", "--stats-json", "loose", "-o", "x", "a"],
        &["encode", "--append", "-o", "a.sg", "a"],
    ] {
        let message = place.fails(arguments, 1);
        assert!(message.contains("symbolic link"), "{arguments:?}: {message}");
    }
    assert_eq!(place.read("secret"), b"secret");
    assert_eq!(place.names(), ["a", "a.sg", "loose", "secret"]);
}

#[test]
fn the_input_is_never_the_output() {
    let place = Place::new();
    let document = records(50);
    place.write("a", &document);
    fs::hard_link(place.path("a"), place.path("b")).expect("links");
    for arguments in [
        &["encode", "-f", "-o", "a", "a"][..],
        &["encode", "-f", "-o", "b", "a"],
        &["encode", "-f", "-o", "./a", "a"],
        &["encode", "-f", "--stats-json", "b", "-o", "c", "a"],
    ] {
        assert!(place.fails(arguments, 1).contains("the input"), "{arguments:?}");
    }
    for name in ["c", "c.sg"] {
        let arguments = ["encode", "-f", "-o", name, "--stats-json", name, "a"];
        assert!(place.fails(&arguments, 2).contains("name two"));
    }
    // As a shell's `>>` and `<` have it.
    let appended = fs::File::options().append(true).open(place.path("a")).expect("ours");
    let output = place.command(&["encode", "-c", "a"]).stdout(appended).output().expect("it ends");
    assert_eq!(output.status.code(), Some(1), "{}", error_of(&output));
    let input = fs::File::open(place.path("a")).expect("ours");
    let output = place.command(&["encode", "-f", "-o", "b"]).stdin(input).output().expect("ends");
    assert_eq!(output.status.code(), Some(1), "{}", error_of(&output));
    assert!(place.read("a") == document);
    assert_eq!(place.names(), ["a", "b"]);
}

#[test]
fn figures_overwrite_nothing_unasked() {
    let place = Place::new();
    place.write("a", b"[1]");
    place.write("s.json", b"mine");
    assert!(place.fails(&["encode", "-c", "--stats-json", "s.json", "a"], 1).contains("give -f"));
    assert_eq!(place.read("s.json"), b"mine");
    place.succeeds(&["encode", "-c", "-f", "--stats-json", "s.json", "a"]);
    assert!(place.read("s.json").starts_with(b"{\"version\""));
    place.succeeds(&["encode", "-c", "--stats-json", "/dev/null", "a"]);
}

#[test]
fn a_signal_leaves_nothing() {
    let signals = [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT, Signal::KILL];
    for signal in signals.into_iter().filter(|signal| !is_ignored(*signal)) {
        let place = Place::new();
        let mut child = place.start(&["encode", "-o", "a.sg"]);
        feed(&mut child, 200_000);
        // The end of the input is not what ends it.
        let pipe = child.stdin.take();
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        let status = child.wait().expect("it ends");
        assert_eq!(status.signal(), Some(signal.as_raw()));
        assert!(place.names().is_empty(), "{signal:?}");
        drop(pipe);
    }
}

/// Whether whoever started the tests ignores a signal, as `nohup` does; what we start ignores it then too.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let is_ignored = mask & 1 << (signal.as_raw() - 1) != 0;
    if is_ignored {
        eprintln!("skipped: {signal:?} is ignored by who started the tests");
    }
    is_ignored
}

/// Runs the program where `/proc` is empty, so that a file without a name could not get one.
#[cfg(target_os = "linux")]
fn without_proc(place: &Place, arguments: &[&str]) -> Option<Child> {
    let line = "mount -t tmpfs none /proc && exec \"$0\" \"$@\"";
    let mut unshare = Command::new("unshare");
    unshare.args(["-m", "sh", "-c", line, env!("CARGO_BIN_EXE_sigma")]).args(arguments);
    unshare.current_dir(place.folder.path()).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut trial = Command::new("unshare");
    let can = trial.args(["-m", "mount", "-t", "tmpfs", "none", "/proc"]).output();
    if !geteuid().is_root() || !can.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: only root can hide /proc, and not everywhere");
        return None;
    }
    Some(unshare.spawn().expect("what ran a moment ago"))
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_with_a_random_name_is_removed_too() {
    let place = Place::new();
    let signals = [Signal::HUP, Signal::INT, Signal::TERM, Signal::QUIT];
    for signal in signals.into_iter().filter(|signal| !is_ignored(*signal)) {
        let arguments = ["encode", "-o", "a.sg"];
        let Some(mut child) = without_proc(&place, &arguments) else { return };
        feed(&mut child, 200_000);
        let names = place.names();
        assert!(names.len() == 1 && names[0].starts_with(".sigma-"), "{names:?}");
        assert_eq!(mode_of(&place.path(&names[0])), 0o600);
        // The end of the input is not what ends it.
        let pipe = child.stdin.take();
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        assert_eq!(child.wait().expect("it ends").signal(), Some(signal.as_raw()));
        assert!(place.names().is_empty(), "{signal:?}");
        drop(pipe);
    }
    place.write("a.sg", b"mine");
    for (arguments, code) in [(&["encode", "-o", "b.sg"][..], 0), (&["encode", "-fo", "a.sg"], 0)] {
        let Some(mut child) = without_proc(&place, arguments) else { return };
        feed(&mut child, 1000);
        drop(child.stdin.take());
        assert_eq!(child.wait().expect("it ends").code(), Some(code));
    }
    let Some(mut child) = without_proc(&place, &["encode", "-o", "c.sg"]) else { return };
    feed(&mut child, 200_000);
    place.write("c.sg", b"mine");
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert_eq!(place.read("c.sg"), b"mine");
    assert_eq!(place.names(), ["a.sg", "b.sg", "c.sg"]);
}

#[test]
fn who_ignores_a_hangup_goes_on() {
    let place = Place::new();
    place.write("a.sg", b"old");
    let mut shell = Command::new("sh");
    let line = "trap '' HUP; exec \"$0\" encode -f -o a.sg";
    shell.args(["-c", line, env!("CARGO_BIN_EXE_sigma")]).current_dir(place.folder.path());
    let mut child = shell.stdin(Stdio::piped()).spawn().expect("a shell");
    feed(&mut child, 200_000);
    kill_process(Pid::from_child(&child), Signal::HUP).expect("it runs");
    feed(&mut child, 200_000);
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    assert_eq!(place.names(), ["a.sg"]);
}

#[test]
fn a_file_that_may_not_get_so_long_is_told_and_leaves_nothing() {
    let place = Place::new();
    place.write("a", &noise(300_000));
    let mut shell = Command::new("sh");
    let line = "ulimit -f 8; exec \"$0\" encode a";
    shell.args(["-c", line, env!("CARGO_BIN_EXE_sigma")]).current_dir(place.folder.path());
    let output = shell.output().expect("a shell");
    assert_eq!(output.status.code(), Some(1), "{}", error_of(&output));
    assert!(error_of(&output).contains("File too large"), "{}", error_of(&output));
    assert_eq!(place.names(), ["a"]);
}

#[test]
fn a_closed_pipe_ends_it_without_a_word() {
    let place = Place::new();
    place.write("a", &noise(300_000));
    place.succeeds(&["encode", "a"]);
    for arguments in
        [&["encode", "-c", "a"][..], &["decode", "-c", "a.sg"], &["decode", "-cT2", "a.sg"]]
    {
        let mut child = place.start(arguments);
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert!(has_signal(&output, Signal::PIPE), "{arguments:?}: {:?}", output.status);
        assert_eq!(error_of(&output), "", "{arguments:?}");
    }
}

#[test]
fn names_may_be_as_long_as_the_system_allows() {
    let place = Place::new();
    for len in [245, 252] {
        let name = "n".repeat(len);
        place.write(&name, b"[1]");
        place.succeeds(&["encode", &name]);
        fs::remove_file(place.path(&name)).expect("it is there");
        place.succeeds(&["decode", &format!("{name}.sg")]);
        place.succeeds(&["decode", "-f", &format!("{name}.sg")]);
        assert_eq!(place.read(&name), b"[1]");
    }
    let count = place.names().len();
    let name = "n".repeat(253);
    place.write(&name, b"[1]");
    let message = place.fails(&["encode", &name], 1);
    assert!(message.contains("File name too long"), "{message}");
    assert_eq!(place.names().len(), count + 1, "nothing is left");
    // Names need not be text.
    let odd = OsStr::from_bytes(b"odd\xFF\n");
    fs::write(place.folder.path().join(odd), b"[2]").expect("a writable folder");
    assert!(place.command(&["encode"]).arg(odd).status().expect("it ends").success());
}

#[test]
fn a_missing_folder_is_what_is_missing() {
    let place = Place::new();
    place.write("a", b"[1]");
    let message = place.fails(&["encode", "-o", "there/a.sg", "a"], 1);
    assert!(message.contains("the folder `there` does not exist"), "{message}");
    let message = place.fails(&["encode", "-o", "a/b.sg", "a"], 1);
    assert!(message.contains("`a` is no folder"), "{message}");
    let message = place.fails(&["encode", "there/a"], 1);
    assert!(message.contains("`there/a`"), "{message}");
}

#[test]
fn a_folder_that_may_not_be_written_is_told() {
    let Some(place) = Place::of_nobody() else { return };
    place.write("a", b"[1]");
    fs::create_dir(place.path("theirs")).expect("ours");
    let message = place.fails(&["encode", "-o", "theirs/a.sg", "a"], 1);
    assert!(message.contains("Permission denied"), "{message}");
    set_mode(&place.path("a"), 0o600);
    assert!(place.fails(&["encode", "a"], 1).contains("Permission denied"));
    assert_eq!(place.names(), ["a", "theirs"]);
}

#[test]
fn zeros_become_holes() {
    let place = Place::new();
    let document = [records(100), vec![0; 4 << 20], records(100), vec![0; 1 << 20]].concat();
    place.write("a", &document);
    place.succeeds(&["encode", "--frame", "512KiB", "a"]);
    for arguments in [&["-T1"][..], &["-T3"], &["-T1", "--no-sparse"], &["-T3", "--no-sparse"]] {
        place.succeeds(&[&["decode", "-f"], arguments, &["a.sg"]].concat());
        assert!(place.read("a") == document, "{arguments:?}");
        let taken = fs::metadata(place.path("a")).expect("it is there").blocks() * 512;
        let is_sparse = taken < document.len() as u64 / 2;
        assert_eq!(is_sparse, !arguments.contains(&"--no-sparse"), "{arguments:?}: {taken}");
    }
}

#[test]
fn an_input_is_removed_only_when_its_other_form_is_there() {
    let place = Place::new();
    place.write("a", b"[1]");
    place.succeeds(&["encode", "--rm", "a"]);
    assert_eq!(place.names(), ["a.sg"]);
    place.succeeds(&["decode", "--rm", "-k", "a.sg"]);
    assert_eq!(place.names(), ["a", "a.sg"]);
    place.fails(&["encode", "--rm", "a"], 1);
    assert_eq!(place.names(), ["a", "a.sg"], "the output could not be made");
    assert!(place.fails(&["decode", "--rm", "-c", "a.sg"], 2).contains("--rm"));
    let mut damaged = place.read("a.sg");
    damaged[2] ^= 1;
    place.write("b.sg", &damaged);
    place.fails(&["decode", "--rm", "b.sg"], 1);
    assert_eq!(place.names(), ["a", "a.sg", "b.sg"]);
    symlink("a", place.path("link")).expect("links");
    assert!(place.fails(&["encode", "--rm", "link"], 1).contains("link"));
    assert!(place.path("link").exists());
}

#[test]
fn a_bad_file_does_not_keep_others_from_being_done() {
    let place = Place::new();
    for name in ["a", "b", "c"] {
        place.write(name, &records(30));
    }
    let message = place.fails(&["encode", "a", "missing", "b", "c"], 1);
    assert!(message.contains("`missing`") && message.contains("3 of 4 files encoded"), "{message}");
    assert_eq!(place.names(), ["a", "a.sg", "b", "b.sg", "c", "c.sg"]);
    assert_eq!(place.fails(&["encode", "-qq", "-f", "a", "missing"], 1), "");
    let message = place.fails(&["encode", "-q", "-f", "a", "missing"], 1);
    assert_eq!(message.lines().count(), 1, "{message}");
    let joined = place.run(&["decode", "-c", "a.sg", "b.sg", "c.sg"]);
    assert!(joined.stdout == records(30).repeat(3), "{}", error_of(&joined));
    assert!(place.fails(&["encode", "-o", "x", "a", "b"], 2).contains("-c"));
    assert!(place.fails(&["test", "a.sg", "a", "b.sg"], 1).contains("1 of 3"));
}

#[test]
fn folders_are_taken_if_wanted() {
    let place = Place::new();
    fs::create_dir_all(place.path("d/e")).expect("ours");
    fs::create_dir(place.path("elsewhere")).expect("ours");
    for name in ["d/a", "d/e/b", "elsewhere/c"] {
        place.write(name, b"[1,2,3]");
    }
    symlink("../elsewhere", place.path("d/link")).expect("links");
    symlink("..", place.path("d/e/up")).expect("links");
    assert!(place.fails(&["encode", "d"], 1).contains("-r"));
    assert!(place.succeeds(&["encode", "-r", "d"]).contains("2 of 2 files"));
    assert!(place.path("d/a.sg").exists() && place.path("d/e/b.sg").exists());
    assert!(!place.path("elsewhere/c.sg").exists());
    // What is encoded is left out the next time.
    assert!(place.fails(&["encode", "-r", "d"], 1).contains("0 of 2 files"));
    place.succeeds(&["test", "-r", "d"]);
    fs::remove_file(place.path("d/e/b")).expect("it is there");
    fs::remove_file(place.path("d/a")).expect("it is there");
    place.succeeds(&["decode", "-r", "--rm", "d"]);
    assert_eq!(place.read("d/e/b"), b"[1,2,3]");
    assert!(!place.path("d/e/b.sg").exists());
}

#[test]
fn habits_of_other_programs_work() {
    let place = Place::new();
    let document = records(40);
    place.write("a", &document);
    place.succeeds(&["-k", "a"]);
    assert!(place.run(&["-dc", "a.sg"]).stdout == document);
    assert!(place.run(&["-d", "-c", "a.sg"]).stdout == document);
    place.succeeds(&["-t", "a.sg"]);
    let encoded = place.run_with(&[], &document).stdout;
    assert_eq!(encoded, place.read("a.sg"));
    assert!(place.run_with(&["-d"], &encoded).stdout == document);
    assert!(place.run_with(&["decode", "-"], &encoded).stdout == document);
    assert!(place.fails(&["encode", "a.sg"], 1).contains("already"));
    place.write("plain", b"no encoding at all");
    assert!(place.fails(&["-dc", "plain"], 1).contains("not a sigma file"));
    let passed = place.run(&["-dcf", "plain", "a.sg"]);
    assert!(passed.stdout == [&b"no encoding at all"[..], &document].concat());
    let cat = Command::new(env!("CARGO_BIN_EXE_sigmacat"))
        .args(["plain", "a.sg"])
        .current_dir(place.folder.path())
        .output()
        .expect("it ends");
    assert!(cat.stdout == passed.stdout, "{}", error_of(&cat));
}

#[test]
fn a_list_says_what_encodings_hold() {
    let place = Place::new();
    let document = records(300);
    framed(&place, &document);
    place.write("a", &document[..1000]);
    place.succeeds(&["encode", "a"]);
    place.write("bad.sg", b"no encoding");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let listed = place.run(&["-l", "log.sg", "bad.sg", "a.sg"]);
    assert_eq!(listed.status.code(), Some(1), "one of them is none");
    assert!(error_of(&listed).contains("`bad.sg`"), "{}", error_of(&listed));
    let text = String::from_utf8(listed.stdout).expect("text");
    let rows: Vec<_> = text.lines().map(words).collect();
    assert_eq!(rows[0], ["encoded", "document", "ratio", "frames", "lines", "file"]);
    let kilobytes = format!("{:.1}", document.len() as f64 / 1000.0);
    assert_eq!(rows[1][2..4], [kilobytes, "KB".to_owned()], "{text}");
    assert_eq!(rows[1][6..], ["300", "`log.sg`"], "{text}");
    assert_eq!(rows[2][2..4], ["1.0", "KB"], "{text}");
    assert_eq!(rows[3].last().map(String::as_str), Some("files"), "{text}");
    // From a pipe too.
    let piped = place.run_with(&["list", "-"], &place.read("log.sg"));
    assert!(piped.status.success(), "{}", error_of(&piped));
    assert!(String::from_utf8_lossy(&piped.stdout).contains("standard input"));
}

#[test]
fn levels_of_other_programs_are_one_of_three() {
    let place = Place::new();
    let document = records(1000);
    let encode = |arguments: &[&str]| {
        let output = place.run_with(&[&["encode"], arguments].concat(), &document);
        assert!(output.status.success(), "{}", error_of(&output));
        output.stdout
    };
    let levels = ["fast", "default", "max"].map(|level| encode(&["--level", level]));
    assert!(levels[0] != levels[1] && levels[1] != levels[2]);
    for (options, level) in [
        (["-1", "-2", "--fast"].as_slice(), 0),
        (&["-3", "-4", "-5", "-6"], 1),
        (&["-7", "-8", "-9", "--best"], 2),
    ] {
        for option in options {
            assert!(encode(&[option]) == levels[level], "{option}");
            assert!(encode(&["-1", "--best", option]) == levels[level], "the last of several wins");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_no_binary_and_gives_none() {
    use std::os::fd::OwnedFd;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let place = Place::new();
    place.write("a", b"[1]");
    place.succeeds(&["encode", "a"]);
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let Ok(master) = openpt(flags) else {
        eprintln!("skipped: there are no terminals here");
        return;
    };
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("ours");
    let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("text");
    let terminal = || -> OwnedFd {
        fs::File::options().read(true).write(true).open(&name).expect("a terminal").into()
    };
    for (arguments, expected) in [
        (&["encode", "-c", "a"][..], Some(2)),
        (&["encode", "-cf", "a"], Some(0)),
        (&["decode", "-c", "a.sg"], Some(0)),
        (&["decode"], Some(2)),
        (&["-d"], Some(2)),
        (&["test"], Some(2)),
        (&["list", "-"], Some(2)),
        (&["inspect"], Some(2)),
    ] {
        let mut command = place.command(arguments);
        let output = command.stdin(terminal()).stdout(terminal()).output().expect("it ends");
        assert_eq!(output.status.code(), expected, "{arguments:?}: {}", error_of(&output));
        assert_eq!(error_of(&output).contains("terminal"), expected == Some(2), "{arguments:?}");
    }
}

#[test]
fn help_fits_a_terminal() {
    let place = Place::new();
    let verbs = ["encode", "decode", "test", "list", "inspect"];
    let pages = verbs.iter().flat_map(|verb| [vec![*verb, "-h"], vec![*verb, "--help"]]);
    for page in pages.chain([vec!["-h"], vec!["--help"]]) {
        let text = String::from_utf8(place.run(&page).stdout).expect("text");
        assert!(text.contains("Usage: sigma"), "{page:?}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{page:?} is wider than 80: {line}");
        }
    }
    let text = String::from_utf8(place.run(&["encode", "-h"]).stdout).expect("text");
    assert!(!text.contains("--delta"), "experiments are for those who ask for more: {text}");
    let text = String::from_utf8(place.run(&["encode", "--help"]).stdout).expect("text");
    let places: Vec<_> = ["--output", "--force", "--level", "--quiet", "--append", "--delta"]
        .map(|option| text.find(option).unwrap_or_else(|| panic!("{option}: {text}")))
        .into_iter()
        .collect();
    assert!(places.is_sorted(), "not in the order of use: {text}");
}

/// Encodes a document in frames of 4 KiB, as `log.sg`.
fn framed(place: &Place, document: &[u8]) {
    place.write("log", document);
    place.succeeds(&["encode", "-f", "--frame", "4KiB", "-o", "log.sg", "log"]);
}

#[test]
fn records_are_added_to_a_file_with_frames() {
    let place = Place::new();
    let (old, new) = (records(300), records(20));
    framed(&place, &old);
    set_mode(&place.path("log.sg"), 0o640);
    place.write("new", &new);
    place.succeeds(&["encode", "--append", "-o", "log.sg", "new"]);
    let output = place.run_with(&["encode", "--append", "-T2", "-o", "log.sg"], &new);
    assert!(output.status.success(), "{}", error_of(&output));
    let whole = [old, new.clone(), new].concat();
    assert!(place.run(&["decode", "-c", "log.sg"]).stdout == whole);
    assert_eq!(mode_of(&place.path("log.sg")), 0o640);
    let grown = place.read("log.sg");
    framed(&place, &whole);
    assert!(place.read("log.sg") == grown, "as if all had come at once");
    place.succeeds(&["encode", "--append", "-o", "log.sg", "/dev/null"]);
    assert!(place.read("log.sg") == grown);
    place.succeeds(&["encode", "--append", "-o", "fresh.sg", "log"]);
    assert!(place.run(&["decode", "-c", "fresh.sg"]).stdout == whole);
}

#[test]
fn what_cannot_grow_is_told() {
    let place = Place::new();
    place.write("a", b"[1]\n[2");
    place.succeeds(&["encode", "a"]);
    let before = place.read("a.sg");
    assert!(place.fails(&["encode", "--append", "-o", "a.sg", "a"], 1).contains("no frames"));
    assert!(place.read("a.sg") == before);
    framed(&place, b"[1]\n[2");
    assert!(place.fails(&["encode", "--append", "-o", "log.sg", "a"], 1).contains("no end"));
    let ended = place.run_with(&["encode", "--append", "-o", "log.sg"], b"\n[3]\n");
    assert!(ended.status.success(), "{}", error_of(&ended));
    assert_eq!(place.run(&["decode", "-c", "log.sg"]).stdout, b"[1]\n[2\n[3]\n");
    let other = ["encode", "--append", "--frame", "8KiB", "-o", "log.sg", "a"];
    assert!(place.fails(&other, 1).contains("4096"));
    assert!(
        place.fails(&["encode", "--append", "-o", "log.sg", "log.sg"], 1).contains("the input")
    );
    place.fails(&["encode", "--append", "a"], 2);
}

#[test]
fn appends_at_the_same_time_lose_nothing() {
    let place = Place::new();
    framed(&place, b"");
    let children: Vec<Child> = (0..8)
        .map(|n| {
            let mut child = place.start(&["encode", "--append", "-o", "log.sg"]);
            let line = format!("{{\"n\":{n}}}\n").repeat(50);
            child.stdin.take().expect("a pipe").write_all(line.as_bytes()).expect("it reads");
            child
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", error_of(&output));
    }
    let document = place.run(&["decode", "-c", "log.sg"]).stdout;
    let text = String::from_utf8(document).expect("text");
    for n in 0..8 {
        assert_eq!(text.matches(&format!("{{\"n\":{n}}}\n")).count(), 50, "{n}");
    }
}

/// Starts it, waits so long, kills it, and says whether it was done by then.
fn kill_after(place: &Place, arguments: &[&str], pause: Duration) -> bool {
    let mut child = place.start(arguments);
    let start = Instant::now();
    while start.elapsed() < pause {
        std::hint::spin_loop();
    }
    let _ = child.kill();
    child.wait().expect("it ends").success()
}

#[test]
fn a_kill_at_any_instant_leaves_all_of_the_old_or_all_of_the_new() {
    let place = Place::new();
    let (old, new) = (records(2000), records(3000));
    place.write("new", &new);
    place.write("log", &old);
    place.succeeds(&["encode", "-1", "--frame", "64KiB", "-o", "log.sg", "log"]);
    let encoded = place.read("log.sg");
    let append = ["encode", "-1", "--append", "-o", "log.sg", "new"];
    let start = Instant::now();
    place.succeeds(&append);
    let step = start.elapsed() / 20;
    let grown = place.read("log.sg");
    let mut done = 0;
    for instant in 0..30 {
        place.write("log.sg", &encoded);
        done += usize::from(kill_after(&place, &append, step * instant));
        let found = place.read("log.sg");
        assert!(found == encoded || found == grown, "killed at instant {instant}");
    }
    eprintln!("{done} of 30 were done before they were killed");
    let total = old.len() + new.len();
    let lines = ["decode", "-f", "-o", "part", "--lines", "100..4900", "log.sg"];
    place.write("log.sg", &grown);
    place.succeeds(&lines);
    let part = place.read("part");
    assert!(part.len() > total / 2);
    for instant in 0..30 {
        place.write("part", b"old");
        kill_after(&place, &lines, step * instant);
        let found = place.read("part");
        assert!(found == b"old" || found == part, "killed at instant {instant}");
    }
    // What was renamed right then may be left under a name of its own; nothing else.
    let left = ["log", "log.sg", "new", "part"];
    for name in place.names() {
        assert!(left.contains(&name.as_str()) || name.starts_with(".sigma-"), "{name}");
    }
}

#[test]
fn lines_are_found_by_number() {
    let place = Place::new();
    let document = records(500);
    let lines: Vec<&[u8]> = document.split_inclusive(|&byte| byte == b'\n').collect();
    framed(&place, &document);
    let encoded = place.read("log.sg");
    for (range, expected) in [
        ("0..1", &lines[..1]),
        ("100..130", &lines[100..130]),
        ("499..", &lines[499..]),
        ("..3", &lines[..3]),
        ("500..", &[]),
    ] {
        let found = place.run(&["decode", "-c", "--lines", range, "log.sg"]);
        assert!(found.stdout == expected.concat(), "{range}: {}", error_of(&found));
        let found = place.run_with(&["decode", "--lines", range], &encoded);
        assert!(found.stdout == expected.concat(), "{range}, from a pipe: {}", error_of(&found));
    }
    let message = place.fails(&["decode", "-c", "--lines", "0..501", "log.sg"], 1);
    assert!(message.contains("500"), "{message}");
    place.fails(&["decode", "-c", "--lines", "3..1", "log.sg"], 2);
    place.fails(&["decode", "-c", "--lines", "0..1", "--range", "0..1", "log.sg"], 2);
}

#[test]
fn what_reads_slowly_gets_all() {
    let place = Place::new();
    let document = records(5000);
    framed(&place, &document);
    let mut child = place.start(&["decode", "-c", "-T2", "log.sg"]);
    let (mut stdout, mut found) = (child.stdout.take().expect("a pipe"), Vec::new());
    let mut bytes = [0; 999];
    loop {
        let len = stdout.read(&mut bytes).expect("it writes");
        if len == 0 {
            break;
        }
        found.extend_from_slice(&bytes[..len]);
    }
    assert!(child.wait().expect("it ends").success() && found == document);
}
