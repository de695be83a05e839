//! Draws the layers of a panel.

use std::collections::BTreeMap;

use plotters::backend::DrawingBackend;
use strategy_api::Columns;

use super::{
    Marker, PlotError, Side,
    canvas::{Canvas, Ink, Point, Rect},
    content::{BUY, SELL},
    envelope,
    figure::{Across, PAPER},
    panel::{Layer, Rows, STRIP},
    scale::Scale,
};

/// Draws one layer into its panel.
pub(super) fn draw<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    layer: &Layer<'_>,
    across: &Across,
    scale: &Scale,
    ts: &[i64],
) -> Result<(), PlotError> {
    match layer {
        Layer::Line { rows, values, ink, width } => {
            for run in envelope::thinned(points(rows, values, across, scale)) {
                canvas.line(&run, *ink, *width)?;
            }
            Ok(())
        }
        Layer::Fill { rows, values, ink } => {
            for run in envelope::thinned(points(rows, values, across, scale)) {
                let (first, last) = (run[0].0, run[run.len() - 1].0);
                let zero = scale.y(0.0);
                let shape: Vec<Point> =
                    [(first, zero)].into_iter().chain(run).chain([(last, zero)]).collect();
                canvas.area(&shape, *ink)?;
            }
            Ok(())
        }
        Layer::Band { low, high, ink } => band(canvas, (low, high), across, scale, *ink),
        Layer::Columns { values, ink } => columns(canvas, values, across, scale, *ink),
        Layer::Candles { bars, up, down } => candles(canvas, bars, across, scale, (*up, *down)),
        Layer::Level { value, ink } => {
            let y = scale.y(*value).floor() + 0.5;
            let right = across.x(ts.len() as f64 - 0.5);
            canvas.line(&[(across.x(-0.5), y), (right, y)], *ink, 1.0)
        }
        Layer::Markers(markers) => triangles(canvas, markers, across, scale, ts),
        Layer::Strip(markers) => strip(canvas, markers, across, scale.bottom(), ts),
    }
}

fn points<'a>(
    rows: &'a Rows,
    values: &'a [f64],
    across: &'a Across,
    scale: &'a Scale,
) -> impl Iterator<Item = Point> + 'a {
    values.iter().enumerate().map(|(sample, value)| (across.x(rows.at(sample)), scale.y(*value)))
}

/// The area between lows and highs.
fn band<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    (low, high): (&[f64], &[f64]),
    across: &Across,
    scale: &Scale,
    ink: Ink,
) -> Result<(), PlotError> {
    let samples = low.iter().zip(high).enumerate();
    let bands =
        envelope::bands(samples.map(|(row, (low, high))| (across.x(row as f64), *low, *high)));
    let upper = bands.iter().map(|(x, _, high)| (*x, scale.y(*high)));
    let lower = bands.iter().rev().map(|(x, low, _)| (*x, scale.y(*low)));
    canvas.area(&upper.chain(lower).collect::<Vec<_>>(), ink)
}

/// Columns from zero; where there is less than a few pixels for each, they stand without gaps.
fn columns<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    values: &[f64],
    across: &Across,
    scale: &Scale,
    ink: Ink,
) -> Result<(), PlotError> {
    let zero = scale.y(0.0);
    let samples = values.iter().enumerate().map(|(row, value)| (across.x(row as f64), *value));
    if across.pitch >= 3.0 {
        let width = body_width(across.pitch);
        for (x, value) in samples {
            if !value.is_finite() {
                continue;
            }
            let (left, end) = ((x - width / 2.0).round(), scale.y(value));
            let (top, bottom) = (end.min(zero), end.max(zero));
            canvas.rect(Rect { left, top, right: left + width, bottom }, ink)?;
        }
        return Ok(());
    }
    let half = (across.pitch / 2.0).max(0.5);
    let samples =
        samples.filter(|(_, value)| value.is_finite()).map(|(x, value)| (x, value, value));
    let spans = if across.pitch >= 1.0 { samples.collect() } else { envelope::bands(samples) };
    let edge = |(x, value): (f64, f64)| [(x - half, scale.y(value)), (x + half, scale.y(value))];
    let upper = spans.iter().flat_map(|(x, _, high)| edge((*x, high.max(0.0))));
    let lower = spans.iter().rev().flat_map(|(x, low, _)| {
        let [left, right] = edge((*x, low.min(0.0)));
        [right, left]
    });
    canvas.area(&upper.chain(lower).collect::<Vec<_>>(), ink)
}

