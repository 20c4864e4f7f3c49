//! Published figures instead of samples: read, fitted like a campaign's, and held against what was
//! published of them. Nothing is measured and nothing is assumed about how they came to be.

use std::path::Path;

use anyhow::{Context, bail};
use stats::growth::SizePoint;
use stats::{Growth, PowerLaw, Undetermined, growth, power_law};

use experiment::Experiment;
use experiment::data::{Data, DataFit};
use record::Folder;
use record::units::Bytes;

/// Published figures with everything that is derived from them.
#[derive(Debug)]
pub struct PublishedAnalysis {
    /// The name of the experiment.
    pub name: String,
    /// What was asked of the data.
    pub experiment: Experiment,
    /// What was found.
    pub external: External,
}

/// The copy of published figures beside their report.
pub const DATA: &str = "data.csv";

/// Reads the copy of published figures and derives all that a report says of them.
pub fn analyse_published(folder: &Folder, name: &str) -> anyhow::Result<PublishedAnalysis> {
    let lock = folder.read_lock::<Experiment>()?;
    let experiment = lock.context("experiment.lock.toml is missing")?.experiment;
    let data = experiment.data.as_ref().context("the experiment has no `[data]`")?;
    let external = external(data, &folder.0.join(DATA))?;
    Ok(PublishedAnalysis { name: name.to_owned(), experiment, external })
}

/// The data set with everything that is derived from it.
#[derive(Debug, Clone, PartialEq)]
pub struct External {
    /// What is published, and where.
    pub data: Data,
    /// All published rows.
    pub rows: Vec<Row>,
    /// One per declared fit.
    pub fits: Vec<Fitted>,
}

/// One published figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The table that it was published in.
    pub table: String,
    /// The size of the input.
    pub size: Bytes,
    /// In the unit of the data.
    pub value: f64,
    /// As published, which may be a spread that one run cannot have.
    pub sd: Option<f64>,
    /// How many runs it is the mean of, where that was said.
    pub runs: Option<u32>,
}

/// A declared fit, made again.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// What was declared.
    pub declared: DataFit,
    /// The rows that it is about.
    pub rows: Vec<Row>,
    /// Sizes and values in the unit of the data, as published.
    pub power: Result<PowerLaw, Undetermined>,
    /// What was published of the fit, each beside what is found.
    pub figures: Vec<Figure>,
    /// Models with a constant; sizes in bytes, values in the unit of the data.
    pub growth: Result<Growth, Undetermined>,
}

/// A published figure beside the one found.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it is: an exponent, an R².
    pub name: &'static str,
    /// As published.
    pub published: String,
    /// What the data give.
    pub found: Option<f64>,
    /// Whether the published digits are those of the one found.
    pub reproduced: bool,
}

/// Reads the copy of the data beside a report.
pub fn external(data: &Data, path: &Path) -> anyhow::Result<External> {
    let rows = rows(data, path).with_context(|| format!("cannot read {}", path.display()))?;
    let fits = data.fit.iter().map(|fit| fitted(fit, data, &rows)).collect();
    Ok(External { data: data.clone(), fits, rows })
}

fn rows(data: &Data, path: &Path) -> anyhow::Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path)?;
    let head = reader.headers()?.clone();
    let column = |name: &str| {
        let found = head.iter().position(|column| column == name);
        found.with_context(|| format!("no column `{name}`; there are {head:?}"))
    };
    let places = [&data.table, &data.size_bytes, &data.value, &data.sd, &data.runs];
    let places = places.map(|name| column(name));
    let [table, size, value, sd, runs] = places;
    let (table, size, value, sd, runs) = (table?, size?, value?, sd?, runs?);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let number = |at: usize| match &record[at] {
            "" => Ok(None),
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some(number)),
                _ => bail!("line {line}: `{text}` is not a number"),
            },
        };
        let needed =
            |at: usize| number(at)?.with_context(|| format!("line {line}: a field is empty"));
        rows.push(Row {
            table: record[table].to_owned(),
            size: Bytes(needed(size)? as u64),
            value: needed(value)?,
            sd: number(sd)?,
            runs: number(runs)?.map(|runs| runs as u32),
        });
    }
    Ok(rows)
}

fn fitted(declared: &DataFit, data: &Data, rows: &[Row]) -> Fitted {
    let here = |row: &&Row| row.table == declared.table && row.size >= declared.from;
    let rows: Vec<Row> = rows.iter().filter(here).cloned().collect();
    let in_unit = |row: &Row| (row.size.0 as f64 / data.unit_bytes as f64, row.value);
    let power = power_law(&rows.iter().map(in_unit).collect::<Vec<_>>());
    let points: Vec<SizePoint> =
        rows.iter().map(|row| SizePoint::single(row.size.0 as f64, row.value)).collect();
    let figures = declared.published.figures();
    Fitted {
        figures: figures
            .map(|(name, published)| figure(name, published, power.as_ref().ok()))
            .collect(),
        declared: declared.clone(),
        growth: growth(&points, None, &[]),
        power,
        rows,
    }
}

fn figure(name: &'static str, published: &str, power: Option<&PowerLaw>) -> Figure {
    let found = power.and_then(|power| match name {
        "ln_coefficient" => Some(power.coefficient.ln()),
        "exponent" => Some(power.exponent),
        "r2" => power.r2,
        _ => power.p,
    });
    Figure {
        name,
        published: published.to_owned(),
        found,
        reproduced: found.is_some_and(|found| rounds_to(found, published)),
    }
}

/// Whether a value, rounded to as many digits as were printed, is what was printed.
fn rounds_to(value: f64, printed: &str) -> bool {
    let (mantissa, exponent) = printed.split_once(['e', 'E']).unwrap_or((printed, "0"));
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let Ok(exponent) = exponent.parse::<i32>() else { return false };
    let half_digit = 0.5 * 10_f64.powi(exponent - decimals);
    let Ok(printed) = printed.parse::<f64>() else { return false };
    (value - printed).abs() <= half_digit * (1.0 + 1e-9)
}

impl External {
    /// Figures that are reproduced, of how many that were published.
    pub fn reproduced(&self) -> (usize, usize) {
        let all = || self.fits.iter().flat_map(|fit| &fit.figures);
        (all().filter(|figure| figure.reproduced).count(), all().count())
    }

    /// The largest size that was measured.
    pub fn largest(&self) -> Option<Bytes> {
        self.rows.iter().map(|row| row.size).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use experiment::Experiment;

    #[test]
    fn printed_digits_say_how_closely_a_figure_must_be_met() {
        assert!(rounds_to(3.890_4, "3.890") && !rounds_to(3.890_6, "3.890"));
        assert!(rounds_to(0.004_79, "4.8e-3") && !rounds_to(0.004_71, "4.8e-3"));
        assert!(rounds_to(12.4, "12") && !rounds_to(12.6, "12"));
    }

    #[test]
    fn the_published_baseline_is_reproduced_and_its_other_table_tells_another_story() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let toml = root.join("experiments/published-baseline.toml");
        let data = Experiment::load(root, &toml).unwrap().data.unwrap();
        let found = external(&data, &root.join(&data.file)).unwrap();
        assert_eq!(found.reproduced(), (6, 6), "{:?}", found.fits);
        assert_eq!(found.largest(), Some(Bytes(10_000_000)));
        assert!(found.fits[0].growth.is_err(), "four sizes do not determine growth");
        assert!(found.fits[2].growth.is_ok());
    }
}
