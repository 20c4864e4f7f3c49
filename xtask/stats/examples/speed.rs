//! How long a million samples in a thousand cells take: `cargo run -p stats --example speed`.

use std::time::Instant;

use stats::SizePoint;

fn main() {
    let mut state = 1_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for spread in [0.01, 0.5] {
        let cells: Vec<Vec<f64>> = (0..1000)
            .map(|_| (0..1000).map(|_| 1e6 * (spread * (uniform() - 0.5)).exp()).collect())
            .collect();
        timed(&format!("describe, spread {spread}"), || {
            cells.iter().filter_map(|c| stats::describe(c).ok()).map(|d| d.mean).sum()
        });
        timed(&format!("trend, spread {spread}"), || {
            cells.iter().filter_map(|c| stats::mann_kendall(c).ok()).map(|t| t.z).sum()
        });
        timed(&format!("Shapiro-Wilk, spread {spread}"), || {
            cells.iter().filter_map(|c| stats::shapiro_wilk(c).ok()).map(|t| t.statistic).sum()
        });
    }
    let large: Vec<f64> = (0..1_000_000).map(|_| uniform()).collect();
    timed("describe, one cell of a million", || stats::describe(&large).map_or(0.0, |d| d.mean));
    let points: Vec<SizePoint> = (0..8)
        .map(|i| 65_536.0 * 4.0_f64.powi(i))
        .map(|n| SizePoint::single(n, (2.1e6 + 3.0 * n) * (1.0 + 0.01 * uniform())))
        .collect();
    timed("growth, 100 times", || {
        (0..100).filter_map(|_| stats::growth(&points, None, &[]).ok()).map(|g| g.n as f64).sum()
    });
}

fn timed(what: &str, work: impl Fn() -> f64) {
    let start = Instant::now();
    let sum = work();
    println!("{what}: {:.1} ms (check {sum:.3})", 1e3 * start.elapsed().as_secs_f64());
}
