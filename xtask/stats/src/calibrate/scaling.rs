//! Rows about growth: exponent, prediction, class.

use super::simulate::Stream;
use super::{Bound, Case};
use crate::describe::describe;
use crate::growth::{
    Class, Estimate, Fit, Growth, Intervals, LargestInput, SizePoint, Verdict, growth_with,
};
use crate::power_law::power_law;

const COVERS: Bound = Bound::Between(0.93, 0.97);
const RIGHT: Bound = Bound::AtLeast(0.99);

/// Eight sizes from 64 KiB to 64 MiB.
pub(super) fn sizes() -> Vec<f64> {
    (0..8).map(|i| 65_536.0 * 1024.0_f64.powf(f64::from(i) / 7.0)).collect()
}

/// A truth and the noise on it.
#[derive(Debug, Clone, Copy)]
struct Truth {
    curve: Curve,
    /// The constant, in multiples of the variable part at the smallest size.
    constant: f64,
    /// Standard deviation of ln y of one run about its size.
    run_noise: f64,
    /// Standard deviation of ln y of a size about the curve.
    size_noise: f64,
}

const RUNS: usize = 5;

impl Truth {
    fn at(&self, size: f64) -> f64 {
        self.constant * (self.curve)(sizes()[0]) + (self.curve)(size)
    }

    fn runs_at(&self, stream: &mut Stream, size: f64, runs: usize) -> Vec<f64> {
        let level = self.at(size) * (self.size_noise * stream.normal()).exp();
        stream.log_normals(runs, self.run_noise).into_iter().map(|e| level * e).collect()
    }

    fn points(&self, stream: &mut Stream) -> Vec<SizePoint> {
        sizes()
            .into_iter()
            .filter_map(|size| {
                let cell = describe(&self.runs_at(stream, size, RUNS)).ok()?;
                Some(SizePoint::of(size, &cell))
            })
            .collect()
    }

    fn measured(&self, stream: &mut Stream, intervals: Intervals) -> Option<Growth> {
        growth_with(intervals, &self.points(stream), None, &[]).ok()
    }
}

type Curve = fn(f64) -> f64;

/// The classes of the table.
fn classes() -> [(Class, Curve); 6] {
    [
        (Class::Constant, |_| 1.0),
        (Class::Logarithmic, f64::ln),
        (Class::SquareRoot, f64::sqrt),
        (Class::Linear, |n| n),
        (Class::Linearithmic, |n| n * n.ln()),
        (Class::Quadratic, |n| n * n),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = exponent_cases();
    cases.extend(prediction_cases());
    cases.extend(class_cases());
    cases.extend(window_cases());
    cases.extend(line_cases());
    cases.extend(anchor_cases());
    cases
}

fn exponent_cases() -> Vec<Case> {
    let curves: [(f64, Curve); 3] = [(0.5, f64::sqrt), (1.0, |n| n), (1.3, |n| n.powf(1.3))];
    let mut cases = Vec::new();
    for (exponent, curve) in curves {
        for constant in [0.0, 10.0] {
            for size_noise in [0.0, 0.03] {
                let truth = Truth { curve, constant, run_noise: 0.01, size_noise };
                let what = format!(
                    "95 % interval of the exponent {exponent}, {}, {}",
                    constant_name(constant),
                    size_noise_name(size_noise)
                );
                cases.push(Case::new(what.clone(), COVERS, move |stream| {
                    truth
                        .measured(stream, Intervals::Exponents)
                        .and_then(|g| g.exponent)
                        .is_some_and(|e| e.ci95.contains(exponent))
                }));
                if constant == 0.0 {
                    cases.push(Case::new(format!("{what}, power law"), COVERS, move |stream| {
                        let points: Vec<(f64, f64)> =
                            truth.points(stream).iter().map(|p| (p.size, p.mean)).collect();
                        power_law(&points).is_ok_and(|f| f.exponent_ci95.contains(exponent))
                    }));
                }
            }
        }
    }
    cases
}

fn prediction_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (class, curve) in classes() {
        for constant in constants(class) {
            for size_noise in [0.0, 0.03] {
                let truth = Truth { curve, constant, run_noise: 0.01, size_noise };
                let what = format!(
                    "95 % prediction one decade beyond, {class}, {}, {}",
                    constant_name(constant),
                    size_noise_name(size_noise)
                );
                cases.push(Case::new(what, COVERS, move |stream| predicts(&truth, stream)));
            }
        }
    }
    cases
}

/// Whether one run one decade beyond the largest size falls into its prediction.
fn predicts(truth: &Truth, stream: &mut Stream) -> bool {
    let ahead = 10.0 * sizes()[7];
    let growth = truth.measured(stream, Intervals::None);
    let run = truth.runs_at(stream, ahead, 1)[0];
    growth.and_then(|g| g.prediction(ahead)).is_some_and(|p| p.interval.contains(run))
}

fn class_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (class, curve) in classes() {
        for constant in constants(class) {
            let truth = Truth { curve, constant, run_noise: 0.01, size_noise: 0.0 };
            let circumstances = format!("{class}, {}, 1 % noise", constant_name(constant));
            if class == Class::Logarithmic && constant > 0.0 {
                cases.extend(indistinguishable(truth, class, &circumstances));
            } else {
                cases.push(right_class(truth, class, &circumstances));
            }
        }
    }
    cases
}

