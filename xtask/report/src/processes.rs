//! Programs of several processes: whose memory a figure is. `peak_rss` is that of the largest process,
//! and where there were others a report says so wherever it names it.

use analysis::Analysis;
use analysis::cells::Cell;
use record::metric::Metric;

use super::markdown::listed;
use super::table::Table;

/// Metrics that are of one process alone.
const OF_ONE: [Metric; 4] = [Metric::PeakRss, Metric::PeakHwm, Metric::PeakAnon, Metric::Overhead];

/// The metric in words; of whom, where a variant ran more than one process.
pub(super) fn words(analysis: &Analysis, metric: Metric) -> String {
    let words = metric.words();
    if !OF_ONE.contains(&metric) || variants(analysis).is_empty() {
        return words.to_owned();
    }
    match words.strip_suffix(" over input") {
        Some(memory) => format!("{memory} of the largest process over input"),
        None => format!("{words} of the largest process"),
    }
}

/// One sentence, or nothing where every program was one process.
pub(super) fn note(analysis: &Analysis) -> Option<String> {
    let ran: Vec<String> = variants(analysis)
        .into_iter()
        .map(|(variant, cells)| {
            let most = largest(&cells, Metric::Processes).unwrap_or(0.0);
            let held = together(&cells).map_or(String::new(), |held| format!(", {held} together"));
            let most = Metric::Processes.show(most);
            format!("`{variant}` ran up to {most} processes{held}")
        })
        .collect();
    (!ran.is_empty()).then(|| {
        format!(
            "Peak memory (`peak_rss`) is that of the largest process, not of the program: {}; \
             `peak_tree` is of all processes.",
            listed(&ran)
        )
    })
}

/// A row per cell that ran more than one process.
pub(super) fn report(analysis: &Analysis) -> String {
    let mut table = Table::new(
        3,
        &[
            "variant",
            "profile",
            "input",
            "processes",
            "threads at once",
            "largest process",
            "all together, at least",
            "all together, at most",
        ],
    );
    for cell in analysis.summary.cells.iter().filter(|cell| has_children(cell)) {
        let most = |metric: Metric| {
            cell.metric(metric).map_or("—".to_owned(), |described| metric.show(described.max))
        };
        table.push(vec![
            cell.variant.clone(),
            cell.profile.clone(),
            cell.size.to_string(),
            most(Metric::Processes),
            most(Metric::Threads),
            most(Metric::PeakRss),
            most(Metric::PeakTreeLow),
            most(Metric::PeakTree),
        ]);
    }
    match note(analysis) {
        None => String::new(),
        Some(note) => {
            let left = left_behind(analysis).map_or(String::new(), |left| format!("\n{left}\n"));
            format!("{note} The largest figures of all runs:\n\n{}{left}", table.markdown())
        }
    }
}

/// Who ended while processes of theirs went on.
fn left_behind(analysis: &Analysis) -> Option<String> {
    let left: Vec<String> = variants(analysis)
        .into_iter()
        .filter_map(|(variant, cells)| {
            let runs: u32 = cells.iter().map(|cell| cell.left_behind[0]).sum();
            let most = cells.iter().map(|cell| cell.left_behind[1]).max()?;
            (runs > 0).then(|| format!("`{variant}` up to {most} in {runs} runs"))
        })
        .collect();
    (!left.is_empty()).then(|| {
        format!(
            "Left running when the program ended, and killed then (`left_behind` in samples.csv): {}.",
            listed(&left)
        )
    })
}

/// The variants that ran more than one process, with the cells in which they did.
fn variants(analysis: &Analysis) -> Vec<(&str, Vec<&Cell>)> {
    let of = |name| {
        let here = |cell: &&Cell| cell.variant == name && has_children(cell);
        (name, analysis.summary.cells.iter().filter(here).collect::<Vec<_>>())
    };
    let all = analysis.lock.experiment.variant.iter().map(|variant| of(variant.name.as_str()));
    all.filter(|(_, cells)| !cells.is_empty()).collect()
}

fn has_children(cell: &Cell) -> bool {
    cell.metric(Metric::Processes).is_some_and(|processes| processes.max > 1.0)
}

fn largest(cells: &[&Cell], metric: Metric) -> Option<f64> {
    cells.iter().filter_map(|cell| Some(cell.metric(metric)?.max)).reduce(f64::max)
}

/// What they held at once in the cell where that was most: a range, or one figure where both ends read
/// the same.
fn together(cells: &[&Cell]) -> Option<String> {
    let show = |metric: Metric| Some(metric.show(largest(cells, metric)?));
    let (low, high) = (show(Metric::PeakTreeLow)?, show(Metric::PeakTree)?);
    Some(if low == high { low } else { format!("{low} to {high}") })
}
