//! How well each law accounts for the data, all its parameters integrated out.
//!
//! Coefficients have a flat prior over the range of the values, so a law pays for each by how much sharper
//! the data makes it: a spare parameter is not free. Shapes and the size of the misfit are summed over.

use std::f64::consts::TAU;

use super::curve::Size;
use super::law::{COEFFICIENTS, Coefficients, EXPONENTS, Law, Search, Shaped};
use super::noise::{Data, NOISE_MODELS, Noise, NoiseModel};

/// One point of the posterior: a law with its shape and noise, coefficients normal.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Component {
    pub(super) shaped: Shaped,
    /// Half of the stretch of shapes that this one stands for: of a phase.
    pub(super) reach: f64,
    pub(super) kind: NoiseModel,
    pub(super) s: f64,
    pub(super) beta: Coefficients,
    pub(super) covariance: [Coefficients; COEFFICIENTS],
    pub(super) ln_weight: f64,
    /// The smallest size it was read from.
    pub(super) from: f64,
    /// Whether the largest size was left out.
    pub(super) without_largest: bool,
    /// Whether it may as well be level beyond the largest size.
    pub(super) may_stay: bool,
}

/// Misfits that are looked at, relative.
const MISFIT_MAX: f64 = 0.35;
const MISFIT_MIN: f64 = 1e-9;
/// Neighbouring misfits of the sum, as a factor.
const MISFIT_STEP: f64 = 1.6;

/// A coefficient below zero: memory that falls as the input grows is rare.
const FALLING: f64 = 0.02;

/// A law that misses by far more than this is hardly one.
const ROUGH: f64 = 0.1;

/// Prior of a misfit, beside being spread evenly over its logarithm.
fn ln_rough(misfit: f64) -> f64 {
    -(misfit / ROUGH).powi(2).ln_1p()
}

/// Components this far (in logarithms) below the best are left out.
const NEGLIGIBLE: f64 = 7.0;

/// How far a misfit may lie above its neighbours.
const SLACK: f64 = 2.0;

/// The evidence of laws on one set of points.
pub(super) struct Evidence<'a> {
    data: &'a Data,
    smallest: Size,
    largest: Size,
    /// Misfits, ascending.
    misfits: Vec<f64>,
    /// Factored covariances, by kind and misfit, as they are needed.
    noises: Vec<Cached>,
    scratch: Vec<f64>,
}

/// A covariance that is factored when it is first needed.
#[derive(Debug, Clone)]
enum Cached {
    Unknown,
    Singular,
    Known(Whitened),
}

#[derive(Debug, Clone)]
struct Whitened {
    noise: Noise,
    values: Vec<f64>,
    ones: Vec<f64>,
    values_squared: f64,
}

/// A shape with its columns, and the weight of the stretch it stands for.
struct Node {
    shaped: Shaped,
    columns: Vec<f64>,
    ln_prior: f64,
    reach: f64,
    may_stay: bool,
}

struct Solved {
    ln_evidence: f64,
    beta: Coefficients,
    covariance: [Coefficients; COEFFICIENTS],
}

impl<'a> Evidence<'a> {
    /// `range` holds the sizes that columns are scaled by, the same for all sets of points.
    pub(super) fn new(data: &'a Data, smallest: Size, largest: Size) -> Self {
        let known = data.known.iter().zip(&data.values).map(|(k, v)| k.sqrt() / v);
        let least = (0.2 * known.fold(f64::INFINITY, f64::min)).clamp(MISFIT_MIN, 1e-2);
        let steps = ((MISFIT_MAX / least).ln() / MISFIT_STEP.ln()).ceil() as usize;
        let misfits: Vec<f64> =
            (0..=steps).map(|i| MISFIT_MAX / MISFIT_STEP.powi((steps - i) as i32)).collect();
        let noises = vec![Cached::Unknown; NOISE_MODELS.len() * misfits.len()];
        let scratch = vec![0.0; data.len() * COEFFICIENTS];
        Self { data, smallest, largest, misfits, noises, scratch }
    }

