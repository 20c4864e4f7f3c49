//! The promises of this crate, each a test.

use resvg::usvg::{Group, Node, Rect, Tree, roxmltree};
use sha2::{Digest as _, Sha256};

use super::*;

/// The sizes of the baseline experiment: decades, and one that is not.
const SIZES: [f64; 8] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 5e6, 1e7];

fn axis(label: &str, scale: Scale, kind: Kind) -> Axis {
    Axis { label: label.into(), scale, kind }
}

fn named(count: usize) -> Vec<Series> {
    (0..count).map(|index| Series { name: format!("variant {index} · balanced") }).collect()
}

fn point(x: f64, y: f64) -> Point {
    Point { x, y, low: Some(y * 0.9), high: Some(y * 1.1) }
}

fn through(curve: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let sizes = (0..=56).map(|step| 10f64.powf(1.0 + f64::from(step) / 8.0));
    sizes.map(|size| (size, curve(size))).collect()
}

fn reference(label: &str, curve: impl Fn(f64) -> f64) -> Layer {
    Layer::Reference { label: label.into(), values: through(curve) }
}

/// Every kind of layer for each of `count` series, over the sizes of the baseline.
fn scaling(count: usize) -> Panel {
    let mut layers = vec![
        reference("O(1)", |_| 2e6),
        reference("O(log n)", |size| 2e6 * size.log10()),
        reference("O(n)", |size| 2e5 * size),
        Layer::Threshold { label: "below 500 MB".into(), y: 5e8 },
    ];
    for series in 0..count {
        let peak = |size: f64| 2e6 + size * 0.02 * 7f64.powi((series % 5) as i32);
        let band = through(peak).into_iter().map(|(x, y)| (x, y * 0.9, y * 1.1));
        let values = SIZES.iter().map(|&size| point(size, peak(size))).collect();
        let predicted = vec![point(1e8, peak(1e8))];
        let failed = vec![Point { x: 1e8, y: f64::NAN, low: None, high: None }];
        layers.extend([
            Layer::Band { series, values: band.collect() },
            Layer::Line { series, values: through(peak), dash: Dash::Dashed },
            Layer::Points { series, values, marker: Marker::Filled },
            Layer::Points { series, values: predicted, marker: Marker::Hollow },
            Layer::Points { series, values: failed, marker: Marker::Cross },
        ]);
    }
    let x = axis("input size", Scale::Log10, Kind::Bytes);
    let y = axis("peak resident memory", Scale::Log10, Kind::Bytes);
    Panel { title: "Peak by size".into(), x, y, layers }
}

fn scaling_chart(series: usize, panels: usize) -> Chart {
    Chart {
        title: "Peak memory from 10 B to 10 MB".into(),
        subtitle: Some("means of 5 to 30 runs".into()),
        series: named(series),
        panels: vec![scaling(series); panels],
        key: Key { dashed: "fit".into(), ..Key::default() },
    }
}

fn one_panel(x: Axis, y: Axis, values: &[(f64, f64)]) -> Chart {
    let values = values.iter().map(|&(x, y)| Point { x, y, low: None, high: None }).collect();
    let layers = vec![Layer::Points { series: 0, values, marker: Marker::Filled }];
    let panel = Panel { x, y, layers, ..Panel::default() };
    Chart { series: named(1), panels: vec![panel], ..Chart::default() }
}

/// The texts of a document with the boxes that the embedded font gives them.
fn texts(tree: &Tree) -> Vec<(String, Rect)> {
    fn collect(group: &Group, texts: &mut Vec<(String, Rect)>) {
        for node in group.children() {
            match node {
                Node::Group(group) => collect(group, texts),
                Node::Text(text) => {
                    let words = text.chunks().iter().map(|chunk| chunk.text().trim()).collect();
                    texts.push((words, text.abs_bounding_box()));
                }
                _ => {}
            }
        }
    }
    let mut texts = Vec::new();
    collect(tree.root(), &mut texts);
    texts
}

fn printed(chart: &Chart) -> Vec<String> {
    texts(&raster::tree(&svg(chart)).unwrap()).into_iter().map(|(words, _)| words).collect()
}

