//! The unsafe code of the ABI: pointers of the [block](super::layout::RunBlock) become
//! references, and functions of a plugin are called.
//!
//! Plugin side: [`Frame`] reads the block, the `*_shim` functions are what the host calls. Host side:
//! `Handle` calls them. The contract between the two is stated once, at `Frame::new`.
#![allow(unsafe_code)]

use std::{cell::UnsafeCell, marker::PhantomData, mem::ManuallyDrop, ptr, slice};

use abi_stable::library::LibHeader;

use super::{
    guard::guard,
    layout::{
        CALLBACK_BAR, CALLBACK_FILL, CALLBACK_FINISH, CALLBACK_ORDER, CALLBACK_SLICE,
        CALLBACK_START, ParamSpec, Progress, RUN_EVERY_BAR, RawColumn, RawEvent, RawFill, RawOrder,
        RawReport, RawSeries, RunBlock, STATUS_ERROR, STATUS_OK, State, Str, StrategyDef,
    },
    watch::Watch,
};
use crate::{
    Bar, Columns,
    context::Context,
    event::Event,
    order::{Fill, OrderId, OrderUpdate, Size, market_order},
    params::Params,
    setup::Setup,
    strategy::Strategy,
    trigger::Trigger,
};

// SAFETY: the pointers of these structures lead to immutable data that lives as long as the library.
unsafe impl Sync for StrategyDef {}
// SAFETY: as above.
unsafe impl Send for StrategyDef {}
// SAFETY: as above.
unsafe impl Sync for super::layout::PluginEntry {}

/// A view of the block during one call of the plugin. What does not change during a call is copied
/// out of the block at its beginning, so that the hot loop keeps it in registers.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    block: *mut RunBlock,
    series: *const RawSeries,
    columns: *const *const f64,
    position: *const f64,
    progress: *mut Progress,
    n_series: usize,
    n_columns: usize,
    n_timeline: usize,
    /// One instrument whose rows are the steps.
    is_aligned: bool,
    lives: PhantomData<&'a RunBlock>,
}

impl<'a> Frame<'a> {
    /// # Safety
    /// For the length of `'a`, `block` points to a block that nobody else writes to; every pointer in
    /// it is valid for the count that stands beside it; the columns of a series and of an indicator
    /// are valid for as many rows as `seen` (or the timeline) ever says, and are not written to.
    #[inline(always)]
    pub(super) unsafe fn new(block: *mut RunBlock) -> Self {
        // SAFETY: the caller's promise.
        let host = unsafe { &*block };
        // SAFETY: a run has at least one instrument.
        let is_aligned = host.n_series == 1 && unsafe { (*host.series).seen.is_null() };
        Self {
            block,
            series: host.series,
            columns: host.columns,
            position: host.position,
            progress: host.progress,
            n_series: host.n_series as usize,
            n_columns: host.n_columns as usize,
            n_timeline: host.n_timeline as usize,
            is_aligned,
            lives: PhantomData,
        }
    }

    #[inline(always)]
    fn block(&self) -> &RunBlock {
        // SAFETY: valid by the contract of `new`; no `&mut` to the block is ever held.
        unsafe { &*self.block }
    }

    /// Number of instruments.
    #[inline(always)]
    pub fn n_series(&self) -> usize {
        self.n_series
    }

    /// Code of the resolution.
    pub fn resolution(&self) -> u32 {
        self.block().resolution
    }

    /// Seed of the run.
    pub fn seed(&self) -> u64 {
        self.block().seed
    }

    /// Cash.
    #[inline(always)]
    pub fn cash(&self) -> f64 {
        self.block().cash
    }

    /// Start of a step, nanoseconds UTC.
    ///
    /// # Panics
    /// Beyond the timeline.
    #[inline(always)]
    pub fn time(&self, at: usize) -> i64 {
        assert!(at < self.n_timeline, "step {at} is beyond the timeline");
        // SAFETY: in bounds by the check above.
        unsafe { *self.block().timeline.add(at) }
    }