/// Whole odd pixels, so that a wick stands in the middle.
fn body_width(pitch: f64) -> f64 {
    let width = (pitch * 0.62).clamp(1.0, 15.0).floor();
    if width % 2.0 == 0.0 { width - 1.0 } else { width }
}

/// Candles: hollow when the bar closed at or above its open, filled when below.
fn candles<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    bars: &Columns<'_>,
    across: &Across,
    scale: &Scale,
    (up, down): (Ink, Ink),
) -> Result<(), PlotError> {
    let half = ((body_width(across.pitch) - 1.0) / 2.0).max(1.0);
    for row in 0..bars.len() {
        let bar = bars.bar(row);
        let x = across.x(row as f64).floor() + 0.5;
        let ink = if bar.close >= bar.open { up } else { down };
        canvas.line(&[(x, scale.y(bar.high)), (x, scale.y(bar.low))], ink, 1.0)?;
        let upper = scale.y(bar.open.max(bar.close)).floor() + 0.5;
        let lower = (scale.y(bar.open.min(bar.close)).floor() + 0.5).max(upper);
        let rect = Rect { left: x - half, top: upper, right: x + half, bottom: lower };
        canvas.rect(rect, if bar.close >= bar.open { PAPER } else { ink })?;
        let Rect { left, top, right, bottom } = rect;
        let edge = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        canvas.line(&edge, ink, 1.0)?;
    }
    Ok(())
}

/// Triangles with their tip at the fill: buys below it pointing up, sells above it pointing down.
fn triangles<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    markers: &[Marker],
    across: &Across,
    scale: &Scale,
    ts: &[i64],
) -> Result<(), PlotError> {
    let (size, rim) = if markers.len() <= 120 { (6.0, 1.5) } else { (4.5, 1.0) };
    let mut drawn = std::collections::HashSet::new();
    for marker in markers.iter().filter(|marker| marker.price.is_finite()) {
        let (x, y) = (across.x(row(marker, ts)), scale.y(marker.price));
        // Triangles on the same pixel would only repeat each other.
        if drawn.insert((x as i64, y as i64, marker.side == Side::Buy)) {
            canvas.area(&triangle((x, y), marker.side, size, rim), PAPER)?;
            canvas.area(&triangle((x, y), marker.side, size, 0.0), ink(marker.side))?;
        }
    }
    Ok(())
}

/// The row of the bar at which a fill was.
fn row(marker: &Marker, ts: &[i64]) -> f64 {
    ts.partition_point(|start| *start <= marker.ts).saturating_sub(1) as f64
}

/// How many fills there are in each pixel column: buys upwards from a line, sells downwards.
fn strip<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    markers: &[Marker],
    across: &Across,
    bottom: f64,
    ts: &[i64],
) -> Result<(), PlotError> {
    let mut counts: BTreeMap<i64, [u32; 2]> = BTreeMap::new();
    for marker in markers {
        let column = counts.entry(across.x(row(marker, ts)).floor() as i64).or_default();
        column[usize::from(marker.side == Side::Sell)] += 1;
    }
    let most = counts.values().flatten().copied().max().unwrap_or(1);
    let (reach, middle) = ((STRIP / 2.0 - 1.0).floor(), (bottom - STRIP / 2.0).floor());
    for (left, sides) in counts {
        let left = left as f64;
        for (side, found) in [Side::Buy, Side::Sell].into_iter().zip(sides).filter(|(_, n)| *n > 0)
        {
            // One fill is seen beside any number of others.
            let tall = (reach * f64::from(found) / f64::from(most)).round().max(1.0);
            let (top, bottom) = match side {
                Side::Buy => (middle - tall, middle),
                Side::Sell => (middle, middle + tall),
            };
            canvas.rect(Rect { left, top, right: left + 1.0, bottom }, ink(side))?;
        }
    }
    Ok(())
}

/// The ink of a side.
pub(super) fn ink(side: Side) -> Ink {
    match side {
        Side::Buy => BUY,
        Side::Sell => SELL,
    }
}

/// The corners of a triangle with its tip near `tip`, grown by `halo` on all sides.
pub(super) fn triangle((x, y): Point, side: Side, size: f64, halo: f64) -> [Point; 3] {
    let down = match side {
        Side::Buy => 1.0,
        Side::Sell => -1.0,
    };
    let (half, height) = (size * 0.9 + halo * 1.7, size * 1.6);
    let (tip, base) = (1.0 - halo * 2.0, 1.0 + height + halo);
    [(x, y + down * tip), (x + half, y + down * base), (x - half, y + down * base)]
}
