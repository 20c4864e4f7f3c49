//! Agreement with SciPy and statsmodels on fixed data: `reference/values.json`, made by
//! `reference/make.py`.

use serde_json::Value;
use stats::{GridCell, Interval};

/// Relative tolerance.
const EXACT: f64 = 1e-9;
/// Where the reference is approximate itself: SciPy's Shapiro-Wilk uses ten-digit normal quantiles,
/// its general minimiser and root finder stop near 1e-8.
const APPROXIMATE: f64 = 1e-6;

fn reference(name: &str) -> Value {
    let values: Value = serde_json::from_str(include_str!("reference/values.json")).unwrap();
    values[name].clone()
}

fn each(name: &str) -> Vec<Value> {
    reference(name).as_array().unwrap().clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn pairs(value: &Value) -> Vec<(f64, f64)> {
    value.as_array().unwrap().iter().map(|p| (number(&p[0]), number(&p[1]))).collect()
}

#[track_caller]
fn agree(ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = number(theirs);
    let off = (ours - theirs).abs();
    assert!(off <= tolerance * theirs.abs(), "{ours} is not {theirs}: off by {:e}", off / theirs);
}

#[track_caller]
fn agree_interval(ours: Interval, theirs: &Value, tolerance: f64) {
    agree(ours.low, &theirs["low"], tolerance);
    agree(ours.high, &theirs["high"], tolerance);
}

/// An upper end that is open with us is `null` there.
#[track_caller]
fn agree_open(ours: Interval, theirs: &Value) {
    if theirs["high"].is_null() {
        agree(ours.low, &theirs["low"], EXACT);
        assert!(ours.high.is_infinite());
    } else {
        agree_interval(ours, theirs, EXACT);
    }
}

#[test]
fn describe_agrees() {
    for case in each("describe") {
        let ours = stats::describe(&numbers(&case["values"])).unwrap();
        agree(ours.mean, &case["mean"], EXACT);
        agree(ours.sd.unwrap(), &case["sd"], EXACT);
        agree(ours.cv.unwrap(), &case["cv"], EXACT);
        agree(ours.q1, &case["q1"], EXACT);
        agree(ours.median, &case["median"], EXACT);
        agree(ours.q3, &case["q3"], EXACT);
        agree(ours.p95, &case["p95"], EXACT);
        agree_interval(ours.mean_t95.unwrap(), &case["mean_t95"], EXACT);
        agree_open(stats::cv_interval(&ours).unwrap(), &case["cv_ci95"]);
        if ours.n >= 6 {
            agree_interval(ours.median_ci95.unwrap(), &case["median_ci95"], EXACT);
        }
        let indices = |v: &Value| numbers(v).iter().map(|i| *i as usize).collect::<Vec<_>>();
        assert_eq!(ours.outliers.by_two_sd.indices, indices(&case["two_sd"]));
        assert_eq!(ours.outliers.by_mad.indices, indices(&case["modified_z"]));
    }
}

#[test]
fn log_normal_mean_agrees() {
    for case in each("log_normal_mean") {
        let ours = stats::describe(&numbers(&case["values"])).unwrap();
        assert_eq!(ours.mean_method, stats::describe::MeanMethod::LogNormal);
        agree_interval(ours.mean_ci95.unwrap(), &case["mean_ci95"], EXACT);
    }
}

#[test]
fn power_law_agrees() {
    for case in each("power_law") {
        let ours = stats::power_law(&pairs(&case["points"])).unwrap();
        agree(ours.coefficient, &case["coefficient"], EXACT);
        agree(ours.exponent, &case["exponent"], EXACT);
        agree_interval(ours.exponent_ci95, &case["exponent_ci95"], EXACT);
        agree(ours.r2.unwrap(), &case["r2"], EXACT);
        agree(ours.p.unwrap(), &case["p"], EXACT);
        agree(ours.residual_sd, &case["residual_sd"], EXACT);
        let at = number(&case["at"]);
        agree(ours.at(at), &case["value"], EXACT);
        agree_interval(ours.confidence_band(at), &case["confidence_band"], EXACT);
        agree_interval(ours.prediction(at), &case["prediction"], EXACT);
    }
}

#[test]
fn lack_of_fit_agrees() {
    let case = reference("lack_of_fit");
    let groups: Vec<(f64, Vec<f64>)> = case["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| (number(&g[0]), numbers(&g[1])))
        .collect();
    let groups: Vec<(f64, &[f64])> = groups.iter().map(|(n, runs)| (*n, &runs[..])).collect();
    let ours = stats::lack_of_fit(&groups).unwrap();
    agree(ours.f.unwrap(), &case["f"], EXACT);
    agree(ours.p.unwrap(), &case["p"], EXACT);
}

#[test]
fn shapiro_wilk_agrees() {
    for case in each("shapiro_wilk") {
        let ours = stats::shapiro_wilk(&numbers(&case["values"])).unwrap();
        agree(ours.statistic, &case["statistic"], APPROXIMATE);
        agree(ours.p, &case["p"], APPROXIMATE);
    }
}

#[test]
fn levene_agrees() {
    let case = reference("levene");
    let groups: Vec<Vec<f64>> = case["groups"].as_array().unwrap().iter().map(numbers).collect();
    let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
    let ours = stats::levene(&groups).unwrap();
    agree(ours.statistic, &case["statistic"], EXACT);
    agree(ours.p, &case["p"], EXACT);
}

#[test]
fn mann_kendall_agrees() {
    for case in each("mann_kendall") {
        let ours = stats::mann_kendall(&numbers(&case["values"])).unwrap();
        agree(ours.s as f64, &case["s"], EXACT);
        agree(ours.z, &case["z"], EXACT);
        agree(ours.p, &case["p"], EXACT);
        agree(ours.tau, &case["tau"], EXACT);
    }
}

#[test]
fn holm_agrees() {
    let case = reference("holm");
    let ours = stats::holm(&numbers(&case["p"]));
    ours.iter().zip(case["adjusted"].as_array().unwrap()).for_each(|(o, t)| agree(*o, t, EXACT));
}

#[test]
fn paired_comparison_and_equivalence_agree() {
    let case = reference("paired");
    let ours = stats::compare_paired(&pairs(&case["pairs"]), number(&case["margin"])).unwrap();
    agree(ours.ratio, &case["ratio"], EXACT);
    agree(ours.p.unwrap(), &case["p"], EXACT);
    agree_interval(ours.ratio_ci95, &case["ratio_ci95"], EXACT);
    let equivalent = ours.verdict == stats::compare::Change::Equivalent;
    assert_eq!(equivalent, case["equivalent"].as_bool().unwrap());
}

#[test]
fn factorial_agrees() {
    agree_factorial(&reference("factorial"));
}

#[test]
fn three_techniques_that_act_together_agree() {
    let case = reference("factorial_of_three");
    agree_factorial(&case);
    assert!(number(&case["rss_of_pairs"]) > 20.0 * number(&case["rss"]), "a pattern is left");
}

fn agree_factorial(case: &Value) {
    let cells: Vec<GridCell> = case["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| GridCell {
            on: cell["on"].as_array().unwrap().iter().map(|on| on.as_bool().unwrap()).collect(),
            values: numbers(&cell["values"]),
        })
        .collect();
    let ours = stats::factorial(&cells).unwrap();
    agree(ours.residual_sd.unwrap(), &case["residual_sd"], EXACT);
    agree(ours.df as f64, &case["df"], EXACT);
    assert_eq!(ours.effects.len(), case["terms"].as_array().unwrap().len());
    for (i, effect) in ours.effects.iter().enumerate() {
        let term: Vec<usize> = numbers(&case["terms"][i]).iter().map(|t| *t as usize).collect();
        assert_eq!(effect.term, term);
        agree(effect.ratio, &case["ratios"][i], EXACT);
        agree_interval(effect.ratio_ci95.unwrap(), &case["ci95"][i], EXACT);
        agree(effect.p.unwrap(), &case["p"][i], EXACT);
        agree(effect.p_holm.unwrap(), &case["p_holm"][i], EXACT);
    }
}
