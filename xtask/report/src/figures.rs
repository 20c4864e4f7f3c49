//! The figures of a report as charts: which values stand in which panel. How they are drawn is the
//! business of `charts`.

use stats::Describe;

use analysis::Analysis;
use analysis::cells::Cell;
use analysis::criteria::mean_interval;
use analysis::growth::{LookedUp, Scaling};
use charts::{Axis, Chart, Dash, Key, Kind, Layer, Marker, Panel, Point, Scale, Series};
use experiment::profile;
use record::Outcome;
use record::metric::{Metric, Unit};

use super::{front, processes};

/// Every figure with its file name, in the order of the report.
pub(super) fn all(analysis: &Analysis) -> Vec<(&'static str, Chart)> {
    let mut figures = Vec::new();
    if front::applies(analysis) {
        figures.push(("front", front::chart(analysis)));
    }
    if analysis.lock.experiment.input.sizes.len() > 1 {
        // The report shows it beside the table of fits; two sizes have none.
        if !analysis.growth.is_empty() {
            figures.push(("scaling", scaling(analysis)));
        }
        figures.push(("spread", spread(analysis)));
        figures.push(("efficiency", efficiency(analysis)));
        figures.extend(super::memory_section::figures(analysis));
    }
    figures
}

/// The metric that leads the report.
pub(super) fn leading(analysis: &Analysis) -> Metric {
    analysis.lock.experiment.fit.metrics[0]
}

/// The generated profiles: files have no sweep of sizes to draw.
fn profiles(analysis: &Analysis) -> Vec<String> {
    profile::swept_names(&analysis.lock.experiment.input)
}

fn series(analysis: &Analysis) -> Vec<Series> {
    let variants = analysis.lock.experiment.variant.iter();
    variants.map(|variant| Series { name: variant.name.clone() }).collect()
}

fn cells<'a>(analysis: &'a Analysis, variant: &'a str, profile: &'a str) -> Vec<&'a Cell> {
    let here = |cell: &&Cell| cell.variant == variant && cell.profile == profile;
    analysis.summary.cells.iter().filter(here).collect()
}

fn input_axis() -> Axis {
    Axis { label: "input".to_owned(), scale: Scale::Log10, kind: Kind::Bytes }
}

fn axis(metric: Metric, scale: Scale) -> Axis {
    let (kind, label) = match metric.unit() {
        Unit::Bytes => (Kind::Bytes, metric.words().to_owned()),
        Unit::Nanos => (Kind::Seconds, metric.words().to_owned()),
        Unit::Count => (Kind::Plain, metric.words().to_owned()),
        Unit::Other(word) => (Kind::Plain, format!("{} in {word}", metric.words())),
        Unit::Ratio => (Kind::Ratio, metric.words().to_owned()),
    };
    Axis { label, scale, kind }
}

/// Values as the axis of their metric counts them: times in seconds.
fn on_axis(metric: Metric, value: f64) -> f64 {
    match metric.unit() {
        Unit::Nanos => value / 1e9,
        Unit::Bytes | Unit::Count | Unit::Ratio | Unit::Other(_) => value,
    }
}

/// The leading metric against input size, both in decades, with the growth model, its band, what it
/// predicts, and guides for O(1), O(log n) and O(n).
fn scaling(analysis: &Analysis) -> Chart {
    let metric = leading(analysis);
    let profiles = profiles(analysis);
    let panels = profiles.iter().map(|profile| scaling_panel(analysis, metric, profile));
    Chart {
        title: format!("How {} grows with the input", processes::words(analysis, metric)),
        subtitle: Some(analysis.lock.experiment.title.clone()),
        series: series(analysis),
        panels: panels.collect(),
        key: Key {
            solid: "growth model with its constant".to_owned(),
            band: "95 % band of the model".to_owned(),
            bars: "mean with 95 % interval".to_owned(),
            ..Key::default()
        },
    }
}

