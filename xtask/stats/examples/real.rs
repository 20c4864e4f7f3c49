//! A file of real series, held to the bounds: `cargo run -p stats --example real FILE`.

use stats::calibrate::real::{self, Design, Judgement, Row};

fn main() {
    let file = std::env::args().nth(1).expect("a CSV with the columns of the bench");
    let quiet = std::env::args().nth(2).is_some_and(|a| a == "quiet");
    let text = std::fs::read_to_string(&file).expect("a readable file");
    let rows: Vec<Row> = text.lines().skip(1).map(row).collect();
    let series = real::series(&rows).expect("classes");
    for design in [Design::Tenth, Design::Chosen] {
        let start = std::time::Instant::now();
        let outcomes: Vec<_> = series.iter().map(|s| real::evaluate(s, design)).collect();
        println!(
            "{design:?}: {:.1} ms a series",
            1e3 * start.elapsed().as_secs_f64() / series.len() as f64
        );
        for o in &outcomes {
            let ahead = |of: &Option<real::LookedUp>| {
                of.as_ref().map_or("-".to_owned(), |l| {
                    let Some(i) = Some(l.prediction.interval) else { return String::new() };
                    format!(
                        "{} {:.2} in [{:.2}, {:.2}] x{:.3}",
                        if l.inside { "hit " } else { "MISS" },
                        l.measured.mean / 1e6,
                        i.low / 1e6,
                        i.high / 1e6,
                        l.width()
                    )
                })
            };
            let judged = o.judgement();
            if quiet
                && judged == Judgement::Right
                && [&o.at_3, &o.at_10].iter().all(|a| a.as_ref().is_none_or(|l| l.inside))
                && o.exponent_covers != Some(false)
            {
                continue;
            }
            println!(
                "{:24} {:10} {:9} {:30} {:2} | b {:?} {} | {} | {}",
                o.name,
                o.truth.class.to_string(),
                if judged == Judgement::Wrong { "WRONG".to_owned() } else { judged.to_string() },
                match &o.verdict {
                    Some(stats::growth::Decision::Decided(c)) => c.to_string(),
                    Some(stats::growth::Decision::NotDecided(c)) =>
                        c.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
                    None => "-".to_owned(),
                },
                o.sizes.len(),
                o.exponent.map(|e| ((e.low * 1e3).round() / 1e3, (e.high * 1e3).round() / 1e3)),
                if o.exponent_covers == Some(false) { "MISS" } else { "" },
                ahead(&o.at_3),
                ahead(&o.at_10)
            );
        }
        let before: Vec<_> = outcomes.iter().map(|o| o.before().clone()).collect();
        println!("before looking up: {:?}", real::totals(&before));
        let totals = real::totals(&outcomes);
        println!("{totals:?}");
        for held in real::bounds(&totals, design) {
            println!(
                "{} {}: {}, {}",
                if held.holds { "holds " } else { "MISSED" },
                held.what,
                held.must,
                held.observed
            );
        }
    }
}

fn row(line: &str) -> Row {
    let f: Vec<&str> = line.split(',').collect();
    let number = |i: usize| f[i].parse().expect("a number");
    Row {
        program: f[0].to_owned(),
        profile: f[1].to_owned(),
        class: f[2].to_owned(),
        input_bytes: number(3),
        peak_rss_bytes: number(4),
        peak_hwm_bytes: f.get(5).and_then(|v| v.parse().ok()),
    }
}
