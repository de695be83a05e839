-- Bars that are to take the place of all bars of their series, put aside until every one of them has come.
-- `series.stage` is the number of the attempt; who finds another number there than its own has been overtaken.
ALTER TABLE series ADD COLUMN stage INTEGER NOT NULL DEFAULT 0;

CREATE TABLE staged_bars (
    series_id INTEGER NOT NULL REFERENCES series (id),
    ts        INTEGER NOT NULL,
    open      REAL NOT NULL,
    high      REAL NOT NULL,
    low       REAL NOT NULL,
    close     REAL NOT NULL,
    volume    REAL NOT NULL,
    is_final  INTEGER NOT NULL CHECK (is_final IN (0, 1)),
    ma20      REAL, -- these three stay empty: they follow from all bars together
    ma50      REAL,
    ath       REAL,
    PRIMARY KEY (series_id, ts)
) STRICT, WITHOUT ROWID;
