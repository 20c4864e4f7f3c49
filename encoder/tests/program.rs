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
    for arguments in [&["encode", "--level", "none"][..], &["decode", "a.json"], &["swim"], &[]] {
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
    assert_eq!(json.matches("rss_bytes").count(), 3, "{json}");
    assert!(json.matches("live_heap_bytes").count() == 3 && json.contains("\"heap\":"), "{json}");
}