    /// Asks for a coarser length of bars and returns its place; `None` when there is no room for more.
    pub(crate) fn ask(&self, code: u32) -> Option<usize> {
        // SAFETY: `n_asked` codes are written, and `n_asked` stays within `cap_asked`, the room of `asked`.
        unsafe {
            let block = self.block;
            let count = (*block).n_asked;
            let known = (0..count).find(|place| *(*block).asked.add(*place as usize) == code);
            if known.is_none() {
                if count >= (*block).cap_asked {
                    return None;
                }
                (*block).asked.add(count as usize).write(code);
                (*block).n_asked = count + 1;
            }
            Some(known.unwrap_or(count) as usize)
        }
    }

    fn coarse_series(&self, asked: usize, instrument: usize) -> Option<&'a RawSeries> {
        let block = self.block();
        let is_there = asked < block.n_asked as usize && instrument < self.n_series;
        if !is_there || block.coarse.is_null() {
            return None;
        }
        // SAFETY: one series for each asked length and instrument, which live for 'a.
        Some(unsafe { &*block.coarse.add(asked * self.n_series + instrument) })
    }

    /// Coarser bars of an instrument that have closed when a step closes; 0 when there are none.
    pub(crate) fn coarse_seen(&self, asked: usize, instrument: usize, at: usize) -> usize {
        match self.coarse_series(asked, instrument) {
            // SAFETY: `seen` of coarser bars is as long as the timeline.
            Some(series) if at < self.n_timeline => unsafe { *series.seen.add(at) as usize },
            _ => 0,
        }
    }

    /// The coarser bars of an instrument that have closed when a step closes.
    pub(crate) fn coarse(&self, asked: usize, instrument: usize, at: usize) -> Columns<'a> {
        let seen = self.coarse_seen(asked, instrument, at);
        self.coarse_series(asked, instrument).map_or_else(Columns::default, |series| {
            // SAFETY: the columns hold at least as many rows as `seen` says, and live for 'a.
            unsafe { rows_of(series, seen) }
        })
    }

    /// Value of a declared column of coarser bars, `ago` of them before the last closed one; NaN as in
    /// `value`.
    pub(crate) fn coarse_value(
        &self,
        (asked, column): (usize, usize),
        instrument: usize,
        at: usize,
        ago: usize,
    ) -> f64 {
        self.value(column, instrument, self.coarse_seen(asked, instrument, at), ago)
    }

    #[inline(always)]
    fn series(&self, instrument: usize) -> &'a RawSeries {
        assert!(instrument < self.n_series, "there is no instrument {instrument}");
        // SAFETY: in bounds by the check above; lives for 'a by the contract of `new`.
        unsafe { &*self.series.add(instrument) }
    }

    /// Symbol of an instrument.
    pub fn symbol(&self, instrument: usize) -> &'a str {
        // SAFETY: the host passes valid UTF-8 that lives for 'a.
        unsafe { text(&self.series(instrument).symbol) }
    }

    /// Bars of an instrument that are closed at a step; 0 beyond the timeline.
    #[inline(always)]
    pub fn seen(&self, instrument: usize, at: usize) -> usize {
        if at >= self.n_timeline {
            return 0;
        }
        let seen = self.series(instrument).seen;
        if seen.is_null() {
            return at + 1;
        }
        // SAFETY: `seen` is as long as the timeline.
        unsafe { *seen.add(at) as usize }
    }

    /// Bars seen of an instrument that has a bar at a step; `None` when it has none there.
    #[inline(always)]
    fn seen_now(&self, instrument: usize, at: usize) -> Option<usize> {
        if self.is_aligned {
            return Some(at + 1);
        }
        self.has_bar(instrument, at).then(|| self.seen(instrument, at))
    }

    /// The last of the `seen` bars of an instrument. `seen` must come from `seen_now`.
    #[inline(always)]
    fn last_bar(&self, instrument: usize, seen: usize) -> Bar {
        let (series, row) = (self.series(instrument), seen - 1);
        // SAFETY: the columns hold at least as many rows as `seen` says.
        unsafe {
            Bar {
                ts: *series.ts.add(row),
                open: *series.open.add(row),
                high: *series.high.add(row),
                low: *series.low.add(row),
                close: *series.close.add(row),
                volume: *series.volume.add(row),
            }
        }
    }

    /// Whether an instrument has a bar that begins at a step.
    #[inline(always)]
    pub fn has_bar(&self, instrument: usize, at: usize) -> bool {
        let before = if at == 0 { 0 } else { self.seen(instrument, at - 1) };
        self.seen(instrument, at) > before
    }

    /// The first `seen` bars of an instrument. `seen` must come from [`Frame::seen`].
    #[inline(always)]
    pub(crate) fn history(&self, instrument: usize, seen: usize) -> Columns<'a> {
        let series = self.series(instrument);
        // SAFETY: the columns hold at least as many rows as `seen` says, and live for 'a.
        unsafe { rows_of(series, seen) }
    }

    /// Value of a declared column `ago` rows before the last of the `seen` ones; NaN before the first
    /// and for an unknown column. `seen` must come from [`Frame::seen`].
    #[inline(always)]
    pub(crate) fn value(&self, column: usize, instrument: usize, seen: usize, ago: usize) -> f64 {
        if column >= self.n_columns || instrument >= self.n_series || ago >= seen {
            return f64::NAN;
        }
        // SAFETY: there is a pointer for every declared column and instrument, each as long as the
        // instrument's rows.
        unsafe { *(*self.columns.add(column * self.n_series + instrument)).add(seen - 1 - ago) }
    }

    /// The last two of the `seen` values of a declared column, older first; NaN as in `value`.
    /// `seen` must come from [`Frame::seen`].
    #[inline(always)]
    pub(crate) fn last_two(&self, column: usize, instrument: usize, seen: usize) -> (f64, f64) {
        if column >= self.n_columns || instrument >= self.n_series || seen < 2 {
            return (f64::NAN, f64::NAN);
        }
        // SAFETY: as in `value`.
        unsafe {
            let last = (*self.columns.add(column * self.n_series + instrument)).add(seen - 1);
            (*last.sub(1), *last)
        }
    }

    /// Whether a trigger holds at the last of the `seen` bars of an instrument. `seen` as in `value`.
    #[inline(always)]
    pub(crate) fn holds(&self, trigger: &Trigger, instrument: usize, seen: usize) -> bool {
        let value = |column: usize, ago| self.value(column, instrument, seen, ago);
        let pair = |column: usize| (value(column, 1), value(column, 0));
        trigger.holds(pair(trigger.column()), pair(trigger.other()))
    }

    /// Rows of a declared column; `None` for an unknown one and beyond the last bar.
    pub(super) fn rows(
        &self,
        column: usize,
        instrument: usize,
        rows: std::ops::Range<usize>,
    ) -> Option<&'a [f64]> {
        if column >= self.n_columns || rows.end > self.row_count(instrument) {
            return None;
        }
        // SAFETY: there is a pointer for every declared column and instrument, each as long as the
        // instrument's rows.
        unsafe {
            let values = *self.columns.add(column * self.n_series + instrument);
            Some(slice::from_raw_parts(values.add(rows.start), rows.len()))
        }
    }

    /// Number of steps.
    pub(super) fn steps(&self) -> usize {
        self.n_timeline
    }

    /// How often bars and columns have been replaced.
    pub(super) fn changes(&self) -> u32 {
        self.block().changes
    }

    /// Bars of an instrument that are closed at the last step.
    pub(super) fn row_count(&self, instrument: usize) -> usize {
        self.n_timeline.checked_sub(1).map_or(0, |last| self.seen(instrument, last))
    }

    /// The step at which a row is first seen; the number of steps when it never is.
    pub(super) fn step_of(&self, instrument: usize, row: usize) -> usize {
        let seen = self.series(instrument).seen;
        if seen.is_null() {
            return row;
        }
        // SAFETY: `seen` is as long as the timeline.
        let seen = unsafe { slice::from_raw_parts(seen, self.n_timeline) };
        seen.partition_point(|seen| *seen as usize <= row)
    }

    /// Position of an instrument, units.
    #[inline(always)]
    pub fn position(&self, instrument: usize) -> f64 {
        assert!(instrument < self.n_series, "there is no instrument {instrument}");
        // SAFETY: one number an instrument.
        unsafe { *self.position.add(instrument) }
    }

    /// Average entry price of an instrument; 0 when flat.
    pub fn entry_price(&self, instrument: usize) -> f64 {
        assert!(instrument < self.n_series, "there is no instrument {instrument}");
        // SAFETY: one number an instrument.
        unsafe { *self.block().entry_price.add(instrument) }
    }

    /// Places a market order and returns its number; one that finds no room is counted.
    #[inline(always)]
    pub(crate) fn place(&self, instrument: usize, size: Size) -> OrderId {
        place(self.block, instrument, size)
    }

    /// Hands over an instruction as it is; one that finds no room is counted.
    pub(crate) fn push_order(&self, order: &RawOrder) {
        push(self.block, order);
    }

    /// The order that was placed last, while the strategy still writes on its ticket.
    pub(crate) fn slot(&self) -> Slot<'a> {
        Slot { block: self.block, lives: PhantomData }
    }

    /// Appends a log line; one that finds no room is counted.
    pub fn push_log(&self, at: usize, line: &str) {
        // SAFETY: the bytes written end at or before `log_cap`.
        unsafe {
            let block = self.block;
            let length = line.len().min(1 << 16);
            let used = (*block).log_len as usize;
            if used + 12 + length > (*block).log_cap as usize {
                (*block).n_log_dropped += 1;
                return;
            }
            let into = (*block).log.add(used);
            into.copy_from_nonoverlapping((at as u64).to_le_bytes().as_ptr(), 8);
            into.add(8).copy_from_nonoverlapping((length as u32).to_le_bytes().as_ptr(), 4);
            into.add(12).copy_from_nonoverlapping(line.as_ptr(), length);
            (*block).log_len = (used + 12 + length) as u32;
        }
    }

    /// Writes the error text.
    pub(super) fn set_error(&self, text: &str) {
        // SAFETY: the bytes written end at or before `error_cap`.
        unsafe {
            let block = self.block;
            let length = text.len().min((*block).error_cap as usize);
            (*block).error.copy_from_nonoverlapping(text.as_ptr(), length);
            (*block).error_len = length as u32;
        }
    }

    /// Declares a column and returns its index; `None` when there is no room for more.
    pub fn declare(&self, column: RawColumn) -> Option<usize> {
        // SAFETY: `n_columns` stays below `cap_columns`, the room of `declared`.
        unsafe {
            let block = self.block;
            let count = (*block).n_columns;
            if count >= (*block).cap_columns {
                return None;
            }
            (*block).declared.add(count as usize).write(column);
            (*block).n_columns = count + 1;
            Some(count as usize)
        }
    }

    /// Sets the warm-up, bars.
    pub fn set_warm_up(&self, bars: u64) {
        // SAFETY: nobody else touches the block during the call.
        unsafe { (*self.block).warm_up = bars }
    }

    #[inline(always)]
    fn mark(&self, callback: u32) {
        // SAFETY: `progress` is never null; the host may read it at any time, hence volatile.
        unsafe { ptr::write_volatile(&raw mut (*self.progress).callback, callback) }
    }

    #[inline(always)]
    fn mark_at(&self, at: usize) {
        // SAFETY: as in `mark`.
        unsafe { ptr::write_volatile(&raw mut (*self.progress).at, at as u64) }
    }

    #[inline(always)]
    fn acted(&self) -> bool {
        let block = self.block();
        // Log lines are handed over at once, so that how much room a step finds never depends on how
        // many steps were run in one call.
        block.n_orders > 0 || block.log_len > 0
    }

    fn set_at(&self, at: usize) {
        // SAFETY: nobody else touches the block during the call.
        unsafe { (*self.block).at = at as u64 }
    }

    fn fills(&self) -> &'a [RawFill] {
        let block = self.block();
        if block.n_fills == 0 {
            return &[];
        }
        // SAFETY: `fills` holds `n_fills` and is not written to during the call.
        unsafe { slice::from_raw_parts(block.fills, block.n_fills as usize) }
    }

    fn reports(&self) -> &'a [RawReport] {
        let block = self.block();
        if block.n_reports == 0 {
            return &[];
        }
        // SAFETY: `reports` holds `n_reports` and is not written to during the call.
        unsafe { slice::from_raw_parts(block.reports, block.n_reports as usize) }
    }

    /// The events that are known at the close of a step, oldest knowledge first.
    pub(crate) fn events(&self, at: usize) -> impl DoubleEndedIterator<Item = Event<'a>> + use<'a> {
        let block = self.block();
        let known: &[RawEvent] = if block.events_seen.is_null() || at >= self.n_timeline {
            &[]
        } else {
            // SAFETY: `events_seen` is as long as the timeline and counts at most `n_events`.
            unsafe { slice::from_raw_parts(block.events, *block.events_seen.add(at) as usize) }
        };
        // SAFETY: the host passes valid UTF-8 that lives for 'a.
        known.iter().map(|raw| Event::new(raw, unsafe { text(&raw.name) }))
    }
}

