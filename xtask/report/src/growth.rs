//! The section about growth: a sentence per series, then the models, intervals and checks behind it, and
//! what is predicted with what became of it.

use stats::growth::{Class, Decision, Estimate, Fit, Growth};
use stats::{Interval, Undetermined};

use analysis::Analysis;
use analysis::growth::{LookedUp, Scaling, lookup};
use record::metric::{Metric, Unit};
use record::units::{self, Bytes, significant};

use super::markdown::{NONE, figure, listed};
use super::table::Table;
use super::{figures, processes, words};

/// What each series does in a sentence, and the tables behind it.
pub(super) fn report(analysis: &Analysis) -> String {
    if analysis.growth.is_empty() {
        return String::new();
    }
    let leading = figures::leading(analysis);
    let mut text = figure(
        "scaling",
        &format!(
            "{} against input size, with the growth model of each variant",
            processes::words(analysis, leading)
        ),
    );
    for metric in &analysis.lock.experiment.fit.metrics {
        let of_metric: Vec<&Scaling> =
            analysis.growth.iter().filter(|of| of.metric == *metric).collect();
        text.push_str(&format!(
            "### {}\n\n{}",
            processes::words(analysis, *metric),
            fitted_on(&of_metric)
        ));
        for scaling in &of_metric {
            let deciding = analysis.next_sizes.iter().find(|of| of.is_of(scaling));
            text.push_str(&format!("- {}.\n", words::sentence(scaling, deciding)));
        }
        text.push_str(&format!(
            "\n<details><summary>Models, intervals and checks</summary>\n\n{}\n{}\n{LOCAL}\n{}\n</details>\n\n",
            scaling_table(&of_metric),
            checks_table(&of_metric),
            local_table(&of_metric)
        ));
    }
    text.push_str(&chosen(analysis));
    text.push_str(READING);
    text
}

/// Sizes that were chosen while measuring, in order, and why no more were.
fn chosen(analysis: &Analysis) -> String {
    let all = &analysis.lock.chosen;
    let mut profiles: Vec<&str> = all.iter().map(|of| of.profile.as_str()).collect();
    profiles.dedup();
    profiles.sort_unstable();
    profiles.dedup();
    let mut text = String::new();
    for profile in profiles {
        let here = || all.iter().filter(|of| of.profile == profile);
        let mut sizes: Vec<String> = Vec::new();
        let mut before = None;
        for of in here() {
            let Some(size) = of.size else { continue };
            match sizes.last_mut().filter(|_| before == Some(of.because)) {
                Some(last) => last.push_str(&format!(", {size}")),
                None => sizes.push(format!("{}: {size}", of.because)),
            }
            before = Some(of.because);
        }
        let end = here()
            .find(|of| of.size.is_none())
            .map_or(String::new(), |of| format!("; then {}", of.because));
        text.push_str(&format!("- {profile}: {}{end}.\n", sizes.join("; ")));
    }
    match text.is_empty() {
        true => text,
        false => format!(
            "<details><summary>Sizes, in the order in which they were chosen</summary>\n\n{text}\n</details>\n\n"
        ),
    }
}

const LOCAL: &str = "Growth between neighbouring sizes (larger over smaller):\n";

const READING: &str = "The exponent, its 95 % interval, R² and p are those of the straight line \
through log-log points, as the published baseline fitted it; a constant part flattens that line, so \
it says little about growth at larger sizes. The class is that of a model with a constant part \
(with the empty document where it fits the others), decided where it is probable enough among O(1), \
O(log n), O(n^0.5), O(n), O(n log n), O(n²) and O(n^b). A line may be bent by a root, steeper until some \
size (tables that fill up), level until some size, or carried by a buffer that doubles; a line that stays \
level from some size on (a table that is full) is O(1), and its constant part is that level. The runner-up \
is the most probable law of another class, with the probability of that class. The size is the replicate: repeated runs of one size do not narrow the intervals. \
Lack of fit tests that straight line against the spread of repeats; the largest size held out is what \
the other sizes foretell for it.\n";

fn scaling_table(scalings: &[&Scaling]) -> String {
    let mut table = Table::new(
        2,
        &[
            "variant",
            "profile",
            "exponent [95 %]",
            "R²",
            "p",
            "class",
            "runner-up",
            "constant part [95 %]",
            "growing part [95 %]",
            "exponent beside the constant",
        ],
    );
    for scaling in scalings {
        let mut row = vec![scaling.variant.clone(), scaling.profile.clone()];
        row.extend(match &scaling.power {
            Ok(power) => [
                format!("{} {}", significant(power.exponent, 3), plain(power.exponent_ci95)),
                power.r2.map_or(NONE.to_owned(), |r2| format!("{r2:.3}")),
                power.p.map_or(NONE.to_owned(), |p| significant(p, 2)),
            ],
            Err(reason) => [unfitted(scaling, reason), NONE.to_owned(), NONE.to_owned()],
        });
        row.extend(match &scaling.growth {
            Ok(growth) => {
                let mut columns = growth_columns(growth, scaling.metric);
                if let Some(failure) = scaling.failure() {
                    columns[0] = format!("{}, up to where it {failure}", columns[0]);
                }
                columns
            }
            Err(reason) => {
                let none = || NONE.to_owned();
                [unfitted(scaling, reason), none(), none(), none(), none()]
            }
        });
        table.push(row);
    }
    table.markdown()
}

