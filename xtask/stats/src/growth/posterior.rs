//! What is left of all laws, over the ways in which the data may be read: with or without the empty
//! document, from some size on, with or without a point that fits nothing.

use super::curve::{Class, Size};
use super::evidence::{Component, Evidence};
use super::law::{LAWS, Law};
use super::noise::Data;

/// One law with its components over all readings, best first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weighed {
    pub(super) law: Law,
    /// Logarithm of its evidence, its share of its class's vote counted.
    pub(super) ln_evidence: f64,
    /// Its probability among all laws.
    pub(super) share: f64,
    /// Normalised within the law.
    pub(super) components: Vec<(f64, Component)>,
}

/// The posterior over laws.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Posterior {
    /// Best first.
    pub(super) laws: Vec<Weighed>,
    /// Probability of each class, [`Class::ALL`]'s order.
    pub(super) classes: [f64; Class::ALL.len()],
    /// That the largest size fits it too.
    pub(super) sound: [f64; Class::ALL.len()],
    /// Probability that the empty document fits the other sizes.
    pub(super) anchored: f64,
    /// Probability that the largest size fits nothing.
    pub(super) largest_is_off: f64,
}

/// A point that is left out is known to about this share of its value.
const LEFT_OUT_WITHIN: f64 = 0.3;

/// Prior probability that the empty document takes the path of the others.
const ANCHORED: f64 = 0.5;

/// Prior odds that the law begins one size later.
const LATER: f64 = 0.7;

/// Prior probability that one given size is off.
const OFF: f64 = 0.02;

/// Fewest points a law is read from when others are left out.
const LEFT_MIN: usize = 4;

/// Components per law that are kept.
const KEPT: usize = 96;

/// One way to read the data.
struct Reading {
    data: Data,
    ln_prior: f64,
    anchored: bool,
    without_largest: bool,
}

/// `data` ascending; the first point is the empty document where `anchored`.
pub(super) fn posterior(data: &Data, anchored: bool) -> Option<Posterior> {
    let first = usize::from(anchored);
    let (smallest, largest) = (data.sizes[first], *data.sizes.last()?);
    let mut found: Vec<(Law, Vec<Component>)> = LAWS.iter().map(|l| (l.0, Vec::new())).collect();
    let (mut total, mut with_anchor, mut off) = (Sum::new(), Sum::new(), Sum::new());
    let mut best = f64::NEG_INFINITY;
    for reading in readings(data, anchored) {
        let mut evidence = Evidence::new(&reading.data, smallest, largest);
        for (place, (law, share)) in LAWS.iter().enumerate() {
            let mut components = evidence.components(*law, *share, best - reading.ln_prior);
            for component in &mut components {
                component.ln_weight += reading.ln_prior;
                component.without_largest = reading.without_largest;
                best = best.max(component.ln_weight);
                total.add(component.ln_weight);
                if reading.anchored {
                    with_anchor.add(component.ln_weight);
                }
                if reading.without_largest {
                    off.add(component.ln_weight);
                }
            }
            found[place].1.append(&mut components);
        }
    }
    let mut laws: Vec<Weighed> =
        found.into_iter().filter_map(|(law, components)| weighed(law, components)).collect();
    laws.sort_by(|a, b| b.ln_evidence.total_cmp(&a.ln_evidence));
    let best = laws.first()?.ln_evidence;
    let sum: f64 = laws.iter().map(|l| (l.ln_evidence - best).exp()).sum();
    for law in &mut laws {
        law.share = (law.ln_evidence - best).exp() / sum;
    }
    let votes = |counts: &dyn Fn(&Component) -> bool| {
        let mut votes = [0.0; Class::ALL.len()];
        for law in &laws {
            for (weight, component) in law.components.iter().filter(|(_, c)| counts(c)) {
                // Constant is the first of the classes.
                let stays = if component.may_stay { 0.5 * weight } else { 0.0 };
                votes[0] += law.share * stays;
                votes[law.law.class() as usize] += law.share * (weight - stays);
            }
        }
        votes
    };
    let share = |part: &Sum| (part.ln() - total.ln()).exp();
    let (classes, sound) = (votes(&|_| true), votes(&|c| !c.without_largest));
    Some(Posterior {
        anchored: share(&with_anchor),
        largest_is_off: share(&off),
        laws,
        classes,
        sound,
    })
}

fn weighed(law: Law, mut components: Vec<Component>) -> Option<Weighed> {
    let mut sum = Sum::new();
    for component in &components {
        sum.add(component.ln_weight);
    }
    components.sort_by(|a, b| b.ln_weight.total_cmp(&a.ln_weight));
    components.truncate(KEPT);
    let mut kept = Sum::new();
    for component in &components {
        kept.add(component.ln_weight);
    }
    let ln_evidence = sum.ln();
    let normalised =
        components.into_iter().map(|c| ((c.ln_weight - kept.ln()).exp(), c)).collect::<Vec<_>>();
    (!normalised.is_empty()).then_some(Weighed {
        law,
        ln_evidence,
        share: 0.0,
        components: normalised,
    })
}

fn readings(data: &Data, anchored: bool) -> Vec<Reading> {
    let n = data.len();
    let first = usize::from(anchored);
    let left_out = |i: usize| -(LEFT_OUT_WITHIN * data.values[i].max(1e-300)).ln();
    let part = |keep: &dyn Fn(usize) -> bool, ln_prior: f64, anchored: bool| Reading {
        data: data.part(keep),
        ln_prior,
        anchored,
        without_largest: !keep(n - 1),
    };
    let mut readings = Vec::new();
    if anchored {
        readings.push(part(&|_| true, ANCHORED.ln(), true));
    }
    let free = if anchored { (1.0 - ANCHORED).ln() + left_out(0) } else { 0.0 };
    readings.push(part(&|i| i >= first, free, false));
    let mut ln_prior = free;
    for start in first + 1..=n.saturating_sub(LEFT_MIN) {
        ln_prior += left_out(start - 1) + LATER.ln();
        readings.push(part(&|i| i >= start, ln_prior, false));
    }
    if n - first > LEFT_MIN {
        let off = free + left_out(n - 1) + OFF.ln();
        readings.push(part(&|i| i >= first && i + 1 < n, off, false));
    }
    readings
}

/// A sum of exponentials, kept as a logarithm.
struct Sum {
    most: f64,
    scaled: f64,
}

impl Sum {
    fn new() -> Self {
        Self { most: f64::NEG_INFINITY, scaled: 0.0 }
    }

    fn add(&mut self, ln: f64) {
        if ln > self.most {
            self.scaled = self.scaled * (self.most - ln).exp() + 1.0;
            self.most = ln;
        } else if ln > f64::NEG_INFINITY {
            self.scaled += (ln - self.most).exp();
        }
    }

    fn ln(&self) -> f64 {
        self.most + self.scaled.ln()
    }
}

impl Component {
    /// Expected value at a size, scaled.
    pub(super) fn mean(&self, size: f64) -> f64 {
        let x = self.shaped.at(Size::new(size));
        (0..x.len()).map(|i| x[i] * self.beta[i]).sum()
    }

    /// Variance of `v·beta`.
    pub(super) fn variance_of(&self, v: &[f64; 3]) -> f64 {
        (0..3)
            .flat_map(|i| (0..3).map(move |j| (i, j)))
            .map(|(i, j)| v[i] * v[j] * self.covariance[i][j])
            .sum::<f64>()
            .max(0.0)
    }
}
