//! `[data]`: figures that others published, to be fitted and rendered as they are. Nothing is measured.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use record::units::Bytes;

/// A CSV file with one published figure a row, and which of its columns says what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawData {
    /// Path relative to this file.
    #[schemars(with = "String")]
    pub(crate) file: Spanned<String>,
    /// Where the figures were published.
    pub(crate) source: String,
    /// Column that names the table a row belongs to.
    pub(crate) table: String,
    /// Column with the size of the input in bytes.
    pub(crate) size_bytes: String,
    /// Column with the published mean.
    pub(crate) value: String,
    /// Column with the published standard deviation.
    pub(crate) sd: String,
    /// Column with the number of runs; empty where it was not published.
    pub(crate) runs: String,
    /// Unit of the value and its standard deviation, and of the sizes in published fits.
    #[schemars(with = "String")]
    pub(crate) unit: Spanned<String>,
    /// What the values are, in words.
    pub(crate) words: String,
    /// Fits to be made of a table.
    #[serde(default)]
    pub(crate) fit: Vec<RawDataFit>,
}

/// A fit of some rows, with what was published of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDataFit {
    /// Heading.
    pub(crate) name: String,
    /// Rows of this table.
    #[schemars(with = "String")]
    pub(crate) table: Spanned<String>,
    /// Smallest size that is fitted.
    #[schemars(with = "Option<String>")]
    pub(crate) from: Option<Spanned<String>>,
    /// Figures as they were printed, by name: `ln_coefficient`, `exponent`, `r2`, `p`.
    #[serde(default)]
    pub(crate) published: Published,
}

/// Figures of a published fit, as printed: their digits say how closely they must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Natural logarithm of the coefficient, sizes in the unit of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ln_coefficient: Option<String>,
    /// Exponent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponent: Option<String>,
    /// Coefficient of determination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<String>,
    /// Probability of such a slope from none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<String>,
}

/// A resolved `[data]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    pub file: PathBuf,
    pub source: String,
    pub table: String,
    pub size_bytes: String,
    pub value: String,
    pub sd: String,
    pub runs: String,
    pub unit: String,
    pub unit_bytes: u64,
    pub words: String,
    pub fit: Vec<DataFit>,
}

/// A resolved fit of some rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFit {
    pub name: String,
    pub table: String,
    pub from: Bytes,
    pub published: Published,
}

impl Published {
    /// The figures that were published, by name.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let named = [
            ("ln_coefficient", &self.ln_coefficient),
            ("exponent", &self.exponent),
            ("r2", &self.r2),
            ("p", &self.p),
        ];
        named.into_iter().filter_map(|(name, figure)| Some((name, figure.as_ref()?)))
    }
}

impl RawData {
    /// What the TOML means, or which text in it means nothing.
    pub(crate) fn resolve(&self) -> Result<Data, (&Spanned<String>, String)> {
        let unit = self.unit.get_ref();
        let Bytes(unit_bytes) = format!("1 {unit}").parse().map_err(|_| {
            (&self.unit, format!("`data.unit` holds `{unit}`; write `B`, `KB`, `MB`, `KiB` ..."))
        })?;
        let fit = self.fit.iter().map(RawDataFit::resolve).collect::<Result<_, _>>()?;
        Ok(Data {
            file: PathBuf::from(self.file.get_ref()),
            source: self.source.clone(),
            table: self.table.clone(),
            size_bytes: self.size_bytes.clone(),
            value: self.value.clone(),
            sd: self.sd.clone(),
            runs: self.runs.clone(),
            unit: unit.clone(),
            unit_bytes,
            words: self.words.clone(),
            fit,
        })
    }
}

impl RawDataFit {
    fn resolve(&self) -> Result<DataFit, (&Spanned<String>, String)> {
        let from = match &self.from {
            None => Bytes(0),
            Some(text) => text
                .get_ref()
                .parse()
                .map_err(|found| (text, format!("`data.fit.from` holds {found}")))?,
        };
        let wrong = self.published.figures().find(|(_, text)| text.parse::<f64>().is_err());
        if let Some((name, text)) = wrong {
            let message = format!("`data.fit.published.{name}` holds `{text}`; write a number");
            return Err((&self.table, message));
        }
        Ok(DataFit {
            name: self.name.clone(),
            table: self.table.get_ref().clone(),
            from,
            published: self.published.clone(),
        })
    }
}
