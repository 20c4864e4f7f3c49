//! `report.md`: the question and its answer, the criteria, then what they rest on. Every number comes
//! from the data; what was not measured is said.

use std::fmt::Write;

use stats::Describe;

use analysis::Analysis;
use analysis::criteria::{Finding, Judged, Verdict};
use analysis::growth::Scaling;
use experiment::Pin;
use experiment::placeholder::{self, Placeholder, What};
use experiment::profile;
use record::Outcome;
use record::failure::Failure;
use record::metric::Metric;
use record::units::{self, significant};

use super::table::Table;
use super::{claims, figures, front, growth, processes, words};

/// What stands where there is nothing to say.
pub(super) const NONE: &str = "—";

/// The whole report.
pub(super) fn report(analysis: &Analysis) -> String {
    let experiment = &analysis.lock.experiment;
    let mut text = format!("# {}\n\n**{}**\n\n", experiment.title, experiment.question);
    if !analysis.lock.only.is_empty() {
        let only = analysis.lock.only.join("`, `");
        write!(text, "**A part of the experiment: only `{only}`.**\n\n").expect("a string");
    }
    text.push_str(&answer(analysis));
    if let Some(note) = processes::note(analysis) {
        write!(text, "\n{note}\n").expect("a string");
    }
    if !experiment.expect.is_empty() {
        write!(text, "\nExpected, before measuring: {}\n", experiment.expect).expect("a string");
    }
    section(&mut text, "Criteria", &criteria(analysis));
    let prose = placeholder::fill(&experiment.analysis, &experiment.own_metrics(), |name| {
        filled(analysis, name)
    });
    section(&mut text, "Analysis", &prose);
    section(&mut text, "Altogether", &altogether(analysis));
    section(&mut text, "Techniques", &claims::techniques(analysis));
    section(&mut text, "Comparisons", &claims::comparisons(analysis));
    section(&mut text, "Growth", &growth::report(analysis));
    let predictions = growth::predictions(analysis) + "\n" + &claims::foretold(analysis);
    section(&mut text, "Predictions", &predictions);
    section(&mut text, "Memory budgets", &claims::budgets(analysis));
    section(&mut text, "Measurements", &measurements(analysis));
    section(&mut text, "Processes", &processes::report(analysis));
    section(&mut text, "Assumptions", &claims::assumptions(analysis));
    section(&mut text, "What the peak is made of", &super::memory_section::report(analysis));
    section(&mut text, "Memory given back", &given_back(analysis));
    section(&mut text, "Failures", &failures(analysis));
    section(&mut text, "Variants", &variants(analysis));
    section(&mut text, "How it was measured", &provenance(analysis));
    text
}

fn section(text: &mut String, heading: &str, body: &str) {
    if !body.trim().is_empty() {
        write!(text, "\n## {heading}\n\n{}\n", body.trim()).expect("writing to a string");
    }
}

/// The answer in a sentence: how much the leading metric grew over the range, per variant, and how
/// many criteria are met.
pub(super) fn answer(analysis: &Analysis) -> String {
    let metric = figures::leading(analysis);
    let mut parts = Vec::new();
    for variant in &analysis.lock.experiment.variant {
        let grown: Vec<f64> = analysis
            .growth
            .iter()
            .filter(|of| of.variant == variant.name && of.metric == metric)
            .filter_map(|of| Some(of.points.last()?.mean / of.points.first()?.mean))
            .collect();
        if let Some(range) = range(&grown, |value| significant(value, 3)) {
            parts.push(format!("{range}-fold with `{}`", variant.name));
        }
    }
    let sizes = analysis.sizes();
    let mut text = String::new();
    if let (false, Some(first), Some(last)) = (parts.is_empty(), sizes.first(), sizes.last()) {
        let list = listed(&parts);
        write!(
            text,
            "While the input grows from {first} to {last}, {} grows {list}",
            processes::words(analysis, metric)
        )
        .expect("writing to a string");
        text.push_str(if analysis.criteria.is_empty() { ".\n" } else { "; " });
    }
    if !analysis.criteria.is_empty() {
        let met = analysis.criteria.iter().filter(|of| of.verdict == Verdict::Met).count();
        writeln!(text, "{met} of {} criteria are met.", analysis.criteria.len()).expect("a string");
    }
    text
}

