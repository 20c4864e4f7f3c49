//! `cargo xtask calibrate --real`: claims about growth judged on real programs whose class is known.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::{available_parallelism, scope};

use stats::Interval;
use stats::calibrate::real::{
    Design, Judgement, LookedUp, Outcome, Series, Totals, bounds, evaluate, series, totals,
};
use stats::growth::Decision;

use campaign::Workspace;
use campaign::real::manifest::{Half, Manifest};
use campaign::real::series::{Row, read};
use campaign::real::{folder, measuring};
use experiment::error::{UserError, user};
use record::units::bytes;

use super::calibrate::Options;
use crate::exit::Exit;
use crate::output::outln;

/// Measures the bench if asked to, then judges it half by half, or the file that is given.
pub(super) fn calibrate_real(
    workspace: &Workspace,
    options: &Options,
    file: Option<&Path>,
) -> anyhow::Result<Exit> {
    if options.measure {
        if file.is_some() {
            return user("`--measure` measures the bench in experiments/growth; leave FILE out");
        }
        let manifest = Manifest::load(&workspace.root)?;
        measuring::measure(workspace, &manifest, &options.only, options.restart)?;
    }
    let mut parts = Vec::new();
    for (name, path) in sources(&workspace.root, file) {
        let rows = read(&path)?;
        let found = series_of(&rows, &path, &options.only)?;
        if !found.is_empty() {
            parts.push((name, judged(&found)));
        }
    }
    if parts.is_empty() {
        return user(format!("no program contains `{}`", options.only));
    }
    for (name, judged) in &parts {
        outln!("{name}");
        judged.iter().for_each(print_series);
    }
    let mut missed = 0;
    for (name, judged) in &parts {
        missed += print_totals(name, judged);
    }
    Ok(Exit::of(missed == 0))
}

/// The file, or the halves of the bench; each with what it is called.
fn sources(root: &Path, file: Option<&Path>) -> Vec<(String, PathBuf)> {
    match file {
        Some(file) => {
            let name = file.file_name().unwrap_or(file.as_os_str());
            vec![(name.to_string_lossy().into_owned(), file.to_owned())]
        }
        None => Half::ALL
            .map(|half| {
                let name = half.name();
                (name.to_owned(), folder(root).join(format!("{name}.csv")))
            })
            .to_vec(),
    }
}

fn series_of(rows: &[Row], path: &Path, only: &str) -> anyhow::Result<Vec<Series>> {
    let wanted = rows.iter().filter(|row| row.program.contains(only));
    let plain: Vec<_> = wanted.map(Row::plain).collect();
    series(&plain).map_err(|wrong| UserError(format!("{}: {wrong}", path.display())).into())
}

/// What came of one series, with all its smaller sizes and with those that the laboratory would choose.
struct Judged {
    all: Outcome,
    chosen: Outcome,
}

/// Series are shared among threads; the order stays.
fn judged(series: &[Series]) -> Vec<Judged> {
    let threads = available_parallelism().map_or(1, NonZero::get);
    let judge = |one: &Series| Judged {
        all: evaluate(one, Design::Tenth),
        chosen: evaluate(one, Design::Chosen),
    };
    scope(|scope| {
        let parts = series.chunks(series.len().div_ceil(threads).max(1));
        let running: Vec<_> =
            parts.map(|part| scope.spawn(|| part.iter().map(judge).collect::<Vec<_>>())).collect();
        running.into_iter().flat_map(|part| part.join().expect("judging does not panic")).collect()
    })
}

fn print_series(judged: &Judged) {
    let Judged { all, chosen } = judged;
    outln!("  {} is {}", all.name, class(all));
    for (design, outcome) in [("all", all), ("chosen", chosen)] {
        let sizes = outcome.sizes.len();
        outln!("    {:<14} {}", format!("{sizes} sizes, {design}"), decision(outcome));
        if let Some(before) = &outcome.before {
            let missed = outcome.at_3.as_ref().is_some_and(|found| !found.inside);
            let because = if missed { "3x misses" } else { "3x is a size more" };
            outln!("      before    {}; {because}", decision(before));
        }
        let at_10 = outcome.at_10.as_ref();
        for (factor, found) in [("3x", outcome.at_3.as_ref()), ("10x", at_10)] {
            outln!("      {factor:<9} {}", found.map_or("not looked up".to_owned(), looked_up));
        }
        outln!("      exponent  {}", exponent(outcome));
    }
}