    /// The components of a law, `share` its prior weight; empty where there are too few points, or where
    /// even the best of them would be negligible beside `floor`.
    pub(super) fn components(&mut self, law: Law, share: f64, floor: f64) -> Vec<Component> {
        if self.data.len() < law.parameters() + 2 {
            return Vec::new();
        }
        let nodes = self.nodes(law, floor);
        let mut components = Vec::new();
        let windows = self.windows(&nodes, floor);
        let ln_misfit = -(self.misfits.len() as f64).ln();
        let mut best = floor;
        for (k, window) in windows.into_iter().enumerate() {
            let ln_share = ln_misfit + (share / NOISE_MODELS.len() as f64).ln();
            let possible = |at: &usize| self.misfits[*at] <= law.misfit_max();
            let window: Vec<usize> = window.filter(possible).collect();
            for node in &nodes {
                // Every other misfit first: what lies between two that are far off cannot matter.
                let mut matters = vec![false; window.len() + 1];
                for (i, &at) in window.iter().enumerate().step_by(2) {
                    let Some(found) = self.weighed(node, (k, at), ln_share) else { continue };
                    let is_near = found.0 > best - NEGLIGIBLE - SLACK;
                    (matters[i.saturating_sub(1)], matters[i + 1]) =
                        (matters[i.saturating_sub(1)] || is_near, is_near);
                    best = best.max(found.0);
                    components.extend(self.kept(best, node, (k, at), found));
                }
                for (i, &at) in window.iter().enumerate().skip(1).step_by(2) {
                    let found =
                        if matters[i] { self.weighed(node, (k, at), ln_share) } else { None };
                    let Some(found) = found else { continue };
                    best = best.max(found.0);
                    components.extend(self.kept(best, node, (k, at), found));
                }
            }
        }
        components.retain(|c| c.ln_weight > best - NEGLIGIBLE);
        components
    }

    /// A node with a kind and size of misfit, and the logarithm of its weight.
    fn weighed(
        &mut self,
        node: &Node,
        (kind, at): (usize, usize),
        ln_share: f64,
    ) -> Option<(f64, Solved)> {
        let solved = self.solve(node, kind, at)?;
        Some((solved.ln_evidence + node.ln_prior + ln_share + ln_rough(self.misfits[at]), solved))
    }

    /// The component, unless it is negligible beside the best.
    fn kept(
        &self,
        best: f64,
        node: &Node,
        (kind, at): (usize, usize),
        (ln_weight, solved): (f64, Solved),
    ) -> Option<Component> {
        (ln_weight > best - NEGLIGIBLE).then(|| Component {
            shaped: node.shaped,
            reach: node.reach,
            kind: NOISE_MODELS[kind],
            s: self.misfits[at],
            beta: solved.beta,
            covariance: solved.covariance,
            ln_weight,
            from: self.data.sizes[0].n,
            without_largest: false,
            may_stay: node.may_stay,
        })
    }

    /// Per kind the misfits that matter, found at the best nodes.
    fn windows(&mut self, nodes: &[Node], floor: f64) -> Vec<std::ops::Range<usize>> {
        const STRIDE: usize = 3;
        let count = self.misfits.len();
        let mut found = Vec::with_capacity(NOISE_MODELS.len());
        let mut overall = floor;
        let peaks = self.peaks(nodes);
        for k in 0..NOISE_MODELS.len() {
            let mut scores = vec![f64::NEG_INFINITY; count.div_ceil(STRIDE)];
            for (i, score) in scores.iter_mut().enumerate() {
                for &at in &peaks {
                    if let Some(solved) = self.solve(&nodes[at], k, i * STRIDE) {
                        *score = score.max(solved.ln_evidence);
                    }
                }
            }
            let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            overall = overall.max(best);
            found.push((scores, best));
        }
        found
            .into_iter()
            .map(|(scores, best)| {
                if best < overall - NEGLIGIBLE {
                    return 0..0;
                }
                let matters = |s: &f64| *s > overall - NEGLIGIBLE;
                let first = scores.iter().position(matters).unwrap_or(0);
                let last = scores.iter().rposition(matters).unwrap_or(0);
                (first * STRIDE).saturating_sub(STRIDE - 1)..(last * STRIDE + STRIDE).min(count)
            })
            .collect()
    }

    /// The nodes that misfits are looked for at: a dozen, the best by a coarse look among them.
    fn peaks(&mut self, nodes: &[Node]) -> Vec<usize> {
        const FEW: usize = 6;
        if nodes.len() <= FEW {
            return (0..nodes.len()).collect();
        }
        let mut best: Vec<(f64, usize)> = Vec::new();
        for at in (0..self.misfits.len()).step_by(4) {
            let found = (0..nodes.len())
                .filter_map(|i| Some((self.solve(&nodes[i], 0, at)?.ln_evidence, i)))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            best.extend(found);
        }
        let mut peaks: Vec<usize> = best.into_iter().map(|b| b.1).collect();
        peaks.sort_unstable();
        peaks.dedup();
        peaks
    }

