//! Several documents encoded by several variants: what each variant gives in total, and what it costs.
//! A table and a figure of size against speed and size against memory, which show the front: the
//! variants that no other beats at both.

use analysis::Analysis;
use analysis::cells::Cell;
use charts::{Axis, Chart, Key, Kind, Layer, Marker, Panel, Point, Scale, Series};
use experiment::profile;
use record::metric::Metric;
use record::units::{bytes, significant};

use super::table::Table;

/// One variant over all documents that every variant encoded.
struct Total<'a> {
    variant: &'a str,
    /// Documents it did not encode.
    failed: usize,
    input_bytes: f64,
    output_bytes: f64,
    encode_ns: f64,
    decode_ns: Option<f64>,
    encode_peak_bytes: f64,
    decode_peak_bytes: Option<f64>,
}

impl Total<'_> {
    fn ratio(&self) -> f64 {
        self.output_bytes / self.input_bytes
    }

    /// Megabytes of input per second.
    fn encode_mb_per_s(&self) -> f64 {
        self.input_bytes / self.encode_ns * 1e3
    }

    fn decode_mb_per_s(&self) -> Option<f64> {
        self.decode_ns.map(|nanos| self.input_bytes / nanos * 1e3)
    }
}

/// Whether there are files, and so documents to be taken together.
pub(super) fn applies(analysis: &Analysis) -> bool {
    analysis.lock.experiment.input.found().count() > 1
}

/// The files of the experiment: generated documents are not what people encode.
fn documents(analysis: &Analysis) -> Vec<String> {
    analysis.lock.experiment.input.found().map(|file| profile::file_name(file)).collect()
}

fn totals(analysis: &Analysis) -> Vec<Total<'_>> {
    let documents = documents(analysis);
    let variants = analysis.lock.experiment.variant.iter();
    variants.map(|variant| total(analysis, &variant.name, &documents)).collect()
}

fn total<'a>(analysis: &'a Analysis, variant: &'a str, documents: &[String]) -> Total<'a> {
    let cells: Vec<&Cell> = analysis
        .summary
        .cells
        .iter()
        .filter(|cell| cell.variant == variant && documents.contains(&cell.profile))
        .filter(|cell| cell.runs_ok() > 0)
        .collect();
    let sum = |value: &dyn Fn(&Cell) -> Option<f64>| -> Option<f64> {
        cells.iter().map(|cell| value(cell)).sum()
    };
    let largest = |value: &dyn Fn(&Cell) -> Option<f64>| -> Option<f64> {
        cells.iter().filter_map(|cell| value(cell)).reduce(f64::max)
    };
    Total {
        variant,
        failed: documents.len() - cells.len(),
        input_bytes: cells.iter().map(|cell| cell.size.0 as f64).sum(),
        output_bytes: sum(&|cell| Some(cell.metric(Metric::Output)?.mean)).unwrap_or(f64::NAN),
        encode_ns: sum(&|cell| Some(cell.metric(Metric::Wall)?.median)).unwrap_or(f64::NAN),
        decode_ns: sum(&|cell| Some(cell.decoding(Metric::Wall)?.median)),
        encode_peak_bytes: largest(&|cell| Some(cell.metric(Metric::PeakRss)?.max))
            .unwrap_or(f64::NAN),
        decode_peak_bytes: largest(&|cell| Some(cell.decoding(Metric::PeakRss)?.max)),
    }
}

/// The table of totals, best ratio first.
pub(super) fn table(analysis: &Analysis) -> String {
    let mut totals = totals(analysis);
    let measured = analysis.lock.experiment.variant.len();
    totals.retain(|total| total.failed == 0);
    totals.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let mut table = Table::new(
        1,
        &[
            "variant",
            "output",
            "over input",
            "encode MB/s",
            "decode MB/s",
            "peak memory, encode",
            "peak memory, decode",
        ],
    );
    let none = || "—".to_owned();
    for total in &totals {
        table.push(vec![
            total.variant.to_owned(),
            bytes(total.output_bytes),
            significant(total.ratio(), 4),
            significant(total.encode_mb_per_s(), 3),
            total.decode_mb_per_s().map_or_else(none, |speed| significant(speed, 3)),
            bytes(total.encode_peak_bytes),
            total.decode_peak_bytes.map_or_else(none, bytes),
        ]);
    }
    let left_out = match measured - totals.len() {
        0 => String::new(),
        count => format!(" {count} variants that failed on a document are left out."),
    };
    format!(
        "All {} files together: sums of sizes and of median wall times, the largest peak of any \
         file.{left_out}\n\n{}",
        documents(analysis).len(),
        table.markdown()
    )
}

/// Size against speed, and size against memory; down and to the right, or left, is better.
pub(super) fn chart(analysis: &Analysis) -> Chart {
    let totals = totals(analysis);
    let points = |x: &dyn Fn(&Total<'_>) -> f64| -> Vec<Layer> {
        let drawn = totals.iter().enumerate().filter(|(_, total)| total.failed == 0);
        drawn
            .map(|(series, total)| {
                let point = Point { x: x(total), y: total.ratio(), low: None, high: None };
                Layer::Points { series, values: vec![point], marker: Marker::Filled }
            })
            .collect()
    };
    let panel = |title: &str, label: &str, kind, layers| Panel {
        title: title.to_owned(),
        x: Axis { label: label.to_owned(), scale: Scale::Log10, kind },
        y: Axis { label: "output over input".to_owned(), scale: Scale::Log10, kind: Kind::Ratio },
        layers,
    };
    let name = |total: &Total<'_>| Series { name: total.variant.to_owned() };
    Chart {
        title: "Size against speed, and size against memory".to_owned(),
        subtitle: Some(format!("{} files together", documents(analysis).len())),
        series: totals.iter().map(name).collect(),
        panels: vec![
            panel(
                "right and down is better",
                "encoding speed in MB/s",
                Kind::Plain,
                points(&|total| total.encode_mb_per_s()),
            ),
            panel(
                "left and down is better",
                "peak memory of encoding",
                Kind::Bytes,
                points(&|total| total.encode_peak_bytes),
            ),
        ],
        key: Key::default(),
    }
}
