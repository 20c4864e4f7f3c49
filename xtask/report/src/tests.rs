//! A fake campaign through every stage right of the disk: rows with known growth in, a report out.

use std::path::Path;

use analysis::criteria::Verdict;
use experiment::{Experiment, Lock};
use record::machine::Machine;
use record::metric::Metric;
use record::{Binary, Kind, Machines, Outcome, Sample, Samples};

use super::*;

const EXPERIMENT: &str = r#"
title = "A fake campaign"
question = "Does the report say what the rows say?"
expect = "A line for `grows`, nothing for `flat`, a stop for `fails`."
analysis = "At 1 MB `grows` needs {peak_rss/grows/wide/1 MB}, at 10 MB {peak_rss/grows/wide/at 10 MB}."

[input]
profiles = ["wide"]
sizes = ["100 B", "1 KB", "10 KB", "100 KB", "1 MB"]

[measure]
runs = { min = 3, max = 3 }
repeat = { count = 20, at = "1 KB" }

[[variant]]
name = "grows"
about = "2 MB and three bytes per byte"
encode = { stream = false }

[[variant]]
name = "flat"
encode = { stream = true }

[[variant]]
name = "fails"
command = ["false"]

[fit]
predict = ["1 MB", "10 MB"]
budget = ["100 MB"]
reference = "flat"

[[criterion]]
name = "Stays below 100 MB at 10 MB"
metric = "peak_rss"
variant = "grows"
at = "10 MB"
below = "100 MB"

[[criterion]]
name = "Stays below 1 MB"
metric = "peak_rss"
variant = "grows"
below = "1 MB"

[[criterion]]
name = "Flat varies by less than 1 %"
metric = "peak_rss"
of = "cv"
variant = "flat"
below = "1 %"

[[criterion]]
name = "Gives memory back"
metric = "memory_given_back"
variant = "flat"
"#;

/// `2 MB + 3 n` within 0.1 %, the same in every block for `flat`.
fn peak(variant: &str, block: u32, size: u64) -> u64 {
    match variant {
        "grows" => 2_000_000 + 3 * size + (u64::from(block) * 7919 + size) % 2000,
        _ => 2_500_000,
    }
}

fn run(variant: &str, kind: Kind, block: u32, size: u64) -> Sample {
    let profile = if size == 0 { "empty" } else { "wide" };
    let skipped = Sample::skipped(kind, block, 0, variant, profile, size);
    match (variant, size) {
        ("fails", 0..=100) => Sample { outcome: Outcome::Failed, exit_code: Some(1), ..skipped },
        ("fails", _) => skipped,
        _ => Sample {
            outcome: Outcome::Ok,
            wall_ns: Some(1_000_000 + size * 50),
            peak_rss_bytes: Some(peak(variant, block, size)),
            output_bytes: Some(20 + size / 10),
            output_sha256: Some("00000000000000ab".to_owned()),
            ..skipped
        },
    }
}

fn rows() -> Vec<Sample> {
    let probe = |name: &str, size: u64, peak: u64| Sample {
        outcome: Outcome::Ok,
        peak_rss_bytes: Some(peak),
        ..Sample::skipped(Kind::SelfTest, 0, 0, name, "probe", size)
    };
    let mut rows =
        vec![probe("probe-nothing", 0, 1_400_000), probe("probe-touch", 1 << 26, 68_600_000)];
    for variant in ["grows", "flat", "fails"] {
        rows.push(run(variant, Kind::SelfTest, 0, 0));
        for size in [100, 1_000, 10_000, 100_000, 1_000_000] {
            rows.push(run(variant, Kind::Warmup, 0, size));
            rows.push(Sample { peak_rss_bytes: None, ..run(variant, Kind::Decode, 0, size) });
            rows.extend((1..=3).map(|block| run(variant, Kind::Run, block, size)));
        }
    }
    rows.retain(|row| !(row.variant == "fails" && row.kind == Kind::Decode));
    rows.push(run("grows", Kind::LookUp, 0, 10_000_000));
    rows.extend((0..20).map(|position| Sample {
        outcome: Outcome::Ok,
        rss_at_exit_bytes: Some(3_000_000),
        live_heap_bytes: Some(512),
        ..Sample::skipped(Kind::Repeat, 0, position, "flat", "wide", 1_000)
    }));
    rows
}

