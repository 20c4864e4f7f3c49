//! Techniques that are on or off in a grid of variants: their effects, estimated together.

use crate::compare::holm;
use crate::describe::moments;
use crate::distribution::{t_two_sided, t95};
use crate::interval::Interval;
use crate::power_law::check_positive;
use crate::regression::{inverse_diagonal, least_squares, mean};
use crate::undetermined::Undetermined;

/// One cell of the grid.
#[derive(Debug, Clone, PartialEq)]
pub struct GridCell {
    /// Which techniques are on, always in the same order.
    pub on: Vec<bool>,
    /// Values of its runs. They are averaged in logs: the cell is the replicate.
    pub values: Vec<f64>,
}

/// One technique (`[i]`), two or three of them (`[i, j]`), or the overall mean (`[]`).
pub type Term = Vec<usize>;

/// The effect of a technique, or of two or three together.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Which.
    pub term: Term,
    /// A technique: value with it on over value with it off, the others balanced. A pair: that ratio
    /// with the other on over that ratio with the other off; 1 means they do not interact. Three: the
    /// ratio of two with the third on over that with the third off.
    pub ratio: f64,
    /// 95 % interval of the ratio; `None` where nothing measures the error, a point where it is exact.
    pub ratio_ci95: Option<Interval>,
    /// Probability of such an effect from none; `None` where nothing measures the error.
    pub p: Option<f64>,
    /// The same, adjusted by Holm over all effects.
    pub p_holm: Option<f64>,
}

/// A term that the grid cannot tell from others: it is contained in their effects.
#[derive(Debug, Clone, PartialEq)]
pub struct Confounded {
    /// The term without an effect of its own.
    pub term: Term,
    /// The terms it is mixed up with, each with its factor: `[([0, 1], 1.0)]` reads "the effect given
    /// for techniques 0 and 1 together is the sum (product of ratios) of both".
    pub with: Vec<(Term, f64)>,
}

/// Where the error of the effects comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorSource {
    /// Deviation of the cells from the model: what it has no term for, and noise.
    Cells,
    /// None: the model gives every cell to the last digit, and effects are exact.
    Exact,
    /// As many terms as cells: only the noise of runs within cells is left, which says nothing about
    /// other inputs.
    Runs,
    /// Neither: no intervals.
    Nothing,
}

/// Effects of all techniques and pairs, and of the threes that the pairs leave visible.
#[derive(Debug, Clone, PartialEq)]
pub struct Factorial {
    /// Single techniques first, then pairs, then threes.
    pub effects: Vec<Effect>,
    /// What the grid cannot separate.
    pub confounded: Vec<Confounded>,
    /// Geometric mean over the model.
    pub mean: f64,
    /// Standard deviation of ln cell value about the model; `None` without degrees of freedom.
    pub residual_sd: Option<f64>,
    /// Degrees of freedom of the error.
    pub df: usize,
    /// Where it comes from.
    pub error: ErrorSource,
}

/// Estimates main effects and interactions of two by least squares on `ln` cell values, and of three
/// where they leave a pattern.
///
/// Techniques are coded -1 (off) and +1 (on); with coefficient β the ratio is `exp(2β)` for one,
/// `exp(4β)` for a pair and `exp(8β)` for three. Cells with the same techniques are pooled. A term that
/// is a linear combination of earlier ones (mean, techniques, pairs in order) gets no effect but a
/// [`Confounded`] entry. An interaction of three enters when its F test against what is left, corrected
/// by Bonferroni for all that could have entered, is below 1 %, and at least three degrees of freedom
/// remain; then the next one is looked for. An effect of a deterministic value that is zero to the last
/// digit is exactly zero, whatever else the model misses. Box, Hunter and Hunter (2005), *Statistics for
/// Experimenters*, chapters 5 and 6.
pub fn factorial(cells: &[GridCell]) -> Result<Factorial, Undetermined> {
    let cells = pooled(cells)?;
    let mut model = separable(&cells);
    let y: Vec<f64> = cells.iter().map(|c| c.ln_mean).collect();
    let exact = exact_rss(&y);
    while let Some(term) = next_three(&cells, &model, &y, exact) {
        model.keep(&cells, term);
    }
    let Model { terms, columns, confounded, .. } = model;
    let rows: Vec<Vec<f64>> =
        (0..y.len()).map(|i| columns.iter().map(|column| column[i]).collect()).collect();
    let fit = least_squares(&y, &rows).ok_or(Undetermined::NoConvergence)?;
    let unit = inverse_diagonal(&rows).ok_or(Undetermined::NoConvergence)?;
    let error = error_of(&cells, fit.rss, fit.df, exact);
    let deterministic = cells.iter().all(|c| c.within.1 > 0 && c.within.0 <= 0.0);
    let zero = |beta: f64| {
        beta.abs() <= rounding(&y) && (deterministic || error.source == ErrorSource::Exact)
    };
    let mut effects: Vec<Effect> = (1..terms.len())
        .map(|i| match fit.coefficients[i] {
            beta if zero(beta) => Effect::none(terms[i].clone()),
            beta => effect(terms[i].clone(), beta, unit[i], &error),
        })
        .collect();
    adjust(&mut effects);
    Ok(Factorial {
        effects,
        confounded,
        mean: fit.coefficients[0].exp(),
        residual_sd: (fit.df > 0).then(|| (fit.rss / fit.df as f64).sqrt()),
        df: error.df,
        error: error.source,
    })
}

