//! The program as people and programs use it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn sigma(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sigma"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // The child may end without reading all of it.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("the program ends")
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_pipe_goes_in_and_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let encoded = sigma(folder.path(), &["encode"], b"{\"a\":[1,2,3]}");
    assert!(encoded.status.success(), "{}", error_of(&encoded));
    let decoded = sigma(folder.path(), &["decode"], &encoded.stdout);
    assert_eq!(decoded.stdout, b"{\"a\":[1,2,3]}");
}

#[test]
fn a_file_is_encoded_beside_and_keeps_its_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (plain, coded) = (folder.path().join("a.json"), folder.path().join("a.json.sg"));
    fs::write(&plain, "[true]").expect("a writable folder");
    assert!(sigma(folder.path(), &["encode", "a.json"], b"").status.success());
    let modified = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).expect("a file");
    assert_eq!(modified(&plain), modified(&coded));
    let again = sigma(folder.path(), &["encode", "a.json"], b"");
    assert_eq!(again.status.code(), Some(1));
    assert!(error_of(&again).contains("give -f"), "{}", error_of(&again));
    fs::remove_file(&plain).expect("it is there");
    assert!(sigma(folder.path(), &["decode", "a.json.sg"], b"").status.success());
    assert_eq!(fs::read(&plain).expect("it is back"), b"[true]");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing is left over");
}

#[test]
fn damage_ends_with_1_and_leaves_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut encoded = sigma(folder.path(), &["encode"], b"[1,2,3,4,5,6,7]").stdout;
    encoded[3] ^= 1;
    fs::write(folder.path().join("a.sg"), &encoded).expect("a writable folder");
    for arguments in [&["decode", "a.sg"][..], &["test", "a.sg"], &["inspect", "a.sg"]] {
        let output = sigma(folder.path(), arguments, b"");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(error_of(&output).contains("byte"), "{}", error_of(&output));
    }
    assert!(!folder.path().join("a").exists());
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [&["encode", "--level", "none"][..], &["decode", "--swim"], &["--swim"]] {
        let output = sigma(folder.path(), arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", error_of(&output));
    }
}

#[test]
fn limits_stop_a_bomb() {
    let folder = tempfile::tempdir().expect("a folder");
    let encoded = sigma(folder.path(), &["encode"], &b" ".repeat(5_000_000)).stdout;
    assert!(encoded.len() < 5000, "{}", encoded.len());
    let output = sigma(folder.path(), &["decode", "--output-limit", "1MB"], &encoded);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.len() <= 1_000_000 && error_of(&output).contains("output limit"));
    let output = sigma(folder.path(), &["decode", "--memory-limit", "1MB"], &encoded);
    assert!(output.stdout.is_empty() && error_of(&output).contains("memory limit"));
}

#[test]
fn help_says_first_what_a_verb_does_and_that_a_pipe_may_get_wrong_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let help = sigma(folder.path(), &["decode", "--help"], b"").stdout;
    let help = String::from_utf8(help).expect("text").replace('\n', " ");
    assert!(help.contains("may be wrong until the program ends"), "{help}");
    for verb in ["encode", "decode", "test", "list", "inspect"] {
        let help = sigma(folder.path(), &[verb, "-h"], b"").stdout;
        assert!(!help.starts_with(b"`"), "what it does comes first: {verb}");
    }
}

#[test]
fn every_technique_can_be_turned_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = "{\"a\":1,\"b\":\"two words\",\"c\":[1.5,2.5]}\n".repeat(100);
    let usual = sigma(folder.path(), &["encode"], document.as_bytes()).stdout;
    for name in ["stream", "pool", "lazy", "prune", "codebook", "delta", "pack"] {
        let arguments = ["encode", &format!("--{name}"), "off", "--layout", "boxed"];
        let encoded = sigma(folder.path(), &arguments, document.as_bytes()).stdout;
        assert_eq!(encoded == usual, matches!(name, "stream" | "pool" | "lazy"), "{name}");
        let decoded = sigma(folder.path(), &["decode"], &encoded);
        assert_eq!(decoded.stdout, document.as_bytes(), "{name}");
    }
}

#[test]
fn figures_are_written_as_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["encode", "--repeat", "3", "--stats-json", "stats.json"];
    assert!(sigma(folder.path(), &arguments, b"[1]").status.success());
    let json = fs::read_to_string(folder.path().join("stats.json")).expect("the figures");
    assert!(json.starts_with("{\"version\":1,\"input_bytes\":3,\"output_bytes\":"), "{json}");
    assert_eq!(json.matches("{\"rss_bytes").count(), 3, "{json}");
    assert!(json.matches("live_heap_bytes").count() == 3 && json.contains("\"heap\":"), "{json}");
}

