//! Growth held by series of real programs whose law is known: the sizes up to a tenth of the largest are
//! fitted, what comes at 3 and 10 times the largest fitted size is looked up.

use std::collections::BTreeMap;
use std::fmt;

use crate::growth::{
    Asked, Class, Decision, Growth, Next, Plan, Prediction, SizePoint, growth, next_size,
};
use crate::interval::Interval;

/// One measured run of a real program.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The program, with its arguments.
    pub program: String,
    /// Profile of its documents; `(empty)` for the empty document.
    pub profile: String,
    /// The law, as the class is written: `O(n log n)`.
    pub class: String,
    /// Size of the input; 0 is the empty document.
    pub input_bytes: f64,
    /// `ru_maxrss` of the child.
    pub peak_rss_bytes: f64,
    /// `VmHWM` at its exit, where it was read.
    pub peak_hwm_bytes: Option<f64>,
}

/// What is true of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Its class.
    pub class: Class,
    /// The exponent its growing part tends to.
    pub exponent: f64,
}

impl Truth {
    /// Reads `O(1)`, `O(log n)`, `O(n)`, `O(n log n)`, `O(n^x)`.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.trim().strip_prefix("O(")?.strip_suffix(')')?;
        let (class, exponent) = match inner {
            "1" => (Class::Constant, 0.0),
            "log n" => (Class::Logarithmic, 0.0),
            "n" => (Class::Linear, 1.0),
            "n log n" => (Class::Linearithmic, 1.0),
            "sqrt n" | "sqrt(n)" => (Class::SquareRoot, 0.5),
            "n²" => (Class::Quadratic, 2.0),
            power => {
                let exponent: f64 = power.strip_prefix("n^")?.trim().parse().ok()?;
                let class = if exponent == 0.5 {
                    Class::SquareRoot
                } else if exponent == 1.0 {
                    Class::Linear
                } else if exponent == 2.0 {
                    Class::Quadratic
                } else {
                    Class::Power
                };
                (class, exponent)
            }
        };
        Some(Self { class, exponent })
    }

    /// The exponents that an interval must meet over a range of sizes: the exponent itself where the law
    /// is a power of n. A logarithm has the exponent that it tends to (0, or 1 for `n log n`) only at
    /// infinity; at size n its local one, `d ln g / d ln n`, is `1 / ln n` above it. Both ends are true
    /// answers, so an interval that meets the stretch between them covers.
    pub fn exponents(self, size: f64) -> Interval {
        let local = if matches!(self.class, Class::Logarithmic | Class::Linearithmic) {
            1.0 / size.max(3.0).ln()
        } else {
            0.0
        };
        Interval::new(self.exponent, self.exponent + local)
    }
}

/// One series: a program on a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Program and profile.
    pub name: String,
    /// What is true of it.
    pub truth: Truth,
    /// One per size, ascending, the finest true view with its quantum.
    pub points: Vec<SizePoint>,
    /// The empty document, where it was measured.
    pub empty: Option<SizePoint>,
}

/// Bytes of a page: the step of `VmHWM` where it was read at the peak.
pub const PAGE: f64 = 4096.0;

/// The step of the kernel's batched counters: 32 pages on a machine of up to 16 CPUs.
pub const BATCH: f64 = 131_072.0;

/// Groups rows into series, the empty document of a program beside each of its profiles.
///
/// # Errors
///
/// The class of a row that is none.
pub fn series(rows: &[Row]) -> Result<Vec<Series>, String> {
    let mut groups: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    let mut empties: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if row.input_bytes > 0.0 {
            groups.entry((&row.program, &row.profile)).or_default().push(row);
        } else {
            empties.entry(&row.program).or_default().push(row);
        }
    }
    groups
        .into_iter()
        .map(|((program, profile), rows)| {
            let truth = Truth::parse(&rows[0].class)
                .ok_or_else(|| format!("`{}` is no class; write `O(n log n)`", rows[0].class))?;
            let empty = empties.get(program).map_or(&[][..], Vec::as_slice);
            let all: Vec<&Row> = rows.iter().chain(empty).copied().collect();
            let hwm_is_true = hwm_is_true(&all);
            Ok(Series {
                name: format!("{program} {profile}"),
                truth,
                points: points(&rows, hwm_is_true),
                empty: points(empty, hwm_is_true).pop(),
            })
        })
        .collect()
}

/// `VmHWM` is a true view where it never lies below `ru_maxrss` by more than a batch.
fn hwm_is_true(rows: &[&Row]) -> bool {
    rows.iter().all(|row| row.peak_hwm_bytes.is_some_and(|hwm| hwm >= row.peak_rss_bytes - BATCH))
}

