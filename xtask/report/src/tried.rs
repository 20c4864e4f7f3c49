//! What `try` prints: per command its time, memory, output and growth, then which is faster, lighter,
//! smaller and flatter, and by how much. Fits in 80 columns; colour on a terminal alone.

use std::io::IsTerminal;

use stats::compare::Change as Answer;
use stats::growth::{Class, Decision};
use stats::{Comparison, Growth, Interval};

use analysis::Analysis;
use analysis::cells::Cell;
use record::metric::Metric;
use record::units::{Bytes, significant};

use super::table::Table;

/// Whether names and answers stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As in a file.
    Plain,
    /// What matters is bold.
    Coloured,
}

impl Style {
    /// Coloured on a terminal, unless `NO_COLOR` is set (<https://no-color.org>) or it is a dumb one.
    pub fn of_stdout() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match std::io::stdout().is_terminal() && !set("NO_COLOR") && !is_dumb {
            true => Style::Coloured,
            false => Style::Plain,
        }
    }

    fn bold(self, text: &str) -> String {
        match self {
            Style::Plain => text.to_owned(),
            Style::Coloured => format!("\x1b[1m{text}\x1b[0m"),
        }
    }
}

/// The results of the commands, each with the name it has in the experiment and as it was given.
pub fn results(analysis: &Analysis, commands: &[(&str, &str)], style: Style) -> String {
    let memory = memory_metric(analysis);
    let mut text = String::new();
    for (name, command) in commands {
        let head = if name == command { String::new() } else { format!("  {command}") };
        text.push_str(&format!("\n{}{head}\n", style.bold(name)));
        for profile in profiles(analysis) {
            text.push_str(&measured(analysis, name, &profile, memory));
            text.push_str(&growth(analysis, name, &profile));
        }
    }
    if memory == Metric::PeakTree {
        text.push_str("\nmemory is of all processes of a command together, at most\n");
    }
    if let [(first, _), others @ ..] = commands {
        for (other, _) in others {
            text.push_str(&compared(analysis, (first, other), style));
        }
    }
    text
}

/// Of a program with children the peak of one process is not the program's.
fn memory_metric(analysis: &Analysis) -> Metric {
    let has_children =
        |cell: &Cell| cell.metric(Metric::Processes).is_some_and(|processes| processes.max > 1.0);
    let all = |cell: &Cell| cell.metric(Metric::PeakTree).is_some();
    let cells = &analysis.summary.cells;
    match cells.iter().any(has_children) && cells.iter().any(all) {
        true => Metric::PeakTree,
        false => Metric::PeakRss,
    }
}

fn profiles(analysis: &Analysis) -> Vec<String> {
    let mut profiles: Vec<String> = Vec::new();
    for cell in &analysis.summary.cells {
        if !profiles.contains(&cell.profile) {
            profiles.push(cell.profile.clone());
        }
    }
    profiles
}

/// A line per document: time as mean ± sd with its range, memory, output.
fn measured(analysis: &Analysis, name: &str, profile: &str, memory: Metric) -> String {
    let head = ["  input", "time (mean ± sd)", "range", "memory", "output", "runs"];
    let mut table = Table::new(1, &head);
    let mut failed = String::new();
    let here = |cell: &&Cell| cell.variant == name && cell.profile == profile;
    for cell in analysis.summary.cells.iter().filter(here) {
        let input = format!("  {}", cell.size);
        let of = |metric: Metric| {
            cell.metric(metric).map_or("—".to_owned(), |of| metric.show(of.mean))
        };
        let time = cell.metric(Metric::Wall);
        if let Some((outcome, count)) = cell.failures().next() {
            failed.push_str(&format!("{input}: {outcome} in {count} runs\n"));
        }
        let Some(time) = time else { continue };
        let show = |value| Metric::Wall.show(value);
        let spread = time.sd.map_or(String::new(), |sd| format!(" ± {}", show(sd)));
        table.push(vec![
            input,
            format!("{}{spread}", show(time.mean)),
            format!("{} .. {}", show(time.min), show(time.max)),
            of(memory),
            of(Metric::Output),
            time.n.to_string(),
        ]);
    }
    let title = match profiles(analysis).len() {
        0 | 1 => String::new(),
        _ => format!("  {profile}\n"),
    };
    let table = if table.is_empty() { String::new() } else { table.plain() };
    format!("{title}{table}{failed}")
}

