-- Sweeps, and what came of their trials. No release has ever written to the table that is replaced.
DROP TABLE trials;

CREATE TABLE sweeps (
    number         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             TEXT COLLATE "C" NOT NULL UNIQUE, -- content hash in lower-case hex
    created_at     BIGINT NOT NULL,
    strategy       TEXT COLLATE "C" NOT NULL,
    symbols        TEXT COLLATE "C" NOT NULL, -- comma-separated
    resolution     TEXT COLLATE "C" NOT NULL,
    data_digest    TEXT COLLATE "C" NOT NULL,
    plugin_sha256  TEXT COLLATE "C" NOT NULL, -- empty for a built-in strategy
    engine_version TEXT COLLATE "C" NOT NULL,
    config         TEXT COLLATE "C" NOT NULL, -- JSON
    positions      BIGINT NOT NULL CHECK (positions > 0),
    reached        BIGINT NOT NULL DEFAULT 0 CHECK (reached BETWEEN 0 AND positions),
    trials         BIGINT NOT NULL DEFAULT 0 CHECK (trials BETWEEN 0 AND reached)
);
CREATE INDEX sweeps_by_data ON sweeps (data_digest);

-- A trial by its position among the combinations of its sweep; figures that are undefined are null.
CREATE TABLE trials (
    sweep         BIGINT NOT NULL REFERENCES sweeps (number),
    position      BIGINT NOT NULL,
    state         TEXT COLLATE "C" NOT NULL CHECK (state IN ('done', 'refused', 'failed')),
    reason        TEXT COLLATE "C",
    sharpe        DOUBLE PRECISION,
    sortino       DOUBLE PRECISION,
    total_return  DOUBLE PRECISION,
    cagr          DOUBLE PRECISION,
    calmar        DOUBLE PRECISION,
    max_drawdown  DOUBLE PRECISION,
    volatility    DOUBLE PRECISION,
    exposure      DOUBLE PRECISION,
    trades        DOUBLE PRECISION,
    win_rate      DOUBLE PRECISION,
    profit_factor DOUBLE PRECISION,
    expectancy    DOUBLE PRECISION,
    sqn           DOUBLE PRECISION,
    PRIMARY KEY (sweep, position)
);
