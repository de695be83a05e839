//! The host's side of one run: the block, its buffers, and an instance that is driven over them.
//!
//! Safe to use with any definition that the registry has accepted. What the plugin writes is checked
//! here for shape (counts, steps, texts); what it means (sizes, prices) is checked by the broker.

use std::rc::Rc;

use super::{
    block::{empty_block, raw_event, raw_series},
    coarser::{Coarser, MAX_ASKED},
    layout::{
        CALLBACK_BAR, CALLBACK_FILL, CALLBACK_FINISH, CALLBACK_HOST, CALLBACK_LOAD, CALLBACK_ORDER,
        CALLBACK_SLICE, CALLBACK_START, RUN_EVERY_BAR, RawColumn, RawEvent, RawFill, RawOrder,
        RawReport, RawSeries, RunBlock, STATUS_ERROR, STATUS_OK, STATUS_PANIC, StrategyDef,
    },
    raw::{Handle, ProgressPage, adopt},
};
pub use super::{
    coarser::CoarserBars,
    market::{InstrumentBars, Market, MarketEvent},
    view::{Prices, View},
};

/// Orders that a strategy may place within one step.
pub const MAX_ORDERS_A_STEP: usize = 10_000;
pub(super) const MAX_COLUMNS: usize = 256;
const ERROR_BYTES: usize = 4096;
const LOG_BYTES: usize = 64 * 1024;

/// How a plugin failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether it refused politely, panicked, or broke the protocol.
    pub kind: FaultKind,
    /// Name of the callback, for example `on_bar`.
    pub callback: &'static str,
    /// Step of the timeline.
    pub at: usize,
    /// What it said.
    pub text: String,
}

/// Kind of a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// `on_start` returned an error.
    Refused,
    /// A callback panicked.
    Panicked,
    /// The plugin broke the rules of the ABI, or placed more orders than it may.
    Protocol,
}

/// Name of a callback code.
#[must_use]
pub fn callback_name(code: u32) -> &'static str {
    match code {
        CALLBACK_LOAD => "load",
        CALLBACK_START => "on_start",
        CALLBACK_BAR => "on_bar",
        CALLBACK_SLICE => "on_slice",
        CALLBACK_FILL => "on_fill",
        CALLBACK_ORDER => "on_order",
        CALLBACK_FINISH => "on_finish",
        CALLBACK_HOST => "engine",
        _ => "unknown",
    }
}

/// A line that a strategy wrote into the log of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Step of the timeline.
    pub at: usize,
    /// The text.
    pub text: String,
}

/// One strategy instance and the block that it shares with the host.
pub struct Instance<'a> {
    handle: Option<Handle>,
    block: Box<RunBlock>,
    market: &'a Market<'a>,
    progress: &'a ProgressPage,
    pub(super) series: Vec<RawSeries>,
    /// By instrument the prices that stand in place of those of the market; empty when none ever did.
    pub(super) prices: Vec<Option<Rc<Prices>>>,
    declared: Vec<RawColumn>,
    pub(super) columns: Vec<Rc<Vec<f64>>>,
    pub(super) column_pointers: Vec<*const f64>,
    /// Position by instrument, units. The host writes it between calls.
    pub position: Vec<f64>,
    /// Average entry price by instrument. The host writes it between calls.
    pub entry_price: Vec<f64>,
    /// What became of orders since the last call. The host writes it between calls.
    pub reports: Vec<RawReport>,
    events: Vec<RawEvent>,
    pub(super) coarser: Coarser,
    orders: Vec<RawOrder>,
    error: Vec<u8>,
    log: Vec<u8>,
    flags: u32,
    changes: u32,
}

impl<'a> Instance<'a> {
    /// Builds an instance of a strategy and collects the columns it declares. The seed is for
    /// strategies that draw random numbers.
    ///
    /// # Errors
    /// When the strategy refuses the parameters or panics.
    pub fn start(
        def: &'static StrategyDef,
        params: &[f64],
        market: &'a Market<'a>,
        progress: &'a ProgressPage,
        seed: u64,
    ) -> Result<Self, Fault> {
        let mut instance = Self::idle(market, progress);
        instance.begin(def, params, seed)?;
        Ok(instance)
    }

