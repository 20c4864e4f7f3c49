//! What a TOML file may say, and that each refusal points at the place with what is allowed.

use std::path::Path;

use super::*;
use crate::foreign::{Check, Output, Sameness};
use crate::{Foreign, Program, Switches};

const WHOLE: &str = r#"title = "T"
question = "Q?"

[input]
profiles = ["wide"]
sizes = ["1 KB", "10 B"]

[measure]
runs = { min = 3, max = 9, precision = "1 %" }

[[variant]]
name = "plain"
encode = { layout = "boxed", stream = false }

[[criterion]]
name = "Small"
metric = "peak_rss"
at = "1 MB"
below = "5 MB"
"#;

fn resolved(text: &str) -> Result<Experiment, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = Source::from_text("experiments/x.toml", text);
    resolve(&source, root, root).map_err(|error| error.to_string())
}

/// The error of [`WHOLE`] with `from` replaced by `to`.
fn refusal(from: &str, to: &str) -> String {
    assert!(WHOLE.contains(from), "{from}");
    resolved(&WHOLE.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn defaults_are_filled_in_and_sizes_sorted() {
    let experiment = resolved(WHOLE).unwrap();
    assert_eq!(experiment.input.sizes, [Bytes(10), Bytes(1000)]);
    assert_eq!(experiment.input.seed, 42);
    assert_eq!((experiment.measure.runs_min, experiment.measure.runs_max), (3, 9));
    assert_eq!(experiment.measure.timeout, Nanos(60_000_000_000));
    assert_eq!(experiment.fit.metrics, [Metric::PeakRss]);
    let Program::Sigma { encode } = &experiment.variant[0].program else { panic!("not sigma") };
    assert_eq!(encode.arguments(), ["--layout=boxed", "--stream=off"]);
    assert_eq!(experiment.criterion[0].variants, ["plain"]);
}

#[test]
fn a_resolved_experiment_survives_the_lock_file() {
    let experiment = resolved(WHOLE).unwrap();
    let text = toml::to_string(&experiment).unwrap();
    assert_eq!(toml::from_str::<Experiment>(&text).unwrap(), experiment, "{text}");
}

#[test]
fn every_refusal_names_file_line_column_what_was_found_and_what_is_allowed() {
    let cases = [
        ("seed", "[input]", "[input]\nsneed = 1", "x.toml:5:1: unknown key `sneed`", "`seed`"),
        ("type", "min = 3", "min = \"3\"", "x.toml:9:16: wrong type: string \"3\"", "u32"),
        ("size", "\"10 B\"", "\"10 XB\"", "x.toml:6:18: `input.sizes` holds `10 XB`", "`10 KB`"),
        ("huge", "\"10 B\"", "\"101 GB\"", "x.toml:6:18: `input.sizes` holds `101 GB`", "at most"),
        ("twice", "\"10 B\"", "\"1 KB\"", "x.toml:6:18: `input.sizes` holds `1 KB` twice", "once"),
        ("same", "\"10 B\"", "\"1000 B\"", "x.toml:6:18: `input.sizes` holds `1000 B` twice", ""),
        (
            "empty",
            "[\"1 KB\", \"10 B\"]",
            "[]",
            "x.toml:4:1: `input` makes no documents",
            "`files`",
        ),
        (
            "profile",
            "\"wide\"",
            "\"wild\"",
            "x.toml:5:13: `input.profiles` holds `wild`",
            "`balanced`",
        ),
        ("runs", "min = 3", "min = 0", "x.toml:9:8: `measure.runs`", "1 <= min <= max"),
        (
            "precision",
            "\"1 %\"",
            "\"1\"",
            "x.toml:9:40: `measure.runs.precision` holds `1`",
            "`1 %`",
        ),
        ("layout", "\"boxed\"", "\"round\"", "x.toml:13:21: unknown variant `round`", "`flat`"),
        (
            "name",
            "name = \"plain\"",
            "name = \"a b\"",
            "x.toml:12:8: `variant.name` is `a b`",
            "letters",
        ),
        (
            "both",
            "encode =",
            "command = [\"cat\"]\nencode =",
            "x.toml:12:8: variant `plain` has both",
            "one",
        ),
        ("none", "encode =", "#", "x.toml:12:8: variant `plain` has none", "exactly one"),
        (
            "metric",
            "metric = \"peak_rss\"",
            "metric = \"peak\"",
            "x.toml:17:10: `criterion.metric` holds `peak`",
            "`peak_rss`",
        ),
        ("bound", "\"5 MB\"", "5", "x.toml:19:9: the bound is `5`", "`10 KB`"),
        (
            "bounds",
            "below =",
            "above = \"1 MB\"\nbelow =",
            "x.toml:16:8: criterion `Small` needs",
            "exactly one",
        ),
        (
            "at",
            "at =",
            "from = \"1 KB\"\nat =",
            "x.toml:19:6: `at` stands beside `from`",
            "one of them",
        ),
        (
            "repeat",
            "runs =",
            "repeat = { count = 20, at = \"2 KB\" }\nruns =",
            "x.toml:9:29: `measure.repeat.at`",
            "`1 KB`",
        ),
        ("question", "\"Q?\"", "\" \"", "x.toml:2:12: `question` is empty", "write a sentence"),
        ("missing", "title = \"T\"\n", "", "x.toml:1:1: missing key `title`", ""),
        ("syntax", "[input]", "[input", "x.toml:4:", ""),
    ];
    for (what, from, to, place, allowed) in cases {
        let said = refusal(from, to);
        assert!(said.contains(place), "{what}: {said}");
        assert!(said.contains(allowed), "{what}: {said}");
        assert_eq!(said.lines().count(), 1, "{what}: {said}");
    }
}

#[test]
fn a_variant_or_criterion_of_the_same_name_is_refused() {
    let variant = "\n[[variant]]\nname = \"plain\"\nencode = {}\n";
    let said = resolved(&format!("{WHOLE}{variant}")).unwrap_err();
    assert!(said.contains("x.toml:22:8: `variant.name` `plain` is used twice"), "{said}");
    let criterion = "\n[[criterion]]\nname = \"Small\"\nmetric = \"wall\"\nbelow = \"1 s\"\n";
    let said = resolved(&format!("{WHOLE}{criterion}")).unwrap_err();
    assert!(said.contains("x.toml:22:8: `criterion.name` `Small` is used twice"), "{said}");
}

#[test]
fn a_range_of_sizes_is_spelt_out_and_refused_where_it_is_wrong() {
    let list = "[\"1 KB\", \"10 B\"]";
    let range = |text: &str| resolved(&WHOLE.replacen(list, text, 1));
    let good = range("{ from = \"1 KB\", to = \"100 KB\", per_decade = 2 }").unwrap();
    let sizes = good.input.sizes.iter().map(|size| size.0);
    assert_eq!(sizes.collect::<Vec<_>>(), [1_000, 3_200, 10_000, 32_000, 100_000]);
    for (text, place) in [
        ("{ from = \"1 KB\", to = \"1 XB\" }", "6:31: `input.sizes.to` holds `1 XB`; write a size"),
        (
            "{ from = \"1 KB\", to = \"1 KB\" }",
            "6:31: `input.sizes.to` holds `1 KB`; write a size above",
        ),
        ("{ from = \"0 B\", to = \"1 KB\" }", "6:18: `input.sizes.from` holds `0 B`"),
        (
            "{ from = \"1 KB\", to = \"1000 GB\" }",
            "6:31: `input.sizes.to` holds `1000 GB`; at most",
        ),
        (
            "{ from = \"1 KB\", to = \"1 MB\", per_decade = 0 }",
            "6:52: `input.sizes.per_decade` holds `0`; write a number from 1",
        ),
        ("{ from = \"1 KB\", upto = \"1 MB\" }", "6:26: unknown key `upto`"),
        ("{ from = \"1 KB\" }", "6:9: missing key `to`"),
        ("7", "6:9: wrong type: integer `7`, expected a list of sizes, or `{ from"),
        ("[7]", "6:10: wrong type: integer `7`"),
    ] {
        let said = range(text).unwrap_err();
        assert!(said.contains(&format!("x.toml:{place}")), "{text}: {said}");
    }
}

#[test]
fn chosen_sizes_begin_with_the_smallest_and_those_that_are_named() {
    let list = "[\"1 KB\", \"10 B\"]";
    let with = |text: &str| resolved(&WHOLE.replacen(list, text, 1));
    let text = "{ auto = true, from = \"10 B\", to = \"10 KB\", budget = \"5 s\" }";
    let chosen = with(text).unwrap();
    let auto = chosen.input.auto.unwrap();
    assert_eq!((auto.from, auto.to, auto.budget), (Bytes(10), Bytes(10_000), Nanos(5_000_000_000)));
    assert_eq!(chosen.input.sizes.first(), Some(&Bytes(10)));
    assert!(chosen.input.sizes.iter().all(|size| *size <= auto.to), "{:?}", chosen.input.sizes);
    assert_eq!(with("\"auto\"").unwrap().input.auto, Some(crate::sizes::AUTO));
    assert!(with(list).unwrap().input.auto.is_none());
    for (text, said) in [
        ("{ auto = true, from = \"1 KB\", to = \"1 MB\", per_decade = 3 }", "beside `auto`"),
        ("{ from = \"1 KB\", to = \"1 MB\", budget = \"5 s\" }", "goes with `auto = true` alone"),
        ("{ auto = true, from = \"1 KB\", to = \"1 MB\", budget = \"5\" }", "write a time"),
        ("\"automatic\"", "`\"auto\"`"),
    ] {
        let error = with(text).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn a_missing_file_is_refused_and_a_pattern_finds_files() {
    let files =
        |pattern: &str| WHOLE.replace("sizes =", &format!("files = [\"{pattern}\"]\nsizes ="));
    let repeated = files("src/source.rs").replace("\nfiles =", "\nrepeated =");
    let experiment = resolved(&repeated).unwrap();
    assert_eq!(profile_names(&experiment.input), ["wide", "source-repeated"]);
    let said = resolved(&files("no/such.json")).unwrap_err();
    assert!(said.contains("x.toml:6:10: `input.files` holds `no/such.json`"), "{said}");
    let experiment = resolved(&files("src/source.r?")).unwrap();
    assert_eq!(experiment.input.files, [Path::new("src/source.rs")]);
}

#[test]
fn prose_may_only_name_numbers_that_exist() {
    let prose = |name: &str| format!("analysis = \"\"\"\nPeak\n{{{name}}}\"\"\"\n{WHOLE}");
    assert!(resolved(&prose("peak_rss/plain/wide/1 KB")).is_ok());
    let said = resolved(&prose("peak_rss/plane/wide/1 KB")).unwrap_err();
    assert!(said.contains("x.toml:3:1: `analysis` holds"), "{said}");
    assert!(said.contains("variant `plane`; write one of `plain`"), "{said}");
    let said = resolved(&prose("wall/plain/wide/exponent")).unwrap_err();
    assert!(said.contains("unfitted metric `wall`"), "{said}");
}

#[test]
fn given_back_needs_repetitions() {
    let wants = "metric = \"memory_given_back\"";
    let said = refusal("metric = \"peak_rss\"\nat = \"1 MB\"\nbelow = \"5 MB\"", wants);
    assert!(said.contains("x.toml:17:10: `memory_given_back` needs `measure.repeat`"), "{said}");
}

#[test]
fn switches_become_arguments() {
    let switches = Switches { pool: Some(false), delta: Some(true), ..Switches::default() };
    assert_eq!(switches.arguments(), ["--pool=off", "--delta=on"]);
}

#[test]
fn every_committed_experiment_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join("experiments")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            Experiment::load(root, &path).unwrap();
            seen += 1;
        }
    }
    assert!(seen >= 2);
}

#[test]
fn what_is_compared_and_predicted_is_checked() {
    let fit = |text: &str| {
        resolved(&WHOLE.replacen("[[criterion]]", &format!("[fit]\n{text}\n[[criterion]]"), 1))
    };
    let good = fit("reference = \"plain\"\nmargin = \"2 %\"\nbudget = [\"500 MB\"]").unwrap().fit;
    assert_eq!((good.reference.as_deref(), good.margin.0), (Some("plain"), 0.02));
    assert_eq!(good.budget, [Bytes(500_000_000)]);
    let unknown = fit("reference = \"plane\"").unwrap_err();
    assert!(
        unknown.contains("x.toml:16:13: `fit.reference` holds `plane`; write one of `plain`"),
        "{unknown}"
    );
    let no_memory = fit("metrics = [\"wall\"]\nbudget = [\"1 MB\"]").unwrap_err();
    assert!(no_memory.contains("x.toml:17:11: `fit.budget` limits peak memory"), "{no_memory}");
}

#[test]
fn a_grid_makes_variants_and_data_stands_alone() {
    let grid = WHOLE.replacen(
        "[[criterion]]",
        "[grid]\npool = [false, true]\nlazy = [true]\n[[criterion]]",
        1,
    );
    let experiment = resolved(&grid).unwrap();
    let names: Vec<&str> = experiment.variant.iter().map(|of| of.name.as_str()).collect();
    assert_eq!(names, ["plain", "none", "pool"]);
    let text = toml::to_string(&experiment).unwrap();
    assert_eq!(toml::from_str::<Experiment>(&text).unwrap(), experiment, "{text}");
    let wrong = refusal(
        "[[criterion]]",
        "[grid]\npool = [false, true]\nfraction = [\"x = pool\"]\n[[criterion]]",
    );
    assert!(wrong.contains("x.toml:17:13: `grid.fraction` holds `x = pool`"), "{wrong}");
    let neither = resolved("title = \"T\"\nquestion = \"Q?\"\n").unwrap_err();
    assert!(neither.contains("missing key `input`"), "{neither}");
}

/// [`WHOLE`] with a command instead of `sigma`.
fn with_command(text: &str) -> Result<Experiment, String> {
    resolved(&WHOLE.replacen("encode = { layout = \"boxed\", stream = false }", text, 1))
}

fn foreign(experiment: &Experiment, index: usize) -> &Foreign {
    experiment.variant[index].program.foreign().expect("a command")
}

#[test]
fn a_command_may_say_all_that_is_needed_to_run_it_and_survives_the_lock_file() {
    let experiment = with_command(
        r#"command = ["grep", "-c", "x", "{input}"]
decode = ["cat"]
check = "json"
env = { TZ = "UTC", N = "{size}" }
cwd = "{work}"
exit_codes = [0, 1]
timeout = "2 s"
build = ["make"]
setup = ["true"]
prepare = ["touch", "{work}/x"]
conclude = ["true"]
cleanup = ["true"]"#,
    )
    .unwrap();
    let of = foreign(&experiment, 0);
    assert!(!of.reads_stdin() && of.is_fine(1) && !of.is_fine(2));
    assert_eq!((&of.output, of.timeout), (&Output::Stdout, Some(Nanos(2_000_000_000))));
    assert_eq!(of.checked(), Some(Check::Named(Sameness::Json)));
    let text = toml::to_string(&experiment).unwrap();
    assert_eq!(toml::from_str::<Experiment>(&text).unwrap(), experiment, "{text}");
}

#[test]
fn where_a_result_is_follows_from_the_command() {
    for (text, output) in [
        (r#"command = ["cat"]"#, Output::Stdout),
        (r#"command = ["cp", "{input}", "{output}"]"#, Output::File),
        ("command = [\"tar\", \"{output}\"]\noutput = \"folder\"", Output::Folder),
        (
            "command = [\"gzip\", \"-k\", \"{input}\"]\noutput = \"{input}.gz\"",
            Output::At("{input}.gz".to_owned()),
        ),
        ("command = [\"true\"]\noutput = \"none\"", Output::Nothing),
    ] {
        assert_eq!(foreign(&with_command(text).unwrap(), 0).output, output, "{text}");
    }
}

#[test]
fn what_a_command_cannot_mean_is_refused_at_its_place() {
    for (text, place) in [
        (
            "command = [\"cat\"]\noutput = \"file\"",
            "14:10: `output` is `file`, but `command` does not say",
        ),
        (
            "command = [\"cat\"]\noutput = \"there\"",
            "14:10: `output` holds `there`; write `stdout`",
        ),
        ("command = [\"cat\"]\noutput = \"none\"\ndecode = [\"cat\"]", "14:10: `output` is `none`"),
        ("command = [\"cat\"]\ncheck = \"same\"", "14:9: `check` holds `same`; write `bytes`"),
        ("command = [\"cat\"]\nexit_codes = []", "14:14: `exit_codes` is empty"),
        ("command = [\"cat\"]\nexit_codes = [256]", "14:15: invalid value"),
        ("command = [\"cat\"]\ntimeout = \"soon\"", "14:11: `variant.timeout` holds `soon`"),
        ("command = [\"cat\"]\nprepare = []", "14:11: `prepare` is empty"),
        ("encode = {}\ntimeout = \"1 s\"", "14:11: beside `encode` only"),
        ("encode = {}\ncwd = \"x\"", "12:8: beside `encode` only"),
    ] {
        let said = with_command(text).unwrap_err();
        assert!(said.contains(&format!("x.toml:{place}")), "{text}: {said}");
    }
}

const ZSTD: &str = r#"command = ["zstd", "-{level}", "{window}", "-T{threads}"]

[matrix]
level = [1, 19]
threads = [1, 2]
window = ["", "--long=27"]
exclude = [{ level = 19, threads = 2 }]
"#;

#[test]
fn a_matrix_makes_a_variant_of_every_combination_that_is_not_left_out() {
    // The criterion that follows names the variant; the table must not swallow it.
    let experiment = with_command(ZSTD).unwrap();
    let names: Vec<&str> = experiment.variant.iter().map(|of| of.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "plain-1-1",
            "plain-1-1-long27",
            "plain-1-2",
            "plain-1-2-long27",
            "plain-19-1",
            "plain-19-1-long27"
        ]
    );
    assert_eq!(foreign(&experiment, 0).command, ["zstd", "-1", "-T1"]);
    assert_eq!(foreign(&experiment, 5).command, ["zstd", "-19", "--long=27", "-T1"]);
    let with_words = ZSTD.replace("command", "about = \"level {level}\"\ncommand");
    let told = WHOLE
        .replacen("name = \"plain\"", "name = \"z{level}-{window}-T{threads}\"", 1)
        .replacen("encode = { layout = \"boxed\", stream = false }", &with_words, 1);
    let experiment = resolved(&told).unwrap();
    assert_eq!(experiment.variant[1].name, "z1---long27-T1");
    assert_eq!(experiment.variant[1].about, "level 1");
}

#[test]
fn a_matrix_that_cannot_be_meant_is_refused_at_its_place() {
    for (from, to, place) in [
        ("level = [1, 19]", "level = []", "x.toml:16:1: `matrix.level` has no values"),
        ("level = [1, 19]", "level = [1, 1]", "x.toml:16:1: `matrix.level` holds a value twice"),
        ("threads = [", "size = [9]\nthreads = [", "x.toml:17:1: `matrix.size` cannot be the name"),
        ("threads = [", "other = [9]\nthreads = [", "x.toml:17:1: `matrix.other` is named by no"),
        ("level = 19,", "level = 20,", "x.toml:19:12: `matrix.exclude` names `level = 20`"),
        ("level = [1, 19]", "level = 1", "x.toml:16:9: wrong type"),
    ] {
        let said = with_command(&ZSTD.replacen(from, to, 1)).unwrap_err();
        assert!(said.contains(place), "{to}: {said}");
    }
}
