"""Pairs of windows of an MA cross through one other engine, as its users would write it: see scripts/bench.

`bench.py ENGINE FILE FIRST_FAST LAST_FAST FIRST_SLOW LAST_SLOW STEP` tries every pair on the bars of a CSV
file, with market orders at the next open, whole shares or as many as the engine gives, no costs, and prints
the best by Sharpe ratio. It is timed from outside, as a whole process.
"""
import sys
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
CASH = 100_000.0


def crossings(fast, slow):
    """Where fast goes above and below slow, from the second bar on which both exist."""
    above = fast > slow
    known = ~np.isnan(fast) & ~np.isnan(slow)
    moved = np.zeros(len(above), dtype=bool)
    moved[1:] = known[:-1]
    before = np.roll(above, 1)
    return above & ~before & moved, ~above & before & moved


def next_bar(signal):
    """Decided at a close, worked at the bar after it."""
    return np.concatenate([[False], signal[:-1]])


def averages(bars, windows):
    return {window: bars.Close.rolling(window).mean().to_numpy() for window in windows}


def with_backtesting(bars, pairs):
    import backtesting

    backtesting.backtesting._tqdm = lambda steps, **_: steps
    known = averages(bars, {window for pair in pairs for window in pair})

    class Cross(backtesting.Strategy):
        pair = None

        def init(self):
            self.fast = self.I(lambda: known[self.pair[0]])
            self.slow = self.I(lambda: known[self.pair[1]])

        def next(self):
            if self.fast[-1] > self.slow[-1] and self.fast[-2] <= self.slow[-2] and not self.position:
                self.buy()
            elif self.fast[-1] < self.slow[-1] and self.fast[-2] >= self.slow[-2] and self.position:
                self.position.close()

    test = backtesting.Backtest(bars, Cross, cash=CASH)
    for pair in pairs:
        yield pair, test.run(pair=pair)["Sharpe Ratio"]


def with_backtrader(bars, pairs):
    import backtrader as bt

    class Cross(bt.Strategy):
        params = (("pair", None),)

        def __init__(self):
            fast, slow = bt.ind.SMA(period=self.p.pair[0]), bt.ind.SMA(period=self.p.pair[1])
            self.cross = bt.ind.CrossOver(fast, slow)

        def next(self):
            if self.cross > 0 and not self.position:
                self.order_target_percent(target=0.99)
            elif self.cross < 0 and self.position:
                self.close()

    for pair in pairs:
        brain = bt.Cerebro(stdstats=False)
        brain.adddata(bt.feeds.PandasData(dataname=bars))
        brain.addstrategy(Cross, pair=pair)
        brain.addanalyzer(bt.analyzers.SharpeRatio, timeframe=bt.TimeFrame.Days, annualize=True)
        brain.broker.setcash(CASH)
        yield pair, brain.run()[0].analyzers[0].get_analysis()["sharperatio"] or np.nan


def with_vectorbt(bars, pairs):
    import vectorbt as vbt

    known = averages(bars, {window for pair in pairs for window in pair})
    signals = [crossings(known[fast], known[slow]) for fast, slow in pairs]
    entries, exits = (np.stack([next_bar(pair[side]) for pair in signals], axis=1) for side in (0, 1))
    book = vbt.Portfolio.from_signals(bars.Close, entries, exits, price=bars.Open, init_cash=CASH, freq="D")
    yield from zip(pairs, book.sharpe_ratio())


def with_raptorbt(bars, pairs):
    import raptorbt

    ts = bars.index.as_unit("ns").asi8
    columns = [np.ascontiguousarray(bars[name], dtype=float) for name in ("Open", "High", "Low", "Close", "Volume")]
    known = averages(bars, {window for pair in pairs for window in pair})
    items = []
    for fast, slow in pairs:
        entries, exits = crossings(known[fast], known[slow])
        items.append(raptorbt.BatchSingleItem(f"{fast} {slow}", entries, exits))
    config = raptorbt.BacktestConfig(initial_capital=CASH, fees=0.0)
    for name, result in raptorbt.batch_single_backtest(ts, *columns, items, config):
        yield tuple(map(int, name.split())), result.metrics.sharpe_ratio


ENGINES = {
    "backtesting": with_backtesting,
    "backtrader": with_backtrader,
    "vectorbt": with_vectorbt,
    "raptorbt": with_raptorbt,
}


def main():
    engine, file, *numbers = sys.argv[1:]
    fast, last_fast, slow, last_slow, step = map(int, numbers)
    bars = pd.read_csv(file, index_col=0, parse_dates=True)
    bars.columns = ["Open", "High", "Low", "Close", "Volume"]
    pairs = [(one, two) for one in range(fast, last_fast + 1) for two in range(slow, last_slow + 1, step)]
    found = list(ENGINES[engine](bars, pairs))
    (one, two), best = max((row for row in found if row[1] == row[1]), key=lambda row: row[1])
    print(f"{len(found)} pairs on {len(bars)} bars; best {one}/{two} with a Sharpe ratio of {best:.3f}")


main()
