//! `sigma inspect`: the tables it prints.

use std::fmt::Write as _;

use sigma_encoder::{BlockBytes, Census, FrameBytes, Inspection, Part, PathBits, StreamKind};

/// Bytes for which an encoding spent so many bits.
fn bytes(bits: f64) -> f64 {
    bits / 8.0
}

/// Parts, or the streams of blocks; the first frames and the most expensive paths.
pub(crate) fn text(inspection: &Inspection, paths_max: usize, frames_max: usize) -> String {
    if let Some(census) = &inspection.blocks {
        return blocks_text(census) + &frames_text(&inspection.frames, frames_max);
    }
    let mut text = String::new();
    let total: f64 = inspection.parts.iter().map(|part| part.0).sum();
    let _ = writeln!(
        text,
        "{} chunks, {} segments of {} bytes, {} values of {} bytes\n",
        inspection.chunks,
        inspection.segments.0,
        inspection.segments.1,
        inspection.values.0,
        inspection.values.1
    );
    let _ = writeln!(text, "{:<16} {:>12} {:>7} {:>12}", "part", "bytes", "share", "decisions");
    for (part, (bits, decisions)) in Part::ALL.iter().zip(inspection.parts) {
        let share = 100.0 * bits / total.max(1.0);
        let (name, bytes) = (part.name(), bytes(bits));
        let _ = writeln!(text, "{name:<16} {bytes:>12.0} {share:>6.1}% {decisions:>12}");
    }
    text.push_str(&frames_text(&inspection.frames, frames_max));
    let mut paths: Vec<(&String, &PathBits)> = inspection.paths.iter().collect();
    paths.sort_by(|a, b| b.1.bits.total_cmp(&a.1.bits).then(a.0.cmp(b.0)));
    let _ = writeln!(
        text,
        "\n{:>12} {:>7} {:>10} {:>12}  path",
        "bytes", "share", "values", "of bytes"
    );
    for (path, cost) in paths.into_iter().take(paths_max) {
        let (share, bytes) = (100.0 * cost.bits / total.max(1.0), bytes(cost.bits));
        let _ = writeln!(
            text,
            "{bytes:>12.0} {share:>6.1}% {:>10} {:>12}  {path}",
            cost.count, cost.bytes
        );
    }
    text
}

/// What the blocks of the level `fast` hold.
fn blocks_text(census: &Census) -> String {
    let mut text =
        format!("{:<16} {:>12} {:>12} {:>12}\n", "form", "blocks", "document", "encoding");
    for (name, bytes) in [("columns", census.columns), ("plain", census.plain)] {
        let BlockBytes { blocks, document_bytes, coded_bytes } = bytes;
        let _ = writeln!(text, "{name:<16} {blocks:>12} {document_bytes:>12} {coded_bytes:>12}");
    }
    let _ = writeln!(
        text,
        "\nin columns: {} segments of {} bytes, {} values of {} bytes\n",
        census.segments.0, census.segments.1, census.values.0, census.values.1
    );
    let total: u64 = census.streams.iter().map(|stream| stream.1).sum();
    let heading = "bytes before compression";
    let _ = writeln!(text, "{:<16} {:>12} {heading:>24} {:>7}", "stream", "count", "share");
    for (kind, (count, bytes)) in StreamKind::ALL.iter().zip(census.streams) {
        let share = 100.0 * bytes as f64 / total.max(1) as f64;
        let _ = writeln!(text, "{:<16} {count:>12} {bytes:>24} {share:>6.1}%", kind.name());
    }
    text
}

/// The first frames, if there are any.
fn frames_text(frames: &[FrameBytes], frames_max: usize) -> String {
    let mut text = String::new();
    if frames.is_empty() {
        return text;
    }
    let _ = writeln!(
        text,
        "\n{:>12} {:>15} {:>12}  of {} frames",
        "frame",
        "at byte",
        "bytes",
        frames.len()
    );
    let mut start = 0;
    for (index, frame) in frames.iter().take(frames_max).enumerate() {
        let (document, encoded) = (frame.document, frame.encoded);
        let _ = writeln!(text, "{index:>12} {start:>15} {document:>12}  in {encoded} bytes");
        start += document;
    }
    text
}