struct PooledCell {
    on: Vec<bool>,
    ln_mean: f64,
    /// Sum of squares of logs within the cell, and its degrees of freedom.
    within: (f64, usize),
    runs: usize,
}

fn pooled(cells: &[GridCell]) -> Result<Vec<PooledCell>, Undetermined> {
    let shape = |reason: &str| Undetermined::Shape { reason: reason.to_owned() };
    let factors = cells.first().map_or(0, |c| c.on.len());
    if factors == 0 || cells.iter().any(|c| c.on.len() != factors) {
        return Err(shape("a grid needs cells, and in each the same techniques, one at least"));
    }
    let mut sorted: Vec<&GridCell> = cells.iter().filter(|c| !c.values.is_empty()).collect();
    sorted.sort_by(|a, b| a.on.cmp(&b.on));
    for cell in &sorted {
        for &value in &cell.values {
            check_positive(1.0, value)?;
        }
    }
    let pooled: Vec<PooledCell> = sorted.chunk_by(|a, b| a.on == b.on).map(pool).collect();
    if pooled.len() < 2 {
        return Err(shape("effects need measured cells with a technique on and with it off"));
    }
    Ok(pooled)
}

fn pool(same: &[&GridCell]) -> PooledCell {
    let logs: Vec<f64> = same.iter().flat_map(|c| &c.values).map(|v| v.ln()).collect();
    let moments = moments(&logs);
    let df = logs.len() - 1;
    PooledCell {
        on: same[0].on.clone(),
        ln_mean: moments.mean,
        within: (moments.sd.map_or(0.0, |sd| sd * sd * df as f64), df),
        runs: logs.len(),
    }
}

type Columns = Vec<Vec<f64>>;

/// The terms of the model with their columns, and those that cannot be told from them.
#[derive(Default)]
struct Model {
    terms: Vec<Term>,
    columns: Columns,
    /// The same columns made orthogonal, one by one (Gram-Schmidt).
    orthogonal: Columns,
    confounded: Vec<Confounded>,
}

impl Model {
    /// What of a column is independent of the model's; nothing if all of it depends on them.
    fn rest(&self, column: &[f64]) -> Option<Vec<f64>> {
        let mut rest = column.to_vec();
        // Twice: once leaves rounding of the size of the column.
        for _ in 0..2 {
            for basis in &self.orthogonal {
                let share = dot(&rest, basis) / dot(basis, basis);
                rest.iter_mut().zip(basis).for_each(|(r, b)| *r -= share * b);
            }
        }
        (dot(&rest, &rest) > 1e-9 * column.len() as f64).then_some(rest)
    }

    /// Takes a term in, or notes what it is mixed up with.
    fn keep(&mut self, cells: &[PooledCell], term: Term) {
        let column: Vec<f64> = cells.iter().map(|cell| sign(cell, &term)).collect();
        if let Some(rest) = self.rest(&column) {
            self.orthogonal.push(rest);
            self.columns.push(column);
            self.terms.push(term);
        } else {
            let with = mixture(&column, &self.terms, &self.columns);
            self.confounded.push(Confounded { term, with });
        }
    }
}

/// Means, techniques and pairs whose columns are independent of the ones before.
fn separable(cells: &[PooledCell]) -> Model {
    let mut model = Model::default();
    for term in all_terms(cells[0].on.len()) {
        model.keep(cells, term);
    }
    model
}

/// An interaction of three enters below this probability, all that could have entered counted.
const LEVEL_THREE: f64 = 0.01;

