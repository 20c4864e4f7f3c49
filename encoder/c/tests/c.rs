//! A C program that calls every function, against the shared and the static library.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const SOURCE: &str = include_str!("../src/lib.rs");
const HEADER: &str = include_str!("../include/sigma.h");
const PROGRAM: &str = include_str!("round_trip.c");

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the libraries are. No test links them, so cargo is told to build them.
fn libraries() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let test = env::current_exe().expect("a test has a name");
        let debug = test.parent().and_then(Path::parent).expect("target/debug/deps");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--locked", "--lib", "--target-dir"]);
        cargo.arg(debug.parent().expect("target/debug")).current_dir(here());
        assert!(cargo.status().expect("cargo runs").success());
        debug.to_owned()
    });
    built.clone()
}

/// Compiles the program with these arguments, and runs it.
fn compile_and_run(name: &str, arguments: &[&str]) {
    let program = libraries().join(name);
    let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-o"]);
    compiler.arg(&program).arg(here().join("tests/round_trip.c"));
    compiler.arg("-I").arg(here().join("include")).args(arguments);
    match compiler.status() {
        Err(error) => return eprintln!("skipped: there is no C compiler: {error}"),
        Ok(status) => assert!(status.success(), "{compiler:?}"),
    }
    let output = Command::new(&program).env("LD_LIBRARY_PATH", libraries()).output();
    let output = output.expect("what was compiled runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, b"ok\n");
}

#[test]
fn a_program_runs_with_the_shared_library() {
    let folder = libraries();
    compile_and_run("round_trip_shared", &["-L", folder.to_str().expect("text"), "-lsigma"]);
}

#[test]
fn a_program_runs_with_the_static_library() {
    let library = libraries().join("libsigma.a");
    let library = library.to_str().expect("text");
    compile_and_run("round_trip_static", &[library, "-lpthread", "-ldl", "-lm"]);
}

#[test]
fn the_header_the_library_and_the_program_have_the_same_functions() {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let functions = SOURCE.lines().filter_map(|line| {
        let name = line.split_once("extern \"C\" fn ")?.1;
        name.starts_with("sigma_").then(|| name.split(|c| !is_name(c)).next().unwrap_or(name))
    });
    let functions: Vec<&str> = functions.collect();
    assert!(functions.len() >= 12, "{functions:?}");
    let calls = |text: &str| -> Vec<String> {
        let before_brackets = text.split('(').map(|part| part.rsplit(|c| !is_name(c)).next());
        let names = before_brackets.flatten().filter(|name| name.starts_with("sigma_"));
        names.map(str::to_owned).collect()
    };
    for function in &functions {
        assert!(calls(HEADER).iter().any(|name| name == function), "{function} is not in sigma.h");
        assert!(calls(PROGRAM).iter().any(|name| name == function), "{function} is not tried");
    }
    for name in calls(HEADER) {
        assert!(functions.contains(&name.as_str()), "{name} is not in the library");
    }
}

#[test]
fn the_header_is_one_for_cpp_too() {
    let mut compiler = Command::new(env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    compiler.args(["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++"]);
    match compiler.arg(here().join("include/sigma.h")).status() {
        Err(error) => eprintln!("skipped: there is no C++ compiler: {error}"),
        Ok(status) => assert!(status.success(), "{compiler:?}"),
    }
}