    /// Buffers without a strategy, which [`Instance::begin`] brings.
    #[must_use]
    pub fn idle(market: &'a Market<'a>, progress: &'a ProgressPage) -> Self {
        let count = market.instruments().len();
        Self {
            handle: None,
            block: Box::new(empty_block(market, progress, 0)),
            market,
            progress,
            series: market.instruments().iter().map(raw_series).collect(),
            prices: Vec::new(),
            declared: Vec::with_capacity(MAX_COLUMNS),
            columns: Vec::new(),
            column_pointers: Vec::new(),
            position: vec![0.0; count],
            entry_price: vec![0.0; count],
            reports: Vec::new(),
            events: market.events().iter().map(raw_event).collect(),
            coarser: Coarser::new(),
            orders: Vec::with_capacity(MAX_ORDERS_A_STEP),
            error: Vec::with_capacity(ERROR_BYTES),
            log: Vec::with_capacity(LOG_BYTES),
            flags: 0,
            changes: 0,
        }
    }

    /// Begins with a new instance of a strategy in the same buffers, as if nothing had been run in
    /// them before.
    ///
    /// # Errors
    /// As [`Instance::start`].
    pub fn begin(
        &mut self,
        def: &'static StrategyDef,
        params: &[f64],
        seed: u64,
    ) -> Result<(), Fault> {
        self.release();
        if !self.prices.is_empty() {
            self.series = self.market.instruments().iter().map(raw_series).collect();
            self.prices.clear();
        }
        self.declared.clear();
        self.coarser.clear();
        self.columns.clear();
        self.column_pointers.clear();
        self.position.fill(0.0);
        self.entry_price.fill(0.0);
        self.reports.clear();
        self.orders.clear();
        self.error.clear();
        self.log.clear();
        *self.block = empty_block(self.market, self.progress, seed);
        self.point();
        self.block.n_timeline = 0;
        self.progress.enter(CALLBACK_START, 0);
        let started = Handle::start(def, params, &mut self.block);
        self.block.n_timeline = self.market.timeline().len() as u64;
        match started {
            Ok(handle) => self.handle = Some(handle),
            Err(status) => return Err(self.fault(status)),
        }
        let declared = self.block.n_columns as usize;
        if declared > MAX_COLUMNS {
            return Err(self.protocol("declared more columns than there is room for"));
        }
        let asked = self.block.n_asked as usize;
        if asked > MAX_ASKED {
            return Err(self.protocol("asked for more lengths of bars than there is room for"));
        }
        adopt(&mut self.declared, declared);
        adopt(&mut self.coarser.asked, asked);
        self.block.n_columns = 0;
        self.check_asked()
    }

    /// Lets `on_bar` be called at every bar, also where the strategy has said that it has nothing to do:
    /// slower, and what such a promise is held to.
    pub fn call_at_every_bar(&mut self) {
        self.flags = RUN_EVERY_BAR;
    }

    /// Tells the strategy that what it has found in bars and columns may no longer hold.
    pub(super) fn note_change(&mut self) {
        self.changes = self.changes.wrapping_add(1);
    }

    pub(super) fn market(&self) -> &'a Market<'a> {
        self.market
    }

    /// The columns that the strategy declared.
    #[must_use]
    pub fn declared(&self) -> &[RawColumn] {
        &self.declared
    }

    /// Bars that the strategy asked for over and above its columns' own need.
    #[must_use]
    pub fn warm_up(&self) -> usize {
        usize::try_from(self.block.warm_up).unwrap_or(usize::MAX)
    }

    /// Hands over the computed columns: by declared column, then by instrument, each as long as the
    /// instrument's bars.
    ///
    /// # Panics
    /// When their number or a length is another.
    pub fn attach(&mut self, columns: impl IntoIterator<Item = Rc<Vec<f64>>>) {
        let instruments = self.market.instruments();
        self.columns.clear();
        self.columns.extend(columns);
        assert_eq!(self.columns.len(), self.declared.len() * instruments.len(), "one column each");
        for (index, column) in self.columns.iter().enumerate() {
            assert_eq!(column.len(), self.rows_of(index), "one value for each bar");
        }
        self.column_pointers.clear();
        self.column_pointers.extend(self.columns.iter().map(|column| column.as_ptr()));
        self.block.n_columns = u32::try_from(self.declared.len()).expect("at most 256 columns");
    }

