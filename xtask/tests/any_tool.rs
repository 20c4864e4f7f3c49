//! Programs that nobody here wrote, measured as an experiment says: where they find the document, where
//! their result is, what makes it right, what is done around a run. A program that is not installed is
//! named and its test skipped.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

type Row = BTreeMap<String, String>;

/// A folder with experiments and their reports.
struct Bench(tempfile::TempDir);

/// What a run left.
struct Measured {
    output: Output,
    folder: PathBuf,
}

impl Bench {
    fn new() -> Self {
        build();
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Measures an experiment of two blocks with what `rest` says beside `input`.
    fn run(&self, name: &str, input: &str, rest: &str) -> Measured {
        self.measured(
            "run",
            name,
            &format!(
                "title = \"t\"\nquestion = \"q\"\n[input]\n{input}\n[measure]\nwarmup = 0\n\
             runs = {{ min = 2, max = 2 }}\n{rest}"
            ),
        )
    }

    fn measured(&self, verb: &str, name: &str, text: &str) -> Measured {
        // Campaigns of one name keep each other out.
        let name = format!("any-{name}-{}", std::process::id());
        let toml = self.path(&format!("{name}.toml"));
        fs::write(&toml, text).expect("an experiment");
        let mut command = Command::new(XTASK);
        command.arg(verb).arg("--reports").arg(self.path("reports")).arg(&toml);
        if verb == "run" {
            command.arg("--no-build");
        } else {
            command.arg("--check");
        }
        // Nobody cares here what times are worth.
        command.env("XTASK_LOCK_DIR", self.0.path());
        let output = command.stdin(Stdio::null()).output().expect("xtask runs");
        Measured { output, folder: self.path("reports").join(name) }
    }
}

impl Measured {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name))
            .unwrap_or_else(|error| panic!("{error}: {}", self.said()))
    }

    /// The rows of a kind.
    fn rows(&self, kind: &str) -> Vec<Row> {
        let text = self.file("samples.csv");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Result<Vec<Row>, _> = reader.deserialize().collect();
        rows.expect("rows").into_iter().filter(|row| row["kind"] == kind).collect()
    }

    /// Everything ran, and what was decoded was the document.
    fn is_fine(&self) {
        assert_eq!(
            self.output.status.code(),
            Some(0),
            "{}\n{}",
            self.said(),
            String::from_utf8_lossy(&self.output.stdout)
        );
        for row in self.rows("run").iter().chain(&self.rows("decode")) {
            assert_eq!(row["outcome"], "ok", "{row:?}");
        }
    }
}

/// Builds the measured programs once, as `cargo xtask run` would.
fn build() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let toml = folder.path().join(format!("any-build-{}.toml", std::process::id()));
        let text = "title = \"t\"\nquestion = \"q\"\n[input]\nfiles = [\"document\"]\n[measure]\nwarmup = 0\n\
                    runs = { min = 1, max = 1 }\n[[variant]]\nname = \"cat\"\ncommand = [\"cat\"]\n";
        fs::write(folder.path().join("document"), "[]").expect("a document");
        fs::write(&toml, text).expect("an experiment");
        let mut command = Command::new(XTASK);
        command.arg("run").arg("--reports").arg(folder.path()).arg(&toml);
        let output = command.env("XTASK_LOCK_DIR", folder.path()).output();
        let output = output.expect("xtask runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}

/// Whether a program is installed; says so where it is not.
fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        eprintln!("skipped: `{program}` is not installed");
    }
    found
}

const SWEEP: &str = "profiles = [\"balanced\"]\nsizes = [\"1 KB\", \"10 KB\"]";