fn scaling_panel(analysis: &Analysis, metric: Metric, profile: &str) -> Panel {
    let mut layers = Vec::new();
    let of_profile: Vec<&Scaling> =
        analysis.growth.iter().filter(|of| of.profile == profile && of.metric == metric).collect();
    layers.extend(guides(metric, &of_profile));
    for (index, variant) in analysis.lock.experiment.variant.iter().enumerate() {
        let Some(scaling) = of_profile.iter().find(|of| of.variant == variant.name) else {
            continue;
        };
        layers.extend(model(index, metric, scaling));
        let cells = cells(analysis, &variant.name, profile);
        layers.push(points(index, metric, &cells));
        layers.extend(predicted(index, metric, scaling).into_iter().flatten());
        layers.extend(looked_up(index, metric, scaling));
        layers.extend(failed(index, &cells));
    }
    Panel { title: profile.to_owned(), x: input_axis(), y: axis(metric, Scale::Log10), layers }
}

/// The line of the growth model and its confidence band, over the measured range as far as it holds.
fn model(series: usize, metric: Metric, scaling: &Scaling) -> Vec<Layer> {
    const STEPS: u32 = 60;
    let Ok(growth) = &scaling.growth else { return Vec::new() };
    let fit = growth.chosen();
    let (low, high) = (growth.range.low.max(fit.holds_from).ln(), growth.range.high.ln());
    let sizes: Vec<f64> = (0..=STEPS)
        .map(|step| (low + (high - low) * f64::from(step) / f64::from(STEPS)).exp())
        .collect();
    let line = sizes.iter().filter_map(|size| Some((*size, on_axis(metric, fit.at(*size)?))));
    let band = sizes.iter().filter_map(|size| {
        let band = fit.confidence_band(*size)?;
        Some((*size, on_axis(metric, band.low), on_axis(metric, band.high)))
    });
    vec![
        Layer::Band { series, values: band.collect() },
        Layer::Line { series, values: line.collect(), dash: Dash::Solid },
    ]
}

/// Cell means with their intervals.
fn points(series: usize, metric: Metric, cells: &[&Cell]) -> Layer {
    let values = cells.iter().filter_map(|cell| {
        let described = cell.metric(metric)?;
        Some(point(cell, metric, described))
    });
    Layer::Points { series, values: values.collect(), marker: Marker::Filled }
}

fn point(cell: &Cell, metric: Metric, described: &Describe) -> Point {
    let interval = mean_interval(described);
    Point {
        x: cell.size.0 as f64,
        y: on_axis(metric, described.mean),
        low: interval.map(|of| on_axis(metric, of.low)),
        high: interval.map(|of| on_axis(metric, of.high)),
    }
}

/// What is predicted: a point with its interval, or a range where no class was decided; not a range that
/// was open until the size was looked up.
fn predicted(series: usize, metric: Metric, scaling: &Scaling) -> [Option<Layer>; 2] {
    let was_found = |size| scaling.looked_up_at(size).is_some_and(|of| of.value.is_some());
    [(false, Marker::Hollow), (true, Marker::Range)].map(|(averaged, marker)| {
        let values: Vec<Point> = scaling
            .predictions
            .iter()
            .filter(|of| of.averaged == averaged && !(averaged && was_found(of.size)))
            .map(|of| Point {
                x: of.size,
                y: on_axis(metric, of.value),
                low: Some(on_axis(metric, of.interval.low)),
                high: Some(on_axis(metric, of.interval.high)),
            })
            .collect();
        (!values.is_empty()).then_some(Layer::Points { series, values, marker })
    })
}

/// What a run at a predicted size gave.
fn looked_up(series: usize, metric: Metric, scaling: &Scaling) -> Option<Layer> {
    let point = |of: &LookedUp| {
        let y = on_axis(metric, of.value?);
        Some(Point { x: of.prediction.size, y, low: None, high: None })
    };
    let values: Vec<Point> = scaling.looked_up.iter().filter_map(point).collect();
    (!values.is_empty()).then_some(Layer::Points { series, values, marker: Marker::Filled })
}

/// The first size at which a variant failed, at the upper edge.
fn failed(series: usize, cells: &[&Cell]) -> Option<Layer> {
    let cell = cells
        .iter()
        .find(|cell| cell.failures().any(|(outcome, _)| outcome != Outcome::Skipped))?;
    let point = Point { x: cell.size.0 as f64, y: f64::NAN, low: None, high: None };
    Some(Layer::Points { series, values: vec![point], marker: Marker::Cross })
}

