/*
 * Strategy plugins in C, C++, Zig and other languages that speak the C ABI.
 *
 * Generated from strategy-api/src/abi; do not edit. How to write a plugin: README.md beside this file.
 */

#ifndef STRATEGY_API_H
#define STRATEGY_API_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct StrategyState StrategyState;

// Major version of the ABI: another major is never loaded.
#define STRATEGY_ABI_MAJOR 1

// Minor version of the ABI: a host loads every plugin whose minor is not above its own.
#define STRATEGY_ABI_MINOR 3

// First word of StrategyPlugin: the bytes `STRATEGY`, little-endian.
#define STRATEGY_PLUGIN_MAGIC 6433186820897526867

// A callback returned normally.
#define STRATEGY_STATUS_OK 0

// The strategy refused (its text is in the error buffer).
#define STRATEGY_STATUS_ERROR 1

// The strategy panicked (message and place are in the error buffer).
#define STRATEGY_STATUS_PANIC 2

// Flag of a run: `on_bar` is called at every bar, also where the strategy says that it has nothing to
// do. Since 1.3.
#define STRATEGY_RUN_EVERY_BAR 1

// The parameter is a whole number.
#define STRATEGY_PARAM_INTEGER 0

// The parameter is a floating-point number.
#define STRATEGY_PARAM_FLOAT 1

// The parameter is 0 (false) or 1 (true).
#define STRATEGY_PARAM_BOOL 2

// The parameter is an index into the choices.
#define STRATEGY_PARAM_CHOICE 3

// Place an order.
#define STRATEGY_ACTION_PLACE 0

// Cancel the order `id`. Since 1.1.
#define STRATEGY_ACTION_CANCEL 1

// Change the order `id`: prices and size that are not NaN replace its own. Since 1.1.
#define STRATEGY_ACTION_MODIFY 2

// Cancel every order of the instrument. Since 1.1.
#define STRATEGY_ACTION_CANCEL_ALL 3

// Work at the market.
#define STRATEGY_KIND_MARKET 0

// Work at `limit_price` or better. Since 1.1.
#define STRATEGY_KIND_LIMIT 1

// Work at the market once `stop_price` is reached. Since 1.1.
#define STRATEGY_KIND_STOP 2

// Work at `limit_price` or better once `stop_price` is reached. Since 1.1.
#define STRATEGY_KIND_STOP_LIMIT 3

// A stop that follows the price at a distance of `trail`, in currency. Since 1.1.
#define STRATEGY_KIND_TRAIL_AMOUNT 4

// A stop that follows the price at a distance of `trail`, a fraction of the price. Since 1.1.
#define STRATEGY_KIND_TRAIL_FRACTION 5

// Work at the open of the next session. Since 1.1.
#define STRATEGY_KIND_ON_OPEN 6

// Work at the close of the next session. Since 1.1.
#define STRATEGY_KIND_ON_CLOSE 7

// `size` is a signed number of units to trade.
#define STRATEGY_SIZE_UNITS 0

// `size` is a signed fraction of equity to trade, resolved at the fill price.
#define STRATEGY_SIZE_EQUITY_FRACTION 1

// `size` is the position to hold afterwards, in units.
#define STRATEGY_SIZE_TARGET_UNITS 2

// `size` is the position to hold afterwards, as a fraction of equity.
#define STRATEGY_SIZE_TARGET_FRACTION 3

// `size` is a signed amount of currency to trade, resolved at the fill price. Since 1.1.
#define STRATEGY_SIZE_CASH 4

// `size` is a fraction of what `parent` has filled, traded the other way. Since 1.1.
#define STRATEGY_SIZE_PARENT_FILL 5

// Good until cancelled.
#define STRATEGY_TIF_GTC 0

// Good for the first session in which it can be worked. Since 1.1.
#define STRATEGY_TIF_DAY 1

// Good until `expires_at`. Since 1.1.
#define STRATEGY_TIF_GTD 2

// What its first bar does not fill is cancelled. Since 1.1.
#define STRATEGY_TIF_IOC 3

// Cancelled unless its first bar fills all of it. Since 1.1.
#define STRATEGY_TIF_FOK 4

// An order that waited for its parent is worked from now on. Since 1.1.
#define STRATEGY_STATE_WORKING 0

// The stop of a stop-limit order is reached: its limit is worked from now on. Since 1.1.
#define STRATEGY_STATE_TRIGGERED 1

// A part has filled, the rest is worked on. Since 1.1.
#define STRATEGY_STATE_PARTLY_FILLED 2

// The order has ended: filled, or reduced to what the account could carry. Since 1.1.
#define STRATEGY_STATE_FILLED 3

