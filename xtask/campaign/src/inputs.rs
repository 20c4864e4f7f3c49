//! Stage 3: the documents that are encoded. Generated once from a seed, kept under `target/`, checked
//! by hash each time they are used; real files are used where they are.

mod generate;
mod made;
mod shapes;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use experiment::error::user;
use experiment::{Experiment, Foreign, Generator, Input, Variant};
use record::hash::{self, Hashing, Sha256Hex};
use record::publish;
use record::units::Bytes;
use record::{EMPTY, LockedDocument};

use crate::interrupt;
use crate::workspace::Workspace;

pub use experiment::profile::{Profile, file_name, profile_names, repeated_name, swept_names};

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // a size and a seed are what they are called
pub enum Origin {
    /// A generator, which hits the size to the byte.
    Generated { profile: Profile, size: Bytes, seed: u64 },
    /// A file of the project, repeated with changes to the size.
    Repeated { file: PathBuf, size: Bytes, seed: u64 },
    /// What a program makes, of about this size.
    Made { generator: Generator, size: Bytes, seed: u64 },
    /// A file or a folder of the project, relative to its root.
    File(PathBuf),
    /// No bytes at all: the anchor of growth fits.
    Empty,
}

/// A document ready to be encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Profile or file name; with the size it identifies the document within an experiment.
    pub profile: String,
    /// The bytes that it really has.
    pub size: Bytes,
    /// Of its bytes, or of a folder's files.
    pub sha256: Sha256Hex,
    /// Where it stands.
    pub path: PathBuf,
}

impl Document {
    /// What the lock says of it.
    pub(crate) fn locked(&self) -> LockedDocument {
        LockedDocument {
            profile: self.profile.clone(),
            size: self.size,
            sha256: self.sha256.clone(),
        }
    }

    /// One that stands nowhere: for what has a size and is not read.
    pub(crate) fn unwritten(profile: &str, size: Bytes) -> Self {
        let sha256 = Sha256Hex(String::new());
        Self { profile: profile.to_owned(), size, sha256, path: PathBuf::new() }
    }
}

/// Where the documents of an experiment come from: every profile and repeated file at every size, then
/// files.
pub fn origins(input: &Input) -> Vec<Origin> {
    let generated = input.profiles.iter().flat_map(|profile| {
        input.sizes.iter().map(|size| Origin::Generated {
            profile: *profile,
            size: *size,
            seed: input.seed,
        })
    });
    let repeated = input.repeated.iter().flat_map(|file| {
        input.sizes.iter().map(|size| Origin::Repeated {
            file: file.clone(),
            size: *size,
            seed: input.seed,
        })
    });
    let made = input.generate.iter().flat_map(|generator| {
        input.sizes.iter().map(|size| Origin::Made {
            generator: generator.clone(),
            size: *size,
            seed: input.seed,
        })
    });
    let found = input.found().cloned().map(Origin::File);
    generated.chain(repeated).chain(made).chain(found).collect()
}

/// The documents of an experiment, and the empty one. Programs that make documents run in the folder given,
/// that of the experiment's file.
pub(crate) fn all(
    experiment: &Experiment,
    places: (&Workspace, &Path),
) -> anyhow::Result<(Vec<Document>, Document)> {
    let made = |origin: &Origin| {
        interrupt::check()?;
        made_or_found(origin, places)
    };
    let origins = origins(&experiment.input);
    let documents = origins.iter().map(made).collect::<anyhow::Result<Vec<_>>>()?;
    let mut known = HashSet::new();
    if let Some(twice) = documents.iter().find(|of| !known.insert((&of.profile, of.size))) {
        return user(format!(
            "two documents `{}` have {}; ask for sizes further apart, or for other names",
            twice.profile, twice.size
        ));
    }
    let stdin = |variant: &&Variant| variant.program.foreign().is_none_or(Foreign::reads_stdin);
    if let (Some(folder), Some(variant)) =
        (documents.iter().find(|of| of.path.is_dir()), experiment.variant.iter().find(stdin))
    {
        return user(format!(
            "`{}` reads its stdin, but the document `{}` is a folder; write `{{input}}` in `command`",
            variant.name, folder.profile
        ));
    }
    Ok((documents, made(&Origin::Empty)?))
}