/// The orders of this call, for writing on the ticket of one of them.
pub(crate) struct Slot<'a> {
    block: *mut RunBlock,
    lives: PhantomData<&'a mut RunBlock>,
}

impl Slot<'_> {
    /// The order of a number; `None` when it found no room.
    pub(crate) fn order(&mut self, id: OrderId) -> Option<&mut RawOrder> {
        // SAFETY: the strategy has written `n_orders` orders; whoever holds this slot has borrowed
        // the context, the only other way to them.
        let orders = unsafe {
            let block = &*self.block;
            slice::from_raw_parts_mut(block.orders, block.n_orders as usize)
        };
        orders.iter_mut().rev().find(|order| order.id == id.0)
    }

    /// Places another order and returns its number.
    pub(crate) fn place(&mut self, order: RawOrder) -> OrderId {
        // SAFETY: nobody else touches the block during the call.
        let id = unsafe { (*self.block).next_order_id };
        // SAFETY: as above.
        unsafe { (*self.block).next_order_id = id + 1 };
        push(self.block, &RawOrder { id, ..order });
        OrderId(id)
    }
}

/// Not inlined, and given plain values: a strategy's `on_bar` stays small enough to be inlined into
/// the loop, and its context stays in registers.
#[inline(never)]
fn place(block: *mut RunBlock, instrument: usize, size: Size) -> OrderId {
    // SAFETY: `block` comes from a frame, and nobody else touches it during the call; `n_orders`
    // stays below `cap_orders`.
    unsafe {
        let id = OrderId((*block).next_order_id);
        (*block).next_order_id += 1;
        push(block, &market_order(id, instrument, size));
        id
    }
}