// The order has ended: cancelled by the strategy, its group, its parent or its time in force. Since 1.1.
#define STRATEGY_STATE_CANCELLED 4

// The order has ended: its time has run out. Since 1.1.
#define STRATEGY_STATE_EXPIRED 5

// The order has ended: refused. Since 1.1.
#define STRATEGY_STATE_REJECTED 6

// An event is a split; its value is the number of new units for an old one. Since 1.1.
#define STRATEGY_EVENT_SPLIT 0

// An event is a dividend; its value is the currency a unit. Since 1.1.
#define STRATEGY_EVENT_DIVIDEND 1

// An event is a signal from outside; its name says which. Since 1.1.
#define STRATEGY_EVENT_SIGNAL 2

// What the plugin is doing, for a host that watches it: nothing yet.
#define STRATEGY_CALLBACK_LOAD 0

// In `on_start`.
#define STRATEGY_CALLBACK_START 1

// In `on_bar`.
#define STRATEGY_CALLBACK_BAR 2

// In `on_slice`.
#define STRATEGY_CALLBACK_SLICE 3

// In `on_fill`.
#define STRATEGY_CALLBACK_FILL 4

// In `on_finish`.
#define STRATEGY_CALLBACK_FINISH 5

// In the host's own code.
#define STRATEGY_CALLBACK_HOST 6

// In `on_order`. Since 1.1.
#define STRATEGY_CALLBACK_ORDER 7

// Column: simple moving average.
#define STRATEGY_COLUMN_SMA 1

// Column: exponential moving average.
#define STRATEGY_COLUMN_EMA 2

// Column: linearly weighted moving average.
#define STRATEGY_COLUMN_WMA 3

// Column: relative strength index (Wilder), 0 to 100.
#define STRATEGY_COLUMN_RSI 4

// Column: average true range (Wilder); the input is ignored.
#define STRATEGY_COLUMN_ATR 5

// Column: population standard deviation.
#define STRATEGY_COLUMN_STDDEV 6

// Column: Bollinger band: window, width; outputs 0 upper, 1 middle, 2 lower.
#define STRATEGY_COLUMN_BOLLINGER 7

// Column: MACD: fast, slow, signal window; outputs 0 line, 1 signal, 2 histogram.
#define STRATEGY_COLUMN_MACD 8

// Column: highest of the window, the newest bar included.
#define STRATEGY_COLUMN_HIGHEST 9

// Column: lowest of the window, the newest bar included.
#define STRATEGY_COLUMN_LOWEST 10

// Column: distance from the mean in standard deviations.
#define STRATEGY_COLUMN_ZSCORE 11

// Column: change against `window` bars before, as a fraction.
#define STRATEGY_COLUMN_ROC 12

// A column reads the first prices.
#define STRATEGY_INPUT_OPEN 0

// A column reads the highest prices.
#define STRATEGY_INPUT_HIGH 1

// A column reads the lowest prices.
#define STRATEGY_INPUT_LOW 2

// A column reads the last prices.
#define STRATEGY_INPUT_CLOSE 3

// A column reads the units traded.
#define STRATEGY_INPUT_VOLUME 4

// Borrowed UTF-8 text that lives as long as the library.
typedef struct StrategyText {
  // First byte; not NUL-terminated.
  const uint8_t *ptr;
  // Number of bytes.
  size_t len;
} StrategyText;

// One typed parameter of a strategy. Frozen.
typedef struct StrategyParam {
  // Name on the command line.
  struct StrategyText name;
  // Description, one line.
  struct StrategyText about;
  // One of the STRATEGY_PARAM_ codes.
  uint32_t kind;
  // Zero.
  uint32_t reserved;
  // Value when none is given.
  double default_value;
  // Smallest value.
  double min;
  // Largest value.
  double max;
  // Texts of the choices, in the order of their values; null unless the kind is STRATEGY_PARAM_CHOICE.
  const struct StrategyText *choices;
  // Number of choices.
  size_t n_choices;
} StrategyParam;

// Bars of one instrument as columns.
typedef struct StrategySeries {
  // Symbol of the instrument.
  struct StrategyText symbol;
  // Starts of the bars, nanoseconds UTC.
  const int64_t *ts;
  // First prices.
  const double *open;
  // Highest prices.
  const double *high;
  // Lowest prices.
  const double *low;
  // Last prices.
  const double *close;
  // Units traded.
  const double *volume;
  // For each step of the timeline the number of bars seen up to it; null when step and row agree.
  const uint32_t *seen;
  // Zero.
  uint64_t reserved[2];
} StrategySeries;