/// `a to b`, or `a` where both read the same; nothing for no values.
pub(super) fn range(values: &[f64], show: impl Fn(f64) -> String) -> Option<String> {
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    let (low, high) = (show(low), show(high));
    Some(if low == high { low } else { format!("{low} to {high}") })
}

pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

fn criteria(analysis: &Analysis) -> String {
    if analysis.criteria.is_empty() {
        return String::new();
    }
    let mut table = Table::new(4, &["criterion", "verdict", "decided by", "because"]);
    for judged in &analysis.criteria {
        let deciding = judged.deciding();
        table.push(vec![
            judged.name.clone(),
            match judged.required {
                true => format!("**{}**", judged.verdict),
                false => format!("**{}** (asked, not required)", judged.verdict),
            },
            deciding.map_or(NONE.to_owned(), |finding| decided_by(judged, finding)),
            deciding.map_or(NONE.to_owned(), |finding| finding.because.clone()),
        ]);
    }
    format!(
        "A criterion is met when the whole 95 % interval lies within its bound at every place that it \
         is about; the place shown is the one that decides.\n\n{}",
        table.markdown()
    )
}

fn decided_by(judged: &Judged, finding: &Finding) -> String {
    match judged.findings.len() {
        1 => finding.place.clone(),
        count => format!("{} (of {count} places)", finding.place),
    }
}

/// A number of the results by name; what does not exist says so instead of leaving a gap.
fn filled(analysis: &Analysis, name: &Placeholder) -> String {
    let found = match name.what {
        What::Mean(size) => analysis
            .summary
            .cells
            .iter()
            .find(|c| c.variant == name.variant && c.profile == name.profile && c.size == size)
            .and_then(|cell| Some(name.metric.show(cell.metric(name.metric)?.mean))),
        _ => analysis
            .growth
            .iter()
            .find(|of| {
                of.variant == name.variant && of.profile == name.profile && of.metric == name.metric
            })
            .and_then(|scaling| fitted(scaling, name.what)),
    };
    found.unwrap_or_else(|| "(not measured)".to_owned())
}

fn fitted(scaling: &Scaling, what: What) -> Option<String> {
    let growth = scaling.growth.as_ref().ok();
    match what {
        What::Mean(_) => None,
        What::Exponent => Some(significant(scaling.power.as_ref().ok()?.exponent, 3)),
        What::Constant => Some(scaling.metric.show(growth?.chosen().constant?.value)),
        What::Slope => Some(significant(growth?.chosen().slope?.value, 3)),
        What::At(size) => Some(words::foretold(scaling, growth?, size)?),
    }
}

pub(super) fn figure(name: &str, caption: &str) -> String {
    format!("![{caption}](figures/{name}.png)\n\n*{caption} ([SVG](figures/{name}.svg))*\n\n")
}

fn altogether(analysis: &Analysis) -> String {
    match front::applies(analysis) {
        true => format!(
            "{}{}",
            figure("front", "Size against speed, and size against memory"),
            front::table(analysis)
        ),
        false => String::new(),
    }
}

fn measurements(analysis: &Analysis) -> String {
    let mut text = String::new();
    if analysis.lock.experiment.input.sizes.len() > 1 {
        text.push_str(&figure("spread", "Means with their 95 % intervals, and the spread of runs"));
        text.push_str(&figure("efficiency", "Peak memory and output per byte of input"));
    }
    let leading = figures::leading(analysis);
    for profile in profile::profile_names(&analysis.lock.experiment.input) {
        let table = measurement_table(analysis, leading, &profile);
        let table = folded(&table);
        write!(text, "### {profile}\n\n{table}\n").expect("writing to a string");
    }
    text
}

/// A long table is there to be looked up in, not to be read.
fn folded(table: &str) -> String {
    const LONG: usize = 60;
    match table.lines().count() {
        0..=LONG => table.to_owned(),
        lines => {
            format!("<details><summary>{} cells</summary>\n\n{table}\n</details>\n", lines - 2)
        }
    }
}

