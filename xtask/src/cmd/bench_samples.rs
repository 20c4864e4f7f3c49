//! `cargo xtask bench-samples`: what reading, aggregating and fitting many samples costs. Samples are
//! generated; a process of its own reads them, so that its figures are those of the whole process.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use analysis::groups::Samples;
use analysis::{assumptions, cells, comparisons, growth};
use campaign::Workspace;
use experiment::Experiment;
use record::units;

use crate::exit::Exit;
use crate::output::outln;

/// The options of `bench-samples`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many samples
    #[arg(default_value_t = 1_000_000)]
    samples: u64,
    /// Read this file and print what it costs; what the benchmark starts itself with
    #[arg(long, hide = true)]
    read: Option<PathBuf>,
    /// Only describe and fit, without the tests and comparisons
    #[arg(long)]
    plain: bool,
    /// Write the samples to this file and keep it
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
}

const EXPERIMENT: &str = r#"
title = "Generated samples"
question = "What do they cost?"
[input]
profiles = ["balanced", "deep", "wide", "records"]
sizes = ["10 B", "100 B", "1 KB", "10 KB", "100 KB", "1 MB", "5 MB", "10 MB"]
[[variant]]
name = "whole"
encode = { stream = false }
[[variant]]
name = "streaming"
encode = { stream = true }
[[variant]]
name = "flat"
encode = { layout = "flat", stream = false }
[[variant]]
name = "boxed"
encode = { layout = "boxed", stream = false }
[fit]
metrics = ["peak_rss", "wall"]
predict = ["100 MB"]
reference = "whole"
"#;

/// Generates samples and reads them in a process of its own, or is that process.
pub(crate) fn bench_samples(workspace: &Workspace, options: &Options) -> anyhow::Result<Exit> {
    let folder = workspace.scratch("bench-samples");
    std::fs::create_dir_all(&folder)?;
    let toml = folder.join("generated.toml");
    std::fs::write(&toml, EXPERIMENT)?;
    let experiment = Experiment::load(&folder, &toml)?;
    if let Some(path) = &options.read {
        return read(path, &experiment, options.plain);
    }
    let path = options.keep.clone().unwrap_or_else(|| folder.join("samples.csv"));
    generate(&path, &experiment, options.samples)?;
    let size = std::fs::metadata(&path)?.len();
    outln!("{} samples, {} of text", options.samples, units::bytes(size as f64));
    let mut child = std::process::Command::new(std::env::current_exe()?);
    child.arg("bench-samples").arg("--read").arg(&path);
    if options.plain {
        child.arg("--plain");
    }
    let start = Instant::now();
    let status = child.status().context("cannot start the reader")?;
    outln!("whole process  {:>8.2} s", start.elapsed().as_secs_f64());
    if options.keep.is_none() {
        std::fs::remove_file(&path)?;
    }
    ensure!(status.success(), "the reader failed");
    Ok(Exit::Fine)
}

/// Complete blocks in the layout of `samples.csv`, with a spread of about 1 %.
fn generate(path: &Path, experiment: &Experiment, samples: u64) -> anyhow::Result<()> {
    let mut cells = Vec::new();
    for profile in &experiment.input.profiles {
        for size in &experiment.input.sizes {
            for variant in &experiment.variant {
                cells.push((variant.name.as_str(), profile.to_string(), size.0));
            }
        }
    }
    let mut file = BufWriter::new(File::create(path)?);
    let header = record::journal::header::<record::Sample>()?;
    file.write_all(&header)?;
    let header = String::from_utf8(header)?;
    let columns: Vec<&str> = header.trim_end().split(',').collect();
    let mut state = 1_u64;
    for row in 0..samples {
        let at = row as usize % cells.len();
        let (variant, profile, size) = &cells[at];
        let block = row as usize / cells.len();
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = |scale: u64| scale / 100 * (state >> 33) / (1 << 31);
        let peak = (2_000_000 + 3 * size + noise(2_000_000)) / 4096 * 4096;
        let wall = 1_000_000 + 20 * size + noise(3_000_000);
        let fields = columns.iter().map(|column| match *column {
            "kind" => "run".to_owned(),
            "block" => block.to_string(),
            "position" => at.to_string(),
            "variant" => (*variant).to_owned(),
            "profile" => profile.clone(),
            "input_bytes" => size.to_string(),
            "outcome" => "ok".to_owned(),
            "exit_code" | "major_faults" => "0".to_owned(),
            "wall_ns" => wall.to_string(),
            "user_us" => (wall / 1200).to_string(),
            "system_us" => (wall / 9000).to_string(),
            "peak_rss_bytes" | "peak_hwm_bytes" => peak.to_string(),
            "rss_at_exit_bytes" => (peak - 8192).to_string(),
            "minor_faults" => (peak / 4096).to_string(),
            "output_bytes" => (size / 10 + 20).to_string(),
            "output_sha256" => format!("{:016x}", size * 31 + at as u64),
            _ => String::new(),
        });
        writeln!(file, "{}", fields.collect::<Vec<_>>().join(","))?;
    }
    file.flush()?;
    Ok(())
}

/// Everything right of the disk but judging and rendering, each step timed.
fn read(path: &Path, experiment: &Experiment, plain: bool) -> anyhow::Result<Exit> {
    let mut last = Instant::now();
    let mut step = |name: &str| {
        let spent: Duration = last.elapsed();
        outln!("{name:<14} {:>8.2} s  {}", spent.as_secs_f64(), peak());
        last = Instant::now();
    };
    let samples = Samples::read(path, &[])?;
    step("read");
    let groups = samples.groups()?;
    step("aggregate");
    let summary = cells::summarise(&groups, experiment);
    step("describe");
    growth::scalings(&summary, &groups, experiment);
    step("fit");
    if !plain {
        let pairs = comparisons::paired(&samples, experiment)?;
        step("pair");
        let compared = comparisons::comparisons(&groups, &pairs, &summary, experiment);
        step("compare");
        let tested = assumptions::assumptions(&groups, &summary);
        step("test");
        outln!("{} comparisons, {} tests", compared.len(), tested.cells.len());
    }
    Ok(Exit::Fine)
}

/// The peak of this process so far, as the kernel has it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown");
    format!("peak {}", line.trim())
}
