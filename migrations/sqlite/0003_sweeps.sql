-- Sweeps, and what came of their trials. No release has ever written to the table that is replaced.
DROP TABLE trials;

CREATE TABLE sweeps (
    number         INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE, -- content hash in lower-case hex
    created_at     INTEGER NOT NULL,
    strategy       TEXT NOT NULL,
    symbols        TEXT NOT NULL, -- comma-separated
    resolution     TEXT NOT NULL,
    data_digest    TEXT NOT NULL,
    plugin_sha256  TEXT NOT NULL, -- empty for a built-in strategy
    engine_version TEXT NOT NULL,
    config         TEXT NOT NULL, -- JSON
    positions      INTEGER NOT NULL CHECK (positions > 0),
    reached        INTEGER NOT NULL DEFAULT 0 CHECK (reached BETWEEN 0 AND positions),
    trials         INTEGER NOT NULL DEFAULT 0 CHECK (trials BETWEEN 0 AND reached)
) STRICT;
CREATE INDEX sweeps_by_data ON sweeps (data_digest);

-- A trial by its position among the combinations of its sweep; figures that are undefined are null.
CREATE TABLE trials (
    sweep         INTEGER NOT NULL REFERENCES sweeps (number),
    position      INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('done', 'refused', 'failed')),
    reason        TEXT,
    sharpe        REAL,
    sortino       REAL,
    total_return  REAL,
    cagr          REAL,
    calmar        REAL,
    max_drawdown  REAL,
    volatility    REAL,
    exposure      REAL,
    trades        REAL,
    win_rate      REAL,
    profit_factor REAL,
    expectancy    REAL,
    sqn           REAL,
    PRIMARY KEY (sweep, position)
) STRICT, WITHOUT ROWID;
