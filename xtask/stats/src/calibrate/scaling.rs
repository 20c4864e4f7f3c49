//! Rows about growth, as rough as the world: few sizes and runs, counters that move in steps, misfit that
//! neighbouring sizes share, noise that rises, runs that are off, buffers, tables and windows.
//!
//! No threshold of the growth models was chosen on these rows: those were chosen on the series of real
//! programs (`calibrate::real`).

use super::simulate::Stream;
use super::{Bound, Case};
use crate::describe::describe;
use crate::growth::{
    Asked, Class, Decision, Growth, LargestInput, Next, Plan, SizePoint, growth, next_size,
};
use crate::interval::Interval;
use crate::power_law::power_law;

/// Bytes of a page, and of the batches in which the kernel counts pages.
const PAGE: f64 = 4096.0;
const BATCH: f64 = 131_072.0;

/// The sizes of `experiments/baseline.toml`.
const BASELINE: [f64; 8] = [10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 5e6, 1e7];

/// Those of `experiments/memory.toml`.
const MEMORY: [f64; 5] = [1e4, 5e4, 2e5, 1e6, 2e6];
/// A decade and a third below the largest size, and three decades.
const TOP: [f64; 7] = [5e5, 7e5, 1e6, 2e6, 3e6, 5e6, 1e7];
const WIDE: [f64; 11] = [1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 3e6, 5e6, 1e7];

/// How values lie about the law.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Misfit {
    /// They do not.
    None,
    /// Each size by itself, log-normal.
    Sizes(f64),
    /// Shared by neighbours: correlation `exp(-|ln n - ln m|)`.
    Shared(f64),
    /// Runs, from the first at the smallest size to the second at the largest.
    Rising(f64, f64),
    /// Runs of 1 %, one in ten of them at 1.5 times its value.
    Outlying,
    /// Runs, log-normal.
    Runs(f64),
}

