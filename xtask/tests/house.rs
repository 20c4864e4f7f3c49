//! The rules of the house that Cargo does not hold by itself.

use std::fs;
use std::path::{Path, PathBuf};

/// Each guest with the one crate of the laboratory that is its home, below `xtask/`.
const HOMES: [(&str, &str); 8] = [
    ("duct", "campaign"),
    ("indicatif", "campaign"),
    ("linregress", "stats"),
    ("plotters", "charts"),
    ("polars", "grouping"),
    ("resvg", "charts"),
    ("rustix", "campaign"),
    ("statrs", "stats"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies below the root").to_owned()
}

/// Every file of the workspace with this ending, with its path from the root.
fn files(ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("encoder"), root().join("xtask")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.to_string_lossy().ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                let shown = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((shown, text));
            }
        }
    }
    found
}

/// What a manifest says that its crate is linked with, without what only tests use.
fn dependencies(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = toml::from_str(manifest).unwrap();
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    dependencies.map_or(Vec::new(), |all| all.keys().cloned().collect())
}

#[test]
fn each_guest_crate_has_one_home() {
    let manifests = files("/Cargo.toml");
    let laboratory = manifests.iter().filter(|(path, _)| path.starts_with("xtask/"));
    let all: Vec<(&str, Vec<String>)> =
        laboratory.map(|(path, text)| (path.as_str(), dependencies(text))).collect();
    for (guest, home) in HOMES {
        let naming: Vec<&str> =
            all.iter().filter(|(_, of)| of.iter().any(|of| of == guest)).map(|of| of.0).collect();
        assert_eq!(naming, [format!("xtask/{home}/Cargo.toml")], "`{guest}`");
    }
}

#[test]
fn every_file_opens_with_what_lives_there() {
    let sources = files(".rs");
    assert!(sources.len() > 50, "the sources are where they were");
    for (path, text) in sources {
        assert!(text.starts_with("//!"), "{path} does not open with `//!`");
    }
}

#[test]
fn the_laboratory_does_not_link_the_encoder_nor_the_encoder_the_laboratory() {
    let manifests = files("/Cargo.toml");
    let of = |path: &str| {
        let (_, text) = manifests.iter().find(|(of, _)| of == path).expect("a manifest");
        dependencies(text)
    };
    let ours: Vec<String> = manifests
        .iter()
        .filter_map(|(path, _)| path.strip_prefix("xtask/")?.strip_suffix("/Cargo.toml"))
        .map(str::to_owned)
        .collect();
    assert!(of("encoder/Cargo.toml").iter().all(|of| of != "xtask" && !ours.contains(of)));
    for (path, text) in manifests.iter().filter(|(path, _)| path.starts_with("xtask/")) {
        assert!(!dependencies(text).contains(&"sigma-encoder".to_owned()), "{path}");
    }
    assert_eq!(of("xtask/probe/Cargo.toml"), ["libc"], "the probe depends on libc alone");
}
