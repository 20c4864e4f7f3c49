//! The calibration table on standard output: `cargo run -p stats --example calibrate [EXPERIMENTS]`.

fn main() {
    let experiments = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let filter = std::env::args().nth(2).unwrap_or_default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let start = std::time::Instant::now();
    for row in stats::calibrate::calibrate_matching(&filter, experiments, 1, threads, &|_| {}) {
        println!(
            "| {} | {} | {:.2} % | {} | {} |",
            row.what,
            row.bound,
            100.0 * row.observed,
            row.experiments,
            row.verdict
        );
    }
    eprintln!("{:.1} s", start.elapsed().as_secs_f64());
}
