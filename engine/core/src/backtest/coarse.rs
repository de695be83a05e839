//! The coarser bars that a strategy has asked for, made of the bars of the run.

use strategy_api::{
    Resolution,
    abi::host::{CoarserBars, InstrumentBars, Market},
};

use crate::{calendar::Calendar, resample::resample};

/// Coarser bars of the bars of an instrument of a market; `None` when they do not add up to them, which
/// nobody can ask for.
pub(super) fn coarser(
    market: &Market<'_>,
    bars: &InstrumentBars<'_>,
    to: Resolution,
    calendar: Calendar,
) -> Option<CoarserBars> {
    let own = market.resolution();
    if own == to {
        let count =
            |at: usize| u32::try_from(at + 1).expect("a run has fewer than 4 billion steps");
        let every_step = || (0..market.timeline().len()).map(count).collect();
        let seen = bars.seen.map_or_else(every_step, <[u32]>::to_vec);
        return Some(CoarserBars::new(&bars.columns, seen));
    }
    let made = resample(&bars.columns, own, to, calendar).ok()?;
    let seen = made.seen(market.timeline(), own, calendar);
    Some(CoarserBars::new(&made.columns(), seen))
}
