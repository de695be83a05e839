-- What the broker knows an instrument as; all four are null when it never came from the broker. What is asked
-- for later is asked for by these, and another number of the broker is another instrument.
ALTER TABLE instruments ADD COLUMN broker_id INTEGER;
ALTER TABLE instruments ADD COLUMN security TEXT CHECK (security IN ('stock', 'index', 'crypto'));
ALTER TABLE instruments ADD COLUMN exchange TEXT;
ALTER TABLE instruments ADD COLUMN primary_exchange TEXT; -- empty when the broker names none