fn meets(one: &Rect, other: &Rect) -> bool {
    one.left() < other.right()
        && other.left() < one.right()
        && one.top() < other.bottom()
        && other.top() < one.bottom()
}

/// Asserts that all texts lie on the page and none on another, and that all marks lie on the page;
/// returns how many texts there are.
fn assert_readable(chart: &Chart) -> usize {
    let tree = raster::tree(&svg(chart)).unwrap();
    let page = tree.size();
    let all = tree.root().abs_stroke_bounding_box();
    assert!(all.left() >= 0.0 && all.top() >= 0.0, "{all:?}");
    assert!(all.right() <= page.width() && all.bottom() <= page.height(), "{all:?} {page:?}");
    let texts = texts(&tree);
    for (index, (words, area)) in texts.iter().enumerate() {
        for (other, others) in &texts[..index] {
            assert!(!meets(area, others), "`{words}` lies on `{other}` in {chart:?}");
        }
    }
    texts.len()
}

/// A small generator of numbers, so that every run tries the same charts.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn number(&mut self) -> f64 {
        match self.roll(24) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => 0.0,
            4 => -3.5,
            5 => f64::MAX,
            6 => f64::MIN_POSITIVE,
            7 => 1e300,
            8 => 1e99,
            9 => -1e99,
            _ => (1.0 + self.roll(900) as f64 / 100.0) * 10f64.powi(self.roll(12) as i32 - 3),
        }
    }

    fn axis(&mut self) -> Axis {
        let kinds = [Kind::Bytes, Kind::Seconds, Kind::Percent, Kind::Ratio, Kind::Plain];
        let scale = if self.roll(2) == 0 { Scale::Linear } else { Scale::Log10 };
        axis("label (unit)", scale, kinds[self.roll(5) as usize])
    }

    fn layer(&mut self) -> Layer {
        let series = self.roll(14) as usize;
        let count = self.roll(5);
        let pairs: Vec<_> = (0..count).map(|_| (self.number(), self.number())).collect();
        match self.roll(5) {
            0 => {
                let values = pairs.iter().map(|&(x, y)| {
                    let low = (self.roll(2) == 0).then(|| self.number());
                    let high = (self.roll(2) == 0).then(|| self.number());
                    Point { x, y, low, high }
                });
                let values = values.collect();
                let markers = [Marker::Filled, Marker::Hollow, Marker::Range, Marker::Cross];
                Layer::Points { series, values, marker: markers[self.roll(4) as usize] }
            }
            1 => Layer::Line { series, values: pairs, dash: Dash::Dashed },
            2 => {
                let values = pairs.iter().map(|&(x, low)| (x, low, self.number())).collect();
                Layer::Band { series, values }
            }
            3 => Layer::Reference { label: "O(n)".into(), values: pairs },
            _ => Layer::Threshold { label: "limit".into(), y: self.number() },
        }
    }

    fn chart(&mut self) -> Chart {
        let panels = 1 + self.roll(6);
        let panels = (0..panels).map(|_| {
            let (x, y) = (self.axis(), self.axis());
            let layers = (0..self.roll(6)).map(|_| self.layer()).collect();
            Panel { title: "panel".into(), x, y, layers }
        });
        let panels = panels.collect();
        Chart { title: "chart".into(), series: named(12), panels, ..Chart::default() }
    }
}

#[test]
fn the_same_chart_gives_the_same_bytes() {
    let chart = scaling_chart(4, 2);
    assert_eq!(svg(&chart), svg(&chart));
    assert_eq!(png(&chart).unwrap(), png(&chart).unwrap());
}

#[test]
fn the_last_digit_of_a_value_does_not_reach_the_output() {
    let chart = scaling_chart(6, 1);
    let mut other = chart.clone();
    for layer in other.panels.iter_mut().flat_map(|panel| &mut panel.layers) {
        match layer {
            Layer::Points { values, .. } => {
                for at in values {
                    at.y = at.y.next_up();
                }
            }
            Layer::Line { values, .. } | Layer::Reference { values, .. } => {
                for (x, y) in values {
                    (*x, *y) = (x.next_down(), y.next_up());
                }
            }
            Layer::Band { values, .. } => {
                for (_, _, high) in values {
                    *high = high.next_down();
                }
            }
            Layer::Threshold { y, .. } => *y = y.next_up(),
        }
    }
    assert_ne!(chart, other);
    assert_eq!(svg(&chart), svg(&other));
}

