//! Compares rows that come with rows that are held: what is new, the same, changed.

use engine_core::series::check_bar;

use super::{BarRow, Revision, SeriesInfo, SeriesKey, Written};

/// Checks the texts that name a series.
///
/// # Errors
/// In words, when one holds NUL, which PostgreSQL cannot keep, or the symbol is empty.
pub(super) fn check_key(key: &SeriesKey) -> Result<(), String> {
    let instrument = &key.instrument;
    if instrument.symbol.is_empty() {
        return Err("a symbol cannot be empty".to_owned());
    }
    let texts = [&instrument.symbol, &instrument.name, &instrument.currency, &instrument.calendar];
    match texts.into_iter().chain([&key.source, &key.adjustment]).find(|text| text.contains('\0')) {
        Some(text) => Err(format!("'{}' contains NUL", text.escape_debug())),
        None => Ok(()),
    }
}

/// Checks what every caller of a writer promises: valid bars, finite indicators, times that rise
/// from `after` on.
///
/// # Errors
/// In words, the first row that breaks it.
pub(super) fn check_rows(rows: &[BarRow], after: Option<i64>) -> Result<(), String> {
    let mut last = after;
    for row in rows {
        let ts = row.bar.ts;
        check_bar(&row.bar).map_err(|fault| format!("bar at {ts}: {fault}"))?;
        if last.is_some_and(|last| ts <= last) {
            return Err(format!("bar at {ts}: not later than the bar before it"));
        }
        if [row.ma20, row.ma50, row.ath].iter().flatten().any(|value| !value.is_finite()) {
            return Err(format!("bar at {ts}: an indicator is not a finite number"));
        }
        last = Some(ts);
    }
    Ok(())
}

/// What a series becomes when `rows` have been written and `written` counts them.
pub(super) fn grow(series: &mut SeriesInfo, rows: &[BarRow], written: Written) {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
    series.bars += i64::try_from(written.new).expect("a count of rows in memory");
    series.first_ts = Some(series.first_ts.map_or(first.bar.ts, |ts| ts.min(first.bar.ts)));
    series.last_ts = Some(series.last_ts.map_or(last.bar.ts, |ts| ts.max(last.bar.ts)));
}

/// What a series becomes when its rows are taken away.
pub(super) fn empty(series: &mut SeriesInfo) {
    (series.bars, series.first_ts, series.last_ts) = (0, None, None);
}

/// The revision that comes next, whose epoch the series has from then on.
pub(super) fn next_revision(series: &mut SeriesInfo, revision: &Revision) -> Revision {
    series.epoch += 1;
    Revision { epoch: series.epoch, ..revision.clone() }
}

/// What has to be written, oldest first, and how the bars count.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Diff {
    /// How the bars count. Only the bar itself and whether it is final decide, not what was derived.
    pub(super) written: Written,
    /// Rows that are new, or of which any field differs.
    pub(super) rows: Vec<BarRow>,
}

/// Compares `rows` with `held`, both oldest first; `held` covers at least the range of `rows`.
pub(super) fn diff(held: &[BarRow], rows: &[BarRow]) -> Diff {
    let mut out = Diff::default();
    let mut held = held.iter().peekable();
    for row in rows {
        while held.next_if(|old| old.bar.ts < row.bar.ts).is_some() {}
        match held.next_if(|old| old.bar.ts == row.bar.ts) {
            None => out.written.new += 1,
            Some(old) => {
                if (old.bar, old.is_final) == (row.bar, row.is_final) {
                    out.written.same += 1;
                } else {
                    out.written.changed += 1;
                }
                if old == row {
                    continue;
                }
            }
        }
        out.rows.push(*row);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use strategy_api::Bar;

    fn row(ts: i64, close: f64, ma20: Option<f64>) -> BarRow {
        let bar = Bar { ts, open: 2.0, high: 3.0, low: 1.0, close, volume: 5.0 };
        BarRow { bar, is_final: true, ma20, ma50: None, ath: Some(3.0) }
    }

    #[test]
    fn every_row_is_new_or_the_same_or_changed_and_only_what_differs_is_written() {
        let held = [row(1, 2.0, None), row(2, 2.0, None), row(3, 2.0, None), row(5, 2.0, None)];
        let partial = BarRow { is_final: false, ..row(5, 2.0, None) };
        let rows = [row(2, 2.0, None), row(3, 2.5, None), row(4, 2.0, None), partial];
        let out = diff(&held, &rows);
        assert_eq!(out.written, Written { new: 1, same: 1, changed: 2 });
        assert_eq!(out.rows, rows[1..]);
    }

    #[test]
    fn a_row_whose_indicator_alone_differs_counts_as_the_same_bar_and_is_written() {
        let out = diff(&[row(1, 2.0, None)], &[row(1, 2.0, Some(2.0))]);
        assert_eq!(out.written, Written { same: 1, ..Written::default() });
        assert_eq!(out.rows.len(), 1);
    }
}
