//! The report's section on memory: what the peak is made of, by stage; the same for `summary.json`; and
//! its figures.

use std::fmt::Write;

use serde_json::{Value, json};
use stats::growth::Decision;

use analysis::Analysis;
use analysis::memory::{Heap, Memory, Parts, Stage};
use charts::{Axis, Chart, Dash, Key, Kind, Layer, Marker, Panel, Point, Scale, Series};
use record::units::{Bytes, bytes, percent};

use super::table::Table;

const NONE: &str = "—";

/// A stage that never holds a hundredth of the heap is left out of the table of growth.
const WORTH_SHOWING: f64 = 0.01;

/// The body of the section; empty where there is nothing to say.
pub(super) fn report(analysis: &Analysis) -> String {
    let memory = &analysis.memory;
    let mut text = views(memory);
    if !memory.heaps.is_empty() {
        for part in [by_stage(memory), growing(memory), constant(memory), reconciled(memory)] {
            text.push_str(&part);
        }
    }
    if !memory.timeline.is_empty() {
        text.push_str(
            "### Over time\n\n![Resident memory over one run](figures/timeline.png)\n\n\
             *Resident memory over one run per cell, looked at from outside \
             ([SVG](figures/timeline.svg)). Spikes between two looks are not seen: no peak of this \
             report comes from here.*\n\n",
        );
    }
    text
}

fn views(memory: &Memory) -> String {
    let views = &memory.views;
    let Some(apart) = views.apart_max_bytes else {
        return "The peak was seen by `ru_maxrss` alone: `VmHWM` at the exit was not to be had here.\n\n"
            .to_owned();
    };
    let mut text = format!(
        "The peak is seen twice, as `ru_maxrss` and as `VmHWM` at the exit. In {} cells the views are at \
         most {} apart; the kernel's counters explain up to {}.\n\n",
        views.cells_compared,
        bytes(apart),
        bytes(views.tolerance.0 as f64)
    );
    if views.disagreements.is_empty() {
        return text;
    }
    let mut table = Table::new(2, &["variant", "profile", "input", "VmHWM less ru_maxrss"]);
    for of in &views.disagreements {
        table.push(vec![
            of.variant.clone(),
            of.profile.clone(),
            of.size.to_string(),
            bytes(of.apart_bytes),
        ]);
    }
    let count = views.disagreements.len();
    write!(text, "**The views disagree in {count} cells**:\n\n{}\n", table.markdown())
        .expect("writing to a string");
    text
}

/// At the largest size, a column per stage.
fn by_stage(memory: &Memory) -> String {
    let mut names: Vec<&str> = Vec::new();
    for stage in memory.heaps.iter().flat_map(|heap| &heap.stages) {
        if !names.contains(&stage.name.as_str()) {
            names.push(&stage.name);
        }
    }
    let mut head = vec!["variant", "profile", "input"];
    head.extend(&names);
    head.extend(["together", "allocations"]);
    let mut table = Table::new(2, &head);
    for heap in &memory.heaps {
        let Some(largest) = heap.all.largest() else { continue };
        let mut row = vec![heap.variant.clone(), heap.profile.clone(), largest.size.to_string()];
        row.extend(names.iter().map(|name| {
            let stage = heap.stages.iter().find(|stage| stage.name == *name);
            let at = stage.and_then(Stage::largest);
            at.map_or(NONE.to_owned(), |at| bytes(at.live_bytes))
        }));
        row.push(bytes(largest.live_bytes));
        row.push(largest.allocations.to_string());
        table.push(row);
    }
    format!(
        "### Heap by stage\n\nWhat each stage holds at the moment when the heap of the whole process is \
         largest: exact, counted in one run per cell by the encoder built with a counting allocator. The \
         stages add up to the peak.\n\n{}\n",
        table.markdown()
    )
}

fn growing(memory: &Memory) -> String {
    let mut table = Table::new(
        3,
        &[
            "variant",
            "profile",
            "stage",
            "empty document",
            "largest",
            "more per MB of input",
            "class",
        ],
    );
    for heap in &memory.heaps {
        for stage in heap.stages.iter().filter(|of| is_worth_showing(of, heap)).chain([&heap.all]) {
            table.push(growing_row(heap, stage));
        }
    }
    format!(
        "### What is constant and what grows\n\nThe constant part is what is held on the empty document; \
         \"more per MB\" is what is held beyond it at the largest size, per million bytes of input. The class \
         is that of the models of growth compared over all sizes. Stages below {} of the heap are left \
         out.\n\n{}\n",
        percent(WORTH_SHOWING),
        table.markdown()
    )
}

