//! The report of published figures: what was published made again, then what the data can and cannot
//! carry.

use serde_json::{Value, json};
use stats::growth::{Class, Fit, Growth};
use stats::{Interval, Undetermined};

use analysis::published::{External, Fitted};
use charts::{Axis, Chart, Dash, Key, Kind, Layer, Marker, Panel, Point, Scale, Series};
use experiment::Experiment;
use record::metric::Metric;
use record::units::{Bytes, significant};

use super::growth::{growing, growth_columns, plain};
use super::json::{interval, number, optional};
use super::markdown::{NONE, listed};
use super::table::Table;

/// The whole report.
pub(super) fn report(name: &str, experiment: &Experiment, external: &External) -> String {
    let (reproduced, published) = external.reproduced();
    let mut text = format!(
        "# {}\n\n**{}**\n\n{reproduced} of {published} published figures are reproduced from {}.\n",
        experiment.title, experiment.question, external.data.source
    );
    if !experiment.expect.is_empty() {
        text.push_str(&format!("\nExpected, before fitting: {}\n", experiment.expect));
    }
    let sections = [
        ("The published figures again", figures(external)),
        ("What the data cannot carry", limits(experiment, external)),
        ("The constant that the slope hides", constants(external)),
        ("The data", rows(external)),
        ("How it was made", provenance(name, external)),
    ];
    for (heading, body) in sections {
        text.push_str(&format!("\n## {heading}\n\n{}\n", body.trim()));
    }
    text
}

fn in_unit(external: &External, value: f64) -> String {
    format!("{} {}", significant(value, 4), external.data.unit)
}

fn figures(external: &External) -> String {
    let unit = &external.data.unit;
    let head = ["fit", "rows", "figure", "published", "found", "reproduced"];
    let mut table = Table::new(1, &head);
    for fit in &external.fits {
        for figure in &fit.figures {
            table.push(vec![
                fit.declared.name.clone(),
                fit.rows.len().to_string(),
                words(figure.name).to_owned(),
                figure.published.clone(),
                figure.found.map_or(NONE.to_owned(), |found| significant(found, 5)),
                if figure.reproduced { "yes" } else { "**no**" }.to_owned(),
            ]);
        }
    }
    let mut fits = Table::new(1, &["fit", "formula", "exponent [95 %]", "R²", "p", "rows"]);
    for fit in &external.fits {
        let none = || NONE.to_owned();
        let columns = match &fit.power {
            Err(reason) => [reason.to_string(), none(), none(), none()],
            Ok(power) => [
                format!(
                    "exp({}) n^{}",
                    significant(power.coefficient.ln(), 4),
                    significant(power.exponent, 2)
                ),
                format!("{} {}", significant(power.exponent, 3), plain(power.exponent_ci95)),
                power.r2.map_or_else(none, |r2| format!("{r2:.4}")),
                power.p.map_or_else(none, |p| significant(p, 2)),
            ],
        };
        let name = [fit.declared.name.clone()];
        let count = [fit.rows.len().to_string()];
        fits.push(name.into_iter().chain(columns).chain(count).collect());
    }
    format!(
        "Straight lines through log-log points, sizes and values in {unit}. A figure is reproduced when it \
         rounds to the digits that were printed.\n\n{}\n{}\n{}\n",
        table.markdown(),
        fits.markdown(),
        disagreements(external)
    )
}

/// Sizes that stand in two tables of the publication with different values.
fn disagreements(external: &External) -> String {
    let mut found = Vec::new();
    for (at, row) in external.rows.iter().enumerate() {
        let other = external.rows[at + 1..]
            .iter()
            .find(|other| other.size == row.size && other.value != row.value);
        if let Some(other) = other {
            found.push(format!(
                "{} ({} in `{}`, {} in `{}`)",
                row.size,
                in_unit(external, row.value),
                row.table,
                in_unit(external, other.value),
                other.table
            ));
        }
    }
    match found.is_empty() {
        true => "The tables of the publication agree with each other.".to_owned(),
        false => format!("The tables of the publication disagree at {}.", listed(&found)),
    }
}

