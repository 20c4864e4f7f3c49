//! What `run` prints when it is done: one line per variant and profile with a column per size that
//! fits in 80 columns, then the verdicts. Plain text without colour, so it reads the same piped.

use analysis::Analysis;
use analysis::cells::Cell;
use analysis::criteria::Verdict;
use experiment::profile;
use record::metric::Metric;
use record::units::Bytes;

use super::processes;
use super::table::Table;

const WIDTH: usize = 80;

/// The results of a campaign for a terminal.
pub fn table(analysis: &Analysis) -> String {
    let mut text = String::new();
    for metric in &analysis.lock.experiment.fit.metrics {
        text.push_str(&format!("\nmean {}\n", processes::words(analysis, *metric)));
        for table in by_size(analysis, *metric).iter().chain(&by_file(analysis, *metric)) {
            text.push_str(&table.plain());
        }
    }
    if let Some(note) = processes::note(analysis) {
        text.push_str(&format!("\n{}", under("note", &note)));
    }
    text.push('\n');
    text.push_str(&super::claims::in_short(analysis));
    text.push_str(&verdicts(analysis));
    text
}

/// Variant and profile by size, as many sizes to a table as fit.
fn by_size(analysis: &Analysis, metric: Metric) -> Vec<Table> {
    let sizes = analysis.sizes();
    let rows = rows(analysis);
    let names = rows.iter().map(|(v, p)| v.chars().count() + p.chars().count() + 4).max();
    let per_table = (WIDTH.saturating_sub(names.unwrap_or(0)) / 11).max(1);
    sizes.chunks(per_table).map(|sizes| part(analysis, metric, &rows, sizes)).collect()
}

/// Variant by file, as many files to a table as fit.
fn by_file(analysis: &Analysis, metric: Metric) -> Vec<Table> {
    let input = &analysis.lock.experiment.input;
    let files: Vec<String> = input.found().map(|file| profile::file_name(file)).collect();
    let variants = analysis.lock.experiment.variant.iter().map(|variant| variant.name.as_str());
    let widest = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|name| name.chars().count()).max().unwrap_or(0)
    };
    let left = widest(&mut variants.clone());
    let column = widest(&mut files.iter().map(String::as_str)).max(9) + 2;
    let per_table = (WIDTH.saturating_sub(left) / column).max(1);
    let part = |files: &[String]| {
        let head = std::iter::once("variant").chain(files.iter().map(String::as_str));
        let mut table = Table::new(1, &head.collect::<Vec<_>>());
        for variant in variants.clone() {
            let of = |file: &String| {
                let here = |cell: &&Cell| cell.variant == variant && cell.profile == *file;
                let cell = analysis.summary.cells.iter().find(here);
                cell.map_or("—".to_owned(), |cell| value(cell, metric))
            };
            table.push(std::iter::once(variant.to_owned()).chain(files.iter().map(of)).collect());
        }
        table
    };
    files.chunks(per_table).map(part).collect()
}

/// The variants and swept profiles that were measured.
fn rows(analysis: &Analysis) -> Vec<(String, String)> {
    let swept = profile::swept_names(&analysis.lock.experiment.input);
    let mut rows: Vec<(String, String)> = Vec::new();
    for cell in analysis.summary.cells.iter().filter(|cell| swept.contains(&cell.profile)) {
        let row = (cell.variant.clone(), cell.profile.clone());
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

fn part(analysis: &Analysis, metric: Metric, rows: &[(String, String)], sizes: &[Bytes]) -> Table {
    let mut head = vec!["variant".to_owned(), "profile".to_owned()];
    head.extend(sizes.iter().map(ToString::to_string));
    let mut table = Table::new(2, &head.iter().map(String::as_str).collect::<Vec<_>>());
    for (variant, profile) in rows {
        let of = |size: &Bytes| {
            let cell = analysis
                .summary
                .cells
                .iter()
                .find(|c| c.variant == *variant && c.profile == *profile && c.size == *size);
            cell.map_or("—".to_owned(), |cell| value(cell, metric))
        };
        let mut row = vec![variant.clone(), profile.clone()];
        row.extend(sizes.iter().map(of));
        table.push(row);
    }
    table
}

/// The mean, or how it failed.
fn value(cell: &Cell, metric: Metric) -> String {
    match (cell.metric(metric), cell.failures().next()) {
        (Some(described), _) => metric.show(described.mean),
        (None, Some((outcome, _))) => outcome.to_string(),
        (None, None) => "—".to_owned(),
    }
}

fn verdicts(analysis: &Analysis) -> String {
    let mut text = String::new();
    for judged in &analysis.criteria {
        text.push_str(&under(&judged.verdict.to_string(), &judged.name));
        if let (false, Some(finding)) = (judged.verdict == Verdict::Met, judged.deciding()) {
            text.push_str(&under("", &format!("{}: {}", finding.place, finding.because)));
        }
    }
    text
}

/// A word in the left column and text beside it, wrapped to the width of a terminal.
fn under(word: &str, text: &str) -> String {
    wrapped(&format!("{word:<13}"), text)
}

/// A text behind its head, wrapped to the width of a terminal and indented as far.
pub(super) fn wrapped(head: &str, text: &str) -> String {
    let left = head.chars().count();
    let mut lines = head.to_owned();
    let mut width = left;
    for part in text.split(' ') {
        let length = part.chars().count();
        if width > left && width + 1 + length > WIDTH {
            lines.push_str(&format!("\n{:<left$}", ""));
            width = left;
        }
        lines.push_str(&format!(" {part}"));
        width += 1 + length;
    }
    lines.push('\n');
    lines
}