fn is_worth_showing(stage: &Stage, heap: &Heap) -> bool {
    let share = |part: Option<f64>, all: Option<f64>| part.zip(all).map_or(0.0, |(p, a)| p / a);
    let largest = |of: &Stage| of.largest().map(|at| at.live_bytes);
    share(stage.empty_bytes, heap.all.empty_bytes) >= WORTH_SHOWING
        || share(largest(stage), largest(&heap.all)) >= WORTH_SHOWING
}

fn growing_row(heap: &Heap, stage: &Stage) -> Vec<String> {
    let show = |value: Option<f64>| value.map_or(NONE.to_owned(), bytes);
    vec![
        heap.variant.clone(),
        heap.profile.clone(),
        if stage == &heap.all { "together".to_owned() } else { stage.name.clone() },
        show(stage.empty_bytes),
        show(stage.largest().map(|at| at.live_bytes)),
        show(stage.more_per_mb()),
        class(stage),
    ]
}

fn class(stage: &Stage) -> String {
    let same = |of: f64| stage.sizes.iter().all(|at| at.live_bytes.total_cmp(&of).is_eq());
    if stage.empty_bytes.is_some_and(same) {
        return "the same at every size".to_owned();
    }
    match &stage.growth {
        Err(reason) => reason.to_string(),
        Ok(growth) => match &growth.verdict {
            Decision::Decided(class) => class.to_string(),
            Decision::NotDecided(classes) => match classes.as_slice() {
                [first, .., last] => {
                    format!("not decided: {} of them, {first} to {last}", classes.len())
                }
                classes => format!("not decided: {}", classes.len()),
            },
        },
    }
}

/// Which part of the constant could go: what another variant does without, stage by stage.
fn constant(memory: &Memory) -> String {
    let mut lines = Vec::new();
    let mut said: Vec<&str> = Vec::new();
    for heap in &memory.heaps {
        if said.contains(&heap.variant.as_str()) {
            continue;
        }
        said.push(&heap.variant);
        lines.extend(constant_line(heap, memory));
    }
    if lines.is_empty() {
        return String::new();
    }
    format!("### Which part of the constant could go\n\n{}\n\n", lines.join("\n"))
}

fn constant_line(heap: &Heap, memory: &Memory) -> Option<String> {
    let all = heap.all.empty_bytes?;
    let most = heap
        .stages
        .iter()
        .max_by(|a, b| a.empty_bytes.partial_cmp(&b.empty_bytes).expect("finite"))?;
    let spare = |stage: &Stage| {
        let others =
            memory.heaps.iter().flat_map(|of| &of.stages).filter(|of| of.name == stage.name);
        let least = others.filter_map(|of| of.empty_bytes).reduce(f64::min)?;
        Some((stage.name.clone(), stage.empty_bytes? - least))
    };
    let spared: Vec<(String, f64)> =
        heap.stages.iter().filter_map(spare).filter(|(_, bytes)| *bytes > 0.0).collect();
    let could_go = match spared.as_slice() {
        [] => "no variant measured here does with less in any stage".to_owned(),
        spared => {
            let list: Vec<String> =
                spared.iter().map(|(name, of)| format!("{} of {name}", bytes(*of))).collect();
            let sum: f64 = spared.iter().map(|(_, of)| of).sum();
            format!("{} could go, since some variant does without: {}", bytes(sum), list.join(", "))
        }
    };
    Some(format!(
        "- `{}` holds {} on the empty document, {} of it {}; {could_go}.",
        heap.variant,
        bytes(all),
        percent(most.empty_bytes? / all.max(1.0)),
        most.name
    ))
}

fn reconciled(memory: &Memory) -> String {
    let mut table = Table::new(
        2,
        &[
            "variant",
            "profile",
            "input",
            "peak",
            "program",
            "heap",
            "stack",
            "unexplained",
            "of the peak",
        ],
    );
    for heap in &memory.heaps {
        let of_heap = |of: &&Parts| of.variant == heap.variant && of.profile == heap.profile;
        let parts: Vec<&Parts> = memory.parts.iter().filter(of_heap).collect();
        let ends = match parts.as_slice() {
            [] => vec![],
            [only] => vec![*only],
            [first, .., last] => vec![*first, *last],
        };
        for of in ends {
            table.push(reconciled_row(of));
        }
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "### Resident memory reconciled\n\nProgram: file-backed pages resident at the exit. Heap: the exact \
         peak of live bytes. Stack: as mapped, an upper bound. Unexplained: what the allocator needs and keeps \
         for itself, other anonymous pages, rounding to pages, less what of heap and stack was asked for but \
         never touched; where it is negative, at least that much was never touched.\n\n{}{}\n",
        table.markdown(),
        match figure(memory) {
            Some(_) =>
                "\n![What the peak is made of](figures/memory.png)\n\n\
                        *What the peak is made of ([SVG](figures/memory.svg))*\n",
            None => "",
        }
    )
}

