//! A figure of a sweep over two of its parameters, as a PNG: one cell for each pair of values, coloured
//! by the figure, with a colour bar. Cells without a value stay grey.
//!
//! Colours are those of viridis (van der Walt and Smith, 2015), which reads in grey and for eyes that
//! tell red from green badly.

use std::path::Path;

use super::{
    Format, HEIGHT, PlotError, WIDTH,
    canvas::{Align, Canvas, Ink, Lettering, Rect},
    figure::{MUTED, PAPER, SIDE, SMALL, TEXT},
    font, format, raster, surface,
};
use crate::report::{file, text::fitted};

/// Viridis at five places from its low to its high end.
const COLOURS: [u32; 5] = [0x44_01_54, 0x3b_52_8b, 0x21_91_8c, 0x5e_c9_62, 0xfd_e7_25];
const NOTHING: Ink = Ink::new(0xe5_e7_eb);
const TOP: f64 = 104.0;
const FOOT: f64 = 70.0;
const BAR: f64 = 22.0;
/// Steps of the colour bar.
const STEPS: u32 = 128;

/// What a heatmap shows.
#[derive(Clone, Debug)]
pub struct Heatmap {
    /// Strategy and symbols.
    pub title: String,
    /// What the colours mean.
    pub figure: String,
    /// The parameter from left to right.
    pub across: Side,
    /// The parameter from bottom to top.
    pub up: Side,
    /// The figure of each pair, row by row from the bottom; `None` where there is none.
    pub cells: Vec<Option<f64>>,
}

/// A parameter and its values as they are written.
#[derive(Clone, Debug)]
pub struct Side {
    /// Name.
    pub name: String,
    /// Values.
    pub values: Vec<String>,
}

/// Draws a heatmap into a PNG file; its folder is made when it is missing.
///
/// # Errors
/// When the name does not end in `.png`, the cells do not fit the values, or the file cannot be
/// written.
pub fn write_heatmap(path: &Path, map: &Heatmap) -> Result<(), PlotError> {
    if format(path)? != Format::Png {
        return Err(PlotError::Extension { path: path.display().to_string() });
    }
    let bytes = render_heatmap(map)?;
    Ok(file::write_whole(path, |writer| writer.write_all(&bytes))?)
}

/// A heatmap as the bytes of a PNG file.
///
/// # Errors
/// When the cells do not fit the values.
pub fn render_heatmap(map: &Heatmap) -> Result<Vec<u8>, PlotError> {
    let wanted = map.across.values.len() * map.up.values.len();
    if map.cells.len() != wanted || wanted == 0 {
        let (what, found) = ("a heatmap".to_owned(), map.cells.len());
        return Err(PlotError::Ragged { what, found, wanted });
    }
    let mut canvas = Canvas::new(raster::Raster::new(WIDTH, HEIGHT));
    draw(&mut canvas, map)?;
    surface::png(canvas.finish()?.into_rgb())
}

fn draw(canvas: &mut Canvas<raster::Raster>, map: &Heatmap) -> Result<(), PlotError> {
    let (width, height) = (f64::from(WIDTH), f64::from(HEIGHT));
    canvas.rect(Rect { left: 0.0, top: 0.0, right: width, bottom: height }, PAPER)?;
    let heading = Lettering::new(20.0, TEXT).bold();
    canvas.text(&fitted(&map.title, 100), (SIDE, 30.0), heading)?;
    canvas.text(&fitted(&map.figure, 140), (SIDE, 56.0), Lettering::new(14.0, MUTED))?;
    let labels = map.up.values.iter().map(|value| font::width(value, SMALL));
    let left = SIDE + labels.fold(30.0, f64::max).min(160.0) + 30.0;
    let place = Rect { left, top: TOP, right: width - 130.0, bottom: height - FOOT };
    let known = map.cells.iter().flatten().copied();
    let (low, high) = known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    cells(canvas, map, place, (low, high))?;
    names(canvas, map, place)?;
    if low <= high { bar(canvas, place, (low, high)) } else { Ok(()) }
}

fn cells(
    canvas: &mut Canvas<raster::Raster>,
    map: &Heatmap,
    place: Rect,
    range: (f64, f64),
) -> Result<(), PlotError> {
    let (columns, rows) = (map.across.values.len(), map.up.values.len());
    let wide = place.width() / columns as f64;
    let tall = (place.bottom - place.top) / rows as f64;
    for (index, cell) in map.cells.iter().enumerate() {
        let (row, column) = ((index / columns) as f64, (index % columns) as f64);
        let rect = Rect {
            left: (place.left + column * wide).round(),
            top: (place.bottom - (row + 1.0) * tall).round(),
            right: (place.left + (column + 1.0) * wide).round(),
            bottom: (place.bottom - row * tall).round(),
        };
        canvas.rect(rect, cell.map_or(NOTHING, |value| colour(value, range)))?;
    }
    Ok(())
}

