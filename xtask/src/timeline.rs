//! Resident memory over the time of one run, looked at from outside: `timeline.csv`. Good for a picture;
//! spikes between two looks are not seen, so no peak is ever taken from it.

use serde::{Deserialize, Serialize};

use crate::journal::Row;
use crate::plan::Cell;
use crate::record::{Kind, Outcome, Sample};

/// How many looks are aimed at; the time between two follows from the cell's wall time.
const LOOKS: u64 = 200;

/// Shortest time between two looks, in microseconds: shorter ones would measure the looking.
const INTERVAL_US_MIN: u64 = 200;

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimelineRow {
    pub(crate) variant: String,
    pub(crate) profile: String,
    pub(crate) input_bytes: u64,
    /// Since just before the fork.
    pub(crate) at_ns: u64,
    pub(crate) rss_bytes: u64,
    /// How many looks of the same run follow.
    pub(crate) left: u32,
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
    pub(crate) fn is_of(&self, cell: Cell<'_>) -> bool {
        self.variant == cell.variant.name
            && self.profile == cell.document.profile
            && self.input_bytes == cell.document.size.0
    }
}

/// The rows of a run from the lines `NANOSECONDS BYTES` that the probe wrote.
pub(crate) fn rows(cell: Cell<'_>, text: &str) -> Option<Vec<TimelineRow>> {
    let look = |line: &str| {
        let (at, rss) = line.split_once(' ')?;
        Some((at.parse().ok()?, rss.parse().ok()?))
    };
    let looks = text.lines().map(look).collect::<Option<Vec<(u64, u64)>>>()?;
    let row = |((at_ns, rss_bytes), left): ((u64, u64), u32)| TimelineRow {
        variant: cell.variant.name.clone(),
        profile: cell.document.profile.clone(),
        input_bytes: cell.document.size.0,
        at_ns,
        rss_bytes,
        left,
    };
    Some(looks.iter().copied().zip((0..looks.len() as u32).rev()).map(row).collect())
}

/// The time between two looks at a cell, in microseconds, from how long its runs took.
pub(crate) fn interval_us(cell: Cell<'_>, rows: &[Sample]) -> u64 {
    let ok = |row: &&Sample| row.kind == Kind::Run && row.outcome == Outcome::Ok && cell.is_of(row);
    let shortest = rows.iter().filter(ok).filter_map(|row| row.wall_ns).min();
    (shortest.unwrap_or(0) / 1000 / LOOKS).max(INTERVAL_US_MIN)
}
