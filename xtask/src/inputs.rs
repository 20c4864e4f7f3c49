//! Stage 3: the documents that are encoded. Generated once from a seed, kept under `target/`, checked
//! by hash each time they are used; real files are used where they are.

mod generate;
mod shapes;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::experiment::Input;
use crate::hash::{self, Hashing, Sha256Hex};
use crate::publish;
use crate::units::Bytes;

/// The shapes of generated documents. Same seed, same bytes, on every platform and release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// A tree of even depth with two to four children a node.
    Balanced,
    /// A chain of nodes, each the only child of the one before.
    Deep,
    /// One root with all nodes as its children.
    Wide,
    /// NDJSON events of a service.
    Records,
    /// A syntax tree with positions.
    Ast,
    /// A time series of integers and decimals.
    Numbers,
    /// Long strings of words.
    Text,
    /// Incompressible strings.
    Random,
}

/// Every profile with its name.
pub(crate) const PROFILES: [(Profile, &str); 8] = [
    (Profile::Balanced, "balanced"),
    (Profile::Deep, "deep"),
    (Profile::Wide, "wide"),
    (Profile::Records, "records"),
    (Profile::Ast, "ast"),
    (Profile::Numbers, "numbers"),
    (Profile::Text, "text"),
    (Profile::Random, "random"),
];

/// The name under which the empty document stands in the samples.
pub(crate) const EMPTY: &str = "empty";

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A generator, which hits the size to the byte.
    Generated { profile: Profile, size: Bytes, seed: u64 },
    /// A file of the project, relative to its root.
    File(PathBuf),
    /// No bytes at all: the anchor of growth fits.
    Empty,
}

/// A document ready to be encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// Profile or file name; with the size it identifies the document within an experiment.
    pub(crate) profile: String,
    pub(crate) size: Bytes,
    pub(crate) sha256: Sha256Hex,
    pub(crate) path: PathBuf,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = PROFILES.iter().find(|(profile, _)| profile == self).expect("all listed");
        f.pad(name)
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = PROFILES.map(|(_, name)| format!("`{name}`")).join(", ");
        PROFILES
            .into_iter()
            .find(|(_, name)| *name == text)
            .map(|(profile, _)| profile)
            .ok_or_else(|| format!("`{text}`; write one of {names}"))
    }
}

/// The names of all profiles and files of an experiment, in the order of its tables.
pub(crate) fn profile_names(input: &Input) -> Vec<String> {
    let generated = input.profiles.iter().map(ToString::to_string);
    generated.chain(input.files.iter().map(|file| file_name(file))).collect()
}

/// The name by which tables know a file.
pub(crate) fn file_name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Where the documents of an experiment come from: every profile at every size, then files.
pub(crate) fn origins(input: &Input) -> Vec<Origin> {
    let generated = input.profiles.iter().flat_map(|profile| {
        input.sizes.iter().map(|size| Origin::Generated {
            profile: *profile,
            size: *size,
            seed: input.seed,
        })
    });
    generated.chain(input.files.iter().cloned().map(Origin::File)).collect()
}

/// Makes or finds one document; `store` keeps the generated ones.
pub(crate) fn document(origin: &Origin, root: &Path, store: &Path) -> anyhow::Result<Document> {
    match origin {
        Origin::Generated { profile, size, seed } => generated(*profile, *size, *seed, store),
        Origin::File(file) => {
            let path = root.join(file);
            let (sha256, size) =
                hash::file(&path).with_context(|| format!("cannot read {}", file.display()))?;
            Ok(Document { profile: file_name(file), size, sha256, path })
        }
        Origin::Empty => {
            fs::create_dir_all(store)?;
            let path = store.join("empty");
            File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
            let (sha256, size) = hash::file(&path)?;
            Ok(Document { profile: EMPTY.to_owned(), size, sha256, path })
        }
    }
}

/// A generated document: taken from the store when its hash is the recorded one, made otherwise.
fn generated(profile: Profile, size: Bytes, seed: u64, store: &Path) -> anyhow::Result<Document> {
    fs::create_dir_all(store)
        .with_context(|| format!("cannot create the store of inputs {}", store.display()))?;
    let path = store.join(format!("{profile}-{seed}-{}.json", size.0));
    let recorded = path.with_extension("sha256");
    let kept = fs::read_to_string(&recorded).ok();
    let sha256 = match (kept, hash::file(&path)) {
        (Some(kept), Ok((found, length))) if kept.trim() == found.0 && length == size => found,
        _ => {
            // One writer at a time: two campaigns may need the same document.
            let lock = File::create(store.join("lock"))?;
            lock.lock().with_context(|| format!("cannot lock {}", store.display()))?;
            let sha256 = write_new(profile, size, seed, &path)
                .with_context(|| format!("cannot write the input {}", path.display()))?;
            publish::replace(&recorded, format!("{}\n", sha256.0).as_bytes())?;
            sha256
        }
    };
    Ok(Document { profile: profile.to_string(), size, sha256, path })
}

/// Generates beside the final path and renames, so that a killed run leaves no half document.
fn write_new(profile: Profile, size: Bytes, seed: u64, path: &Path) -> io::Result<Sha256Hex> {
    let beside = path.with_extension("part");
    let mut hashing = Hashing::new(BufWriter::with_capacity(1 << 16, File::create(&beside)?));
    generate::document(profile, size, seed, &mut hashing)?;
    let (mut file, sha256, written) = hashing.finish();
    file.flush()?;
    assert_eq!(written, size, "a generator hits the size it was asked for");
    fs::rename(&beside, path)?;
    Ok(sha256)
}