fn measurement_table(analysis: &Analysis, metric: Metric, profile: &str) -> String {
    let mut table = Table::new(
        2,
        &[
            "variant",
            "input",
            "runs",
            &format!("{}, mean", processes::words(analysis, metric)),
            "sd",
            "CV",
            "95 % interval of the mean",
            "min to max",
            "outliers",
            "wall time, median",
            "output",
            "output over input",
            "round trip",
        ],
    );
    for cell in analysis.summary.cells.iter().filter(|cell| cell.profile == profile) {
        let mut row = vec![cell.variant.clone(), cell.size.to_string(), cell.runs_ok().to_string()];
        row.extend(match cell.metric(metric) {
            Some(described) => {
                let resolutions = &analysis.summary.self_tests.resolutions;
                spread_columns(described, metric, resolutions.error(metric, cell.size))
            }
            None => std::array::from_fn(|_| NONE.to_owned()),
        });
        let of = |metric: Metric, value: fn(&Describe) -> f64| {
            cell.metric(metric).map_or(NONE.to_owned(), |of| metric.show(value(of)))
        };
        row.push(of(Metric::Wall, |of| of.median));
        row.push(match cell.distinct_outputs {
            0 | 1 => of(Metric::Output, |of| of.mean),
            differing => format!("{differing} different outputs"),
        });
        row.push(of(Metric::Ratio, |of| of.mean));
        row.push(match cell.round_trip {
            Some(true) => "exact".to_owned(),
            Some(false) => "**wrong**".to_owned(),
            None => "not checked".to_owned(),
        });
        table.push(row);
    }
    table.markdown()
}

/// Mean, sd, CV, interval, extremes, outliers. One run has no spread; a metric that was the same in
/// every run is said to be deterministic instead of given a zero-width interval.
fn spread_columns(of: &Describe, metric: Metric, error: f64) -> [String; 6] {
    let none = || NONE.to_owned();
    let mean = metric.show(of.mean);
    if metric.is_exact() {
        return [mean, none(), none(), "exact, counted in one run".to_owned(), none(), none()];
    }
    if of.n > 1 && of.identical {
        let finely = match error > 0.0 {
            true => format!(", to within {}", metric.show(error)),
            false => String::new(),
        };
        let said = format!("deterministic ({} of {} identical{finely})", of.n, of.n);
        return [mean, metric.show(0.0), units::percent(0.0), said, metric.show(of.min), none()];
    }
    let interval = of
        .mean_ci95
        .map_or_else(none, |ci| format!("{} to {}", metric.show(ci.low), metric.show(ci.high)));
    [
        mean,
        of.sd.map_or_else(none, |sd| metric.show(sd)),
        of.cv.map_or_else(none, units::percent),
        interval,
        format!("{} to {}", metric.show(of.min), metric.show(of.max)),
        outliers(of),
    ]
}

/// How many runs each rule flags; none is removed.
fn outliers(of: &Describe) -> String {
    match (of.outliers.by_two_sd.indices.len(), of.outliers.by_mad.indices.len()) {
        (0, 0) => NONE.to_owned(),
        (two_sd, mad) => format!("{two_sd} by 2 sd, {mad} by MAD"),
    }
}

fn given_back(analysis: &Analysis) -> String {
    let mut table = Table::new(
        2,
        &[
            "variant",
            "profile",
            "input",
            "repetitions",
            "live heap after the first",
            "after the last",
            "trend",
            "resident after the first",
            "after the last",
            "largest",
        ],
    );
    for of in &analysis.summary.repetitions {
        let at = |value: Option<&f64>| value.map_or(NONE.to_owned(), |v| units::bytes(*v));
        let trend = match &of.trend {
            Ok(trend) => format!("τ {}, p {}", significant(trend.tau, 2), significant(trend.p, 2)),
            Err(_) => "all the same".to_owned(),
        };
        table.push(vec![
            of.variant.clone(),
            of.profile.clone(),
            of.size.to_string(),
            of.live_heap_bytes.len().to_string(),
            at(of.live_heap_bytes.first()),
            at(of.live_heap_bytes.last()),
            trend,
            at(of.rss_bytes.first()),
            at(of.rss_bytes.last()),
            at(of.rss_bytes.iter().copied().reduce(f64::max).as_ref()),
        ]);
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "Memory of one process after each of many encodings of the same document. The live heap is exact, \
         counted by the instrumented encoder; what stays resident also holds what the allocator keeps for \
         reuse. Trend: Mann and Kendall's test of the live heap over the second half.\n\n{}",
        table.markdown()
    )
}

