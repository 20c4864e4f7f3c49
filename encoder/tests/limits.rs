//! `--memory-limit` counts what the program takes: its resident set never exceeds the limit it was given, and a limit
//! that is too small is refused with one that is enough.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::{noise, records};

fn sigma(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigma"));
    command.args(arguments).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // It may end without reading all of it.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the program ends");
    feeding.join().expect("no panic");
    output
}

/// The number after `before`.
fn number_after(text: &str, before: &str) -> u64 {
    let at = text.find(before).unwrap_or_else(|| panic!("no `{before}` in {text}"));
    let digits = text[at + before.len()..].chars().take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().expect("a number")
}

/// Decodes a file, or standard input, within a limit: the peak of its resident set, or what it says.
fn decode(folder: &Path, how: &[&str], input: &[u8], limit: u64) -> Result<u64, String> {
    let limit = limit.to_string();
    let usual = ["decode", "-f", "-o", "out", "--stats-json", "stats", "-M", &limit];
    let output = sigma(folder, &[&usual[..], how].concat(), input);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        assert_eq!(output.status.code(), Some(1), "{said}");
        return Err(said);
    }
    let stats = fs::read_to_string(folder.join("stats")).expect("the figures");
    Ok(number_after(&stats, "\"peak_rss_bytes\":"))
}

/// Lines that nothing is known of, and nothing comes again in: what the model is no better at than others.
fn hard(len: usize) -> Vec<u8> {
    noise(len)
        .iter()
        .map(|byte| {
            b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
                [usize::from(byte % 64)]
        })
        .collect()
}

/// Refused with one byte, and with one less than is needed; within what is needed, and within 40 MB.
fn check(folder: &Path, how: &[&str], encoded: &[u8], what: &str) {
    let refused = decode(folder, how, encoded, 1).expect_err(what);
    let needed = number_after(&refused, "decoding needs ");
    let almost = decode(folder, how, encoded, needed - 1).expect_err(what);
    assert_eq!(number_after(&almost, "decoding needs "), needed, "{what}");
    for limit in [needed, 40 << 20] {
        let peak = decode(folder, how, encoded, limit).expect(what);
        println!("{what}: {peak} within {limit}");
        assert!(peak <= limit, "{what}: {peak} within {limit}");
    }
}

#[test]
fn the_resident_set_stays_within_the_memory_limit_and_a_limit_too_small_says_what_is_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mixed = [records(2000), noise(100_000), hard(200_000), records(2000)].concat();
    for (name, document) in [("small", records(100)), ("mixed", mixed)] {
        fs::write(folder.join("document"), &document).expect("a writable folder");
        for level in ["fast", "default", "max"] {
            let encode = |more: &[&str]| {
                let usual = ["encode", "-f", "--level", level, "-o", "a.sg", "document"];
                assert!(sigma(folder, &[&usual[..], more].concat(), b"").status.success());
                fs::read(folder.join("a.sg")).expect("it was made")
            };
            check(folder, &["-"], &encode(&[]), &format!("{name} at {level}"));
            let encoded = encode(&["--frame", "128KiB"]);
            let framed = |how: &[&str]| {
                check(folder, how, &encoded, &format!("{name} at {level} in frames, {how:?}"));
            };
            framed(&["-"]);
            framed(&["-T", "3", "a.sg"]);
            framed(&["--lines", "5..90", "a.sg"]);
        }
    }
}

#[test]
fn the_index_of_many_frames_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let document = "{\"id\":1,\"name\":\"someone\"}\n".repeat(60_000);
    fs::write(folder.join("document"), &document).expect("a writable folder");
    let needed = |frame| {
        let arguments = ["encode", "-1", "-f", "--frame", frame, "-o", "a.sg", "document"];
        assert!(sigma(folder, &arguments, b"").status.success());
        let how = ["--lines", "59000..60000", "a.sg"];
        let refused = decode(folder, &how, b"", 1).expect_err("it is too small");
        let needed = number_after(&refused, "decoding needs ");
        let peak = decode(folder, &how, b"", needed).expect("enough");
        assert!(peak <= needed, "{peak} within {needed}");
        needed
    };
    let (few, many) = (needed("32KiB"), needed("1KiB"));
    assert!(many >= few + 1000 * 32, "{few} with few frames, {many} with many");
}
