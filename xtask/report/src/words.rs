//! Growth in words: one sentence per series that a person can use.

use stats::growth::{Class, Decision, Fit, Form, Growth, Prediction};
use stats::{Interval, Undetermined};

use analysis::growth::{LookedUp, Scaling, Trust};
use analysis::next_sizes::NextSizes;
use record::metric::{Metric, Unit};
use record::units::{self, Bytes, Nanos, significant};

use super::markdown::listed;

/// What a series does, what it is predicted to do and what became of that, what was decided against, and
/// where nothing is decided, what would decide.
pub(super) fn sentence(scaling: &Scaling, deciding: Option<&NextSizes>) -> String {
    let mut parts = Vec::new();
    match &scaling.growth {
        Err(reason) => parts.push(undetermined(scaling, reason)),
        Ok(growth) => {
            let law = law(growth, scaling.metric);
            parts.push(if scaling.trust() == Trust::Missed { seemed(&law) } else { law });
            if let Some(failure) = scaling.failure() {
                parts[0] = format!("{}, up to where it {failure}", parts[0]);
            }
            parts.extend(scaling.predictions.iter().map(|of| predicted(of, scaling)));
            parts.extend(held_out(scaling));
            match scaling.trust() {
                Trust::Missed => parts.push("so nothing is decided".to_owned()),
                Trust::Held | Trust::Unchecked => parts.extend(against(growth)),
            }
        }
    }
    parts.extend(deciding.map(would_decide));
    format!("`{}` on {} {}", scaling.variant, scaling.profile, parts.join("; "))
}

/// A law whose predictions missed.
fn seemed(law: &str) -> String {
    for (said, instead) in [("grows", "seemed to grow"), ("stays", "seemed to stay")] {
        if let Some(rest) = law.strip_prefix(said) {
            return format!("{instead}{rest}");
        }
    }
    law.to_owned()
}

fn undetermined(scaling: &Scaling, reason: &Undetermined) -> String {
    match scaling.failure() {
        Some(failure) => format!("{failure}: its growth is not determined ({reason})"),
        None => format!("is not determined ({reason})"),
    }
}

/// What the metric does over the sizes.
fn law(growth: &Growth, metric: Metric) -> String {
    let Decision::NotDecided(classes) = &growth.verdict else {
        return decided(growth.chosen(), growth, metric);
    };
    let names: Vec<String> = classes.iter().map(Class::to_string).collect();
    let Interval { low, high } = growth.growth_over_range;
    let grown = match low.is_finite() && high.is_finite() && low > 0.0 {
        true => format!(
            " (from {} to {} it grows {}-fold to {}-fold)",
            size(growth.range.low),
            size(growth.range.high),
            significant(low, 3),
            significant(high, 3)
        ),
        false => String::new(),
    };
    match names.as_slice() {
        [] => format!("follows none of the laws that are known here{grown}"),
        [only] => format!("may be {only}, which is not decided{grown}"),
        [all @ .., last] => {
            format!("is not decided between {} and {last}{grown}", all.join(", "))
        }
    }
}

