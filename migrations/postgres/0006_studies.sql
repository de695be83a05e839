-- What a sweep, a walk-forward optimisation or a cross-validation came to: the JSON that it printed.
CREATE TABLE studies (
    id             TEXT COLLATE "C" PRIMARY KEY, -- content hash in lower-case hex; of a sweep that of its row in sweeps
    created_at     BIGINT NOT NULL,
    kind           TEXT COLLATE "C" NOT NULL CHECK (kind IN ('sweep', 'walk-forward', 'k-fold')),
    strategy       TEXT COLLATE "C" NOT NULL,
    symbols        TEXT COLLATE "C" NOT NULL, -- comma-separated
    resolution     TEXT COLLATE "C" NOT NULL,
    data_digest    TEXT COLLATE "C" NOT NULL,
    plugin_sha256  TEXT COLLATE "C" NOT NULL, -- empty for a built-in strategy
    engine_version TEXT COLLATE "C" NOT NULL,
    config         TEXT COLLATE "C" NOT NULL, -- JSON
    result         TEXT COLLATE "C"           -- JSON; null while it is not finished
);
CREATE INDEX studies_by_time ON studies (created_at);
