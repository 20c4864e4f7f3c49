//! `sigma list`: what is in encodings, by their headers and lengths.

use std::io::BufReader;

use sigma_encoder::{Error, Frames, Limits};

use crate::failure::{Failure, at};
use crate::files::Input;
use crate::progress::Progress;
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
    let found = found(input).map_err(|error| at(&name, &error))?;
    let known = |n: Option<u64>| n.map_or(UNKNOWN.into(), |n| n.to_string());
    let Found { encoded, document, frames, lines } = found;
    let row = line(
        [
            &size::text(encoded),
            &size::text(document),
            &ratio(document, encoded),
            &known(frames),
            &known(lines),
        ],
        &name,
    );
    let work = Work { input_bytes: encoded, output_bytes: document, frames, ..Work::default() };
    Ok((row, work))
}

/// What an encoding holds, in bytes and numbers.
struct Found {
    encoded: u64,
    document: u64,
    frames: Option<u64>,
    lines: Option<u64>,
}

fn found(input: &Input) -> Result<Found, Error> {
    if let Some((file, len)) = input.placed() {
        // Where the index cannot be used the frames may still be read one after the other.
        if let Ok(Some(frames)) = Frames::open(file, len, Limits::default()) {
            return Ok(Found {
                encoded: len,
                document: frames.document_bytes(),
                frames: Some(frames.count() as u64),
                lines: Some(frames.line_ends()),
            });
        }
    }
    let mut read = Progress::new(input.reader(), None, true);
    let outline = sigma_encoder::outline(BufReader::with_capacity(1 << 15, &mut read))?;
    Ok(Found {
        encoded: read.bytes,
        document: outline.document_bytes,
        frames: Some(outline.frames).filter(|&frames| frames > 0),
        lines: outline.lines,
    })
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