// A column that the strategy asks the host to compute.
typedef struct StrategyColumn {
  // One of the STRATEGY_COLUMN_ codes.
  uint32_t kind;
  // One of the STRATEGY_INPUT_ codes.
  uint32_t input;
  // Which of several outputs; 0 when there is one.
  uint32_t output;
  // Zero.
  uint32_t reserved;
  // Parameters of the indicator, windows first; zero where there are fewer.
  double params[4];
  // First: 0 for a column of the run's bars, else one more than the place of a coarser length in
  // `asked` (since 1.2). The rest is zero.
  uint64_t more[2];
} StrategyColumn;

// An order as the strategy places it.
typedef struct StrategyOrder {
  // Number of the order within the run, from `next_order_id`.
  uint64_t id;
  // Index of the instrument in the universe.
  uint32_t instrument;
  // One of the STRATEGY_ACTION_ codes.
  uint32_t action;
  // One of the STRATEGY_KIND_ codes.
  uint32_t kind;
  // One of the STRATEGY_SIZE_ codes.
  uint32_t size_kind;
  // Size, in the unit of `size_kind`; negative sells.
  double size;
  // Limit price; NaN for none.
  double limit_price;
  // Stop price; NaN for none.
  double stop_price;
  // Trailing distance; NaN for none.
  double trail;
  // One of the STRATEGY_TIF_ codes.
  uint32_t time_in_force;
  // Zero.
  uint32_t flags;
  // Expiry, nanoseconds UTC; 0 for none.
  int64_t expires_at;
  // Order that must fill first; 0 for none.
  uint64_t parent;
  // Orders of one group cancel each other; 0 for none.
  uint64_t oca_group;
  // Zero.
  uint64_t reserved[4];
} StrategyOrder;

// A fill as the strategy is told of it.
typedef struct StrategyFill {
  // The order that filled.
  uint64_t order;
  // Index of the instrument in the universe.
  uint32_t instrument;
  // Zero.
  uint32_t flags;
  // Start of the bar in which it filled, nanoseconds UTC.
  int64_t ts;
  // Units, negative for a sale.
  double quantity;
  // Price a unit.
  double price;
  // Commission, in currency.
  double commission;
  // Zero.
  uint64_t reserved[2];
} StrategyFill;

// Where the plugin is, written while it runs so that a watching host can name the place of a fault.
typedef struct StrategyProgress {
  // Step of the timeline that is being worked.
  uint64_t at;
  // One of the STRATEGY_CALLBACK_ codes.
  uint32_t callback;
  // Grows when the host itself makes progress.
  uint32_t beat;
} StrategyProgress;

// What became of an order, as the strategy is told of it. Since 1.1.
typedef struct StrategyReport {
  // The order.
  uint64_t order;
  // Index of the instrument in the universe.
  uint32_t instrument;
  // One of the STRATEGY_STATE_ codes.
  uint32_t state;
  // Start of the bar in which it happened, nanoseconds UTC.
  int64_t ts;
  // Units filled so far, negative for a sale.
  double filled;
  // Why, in words; empty when there is nothing to say.
  struct StrategyText reason;
  // Zero.
  uint64_t reserved[3];
} StrategyReport;

// Something that became known from outside: a corporate action or a signal. Since 1.1.
typedef struct StrategyEvent {
  // Index of the instrument in the universe; the largest number for the whole market.
  uint32_t instrument;
  // One of the STRATEGY_EVENT_ codes.
  uint32_t kind;
  // When it takes effect, nanoseconds UTC.
  int64_t ts;
  // When it became known, nanoseconds UTC.
  int64_t known_at;
  // Its value; the unit depends on the kind.
  double value;
  // Name of a signal; else empty.
  struct StrategyText name;
  // Zero.
  uint64_t reserved[2];
} StrategyEvent;

