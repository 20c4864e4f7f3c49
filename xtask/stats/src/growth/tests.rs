//! What growth promises on data whose truth is known; coverage is `calibrate`'s.

use super::*;

const SIZES: [f64; 8] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 5e6, 1e7];

/// Deviations of about one per cent, fixed, without a trend.
const NOISE: [f64; 8] = [0.004, -0.007, 0.009, 0.001, -0.006, 0.005, -0.008, 0.003];

fn measured(curve: impl Fn(f64) -> f64, noise: f64) -> Vec<SizePoint> {
    SIZES
        .iter()
        .zip(NOISE)
        .map(|(&n, e)| SizePoint::single(n, curve(n) * (noise * e / 0.006).exp()))
        .collect()
}

fn grown(curve: impl Fn(f64) -> f64, noise: f64) -> Growth {
    growth(&measured(curve, noise), None, &[]).unwrap()
}

#[test]
fn a_constant_does_not_hide_a_line() {
    for noise in [0.0, 0.001, 0.01] {
        let growth = grown(|n| 2.1e6 + 3.0 * n, noise);
        assert_eq!(growth.verdict, Decision::Decided(Class::Linear), "{noise}");
        let line = growth.fits.iter().find(|f| f.formula() == "c + a n").unwrap();
        assert!(line.with_constant);
        let (c, a) = (line.constant.unwrap(), line.slope.unwrap());
        assert!(c.ci95.contains(2.1e6), "{noise}: {c:?}");
        assert!(a.ci95.contains(3.0), "{noise}: {a:?}");
        assert!((c.value / 2.1e6 - 1.0).abs() < 3.0 * noise + 1e-6);
        assert!((a.value / 3.0 - 1.0).abs() < 3.0 * noise + 1e-6);
        let exponent = growth.exponent.unwrap();
        assert!(exponent.ci95.contains(1.0), "{noise}: {exponent:?}");
        assert!(growth.runner_up().is_some());
    }
}

#[test]
fn an_exponent_lies_in_its_interval_where_nothing_grows() {
    // Tables that are full: level from some size on, far above the empty document.
    for first in [7.921e6, 8.0e6, 8.080e6, 8.081e6] {
        for anchor in [3.7e6, 3.9e6, 4.05e6] {
            let points = [(1e6, first), (1e7, 8.081e6), (1e8, 8.081e6), (1e9, 8.081e6)]
                .map(|(n, value)| SizePoint::single(n, value));
            let growth = growth(&points, Some(SizePoint::single(0.0, anchor)), &[]).unwrap();
            let exponent = growth.exponent.unwrap();
            assert!(exponent.ci95.contains(exponent.value), "{first} {anchor}: {exponent:?}");
        }
    }
}

#[test]
fn every_class_is_recognised_exact_and_noisy() {
    type Curve = fn(f64) -> f64;
    let cases: [(Class, Curve); 6] = [
        (Class::Constant, |_| 1.0),
        (Class::Logarithmic, f64::ln),
        (Class::SquareRoot, f64::sqrt),
        (Class::Linear, |n| n),
        (Class::Linearithmic, |n| n * n.ln()),
        (Class::Quadratic, |n| n * n),
    ];
    for (class, curve) in cases {
        for constant in [0.0, 1.0] {
            for noise in [0.0, 0.005] {
                let growth = grown(|n| constant * 10.0 * curve(10.0) + 7.0 * curve(n), noise);
                let left = match growth.verdict {
                    Decision::Decided(decided) => vec![decided],
                    // Half a per cent of noise may leave a neighbour.
                    Decision::NotDecided(classes) if noise > 0.0 => classes,
                    other @ Decision::NotDecided(_) => panic!("{class}: {other:?}"),
                };
                assert!(left.contains(&class), "{class} {constant} {noise}: {left:?}");
            }
        }
    }
}

#[test]
fn an_exponent_between_the_classes_is_reported_as_a_power() {
    let growth = grown(|n| 500.0 + 4.0 * n.powf(0.75), 0.005);
    assert_eq!(growth.verdict, Decision::Decided(Class::Power));
    assert!(growth.exponent.unwrap().ci95.contains(0.75));
    let fit = growth.chosen();
    assert!(fit.constant.unwrap().ci95.contains(500.0), "{:?}", fit.constant);
    assert!(fit.slope.unwrap().ci95.contains(4.0), "{:?}", fit.slope);
    assert!(fit.exponent.unwrap().ci95.contains(0.75), "{:?}", fit.exponent);
}

#[test]
fn wide_noise_is_not_decided() {
    let growth = grown(|n| 1e6 + 0.02 * n, 0.1);
    assert!(!growth.decided(), "{:?}", growth.verdict);
    assert!(growth.prediction(1e8).unwrap().averaged);
}

