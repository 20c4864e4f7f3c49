//! The results in the project's README: a block between two markers, generated like a report.

use std::path::Path;

use anyhow::Context;

use analysis::Analysis;
use analysis::cells::Cell;
use record::metric::Metric;
use record::publish;

use super::table::Table;
use super::{figures, markdown, processes};

const START: &str = "<!-- results: baseline -->\n";
const END: &str = "<!-- end of results -->\n";

/// Writes the block of a report into the README at `root`.
pub fn publish(analysis: &Analysis, root: &Path) -> anyhow::Result<()> {
    let path = root.join("README.md");
    publish::replace(&path, with_block(&read(&path)?, analysis)?.as_bytes())
}

/// Whether the README holds the block that the report gives.
pub fn is_fresh(analysis: &Analysis, root: &Path) -> anyhow::Result<bool> {
    let text = read(&root.join("README.md"))?;
    Ok(with_block(&text, analysis)? == text)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn with_block(text: &str, analysis: &Analysis) -> anyhow::Result<String> {
    let missing = || format!("README.md has no `{}` and `{}`", START.trim(), END.trim());
    let (before, rest) = text.split_once(START).with_context(missing)?;
    let (_, after) = rest.split_once(END).with_context(missing)?;
    Ok(format!("{before}{START}{}{END}{after}", block(analysis)))
}

pub(super) fn block(analysis: &Analysis) -> String {
    let name = &analysis.name;
    format!(
        "**{}** {}\n{}\n![{} against input size](reports/{name}/figures/scaling.png)\n\n\
         From [the report](reports/{name}/report.md), measured {} on {}.\n",
        analysis.lock.experiment.question,
        markdown::answer(analysis),
        table(analysis).markdown(),
        processes::words(analysis, figures::leading(analysis)),
        &analysis.machines.before.time[..10],
        analysis.machines.before.cpu,
    )
}

/// A row per variant: the leading metric at both ends of the sweep and the output, over all profiles.
fn table(analysis: &Analysis) -> Table {
    let experiment = &analysis.lock.experiment;
    let metric = figures::leading(analysis);
    let sizes = &experiment.input.sizes;
    let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else {
        return Table::new(1, &["variant"]);
    };
    let words = processes::words(analysis, metric);
    let head = [
        "variant".to_owned(),
        "what it is".to_owned(),
        format!("{words} at {first}"),
        format!("{words} at {last}"),
        format!("output over input at {last}"),
    ];
    let mut table = Table::new(2, &head.each_ref().map(String::as_str));
    for variant in &experiment.variant {
        let range = |size, metric: Metric| {
            let here = |cell: &&Cell| cell.variant == variant.name && cell.size == size;
            let means: Vec<f64> = analysis
                .summary
                .cells
                .iter()
                .filter(here)
                .filter_map(|cell| Some(cell.metric(metric)?.mean))
                .collect();
            markdown::range(&means, |value| metric.show(value)).unwrap_or_else(|| "—".to_owned())
        };
        table.push(vec![
            format!("`{}`", variant.name),
            variant.about.clone(),
            range(*first, metric),
            range(*last, metric),
            range(*last, Metric::Ratio),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_markers() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let text = read(&root.join("README.md")).unwrap();
        assert!(text.find(START).unwrap() < text.find(END).unwrap());
    }
}
