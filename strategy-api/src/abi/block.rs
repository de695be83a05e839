//! From what the host knows to the structures of the wire: bars, events, and the block of a run.

use super::{
    host::MAX_COLUMNS,
    layout::{ABI_MINOR, RawEvent, RawSeries, RunBlock, Str},
    market::{InstrumentBars, Market, MarketEvent},
    raw::ProgressPage,
};

/// Bars on the wire.
pub(super) fn raw_series(bars: &InstrumentBars<'_>) -> RawSeries {
    RawSeries {
        symbol: Str { ptr: bars.symbol.as_ptr(), len: bars.symbol.len() },
        ts: bars.columns.ts.as_ptr(),
        open: bars.columns.open.as_ptr(),
        high: bars.columns.high.as_ptr(),
        low: bars.columns.low.as_ptr(),
        close: bars.columns.close.as_ptr(),
        volume: bars.columns.volume.as_ptr(),
        seen: bars.seen.map_or(std::ptr::null(), <[u32]>::as_ptr),
        reserved: [0; 2],
    }
}

/// An event on the wire.
pub(super) fn raw_event(event: &MarketEvent<'_>) -> RawEvent {
    RawEvent {
        instrument: event.instrument.and_then(|one| u32::try_from(one).ok()).unwrap_or(u32::MAX),
        kind: event.kind,
        ts: event.ts,
        known_at: event.known_at,
        value: event.value,
        name: Str { ptr: event.name.as_ptr(), len: event.name.len() },
        reserved: [0; 2],
    }
}

/// The block of a run over a market: everything that points to a buffer is still null.
pub(super) fn empty_block(market: &Market<'_>, progress: &ProgressPage, seed: u64) -> RunBlock {
    RunBlock {
        size: size_of::<RunBlock>() as u32,
        minor: ABI_MINOR,
        at: 0,
        to: 0,
        timeline: std::ptr::null(),
        n_timeline: market.timeline().len() as u64,
        series: std::ptr::null(),
        n_series: u32::try_from(market.instruments().len()).expect("a universe fits into u32"),
        resolution: market.resolution().code(),
        columns: std::ptr::null(),
        n_columns: 0,
        cap_columns: MAX_COLUMNS as u32,
        declared: std::ptr::null_mut(),
        warm_up: 0,
        position: std::ptr::null(),
        entry_price: std::ptr::null(),
        cash: 0.0,
        orders: std::ptr::null_mut(),
        n_orders: 0,
        cap_orders: 0,
        n_orders_dropped: 0,
        next_order_id: 1,
        fills: std::ptr::null(),
        n_fills: 0,
        error: std::ptr::null_mut(),
        error_len: 0,
        error_cap: 0,
        log: std::ptr::null_mut(),
        log_len: 0,
        log_cap: 0,
        n_log_dropped: 0,
        progress: progress.as_ptr(),
        seed,
        reports: std::ptr::null(),
        n_reports: 0,
        events: std::ptr::null(),
        n_events: market.events().len() as u64,
        events_seen: std::ptr::null(),
        asked: std::ptr::null_mut(),
        n_asked: 0,
        cap_asked: 0,
        coarse: std::ptr::null(),
        flags: 0,
        changes: 0,
    }
}
