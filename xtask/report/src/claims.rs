//! The sections of `report.md` about claims: comparisons, techniques, budgets, predictions looked up,
//! assumptions tested.

use std::collections::BTreeSet;

use stats::compare::Change as Answer;
use stats::factorial::{Effect, ErrorSource};
use stats::growth::LargestInput;
use stats::{Comparison, Factorial, Interval, Undetermined};

use analysis::Analysis;
use analysis::budgets::{Budgeted, CHECKED_MAX};
use analysis::comparisons::Compared;
use analysis::effects::Effects;
use experiment::grid::{Estimate, Grid, Technique};
use record::Outcome;
use record::metric::Metric;
use record::units::{self, Bytes, percent, significant};

use super::markdown::{NONE, listed, range};
use super::table::Table;

/// Each variant against the reference: one line per variant and profile, a column per size, then the
/// intervals for those who want them.
pub(super) fn comparisons(analysis: &Analysis) -> String {
    let fit = &analysis.lock.experiment.fit;
    let Some(reference) = &fit.reference else { return String::new() };
    let all = &analysis.comparisons;
    let mut text = format!(
        "Each variant over `{reference}`: geometric mean of the ratios within blocks. ▼ improved, ▲ \
         regressed, = equivalent within {}, ? not decided (blocks in all that should decide). Decided on \
         95 % intervals; Holm's correction over all {} comparisons.\n",
        fit.margin,
        all.len()
    );
    for metric in &fit.metrics {
        let of_metric: Vec<&Compared> = all.iter().filter(|of| of.metric == *metric).collect();
        text.push_str(&format!("\n### {}\n\n", metric.words()));
        text.push_str(&compared_by_size(&of_metric));
        text.push_str(&format!(
            "\n<details><summary>Intervals</summary>\n\n{}\n</details>\n",
            intervals(&of_metric)
        ));
    }
    text
}

