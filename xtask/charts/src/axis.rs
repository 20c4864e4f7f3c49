//! An axis as a coordinate of plotters: where values lie, which of them are ticks, what those print.

use std::ops::Range;

use plotters::coord::ranged1d::{
    BoldPoints, KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter,
};
use plotters::coord::types::RangedCoordf64;

use crate::{Axis, Kind, Scale};

/// Minor grid lines of more decades would be a wall.
const MINOR_DECADES_MAX: f64 = 4.0;

/// An axis settled: its ends and its ticks.
#[derive(Clone)]
pub(crate) struct Coordinate {
    low: f64,
    high: f64,
    scale: Scale,
    /// plotters' own, over the values or over their logarithms.
    inner: RangedCoordf64,
    kind: Kind,
    ticks: Vec<f64>,
    minor: Vec<f64>,
    /// Pixels at the far end that stand for no value.
    reserve: i32,
}

impl Coordinate {
    /// An axis that shows all `values` with a margin (a part of what they take up) at either end;
    /// `None` if there are none.
    pub(crate) fn of(axis: &Axis, values: &[f64], margin: f64) -> Option<Self> {
        let shown = values.iter().copied().filter(|value| shows(axis.scale, *value));
        let (low, high) = shown
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return None;
        }
        let (low, high) = match axis.scale {
            Scale::Linear => linear_ends(low, high, margin),
            Scale::Log10 => log_ends(low, high, margin),
        };
        Some(Self::between(low, high, axis))
    }

    /// The coordinate of an axis without values: no ticks.
    pub(crate) fn empty() -> Self {
        Self::between(0.0, 1.0, &Axis::default())
    }

    fn between(low: f64, high: f64, axis: &Axis) -> Self {
        let (scale, kind) = (axis.scale, axis.kind);
        let inner = (spread(scale, low)..spread(scale, high)).into();
        Self { low, high, scale, inner, kind, ticks: Vec::new(), minor: Vec::new(), reserve: 0 }
    }

    /// With that many pixels at the far end set aside.
    pub(crate) fn reserving(self, reserve: i32) -> Self {
        Self { reserve, ..self }
    }

    /// With as many ticks as find room on `length` pixels, two at least if there is any way; `room`
    /// is what a label takes up.
    pub(crate) fn ticked(mut self, length: i32, room: impl Fn(&str) -> i32) -> Self {
        let fits = |of: &Self| {
            let taken = of.labels().map(|(value, label)| {
                let (middle, half) = (of.map(&value, (0, length)), room(&label) / 2);
                (middle - half, middle + half)
            });
            let taken: Vec<(i32, i32)> = taken.collect();
            taken.windows(2).all(|pair| pair[0].1 <= pair[1].0) && taken.len() < 13
        };
        for ticks in self.candidates() {
            let tried = Self { ticks, ..self.clone() };
            if tried.ticks.len() > self.ticks.len().min(1) && fits(&tried) {
                self = tried;
                if self.ticks.len() > 1 {
                    break;
                }
            }
        }
        let breadth = spread(self.scale, self.high) - spread(self.scale, self.low);
        if self.scale == Scale::Log10 && breadth <= MINOR_DECADES_MAX {
            self.minor = self.mantissas(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        } else if self.scale == Scale::Log10 && breadth < 14.0 {
            self.minor = self.mantissas(&[1.0]);
        }
        self
    }

    /// The ticks as they print, in ascending order.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (f64, String)> {
        let largest = self.ticks.iter().fold(0.0f64, |most, tick| most.max(tick.abs()));
        // Equal steps are easier to read in one unit.
        let shared = (self.scale == Scale::Linear).then_some(largest);
        self.ticks
            .iter()
            .map(move |tick| (*tick, printed(*tick, shared.unwrap_or(*tick), self.kind)))
    }

    /// Whether a value lies between the ends.
    pub(crate) fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Whether there is a place for a value, be it the end that it lies beyond.
    pub(crate) fn shows(&self, value: f64) -> bool {
        shows(self.scale, value)
    }

    /// Sets of ticks, the most telling first.
    fn candidates(&self) -> Vec<Vec<f64>> {
        let mut sets = Vec::new();
        if self.scale == Scale::Log10 {
            let breadth = spread(self.scale, self.high) - spread(self.scale, self.low);
            if breadth < 1.0 {
                sets.push(self.mantissas(&[1.0, 2.0, 3.0, 5.0, 7.0]));
            }
            if breadth < 3.0 {
                sets.push(self.mantissas(&[1.0, 2.0, 5.0]));
                sets.push(self.mantissas(&[1.0, 3.0]));
            }
            let powers = self.mantissas(&[1.0]);
            let every = |stride: usize| powers.iter().copied().step_by(stride).collect();
            sets.extend((1..8).chain((10..200).step_by(10)).map(every));
            sets.retain(|set| set.len() > 1);
        }
        // plotters takes differences of less than 1e-16 for none.
        let unit = power(magnitude(self.high - self.low));
        let plain: RangedCoordf64 = (self.low / unit..self.high / unit).into();
        let steps = (1..=12).rev().map(|most| plain.key_points(BoldPoints(most)));
        sets.extend(steps.map(|set| set.into_iter().map(|tick| tick * unit).collect()));
        sets
    }

    /// These multiples of the powers of ten, as far as they lie between the ends.
    fn mantissas(&self, steps: &[f64]) -> Vec<f64> {
        let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let multiples =
            decades.flat_map(|exponent| steps.iter().map(move |step| step * power(exponent)));
        multiples.filter(|value| self.holds(*value)).collect()
    }
}