fn failures(analysis: &Analysis) -> String {
    let mut table = Table::new(3, &["variant", "profile", "outcome", "input", "runs"]);
    for cell in &analysis.summary.cells {
        for (outcome, count) in cell.failures() {
            table.push(vec![
                cell.variant.clone(),
                cell.profile.clone(),
                outcome.to_string(),
                cell.size.to_string(),
                count.to_string(),
            ]);
        }
    }
    if table.is_empty() {
        return String::new();
    }
    let skipped = analysis
        .summary
        .cells
        .iter()
        .any(|cell| cell.failures().any(|(outcome, _)| outcome == Outcome::Skipped));
    let note = match skipped {
        true => "A variant that failed at a size was not tried on larger ones.\n\n",
        false => "",
    };
    format!("{note}{}{}", table.markdown(), said(&analysis.failures))
}

/// Who failed first how at each place, with what they said last.
fn said(failures: &[Failure]) -> String {
    const SHOWN_MAX: usize = 20;
    let mut text = String::new();
    for failure in failures.iter().take(SHOWN_MAX) {
        let Failure { variant, profile, .. } = failure;
        let (size, words) = (units::Bytes(failure.input_bytes), failure.words());
        let colon = if failure.said.is_some() { ":" } else { "." };
        text.push_str(&format!("\n- `{variant}` on {profile}, {size}: {words}{colon}\n"));
        let lines: Vec<String> = failure.lines().map(|line| format!("      {line}\n")).collect();
        if !lines.is_empty() {
            text.push_str(&format!("\n{}", lines.concat()));
        }
    }
    if failures.len() > SHOWN_MAX {
        text.push_str(&format!("\nAnd {} more in failures.csv.\n", failures.len() - SHOWN_MAX));
    }
    text
}

fn variants(analysis: &Analysis) -> String {
    let mut text = String::new();
    for variant in &analysis.lock.experiment.variant {
        let about = match variant.about.as_str() {
            "" => String::new(),
            about => format!(": {about}"),
        };
        let command = variant.program.command_line();
        writeln!(text, "- `{}`{about} (`{command}`)", variant.name).expect("writing to a string");
    }
    text
}

/// How many blocks there are, and when cells leave them.
fn blocks(measure: &experiment::Measure) -> String {
    match measure.precision.filter(|_| measure.runs_max > measure.runs_min) {
        None => format!("{} complete blocks", measure.runs_min),
        Some(precision) => format!(
            "{} complete blocks, and up to {} in all for cells whose mean is not yet known to {precision} \
             (deterministic cells are not repeated)",
            measure.runs_min, measure.runs_max
        ),
    }
}

/// Where children run, and at which addresses.
fn layout(measure: &experiment::Measure) -> String {
    let addresses = if measure.layout_noise { "addresses as they come" } else { "addresses fixed" };
    let cpu = match measure.pin {
        Pin::Auto => "one CPU for programs of one thread",
        Pin::Always => "one CPU",
        Pin::Never => "CPUs as they come",
    };
    format!("{addresses}, {cpu}")
}

/// How many runs were disturbed, and what of runs could not be published.
fn disturbed(analysis: &Analysis) -> Option<String> {
    let cells = &analysis.summary.cells;
    let runs: u32 = cells.iter().map(analysis::cells::Cell::runs_ok).sum();
    let disturbed: u32 = cells.iter().map(|cell| cell.disturbed).sum();
    let unknown: u32 = cells.iter().map(|cell| cell.disturbed_unknown).sum();
    // Samples of before this was recorded say nothing of it.
    if unknown == runs {
        return None;
    }
    let unknown = match unknown {
        0 => String::new(),
        _ => format!("; of {unknown} it is unknown"),
    };
    Some(format!(
        "- Disturbed: {disturbed} of {runs} runs (processor time taken by the host, waits for a CPU or for \
         memory beyond 5 % of the run, or load){unknown}."
    ))
}

/// Programs of several threads whose wall time is missing since they were pinned.
fn pinned(analysis: &Analysis) -> Option<String> {
    let cells = analysis.summary.cells.iter().filter(|cell| cell.walls_left_out > 0);
    let mut names: Vec<String> = cells.map(|cell| format!("`{}`", cell.variant)).collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then(|| {
        format!(
            "- Left out: wall times of {}, which run more than one thread or process and were pinned to \
             one CPU (`pin`).",
            listed(&names)
        )
    })
}

