//! The numbers of the wire: versions, statuses and codes. Frozen; a list may only gain values that
//! have not been used before.

/// Major version of the ABI: another major is never loaded.
pub const ABI_MAJOR: u32 = 1;
/// Minor version of the ABI: a host loads every plugin whose minor is not above its own.
pub const ABI_MINOR: u32 = 0;
/// First word of `PluginEntry`: the bytes `STRATEGY`, little-endian.
pub const PLUGIN_MAGIC: u64 = 0x5947_4554_4152_5453;

/// A callback returned normally.
pub const STATUS_OK: i32 = 0;
/// The strategy refused (its text is in the error buffer).
pub const STATUS_ERROR: i32 = 1;
/// The strategy panicked (message and place are in the error buffer).
pub const STATUS_PANIC: i32 = 2;

/// The parameter is a whole number.
pub const PARAM_INTEGER: u32 = 0;
/// The parameter is a floating-point number.
pub const PARAM_FLOAT: u32 = 1;
/// The parameter is 0 (false) or 1 (true).
pub const PARAM_BOOL: u32 = 2;
/// The parameter is an index into the choices.
pub const PARAM_CHOICE: u32 = 3;

/// Place an order.
pub const ACTION_PLACE: u32 = 0;

/// Work at the market.
pub const KIND_MARKET: u32 = 0;

/// `size` is a signed number of units to trade.
pub const SIZE_UNITS: u32 = 0;
/// `size` is a signed fraction of equity to trade, resolved at the fill price.
pub const SIZE_EQUITY_FRACTION: u32 = 1;
/// `size` is the position to hold afterwards, in units.
pub const SIZE_TARGET_UNITS: u32 = 2;
/// `size` is the position to hold afterwards, as a fraction of equity.
pub const SIZE_TARGET_FRACTION: u32 = 3;

/// Good until cancelled.
pub const TIF_GTC: u32 = 0;

/// What the plugin is doing, for a host that watches it: nothing yet.
pub const CALLBACK_LOAD: u32 = 0;
/// In `on_start`.
pub const CALLBACK_START: u32 = 1;
/// In `on_bar`.
pub const CALLBACK_BAR: u32 = 2;
/// In `on_slice`.
pub const CALLBACK_SLICE: u32 = 3;
/// In `on_fill`.
pub const CALLBACK_FILL: u32 = 4;
/// In `on_finish`.
pub const CALLBACK_FINISH: u32 = 5;
/// In the host's own code.
pub const CALLBACK_HOST: u32 = 6;

/// Column: simple moving average.
pub const COLUMN_SMA: u32 = 1;
/// Column: exponential moving average.
pub const COLUMN_EMA: u32 = 2;
/// Column: linearly weighted moving average.
pub const COLUMN_WMA: u32 = 3;
/// Column: relative strength index (Wilder), 0 to 100.
pub const COLUMN_RSI: u32 = 4;
/// Column: average true range (Wilder); the input is ignored.
pub const COLUMN_ATR: u32 = 5;
/// Column: population standard deviation.
pub const COLUMN_STDDEV: u32 = 6;
/// Column: Bollinger band: window, width; outputs 0 upper, 1 middle, 2 lower.
pub const COLUMN_BOLLINGER: u32 = 7;
/// Column: MACD: fast, slow, signal window; outputs 0 line, 1 signal, 2 histogram.
pub const COLUMN_MACD: u32 = 8;
/// Column: highest of the window, the newest bar included.
pub const COLUMN_HIGHEST: u32 = 9;
/// Column: lowest of the window, the newest bar included.
pub const COLUMN_LOWEST: u32 = 10;
/// Column: distance from the mean in standard deviations.
pub const COLUMN_ZSCORE: u32 = 11;
/// Column: change against `window` bars before, as a fraction.
pub const COLUMN_ROC: u32 = 12;

/// A column reads the first prices.
pub const INPUT_OPEN: u32 = 0;
/// A column reads the highest prices.
pub const INPUT_HIGH: u32 = 1;
/// A column reads the lowest prices.
pub const INPUT_LOW: u32 = 2;
/// A column reads the last prices.
pub const INPUT_CLOSE: u32 = 3;
/// A column reads the units traded.
pub const INPUT_VOLUME: u32 = 4;