fn words(figure: &str) -> &'static str {
    match figure {
        "ln_coefficient" => "logarithm of the coefficient",
        "exponent" => "exponent",
        "r2" => "R²",
        _ => "p",
    }
}

fn limits(experiment: &Experiment, external: &External) -> String {
    let mut lines = Vec::new();
    let single = external.rows.iter().filter(|row| row.runs == Some(1));
    let sizes: Vec<String> = single.map(|row| row.size.to_string()).collect();
    if !sizes.is_empty() {
        lines.push(format!(
            "- **Spreads from one run.** The rows of {} were measured once; the spread published with them \
             is that of a single value, which has none.",
            listed(&sizes)
        ));
    }
    let unknown = external.rows.iter().filter(|row| row.runs.is_none()).count();
    if unknown > 0 {
        lines.push(format!(
            "- **Unknown runs.** {unknown} of {} rows do not say how many runs stand behind them.",
            external.rows.len()
        ));
    }
    if let Some(largest) = external.largest() {
        lines.push(format!(
            "- **No measured size beyond {largest}.** What is said of larger documents is extrapolated."
        ));
    }
    let mut table = Table::new(
        2,
        &["fit", "model", "input", "predicted", "95 % prediction interval", "decades beyond"],
    );
    for fit in &external.fits {
        for size in &experiment.fit.predict {
            for row in predictions(external, fit, *size) {
                table.push(row);
            }
        }
    }
    format!(
        "{}\n\nPredictions, for one new value like those fitted:\n\n{}",
        lines.join("\n"),
        table.markdown()
    )
}

/// What the line and the growth models give at a size.
fn predictions(external: &External, fit: &Fitted, size: Bytes) -> Vec<Vec<String>> {
    let show = |value| in_unit(external, value);
    let both = |of: Interval| format!("{} to {}", show(of.low), show(of.high));
    let name = || fit.declared.name.clone();
    let beyond =
        external.largest().map_or(0.0, |largest| (size.0 as f64 / largest.0 as f64).log10());
    let mut rows = Vec::new();
    if let Ok(power) = &fit.power {
        let at = size.0 as f64 / external.data.unit_bytes as f64;
        rows.push(vec![
            name(),
            "power law".to_owned(),
            size.to_string(),
            show(power.at(at)),
            both(power.prediction(at)),
            format!("{beyond:.1}"),
        ]);
    }
    let growth = fit.growth.as_ref().ok();
    if let Some(found) = growth.and_then(|growth| growth.prediction(size.0 as f64)) {
        let model =
            if found.averaged { "models with a constant, averaged" } else { "with a constant" };
        rows.push(vec![
            name(),
            model.to_owned(),
            size.to_string(),
            show(found.value),
            both(found.interval),
            format!("{:.1}", found.decades_beyond),
        ]);
    }
    rows
}

fn constants(external: &External) -> String {
    let mut table = Table::new(
        1,
        &[
            "fit",
            "class",
            "runner-up (probability)",
            "constant part [95 %]",
            "growing part [95 %]",
            "exponent beside the constant",
            "growth over the range [95 %]",
        ],
    );
    for fit in &external.fits {
        let mut row = vec![fit.declared.name.clone()];
        match &fit.growth {
            Ok(growth) => row.extend(growth_row(external, growth)),
            Err(reason) => {
                let said = match reason {
                    Undetermined::TooFewSizes { have, need } => {
                        format!("{have} sizes do not tell a constant from a slope; {need} might")
                    }
                    reason => reason.to_string(),
                };
                row.push(said);
                row.extend((0..5).map(|_| NONE.to_owned()));
            }
        }
        table.push(row);
    }
    format!(
        "![Published values with both models](figures/published.png)\n\n*The published values, the straight \
         line through their logarithms and the model with a constant part \
         ([SVG](figures/published.svg))*\n\nModels `c + a g(n)` on the same rows, sizes in bytes. Where nearly \
         all of the value is a constant, the log-log slope is small whatever the rest does, and says nothing \
         about large inputs.\n\n{}",
        table.markdown()
    )
}

