//! Charts: plain values in, the bytes of an SVG and of a PNG out.
//!
//! `plotters` draws (coordinates, axes, series, legends, panels), as SVG; `resvg` turns that very
//! SVG into pixels with the embedded fonts. Nothing here knows of experiments, files or clocks, or
//! looks for the fonts of the system: same chart, same bytes, on any machine. Positions are whole
//! pixels, so that the last digit of a platform's `log10` never reaches the output.
//!
//! What plotters does not do, and is done here:
//!
//! - Ticks with units, and ticks for less than three decades (`axis`): plotters prints bare numbers,
//!   and labels a short logarithmic axis at its ends. Done as a coordinate of our own, which is how
//!   plotters means to be extended. It also keeps a strip free for failures that have no value.
//! - Clipping (`panel`): plotters bends what lies outside to the edge. Bands may be bent; points of
//!   guides are left out.
//! - Error bars (`panel`): those of plotters have a disc in the middle, which would fill hollow markers.
//! - Labels of guides (`panel`): plotters knows legends only.
//! - Long text (`text`): plotters lets it run off the page. It is set smaller, then cut: what needs
//!   more words belongs beside the figure.
//! - A size on the screen apart from the number of pixels ([`svg`]).

mod axis;
mod page;
mod panel;
mod raster;
mod symbol;
#[cfg(test)]
mod tests;
mod text;

/// A figure: panels side by side (even numbers of four and more make rows of two), one legend below.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// What the figure shows, in bold at its head: one line.
    pub title: String,
    /// A second line in grey, e.g. what was measured and how often.
    pub subtitle: Option<String>,
    /// The series that layers name by index; an index beyond the end is drawn, but not explained.
    pub series: Vec<Series>,
    /// The panels, in reading order.
    pub panels: Vec<Panel>,
    /// What the marks mean, for the last lines of the legend.
    pub key: Key,
}

/// One variant of what is measured; its index decides colour, shape and size of its markers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// As the legend prints it.
    pub name: String,
}

/// The words beside the sample marks in the legend. A mark that no panel draws is not explained,
/// nor is one whose text is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// A point with its error bar.
    pub bars: String,
    /// A hollow point.
    pub hollow: String,
    /// A crossed point.
    pub cross: String,
    /// A shaded band.
    pub band: String,
    /// A solid line.
    pub solid: String,
    /// A dashed line.
    pub dashed: String,
}

impl Default for Key {
    fn default() -> Self {
        Self {
            bars: "95 % interval, where wider than the marker".into(),
            hollow: "predicted, not measured".into(),
            cross: "failed".into(),
            band: "95 % band".into(),
            solid: String::new(),
            dashed: String::new(),
        }
    }
}

/// One plot: two axes and what is drawn between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Above the plot, in bold; empty for none.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn. The order within a kind is kept; markers lie above lines, lines above bands.
    pub layers: Vec<Layer>,
}

/// One axis; its ends fit points, lines and thresholds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// What is shown, with its unit where the tick labels carry none.
    pub label: String,
    /// How values are spread.
    pub scale: Scale,
    /// How ticks are printed.
    pub kind: Kind,
}

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps, equal distances.
    #[default]
    Linear,
    /// Equal factors, equal distances. Values of zero and below are left out.
    Log10,
}

/// What an axis counts, and so how its ticks print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Bytes with decimal units: `10 B`, `1 KB`, `10 MB`.
    Bytes,
    /// Seconds: `10 µs`, `1 ms`, `100 s`.
    Seconds,
    /// Fractions shown as percentages: 0.01 prints `1 %`.
    Percent,
    /// Factors: `0.01×`, `1×`, `100×`.
    Ratio,
    /// Bare numbers.
    #[default]
    Plain,
}

/// One kind of mark in a panel. Values that are not finite, or that a log axis cannot show, are
/// left out one by one.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Markers, with an error bar where a point has `low` or `high`.
    Points {
        /// Index into [`Chart::series`].
        series: usize,
        /// The points, in any order.
        values: Vec<Point>,
        /// What the points are.
        marker: Marker,
    },
    /// A line through the values in their order.
    Line {
        /// Index into [`Chart::series`].
        series: usize,
        /// `(x, y)`.
        values: Vec<(f64, f64)>,
        /// How the line is broken.
        dash: Dash,
    },
    /// A translucent area. It does not widen the axes: it may be endless.
    Band {
        /// Index into [`Chart::series`].
        series: usize,
        /// `(x, low, high)`, by ascending x.
        values: Vec<(f64, f64, f64)>,
    },
    /// A grey guide such as O(n), labelled where it ends. It does not widen the axes.
    Reference {
        /// Printed at the end of the line.
        label: String,
        /// `(x, y)`, by ascending x; as far as they lie within the axes.
        values: Vec<(f64, f64)>,
    },
    /// A horizontal rule across the panel, labelled at its end.
    Threshold {
        /// Printed right of the rule.
        label: String,
        /// Where it lies.
        y: f64,
    },
}

/// A point of [`Layer::Points`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Horizontal position.
    pub x: f64,
    /// Vertical position. A [`Marker::Cross`] whose `y` is NaN (a run that failed before it had a
    /// value) stands in a strip at the top of the plot.
    pub y: f64,
    /// Lower end of the error bar.
    pub low: Option<f64>,
    /// Upper end of the error bar.
    pub high: Option<f64>,
}

/// What a point stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marker {
    /// Measured.
    #[default]
    Filled,
    /// Predicted or extrapolated.
    Hollow,
    /// Predicted as a range alone: its error bar, without a point within.
    Range,
    /// Failed.
    Cross,
}

/// How a line is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    #[default]
    Solid,
    /// Long strokes.
    Dashed,
}

/// The chart as an SVG document, 7.5 inches wide and half as many pixels as the PNG.
pub fn svg(chart: &Chart) -> String {
    page::document(chart).expect("a string takes all that is written to it")
}

/// The chart as a PNG with 300 pixels to the inch, 7.5 inches wide: [`svg`] in pixels.
pub fn png(chart: &Chart) -> anyhow::Result<Vec<u8>> {
    raster::file(&svg(chart))
}
