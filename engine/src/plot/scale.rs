//! The value axis of a panel: from values to pixels, and the round numbers written beside it.

use crate::report::number;

/// Maps values to y; the range is never empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    top: f64,
    bottom: f64,
}

/// A round value and how it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// How the numbers of an axis are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// With thousands separators.
    Number,
    /// In short: 250 M.
    Short,
    /// A fraction as percent.
    Percent,
}

/// Lowest and highest finite value; `None` when there is none.
pub(super) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

impl Scale {
    /// A scale that holds `low..=high` with a `margin` of it above and below, between two y.
    ///
    /// A range too narrow to draw is widened around its middle.
    pub(super) fn new((low, high): (f64, f64), margin: f64, (top, bottom): (f64, f64)) -> Self {
        let size = low.abs().max(high.abs());
        let least = if size > 0.0 { size * 1e-9 } else { 1e-9 };
        let (low, high) = if high - low > least {
            (low - (high - low) * margin, high + (high - low) * margin)
        } else {
            let half = if size > 0.0 { size * 0.02 } else { 1.0 };
            (low - half, high + half)
        };
        Self { low, high, top, bottom }
    }

    /// The same scale from a fixed lowest value on.
    pub(super) fn with_floor(self, low: f64) -> Self {
        Self { low, ..self }
    }

    /// The same scale up to a fixed highest value.
    pub(super) fn with_ceiling(self, high: f64) -> Self {
        Self { high, ..self }
    }

    /// The same scale carried on to a bottom further down.
    pub(super) fn with_bottom(self, bottom: f64) -> Self {
        let share = (bottom - self.top) / (self.bottom - self.top);
        Self { low: self.high - (self.high - self.low) * share, bottom, ..self }
    }

    /// The lower end of the panel, in pixels.
    pub(super) fn bottom(&self) -> f64 {
        self.bottom
    }

    /// Pixels from the top of the picture. Halved first, so that no finite range overflows.
    pub(super) fn y(&self, value: f64) -> f64 {
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        self.bottom - share * (self.bottom - self.top)
    }

    /// Round values inside the range, about one per `spacing` pixels.
    pub(super) fn ticks(&self, spacing: f64, unit: Unit) -> Vec<Tick> {
        let wanted = ((self.bottom - self.top) / spacing).max(1.0);
        let rough = (self.high / wanted) - (self.low / wanted);
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .map(|factor| factor * power)
            .into_iter()
            .find(|step| *step >= rough * 0.999)
            .unwrap_or(10.0 * power);
        if !step.is_normal() {
            return Vec::new();
        }
        let first = (self.low / step).ceil();
        (0..100)
            .map(|place| (first + f64::from(place)) * step)
            .take_while(|value| *value <= self.high)
            .map(|value| Tick { value, label: label(value, step, unit) })
            .collect()
    }
}

fn label(value: f64, step: f64, unit: Unit) -> String {
    match unit {
        Unit::Number => number::grouped(value, decimals(step)),
        Unit::Short => number::short(value),
        Unit::Percent => number::grouped(value * 100.0, decimals(step * 100.0)) + " %",
    }
}

/// Decimals by which multiples of `step` differ, at most ten.
fn decimals(step: f64) -> usize {
    (0..10).find(|digits| is_whole(step * 10_f64.powi(*digits))).unwrap_or(10) as usize
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-6 * value.abs().max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: (f64, f64), unit: Unit) -> Vec<String> {
        let scale = Scale::new(range, 0.0, (0.0, 200.0));
        scale.ticks(50.0, unit).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_written_alike() {
        assert_eq!(labels((81.0, 152.0), Unit::Number), ["100", "120", "140"]);
        assert_eq!(
            labels((99_000.0, 101_000.0), Unit::Number),
            ["99,000", "99,500", "100,000", "100,500", "101,000"]
        );
        assert_eq!(labels((0.0, 0.1), Unit::Number), ["0.000", "0.025", "0.050", "0.075", "0.100"]);
        assert_eq!(labels((0.0, 4e8), Unit::Short), ["0", "100 M", "200 M", "300 M", "400 M"]);
        assert_eq!(labels((-0.5, 0.0), Unit::Percent), ["-40 %", "-20 %", "0 %"]);
    }

    #[test]
    fn any_finite_range_has_a_scale() {
        let ranges =
            [(0.0, 0.0), (5.0, 5.0), (-1e300, 1e300), (1e-300, 2e-300), (1e15, 1e15 + 0.5)];
        for (low, high) in ranges {
            let scale = Scale::new((low, high), 0.05, (10.0, 110.0));
            for value in [low, high] {
                let y = scale.y(value);
                assert!((10.0..=110.0).contains(&y), "{low} {high}: {y}");
            }
            assert!(scale.ticks(50.0, Unit::Number).len() < 100);
        }
    }

    #[test]
    fn the_extent_passes_over_what_is_not_a_number() {
        assert_eq!(extent([f64::NAN, 2.0, f64::INFINITY, 1.0]), Some((1.0, 2.0)));
        assert_eq!(extent([f64::NAN]), None);
    }
}