fn compared_by_size(compared: &[&Compared]) -> String {
    let mut sizes: Vec<Bytes> = compared.iter().map(|of| of.size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut places: Vec<(&str, &str)> = Vec::new();
    for of in compared {
        if !places.contains(&(&of.variant, &of.profile)) {
            places.push((&of.variant, &of.profile));
        }
    }
    let mut head = vec!["variant".to_owned(), "profile".to_owned()];
    head.extend(sizes.iter().map(ToString::to_string));
    let mut table = Table::new(2, &head.iter().map(String::as_str).collect::<Vec<_>>());
    for (variant, profile) in places {
        let mut row = vec![variant.to_owned(), profile.to_owned()];
        row.extend(sizes.iter().map(|size| {
            let found = compared
                .iter()
                .find(|of| of.variant == variant && of.profile == profile && of.size == *size);
            let answer = found.and_then(|of| of.answer.as_ref().ok());
            answer
                .map_or(NONE.to_owned(), |of| format!("×{} {}", significant(of.ratio, 3), sign(of)))
        }));
        table.push(row);
    }
    table.markdown()
}

fn sign(of: &Comparison) -> String {
    match of.verdict {
        Answer::Improved => "▼".to_owned(),
        Answer::Regressed => "▲".to_owned(),
        Answer::Equivalent => "=".to_owned(),
        Answer::NotDecided { runs_needed: Some(runs) } => format!("? ({runs})"),
        Answer::NotDecided { runs_needed: None } => "?".to_owned(),
    }
}

fn intervals(compared: &[&Compared]) -> String {
    let head = ["variant", "profile", "input", "verdict", "ratio [95 %]", "p (Holm)", "blocks"];
    let mut table = Table::new(4, &head);
    for of in compared {
        let place = [of.variant.clone(), of.profile.clone(), of.size.to_string()];
        let answer = match &of.answer {
            Ok(answer) => [
                verdict(answer),
                with_interval(answer.ratio, Some(answer.ratio_ci95), |v| significant(v, 4)),
                answer.p_holm.map_or(NONE.to_owned(), probability),
                answer.n.to_string(),
            ],
            Err(reason) => {
                let said = match reason {
                    Undetermined::TooFewValues { have: 0, .. } => "no block with both".to_owned(),
                    reason => reason.to_string(),
                };
                [said, NONE.to_owned(), NONE.to_owned(), NONE.to_owned()]
            }
        };
        table.push(place.into_iter().chain(answer).collect());
    }
    table.markdown()
}

/// A verdict in words.
pub(super) fn verdict(of: &Comparison) -> String {
    match of.verdict {
        Answer::Improved => "improved".to_owned(),
        Answer::Regressed => "regressed".to_owned(),
        Answer::Equivalent => format!("equivalent within {}", percent(of.margin)),
        Answer::NotDecided { runs_needed: Some(runs) } => {
            format!("not decided; {} more blocks should", runs.saturating_sub(of.n))
        }
        Answer::NotDecided { runs_needed: None } if of.resolution > 0.0 => {
            format!("not decided: within what is resolved, {}", percent(of.resolution))
        }
        Answer::NotDecided { runs_needed: None } => "not decided".to_owned(),
    }
}

fn probability(p: f64) -> String {
    if p < 1e-4 { "< 0.0001".to_owned() } else { significant(p, 2) }
}

fn with_interval(value: f64, interval: Option<Interval>, show: impl Fn(f64) -> String) -> String {
    match interval {
        Some(ci) if is_point(value, ci) => format!("{} (deterministic)", show(value)),
        Some(ci) => format!("{} [{}, {}]", show(value), show(ci.low), show(ci.high)),
        None => show(value),
    }
}

/// An interval as wide as the rounding of the arithmetic.
fn is_point(value: f64, interval: Interval) -> bool {
    interval.high - interval.low <= ROUNDING * value.abs()
}

/// The effect of each technique of the grid, and the interactions that matter.
pub(super) fn techniques(analysis: &Analysis) -> String {
    let Some(grid) = &analysis.lock.experiment.grid else { return String::new() };
    let mut text = design(grid);
    for metric in &analysis.lock.experiment.fit.metrics {
        let of_metric: Vec<&Effects> =
            analysis.effects.iter().filter(|of| of.metric == *metric).collect();
        text.push_str(&format!("\n### Effects on {}\n\n", metric.words()));
        text.push_str(&mains(grid, &of_metric));
        text.push_str(&notes(&of_metric));
        let margin = analysis.lock.experiment.fit.margin.0;
        text.push_str(&interactions(grid, &of_metric, margin));
    }
    text.push_str(&estimates(grid, &analysis.effects));
    text
}

/// Which variants there are, and what a fraction mixes up.
fn design(grid: &Grid) -> String {
    let states: Vec<String> =
        grid.technique.iter().map(|of| format!("`{}` ({}, {})", of.name, of.off, of.on)).collect();
    let mut text = format!(
        "{} techniques, each in two states: {}. An effect is the value in the second state over the value \
         in the first, averaged over all states of the other techniques.\n\n",
        grid.technique.len(),
        listed(&states)
    );
    let words = grid.words();
    let Some(shortest) = words.first().map(Vec::len) else {
        text.push_str(&format!("Full factorial: all {} combinations.\n", grid.full()));
        return text;
    };
    let word = |word: &Vec<String>| format!("`{}`", word.join(" × "));
    text.push_str(&format!(
        "A fraction: {} of {} combinations, defined by {} (the product of the signs is the same in every \
         variant). Resolution {shortest}: {}.\n",
        grid.member.len(),
        grid.full(),
        listed(&words.iter().map(word).collect::<Vec<_>>()),
        match shortest {
            0..=2 => "techniques are mixed up with each other",
            3 => "an effect of one technique is mixed up with interactions of two others",
            4 =>
                "an effect of one technique is mixed up with interactions of three; interactions of two \
                 with each other",
            _ =>
                "effects of one technique and interactions of two are mixed up with interactions of three \
                 or more alone",
        }
    ));
    text
}

fn mains(grid: &Grid, effects: &[&Effects]) -> String {
    let head = ["technique", "profile", "input", "effect [95 %]", "difference [95 %]", "p (Holm)"];
    let mut table = Table::new(3, &head);
    for (at, technique) in grid.technique.iter().enumerate() {
        for of in effects {
            let Some(effect) = main_effect(of, at) else { continue };
            let rounding = of.ratios.as_ref().map_or(0.0, |ratios| ratios.mean * ROUNDING);
            let show =
                |value: f64| of.metric.show(if value.abs() < rounding { 0.0 } else { value });
            let difference = of.differences.get(at).copied().flatten();
            table.push(vec![
                format!("{}: {} → {}", technique.name, technique.off, technique.on),
                of.profile.clone(),
                of.size.to_string(),
                with_interval(effect.ratio, effect.ratio_ci95, change),
                difference.map_or(NONE.to_owned(), |of| with_interval(of.value, of.ci95, show)),
                effect.p_holm.map_or(NONE.to_owned(), probability),
            ]);
        }
    }
    if table.is_empty() {
        return "No variant of the grid has this metric.\n".to_owned();
    }
    table.markdown()
}

fn main_effect(of: &Effects, technique: usize) -> Option<&Effect> {
    of.ratios.as_ref().ok()?.effects.iter().find(|effect| effect.term == [technique])
}

/// Shares below this are rounding of the arithmetic, not an effect.
const ROUNDING: f64 = 1e-9;

/// A ratio as a change: 0.75 is −25.0 %.
fn change(ratio: f64) -> String {
    if (ratio - 1.0).abs() < ROUNDING {
        return percent(0.0);
    }
    let shown = percent(ratio - 1.0);
    if ratio > 1.0 { format!("+{shown}") } else { shown }
}

/// What effects rest on, where that is less than everything.
fn notes(effects: &[&Effects]) -> String {
    let mut text = String::new();
    for of in effects {
        let (measured, members) = of.measured;
        let place = format!("{} of {}", of.profile, of.size);
        if measured < members {
            text.push_str(&format!(
                "\nOn {place} {measured} of {members} variants have a value.\n"
            ));
        }
        match &of.ratios {
            Err(reason) => text.push_str(&format!("\nOn {place}: {reason}.\n")),
            Ok(ratios) if ratios.error == ErrorSource::Runs => text.push_str(&format!(
                "\nOn {place} intervals show the noise of runs alone; the grid leaves nothing else.\n"
            )),
            Ok(ratios) if ratios.error == ErrorSource::Exact => text.push_str(&format!(
                "\nOn {place} these effects and interactions give every value exactly, so they have no \
                 error.\n"
            )),
            Ok(_) => {}
        }
    }
    text
}

/// Two or three techniques whose interaction is significant and larger than the margin, as the effect of
/// the first in each state of the others. The strongest few; all are in `summary.json`.
fn interactions(grid: &Grid, effects: &[&Effects], margin: f64) -> String {
    const SHOWN: usize = 6;
    let head = [
        "interaction",
        "profile",
        "input",
        "effect of the first",
        "mixed up with the interaction of",
        "p (Holm)",
    ];
    let mut table = Table::new(5, &head);
    let mut left_out = 0;
    for of in effects {
        let Ok(ratios) = &of.ratios else { continue };
        let matters = |effect: &&Effect| {
            effect.term.len() >= 2
                && effect.p_holm.is_some_and(|p| p < 0.05)
                && effect.ratio.ln().abs() > margin.ln_1p()
        };
        let mut found: Vec<&Effect> = ratios.effects.iter().filter(matters).collect();
        found.sort_by(|a, b| b.ratio.ln().abs().total_cmp(&a.ratio.ln().abs()));
        left_out += found.len().saturating_sub(SHOWN);
        for effect in found.into_iter().take(SHOWN) {
            let names: Vec<&str> =
                effect.term.iter().map(|at| grid.technique[*at].name.as_str()).collect();
            table.push(vec![
                format!("{} with {}", names[0], names[1..].join(" and ")),
                of.profile.clone(),
                of.size.to_string(),
                conditional(grid, ratios, &effect.term),
                aliases(grid, &names),
                effect.p_holm.map_or(NONE.to_owned(), probability),
            ]);
        }
    }
    if table.is_empty() {
        return "\nNo techniques interact by more than the margin.\n".to_owned();
    }
    let more = match left_out {
        0 => String::new(),
        count => format!(" {count} weaker ones are in `summary.json`."),
    };
    format!(
        "\nTechniques that change each other's effect, strongest first.{more} A technique that is without \
         effect in one state of another shows it here.\n\n{}",
        table.markdown()
    )
}

/// The interactions of three that a fraction cannot tell from this one: what is left of a defining word
/// of three more without its techniques.
fn aliases(grid: &Grid, techniques: &[&str]) -> String {
    let words = grid.words();
    let among = |name: &String| techniques.contains(&name.as_str());
    let holds = |word: &&Vec<String>| {
        word.len() <= techniques.len() + 3
            && word.iter().filter(|name| among(name)).count() == techniques.len()
    };
    let rest = |word: &Vec<String>| {
        let left = word.iter().filter(|name| !among(name)).cloned();
        left.collect::<Vec<_>>().join(" × ")
    };
    let found: Vec<String> = words.iter().filter(holds).map(rest).collect();
    if found.is_empty() { NONE.to_owned() } else { found.join("; ") }
}

/// The effect of the first technique of a term in each state of the others.
///
/// In logarithms it is the sum of `2^k β` over the terms that hold it and k of the others, each with the
/// sign of their states; a ratio is `exp(2^(k + 1) β)`.
fn conditional(grid: &Grid, ratios: &Factorial, term: &[usize]) -> String {
    let (first, others) = (term[0], &term[1..]);
    let ln = |subset: &[usize]| {
        let wanted = |of: &&Effect| {
            of.term.len() == subset.len() + 1
                && of.term.contains(&first)
                && subset.iter().all(|technique| of.term.contains(technique))
        };
        let found = ratios.effects.iter().find(wanted);
        found.map_or(0.0, |of| of.ratio.ln() / f64::from(1_u32 << subset.len()))
    };
    let states = (0..1_usize << others.len()).map(|bits| {
        let is_on = |at: usize| bits >> (others.len() - 1 - at) & 1 == 1;
        let effect: f64 = (0..1_usize << others.len())
            .map(|chosen| {
                let subset: Vec<usize> =
                    (0..others.len()).filter(|at| chosen >> at & 1 == 1).collect();
                let sign = if subset.iter().filter(|at| !is_on(**at)).count() % 2 == 0 {
                    1.0
                } else {
                    -1.0
                };
                sign * ln(&subset.iter().map(|at| others[*at]).collect::<Vec<_>>())
            })
            .sum();
        let with: Vec<String> = (0..others.len())
            .map(|at| {
                let Technique { name, off, on } = &grid.technique[others[at]];
                format!("{name} {}", if is_on(at) { on } else { off })
            })
            .collect();
        format!("{} with {}", change(effect.exp()), with.join(" and "))
    });
    states.collect::<Vec<_>>().join(", ")
}

/// What techniques were said to save beside what they do save.
fn estimates(grid: &Grid, effects: &[Effects]) -> String {
    let head = ["technique", "said to save", "profile", "input", "saves [95 %]", "so", "said by"];
    let mut table = Table::new(4, &head);
    for estimate in &grid.estimate {
        let at = grid.technique.iter().position(|of| of.name == estimate.technique);
        for of in effects.iter().filter(|of| of.metric == Metric::PeakRss) {
            let difference = at.and_then(|at| of.differences.get(at).copied().flatten());
            let Some(difference) = difference else { continue };
            let saved = difference.ci95.map(|ci| Interval::new(-ci.high, -ci.low));
            table.push(vec![
                estimate.technique.clone(),
                format!("{} to {}", estimate.saves_at_least, estimate.saves_at_most),
                of.profile.clone(),
                of.size.to_string(),
                with_interval(-difference.value, saved, units::bytes),
                against(estimate, saved).to_owned(),
                estimate.source.clone(),
            ]);
        }
    }
    match table.is_empty() {
        true => String::new(),
        false => format!(
            "\n### What was only estimated\n\nPeak memory that a technique saves, averaged over the grid.\n\n{}",
            table.markdown()
        ),
    }
}

fn against(estimate: &Estimate, saved: Option<Interval>) -> &'static str {
    let (least, most) = (estimate.saves_at_least.0 as f64, estimate.saves_at_most.0 as f64);
    match saved {
        None => "no interval",
        Some(saved) if saved.high < least => "less than estimated",
        Some(saved) if saved.low > most => "more than estimated",
        Some(saved) if Interval::new(least, most).encloses(saved) => "as estimated",
        Some(_) => "not decided",
    }
}