    /// Rows of a column, by its place among those of all instruments.
    pub(super) fn rows_of(&self, index: usize) -> usize {
        let instruments = self.market.instruments();
        let instrument = index % instruments.len();
        let declared = &self.declared[index / instruments.len()];
        let coarser = self.coarser.rows(declared, instrument, instruments.len());
        coarser.unwrap_or(instruments[instrument].columns.len())
    }

    /// Tells the strategy of `fills`, runs steps from `at` on, and returns the last step that was
    /// run: the first one with an order or a log line, or `to - 1`.
    ///
    /// # Errors
    /// When the strategy panics, floods the engine with orders or breaks the protocol.
    ///
    /// # Panics
    /// When the steps are not within the timeline, or columns are missing.
    pub fn run(
        &mut self,
        at: usize,
        to: usize,
        cash: f64,
        fills: &[RawFill],
    ) -> Result<usize, Fault> {
        assert!(at < to && to <= self.market.timeline().len(), "steps {at}..{to} are not there");
        assert_eq!(self.block.n_columns as usize, self.declared.len(), "columns are attached");
        self.prepare(at, to, cash, fills);
        let Some(handle) = &mut self.handle else {
            return Err(self.protocol("is run after a fault"));
        };
        self.progress.enter(CALLBACK_BAR, at);
        let status = handle.run(&mut self.block);
        self.collect(status)?;
        let last = usize::try_from(self.block.at).unwrap_or(usize::MAX);
        if !(at..to).contains(&last) {
            return Err(self.protocol("came back with a step that it was not asked to run"));
        }
        Ok(last)
    }

    /// Tells the strategy that the run has ended.
    ///
    /// # Errors
    /// When the strategy panics or breaks the protocol.
    pub fn finish(&mut self, at: usize, cash: f64) -> Result<(), Fault> {
        self.prepare(at, at, cash, &[]);
        let Some(handle) = &mut self.handle else {
            return Err(self.protocol("is run after a fault"));
        };
        self.progress.enter(CALLBACK_FINISH, at);
        let status = handle.finish(&mut self.block);
        self.collect(status)
    }

    /// Orders that the last call placed.
    #[must_use]
    pub fn orders(&self) -> &[RawOrder] {
        &self.orders
    }

    /// Takes a number from those of the strategy's orders, for an order of the host's own.
    pub fn reserve_order_id(&mut self) -> u64 {
        let id = self.block.next_order_id;
        self.block.next_order_id = id.wrapping_add(1);
        id
    }

    /// Takes the log lines that the strategy has written since the last time; the count is of lines
    /// that found no room.
    pub fn take_log(&mut self) -> (Vec<LogLine>, u64) {
        adopt_log(&mut self.log, self.block.log_len);
        let lines = parse_log(&self.log);
        self.log.clear();
        self.block.log_len = 0;
        (lines, std::mem::take(&mut self.block.n_log_dropped))
    }

    /// Passes over the log lines that the strategy has written.
    pub fn drop_log(&mut self) {
        self.block.log_len = 0;
        self.block.n_log_dropped = 0;
    }

    /// Whether log lines are waiting.
    #[must_use]
    pub fn has_log(&self) -> bool {
        self.block.log_len > 0
    }

    fn prepare(&mut self, at: usize, to: usize, cash: f64, fills: &[RawFill]) {
        self.orders.clear();
        self.error.clear();
        self.point();
        let block = &mut self.block;
        block.at = at as u64;
        block.to = to as u64;
        block.cash = cash;
        block.fills = fills.as_ptr();
        block.n_fills = fills.len() as u64;
        block.n_reports = self.reports.len() as u64;
        block.n_orders = 0;
        block.n_orders_dropped = 0;
        block.error_len = 0;
    }

