//! Returns by calendar year beside those of the benchmark, as a picture of vectors.

use engine_core::metrics::SessionEquity;

use super::{histogram::steps, markup::escaped, months};
use crate::report::number::percent;

const WIDTH: f64 = 500.0;
const HEIGHT: f64 = 176.0;
/// Room for the years below and for the numbers at the right.
const FOOT: f64 = 24.0;
const SIDE: f64 = 52.0;

/// The bars of each year; `None` without a year that has a return.
pub(super) fn picture(
    own: &SessionEquity,
    other: Option<(&str, &SessionEquity)>,
) -> Option<String> {
    let own: Vec<(i16, f64)> = whole(own);
    let beside: Vec<(i16, f64)> = other.map(|(_, curve)| whole(curve)).unwrap_or_default();
    let all = || own.iter().chain(&beside).map(|(_, value)| *value);
    let low = all().fold(0.0, f64::min);
    let high = all().fold(0.0, f64::max);
    if own.is_empty() || low == high {
        return None;
    }
    let described: Vec<String> =
        own.iter().map(|(year, value)| format!("{year} {}", percent(*value))).collect();
    let mut text = format!(
        "<svg class=\"histogram years\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Returns by year: {}\">",
        described.join(", ")
    );
    let y = |value: f64| 6.0 + (high - value) / (high - low) * (HEIGHT - FOOT - 12.0);
    for tick in steps(low, high, 5) {
        let at = y(tick);
        let class = if tick == 0.0 { "axis" } else { "line" };
        text.push_str(&format!(
            "<path class=\"{class}\" d=\"M0 {at:.1}H{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            WIDTH - SIDE,
            WIDTH - SIDE + 6.0,
            at + 4.0,
            short(tick)
        ));
    }
    let each = (WIDTH - SIDE) / own.len() as f64;
    let wide = (each * if beside.is_empty() { 0.6 } else { 0.36 }).min(34.0);
    for (place, (year, value)) in own.iter().enumerate() {
        let middle = (place as f64 + 0.5) * each;
        let found = beside.iter().find(|(other, _)| other == year);
        let left = if beside.is_empty() { middle - wide / 2.0 } else { middle - wide };
        text.push_str(&bar(
            left,
            wide,
            (y(0.0), y(*value)),
            "own",
            &format!("{year}: {}", percent(*value)),
        ));
        if let (Some((_, value)), Some((name, _))) = (found, other) {
            let said = format!("{year}, {}: {}", escaped(name), percent(*value));
            text.push_str(&bar(middle, wide, (y(0.0), y(*value)), "other", &said));
        }
        if place % own.len().div_ceil(7) == 0 {
            let foot = HEIGHT - 8.0;
            text.push_str(&format!(
                "<text x=\"{middle:.1}\" y=\"{foot}\" text-anchor=\"middle\">{year}</text>"
            ));
        }
    }
    Some(text + "</svg>")
}

/// What the colours mean; nothing without a benchmark.
pub(super) fn legend(own: &str, other: Option<&str>) -> String {
    let Some(other) = other else { return String::new() };
    format!(
        "<figcaption><span><i class=\"key ink-equity\"></i>{}</span><span><i class=\"key ink-benchmark\"></i>{}</span></figcaption>",
        escaped(own),
        escaped(other)
    )
}

fn whole(curve: &SessionEquity) -> Vec<(i16, f64)> {
    months::years(curve).iter().filter_map(|year| Some((year.year, year.whole?))).collect()
}

fn bar(left: f64, wide: f64, (zero, end): (f64, f64), class: &str, said: &str) -> String {
    let (top, tall) = (zero.min(end), (zero - end).abs().max(0.5));
    format!(
        "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{tall:.1}\">\
         <title>{said}</title></rect>"
    )
}

/// A round percentage without needless decimals.
fn short(value: f64) -> String {
    percent(value).replace(".00 %", " %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_year_has_its_bar_and_the_benchmark_one_beside_it() {
        let curve = |end: f64| SessionEquity {
            initial: 100.0,
            days: vec![date(2022, 12, 30), date(2023, 12, 29)],
            equity: vec![110.0, end],
        };
        let (own, other) = (curve(99.0), curve(121.0));
        let svg = picture(&own, Some(("<b>", &other))).unwrap();
        assert_eq!(svg.matches("<rect").count(), 4);
        assert!(
            svg.contains("2023: -10.00 %") && svg.contains("2023, &lt;b&gt;: 10.00 %"),
            "{svg}"
        );
        assert_eq!(picture(&own, None).unwrap().matches("<rect").count(), 2);
        assert_eq!(picture(&SessionEquity::default(), None), None);
    }
}