fn points(rows: &[&Row], hwm_is_true: bool) -> Vec<SizePoint> {
    let mut sizes: Vec<f64> = rows.iter().map(|row| row.input_bytes).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    sizes
        .into_iter()
        .map(|size| {
            let at: Vec<(f64, f64)> = rows
                .iter()
                .filter(|row| row.input_bytes == size)
                .map(|row| finest(row.peak_rss_bytes, row.peak_hwm_bytes.filter(|_| hwm_is_true)))
                .collect();
            point(size, &at)
        })
        .collect()
}

/// The finest true view of a peak, and its quantum.
///
/// `VmHWM` above `ru_maxrss` is what was resident at the exit, counted to the page; where both are the
/// same, both are the high-water mark, which moves with the batches of the counters.
pub fn finest(rss: f64, hwm: Option<f64>) -> (f64, f64) {
    match hwm {
        Some(hwm) if hwm > rss => (hwm, PAGE),
        _ => (rss, BATCH),
    }
}

fn point(size: f64, runs: &[(f64, f64)]) -> SizePoint {
    let n = runs.len() as f64;
    let mean = runs.iter().map(|run| run.0).sum::<f64>() / n;
    let squares: f64 = runs.iter().map(|run| (run.0 - mean).powi(2)).sum();
    SizePoint {
        size,
        mean,
        runs: runs.len(),
        sd: (runs.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
        quantum: runs.iter().map(|run| run.1).fold(0.0, f64::max),
    }
}

/// Which sizes are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// All sizes up to a tenth of the largest.
    Tenth,
    /// Those of them that the laboratory would choose, one after the other.
    Chosen,
}

/// What came of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Program and profile.
    pub name: String,
    /// What is true.
    pub truth: Truth,
    /// What was decided; `None` where nothing could be fitted.
    pub verdict: Option<Decision>,
    /// The sizes fitted, in the order they were chosen.
    pub sizes: Vec<f64>,
    /// The exponent's interval, where there is one.
    pub exponent: Option<Interval>,
    /// Whether it covers [`Truth::exponents`].
    pub exponent_covers: Option<bool>,
    /// At three times the largest fitted size.
    pub at_3: Option<LookedUp>,
    /// At ten times the largest fitted size.
    pub at_10: Option<LookedUp>,
    /// What was said before anything was looked up; `None` where looking up changed nothing.
    pub before: Option<Box<Self>>,
}

/// A prediction beside what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct LookedUp {
    /// The prediction.
    pub prediction: Prediction,
    /// The runs measured there.
    pub measured: SizePoint,
    /// Whether their mean lies in the interval, give or take half a quantum.
    pub inside: bool,
}

impl LookedUp {
    /// Upper over lower end of the interval.
    pub fn width(&self) -> f64 {
        self.prediction.interval.high / self.prediction.interval.low
    }

    /// Larger over smaller of what was predicted and what was measured, less one.
    pub fn error(&self) -> f64 {
        let ratio = self.prediction.value / self.measured.mean;
        ratio.max(1.0 / ratio) - 1.0
    }
}

/// How a decision compares with the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The true class was decided.
    Right,
    /// No class was.
    Undecided,
    /// Another one was.
    Wrong,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Right => "right",
            Self::Undecided => "undecided",
            Self::Wrong => "wrong",
        })
    }
}

impl Outcome {
    /// What was said before anything was looked up.
    pub fn before(&self) -> &Self {
        self.before.as_deref().unwrap_or(self)
    }

    /// Right, undecided or wrong.
    pub fn judgement(&self) -> Judgement {
        match &self.verdict {
            Some(Decision::Decided(class)) if *class == self.truth.class => Judgement::Right,
            Some(Decision::Decided(_)) => Judgement::Wrong,
            _ => Judgement::Undecided,
        }
    }
}