/// Why there is no fit: a variant that failed needs no more sizes.
fn unfitted(scaling: &Scaling, reason: &Undetermined) -> String {
    scaling.failure().unwrap_or_else(|| reason.to_string())
}

pub(super) fn growth_columns(growth: &Growth, metric: Metric) -> [String; 5] {
    let chosen = growth.chosen();
    let class = match &growth.verdict {
        Decision::Decided(class) => format!("{class}: {}", chosen.formula()),
        Decision::NotDecided(classes) => {
            let names: Vec<String> = classes.iter().map(Class::to_string).collect();
            format!("not decided: {}", names.join(" or "))
        }
    };
    let runner_up = growth.runner_up().map_or(NONE.to_owned(), |runner_up| {
        let classes = growth.classes.iter();
        let p = classes.filter(|(class, _)| *class == runner_up.class).map(|of| of.1).sum::<f64>();
        format!("{} ({})", runner_up.class, significant(p, 2))
    });
    [
        class,
        runner_up,
        chosen.constant.map_or(NONE.to_owned(), |constant| shown(metric, constant)),
        growing(chosen, base_unit(metric)),
        growth.exponent.map_or(NONE.to_owned(), |exponent| {
            match exponent.ci95.low.is_finite() || exponent.ci95.high.is_finite() {
                true => format!("{} {}", significant(exponent.value, 3), plain(exponent.ci95)),
                false => "no growth seen".to_owned(),
            }
        }),
    ]
}

fn shown(metric: Metric, estimate: Estimate) -> String {
    let Interval { low, high } = estimate.ci95;
    format!("{} [{}, {}]", metric.show(estimate.value), metric.show(low), metric.show(high))
}

/// The unit of a metric's values; none where they are plain numbers.
fn base_unit(metric: Metric) -> &'static str {
    match metric.unit() {
        Unit::Bytes => "B",
        Unit::Nanos => "ns",
        Unit::Count | Unit::Ratio => "",
        Unit::Other(word) => word,
    }
}

/// The growing part with the unit of the values: bytes per input byte where growth is linear.
pub(super) fn growing(fit: &Fit, unit: &str) -> String {
    let until = fit.levels_from.map(|size| format!("until {} of input", units::bytes(size)));
    let Some(slope) = fit.slope else { return until.unwrap_or_else(|| NONE.to_owned()) };
    let unit = if unit.is_empty() { String::new() } else { format!("{unit} ") };
    let per = match fit.class {
        Class::Linear => "per byte",
        Class::Logarithmic => "per ln n",
        Class::SquareRoot => "per n^0.5",
        Class::Linearithmic => "per n ln n",
        Class::Quadratic => "per n²",
        Class::Power => "per n^b",
        Class::Constant => return NONE.to_owned(),
    };
    let root = fit
        .root
        .map_or(String::new(), |root| format!(" and {} {unit}per n^0.5", significant(root, 3)));
    let more = until.map_or(String::new(), |until| format!(", more {until}"));
    format!("{} {} {unit}{per}{root}{more}", significant(slope.value, 3), plain(slope.ci95))
}

pub(super) fn plain(interval: Interval) -> String {
    format!("[{}, {}]", significant(interval.low, 3), significant(interval.high, 3))
}

fn local_table(scalings: &[&Scaling]) -> String {
    let mut sizes: Vec<(u64, u64)> = scalings
        .iter()
        .flat_map(|of| &of.local)
        .map(|local| (local.from_size as u64, local.to_size as u64))
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut head = vec!["variant".to_owned(), "profile".to_owned()];
    head.extend(sizes.iter().map(|(from, to)| format!("{} → {}", Bytes(*from), Bytes(*to))));
    let mut table = Table::new(2, &head.iter().map(String::as_str).collect::<Vec<_>>());
    for scaling in scalings {
        let mut row = vec![scaling.variant.clone(), scaling.profile.clone()];
        row.extend(sizes.iter().map(|pair| {
            let local = scaling
                .local
                .iter()
                .find(|local| (local.from_size as u64, local.to_size as u64) == *pair);
            let ratio = local.and_then(|local| local.value_ratio);
            ratio.map_or(NONE.to_owned(), |ratio| format!("×{}", significant(ratio, 3)))
        }));
        table.push(row);
    }
    table.markdown()
}

