//! The mixer: predictions are added on the logistic scale, each with a weight, and the weights learn online
//! (logistic mixing, as in PAQ).

use wide::i16x8;

use super::logistic::squash;

/// Predictions that are combined, on the logistic scale; what is not used is zero.
pub(crate) type Inputs = [i16; 8];

/// Combines predictions by a weighted sum on the logistic scale; the weights learn.
#[derive(Clone, Debug)]
pub(crate) struct Mixer {
    /// Of 14 bits after the point.
    weights: Vec<i16x8>,
    /// At which each set of weights learns, in 1/256.
    rates: Vec<u16>,
    /// What the rates approach.
    rate: i32,
}

/// A mix: what [`Mixer::learn`] needs to know of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    inputs: i16x8,
    set: usize,
    /// The mixed probability of 16 bits.
    pub(crate) p: u32,
}

/// The input that no context gives, by which weights move all predictions: one natural unit. Half +0.1 %, twice -0.1 %.
pub(crate) const BIAS: i16 = 256;

/// The rate of weights that have not learned yet; half, twice: +0.1 %. Above it the error
/// overflows its 16 bits.
const RATE_FIRST: u16 = 32 << 8;

impl Mixer {
    /// `sets` weight vectors, each starting at `weight / 16384` for every input, that learn at
    /// `rate / 64` once they are grown up.
    pub(crate) fn new(sets: usize, weight: i16, rate: i32) -> Self {
        Self {
            weights: vec![i16x8::splat(weight); sets],
            rates: vec![RATE_FIRST; sets],
            rate: rate << 8,
        }
    }

    /// The mix of `inputs` under weight set `set`.
    #[inline]
    pub(crate) fn mix(&self, inputs: Inputs, set: usize) -> Mix {
        let inputs = i16x8::new(inputs);
        let sum = self.weights[set].dot(inputs).reduce_add();
        Mix { inputs, set, p: squash(sum >> 14) }
    }

    /// Teaches the weights what the decision was.
    #[inline]
    pub(crate) fn learn(&mut self, mix: &Mix, bit: u32) {
        let rate = i32::from(self.rates[mix.set]);
        self.rates[mix.set] = (rate - ((rate - self.rate) >> 5)) as u16;
        // Of 16 bits, since the rate is at most 32/64.
        let error = (((bit << 16) as i32 - mix.p as i32) * rate) >> 14;
        // The product's upper half, rounded: doubled before the cut, halved after it.
        let double = i16x8::mul_keep_high(mix.inputs + mix.inputs, i16x8::splat(error as i16));
        let weights = &mut self.weights[mix.set];
        *weights = weights.saturating_add((double + i16x8::ONE) >> 1);
    }
}
