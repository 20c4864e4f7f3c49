//! `sigma inspect`: the tables it prints.

use std::fmt::Write as _;

use sigma_encoder::{FrameBytes, Inspection, Part, PathBits};

/// Bytes for which an encoding spent so many bits.
fn bytes(bits: f64) -> f64 {
    bits / 8.0
}

/// Parts, the first frames and the most expensive paths.
pub(crate) fn text(inspection: &Inspection, paths_max: usize, frames_max: usize) -> String {
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
