//! Documents that a program makes: run once for each size, kept under what made them (its command line,
//! the files that names, the seed), and taken from there as long as their hash is the recorded one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use experiment::{Generator, fill};
use record::hash::{self, Sha256Hex};
use record::publish;
use record::units::Bytes;

use super::Document;
use crate::{interrupt, watched};

/// How far from what it was asked for a document may be: a factor.
const OFF_MAX: f64 = 2.0;

/// The document that a program makes, taken from the store if it is there.
pub(super) fn document(
    generator: &Generator,
    size: Bytes,
    seed: u64,
    home: &Path,
    store: &Path,
) -> anyhow::Result<Document> {
    let path = store.join(key(generator, size, seed, home));
    let recorded = path.with_extension("sha256");
    let before = fs::read_to_string(&recorded).unwrap_or_default();
    let kept = hash::any(&path).ok().filter(|(sha256, _)| sha256.0 == before.trim());
    let (sha256, found) = match kept {
        Some(kept) => kept,
        None => make(generator, size, seed, home, (&path, &recorded))?,
    };
    Ok(Document { profile: generator.name.clone(), size: found, sha256, path })
}

/// The name of a document in the store.
fn key(generator: &Generator, size: Bytes, seed: u64, home: &Path) -> String {
    let mut made_of = generator.command.join("\0");
    for (_, path) in watched::named(&generator.command, home) {
        let held = hash::file(&path).map(|(sha256, _)| sha256.0);
        made_of.push_str(&format!("\0{}\0{}", path.display(), held.unwrap_or_default()));
    }
    let made_of = hash::bytes(made_of.as_bytes());
    format!("{}-{}-{seed}-{}", generator.name, made_of.short(), size.0)
}

fn make(
    generator: &Generator,
    size: Bytes,
    seed: u64,
    home: &Path,
    (path, recorded): (&Path, &Path),
) -> anyhow::Result<(Sha256Hex, Bytes)> {
    let store = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(store)
        .with_context(|| format!("cannot create the store of inputs {}", store.display()))?;
    // One writer at a time: two campaigns may need the same document.
    let lock = File::create(store.join("lock"))?;
    lock.lock().with_context(|| format!("cannot lock {}", store.display()))?;
    let beside = path.with_extension("part");
    remove(&beside)?;
    let (digits, draw) = (size.0.to_string(), seed.to_string());
    let output = beside.to_string_lossy();
    let values = [("size", digits.as_str()), ("seed", draw.as_str()), ("output", output.as_ref())];
    let mut line = fill::words(&generator.command, &values);
    let said = format!("`{}`, which makes `{}` of {size},", line.join(" "), generator.name);
    if line[0].contains('/') {
        line[0] = home.join(&line[0]).to_string_lossy().into_owned();
    }
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).current_dir(home).stdin(Stdio::null()).stdout(Stdio::null());
    if !fill::any_names(&generator.command, "output") {
        let file = File::create(&beside)
            .with_context(|| format!("cannot write the input {}", beside.display()))?;
        command.stdout(file);
    }
    let run = command.output().with_context(|| format!("{said} cannot be started"))?;
    interrupt::check()?;
    if !run.status.success() {
        let text = String::from_utf8_lossy(&run.stderr);
        let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
        bail!("{said} ended with {}: {}", run.status, last.escape_debug());
    }
    let (sha256, found) =
        hash::any(&beside).with_context(|| format!("{said} made nothing at `{{output}}`"))?;
    if found.0 == 0 {
        bail!("{said} made nothing");
    }
    let factor = found.0 as f64 / size.0 as f64;
    if !(1.0 / OFF_MAX..=OFF_MAX).contains(&factor) {
        bail!("{said} made {found}; write `{{size}}` in the command, and make that many bytes");
    }
    remove(path)?;
    fs::rename(&beside, path)
        .with_context(|| format!("cannot write the input {}", path.display()))?;
    publish::replace(recorded, format!("{}\n", sha256.0).as_bytes())?;
    Ok((sha256, found))
}

fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", PathBuf::from(path).display()))
        }
        _ => Ok(()),
    }
}