/// The document of a sweep at a size that need not be one of its own.
pub(crate) fn at_size(
    input: &Input,
    profile: &str,
    size: Bytes,
    places: (&Workspace, &Path),
) -> anyhow::Result<Document> {
    let at_size =
        Input { sizes: vec![size], files: Vec::new(), folders: Vec::new(), ..input.clone() };
    let origin = origins(&at_size).into_iter().find(|origin| match origin {
        Origin::Generated { profile: of, .. } => of.to_string() == profile,
        Origin::Repeated { file, .. } => repeated_name(file) == profile,
        Origin::Made { generator, .. } => generator.name == profile,
        Origin::File(_) | Origin::Empty => false,
    });
    made_or_found(&origin.with_context(|| format!("`{profile}` is no sweep of sizes"))?, places)
}

fn made_or_found(
    origin: &Origin,
    (workspace, home): (&Workspace, &Path),
) -> anyhow::Result<Document> {
    document(origin, (&workspace.root, home), &workspace.inputs())
}

/// Makes or finds one document; `store` keeps the generated ones. Programs that make documents run in
/// `home`, the folder of the experiment's file.
pub fn document(
    origin: &Origin,
    (root, home): (&Path, &Path),
    store: &Path,
) -> anyhow::Result<Document> {
    match origin {
        Origin::Generated { profile, size, seed } => {
            let name = profile.to_string();
            let key = format!("{name}-{seed}-{}", size.0);
            kept(name, *size, &key, store, &mut |sink| {
                generate::document(*profile, *size, *seed, sink)
            })
        }
        Origin::Repeated { file, size, seed } => {
            let shown = || format!("cannot read {}", file.display());
            let text = fs::read(root.join(file)).with_context(shown)?;
            let name = repeated_name(file);
            let key = format!("{name}-{}-{seed}-{}", hash::bytes(&text).short(), size.0);
            kept(name, *size, &key, store, &mut |sink| {
                generate::repeated(&text, *size, *seed, sink)
            })
        }
        Origin::Made { generator, size, seed } => {
            made::document(generator, *size, *seed, home, store)
        }
        Origin::File(file) => {
            let path = root.join(file);
            let (sha256, size) =
                hash::any(&path).with_context(|| format!("cannot read {}", file.display()))?;
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

/// Writes a document to a sink.
type Make<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

/// A made document: taken from the store when its hash is the recorded one, made anew otherwise.
fn kept(
    profile: String,
    size: Bytes,
    key: &str,
    store: &Path,
    make: Make<'_>,
) -> anyhow::Result<Document> {
    fs::create_dir_all(store)
        .with_context(|| format!("cannot create the store of inputs {}", store.display()))?;
    let path = store.join(format!("{key}.json"));
    let recorded = path.with_extension("sha256");
    let before = fs::read_to_string(&recorded).ok();
    let sha256 = match (before, hash::file(&path)) {
        (Some(before), Ok((found, length))) if before.trim() == found.0 && length == size => found,
        _ => {
            // One writer at a time: two campaigns may need the same document.
            let lock = File::create(store.join("lock"))?;
            lock.lock().with_context(|| format!("cannot lock {}", store.display()))?;
            let sha256 = write_new(size, make, &path)
                .with_context(|| format!("cannot write the input {}", path.display()))?;
            publish::replace(&recorded, format!("{}\n", sha256.0).as_bytes())?;
            sha256
        }
    };
    Ok(Document { profile, size, sha256, path })
}

/// Makes a document beside its final path and renames, so that a killed run leaves no half of one.
fn write_new(size: Bytes, make: Make<'_>, path: &Path) -> io::Result<Sha256Hex> {
    let beside = path.with_extension("part");
    let mut hashing = Hashing::new(BufWriter::with_capacity(1 << 16, File::create(&beside)?));
    make(&mut hashing)?;
    let (mut file, sha256, written) = hashing.finish();
    file.flush()?;
    assert_eq!(written, size, "a generator hits the size it was asked for");
    fs::rename(&beside, path)?;
    Ok(sha256)
}
