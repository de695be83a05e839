//! What each panel shows of a run, and in which inks.

use std::borrow::Cow;

use super::{
    Curve, Overlay, PlotData, Side,
    canvas::Ink,
    dates,
    figure::{MUTED, TEXT},
    panel::{Bounds, Key, Layer, Panel, Rows},
    scale::{Unit, extent},
};
use crate::report::number;

const PRICE: Ink = Ink::new(0x37_41_51);
const RANGE: Ink = Ink::new(0x94_a3_b8);
const VOLUME: Ink = Ink::new(0x9c_ab_bf);
const EQUITY: Ink = Ink::new(0x1d_4e_d8);
const BENCHMARK: Ink = Ink::new(0x9a_a3_af);
const WATER: Ink = Ink::new(0xb9_1c_1c);
const LEVEL: Ink = Ink::new(0x9c_a3_af);
pub(super) const BUY: Ink = Ink::new(0x04_78_57);
pub(super) const SELL: Ink = Ink::new(0xc2_41_0c);

/// Inks of indicators, told apart also by lightness and by people who see few colours.
const INDICATORS: [Ink; 6] = [
    Ink::new(0xe6_9f_00),
    Ink::new(0x00_72_b2),
    Ink::new(0xcc_79_a7),
    Ink::new(0x00_9e_73),
    Ink::new(0x7c_3a_ed),
    Ink::new(0x8b_5e_34),
];

/// Up to this many bars are drawn as candles.
const MOST_CANDLES: usize = 160;
/// Up to this many fills are drawn as triangles; more would hide the price, so a strip below it counts them.
pub(super) const MOST_TRIANGLES: usize = 400;
/// Panels of indicators with their own scale; more would leave none readable.
const MOST_OWN: usize = 3;

/// The panels of a picture, from top to bottom.
pub(super) fn panels<'a>(data: &'a PlotData<'_>) -> Vec<Panel<'a>> {
    let mut panels = vec![price(data)];
    if data.bars.volume.iter().any(|volume| *volume > 0.0) {
        panels.push(volume(data));
    }
    panels.extend(own(data));
    if !data.equity.values.is_empty() {
        panels.push(equity(data));
        panels.push(drawdown(data));
    }
    panels
}

fn price<'a>(data: &'a PlotData<'_>) -> Panel<'a> {
    let bars = data.bars;
    let mut panel = Panel::new("Price", 3.3, Vec::new());
    if bars.len() <= MOST_CANDLES {
        panel.layers.push(Layer::Candles { bars, up: BUY, down: SELL });
        panel.note = "hollow: closed at or above the open, filled: below".to_owned();
    } else {
        panel.layers.push(Layer::Band { low: bars.low, high: bars.high, ink: RANGE.alpha(0.45) });
        panel.layers.push(line(bars.close, PRICE, 1.2));
        panel.entry(Key::Line(PRICE, 1.4), "close");
        panel.entry(Key::Box(RANGE.alpha(0.45)), "low to high");
    }
    let over = data.overlays.iter().filter(|overlay| overlay.panel == super::Panel::Price);
    for (overlay, ink) in over.zip(INDICATORS.into_iter().cycle()) {
        panel.layers.push(line(&overlay.values, ink, 1.6));
        panel.entry(Key::Line(ink, 1.8), &overlay.name);
    }
    if data.trades.len() > MOST_TRIANGLES {
        panel.layers.push(Layer::Strip(&data.trades));
        panel.note = "strip: fills over time, buys up, sells down".to_owned();
    } else {
        panel.layers.push(Layer::Markers(&data.trades));
    }
    for (side, name) in [(Side::Buy, "buy"), (Side::Sell, "sell")] {
        let count = data.trades.iter().filter(|marker| marker.side == side).count();
        if count > 0 {
            panel.entry(Key::Triangle(side), format!("{name} ({})", number::count(count as u64)));
        }
    }
    panel.mark_last(bars.close, TEXT);
    panel
}

fn volume<'a>(data: &'a PlotData<'_>) -> Panel<'a> {
    let layers = vec![Layer::Columns { values: data.bars.volume, ink: VOLUME }];
    let mut panel = Panel::new("Volume", 0.75, layers);
    panel.unit = Unit::Short;
    panel.bounds = Bounds::Floor;
    panel
}

/// Indicators with their own scale; what has no room is named in the last strip.
fn own<'a>(data: &'a PlotData<'_>) -> Vec<Panel<'a>> {
    let mut captions: Vec<&str> = Vec::new();
    for overlay in &data.overlays {
        match &overlay.panel {
            super::Panel::Own(caption) if !captions.contains(&caption.as_str()) => {
                captions.push(caption);
            }
            _ => {}
        }
    }
    let mut panels: Vec<_> =
        captions.iter().take(MOST_OWN).map(|caption| oscillator(data, caption)).collect();
    if let (Some(last), true) = (panels.last_mut(), captions.len() > MOST_OWN) {
        last.note = format!("not drawn: {}", captions[MOST_OWN..].join(", "));
    }
    panels
}

