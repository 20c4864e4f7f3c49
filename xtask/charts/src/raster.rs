//! An SVG of ours in pixels, as a PNG that knows its density.

use std::sync::{Arc, LazyLock};

use anyhow::Context as _;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::text;

/// 300 dots per inch, as PNG counts them.
const PIXELS_PER_METRE: u32 = 11_811;

/// Dots of the PNG to a pixel of the screen.
pub(crate) const DENSITY: u32 = 2;

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(text::REGULAR.to_vec());
    fonts.load_font_data(text::BOLD.to_vec());
    Arc::new(fonts)
});

/// The document as `resvg` understands it: with the embedded fonts and no others.
pub(crate) fn tree(svg: &str) -> anyhow::Result<Tree> {
    let options = Options { fontdb: Arc::clone(&FONTS), ..Options::default() };
    Tree::from_str(svg, &options).context("reading the figure's SVG")
}

/// The bytes of the file.
pub(crate) fn file(svg: &str) -> anyhow::Result<Vec<u8>> {
    let tree = tree(svg)?;
    let size = tree.size().to_int_size();
    let (width, height) = (size.width() * DENSITY, size.height() * DENSITY);
    let mut pixels = Pixmap::new(width, height).context("the figure has no pixels")?;
    let scale = Transform::from_scale(DENSITY as f32, DENSITY as f32);
    resvg::render(&tree, scale, &mut pixels.as_mut());
    // The page is white throughout, so nothing is left to see through.
    let colours: Vec<u8> =
        pixels.data().chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: PIXELS_PER_METRE,
        yppu: PIXELS_PER_METRE,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().context("writing the PNG header")?;
    writer.write_image_data(&colours).context("writing the PNG pixels")?;
    writer.finish().context("finishing the PNG")?;
    Ok(bytes)
}
