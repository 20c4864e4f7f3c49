//! The stream of steps: which segment comes next, a byte for a run of those that were expected.

use super::segments::{Follows, SEGMENTS_MAX};

/// Steps as expected that one byte holds; so many in a row and no other step.
const RUN_MAX: u8 = 255;
/// The code of the first new segment, by what follows it.
const NEW: u16 = 2;
/// The code of the first segment of the dictionary.
const KNOWN: u16 = NEW + Follows::ALL.len() as u16;

/// How a segment is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A candidate, by its rank.
    Candidate(usize),
    /// One that is not in the dictionary, but from now on.
    New(Follows),
    /// One of the dictionary.
    Known(u16),
}

/// Writes steps.
#[derive(Debug, Default)]
pub(super) struct StepWriter {
    pub(super) bytes: Vec<u8>,
    run: u8,
}

impl StepWriter {
    /// Begins a block.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.run = 0;
    }

    /// Appends a step.
    #[inline]
    pub(super) fn push(&mut self, step: Step) {
        let code = match step {
            Step::Candidate(0) => {
                self.run += 1;
                if self.run == RUN_MAX {
                    self.bytes.push(RUN_MAX);
                    self.run = 0;
                }
                return;
            }
            Step::Candidate(rank) => rank as u16 - 1,
            Step::New(follows) => NEW + follows as u16,
            Step::Known(id) => KNOWN + id,
        };
        self.bytes.push(std::mem::take(&mut self.run));
        if code < 0x80 {
            self.bytes.push(code as u8);
        } else {
            self.bytes.extend_from_slice(&[code as u8 | 0x80, (code >> 7) as u8]);
        }
    }

    /// Ends a block.
    pub(super) fn finish(&mut self) {
        if self.run > 0 {
            self.bytes.push(std::mem::take(&mut self.run));
        }
    }
}

/// Reads steps.
#[derive(Debug)]
pub(super) struct StepReader<'a> {
    bytes: std::slice::Iter<'a, u8>,
    /// Expected steps that are left of the run.
    run: u8,
    /// Another step comes after the run.
    other: bool,
}

impl<'a> StepReader<'a> {
    /// At the first step of a block.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter(), run: 0, other: false }
    }

    /// The next step; `None` if there is none, or no such.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Step> {
        if self.run == 0 && !self.other {
            self.run = *self.bytes.next()?;
            self.other = self.run != RUN_MAX;
        }
        if self.run > 0 {
            self.run -= 1;
            return Some(Step::Candidate(0));
        }
        self.other = false;
        let low = u16::from(*self.bytes.next()?);
        let code = if low < 0x80 { low } else { low & 0x7F | u16::from(*self.bytes.next()?) << 7 };
        if code < NEW {
            return Some(Step::Candidate(usize::from(code) + 1));
        }
        if code < KNOWN {
            return Some(Step::New(Follows::ALL[usize::from(code - NEW)]));
        }
        let id = code - KNOWN;
        (usize::from(id) < SEGMENTS_MAX).then_some(Step::Known(id))
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.run == 0 && self.bytes.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_back() {
        for run in [0, 1, 254, 255, 256, 510, 700] {
            let mut steps = vec![Step::Known(4095), Step::New(Follows::Nothing)];
            steps.extend(vec![Step::Candidate(0); run]);
            steps.extend([Step::Candidate(2), Step::Known(0), Step::Known(200)]);
            steps.extend(vec![Step::Candidate(0); run]);
            let mut writer = StepWriter::default();
            for &step in &steps {
                writer.push(step);
            }
            writer.finish();
            let mut reader = StepReader::new(&writer.bytes);
            for step in steps {
                assert_eq!(reader.next(), Some(step));
            }
            assert!(reader.is_done());
        }
    }
}
