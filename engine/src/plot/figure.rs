//! The whole picture: how high each panel is, and the frame, grid, numbers and dates that they share.

use plotters::backend::DrawingBackend;

use super::{
    HEIGHT, PlotData, PlotError, WIDTH,
    canvas::{Align, Canvas, Ink, Lettering, Rect},
    content, dates, font, header, layers,
    panel::Panel,
    scale::{Scale, Tick},
};

pub(super) const PAPER: Ink = Ink::new(0xff_ff_ff);
pub(super) const TEXT: Ink = Ink::new(0x1f_29_37);
pub(super) const MUTED: Ink = Ink::new(0x55_5f_6d);
const GRID: Ink = Ink::new(0xe7_ea_ef);
const FRAME: Ink = Ink::new(0xc0_c7_d0);

/// Room left and right of everything.
pub(super) const SIDE: f64 = 18.0;
/// Where the strip of the first panel begins.
const TOP: f64 = 64.0;
/// Height of the strip above a panel, which holds its caption and legend.
const STRIP: f64 = 24.0;
/// Height below the last panel, for the dates.
const FOOT: f64 = 42.0;
/// Room between a panel and the numbers beside it.
const GAP: f64 = 8.0;
/// Font size of numbers, dates and legends.
pub(super) const SMALL: f64 = 12.5;
/// Dates are at least this far apart.
const DATES_APART: f64 = 64.0;

/// Where bars stand from left to right: side by side, without the gaps of nights and weekends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Across {
    left: f64,
    /// Pixels from bar to bar.
    pub(super) pitch: f64,
}

impl Across {
    /// The x of a row; the middle of a bar is its whole number.
    pub(super) fn x(&self, row: f64) -> f64 {
        self.left + (row + 0.5) * self.pitch
    }
}

/// A panel with its place on the page.
struct Placed<'a> {
    panel: Panel<'a>,
    rect: Rect,
    scale: Scale,
    ticks: Vec<Tick>,
}

/// Draws everything.
pub(super) fn draw<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    data: &PlotData<'_>,
) -> Result<(), PlotError> {
    let page = Rect { left: 0.0, top: 0.0, right: f64::from(WIDTH), bottom: f64::from(HEIGHT) };
    canvas.rect(page, PAPER)?;
    header::title(canvas, data)?;
    let panels = placed(content::panels(data));
    let Some(last) = panels.last() else { return Ok(()) };
    let rect = last.rect;
    let across = Across { left: rect.left, pitch: rect.width() / data.bars.len() as f64 };
    let dates =
        dates::ticks(data.bars.ts, data.resolution, &data.time_zone, (across.pitch, DATES_APART));
    for placed in &panels {
        grid(canvas, placed, dates.iter().map(|tick| across.x(tick.row as f64)))?;
        for layer in &placed.panel.layers {
            layers::draw(canvas, layer, &across, &placed.scale, data.bars.ts)?;
        }
        frame(canvas, placed.rect)?;
        numbers(canvas, placed)?;
        header::legend(canvas, &placed.panel, (placed.rect, STRIP))?;
    }
    for tick in &dates {
        let x = across.x(tick.row as f64);
        let look = Lettering::new(SMALL, MUTED).align(Align::Middle);
        canvas.line(&[(x, rect.bottom), (x, rect.bottom + 4.0)], FRAME, 1.0)?;
        canvas.text(&tick.label, (x, rect.bottom + 13.0), look)?;
        if let Some(context) = &tick.context {
            canvas.text(context, (x, rect.bottom + 28.0), Lettering { ink: TEXT, ..look })?;
        }
    }
    Ok(())
}

/// Gives every panel its share of the height, and all of them the width that the widest numbers leave.
fn placed(panels: Vec<Panel<'_>>) -> Vec<Placed<'_>> {
    let strips = panels.len() as f64 * STRIP;
    let room = f64::from(HEIGHT) - TOP - FOOT - strips;
    let weights: f64 = panels.iter().map(|panel| panel.weight).sum();
    let mut bottom = TOP;
    let mut placed: Vec<Placed<'_>> = Vec::with_capacity(panels.len());
    for panel in panels {
        let top = (bottom + STRIP).round() + 0.5;
        bottom = (bottom + STRIP + room * panel.weight / weights).round() + 0.5;
        let scale = panel.scale((top, bottom));
        let ticks = scale.ticks(panel.tick_spacing(bottom - top), panel.unit);
        let rect = Rect { left: 0.0, top, right: f64::from(WIDTH), bottom };
        placed.push(Placed { panel, rect, scale, ticks });
    }
    let widest = |labels: &mut dyn Iterator<Item = &str>| {
        labels.map(|label| font::width(label, SMALL)).fold(30.0, f64::max).ceil() + GAP
    };
    let left = widest(&mut placed.iter().flat_map(|placed| placed.ticks.iter().map(|t| &*t.label)));
    let right = widest(&mut placed.iter().flat_map(|p| p.panel.marks.iter().map(|m| &*m.label)));
    for placed in &mut placed {
        placed.rect.left = SIDE + left.min(200.0) + 0.5;
        placed.rect.right = f64::from(WIDTH) - SIDE - right.min(200.0) + 0.5;
    }
    placed
}

fn grid<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    placed: &Placed<'_>,
    dates: impl Iterator<Item = f64>,
) -> Result<(), PlotError> {
    let rect = placed.rect;
    for x in dates {
        let x = x.floor() + 0.5;
        canvas.line(&[(x, rect.top), (x, rect.bottom)], GRID, 1.0)?;
    }
    for tick in &placed.ticks {
        let y = placed.scale.y(tick.value).floor() + 0.5;
        canvas.line(&[(rect.left, y), (rect.right, y)], GRID, 1.0)?;
    }
    Ok(())
}

fn frame<B: DrawingBackend>(canvas: &mut Canvas<B>, rect: Rect) -> Result<(), PlotError> {
    let Rect { left, top, right, bottom } = rect;
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.line(&corners, FRAME, 1.0)
}

/// The numbers of the axis on the left and the marked values on the right.
fn numbers<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    placed: &Placed<'_>,
) -> Result<(), PlotError> {
    let Placed { rect, scale, panel, ticks } = placed;
    for tick in ticks {
        let look = Lettering::new(SMALL, MUTED).align(Align::Right);
        canvas.text(&tick.label, (rect.left - GAP, scale.y(tick.value)), look)?;
    }
    let mut marks: Vec<_> = panel.marks.iter().map(|mark| (scale.y(mark.value), mark)).collect();
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Marks that would overlap are moved apart, downwards and then up again from the bottom.
    let apart = SMALL + 2.0;
    for place in 1..marks.len() {
        marks[place].0 = marks[place].0.max(marks[place - 1].0 + apart);
    }
    let mut limit = rect.bottom;
    for (y, _) in marks.iter_mut().rev() {
        *y = y.min(limit).max(rect.top);
        limit = *y - apart;
    }
    for (y, mark) in marks {
        let look = Lettering::new(SMALL, mark.ink);
        canvas.text(&mark.label, (rect.right + GAP, y), look)?;
    }
    Ok(())
}