#[test]
fn gzip_finds_its_file_and_leaves_its_result_beside_it() {
    if !has("gzip") {
        return;
    }
    let bench = Bench::new();
    let measured = bench.run(
        "gzip",
        SWEEP,
        "[[variant]]\nname = \"keeps\"\ncommand = [\"gzip\", \"-k\", \"-9\", \"{input}\"]\noutput = \"{input}.gz\"\n\
         decode = [\"gzip\", \"-dc\"]\n\
         [[variant]]\nname = \"consumes\"\ncommand = [\"gzip\", \"-9\", \"{input}\"]\noutput = \"{input}.gz\"\n\
         decode = [\"gzip\", \"-d\", \"-c\", \"{encoded}\"]\n",
    );
    // The second gives each run's file away; the next run has it all the same.
    measured.is_fine();
    assert_eq!(measured.rows("run").len(), 8);
    for row in measured.rows("run") {
        let ratio: f64 = row["output_bytes"].parse::<f64>().unwrap()
            / row["input_bytes"].parse::<f64>().unwrap();
        assert!((0.01..0.9).contains(&ratio), "{row:?}");
    }
    let decoded = measured.rows("decode");
    let decoded = decoded.iter().filter(|row| row["profile"] == "balanced").count();
    assert_eq!(decoded, 4, "each output of each document once");
}

#[test]
fn a_matrix_of_levels_threads_and_windows_is_measured_and_may_be_judged() {
    if !has("zstd") || !has("xz") {
        return;
    }
    let bench = Bench::new();
    let measured = bench.run(
        "matrix",
        SWEEP,
        "[matrix]\nlevel = [1, 3]\nthreads = [1, 2]\nwindow = [\"\", \"--long=27\"]\n\
         exclude = [{ level = 3, threads = 2 }]\n\
         [[variant]]\nname = \"zstd-{level}-T{threads}\"\n\
         command = [\"zstd\", \"-q\", \"-c\", \"-{level}\", \"-T{threads}\", \"{window}\"]\n\
         decode = [\"zstd\", \"-dqc\", \"--long=27\"]\n\
         [[variant]]\nname = \"xz-T{threads}\"\ncommand = [\"xz\", \"-c\", \"-T{threads}\"]\ndecode = [\"xz\", \"-dc\"]\n\
         [[criterion]]\nname = \"it is smaller\"\nmetric = \"ratio\"\nvariant = \"zstd-3-T1-long27\"\nbelow = 1.0\n",
    );
    measured.is_fine();
    let mut names: Vec<String> =
        measured.rows("run").iter().map(|row| row["variant"].clone()).collect();
    names.sort();
    names.dedup();
    assert_eq!(
        names,
        [
            "xz-T1",
            "xz-T2",
            "zstd-1-T1",
            "zstd-1-T1-long27",
            "zstd-1-T2",
            "zstd-1-T2-long27",
            "zstd-3-T1",
            "zstd-3-T1-long27"
        ]
    );
    assert!(measured.file("summary.json").contains("zstd-3-T1-long27"));
}

#[test]
fn what_sort_writes_is_right_where_a_command_says_so() {
    if !has("sort") {
        return;
    }
    let bench = Bench::new();
    bench.write("words", "b\nc\na\n");
    let measured = bench.run(
        "sort",
        "files = [\"words\"]",
        "[[variant]]\nname = \"sorts\"\ncommand = [\"sort\", \"-o\", \"{output}\", \"{input}\"]\n\
         check = [\"sort\", \"-c\", \"{encoded}\"]\n\
         [[variant]]\nname = \"in-place\"\ncommand = [\"sort\", \"-o\", \"{input}\", \"{input}\"]\noutput = \"{input}\"\n\
         check = [\"sort\", \"-c\", \"{encoded}\"]\n\
         [[variant]]\nname = \"copies\"\ncommand = [\"cat\"]\ncheck = [\"sort\", \"-c\", \"{encoded}\"]\n",
    );
    assert_eq!(measured.output.status.code(), Some(1), "{}", measured.said());
    for row in measured.rows("run") {
        let wanted = if row["variant"] == "copies" { "wrong_round_trip" } else { "ok" };
        assert_eq!(row["outcome"], wanted, "{row:?}");
    }
    assert_eq!(fs::read_to_string(bench.path("words")).unwrap(), "b\nc\na\n");
}

