//! From values to positions along an axis, and the ticks that fit there.

use super::{Axis, Kind, Scale};

/// The ends of an axis, settled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    low: f64,
    high: f64,
    scale: Scale,
}

impl Span {
    /// The asked range, or one that shows all `values` with a margin (a part of what they take up)
    /// at either end; `None` if there is neither.
    pub(super) fn of(axis: &Axis, values: &[f64], margin: f64) -> Option<Self> {
        let scale = axis.scale;
        let shown = |value: &f64| shows(scale, *value);
        let asked =
            axis.range.filter(|(low, high)| shown(low) && shown(high) && apart(*low, *high));
        if let Some((low, high)) = asked {
            return Some(Self { low, high, scale });
        }
        let (low, high) = values
            .iter()
            .copied()
            .filter(shown)
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return None;
        }
        let (low, high) = match scale {
            Scale::Linear => linear_ends(low, high, margin),
            Scale::Log10 => log_ends(low, high, margin),
        };
        Some(Self { low, high, scale })
    }

    /// The span of an axis on which no value lies.
    pub(super) fn empty(scale: Scale) -> Self {
        Self { low: 1.0, high: 2.0, scale }
    }

    /// Where a value lies between the ends (0 and 1, or beyond); `None` if the axis cannot show it.
    pub(super) fn part(&self, value: f64) -> Option<f64> {
        if !shows(self.scale, value) {
            return None;
        }
        let (low, high, value) = match self.scale {
            Scale::Linear => (self.low, self.high, value),
            Scale::Log10 => (self.low.log10(), self.high.log10(), value.log10()),
        };
        let part = (value - low) / (high - low);
        part.is_finite().then_some(part)
    }

    fn holds(&self, value: f64) -> bool {
        self.part(value).is_some_and(|part| (-1e-9..=1.0 + 1e-9).contains(&part))
    }
}

/// Whether an axis can show a value. Beyond 200 powers of ten the sums below would overflow.
pub(super) fn shows(scale: Scale, value: f64) -> bool {
    value.abs() < 1e200 && (scale == Scale::Linear || value > 1e-200)
}

/// Whether two values differ by more than rounding.
fn apart(low: f64, high: f64) -> bool {
    high - low > low.abs().max(high.abs()) * 1e-9
}

/// Zero belongs to the axis when the values come near it; without a spread there is one to invent.
fn linear_ends(low: f64, high: f64, margin: f64) -> (f64, f64) {
    let reach = low.abs().max(high.abs());
    let (mut from, mut to) = (low, high);
    if low >= 0.0 && low <= high * 0.6 {
        from = 0.0;
    }
    if high <= 0.0 && high >= low * 0.6 {
        to = 0.0;
    }
    if !apart(from, to) {
        let (low, high) = (low - reach * 0.5, high + reach * 0.5);
        return if apart(low, high) { (low, high) } else { (0.0, 1.0) };
    }
    let margin = (to - from) * margin;
    (if from == 0.0 { from } else { from - margin }, if to == 0.0 { to } else { to + margin })
}

/// At least a factor of four, lest the noise of equal values fill the panel.
fn log_ends(low: f64, high: f64, margin: f64) -> (f64, f64) {
    let (low, high) = (low.log10(), high.log10());
    let lacking = (0.6 - (high - low)).max(0.0) / 2.0;
    let margin = ((high - low) * margin).max(0.06) + lacking;
    (10f64.powf(low - margin), 10f64.powf(high + margin))
}

/// A mark on an axis; without a label it is a small one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) part: f64,
    pub(super) label: Option<String>,
    pub(super) rank: Rank,
}

/// How much a tick stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    Labelled,
    Decade,
    Inner,
}

/// The ticks of an axis: as many labels as `fits` lets through (it sees the labelled ticks in
/// ascending order), two at least if there is any way.
pub(super) fn ticks(span: &Span, kind: Kind, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let labelled = |values: &[Decimal]| -> Vec<Tick> {
        let largest = values.iter().map(|value| value.magnitude()).max().unwrap_or_default();
        let inside = values.iter().filter(|value| span.holds(value.value()));
        let shared = (span.scale == Scale::Linear || kind == Kind::Percent).then_some(largest);
        inside
            .filter_map(|value| {
                let part = span.part(value.value())?;
                Some(Tick { part, label: Some(value.label(kind, shared)), rank: Rank::Labelled })
            })
            .collect()
    };
    let mut best: Vec<Tick> = Vec::new();
    for values in candidates(span) {
        let ticks = labelled(&values);
        if ticks.len() > best.len().min(1) && fits(&ticks) {
            best = ticks;
            if best.len() > 1 {
                break;
            }
        }
    }
    best.extend(small_ticks(span, &best));
    best
}

/// The decades' inner ticks, where no label stands.
fn small_ticks(span: &Span, labelled: &[Tick]) -> Vec<Tick> {
    if span.scale == Scale::Linear {
        return Vec::new();
    }
    let (low, high) = decades(span);
    let steps: &[i64] = if high - low > 14 { &[1] } else { &[1, 2, 3, 4, 5, 6, 7, 8, 9] };
    mantissas(low, high, steps)
        .iter()
        .filter(|value| span.holds(value.value()))
        .filter_map(|value| {
            let rank = if value.digits == 1 { Rank::Decade } else { Rank::Inner };
            Some(Tick { part: span.part(value.value())?, label: None, rank })
        })
        .filter(|small| labelled.iter().all(|tick| (tick.part - small.part).abs() > 1e-9))
        .collect()
}