/// Which view of the metric was fitted, where it is another than its own, and its step.
fn fitted_on(scalings: &[&Scaling]) -> String {
    let Some(of) = scalings.iter().find(|of| of.view != of.metric) else { return String::new() };
    let step = scalings.iter().map(|of| of.quantum_max()).fold(0.0, f64::max);
    let step = match step > 0.0 {
        true => format!(", in steps of at most {}", of.metric.show(step)),
        false => String::new(),
    };
    format!("Fitted on `{}`, the finer view{step}.\n\n", of.view)
}

/// Whether the straight line is one, and whether the others foretell the largest size.
fn checks_table(scalings: &[&Scaling]) -> String {
    let head = [
        "variant",
        "profile",
        "lack of fit of the straight line",
        "largest size, held out",
        "foretold by the others [95 %]",
        "measured",
        "hit",
    ];
    let mut table = Table::new(3, &head);
    for scaling in scalings {
        let show = |value| scaling.metric.show(value);
        let mut row = vec![scaling.variant.clone(), scaling.profile.clone(), lack_of_fit(scaling)];
        row.extend(match &scaling.held_out {
            Err(reason) => [NONE.to_owned(), reason.to_string(), NONE.to_owned(), NONE.to_owned()],
            Ok(of) => {
                let Interval { low, high } = of.prediction.interval;
                [
                    Bytes(of.prediction.size as u64).to_string(),
                    format!("{} to {}", show(low), show(high)),
                    show(of.measured),
                    hit(of.inside),
                ]
            }
        });
        table.push(row);
    }
    table.markdown()
}

/// How far means lie from the straight line through log-log points, and whether repeats explain it.
fn lack_of_fit(scaling: &Scaling) -> String {
    match &scaling.lack_of_fit {
        Err(reason) => reason.to_string(),
        Ok(of) => {
            let off = units::percent(of.misfit_sd);
            match of.p {
                Some(p) => format!("off by {off}, p {}", significant(p, 2)),
                None => format!("off by {off}, repeats are identical"),
            }
        }
    }
}

fn hit(inside: bool) -> String {
    if inside { "yes".to_owned() } else { "**no**".to_owned() }
}

/// What the models give at sizes that are not measured, and what was found there.
pub(super) fn predictions(analysis: &Analysis) -> String {
    let head = [
        "variant",
        "profile",
        "metric",
        "input",
        "predicted",
        "95 % prediction interval",
        "decades beyond",
        "looked up",
        "hit",
    ];
    let mut table = Table::new(3, &head);
    for scaling in &analysis.growth {
        let Ok(growth) = &scaling.growth else { continue };
        for of in &scaling.predictions {
            let show = |value| scaling.metric.show(value);
            let found = scaling.looked_up_at(of.size);
            let beyond_failure = scaling.is_beyond_failure(of.size);
            table.push(vec![
                scaling.variant.clone(),
                scaling.profile.clone(),
                processes::words(analysis, scaling.metric),
                Bytes(of.size as u64).to_string(),
                match (beyond_failure, of.averaged, growth.decided()) {
                    (true, ..) => "nothing: beyond the failure".to_owned(),
                    (_, false, _) => show(of.value),
                    (_, true, false) => "no class is decided".to_owned(),
                    // What was looked up decided it.
                    (_, true, true) => "no class was decided then".to_owned(),
                },
                match beyond_failure {
                    true => NONE.to_owned(),
                    false => format!("{} to {}", show(of.interval.low), show(of.interval.high)),
                },
                format!("{:.1}", of.decades_beyond),
                found.map_or(NONE.to_owned(), |found| {
                    found.value.map_or_else(|| found.outcome.to_string(), show)
                }),
                found.and_then(LookedUp::is_hit).map_or(NONE.to_owned(), hit),
            ]);
        }
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "What the growth models give beyond the largest size, for one run. {}\n\n{}{}",
        counted(analysis),
        table.markdown(),
        not_looked_up(analysis)
    )
}

/// How many of the predictions that were looked up held.
fn counted(analysis: &Analysis) -> String {
    let hits: Vec<bool> =
        analysis.growth.iter().flat_map(|of| &of.looked_up).filter_map(LookedUp::is_hit).collect();
    match hits.len() {
        0 => "None of them was looked up.".to_owned(),
        all => format!(
            "Looked up afterwards in one run each, which no fit has seen: {} of {all} lie within their \
             interval. Nothing that rests on a series with a miss is decided.",
            hits.iter().filter(|hit| **hit).count()
        ),
    }
}

/// Why some were not.
fn not_looked_up(analysis: &Analysis) -> String {
    let wanted = lookup::wanted(&analysis.lock.experiment, &analysis.summary);
    let reasons: Vec<String> = wanted
        .into_iter()
        .filter_map(|of| Some(format!("`{}` on {}: {}", of.variant, of.profile, of.size.err()?)))
        .collect();
    match reasons.is_empty() {
        true => String::new(),
        false => format!("\nNot looked up: {}.\n", listed(&reasons)),
    }
}