#[test]
fn a_folder_goes_through_tar_and_back() {
    if !has("tar") {
        return;
    }
    let bench = Bench::new();
    for (name, text) in
        [("tree/a/one.txt", "1\n"), ("tree/a/b/two.bin", "\u{1}\u{2}"), ("tree/three", "3")]
    {
        bench.write(name, text);
    }
    let measured = bench.run(
        "tar",
        "folders = [\"tree\"]",
        "[[variant]]\nname = \"tar\"\ncommand = [\"tar\", \"-cf\", \"{output}\", \"-C\", \"{input}\", \".\"]\n\
         decode = [\"tar\", \"-xf\", \"{encoded}\", \"-C\", \"{decoded}\"]\n\
         [[variant]]\nname = \"cp\"\ncommand = [\"cp\", \"-r\", \"{input}/.\", \"{output}\"]\noutput = \"folder\"\ncheck = \"bytes\"\n",
    );
    measured.is_fine();
    let rows = measured.rows("run");
    assert_eq!((rows.len(), rows[0]["input_bytes"].as_str()), (4, "5"));
    assert_eq!(rows.iter().filter(|row| row["output_bytes"] == "5").count(), 2, "{rows:?}");
    // A command that reads its stdin has no use for a folder.
    let refused = bench.run(
        "stdin",
        "folders = [\"tree\"]",
        "[[variant]]\nname = \"cat\"\ncommand = [\"cat\"]\n",
    );
    assert_eq!(refused.output.status.code(), Some(2), "{}", refused.said());
    assert!(refused.said().contains("write `{input}`"), "{}", refused.said());
}

#[test]
fn json_programs_are_right_when_the_values_are() {
    if !has("jq") || !has("python3") {
        return;
    }
    let bench = Bench::new();
    let measured = bench.run(
        "json",
        SWEEP,
        "[[variant]]\nname = \"jq\"\ncommand = [\"jq\", \"-S\", \".\"]\ncheck = \"json\"\n\
         [[variant]]\nname = \"python\"\ncommand = [\"python3\", \"-m\", \"json.tool\", \"--compact\"]\ncheck = \"json\"\n\
         [[variant]]\nname = \"loses\"\ncommand = [\"jq\", \"-c\", \"keys\"]\ncheck = \"json\"\n",
    );
    assert_eq!(measured.output.status.code(), Some(1), "{}", measured.said());
    for row in measured.rows("run") {
        let outcome = row["outcome"].as_str();
        match row["variant"].as_str() {
            // After it has failed, larger documents may be left out.
            "loses" => assert!(["wrong_round_trip", "skipped"].contains(&outcome), "{row:?}"),
            _ => assert_eq!(outcome, "ok", "{row:?}"),
        }
    }
    // Nothing was decoded: only where the result itself was wrong is there a row that says so.
    assert!(measured.rows("decode").iter().all(|row| row["variant"] == "loses"));
    let said = measured.said();
    assert!(said.contains("the result is not what its check asks for"), "{said}");
}