/// O(1), O(log n) and O(n) through the smallest mean at the smallest size.
fn guides(metric: Metric, scalings: &[&Scaling]) -> Vec<Layer> {
    const STEPS: u32 = 200;
    let points = || scalings.iter().flat_map(|of| &of.points);
    let first = points().map(|point| point.size).fold(f64::INFINITY, f64::min);
    let ahead = scalings.iter().flat_map(|of| &of.predictions).map(|of| of.size);
    let last = points().map(|point| point.size).chain(ahead).fold(0.0, f64::max);
    let start = points()
        .filter(|point| point.size == first)
        .map(|point| on_axis(metric, point.mean))
        .fold(f64::INFINITY, f64::min);
    if !(first > 1.0 && last > first && start.is_finite()) {
        return Vec::new();
    }
    let guide = |label: &str, growth: fn(f64, f64) -> f64| {
        let values = (0..=STEPS).map(|step| {
            let part = f64::from(step) / f64::from(STEPS);
            let size = (first.ln() + (last / first).ln() * part).exp();
            (size, start * growth(size, first))
        });
        Layer::Reference { label: label.to_owned(), values: values.collect() }
    };
    vec![
        guide("O(1)", |_, _| 1.0),
        guide("O(log n)", |size, first| size.ln() / first.ln()),
        guide("O(n)", |size, first| size / first),
    ]
}

/// The leading metric by size with error bars, beside its coefficient of variation.
fn spread(analysis: &Analysis) -> Chart {
    let metric = leading(analysis);
    let mut panels = Vec::new();
    for profile in profiles(analysis) {
        let per_variant = |layer: &dyn Fn(usize, &[&Cell]) -> Layer| -> Vec<Layer> {
            let variants = analysis.lock.experiment.variant.iter().enumerate();
            variants
                .map(|(index, variant)| layer(index, &cells(analysis, &variant.name, &profile)))
                .collect()
        };
        panels.push(Panel {
            title: profile.clone(),
            x: input_axis(),
            y: axis(metric, Scale::Log10),
            layers: per_variant(&|index, cells| points(index, metric, cells)),
        });
        let mut layers = per_variant(&|index, cells| variation(index, metric, cells));
        layers.push(Layer::Threshold { label: "1 %".to_owned(), y: 0.01 });
        let label = "coefficient of variation".to_owned();
        panels.push(Panel {
            title: format!("{profile}: spread of single runs"),
            x: input_axis(),
            y: Axis { label, scale: Scale::Linear, kind: Kind::Percent },
            layers,
        });
    }
    Chart {
        title: format!(
            "{} by size, and how much it varies",
            capitalised(&processes::words(analysis, metric))
        ),
        subtitle: Some(analysis.lock.experiment.title.clone()),
        series: series(analysis),
        panels,
        key: Key { bars: "mean with 95 % interval".to_owned(), ..Key::default() },
    }
}

fn variation(series: usize, metric: Metric, cells: &[&Cell]) -> Layer {
    let values = cells.iter().filter_map(|cell| {
        let y = cell.metric(metric)?.cv?;
        Some(Point { x: cell.size.0 as f64, y, low: None, high: None })
    });
    Layer::Points { series, values: values.collect(), marker: Marker::Filled }
}

/// What a byte of input costs in memory, and what is left of it.
fn efficiency(analysis: &Analysis) -> Chart {
    let mut panels = Vec::new();
    for profile in profiles(analysis) {
        for metric in [Metric::Overhead, Metric::Ratio] {
            let mut layers = vec![Layer::Threshold { label: "input".to_owned(), y: 1.0 }];
            for (index, variant) in analysis.lock.experiment.variant.iter().enumerate() {
                let cells = cells(analysis, &variant.name, &profile);
                let line = cells.iter().filter_map(|cell| {
                    Some((cell.size.0 as f64, on_axis(metric, cell.metric(metric)?.mean)))
                });
                let values = line.collect();
                layers.push(Layer::Line { series: index, values, dash: Dash::Solid });
                layers.push(points(index, metric, &cells));
            }
            panels.push(Panel {
                title: format!("{profile}: {}", processes::words(analysis, metric)),
                x: input_axis(),
                y: axis(metric, Scale::Log10),
                layers,
            });
        }
    }
    Chart {
        title: "Peak memory and output per byte of input".to_owned(),
        subtitle: Some(analysis.lock.experiment.title.clone()),
        series: series(analysis),
        panels,
        key: Key { bars: "mean with 95 % interval".to_owned(), ..Key::default() },
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