fn growth_row(external: &External, growth: &Growth) -> Vec<String> {
    let unit = &external.data.unit;
    let mut columns = growth_columns(growth, Metric::Ratio).to_vec();
    // Both parts are those of the best model that has both, and stand in the unit of the data.
    let grows = |fit: &&Fit| fit.with_constant && fit.class != Class::Constant;
    let fit = growth.fits.iter().find(grows).unwrap_or(growth.chosen());
    if let Some(constant) = fit.constant {
        let [value, low, high] = [constant.value, constant.ci95.low, constant.ci95.high]
            .map(|value| in_unit(external, value));
        columns[2] = format!("{value} [{low}, {high}] beside {}", fit.class);
    }
    columns[3] = growing(fit, unit);
    columns.push(format!("× {}", plain(growth.growth_over_range)));
    columns
}

fn rows(external: &External) -> String {
    let mut table =
        Table::new(1, &["table", "size", &external.data.words, "sd as published", "sd", "runs"]);
    for row in &external.rows {
        let sd = row.sd.map_or(NONE.to_owned(), |sd| in_unit(external, sd));
        table.push(vec![
            row.table.clone(),
            row.size.to_string(),
            in_unit(external, row.value),
            sd.clone(),
            if row.runs.is_some_and(|runs| runs > 1) { sd } else { NONE.to_owned() },
            row.runs.map_or(NONE.to_owned(), |runs| runs.to_string()),
        ]);
    }
    format!(
        "A spread counts only where two runs or more are known to stand behind it.\n\n{}",
        table.markdown()
    )
}

fn provenance(name: &str, external: &External) -> String {
    format!(
        "- Again: `cargo xtask run {name}`, or `cargo xtask report {name}`; nothing is measured.\n- Data: \
         `{}`, of which `data.csv` beside this report is a copy.\n",
        external.data.file.display()
    )
}

/// The figures of the report.
pub(super) fn charts(experiment: &Experiment, external: &External) -> Vec<(&'static str, Chart)> {
    let series = external.fits.iter().map(|fit| Series { name: fit.declared.name.clone() });
    let mut layers = Vec::new();
    for (index, fit) in external.fits.iter().enumerate() {
        layers.extend(fit_layers(index, experiment, external, fit));
    }
    let axis = |label: &str, scale, kind| Axis { label: label.to_owned(), scale, kind };
    let value = format!("{} in {}", external.data.words, external.data.unit);
    let panel = Panel {
        title: String::new(),
        x: axis("nominal input", Scale::Log10, Kind::Bytes),
        y: axis(&value, Scale::Linear, Kind::Plain),
        layers,
    };
    let chart = Chart {
        title: "The published values with both models".to_owned(),
        subtitle: Some(experiment.title.clone()),
        series: series.collect(),
        panels: vec![panel],
        key: Key {
            solid: "model with a constant".to_owned(),
            dashed: "power law".to_owned(),
            ..Key::default()
        },
    };
    vec![("published", chart)]
}

fn fit_layers(
    series: usize,
    experiment: &Experiment,
    external: &External,
    fit: &Fitted,
) -> Vec<Layer> {
    let point = |x: f64, y: f64| Point { x, y, low: None, high: None };
    let values = fit.rows.iter().map(|row| point(row.size.0 as f64, row.value)).collect();
    let mut layers = vec![Layer::Points { series, values, marker: Marker::Filled }];
    let (Some(first), Some(last)) = (fit.rows.first(), fit.rows.last()) else { return layers };
    let (low, high) = ((first.size.0 as f64).ln(), (last.size.0 as f64).ln());
    let sizes: Vec<f64> =
        (0..=60).map(|step| (low + (high - low) * f64::from(step) / 60.0).exp()).collect();
    let unit = external.data.unit_bytes as f64;
    if let Ok(power) = &fit.power {
        let values = sizes.iter().map(|size| (*size, power.at(size / unit))).collect();
        layers.push(Layer::Line { series, values, dash: Dash::Dashed });
        let ahead = experiment.fit.predict.iter().map(|size| {
            let at = size.0 as f64;
            let interval = power.prediction(at / unit);
            Point {
                low: Some(interval.low),
                high: Some(interval.high),
                ..point(at, power.at(at / unit))
            }
        });
        let values = ahead.collect();
        layers.push(Layer::Points { series, values, marker: Marker::Hollow });
    }
    if let Ok(growth) = &fit.growth {
        let chosen = growth.chosen();
        let values = sizes.iter().filter_map(|size| Some((*size, chosen.at(*size)?))).collect();
        layers.push(Layer::Line { series, values, dash: Dash::Solid });
    }
    layers
}