/// `10 ln(64 KiB) + ln n` grows by 6 % over the three decades: `c + a n^0.5` comes within 0.8 % of it,
/// too near for noise of 0.45 % in the cell means. Less noise or a smaller constant tells them apart.
fn indistinguishable(truth: Truth, class: Class, circumstances: &str) -> Vec<Case> {
    let what = format!("growth class right or not decided, {circumstances}");
    let quiet = Truth { run_noise: 0.003, ..truth };
    let smaller = Truth { constant: 1.0, ..truth };
    vec![
        Case::new(what, RIGHT, move |stream| {
            truth.measured(stream, Intervals::None).is_some_and(|growth| match growth.verdict {
                Verdict::Decided(decided) => decided == class,
                Verdict::NotDecided(_) => true,
            })
        }),
        right_class(quiet, class, "O(log n), constant 10x, 0.3 % noise"),
        right_class(smaller, class, "O(log n), constant 1x, 1 % noise"),
    ]
}

/// A window of 1 MiB: linear up to it, constant beyond.
fn window_cases() -> Vec<Case> {
    let curve: Curve = |n| 3.0 * n.min(1_048_576.0);
    [0.0, 0.03]
        .into_iter()
        .flat_map(|size_noise| {
            let truth = Truth { curve, constant: 2.0, run_noise: 0.01, size_noise };
            let what = format!("a window of 1 MiB, {}", size_noise_name(size_noise));
            let ahead = Case::new(
                format!("95 % prediction one decade beyond, {what}"),
                COVERS,
                move |stream| predicts(&truth, stream),
            );
            let class = right_class(truth, Class::Constant, &what);
            if size_noise > 0.0 { vec![ahead] } else { vec![ahead, class] }
        })
        .collect()
}

fn right_class(truth: Truth, class: Class, circumstances: &str) -> Case {
    let what = format!("growth class decided and right, {circumstances}");
    Case::new(what, RIGHT, move |stream| {
        truth
            .measured(stream, Intervals::None)
            .is_some_and(|growth| growth.verdict == Verdict::Decided(class))
    })
}

type Part = fn(&Fit) -> Option<Estimate>;

/// `2.1 MB + 3 n`: the line that a log-log slope hides.
const LINE: Truth = Truth {
    curve: |n| 3.0 * n,
    constant: 2.1e6 / (3.0 * 65_536.0),
    run_noise: 0.01,
    size_noise: 0.0,
};

/// The exponent of the line from the empty document and fewer sizes than eight.
fn anchor_cases() -> Vec<Case> {
    let rows = [(8, "8 sizes and the empty document"), (5, "5 sizes and the empty document")];
    rows.into_iter()
        .map(|(count, name)| {
            let what = format!("95 % interval of the exponent of 2.1 MB + 3 n, {name}");
            Case::new(what, COVERS, move |stream| {
                let points = LINE.points(stream);
                let empty = describe(&LINE.runs_at(stream, 0.0, RUNS)).ok();
                let anchor = empty.map(|cell| SizePoint::of(0.0, &cell));
                growth_with(Intervals::Exponents, &points[8 - count..], anchor, &[])
                    .is_ok_and(|g| g.exponent.is_some_and(|e| e.ci95.contains(1.0)))
            })
        })
        .collect()
}

fn line_cases() -> Vec<Case> {
    const BUDGET: f64 = 1e9;
    let truth = LINE;
    let parts: [(&str, Part, f64); 2] =
        [("constant", |fit| fit.constant, 2.1e6), ("slope", |fit| fit.slope, 3.0)];
    let mut cases: Vec<Case> = parts
        .into_iter()
        .map(|(name, part, value)| {
            Case::new(
                format!("95 % interval of the {name} of 2.1 MB + 3 n"),
                COVERS,
                move |stream| {
                    truth
                        .measured(stream, Intervals::All)
                        .and_then(|growth| part(growth.chosen()))
                        .is_some_and(|estimate| estimate.ci95.contains(value))
                },
            )
        })
        .collect();
    let what = "a run of the largest input for 1 GB stays within, at the lower end of its interval";
    cases.push(Case::new(what, Bound::AtLeast(0.95), move |stream| {
        let growth = truth.measured(stream, Intervals::None);
        match growth.map(|growth| growth.largest_input_for(BUDGET)) {
            Some(LargestInput::Fits { interval, .. }) => {
                truth.runs_at(stream, interval.low, 1)[0] <= BUDGET
            }
            _ => false,
        }
    }));
    cases
}

/// O(1) is its own constant.
fn constants(class: Class) -> Vec<f64> {
    if class == Class::Constant { vec![0.0] } else { vec![0.0, 10.0] }
}

fn constant_name(constant: f64) -> String {
    if constant == 0.0 { "no constant".to_owned() } else { format!("constant {constant}x") }
}

fn size_noise_name(size_noise: f64) -> String {
    if size_noise == 0.0 {
        "no size-level deviations".to_owned()
    } else {
        format!("size-level deviations {:.0} %", 100.0 * size_noise)
    }
}