/// Fits a series, looks 3 times the largest fitted size up, as the laboratory always does, and judges what
/// is published then; 10 times that size is the test of it.
pub fn evaluate(series: &Series, design: Design) -> Outcome {
    let largest = series.points.last().map_or(0.0, |p| p.size);
    let small: Vec<SizePoint> =
        series.points.iter().copied().filter(|p| p.size <= 0.1 * largest * (1.0 + 1e-9)).collect();
    let (fitted, sizes) = match design {
        Design::Tenth => (small.clone(), small.iter().map(|p| p.size).collect()),
        Design::Chosen => chosen(&small, series.empty),
    };
    let first = growth(&fitted, series.empty, &[]).ok();
    let top = fitted.iter().map(|p| p.size).fold(0.0, f64::max);
    let at_3 = first.as_ref().and_then(|g| looked_up(g, series, 3.0 * top));
    let outcome = |growth: Option<&Growth>| {
        let exponent = growth.and_then(|g| g.exponent).map(|e| e.ci95);
        let truth = series.truth.exponents(top);
        let covers = |e: Interval| e.low <= truth.high + 1e-9 && truth.low - 1e-9 <= e.high;
        Outcome {
            name: series.name.clone(),
            truth: series.truth,
            verdict: growth.map(|g| g.verdict.clone()),
            sizes: sizes.clone(),
            exponent,
            exponent_covers: exponent.map(covers),
            at_3: at_3.clone(),
            at_10: growth.and_then(|g| looked_up(g, series, 10.0 * top)),
            before: None,
        }
    };
    let before = outcome(first.as_ref());
    let Some(found) = &at_3 else { return before };
    let seen = first.as_ref().and_then(|g| {
        g.looked_up(&fitted, series.empty, &[], found.measured, found.inside).ok()?
    });
    match seen {
        Some(seen) => Outcome { before: Some(Box::new(before)), ..outcome(Some(&seen)) },
        None => before,
    }
}

/// The sizes that the laboratory would measure, in its order.
fn chosen(small: &[SizePoint], empty: Option<SizePoint>) -> (Vec<SizePoint>, Vec<f64>) {
    let all: Vec<f64> = small.iter().map(|p| p.size).collect();
    let plan = Plan::among(&all);
    let mut asked = Asked { points: Vec::new(), anchor: empty };
    while let Next::Measure { size, .. } = next_size(std::slice::from_ref(&asked), &plan) {
        asked.points.extend(small.iter().filter(|p| p.size == size));
    }
    let order = asked.points.iter().map(|p| p.size).collect();
    asked.points.sort_by(|a, b| a.size.total_cmp(&b.size));
    (asked.points, order)
}

/// How far from the size that is asked for one may be looked up instead, as a factor.
const NEAR: f64 = 1.25;

fn looked_up(growth: &Growth, series: &Series, size: f64) -> Option<LookedUp> {
    let off = |p: &SizePoint| (p.size / size).ln().abs();
    let measured = *series.points.iter().min_by(|a, b| off(a).total_cmp(&off(b)))?;
    if off(&measured) > NEAR.ln() {
        return None;
    }
    let prediction = growth.prediction(measured.size)?;
    let half = 0.5 * measured.quantum;
    let Interval { low, high } = prediction.interval;
    let inside = low - half <= measured.mean && measured.mean <= high + half;
    Some(LookedUp { prediction, measured, inside })
}

/// Counts over all series.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Totals {
    /// Series.
    pub series: usize,
    /// Decided and right.
    pub right: usize,
    /// Not decided.
    pub undecided: usize,
    /// Decided and wrong.
    pub wrong: usize,
    /// Intervals of the exponent that cover, and all of them.
    pub exponents: (usize, usize),
    /// Predictions at 3 times the largest fitted size that cover, and all of them.
    pub at_3: (usize, usize),
    /// At 10 times.
    pub at_10: (usize, usize),
    /// Median of upper over lower end at 10 times; infinite with an open end.
    pub width_at_10: f64,
    /// Median of [`LookedUp::error`] at 10 times.
    pub error_at_10: f64,
    /// Median number of sizes fitted.
    pub sizes: f64,
}

/// Counts what came of all series.
pub fn totals(outcomes: &[Outcome]) -> Totals {
    let count = |of: Judgement| outcomes.iter().filter(|o| o.judgement() == of).count();
    let covered = |covers: &dyn Fn(&Outcome) -> Option<bool>| {
        let all: Vec<bool> = outcomes.iter().filter_map(covers).collect();
        (all.iter().filter(|inside| **inside).count(), all.len())
    };
    let ahead = || outcomes.iter().filter_map(|o| o.at_10.as_ref());
    Totals {
        series: outcomes.len(),
        right: count(Judgement::Right),
        undecided: count(Judgement::Undecided),
        wrong: count(Judgement::Wrong),
        exponents: covered(&|o| o.exponent_covers),
        at_3: covered(&|o| Some(o.at_3.as_ref()?.inside)),
        at_10: covered(&|o| Some(o.at_10.as_ref()?.inside)),
        width_at_10: median(ahead().map(LookedUp::width).collect()),
        error_at_10: median(ahead().map(LookedUp::error).collect()),
        sizes: median(outcomes.iter().map(|o| o.sizes.len() as f64).collect()),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    if values.is_empty() { f64::NAN } else { crate::describe::quantile(&values, 0.5) }
}

/// One bound of the bench.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// What is bounded.
    pub what: &'static str,
    /// The bound in words.
    pub must: &'static str,
    /// What was seen, in words.
    pub observed: String,
    /// Whether it holds.
    pub holds: bool,
}

