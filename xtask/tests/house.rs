//! The rules of the house as tests: what a reader may rely on without reading everything.

use std::fs;
use std::path::{Path, PathBuf};

/// Each guest crate with the only places that may name it.
const HOMES: [(&str, &[&str]); 9] = [
    ("polars", &["xtask/grouping/src/"]),
    ("plotters", &["xtask/charts/"]),
    ("png", &["xtask/charts/"]),
    ("resvg", &["xtask/charts/"]),
    ("linregress", &["xtask/stats/src/regression.rs"]),
    ("statrs", &["xtask/stats/src/distribution.rs"]),
    ("duct", &["xtask/src/measure.rs"]),
    ("indicatif", &["xtask/src/progress.rs", "encoder/src/bin/"]),
    ("libc", &["xtask/probe/", "xtask/tests/survival.rs"]),
];

/// The stages that are modules of `xtask`, from left to right; none imports one to its right. Cargo holds the
/// borders of those that are crates.
const STAGES: [&str; 9] =
    ["inputs", "plan", "measure", "campaign", "aggregate", "fit", "claims", "judge", "render"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies below the root").to_owned()
}

/// Every Rust file of the workspace with its path from the root.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("encoder"), root().join("xtask")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let shown = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((shown, text));
            }
        }
    }
    assert!(found.len() > 50, "the sources are where they were");
    found
}

/// Lines of code, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"))
}

fn names_crate(line: &str, guest: &str) -> bool {
    let path = format!("{guest}::");
    line.match_indices(&path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[test]
fn each_guest_crate_has_one_home() {
    for (path, text) in sources() {
        for (guest, homes) in HOMES {
            let at_home = homes.iter().any(|home| path.starts_with(home));
            let named = code(&text).find(|line| names_crate(line, guest));
            assert!(at_home || named.is_none(), "{path} names `{guest}`: {named:?}");
        }
    }
}

#[test]
fn every_file_opens_with_what_lives_there() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{path} does not open with `//!`");
    }
}

#[test]
fn a_stage_never_imports_one_to_its_right() {
    for (path, text) in sources() {
        let Some(inside) = path.strip_prefix("xtask/src/") else { continue };
        let module = inside.split(['/', '.']).next().unwrap();
        let Some(place) = STAGES.iter().position(|stage| *stage == module) else { continue };
        let product = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for later in &STAGES[place + 1..] {
            let import = format!("crate::{later}");
            // Proofs are named where they are measured and read where they are summarised.
            let found = code(product).find(|line| line.contains(&import));
            assert!(found.is_none(), "{path} imports `{later}`: {found:?}");
        }
    }
}

#[test]
fn the_laboratory_does_not_link_the_encoder_nor_the_encoder_the_laboratory() {
    let manifest = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    assert!(!manifest("xtask/Cargo.toml").contains("sigma"));
    assert!(!manifest("encoder/Cargo.toml").contains("xtask"));
    let probe = manifest("xtask/probe/Cargo.toml");
    let dependencies = probe.split("[dependencies]").nth(1).unwrap();
    let own = dependencies.split('[').next().unwrap();
    let named: Vec<&str> = own.lines().filter(|line| line.contains("workspace = true")).collect();
    assert_eq!(named.len(), 1, "the probe depends on libc alone: {named:?}");
}