/// Degrees of freedom that must remain when one has entered: fewer fit any pattern.
const DF_LEFT_MIN: usize = 3;

/// The interaction of three that explains most of what the model leaves, if that is beyond chance.
///
/// Of those that a fraction cannot tell apart, the one whose pairs are strongest stands for all.
fn next_three(cells: &[PooledCell], model: &Model, y: &[f64], exact: f64) -> Option<Term> {
    let df = y.len().checked_sub(model.columns.len() + 1).filter(|df| *df >= DF_LEFT_MIN)?;
    let left = residuals(y, &model.orthogonal);
    let rss = dot(&left, &left);
    if rss <= exact {
        return None;
    }
    let candidate = |term: Term| {
        let column: Vec<f64> = cells.iter().map(|cell| sign(cell, &term)).collect();
        let rest = model.rest(&column)?;
        let explained = dot(&rest, &left).powi(2) / dot(&rest, &rest);
        Some((explained, pairs_within(&term, model, y), term))
    };
    let found: Vec<(f64, f64, Term)> =
        all_threes(cells[0].on.len()).filter_map(candidate).collect();
    let most = found.iter().map(|of| of.0).fold(0.0, f64::max);
    // Those that are mixed up explain the same, to rounding.
    let best = found.iter().filter(|of| of.0 >= most * (1.0 - 1e-9));
    let (explained, _, term) = best.max_by(|a, b| a.1.total_cmp(&b.1).then(b.2.cmp(&a.2)))?;
    let error = (rss - explained).max(f64::MIN_POSITIVE) / df as f64;
    let p = t_two_sided((explained / error).sqrt(), df as f64) * found.len() as f64;
    (p < LEVEL_THREE).then(|| term.clone())
}

/// How strong the pairs within a term are: the sum of their squares.
fn pairs_within(term: &Term, model: &Model, y: &[f64]) -> f64 {
    let inside = |of: &Term| of.len() == 2 && of.iter().all(|technique| term.contains(technique));
    let pairs = model.terms.iter().zip(&model.orthogonal).filter(|(of, _)| inside(of));
    pairs.map(|(_, basis)| dot(y, basis).powi(2) / dot(basis, basis)).sum()
}

fn residuals(y: &[f64], orthogonal: &Columns) -> Vec<f64> {
    let mut left = y.to_vec();
    for _ in 0..2 {
        for basis in orthogonal {
            let share = dot(&left, basis) / dot(basis, basis);
            left.iter_mut().zip(basis).for_each(|(l, b)| *l -= share * b);
        }
    }
    left
}

/// Rounding of the arithmetic in one value.
fn rounding(y: &[f64]) -> f64 {
    1e-12 * y.iter().fold(1.0, |largest: f64, value| largest.max(value.abs()))
}

/// The sum of squares that is rounding alone.
fn exact_rss(y: &[f64]) -> f64 {
    y.len() as f64 * rounding(y).powi(2)
}

/// The mean, each technique, each pair.
fn all_terms(factors: usize) -> Vec<Term> {
    let pairs = (0..factors).flat_map(|i| (i + 1..factors).map(move |j| vec![i, j]));
    std::iter::once(vec![]).chain((0..factors).map(|i| vec![i])).chain(pairs).collect()
}

/// Each three techniques.
fn all_threes(factors: usize) -> impl Iterator<Item = Term> {
    (0..factors).flat_map(move |i| {
        (i + 1..factors).flat_map(move |j| (j + 1..factors).map(move |k| vec![i, j, k]))
    })
}

fn sign(cell: &PooledCell, term: &[usize]) -> f64 {
    term.iter().map(|&i| if cell.on[i] { 1.0 } else { -1.0 }).product()
}

/// The combination of kept columns that a dependent one is.
fn mixture(column: &[f64], terms: &[Term], columns: &Columns) -> Vec<(Term, f64)> {
    let rows: Vec<Vec<f64>> =
        (0..column.len()).map(|i| columns.iter().map(|c| c[i]).collect()).collect();
    let Some(fit) = least_squares(column, &rows) else { return Vec::new() };
    terms
        .iter()
        .zip(fit.coefficients)
        .filter(|(_, factor)| factor.abs() > 1e-6)
        .map(|(term, factor)| (term.clone(), (factor * 1e9).round() / 1e9))
        .collect()
}

struct ErrorOf {
    source: ErrorSource,
    variance: f64,
    df: usize,
}

