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
