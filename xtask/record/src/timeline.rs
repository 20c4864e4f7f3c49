//! Resident memory over the time of one run, looked at from outside: `timeline.csv`. Good for a picture;
//! spikes between two looks are not seen, so no peak is ever taken from it.

use serde::{Deserialize, Serialize};

use crate::cell_key::CellKey;
use crate::journal::Row;

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRow {
    /// Name of the variant.
    pub variant: String,
    /// Profile or file name of the document.
    pub profile: String,
    /// Size of the document.
    pub input_bytes: u64,
    /// Since just before the fork.
    pub at_ns: u64,
    /// Resident set.
    pub rss_bytes: u64,
    /// How many looks of the same run follow.
    pub left: u32,
}

impl Row for TimelineRow {
    fn blank() -> Self {
        let (variant, profile) = (String::new(), String::new());
        Self { variant, profile, input_bytes: 0, at_ns: 0, rss_bytes: 0, left: 0 }
    }

    fn is_followed(&self) -> bool {
        self.left > 0
    }
}

impl TimelineRow {
    /// Whether the row is of this cell.
    pub fn is_of(&self, cell: &CellKey) -> bool {
        cell.is(&self.variant, &self.profile, self.input_bytes)
    }
}

/// The rows of a run from the lines `NANOSECONDS BYTES` that the probe wrote.
pub fn rows(cell: &CellKey, text: &str) -> Option<Vec<TimelineRow>> {
    let look = |line: &str| {
        let (at, rss) = line.split_once(' ')?;
        Some((at.parse().ok()?, rss.parse().ok()?))
    };
    let looks = text.lines().map(look).collect::<Option<Vec<(u64, u64)>>>()?;
    let row = |((at_ns, rss_bytes), left): ((u64, u64), u32)| TimelineRow {
        variant: cell.variant.clone(),
        profile: cell.profile.clone(),
        input_bytes: cell.size.0,
        at_ns,
        rss_bytes,
        left,
    };
    Some(looks.iter().copied().zip((0..looks.len() as u32).rev()).map(row).collect())
}