/// Changes when the drawing changes: then look at the pictures, and write the new values here.
#[test]
fn a_small_chart_keeps_its_bytes() {
    let chart = scaling_chart(2, 1);
    let hash = |bytes: &[u8]| {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        digest[..8].iter().fold(0u64, |hash, &byte| hash << 8 | u64::from(byte))
    };
    let hashes = [hash(svg(&chart).as_bytes()), hash(&png(&chart).unwrap())];
    assert_eq!(hashes, [0xfb7f_436b_690a_24ee, 0x3209_8cad_71d2_e8d8], "{hashes:#x?}");
}

#[test]
fn a_png_prints_at_300_dots_to_the_inch() {
    let bytes = png(&scaling_chart(1, 1)).unwrap();
    let reader = ::png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    let info = reader.info();
    let density = info.pixel_dims.unwrap();
    assert_eq!((density.xppu, density.yppu), (11_811, 11_811));
    assert_eq!(density.unit, ::png::Unit::Meter);
    assert_eq!(info.width, 2250);
    assert!(bytes.len() < 200_000, "{} bytes", bytes.len());
}

#[test]
fn names_may_hold_what_xml_keeps_for_itself() {
    let mut chart = scaling_chart(3, 2);
    chart.title = "a < b & \"c\"\u{7}".into();
    chart.series[0].name = "<script>\u{ffff}".into();
    let printed = printed(&chart);
    assert!(printed.contains(&"a < b & \"c\"\u{fffd}".to_owned()), "{printed:?}");
    assert!(printed.contains(&"<script>\u{fffd}".to_owned()), "{printed:?}");
}

#[test]
fn no_text_leaves_the_page_or_lies_on_another() {
    for panels in 0..=7 {
        for series in [1, 4, 12, 16] {
            assert_readable(&scaling_chart(series, panels));
        }
    }
    let mut long = scaling_chart(3, 3);
    long.title = "a long title ".repeat(20) + &"w".repeat(400);
    long.subtitle = Some("a remark that belongs beside the figure ".repeat(20));
    long.series[1].name = "a name that nobody should give ".repeat(8);
    long.panels[0].title = "a panel's title that needs several lines of its own ".repeat(3);
    long.panels[1].y.label = "a vertical label that is longer than its axis ".repeat(3);
    long.panels[2].x.label = "a horizontal label that is longer than its axis ".repeat(3);
    long.panels[2].layers.push(Layer::Threshold { label: "a long limit ".repeat(9), y: 4e8 });
    assert_readable(&long);
}

#[test]
fn tick_labels_fit_whatever_the_range() {
    for kind in [Kind::Bytes, Kind::Seconds, Kind::Percent, Kind::Ratio, Kind::Plain] {
        for scale in [Scale::Linear, Scale::Log10] {
            for exponent in [-12, -6, -1, 0, 2, 5, 9] {
                for factor in [1.0001, 1.3, 2.0, 7.0, 60.0, 1e5, 1e15] {
                    let low = 1.7 * 10f64.powi(exponent);
                    let values = [(low, low), (low * factor, low * factor)];
                    let axis = axis("label", scale, kind);
                    let mut chart = one_panel(axis.clone(), axis, &values);
                    chart.panels = vec![chart.panels[0].clone(); 2];
                    // Two labels a panel, and two ticks an axis; the legend.
                    assert!(assert_readable(&chart) > 2 * (2 + 4), "{:?}", printed(&chart));
                }
            }
        }
    }
}