/// The bounds that totals of a design are held to; right decisions only with [`Design::Chosen`].
pub fn bounds(totals: &Totals, design: Design) -> Vec<Held> {
    // One in sixty, rounded up to whole series.
    let wrong_max = totals.series.div_ceil(60);
    let share = |(covered, all): (usize, usize)| covered as f64 / all.max(1) as f64;
    let of = |(covered, all): (usize, usize)| {
        format!("{covered} of {all} ({:.1} %)", 100.0 * share((covered, all)))
    };
    let covers = |what, pair| Held {
        what,
        must: "at least 93 %",
        observed: of(pair),
        holds: share(pair) >= 0.93,
    };
    let right = (totals.right, totals.series);
    let mut held = vec![Held {
        what: "wrong decisions",
        must: "at most 1 in 60 series",
        observed: format!("{} of {}", totals.wrong, totals.series),
        holds: totals.wrong <= wrong_max,
    }];
    if design == Design::Chosen {
        held.push(Held {
            what: "right decisions",
            must: "at least 80 %",
            observed: of(right),
            holds: share(right) >= 0.80,
        });
    }
    held.extend([
        covers("95 % prediction at 3 times the largest fitted size", totals.at_3),
        covers("95 % prediction at 10 times", totals.at_10),
        covers("95 % interval of the exponent", totals.exponents),
        Held {
            what: "median width of the prediction at 10 times (upper over lower end)",
            must: "at most 1.15",
            observed: format!("{:.3}", totals.width_at_10),
            holds: totals.width_at_10 <= 1.15,
        },
    ]);
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truths_are_read_as_classes_are_written() {
        for class in ["O(1)", "O(log n)", "O(n^0.5)", "O(n)", "O(n log n)", "O(n^2)"] {
            assert_eq!(Truth::parse(class).unwrap().class.to_string(), class);
        }
        let power = Truth::parse("O(n^1.5)").unwrap();
        assert_eq!((power.class, power.exponent), (Class::Power, 1.5));
        assert_eq!(Truth::parse("n"), None);
        let logarithm = Truth::parse("O(log n)").unwrap().exponents(1e7);
        assert!(logarithm.low == 0.0 && (0.06..0.07).contains(&logarithm.high));
    }

    fn rows(program: &str, law: impl Fn(f64) -> f64) -> Vec<Row> {
        [0.0, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 3e6, 1e7]
            .into_iter()
            .map(|size| Row {
                program: program.to_owned(),
                profile: if size > 0.0 { "records" } else { "(empty)" }.to_owned(),
                class: "O(n)".to_owned(),
                input_bytes: size,
                peak_rss_bytes: (law(size) / BATCH).floor() * BATCH,
                peak_hwm_bytes: Some((law(size) / PAGE).ceil() * PAGE),
            })
            .collect()
    }

    #[test]
    fn a_series_is_the_finest_view_with_its_quantum() {
        let series = series(&rows("a", |n| 1e6 + 3.0 * n)).unwrap();
        assert_eq!(series.len(), 1);
        assert_eq!(series[0].points.len(), 9);
        assert!(series[0].points.iter().all(|p| p.quantum == PAGE));
        assert_eq!(finest(BATCH, Some(BATCH)), (BATCH, BATCH));
        let mut low = rows("a", |n| 1e6 + 3.0 * n);
        low[3].peak_hwm_bytes = Some(1e5);
        assert!(super::series(&low).unwrap()[0].points.iter().all(|p| p.quantum == BATCH));
    }

    #[test]
    fn a_line_is_looked_up_at_3_and_at_10_times_its_largest_fitted_size() {
        let series = series(&rows("a", |n| 1e6 + 3.0 * n)).unwrap();
        let outcome = evaluate(&series[0], Design::Tenth);
        assert_eq!(outcome.sizes.last(), Some(&1e6));
        assert_eq!(outcome.judgement(), Judgement::Right);
        assert_eq!(outcome.at_3.as_ref().unwrap().measured.size, 3e6);
        assert!(outcome.at_10.as_ref().unwrap().inside, "{outcome:?}");
        let totals = totals(&[outcome]);
        assert_eq!((totals.right, totals.at_10), (1, (1, 1)));
        assert!(bounds(&totals, Design::Chosen).iter().all(|b| b.holds));
    }
}
