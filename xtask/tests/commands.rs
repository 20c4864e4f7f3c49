//! The command line as a user meets it: exit codes, errors, and that nothing is written on bad input.
//! Children are measured for real, by the built probe, with tiny documents.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Starts the laboratory.
fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

/// Runs the experiment in `text`, called `name`, with its reports in `folder`.
fn run(folder: &Path, name: &str, text: &str) -> (Output, String) {
    let toml = folder.join(name).with_extension("toml");
    fs::write(&toml, text).unwrap();
    let reports = folder.join("reports");
    // Tests do not care what times are worth, so they need not wait for each other.
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .env("XTASK_LOCK_DIR", folder)
        .args(["run", toml.to_str().unwrap(), "--reports", reports.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

const CAT: &str = r#"
title = "T"
question = "Q?"
[input]
profiles = ["wide"]
sizes = ["100 B", "1 KB"]
[measure]
warmup = 0
runs = { min = 2, max = 2 }
"#;

#[test]
fn bad_input_ends_with_code_2_one_line_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let (output, said) = run(folder.path(), "bad-input", &CAT.replace("1 KB", "1 XB"));
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("bad-input.toml:6:19: `input.sizes` holds `1 XB`; write"), "{said}");
    assert!(!folder.path().join("reports").exists());
}

#[test]
fn an_unknown_experiment_names_those_there_are() {
    let output = xtask(&["run", "no-such-experiment"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("`baseline`") && said.contains("`quick`"), "{said}");
}

#[test]
fn failing_children_are_rows_marked_in_the_report_and_in_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let variants = r#"
[[variant]]
name = "copies"
command = ["cat"]
decode = ["cat"]
[[variant]]
name = "absent"
command = ["no-such-program-anywhere"]
[[variant]]
name = "fails"
command = ["sh", "-c", "echo out of luck >&2; exit 3"]
[[variant]]
name = "hangs"
command = ["sleep", "1000"]
[[variant]]
name = "loses"
command = ["cat"]
decode = ["head", "-c", "5"]
"#;
    let text = CAT.replace("warmup = 0", "warmup = 0\ntimeout = \"1 s\"");
    let (output, said) = run(folder.path(), "failures", &format!("{text}{variants}"));
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("absent on wide of 100 B: the encoder was not started"), "{said}");
    assert!(
        said.contains("fails on wide of 100 B: the encoder failed with exit code 3 (out of luck)"),
        "{said}"
    );
    assert!(said.contains("hangs on wide of 100 B: the encoder timed out"), "{said}");
    assert!(said.contains("loses on wide of 100 B: decoding gave another document"), "{said}");

    let report = folder.path().join("reports/failures");
    let samples = fs::read_to_string(report.join("samples.csv")).unwrap();
    let rows = |what: &str| samples.lines().filter(|line| line.contains(what)).count();
    // Five variants, two sizes, two blocks: a row each, whatever became of it.
    assert_eq!(rows("run,"), 20, "{samples}");
    assert_eq!(rows(",absent,wide,1000,skipped"), 2, "{samples}");
    assert_eq!(rows(",copies,wide,1000,ok"), 3, "two runs and one decoding:\n{samples}");
    let text = fs::read_to_string(report.join("report.md")).unwrap();
    for marked in ["not started", "failed", "timed out", "wrong round trip", "not tried"] {
        assert!(text.contains(marked), "{marked}:\n{text}");
    }
}

#[test]
fn a_published_report_checks_and_a_touched_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let variant = "[[variant]]\nname = \"copies\"\ncommand = [\"cat\"]\ndecode = [\"cat\"]\n";
    let (output, said) = run(folder.path(), "checked", &format!("{CAT}{variant}"));
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!folder.path().join("reports/checked/running").exists());
    let reports = folder.path().join("reports");
    let toml = folder.path().join("checked.toml");
    let check = || {
        let paths = [toml.to_str().unwrap(), "--reports", reports.to_str().unwrap()];
        xtask(&[&["report", "--check"][..], &paths].concat())
    };
    assert_eq!(check().status.code(), Some(0), "{:?}", check());
    let report = reports.join("checked/report.md");
    fs::write(&report, fs::read_to_string(&report).unwrap().replace("100 B", "200 B")).unwrap();
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("report.md"), "{output:?}");
}

