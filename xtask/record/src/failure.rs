//! Why runs failed, in the words of who failed: `failures.csv`, one row for each cell and way of failing.

use serde::{Deserialize, Serialize};

use crate::journal::Row;
use crate::sample::{Kind, Outcome, Sample};

/// Who did not do what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The program that encodes.
    Encoder,
    /// The program that takes its output back.
    Decoder,
    /// Both ended well, and what came back is not the document.
    Check,
}

/// One way in which a cell failed, seen first in this block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Why the run was made.
    pub kind: Kind,
    /// Block in which it was seen first.
    pub block: u32,
    /// Name of the variant.
    pub variant: String,
    /// Profile or file name of the document.
    pub profile: String,
    /// Size of the document.
    pub input_bytes: u64,
    /// Who failed.
    pub party: Party,
    /// How the run ended.
    pub outcome: Outcome,
    /// Exit code, where it exited.
    pub exit_code: Option<i32>,
    /// Signal that ended it.
    pub signal: Option<i32>,
    /// The last lines of its stderr, a tab between them, or why it was not started.
    pub said: Option<String>,
}

impl Failure {
    /// The failure of a row, if it is one of its own: a run whose output was not taken back failed with
    /// the row of its decoding.
    pub fn of(row: &Sample, said: Option<&str>) -> Option<Self> {
        let party = match (row.kind, row.outcome) {
            (Kind::Decode, Outcome::WrongRoundTrip) => Party::Check,
            (Kind::Void, _) | (_, Outcome::WrongRoundTrip | Outcome::DecoderFailed) => return None,
            (Kind::Decode, _) => Party::Decoder,
            _ => Party::Encoder,
        };
        row.has_failed().then(|| Self {
            kind: row.kind,
            block: row.block,
            variant: row.variant.clone(),
            profile: row.profile.clone(),
            input_bytes: row.input_bytes,
            party,
            outcome: row.outcome,
            exit_code: row.exit_code,
            signal: row.signal,
            // A row is one line; tabs in what was said are blanks already.
            said: said.map(|text| text.replace('\n', "\t")),
        })
    }

    /// Whether both are the same way of failing at the same cell.
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.variant, &self.profile, self.input_bytes, self.party, self.outcome)
            == (&other.variant, &other.profile, other.input_bytes, other.party, other.outcome)
    }

    /// Who failed how, in words.
    pub fn words(&self) -> String {
        let who = match self.party {
            Party::Encoder => "the encoder",
            Party::Decoder => "the decoder",
            Party::Check if self.exit_code.is_none() => {
                // Nothing was decoded.
                return "the result is not what its check asks for".to_owned();
            }
            Party::Check => return "decoding gave another document than was encoded".to_owned(),
        };
        match (self.outcome, self.exit_code, self.signal) {
            (Outcome::Failed, Some(code), _) => format!("{who} failed with exit code {code}"),
            (Outcome::Signaled, _, Some(signal)) => format!("{who} was ended by signal {signal}"),
            (outcome @ (Outcome::NotStarted | Outcome::MemoryLimit | Outcome::OutputLimit), ..) => {
                format!("{who} was {outcome}")
            }
            (outcome, ..) => format!("{who} {outcome}"),
        }
    }

    /// What it said, line by line.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.said.iter().flat_map(|text| text.split('\t'))
    }
}

impl Row for Failure {
    fn blank() -> Self {
        Self {
            kind: Kind::Run,
            block: 0,
            variant: String::new(),
            profile: String::new(),
            input_bytes: 0,
            party: Party::Encoder,
            outcome: Outcome::Failed,
            exit_code: None,
            signal: None,
            said: None,
        }
    }

    fn is_followed(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: Kind, outcome: Outcome) -> Sample {
        Sample { outcome, exit_code: Some(3), ..Sample::skipped(kind, 1, 0, "v", "p", 10) }
    }

    #[test]
    fn each_failure_is_blamed_on_who_failed() {
        let words = |kind, outcome| Failure::of(&row(kind, outcome), None).map(|of| of.words());
        assert_eq!(
            words(Kind::Run, Outcome::Failed).as_deref(),
            Some("the encoder failed with exit code 3")
        );
        assert_eq!(words(Kind::Decode, Outcome::Timeout).as_deref(), Some("the decoder timed out"));
        assert_eq!(
            words(Kind::Decode, Outcome::NotStarted).as_deref(),
            Some("the decoder was not started")
        );
        assert!(words(Kind::Decode, Outcome::WrongRoundTrip).unwrap().contains("another document"));
        assert_eq!(words(Kind::Run, Outcome::DecoderFailed), None);
        assert_eq!(words(Kind::Run, Outcome::Ok), None);
        assert_eq!(words(Kind::Void, Outcome::Failed), None);
    }

    #[test]
    fn what_was_said_is_one_line_in_the_file_and_its_own_lines_in_the_report() {
        let said = "one\ntwo \\ three";
        let failure = Failure::of(&row(Kind::Run, Outcome::Failed), Some(said)).unwrap();
        assert!(!failure.said.as_ref().unwrap().contains('\n'));
        assert_eq!(failure.lines().collect::<Vec<_>>().join("\n"), said);
    }
}
