//! `sigma list`: what is in encodings, without decoding them.

use sigma_encoder::{Frames, Limits};

use crate::failure::{Failure, at};
use crate::files::Input;
use crate::size;
use crate::stats::Work;

/// What stands over the rows.
pub(crate) fn heading() -> String {
    line(["encoded", "document", "ratio", "frames", "lines"], "file")
}

/// Columns of figures, then a name.
fn line(columns: [&str; 5], name: &str) -> String {
    let [encoded, document, ratio, frames, lines] = columns;
    format!("{encoded:>10} {document:>10} {ratio:>7} {frames:>8} {lines:>12}  {name}\n")
}

/// Where nothing is known.
const UNKNOWN: &str = "-";

/// What an input holds: as a row, and for the sum.
pub(crate) fn row(input: &Input) -> Result<(String, Work), Failure> {
    let name = input.source.name();
    let Some((file, len)) = input.placed() else {
        let message = format!("{name} cannot be read by position; name a file that is not empty");
        return Err(Failure::Work(message));
    };
    let frames = Frames::open(file, len, Limits::default());
    let frames = frames.map_err(|error| at(&name, &error))?;
    let document = frames.as_ref().map(Frames::document_bytes);
    let count = frames.as_ref().map(|frames| frames.count() as u64);
    let lines = frames.as_ref().map(Frames::line_ends);
    let known = |n: Option<u64>| n.map_or(UNKNOWN.into(), |n| n.to_string());
    let row = line(
        [
            &size::text(len),
            &document.map_or(UNKNOWN.into(), size::text),
            &document.map_or(UNKNOWN.into(), |document| ratio(document, len)),
            &known(count),
            &known(lines),
        ],
        &name,
    );
    let work = Work {
        input_bytes: len,
        output_bytes: document.unwrap_or(0),
        frames: count,
        ..Work::default()
    };
    Ok((row, work))
}

/// The last row, of so many files.
pub(crate) fn total(sum: Work, count: u64) -> String {
    let Work { input_bytes, output_bytes, .. } = sum;
    let (encoded, document) = (size::text(input_bytes), size::text(output_bytes));
    let ratio = ratio(output_bytes, input_bytes);
    line([&encoded, &document, &ratio, "", ""], &format!("{count} files"))
}

/// How many bytes of the document stand behind an encoded byte.
fn ratio(document: u64, encoded: u64) -> String {
    format!("{:.2}", document as f64 / encoded.max(1) as f64)
}