#[inline(always)]
fn push(block: *mut RunBlock, order: &RawOrder) {
    // SAFETY: as in `place`.
    unsafe {
        let count = (*block).n_orders;
        if count < (*block).cap_orders {
            (*block).orders.add(count as usize).write(*order);
            (*block).n_orders = count + 1;
        } else {
            (*block).n_orders_dropped += 1;
        }
    }
}

/// The first rows of a series.
///
/// # Safety
/// The columns hold at least so many rows and live for `'a`.
#[inline(always)]
unsafe fn rows_of<'a>(series: &RawSeries, rows: usize) -> Columns<'a> {
    // SAFETY: the caller's promise.
    unsafe {
        Columns {
            ts: slice::from_raw_parts(series.ts, rows),
            open: slice::from_raw_parts(series.open, rows),
            high: slice::from_raw_parts(series.high, rows),
            low: slice::from_raw_parts(series.low, rows),
            close: slice::from_raw_parts(series.close, rows),
            volume: slice::from_raw_parts(series.volume, rows),
        }
    }
}

/// The text of a [`Str`].
///
/// # Safety
/// The bytes are valid UTF-8 and live for `'a`.
pub(super) unsafe fn text<'a>(text: &Str) -> &'a str {
    if text.len == 0 {
        return "";
    }
    // SAFETY: the caller's promise.
    unsafe { std::str::from_utf8_unchecked(slice::from_raw_parts(text.ptr, text.len)) }
}

