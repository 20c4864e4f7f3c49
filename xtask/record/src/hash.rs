//! Identity of files: SHA-256 in hex, of inputs, binaries and outputs.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::units::Bytes;

/// A SHA-256 digest as 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sha256Hex(pub String);

impl Sha256Hex {
    fn of(digest: &[u8]) -> Self {
        use std::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in digest {
            write!(hex, "{byte:02x}").expect("writing to a string");
        }
        Self(hex)
    }

    /// The first 16 digits: enough to tell outputs apart, short enough for a million rows.
    pub fn short(&self) -> &str {
        &self.0[..16]
    }
}

/// The digest of some bytes.
pub fn bytes(data: &[u8]) -> Sha256Hex {
    Sha256Hex::of(&Sha256::digest(data))
}

/// The digest and the length of a file, read piece by piece.
pub fn file(path: &Path) -> io::Result<(Sha256Hex, Bytes)> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match file.read(&mut piece)? {
            0 => return Ok((Sha256Hex::of(&hasher.finalize()), Bytes(length))),
            read => {
                hasher.update(&piece[..read]);
                length += read as u64;
            }
        }
    }
}

/// The digest and the length of a file, or of all files of a folder: names, kinds and contents count,
/// times and owners do not.
pub fn any(path: &Path) -> io::Result<(Sha256Hex, Bytes)> {
    if !path.is_dir() {
        return file(path);
    }
    let mut hasher = Sha256::new();
    let mut length = 0;
    for inside in inside(path)? {
        let at = path.join(&inside);
        let of = fs::symlink_metadata(&at)?;
        let (kind, held) = if of.is_dir() {
            ("folder", Sha256Hex(String::new()))
        } else if of.is_symlink() {
            ("link", bytes(fs::read_link(&at)?.as_os_str().as_encoded_bytes()))
        } else if of.is_file() {
            let (held, size) = file(&at)?;
            length += size.0;
            ("file", held)
        } else {
            ("other", Sha256Hex(String::new()))
        };
        // No name holds a NUL.
        hasher.update(inside.as_os_str().as_encoded_bytes());
        hasher.update(format!("\0{kind} {}\0", held.0));
    }
    Ok((Sha256Hex::of(&hasher.finalize()), Bytes(length)))
}

/// The paths of everything in a folder, relative to it, sorted.
fn inside(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut left = vec![PathBuf::new()];
    while let Some(below) = left.pop() {
        for entry in fs::read_dir(folder.join(&below))? {
            let entry = entry?;
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                left.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// A writer that hashes and counts what passes through it.
pub struct Hashing<W> {
    inner: W,
    hasher: Sha256,
    length: u64,
}

impl<W: Write> Hashing<W> {
    /// Around a writer that nothing has passed yet.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), length: 0 }
    }

    /// The writer back, with the digest and the length of what passed.
    pub fn finish(self) -> (W, Sha256Hex, Bytes) {
        (self.inner, Sha256Hex::of(&self.hasher.finalize()), Bytes(self.length))
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(data)?;
        self.hasher.update(&data[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_stream_is_that_of_its_bytes() {
        let mut hashing = Hashing::new(Vec::new());
        hashing.write_all(b"ab").unwrap();
        hashing.write_all(b"c").unwrap();
        let (inner, digest, length) = hashing.finish();
        assert_eq!((inner.as_slice(), length), (&b"abc"[..], Bytes(3)));
        assert_eq!(digest, bytes(b"abc"));
        // FIPS 180-2, appendix B.1.
        assert_eq!(digest.short(), "ba7816bf8f01cfea");
    }

    #[test]
    fn a_folder_is_known_by_names_and_contents_alone() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, files: &[(&str, &str)]| {
            let root = folder.path().join(name);
            fs::create_dir(&root).unwrap();
            for (path, text) in files {
                fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
                fs::write(root.join(path), text).unwrap();
            }
            any(&root).unwrap()
        };
        let one = make("one", &[("a/b", "1"), ("c", "22")]);
        assert_eq!(one.1, Bytes(3));
        assert_eq!(make("same", &[("c", "22"), ("a/b", "1")]), one);
        assert_ne!(make("contents", &[("a/b", "2"), ("c", "22")]).0, one.0);
        assert_ne!(make("names", &[("a/d", "1"), ("c", "22")]).0, one.0);
        assert_ne!(make("moved", &[("a/b", "22"), ("c", "1")]).0, one.0);
    }
}