fn decided(fit: &Fit, growth: &Growth, metric: Metric) -> String {
    let above = fit
        .constant
        .filter(|of| of.value > 0.0 && fit.with_constant)
        .map_or(String::new(), |of| format!(" above {}", brief(metric, of.value)));
    let slope = fit.slope.map(|of| of.value);
    let largest = fit.at(growth.range.high).map(|value| brief(metric, value));
    let to = largest
        .as_ref()
        .map_or(String::new(), |value| format!(", to {value} at {}", size(growth.range.high)));
    match (fit.class, slope) {
        (Class::Constant, _) => level(fit, growth, metric),
        (Class::Linear, Some(slope)) => {
            let rate = per_byte(metric, slope);
            match (fit.form, fit.levels_from) {
                (Form::Filling, Some(full)) => format!(
                    "grows by {rate} from {} of input on, faster below",
                    units::bytes_brief(full)
                ),
                (Form::Rising, Some(from)) => format!(
                    "grows by {rate} from {} of input on, level below",
                    units::bytes_brief(from)
                ),
                (Form::Doubling, _) => {
                    format!("grows in proportion to the input, in steps that double{above}{to}")
                }
                (Form::LineDoubling, _) => {
                    format!("grows by {rate}{above}, and by a table that doubles{to}")
                }
                (Form::Growing, _) => {
                    format!("grows in proportion to the input, in steps{above}{to}")
                }
                (Form::WithRoot | Form::WithLog, _) => {
                    format!("grows by {rate} in the long run{above}, faster at first{to}")
                }
                _ => format!("grows by {rate}{above}"),
            }
        }
        (Class::Logarithmic, Some(slope)) if fit.form == Form::Levels => {
            format!("grows by {} a level, as a tree does{above}{to}", brief(metric, slope))
        }
        (Class::Logarithmic, Some(slope)) => format!(
            "grows by {} for each tenfold of input{above}{to}",
            brief(metric, slope * std::f64::consts::LN_10)
        ),
        (Class::SquareRoot, _) => format!("grows with the square root of the input{above}{to}"),
        (Class::Linearithmic, _) => format!("grows as n log n of the input{above}{to}"),
        (Class::Quadratic, _) => format!("grows with the square of the input{above}{to}"),
        (Class::Power, _) => {
            let exponent = fit.exponent.map_or("b".to_owned(), |of| {
                format!(
                    "{} [{}, {}]",
                    significant(of.value, 3),
                    significant(of.ci95.low, 3),
                    significant(of.ci95.high, 3)
                )
            });
            format!("grows as n^{exponent} of the input{above}{to}")
        }
        (Class::Linear, None) => format!("grows in proportion to the input{above}{to}"),
        (Class::Logarithmic, None) => format!("grows with the logarithm of the input{above}{to}"),
    }
}

/// A metric that stays where it is, from the start or from some size on.
fn level(fit: &Fit, growth: &Growth, metric: Metric) -> String {
    let Interval { low, high } = growth.range;
    let at = fit.at(high).or(fit.constant.map(|of| of.value));
    let at = at.map_or(String::new(), |value| format!(" at {}", brief(metric, value)));
    match fit.levels_from {
        Some(from) if from > low => {
            format!("grows until {} of input and stays{at} from there", units::bytes_brief(from))
        }
        _ if fit.holds_from > low => {
            format!("stays{at} from {} to {}, different below", size(fit.holds_from), size(high))
        }
        _ => format!("stays{at} from {} to {}", size(low), size(high)),
    }
}

/// `8.9 bytes per byte of input`, in a unit of input that leaves a readable number.
fn per_byte(metric: Metric, slope: f64) -> String {
    let scales = [("byte", 1.0), ("KB", 1e3), ("MB", 1e6)];
    match metric.unit() {
        Unit::Nanos => format!("{} per MB of input", units::duration(slope * 1e6)),
        unit => {
            let (per, factor) = scales
                .into_iter()
                .find(|(_, factor)| slope.abs() * factor >= 0.1)
                .unwrap_or(scales[2]);
            let of = if unit == Unit::Bytes { " bytes" } else { "" };
            format!("{}{of} per {per} of input", significant(slope * factor, 2))
        }
    }
}

/// `at 100 MB 890 MB [870, 910], looked up: 893 MB`; a range alone where no class is decided.
fn predicted(of: &Prediction, scaling: &Scaling) -> String {
    let metric = scaling.metric;
    let size = Bytes(of.size as u64);
    if scaling.is_beyond_failure(of.size) {
        return format!("nothing is predicted at {size}, beyond the failure");
    }
    let value = match of.averaged {
        false => with_bounds(metric, of.value, of.interval),
        true => {
            format!("{} to {}", brief(metric, of.interval.low), brief(metric, of.interval.high))
        }
    };
    let found = scaling.looked_up_at(of.size).map_or(String::new(), looked_up(metric));
    format!("at {size} {value}{found}")
}

/// The prediction for prose: a range alone where no class is decided.
pub(super) fn foretold(scaling: &Scaling, growth: &Growth, size: Bytes) -> Option<String> {
    let metric = scaling.metric;
    let found = growth.prediction(size.0 as f64)?;
    Some(match growth.decided() {
        true => metric.show(found.value),
        false => {
            format!("{} to {}", metric.show(found.interval.low), metric.show(found.interval.high))
        }
    })
}