/// A strategy, and when it is to be called: what the host holds as an opaque state.
struct Running<S> {
    strategy: S,
    watch: Watch,
}

/// What the host calls to build an instance of `S`.
pub(super) unsafe extern "C" fn start_shim<S: Strategy>(
    params: *const f64,
    n_params: usize,
    block: *mut RunBlock,
    out: *mut *mut State,
) -> i32 {
    // SAFETY: the host keeps the contract of `Frame::new` during the call.
    let frame = unsafe { Frame::new(block) };
    frame.mark(CALLBACK_START);
    guard(frame, || {
        let expected = S::Params::SPECS.len();
        if n_params != expected {
            return Err(format!("expected {expected} parameters, got {n_params}").into());
        }
        // A slice needs a pointer that is not null even when it is empty.
        let params = if n_params == 0 { ptr::NonNull::dangling().as_ptr() } else { params };
        // SAFETY: the host passes `n_params` numbers.
        let values = unsafe { slice::from_raw_parts(params, n_params) };
        let mut setup = Setup::new(frame);
        let strategy = S::on_start(S::Params::from_values(values), &mut setup)?;
        let running = Running { strategy, watch: Watch::new(setup.triggers) };
        // SAFETY: `out` is valid for a write.
        unsafe { *out = Box::into_raw(Box::new(running)).cast() }
        Ok(())
    })
}