fn error_of(cells: &[PooledCell], rss: f64, df: usize, exact: f64) -> ErrorOf {
    let within: f64 = cells.iter().map(|c| c.within.0).sum();
    if df > 0 && rss <= exact && within <= 0.0 {
        return ErrorOf { source: ErrorSource::Exact, variance: 0.0, df };
    }
    if df > 0 {
        return ErrorOf { source: ErrorSource::Cells, variance: rss / df as f64, df };
    }
    let within_df: usize = cells.iter().map(|c| c.within.1).sum();
    if within_df == 0 || within <= 0.0 {
        return ErrorOf { source: ErrorSource::Nothing, variance: f64::NAN, df: 0 };
    }
    let per_mean = mean(&cells.iter().map(|c| 1.0 / c.runs as f64).collect::<Vec<_>>());
    let variance = within / within_df as f64 * per_mean;
    ErrorOf { source: ErrorSource::Runs, variance, df: within_df }
}

fn effect(term: Term, coefficient: f64, unit: f64, error: &ErrorOf) -> Effect {
    let power = f64::from(1_u32 << term.len());
    let standard_error = (error.variance * unit).sqrt();
    let known = error.source != ErrorSource::Nothing;
    let df = error.df as f64;
    Effect {
        ratio: (power * coefficient).exp(),
        ratio_ci95: known.then(|| {
            Interval::around(coefficient, t95(df) * standard_error).map(|b| (power * b).exp())
        }),
        p: known.then(|| probability(coefficient, standard_error, df)),
        p_holm: None,
        term,
    }
}

impl Effect {
    /// Exactly none.
    fn none(term: Term) -> Self {
        let ratio_ci95 = Some(Interval::new(1.0, 1.0));
        Self { term, ratio: 1.0, ratio_ci95, p: Some(1.0), p_holm: None }
    }
}

fn probability(coefficient: f64, standard_error: f64, df: f64) -> f64 {
    t_two_sided(coefficient / standard_error.max(f64::MIN_POSITIVE), df)
}