fn machine() -> Machine {
    Machine {
        time: "2026-01-02T03:04:05Z".to_owned(),
        cpu: "A fake processor".to_owned(),
        cpu_count: 2,
        memory_bytes: Some(8_000_000_000),
        kernel: "6.1".to_owned(),
        architecture: "x86_64".to_owned(),
        hypervisor: Some(true),
        governor: None,
        huge_pages: Some("madvise".to_owned()),
        swap_bytes: Some(0),
        load_1min: Some(0.5),
    }
}

/// Writes the campaign to `folder` as `run` would.
fn recorded(folder: &Path) -> Folder {
    recorded_as(folder, rows())
}

fn recorded_as(folder: &Path, rows: Vec<Sample>) -> Folder {
    let experiment_path = folder.join("fake.toml");
    std::fs::write(&experiment_path, EXPERIMENT).unwrap();
    let experiment = Experiment::load(folder, &experiment_path).unwrap();
    let folder = Folder(folder.join("fake"));
    let binary = Binary { name: "sigma".to_owned(), version: "0.0.0".to_owned(), sha256: None };
    let lock = Lock {
        version: 1,
        command: "cargo xtask run fake".to_owned(),
        commit: "0123456789abcdef".to_owned(),
        dirty: false,
        only: Vec::new(),
        chosen: Vec::new(),
        rustc: "rustc 1.0.0".to_owned(),
        binary: vec![binary],
        document: Vec::new(),
        experiment,
    };
    folder.write_lock(&lock).unwrap();
    let machines = Machines {
        refused: Vec::new(),
        refused_because: std::collections::BTreeMap::new(),
        before: machine(),
        after: Some(machine()),
    };
    folder.write_machines(&machines).unwrap();
    Samples::open(&folder.samples()).unwrap().append(rows).unwrap();
    folder
}

#[test]
fn the_report_of_a_fake_campaign_is_the_committed_one() {
    let scratch = tempfile::tempdir().unwrap();
    let analysis = analysis::analyse(&recorded(scratch.path()), "fake").unwrap();
    let found = markdown::report(&analysis);
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshot.md");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&snapshot, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&snapshot).unwrap();
    assert_eq!(found, expected, "read the difference; UPDATE_SNAPSHOTS=1 accepts it");
}

#[test]
fn the_rows_growth_is_found_again() {
    let scratch = tempfile::tempdir().unwrap();
    let analysis = analysis::analyse(&recorded(scratch.path()), "fake").unwrap();
    let growth = analysis.growth[0].growth.as_ref().unwrap();
    let fit = growth.chosen();
    assert_eq!(fit.class, stats::growth::Class::Linear);
    assert!((fit.slope.unwrap().value - 3.0).abs() < 0.01);
    assert!((fit.constant.unwrap().value / 2.0e6 - 1.0).abs() < 0.01);
    let verdicts: Vec<Verdict> = analysis.criteria.iter().map(|of| of.verdict).collect();
    assert_eq!(verdicts, [Verdict::Met, Verdict::NotMet, Verdict::Met, Verdict::Met]);
    assert!(analysis.has_failed());
}

#[test]
fn a_prediction_that_misses_leaves_what_rests_on_it_undecided() {
    let scratch = tempfile::tempdir().unwrap();
    let mut rows = rows();
    let looked_up = rows.iter_mut().find(|row| row.kind == Kind::LookUp).unwrap();
    looked_up.peak_rss_bytes = Some(90_000_000);
    let analysis = analysis::analyse(&recorded_as(scratch.path(), rows), "fake").unwrap();
    let criterion = &analysis.criteria[0];
    assert_eq!(
        criterion.verdict,
        Verdict::NotDecided,
        "90 MB is below 100 MB, and far from foretold"
    );
    let because = &criterion.deciding().unwrap().because;
    assert!(because.contains("looked up: 90.00 MB, **a miss**"), "{because}");
    assert!(analysis.budgets[0].largest.is_err());
    assert!(markdown::report(&analysis).contains("looked up: 90.0 MB, **a miss**"));
}

