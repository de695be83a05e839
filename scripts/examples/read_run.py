"""A kept run and the trials of a sweep in pandas and in polars: see scripts/examples/read_run.

The files say what type every column has: times are instants in UTC, days are dates, nulls are nulls, so
nothing has to be parsed. What both packages work out is compared with what the engine printed.
"""
import json
import math
import sys
from pathlib import Path

import pandas as pd
import polars as pl


def near(found, wanted):
    return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12)


def with_pandas(folder, run):
    """The run's return and deepest month, from session returns; its profit, from trades."""
    returns = pd.read_parquet(folder / "returns.parquet")
    returns.index = pd.to_datetime(returns.pop("date"))
    growth = (1 + returns["return"]).prod() - 1
    assert near(growth, run["metrics"]["total_return"]), (growth, run["metrics"]["total_return"])
    months = (1 + returns).resample("ME").prod() - 1
    worst = months["return"].idxmin()

    equity = pd.read_parquet(folder / "equity.parquet")
    assert equity["equity"].iloc[-1] == run["metrics"]["final_equity"]

    trades = pd.read_parquet(folder / "trades.parquet")
    closed = trades.dropna(subset="exit_price")
    assert len(closed) == run["counts"]["closed_trades"]
    print(f"pandas: return {growth:.4%}, {len(closed)} closed trades,", end=" ")
    print(f"worst month {worst:%Y-%m} with {months['return'].min():.2%}")

    # Every fill of a market order is at the open of its bar.
    fills = pd.read_parquet(folder / "fills.parquet")
    bars = pd.read_parquet(folder / "bars.parquet")
    both = fills.merge(bars, on=["symbol", "time"], validate="many_to_one")
    assert len(both) == len(fills)
    print(f"pandas: {(both['reference'] == both['open']).sum()} of {len(fills)} fills at the open")


def with_polars(folder, run):
    """The same figures, lazily and by expressions."""
    growth = pl.scan_parquet(folder / "returns.parquet").select((1 + pl.col("return")).product() - 1)
    growth = growth.collect().item()
    assert near(growth, run["metrics"]["total_return"])
    trades = pl.read_parquet(folder / "trades.parquet")
    won = trades.select((pl.col("profit") > 0).mean()).item()
    if run["metrics"]["win_rate"] is not None:
        assert near(won, run["metrics"]["win_rate"]), (won, run["metrics"]["win_rate"])
    orders = pl.read_parquet(folder / "orders.parquet")
    assert orders.schema["decided"] == pl.Datetime("ns", "UTC")
    states = orders.group_by("state").len().sort("state").rows()
    print(f"polars: return {growth:.4%}, orders {dict(states)}")


def of_a_sweep(file):
    """The best trial by Sharpe ratio, and how the figure falls off around it."""
    trials = pl.read_parquet(file)
    best = trials.sort("sharpe", descending=True, nulls_last=True).row(0, named=True)
    frame = pd.read_parquet(file)
    assert len(frame) == len(trials)
    assert frame.loc[frame["sharpe"].idxmax(), "trial"] == best["trial"]
    print(f"trials: {len(trials)}, best is {best['trial']} with a Sharpe ratio of {best['sharpe']:.4f}")


def main():
    folder = Path(sys.argv[1])
    run = json.loads((folder / "run.json").read_text())
    with_pandas(folder, run)
    with_polars(folder, run)
    for file in sys.argv[2:]:
        of_a_sweep(file)


if __name__ == "__main__":
    main()