#[test]
fn identical_values_are_constant() {
    let growth = grown(|_| 4096.0, 0.0);
    assert_eq!(growth.verdict, Decision::Decided(Class::Constant));
    assert!(growth.exponent.unwrap().ci95.contains(0.0));
    let ahead = growth.prediction(1e9).unwrap();
    assert!((ahead.value - 4096.0).abs() < 1.0 && ahead.interval.half_width() < 40.0);
    assert_eq!(growth.largest_input_for(5000.0), LargestInput::NotReached);
    assert_eq!(growth.largest_input_for(4000.0), LargestInput::NeverFits);
}

#[test]
fn predictions_reach_beyond_the_data_and_say_how_far() {
    let growth = grown(|n| 2.1e6 + 3.0 * n, 0.005);
    let ahead = growth.prediction(1e8).unwrap();
    assert!((ahead.decades_beyond - 1.0).abs() < 1e-12);
    assert!(ahead.interval.contains(3.021e8), "{ahead:?}");
    let LargestInput::Fits { size, interval, .. } = growth.largest_input_for(500e6) else {
        panic!("a line reaches every budget")
    };
    assert!(interval.contains((500e6 - 2.1e6) / 3.0) && interval.contains(size), "{interval}");
}

#[test]
fn the_empty_document_holds_the_constant() {
    let points = measured(|n| 2.1e6 + 3.0 * n, 0.005);
    let anchor = SizePoint::single(0.0, 2.1e6 * 1.004);
    let with = growth(&points[4..], Some(anchor), &[]).unwrap();
    assert_eq!((with.anchor, with.n), (Anchor::Used, 5));
    assert_eq!(with.chosen().class, Class::Linear);
    assert!(with.chosen().constant.unwrap().ci95.contains(2.1e6));
    let off = SizePoint::single(0.0, 0.3e6);
    let without = growth(&points, Some(off), &[]).unwrap();
    assert_eq!(without.anchor, Anchor::Contradicted { value: 0.3e6 });
}

#[test]
fn failures_are_named() {
    let failure = Failure { size: 1e8, at_least: Some(2e9) };
    let growth = growth(&measured(|n| 2.1e6 + 3.0 * n, 0.005), None, &[failure]).unwrap();
    assert_eq!(growth.prediction(1e8).unwrap().beyond_failure, Some(1e8));
    assert_eq!(growth.prediction(5e7).unwrap().beyond_failure, None);
    assert_eq!(growth.failures_agree(), Some(false));
}

#[test]
fn falling_values_have_a_negative_slope_and_never_go_below_zero() {
    let growth = grown(|n| 1e6 - 0.05 * n, 0.001);
    assert!(growth.growth_over_range.high < 1.0, "{growth:#?}");
    assert_eq!(growth.verdict, Decision::Decided(Class::Linear));
    assert!(growth.chosen().slope.unwrap().ci95.high < 0.0);
    assert_eq!(growth.chosen().at(1e9), None);
    assert_eq!(growth.prediction(1e9), None);
}

#[test]
fn unusable_points_are_refused() {
    let points = measured(|n| n, 0.0);
    assert_eq!(
        growth(&points[..4], None, &[]),
        Err(Undetermined::TooFewSizes { have: 4, need: 5 })
    );
    let mut zero = points.clone();
    zero[2].mean = 0.0;
    assert_eq!(growth(&zero, None, &[]), Err(Undetermined::NotPositive { at: 1e3, value: 0.0 }));
    let twice = [points.clone(), points].concat();
    assert!(matches!(growth(&twice, None, &[]), Err(Undetermined::Shape { .. })));
}

#[test]
fn huge_and_tiny_values_are_fitted_alike() {
    for scale in [1e-200, 1.0, 1e200] {
        let growth = grown(|n| scale * (100.0 + n), 0.002);
        assert_eq!(growth.verdict, Decision::Decided(Class::Linear), "{scale}");
        assert!(growth.chosen().slope.unwrap().ci95.contains(scale));
    }
}

#[test]
fn a_bounded_window_is_constant_beyond_it() {
    // Peak memory of a streaming encoder as measured, page by page: a window of about 400 kB.
    let peaks = [3_084_288.0, 3_084_288.0, 3_084_288.0, 3_346_432.0, 4_132_864.0, 7_016_448.0];
    let points: Vec<SizePoint> = SIZES
        .iter()
        .zip(peaks.into_iter().chain([7_016_448.0; 2]))
        .map(|(&n, peak)| SizePoint::single(n, peak))
        .collect();
    let growth = growth(&points, None, &[]).unwrap();
    assert_eq!(growth.verdict, Decision::Decided(Class::Constant));
    let fit = growth.chosen();
    assert_eq!(fit.form, Form::Levelling);
    assert!(fit.constant.unwrap().ci95.contains(7_016_448.0));
    assert!((1e5..1e6).contains(&fit.levels_from.unwrap()), "{:?}", fit.levels_from);
    assert!(growth.prediction(1e9).unwrap().interval.high < 8e6);
}

