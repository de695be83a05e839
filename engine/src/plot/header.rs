//! The title above the panels and the strip with caption and legend above each of them.
//!
//! Legends stand outside the panels, so they never cover data. What is too long is cut.

use plotters::backend::DrawingBackend;

use super::{
    PlotData, PlotError, WIDTH,
    canvas::{Align, Canvas, Lettering, Rect},
    dates,
    figure::{MUTED, SIDE, SMALL, TEXT},
    font, layers,
    panel::{Entry, Key, Panel},
};
use crate::report::{number, text::printable};

/// Width of the sample beside a legend entry, with the room after it.
const KEY: f64 = 27.0;

/// The two lines above everything: what was run on what, and what came out.
pub(super) fn title<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    data: &PlotData<'_>,
) -> Result<(), PlotError> {
    let (width, mut x) = (f64::from(WIDTH) - 2.0 * SIDE, SIDE);
    let period = period(data);
    let look = Lettering::new(13.0, MUTED).align(Align::Right);
    canvas.text(&period, (SIDE + width, 24.0), look)?;
    let room = width - font::width(&period, 13.0) - 24.0;

    let symbol = fitted(&format!("{}  {}", data.symbol, data.resolution), 21.0, room * 0.5);
    canvas.text(&symbol, (x, 24.0), Lettering::new(21.0, TEXT).bold())?;
    x += font::width(&symbol, 21.0) + 18.0;
    let title = fitted(&data.title, 16.0, SIDE + room - x);
    canvas.text(&title, (x, 25.0), Lettering::new(16.0, TEXT))?;

    let headline = fitted(&data.headline, 14.0, width);
    canvas.text(&headline, (SIDE, 50.0), Lettering::new(14.0, MUTED))
}

/// First and last bar, how many there are, and the zone of their times where they lie inside a session.
fn period(data: &PlotData<'_>) -> String {
    let date = |ts: &i64| dates::date(*ts, data.resolution, &data.time_zone);
    let ends = [data.bars.ts.first(), data.bars.ts.last()].map(|ts| ts.map(date));
    let bars = number::count(data.bars.len() as u64);
    let zone = match data.time_zone.iana_name().filter(|_| data.resolution.is_intraday()) {
        Some(zone) => format!(", {zone}"),
        None => String::new(),
    };
    match ends {
        [Some(first), Some(last)] if first != last => {
            format!("{first} to {last}{zone}, {bars} bars")
        }
        [Some(only), _] => {
            format!("{only}{zone}, {bars} bar{}", if bars == "1" { "" } else { "s" })
        }
        _ => String::new(),
    }
}

/// Caption, entries and note above a panel.
pub(super) fn legend<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    panel: &Panel<'_>,
    (rect, strip): (Rect, f64),
) -> Result<(), PlotError> {
    let y = (rect.top - strip / 2.0 + 2.0).round();
    let mut x = rect.left + 1.0;
    let caption = fitted(&panel.caption, 13.5, rect.width() / 3.0);
    canvas.text(&caption, (x, y), Lettering::new(13.5, TEXT).bold())?;
    x += font::width(&caption, 13.5) + 20.0;

    let note = fitted(&panel.note, SMALL, rect.width() / 3.0);
    canvas.text(&note, (rect.right, y), Lettering::new(SMALL, MUTED).align(Align::Right))?;
    let end = rect.right - font::width(&note, SMALL) - 20.0;

    for (place, entry) in panel.entries.iter().enumerate() {
        let name = fitted(&entry.name, SMALL, 220.0);
        let more = format!("and {} more", panel.entries.len() - place);
        let next = x + KEY + font::width(&name, SMALL) + 18.0;
        let is_last = place + 1 == panel.entries.len();
        if next + if is_last { 0.0 } else { font::width(&more, SMALL) } > end {
            return canvas.text(&more, (x, y), Lettering::new(SMALL, MUTED));
        }
        key(canvas, entry, (x, y))?;
        canvas.text(&name, (x + KEY, y), Lettering::new(SMALL, MUTED))?;
        x = next;
    }
    Ok(())
}

fn key<B: DrawingBackend>(
    canvas: &mut Canvas<B>,
    entry: &Entry,
    (x, y): (f64, f64),
) -> Result<(), PlotError> {
    match entry.key {
        Key::Line(ink, width) => canvas.line(&[(x, y + 0.5), (x + 20.0, y + 0.5)], ink, width),
        Key::Box(ink) => {
            let rect = Rect { left: x, top: y - 4.0, right: x + 20.0, bottom: y + 5.0 };
            canvas.rect(rect, ink)
        }
        Key::Triangle(side) => {
            let tip = match side {
                super::Side::Buy => y - 6.0,
                super::Side::Sell => y + 6.0,
            };
            canvas.area(&layers::triangle((x + 14.0, tip), side, 6.0, 0.0), layers::ink(side))
        }
    }
}

/// A text made safe, cut to a width in pixels.
fn fitted(text: &str, em: f64, width: f64) -> String {
    // No letter is narrower than a tenth of an em, so what lies beyond need not be measured.
    let most = (width / em * 10.0).max(0.0) as usize;
    let mut safe = printable(&text.chars().take(most).collect::<String>());
    if safe.chars().count() >= text.chars().count() && font::width(&safe, em) <= width {
        return safe;
    }
    while !safe.is_empty() && font::width(&safe, em) + font::width("...", em) > width {
        safe.pop();
    }
    safe + "..."
}
