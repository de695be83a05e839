-- Trials of a sweep that the strategy refused before it saw a bar: they count as no look at the bars. Sweeps
-- that were kept before count all of theirs, which makes their best look luckier, never less lucky.
ALTER TABLE sweeps ADD COLUMN refused INTEGER NOT NULL DEFAULT 0 CHECK (refused BETWEEN 0 AND trials);
