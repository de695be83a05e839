//! The deepest falls of a curve below its highest value so far, session by session.

use engine_core::{calendar::day_number, metrics::SessionEquity};
use jiff::civil::Date;

use super::markup::scrolled;
use crate::report::number::{count, percent};

/// Why the deepest fall may differ from the maximum drawdown among the figures.
const NOTE: &str = "<p class=\"hint\">From session close to session close; Max drawdown among the figures is \
taken bar by bar and may be deeper.</p>";

/// Falls that are listed.
const MOST: usize = 5;

/// A fall from a peak to the day on which the peak is reached again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fall {
    /// The last day at the peak; `None` when that is the initial capital.
    pub(super) peak: Option<Date>,
    /// The day of the lowest value.
    pub(super) trough: Date,
    /// The day on which the value is back; `None` when it is not by the end.
    pub(super) recovered: Option<Date>,
    /// Lowest value divided by that of the peak, less one.
    pub(super) depth: f64,
    /// Calendar days from the peak to the recovery, or to the end.
    pub(super) days: i32,
}

/// The deepest falls, deepest first; the initial capital counts as a peak.
pub(super) fn deepest(curve: &SessionEquity) -> Vec<Fall> {
    let (Some(first), Some(last)) = (curve.days.first(), curve.days.last()) else {
        return Vec::new();
    };
    let mut falls: Vec<Fall> = Vec::new();
    let (mut peak, mut peak_day, mut open) = (curve.initial, None, None::<Fall>);
    let days = |from: Option<Date>, to: Date| day_number(to) - day_number(from.unwrap_or(*first));
    for (day, value) in curve.days.iter().zip(&curve.equity) {
        if *value >= peak {
            if let Some(mut fall) = open.take() {
                fall.recovered = Some(*day);
                fall.days = days(fall.peak, *day);
                falls.push(fall);
            }
            (peak, peak_day) = (*value, Some(*day));
        } else if peak > 0.0 {
            let depth = value / peak - 1.0;
            let fall = open.get_or_insert_with(|| Fall {
                peak: peak_day,
                trough: *day,
                recovered: None,
                depth,
                days: days(peak_day, *last),
            });
            if depth < fall.depth {
                (fall.depth, fall.trough) = (depth, *day);
            }
        }
    }
    falls.extend(open);
    falls.sort_by(|one, other| one.depth.total_cmp(&other.depth));
    falls.truncate(MOST);
    falls
}

/// The table; nothing for a curve that never fell.
pub(super) fn table(curve: &SessionEquity) -> String {
    let falls = deepest(curve);
    if falls.is_empty() {
        return "<p>None: no session closed below the highest close before it.</p>".to_owned();
    }
    let mut text = String::from("<table class=\"falls\"><thead><tr>");
    for head in ["Depth", "Peak", "Trough", "Recovered", "Days"] {
        text.push_str(&format!("<th scope=\"col\">{head}</th>"));
    }
    text.push_str("</tr></thead><tbody>");
    for fall in &falls {
        let cell = |day: Option<Date>, otherwise: &str| match day {
            Some(day) => format!("<td>{day}</td>"),
            None => format!("<td class=\"said\">{otherwise}</td>"),
        };
        let peak = cell(fall.peak, "the beginning");
        let back = cell(fall.recovered, "not by the end");
        let days = count(u64::from(fall.days.unsigned_abs()));
        text.push_str(&format!(
            "<tr><td>{}</td>{peak}<td>{}</td>{back}<td>{days}</td></tr>",
            percent(fall.depth),
            fall.trough
        ));
    }
    scrolled(&(text + "</tbody></table>")) + NOTE
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn falls_are_found_from_peak_to_recovery_and_the_deepest_comes_first() {
        let days: Vec<Date> = (1..=8).map(|day| date(2024, 1, day)).collect();
        let equity = vec![95.0, 100.0, 120.0, 90.0, 60.0, 120.0, 130.0, 117.0];
        let falls = deepest(&SessionEquity { initial: 100.0, days, equity });
        let known: Vec<_> =
            falls.iter().map(|fall| (fall.peak, fall.trough, fall.recovered, fall.days)).collect();
        let day = |day| date(2024, 1, day);
        let wanted = [
            (Some(day(3)), day(5), Some(day(6)), 3),
            (Some(day(7)), day(8), None, 1),
            (None, day(1), Some(day(2)), 1),
        ];
        assert_eq!(known, wanted);
        assert!((falls[0].depth + 0.5).abs() < 1e-12 && (falls[2].depth + 0.05).abs() < 1e-12);
    }

    #[test]
    fn a_curve_that_never_falls_has_none() {
        let curve = SessionEquity { initial: 1.0, days: vec![date(2024, 1, 1)], equity: vec![1.0] };
        assert!(deepest(&curve).is_empty() && table(&curve).contains("None"));
        assert!(deepest(&SessionEquity::default()).is_empty());
    }
}
