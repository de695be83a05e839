//! A panel as data: its layers, legend, marked values and scale, before it has a place on the page.

use std::borrow::Cow;

use strategy_api::Columns;

use super::{
    Marker, Side,
    canvas::Ink,
    scale::{Scale, Unit, extent},
};
use crate::report::number;

/// Height of the strip that counts fills, in pixels.
pub(super) const STRIP: f64 = 26.0;

/// One panel, before it has a place.
pub(super) struct Panel<'a> {
    pub(super) caption: String,
    pub(super) entries: Vec<Entry>,
    /// Text at the right end of the strip.
    pub(super) note: String,
    pub(super) layers: Vec<Layer<'a>>,
    pub(super) marks: Vec<Mark>,
    pub(super) unit: Unit,
    /// Share of the height.
    pub(super) weight: f64,
    pub(super) bounds: Bounds,
}

/// Which end of the scale is fixed at zero.
pub(super) enum Bounds {
    Free,
    Floor,
    Ceiling,
}

/// A value marked at the right edge.
pub(super) struct Mark {
    pub(super) value: f64,
    pub(super) label: String,
    pub(super) ink: Ink,
}

/// One entry of a legend.
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) name: String,
}

/// The sample beside a legend entry.
pub(super) enum Key {
    Line(Ink, f64),
    Box(Ink),
    Triangle(Side),
}

/// Where the samples of a curve stand, in rows.
pub(super) enum Rows {
    /// One a bar.
    Bars,
    /// Anywhere.
    At(Vec<f64>),
}

impl Rows {
    pub(super) fn at(&self, sample: usize) -> f64 {
        match self {
            Self::Bars => sample as f64,
            Self::At(rows) => rows[sample],
        }
    }
}

/// Something drawn in a panel.
pub(super) enum Layer<'a> {
    Line {
        rows: Rows,
        values: Cow<'a, [f64]>,
        ink: Ink,
        width: f64,
    },
    /// Between two values a bar.
    Band {
        low: &'a [f64],
        high: &'a [f64],
        ink: Ink,
    },
    Candles {
        bars: Columns<'a>,
        up: Ink,
        down: Ink,
    },
    /// From zero, up or down.
    Columns {
        values: &'a [f64],
        ink: Ink,
    },
    /// Between zero and the curve.
    Fill {
        rows: Rows,
        values: Cow<'a, [f64]>,
        ink: Ink,
    },
    /// Across the panel.
    Level {
        value: f64,
        ink: Ink,
    },
    Markers(&'a [Marker]),
    /// How many fills there are over time, at the foot of the panel.
    Strip(&'a [Marker]),
}

impl Layer<'_> {
    fn extent(&self) -> Option<(f64, f64)> {
        match self {
            Self::Line { values, .. } | Self::Fill { values, .. } => extent(values.iter().copied()),
            Self::Band { low, high, .. } => extent(low.iter().chain(*high).copied()),
            Self::Candles { bars, .. } => extent(bars.low.iter().chain(bars.high).copied()),
            Self::Columns { values, .. } => extent(values.iter().copied().chain([0.0])),
            Self::Level { value, .. } => Some((*value, *value)),
            Self::Markers(markers) | Self::Strip(markers) => {
                extent(markers.iter().map(|marker| marker.price))
            }
        }
    }
}

impl<'a> Panel<'a> {
    pub(super) fn new(caption: &str, weight: f64, layers: Vec<Layer<'a>>) -> Self {
        Self {
            caption: caption.to_owned(),
            entries: Vec::new(),
            note: String::new(),
            layers,
            marks: Vec::new(),
            unit: Unit::Number,
            weight,
            bounds: Bounds::Free,
        }
    }

    pub(super) fn entry(&mut self, key: Key, name: impl Into<String>) {
        self.entries.push(Entry { key, name: name.into() });
    }

    /// Marks the last finite value at the right edge.
    pub(super) fn mark_last(&mut self, values: &[f64], ink: Ink) {
        if let Some(value) = values.iter().rev().copied().find(|value| value.is_finite()) {
            let decimals = if value.abs() < 10_000.0 { 2 } else { 0 };
            let label = if value != 0.0 && value.abs() < 0.01 {
                number::plain(value)
            } else {
                number::grouped(value, decimals)
            };
            self.marks.push(Mark { value, label, ink });
        }
    }

    /// The scale that holds every layer, between two y.
    pub(super) fn scale(&self, between: (f64, f64)) -> Scale {
        let extents = self.layers.iter().filter_map(Layer::extent);
        let range = extent(extents.flat_map(|(low, high)| [low, high])).unwrap_or((0.0, 1.0));
        let has_strip = self.layers.iter().any(|layer| matches!(layer, Layer::Strip(_)));
        match self.bounds {
            Bounds::Free if has_strip => {
                // The prices end above the strip.
                Scale::new(range, 0.07, (between.0, between.1 - STRIP)).with_bottom(between.1)
            }
            Bounds::Free => Scale::new(range, 0.07, between),
            Bounds::Floor => Scale::new((0.0, range.1.max(0.0)), 0.08, between).with_floor(0.0),
            Bounds::Ceiling => {
                let low = if range.0 < 0.0 { range.0 } else { -0.01 };
                Scale::new((low, 0.0), 0.08, between).with_ceiling(0.0)
            }
        }
    }

    /// Pixels between the numbers of the axis: wider in high panels.
    pub(super) fn tick_spacing(&self, height: f64) -> f64 {
        if height > 200.0 { 46.0 } else { 21.0 }
    }
}
