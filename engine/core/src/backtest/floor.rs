//! The market of one step as the broker sees it: bars, closes before, lots and sessions.

use std::cell::OnceCell;

use strategy_api::{Bar, Resolution, abi::host::Market};

use super::{Config, Finer};
use crate::{
    broker::{Floor, Lot, Quote, Session},
    calendar::{Calendar, DAY_NS, day_number},
};

/// The session of every bar of every instrument, found when the first order asks for one.
#[derive(Debug, Default)]
pub(super) struct Sessions(OnceCell<Vec<Vec<Session>>>);

impl Sessions {
    pub(super) fn of(
        &self,
        market: &Market<'_>,
        calendar: Calendar,
        instrument: usize,
        row: usize,
    ) -> Session {
        let resolution = market.resolution();
        if resolution >= Resolution::Day1 {
            let day = market.instruments()[instrument].columns.ts[row].div_euclid(DAY_NS);
            let day = i32::try_from(day).expect("an i64 of nanoseconds is less than 2^31 days");
            return Session { day, is_first: true, is_last: true };
        }
        let all = self.0.get_or_init(|| {
            let bars = market.instruments().iter();
            bars.map(|bars| cut(calendar, resolution, bars.columns.ts)).collect()
        });
        all[instrument][row]
    }
}

fn cut(calendar: Calendar, resolution: Resolution, ts: &[i64]) -> Vec<Session> {
    let mut sessions = Vec::with_capacity(ts.len());
    for (date, rows) in calendar.session_runs(resolution, ts) {
        // The bars may end within a session, whose close is then not known.
        let is_over = rows.end < ts.len()
            || calendar
                .session_hours(date)
                .is_none_or(|(_, close)| calendar.bar_end(resolution, ts[rows.end - 1]) >= close);
        let (day, last) = (day_number(date), is_over.then_some(rows.end - 1));
        let first = rows.start;
        sessions.extend(rows.map(|row| Session {
            day,
            is_first: row == first,
            is_last: Some(row) == last,
        }));
    }
    sessions
}

/// Hands the market of step `at` to `work`; `ends` are first and last prices.
pub(super) fn with_floor(
    market: &Market<'_>,
    (config, finer): (&Config, Option<&Finer<'_>>),
    (sessions, ends): (&Sessions, &[(f64, f64)]),
    at: usize,
    work: impl FnOnce(&Floor<'_>),
) {
    let quote = |instrument: usize| quote(market, config, instrument, at);
    let session = |instrument: usize| {
        let row = seen(market, instrument, at).saturating_sub(1);
        sessions.of(market, config.rules.calendar, instrument, row)
    };
    let path = finer.map(|finer| {
        move |instrument: usize| {
            let Some(row) = seen(market, instrument, at).checked_sub(1) else { return Vec::new() };
            let ts = market.instruments()[instrument].columns.ts[row];
            finer.inside(instrument, ts, market.resolution(), config.rules.calendar)
        }
    });
    let path = path.as_ref().map(|path| path as &dyn Fn(usize) -> Vec<Bar>);
    work(&Floor { quote: &quote, ends, session: &session, path });
}

/// Rows of an instrument that are closed at a step.
pub(super) fn seen(market: &Market<'_>, instrument: usize, at: usize) -> usize {
    market.instruments()[instrument].seen.map_or(at + 1, |seen| seen[at] as usize)
}

/// The last close of an instrument at a step; 0 before its first bar.
pub(super) fn last_close(market: &Market<'_>, instrument: usize, at: usize) -> f64 {
    close_of_row(market, instrument, seen(market, instrument, at))
}

/// Close of the last of the first `rows` rows; 0 when there are none.
fn close_of_row(market: &Market<'_>, instrument: usize, rows: usize) -> f64 {
    rows.checked_sub(1).map_or(0.0, |row| market.instruments()[instrument].columns.close[row])
}

/// First and last price of an instrument's bar at a step; twice the close before when it has none.
pub(super) fn ends_of(market: &Market<'_>, instrument: usize, at: usize) -> (f64, f64) {
    let rows = seen(market, instrument, at);
    let before = if at == 0 { 0 } else { seen(market, instrument, at - 1) };
    let close = close_of_row(market, instrument, rows);
    let columns = &market.instruments()[instrument].columns;
    (if rows > before { columns.open[rows - 1] } else { close }, close)
}

fn quote(market: &Market<'_>, config: &Config, instrument: usize, at: usize) -> Quote {
    let rows = seen(market, instrument, at);
    let before = if at == 0 { 0 } else { seen(market, instrument, at - 1) };
    let lot = if config.fractional { Lot::Fractional } else { Lot::Of(config.lots[instrument]) };
    let bar = (rows > before).then(|| market.instruments()[instrument].columns.bar(rows - 1));
    Quote { bar, before: close_of_row(market, instrument, before), lot }
}
