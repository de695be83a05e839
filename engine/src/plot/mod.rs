//! Draws a run: price with indicators and trades, volume, oscillators, equity and drawdown, as PNG or
//! SVG of 1,200 by 900.
//!
//! Works from plain data, needs no system font, and writes the file whole or not at all. Every bar
//! counts: where several fall into one pixel column, their extremes are what is drawn. Which data to
//! show, and where the file goes, is the caller's business.

mod canvas;
mod content;
mod coverage;
mod dates;
mod envelope;
mod figure;
mod font;
mod from_run;
mod header;
mod heatmap;
mod layers;
mod name;
mod panel;
mod raster;
mod scale;
mod surface;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, path::Path};

use jiff::tz::TimeZone;
use plotters::backend::SVGBackend;
use strategy_api::{Columns, Resolution};

pub use from_run::{markers, moving_averages, overlay};
pub use heatmap::{Heatmap, Side as HeatmapSide, render_heatmap, write_heatmap};
pub use name::file_name;

use crate::{
    error::{Code, Failure},
    report::{
        file::{self, FileError},
        text::printable,
    },
};
use canvas::{Canvas, UNIT};

/// Width of the picture in pixels.
pub const WIDTH: u32 = 1_200;
/// Height of the picture in pixels.
pub const HEIGHT: u32 = 900;

/// Everything that one picture shows. Texts may hold anything; they are made safe when drawn.
#[derive(Clone, Debug)]
pub struct PlotData<'a> {
    /// Strategy and parameters, for example `ma_cross(fast=20, slow=50)`.
    pub title: String,
    /// Headline figures, in one line below the title.
    pub headline: String,
    /// Symbol of the bars.
    pub symbol: String,
    /// Length of the bars.
    pub resolution: Resolution,
    /// Zone of the exchange, in which bars inside a session are dated.
    pub time_zone: TimeZone,
    /// The bars.
    pub bars: Columns<'a>,
    /// Indicators.
    pub overlays: Vec<Overlay<'a>>,
    /// Fills.
    pub trades: Vec<Marker>,
    /// Initial capital: the first peak of the drawdown, in the account's currency.
    pub initial: f64,
    /// Equity of the strategy; without values the equity and drawdown panels are left out.
    pub equity: Curve<'a>,
    /// Equity of the benchmark from the same capital.
    pub benchmark: Option<Curve<'a>>,
}

/// One indicator, a value for each bar.
#[derive(Clone, Debug)]
pub struct Overlay<'a> {
    /// Name in the legend.
    pub name: String,
    /// As many values as bars; NaN where there is none yet.
    pub values: Cow<'a, [f64]>,
    /// Where it is drawn.
    pub panel: Panel,
}

/// The panel of an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Panel {
    /// Over the price.
    Price,
    /// In a panel below the volume; indicators that name the same caption share it.
    Own(String),
}

/// A fill on the chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marker {
    /// When, nanoseconds UTC.
    pub ts: i64,
    /// At which price.
    pub price: f64,
    /// Which way.
    pub side: Side,
}

/// The direction of a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Drawn as a triangle that points up, below the price.
    Buy,
    /// Drawn as a triangle that points down, above the price.
    Sell,
}

/// Money over time.
#[derive(Clone, Debug, Default)]
pub struct Curve<'a> {
    /// Name in the legend.
    pub name: String,
    /// Times, nanoseconds UTC, rising.
    pub ts: &'a [i64],
    /// As many values, in the account's currency.
    pub values: &'a [f64],
}

/// Kind of picture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Vectors.
    Svg,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// The file name does not say which kind of picture.
    #[error("cannot plot to '{}': the name ends neither in .png nor in .svg", printable(.path))]
    Extension {
        /// The path.
        path: String,
    },
    /// There are no bars.
    #[error("cannot plot {}: it has no bars", printable(.symbol))]
    Empty {
        /// The symbol.
        symbol: String,
    },
    /// Columns that belong together differ in length.
    #[error("cannot plot: {what} has {found} values, but {wanted} are needed")]
    Ragged {
        /// Which column.
        what: String,
        /// How many values it has.
        found: usize,
        /// How many it should have.
        wanted: usize,
    },
    /// The picture could not be drawn or encoded.
    #[error("cannot draw the plot: {reason}")]
    Draw {
        /// What went wrong.
        reason: String,
    },
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<PlotError> for Failure {
    fn from(error: PlotError) -> Self {
        match error {
            PlotError::File(error) => error.into(),
            PlotError::Extension { .. } => {
                Failure::new(Code::Usage, error.to_string()).help("--plot plots/run.png")
            }
            PlotError::Empty { .. } => Failure::new(Code::Data, error.to_string()),
            PlotError::Ragged { .. } | PlotError::Draw { .. } => {
                Failure::new(Code::Bug, error.to_string())
            }
        }
    }
}

/// The kind of picture that a file name asks for, by its extension in any case.
///
/// # Errors
/// When the extension is neither `png` nor `svg`, or it is a folder.
pub fn format(path: &Path) -> Result<Format, PlotError> {
    match path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("png") => Ok(Format::Png),
        Some("svg") => Ok(Format::Svg),
        _ if path.is_dir() => Err(FileError::IsDirectory { path: path.to_owned() }.into()),
        _ => Err(PlotError::Extension { path: path.display().to_string() }),
    }
}

/// Draws `data` into the file `path`; its folder is made when it is missing.
///
/// # Errors
/// When the extension is unknown, there are no bars, or the file cannot be written; an older file of
/// that name is then as it was.
pub fn write(path: &Path, data: &PlotData<'_>) -> Result<(), PlotError> {
    let bytes = render(format(path)?, data)?;
    Ok(file::write_whole(path, |writer| writer.write_all(&bytes))?)
}

/// The picture as the bytes of a file.
///
/// # Errors
/// When there are no bars or columns differ in length.
pub fn render(format: Format, data: &PlotData<'_>) -> Result<Vec<u8>, PlotError> {
    check(data)?;
    match format {
        Format::Png => {
            let mut canvas = Canvas::new(raster::Raster::new(WIDTH, HEIGHT));
            figure::draw(&mut canvas, data)?;
            surface::png(canvas.finish()?.into_rgb())
        }
        Format::Svg => {
            let mut text = String::new();
            let size = (WIDTH * UNIT as u32, HEIGHT * UNIT as u32);
            let mut canvas = Canvas::new(SVGBackend::with_string(&mut text, size));
            figure::draw(&mut canvas, data)?;
            drop(canvas.finish()?);
            Ok(surface::svg(&text, data).into_bytes())
        }
    }
}

fn check(data: &PlotData<'_>) -> Result<(), PlotError> {
    let bars = data.bars.len();
    if bars == 0 {
        return Err(PlotError::Empty { symbol: data.symbol.clone() });
    }
    let even = |what: &str, found: usize, wanted: usize| {
        if found == wanted {
            Ok(())
        } else {
            Err(PlotError::Ragged { what: what.to_owned(), found, wanted })
        }
    };
    let Columns { open, high, low, close, volume, .. } = data.bars;
    for (what, column) in
        [("open", open), ("high", high), ("low", low), ("close", close), ("volume", volume)]
    {
        even(what, column.len(), bars)?;
    }
    for overlay in &data.overlays {
        even("an indicator", overlay.values.len(), bars)?;
    }
    even("the equity", data.equity.values.len(), data.equity.ts.len())?;
    match &data.benchmark {
        Some(benchmark) => even("the benchmark", benchmark.values.len(), benchmark.ts.len()),
        None => Ok(()),
    }
}
