//! The wire: every structure that crosses between the host and a plugin.
//!
//! Two kinds of structure live here. The *root* types ([`Str`], [`ParamSpec`], [`StrategyDef`],
//! [`PluginEntry`]) are frozen for ever: abi_stable compares their layout when a library is loaded,
//! and it would refuse an old plugin if one of them grew. Newer functions are reached through
//! [`StrategyDef::extension`]. The *block* types ([`RunBlock`] and what it points to) belong to the
//! host, are opaque to that check, and grow only at the end of [`RunBlock`], guarded by `size`.
//!
//! Version 1.0 of all of this is in the hands of plugin authors: nothing below may move or change its
//! meaning, and a snapshot of the layout and a plugin built with 1.0 hold us to it. Version 1.1 added
//! codes, [`RawReport`], [`RawEvent`] and the fields of [`RunBlock`] from `reports` on; version 1.2 coarser
//! bars: the fields from `asked` on, and the first number of `more` in [`RawColumn`].
//!
//! Rules: the host owns every buffer; no allocation is freed on the other side; an instance runs on
//! one thread at a time; a library is never unloaded.

use abi_stable::StableAbi;

pub use super::codes::*;

/// Borrowed UTF-8 text that lives as long as the library.
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct Str {
    /// First byte; not NUL-terminated.
    pub ptr: *const u8,
    /// Number of bytes.
    pub len: usize,
}

impl Str {
    /// The text of a literal.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self { ptr: text.as_ptr(), len: text.len() }
    }
}

/// One typed parameter of a strategy. Frozen.
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct ParamSpec {
    /// Name on the command line.
    pub name: Str,
    /// Description, one line.
    pub about: Str,
    /// One of the `PARAM_` codes.
    pub kind: u32,
    /// Zero.
    pub reserved: u32,
    /// Value when none is given.
    pub default_value: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Texts of the choices, in the order of their values; null unless the kind is `PARAM_CHOICE`.
    pub choices: *const Str,
    /// Number of choices.
    pub n_choices: usize,
}

/// State of one strategy instance; its content is the plugin's own.
#[repr(C)]
#[derive(StableAbi)]
pub struct State {
    _private: [u8; 0],
}

/// Builds an instance: parameters, their number, the block (for declaring columns), out: the state.
pub type StartFn = unsafe extern "C" fn(
    params: *const f64,
    n_params: usize,
    block: *mut RunBlock,
    out: *mut *mut State,
) -> i32;
/// Runs fills and then steps `at..to` of the block; comes back after the first one with an order or a
/// log line.
pub type RunFn = unsafe extern "C" fn(state: *mut State, block: *mut RunBlock) -> i32;
/// Releases an instance.
pub type DropFn = unsafe extern "C" fn(state: *mut State);
/// A function or table that a later minor version added, by its number; null when unknown.
pub type ExtensionFn = unsafe extern "C" fn(id: u64) -> *const State;
/// The strategy of an index, null beyond the last.
pub type StrategyFn = extern "C" fn(index: u32) -> *const StrategyDef;

/// One strategy: what it is and how it is called. Frozen.
#[repr(C)]
#[derive(Clone, Copy, StableAbi)]
pub struct StrategyDef {
    /// Name, `[a-z0-9_]{1,64}`.
    pub name: Str,
    /// Description, one line.
    pub about: Str,
    /// Version of the plugin.
    pub version: Str,
    /// Author of the plugin.
    pub author: Str,
    /// Parameters, in the order in which their values are passed.
    pub params: *const ParamSpec,
    /// Number of parameters.
    pub n_params: usize,
    /// Builds an instance.
    #[sabi(unsafe_opaque_field)]
    pub start: StartFn,
    /// Runs an instance.
    #[sabi(unsafe_opaque_field)]
    pub run: RunFn,
    /// Ends a run.
    #[sabi(unsafe_opaque_field)]
    pub finish: RunFn,
    /// Releases an instance.
    #[sabi(unsafe_opaque_field)]
    pub drop_state: DropFn,
    /// Everything newer.
    #[sabi(unsafe_opaque_field)]
    pub extension: ExtensionFn,
}