/// The truth, a power with its exponent.
fn class(outcome: &Outcome) -> String {
    let truth = outcome.truth;
    truth.class.to_string().replace("n^b", &format!("n^{}", truth.exponent))
}

fn decision(outcome: &Outcome) -> String {
    let named = |classes: &[String]| classes.join(", ");
    match (&outcome.verdict, outcome.judgement()) {
        (Some(Decision::Decided(class)), Judgement::Wrong) => format!("WRONG: {class}"),
        (Some(Decision::Decided(_)), _) => "right".to_owned(),
        (Some(Decision::NotDecided(classes)), _) => {
            let classes: Vec<String> = classes.iter().map(ToString::to_string).collect();
            format!("undecided: {}", named(&classes))
        }
        (None, _) => "undecided: nothing could be fitted".to_owned(),
    }
}

/// `[28.8 MB, 29.1 MB] x1.01, measured 29.0 MB: hit`.
fn looked_up(found: &LookedUp) -> String {
    let Interval { low, high } = found.prediction.interval;
    let verdict = if found.inside { "hit" } else { "MISS" };
    let measured = bytes(found.measured.mean);
    format!("{} x{:.2}, measured {measured}: {verdict}", range(low, high), found.width())
}

fn range(low: f64, high: f64) -> String {
    let end = |value: f64| if value.is_finite() { bytes(value) } else { "open".to_owned() };
    format!("[{}, {}]", end(low), end(high))
}

fn exponent(outcome: &Outcome) -> String {
    let (Some(Interval { low, high }), Some(covers)) = (outcome.exponent, outcome.exponent_covers)
    else {
        return "none".to_owned();
    };
    let end = |value: f64| match value.is_finite() {
        true => format!("{value:.3}"),
        false => "open".to_owned(),
    };
    format!("[{}, {}]: {}", end(low), end(high), if covers { "covers" } else { "MISS" })
}

/// Prints the totals of both designs with their bounds, of what is published after looking up, and beside
/// them what was said before; how many bounds are missed.
fn print_totals(name: &str, judged: &[Judged]) -> usize {
    let mut missed = 0;
    for (design, what) in [
        (Design::Tenth, "all sizes up to a tenth"),
        (Design::Chosen, "sizes as the laboratory chooses"),
    ] {
        let outcomes: Vec<Outcome> = judged.iter().map(|one| one.of(design).clone()).collect();
        let totals = totals(&outcomes);
        outln!("{name}: {} series, {what} (median {:.0})", totals.series, totals.sizes);
        outln!("  once 3x the largest of these was looked up:");
        outln!("    {}", counts(&totals));
        let before: Vec<Outcome> = outcomes.iter().map(|one| one.before().clone()).collect();
        outln!("  before it was:");
        outln!("    {}", counts(&stats::calibrate::real::totals(&before)));
        for held in bounds(&totals, design) {
            missed += usize::from(!held.holds);
            let verdict = if held.holds { "held" } else { "MISSED" };
            outln!("  {}", held.what);
            outln!("    {:<20} must be {:<24} {verdict}", held.observed, held.must);
        }
    }
    missed
}

fn counts(totals: &Totals) -> String {
    format!(
        "{} right, {} undecided, {} wrong; {} of {} covered at 10x (error {:.1} %)",
        totals.right,
        totals.undecided,
        totals.wrong,
        totals.at_10.0,
        totals.at_10.1,
        100.0 * totals.error_at_10
    )
}