#[test]
fn exit_codes_environment_folder_and_time_are_what_the_variant_says() {
    if !has("grep") || !has("printenv") {
        return;
    }
    let bench = Bench::new();
    bench.write("words", "a\n");
    bench.write("below/here", "");
    let measured = bench.run(
        "said",
        "files = [\"words\"]",
        "[[variant]]\nname = \"finds-nothing\"\ncommand = [\"grep\", \"b\"]\nexit_codes = [0, 1]\n\
         [[variant]]\nname = \"fails\"\ncommand = [\"grep\", \"b\"]\n\
         [[variant]]\nname = \"says\"\ncommand = [\"printenv\", \"SIZE\"]\nenv = { SIZE = \"{size} bytes\" }\n\
         [[variant]]\nname = \"there\"\ncommand = [\"ls\"]\ncwd = \"below\"\n\
         [[variant]]\nname = \"empty\"\ncommand = [\"ls\"]\ncwd = \"{work}\"\n\
         [[variant]]\nname = \"slow\"\ncommand = [\"sleep\", \"1000\"]\ntimeout = \"100 ms\"\n\
         [[variant]]\nname = \"nothing\"\ncommand = [\"true\"]\noutput = \"none\"\n\
         [[variant]]\nname = \"no-result\"\ncommand = [\"true\", \"{output}\"]\n",
    );
    let rows = measured.rows("run");
    let of = |name: &str, column: &str| {
        let row = rows.iter().find(|row| row["variant"] == name);
        row.map(|row| row[column].clone()).unwrap_or_default()
    };
    for (name, outcome, output) in [
        ("finds-nothing", "ok", "0"),
        ("fails", "failed", ""),
        ("says", "ok", "8"),
        ("there", "ok", "5"),
        ("empty", "ok", "0"),
        ("slow", "timeout", ""),
        ("nothing", "ok", ""),
        ("no-result", "failed", ""),
    ] {
        assert_eq!(
            (of(name, "outcome"), of(name, "output_bytes")),
            (outcome.to_owned(), output.to_owned()),
            "{name}"
        );
    }
    assert!(measured.said().contains("left no result"), "{}", measured.said());
}

#[test]
fn hooks_run_around_what_is_measured_and_one_that_fails_stops_the_campaign() {
    if !has("sh") {
        return;
    }
    let bench = Bench::new();
    bench.write("words", "a\n");
    bench.write("log", "");
    let hook = |word: &str, text: &str| {
        format!("{word} = [\"sh\", \"-c\", \"echo {text} >> {}\"]\n", bench.path("log").display())
    };
    let hooks = [
        hook("setup", "setup"),
        hook("prepare", "prepare {size} >> {work}/made; echo prepared"),
        hook("conclude", "conclude"),
        hook("cleanup", "cleanup"),
    ];
    let variant = |name: &str| {
        format!(
            "[[variant]]\nname = \"{name}\"\ncommand = [\"ls\"]\ncwd = \"{{work}}\"\n{}",
            hooks.concat()
        )
    };
    let measured =
        bench.run("hooks", "files = [\"words\"]", &format!("{}{}", variant("a"), variant("b")));
    measured.is_fine();
    assert!(measured.rows("run").iter().all(|row| row["output_bytes"] == "5"), "`made` was there");
    let log = fs::read_to_string(bench.path("log")).unwrap();
    let count = |word: &str| log.lines().filter(|line| *line == word).count();
    // Two variants with the same setup, an empty document and two blocks each.
    assert_eq!((count("setup"), count("cleanup")), (1, 1), "{log}");
    assert_eq!((count("prepared"), count("conclude")), (6, 6), "{log}");
    assert!(log.starts_with("setup\n") && log.ends_with("cleanup\n"), "{log}");

    let failing = "[[variant]]\nname = \"a\"\ncommand = [\"ls\"]\n\
                   prepare = [\"sh\", \"-c\", \"echo no room >&2; exit 3\"]\n";
    let stopped = bench.run("hook-fails", "files = [\"words\"]", &format!("{failing}{}", hooks[3]));
    assert_eq!(stopped.output.status.code(), Some(1));
    let said = stopped.said();
    assert!(said.contains("`prepare` of `a`") && said.contains("no room"), "{said}");
    assert!(!stopped.folder.join("samples.csv").exists());
    let log = fs::read_to_string(bench.path("log")).unwrap();
    assert!(log.ends_with("cleanup\ncleanup\n"), "it is cleaned up all the same: {log}");
}

const SPEAKS: &str = r#"
import json, sys
data = sys.stdin.buffer.read()
sys.stdout.buffer.write(data)
print("speed: 1.5 MB/s", file=sys.stderr)
print(f"speed: {len(data) / 1000 + 1} MB/s", file=sys.stderr)
json.dump({"time": {"encode_ms": len(data) / 500 + 2}}, open(sys.argv[1] + "/stats.json", "w"))
"#;

