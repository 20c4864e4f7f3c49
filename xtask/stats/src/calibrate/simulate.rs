//! Seeded noise: the only place where random numbers are drawn.

use rand_distr::{Distribution, StandardNormal, StandardUniform};
use rand_pcg::Pcg64;

/// A stream of random numbers of its own for each experiment.
pub(super) struct Stream(Pcg64);

impl Stream {
    /// The stream of an experiment in a row.
    pub(super) fn new(seed: u64, row: &str, experiment: usize) -> Self {
        let stream = u128::from(fnv1a(row)) << 64 | experiment as u128;
        Self(Pcg64::new(u128::from(seed), stream))
    }

    /// A standard normal deviate.
    pub(super) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Uniform from 0 to 1.
    pub(super) fn uniform(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }

    /// `n` values of `1 + cv z`.
    pub(super) fn normals(&mut self, n: usize, cv: f64) -> Vec<f64> {
        (0..n).map(|_| 1.0 + cv * self.normal()).collect()
    }

    /// `n` values of `exp(sigma z)`.
    pub(super) fn log_normals(&mut self, n: usize, sigma: f64) -> Vec<f64> {
        (0..n).map(|_| (sigma * self.normal()).exp()).collect()
    }
}

/// Fowler, Noll and Vo's hash: names a stream the same way in every release.
fn fnv1a(text: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}