// The block that host and plugin share during a run. The host owns it; it grows only at its end.
typedef struct StrategyBlock {
  // Size of this structure in the host, bytes: a field beyond it does not exist.
  uint32_t size;
  // STRATEGY_ABI_MINOR of the host.
  uint32_t minor;
  // In: first step to run. Out: last step that was run.
  uint64_t at;
  // One past the last step to run.
  uint64_t to;
  // Start of each step, nanoseconds UTC.
  const int64_t *timeline;
  // Number of steps.
  uint64_t n_timeline;
  // The instruments.
  const struct StrategySeries *series;
  // Number of instruments.
  uint32_t n_series;
  // Code of the resolution: its position in 1s 5s 10s 15s 30s 1m 2m 3m 5m 10m 15m 20m 30m 1h 2h 3h 4h 8h 1d 1w 1mo.
  uint32_t resolution;
  // Host-computed columns, by declared column and then instrument, indexed by the instrument's row (by
  // that of its coarser bars for a column of those).
  const double *const *columns;
  // Number of declared columns.
  uint32_t n_columns;
  // Room for declared columns.
  uint32_t cap_columns;
  // Columns that `start` declares.
  struct StrategyColumn *declared;
  // Bars that the strategy needs before it may act, over and above its columns' own need.
  uint64_t warm_up;
  // Position by instrument, units.
  const double *position;
  // Average entry price by instrument; 0 when flat.
  const double *entry_price;
  // Cash.
  double cash;
  // Orders placed during this call.
  struct StrategyOrder *orders;
  // Number of orders placed.
  uint32_t n_orders;
  // Room for orders.
  uint32_t cap_orders;
  // Orders that found no room.
  uint64_t n_orders_dropped;
  // Number of the next order.
  uint64_t next_order_id;
  // Fills since the last call.
  const struct StrategyFill *fills;
  // Number of fills.
  uint64_t n_fills;
  // Error text, UTF-8.
  uint8_t *error;
  // Bytes of error text.
  uint32_t error_len;
  // Room for error text, bytes.
  uint32_t error_cap;
  // Log lines: for each its step (u64) and length (u32), little-endian, then its bytes.
  uint8_t *log;
  // Bytes of log lines.
  uint32_t log_len;
  // Room for log lines, bytes.
  uint32_t log_cap;
  // Log lines that found no room.
  uint64_t n_log_dropped;
  // Where the plugin is; never null.
  struct StrategyProgress *progress;
  // Seed of the run, for strategies that draw random numbers.
  uint64_t seed;
  // What became of orders since the last call. Since 1.1.
  const struct StrategyReport *reports;
  // Number of reports. Since 1.1.
  uint64_t n_reports;
  // Events of the run, by the time at which they became known. Since 1.1.
  const struct StrategyEvent *events;
  // Number of events. Since 1.1.
  uint64_t n_events;
  // For each step the number of events that are known at its close; null without events. Since 1.1.
  const uint32_t *events_seen;
  // Coarser lengths of bars that `start` asks for, by their codes. Since 1.2.
  uint32_t *asked;
  // Number of coarser lengths. Since 1.2.
  uint32_t n_asked;
  // Room for coarser lengths. Since 1.2.
  uint32_t cap_asked;
  // Coarser bars, by asked length and then instrument; their `seen` counts for each step the bars that
  // have closed when it closes. Null in `start` and without coarser lengths. Since 1.2.
  const struct StrategySeries *coarse;
  // `RUN_` flags. Since 1.3.
  uint32_t flags;
  // How often bars and columns have been replaced during the run: what was found in them before may no
  // longer hold. Since 1.3.
  uint32_t changes;
} StrategyBlock;

// Builds an instance: parameters, their number, the block (for declaring columns), out: the state.
typedef int32_t (*StrategyStartFn)(const double *params,
                                   size_t n_params,
                                   struct StrategyBlock *block,
                                   StrategyState **out);

// Runs fills and then steps `at..to` of the block; comes back after the first one with an order or a
// log line.
typedef int32_t (*StrategyRunFn)(StrategyState *state, struct StrategyBlock *block);

// Releases an instance.
typedef void (*StrategyDropFn)(StrategyState *state);

// A function or table that a later minor version added, by its number; null when unknown.
typedef const StrategyState *(*StrategyExtensionFn)(uint64_t id);

// One strategy: what it is and how it is called. Frozen.
typedef struct StrategyDef {
  // Name, `[a-z0-9_]{1,64}`.
  struct StrategyText name;
  // Description, one line.
  struct StrategyText about;
  // Version of the plugin.
  struct StrategyText version;
  // Author of the plugin.
  struct StrategyText author;
  // Parameters, in the order in which their values are passed.
  const struct StrategyParam *params;
  // Number of parameters.
  size_t n_params;
  // Builds an instance.
  StrategyStartFn start;
  // Runs an instance.
  StrategyRunFn run;
  // Ends a run.
  StrategyRunFn finish;
  // Releases an instance.
  StrategyDropFn drop_state;
  // Everything newer.
  StrategyExtensionFn extension;
} StrategyDef;

// The strategy of an index, null beyond the last.
typedef const struct StrategyDef *(*StrategyFn)(uint32_t index);

// The door for C, C++, Zig and the like: the data symbol `strategy_plugin_v1`. Frozen.
typedef struct StrategyPlugin {
  // STRATEGY_PLUGIN_MAGIC.
  uint64_t magic;
  // STRATEGY_ABI_MAJOR that it was built with.
  uint32_t major;
  // STRATEGY_ABI_MINOR that it was built with.
  uint32_t minor;
  // Size of this structure in bytes.
  size_t size;
  // The strategies.
  StrategyFn strategy;
} StrategyPlugin;

