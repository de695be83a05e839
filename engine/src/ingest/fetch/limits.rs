//! How much may be asked for at once.
//!
//! The broker publishes which spans go with which bars as guidance ("a few thousand bars"), and refuses
//! far larger ones: <https://interactivebrokers.github.io/tws-api/historical_limitations.html>. These are
//! the sizes with which its own samples and long-lived clients get along.

use super::sessions::Market;
use crate::gateway::Hours;
use engine_core::calendar::Calendar;
use strategy_api::Resolution;

/// Bars that should overlap with what is held: enough to tell a split from a correction.
const OVERLAP_BARS: usize = 6;

/// The most that one request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// So many sessions.
    Sessions(usize),
    /// So many seconds within a session.
    Seconds(u32),
}

/// The limit for bars of a resolution.
#[must_use]
pub(super) fn limit(market: Market) -> Limit {
    use Resolution::*;
    let sessions = match market.resolution {
        Sec1 => return Limit::Seconds(1_800),
        Sec5 => return Limit::Seconds(3_600),
        Sec10 | Sec15 => return Limit::Seconds(14_400),
        Sec30 => return Limit::Seconds(28_800),
        Min1 | Min2 | Min3 | Min5 => 20,
        Min10 | Min15 | Min20 => 60,
        Min30 | Hour1 | Hour2 => 120,
        Hour3 | Hour4 | Hour8 => 240,
        Day1 => 2_520,
        Week1 => 5_040,
        Month1 => 10_080,
    };
    // A day outside of regular hours has two and a half times the bars, one around the clock four times.
    let longer = match (market.calendar, market.hours) {
        _ if !market.resolution.is_intraday() => 1,
        (Calendar::AlwaysOpen, _) => 4,
        (_, Hours::Extended) => 2,
        (_, Hours::Regular) => 1,
    };
    Limit::Sessions((sessions / longer).max(1))
}

/// Sessions that a request reaches into what is held, so that both can be compared.
#[must_use]
pub(super) fn overlap(market: Market) -> usize {
    match market.resolution {
        Resolution::Day1 => OVERLAP_BARS + 1,
        Resolution::Week1 => 5 * OVERLAP_BARS,
        Resolution::Month1 => 21 * OVERLAP_BARS,
        _ => OVERLAP_BARS.div_ceil(market.bars_a_session()),
    }
}
