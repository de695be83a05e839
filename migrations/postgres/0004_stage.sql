-- Bars that are to take the place of all bars of their series, put aside until every one of them has come.
-- `series.stage` is the number of the attempt; who finds another number there than its own has been overtaken.
ALTER TABLE series ADD COLUMN stage BIGINT NOT NULL DEFAULT 0;

CREATE TABLE staged_bars (
    series_id BIGINT NOT NULL,
    ts        BIGINT NOT NULL,
    open      DOUBLE PRECISION NOT NULL,
    high      DOUBLE PRECISION NOT NULL,
    low       DOUBLE PRECISION NOT NULL,
    close     DOUBLE PRECISION NOT NULL,
    volume    DOUBLE PRECISION NOT NULL,
    is_final  BOOLEAN NOT NULL,
    ma20      DOUBLE PRECISION, -- these three stay empty: they follow from all bars together
    ma50      DOUBLE PRECISION,
    ath       DOUBLE PRECISION,
    PRIMARY KEY (series_id, ts)
);