/// Some lines of JSON.
fn lines(count: u32) -> String {
    let line = |n| format!("{{\"id\":{n},\"user\":\"user-{}\",\"ok\":{}}}\n", n % 7, n % 2 == 0);
    (0..count).map(line).collect()
}

#[test]
fn frames_are_the_same_from_any_input_and_any_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = lines(3000);
    fs::write(folder.path().join("a.json"), &document).expect("a writable folder");
    let expected = sigma(folder.path(), &["encode", "--frame", "16KiB"], document.as_bytes());
    assert!(expected.status.success(), "{}", error_of(&expected));
    for threads in ["0", "1", "3"] {
        let framed = ["encode", "--frame", "16KiB", "-T", threads];
        let from_pipe = sigma(folder.path(), &framed, document.as_bytes());
        let from_file = sigma(folder.path(), &[&framed[..], &["-c", "a.json"]].concat(), b"");
        assert!(from_pipe.stdout == expected.stdout, "{threads}: {}", error_of(&from_pipe));
        assert!(from_file.stdout == expected.stdout, "{threads}: {}", error_of(&from_file));
    }
    fs::write(folder.path().join("a.sg"), &expected.stdout).expect("a writable folder");
    for arguments in [
        &["decode", "-c", "a.sg"][..],
        &["decode", "-c", "-T", "3", "a.sg"],
        &["decode", "-f", "-T", "3", "-o", "b", "a.sg"],
    ] {
        let decoded = sigma(folder.path(), arguments, b"");
        assert!(decoded.status.success(), "{}", error_of(&decoded));
        let bytes = if arguments.contains(&"-c") {
            decoded.stdout
        } else {
            fs::read(folder.path().join("b")).expect("the output")
        };
        assert!(bytes == document.as_bytes(), "{arguments:?}");
    }
    let decoded = sigma(folder.path(), &["decode", "-T", "3"], &expected.stdout);
    assert!(decoded.stdout == document.as_bytes(), "from a pipe");
}

#[test]
fn more_threads_than_one_ask_for_frames() {
    let folder = tempfile::tempdir().expect("a folder");
    let framed = sigma(folder.path(), &["encode", "-T", "2"], b"[1]").stdout;
    assert_eq!(framed, sigma(folder.path(), &["encode", "--frame", "16MiB"], b"[1]").stdout);
    let unframed = sigma(folder.path(), &["encode", "-T", "1"], b"[1]").stdout;
    assert_eq!(unframed, sigma(folder.path(), &["encode"], b"[1]").stdout);
    assert_ne!(framed, unframed);
}

#[test]
fn a_range_is_decoded_from_any_encoding() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = lines(3000);
    let framed = sigma(folder.path(), &["encode", "--frame", "16KiB"], document.as_bytes()).stdout;
    let unframed = sigma(folder.path(), &["encode"], document.as_bytes()).stdout;
    for encoded in [framed, unframed] {
        fs::write(folder.path().join("a.sg"), &encoded).expect("a writable folder");
        for (range, expected) in [
            ("30KiB..31KiB", &document[30 << 10..31 << 10]),
            ("..10", &document[..10]),
            ("70kB..", &document[70_000..]),
            ("5..5", ""),
        ] {
            let arguments = ["decode", "-c", "--range", range, "a.sg"];
            let from_file = sigma(folder.path(), &arguments, b"");
            assert!(from_file.stdout == expected.as_bytes(), "{range}: {}", error_of(&from_file));
            let from_pipe = sigma(folder.path(), &["decode", "--range", range], &encoded);
            assert!(from_pipe.stdout == expected.as_bytes(), "{range}: {}", error_of(&from_pipe));
        }
        let outside = sigma(folder.path(), &["decode", "--range", "..1GB", "-o", "b", "a.sg"], b"");
        assert_eq!(outside.status.code(), Some(1));
        let len = document.len().to_string();
        assert!(error_of(&outside).contains(&len), "{}", error_of(&outside));
        assert!(!folder.path().join("b").exists());
    }
    let reversed = sigma(folder.path(), &["decode", "--range", "9..8", "a.sg"], b"");
    assert_eq!(reversed.status.code(), Some(2));
}