/// A pipe whose reader has gone away.
fn nobody() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn every_verb_ends_quietly_with_its_exit_code_when_its_reader_goes_away() {
    let verbs: [(&[&str], i32); 6] = [
        (&["--help"], 0),
        (&["list"], 0),
        (&["run", "quick", "--list"], 0),
        (&["calibrate", "--quick", "--only", "the mean, normal noise, CV 1 %, n = 5"], 0),
        (&["run", "no-such-experiment"], 2),
        (&["report", "--check", "published-baseline"], 0),
    ];
    for (arguments, code) in verbs {
        let program = || {
            let mut program = Command::new(env!("CARGO_BIN_EXE_xtask"));
            program.args(arguments);
            program
        };
        let output = program().stdout(nobody()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
        let status = program().stdout(nobody()).stderr(nobody()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?} without stderr");
    }
}

#[test]
fn output_that_cannot_be_written_for_another_reason_is_a_failure() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = program.arg("list").stdout(full).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write to stdout"), "{said}");
}

#[test]
fn a_name_with_a_dot_is_not_the_name_before_the_dot() {
    let output = xtask(&["run", "quick.v2", "--list"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no experiment `quick.v2`"), "{said}");
}

#[test]
fn experiments_that_would_share_a_report_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{CAT}[[variant]]\nname = \"copies\"\ncommand = [\"cat\"]\n");
    let place = |name: &str| {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        let path = folder.join("quick.toml");
        fs::write(&path, &text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (one, other) = (place("one"), place("other"));
    for paths in [&[one.as_str(), other.as_str()][..], &[one.as_str()]] {
        let output = xtask(&[&["run", "--list"], paths].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("are both called `quick`"), "{said}");
    }
    let reports = folder.path().join("reports");
    let elsewhere = xtask(&["run", "--list", &one, "--reports", reports.to_str().unwrap()]);
    assert_eq!(elsewhere.status.code(), Some(0), "{elsewhere:?}");
}

#[test]
fn documents_that_samples_could_not_tell_apart_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.json", "a.ndjson", "wide", "empty"] {
        fs::write(folder.path().join(name), "[]\n").unwrap();
    }
    let variant = "[[variant]]\nname = \"copies\"\ncommand = [\"cat\"]\n";
    for (input, twice) in [
        ("repeated = [\"a.json\", \"a.ndjson\"]", "a-repeated"),
        ("files = [\"wide\"]", "wide"),
        ("files = [\"empty\"]", "empty"),
    ] {
        let text = CAT.replace("[measure]", &format!("{input}\n[measure]"));
        let (output, said) = run(folder.path(), "apart", &format!("{text}{variant}"));
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("two documents of `input` are called `{twice}`")), "{said}");
    }
}

#[test]
fn a_number_of_warm_ups_that_nobody_can_wait_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = CAT.replace("warmup = 0", "warmup = 4294967295");
    let variant = "[[variant]]\nname = \"copies\"\ncommand = [\"cat\"]\n";
    let (output, said) = run(folder.path(), "warm", &format!("{text}{variant}"));
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("`measure.warmup` is 4294967295; write at most 10000"), "{said}");
}

#[test]
fn a_required_criterion_that_cannot_be_judged_fails_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let rest = "[[variant]]\nname = \"copies\"\ncommand = [\"cat\"]\n\
                [[criterion]]\nname = \"Small later\"\nmetric = \"peak_rss\"\nat = \"1 GB\"\nbelow = \"1 GB\"\n";
    let (output, said) = run(folder.path(), "unjudged", &format!("{CAT}{rest}"));
    assert_eq!(output.status.code(), Some(1), "{said}");
    let optional = format!("{rest}required = false\n");
    let (output, said) = run(folder.path(), "unjudged-question", &format!("{CAT}{optional}"));
    assert_eq!(output.status.code(), Some(0), "{said}");
}

#[test]
fn a_decoder_that_fails_is_blamed_and_not_the_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let variants = r#"
[[variant]]
name = "without"
command = ["cat"]
decode = ["no-such-decoder"]
[[variant]]
name = "fails"
command = ["cat"]
decode = ["sh", "-c", "printf '\\033[31mout of\\nluck\\n' >&2; exit 4"]
"#;
    let (output, said) = run(folder.path(), "blame", &format!("{CAT}{variants}"));
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("without on wide of 100 B: the decoder was not started"), "{said}");
    assert!(said.contains("fails on wide of 100 B: the decoder failed with exit code 4"), "{said}");
    let report = fs::read_to_string(folder.path().join("reports/blame/report.md")).unwrap();
    assert!(!report.contains("wrong round trip"), "{report}");
    assert!(report.contains("      \\u{1b}[31mout of\n      luck\n"), "{report}");
    assert!(!report.contains('\u{1b}') && !said.contains('\u{1b}'), "{report}");
}

#[test]
fn endless_output_is_an_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let variant = "[[variant]]\nname = \"endless\"\ncommand = [\"yes\"]\n";
    let text = CAT.replace("[measure]", "[measure]\noutput_limit = \"20 x\"");
    let (output, said) = run(folder.path(), "endless", &format!("{text}{variant}"));
    assert_eq!(output.status.code(), Some(1), "{said}");
    let samples = fs::read_to_string(folder.path().join("reports/endless/samples.csv")).unwrap();
    assert!(samples.contains(",output_limit,"), "{samples}");
    let report = fs::read_to_string(folder.path().join("reports/endless/report.md")).unwrap();
    assert!(report.contains("over the output limit"), "{report}");
}

