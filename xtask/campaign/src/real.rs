//! The bench of real programs: series of peak memory whose class of growth is known, as data.
//!
//! `experiments/growth/bench.toml` says what is run; `development.csv` and `holdout.csv` beside it are
//! what was measured, half of the programs each. What a claim about growth is worth on them is the
//! business of `stats::calibrate::real`; nothing here fits anything.

pub mod manifest;
pub mod measuring;
pub mod series;

use std::path::{Path, PathBuf};

/// Where the bench lies within the project.
pub fn folder(root: &Path) -> PathBuf {
    root.join("experiments/growth")
}