#[test]
fn a_line_bent_by_a_root_is_linear() {
    let growth = grown(|n| 2.9e6 + 2500.0 * n.sqrt() + 8.0 * n, 0.003);
    assert_eq!(growth.verdict, Decision::Decided(Class::Linear));
    let bent = growth.fits.iter().find(|f| f.form == Form::WithRoot).unwrap();
    assert!(bent.slope.unwrap().ci95.contains(8.0), "{:?}", bent.slope);
    assert!(growth.prediction(1e8).unwrap().interval.contains(2.9e6 + 25e6 + 800e6));
}

#[test]
fn one_step_at_the_largest_size_decides_nothing() {
    let mut points = measured(|_| 1e6, 0.001);
    points[7].mean *= 1.5;
    let growth = growth(&points, None, &[]).unwrap();
    assert!(growth.rests_on_largest && !growth.decided(), "{:?}", growth.classes);
    let ahead = growth.prediction(1e8).unwrap().interval;
    assert!(ahead.low < 1.2e6 && ahead.high > 5e6, "{ahead}");
}

#[test]
fn the_largest_size_checks_the_others() {
    let points = measured(|n| 2.1e6 + 3.0 * n, 0.003);
    let check = held_out_largest(&points, None).unwrap();
    assert!(check.inside && check.prediction.decades_beyond > 0.3, "{check:?}");
    let mut bent = points;
    bent[7].mean *= 2.0;
    assert!(!held_out_largest(&bent, None).unwrap().inside);
}

/// A whole document held beside tables that fill up: 4 MB, tables of 4 MB full at 200 KB, 4.5 n.
#[test]
fn tables_that_fill_up_do_not_hide_the_line_behind_them() {
    let truth = |n: f64| 4e6 + 4e6 * (n / 2e5).min(1.0) + 4.5 * n;
    let sizes = [10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 5e6, 1e7];
    // Steps of allocators: a per cent up and down.
    let points: Vec<SizePoint> = sizes
        .into_iter()
        .zip([1.0, 0.99, 1.01, 1.0, 0.995, 1.005, 1.0, 0.99])
        .map(|(n, step)| SizePoint::single(n, truth(n) * step))
        .collect();
    let growth = growth(&points, Some(SizePoint::single(0.0, 4e6)), &[]).unwrap();
    assert_eq!(growth.verdict, Decision::Decided(Class::Linear));
    let filling = growth.fits.iter().find(|f| f.form == Form::Filling).unwrap();
    let slope = filling.slope.unwrap();
    assert!((slope.value / 4.5 - 1.0).abs() < 0.05, "{slope:?}");
    let prediction = growth.prediction(1e8).unwrap();
    assert!(prediction.interval.contains(truth(1e8)), "{prediction:?}");
}

