//! `cargo xtask calibrate --real FILE` as a user meets it: series by series, totals, exit codes.

use std::fs;
use std::process::{Command, Output};

/// Starts the laboratory.
fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

/// Series of `peak` bytes at sizes from 10 KB to 100 MB, each size measured `runs` times.
fn series(program: &str, class: &str, runs: usize, peak: impl Fn(f64) -> f64) -> String {
    let sizes = [0.0, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 3e6, 5e6, 1e7, 3e7, 1e8];
    let rows = sizes.into_iter().flat_map(|size| {
        let profile = if size > 0.0 { "records" } else { "(empty)" };
        let pages = (peak(size) / 4096.0).ceil() * 4096.0;
        let row = format!("{program},{profile},{class},{size},{},{pages}\n", pages - 4096.0);
        vec![row; runs]
    });
    rows.collect()
}

const SERIES_HEAD: &str = "program,profile,class,input_bytes,peak_rss_bytes,peak_hwm_bytes\n";

#[test]
fn series_of_any_file_are_judged_one_by_one_and_in_total() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.csv");
    let line = series("copies", "O(n)", 30, |n| 2e6 + 3.0 * n);
    let flat = series("streams", "O(1)", 1, |_| 5e6);
    fs::write(&path, format!("{SERIES_HEAD}{line}{flat}")).unwrap();
    let output = xtask(&["calibrate", "--real", path.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for part in
        ["copies records is O(n)", "streams records is O(1)", "2 right, 0 undecided, 0 wrong"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");

    // The same series under another truth: the decision is wrong, and the exit code says so.
    let claimed = series("copies", "O(1)", 1, |n| 2e6 + 3.0 * n);
    fs::write(&path, format!("{SERIES_HEAD}{claimed}{}", claimed.replace("copies", "again")))
        .unwrap();
    let output = xtask(&["calibrate", "--real", path.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("WRONG: O(n)") && said.contains("MISSED"), "{said}");
}

#[test]
fn series_that_cannot_be_read_end_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.csv");
    let shown = path.to_str().unwrap();
    for (text, part) in [
        (format!("{SERIES_HEAD}a,records,O(n),many,1,1\n"), "line: 2"),
        (format!("{SERIES_HEAD}a,records,linear,10,1,1\n"), "`linear` is no class"),
        ("size,peak\n10,1\n".to_owned(), "the columns are"),
    ] {
        fs::write(&path, text).unwrap();
        let output = xtask(&["calibrate", "--real", shown]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("mine.csv") && said.contains(part), "{part}: {said}");
    }
    let output = xtask(&["calibrate", "--real", shown, "--measure"]);
    assert_eq!(output.status.code(), Some(2));
}