/// The values along both sides, as many as have room, and the names of the parameters.
fn names(canvas: &mut Canvas<raster::Raster>, map: &Heatmap, place: Rect) -> Result<(), PlotError> {
    let look = Lettering::new(SMALL, MUTED);
    let widest =
        map.across.values.iter().map(|value| font::width(value, SMALL)).fold(1.0, f64::max);
    let wide = place.width() / map.across.values.len() as f64;
    let every = ((widest + 14.0) / wide).ceil().max(1.0) as usize;
    for (index, value) in map.across.values.iter().enumerate().step_by(every) {
        let x = place.left + (index as f64 + 0.5) * wide;
        canvas.text(value, (x, place.bottom + 16.0), look.align(Align::Middle))?;
    }
    let tall = (place.bottom - place.top) / map.up.values.len() as f64;
    let every = (20.0 / tall).ceil().max(1.0) as usize;
    for (index, value) in map.up.values.iter().enumerate().step_by(every) {
        let y = place.bottom - (index as f64 + 0.5) * tall;
        canvas.text(value, (place.left - 8.0, y), look.align(Align::Right))?;
    }
    let name = Lettering::new(14.0, TEXT).bold();
    let middle = (place.left + place.width() / 2.0, place.bottom + 44.0);
    canvas.text(&fitted(&map.across.name, 60), middle, name.align(Align::Middle))?;
    canvas.text(&fitted(&map.up.name, 30), (SIDE, place.top - 14.0), name)
}

/// The colours with the numbers that they stand for.
fn bar(
    canvas: &mut Canvas<raster::Raster>,
    place: Rect,
    (low, high): (f64, f64),
) -> Result<(), PlotError> {
    let left = place.right + 24.0;
    let tall = (place.bottom - place.top) / f64::from(STEPS);
    for step in 0..STEPS {
        let share = f64::from(step) / f64::from(STEPS - 1);
        let bottom = place.bottom - f64::from(step) * tall;
        let rect =
            Rect { left, top: (bottom - tall).floor(), right: left + BAR, bottom: bottom.ceil() };
        canvas.rect(rect, colour(share, (0.0, 1.0)))?;
    }
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = place.bottom - share * (place.bottom - place.top);
        let label = format!("{:.3}", low + share * (high - low));
        canvas.text(&label, (left + BAR + 8.0, y), Lettering::new(SMALL, MUTED))?;
    }
    Ok(())
}

fn colour(value: f64, (low, high): (f64, f64)) -> Ink {
    let share = if high > low { (value - low) / (high - low) } else { 0.5 };
    let at = share.clamp(0.0, 1.0) * (COLOURS.len() - 1) as f64;
    let below = (at as usize).min(COLOURS.len() - 2);
    let part = at - below as f64;
    let mixed = |shift: u32| {
        let channel = |colour: u32| f64::from(colour >> shift & 0xff);
        let value = channel(COLOURS[below]) * (1.0 - part) + channel(COLOURS[below + 1]) * part;
        (value.round() as u32) << shift
    };
    Ink::new(mixed(16) | mixed(8) | mixed(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &str, count: usize) -> Side {
        Side { name: name.to_owned(), values: (0..count).map(|value| value.to_string()).collect() }
    }

    fn map(columns: usize, rows: usize, cells: Vec<Option<f64>>) -> Heatmap {
        let (title, figure) = ("t".to_owned(), "f".to_owned());
        Heatmap { title, figure, across: side("x", columns), up: side("y", rows), cells }
    }

    #[test]
    fn the_ends_of_the_range_have_the_ends_of_the_colours() {
        assert_eq!(colour(1.0, (1.0, 3.0)), Ink::new(0x44_01_54));
        assert_eq!(colour(3.0, (1.0, 3.0)), Ink::new(0xfd_e7_25));
        assert_eq!(colour(2.0, (1.0, 3.0)), Ink::new(0x21_91_8c));
        assert_eq!(colour(7.0, (7.0, 7.0)), Ink::new(0x21_91_8c));
    }

    #[test]
    fn any_grid_is_a_picture_and_a_ragged_one_an_error() {
        for (columns, rows) in [(1, 1), (46, 40), (3, 2000)] {
            let cells = (0..columns * rows).map(|cell| (cell % 3 > 0).then_some(cell as f64));
            let bytes = render_heatmap(&map(columns, rows, cells.collect())).unwrap();
            assert_eq!(bytes[1..4], *b"PNG");
        }
        assert!(render_heatmap(&map(2, 2, vec![None; 4])).is_ok());
        assert!(render_heatmap(&map(2, 2, vec![None; 3])).is_err());
        assert!(render_heatmap(&map(0, 2, vec![])).is_err());
    }
}