/* ---- What most plugins need, in terms of the above. ---- */

#ifdef __cplusplus
extern "C" {
#endif

/* The text of a string literal. */
#define STRATEGY_TEXT(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

/* Says where the plugin is. Call it for every step: a host that sees nothing change ends the run. */
static inline void strategy_mark(StrategyBlock *block, uint64_t at, uint32_t callback)
{
    volatile StrategyProgress *progress = block->progress;
    progress->at = at;
    progress->callback = callback;
}

/* Number of bars of an instrument that have closed by step `at`. */
static inline uint64_t strategy_seen(const StrategyBlock *block, uint32_t instrument, uint64_t at)
{
    const StrategySeries *series = &block->series[instrument];
    return series->seen ? series->seen[at] : at + 1;
}

/* Whether an instrument has a bar that begins at step `at`. */
static inline int strategy_has_bar(const StrategyBlock *block, uint32_t instrument, uint64_t at)
{
    uint64_t before = at == 0 ? 0 : strategy_seen(block, instrument, at - 1);
    return strategy_seen(block, instrument, at) > before;
}

/* Value of a declared column `ago` bars before step `at`; NaN before its first value. */
static inline double strategy_value(const StrategyBlock *block, uint32_t column,
                                    uint32_t instrument, uint64_t at, uint64_t ago)
{
    uint64_t seen = strategy_seen(block, instrument, at);
    if (column >= block->n_columns || ago >= seen)
        return (double)NAN;
    return block->columns[(size_t)column * block->n_series + instrument][seen - 1 - ago];
}

/* Declares a column of the close with one window, in `start`. Returns its index, or -1 when there is
 * no room for more. */
static inline int64_t strategy_declare(StrategyBlock *block, uint32_t kind, double window)
{
    StrategyColumn column;
    if (block->n_columns >= block->cap_columns)
        return -1;
    memset(&column, 0, sizeof column);
    column.kind = kind;
    column.input = STRATEGY_INPUT_CLOSE;
    column.params[0] = window;
    block->declared[block->n_columns] = column;
    return block->n_columns++;
}

/* Places a market order and returns its number. */
static inline uint64_t strategy_order(StrategyBlock *block, uint32_t instrument,
                                      uint32_t size_kind, double size)
{
    StrategyOrder order;
    memset(&order, 0, sizeof order);
    order.id = block->next_order_id++;
    order.instrument = instrument;
    order.action = STRATEGY_ACTION_PLACE;
    order.kind = STRATEGY_KIND_MARKET;
    order.size_kind = size_kind;
    order.size = size;
    order.limit_price = order.stop_price = order.trail = (double)NAN;
    order.time_in_force = STRATEGY_TIF_GTC;
    if (block->n_orders < block->cap_orders)
        block->orders[block->n_orders++] = order;
    else
        block->n_orders_dropped++;
    return order.id;
}

/* Whether it is time to come back to the host: an order was placed or a log line written. */
static inline int strategy_acted(const StrategyBlock *block)
{
    return block->n_orders > 0 || block->log_len > 0;
}

/* Writes a line into the log of the run. */
static inline void strategy_log(StrategyBlock *block, uint64_t at, const char *line)
{
    size_t length = strlen(line);
    uint8_t *into = block->log + block->log_len;
    uint32_t length32;
    if (length > 65536)
        length = 65536;
    if (block->log_len + 12 + length > block->log_cap) {
        block->n_log_dropped++;
        return;
    }
    length32 = (uint32_t)length;
    memcpy(into, &at, 8);
    memcpy(into + 8, &length32, 4);
    memcpy(into + 12, line, length);
    block->log_len += 12 + length32;
}

/* Writes the error text and returns the status to come back with. */
static inline int32_t strategy_error(StrategyBlock *block, const char *text)
{
    size_t length = strlen(text);
    if (length > block->error_cap)
        length = block->error_cap;
    memcpy(block->error, text, length);
    block->error_len = (uint32_t)length;
    return STRATEGY_STATUS_ERROR;
}

/* The symbol that the library exports. */
#if defined(__GNUC__)
#define STRATEGY_EXPORT __attribute__((visibility("default")))
#else
#define STRATEGY_EXPORT
#endif
extern STRATEGY_EXPORT const StrategyPlugin strategy_plugin_v1;

#ifdef __cplusplus
}
#endif

#endif /* STRATEGY_API_H */