/// The door for C, C++, Zig and the like: the data symbol `strategy_plugin_v1`. Frozen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PluginEntry {
    /// `PLUGIN_MAGIC`.
    pub magic: u64,
    /// `ABI_MAJOR` that it was built with.
    pub major: u32,
    /// `ABI_MINOR` that it was built with.
    pub minor: u32,
    /// Size of this structure in bytes.
    pub size: usize,
    /// The strategies.
    pub strategy: StrategyFn,
}

/// Bars of one instrument as columns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSeries {
    /// Symbol of the instrument.
    pub symbol: Str,
    /// Starts of the bars, nanoseconds UTC.
    pub ts: *const i64,
    /// First prices.
    pub open: *const f64,
    /// Highest prices.
    pub high: *const f64,
    /// Lowest prices.
    pub low: *const f64,
    /// Last prices.
    pub close: *const f64,
    /// Units traded.
    pub volume: *const f64,
    /// For each step of the timeline the number of bars seen up to it; null when step and row agree.
    pub seen: *const u32,
    /// Zero.
    pub reserved: [u64; 2],
}

/// A column that the strategy asks the host to compute.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawColumn {
    /// One of the `COLUMN_` codes.
    pub kind: u32,
    /// One of the `INPUT_` codes.
    pub input: u32,
    /// Which of several outputs; 0 when there is one.
    pub output: u32,
    /// Zero.
    pub reserved: u32,
    /// Parameters of the indicator, windows first; zero where there are fewer.
    pub params: [f64; 4],
    /// First: 0 for a column of the run's bars, else one more than the place of a coarser length in
    /// `asked` (since 1.2). The rest is zero.
    pub more: [u64; 2],
}

/// An order as the strategy places it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawOrder {
    /// Number of the order within the run, from `next_order_id`.
    pub id: u64,
    /// Index of the instrument in the universe.
    pub instrument: u32,
    /// One of the `ACTION_` codes.
    pub action: u32,
    /// One of the `KIND_` codes.
    pub kind: u32,
    /// One of the `SIZE_` codes.
    pub size_kind: u32,
    /// Size, in the unit of `size_kind`; negative sells.
    pub size: f64,
    /// Limit price; NaN for none.
    pub limit_price: f64,
    /// Stop price; NaN for none.
    pub stop_price: f64,
    /// Trailing distance; NaN for none.
    pub trail: f64,
    /// One of the `TIF_` codes.
    pub time_in_force: u32,
    /// Zero.
    pub flags: u32,
    /// Expiry, nanoseconds UTC; 0 for none.
    pub expires_at: i64,
    /// Order that must fill first; 0 for none.
    pub parent: u64,
    /// Orders of one group cancel each other; 0 for none.
    pub oca_group: u64,
    /// Zero.
    pub reserved: [u64; 4],
}

/// A fill as the strategy is told of it.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RawFill {
    /// The order that filled.
    pub order: u64,
    /// Index of the instrument in the universe.
    pub instrument: u32,
    /// Zero.
    pub flags: u32,
    /// Start of the bar in which it filled, nanoseconds UTC.
    pub ts: i64,
    /// Units, negative for a sale.
    pub quantity: f64,
    /// Price a unit.
    pub price: f64,
    /// Commission, in currency.
    pub commission: f64,
    /// Zero.
    pub reserved: [u64; 2],
}

/// What became of an order, as the strategy is told of it. Since 1.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawReport {
    /// The order.
    pub order: u64,
    /// Index of the instrument in the universe.
    pub instrument: u32,
    /// One of the `STATE_` codes.
    pub state: u32,
    /// Start of the bar in which it happened, nanoseconds UTC.
    pub ts: i64,
    /// Units filled so far, negative for a sale.
    pub filled: f64,
    /// Why, in words; empty when there is nothing to say.
    pub reason: Str,
    /// Zero.
    pub reserved: [u64; 3],
}

/// Something that became known from outside: a corporate action or a signal. Since 1.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawEvent {
    /// Index of the instrument in the universe; the largest number for the whole market.
    pub instrument: u32,
    /// One of the `EVENT_` codes.
    pub kind: u32,
    /// When it takes effect, nanoseconds UTC.
    pub ts: i64,
    /// When it became known, nanoseconds UTC.
    pub known_at: i64,
    /// Its value; the unit depends on the kind.
    pub value: f64,
    /// Name of a signal; else empty.
    pub name: Str,
    /// Zero.
    pub reserved: [u64; 2],
}

