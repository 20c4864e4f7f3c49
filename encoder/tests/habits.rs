//! `sigma` beside `gzip`, `xz` and `zstd`: the table in README.md, tried with the programs themselves where they are
//! installed in the versions that it names.
#![cfg(target_os = "linux")]

use std::fs::{self, FileTimes, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

/// A program that is compared.
struct Program {
    name: &'static str,
    path: PathBuf,
    /// The ending of its files.
    ending: &'static str,
}

/// Those that are here, `sigma` among them.
fn programs() -> Vec<Program> {
    let mut programs =
        vec![Program { name: "sigma", path: env!("CARGO_BIN_EXE_sigma").into(), ending: "sg" }];
    for (name, ending, version) in
        [("gzip", "gz", "gzip 1.12"), ("xz", "xz", "(XZ Utils) 5.4"), ("zstd", "zst", "v1.5")]
    {
        let output = Command::new(name).arg("-V").stdin(Stdio::null()).output();
        let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        match said {
            Ok(said) if said.contains(version) => {
                programs.push(Program { name, path: name.into(), ending });
            }
            Ok(said) => eprintln!("SKIPPED: `{name}` is of another version: {said}"),
            Err(error) => eprintln!("SKIPPED: `{name}` is not installed: {error}"),
        }
    }
    programs
}

/// A folder in which a program is tried.
struct Place<'a> {
    program: &'a Program,
    folder: tempfile::TempDir,
}

const A: &[u8] = b"[1,2,3]\n";
const B: &[u8] = b"{\"b\":1}\n";

impl<'a> Place<'a> {
    /// With the files `a` and `b`.
    fn new(program: &'a Program) -> Self {
        let place = Self { program, folder: tempfile::tempdir().expect("a folder") };
        place.write("a", A);
        place.write("b", B);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The name of the encoding of a file.
    fn of(&self, name: &str) -> String {
        format!("{name}.{}", self.program.ending)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("a writable folder");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("`{name}`: {error}"))
    }

