//! Charts: plain values in, the bytes of an SVG and of a PNG out.
//!
//! The one home of `plotters`, of `png` and of the glyph rasteriser. Nothing here knows of
//! experiments, files or clocks. A chart becomes a flat list of marks (`layout`), which is then
//! painted twice: through plotters' SVG backend (`vector`), and into pixels (`raster`).
//!
//! Same chart, same bytes, on any machine: the fonts are embedded, and every coordinate is rounded
//! to 1/300 inch, so that the last digit of a platform's `log10` never reaches the output.

mod axis;
mod canvas;
mod extent;
mod font;
mod labels;
mod layers;
mod layout;
mod legend;
mod panel;
mod raster;
mod scene;
mod style;
#[cfg(test)]
mod tests;
mod vector;

/// A figure: panels side by side (even numbers of four and more make rows of two), one legend below them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chart {
    /// What the figure shows, in bold at its head.
    pub(crate) title: String,
    /// A second line in grey, e.g. what was measured and how often.
    pub(crate) subtitle: Option<String>,
    /// The series that layers name by index; an index beyond the end is drawn, but not explained.
    pub(crate) series: Vec<Series>,
    /// The panels, in reading order.
    pub(crate) panels: Vec<Panel>,
    /// What the marks mean, for the last line of the legend.
    pub(crate) key: Key,
}

/// One variant of what is measured; its index decides colour and marker.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Series {
    /// As the legend prints it.
    pub(crate) name: String,
}

/// The words beside the sample marks in the legend. A mark that no panel draws is not explained,
/// nor is one whose text is empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    /// A point with its error bar.
    pub(crate) bars: String,
    /// A hollow point.
    pub(crate) hollow: String,
    /// A crossed point.
    pub(crate) cross: String,
    /// Markers side by side, because they would hide each other in their true place.
    pub(crate) beside: String,
    /// A shaded band.
    pub(crate) band: String,
    /// A solid line.
    pub(crate) solid: String,
    /// A dashed line.
    pub(crate) dashed: String,
    /// A dotted line.
    pub(crate) dotted: String,
}

impl Default for Key {
    fn default() -> Self {
        Self {
            bars: "95 % interval, where wider than the marker".into(),
            hollow: "predicted, not measured".into(),
            cross: "failed".into(),
            beside: "side by side: same x".into(),
            band: "95 % band".into(),
            solid: String::new(),
            dashed: String::new(),
            dotted: String::new(),
        }
    }
}

/// One plot: two axes and what is drawn between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Panel {
    /// Above the plot, in bold; empty for none.
    pub(crate) title: String,
    /// The horizontal axis.
    pub(crate) x: Axis,
    /// The vertical axis.
    pub(crate) y: Axis,
    /// What is drawn. The order within a kind is kept; markers lie above lines, lines above bands.
    pub(crate) layers: Vec<Layer>,
    /// A remark in grey below the plot.
    pub(crate) note: Option<String>,
}

/// One axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Axis {
    /// What is shown, with its unit where the tick labels carry none.
    pub(crate) label: String,
    /// How values are spread.
    pub(crate) scale: Scale,
    /// How ticks are printed.
    pub(crate) kind: Kind,
    /// Fixed ends; `None` fits points, lines, bands and thresholds. A range that the scale cannot
    /// show (reversed, not finite, not positive on a log axis) is treated as `None`.
    pub(crate) range: Option<(f64, f64)>,
}

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Equal steps, equal distances.
    #[default]
    Linear,
    /// Equal factors, equal distances. Values of zero and below are left out.
    Log10,
}

/// What an axis counts, and so how its ticks print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(dead_code, reason = "offered whole, whatever today's figures use of it")]
pub(crate) enum Kind {
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
pub(crate) enum Layer {
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
    /// A translucent area.
    Band {
        /// Index into [`Chart::series`].
        series: usize,
        /// `(x, low, high)`, by ascending x.
        values: Vec<(f64, f64, f64)>,
    },
    /// A grey guide such as O(n), cut off at the frame and labelled inside the plot. It does not
    /// widen the axes.
    Reference {
        /// Printed beside the line.
        label: String,
        /// `(x, y)`.
        values: Vec<(f64, f64)>,
    },
    /// A horizontal rule across the panel, labelled inside the plot.
    Threshold {
        /// Printed beside the rule.
        label: String,
        /// Where it lies.
        y: f64,
    },
}

/// A point of [`Layer::Points`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    /// Horizontal position.
    pub(crate) x: f64,
    /// Vertical position. A [`Marker::Cross`] whose `y` is NaN (a run that failed before it had a
    /// value) stands in a strip above the plot.
    pub(crate) y: f64,
    /// Lower end of the error bar.
    pub(crate) low: Option<f64>,
    /// Upper end of the error bar.
    pub(crate) high: Option<f64>,
}

/// What a point stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Marker {
    /// Measured.
    #[default]
    Filled,
    /// Predicted or extrapolated.
    Hollow,
    /// Failed.
    Cross,
}

/// How a line is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(dead_code, reason = "offered whole, whatever today's figures use of it")]
pub(crate) enum Dash {
    /// Unbroken.
    #[default]
    Solid,
    /// Long strokes.
    Dashed,
    /// Short strokes.
    Dotted,
}

/// The chart as an SVG document.
pub(crate) fn svg(chart: &Chart) -> String {
    vector::document(&layout::scene(chart), &chart.title)
}

/// The chart as a PNG with 300 pixels to the inch, 7.5 inches wide.
pub(crate) fn png(chart: &Chart) -> anyhow::Result<Vec<u8>> {
    raster::file(&layout::scene(chart))
}