impl Misfit {
    fn name(self) -> String {
        match self {
            Self::None => "deterministic".to_owned(),
            Self::Sizes(s) => format!("size-level deviations {:.0} %", 100.0 * s),
            Self::Shared(s) => format!("shared deviations {:.0} %", 100.0 * s),
            Self::Rising(from, to) => {
                format!("run noise rising from {:.1} to {:.0} %", 100.0 * from, 100.0 * to)
            }
            Self::Outlying => "one run in ten at 1.5 times".to_owned(),
            Self::Runs(s) => format!("run noise {:.0} %", 100.0 * s),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct World {
    name: &'static str,
    class: Class,
    /// What an exponent's interval must meet.
    exponent: f64,
    law: fn(f64, &mut Draw) -> f64,
    sizes: &'static [f64],
    design: &'static str,
    runs: usize,
    /// Step of the counter; 0 for none.
    step: f64,
    misfit: Misfit,
}

/// What is drawn once per experiment: where windows end, where buffers double.
#[derive(Debug, Clone, Copy)]
struct Draw {
    /// From 0 to 1.
    share: f64,
}

const CONSTANT: World = World {
    name: "O(1)",
    class: Class::Constant,
    exponent: 0.0,
    law: |_, _| 2.1e6,
    sizes: &BASELINE,
    design: "baseline",
    runs: 2,
    step: PAGE,
    misfit: Misfit::None,
};

const LINE: World = World {
    name: "2.1 MB + 3 n",
    class: Class::Linear,
    exponent: 1.0,
    law: |n, _| 2.1e6 + 3.0 * n,
    ..CONSTANT
};

fn laws() -> [World; 7] {
    [
        CONSTANT,
        World {
            name: "1 MB ln n",
            class: Class::Logarithmic,
            law: |n, _| 1e6 * n.ln(),
            ..CONSTANT
        },
        World {
            name: "root",
            class: Class::SquareRoot,
            exponent: 0.5,
            law: |n, _| 7e5 + 3e3 * n.sqrt(),
            ..CONSTANT
        },
        LINE,
        World {
            name: "n log n",
            class: Class::Linearithmic,
            exponent: 1.0,
            law: |n, _| 7e5 + 0.2 * n * n.ln(),
            ..CONSTANT
        },
        World {
            name: "square",
            class: Class::Quadratic,
            exponent: 2.0,
            law: |n, _| 7e5 + 1e-5 * n * n,
            ..CONSTANT
        },
        World {
            name: "n^0.75",
            class: Class::Power,
            exponent: 0.75,
            law: |n, _| 7e5 + 40.0 * n.powf(0.75),
            ..CONSTANT
        },
    ]
}

/// Buffers, tables, windows: what programs do rather than what textbooks list.
fn structures() -> [World; 6] {
    let line = World { sizes: &WIDE, design: "11 sizes", runs: 1, ..LINE };
    [
        World { name: "a line above 50 MB", law: |n, _| 5e7 + n, ..line },
        World {
            name: "a buffer that doubles at any phase",
            law: |n, draw| 7e5 + (n.log2() - draw.share).ceil().exp2(),
            ..line
        },
        World {
            name: "a table that rehashes beside what it holds",
            law: |n, draw| 1.4e7 + 0.6 * n + 0.6 * (n.log2() - draw.share).ceil().exp2(),
            ..line
        },
        World {
            name: "tables full at 50 KB to 1 MB beside a line",
            law: |n, draw| 4e6 + 4e6 * (n / (5e4 * 20.0_f64.powf(draw.share))).min(1.0) + 4.5 * n,
            ..line
        },
        World {
            name: "a window of 100 KB to 3 MB",
            class: Class::Constant,
            exponent: 0.0,
            law: |n, draw| 7e5 + n.min(1e5 * 30.0_f64.powf(draw.share)),
            ..line
        },
        World {
            name: "a window of 6 to 9 MB, at the end of the range",
            class: Class::Constant,
            exponent: 0.0,
            law: |n, draw| 7e5 + n.min(6e6 * 1.5_f64.powf(draw.share)),
            ..line
        },
    ]
}

/// Noise in all its forms, on a constant and on a line.
fn rough() -> Vec<World> {
    let misfits = [
        Misfit::Runs(0.01),
        Misfit::Sizes(0.03),
        Misfit::Shared(0.03),
        Misfit::Rising(0.005, 0.05),
        Misfit::Outlying,
    ];
    misfits
        .into_iter()
        .flat_map(|misfit| [CONSTANT, LINE].map(|of| World { misfit, runs: 3, step: 0.0, ..of }))
        .collect()
}

impl World {
    fn describe(&self) -> String {
        let step = match self.step {
            s if s == PAGE => ", pages",
            s if s == BATCH => ", steps of 128 KiB",
            _ => "",
        };
        let runs = if self.runs == 1 { "1 run".to_owned() } else { format!("{} runs", self.runs) };
        format!("{}, {}, {runs}, {}{step}", self.name, self.design, self.misfit.name())
    }

    /// One point per size, and the run that is to be foretold.
    fn points(&self, stream: &mut Stream, sizes: &[f64]) -> Vec<SizePoint> {
        let mut draw = Draw { share: stream.uniform() };
        let (mut shared, mut before) = (stream.normal(), None::<f64>);
        sizes
            .iter()
            .filter_map(|&size| {
                if let Some(before) = before.replace(size) {
                    let kept = (before / size).abs();
                    shared = kept * shared + (1.0 - kept * kept).sqrt() * stream.normal();
                }
                let off = match self.misfit {
                    Misfit::Sizes(s) => s * stream.normal(),
                    Misfit::Shared(s) => s * shared,
                    _ => 0.0,
                };
                let level = (self.law)(size, &mut draw) * off.exp();
                let runs: Vec<f64> =
                    (0..self.runs).map(|_| self.run(stream, level, size)).collect();
                let cell = describe(&runs).ok()?;
                Some(SizePoint::of(size, &cell).with_quantum(self.step))
            })
            .collect()
    }

    fn run(&self, stream: &mut Stream, level: f64, size: f64) -> f64 {
        let noise = match self.misfit {
            Misfit::Runs(s) => s,
            Misfit::Sizes(_) | Misfit::Shared(_) | Misfit::Outlying => 0.01,
            Misfit::Rising(from, to) => {
                let decades = (size / self.sizes[0]).ln()
                    / (self.sizes[self.sizes.len() - 1] / self.sizes[0]).ln();
                from * (to / from).powf(decades.clamp(0.0, 1.0))
            }
            Misfit::None => 0.0,
        };
        let off = if self.misfit == Misfit::Outlying && stream.uniform() < 0.1 { 1.5 } else { 1.0 };
        let value = level * off * (noise * stream.normal()).exp();
        if self.step > 0.0 { (value / self.step).ceil() * self.step } else { value }
    }

    /// The growth of an experiment, and one run at ten times its largest size.
    fn measured(&self, stream: &mut Stream) -> Option<(Growth, SizePoint)> {
        let ahead = 10.0 * self.sizes[self.sizes.len() - 1];
        let one = Self { runs: 1, ..*self };
        let mut points = if self.runs == 1 {
            self.points(stream, &[self.sizes, &[ahead]].concat())
        } else {
            // The run looked up shares law and deviations, but is one run.
            let mut points = self.points(stream, &[self.sizes, &[ahead]].concat());
            let level = points.pop()?.mean;
            let value = one.run(stream, level, self.sizes[self.sizes.len() - 1]);
            points.push(SizePoint::single(ahead, value));
            points
        };
        let looked_up = points.pop()?;
        Some((growth(&points, None, &[]).ok()?, looked_up))
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for world in laws() {
        cases.extend(promises(world));
        cases.extend(promises(World {
            step: BATCH,
            design: "top 1.3 decades",
            sizes: &TOP,
            ..world
        }));
    }
    for world in [CONSTANT, LINE] {
        cases.extend(promises(World { sizes: &MEMORY, design: "memory", runs: 3, ..world }));
    }
    for world in structures() {
        cases.extend(promises(world));
    }
    for world in rough() {
        cases.extend(promises(world));
    }
    cases.extend(beyond());
    cases.extend(searches());
    cases.extend(others());
    cases
}

/// Rows that cannot hold: nothing in the sizes measured says what comes.
fn cannot_hold(world: &World) -> bool {
    world.name.contains("at the end of the range") || matches!(world.misfit, Misfit::Outlying)
}

fn promises(world: World) -> Vec<Case> {
    let covers = if cannot_hold(&world) { Bound::Reported } else { Bound::AtLeast(0.93) };
    let rough = world.misfit != Misfit::None || world.name.contains("end of the range");
    let right = if rough || world.step == BATCH { Bound::Reported } else { Bound::AtLeast(0.8) };
    let wrong = if cannot_hold(&world) { Bound::Reported } else { Bound::AtMost(0.0167) };
    let name = world.describe();
    vec![
        Case::new(format!("wrong class, {name}"), wrong, move |stream| {
            let found = world.measured(stream);
            found
                .is_some_and(|(g, _)| matches!(g.verdict, Decision::Decided(c) if c != world.class))
        }),
        Case::new(format!("right class, {name}"), right, move |stream| {
            let found = world.measured(stream);
            found.is_some_and(|(g, _)| g.verdict == Decision::Decided(world.class))
        }),
        Case::new(format!("95 % prediction at 10 times, {name}"), covers, move |stream| {
            world.measured(stream).is_some_and(|(g, run)| {
                g.prediction(run.size).is_some_and(|p| p.interval.contains(run.mean))
            })
        }),
        Case::new(format!("95 % interval of the exponent, {name}"), covers, move |stream| {
            world.measured(stream).is_some_and(|(g, _)| {
                let truth = world.exponent;
                g.exponent
                    .is_some_and(|e| e.ci95.low <= truth + 1e-9 && truth - 1e-9 <= e.ci95.high)
            })
        }),
    ]
}

/// A window that is not full at the largest size looks like a line, and is called one.
fn beyond() -> Vec<Case> {
    let world = World {
        name: "a window of three times the largest size",
        class: Class::Constant,
        exponent: 0.0,
        law: |n, _| 7e5 + n.min(3e7),
        sizes: &WIDE,
        design: "11 sizes",
        ..CONSTANT
    };
    let name = world.describe();
    vec![Case::new(format!("wrong class, {name}"), Bound::Reported, move |stream| {
        let found = world.measured(stream);
        found
            .is_some_and(|(g, _)| matches!(g.verdict, Decision::Decided(c) if c != Class::Constant))
    })]
}

/// Sizes chosen by `next_size` until it says that the class is decided.
fn searches() -> Vec<Case> {
    let pages = |misfit| {
        [CONSTANT, LINE, laws()[4], laws()[2], structures()[1]].map(|of| World {
            misfit,
            design: "sizes chosen",
            runs: 1,
            ..of
        })
    };
    let worlds = pages(Misfit::None).into_iter().chain(pages(Misfit::Sizes(0.005)));
    worlds
        .flat_map(|world| {
            let name = world.describe();
            [
                Case::new(format!("wrong class, {name}"), Bound::AtMost(0.0167), move |stream| {
                    searched(&world, stream).is_some_and(|class| class != world.class)
                }),
                Case::new(
                    format!("decided and right, {name}"),
                    if world.misfit == Misfit::None {
                        Bound::AtLeast(0.8)
                    } else {
                        Bound::Reported
                    },
                    move |stream| searched(&world, stream) == Some(world.class),
                ),
            ]
            .map(|case| Case { cost: 8, ..case })
        })
        .collect()
}

/// The class at which a search between 10 KB and 10 MB of at most 16 sizes ends.
fn searched(world: &World, stream: &mut Stream) -> Option<Class> {
    let plan = Plan {
        range: Interval::new(1e4, 1e7),
        among: Vec::new(),
        seconds_left: f64::INFINITY,
        costs: Vec::new(),
    };
    let sizes = plan.sizes();
    let all = world.points(stream, &sizes);
    let mut asked = Asked { points: Vec::new(), anchor: None };
    for _ in 0..16 {
        match next_size(std::slice::from_ref(&asked), &plan) {
            Next::Measure { size, .. } => {
                asked.points.extend(all.iter().filter(|p| p.size == size));
            }
            Next::Decided(classes) => return classes.first().copied(),
            Next::Spent | Next::Exhausted => return None,
        }
    }
    None
}

fn others() -> Vec<Case> {
    let noisy = World { misfit: Misfit::Runs(0.01), runs: 3, step: 0.0, ..LINE };
    let constant = |g: &Growth| {
        let line = g.fits.iter().find(|f| f.formula() == "c + a n")?;
        line.constant
    };
    let slope = |g: &Growth| {
        let line = g.fits.iter().find(|f| f.formula() == "c + a n")?;
        line.slope
    };
    let covers = Bound::AtLeast(0.93);
    vec![
        Case::new(
            "95 % interval of the constant of 2.1 MB + 3 n, baseline, 3 runs",
            covers,
            move |stream| {
                let found = noisy.measured(stream);
                found.and_then(|(g, _)| constant(&g)).is_some_and(|e| e.ci95.contains(2.1e6))
            },
        ),
        Case::new(
            "95 % interval of the slope of 2.1 MB + 3 n, baseline, 3 runs",
            covers,
            move |stream| {
                let found = noisy.measured(stream);
                found.and_then(|(g, _)| slope(&g)).is_some_and(|e| e.ci95.contains(3.0))
            },
        ),
        Case::new(
            "a run of the largest input for 1 GB stays within, at the lower end of its interval",
            Bound::AtLeast(0.95),
            move |stream| {
                let Some((growth, _)) = noisy.measured(stream) else { return false };
                let (LargestInput::Fits { interval, .. } | LargestInput::Between { interval, .. }) =
                    growth.largest_input_for(1e9)
                else {
                    return false;
                };
                noisy.run(stream, 2.1e6 + 3.0 * interval.low, 1e7) <= 1e9
            },
        ),
        Case::new(
            "95 % interval of the exponent 1.3, no constant, 1 % noise, power law",
            covers,
            move |stream| {
                let points: Vec<(f64, f64)> = BASELINE
                    .iter()
                    .map(|&n| (n, n.powf(1.3) * (0.01 * stream.normal()).exp()))
                    .collect();
                power_law(&points).is_ok_and(|f| f.exponent_ci95.contains(1.3))
            },
        ),
    ]
}
