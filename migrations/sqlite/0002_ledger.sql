-- How often and when a window was asked for: a bar that is missing although its window was asked for
-- twice is one that the source does not have.
ALTER TABLE coverage ADD COLUMN asked INTEGER NOT NULL DEFAULT 1 CHECK (asked >= 1);
ALTER TABLE coverage ADD COLUMN fetched_at INTEGER NOT NULL DEFAULT 0; -- 0 when it is not known