/// The largest input for each budget.
pub(super) fn budgets(analysis: &Analysis) -> String {
    let head = [
        "variant",
        "profile",
        "budget",
        "largest input",
        "sure to fit (97.5 %)",
        "may fit (2.5 %)",
        "decades beyond",
        "one run of what is sure to fit, under that limit",
    ];
    let mut table = Table::new(3, &head);
    for of in &analysis.budgets {
        let mut row = vec![of.variant.clone(), of.profile.clone(), of.budget.to_string()];
        row.extend(largest(of));
        row.push(check(of, analysis.lock.experiment.fit.check_budget));
        table.push(row);
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "Predicted by the growth models: where the curve, and where the bounds of its prediction interval \
         for one run, meet the budget.\n\n{}",
        table.markdown()
    )
}

/// A size only where one class is decided; else its bounds alone.
fn largest(of: &Budgeted) -> [String; 4] {
    let none = || NONE.to_owned();
    let size = |size: f64| match size.is_finite() {
        true => units::bytes(size),
        false => "no bound".to_owned(),
    };
    match &of.largest {
        Err(reason) => [reason.clone(), none(), none(), none()],
        Ok(LargestInput::NeverFits) => ["not even the smallest".to_owned(), none(), none(), none()],
        Ok(LargestInput::NotReached) => {
            ["any: it does not grow to the budget".to_owned(), none(), none(), none()]
        }
        Ok(LargestInput::Fails { size: failed }) => {
            [format!("fails at {}", size(*failed)), none(), none(), none()]
        }
        Ok(LargestInput::Between { interval, decades_beyond }) => [
            match (interval.low.is_finite(), interval.high.is_finite()) {
                (true, true) => format!("{} to {}", size(interval.low), size(interval.high)),
                (true, false) => format!("at least {}", size(interval.low)),
                (false, _) => "not decided: no bound found".to_owned(),
            },
            size(interval.low),
            size(interval.high),
            match decades_beyond.is_finite() {
                true => format!("{decades_beyond:.1}"),
                false => none(),
            },
        ],
        Ok(LargestInput::Fits { size: estimate, interval, decades_beyond }) => [
            size(*estimate),
            size(interval.low),
            size(interval.high),
            format!("{decades_beyond:.1}"),
        ],
    }
}