#[test]
fn the_steps_of_a_counter_are_not_scatter() {
    // A constant whose counter moves in steps of 128 KiB, one of which fell between two sizes.
    let points: Vec<SizePoint> = [1e4, 1e5, 5e5, 1e6, 2e6, 5e6, 1e7]
        .into_iter()
        .zip([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
        .map(|(n, step)| SizePoint::single(n, 2.5e6 + 131_072.0 * step).with_quantum(131_072.0))
        .collect();
    let growth = growth(&points, None, &[]).unwrap();
    assert_eq!(growth.verdict, Decision::Decided(Class::Constant), "{:?}", growth.classes);
    assert!(growth.prediction(1e8).unwrap().interval.contains(2.63e6));
}

#[test]
fn a_buffer_that_doubles_is_linear_and_foretold_with_its_steps() {
    let truth = |n: f64| 7e5 + n.log2().ceil().exp2();
    let points: Vec<SizePoint> = [1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 3e6, 5e6, 1e7]
        .into_iter()
        .map(|n| SizePoint::single(n, truth(n)).with_quantum(4096.0))
        .collect();
    let growth = growth(&points, None, &[]).unwrap();
    assert_eq!(growth.verdict, Decision::Decided(Class::Linear), "{:?}", growth.classes);
    assert_eq!(growth.chosen().form, Form::Doubling);
    for ahead in [3e7, 1e8] {
        let found = growth.prediction(ahead).unwrap().interval;
        assert!(found.contains(truth(ahead)) && found.high / found.low < 1.3, "{found}");
    }
}

#[test]
fn an_undecided_class_gives_a_range_and_no_point() {
    let growth = grown(|n| 1e6 + 0.02 * n, 0.1);
    assert!(!growth.decided());
    for budget in [1.1e6, 2e6, 1e9] {
        let answer = growth.largest_input_for(budget);
        assert!(
            matches!(answer, LargestInput::Between { .. } | LargestInput::NeverFits),
            "{budget}: {answer:?}"
        );
    }
}

#[test]
fn nothing_fits_beyond_a_failure() {
    let failure = Failure { size: 3e7, at_least: None };
    let growth = growth(&measured(|n| 2.1e6 + 3.0 * n, 0.005), None, &[failure]).unwrap();
    assert_eq!(growth.largest_input_for(500e6), LargestInput::Fails { size: 3e7 });
    let LargestInput::Between { interval, .. } = growth.largest_input_for(92.2e6) else {
        panic!("the band meets this budget on both sides of the failure")
    };
    assert!(interval.low < 3e7 && interval.high <= 3e7, "{interval}");
    assert!(matches!(growth.largest_input_for(50e6), LargestInput::Fits { .. }));
}

/// What the laboratory would measure of a law, and what it would say at the end.
fn searched(law: impl Fn(f64) -> f64) -> (Vec<f64>, Next) {
    let plan = Plan {
        range: Interval::new(1e4, 1e7),
        among: Vec::new(),
        seconds_left: f64::INFINITY,
        costs: Vec::new(),
    };
    let mut asked = Asked { points: Vec::new(), anchor: None };
    loop {
        match next_size(std::slice::from_ref(&asked), &plan) {
            Next::Measure { size, .. } => {
                asked.points.push(SizePoint::single(size, law(size)).with_quantum(4096.0));
            }
            end => return (asked.points.iter().map(|p| p.size).collect(), end),
        }
    }
}

#[test]
fn sizes_are_chosen_until_the_class_is_decided_the_largest_first() {
    type Curve = fn(f64) -> f64;
    let laws: [(Class, Curve); 4] = [
        (Class::Constant, |_| 2e6),
        (Class::Linear, |n| 2e6 + 3.0 * n),
        (Class::Linearithmic, |n| 2e6 + 0.3 * n * n.ln()),
        (Class::SquareRoot, |n| 2e6 + 3e3 * n.sqrt()),
    ];
    for (class, law) in laws {
        let (sizes, end) = searched(law);
        assert_eq!(end, Next::Decided(vec![class]));
        assert_eq!(sizes[0], 1e7);
        assert!(sizes.len() <= 9, "{class}: {sizes:?}");
        let top = sizes.iter().filter(|s| **s >= 1e7 / 10.0_f64.powf(1.5)).count();
        assert!(top >= 5, "{sizes:?}");
        assert_eq!(searched(law).0, sizes, "the same points give the same choice");
    }
}

#[test]
fn a_budget_that_is_spent_ends_the_search() {
    let plan = Plan {
        range: Interval::new(1e4, 1e7),
        among: Vec::new(),
        seconds_left: 1.0,
        costs: vec![(1e4, 2.0)],
    };
    assert_eq!(next_size(&[Asked { points: Vec::new(), anchor: None }], &plan), Next::Spent);
}

/// Buffers that fill at two sizes, as `sigma` has them: level over the decades above, the last of which was
/// looked up. No law follows both steps, and none need to.
#[test]
fn what_fits_no_law_below_is_level_where_the_top_decades_are() {
    let value = |n: f64| match n {
        n if n < 6e4 => 3_264_512.0,
        n if n < 1.2e5 => 5_672_960.0,
        n if n < 4e5 => 5_804_032.0,
        n if n < 6e5 => 5_935_104.0,
        _ => 7_245_824.0,
    };
    let at = |n: f64| SizePoint::single(n, value(n)).with_quantum(122_880.0);
    let measured = (0..=36).map(|i| (10.0 * 10.0_f64.powf(f64::from(i) / 6.0)).round()).map(at);
    let mut points: Vec<SizePoint> = measured.collect();
    let anchor = Some(SizePoint::single(0.0, 3_264_512.0).with_quantum(122_880.0));
    for beyond in [3e7, 1e8] {
        points.push(at(beyond));
        let found = growth(&points, anchor, &[]).unwrap();
        assert_eq!(found.verdict, Decision::Decided(Class::Constant));
        let ahead = found.prediction(1e9).unwrap().interval;
        assert!(ahead.low > 6.5e6 && ahead.high < 8e6, "{ahead}");
        assert!((2.2..2.3).contains(&found.growth_over_range.low));
        points.pop();
    }
    // A table that doubles is level over less than that.
    let table = |n: f64| SizePoint::single(n, 3e6 + 4.0 * n.log2().ceil().exp2());
    let points: Vec<SizePoint> = points.iter().map(|p| table(p.size)).collect();
    assert_ne!(growth(&points, None, &[]).unwrap().verdict, Decision::Decided(Class::Constant));
}
