//! Exact heap by stage of the encoder, from one run per cell of its instrumented build: `heap.csv`.
//! A row per stage, then the row of all stages together, which their parts add up to.

use serde::{Deserialize, Serialize};

use crate::cell_key::CellKey;
use crate::journal::Row;
use crate::sample::Outcome;

/// The stages of the encoder in the order in which a document passes them.
const STAGES: [&str; 6] = ["input", "lexer", "tree", "tables", "coder", "output"];

/// The row of all stages together.
const ALL: &str = "all";

/// What one stage held when the heap of the process was at its peak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeapRow {
    /// Name of the variant.
    pub variant: String,
    /// Profile or file name of the document.
    pub profile: String,
    /// Size of the document.
    pub input_bytes: u64,
    /// How the run ended.
    pub outcome: Outcome,
    /// Stage of the encoder, or `all`.
    pub stage: String,
    /// Bytes asked for and not given back at the moment of the peak; without the allocator's own.
    pub live_at_peak_bytes: Option<u64>,
    /// Allocations in the whole run.
    pub allocations: Option<u64>,
}

/// What `sigma encode --stats-json` says of the heap.
#[derive(Debug, Deserialize)]
pub struct HeapReport {
    #[serde(flatten)]
    all: Counts,
    stages: std::collections::BTreeMap<String, Counts>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Counts {
    peak_bytes: u64,
    allocations_count: u64,
}

impl Row for HeapRow {
    fn blank() -> Self {
        Self {
            variant: String::new(),
            profile: String::new(),
            input_bytes: 0,
            outcome: Outcome::Skipped,
            stage: ALL.to_owned(),
            live_at_peak_bytes: None,
            allocations: None,
        }
    }

    fn is_followed(&self) -> bool {
        !self.is_total()
    }
}

impl HeapRow {
    /// Whether this is the row of all stages together.
    pub fn is_total(&self) -> bool {
        self.stage == ALL
    }

    /// Whether the row is of this cell.
    pub fn is_of(&self, cell: &CellKey) -> bool {
        cell.is(&self.variant, &self.profile, self.input_bytes)
    }

    /// The row of a run that gave no counts.
    pub fn without(cell: &CellKey, outcome: Outcome) -> Self {
        Self {
            variant: cell.variant.clone(),
            profile: cell.profile.clone(),
            input_bytes: cell.size.0,
            outcome,
            ..Self::blank()
        }
    }
}

/// The rows of a run. Parts that do not add up are a bug of the instrumentation, said and not kept.
pub fn rows(cell: &CellKey, report: &HeapReport) -> Result<Vec<HeapRow>, String> {
    let parts = |of: fn(&Counts) -> u64| report.stages.values().map(of).sum::<u64>();
    let pairs = [
        ("bytes at the peak", parts(|of| of.peak_bytes), report.all.peak_bytes),
        ("allocations", parts(|of| of.allocations_count), report.all.allocations_count),
    ];
    if let Some((what, sum, all)) = pairs.into_iter().find(|(_, sum, all)| sum != all) {
        return Err(format!("the stages' {what} add up to {sum}, not to {all}"));
    }
    let mut stages: Vec<(&str, Counts)> =
        report.stages.iter().map(|(name, counts)| (name.as_str(), *counts)).collect();
    stages.sort_by_key(|(name, _)| STAGES.iter().position(|of| of == name).unwrap_or(STAGES.len()));
    let row = |(stage, counts): (&str, Counts)| HeapRow {
        stage: stage.to_owned(),
        live_at_peak_bytes: Some(counts.peak_bytes),
        allocations: Some(counts.allocations_count),
        ..HeapRow::without(cell, Outcome::Ok)
    };
    Ok(stages.into_iter().chain([(ALL, report.all)]).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    fn rows_of(json: &str) -> Result<Vec<HeapRow>, String> {
        let cell = CellKey::new("v", "wide", Bytes(10));
        rows(&cell, &serde_json::from_str(json).unwrap())
    }

    #[test]
    fn stages_come_in_the_order_of_the_encoder_and_their_sum_last() {
        let rows = rows_of(
            r#"{"peak_bytes":30,"allocations_count":3,"stages":{
                "coder":{"peak_bytes":20,"allocations_count":2},
                "input":{"peak_bytes":10,"allocations_count":1}}}"#,
        )
        .unwrap();
        let stages: Vec<_> = rows.iter().map(|row| row.stage.as_str()).collect();
        assert_eq!(stages, ["input", "coder", "all"]);
        assert_eq!(rows[2].live_at_peak_bytes, Some(30));
        assert!(rows[1].is_followed() && !rows[2].is_followed());
    }

    #[test]
    fn parts_that_do_not_add_up_to_the_peak_are_refused() {
        let error = rows_of(
            r#"{"peak_bytes":31,"allocations_count":1,"stages":{
                "input":{"peak_bytes":30,"allocations_count":1}}}"#,
        )
        .unwrap_err();
        assert_eq!(error, "the stages' bytes at the peak add up to 30, not to 31");
    }
}