    fn has(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// Words, of which `.E` at the end of one is the program's ending.
    fn run_with(&self, line: &str, input: &[u8]) -> Output {
        let words = line.split(' ').map(|word| match word.strip_suffix(".E") {
            Some(name) => self.of(name),
            None => word.to_owned(),
        });
        let mut command = Command::new(&self.program.path);
        command.args(words).current_dir(self.folder.path()).env("LC_ALL", "C");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it ran a moment ago");
        // It may end without reading all of it.
        let _ = child.stdin.take().expect("a pipe").write_all(input);
        child.wait_with_output().expect("it ends")
    }

    /// The exit code.
    fn code(&self, line: &str) -> i32 {
        self.run_with(line, b"").status.code().expect("an exit code")
    }

    /// The output.
    fn out(&self, line: &str) -> Vec<u8> {
        self.run_with(line, b"").stdout
    }
}

/// What each program does, in the order gzip, xz, zstd, sigma.
fn each<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: &[T; 4],
    doing: impl Fn(&Place<'_>) -> T,
) {
    for program in &programs() {
        let at = ["gzip", "xz", "zstd", "sigma"].iter().position(|name| *name == program.name);
        let found = doing(&Place::new(program));
        assert_eq!(&found, &expected[at.expect("one of these")], "{}: {what}", program.name);
    }
}

/// What all do.
fn all(what: &str, doing: impl Fn(&Place<'_>) -> bool) {
    each(what, &[true; 4], doing);
}

#[test]
fn files_are_kept_removed_and_replaced_as_the_table_says() {
    each("an input is kept", &[false, false, true, true], |it| it.code("a") == 0 && it.has("a"));
    all("an input is kept with -k", |it| it.code("-k a") == 0 && it.has("a"));
    each("an input is removed with --rm", &[false, false, true, true], |it| {
        it.code("--rm a") == 0 && !it.has("a")
    });
    each("exit code when the output exists", &[2, 1, 1, 1], |it| {
        it.write(&it.of("a"), b"mine");
        let code = it.code("-k a");
        assert_eq!(it.read(&it.of("a")), b"mine");
        code
    });
    all("-f replaces it", |it| {
        it.write(&it.of("a"), b"mine");
        it.code("-k -f a") == 0 && it.out("-dc a.E") == A
    });
    each("-f replaces a symbolic link", &[true, true, true, false], |it| {
        it.write("target", b"mine");
        symlink("target", it.path(&it.of("a"))).expect("links");
        it.code("-k -f a");
        assert_eq!(it.read("target"), b"mine");
        !it.path(&it.of("a")).is_symlink()
    });
    each("a symbolic link is encoded", &[false, false, false, true], |it| {
        symlink("a", it.path("link")).expect("links");
        it.code("link");
        it.has(&it.of("link"))
    });
    each("a file of several names is encoded", &[false, false, true, true], |it| {
        fs::hard_link(it.path("a"), it.path("c")).expect("links");
        it.code("a");
        it.has(&it.of("a"))
    });
    each("-o", &[false, false, true, true], |it| it.code("-o c a") == 0 && it.has("c"));
}

#[test]
fn what_is_named_is_found_as_the_table_says() {
    all("a missing file does not keep others from being done", |it| {
        it.code("-k nosuch b") == 1 && it.has(&it.of("b"))
    });
    each("a folder", &[2, 2, 1, 1], |it| {
        fs::create_dir(it.path("sub")).expect("a folder");
        it.code("sub")
    });
    each("-r", &[true, false, true, true], |it| {
        fs::create_dir(it.path("sub")).expect("a folder");
        it.write("sub/x", A);
        it.code("-r -k sub") == 0 && it.has(&it.of("sub/x"))
    });
    each("what has the ending already", &[0, 2, 0, 1], |it| {
        assert_eq!(it.code("-k a"), 0);
        it.code("-k a.E")
    });
    each("without the ending", &[2, 1, 1, 1], |it| {
        it.write("plain", b"plain");
        it.code("-d plain")
    });
    all("`-` and nothing at all are standard input", |it| {
        let [dash, nothing] = ["-c -", "-c"].map(|line| it.run_with(line, A).stdout);
        it.run_with("-dc -", &dash).stdout == A && it.run_with("-d", &nothing).stdout == A
    });
    all("an empty file", |it| {
        it.write("empty", b"");
        it.code("-k empty") == 0 && it.code("-t empty.E") == 0 && it.out("-dc empty.E").is_empty()
    });
    all("what follows `--` is a name", |it| {
        it.write("-c", A);
        it.code("-k -- -c") == 0 && it.has(&it.of("-c"))
    });
}

#[test]
fn what_is_decoded_and_what_is_not_is_as_the_table_says() {
    all("several files follow each other, as do encodings", |it| {
        assert_eq!(it.code("-k a b"), 0);
        let joined = [it.read(&it.of("a")), it.read(&it.of("b"))].concat();
        it.write(&it.of("ab"), &joined);
        let both = [A, B].concat();
        it.out("-dc a.E b.E") == both && it.out("-dc ab.E") == both && it.out("-kc a b") == joined
    });
    each("what follows and is no encoding", &[2, 1, 1, 1], |it| {
        assert_eq!(it.code("-k a"), 0);
        it.write(&it.of("a"), &[it.read(&it.of("a")), b"junk".to_vec()].concat());
        it.code("-t a.E")
    });
    each("zeros that follow", &[0, 0, 1, 1], |it| {
        assert_eq!(it.code("-k a"), 0);
        it.write(&it.of("a"), &[it.read(&it.of("a")), vec![0; 600]].concat());
        it.code("-t a.E")
    });
    all("what is no encoding is refused, and passed on with -dcf", |it| {
        it.write(&it.of("plain"), b"plain");
        it.code("-dc plain.E") == 1 && it.out("-dcf plain.E") == b"plain"
    });
    all("an encoding that is cut", |it| {
        assert_eq!(it.code("-k a"), 0);
        let encoded = it.read(&it.of("a"));
        it.write(&it.of("a"), &encoded[..encoded.len() - 1]);
        it.code("-t a.E") == 1 && it.code("-d -f a.E") == 1
    });
    all("-t, -l and long names", |it| {
        let lines = ["-k a", "-t a.E", "-tv a.E", "-l a.E", "--list a.E", "--test a.E"];
        let is_right = lines.iter().all(|line| it.code(line) == 0);
        is_right && it.out("--decompress --stdout a.E") == A && it.out("--uncompress -c a.E") == A
    });
    all("the last level wins", |it| {
        let long: Vec<u8> = (0..3000).flat_map(|n| format!("{},", n * n).into_bytes()).collect();
        it.write("long", &long);
        it.out("-kc -1 -9 long") == it.out("-kc -9 long")
            && it.out("-kc -9 -1 long") == it.out("-kc -1 long")
    });
    each("an unknown option", &[1, 1, 1, 2], |it| it.code("--swim a"));
    each("-qq says no errors either", &[false, true, true, true], |it| {
        let output = it.run_with("-qq nosuch", b"");
        assert_eq!(output.status.code(), Some(1));
        output.stderr.is_empty()
    });
    each("a memory limit", &[false, true, true, true], |it| {
        assert_eq!(it.code("-k a"), 0);
        it.code("-M100MiB -dc a.E") == 0
    });
    each("threads", &[false, true, true, true], |it| it.code("-T0 -k a") == 0);
}

#[test]
fn modes_times_and_holes_are_as_the_table_says() {
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    all("mode and times of the input", |it| {
        let file = fs::File::options().write(true).open(it.path("a")).expect("ours");
        file.set_times(FileTimes::new().set_modified(long_ago)).expect("ours");
        fs::set_permissions(it.path("a"), Permissions::from_mode(0o640)).expect("ours");
        assert_eq!(it.code("-k a"), 0);
        let made = fs::metadata(it.path(&it.of("a"))).expect("it was made");
        made.mode() & 0o7777 == 0o640 && made.modified().expect("a time") == long_ago
    });
    each("set-user-ID", &[None, Some(0o755), Some(0o755), Some(0o755)], |it| {
        fs::set_permissions(it.path("a"), Permissions::from_mode(0o4755)).expect("ours");
        it.code("-k -f a");
        let made = fs::metadata(it.path(&it.of("a"))).ok();
        made.map(|made| made.mode() & 0o7777)
    });
    let is_sparse = {
        let folder = tempfile::tempdir().expect("a folder");
        let file = fs::File::create(folder.path().join("hole")).expect("a writable folder");
        file.set_len(3_000_000).expect("room");
        file.metadata().expect("it is there").blocks() < 1000
    };
    if !is_sparse {
        eprintln!("SKIPPED: files have no holes here");
        return;
    }
    each("holes", &[false, true, true, true], |it| {
        it.write("zeros", &vec![0; 3_000_000]);
        assert_eq!(it.code("-k zeros"), 0);
        fs::remove_file(it.path("zeros")).expect("it is there");
        assert_eq!(it.code("-d -k zeros.E"), 0);
        let made = fs::metadata(it.path("zeros")).expect("it was made");
        assert_eq!(made.len(), 3_000_000);
        made.blocks() < 1000
    });
}