    fn nodes(&mut self, law: Law, floor: f64) -> Vec<Node> {
        match law.search() {
            Search::None => self.node(law, 0.0, 0.0, 0.0).into_iter().collect(),
            Search::Phase => self.phases(law),
            Search::Exponent => {
                let coarse = (0..=14)
                    .map(|i| EXPONENTS.0 * (EXPONENTS.1 / EXPONENTS.0).powf(f64::from(i) / 14.0));
                self.refined(law, &coarse.collect::<Vec<_>>(), floor)
            }
            Search::Bend => {
                let coarse = self.bends(law);
                self.refined(law, &coarse, floor)
            }
        }
    }

    fn node(&self, law: Law, shape: f64, ln_prior: f64, reach: f64) -> Option<Node> {
        let shaped = Shaped::new(law, shape, self.smallest, self.largest)?;
        let columns = self.data.sizes.iter().flat_map(|&size| {
            let at = shaped.at(size);
            [at[1], at[2]]
        });
        // By column: the first beside the constant, then the second.
        let pairs: Vec<f64> = columns.collect();
        let first = pairs.iter().step_by(2);
        let second = pairs.iter().skip(1).step_by(2);
        let columns = first.chain(second).copied().collect();
        Some(Node { shaped, columns, ln_prior, reach, may_stay: false })
    }

    /// Phases are alike between those at which a size falls over a step.
    fn phases(&self, law: Law) -> Vec<Node> {
        let factors = law.factors();
        let logs = || self.data.sizes.iter().filter(|s| s.n > 0.0).map(|s| s.ln);
        let ln_prior = -(factors.len() as f64).ln();
        let mut nodes = Vec::new();
        for (place, factor) in factors.iter().enumerate() {
            let mut breaks: Vec<f64> =
                logs().map(|ln| (ln / factor.ln()).rem_euclid(1.0)).collect();
            breaks.sort_by(f64::total_cmp);
            breaks.dedup_by(|a, b| (*a - *b).abs() < 1e-6);
            breaks.push(breaks[0] + 1.0);
            nodes.extend(breaks.windows(2).filter_map(|pair| {
                let wide = pair[1] - pair[0];
                let shape = Law::stepped(place, 0.5 * (pair[0] + pair[1]));
                let node = self.node(law, shape, wide.ln() + ln_prior, 0.5 * wide)?;
                if law != Law::Levels {
                    return Some(node);
                }
                let seen = levels(&node);
                (seen >= LEVELS_MIN).then_some(Node { may_stay: seen < LEVELS_SURE, ..node })
            }));
        }
        nodes
    }

    /// Where a law may bend: at least two sizes before, at least three from there on (of a rising one).
    fn bends(&self, law: Law) -> Vec<f64> {
        const STEPS: usize = 3;
        let logs: Vec<f64> = self.data.sizes.iter().filter(|s| s.n > 0.0).map(|s| s.ln).collect();
        let after = if law == Law::Levelling { 2 } else { 3 };
        let Some(last) = logs.len().checked_sub(after).filter(|&last| last >= 2) else {
            return Vec::new();
        };
        logs[1..=last]
            .windows(2)
            .flat_map(|pair| {
                (0..STEPS).map(|i| pair[0] + (pair[1] - pair[0]) * (i as f64 + 0.5) / STEPS as f64)
            })
            .collect()
    }