fn check(of: &Budgeted, asked: bool) -> String {
    match (&of.check, of.sure()) {
        (Some(check), _) => {
            let peak = check
                .peak_bytes
                .map_or(String::new(), |peak| format!(", peak {}", units::bytes(peak)));
            let said = match check.outcome {
                Outcome::Ok => "**held**",
                Outcome::MemoryLimit => "**did not hold**: over the limit",
                _ => "not decided",
            };
            let how = match check.outcome {
                Outcome::Ok | Outcome::MemoryLimit => String::new(),
                other => format!(": {other}"),
            };
            format!("{said}{how} at {}{peak}", units::bytes(check.size.0 as f64))
        }
        (None, Some(size)) if asked && size > CHECKED_MAX => {
            format!("not run: inputs of more than {CHECKED_MAX} are not made")
        }
        _ => "not run".to_owned(),
    }
}

/// Predictions whose truth was measured.
pub(super) fn foretold(analysis: &Analysis) -> String {
    let head = [
        "variant",
        "profile",
        "metric",
        "input",
        "predicted [95 %]",
        "measured mean",
        "inside",
        "runs inside",
    ];
    let mut table = Table::new(3, &head);
    let all = &analysis.holdouts;
    for of in all {
        let show = |value| of.metric.show(value);
        let predicted = match &of.prediction {
            Ok(found) => with_interval(found.value, Some(found.interval), show),
            Err(reason) => reason.clone(),
        };
        let decided = of.prediction.is_ok();
        table.push(vec![
            of.variant.clone(),
            of.profile.clone(),
            of.metric.words().to_owned(),
            of.size.to_string(),
            predicted,
            show(of.mean),
            match (decided, of.is_inside()) {
                (false, _) => NONE.to_owned(),
                (true, true) => "yes".to_owned(),
                (true, false) => "**no**".to_owned(),
            },
            if decided { format!("{} of {}", of.runs_inside, of.runs) } else { NONE.to_owned() },
        ]);
    }
    if table.is_empty() {
        return String::new();
    }
    let inside = all.iter().filter(|of| of.is_inside()).count();
    format!(
        "### Predictions looked up\n\nSizes that are measured, predicted from the smaller ones alone: {inside} of \
         {} means fell into their 95 % prediction interval.\n\n{}",
        all.len(),
        table.markdown()
    )
}