/// How time, memory and output grow, where there are sizes enough.
fn growth(analysis: &Analysis, name: &str, profile: &str) -> String {
    let mut parts = Vec::new();
    for scaling in &analysis.growth {
        let shown = [Metric::Wall, memory_metric(analysis), Metric::Output];
        if scaling.variant != name || scaling.profile != profile || !shown.contains(&scaling.metric)
        {
            continue;
        }
        if let Ok(growth) = &scaling.growth {
            parts.push(format!("{} {}", word(scaling.metric), class(growth)));
        }
    }
    match parts.is_empty() {
        true => String::new(),
        false => super::terminal::wrapped("  grows: ", &parts.join("; ")),
    }
}

fn word(metric: Metric) -> &'static str {
    match metric {
        Metric::Wall => "time",
        Metric::Output => "output",
        _ => "memory",
    }
}

/// The class that was decided with its formula, else those that fit.
fn class(growth: &Growth) -> String {
    match &growth.verdict {
        Decision::Decided(class) => class.to_string(),
        Decision::NotDecided(classes) => {
            let names: Vec<String> = classes.iter().map(Class::to_string).collect();
            format!("not decided ({})", names.join(" or "))
        }
    }
}

/// One command against the first: at the largest document of each kind that both could do.
fn compared(analysis: &Analysis, (first, other): (&str, &str), style: Style) -> String {
    let mut text = String::new();
    for profile in profiles(analysis) {
        let of = |metric: Metric| -> Vec<(Bytes, &Comparison)> {
            let here = analysis
                .comparisons
                .iter()
                .filter(|of| of.variant == other && of.profile == profile && of.metric == metric);
            here.filter_map(|of| Some((of.size, of.answer.as_ref().ok()?))).collect()
        };
        let Some((largest, _)) = of(Metric::Wall).into_iter().max_by_key(|(size, _)| *size) else {
            continue;
        };
        let kind =
            if profiles(analysis).len() > 1 { format!("{profile} of ") } else { String::new() };
        text.push_str(&format!(
            "\n{} at {kind}{largest}\n",
            style.bold(&format!("{other} against {first}"))
        ));
        for (metric, adjective) in [
            (Metric::Wall, "faster"),
            (memory_metric(analysis), "lighter"),
            (Metric::Output, "smaller"),
        ] {
            text.push_str(&answer(&of(metric), metric, adjective, (first, other)));
        }
        text.push_str(&flatter(analysis, &profile, (first, other)));
    }
    text
}

fn answer(
    all: &[(Bytes, &Comparison)],
    metric: Metric,
    adjective: &str,
    (first, other): (&str, &str),
) -> String {
    let Some((_, at_largest)) = all.iter().max_by_key(|(size, _)| *size) else {
        return String::new();
    };
    let said = |of: &Comparison| match of.verdict {
        Answer::Improved => format!("{other} is {adjective}"),
        Answer::Regressed => format!("{first} is {adjective}"),
        Answer::Equivalent => "neither".to_owned(),
        Answer::NotDecided { .. } => "not decided".to_owned(),
    };
    let here = said(at_largest);
    let agree = all.iter().filter(|(_, of)| said(of) == here).count();
    let Interval { low, high } = at_largest.ratio_ci95;
    let interval = match low == high {
        true => String::new(),
        false => format!(" [{}, {}]", significant(low, 3), significant(high, 3)),
    };
    let ratio = format!("×{}{interval}", significant(at_largest.ratio, 3));
    let of_all = match all.len() {
        0 | 1 => String::new(),
        count => format!(" (at {agree} of {count} sizes)"),
    };
    format!("  {:<7} {ratio:<24} {here}{of_all}\n", word(metric))
}

/// Whose memory grows less: by the exponents' intervals, which must lie apart.
fn flatter(analysis: &Analysis, profile: &str, (first, other): (&str, &str)) -> String {
    let exponent = |variant: &str| {
        let scaling = analysis.growth.iter().find(|of| {
            of.variant == variant && of.profile == profile && of.metric == memory_metric(analysis)
        })?;
        let growth = scaling.growth.as_ref().ok()?;
        if growth.verdict == Decision::Decided(Class::Constant) {
            return Some((0.0, Interval::new(0.0, 0.0)));
        }
        growth.exponent.map(|exponent| (exponent.value, exponent.ci95))
    };
    let (Some((of_first, first_within)), Some((of_other, other_within))) =
        (exponent(first), exponent(other))
    else {
        return String::new();
    };
    let here = if other_within.high < first_within.low {
        format!("{other} is flatter")
    } else if first_within.high < other_within.low {
        format!("{first} is flatter")
    } else if of_first == of_other {
        "neither".to_owned()
    } else {
        "not decided".to_owned()
    };
    let shown = format!("n^{} to n^{}", significant(of_other, 2), significant(of_first, 2));
    format!("  {:<7} {shown:<24} {here}\n", "growth")
}