    /// Points the block at the buffers; a plugin may have written over any of it.
    fn point(&mut self) {
        let block = &mut self.block;
        block.series = self.series.as_ptr();
        block.timeline = self.market.timeline().as_ptr();
        block.columns = self.column_pointers.as_ptr();
        block.position = self.position.as_ptr();
        block.entry_price = self.entry_price.as_ptr();
        block.reports = self.reports.as_ptr();
        block.events = self.events.as_ptr();
        block.events_seen = self.market.events_seen().map_or(std::ptr::null(), <[u32]>::as_ptr);
        block.declared = self.declared.as_mut_ptr();
        block.asked = self.coarser.asked.as_mut_ptr();
        block.n_asked = self.coarser.asked.len() as u32;
        block.cap_asked = MAX_ASKED as u32;
        let coarse = &self.coarser.series;
        block.coarse = if coarse.is_empty() { std::ptr::null() } else { coarse.as_ptr() };
        block.orders = self.orders.as_mut_ptr();
        block.cap_orders = MAX_ORDERS_A_STEP as u32;
        block.error = self.error.as_mut_ptr();
        block.error_cap = ERROR_BYTES as u32;
        block.log = self.log.as_mut_ptr();
        block.log_cap = LOG_BYTES as u32;
        block.progress = self.progress.as_ptr();
        block.flags = self.flags;
        block.changes = self.changes;
    }

    fn collect(&mut self, status: i32) -> Result<(), Fault> {
        if status != STATUS_OK {
            return Err(self.fault(status));
        }
        let placed = self.block.n_orders as usize;
        if placed > MAX_ORDERS_A_STEP || self.block.log_len as usize > LOG_BYTES {
            return Err(self.protocol("wrote beyond a buffer"));
        }
        if self.block.n_orders_dropped > 0 {
            let total = placed as u64 + self.block.n_orders_dropped;
            let text = format!(
                "placed {total} orders within one step; at most {MAX_ORDERS_A_STEP} are allowed"
            );
            return Err(self.protocol(&text));
        }
        adopt(&mut self.orders, placed);
        Ok(())
    }

    /// Lets go of the strategy, when there is one.
    fn release(&mut self) {
        if let Some(handle) = self.handle.take() {
            handle.release();
        }
    }

    /// The fault of a status. The instance is leaked: after a panic its state may be anything.
    fn fault(&mut self, status: i32) -> Fault {
        let length = (self.block.error_len as usize).min(ERROR_BYTES);
        self.error.clear();
        adopt(&mut self.error, length);
        let text = String::from_utf8_lossy(&self.error).into_owned();
        let (kind, text) = match status {
            STATUS_ERROR if text.is_empty() => (FaultKind::Refused, "gave no reason".to_owned()),
            STATUS_ERROR => (FaultKind::Refused, text),
            STATUS_PANIC => (FaultKind::Panicked, text),
            other => (FaultKind::Protocol, format!("returned the unknown status {other}")),
        };
        self.broken(kind, text)
    }

    pub(super) fn protocol(&mut self, text: &str) -> Fault {
        self.broken(FaultKind::Protocol, text.to_owned())
    }

    fn broken(&mut self, kind: FaultKind, text: String) -> Fault {
        // Dropping the handle without releasing it leaks the instance.
        self.handle = None;
        let progress = self.progress.read();
        let at = usize::try_from(progress.at).unwrap_or(usize::MAX);
        Fault { kind, callback: callback_name(progress.callback), at, text }
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        self.release();
    }
}

fn adopt_log(log: &mut Vec<u8>, length: u32) {
    log.clear();
    adopt(log, (length as usize).min(LOG_BYTES));
}

fn parse_log(mut bytes: &[u8]) -> Vec<LogLine> {
    let mut lines = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<12>() {
        let (at, length) = head.split_at(8);
        let at = u64::from_le_bytes(at.try_into().expect("8 of 12 bytes"));
        let length = u32::from_le_bytes(length.try_into().expect("4 of 12 bytes")) as usize;
        let Some((text, after)) = rest.split_at_checked(length) else { break };
        lines.push(LogLine {
            at: usize::try_from(at).unwrap_or(usize::MAX),
            text: String::from_utf8_lossy(text).into_owned(),
        });
        bytes = after;
    }
    lines
}
