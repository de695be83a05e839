-- Trials in blocks of columns: a million of them as a row each take seconds to write. No release has ever
-- written to the table that is replaced; sweeps of before are run again when they are asked for.
DROP TABLE trials;
UPDATE sweeps SET reached = 0, trials = 0;

-- The trials of the positions from `first` to before `until`, by position. Numbers are little-endian.
CREATE TABLE trial_blocks (
    sweep     BIGINT NOT NULL REFERENCES sweeps (number),
    first     BIGINT NOT NULL,
    until     BIGINT NOT NULL CHECK (until > first),
    positions BYTEA NOT NULL, -- an i64 each; empty when every position is a trial
    states    BYTEA NOT NULL, -- a byte each: 0 done, 1 refused, 2 failed
    figures   BYTEA NOT NULL, -- an f64 each, NaN where undefined: first every sharpe, then every sortino,
                             -- total_return, cagr, calmar, max_drawdown, volatility, exposure, trades,
                             -- win_rate, profit_factor, expectancy, sqn
    reasons   BYTEA NOT NULL, -- of each that is not done: length (u32) and UTF-8
    PRIMARY KEY (sweep, first)
);