fn provenance(analysis: &Analysis) -> String {
    let Analysis { name, lock, machines, summary, .. } = analysis;
    let measure = &lock.experiment.measure;
    let machine = &machines.before;
    let unknown = || "unknown".to_owned();
    let load = |of: Option<f64>| of.map_or_else(unknown, |load| format!("{load:.2}"));
    let mut lines = vec![
        format!(
            "- Again: `{}`; the report alone, from the samples: `cargo xtask report {name}`.",
            lock.command
        ),
        format!(
            "- Commit `{}`{}, {}.",
            lock.commit.chars().take(12).collect::<String>(),
            if lock.dirty { " with changes that are not in it" } else { "" },
            lock.rustc
        ),
        format!(
            "- Machine: {}, {} CPUs, {} of memory, Linux {} on {}{}; swap {}, huge pages {}, governor {}.",
            machine.cpu,
            machine.cpu_count,
            machine.memory_bytes.map_or_else(unknown, |bytes| units::bytes(bytes as f64)),
            machine.kernel,
            machine.architecture,
            match machine.hypervisor {
                Some(true) => ", a virtual machine",
                Some(false) => "",
                None => ", perhaps a virtual machine",
            },
            match machine.swap_bytes {
                Some(0) => "off".to_owned(),
                Some(bytes) => units::bytes(bytes as f64),
                None => unknown(),
            },
            machine.huge_pages.as_deref().unwrap_or("unknown"),
            machine.governor.as_deref().unwrap_or("unknown"),
        ),
        format!(
            "- Measured {} to {}; load {} before, {} after.",
            machine.time,
            machines.after.as_ref().map_or(NONE, |after| &after.time),
            load(machine.load_1min),
            machines.after.as_ref().map_or(NONE.to_owned(), |after| load(after.load_1min)),
        ),
        format!(
            "- Warm-up blocks, recorded and not aggregated: {}. Then {}, in random order from seed {}; {}.",
            measure.warmup,
            blocks(measure),
            measure.seed,
            layout(measure),
        ),
        format!(
            "- Limits per run: {}{}.",
            measure.timeout,
            measure.memory_limit.map_or(String::new(), |limit| format!(" and {limit} of memory")),
        ),
    ];
    lines.extend(proven(analysis));
    let empty: Vec<String> = summary
        .self_tests
        .empty
        .iter()
        .map(|(variant, peak)| format!("`{variant}` {}", units::bytes(*peak)))
        .collect();
    if !empty.is_empty() {
        lines.push(format!("- Peak on the empty document: {}.", listed(&empty)));
    }
    lines.extend(disturbed(analysis));
    lines.extend(pinned(analysis));
    if !machines.refused.is_empty() {
        lines.push(format!(
            "- Refused by the machine: {}; measured without.",
            listed(&machines.refusals())
        ));
    }
    for binary in &lock.binary {
        let hash = binary.sha256.as_ref().map_or(NONE, |sha256| sha256.short());
        lines.push(format!("- `{}` {} (SHA-256 {hash}…).", binary.name, binary.version));
    }
    lines.join("\n")
}

/// What the probe was seen to measure of children that are known.
fn proven(analysis: &Analysis) -> Vec<String> {
    let Analysis { lock, summary, .. } = analysis;
    let mut lines = Vec::new();
    if let (Some(floor), Some((touched, known))) =
        (summary.self_tests.floor_bytes, summary.self_tests.touched_bytes)
    {
        lines.push(format!(
            "- The probe, before measuring: an empty child peaks at {}; one that touches {} more reads {} more ({} off).",
            units::bytes(floor),
            units::bytes(known.0 as f64),
            units::bytes(touched),
            units::bytes(touched - known.0 as f64),
        ));
    }
    let resolution: Vec<String> = summary
        .self_tests
        .resolutions
        .measured()
        .iter()
        .filter(|(metric, _)| lock.experiment.fit.metrics.contains(metric))
        .map(|(metric, value)| format!("`{metric}` {}", metric.show(*value)))
        .collect();
    if !resolution.is_empty() {
        lines.push(format!(
            "- Resolution, of children that touch odd amounts; smaller differences mean nothing: {}.",
            listed(&resolution)
        ));
    }
    lines
}