#[test]
fn ticks_print_as_their_kind_says() {
    let ticks = |kind, scale, low: f64, high: f64| {
        let ends = Axis { label: String::new(), scale, kind };
        let coordinate = axis::Coordinate::of(&ends, &[low, high], 0.0).unwrap();
        let labels = coordinate.ticked(1600, |label| 20 * label.chars().count() as i32);
        labels.labels().map(|(_, label)| label).collect::<Vec<_>>().join(" | ")
    };
    let log = Scale::Log10;
    assert_eq!(
        ticks(Kind::Bytes, log, 10.0, 1e7),
        "10 B | 100 B | 1 KB | 10 KB | 100 KB | 1 MB | 10 MB"
    );
    assert_eq!(
        ticks(Kind::Bytes, Scale::Linear, 0.0, 3e6),
        "0 | 0.5 MB | 1 MB | 1.5 MB | 2 MB | 2.5 MB | 3 MB"
    );
    assert_eq!(
        ticks(Kind::Seconds, log, 1e-6, 1e3),
        "1 µs | 10 µs | 100 µs | 1 ms | 10 ms | 100 ms | 1 s | 10 s | 100 s | 1,000 s"
    );
    assert_eq!(
        ticks(Kind::Percent, Scale::Linear, 0.0, 0.02),
        "0 % | 0.2 % | 0.4 % | 0.6 % | 0.8 % | 1 % | 1.2 % | 1.4 % | 1.6 % | 1.8 % | 2 %"
    );
    assert_eq!(
        ticks(Kind::Ratio, log, 0.01, 1e5),
        "0.01× | 0.1× | 1× | 10× | 100× | 1,000× | 10,000× | 100,000×"
    );
    // Less than a decade: labels above and below its power of ten.
    assert_eq!(ticks(Kind::Ratio, log, 0.05, 0.3), "0.05× | 0.07× | 0.1× | 0.2× | 0.3×");
    assert_eq!(ticks(Kind::Plain, log, 1e-7, 1e-3), "10⁻⁷ | 10⁻⁶ | 0.00001 | 0.0001 | 0.001");
    assert_eq!(
        ticks(Kind::Plain, Scale::Linear, -2.0, 2.0),
        "−2 | −1.5 | −1 | −0.5 | 0 | 0.5 | 1 | 1.5 | 2"
    );
}

#[test]
fn values_that_an_axis_cannot_show_are_left_out() {
    let log = || axis("x", Scale::Log10, Kind::Plain);
    let none = [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)];
    assert!(printed(&one_panel(log(), log(), &none[3..4])).contains(&"no data".to_owned()));
    assert!(printed(&one_panel(log(), log(), &[])).contains(&"no data".to_owned()));
    assert_eq!(centres(&one_panel(log(), log(), &none)).len(), 1, "the legend's marker alone");
    let some = one_panel(log(), log(), &[(0.0, 1.0), (10.0, 10.0), (f64::NAN, 2.0)]);
    assert_eq!(centres(&some).len(), 2, "one marker in the panel and one in the legend");
}

/// The middles of the round markers of the first series.
fn centres(chart: &Chart) -> Vec<(String, String)> {
    let document = svg(chart);
    let tree = roxmltree::Document::parse(&document).unwrap();
    let discs = tree.descendants().filter(|node| node.attribute("fill") == Some("#0072B2"));
    discs
        .filter_map(|disc| Some((disc.attribute("cx")?.into(), disc.attribute("cy")?.into())))
        .collect()
}

#[test]
fn coinciding_points_keep_their_x_and_the_later_is_the_smaller() {
    let axis = || axis("x", Scale::Log10, Kind::Plain);
    let mut chart = one_panel(axis(), axis(), &[(10.0, 10.0)]);
    let again = |series| Layer::Points {
        series,
        values: vec![Point { x: 10.0, y: 10.0, low: None, high: None }],
        marker: Marker::Filled,
    };
    let alone = centres(&chart);
    chart.panels[0].layers.extend([again(1), again(7)]);
    assert_eq!(centres(&chart)[0], alone[0]);
    let document = svg(&chart);
    let tree = roxmltree::Document::parse(&document).unwrap();
    let square = tree
        .descendants()
        .find(|node| node.has_tag_name("polygon") && node.attribute("fill") == Some("#E69F00"));
    let corners = square.unwrap().attribute("points").unwrap();
    let across = |corner: &str| corner.split(',').next().unwrap().parse::<i32>().unwrap();
    let across: Vec<i32> = corners.split_whitespace().map(across).collect();
    let (left, right) = (across.iter().min().unwrap(), across.iter().max().unwrap());
    assert_eq!(i32::midpoint(*left, *right).to_string(), alone[0].0);
    assert!(right - left < 2 * 20, "wider than the circle below it");
}