/// `summary.json` of published figures.
pub(super) fn summary(name: &str, experiment: &Experiment, external: &External) -> String {
    let unit = external.data.unit.to_lowercase();
    let fits = external.fits.iter().map(|fit| {
        let power = fit.power.as_ref().ok();
        let predictions = experiment.fit.predict.iter().filter_map(|size| {
            let at = size.0 as f64 / external.data.unit_bytes as f64;
            let power = power?;
            Some(json!({
                "input_bytes": size.0,
                (format!("value_{unit}")): number(power.at(at)),
                (format!("prediction_interval95_{unit}")): interval(Some(power.prediction(at))),
            }))
        });
        let figures = fit.figures.iter().map(|figure| {
            json!({
                "name": figure.name,
                "published": figure.published,
                "found": optional(figure.found),
                "reproduced": figure.reproduced,
            })
        });
        json!({
            "name": fit.declared.name,
            "rows": fit.rows.len(),
            "ln_coefficient": optional(power.map(|of| of.coefficient.ln())),
            "exponent": optional(power.map(|of| of.exponent)),
            "exponent_ci95": interval(power.map(|of| of.exponent_ci95)),
            "r2": optional(power.and_then(|of| of.r2)),
            "p": optional(power.and_then(|of| of.p)),
            "predictions": predictions.collect::<Vec<_>>(),
            "figures": figures.collect::<Vec<_>>(),
            "decided_class": fit.growth.as_ref().ok().filter(|of| of.decided())
                .map(|of| of.chosen().class.to_string()),
            (format!("constant_{unit}")): optional(
                fit.growth.as_ref().ok().and_then(|of| Some(of.chosen().constant?.value))),
        })
    });
    let all: Value = json!({
        "version": 1,
        "experiment": name,
        "title": experiment.title,
        "source": external.data.source,
        "largest_input_bytes": external.largest().map(|size| size.0),
        "fits": fits.collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_string_pretty(&all).expect("plain JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use analysis::published::external;

    #[test]
    fn both_parts_of_a_model_stand_in_the_unit_of_the_data_beside_their_class() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let toml = root.join("experiments/published-baseline.toml");
        let experiment = Experiment::load(root, &toml).unwrap();
        let data = experiment.data.clone().unwrap();
        let found = external(&data, &root.join(&data.file)).unwrap();
        let text = report("published-baseline", &experiment, &found);
        // `| 39.84 MB [35.32 MB, 44.65 MB] beside O(log n) | 0.861 [0.409, 1.31] MB per ln n |`
        let part = text.lines().find_map(|line| line.split_once(" beside O(log n) | "));
        let (before, after) = part.unwrap_or_else(|| panic!("{text}"));
        let constant = before.rsplit("| ").next().unwrap();
        let growing = after.split_once(" per ln n |").unwrap_or_else(|| panic!("{after}")).0;
        let numbers = |part: &str| -> Vec<f64> {
            part.split([' ', '[', ']', ',']).filter_map(|word| word.parse().ok()).collect()
        };
        assert_eq!(constant.matches(" MB").count(), 3, "each with its unit: {constant}");
        assert_eq!(growing.matches(" MB").count(), 1, "one unit for all: {growing}");
        for part in [constant, growing] {
            let [value, low, high] = numbers(part)[..] else { panic!("{part}") };
            assert!(low < value && value < high, "{part}");
        }
        assert!(!text.contains("  "), "a value without its unit leaves two spaces");
    }
}
