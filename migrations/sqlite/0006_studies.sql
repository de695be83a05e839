-- What a sweep, a walk-forward optimisation or a cross-validation came to: the JSON that it printed.
CREATE TABLE studies (
    id             TEXT PRIMARY KEY, -- content hash in lower-case hex; of a sweep that of its row in sweeps
    created_at     INTEGER NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('sweep', 'walk-forward', 'k-fold')),
    strategy       TEXT NOT NULL,
    symbols        TEXT NOT NULL, -- comma-separated
    resolution     TEXT NOT NULL,
    data_digest    TEXT NOT NULL,
    plugin_sha256  TEXT NOT NULL, -- empty for a built-in strategy
    engine_version TEXT NOT NULL,
    config         TEXT NOT NULL, -- JSON
    result         TEXT           -- JSON; null while it is not finished
) STRICT;
CREATE INDEX studies_by_time ON studies (created_at);