#[test]
fn what_a_program_says_of_itself_is_a_metric_like_any_other() {
    if !has("python3") {
        return;
    }
    let bench = Bench::new();
    bench.write("speaks.py", SPEAKS);
    let text = "title = \"t\"\nquestion = \"q\"\n\
        analysis = \"It takes {encode_time/speaks/balanced/4 KB}.\"\n\
        [input]\nprofiles = [\"balanced\"]\nsizes = [\"1 KB\", \"2 KB\", \"4 KB\", \"8 KB\", \"16 KB\"]\n\
        [measure]\nwarmup = 0\nruns = { min = 3, max = 3 }\n\
        [[metric]]\nname = \"speed\"\nunit = \"MB/s\"\nbetter = \"higher\"\nregex = 'speed: ([0-9.]+) MB/s'\n\
        [[metric]]\nname = \"encode_time\"\nwords = \"time to encode\"\nunit = \"ms\"\nfrom = \"{work}/stats.json\"\npointer = \"/time/encode_ms\"\n\
        [[variant]]\nname = \"speaks\"\ncommand = [\"python3\", \"speaks.py\", \"{work}\"]\n\
        [[variant]]\nname = \"silent\"\ncommand = [\"cat\"]\n\
        [fit]\nmetrics = [\"encode_time\", \"speed\"]\nreference = \"speaks\"\npredict = [\"32 KB\"]\n\
        [[criterion]]\nname = \"fast at last\"\nmetric = \"speed\"\nvariant = \"speaks\"\nat = \"16 KB\"\nabove = 16\n\
        [[criterion]]\nname = \"linear\"\nmetric = \"encode_time\"\nvariant = \"speaks\"\nof = \"growth\"\nbelow = 1.05\n\
        [[criterion]]\nname = \"quick\"\nmetric = \"encode_time\"\nvariant = \"speaks\"\nat = \"16 KB\"\nbelow = \"35 ms\"\n";
    let measured = bench.measured("run", "metric", text);
    measured.is_fine();
    let rows = measured.rows("run");
    let last = rows
        .iter()
        .find(|row| row["variant"] == "speaks" && row["input_bytes"] == "16000")
        .unwrap();
    assert_eq!((last["speed"].as_str(), last["encode_time_ns"].as_str()), ("17.0", "34000000.0"));
    assert!(
        rows.iter().filter(|row| row["variant"] == "silent").all(|row| row["speed"].is_empty())
    );
    assert!(measured.said().contains("silent: no `speed` in its stderr"), "{}", measured.said());
    let report = measured.file("report.md");
    for part in ["It takes 10.0 ms.", "time to encode", "17.00 MB/s", "O(n)"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    assert!(measured.file("summary.json").contains("\"encode_time_ns\""));
    assert!(measured.folder.join("figures/scaling.svg").exists());
    // Nothing but what is committed is needed to make the report again.
    let again = bench.measured("report", "metric", text);
    assert_eq!(again.output.status.code(), Some(0), "{}", again.said());
}

const MAKES: &str = r#"
import random, sys
size, seed = int(sys.argv[1]), int(sys.argv[2])
random.seed(seed)
lines = []
left = size
while left > 0:
    line = f"{random.randrange(10**6)} {random.choice(['GET', 'PUT'])}\n"[-left:]
    lines.append(line)
    left -= len(line)
sys.stdout.write("".join(lines))
"#;

#[test]
fn documents_come_from_a_generator_of_ones_own() {
    if !has("python3") || !has("zstd") {
        return;
    }
    let bench = Bench::new();
    bench.write("make.py", MAKES);
    let input = "generate = { logs = [\"python3\", \"make.py\", \"{size}\", \"{seed}\"] }\n\
                 sizes = { from = \"100 B\", to = \"10 KB\", per_decade = 2 }\nseed = 7";
    let zstd = "[[variant]]\nname = \"zstd\"\ncommand = [\"zstd\", \"-qc\"]\ndecode = [\"zstd\", \"-dqc\"]\n";
    let measured = bench.run("generate", input, zstd);
    measured.is_fine();
    let mut sizes: Vec<u64> =
        measured.rows("run").iter().map(|row| row["input_bytes"].parse().unwrap()).collect();
    sizes.sort_unstable();
    sizes.dedup();
    assert_eq!(sizes, [100, 320, 1000, 3200, 10_000]);
    assert!(measured.rows("run").iter().all(|row| row["profile"] == "logs"));
    // What makes nothing, or fails, is told with the command and its reason.
    for (command, part) in [
        ("[\"true\"]", "made nothing"),
        ("[\"sh\", \"-c\", \"echo out of ideas >&2; exit 1\"]", "out of ideas"),
        ("[\"no-such-program-anywhere\"]", "no-such-program-anywhere"),
    ] {
        let input = format!("generate = {command}\nsizes = [\"100 B\"]");
        let failed = bench.run("generate-fails", &input, zstd);
        assert_ne!(failed.output.status.code(), Some(0));
        assert!(failed.said().contains(part), "{command}: {}", failed.said());
    }
}

/// Runs `try` in a folder.
fn tried(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let mut command = Command::new(XTASK);
    command
        .arg("try")
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
    command.env("XTASK_LOCK_DIR", folder);
    let output = command.stdin(Stdio::null()).output().expect("xtask runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, text)
}

#[test]
fn commands_are_tried_against_each_other_without_a_file() {
    if !has("jq") || !has("gzip") {
        return;
    }
    let bench = Bench::new();
    let arguments = ["gzip -9 -n", "jq -c .", "--sizes", "1KB..100KB", "--runs", "3"];
    let (output, text) = tried(bench.0.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "gzip  gzip -9 -n",
        "jq  jq -c .",
        "time (mean ± sd)",
        "range",
        "memory",
        "output",
        "grows:",
        "jq against gzip at 100 KB",
        "gzip is smaller",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "piped, so without colour:\n{text}");
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{text}");
    for (arguments, part) in [
        (vec!["cat | wc"], "no shell runs"),
        (vec!["cat", "--sizes", "10..20"], "`--sizes` holds `10`"),
        (vec!["cat", "--runs", "x"], "`--runs` holds `x`"),
    ] {
        let (output, _) = tried(bench.0.path(), &arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(part), "{said}");
    }
    let (output, text) = tried(bench.0.path(), &["cat", "false", "--sizes", "1KB", "--runs", "2"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("failed"), "{text}");
}

/// Metrics of which more is better turn what counts as improved.
#[test]
fn a_lower_speed_is_a_regression_and_a_lower_time_is_an_improvement() {
    if !has("sh") {
        return;
    }
    let bench = Bench::new();
    bench.write("words", "a\n");
    // Values that scatter by one in a hundred, by the number of the run: 100, 101, 102, 100, ..
    bench.write(
        "score.sh",
        "count=$(cat \"$2\" 2>/dev/null || echo 0)\necho $((count + 1)) > \"$2\"\n\
         value=$(($1 + count % 3))\necho \"speed: $value, seconds: $value\" >&2\n",
    );
    let variant = |name: &str, base: u32| {
        format!(
            "[[variant]]\nname = \"{name}\"\ncommand = [\"sh\", \"score.sh\", \"{base}\", \"{}\"]\n",
            bench.path(name).display()
        )
    };
    let text = format!(
        "title = \"t\"\nquestion = \"q\"\n[input]\nfiles = [\"words\"]\n\
         [measure]\nwarmup = 0\nruns = {{ min = 6, max = 6 }}\n\
         [[metric]]\nname = \"speed\"\nbetter = \"higher\"\nregex = 'speed: ([0-9.]+)'\n\
         [[metric]]\nname = \"seconds\"\nunit = \"s\"\nregex = 'seconds: ([0-9.]+)'\n\
         {}{}[fit]\nmetrics = [\"speed\", \"seconds\"]\nreference = \"high\"\n",
        variant("high", 100),
        variant("low", 80)
    );
    let measured = bench.measured("run", "higher", &text);
    measured.is_fine();
    let summary: serde_json::Value = serde_json::from_str(&measured.file("summary.json")).unwrap();
    let verdict = |metric: &str| {
        let compared = summary["comparisons"].as_array().unwrap();
        let of = compared.iter().find(|of| of["metric"].as_str().unwrap().starts_with(metric));
        of.unwrap_or_else(|| panic!("{metric}: {compared:?}")).clone()
    };
    let (speed, seconds) = (verdict("speed"), verdict("seconds"));
    assert_eq!((&speed["verdict"], &seconds["verdict"]), (&"regressed".into(), &"improved".into()));
    // What is not turned is the ratio itself.
    assert_eq!(speed["ratio"], seconds["ratio"], "{speed} {seconds}");
    let report = measured.file("report.md");
    assert!(report.contains("regressed") && report.contains("improved"), "{report}");
}

/// Drops these parts of a file from the page cache, as far as the kernel follows.
fn evict(path: &Path, parts: impl Fn(u64) -> bool) {
    use rustix::fs::{Advice, fadvise};
    const PART: u64 = 64 << 10;
    let file = fs::File::open(path).expect("a file");
    file.sync_all().expect("what is not on disk cannot be dropped");
    let length = file.metadata().expect("a file").len();
    for part in (0..length.div_ceil(PART)).filter(|part| parts(*part)) {
        fadvise(&file, part * PART, std::num::NonZero::new(PART), Advice::DontNeed)
            .expect("advice");
    }
}

/// Three byte-identical copies once gave 8 of 10 cells "regressed", since the peak depended on which
/// of their pages lay in the page cache, and on who had brought them there. git is large enough for that:
/// what is done to its copies here is worth 600 KB of its peak where nothing is done against it.
#[test]
fn copies_that_lie_in_the_page_cache_in_different_ways_are_not_told_apart() {
    if !has("git") {
        return;
    }
    let git = fs::canonicalize(which("git")).expect("a program");
    let bench = Bench::new();
    let variants: Vec<String> = ["first", "second", "third", "fourth"]
        .iter()
        .map(|name| {
            fs::create_dir(bench.path(name)).expect("a folder");
            fs::copy(&git, bench.path(name).join("git")).expect("a copy");
            format!(
                "[[variant]]\nname = \"{name}\"\ncommand = [\"./{name}/git\", \"hash-object\", \"--stdin\"]\n"
            )
        })
        .collect();
    // As it was written, all gone, every other part gone, and all behind the first parts.
    evict(&bench.path("second/git"), |_| true);
    evict(&bench.path("third/git"), |part| part % 2 == 0);
    evict(&bench.path("fourth/git"), |part| part > 40);
    let text = format!(
        "title = \"t\"\nquestion = \"q\"\n[input]\n{SWEEP}\n[measure]\nwarmup = 0\n\
         runs = {{ min = 5, max = 5 }}\n{}\
         [fit]\nmetrics = [\"peak_rss\", \"peak_hwm\", \"peak_anon\", \"output\"]\nreference = \"first\"\n",
        variants.concat()
    );
    let measured = bench.measured("run", "copies", &text);
    measured.is_fine();
    let summary: serde_json::Value = serde_json::from_str(&measured.file("summary.json")).unwrap();
    let compared = summary["comparisons"].as_array().unwrap();
    assert_eq!(compared.len(), 3 * 2 * 4, "three copies, two sizes, four metrics");
    for of in compared {
        let verdict = of["verdict"].as_str().unwrap();
        assert!(verdict != "regressed" && verdict != "improved", "{of}");
    }
}

fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program));
    found.into_iter().find(|path| path.is_file()).expect("it is installed")
}

