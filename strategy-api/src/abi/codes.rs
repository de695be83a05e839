//! The numbers of the wire: versions, statuses and codes. Frozen; a list may only gain values that
//! have not been used before.

/// Major version of the ABI: another major is never loaded.
pub const ABI_MAJOR: u32 = 1;
/// Minor version of the ABI: a host loads every plugin whose minor is not above its own.
pub const ABI_MINOR: u32 = 3;
/// First word of `PluginEntry`: the bytes `STRATEGY`, little-endian.
pub const PLUGIN_MAGIC: u64 = 0x5947_4554_4152_5453;

/// A callback returned normally.
pub const STATUS_OK: i32 = 0;
/// The strategy refused (its text is in the error buffer).
pub const STATUS_ERROR: i32 = 1;
/// The strategy panicked (message and place are in the error buffer).
pub const STATUS_PANIC: i32 = 2;

/// Flag of a run: `on_bar` is called at every bar, also where the strategy says that it has nothing to
/// do. Since 1.3.
pub const RUN_EVERY_BAR: u32 = 1;

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
/// Cancel the order `id`. Since 1.1.
pub const ACTION_CANCEL: u32 = 1;
/// Change the order `id`: prices and size that are not NaN replace its own. Since 1.1.
pub const ACTION_MODIFY: u32 = 2;
/// Cancel every order of the instrument. Since 1.1.
pub const ACTION_CANCEL_ALL: u32 = 3;

/// Work at the market.
pub const KIND_MARKET: u32 = 0;
/// Work at `limit_price` or better. Since 1.1.
pub const KIND_LIMIT: u32 = 1;
/// Work at the market once `stop_price` is reached. Since 1.1.
pub const KIND_STOP: u32 = 2;
/// Work at `limit_price` or better once `stop_price` is reached. Since 1.1.
pub const KIND_STOP_LIMIT: u32 = 3;
/// A stop that follows the price at a distance of `trail`, in currency. Since 1.1.
pub const KIND_TRAIL_AMOUNT: u32 = 4;
/// A stop that follows the price at a distance of `trail`, a fraction of the price. Since 1.1.
pub const KIND_TRAIL_FRACTION: u32 = 5;
/// Work at the open of the next session. Since 1.1.
pub const KIND_ON_OPEN: u32 = 6;
/// Work at the close of the next session. Since 1.1.
pub const KIND_ON_CLOSE: u32 = 7;

/// `size` is a signed number of units to trade.
pub const SIZE_UNITS: u32 = 0;
/// `size` is a signed fraction of equity to trade, resolved at the fill price.
pub const SIZE_EQUITY_FRACTION: u32 = 1;
/// `size` is the position to hold afterwards, in units.
pub const SIZE_TARGET_UNITS: u32 = 2;
/// `size` is the position to hold afterwards, as a fraction of equity.
pub const SIZE_TARGET_FRACTION: u32 = 3;
/// `size` is a signed amount of currency to trade, resolved at the fill price. Since 1.1.
pub const SIZE_CASH: u32 = 4;
/// `size` is a fraction of what `parent` has filled, traded the other way. Since 1.1.
pub const SIZE_PARENT_FILL: u32 = 5;

/// Good until cancelled.
pub const TIF_GTC: u32 = 0;
/// Good for the first session in which it can be worked. Since 1.1.
pub const TIF_DAY: u32 = 1;
/// Good until `expires_at`. Since 1.1.
pub const TIF_GTD: u32 = 2;
/// What its first bar does not fill is cancelled. Since 1.1.
pub const TIF_IOC: u32 = 3;
/// Cancelled unless its first bar fills all of it. Since 1.1.
pub const TIF_FOK: u32 = 4;

/// An order that waited for its parent is worked from now on. Since 1.1.
pub const STATE_WORKING: u32 = 0;
/// The stop of a stop-limit order is reached: its limit is worked from now on. Since 1.1.
pub const STATE_TRIGGERED: u32 = 1;
/// A part has filled, the rest is worked on. Since 1.1.
pub const STATE_PARTLY_FILLED: u32 = 2;
/// The order has ended: filled, or reduced to what the account could carry. Since 1.1.
pub const STATE_FILLED: u32 = 3;
/// The order has ended: cancelled by the strategy, its group, its parent or its time in force. Since 1.1.
pub const STATE_CANCELLED: u32 = 4;
/// The order has ended: its time has run out. Since 1.1.
pub const STATE_EXPIRED: u32 = 5;
/// The order has ended: refused. Since 1.1.
pub const STATE_REJECTED: u32 = 6;

/// An event is a split; its value is the number of new units for an old one. Since 1.1.
pub const EVENT_SPLIT: u32 = 0;
/// An event is a dividend; its value is the currency a unit. Since 1.1.
pub const EVENT_DIVIDEND: u32 = 1;
/// An event is a signal from outside; its name says which. Since 1.1.
pub const EVENT_SIGNAL: u32 = 2;

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
/// In `on_order`. Since 1.1.
pub const CALLBACK_ORDER: u32 = 7;

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