/// How many cells violate what the tests assume, and which.
pub(super) fn assumptions(analysis: &Analysis) -> String {
    let checks = &analysis.assumptions;
    let mut table = Table::new(2, &["metric", "test", "tested", "violated", "where"]);
    // Metrics derived from these have the same answers; they are in `summary.json`.
    let fitted = &analysis.lock.experiment.fit.metrics;
    let shown = |metric: &Metric| fitted.contains(metric) || *metric == Metric::Wall;
    let tested: BTreeSet<Metric> = checks.cells.iter().map(|of| of.metric).collect();
    for metric in tested.into_iter().filter(shown) {
        let cells = || checks.cells.iter().filter(move |of| of.metric == metric);
        let place =
            |variant: &str, profile: &str, size: Bytes| format!("{variant} on {profile}, {size}");
        let tested = cells().filter(|of| of.normality.is_ok()).count();
        let found = cells().filter(|of| of.not_normal);
        let places = found.map(|of| place(&of.variant, &of.profile, of.size)).collect();
        violated(&mut table, metric, "normal values (Shapiro-Wilk)", tested, places);
        let tested = cells().filter(|of| of.drift.is_ok()).count();
        let drifting = cells().filter(|of| of.drifts).map(|of| {
            let tau = of.drift.as_ref().map_or(0.0, |trend| trend.tau);
            format!("{} (τ {})", place(&of.variant, &of.profile, of.size), significant(tau, 2))
        });
        violated(
            &mut table,
            metric,
            "no drift with run order (Mann-Kendall)",
            tested,
            drifting.collect(),
        );
        let spreads = || checks.spreads.iter().filter(move |of| of.metric == metric);
        let tested = spreads().filter(|of| of.test.is_ok()).count();
        let unequal = spreads().filter(|of| of.unequal);
        let places = unequal.map(|of| format!("{}, {}", of.profile, of.size)).collect();
        violated(&mut table, metric, "equal spread of variants (Levene)", tested, places);
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "At 5 % after Holm's correction over the cells of a metric; values that are the same in every run have \
         nothing to test. Intervals of means are Student's or log-normal, comparisons are paired within \
         blocks: unequal spread does not touch them, a drift common to all variants cancels.\n\n{}",
        table.markdown()
    )
}