/// What the host calls to run an instance of `S`: fills, then bars until the strategy acts.
pub(super) unsafe extern "C" fn run_shim<S: Strategy>(
    state: *mut State,
    block: *mut RunBlock,
) -> i32 {
    // SAFETY: the host keeps the contract of `Frame::new` during the call.
    let frame = unsafe { Frame::new(block) };
    guard(frame, || {
        // SAFETY: `state` came from `start_shim::<S>` and is used by one thread at a time.
        let Running { strategy, watch } = unsafe { &mut *state.cast::<Running<S>>() };
        let (first, end) = (frame.block().at as usize, frame.block().to as usize);
        if !frame.fills().is_empty() {
            frame.mark(CALLBACK_FILL);
            frame.mark_at(first);
            for fill in frame.fills() {
                let instrument = fill.instrument as usize;
                let seen = frame.seen(instrument, first);
                let mut context = Context::new(frame, first, instrument, seen);
                strategy.on_fill(&Fill::from(fill), &mut context);
            }
        }
        if !frame.reports().is_empty() {
            frame.mark(CALLBACK_ORDER);
            frame.mark_at(first);
            for report in frame.reports() {
                // An order may have named an instrument that is not there.
                let known = (report.instrument as usize) < frame.n_series;
                let instrument = if known { report.instrument as usize } else { 0 };
                let seen = frame.seen(instrument, first);
                let mut context = Context::new(frame, first, instrument, seen);
                // SAFETY: the host passes valid UTF-8 that lives for the call.
                let update = OrderUpdate::new(report, unsafe { text(&report.reason) });
                strategy.on_order(&update, &mut context);
            }
        }
        // What fills and reports were answered with is placed at this step, whether or not the strategy
        // has something to do at its bars.
        let end = if frame.acted() { first + 1 } else { end };
        let is_every_bar = watch.is_empty() || frame.block().flags & RUN_EVERY_BAR != 0;
        let watch = (!is_every_bar).then_some(watch);
        let last = if const { size_of::<S>() <= SMALL } {
            // Out of the heap and onto the stack for the length of the loop, where the compiler can
            // keep the fields in registers.
            // SAFETY: `strategy` is valid; until the write below nobody looks at it, and after a
            // panic it is leaked and the copy is not dropped.
            let mut copy = ManuallyDrop::new(unsafe { ptr::read(strategy) });
            let last = run_steps(&mut *copy, watch, frame, first..end);
            // SAFETY: as above; a write does not drop what was moved out.
            unsafe { ptr::write(strategy, ManuallyDrop::into_inner(copy)) };
            last
        } else {
            run_steps(strategy, watch, frame, first..end)
        };
        frame.set_at(last);
        Ok(())
    })
}

/// A strategy of up to this many bytes is moved onto the stack while it runs.
const SMALL: usize = 256;