/// One run of what never differs says what it takes at a size, whatever a law foretold there.
#[test]
fn a_looked_up_size_is_judged_by_its_run_where_runs_never_differ() {
    let steady = |mut rows: Vec<Sample>, at_10_mb: u64| {
        for row in rows.iter_mut().filter(|row| row.variant == "grows" && row.input_bytes > 0) {
            row.peak_rss_bytes = row.peak_rss_bytes.map(|_| 2_000_000 + 3 * row.input_bytes);
        }
        let looked_up = rows.iter_mut().find(|row| row.kind == Kind::LookUp).unwrap();
        looked_up.peak_rss_bytes = Some(at_10_mb);
        rows
    };
    for (at_10_mb, verdict) in [
        (32_000_000, Verdict::Met),
        // A miss takes the belief from predictions, and not from what was measured.
        (90_000_000, Verdict::Met),
        (150_000_000, Verdict::NotMet),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let analysis =
            analysis::analyse(&recorded_as(scratch.path(), steady(rows(), at_10_mb)), "fake")
                .unwrap();
        let criterion = &analysis.criteria[0];
        assert_eq!(criterion.verdict, verdict, "{at_10_mb}: {criterion:?}");
        let because = &criterion.deciding().unwrap().because;
        assert!(because.contains("looked up in one run"), "{because}");
    }
}

#[test]
fn a_size_that_was_run_once_is_no_gap_where_a_variant_never_differs() {
    let scratch = tempfile::tempdir().unwrap();
    let mut rows = rows();
    let once = |row: &Sample| row.kind == Kind::Run && row.input_bytes == 1_000_000;
    rows.retain(|row| !once(row) || row.block == 1);
    let analysis = analysis::analyse(&recorded_as(scratch.path(), rows), "fake").unwrap();
    let [_, small, flat, _] = &analysis.criteria[..] else { panic!() };
    assert_eq!((flat.verdict, flat.findings.len()), (Verdict::Met, 4), "{flat:?}");
    let largest = small.findings.last().unwrap();
    assert_eq!(
        largest.verdict,
        Verdict::NotDecided,
        "`grows` differs from run to run: {largest:?}"
    );
}

#[test]
fn nothing_is_met_beyond_a_failure() {
    let scratch = tempfile::tempdir().unwrap();
    let mut rows = rows();
    rows.retain(|row| row.kind != Kind::LookUp);
    for row in rows.iter_mut().filter(|of| of.variant == "grows" && of.input_bytes == 1_000_000) {
        *row = Sample {
            outcome: Outcome::MemoryLimit,
            ..Sample::skipped(row.kind, row.block, 0, "grows", "wide", 1_000_000)
        };
    }
    let analysis = analysis::analyse(&recorded_as(scratch.path(), rows), "fake").unwrap();
    let criterion = &analysis.criteria[0];
    assert_eq!(criterion.verdict, Verdict::NotDecided);
    let because = &criterion.deciding().unwrap().because;
    assert!(because.contains("over the memory limit at 1 MB"), "{because}");
}

#[test]
fn what_is_published_is_fresh_and_any_changed_byte_is_stale() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = recorded(scratch.path());
    let analysis = analysis::analyse(&folder, "fake").unwrap();
    publish(&analysis, &folder).unwrap();
    assert_eq!(stale(&analysis, &folder).unwrap(), Vec::<PathBuf>::new());
    for name in ["report.md", "summary.json", "figures/scaling.png", "figures/scaling.svg"] {
        let path = folder.0.join(name);
        let whole = std::fs::read(&path).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert_eq!(stale(&analysis, &folder).unwrap(), [path.as_path()]);
        std::fs::write(&path, &whole).unwrap();
    }
    let left_over = folder.0.join("figures/old.png");
    std::fs::write(&left_over, "x").unwrap();
    assert_eq!(stale(&analysis, &folder).unwrap(), [left_over.as_path()]);
    publish(&analysis, &folder).unwrap();
    assert!(!left_over.exists());
}