impl Ranged for Coordinate {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (near, far): (i32, i32)) -> i32 {
        let far = far - (far - near).signum() * self.reserve;
        self.inner.map(&spread(self.scale, value.clamp(self.low, self.high)), (near, far))
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { self.minor.clone() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Coordinate {
    fn format_ext(&self, value: &f64) -> String {
        self.labels().find(|(tick, _)| tick == value).map_or_else(String::new, |(_, label)| label)
    }
}

/// Whether an axis can show a value. Beyond 100 powers of ten sums would overflow.
fn shows(scale: Scale, value: f64) -> bool {
    value.abs() < 1e100 && (scale == Scale::Linear || value > 1e-100)
}

fn spread(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Log10 => value.log10(),
    }
}

/// Zero belongs to the axis when the values come near it; without a spread there is one to invent.
fn linear_ends(low: f64, high: f64, margin: f64) -> (f64, f64) {
    let from = if low >= 0.0 && low <= high * 0.6 { 0.0 } else { low };
    let to = if high <= 0.0 && high >= low * 0.6 { 0.0 } else { high };
    let reach = low.abs().max(high.abs());
    if to - from <= reach * 1e-9 {
        let reach = if reach < 1e-15 { 1.0 } else { reach * 0.5 };
        return (low - reach, high + reach);
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

/// A value as its kind prints it, in the unit that suits `largest`.
fn printed(value: f64, largest: f64, kind: Kind) -> String {
    let (units, least): (&[&str], i32) = match kind {
        Kind::Bytes => (&["B", "KB", "MB", "GB", "TB", "PB", "EB"], 0),
        Kind::Seconds => (&["ns", "µs", "ms", "s"], -9),
        Kind::Percent => return number(value * 100.0) + " %",
        Kind::Ratio => return number(value) + "×",
        Kind::Plain => return number(value),
    };
    let value = rounded(value);
    if value == 0.0 {
        return "0".into();
    }
    let unit = (magnitude(rounded(largest)) - least).div_euclid(3).clamp(0, units.len() as i32 - 1);
    format!("{} {}", number(value / power(least + 3 * unit)), units[unit as usize])
}

/// Parsing is exact where a power function need not be.
fn power(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(f64::NAN)
}

/// Without what the last digits of a sum got wrong.
fn rounded(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

/// The exponent of the first digit.
fn magnitude(value: f64) -> i32 {
    let text = format!("{value:e}");
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// All digits, thousands set apart by commas; or a power of ten where there would be too many.
fn number(value: f64) -> String {
    let value = rounded(value);
    let exponent = magnitude(value);
    if !(-5..7).contains(&exponent) {
        let mantissa = number(value / power(exponent));
        let factor = if mantissa == "1" { String::new() } else { mantissa + "·" };
        return format!("{factor}10{}", raised(exponent));
    }
    let digits = value.abs().to_string();
    let whole = digits.split('.').next().map_or(0, str::len);
    let mut text = String::from(if value < 0.0 { "−" } else { "" });
    for (index, letter) in digits.chars().enumerate() {
        if index > 0 && index < whole && (whole - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(letter);
    }
    text
}

fn raised(exponent: i32) -> String {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |letter: char| letter.to_digit(10).map_or('⁻', |digit| digits[digit as usize]);
    exponent.to_string().chars().map(digit).collect()
}