/// Where the plugin is, written while it runs so that a watching host can name the place of a fault.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Step of the timeline that is being worked.
    pub at: u64,
    /// One of the `CALLBACK_` codes.
    pub callback: u32,
    /// Grows when the host itself makes progress.
    pub beat: u32,
}

/// The block that host and plugin share during a run. The host owns it; it grows only at its end.
#[repr(C)]
pub struct RunBlock {
    /// Size of this structure in the host, bytes: a field beyond it does not exist.
    pub size: u32,
    /// `ABI_MINOR` of the host.
    pub minor: u32,
    /// In: first step to run. Out: last step that was run.
    pub at: u64,
    /// One past the last step to run.
    pub to: u64,
    /// Start of each step, nanoseconds UTC.
    pub timeline: *const i64,
    /// Number of steps.
    pub n_timeline: u64,
    /// The instruments.
    pub series: *const RawSeries,
    /// Number of instruments.
    pub n_series: u32,
    /// Code of the resolution: its position in 1s 5s 10s 15s 30s 1m 2m 3m 5m 10m 15m 20m 30m 1h 2h 3h 4h 8h 1d 1w 1mo.
    pub resolution: u32,
    /// Host-computed columns, by declared column and then instrument, indexed by the instrument's row (by
    /// that of its coarser bars for a column of those).
    pub columns: *const *const f64,
    /// Number of declared columns.
    pub n_columns: u32,
    /// Room for declared columns.
    pub cap_columns: u32,
    /// Columns that `start` declares.
    pub declared: *mut RawColumn,
    /// Bars that the strategy needs before it may act, over and above its columns' own need.
    pub warm_up: u64,
    /// Position by instrument, units.
    pub position: *const f64,
    /// Average entry price by instrument; 0 when flat.
    pub entry_price: *const f64,
    /// Cash.
    pub cash: f64,
    /// Orders placed during this call.
    pub orders: *mut RawOrder,
    /// Number of orders placed.
    pub n_orders: u32,
    /// Room for orders.
    pub cap_orders: u32,
    /// Orders that found no room.
    pub n_orders_dropped: u64,
    /// Number of the next order.
    pub next_order_id: u64,
    /// Fills since the last call.
    pub fills: *const RawFill,
    /// Number of fills.
    pub n_fills: u64,
    /// Error text, UTF-8.
    pub error: *mut u8,
    /// Bytes of error text.
    pub error_len: u32,
    /// Room for error text, bytes.
    pub error_cap: u32,
    /// Log lines: for each its step (u64) and length (u32), little-endian, then its bytes.
    pub log: *mut u8,
    /// Bytes of log lines.
    pub log_len: u32,
    /// Room for log lines, bytes.
    pub log_cap: u32,
    /// Log lines that found no room.
    pub n_log_dropped: u64,
    /// Where the plugin is; never null.
    pub progress: *mut Progress,
    /// Seed of the run, for strategies that draw random numbers.
    pub seed: u64,
    /// What became of orders since the last call. Since 1.1.
    pub reports: *const RawReport,
    /// Number of reports. Since 1.1.
    pub n_reports: u64,
    /// Events of the run, by the time at which they became known. Since 1.1.
    pub events: *const RawEvent,
    /// Number of events. Since 1.1.
    pub n_events: u64,
    /// For each step the number of events that are known at its close; null without events. Since 1.1.
    pub events_seen: *const u32,
    /// Coarser lengths of bars that `start` asks for, by their codes. Since 1.2.
    pub asked: *mut u32,
    /// Number of coarser lengths. Since 1.2.
    pub n_asked: u32,
    /// Room for coarser lengths. Since 1.2.
    pub cap_asked: u32,
    /// Coarser bars, by asked length and then instrument; their `seen` counts for each step the bars that
    /// have closed when it closes. Null in `start` and without coarser lengths. Since 1.2.
    pub coarse: *const RawSeries,
    /// `RUN_` flags. Since 1.3.
    pub flags: u32,
    /// How often bars and columns have been replaced during the run: what was found in them before may no
    /// longer hold. Since 1.3.
    pub changes: u32,
}
