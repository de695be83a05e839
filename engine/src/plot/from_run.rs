//! What a run holds, as the picture wants it: indicators as overlays, fills as markers.

use std::borrow::Cow;

use engine_core::order::FillRecord;
use strategy_api::indicators::{ColumnSpec, Input};

use super::{Marker, Overlay, Panel, Side};

/// The overlay of an indicator that the strategy declared; `compute` gives its values.
///
/// Prices go over the bars; anything else gets a panel, which the outputs of one MACD share.
#[must_use]
pub fn overlay(spec: &ColumnSpec, compute: impl Fn(&ColumnSpec) -> Vec<f64>) -> Overlay<'static> {
    let name = spec.label();
    let panel = if spec.on_price_scale() {
        Panel::Price
    } else {
        let outputs = [" line", " signal", " histogram"];
        Panel::Own(outputs.iter().fold(name.clone(), |caption, part| caption.replace(part, "")))
    };
    Overlay { name, values: Cow::Owned(compute(spec)), panel }
}

/// MA20 and MA50 of close, for a strategy that declares no indicators.
///
/// # Panics
/// Never: both windows are valid.
#[must_use]
pub fn moving_averages(compute: impl Fn(&ColumnSpec) -> Vec<f64>) -> Vec<Overlay<'static>> {
    [20, 50]
        .into_iter()
        .map(|window| {
            let spec = ColumnSpec::sma(Input::Close, window).expect("20 and 50 are valid windows");
            Overlay { name: format!("MA{window}"), ..overlay(&spec, &compute) }
        })
        .collect()
}

/// The markers of one instrument's fills.
#[must_use]
pub fn markers(fills: &[FillRecord], instrument: u32) -> Vec<Marker> {
    fills
        .iter()
        .filter(|fill| fill.instrument == instrument)
        .map(|fill| Marker {
            ts: fill.ts,
            price: fill.price,
            side: if fill.quantity > 0.0 { Side::Buy } else { Side::Sell },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strategy_api::{Columns, indicators::MacdOutput};

    #[test]
    fn prices_go_over_the_bars_and_the_outputs_of_a_macd_share_a_panel() {
        let prices: Vec<f64> = (1..=60).map(f64::from).collect();
        let ts: Vec<i64> = (0..60).collect();
        let bars = Columns {
            ts: &ts,
            open: &prices,
            high: &prices,
            low: &prices,
            close: &prices,
            volume: &prices,
        };
        let compute = |spec: &ColumnSpec| spec.compute(&bars);
        let [fast, slow] = moving_averages(compute).try_into().unwrap();
        assert_eq!((fast.name.as_str(), slow.name.as_str()), ("MA20", "MA50"));
        assert!(fast.values[18].is_nan() && (fast.values[19] - 10.5).abs() < 1e-12);
        assert_eq!(slow.panel, Panel::Price);
        let panel = |output| {
            let spec = ColumnSpec::macd(Input::Close, 12, 26, 9, output).unwrap();
            overlay(&spec, compute).panel
        };
        let shared = Panel::Own("MACD(12,26,9)".to_owned());
        assert_eq!(panel(MacdOutput::Line), shared);
        assert_eq!(panel(MacdOutput::Histogram), shared);
    }

    #[test]
    fn a_fill_is_marked_by_its_sign() {
        let fill = |instrument, quantity| FillRecord {
            order: 1,
            instrument,
            ts: 7,
            quantity,
            price: 10.0,
            reference: 10.0,
            commission: 0.0,
        };
        let found = markers(&[fill(0, 5.0), fill(1, 5.0), fill(0, -5.0)], 0);
        let sides: Vec<Side> = found.iter().map(|marker| marker.side).collect();
        assert_eq!(sides, [Side::Buy, Side::Sell]);
    }
}