#[test]
fn no_chart_panics() {
    let mut dice = Dice(42);
    for round in 0..200 {
        let chart = dice.chart();
        assert_readable(&chart);
        if round % 40 == 0 {
            png(&chart).unwrap();
        }
        assert!(!svg(&chart).contains("NaN"));
    }
    assert_readable(&Chart::default());
}

#[test]
fn the_legend_explains_what_is_drawn_and_nothing_else() {
    let all = printed(&scaling_chart(2, 1));
    let key = Key::default();
    for text in [&key.bars, &key.hollow, &key.cross, &key.band, &"fit".to_owned()] {
        assert!(all.contains(text), "{text}");
    }
    let axis = axis("x", Scale::Linear, Kind::Plain);
    let mut few = one_panel(axis.clone(), axis, &[(1.0, 1.0)]);
    few.series = named(2);
    let few = printed(&few);
    assert!(few.contains(&"variant 0 · balanced".to_owned()));
    assert!(!few.contains(&"variant 1 · balanced".to_owned()), "a series without a mark");
    for text in [&key.bars, &key.hollow, &key.cross, &key.band] {
        assert!(!few.contains(text), "{text}");
    }
}

#[test]
fn guides_and_thresholds_are_labelled_beside_the_plot() {
    let chart = scaling_chart(1, 1);
    for label in ["O(1)", "O(log n)", "O(n)", "below 500 MB"] {
        assert_eq!(printed(&chart).iter().filter(|text| *text == label).count(), 1, "{label}");
    }
}

#[test]
fn eighty_four_series_differ_in_shape_or_colour() {
    let looks = (0..84).map(|series| format!("{:?}", symbol::marker(series, Marker::Filled, 0)));
    let looks: std::collections::BTreeSet<String> = looks.collect();
    assert_eq!(looks.len(), 84);
}

#[test]
fn the_fonts_hold_every_letter_we_print() {
    let letters = "−×±≤≥µμ²³⁰¹⁴⁵⁶⁷⁸⁹⁻Σσαβ–—·…°√∞≈≠→éüñß‘’“”%,.()/";
    for bytes in [text::REGULAR, text::BOLD] {
        let font = ab_glyph::FontRef::try_from_slice(bytes).unwrap();
        let missing = |letter: &char| ab_glyph::Font::glyph_id(&font, *letter).0 == 0;
        assert_eq!(letters.chars().find(missing), None);
    }
}

#[test]
fn text_that_finds_no_room_is_set_smaller_and_then_cut() {
    let set = text::Type::new(30);
    let (words, smaller) = set.fitted("one two three", set.width("one two three") - 1);
    assert_eq!((words.as_str(), smaller.size < 30), ("one two three", true));
    let (words, smallest) = set.fitted("incomprehensible", 100);
    assert!(words.ends_with('…') && smallest.width(&words) <= 100, "{words}");
}

/// Pictures to look at: `cargo test -p charts gallery -- --ignored`, then `target/gallery/*.png`.
#[test]
#[ignore = "writes files"]
fn gallery() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/gallery");
    std::fs::create_dir_all(&folder).unwrap();
    for (panels, series) in [(0, 0), (1, 1), (1, 4), (1, 16), (2, 4), (3, 4), (4, 12)] {
        let chart = scaling_chart(series, panels);
        let name = format!("{panels}-panels-{series}-series");
        std::fs::write(folder.join(&name).with_extension("svg"), svg(&chart)).unwrap();
        std::fs::write(folder.join(&name).with_extension("png"), png(&chart).unwrap()).unwrap();
    }
}