    /// The coarse shapes and a fine comb about the best of them, as wide as the data leaves it open.
    fn refined(&mut self, law: Law, coarse: &[f64], floor: f64) -> Vec<Node> {
        const COMB: [f64; 9] = [0.0, 0.6, 1.2, 1.8, 2.5, 3.5, 5.0, 9.0, 20.0];
        let (Some(&low), Some(&high)) = (coarse.first(), coarse.last()) else { return Vec::new() };
        let (mut at, mut noise) = (low, (0, self.misfits.len() - 1));
        let mut best = f64::NEG_INFINITY;
        for &shape in coarse {
            let found = self.best_noise(law, shape);
            if found.0 > best {
                (best, noise, at) = (found.0, found.1, shape);
            }
        }
        if !best.is_finite() {
            return Vec::new();
        }
        let place = coarse.iter().position(|c| c.to_bits() == at.to_bits()).unwrap_or(0);
        let mut bracket =
            (coarse[place.saturating_sub(1)], coarse[(place + 1).min(coarse.len() - 1)]);
        // Twice: with less misfit at a better shape, the best misfit is smaller as well.
        for tolerance in [1e-4, 1e-8] {
            at = self.golden(law, bracket, noise, tolerance);
            noise = self.best_noise(law, at).1;
            bracket = (bracket.0.max(at - 0.02), bracket.1.min(at + 0.02));
        }
        // What the shape is worth is at most its peak.
        if self.best_noise(law, at).0 < floor - NEGLIGIBLE {
            return Vec::new();
        }
        let sd = self.width(law, at, noise, high - low);
        let mut shapes: Vec<f64> = coarse.to_vec();
        for step in COMB {
            shapes.extend([at - step * sd, at + step * sd]);
        }
        shapes.retain(|s| (low..=high).contains(s));
        shapes.sort_by(f64::total_cmp);
        shapes.dedup_by(|a, b| (*a - *b).abs() < 1e-3 * sd);
        self.weighted(law, &shapes)
    }

    /// Trapezoid weights over the whole stretch.
    fn weighted(&self, law: Law, shapes: &[f64]) -> Vec<Node> {
        let Some(range) = shapes.last().map(|last| last - shapes[0]).filter(|r| *r > 0.0) else {
            return Vec::new();
        };
        (0..shapes.len())
            .filter_map(|i| {
                let before = shapes[i.saturating_sub(1)];
                let after = shapes[(i + 1).min(shapes.len() - 1)];
                self.node(law, shapes[i], (0.5 * (after - before) / range).ln(), 0.0)
            })
            .collect()
    }

    /// The best kind and misfit of a shape, on a coarse grid of misfits.
    fn best_noise(&mut self, law: Law, shape: f64) -> (f64, (usize, usize)) {
        let mut best = (f64::NEG_INFINITY, (0, self.misfits.len() - 1));
        let Some(node) = self.node(law, shape, 0.0, 0.0) else { return best };
        for k in 0..3 {
            for at in (0..self.misfits.len()).step_by(4) {
                if let Some(solved) = self.solve(&node, k, at).filter(|s| s.ln_evidence > best.0) {
                    best = (solved.ln_evidence, (k, at));
                }
            }
        }
        best
    }

    fn score(&mut self, law: Law, shape: f64, noise: (usize, usize)) -> f64 {
        let node = self.node(law, shape, 0.0, 0.0);
        node.and_then(|node| self.solve(&node, noise.0, noise.1))
            .map_or(f64::NEG_INFINITY, |s| s.ln_evidence)
    }

    fn golden(
        &mut self,
        law: Law,
        (mut low, mut high): (f64, f64),
        noise: (usize, usize),
        tolerance: f64,
    ) -> f64 {
        const SHARE: f64 = 0.618_033_988_749_894_9;
        let (mut a, mut b) = (high - SHARE * (high - low), low + SHARE * (high - low));
        let (mut fa, mut fb) = (self.score(law, a, noise), self.score(law, b, noise));
        while high - low > tolerance {
            if fa > fb {
                (high, b, fb) = (b, a, fa);
                a = high - SHARE * (high - low);
                fa = self.score(law, a, noise);
            } else {
                (low, a, fa) = (a, b, fb);
                b = low + SHARE * (high - low);
                fb = self.score(law, b, noise);
            }
        }
        0.5 * (low + high)
    }

    /// How far the evidence falls by half a unit, by doubling.
    fn width(&mut self, law: Law, at: f64, noise: (usize, usize), most: f64) -> f64 {
        let best = self.score(law, at, noise);
        let mut step = 1e-8;
        while step < most {
            let fallen =
                best - self.score(law, at + step, noise).max(self.score(law, at - step, noise));
            if fallen > 0.5 {
                break;
            }
            step *= 2.0;
        }
        step / 1.4
    }

    fn solve(&mut self, node: &Node, kind: usize, misfit: usize) -> Option<Solved> {
        let index = kind * self.misfits.len() + misfit;
        if matches!(self.noises[index], Cached::Unknown) {
            self.noises[index] = whitened(self.data, NOISE_MODELS[kind], self.misfits[misfit])
                .map_or(Cached::Singular, Cached::Known);
        }
        match &self.noises[index] {
            Cached::Known(whitened) => solve(node, whitened, &mut self.scratch),
            Cached::Unknown | Cached::Singular => None,
        }
    }
}

