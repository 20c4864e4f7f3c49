//! What the probe prints of a run, as a row.

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

use experiment::Variant;
use record::{Outcome, Row, Sample};

use super::Place;
use crate::inputs::Document;

/// The line that the probe prints; see `xtask/probe`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ProbeRecord {
    pub(super) outcome: String,
    pub(super) stopped_for: Option<String>,
    pub(super) disk_full: Option<bool>,
    #[serde(default)]
    pub(super) refused: Vec<String>,
    /// In the same order.
    #[serde(default)]
    pub(super) refused_because: Vec<String>,
    pub(super) error: Option<String>,
    /// Everything else, by name.
    #[serde(flatten)]
    measured: Map<String, Value>,
    /// The same in a row, with what the laboratory adds: the CPU that the child was pinned to, and what went
    /// on beside it.
    #[serde(skip, default = "Sample::blank")]
    pub(super) row: Sample,
}

impl ProbeRecord {
    /// What the probe printed.
    pub(super) fn parse(text: &[u8]) -> anyhow::Result<Self> {
        let what = || {
            let text = String::from_utf8_lossy(text);
            format!("the probe's record is not understood: {text:?}")
        };
        let mut record: Self = serde_json::from_slice(text).with_context(what)?;
        record.row = row(std::mem::take(&mut record.measured)).with_context(what)?;
        Ok(record)
    }
}

/// How a run of a variant ended: it may have exit codes of its own that are no failure.
pub(super) fn outcome_of(record: &ProbeRecord, variant: &Variant) -> Outcome {
    match (outcome(record), record.row.exit_code, variant.program.foreign()) {
        (Outcome::Ok | Outcome::Failed, Some(code), Some(foreign)) => match foreign.is_fine(code) {
            true => Outcome::Ok,
            false => Outcome::Failed,
        },
        (outcome, ..) => outcome,
    }
}

/// The row of something that no child did.
pub(super) fn sample_of(place: Place, variant: &str, document: &Document) -> Sample {
    let Place { kind, block, position } = place;
    Sample::skipped(kind, block, position, variant, &document.profile, document.size.0)
}

/// The row of a probe's record.
pub(super) fn sample(
    place: Place,
    variant: &str,
    document: &Document,
    record: &ProbeRecord,
) -> Sample {
    let Sample { kind, block, position, variant, profile, input_bytes, .. } =
        sample_of(place, variant, document);
    let outcome = outcome(record);
    let measured = record.row.clone();
    Sample { kind, block, position, variant, profile, input_bytes, outcome, ..measured }
}

/// What the probe measured as a row. It calls things like the columns, but for both views of the peak, so that
/// what it measures anew needs a column and nothing here.
fn row(measured: Map<String, Value>) -> anyhow::Result<Sample> {
    let mut row = serde_json::to_value(Sample::blank())?;
    for (name, value) in measured {
        let column = match name.as_str() {
            "version" => continue,
            "max_rss_bytes" => "peak_rss_bytes",
            "vm_hwm_bytes" => "peak_hwm_bytes",
            same => same,
        };
        match row.get_mut(column) {
            Some(field) => *field = value,
            None => bail!("no column of samples.csv is called `{column}`"),
        }
    }
    Ok(serde_json::from_value(row)?)
}

pub(super) fn outcome(record: &ProbeRecord) -> Outcome {
    match (record.stopped_for.as_deref(), record.outcome.as_str(), record.row.exit_code) {
        (Some("timeout"), ..) => Outcome::Timeout,
        (Some("memory_limit"), ..) => Outcome::MemoryLimit,
        (Some("output_limit"), ..) => Outcome::OutputLimit,
        (_, "exited", Some(0)) => Outcome::Ok,
        (_, "exited", _) => Outcome::Failed,
        (_, "not_started", _) => Outcome::NotStarted,
        _ => Outcome::Signaled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_probe_measures_is_in_the_column_of_its_name() {
        let text = r#"{"version":1,"outcome":"exited","exit_code":0,"signal":null,"wall_ns":5,
            "max_rss_bytes":7,"vm_hwm_bytes":8,"disk_read_bytes":9,"refused":[],"error":null}"#;
        let record = ProbeRecord::parse(text.as_bytes()).unwrap();
        let row = &record.row;
        assert_eq!((row.peak_rss_bytes, row.peak_hwm_bytes), (Some(7), Some(8)));
        assert_eq!((row.exit_code, row.wall_ns, row.disk_read_bytes), (Some(0), Some(5), Some(9)));
        assert_eq!(outcome(&record), Outcome::Ok);
    }

    #[test]
    fn what_no_column_holds_is_named() {
        let error = ProbeRecord::parse(br#"{"outcome":"exited","luck":1}"#).unwrap_err();
        assert!(format!("{error:#}").contains("no column of samples.csv is called `luck`"));
    }
}
