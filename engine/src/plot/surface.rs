//! From a drawing to the bytes of a file: PNG compression, and the head of an SVG.

use super::{HEIGHT, PlotData, PlotError, UNIT, WIDTH};
use crate::report::text::printable;

/// A PNG of RGB pixels, compressed for speed.
pub(super) fn png(rgb: Vec<u8>) -> Result<Vec<u8>, PlotError> {
    let failed = |error: png::EncodingError| PlotError::Draw { reason: error.to_string() };
    let mut bytes = Vec::with_capacity(1 << 18);
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&rgb).map_err(failed)?;
    writer.finish().map_err(failed)?;
    drop(rgb);
    Ok(bytes)
}

/// The drawing at its size in pixels, with a title for readers that cannot see it.
///
/// The drawing counts in fractions of pixels; the view box scales it. Corners of lines are round, as in
/// the PNG. The first font is that of the PNG; a viewer without it takes what it has.
pub(super) fn svg(drawing: &str, data: &PlotData<'_>) -> String {
    let body = drawing.split_once('\n').map_or("", |(_, body)| body);
    let (width, height) = (WIDTH * UNIT as u32, HEIGHT * UNIT as u32);
    let title = escaped(&format!("{} {} {}", data.symbol, data.resolution, data.title));
    format!(
        "<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {width} {height}\" \
         xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" stroke-linejoin=\"round\" \
         stroke-linecap=\"round\" font-family=\"Ubuntu, 'Segoe UI', 'Helvetica Neue', Arial, \
         sans-serif\">\n<title>{title}</title>\n{body}"
    )
}

fn escaped(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