/// Fewest levels: two jumps of one height. Two windows that fill one after the other do the same by
/// chance, so that with fewer than [`LEVELS_SURE`] the top one may be the last.
const LEVELS_MIN: usize = 3;
const LEVELS_SURE: usize = 4;

fn levels(node: &Node) -> usize {
    let mut seen = node.columns[..node.columns.len() / 2].to_vec();
    seen.dedup();
    seen.len()
}

fn whitened(data: &Data, kind: NoiseModel, s: f64) -> Option<Whitened> {
    let noise = Noise::new(data, kind, s)?;
    let (mut values, mut ones) = (vec![0.0; data.len()], vec![0.0; data.len()]);
    noise.whiten(&data.values, &mut values);
    noise.whiten(&vec![1.0; data.len()], &mut ones);
    let values_squared = dot(&values, &values);
    Some(Whitened { noise, values, ones, values_squared })
}

/// `ln ∫ N(y; Xb, V) db`, with b's posterior. `None` where columns are one and the same, or where a sum
/// has a term below zero.
fn solve(node: &Node, whitened: &Whitened, scratch: &mut [f64]) -> Option<Solved> {
    let n = whitened.values.len();
    let law = node.shaped.law;
    let p = law.coefficients();
    let (first, second) = scratch.split_at_mut(n);
    if p > 1 {
        whitened.noise.whiten(&node.columns[..n], first);
    }
    if p > 2 {
        whitened.noise.whiten(&node.columns[n..], &mut second[..n]);
    }
    let columns: [&[f64]; COEFFICIENTS] = [&whitened.ones, &*first, &second[..n]];
    let mut gram = [[0.0; COEFFICIENTS]; COEFFICIENTS];
    let mut right = [0.0; COEFFICIENTS];
    for i in 0..p {
        right[i] = dot(columns[i], &whitened.values);
        for j in 0..=i {
            gram[i][j] = dot(columns[i], columns[j]);
        }
    }
    let factor = cholesky(&gram, p)?;
    let beta = backward(&factor, &forward(&factor, &right, p), p);
    // The sum of squares from the residuals themselves: a difference of large sums loses its digits.
    let rss: f64 = (0..n)
        .map(|i| {
            let fitted: f64 = (0..p).map(|j| beta[j] * columns[j][i]).sum();
            (whitened.values[i] - fitted).powi(2)
        })
        .sum();
    debug_assert!(rss <= whitened.values_squared * (1.0 + 1e-6) + 1e-6);
    if law.is_sum() && beta[1..p].iter().any(|b| *b < 0.0) {
        return None;
    }
    let falls = p == 2 && beta[1] < 0.0;
    let ln_gram: f64 = (0..p).map(|i| 2.0 * factor[i][i].ln()).sum();
    let ln_evidence = -0.5 * ((n - p) as f64 * TAU.ln() + whitened.noise.ln_det + ln_gram + rss)
        + if falls { FALLING.ln() } else { 0.0 };
    // Sizes that span hundreds of decades leave no number.
    let sound = ln_evidence.is_finite() && beta.iter().all(|b| b.is_finite());
    sound.then(|| Solved { ln_evidence, beta, covariance: inverse(&factor, p) })
}

type Matrix = [Coefficients; COEFFICIENTS];

fn cholesky(gram: &Matrix, p: usize) -> Option<Matrix> {
    let mut factor = [[0.0; COEFFICIENTS]; COEFFICIENTS];
    for i in 0..p {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let entry = gram[i][j] - sum;
            factor[i][j] = if i == j {
                (entry > 1e-12 * gram[i][i] && entry.is_finite()).then(|| entry.sqrt())?
            } else {
                entry / factor[j][j]
            };
        }
    }
    Some(factor)
}

fn forward(factor: &Matrix, right: &Coefficients, p: usize) -> Coefficients {
    let mut x = [0.0; COEFFICIENTS];
    for i in 0..p {
        let sum: f64 = (0..i).map(|k| factor[i][k] * x[k]).sum();
        x[i] = (right[i] - sum) / factor[i][i];
    }
    x
}

fn backward(factor: &Matrix, right: &Coefficients, p: usize) -> Coefficients {
    let mut x = [0.0; COEFFICIENTS];
    for i in (0..p).rev() {
        let sum: f64 = (i + 1..p).map(|k| factor[k][i] * x[k]).sum();
        x[i] = (right[i] - sum) / factor[i][i];
    }
    x
}