#[test]
fn damaged_frames_and_a_damaged_index_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = lines(3000);
    let encoded = sigma(folder.path(), &["encode", "--frame", "16KiB"], document.as_bytes()).stdout;
    let run = |damage: &dyn Fn(&mut Vec<u8>), arguments: &[&str]| {
        let mut damaged = encoded.clone();
        damage(&mut damaged);
        fs::write(folder.path().join("a.sg"), damaged).expect("a writable folder");
        sigma(folder.path(), arguments, b"")
    };
    let middle = encoded.len() / 2;
    for threads in ["1", "3"] {
        let frame = |bytes: &mut Vec<u8>| bytes[middle] ^= 1;
        for verb in [&["decode", "-o", "b"][..], &["test"]] {
            let output = run(&frame, &[verb, &["-T", threads, "a.sg"]].concat());
            assert_eq!(output.status.code(), Some(1));
            assert!(error_of(&output).contains("after byte"), "{}", error_of(&output));
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "only a.sg is left");
        // All frames are there, so all of the document comes out before the error.
        let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 5);
        let output = run(&cut, &["decode", "-c", "-T", threads, "a.sg"]);
        assert_eq!(output.status.code(), Some(1), "{}", error_of(&output));
        assert!(output.stdout == document.as_bytes(), "{}", error_of(&output));
        assert_eq!(error_of(&output).contains("index"), threads == "3", "{}", error_of(&output));
    }
}

#[test]
fn frames_and_threads_are_among_the_figures() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = lines(3000);
    fs::write(folder.path().join("a.json"), &document).expect("a writable folder");
    let stats = ["--stats-json", "stats.json", "-f"];
    let figures = |arguments: &[&str]| {
        let output = sigma(folder.path(), &[arguments, &stats].concat(), b"");
        assert!(output.status.success(), "{}", error_of(&output));
        fs::read_to_string(folder.path().join("stats.json")).expect("the figures")
    };
    let encoded = figures(&["encode", "--frame", "32KiB", "-T", "2", "a.json"]);
    assert!(encoded.contains("\"frames\":4,\"threads\":2,"), "{encoded}");
    let decoded = figures(&["decode", "-T", "2", "a.json.sg"]);
    assert!(decoded.contains("\"frames\":4,\"threads\":2,"), "{decoded}");
    let unframed = figures(&["encode", "a.json"]);
    assert!(unframed.contains("\"frames\":null,\"threads\":1,"), "{unframed}");
}

#[test]
fn a_memory_limit_lowers_the_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = lines(6000);
    let encoded = sigma(folder.path(), &["encode", "--frame", "100KiB"], document.as_bytes());
    fs::write(folder.path().join("a.sg"), &encoded.stdout).expect("a writable folder");
    let decode = |limit| {
        let arguments = ["decode", "-c", "-T", "3", "--memory-limit", limit, "a.sg"];
        sigma(folder.path(), &arguments, b"")
    };
    let (enough, some, none) = (decode("100MB"), decode("12MB"), decode("1MB"));
    assert!(enough.stdout == document.as_bytes() && enough.stderr.is_empty());
    assert!(some.stdout == document.as_bytes() && error_of(&some).contains("instead of 3 threads"));
    assert!(none.stdout.is_empty() && error_of(&none).contains("memory limit"));
}

#[test]
fn the_manual_and_completions_name_the_frames() {
    let manual = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sigma-manual")).args(arguments).output();
        String::from_utf8(output.expect("the program ends").stdout).expect("text").replace('\\', "")
    };
    for option in ["--frame", "--threads"] {
        assert!(manual(&["man", "encode"]).contains(option), "{option}");
        assert!(manual(&["bash"]).contains(option), "{option}");
    }
    assert!(manual(&["man", "decode"]).contains("--range") && manual(&["zsh"]).contains("--range"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_with_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.json"), lines(30_000)).expect("a writable folder");
    let full = fs::File::options().write(true).open("/dev/full").expect("a device");
    let output = Command::new(env!("CARGO_BIN_EXE_sigma"))
        .args(["encode", "--frame", "32KiB", "-T", "2", "-c", "a.json"])
        .current_dir(folder.path())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .expect("the program ends");
    assert_eq!(output.status.code(), Some(1));
    let message = error_of(&output);
    assert!(message.contains("standard output") && message.contains("No space"), "{message}");
}

#[cfg(unix)]
#[test]
fn being_ended_leaves_no_file() {
    use std::os::unix::process::ExitStatusExt;

    use rustix::process::{Pid, Signal, kill_process};

    for threads in ["1", "3"] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_sigma"))
            .args(["encode", "--frame", "64KiB", "-T", threads, "-o", "a.sg"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        // More than a pipe holds: the program has begun to read once this is written.
        pipe.write_all(lines(20_000).as_bytes()).expect("the program reads");
        // Not by an interrupt, which programs in the background ignore.
        kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
        assert_eq!(child.wait().expect("it ends").signal(), Some(Signal::TERM.as_raw()));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
        drop(pipe);
    }
}