fn violated(table: &mut Table, metric: Metric, test: &str, tested: usize, places: Vec<String>) {
    const SHOWN: usize = 4;
    if tested == 0 {
        return;
    }
    let count = places.len();
    let mut shown: Vec<String> = places.into_iter().take(SHOWN).collect();
    if count > SHOWN {
        shown.push(format!("{} more", count - SHOWN));
    }
    let places = if shown.is_empty() { NONE.to_owned() } else { shown.join("; ") };
    let row =
        [metric.words().to_owned(), test.to_owned(), tested.to_string(), count.to_string(), places];
    table.push(row.to_vec());
}

/// The claims in a line or two for the terminal.
pub(super) fn in_short(analysis: &Analysis) -> String {
    let compared = analysis.comparisons.iter().filter_map(|of| of.answer.as_ref().ok());
    let mut counts = [0; 4];
    for answer in compared {
        counts[match answer.verdict {
            Answer::Improved => 0,
            Answer::Regressed => 1,
            Answer::Equivalent => 2,
            Answer::NotDecided { .. } => 3,
        }] += 1;
    }
    let Some(reference) = &analysis.lock.experiment.fit.reference else { return String::new() };
    let [improved, regressed, equivalent, open] = counts;
    let ratios: Vec<f64> =
        analysis.comparisons.iter().filter_map(|of| Some(of.answer.as_ref().ok()?.ratio)).collect();
    let ratios = range(&ratios, |ratio| format!("×{}", significant(ratio, 3)));
    format!(
        "against {reference} ({}): {improved} improved, {regressed} regressed,\n{equivalent} equivalent, {open} not decided\n",
        ratios.unwrap_or_default()
    )
}