fn inverse(factor: &Matrix, p: usize) -> Matrix {
    let mut columns = [[0.0; COEFFICIENTS]; COEFFICIENTS];
    for (j, column) in columns.iter_mut().enumerate().take(p) {
        let mut unit = [0.0; COEFFICIENTS];
        unit[j] = 1.0;
        *column = backward(factor, &forward(factor, &unit, p), p);
    }
    columns
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::super::noise::Relative;
    use super::super::{Growth, SizePoint, growth, scaled};
    use super::*;
    use crate::growth::curve::Class;
    use serde_json::Value;

    /// Each law on fixed data, with a fixed shape and noise, beside what statsmodels' generalised least
    /// squares and SciPy's normal density make of it: `tests/reference/make.py`.
    #[test]
    fn evidence_and_expectation_agree_with_an_independent_tool() {
        let values: Value =
            serde_json::from_str(include_str!("../../tests/reference/values.json")).unwrap();
        let cases = values["evidence"].as_array().unwrap();
        assert_eq!(cases.len(), 18);
        for case in cases {
            let number = |key: &str| case[key].as_f64().unwrap();
            let points: Vec<SizePoint> = case["points"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| {
                    let at = |i: usize| p[i].as_f64().unwrap();
                    SizePoint::single(at(0), at(1)).with_quantum(at(2))
                })
                .collect();
            let (data, ruler) = scaled(&points, None);
            let (smallest, largest) = (data.sizes[0], data.sizes[data.len() - 1]);
            let kind = NoiseModel {
                relative: match case["relative"].as_str().unwrap() {
                    "value" => Relative::Value,
                    "growth" => Relative::Growth,
                    _ => Relative::Chunks,
                },
                correlated: case["correlated"].as_bool().unwrap(),
            };
            let mut evidence = Evidence::new(&data, smallest, largest);
            let node = evidence.node(law(&case["law"]), number("shape"), 0.0, 0.0).unwrap();
            let whitened = whitened(&data, kind, number("misfit")).unwrap();
            let solved = solve(&node, &whitened, &mut evidence.scratch).unwrap();
            agree(solved.ln_evidence, number("ln_evidence"), case);
            let component = Component {
                shaped: node.shaped,
                reach: 0.0,
                kind,
                s: number("misfit"),
                beta: solved.beta,
                covariance: solved.covariance,
                ln_weight: 0.0,
                from: 0.0,
                without_largest: false,
                may_stay: false,
            };
            let at = number("at");
            agree(component.mean(at) * ruler.scale, number("mean"), case);
            let x = component.shaped.at(Size::new(at));
            agree(component.variance_of(&x).sqrt() * ruler.scale, number("sd"), case);
        }
    }

    fn law(name: &Value) -> Law {
        match name.as_str().unwrap() {
            "flat" => Law::Flat,
            "log" => Law::Named(Class::Logarithmic),
            "line" => Law::Named(Class::Linear),
            "n log n" => Law::Named(Class::Linearithmic),
            "power" => Law::Power,
            "rooted" => Law::Rooted,
            "filling" => Law::Filling,
            "levelling" => Law::Levelling,
            "rising" => Law::Rising,
            "doubling" => Law::Doubling,
            "line and doubling" => Law::LineDoubling,
            "root" => Law::Named(Class::SquareRoot),
            "square" => Law::Named(Class::Quadratic),
            "with log" => Law::WithLog,
            "growing" => Law::Growing,
            "levels" => Law::Levels,
            other => panic!("{other}"),
        }
    }

    #[track_caller]
    fn agree(ours: f64, theirs: f64, case: &Value) {
        assert!((ours - theirs).abs() <= 1e-9 * theirs.abs(), "{ours} {theirs} {}", case["law"]);
    }

    /// The sum over shapes does not miss a peak between its coarse steps: exact data, a narrow peak.
    #[test]
    fn a_narrow_exponent_is_found() {
        let points: Vec<SizePoint> = (0..9)
            .map(|i| 1e4 * 2.5_f64.powi(i))
            .map(|n| SizePoint::single(n, 1e5 + 3.7 * n.powf(0.837)))
            .collect();
        let found: Growth = growth(&points, None, &[]).unwrap();
        let exponent = found.exponent.unwrap();
        assert!(
            exponent.ci95.contains(0.837) && exponent.ci95.half_width() < 0.011,
            "{exponent:?}"
        );
    }
}