#[test]
fn the_index_names_every_report_and_its_verdicts() {
    let scratch = tempfile::tempdir().unwrap();
    recorded(scratch.path());
    index::publish(scratch.path()).unwrap();
    let text = std::fs::read_to_string(scratch.path().join("README.md")).unwrap();
    assert!(text.contains("[A fake campaign](fake/report.md)"), "{text}");
    assert!(text.contains("| 3 of 4 met | 2026-01-02 |"), "{text}");
    assert!(index::is_fresh(scratch.path()).unwrap());
}

#[test]
fn the_terminal_table_fits_80_columns() {
    let scratch = tempfile::tempdir().unwrap();
    let analysis = analysis::analyse(&recorded(scratch.path()), "fake").unwrap();
    let text = terminal::table(&analysis);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains("failed"), "{text}");
}

#[test]
fn a_summary_is_what_its_schema_says() {
    let scratch = tempfile::tempdir().unwrap();
    let analysis = analysis::analyse(&recorded(scratch.path()), "fake").unwrap();
    schema_tests::assert_allowed(&json::summary(&analysis));
}

#[test]
fn a_variant_is_compared_with_its_reference_block_by_block() {
    use stats::compare::Change;
    let scratch = tempfile::tempdir().unwrap();
    let analysis = analysis::analyse(&recorded(scratch.path()), "fake").unwrap();
    let compared = &analysis.comparisons;
    assert_eq!(compared.len(), 10, "two variants against `flat` at five sizes");
    let answer = |at: usize| compared[at].answer.as_ref().map(|of| of.verdict);
    assert_eq!(answer(0), Ok(Change::Improved), "2 MB against 2.5 MB");
    assert_eq!(answer(4), Ok(Change::Regressed), "5 MB against 2.5 MB");
    assert!(answer(5).is_err(), "`fails` has no runs to pair");
}

#[test]
fn a_prediction_that_was_measured_is_looked_up_and_a_budget_turned_into_a_size() {
    let scratch = tempfile::tempdir().unwrap();
    let analysis = analysis::analyse(&recorded(scratch.path()), "fake").unwrap();
    let foretold = &analysis.holdouts;
    assert_eq!(foretold.len(), 2, "`grows` and `flat` at 1 MB");
    assert!(foretold[0].is_inside() && foretold[0].runs_inside == 3);
    let sure = analysis.budgets[0].sure().unwrap();
    assert!(
        (30_600_000..31_100_000).contains(&sure.0),
        "(100 MB - 2 MB) / 3 = 32.7 MB, less 2 % of what grows for each of 1.5 decades: {sure}"
    );
    assert_eq!(analysis.budgets[2].largest, Err("failed at 100 B".to_owned()));
}

#[test]
fn the_memory_of_the_largest_process_is_never_called_that_of_a_program_of_several() {
    let scratch = tempfile::tempdir().unwrap();
    let mut analysis = analysis::analyse(&recorded(scratch.path()), "fake").unwrap();
    let said = "of the largest process";
    assert!(!markdown::report(&analysis).contains(said));
    assert!(!terminal::table(&analysis).contains(said));
    let known = [
        (Metric::Processes, 5.0),
        (Metric::Threads, 9.0),
        (Metric::PeakTreeLow, 412e6),
        (Metric::PeakTree, 430e6),
    ];
    for cell in analysis.summary.cells.iter_mut().filter(|cell| cell.variant == "grows") {
        for (metric, value) in known {
            cell.metrics.push((metric, stats::describe(&[value, value]).unwrap()));
        }
    }
    let (report, table) = (markdown::report(&analysis), terminal::table(&analysis));
    assert!(table.contains("mean peak memory of the largest process\n"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    let held = [412e6, 430e6].map(record::units::bytes).join(" to ");
    let note = format!("`grows` ran up to 5 processes, {held} together");
    assert!(report.contains(&note), "{report}");
    assert!(report.contains("| grows | wide | 1 KB | 5 | 9 |"), "{report}");
    assert!(report.contains("| peak memory of the largest process, mean |"), "{report}");
    assert!(readme::block(&analysis).contains("peak memory of the largest process at 100 B"));
}
