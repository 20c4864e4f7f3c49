//! Where a function passes zero.

/// A root of `f` between `low` and `high`, at which it has different signs, to within `tolerance`.
///
/// Ridders' method: the bracket halves at least once a round, and the root converges quadratically.
/// Ridders (1979), *IEEE Transactions on Circuits and Systems* 26, 979-980.
pub(crate) fn bracketed(
    mut low: f64,
    mut high: f64,
    tolerance: f64,
    f: impl Fn(f64) -> f64,
) -> f64 {
    let (mut at_low, mut at_high) = (f(low), f(high));
    let mut root = 0.5 * (low + high);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        let at_middle = f(middle);
        let scale = (at_middle * at_middle - at_low * at_high).sqrt();
        if scale <= 0.0 || scale.is_nan() {
            return middle;
        }
        let next = middle + (middle - low) * (at_low - at_high).signum() * at_middle / scale;
        let moved = (next - root).abs();
        root = next;
        let at_root = f(root);
        if moved <= tolerance || at_root == 0.0 {
            return root;
        }
        // The tightest pair among the four points that still brackets the root.
        let mut points = [(low, at_low), (middle, at_middle), (root, at_root), (high, at_high)];
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Some(pair) = points.windows(2).find(|pair| (pair[0].1 < 0.0) != (pair[1].1 < 0.0))
        else {
            return root;
        };
        ((low, at_low), (high, at_high)) = (pair[0], pair[1]);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_of_rising_falling_and_flat_ends() {
        assert!((bracketed(0.0, 10.0, 1e-13, |x| x * x - 2.0) - 2.0_f64.sqrt()).abs() < 1e-12);
        assert!((bracketed(0.0, 10.0, 1e-13, |x| (-x).exp() - 0.1) - 10.0_f64.ln()).abs() < 1e-12);
        assert!(
            (bracketed(-30.0, 50.0, 1e-13, |x| x.tanh() - 0.5) - 0.5_f64.atanh()).abs() < 1e-12
        );
    }
}