/// The hot loop. `on_bar` has this one call site and no other, so that it is inlined here whatever
/// its size; with one instrument whose rows are the steps nothing but registers is left around it.
#[inline(always)]
fn run_steps<S: Strategy>(
    strategy: &mut S,
    mut watch: Option<&mut Watch>,
    frame: Frame<'_>,
    steps: std::ops::Range<usize>,
) -> usize {
    let (mut at, end) = (steps.start, steps.end);
    loop {
        if let Some(watch) = &mut watch {
            at = watch.next_call(&frame, at, end);
        }
        if at >= end {
            return end.saturating_sub(1);
        }
        frame.mark_at(at);
        frame.mark(CALLBACK_BAR);
        let mut instrument = 0;
        loop {
            if let Some(watch) = &watch {
                instrument = watch.called(instrument, at);
            }
            if instrument >= frame.n_series {
                break;
            }
            if let Some(seen) = frame.seen_now(instrument, at) {
                let bar = frame.last_bar(instrument, seen);
                strategy.on_bar(&bar, &mut Context::new(frame, at, instrument, seen));
            }
            instrument += 1;
        }
        frame.mark(CALLBACK_SLICE);
        strategy.on_slice(&mut Context::new(frame, at, 0, frame.seen(0, at)));
        if frame.acted() {
            return at;
        }
        at += 1;
    }
}

/// What the host calls after the last bar.
pub(super) unsafe extern "C" fn finish_shim<S: Strategy>(
    state: *mut State,
    block: *mut RunBlock,
) -> i32 {
    // SAFETY: the host keeps the contract of `Frame::new` during the call.
    let frame = unsafe { Frame::new(block) };
    frame.mark(CALLBACK_FINISH);
    guard(frame, || {
        // SAFETY: as in `run_shim`.
        let Running { strategy, .. } = unsafe { &mut *state.cast::<Running<S>>() };
        let at = frame.block().at as usize;
        strategy.on_finish(&mut Context::new(frame, at, 0, frame.seen(0, at)));
        Ok(())
    })
}

/// What the host calls to release an instance.
pub(super) unsafe extern "C" fn drop_shim<S: Strategy>(state: *mut State) {
    let release = || {
        // SAFETY: `state` came from `start_shim::<S>` and is released once.
        drop(unsafe { Box::from_raw(state.cast::<Running<S>>()) });
    };
    // A panic in a destructor must not cross the boundary; there is nobody left to tell.
    if let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(release)) {
        std::mem::forget(payload);
    }
}

/// No extension exists yet.
pub(super) unsafe extern "C" fn no_extension(_: u64) -> *const State {
    ptr::null()
}

