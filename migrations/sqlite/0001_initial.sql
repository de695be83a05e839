-- Instants are nanoseconds UTC since 1970-01-01. Prices are IEEE doubles in the instrument's currency.

CREATE TABLE instruments (
    id       INTEGER PRIMARY KEY,
    symbol   TEXT NOT NULL UNIQUE CHECK (symbol <> ''),
    name     TEXT NOT NULL,
    currency TEXT NOT NULL,
    calendar TEXT NOT NULL,
    lot      REAL NOT NULL CHECK (lot > 0)
) STRICT;

-- The bars of one instrument at one resolution, as a whole. `bars`, `first_ts` and `last_ts` are kept
-- by every write, because counting a million rows would cost more than a whole backtest.
CREATE TABLE series (
    id            INTEGER PRIMARY KEY,
    instrument_id INTEGER NOT NULL REFERENCES instruments (id),
    resolution    TEXT NOT NULL,
    source        TEXT NOT NULL,
    adjustment    TEXT NOT NULL,
    version       INTEGER NOT NULL DEFAULT 0, -- grows with every write that changed a row
    epoch         INTEGER NOT NULL DEFAULT 0, -- grows with every restatement
    bars          INTEGER NOT NULL DEFAULT 0 CHECK (bars >= 0),
    first_ts      INTEGER,
    last_ts       INTEGER,
    UNIQUE (instrument_id, resolution),
    CHECK ((bars = 0) = (first_ts IS NULL)),
    CHECK ((bars = 0) = (last_ts IS NULL))
) STRICT;

-- A bar and what was derived from it in one row: a second row a bar would halve the speed of ingestion.
CREATE TABLE bars (
    series_id INTEGER NOT NULL REFERENCES series (id),
    ts        INTEGER NOT NULL, -- start of the interval; midnight UTC of the session date for daily bars
    open      REAL NOT NULL,
    high      REAL NOT NULL,
    low       REAL NOT NULL,
    close     REAL NOT NULL,
    volume    REAL NOT NULL,
    is_final  INTEGER NOT NULL CHECK (is_final IN (0, 1)),
    ma20      REAL,
    ma50      REAL,
    ath       REAL,
    PRIMARY KEY (series_id, ts),
    CHECK (low > 0 AND low <= open AND low <= close AND open <= high AND close <= high
           AND high < 9e999 AND volume >= 0 AND volume < 9e999)
) STRICT, WITHOUT ROWID;

-- External signals and corporate actions. An event without a symbol is about the whole market.
CREATE TABLE events (
    id       INTEGER PRIMARY KEY,
    symbol   TEXT CHECK (symbol <> ''),
    kind     TEXT NOT NULL CHECK (kind IN ('split', 'dividend', 'signal')),
    name     TEXT NOT NULL, -- of a signal; empty for the other kinds
    ts       INTEGER NOT NULL,
    known_at INTEGER NOT NULL, -- it may be used only from then on
    value    REAL NOT NULL,
    source   TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_key ON events (coalesce(symbol, ''), kind, name, ts, known_at);

-- What was asked of a source and what came.
CREATE TABLE coverage (
    series_id INTEGER NOT NULL REFERENCES series (id),
    from_ts   INTEGER NOT NULL,
    to_ts     INTEGER NOT NULL CHECK (to_ts >= from_ts),
    source    TEXT NOT NULL,
    bars      INTEGER NOT NULL CHECK (bars >= 0),
    missing   INTEGER NOT NULL CHECK (missing >= 0),
    rejected  INTEGER NOT NULL CHECK (rejected >= 0),
    PRIMARY KEY (series_id, from_ts, to_ts, source)
) STRICT, WITHOUT ROWID;

-- Input that was not taken, and why.
CREATE TABLE rejects (
    series_id INTEGER NOT NULL REFERENCES series (id),
    source    TEXT NOT NULL,
    line      INTEGER NOT NULL, -- 1-based; 0 when the input has no lines
    reason    TEXT NOT NULL,
    raw       TEXT NOT NULL,
    PRIMARY KEY (series_id, source, line, reason, raw)
) STRICT, WITHOUT ROWID;

-- Restatements of a series: what its source changed about the past.
CREATE TABLE revisions (
    series_id INTEGER NOT NULL REFERENCES series (id),
    epoch     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    factor    REAL, -- constant ratio new/old, where there is one
    detail    TEXT NOT NULL,
    PRIMARY KEY (series_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id             TEXT PRIMARY KEY, -- content hash in lower-case hex
    created_at     INTEGER NOT NULL,
    strategy       TEXT NOT NULL,
    symbols        TEXT NOT NULL, -- comma-separated
    resolution     TEXT NOT NULL,
    data_digest    TEXT NOT NULL,
    plugin_sha256  TEXT NOT NULL, -- empty for a built-in strategy
    engine_version TEXT NOT NULL,
    config         TEXT NOT NULL, -- JSON
    result         TEXT NOT NULL  -- JSON, byte for byte what --json prints
) STRICT;
CREATE INDEX runs_by_time ON runs (created_at, id);

-- Orders, fills, trades and equity of a run as little-endian columns.
CREATE TABLE run_columns (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind   TEXT NOT NULL,
    data   BLOB NOT NULL,
    PRIMARY KEY (run_id, kind)
) STRICT;

-- Parameter sets of a sweep.
CREATE TABLE trials (
    sweep_id    TEXT NOT NULL,
    data_digest TEXT NOT NULL,
    strategy    TEXT NOT NULL,
    params      TEXT NOT NULL, -- JSON with sorted keys
    state       TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    objective   REAL,
    metrics     TEXT, -- JSON
    error       TEXT,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (sweep_id, data_digest, strategy, params)
) STRICT;

-- For people who query by hand.
CREATE VIEW market_prices AS
SELECT i.symbol, s.resolution, b.ts, datetime(b.ts / 1000000000, 'unixepoch') AS time,
       b.open, b.high, b.low, b.close, b.volume, b.is_final, s.source, s.adjustment, s.epoch
FROM bars b
JOIN series s ON s.id = b.series_id
JOIN instruments i ON i.id = s.instrument_id;

CREATE VIEW indicators AS
SELECT i.symbol, s.resolution, b.ts, b.ma20, b.ma50, b.ath
FROM bars b
JOIN series s ON s.id = b.series_id
JOIN instruments i ON i.id = s.instrument_id;
