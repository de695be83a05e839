-- What the broker knows an instrument as; all four are null when it never came from the broker. What is asked
-- for later is asked for by these, and another number of the broker is another instrument.
ALTER TABLE instruments ADD COLUMN broker_id BIGINT;
ALTER TABLE instruments ADD COLUMN security TEXT COLLATE "C" CHECK (security IN ('stock', 'index', 'crypto'));
ALTER TABLE instruments ADD COLUMN exchange TEXT COLLATE "C";
ALTER TABLE instruments ADD COLUMN primary_exchange TEXT COLLATE "C"; -- empty when the broker names none