/// What a command draws and prints on a terminal that is so wide, with these variables; nothing where there
/// is no `script` to make one.
fn on_terminal(folder: &Path, columns: u32, env: &[(&str, &str)], line: &str) -> Option<String> {
    if !has("script") || !has("stty") {
        return None;
    }
    let mut script = Command::new("script");
    script.args(["-qefc", &format!("stty cols {columns} rows 24; {line}"), "/dev/null"]);
    script.env("XTASK_LOCK_DIR", folder).env("TERM", "xterm").env_remove("NO_COLOR");
    script.envs(env.iter().copied()).env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
    let output = script.current_dir(folder).stdin(Stdio::null()).output().expect("script runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    Some(text)
}

/// Without what moves the cursor and colours: the pieces that were drawn, each on one line.
fn drawn(text: &str) -> Vec<String> {
    let codes = regex::Regex::new("\x1b\\[[0-9;?]*[A-Za-z]").expect("a constant");
    let pieces = codes.replace_all(text, "\n");
    pieces.split(['\r', '\n']).map(ToOwned::to_owned).collect()
}

#[test]
fn the_bar_fits_its_line_and_shows_what_is_left_until_the_rule_can_end_it() {
    let bench = Bench::new();
    bench.write("words", "a\n");
    // Every other value is a tenth larger: some twenty runs until the mean is known to 3 %.
    bench.write(
        "score.sh",
        "count=$(cat count 2>/dev/null || echo 0)\necho $((count + 1)) > count\n\
         sleep 0.1\necho \"score: $((100 + count % 2 * 10))\" >&2\n",
    );
    bench.write(
        "bar.toml",
        "title = \"t\"\nquestion = \"q\"\n[input]\nfiles = [\"words\"]\n\
         [measure]\nwarmup = 0\nruns = { min = 4, max = 60, precision = \"3 %\" }\n\
         [[metric]]\nname = \"score\"\nregex = 'score: (\\d+)'\n\
         [[variant]]\nname = \"a-name-that-is-rather-long-for-a-variant\"\ncommand = [\"sh\", \"score.sh\"]\n\
         [fit]\nmetrics = [\"score\"]\n",
    );
    let range = regex::Regex::new(r"left \S+ \(.+ to .+\)").expect("a constant");
    for columns in [80, 60] {
        let line = format!("{XTASK} run --no-build --restart --reports reports{columns} bar.toml");
        let Some(text) = on_terminal(bench.0.path(), columns, &[], &line) else { return };
        let bars: Vec<String> =
            drawn(&text).into_iter().filter(|of| of.contains(" %  left ")).collect();
        assert!(bars.iter().all(|bar| bar.chars().count() <= columns as usize), "{bars:#?}");
        let of_first = |bar: &String| bar.contains("of 4 to 60 blocks");
        assert!(bars.iter().any(of_first), "{bars:#?}");
        assert!(
            bars.iter().any(|bar| range.is_match(bar)),
            "the range beyond the fewest: {bars:#?}"
        );
        let samples = fs::read_to_string(bench.path(&format!("reports{columns}/bar/samples.csv")));
        let runs =
            samples.expect("samples").lines().filter(|line| line.starts_with("run,")).count();
        assert!((8..60).contains(&runs), "the rule ended it: {runs}");
    }
}

#[test]
fn what_try_prints_is_coloured_on_a_terminal_alone_and_fits_in_80_columns() {
    let bench = Bench::new();
    let line = format!("{XTASK} try cat 'cat -u' --sizes 1KB --runs 2 2>/dev/null");
    for (columns, env, coloured) in [
        (80, &[][..], true),
        (60, &[], true),
        (80, &[("NO_COLOR", "1")], false),
        (80, &[("TERM", "dumb")], false),
    ] {
        let Some(text) = on_terminal(bench.0.path(), columns, env, &line) else { return };
        assert_eq!(text.contains("\u{1b}[1m"), coloured, "{env:?}: {text}");
        assert!(drawn(&text).iter().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("time (mean ± sd)") && text.contains("cat-u"), "{text}");
    }
}
