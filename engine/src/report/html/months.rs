//! Returns by calendar month and year, and their table.

use engine_core::metrics::SessionEquity;

use crate::report::number::{grouped, percent};

/// Shades of a cell on either side of zero.
const SHADES: f64 = 5.0;
const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The returns of one calendar year.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Year {
    pub(super) year: i16,
    /// January first; `None` for a month without a session.
    pub(super) months: [Option<f64>; 12],
    /// From the last session of the year before (or the initial capital) to the last of this one.
    pub(super) whole: Option<f64>,
}

/// Simple returns from the last session of each month to that of the next; the first month begins at
/// the initial capital. A return on nothing is `None`.
pub(super) fn years(curve: &SessionEquity) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    let (mut month_base, mut year_base) = (curve.initial, curve.initial);
    let change = |base: f64, now: f64| {
        let value = now / base - 1.0;
        (base > 0.0 && value.is_finite()).then_some(value)
    };
    let mut before: Option<(jiff::civil::Date, f64)> = None;
    for (day, equity) in curve.days.iter().zip(&curve.equity) {
        if let Some((last, value)) = before {
            if last.year() != day.year() {
                year_base = value;
            }
            if (last.year(), last.month()) != (day.year(), day.month()) {
                month_base = value;
            }
        }
        if years.last().is_none_or(|year| year.year != day.year()) {
            years.push(Year { year: day.year(), months: [None; 12], whole: None });
        }
        let year = years.last_mut().expect("one was just pushed");
        year.months[usize::from(day.month().unsigned_abs()) - 1] = change(month_base, *equity);
        year.whole = change(year_base, *equity);
        before = Some((*day, *equity));
    }
    years
}

/// The table: a row a year, the latest first, a cell a month in a shade of its sign and size.
pub(super) fn table(curve: &SessionEquity) -> String {
    let years = years(curve);
    let months = || years.iter().flat_map(|year| year.months).flatten();
    let largest = months().fold(0.0_f64, |most, value| most.max(value.abs()));
    let mut text = String::from("<table class=\"months\"><thead><tr><th scope=\"col\">Year</th>");
    for name in NAMES {
        text.push_str(&format!("<th scope=\"col\">{name}</th>"));
    }
    text.push_str("<th scope=\"col\">Year</th></tr></thead><tbody>");
    for year in years.iter().rev() {
        text.push_str(&format!("<tr><th scope=\"row\">{}</th>", year.year));
        for (month, name) in year.months.iter().zip(NAMES) {
            text.push_str(&cell(*month, largest, &format!("{name} {}", year.year)));
        }
        let whole = year.whole.map_or(String::new(), |value| grouped(value * 100.0, 1));
        text.push_str(&format!("<td class=\"whole\">{whole}</td></tr>"));
    }
    text.push_str("</tbody></table>");
    text
}

fn cell(value: Option<f64>, largest: f64, name: &str) -> String {
    let Some(value) = value else { return "<td></td>".to_owned() };
    // The root keeps one wild month from bleaching all the others.
    let shade = (SHADES * (value.abs() / largest).sqrt()).ceil().clamp(0.0, SHADES);
    let side = if value < 0.0 { 'l' } else { 'g' };
    let class = if shade > 0.0 { format!("{side}{shade}") } else { "flat".to_owned() };
    let (shown, exact) = (grouped(value * 100.0, 1), percent(value));
    format!("<td class=\"{class}\" title=\"{name}: {exact}\">{shown}</td>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn months_and_years_chain_from_the_initial_capital() {
        let curve = SessionEquity {
            initial: 100.0,
            days: vec![
                date(2023, 11, 30),
                date(2023, 12, 1),
                date(2023, 12, 29),
                date(2024, 1, 2),
                date(2024, 3, 1),
            ],
            equity: vec![110.0, 121.0, 99.0, 198.0, 99.0],
        };
        let [first, second] = years(&curve).try_into().unwrap();
        let near = |value: Option<f64>, wanted: f64| (value.unwrap() - wanted).abs() < 1e-12;
        assert!(near(first.months[10], 0.1) && near(first.months[11], -0.1));
        assert!(near(first.whole, -0.01) && first.months[9].is_none());
        assert!(near(second.months[0], 1.0) && near(second.months[2], -0.5));
        assert!(near(second.whole, 0.0));
        let table = table(&curve);
        assert!(table.contains("<td class=\"g5\" title=\"Jan 2024: 100.00 %\">100.0</td>"));
        assert!(
            table.contains("<td class=\"l2\" title=\"Dec 2023: -10.00 %\">-10.0</td>"),
            "{table}"
        );
    }

    #[test]
    fn a_return_on_nothing_is_left_out() {
        let days = vec![date(2024, 1, 2), date(2024, 2, 1)];
        let curve = SessionEquity { initial: 100.0, days, equity: vec![0.0, 0.0] };
        assert_eq!(years(&curve)[0].months[1], None);
        assert!(table(&SessionEquity::default()).contains("<tbody></tbody>"));
    }
}