/// The parameters of a definition. Call it only on a definition that [`super::describe`] can trust:
/// one of this binary, or one of a library whose root was checked.
pub(super) fn param_specs(def: &'static StrategyDef) -> &'static [ParamSpec] {
    if def.n_params == 0 || def.params.is_null() {
        return &[];
    }
    // SAFETY: a definition points to `n_params` specifications that live as long as the library.
    unsafe { slice::from_raw_parts(def.params, def.n_params) }
}

/// The choices of a parameter.
pub(super) fn choices(spec: &'static ParamSpec) -> &'static [Str] {
    if spec.n_choices == 0 || spec.choices.is_null() {
        return &[];
    }
    // SAFETY: a specification points to `n_choices` texts that live as long as the library.
    unsafe { slice::from_raw_parts(spec.choices, spec.n_choices) }
}

/// Text of a definition, checked to be UTF-8.
pub(super) fn checked_text(text: &Str) -> Option<&'static str> {
    if text.len == 0 {
        return Some("");
    }
    if text.ptr.is_null() || text.len > 1 << 16 {
        return None;
    }
    // SAFETY: a definition's texts live as long as the library, which is never unloaded.
    std::str::from_utf8(unsafe { slice::from_raw_parts(text.ptr, text.len) }).ok()
}

/// The host's hold on one instance.
pub(super) struct Handle {
    def: &'static StrategyDef,
    state: *mut State,
}

// SAFETY: a strategy is `Send` (a bound of the trait), and one thread at a time uses the handle.
unsafe impl Send for Handle {}

impl Handle {
    /// Builds an instance.
    ///
    /// # Errors
    /// The status that is not `STATUS_OK`.
    pub(super) fn start(
        def: &'static StrategyDef,
        params: &[f64],
        block: &mut RunBlock,
    ) -> Result<Self, i32> {
        let mut state = ptr::null_mut();
        // SAFETY: `block` is exclusively ours and filled by `super::host`, which keeps the buffers
        // behind its pointers alive and as long as it says.
        let status = unsafe { (def.start)(params.as_ptr(), params.len(), block, &raw mut state) };
        match status {
            STATUS_OK if state.is_null() => Err(STATUS_ERROR),
            STATUS_OK => Ok(Self { def, state }),
            status => Err(status),
        }
    }

    /// Runs the instance over `block.at..block.to`.
    pub(super) fn run(&mut self, block: &mut RunBlock) -> i32 {
        // SAFETY: as in `start`; the state came from the same definition.
        unsafe { (self.def.run)(self.state, block) }
    }

    /// Ends the run.
    pub(super) fn finish(&mut self, block: &mut RunBlock) -> i32 {
        // SAFETY: as in `run`.
        unsafe { (self.def.finish)(self.state, block) }
    }

    /// Releases the instance. After a fault it is leaked instead, by not calling this.
    pub(super) fn release(self) {
        // SAFETY: the state came from the same definition and is not used again.
        unsafe { (self.def.drop_state)(self.state) }
    }
}

/// Takes over `count` elements that the plugin wrote behind the end of `buffer`.
pub(super) fn adopt<T: Copy>(buffer: &mut Vec<T>, count: usize) {
    debug_assert!(buffer.is_empty() && count <= buffer.capacity());
    // SAFETY: the plugin counts only what it has written, and `count` is within the capacity that
    // was offered to it; `T` is plain data for which every bit pattern is valid.
    unsafe { buffer.set_len(count.min(buffer.capacity())) }
}

/// A progress page: written by a plugin through the block, read by whoever watches it.
#[repr(transparent)]
#[derive(Default)]
pub struct ProgressPage(UnsafeCell<Progress>);

// SAFETY: all access is volatile and word by word; a torn pair of words only blurs a report.
unsafe impl Sync for ProgressPage {}

impl ProgressPage {
    /// What the page says now.
    pub fn read(&self) -> Progress {
        // SAFETY: the cell is valid memory; volatile because it changes behind our back.
        unsafe { ptr::read_volatile(self.0.get()) }
    }

    /// Says that the host itself is at work, and that it gets on.
    pub fn beat(&self) {
        // SAFETY: as in `read`.
        unsafe {
            let page = self.0.get();
            ptr::write_volatile(&raw mut (*page).callback, super::layout::CALLBACK_HOST);
            ptr::write_volatile(&raw mut (*page).beat, (*page).beat.wrapping_add(1));
        }
    }

    /// Says which callback begins; a plugin that says more overwrites it.
    pub(super) fn enter(&self, callback: u32, at: usize) {
        // SAFETY: as in `read`.
        unsafe {
            let page = self.0.get();
            ptr::write_volatile(&raw mut (*page).at, at as u64);
            ptr::write_volatile(&raw mut (*page).callback, callback);
        }
    }

    pub(super) fn as_ptr(&self) -> *mut Progress {
        self.0.get()
    }
}

/// The strategy of an index, for the root module.
pub(super) extern "C" fn strategy_at(index: u32) -> *const StrategyDef {
    super::submitted().get(index as usize).map_or(ptr::null(), |def| ptr::from_ref(*def))
}

/// The header that a plugin exports under the name that abi_stable looks for.
#[doc(hidden)]
#[must_use]
pub const fn exported_header() -> LibHeader {
    // SAFETY: `root_module` returns a `PluginRef` and nothing else.
    unsafe {
        LibHeader::from_constructor::<super::PluginRef>(
            super::root_module,
            abi_stable::library::CheckTypeLayout::Yes,
        )
    }
}

/// Writes the exported symbol; a part of [`export_strategies!`](crate::export_strategies!).
#[doc(hidden)]
#[macro_export]
macro_rules! __export_root {
    () => {
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        pub static _1as_0lib_1header_0root_bmodule_bloader: $crate::abi::Header =
            $crate::abi::exported_header();
    };
}

/// Builds the root module.
pub(super) fn leak_root() -> super::PluginRef {
    use abi_stable::prefix_type::PrefixTypeTrait;
    super::Plugin { strategy: strategy_at }.leak_into_prefix()
}
