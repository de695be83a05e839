-- Instants are nanoseconds UTC since 1970-01-01. Prices are IEEE doubles in the instrument's currency.
-- Text is compared by bytes (COLLATE "C"), so that every order is the same on every server.

CREATE TABLE instruments (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol   TEXT COLLATE "C" NOT NULL UNIQUE CHECK (symbol <> ''),
    name     TEXT NOT NULL,
    currency TEXT NOT NULL,
    calendar TEXT NOT NULL,
    lot      DOUBLE PRECISION NOT NULL CHECK (lot > 0)
);

-- The bars of one instrument at one resolution, as a whole. `bars`, `first_ts` and `last_ts` are kept
-- by every write, because counting a million rows would cost more than a whole backtest.
CREATE TABLE series (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instrument_id BIGINT NOT NULL REFERENCES instruments (id),
    resolution    TEXT COLLATE "C" NOT NULL,
    source        TEXT NOT NULL,
    adjustment    TEXT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 0, -- grows with every write that changed a row
    epoch         BIGINT NOT NULL DEFAULT 0, -- grows with every restatement
    bars          BIGINT NOT NULL DEFAULT 0 CHECK (bars >= 0),
    first_ts      BIGINT,
    last_ts       BIGINT,
    UNIQUE (instrument_id, resolution),
    CHECK ((bars = 0) = (first_ts IS NULL)),
    CHECK ((bars = 0) = (last_ts IS NULL))
);

-- A bar and what was derived from it in one row: a second row a bar would halve the speed of ingestion.
-- NaN sorts above infinity here, so the upper bounds refuse it too. There is no foreign key: checking it
-- row by row would cost most of the time of ingestion, and who writes bars holds the row of their series.
CREATE TABLE bars (
    series_id BIGINT NOT NULL,
    ts        BIGINT NOT NULL, -- start of the interval; midnight UTC of the session date for daily bars
    open      DOUBLE PRECISION NOT NULL,
    high      DOUBLE PRECISION NOT NULL,
    low       DOUBLE PRECISION NOT NULL,
    close     DOUBLE PRECISION NOT NULL,
    volume    DOUBLE PRECISION NOT NULL,
    is_final  BOOLEAN NOT NULL,
    ma20      DOUBLE PRECISION,
    ma50      DOUBLE PRECISION,
    ath       DOUBLE PRECISION,
    PRIMARY KEY (series_id, ts),
    CHECK (low > 0 AND low <= open AND low <= close AND open <= high AND close <= high
           AND high < 'infinity' AND volume >= 0 AND volume < 'infinity')
);

-- External signals and corporate actions. An event without a symbol is about the whole market.
CREATE TABLE events (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol   TEXT COLLATE "C" CHECK (symbol <> ''),
    kind     TEXT COLLATE "C" NOT NULL CHECK (kind IN ('split', 'dividend', 'signal')),
    name     TEXT COLLATE "C" NOT NULL, -- of a signal; empty for the other kinds
    ts       BIGINT NOT NULL,
    known_at BIGINT NOT NULL, -- it may be used only from then on
    value    DOUBLE PRECISION NOT NULL CHECK (value <> 'NaN'),
    source   TEXT NOT NULL
);
CREATE UNIQUE INDEX events_key ON events (coalesce(symbol, ''), kind, name, ts, known_at);

-- What was asked of a source and what came.
CREATE TABLE coverage (
    series_id BIGINT NOT NULL REFERENCES series (id),
    from_ts   BIGINT NOT NULL,
    to_ts     BIGINT NOT NULL CHECK (to_ts >= from_ts),
    source    TEXT COLLATE "C" NOT NULL,
    bars      BIGINT NOT NULL CHECK (bars >= 0),
    missing   BIGINT NOT NULL CHECK (missing >= 0),
    rejected  BIGINT NOT NULL CHECK (rejected >= 0),
    PRIMARY KEY (series_id, from_ts, to_ts, source)
);

-- Input that was not taken, and why.
CREATE TABLE rejects (
    series_id BIGINT NOT NULL REFERENCES series (id),
    source    TEXT COLLATE "C" NOT NULL,
    line      BIGINT NOT NULL, -- 1-based; 0 when the input has no lines
    reason    TEXT COLLATE "C" NOT NULL,
    raw       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (series_id, source, line, reason, raw)
);

-- Restatements of a series: what its source changed about the past.
CREATE TABLE revisions (
    series_id BIGINT NOT NULL REFERENCES series (id),
    epoch     BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    kind      TEXT NOT NULL,
    factor    DOUBLE PRECISION, -- constant ratio new/old, where there is one
    detail    TEXT NOT NULL,
    PRIMARY KEY (series_id, epoch)
);

CREATE TABLE runs (
    id             TEXT COLLATE "C" PRIMARY KEY, -- content hash in lower-case hex
    created_at     BIGINT NOT NULL,
    strategy       TEXT NOT NULL,
    symbols        TEXT NOT NULL, -- comma-separated
    resolution     TEXT NOT NULL,
    data_digest    TEXT NOT NULL,
    plugin_sha256  TEXT NOT NULL, -- empty for a built-in strategy
    engine_version TEXT NOT NULL,
    config         TEXT NOT NULL, -- JSON
    result         TEXT NOT NULL  -- JSON, byte for byte what --json prints
);
CREATE INDEX runs_by_time ON runs (created_at, id);

-- Orders, fills, trades and equity of a run as little-endian columns.
CREATE TABLE run_columns (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind   TEXT COLLATE "C" NOT NULL,
    data   BYTEA NOT NULL,
    PRIMARY KEY (run_id, kind)
);

-- Parameter sets of a sweep.
CREATE TABLE trials (
    sweep_id    TEXT COLLATE "C" NOT NULL,
    data_digest TEXT COLLATE "C" NOT NULL,
    strategy    TEXT COLLATE "C" NOT NULL,
    params      TEXT COLLATE "C" NOT NULL, -- JSON with sorted keys
    state       TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    objective   DOUBLE PRECISION,
    metrics     TEXT, -- JSON
    error       TEXT,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (sweep_id, data_digest, strategy, params)
);

-- For people who query by hand.
CREATE VIEW market_prices AS
SELECT i.symbol, s.resolution, b.ts, to_timestamp(b.ts / 1000000000) AT TIME ZONE 'UTC' AS time,
       b.open, b.high, b.low, b.close, b.volume, b.is_final, s.source, s.adjustment, s.epoch
FROM bars b
JOIN series s ON s.id = b.series_id
JOIN instruments i ON i.id = s.instrument_id;

CREATE VIEW indicators AS
SELECT i.symbol, s.resolution, b.ts, b.ma20, b.ma50, b.ath
FROM bars b
JOIN series s ON s.id = b.series_id
JOIN instruments i ON i.id = s.instrument_id;