/// Sets of tick values, the best first.
fn candidates(span: &Span) -> Vec<Vec<Decimal>> {
    let mut sets = Vec::new();
    if span.scale == Scale::Log10 {
        let (low, high) = decades(span);
        let breadth = span.high.log10() - span.low.log10();
        if (1.0..3.0).contains(&breadth) {
            sets.push(mantissas(low, high, &[1, 2, 5]));
            sets.push(mantissas(low, high, &[1, 3]));
        }
        if (0.5..1.0).contains(&breadth) {
            // Even steps would leave the lower half of the axis without a label.
            sets.push(mantissas(low, high, &[1, 2, 3, 5, 7]));
            sets.push(mantissas(low, high, &[1, 2, 5]));
        }
        if breadth >= 2.0 {
            for stride in [1, 2, 3, 4, 5, 6, 10, 20, 50, 100, 200] {
                sets.push(powers(low, high, stride));
            }
        }
        // Two ticks at least, lest nothing be said of the scale.
        sets.retain(|set| set.iter().filter(|value| span.holds(value.value())).count() > 1);
    }
    sets.extend(even_steps(span));
    if span.scale == Scale::Log10 {
        let (low, high) = decades(span);
        sets.push(mantissas(low, high, &[1, 2, 5]));
        sets.push(powers(low, high, 1));
    }
    sets
}

/// The powers of ten just outside the span.
fn decades(span: &Span) -> (i32, i32) {
    (span.low.log10().floor() as i32, span.high.log10().ceil() as i32)
}

fn mantissas(low: i32, high: i32, steps: &[i64]) -> Vec<Decimal> {
    (low..=high)
        .flat_map(|exponent| steps.iter().map(move |&digits| Decimal { digits, exponent }))
        .collect()
}

fn powers(low: i32, high: i32, stride: i32) -> Vec<Decimal> {
    (low..=high)
        .filter(|exponent| exponent.rem_euclid(stride) == 0)
        .map(|exponent| Decimal { digits: 1, exponent })
        .collect()
}

/// Multiples of 1, 2 and 5 times a power of ten, from about eight on the axis down to one.
fn even_steps(span: &Span) -> Vec<Vec<Decimal>> {
    let breadth = span.high - span.low;
    let top = breadth.log10().floor() as i32;
    let mut sets = Vec::new();
    for exponent in top - 1..=top {
        for step in [1, 2, 5] {
            let unit = Decimal { digits: step, exponent }.value();
            let (first, last) = ((span.low / unit).floor(), (span.high / unit).ceil());
            if last - first <= 10.0 && first.abs().max(last.abs()) < 1e15 {
                let multiples = first as i64..=last as i64;
                sets.push(multiples.map(|n| Decimal { digits: n * step, exponent }).collect());
            }
        }
    }
    sets
}

/// `digits` times ten to the `exponent`: a tick's value, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    digits: i64,
    exponent: i32,
}

impl Decimal {
    fn value(self) -> f64 {
        // Parsing is exact where a power function need not be.
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN)
    }

    /// The exponent of the first digit.
    fn magnitude(self) -> i32 {
        match self.digits.unsigned_abs().checked_ilog10() {
            Some(log) => log as i32 + self.exponent,
            None => i32::MIN,
        }
    }

    /// As the kind prints it. On a linear axis all ticks share the unit of the largest.
    fn label(self, kind: Kind, largest: Option<i32>) -> String {
        let magnitude = largest.unwrap_or_else(|| self.magnitude());
        let units: (&[&str], i32) = match kind {
            Kind::Bytes => (&["B", "KB", "MB", "GB", "TB", "PB", "EB"], 0),
            Kind::Seconds => (&["ns", "µs", "ms", "s"], -9),
            Kind::Percent => return self.moved(2).compact() + " %",
            Kind::Ratio => return self.compact() + "×",
            Kind::Plain => return self.compact(),
        };
        if self.digits == 0 {
            return "0".into();
        }
        let (names, least) = units;
        let index = (magnitude - least).div_euclid(3).clamp(0, names.len() as i32 - 1);
        format!("{} {}", self.moved(-least - 3 * index).compact(), names[index as usize])
    }

    fn moved(self, places: i32) -> Self {
        Self { exponent: self.exponent + places, ..self }
    }

    /// Digits, or a power of ten where there would be too many of them.
    fn compact(self) -> String {
        let magnitude = self.magnitude();
        if self.digits == 0 || (-5..7).contains(&magnitude) {
            return self.plain();
        }
        let power = format!("10{}", raised(magnitude));
        match (self.digits, self.moved(-magnitude).plain()) {
            (1, _) => power,
            (_, mantissa) if mantissa == "1" => power,
            (_, mantissa) => format!("{mantissa}·{power}"),
        }
    }

    /// All digits, thousands set apart by commas.
    fn plain(self) -> String {
        if self.digits == 0 {
            return "0".into();
        }
        let mut digits = self.digits.unsigned_abs().to_string();
        digits.extend(std::iter::repeat_n('0', self.exponent.max(0) as usize));
        let places = (-self.exponent).max(0) as usize;
        let lacking = (places + 1).saturating_sub(digits.len());
        let digits = "0".repeat(lacking) + &digits;
        let (whole, part) = digits.split_at(digits.len() - places);
        let part = part.trim_end_matches('0');
        let sign = if self.digits < 0 { "−" } else { "" };
        let point = if part.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{part}", grouped(whole))
    }
}

fn grouped(digits: &str) -> String {
    let count = digits.len();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (count - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn raised(exponent: i32) -> String {
    let digit = |letter: char| match letter {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        other => char::from_u32(0x2070 + other.to_digit(10).unwrap_or_default()).unwrap_or(other),
    };
    exponent.to_string().chars().map(digit).collect()
}