impl Judged {
    fn of(&self, design: Design) -> &Outcome {
        match design {
            Design::Tenth => &self.all,
            Design::Chosen => &self.chosen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged_of(file: &str) -> Vec<Judged> {
        let path = folder(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).join(file);
        judged(&series_of(&read(&path).unwrap(), &path, "").unwrap())
    }

    /// What is published of the committed series: METHODOLOGY.md, "On real programs". A change may better
    /// these figures; what worsens them by more than one series fails.
    struct Kept {
        right: usize,
        wrong: usize,
        at_3: usize,
        at_10: usize,
        exponents: usize,
    }

    const KEPT: [(&str, Design, Kept); 4] = [
        (
            "development.csv",
            Design::Tenth,
            Kept { right: 59, wrong: 1, at_3: 65, at_10: 66, exponents: 66 },
        ),
        (
            "development.csv",
            Design::Chosen,
            Kept { right: 59, wrong: 1, at_3: 64, at_10: 66, exponents: 66 },
        ),
        (
            "holdout.csv",
            Design::Tenth,
            Kept { right: 56, wrong: 0, at_3: 67, at_10: 70, exponents: 72 },
        ),
        (
            "holdout.csv",
            Design::Chosen,
            Kept { right: 58, wrong: 0, at_3: 67, at_10: 70, exponents: 72 },
        ),
    ];

    #[test]
    fn claims_about_real_programs_do_not_get_worse() {
        for file in ["development.csv", "holdout.csv"] {
            let judged = judged_of(file);
            for (_, design, kept) in KEPT.iter().filter(|of| of.0 == file) {
                let outcomes: Vec<Outcome> =
                    judged.iter().map(|one| one.of(*design).clone()).collect();
                let found = totals(&outcomes);
                let what = format!("{file}, {design:?}: {found:?}");
                assert!(found.right + 1 >= kept.right, "right: {what}");
                assert!(found.wrong <= kept.wrong + 1, "wrong: {what}");
                assert!(found.at_3.0 + 1 >= kept.at_3, "at 3x: {what}");
                assert!(found.at_10.0 + 1 >= kept.at_10, "at 10x: {what}");
                assert!(found.exponents.0 + 1 >= kept.exponents, "exponents: {what}");
                assert!(found.width_at_10 <= 1.15, "width: {what}");
            }
        }
    }

    /// Series of programs that nobody here wrote, or that were written by someone who wrote none of the
    /// bench: every bound holds.
    #[test]
    fn claims_hold_on_programs_of_other_hands() {
        for file in ["another-hand/series.csv", "foreign/series.csv"] {
            let judged = judged_of(file);
            for design in [Design::Tenth, Design::Chosen] {
                let outcomes: Vec<Outcome> =
                    judged.iter().map(|one| one.of(design).clone()).collect();
                for held in bounds(&totals(&outcomes), design) {
                    let what = format!("{file}, {design:?}: {}: {}", held.what, held.observed);
                    assert!(held.holds, "{what}");
                }
            }
        }
    }

    #[test]
    fn the_bench_is_what_its_manifest_names() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = Manifest::load(root).unwrap();
        for half in Half::ALL {
            let rows = read(&folder(root).join(format!("{}.csv", half.name()))).unwrap();
            for row in rows {
                let named = manifest.programs.iter().find(|one| one.name == row.program);
                let program = named.unwrap_or_else(|| panic!("{} is named", row.program));
                assert_eq!((manifest.half(program), &program.class), (half, &row.class), "{row:?}");
                let size = record::units::Bytes(row.input_bytes);
                assert!(row.input_bytes == 0 || manifest.sizes(program).contains(&size), "{row:?}");
            }
        }
    }

    /// A compiler that leaves out memory which nobody reads made every law a flat line once.
    #[test]
    fn what_grows_by_its_law_grew_when_it_was_measured() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for (half, path) in sources(root, None) {
            let found = series_of(&read(&path).unwrap(), &path, "").unwrap();
            assert!(found.len() >= 30, "{half}: {} series", found.len());
            for one in found {
                let (first, last) = (one.points[0].mean, one.points[one.points.len() - 1].mean);
                let grew = last > 1.25 * first;
                assert!(grew || one.truth.class == stats::growth::Class::Constant, "{}", one.name);
            }
        }
    }
}