fn looked_up(metric: Metric) -> impl Fn(&LookedUp) -> String {
    move |found| {
        let value = match found.value {
            Some(value) => brief(metric, value),
            None => found.outcome.to_string(),
        };
        let miss = if found.is_hit() == Some(false) { ", **a miss**" } else { "" };
        format!(", looked up: {value}{miss}")
    }
}

/// The largest size held out, where the others miss it and nothing farther out was looked up.
fn held_out(scaling: &Scaling) -> Option<String> {
    if scaling.looked_up.iter().any(|found| found.is_hit().is_some()) {
        return None;
    }
    let of = scaling.held_out.as_ref().ok().filter(|of| !of.inside)?;
    let metric = scaling.metric;
    Some(format!(
        "the sizes below {} foretell {} to {} there, and it takes {}, **a miss**",
        Bytes(of.prediction.size as u64),
        brief(metric, of.prediction.interval.low),
        brief(metric, of.prediction.interval.high),
        brief(metric, of.measured)
    ))
}

fn against(growth: &Growth) -> Option<String> {
    let runner_up = growth.runner_up().filter(|_| growth.decided())?;
    Some(format!("decided against {}", runner_up.class))
}

fn would_decide(of: &NextSizes) -> String {
    let sizes: Vec<String> = of.sizes.iter().map(ToString::to_string).collect();
    let time = match of.takes {
        Some(Nanos(nanos)) => format!(" (about {})", lasting(nanos)),
        None => String::new(),
    };
    match (sizes.as_slice(), of.is_enough) {
        ([], _) => "no further size within the limits would decide".to_owned(),
        (sizes, true) => format!("measuring {} too should decide{time}", listed(sizes)),
        (sizes, false) => format!("{} would tell most{time}", listed(sizes)),
    }
}

/// `21 s`, `5.5 min`.
fn lasting(nanos: u64) -> String {
    let seconds = nanos as f64 / 1e9;
    match seconds {
        ..1.0 => units::duration(nanos as f64),
        ..120.0 => format!("{} s", significant(seconds, 2)),
        _ => format!("{} min", significant(seconds / 60.0, 2)),
    }
}

/// A size that was measured.
fn size(bytes: f64) -> Bytes {
    Bytes(bytes as u64)
}

/// A value as it is spoken of.
pub(super) fn brief(metric: Metric, value: f64) -> String {
    match metric.unit() {
        Unit::Bytes => units::bytes_brief(value),
        _ => metric.show(value),
    }
}

/// `890 MB [870, 910]`: the unit once where all three have the same.
fn with_bounds(metric: Metric, value: f64, interval: Interval) -> String {
    let [value, low, high] = [value, interval.low, interval.high].map(|value| brief(metric, value));
    let unit = |text: &str| text.rsplit_once(' ').map(|(_, unit)| unit.to_owned());
    match unit(&value) {
        Some(of) if unit(&low) == Some(of.clone()) && unit(&high) == Some(of.clone()) => {
            let bare = |text: &str| text.trim_end_matches(&format!(" {of}")).to_owned();
            format!("{value} [{}, {}]", bare(&low), bare(&high))
        }
        _ => format!("{value} [{low}, {high}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_said_once_where_it_is_the_same() {
        let show = |low, high| with_bounds(Metric::PeakRss, 890.4e6, Interval::new(low, high));
        assert_eq!(show(870.4e6, 910.2e6), "890 MB [870, 910]");
        assert_eq!(show(870.4e6, 1.2e9), "890 MB [870 MB, 1.20 GB]");
    }

    #[test]
    fn a_rate_is_said_in_a_unit_that_reads() {
        assert_eq!(per_byte(Metric::PeakRss, 8.91), "8.9 bytes per byte of input");
        assert_eq!(per_byte(Metric::PeakRss, 0.0123), "12 bytes per KB of input");
        assert_eq!(per_byte(Metric::Wall, 52.3), "52.3 ms per MB of input");
        assert_eq!(per_byte(Metric::Instructions, 12.3), "12 per byte of input");
    }
}
