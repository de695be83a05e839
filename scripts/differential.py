"""One MA cross, four engines: see scripts/differential.

Every engine gets the same bars, 100,000 in cash, whole shares, all equity into each entry, 0.1 % commission
of the traded value. What is compared: every fill (bar, units, price) and the equity at the last close.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import backtesting
import backtrader as bt
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
import vectorbt as vbt  # noqa: E402  (it warns while it is imported)

backtesting.backtesting._tqdm = lambda steps, **_: steps  # no progress bar a run

FAST, SLOW, CASH, FEE = 5, 15, 100_000.0, 0.001
TOLERANCE = 1e-9


def bars_of(seed, count):
    """Random daily bars whose prices have no ties, so that every engine sees the same crossings."""
    draw = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(draw.normal(0.0002, 0.02, count)))
    open_ = np.concatenate([[100.0], close[:-1]]) * np.exp(draw.normal(0, 0.01, count))
    high = np.maximum(open_, close) * np.exp(np.abs(draw.normal(0, 0.005, count)))
    low = np.minimum(open_, close) * np.exp(-np.abs(draw.normal(0, 0.005, count)))
    index = pd.date_range("2015-01-01", periods=count, name="timestamp")
    columns = {"Open": open_, "High": high, "Low": low, "Close": close, "Volume": draw.integers(1, 10**6, count)}
    return pd.DataFrame(columns, index=index)


# --- this program ----------------------------------------------------------------------------------

class Ours:
    def __init__(self, release, home):
        self.release = Path(release)
        self.base = [str(self.release / "algo-trader"), "--home", home, "--plugins", release, "--quiet"]

    def call(self, *words):
        done = subprocess.run([*self.base, *words], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(words)}: {done.stderr}")
        return done.stdout

    def ingest(self, symbol, bars, folder):
        path = Path(folder) / f"{symbol}.csv"
        bars.to_csv(path, float_format="%.17g")
        self.call("ingest", "-s", symbol, "--calendar", "24/7", "--from-csv", str(path))

    def run(self, symbol, fill):
        text = self.call("backtest", "-s", symbol, "--strategy", "ma_cross", "-p", f"fast={FAST}",
                         "-p", f"slow={SLOW}", "--fill", fill, "--commission", f"percent:{FEE * 100}",
                         "--benchmark", "none", "--no-save", "--json")
        result = json.loads(text)
        fills = [(fill["time"], fill["quantity"], fill["price"]) for fill in result["fills"]]
        return fills, result["metrics"]["final_equity"]


# --- backtesting.py --------------------------------------------------------------------------------

class CrossOfBacktesting(backtesting.Strategy):
    def init(self):
        close = pd.Series(self.data.Close)
        self.fast = self.I(lambda: close.rolling(FAST).mean())
        self.slow = self.I(lambda: close.rolling(SLOW).mean())

    def next(self):
        if self.fast[-1] > self.slow[-1] and self.fast[-2] <= self.slow[-2] and not self.position:
            # The default size leaves 0.01 % of the equity idle.
            self.buy(size=1 - 1e-12)
        elif self.fast[-1] < self.slow[-1] and self.fast[-2] >= self.slow[-2] and self.position:
            self.position.close()


def run_backtesting(bars, fill):
    if fill == "same_close":
        # What it decides at the last bar it works at the next one, at the price of the last: so it needs one.
        last = bars.iloc[-1:].assign(Open=bars.Close.iloc[-1], High=bars.Close.iloc[-1], Low=bars.Close.iloc[-1])
        bars = pd.concat([bars, last.set_axis(last.index + pd.Timedelta(days=1))])
    test = backtesting.Backtest(bars, CrossOfBacktesting, cash=CASH, commission=FEE,
                                trade_on_close=fill == "same_close", finalize_trades=False)
    stats = test.run()
    open_trades = stats._strategy.trades
    fills = []
    for trade in stats._trades.itertuples():
        fills.append((trade.EntryBar, trade.Size, trade.EntryPrice))
        fills.append((trade.ExitBar, -trade.Size, trade.ExitPrice))
    fills += [(trade.entry_bar, trade.size, trade.entry_price) for trade in open_trades]
    fills = sorted((at, units, price) for at, units, price in fills)
    return [(str(bars.index[at].date()), units, price) for at, units, price in fills], stats._equity_curve.Equity.iloc[-1]


# --- backtrader ------------------------------------------------------------------------------------

class CrossOfBacktrader(bt.Strategy):
    """Decides on the bar before and sizes at the open, which backtrader allows with cheat-on-open."""

    def __init__(self):
        self.fast, self.slow = bt.ind.SMA(period=FAST), bt.ind.SMA(period=SLOW)
        self.wish, self.filled = None, []

    def next(self):
        self.wish = None
        if len(self) <= SLOW:
            return
        now, before = self.fast[0] - self.slow[0], self.fast[-1] - self.slow[-1]
        if now > 0 and before <= 0 and not self.position:
            self.wish = "buy"
        elif now < 0 and before >= 0 and self.position:
            self.wish = "close"

    def next_open(self):
        if self.wish == "buy":
            self.buy(size=int(self.broker.getcash() / (self.data.open[0] * (1 + FEE))))
        elif self.wish == "close":
            self.close()

    def notify_order(self, order):
        if order.status == order.Completed:
            done = order.executed
            self.filled.append((str(bt.num2date(done.dt).date()), done.size, done.price))


def run_backtrader(bars, _fill):
    brain = bt.Cerebro(cheat_on_open=True, stdstats=False, runonce=False)
    brain.adddata(bt.feeds.PandasData(dataname=bars))
    brain.addstrategy(CrossOfBacktrader)
    brain.broker.setcash(CASH)
    brain.broker.setcommission(FEE)
    strategy = brain.run()[0]
    return strategy.filled, brain.broker.getvalue()


# --- vectorbt --------------------------------------------------------------------------------------

def run_vectorbt(bars, fill):
    fast, slow = bars.Close.rolling(FAST).mean(), bars.Close.rolling(SLOW).mean()
    entries = (fast > slow) & (fast.shift() <= slow.shift())
    exits = (fast < slow) & (fast.shift() >= slow.shift())
    price = bars.Open if fill == "next_open" else bars.Close
    if fill != "same_close":
        entries, exits = entries.shift(fill_value=False), exits.shift(fill_value=False)
    book = vbt.Portfolio.from_signals(bars.Close, entries, exits, price=price, init_cash=CASH, fees=FEE,
                                      size_granularity=1.0, freq="D")
    fills = [(str(bars.index[order.idx].date()), order.size if order.side == 0 else -order.size, order.price)
             for order in book.orders.records.itertuples()]
    return fills, book.value().iloc[-1]


PEERS = [
    ("backtesting.py", backtesting.__version__, run_backtesting, ["next_open", "same_close"]),
    ("backtrader", bt.__version__, run_backtrader, ["next_open"]),
    ("vectorbt", vbt.__version__, run_vectorbt, ["next_open", "next_close", "same_close"]),
]


def difference(ours, theirs):
    """The largest relative difference, and the number of fills; infinity when fills do not pair."""
    (fills, equity), (other_fills, other_equity) = ours, theirs
    if [fill[:1] for fill in fills] != [fill[:1] for fill in other_fills]:
        return float("inf"), len(fills)
    pairs = [(equity, other_equity)]
    for (_, units, price), (_, other_units, other_price) in zip(fills, other_fills):
        pairs += [(units, other_units), (price, other_price)]
    return max(abs(a - b) / max(abs(a), abs(b)) for a, b in pairs), len(fills)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", help="folder of the built program and plugins")
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--bars", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    worst = {(peer, fill): [0.0, 0, None] for peer, _, _, fills in PEERS for fill in fills}
    with tempfile.TemporaryDirectory() as home:
        ours = Ours(args.release, home)
        for number in range(args.series):
            symbol, bars = f"RANDOM{number}", bars_of(args.seed * 1_000_000 + number, args.bars)
            ours.ingest(symbol, bars, home)
            own = {fill: ours.run(symbol, fill) for fill in ["next_open", "next_close", "same_close"]}
            for peer, _, run, fills in PEERS:
                for fill in fills:
                    found, count = difference(own[fill], run(bars, fill))
                    row = worst[peer, fill]
                    row[1] += count
                    if found > row[0]:
                        row[0], row[2] = found, symbol
    print(f"{args.series} random series of {args.bars} daily bars, MA cross {FAST}/{SLOW}, seed {args.seed}\n")
    print(f"{'peer':<16}{'version':<14}{'convention':<14}{'fills':>8}  largest difference")
    for peer, version, _, fills in PEERS:
        for fill in fills:
            found, count, symbol = worst[peer, fill]
            where = f"  in {symbol}" if symbol else ""
            print(f"{peer:<16}{version:<14}{fill:<14}{count:>8,}  {found:.1e}{where}")
    if any(row[0] > TOLERANCE for row in worst.values()):
        sys.exit(f"\na difference is above {TOLERANCE:.0e}")
    print(f"\nall within {TOLERANCE:.0e}, relative, of every fill's units and price and of the last equity")


main()