fn adjust(effects: &mut [Effect]) {
    let p: Vec<f64> = effects.iter().filter_map(|e| e.p).collect();
    let mut adjusted = holm(&p).into_iter();
    for effect in effects.iter_mut().filter(|e| e.p.is_some()) {
        effect.p_holm = adjusted.next();
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells whose logs are `effect` of the technique bits, with a small fixed deviation.
    fn grid(
        factors: usize,
        keep: impl Fn(usize) -> bool,
        ln: impl Fn(&[bool]) -> f64,
    ) -> Vec<GridCell> {
        (0..1_usize << factors)
            .filter(|&bits| keep(bits))
            .map(|bits| {
                let on: Vec<bool> = (0..factors).map(|i| bits >> i & 1 == 1).collect();
                let deviation = 1e-3 * ((bits * 37 % 11) as f64 - 5.0);
                GridCell { values: vec![(ln(&on) + deviation).exp()], on }
            })
            .collect()
    }

    fn ln_effects(on: &[bool]) -> f64 {
        let halves = if on[0] { 0.5_f64.ln() } else { 0.0 };
        let together = if on[1] && on[2] { 1.2_f64.ln() } else { 0.0 };
        10.0 + halves + together
    }

    #[test]
    fn a_full_grid_gives_main_effects_and_interactions() {
        let result = factorial(&grid(4, |_| true, ln_effects)).unwrap();
        assert_eq!((result.effects.len(), result.df), (10, 5));
        assert!(result.confounded.is_empty());
        let halved = &result.effects[0];
        assert!(halved.ratio_ci95.unwrap().contains(0.5) && halved.p_holm.unwrap() < 1e-4);
        let pair = result.effects.iter().find(|e| e.term == [1, 2]).unwrap();
        assert!(pair.ratio_ci95.unwrap().contains(1.2), "{pair:?}");
        let idle = &result.effects[3];
        assert!(idle.ratio_ci95.unwrap().contains(1.0), "{idle:?}");
    }

    #[test]
    fn a_fraction_states_what_it_mixes_up() {
        // Half of 2^3: technique 2 is on where 0 and 1 agree, so each equals the other pair.
        let half = |bits: usize| bits.count_ones() % 2 == 1;
        let result = factorial(&grid(3, half, ln_effects)).unwrap();
        assert_eq!(result.effects.len(), 3);
        assert_eq!(
            result.confounded[0],
            Confounded { term: vec![0, 1], with: vec![(vec![2], 1.0)] }
        );
        assert_eq!(result.error, ErrorSource::Nothing);
        assert_eq!(result.effects[0].ratio_ci95, None);
    }

    #[test]
    fn a_saturated_grid_falls_back_on_its_runs() {
        let mut cells = grid(2, |_| true, |on| f64::from(u8::from(on[0])));
        for cell in &mut cells {
            let value = cell.values[0];
            cell.values = vec![value * 0.99, value, value * 1.01];
        }
        let result = factorial(&cells).unwrap();
        assert_eq!((result.error, result.df), (ErrorSource::Runs, 8));
        assert!(result.effects[0].ratio_ci95.unwrap().contains(std::f64::consts::E));
    }

    #[test]
    fn deterministic_effects_are_exact() {
        let cells: Vec<GridCell> = grid(4, |_| true, |_| 0.0)
            .into_iter()
            .map(|cell| GridCell { values: vec![if cell.on[1] { 50.0 } else { 100.0 }], ..cell })
            .collect();
        let result = factorial(&cells).unwrap();
        assert!((result.effects[1].ratio - 0.5).abs() < 1e-12);
        assert!(result.effects[1].p_holm.unwrap() < 1e-6);
        assert!(result.effects[0].p_holm.unwrap() > 0.5, "{:?}", result.effects[0]);
    }

    #[test]
    fn three_that_act_together_enter_and_leave_no_error_behind() {
        // A layout matters only while nothing is streamed, and half as much with a pool.
        let held = |on: &[bool]| match (on[0], on[1], on[2]) {
            (_, true, _) => 8.0_f64,
            (false, false, false) => 26.0,
            (false, false, true) => 14.0,
            (true, false, _) => 11.0,
        };
        let cells: Vec<GridCell> = grid(6, |_| true, |_| 0.0)
            .into_iter()
            .map(|cell| GridCell { values: vec![held(&cell.on); 3], ..cell })
            .collect();
        let result = factorial(&cells).unwrap();
        let threes: Vec<&Effect> = result.effects.iter().filter(|e| e.term.len() == 3).collect();
        assert_eq!(threes.len(), 1, "{threes:?}");
        assert_eq!(threes[0].term, [0, 1, 2]);
        assert_eq!(result.error, ErrorSource::Exact);
        let idle = &result.effects[4];
        assert_eq!((idle.ratio, idle.ratio_ci95), (1.0, Some(Interval::new(1.0, 1.0))));
        let streamed = result.effects[1].ratio_ci95.unwrap();
        assert!(streamed.high - streamed.low < 1e-9 && streamed.high < 1.0, "{streamed:?}");
    }

    #[test]
    fn noise_alone_brings_in_no_interaction_of_three() {
        use rand_distr::{Distribution, StandardNormal};
        let mut random = rand_pcg::Pcg64::new(7, 7);
        let mut deviate = || -> f64 { StandardNormal.sample(&mut random) };
        let entered = (0..400)
            .filter(|_| {
                let cells: Vec<GridCell> = grid(5, |_| true, |_| 0.0)
                    .into_iter()
                    .map(|cell| GridCell { values: vec![(0.01 * deviate()).exp()], ..cell })
                    .collect();
                factorial(&cells).unwrap().effects.iter().any(|e| e.term.len() == 3)
            })
            .count();
        assert!(entered <= 12, "1 % is 4 of 400; {entered}");
    }

    #[test]
    fn a_zero_in_every_run_is_a_zero_whatever_the_model_misses() {
        // Four techniques act together, which no term of the model says; the fifth does nothing.
        let all = |on: &[bool]| on[..4].iter().all(|on| *on);
        let cells: Vec<GridCell> = grid(5, |_| true, |_| 0.0)
            .into_iter()
            .map(|cell| GridCell { values: vec![if all(&cell.on) { 9.0 } else { 2.0 }; 2], ..cell })
            .collect();
        let result = factorial(&cells).unwrap();
        assert_eq!(result.effects[4].ratio_ci95, Some(Interval::new(1.0, 1.0)));
        assert!(result.effects[0].ratio > 1.1);
    }

    #[test]
    fn a_technique_never_off_is_part_of_the_mean() {
        let result = factorial(&grid(3, |bits| bits & 1 == 1, ln_effects)).unwrap();
        assert_eq!(result.confounded[0], Confounded { term: vec![0], with: vec![(vec![], 1.0)] });
        assert!(factorial(&[]).is_err());
        let one = GridCell { on: vec![true], values: vec![1.0] };
        assert!(matches!(factorial(&[one]), Err(Undetermined::Shape { .. })));
    }
}