fn reconciled_row(of: &Parts) -> Vec<String> {
    let mut row = vec![of.variant.clone(), of.profile.clone(), of.size.to_string()];
    row.extend([of.peak, of.program, of.heap, of.stack, of.unexplained()].map(bytes));
    row.push(percent(of.unexplained() / of.peak));
    row
}

/// The figures of this section with their file names.
pub(super) fn figures(analysis: &Analysis) -> Vec<(&'static str, Chart)> {
    let memory = figure(&analysis.memory).map(|chart| ("memory", chart));
    let timeline = timeline(analysis).map(|chart| ("timeline", chart));
    memory.into_iter().chain(timeline).collect()
}

/// A part of the peak as the figure names it.
type Part = (&'static str, fn(&Parts) -> f64);

const PARTS: [Part; 4] = [
    ("resident peak", |of| of.peak),
    ("heap, exact", |of| of.heap),
    ("program", |of| of.program),
    ("stack, mapped", |of| of.stack),
];

/// The peak and its parts over the sizes of the first profile, a panel per variant.
fn figure(memory: &Memory) -> Option<Chart> {
    let profile = &memory.heaps.first().filter(|heap| heap.all.sizes.len() > 1)?.profile;
    let of_profile = memory.heaps.iter().filter(|heap| heap.profile == *profile);
    let panels: Vec<Panel> =
        of_profile.map(|heap| parts_panel(&heap.variant, profile, memory)).collect();
    Some(Chart {
        title: "What peak memory is made of".to_owned(),
        subtitle: Some(format!("documents of profile {profile}")),
        series: PARTS.iter().map(|(name, _)| Series { name: (*name).to_owned() }).collect(),
        panels,
        key: Key::default(),
    })
}

fn parts_panel(variant: &str, profile: &str, memory: &Memory) -> Panel {
    let mut layers = Vec::new();
    for (series, (_, value)) in PARTS.iter().enumerate() {
        let of_panel =
            memory.parts.iter().filter(|of| of.variant == variant && of.profile == profile);
        let line: Vec<(f64, f64)> =
            of_panel.filter(|of| of.size.0 > 0).map(|of| (of.size.0 as f64, value(of))).collect();
        let values =
            line.iter().map(|(x, y)| Point { x: *x, y: *y, low: None, high: None }).collect();
        layers.push(Layer::Line { series, values: line, dash: Dash::Solid });
        layers.push(Layer::Points { series, values, marker: Marker::Filled });
    }
    let axis =
        |label: &str| Axis { label: label.to_owned(), scale: Scale::Log10, kind: Kind::Bytes };
    Panel { title: variant.to_owned(), x: axis("input"), y: axis("memory"), layers }
}

/// Resident memory over time, a panel per document, a line per variant.
fn timeline(analysis: &Analysis) -> Option<Chart> {
    let mut documents: Vec<(&str, u64)> = Vec::new();
    for row in &analysis.memory.timeline {
        let document = (row.profile.as_str(), row.input_bytes);
        if !documents.contains(&document) {
            documents.push(document);
        }
    }
    if documents.is_empty() {
        return None;
    }
    let variants = &analysis.lock.experiment.variant;
    Some(Chart {
        title: "Resident memory over one run".to_owned(),
        subtitle: Some("looked at from outside; spikes between two looks are not seen".to_owned()),
        series: variants.iter().map(|of| Series { name: of.name.clone() }).collect(),
        panels: documents.into_iter().map(|document| timeline_panel(analysis, document)).collect(),
        key: Key::default(),
    })
}

fn timeline_panel(analysis: &Analysis, (profile, size): (&str, u64)) -> Panel {
    let mut layers = Vec::new();
    for (series, variant) in analysis.lock.experiment.variant.iter().enumerate() {
        let of_line = analysis.memory.timeline.iter().filter(|row| {
            row.variant == variant.name && row.profile == profile && row.input_bytes == size
        });
        let values: Vec<(f64, f64)> =
            of_line.map(|row| (row.at_ns as f64 / 1e9, row.rss_bytes as f64)).collect();
        layers.push(Layer::Line { series, values, dash: Dash::Solid });
    }
    let axis = |label: &str, kind| Axis { label: label.to_owned(), scale: Scale::Linear, kind };
    Panel {
        title: format!("{profile}, {}", Bytes(size)),
        x: axis("time", Kind::Seconds),
        y: axis("resident", Kind::Bytes),
        layers,
    }
}

/// For `summary.json`.
pub(super) fn json(memory: &Memory, number: fn(f64) -> Value) -> Value {
    let optional = |value: Option<f64>| value.map_or(Value::Null, number);
    let views = &memory.views;
    let disagreements = views.disagreements.iter().map(|of| {
        json!({
            "variant": of.variant,
            "profile": of.profile,
            "input_bytes": of.size.0,
            "hwm_less_rss_bytes": number(of.apart_bytes),
        })
    });
    json!({
        "views": {
            "tolerance_bytes": views.tolerance.0,
            "cells_compared": views.cells_compared,
            "apart_max_bytes": optional(views.apart_max_bytes),
            "disagreements": disagreements.collect::<Vec<_>>(),
        },
        "heap": memory.heaps.iter().map(|of| heap_json(of, number)).collect::<Vec<_>>(),
        "parts": memory.parts.iter().map(|of| parts_json(of, number)).collect::<Vec<_>>(),
    })
}

fn heap_json(heap: &Heap, number: fn(f64) -> Value) -> Value {
    let optional = |value: Option<f64>| value.map_or(Value::Null, number);
    let stage = |of: &Stage| {
        let sizes = of.sizes.iter().map(|at| {
            json!({
                "input_bytes": at.size.0,
                "live_at_peak_bytes": number(at.live_bytes),
                "allocations_count": at.allocations,
            })
        });
        json!({
            "stage": of.name,
            "empty_bytes": optional(of.empty_bytes),
            "more_per_input_mb_bytes": optional(of.more_per_mb()),
            "class": class(of),
            "sizes": sizes.collect::<Vec<_>>(),
        })
    };
    json!({
        "variant": heap.variant,
        "profile": heap.profile,
        "stages": heap.stages.iter().chain([&heap.all]).map(stage).collect::<Vec<_>>(),
    })
}

fn parts_json(of: &Parts, number: fn(f64) -> Value) -> Value {
    json!({
        "variant": of.variant,
        "profile": of.profile,
        "input_bytes": of.size.0,
        "peak_rss_bytes": number(of.peak),
        "program_bytes": number(of.program),
        "heap_bytes": number(of.heap),
        "stack_bytes": number(of.stack),
        "unexplained_bytes": number(of.unexplained()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use analysis::criteria::Verdict;
    use experiment::{Experiment, Lock};
    use record::hash::Sha256Hex;
    use record::heap::HeapRow;
    use record::journal::{Journal, Row};
    use record::machine::Machine;
    use record::{Folder, LockedDocument, Machines, Outcome, Sample, Samples};

    const TOML: &str = r#"
title = "t"
question = "q"
[input]
profiles = ["wide"]
sizes = ["1 KB", "1 MB"]
[measure]
heap = true
repeat = { count = 200, at = "1 KB" }
[[variant]]
name = "v"
encode = {}
[[criterion]]
name = "given back"
metric = "memory_given_back"
[[criterion]]
name = "heap"
metric = "peak_heap"
at = "1 MB"
below = "3 MB"
"#;

    /// Everything that is derived from these rows.
    fn analysis(samples: Vec<Sample>, heap: Vec<HeapRow>) -> Analysis {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("t.toml");
        std::fs::write(&path, TOML).unwrap();
        let experiment = Experiment::load(temporary.path(), &path).unwrap();
        let folder = Folder(temporary.path().join("t"));
        let document = LockedDocument {
            profile: "wide".to_owned(),
            size: Bytes(1000),
            sha256: Sha256Hex(String::new()),
        };
        let lock = Lock {
            version: 1,
            command: String::new(),
            commit: String::new(),
            dirty: false,
            only: Vec::new(),
            chosen: Vec::new(),
            rustc: String::new(),
            binary: Vec::new(),
            document: vec![document],
            experiment,
        };
        folder.write_lock(&lock).unwrap();
        let machines = Machines {
            refused: Vec::new(),
            refused_because: std::collections::BTreeMap::new(),
            before: Machine::now(),
            after: None,
        };
        folder.write_machines(&machines).unwrap();
        Samples::open(&folder.samples()).unwrap().append(samples).unwrap();
        Journal::open(&folder.heap()).unwrap().append(heap).unwrap();
        analysis::analyse(&folder, "t").unwrap()
    }

    /// 200 repetitions that keep `leaked_bytes` each, under a heap that varies by 48 bytes anyway.
    fn repetitions(leaked_bytes: f64) -> Vec<Sample> {
        let repetition = |position: u32| Sample {
            outcome: Outcome::Ok,
            live_heap_bytes: Some(
                26_850
                    + u64::from(position * 5 % 7) * 8
                    + (leaked_bytes * f64::from(position)) as u64,
            ),
            ..Sample::skipped(record::Kind::Repeat, 0, position, "v", "wide", 1000)
        };
        (0..200).map(repetition).collect()
    }

    fn given_back(leaked_bytes: f64) -> Verdict {
        analysis(repetitions(leaked_bytes), Vec::new()).criteria[0].verdict
    }

    #[test]
    fn a_planted_leak_of_a_byte_per_document_is_found() {
        assert_eq!(given_back(1.0), Verdict::NotMet);
        assert_eq!(given_back(1000.0), Verdict::NotMet);
    }

    #[test]
    fn a_heap_that_varies_but_does_not_grow_is_given_back() {
        assert_eq!(given_back(0.0), Verdict::Met);
    }

    fn heap(profile: &str, size: u64, tables: u64, tree: u64) -> Vec<HeapRow> {
        let row = |stage: &str, bytes| HeapRow {
            variant: "v".to_owned(),
            profile: profile.to_owned(),
            input_bytes: size,
            outcome: Outcome::Ok,
            stage: stage.to_owned(),
            live_at_peak_bytes: Some(bytes),
            allocations: Some(1),
        };
        vec![row("tree", tree), row("tables", tables), row(&HeapRow::blank().stage, tables + tree)]
    }

    fn run(kind: record::Kind, profile: &str, size: u64, peak: u64) -> Sample {
        Sample {
            outcome: Outcome::Ok,
            peak_rss_bytes: Some(peak),
            peak_hwm_bytes: Some(peak + 300_000),
            file_at_exit_bytes: Some(1_000_000),
            stack_bytes: Some(100_000),
            ..Sample::skipped(kind, 1, 0, "v", profile, size)
        }
    }

    fn taken_apart() -> Analysis {
        use record::Kind;
        let samples = vec![
            run(Kind::SelfTest, "empty", 0, 1_700_000),
            run(Kind::Run, "wide", 1000, 1_800_000),
            run(Kind::Run, "wide", 1_000_000, 3_900_000),
        ];
        let rows = [
            heap("empty", 0, 500_000, 0),
            heap("wide", 1000, 500_000, 2_000),
            heap("wide", 1_000_000, 500_000, 2_000_000),
        ];
        analysis(samples, rows.concat())
    }

    #[test]
    fn constant_growth_and_what_is_unexplained_are_told_apart() {
        let memory = taken_apart().memory;
        let [heap] = memory.heaps.as_slice() else { panic!("{:?}", memory.heaps) };
        let names: Vec<&str> = heap.stages.iter().map(|of| of.name.as_str()).collect();
        assert_eq!(names, ["tree", "tables"]);
        assert_eq!(heap.stages[0].more_per_mb(), Some(2_000_000.0));
        assert_eq!(heap.stages[1].more_per_mb(), Some(0.0));
        let unexplained: Vec<f64> = memory.parts.iter().map(Parts::unexplained).collect();
        assert_eq!(unexplained, [100_000.0, 198_000.0, 300_000.0]);
    }

    #[test]
    fn views_further_apart_than_the_counters_explain_are_flagged_by_cell() {
        let analysis = taken_apart();
        assert_eq!(analysis.memory.views.tolerance, Bytes(262_144));
        assert_eq!(analysis.memory.views.disagreements.len(), 2);
        let text = report(&analysis);
        assert!(text.contains("**The views disagree in 2 cells**"), "{text}");
        assert!(text.contains("| v | wide | 1 MB | 300.0 KB |"), "{text}");
    }

    #[test]
    fn a_counted_peak_is_exact_with_one_run() {
        let analysis = taken_apart();
        assert_eq!(analysis.criteria[1].verdict, Verdict::Met);
        let because = &analysis.criteria[1].deciding().unwrap().because;
        assert!(because.contains("2.500 MB, exact"), "{because}");
    }
}