#[test]
fn who_failed_is_named_with_the_reason_and_what_it_said_last() {
    let folder = tempfile::tempdir().unwrap();
    let variants = r#"
[[variant]]
name = "decoder-hangs"
command = ["cat"]
decode = ["sh", "-c", "echo still thinking >&2; exec sleep 1000"]
timeout = "2 s"
[[variant]]
name = "decoder-killed"
command = ["cat"]
decode = ["sh", "-c", "echo about to fall >&2; kill -SEGV $$"]
[[variant]]
name = "decoder-floods"
command = ["cat"]
decode = ["sh", "-c", "exec yes"]
[[variant]]
name = "encoder-wrong"
command = ["sh", "-c", "cat > /dev/null; echo other"]
decode = ["cat"]
[[variant]]
name = "encoder-missing"
command = ["no-such-encoder"]
decode = ["cat"]
[[variant]]
name = "encoder-fails"
command = ["sh", "-c", "seq 1 30 >&2; exit 9"]
decode = ["cat"]
"#;
    let text = CAT.replace("[measure]", "[measure]\noutput_limit = \"20 x\"");
    let (output, said) = run(folder.path(), "who", &format!("{text}{variants}"));
    assert_eq!(output.status.code(), Some(1), "{said}");
    let report = fs::read_to_string(folder.path().join("reports/who/report.md")).unwrap();
    for (variant, words) in [
        ("decoder-hangs", "the decoder timed out"),
        ("decoder-killed", "the decoder was ended by signal 11"),
        ("decoder-floods", "the decoder was over the output limit"),
        ("encoder-wrong", "decoding gave another document than was encoded"),
        ("encoder-missing", "the encoder was not started"),
        ("encoder-fails", "the encoder failed with exit code 9"),
    ] {
        assert!(said.contains(&format!("{variant} on wide of 100 B: {words}")), "{words}: {said}");
        assert!(report.contains(words), "{words}: {report}");
    }
    for line in
        ["still thinking", "about to fall", "cannot execute `no-such-encoder`", "      30\n"]
    {
        assert!(report.contains(line), "{line}: {report}");
    }
    // Of thirty lines the last ten.
    assert!(report.contains("      21\n") && !report.contains("      20\n"), "{report}");
    let samples = fs::read_to_string(folder.path().join("reports/who/samples.csv")).unwrap();
    for variant in ["decoder-hangs", "decoder-killed", "decoder-floods"] {
        let mut runs = samples.lines().filter(|line| {
            line.starts_with("run,") && line.contains(&format!(",{variant},wide,100,"))
        });
        assert!(runs.all(|line| line.contains(",decoder_failed,")), "{samples}");
    }
}

/// `yes` once wrote 1.7 GB in three seconds. What is written to a file or into a folder is looked at as
/// well as stdout is.
#[test]
fn endless_files_and_folders_are_stopped_long_before_they_fill_a_disk() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, rest: &str, to: &str| {
        format!(
            "[[variant]]\nname = \"{name}\"\n{rest}\
             command = [\"sh\", \"-c\", \"head -c 1700000000 /dev/zero > {to}; echo > {to}.done\", \"-\", \"{{output}}\"]\n"
        )
    };
    let file = write("file", "", "$1");
    let folders = write("folder", "output = \"folder\"\n", "$1/part");
    let within = "[[variant]]\nname = \"within\"\ncommand = [\"cp\", \"{input}\", \"{output}\"]\n";
    let text = CAT.replace("[measure]", "[measure]\noutput_limit = \"1 MB\"");
    let (output, said) = run(folder.path(), "files", &format!("{text}{file}{folders}{within}"));
    assert_eq!(output.status.code(), Some(1), "{said}");
    let samples = fs::read_to_string(folder.path().join("reports/files/samples.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(samples.as_bytes());
    let rows: Vec<std::collections::BTreeMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().unwrap();
    let runs = rows.iter().filter(|row| row["kind"] == "run" && row["input_bytes"] == "100");
    assert_eq!(runs.clone().count(), 6, "{samples}");
    for row in runs {
        let outcome = if row["variant"] == "within" { "ok" } else { "output_limit" };
        assert_eq!(row["outcome"], outcome, "{row:?}");
        // Long before: it was killed and did not come to its own end.
        if outcome != "ok" {
            assert_eq!(row["signal"], "9", "{row:?}");
            assert!(row["written_bytes"].parse::<u64>().unwrap() < 1_700_000_000, "{row:?}");
        }
    }
}
