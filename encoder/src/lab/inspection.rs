//! What is found inside an encoding.

use std::collections::BTreeMap;

use crate::cm::coder::Part;
use crate::fast;

/// Paths that are told apart; what comes after goes to the last.
pub(super) const PATHS_MAX: usize = 4096;
/// The last.
const PATHS_OTHER: &str = "(other paths)";
/// Frames that are listed.
pub(super) const FRAMES_MAX: usize = 1 << 16;

/// What is inside an encoding.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// Bits and decisions of each part, in the order of [`Part::ALL`].
    pub parts: [(f64, u64); Part::ALL.len()],
    /// What coding took, by count: a byte of usual documents takes 100. Of frames, compact documents and blocks too
    /// little is known.
    pub work: u64,
    /// Chunks with their items.
    pub chunks: u64,
    /// Encodings that follow each other; their frames do not count.
    pub encodings: u64,
    /// Frames, in their order, if the encoding has the framed form: the first 65,536.
    pub frames: Vec<FrameBytes>,
    /// How many frames there are.
    pub frame_count: u64,
    /// Chunks that are not made of items: how many, their bytes of the document and of the encoding.
    pub plain: (u64, u64, u64),
    /// Segments and the bytes in them.
    pub segments: (u64, u64),
    /// Values and the bytes in them.
    pub values: (u64, u64),
    /// Paths and what their values cost. Control characters and the like in them are escaped; long keys and paths
    /// are cut, and what comes after 4,096 paths is told together.
    pub paths: BTreeMap<String, PathBits>,
    /// What the blocks of the level `fast` hold; parts and paths are not told apart there.
    pub blocks: Option<fast::Census>,
}

/// What the values of one path cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathBits {
    /// How many values.
    pub count: u64,
    /// Their bytes in the document.
    pub bytes: u64,
    /// Their bits in the encoding.
    pub bits: f64,
}

/// The sizes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameBytes {
    /// Its bytes of the document.
    pub document: u64,
    /// Its bytes in the encoding.
    pub encoded: u64,
}

impl Inspection {
    /// Adds what another encoding, or a frame, holds.
    pub(crate) fn add(&mut self, other: Self) {
        for (sum, part) in self.parts.iter_mut().zip(other.parts) {
            *sum = (sum.0 + part.0, sum.1 + part.1);
        }
        let sum = |a: (u64, u64), b: (u64, u64)| (a.0 + b.0, a.1 + b.1);
        self.work += other.work;
        self.chunks += other.chunks;
        self.frame_count += other.frame_count;
        let room = FRAMES_MAX.saturating_sub(self.frames.len());
        self.frames.extend(other.frames.into_iter().take(room));
        let (a, b) = (self.plain, other.plain);
        self.plain = (a.0 + b.0, a.1 + b.1, a.2 + b.2);
        self.segments = sum(self.segments, other.segments);
        self.values = sum(self.values, other.values);
        if let Some(census) = &other.blocks {
            self.blocks.get_or_insert_default().add_all(census);
        }
        for (path, cost) in other.paths {
            let entry = self.path(path);
            entry.count += cost.count;
            entry.bytes += cost.bytes;
            entry.bits += cost.bits;
        }
    }

    /// The entry of a path, or that of all others if there are too many.
    pub(super) fn path(&mut self, path: String) -> &mut PathBits {
        let is_full = self.paths.len() >= PATHS_MAX && !self.paths.contains_key(&path);
        self.paths.entry(if is_full { PATHS_OTHER.into() } else { path }).or_default()
    }
}