fn oscillator<'a>(data: &'a PlotData<'_>, caption: &str) -> Panel<'a> {
    let mut panel = Panel::new(caption, 1.0, Vec::new());
    let belongs = |overlay: &&Overlay<'_>| matches!(&overlay.panel, super::Panel::Own(other) if other == caption);
    let lines: Vec<&Overlay<'_>> = data.overlays.iter().filter(belongs).collect();
    let range = extent(lines.iter().flat_map(|overlay| overlay.values.iter().copied()));
    let is_around_zero = range.is_some_and(|(low, high)| low < 0.0 && high > 0.0);
    let levels: &[f64] = if caption.starts_with("RSI(") {
        // Below the one a price is held to be oversold, above the other overbought.
        &[30.0, 70.0]
    } else if is_around_zero {
        &[0.0]
    } else {
        &[]
    };
    panel.layers.extend(levels.iter().map(|value| Layer::Level { value: *value, ink: LEVEL }));
    let mut inked: Vec<_> = lines.into_iter().zip(INDICATORS.into_iter().cycle().skip(1)).collect();
    // Columns stand behind the lines.
    inked.sort_by_key(|(overlay, _)| !is_histogram(overlay));
    for (overlay, ink) in inked {
        panel.layers.push(match is_histogram(overlay) {
            true => Layer::Columns { values: &overlay.values, ink: ink.alpha(0.6) },
            false => line(&overlay.values, ink, 1.3),
        });
        panel.mark_last(&overlay.values, ink);
        if overlay.name != caption {
            // `MACD(12,26,9) signal` below the caption `MACD(12,26,9)` is its signal.
            let name = overlay.name.strip_prefix(caption).unwrap_or(&overlay.name);
            panel.entry(Key::Line(ink, 1.5), name.trim());
        }
    }
    panel
}

/// Whether an indicator is drawn as columns from zero.
fn is_histogram(overlay: &Overlay<'_>) -> bool {
    overlay.name.ends_with(" histogram")
}

fn equity<'a>(data: &'a PlotData<'_>) -> Panel<'a> {
    let mut panel =
        Panel::new("Equity", 1.7, vec![Layer::Level { value: data.initial, ink: LEVEL }]);
    let curves = data.benchmark.iter().map(|curve| (curve, BENCHMARK, 1.3));
    for (curve, ink, width) in curves.chain([(&data.equity, EQUITY, 1.6)]) {
        let rows = rows(data.bars.ts, curve);
        let values = Cow::Borrowed(curve.values);
        panel.layers.push(Layer::Line { rows, values, ink, width });
        panel.mark_last(curve.values, if ink == BENCHMARK { MUTED } else { ink });
        panel.entry(Key::Line(ink, width + 0.2), &curve.name);
    }
    // The strategy is drawn last, over the benchmark, and named first.
    panel.entries.reverse();
    panel
}

/// Fall below the highest equity so far, the initial capital included; 0 at a new high.
pub(super) fn under_water(initial: f64, equity: &[f64]) -> Vec<f64> {
    let mut peak = initial;
    let fall = |value: &f64| {
        peak = if *value > peak { *value } else { peak };
        if peak > 0.0 { value / peak - 1.0 } else { f64::NAN }
    };
    equity.iter().map(fall).collect()
}

fn drawdown<'a>(data: &'a PlotData<'_>) -> Panel<'a> {
    let values = under_water(data.initial, data.equity.values);
    let deepest = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .min_by(|a, b| a.1.total_cmp(b.1))
        .filter(|(_, value)| **value < 0.0);
    let note = deepest.map(|(place, value)| {
        let date = dates::date(data.equity.ts[place], data.resolution, &data.time_zone);
        format!("deepest {} on {date}", number::percent(*value))
    });
    let fill = Layer::Fill {
        rows: rows(data.bars.ts, &data.equity),
        values: Cow::Owned(values.clone()),
        ink: WATER.alpha(0.22),
    };
    let edge = Layer::Line {
        rows: rows(data.bars.ts, &data.equity),
        values: Cow::Owned(values),
        ink: WATER,
        width: 1.0,
    };
    let mut panel = Panel::new("Drawdown", 1.0, vec![fill, edge]);
    panel.note = note.unwrap_or_default();
    panel.unit = Unit::Percent;
    panel.bounds = Bounds::Ceiling;
    panel
}

fn line(values: &[f64], ink: Ink, width: f64) -> Layer<'_> {
    Layer::Line { rows: Rows::Bars, values: Cow::Borrowed(values), ink, width }
}

/// Rows of a curve that may have other times than the bars: between two bars by the share of time.
fn rows(bars: &[i64], curve: &Curve<'_>) -> Rows {
    if bars == curve.ts {
        return Rows::Bars;
    }
    let mut after = 0;
    let row = |ts: &i64| {
        while after < bars.len() && bars[after] <= *ts {
            after += 1;
        }
        match (after.checked_sub(1), bars.get(after)) {
            (None, _) => 0.0,
            (Some(before), None) => before as f64,
            (Some(before), Some(next)) => {
                let (past, whole) = (ts - bars[before], next - bars[before]);
                before as f64 + past as f64 / whole as f64
            }
        }
    };
    Rows::At(curve.ts.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawdown_counts_the_initial_capital_as_a_peak() {
        let values = under_water(100.0, &[90.0, 95.0, 120.0, 60.0, 130.0]);
        let expected = [-0.1, -0.05, 0.0, -0.5, 0.0];
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-12, "{values:?}");
        }
    }

    #[test]
    fn a_curve_with_other_times_stands_between_the_bars() {
        let curve = Curve { name: String::new(), ts: &[5, 10, 15, 40, 99], values: &[0.0; 5] };
        let Rows::At(rows) = rows(&[10, 20, 40], &curve) else { panic!("times differ") };
        assert_eq!(rows, [0.0, 0.0, 0.5, 2.0, 2.0]);
    }
}
